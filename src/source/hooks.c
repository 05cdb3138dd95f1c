/*
 * Ours is known by its second line. The new script is written beside its place, the foreign hook
 * gets its second name as a hard link, and then one rename puts ours in place: killed at any line,
 * this leaves a hook that works, and the next call finishes.
 */
#include "source/hooks.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HOOK = 1024 * 1024 };

#define EMBED(symbol, file)                                                                        \
	extern const char symbol[];                                                                \
	__asm__(".pushsection .rodata\n"                                                           \
		".local " #symbol "\n" #symbol ":\n"                                               \
		".incbin \"hooks/" file "\"\n"                                                     \
		".byte 0\n"                                                                        \
		".popsection\n")

EMBED(script_pre_receive, "pre-receive");
EMBED(script_post_receive, "post-receive");
EMBED(script_pre_commit, "pre-commit");

const char *hook_name(enum hook_kind kind)
{
	static const char *const names[HOOK_COUNT] = {"pre-receive", "post-receive", "pre-commit"};
	return names[kind];
}

static const char *script_of(enum hook_kind kind)
{
	const char *const scripts[HOOK_COUNT] = {
		script_pre_receive, script_post_receive, script_pre_commit};
	return scripts[kind];
}

/* --- where ------------------------------------------------------------------------------- */

/* A relative core.hooksPath starts where git runs hooks: the top of the working copy, else the
 * git folder. */
static char *full_folder(const struct source *s, const char *path)
{
	if (path[0] == '/')
		return xstrdup(path);
	return path_join(s->work_dir ? s->work_dir : s->git_dir, path);
}

static bool is_shared_level(git_config_level_t level)
{
	return level == GIT_CONFIG_LEVEL_SYSTEM || level == GIT_CONFIG_LEVEL_XDG ||
	       level == GIT_CONFIG_LEVEL_GLOBAL || level == GIT_CONFIG_LEVEL_PROGRAMDATA;
}

static int configured_folder(
	struct source *s, git_config *config, char **ret, bool *ret_shared, struct err **err)
{
	git_config_entry *entry = NULL;
	git_buf path = {0};
	int rc = git_config_get_entry(&entry, config, "core.hooksPath");
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc == 0)
		rc = git_config_get_path(&path, config, "core.hooksPath");
	if (rc == 0) {
		*ret = full_folder(s, path.ptr);
		*ret_shared = is_shared_level(entry->level);
	}
	git_config_entry_free(entry);
	git_buf_dispose(&path);
	return rc < 0 ? git_fail(s, rc, err, "read core.hooksPath") : 0;
}

static int open_config(struct source *s, git_config **ret, struct err **err)
{
	if (git_need(s, err) < 0)
		return -1;
	const int rc = git_repository_config(ret, s->repo);
	return rc < 0 ? git_fail(s, rc, err, "read the configuration") : 0;
}

int hooks_folder(struct source *s, char **ret, bool *ret_shared, struct err **err)
{
	git_config *config = NULL;
	*ret = NULL;
	*ret_shared = false;
	if (open_config(s, &config, err) < 0)
		return -1;
	const int rc = configured_folder(s, config, ret, ret_shared, err);
	git_config_free(config);
	if (rc == 0 && !*ret)
		*ret = path_join(s->common_dir, "hooks");
	return rc;
}

static const char advertise[] = "receive.advertisePushOptions";
static const char marker[] = "trueup.setPushOptions"; /* it was us */

static int set_options(struct source *s, git_config *config, bool *ret_changed, struct err **err)
{
	int value;
	int rc = git_config_get_bool(&value, config, advertise);
	if (rc != GIT_ENOTFOUND)
		return rc < 0 ? git_fail(s, rc, err, "read %s", advertise) : 0;
	rc = git_config_set_bool(config, marker, true);
	if (rc == 0)
		rc = git_config_set_bool(config, advertise, true);
	*ret_changed = rc == 0;
	return rc < 0 ? git_fail(s, rc, err, "set %s", advertise) : 0;
}

static int unset_options(struct source *s, git_config *config, bool *ret_changed, struct err **err)
{
	int value;
	int rc = git_config_get_bool(&value, config, marker);
	if (rc == GIT_ENOTFOUND)
		return 0;
	rc = git_config_delete_entry(config, advertise);
	if (rc == 0 || rc == GIT_ENOTFOUND)
		rc = git_config_delete_entry(config, marker);
	*ret_changed = rc == 0;
	return rc < 0 ? git_fail(s, rc, err, "unset %s", advertise) : 0;
}

int hooks_offer_options(struct source *s, bool offer, bool *ret_changed, struct err **err)
{
	git_config *config = NULL;
	*ret_changed = false;
	if (open_config(s, &config, err) < 0)
		return -1;
	const int rc = offer ? set_options(s, config, ret_changed, err)
			     : unset_options(s, config, ret_changed, err);
	git_config_free(config);
	return rc;
}

/* --- the scripts ------------------------------------------------------------------------- */

static void add_option(struct str *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	str_addf(out, "%s ", name);
	str_add_shell(out, value);
	str_addc(out, ' ');
}

/* Fills in what stands at p, if that is a place, and returns its length; otherwise 0. */
static size_t fill_in(struct str *out, const char *p, const struct hook_program *program)
{
	static const char executable[] = "@TRUEUP@", options[] = "@OPTIONS@ ";
	if (str_starts(p, executable)) {
		str_add_shell(out, program->executable);
		return strlen(executable);
	}
	if (!str_starts(p, options))
		return 0;
	add_option(out, "-C", program->subtree);
	add_option(out, "--state", program->state_dir);
	return strlen(options);
}

static void make_script(enum hook_kind kind, const struct hook_program *program, struct str *out)
{
	for (const char *p = script_of(kind); *p;) {
		const size_t filled = fill_in(out, p, program);
		if (!filled)
			str_addc(out, *p);
		p += filled ? filled : 1;
	}
}

/* The file's text; false when it is not there, or is nothing that we write. */
static bool read_hook(const char *path, struct str *out)
{
	struct stat st;
	AUTO_ERR unreadable = NULL;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       fs_read(path, MAX_HOOK, out, &unreadable) == 0;
}

static bool is_there(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static bool is_ours(const struct str *text, enum hook_kind kind)
{
	AUTO_FREE char *head = xasprintf("#!/bin/sh\n# trueup hook %s\n", hook_name(kind));
	return str_starts(text->data, head);
}

struct place {
	char *path, *before;
};

static void place_release(struct place *p)
{
	free(p->path);
	free(p->before);
}

static struct place place_of(const char *folder, enum hook_kind kind)
{
	struct place p = {.path = path_join(folder, hook_name(kind))};
	p.before = xasprintf("%s.before-trueup", p.path);
	return p;
}

/*
 * Which spec root our script is for, heap-owned: what stands behind -C, in the quotes of
 * str_add_shell(); "" without it.
 */
static char *root_of(const char *script)
{
	static const char call[] = "\"$trueup\" -C '", quote[] = "'\\''";
	AUTO_STR root = STR_INIT;
	const char *p = strstr(script, call);
	for (p = p ? p + strlen(call) : ""; *p && (*p != '\'' || str_starts(p, quote)); p++) {
		str_addc(&root, *p);
		if (*p == '\'')
			p += strlen(quote) - 1;
	}
	return str_detach(&root);
}

static void compare(
	const char *script, const char *wanted, const char *subtree, struct hook_status *ret)
{
	AUTO_FREE char *root = root_of(script);
	if (str_eq(script, wanted)) {
		ret->state = HOOK_OURS;
	} else if (str_eq(root, subtree)) {
		ret->state = HOOK_OTHER_VERSION;
	} else {
		ret->state = HOOK_OTHER_ROOT;
		ret->root = steal_ptr(root);
	}
}

void hook_status_release(struct hook_status *s)
{
	free(s->root);
	*s = (struct hook_status){0};
}

int hook_look(const char *folder, enum hook_kind kind, const struct hook_program *program,
	struct hook_status *ret, struct err **err)
{
	CLEANUP(place_release) struct place at = place_of(folder, kind);
	AUTO_STR text = STR_INIT, wanted = STR_INIT;
	struct stat st;
	*ret = (struct hook_status){.chained = is_there(at.before)};
	if (lstat(at.path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "look at %s", at.path);
	make_script(kind, program, &wanted);
	if (!read_hook(at.path, &text) || !is_ours(&text, kind))
		ret->state = HOOK_FOREIGN;
	else
		compare(text.data, wanted.data, program->subtree, ret);
	ret->off = stat(at.path, &st) < 0 || !(st.st_mode & S_IXUSR);
	return 0;
}

/* --- changing ---------------------------------------------------------------------------- */

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static bool same_text(const char *a, const char *b)
{
	AUTO_STR x = STR_INIT, y = STR_INIT;
	return read_hook(a, &x) && read_hook(b, &y) && x.len == y.len &&
	       memcmp(x.data, y.data, x.len) == 0;
}

/* Gives the foreign hook its second name. */
static int keep_foreign(const struct place *at, struct err **err)
{
	if (is_there(at->before)) {
		/* The last try was killed here; or somebody wrote the kept one anew. */
		if (same_file(at->path, at->before) || same_text(at->path, at->before))
			return 0;
		return err_set(err, ERR_CONFLICT,
			"%s and %s are both hooks of somebody else: make one of them and remove "
			"the other",
			at->path, at->before);
	}
	if (linkat(AT_FDCWD, at->path, AT_FDCWD, at->before, 0) == 0)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != EXDEV && errno != EMLINK)
		return err_errno(err, errno, "keep %s as %s", at->path, at->before);
	/* A file system without hard links: for a moment there is no hook. */
	if (rename(at->path, at->before) < 0)
		return err_errno(err, errno, "keep %s as %s", at->path, at->before);
	return 0;
}

/* git asks one hook of a name, and ours checks one root: to renew it for another would end that. */
static int refuse_root(const char *path, const char *root, struct err **err)
{
	return err_set(err, ERR_CONFLICT,
		"%s checks the spec root '%s', and one hook checks one root: `trueup hook remove` "
		"and then `trueup hook install` give it to this one",
		path, *root ? root : ".");
}

int hook_install(const char *folder, enum hook_kind kind, const struct hook_program *program,
	enum hook_change *ret, struct err **err)
{
	CLEANUP(hook_status_release) struct hook_status now = {0};
	CLEANUP(place_release) struct place at = place_of(folder, kind);
	AUTO_STR script = STR_INIT;
	*ret = HOOK_LEFT;
	if (hook_look(folder, kind, program, &now, err) < 0)
		return -1;
	if (now.state == HOOK_OURS && !now.off)
		return 0;
	if (now.state == HOOK_OTHER_ROOT)
		return refuse_root(at.path, now.root, err);
	if (fs_mkdirs(folder, 0755, err) < 0)
		return -1;
	if (now.state == HOOK_FOREIGN && keep_foreign(&at, err) < 0)
		return -1;
	make_script(kind, program, &script);
	if (fs_write_atomic(at.path, script.data, script.len, 0755, err) < 0)
		return err_wrap(err, "write the hook");
	*ret = now.state == HOOK_FOREIGN ? HOOK_CHAINED
	       : now.state == HOOK_NONE  ? HOOK_WRITTEN
					 : HOOK_RENEWED;
	return 0;
}

int hook_remove(const char *folder, enum hook_kind kind, enum hook_change *ret, struct err **err)
{
	CLEANUP(place_release) struct place at = place_of(folder, kind);
	AUTO_STR text = STR_INIT;
	*ret = HOOK_LEFT;
	if (!read_hook(at.path, &text) || !is_ours(&text, kind))
		return 0;
	if (is_there(at.before)) {
		if (rename(at.before, at.path) < 0)
			return err_errno(err, errno, "put %s back", at.before);
		*ret = HOOK_PUT_BACK;
		return 0;
	}
	if (unlink(at.path) < 0)
		return err_errno(err, errno, "remove %s", at.path);
	*ret = HOOK_TAKEN_AWAY;
	return 0;
}
