/*
 * What is due is read anew for every entry, so that a run that ends meanwhile gets its turn in the
 * same go; the lock makes sure that somebody who finds nothing to do is right.
 */
#include "reconcile/runbook_history.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/config_now.h"
#include "reconcile/runbook_internal.h"
#include "source/append.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_BRANCH_NAME "trueup/history"

enum { WAIT_MS = 60000, MAX_CHILDREN = 100, CODE_TIMEOUT = -9 };

enum run_history runbook_history_wanted(const struct runbook_run *run)
{
	const bool there = run->runbook && run->runbook->history.state == RUNBOOK_READ;
	return there && run->config->history.write != HISTORY_OFF ? RUN_HISTORY_LATER
								  : RUN_HISTORY_OFF;
}

/* ---- the entry ---- */

static int64_t code_of(const struct run_row *row)
{
	if (row->state == RUN_REFUSED)
		return HISTORY_REFUSED;
	if (row->state == RUN_TIMED_OUT || row->state == RUN_LOST)
		return CODE_TIMEOUT;
	return row->signal ? -row->signal : row->exit_code;
}

/* What is kept of a stream as one text. */
static const char *stream_text(struct store *store, const char *id, const char *name,
	struct arena *arena, struct err **err)
{
	struct run_output kept;
	AUTO_STR text = STR_INIT;
	if (store_run_output(store, id, name, arena, &kept, err) < 0)
		return NULL;
	str_addn(&text, kept.head, kept.head_len);
	if (kept.total > (int64_t)(kept.head_len + kept.tail_len) && kept.tail_len)
		str_addf(&text, "\n[... %" PRId64 " bytes left out ...]\n",
			kept.total - (int64_t)(kept.head_len + kept.tail_len));
	str_addn(&text, kept.tail, kept.tail_len);
	/* A NUL would end the text before its end. */
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i])
			text.data[i] = ' ';
	return arena_strdup(arena, text.data);
}

/* The runs that its script asked for. */
static int add_children(struct store *store, const struct run_row *row, struct arena *arena,
	struct history_entry *entry, struct err **err)
{
	const struct run_filter filter = {.parent_id = row->id, .limit = MAX_CHILDREN};
	struct run_rows rows = {0};
	if (store_runs(store, &filter, arena, &rows, err) < 0)
		return -1;
	const char **notes = arena_array(arena, rows.count + 1, sizeof *notes);
	for (size_t i = 0; i < rows.count; i++) {
		const struct run_row *child = &rows.items[rows.count - 1 - i];
		notes[i] = arena_printf(arena, "ran %s: %s, exit code %" PRId64 " (run %s)",
			child->runbook, run_state_name(child->state), code_of(child), child->id);
	}
	entry->warnings = notes;
	return 0;
}

static const char *const *list_of_one(struct arena *arena, const char *text)
{
	const char **list = arena_array(arena, 2, sizeof *list);
	list[0] = text;
	return list;
}

int runbook_history_entry(struct store *store, const struct run_row *row, struct arena *arena,
	struct history_entry *ret, struct err **err)
{
	*ret = history_entry_new();
	ret->start_ms = row->started_at ? row->started_at : row->intended_at;
	ret->finish_ms = row->ended_at ? row->ended_at : HISTORY_NO_TIME;
	ret->code = code_of(row);
	ret->operation = row->mode == RUN_MODE_VALIDATE ? "validate" : "execute";
	ret->by.user = row->actor;
	ret->by.correlation_id = row->id;
	if (row->role)
		ret->by.roles = list_of_one(arena, row->role);
	if (row->error)
		ret->errors = list_of_one(arena, row->error);
	ret->out = stream_text(store, row->id, "stdout", arena, err);
	ret->err = ret->out ? stream_text(store, row->id, "stderr", arena, err) : NULL;
	if (!ret->err)
		return -1;
	/* In form D there is no other place for why nothing came of it. */
	if (row->error && row->state != RUN_REFUSED)
		ret->err = arena_printf(arena, "%s%s%s\n", ret->err,
			*ret->err && !str_ends(ret->err, "\n") ? "\n" : "", row->error);
	return add_children(store, row, arena, ret, err);
}

/*
 * A script may print a secret that nobody named, such as a key that it made. In the file it would
 * refuse the whole repository (spec_scan_secrets()), and it would be in git for ever.
 */
static void withhold_secrets(struct history_entry *entry, const struct history_limits *limits)
{
	static const char withheld[] =
		"[withheld: it holds what looks like a secret; trueup runbook history shows it]";
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS found = {0};
	history_write_markdown(entry, limits, &text);
	const struct src src = {"history", text.data, text.len};
	if (!spec_scan_secrets(&src, &found))
		return;
	entry->out = withheld;
	entry->err = "";
}

/* ---- writing ---- */

struct writing {
	struct session *session;
	const struct config *config;
	const struct run_row *row;
	struct history_entry entry;
	struct history_limits limits;
	runbook_listener *listener;
	void *data;
};

static int edit(void *ctx, const char *old, size_t old_len, struct str *out, struct err **err)
{
	const struct writing *w = ctx;
	AUTO_ARENA arena = {0};
	AUTO_DIAGS ignored = {0};
	const struct src src = {w->row->path, old, old_len};
	const struct runbook *rb = runbook_parse(&arena, &src, &ignored);
	if (!rb)
		return err_set(err, ERR_INVALID, "%s cannot be read", w->row->path);
	return history_append(&arena, rb, &w->entry, &w->limits, out, err);
}

/* The branch that Config names, or the one that is checked out where there is no such branch. */
static const char *main_branch(struct writing *w, struct arena *arena)
{
	AUTO_ERR ignored = NULL;
	struct source_rev rev;
	const char *ref = arena_printf(arena, "refs/heads/%s", w->config->branch);
	if (source_resolve(w->session->source, ref, &rev, &ignored) == 0)
		return w->config->branch;
	err_free(&ignored);
	if (source_resolve(w->session->source, NULL, &rev, &ignored) == 0 && rev.branch[0])
		return arena_strdup(arena, rev.branch);
	return w->config->branch;
}

static int set(struct writing *w, enum run_history state, const char *commit, const char *reason,
	struct err **err)
{
	AUTO_STR line = STR_INIT;
	if (store_run_history_set(w->session->store, w->row->id, state, commit, reason, err) < 0)
		return -1;
	if (state == RUN_HISTORY_WRITTEN || !w->listener)
		return 0;
	str_addf(&line, "the entry of the run %s in %s %s: %s", w->row->id, w->row->path,
		state == RUN_HISTORY_DEAD ? "is not written" : "waits", reason);
	const struct runbook_event event = {RUNBOOK_EVENT_NOTICE, w->row, line.data, line.len};
	w->listener(w->data, &event);
	return 0;
}

/* 1: it waits, and so do those behind it for the same file. */
static int write_commit(struct writing *w, struct arena *arena, struct err **err)
{
	struct source_append_end end;
	AUTO_ERR why = NULL;
	AUTO_STR text = STR_INIT;
	char time[CLOCK_TEXT_SIZE];
	const char *branch = main_branch(w, arena);
	const bool aside = w->config->history.write == HISTORY_BRANCH;
	const struct source_append append = {
		.branch = aside ? HISTORY_BRANCH_NAME : branch,
		.base = aside ? branch : NULL,
		.path = w->row->path,
		.edit = edit,
		.ctx = w,
		.message = arena_printf(arena, "Record a run of %s\n\n%s at %s by %s.\n",
			w->row->runbook, run_state_name(w->row->state),
			clock_format(w->entry.finish_ms, time), w->row->actor),
		.run_id = w->row->id,
		.since = w->row->intended_at,
		.now = clock_now_ms(),
	};
	if (source_append_commit(w->session->source, &append, &end, &why) < 0) {
		const enum err_kind kind = err_kind_of(why);
		err_format(why, &text);
		const bool dead = kind == ERR_NOT_FOUND || kind == ERR_INVALID;
		if (set(w, dead ? RUN_HISTORY_DEAD : RUN_HISTORY_DUE, NULL, text.data, err) < 0)
			return -1;
		return dead ? 0 : 1;
	}
	if (end.state == SOURCE_APPEND_WAITS)
		return set(w, RUN_HISTORY_DUE, NULL, end.reason, err) < 0 ? -1 : 1;
	return set(w, RUN_HISTORY_WRITTEN, end.commit[0] ? end.commit : NULL, NULL, err);
}

/* A plain folder: the file itself, in one step. A crash between the step and its record would
 * write an entry twice, so the entry is looked for first. */
static int write_file(struct writing *w, struct arena *arena, struct err **err)
{
	AUTO_STR old = STR_INIT;
	AUTO_STR text = STR_INIT;
	AUTO_STR entry = STR_INIT;
	AUTO_STR line = STR_INIT;
	AUTO_ERR why = NULL;
	struct stat st;
	AUTO_FREE char *path = path_join(source_dir(w->session->source), w->row->path);
	(void)arena;
	history_write_markdown(&w->entry, &w->limits, &entry);
	history_write_json(&w->entry, &w->limits, &line);
	if (source_read_disk(w->session->source, w->row->path, RUNBOOK_MAX_BYTES, &old, &why) ==
			0 &&
		lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		if (strstr(old.data, entry.data) || strstr(old.data, line.data))
			return set(w, RUN_HISTORY_WRITTEN, NULL, NULL, err);
		if (edit(w, old.data, old.len, &text, &why) == 0 &&
			fs_write_atomic(path, text.data, text.len, st.st_mode & 07777, &why) == 0)
			return set(w, RUN_HISTORY_WRITTEN, NULL, NULL, err);
	}
	AUTO_STR reason = STR_INIT;
	if (why)
		err_format(why, &reason);
	else
		str_add(&reason, "it is no regular file");
	return set(w, RUN_HISTORY_DEAD, NULL, reason.data, err);
}

static int write_one(struct writing *w, struct arena *arena, struct err **err)
{
	if (runbook_history_entry(w->session->store, w->row, arena, &w->entry, err) < 0)
		return -1;
	withhold_secrets(&w->entry, &w->limits);
	if (w->config->history.write == HISTORY_OFF)
		return set(w, RUN_HISTORY_DEAD, NULL, "Config says `history: {write: off}`", err);
	return source_kind(w->session->source) == SOURCE_GIT ? write_commit(w, arena, err)
							     : write_file(w, arena, err);
}

static bool among(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i], text))
			return true;
	return false;
}

/* One round over what is due now; *ret_again: something was written, so look again. */
static int drain_round(struct writing *w, bool *ret_again, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct run_rows due = {0};
	*ret_again = false;
	if (store_runs_history_due(w->session->store, &arena, &due, err) < 0)
		return -1;
	const char **blocked = arena_array(&arena, due.count + 1, sizeof *blocked);
	size_t blocked_count = 0;
	for (size_t i = 0; i < due.count; i++) {
		AUTO_ARENA scratch = {0};
		w->row = &due.items[i];
		if (among(blocked, blocked_count, w->row->path))
			continue;
		const int rc = write_one(w, &scratch, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			blocked[blocked_count++] = w->row->path;
		else
			*ret_again = true;
	}
	return 0;
}

static int drain(struct writing *w, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_LOCK lock = LOCK_NONE;
	AUTO_FREE char *path = path_join(w->session->state_dir, "history.lock");
	AUTO_FREE char *owner = xasprintf("pid %ld, writing history", (long)getpid());
	AUTO_DIAGS diags = {0};
	struct run_rows due = {0};
	if (store_runs_history_due(w->session->store, &arena, &due, err) < 0)
		return -1;
	if (!due.count)
		return 0;
	if (config_now(w->session, &arena, &diags, &w->config, err) < 0)
		return -1;
	if (diags.errors)
		return err_set(err, ERR_INVALID, "the Config is invalid; see `trueup validate`");
	w->limits = (struct history_limits){
		(size_t)w->config->history.bytes, (size_t)w->config->history.keep};
	if (lock_take(path, owner, WAIT_MS, &lock, err) < 0)
		return -1;
	for (bool again = true; again;)
		if (drain_round(w, &again, err) < 0)
			return -1;
	return 0;
}

void runbook_history_drain(struct session *session, runbook_listener *listener, void *data)
{
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	struct writing w = {.session = session, .listener = listener, .data = data};
	if (!session->store || drain(&w, &err) == 0 || !listener)
		return;
	str_add(&text, "the history is not written yet: ");
	err_format(err, &text);
	const struct runbook_event event = {RUNBOOK_EVENT_NOTICE, NULL, text.data, text.len};
	listener(data, &event);
}
