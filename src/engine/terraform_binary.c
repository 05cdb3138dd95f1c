/*
 * Which program to run: what Config names, else terraform, else tofu. Its version is asked once
 * and kept beside the state for as long as the file's size and time stay the same: the question
 * costs a tenth of a second, which is much on a run with nothing to do.
 */
#include "engine/terraform_internal.h"

#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "format/emit.h"
#include "format/node.h"
#include "spec/spec.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION_LIMIT = 65536, VERSION_TIMEOUT_MS = 30000 };

/* By the PATH of the target, which need not be that of this process. */
static char *find_on_path(const char *path, const char *name)
{
	for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
		const size_t len = strcspn(p, ":");
		AUTO_FREE char *dir = xstrndup(p, len);
		AUTO_FREE char *file = path_join(dir, name);
		struct stat st;
		if (dir[0] == '/' && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
			access(file, X_OK) == 0)
			return steal_ptr(file);
		p += len + (p[len] == ':');
	}
	return NULL;
}

static int find_path(const struct engine_target *t, char **ret, struct err **err)
{
	const char *path = tf_env_get(t->environ, "PATH");
	const char *wanted = t->config ? t->config->terraform.binary : NULL;
	if (wanted) {
		*ret = strchr(wanted, '/') ? xstrdup(wanted) : find_on_path(path, wanted);
		if (*ret && access(*ret, X_OK) == 0)
			return 0;
		free_ptr(ret);
		return err_set(err, ERR_UNAVAILABLE,
			"the program '%s' that trueup.yaml names for terraform is not there; "
			"install it or correct terraform.binary",
			wanted);
	}
	*ret = find_on_path(path, "terraform");
	if (!*ret)
		*ret = find_on_path(path, "tofu");
	if (!*ret)
		return err_set(err, ERR_UNAVAILABLE,
			"neither terraform nor tofu is installed; get one from "
			"https://developer.hashicorp.com/terraform/install or "
			"https://opentofu.org/docs/intro/install and put it on the PATH");
	return 0;
}

/* Identifies the file whose version was asked. */
static char *stamp_of(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return xstrdup("");
	return xasprintf("%s %lld %lld.%09ld", path, (long long)st.st_size,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static const char *text_of(struct arena *a, const struct str *json, const char *key)
{
	AUTO_ERR err = NULL;
	const struct node *doc =
		tf_json_build(a, (struct tf_slice){json->data, json->len}, "", &err);
	return node_text(node_get(doc, key));
}

static char *cached_version(const char *cache, const char *stamp)
{
	AUTO_ARENA a = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read(cache, VERSION_LIMIT, &text, &err) < 0)
		return NULL;
	const char *version = text_of(&a, &text, "version");
	if (!version || !str_eq(text_of(&a, &text, "stamp"), stamp))
		return NULL;
	return xstrdup(version);
}

static void keep_version(const char *cache, const char *stamp, const char *version)
{
	AUTO_ARENA a = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR unwanted = NULL;
	struct node *doc = node_new_map(&a);
	node_map_set(&a, doc, "stamp", node_new_string(&a, stamp));
	node_map_set(&a, doc, "version", node_new_string(&a, version));
	emit_json(doc, &text);
	/* Only saves time: asked again if it cannot be kept. */
	(void)!fs_write_atomic(cache, text.data, text.len, 0600, &unwanted);
}

static int ask_version(const char *path, char **ret, struct err **err)
{
	const char *const argv[] = {path, "version", "-json", NULL};
	const char *const envp[] = {"PATH=/usr/bin:/bin", "CHECKPOINT_DISABLE=1", NULL};
	const struct child_spec spec = {
		.argv = argv,
		.envp = envp,
		.dir = "/",
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
	AUTO_ARENA a = {0};
	AUTO_STR out = STR_INIT;
	struct child_exit e;
	if (child_run(&spec, NULL, VERSION_LIMIT, VERSION_TIMEOUT_MS, &out, NULL, &e, err) < 0)
		return err_wrap(err, "ask %s for its version", path);
	const char *version = text_of(&a, &out, "terraform_version");
	if (e.code != 0 || !version)
		return err_set(err, ERR_UNAVAILABLE,
			"%s does not answer `version -json` as terraform does; is it terraform 1.0 "
			"or later, or tofu?",
			path);
	*ret = xstrdup(version);
	return 0;
}

int tf_find_binary(const struct engine_target *t, char **ret_path, char **ret_product,
	char **ret_version, struct err **err)
{
	AUTO_FREE char *path = NULL;
	if (find_path(t, &path, err) < 0)
		return -1;
	AUTO_FREE char *cache = path_join(t->state_dir, "terraform-version.json");
	AUTO_FREE char *stamp = stamp_of(path);
	AUTO_FREE char *version = cached_version(cache, stamp);
	if (!version) {
		if (ask_version(path, &version, err) < 0)
			return -1;
		keep_version(cache, stamp, version);
	}
	const char *name = strrchr(path, '/');
	*ret_product = xstrdup(strstr(name ? name : path, "tofu") ? "tofu" : "terraform");
	*ret_path = steal_ptr(path);
	*ret_version = steal_ptr(version);
	return 0;
}
