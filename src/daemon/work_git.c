/*
 * Fetching by git(1): the program that operators can configure and that knows every transport. It
 * runs with a deadline (the daemon's, for the worker as a whole), never asks a question, and gets
 * credentials by its environment: not in argv and not in a URL, both of which others can see.
 */
#include "daemon/work_internal.h"

#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 64 * 1024, LAST_WORDS = 400 };

/* Git runs it by sh; the values are in its environment. */
#define HELPER                                                                                     \
	"!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "                       \
	"\"$TRUEUP_GIT_USERNAME\" \"$TRUEUP_GIT_PASSWORD\"; }; f"

struct list {
	struct arena *arena;
	const char **items;
	size_t count, cap;
};

static void add(struct list *l, const char *text)
{
	l->items = arena_grow(l->arena, l->items, l->count, &l->cap, sizeof *l->items);
	l->items[l->count++] = text;
}

static void set(struct list *l, const char *name, const char *value)
{
	if (value)
		add(l, arena_printf(l->arena, "%s=%s", name, value));
}

static const char *ssh_command(struct arena *a, const char *key)
{
	return key ? arena_printf(a, "ssh -o BatchMode=yes -o IdentitiesOnly=yes -i '%s'", key)
		   : "ssh -o BatchMode=yes";
}

/* *secret holds the password as long as git runs. */
static int build_environment(struct work *w, struct list *env, struct str *secret, struct err **err)
{
	static const char *const names[] = {"PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE",
		"SSL_CERT_DIR", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "http_proxy", "https_proxy",
		"no_proxy"};
	const struct server_repository *r = w->repository;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		set(env, names[i], getenv(names[i]));
	set(env, "GIT_TERMINAL_PROMPT", "0");
	set(env, "GIT_ASKPASS", "/bin/false");
	set(env, "SSH_ASKPASS_REQUIRE", "never");
	set(env, "GIT_SSH_COMMAND", ssh_command(env->arena, r->git.ssh_key));
	if (server_secret_given(&r->git.password)) {
		if (server_secret_read(&r->git.password, secret, err) < 0)
			return err_wrap(err, "the password of git");
		set(env, "TRUEUP_GIT_USERNAME", r->git.username);
		set(env, "TRUEUP_GIT_PASSWORD", secret->data);
		set(env, "GIT_CONFIG_COUNT", "2");
		set(env, "GIT_CONFIG_KEY_0", "credential.helper"); /* an empty one forgets others */
		set(env, "GIT_CONFIG_VALUE_0", "");
		set(env, "GIT_CONFIG_KEY_1", "credential.helper");
		set(env, "GIT_CONFIG_VALUE_1", HELPER);
	}
	add(env, NULL);
	return 0;
}

/* The end of what git said, on one line, without the secret. */
static char *last_words(const struct str *said, const struct str *secret)
{
	struct masker *masker = masker_new();
	if (secret->len)
		masker_add(masker, secret->data);
	AUTO_STR out = STR_INIT;
	size_t from = said->len > LAST_WORDS ? said->len - LAST_WORDS : 0;
	if (from)
		from += strcspn(said->data + from, "\n");
	masker_apply(masker, said->data + from, said->len - from, &out);
	masker_free(masker);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == '\n' || out.data[i] == '\r')
			out.data[i] = i + 1 == out.len ? '\0' : ' ';
	return str_detach(&out);
}

static int run_git(struct work *w, const char *const *argv, const struct list *env,
	const struct str *secret, struct err **err)
{
	AUTO_STR said = STR_INIT;
	struct child_exit how;
	const struct child_spec spec = {
		.argv = argv,
		.envp = env->items,
		.dir = "/",
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
	if (child_run(&spec, NULL, OUTPUT_MAX, w->config->timeouts.fetch_ms, NULL, &said, &how,
		    err) < 0)
		return -1;
	if (how.code == 0)
		return 0;
	AUTO_FREE char *words = last_words(&said, secret);
	return err_set(err, ERR_UNAVAILABLE, "git %s: %s", argv[1][0] == '-' ? argv[3] : argv[1],
		*words ? words : "it failed without a word");
}

static int make_mirror(struct work *w, const char *git, const struct list *env,
	const struct str *secret, struct err **err)
{
	AUTO_FREE char *head = path_join(w->place.dir, "HEAD");
	AUTO_FREE char *branch = xasprintf("--initial-branch=%s", w->repository->branch);
	const char *const argv[] = {
		git, "init", "--quiet", "--bare", branch, "--", w->place.dir, NULL};
	if (fs_exists(head))
		return 0;
	if (fs_mkdirs(w->place.dir, 0700, err) < 0)
		return -1;
	return run_git(w, argv, env, secret, err);
}

static int set_head(struct work *w, const char *git, const struct list *env,
	const struct str *secret, struct err **err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", w->repository->branch);
	const char *const argv[] = {git, "-C", w->place.dir, "symbolic-ref", "HEAD", ref, NULL};
	return run_git(w, argv, env, secret, err);
}

int work_git_fetch(struct work *w, const char *const *refspecs, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STR secret = STR_INIT;
	struct list env = {.arena = &arena}, argv = {.arena = &arena};
	AUTO_FREE char *git = fs_find_program("git");
	if (!git)
		return err_set(err, ERR_UNAVAILABLE,
			"git is not installed: repositories with a URL need it");
	int rc = build_environment(w, &env, &secret, err);
	if (rc == 0)
		rc = make_mirror(w, git, &env, &secret, err);
	if (rc == 0)
		rc = set_head(w, git, &env, &secret, err);
	if (rc == 0) {
		const char *const head[] = {git, "-C", w->place.dir, "fetch", "--quiet", "--prune",
			"--force", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
			"--", w->repository->url.text};
		for (size_t i = 0; i < ARRAY_LEN(head); i++)
			add(&argv, head[i]);
		for (size_t i = 0; refspecs[i]; i++)
			add(&argv, refspecs[i]);
		add(&argv, NULL);
		rc = run_git(w, argv.items, &env, &secret, err);
	}
	secret_wipe(secret.data, secret.len);
	return rc;
}
