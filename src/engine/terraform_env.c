/*
 * The environment of terraform is built, name by name, so that nothing of the caller's shell
 * changes a plan (TF_CLI_ARGS, TF_VAR_*, TF_LOG) and no foreign secret reaches a provider. What
 * may pass is in the tables below. Terraform gets base credentials here; a role to assume stands
 * in the provider block.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

/* Passed on when set. A trailing '*' stands for any end. */
static const char *const passed[] = {
	"HOME",
	"TMPDIR",
	"AWS_ENDPOINT_URL*",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_CA_BUNDLE",
	"AWS_USE_FIPS_ENDPOINT",
	"AWS_USE_DUALSTACK_ENDPOINT",
	"AWS_MAX_ATTEMPTS",
	"AWS_RETRY_MODE",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"NO_PROXY",
	"http_proxy",
	"https_proxy",
	"no_proxy",
	"TF_TOKEN_*",
	NULL,
};

/* Where the AWS libraries look for credentials by themselves. */
static const char *const credential_names[] = {
	"AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_PROFILE",
	"AWS_CONFIG_FILE",
	"AWS_SHARED_CREDENTIALS_FILE",
	"AWS_ROLE_ARN",
	"AWS_ROLE_SESSION_NAME",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_*",
	"AWS_EC2_METADATA_*",
	NULL,
};

/* With a named profile only the files that define it. */
static const char *const profile_names[] = {
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_*", NULL};

/* What backends other than s3 read; passed only when Config names a backend. */
static const char *const backend_names[] = {
	"ARM_*", "GOOGLE_*", "TF_HTTP_*", "PG*", "CONSUL_HTTP_*", NULL};

struct env {
	char **items;
	size_t count, cap;
	struct masker *masker;
};

const char *tf_env_get(const char *const *variables, const char *name)
{
	const size_t len = strlen(name);
	for (; variables && *variables; variables++)
		if (strncmp(*variables, name, len) == 0 && (*variables)[len] == '=')
			return *variables + len + 1;
	return NULL;
}

/* Does the name say that its value is a secret? Key ids are not, the keys are. */
static bool is_secret_name(const char *name)
{
	static const char *const words[] = {"SECRET", "TOKEN", "PASSWORD", "CREDENTIALS"};
	if (str_ends(name, "_FILE") || str_ends(name, "_URI"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

static void add(struct env *e, const char *name, const char *value)
{
	if (e->masker && is_secret_name(name))
		(void)masker_add(e->masker, value);
	e->items = grow_array(e->items, e->count + 1, &e->cap, sizeof *e->items);
	e->items[e->count++] = xasprintf("%s=%s", name, value);
	e->items[e->count] = NULL;
}

static bool name_matches(const char *entry, const char *pattern)
{
	const size_t len = strlen(pattern);
	if (len && pattern[len - 1] == '*')
		return strncmp(entry, pattern, len - 1) == 0;
	return strncmp(entry, pattern, len) == 0 && entry[len] == '=';
}

static void pass(struct env *e, const char *const *variables, const char *const *patterns)
{
	for (; variables && *variables; variables++) {
		const char *eq = strchr(*variables, '=');
		for (const char *const *p = patterns; eq && *p; p++) {
			if (!name_matches(*variables, *p))
				continue;
			AUTO_FREE char *name = xstrndup(*variables, (size_t)(eq - *variables));
			add(e, name, eq + 1);
			break;
		}
	}
}

/* credentials {environment {prefix: SHOP_}}: SHOP_AWS_ACCESS_KEY_ID and so on. */
static int add_prefixed(struct env *e, const struct engine_target *t, struct err **err)
{
	static const char *const names[] = {
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
	const char *prefix = t->role->credentials.name;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *from = xasprintf("%s%s", prefix ? prefix : "", names[i]);
		const char *value = tf_env_get(t->environ, from);
		if (value)
			add(e, names[i], value);
		else if (i < 2)
			return err_set(err, ERR_UNAVAILABLE,
				"the role takes its credentials from %s, which is not set in the "
				"environment of trueup",
				from);
	}
	return 0;
}

static int add_credentials(struct env *e, const struct engine_target *t, struct err **err)
{
	if (!t->role) {
		pass(e, t->environ, credential_names);
		return 0;
	}
	switch (t->role->credentials.from) {
	case CREDENTIALS_DEFAULT:
	case CREDENTIALS_ASSUME_ROLE:
		pass(e, t->environ, credential_names);
		return 0;
	case CREDENTIALS_PROFILE:
		pass(e, t->environ, profile_names);
		add(e, "AWS_PROFILE", t->role->credentials.name);
		return 0;
	case CREDENTIALS_ENVIRONMENT:
		return add_prefixed(e, t, err);
	case CREDENTIALS_STORED:
		break;
	}
	return err_set(err, ERR_UNAVAILABLE,
		"the role wants the stored credentials '%s', but this machine has no credential "
		"store; use profile, environment or assumeRole",
		t->role->credentials.name ? t->role->credentials.name : "");
}

/* A CLI configuration that is named but not there would put a warning into every output. */
static void add_cli_config(struct env *e, const struct engine_target *t)
{
	const char *file = tf_env_get(t->environ, "TF_CLI_CONFIG_FILE");
	if (file && *file && fs_exists(file))
		add(e, "TF_CLI_CONFIG_FILE", file);
}

static void add_fixed(struct env *e, const struct engine_target *t, const char *data_dir)
{
	const char *path = tf_env_get(t->environ, "PATH");
	AUTO_FREE char *cache = path_join(t->state_dir, "plugin-cache");
	add(e, "PATH", path ? path : "/usr/local/bin:/usr/bin:/bin");
	add(e, "LANG", "C.UTF-8");
	add(e, "TF_IN_AUTOMATION", "1");
	add(e, "TF_INPUT", "0");
	add(e, "CHECKPOINT_DISABLE", "1");
	add(e, "TF_DATA_DIR", data_dir);
	add(e, "TF_PLUGIN_CACHE_DIR", cache);
	/* The lock file is ours alone and of this platform: its checksums may come from the cache.
	 */
	add(e, "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "1");
}

int tf_env_build(const struct engine_target *t, const char *data_dir, char ***ret, struct err **err)
{
	struct env e = {.masker = t->masker};
	add_fixed(&e, t, data_dir);
	pass(&e, t->environ, passed);
	if (t->config && t->config->terraform.backend)
		pass(&e, t->environ, backend_names);
	add_cli_config(&e, t);
	for (size_t i = 0; i < t->secret_count; i++) {
		AUTO_FREE char *name = xasprintf("TF_VAR_%s", t->secrets[i].name);
		if (t->masker)
			(void)masker_add(t->masker, t->secrets[i].value);
		add(&e, name, t->secrets[i].value);
	}
	if (add_credentials(&e, t, err) < 0) {
		tf_env_free(e.items);
		return -1;
	}
	*ret = e.items;
	return 0;
}

void tf_env_free(char **envp)
{
	for (char **p = envp; p && *p; p++) {
		secret_wipe(*p, strlen(*p));
		free(*p);
	}
	free(envp);
}
