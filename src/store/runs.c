/* See runs.h. As with operations, an end is one conditional UPDATE. */
#include "store/runs.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <string.h>

enum { MIN_PREFIX = 8, DEFAULT_LIMIT = 50 };

static const char *const state_names[] = {
	[RUN_INTENDED] = "intended",
	[RUN_RUNNING] = "running",
	[RUN_DONE] = "done",
	[RUN_FAILED] = "failed",
	[RUN_INVALID] = "invalid",
	[RUN_REFUSED] = "refused",
	[RUN_TIMED_OUT] = "timed-out",
	[RUN_KILLED] = "killed",
	[RUN_CANCELLED] = "cancelled",
	[RUN_LOST] = "lost",
};
static const char *const mode_names[] = {
	[RUN_MODE_RUN] = "run",
	[RUN_MODE_CHECK] = "check",
	[RUN_MODE_VALIDATE] = "validate",
};
static const char *const cause_names[] = {
	[RUN_BY_HAND] = "manual",
	[RUN_BY_SPEC] = "spec",
	[RUN_BY_SCHEDULE] = "schedule",
	[RUN_AGAIN] = "rerun",
	[RUN_BY_SCRIPT] = "script",
};
static const char *const history_names[] = {
	[RUN_HISTORY_OFF] = "off",
	[RUN_HISTORY_LATER] = "later",
	[RUN_HISTORY_DUE] = "due",
	[RUN_HISTORY_WRITTEN] = "written",
	[RUN_HISTORY_DEAD] = "dead",
};

const char *run_state_name(enum run_state state)
{
	return state_names[state];
}

const char *run_mode_name(enum run_mode mode)
{
	return mode_names[mode];
}

const char *run_cause_name(enum run_cause cause)
{
	return cause_names[cause];
}

const char *run_history_name(enum run_history history)
{
	return history_names[history];
}

bool run_is_open(const struct run_row *run)
{
	return run->state == RUN_INTENDED || run->state == RUN_RUNNING;
}

static void read_run(struct sql *q, struct arena *arena, struct run_row *ret)
{
	ret->id = sql_get_text(q, arena);
	ret->runbook = sql_get_text(q, arena);
	ret->path = sql_get_text(q, arena);
	ret->mode = sql_get_enum(q, mode_names, ARRAY_LEN(mode_names));
	ret->cause = sql_get_enum(q, cause_names, ARRAY_LEN(cause_names));
	ret->object_key = sql_get_text(q, arena);
	ret->parent_id = sql_get_text(q, arena);
	ret->attempt = sql_get_int(q);
	ret->target = sql_get_text(q, arena);
	ret->actor = sql_get_text(q, arena);
	ret->role = sql_get_text(q, arena);
	ret->commit_id = sql_get_text(q, arena);
	ret->content_digest = sql_get_text(q, arena);
	ret->env_names_json = sql_get_text(q, arena);
	ret->env_digest = sql_get_text(q, arena);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->intended_at = sql_get_int(q);
	ret->started_at = sql_get_int(q);
	ret->ended_at = sql_get_int(q);
	ret->exit_code = sql_get_int(q);
	ret->signal = sql_get_int(q);
	ret->isolation = sql_get_text(q, arena);
	ret->pid = sql_get_int(q);
	ret->pid_start = (uint64_t)sql_get_int(q);
	ret->dir = sql_get_text(q, arena);
	ret->error = sql_get_text(q, arena);
	ret->history = sql_get_enum(q, history_names, ARRAY_LEN(history_names));
	ret->history_commit = sql_get_text(q, arena);
	ret->history_reason = sql_get_text(q, arena);
}

/* Reads all rows of a statement whose parameters are bound. */
static int read_runs(struct sql *q, struct arena *arena, struct run_rows *ret, struct err **err)
{
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_run(q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

static int insert(
	struct store *store, const struct run_row *row, enum run_history history, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, row->id);
	sql_text(&q, row->runbook);
	sql_text(&q, row->path);
	sql_text(&q, mode_names[row->mode]);
	sql_text(&q, cause_names[row->cause]);
	sql_text(&q, row->object_key);
	sql_text(&q, row->parent_id);
	sql_int(&q, row->attempt);
	sql_text(&q, row->target);
	sql_text(&q, row->actor);
	sql_text(&q, row->role);
	sql_text(&q, row->commit_id);
	sql_text(&q, row->content_digest);
	sql_text(&q, row->env_names_json);
	sql_text(&q, row->env_digest);
	sql_int(&q, row->intended_at);
	sql_text(&q, row->dir);
	sql_text(&q, history_names[history]);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the run of %s", row->runbook);
	return 0;
}

/* Before its end an entry is for later, or not wanted. */
static enum run_history before_end(enum run_history history)
{
	return history == RUN_HISTORY_OFF ? RUN_HISTORY_OFF : RUN_HISTORY_LATER;
}

int store_run_intend(struct store *store, const struct run_row *row, struct err **err)
{
	if (row->state != RUN_INTENDED)
		return err_set(err, ERR_INTERNAL, "a run that is %s is not intended any more",
			state_names[row->state]);
	return insert(store, row, before_end(row->history), err);
}

static int put_stream(struct store *store, const char *run_id, const char *name,
	const struct run_output *stream, struct err **err)
{
	if (!stream)
		return 0;
	if (stream->head_len > RUN_OUTPUT_PART_MAX || stream->tail_len > RUN_OUTPUT_PART_MAX)
		return err_set(err, ERR_INTERNAL, "too much of the %s of run %s", name, run_id);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_STREAM_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, run_id);
	sql_text(&q, name);
	sql_int(&q, stream->total);
	sql_bytes(&q, stream->head_len ? stream->head : "", stream->head_len);
	sql_bytes(&q, stream->tail_len ? stream->tail : "", stream->tail_len);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the %s of run %s", name, run_id);
	return 0;
}

static int finish(
	struct store *store, const struct run_row *row, bool *ret_recorded, struct err **err)
{
	if (run_is_open(row))
		return err_set(err, ERR_INTERNAL, "'%s' is not an end", state_names[row->state]);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_FINISH, &q, err) < 0)
		return -1;
	sql_text(&q, row->id);
	sql_text(&q, state_names[row->state]);
	sql_int(&q, row->ended_at);
	sql_int(&q, row->exit_code);
	sql_int(&q, row->signal);
	sql_text(&q, row->error);
	sql_text(&q, row->isolation);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the end of run %s", row->id);
	*ret_recorded = sql_changes(store) > 0;
	return 0;
}

/* A script that runs every minute must not fill the disk. */
static int forget_outputs(struct store *store, const char *run_id, struct err **err)
{
	static const enum sql_id statements[] = {SQL_RUN_STREAMS_EMPTY, SQL_RUN_LOGS_FORGET};
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		AUTO_SQL q = SQL_NONE;
		if (sql_start(store, statements[i], &q, err) < 0)
			return -1;
		sql_text(&q, run_id);
		sql_int(&q, RUN_OUTPUTS_KEPT);
		if (sql_run(&q, err) < 0)
			return err_wrap(err, "forget old outputs");
	}
	return 0;
}

static int finish_with_streams(struct store *store, const struct run_row *row,
	const struct run_output *out, const struct run_output *err_stream, bool *ret_recorded,
	struct err **err)
{
	if (finish(store, row, ret_recorded, err) < 0)
		return -1;
	if (!*ret_recorded)
		return 0;
	if (put_stream(store, row->id, "stdout", out, err) < 0 ||
		put_stream(store, row->id, "stderr", err_stream, err) < 0)
		return -1;
	return forget_outputs(store, row->id, err);
}

int store_run_finish(struct store *store, const struct run_row *row, const struct run_output *out,
	const struct run_output *err_stream, bool *ret_recorded, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own,
		finish_with_streams(store, row, out, err_stream, ret_recorded, err), err);
}

static int record(struct store *store, const struct run_row *row, struct err **err)
{
	bool recorded;
	if (insert(store, row, before_end(row->history), err) < 0)
		return -1;
	return finish(store, row, &recorded, err);
}

int store_run_record(struct store *store, const struct run_row *row, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, record(store, row, err), err);
}

int store_run_started(struct store *store, const struct run_row *row, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_STARTED, &q, err) < 0)
		return -1;
	sql_text(&q, row->id);
	sql_int(&q, row->started_at);
	sql_int(&q, row->pid);
	sql_int(&q, (int64_t)row->pid_start);
	sql_text(&q, row->isolation);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record that run %s has started", row->id);
	if (sql_changes(store) == 0)
		return err_set(err, ERR_CONFLICT, "run %s is not waiting to be started", row->id);
	return 0;
}

int store_run_get(struct store *store, const char *id, struct arena *arena, struct run_row **ret,
	struct err **err)
{
	*ret = NULL;
	if (strlen(id) < MIN_PREFIX)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_GET, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	struct run_rows rows = {0};
	if (read_runs(&q, arena, &rows, err) < 0)
		return -1;
	if (rows.count > 1)
		return err_set(
			err, ERR_INVALID, "several runs begin with '%s': write more of it", id);
	*ret = rows.count ? rows.items : NULL;
	return 0;
}

int store_runs_open(
	struct store *store, struct arena *arena, struct run_rows *ret, struct err **err)
{
	*ret = (struct run_rows){0};
	AUTO_SQL q = SQL_NONE;
	return sql_start(store, SQL_RUNS_OPEN, &q, err) < 0 ? -1 : read_runs(&q, arena, ret, err);
}

/* The one that reads the fewest rows. */
static enum sql_id statement_for(const struct run_filter *filter)
{
	if (filter->parent_id)
		return SQL_RUNS_OF_PARENT;
	if (filter->object_key)
		return SQL_RUNS_OF_OBJECT;
	return filter->runbook ? SQL_RUNS_OF_RUNBOOK : SQL_RUNS;
}

int store_runs(struct store *store, const struct run_filter *filter, struct arena *arena,
	struct run_rows *ret, struct err **err)
{
	*ret = (struct run_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, statement_for(filter), &q, err) < 0)
		return -1;
	sql_text(&q, filter->runbook);
	sql_text(&q, filter->object_key);
	sql_text(&q, filter->actor);
	sql_text(&q, filter->parent_id);
	sql_text(&q, filter->state);
	sql_text(&q, filter->before);
	sql_int(&q, filter->limit ? filter->limit : DEFAULT_LIMIT);
	return read_runs(&q, arena, ret, err);
}

static const void *get_part(struct sql *q, struct arena *arena, size_t *ret_len)
{
	AUTO_STR bytes = STR_INIT;
	sql_get_bytes(q, &bytes);
	*ret_len = bytes.len;
	return arena_memdup(arena, bytes.data, bytes.len);
}

int store_run_output(struct store *store, const char *run_id, const char *name, struct arena *arena,
	struct run_output *ret, struct err **err)
{
	*ret = (struct run_output){"", "", 0, 0, 0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_STREAM, &q, err) < 0)
		return -1;
	sql_text(&q, run_id);
	sql_text(&q, name);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	ret->total = sql_get_int(&q);
	ret->head = get_part(&q, arena, &ret->head_len);
	ret->tail = get_part(&q, arena, &ret->tail_len);
	return 0;
}

int store_runs_history_due(
	struct store *store, struct arena *arena, struct run_rows *ret, struct err **err)
{
	*ret = (struct run_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUNS_HISTORY_DUE, &q, err) < 0)
		return -1;
	return read_runs(&q, arena, ret, err);
}

int store_run_history_set(struct store *store, const char *run_id, enum run_history history,
	const char *commit, const char *reason, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RUN_HISTORY_SET, &q, err) < 0)
		return -1;
	sql_text(&q, run_id);
	sql_text(&q, history_names[history]);
	sql_text(&q, commit);
	sql_text(&q, reason);
	return sql_run_on(&q, "history entry due of run", run_id, err);
}
