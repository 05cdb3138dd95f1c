/*
 * Fetching and pushing by git(1): the program that operators can configure and that knows every
 * transport. It runs with a deadline (the daemon's, for the worker as a whole), never asks a
 * question, and gets credentials by its environment: not in argv and not in a URL, both of which
 * others can see.
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

enum { OUTPUT_MAX = 64 * 1024, LAST_WORDS = 400, HEAD_MAX = 4096 };

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
	static const char *const names[] = {"PATH", "HOME", "TMPDIR", "SSL_CERT_FILE",
		"SSL_CERT_DIR", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "http_proxy", "https_proxy",
		"no_proxy"};
	const struct server_repository *r = w->repository;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		set(env, names[i], getenv(names[i]));
	set(env, "LC_ALL", "C.UTF-8"); /* its words are read */
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

/* A git, with what it needs to reach the repository's URL. */
struct git {
	struct work *w;
	struct arena arena;
	struct list env;
	struct str secret;
	char *program;
};

static void git_release(struct git *g)
{
	secret_wipe(g->secret.data, g->secret.len);
	str_release(&g->secret);
	free(g->program);
	arena_release(&g->arena);
}
#define AUTO_GIT CLEANUP(git_release) struct git

static int git_open(struct git *ret, struct work *w, struct err **err)
{
	*ret = (struct git){.w = w, .secret = STR_INIT, .program = fs_find_program("git")};
	ret->env.arena = &ret->arena;
	if (!ret->program)
		return err_set(err, ERR_UNAVAILABLE,
			"git is not installed: repositories with a URL need it");
	return build_environment(w, &ret->env, &ret->secret, err);
}

/*
 * Runs it. out may be NULL; otherwise what it printed is there, also when it failed.
 */
static int run_git(struct git *g, const char *const *argv, struct str *out, struct err **err)
{
	AUTO_STR said = STR_INIT;
	struct child_exit how;
	const struct child_spec spec = {
		.argv = argv,
		.envp = g->env.items,
		.dir = "/",
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
	if (child_run(&spec, NULL, OUTPUT_MAX, g->w->config->timeouts.fetch_ms, out, &said, &how,
		    err) < 0)
		return -1;
	if (how.code == 0)
		return 0;
	AUTO_FREE char *words = last_words(&said, &g->secret);
	return err_set(err, ERR_UNAVAILABLE, "git %s: %s", argv[1][0] == '-' ? argv[3] : argv[1],
		*words ? words : "it failed without a word");
}

static int make_mirror(struct git *g, struct err **err)
{
	const struct work *w = g->w;
	AUTO_FREE char *head = path_join(w->place.dir, "HEAD");
	AUTO_FREE char *branch = xasprintf("--initial-branch=%s", w->repository->branch);
	const char *const init[] = {
		g->program, "init", "--quiet", "--bare", branch, "--", w->place.dir, NULL};
	if (fs_exists(head))
		return 0;
	if (fs_mkdirs(w->place.dir, 0700, err) < 0)
		return -1;
	return run_git(g, init, NULL, err);
}

/* What has to stand in a mirror's own files; nearly always it does. */
static int set_up_mirror(struct git *g, struct err **err)
{
	const char *dir = g->w->place.dir;
	AUTO_FREE char *path = path_join(dir, "HEAD");
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", g->w->repository->branch);
	AUTO_FREE char *wanted = xasprintf("ref: %s\n", ref);
	AUTO_STR head = STR_INIT;
	const char *const mark[] = {
		g->program, "-C", dir, "config", SOURCE_MIRROR_KEY, "true", NULL};
	const char *const turn[] = {g->program, "-C", dir, "symbolic-ref", "HEAD", ref, NULL};
	if (make_mirror(g, err) < 0 || fs_read(path, HEAD_MAX, &head, err) < 0)
		return -1;
	AUTO_FREE char *config = path_join(dir, "config");
	AUTO_STR text = STR_INIT;
	if (fs_read(config, OUTPUT_MAX, &text, err) < 0 ||
		(!strstr(text.data, "mirror = true") && run_git(g, mark, NULL, err) < 0))
		return -1;
	return str_eq(head.data, wanted) ? 0 : run_git(g, turn, NULL, err);
}

int work_git_fetch(struct work *w, const char *const *refspecs, struct err **err)
{
	AUTO_GIT g = {0};
	if (git_open(&g, w, err) < 0 || set_up_mirror(&g, err) < 0)
		return -1;
	const char *const head[] = {g.program, "-C", w->place.dir, "fetch", "--quiet", "--prune",
		"--force", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--",
		w->repository->url.text};
	struct list argv = {.arena = &g.arena};
	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		add(&argv, head[i]);
	for (size_t i = 0; refspecs[i]; i++)
		add(&argv, refspecs[i]);
	add(&argv, NULL);
	return run_git(&g, argv.items, NULL, err);
}

/* --- upstream ------------------------------------------------------------------------------- */

/*
 * What `git push --porcelain` says of its one ref: "!\tFROM:TO\t[rejected] (fetch first)" when the
 * branch has moved on, "[remote rejected] (REASON)" when the other side does not take it, which is
 * also what it says to one of two that push at the same moment. git-push(1), OUTPUT.
 */
static int read_refusal(const char *said, const char *branch, bool *ret_moved, struct err **err)
{
	const char *line = strstr(said, "\t[rejected]");
	const char *remote = strstr(said, "\t[remote rejected]");
	*ret_moved = line || (remote && (strstr(remote, "cannot lock ref") ||
						strstr(remote, "incorrect old value") ||
						strstr(remote, "failed to update ref")));
	if (*ret_moved || !remote)
		return *ret_moved ? 0 : -1;
	const char *why = remote + 1;
	err_free(err);
	return err_set(err, ERR_DENIED,
		"the branch '%s' is not taken where it comes from: %.*s; give the server the right "
		"to push, or say `history: {write: branch}` in Config",
		branch, (int)strcspn(why, "\n"), why);
}

static int push(
	void *data, const char *commit, const char *branch, bool *ret_moved, struct err **err)
{
	struct work *w = data;
	AUTO_GIT g = {0};
	AUTO_STR said = STR_INIT;
	*ret_moved = false;
	if (git_open(&g, w, err) < 0)
		return -1;
	const char *const argv[] = {g.program, "-C", w->place.dir, "push", "--porcelain",
		"--no-verify", "--", w->repository->url.text,
		arena_printf(&g.arena, "%s:refs/heads/%s", commit, branch), NULL};
	if (run_git(&g, argv, &said, err) == 0)
		return 0;
	if (read_refusal(said.data, branch, ret_moved, err) < 0)
		return -1;
	err_free(err);
	return 0;
}

static int fetch_branch(void *data, const char *branch, struct err **err)
{
	struct work *w = data;
	const char *const specs[] = {
		arena_printf(&w->arena, "+refs/heads/%s:refs/heads/%s", branch, branch), NULL};
	return work_git_fetch(w, specs, err);
}

const struct source_upstream *work_upstream(struct work *w)
{
	w->upstream = (struct source_upstream){.push = push, .fetch = fetch_branch, .data = w};
	return w->place.mirror ? &w->upstream : NULL;
}
