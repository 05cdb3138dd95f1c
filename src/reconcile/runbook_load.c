/*
 * Finding the file. What is run is what is committed, unless the user asks for the file on disk;
 * either way the version on Config's branch is read too when it differs, since its claims and its
 * approval are those that somebody reviewed.
 */
#include "reconcile/runbook_internal.h"

#include "base/err.h"
#include "base/str.h"
#include "reconcile/config_now.h"
#include "reconcile/wanted_rev.h"
#include "runbook/object.h"

#include <string.h>

enum { MAX_NAME = 200 };

static const char *plain_name(struct arena *arena, const char *given)
{
	static const char *const prefixes[] = {"runbook/", RUNBOOK_FOLDER "/"};
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(given, prefixes[i]))
			given += strlen(prefixes[i]);
	const size_t len = strlen(given);
	return arena_memdup(arena, given, str_ends(given, ".md") ? len - 3 : len);
}

static int check_name(const char *name, struct err **err)
{
	if (*name && *name != '.' && strlen(name) <= MAX_NAME && !strchr(name, '/') &&
		utf8_valid(name, strlen(name)) == strlen(name))
		return 0;
	return err_set(err, ERR_INVALID,
		"'%.64s' is no name of a runbook: it is the name of a file in runbooks/ without "
		".md",
		name);
}

int runbook_read_file(struct session *session, const struct runbook_run *run, const char *path,
	size_t limit, struct str *out, struct err **err)
{
	if (run->on_disk)
		return source_read_disk(session->source, path, limit, out, err);
	return source_read_path(session->source, run->rev.tree, path, limit, out, err);
}

/* ---- what there is instead of a name that is not there ---- */

static bool wants_runbooks(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir ? str_eq(path, RUNBOOK_FOLDER) : spec_path_class(path) == SPEC_PATH_RUNBOOKS;
}

static int not_found(struct session *session, struct runbook_run *run, struct err **err)
{
	const struct source_filter filter = {wants_runbooks, NULL};
	struct source_changes files = {0};
	AUTO_ERR ignored = NULL;
	AUTO_STR unused = STR_INIT;
	if (!run->on_disk)
		(void)!source_diff(session->source, NULL, run->rev.tree, &filter, &run->arena,
			&files, &ignored);
	const char **names = arena_array(&run->arena, files.count + 1, sizeof *names);
	for (size_t i = 0; i < files.count; i++)
		names[i] = plain_name(&run->arena, files.items[i].path);
	const char *near = str_nearest(run->name, names);
	if (near)
		return err_set(err, ERR_NOT_FOUND, "Runbook not found: %s; did you mean '%s'?",
			run->name, near);
	if (!run->on_disk && source_dir(session->source) &&
		source_read_disk(session->source, run->path, spec_file_limit(run->path), &unused,
			&ignored) == 0)
		return err_set(err, ERR_NOT_FOUND,
			"Runbook not found: %s is not in commit %.10s; commit it, or take the "
			"file as it lies on disk (--worktree)",
			run->path, run->rev.commit);
	return err_set(err, ERR_NOT_FOUND,
		"Runbook not found: %s; 'trueup runbook list' lists them", run->name);
}

/* ---- reading ---- */

static const struct runbook *parse(
	struct runbook_run *run, const struct str *text, struct diag_list *diags)
{
	struct src *src = arena_alloc(&run->arena, sizeof *src);
	*src = (struct src){run->path, arena_memdup(&run->arena, text->data, text->len), text->len};
	/* Nothing more is said about a file with a secret: every further line could show it. */
	if (spec_scan_secrets(src, diags))
		return NULL;
	return runbook_parse(&run->arena, src, diags);
}

/* The version on Config's branch, when it is another one. */
static int load_base(struct session *session, struct runbook_run *run, struct err **err)
{
	struct source_rev tip;
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS ignored = {0};
	AUTO_ERR none = NULL;
	if (source_kind(session->source) != SOURCE_GIT || !run->runbook)
		return 0;
	const char *branch = run->config->branch;
	if (source_resolve(session->source, arena_printf(&run->arena, "refs/heads/%s", branch),
		    &tip, &none) < 0)
		return 0;
	if (!run->on_disk && str_eq(tip.tree, run->rev.tree))
		return 0;
	if (source_read_path(session->source, tip.tree, run->path, spec_file_limit(run->path),
		    &text, &none) < 0) {
		if (err_kind_of(none) == ERR_NOT_FOUND)
			return 0;
		*err = steal_ptr(none);
		return err_wrap(err, "read %s on %s", run->path, branch);
	}
	const struct runbook *base = parse(run, &text, &ignored);
	/* What could be read once and cannot now protects nothing. */
	if (base && !str_eq(base->digest, run->runbook->digest))
		run->base = base;
	return 0;
}

static int resolve(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	if (wanted_rev_check(session->source, request->rev, err) < 0)
		return -1;
	run->on_disk = request->worktree || source_kind(session->source) == SOURCE_FOLDER;
	if (run->on_disk && !source_dir(session->source))
		return err_set(err, ERR_INVALID, "a bare repository has no files on disk");
	if (run->on_disk)
		return 0;
	if (source_resolve(session->source, request->rev, &run->rev, err) < 0)
		return -1;
	(void)str_copy(run->commit, sizeof run->commit, run->rev.commit);
	return 0;
}

/* What is committed is run: who edits and runs should know. */
static void note_edits(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, const struct str *committed)
{
	AUTO_STR disk = STR_INIT;
	AUTO_ERR ignored = NULL;
	if (run->on_disk || request->rev || !run->runbook || !source_dir(session->source) ||
		source_read_disk(session->source, run->path, spec_file_limit(run->path), &disk,
			&ignored) < 0)
		return;
	const size_t len = run->runbook->content_len;
	if (disk.len >= len && memcmp(disk.data, committed->data, len) == 0)
		return;
	struct diag *d = diag_warning(&run->diags, "runbook-uncommitted",
		((struct pos){run->runbook->src, 1, 1}),
		"the file has uncommitted changes, which are not run");
	diag_hint(&run->diags, d, "--worktree runs the file as it lies on disk");
}

int runbook_load(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR why = NULL;
	run->name = plain_name(&run->arena, request->runbook);
	run->path = arena_printf(&run->arena, RUNBOOK_FOLDER "/%s.md", run->name);
	if (check_name(run->name, err) < 0 || resolve(session, request, run, err) < 0)
		return -1;
	/* Isolation and history are said there: a run that cannot know them is none. */
	if (config_now(session, &run->arena, &run->diags, &run->config, err) < 0)
		return err_wrap(err, "read the Config");
	if (run->diags.errors)
		return 0;
	if (runbook_read_file(session, run, run->path, spec_file_limit(run->path), &text, &why) <
		0) {
		if (err_kind_of(why) == ERR_NOT_FOUND)
			return not_found(session, run, err);
		*err = steal_ptr(why);
		return err_wrap(err, "read %s", run->path);
	}
	run->runbook = parse(run, &text, &run->diags);
	note_edits(session, request, run, &text);
	return load_base(session, run, err);
}
