/*
 * Operations and what they leave behind. An end is recorded by one conditional UPDATE: of two
 * processes that adopt the same orphan exactly one records it.
 */
#include "store/operations.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <string.h>

enum { MIN_PREFIX = 8, DEFAULT_LIMIT = 50 };

static const char *const state_names[] = {
	[OPERATION_INTENDED] = "intended",
	[OPERATION_RUNNING] = "running",
	[OPERATION_DONE] = "done",
	[OPERATION_FAILED] = "failed",
	[OPERATION_INTERRUPTED] = "interrupted",
	[OPERATION_LOST] = "lost",
};

const char *operation_state_name(enum operation_state state)
{
	return state_names[state];
}

bool operation_is_open(const struct operation_row *op)
{
	return op->state == OPERATION_INTENDED || op->state == OPERATION_RUNNING;
}

static void read_operation(struct sql *q, struct arena *arena, struct operation_row *ret)
{
	ret->id = sql_get_text(q, arena);
	ret->object_key = sql_get_text(q, arena);
	ret->kind = sql_get_text(q, arena);
	ret->plan_id = sql_get_text(q, arena);
	ret->actor = sql_get_text(q, arena);
	ret->commit_id = sql_get_text(q, arena);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->intended_at = sql_get_int(q);
	ret->started_at = sql_get_int(q);
	ret->ended_at = sql_get_int(q);
	ret->exit_code = sql_get_int(q);
	ret->pid = sql_get_int(q);
	ret->pid_start = (uint64_t)sql_get_int(q);
	ret->dir = sql_get_text(q, arena);
	ret->error = sql_get_text(q, arena);
	ret->result_json = sql_get_text(q, arena);
}

int store_operation_intend(struct store *store, const struct operation_row *row, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATION_INTEND, &q, err) < 0)
		return -1;
	sql_text(&q, row->id);
	sql_text(&q, row->object_key);
	sql_text(&q, row->kind);
	sql_text(&q, row->plan_id);
	sql_text(&q, row->actor);
	sql_text(&q, row->commit_id);
	sql_int(&q, row->intended_at);
	sql_text(&q, row->dir);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the intention to %s %s", row->kind, row->object_key);
	return 0;
}

int store_operation_started(struct store *store, const char *id, int64_t pid, uint64_t pid_start,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATION_STARTED, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	sql_int(&q, pid);
	sql_int(&q, (int64_t)pid_start);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record that operation %s runs", id);
	if (sql_changes(store) == 0)
		return err_set(err, ERR_CONFLICT, "operation %s is not waiting to be started", id);
	return 0;
}

int store_operation_finish(
	struct store *store, const struct operation_row *row, bool *ret_recorded, struct err **err)
{
	if (row->state == OPERATION_INTENDED || row->state == OPERATION_RUNNING)
		return err_set(err, ERR_INTERNAL, "'%s' is not an end", state_names[row->state]);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATION_FINISH, &q, err) < 0)
		return -1;
	sql_text(&q, row->id);
	sql_text(&q, state_names[row->state]);
	sql_int(&q, row->ended_at);
	sql_int(&q, row->exit_code);
	sql_text(&q, row->error);
	sql_text(&q, row->result_json);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the end of operation %s", row->id);
	*ret_recorded = sql_changes(store) > 0;
	return 0;
}

int store_operation_get(struct store *store, const char *id, struct arena *arena,
	struct operation_row **ret, struct err **err)
{
	*ret = NULL;
	if (strlen(id) < MIN_PREFIX)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATION_GET, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	struct operation_row *row = arena_alloc(arena, sizeof *row);
	read_operation(&q, arena, row);
	rc = sql_row(&q, err);
	if (rc < 0)
		return -1;
	if (rc > 0)
		return err_set(err, ERR_INVALID,
			"several operations begin with '%s': write more of it", id);
	*ret = row;
	return 0;
}

int store_operations_open(
	struct store *store, struct arena *arena, struct operation_rows *ret, struct err **err)
{
	*ret = (struct operation_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATIONS_OPEN, &q, err) < 0)
		return -1;
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_operation(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_operation_last(struct store *store, const char *object_key, const char *kind,
	struct arena *arena, struct operation_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OPERATION_LAST, &q, err) < 0)
		return -1;
	sql_text(&q, object_key);
	sql_text(&q, kind);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_operation(&q, arena, *ret);
	return 0;
}

int store_log_add(struct store *store, const char *operation_id, const char *text, size_t len,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOG_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, operation_id);
	sql_int(&q, now);
	sql_bytes(&q, text, len);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the log of operation %s", operation_id);
	return 0;
}

int store_log_read(struct store *store, const char *operation_id, int64_t *seq, struct str *out,
	struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOG_READ, &q, err) < 0)
		return -1;
	sql_text(&q, operation_id);
	sql_int(&q, *seq);
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		*seq = sql_get_int(&q);
		sql_get_bytes(&q, out);
	}
	return rc;
}

int store_history(struct store *store, const struct history_filter *filter, struct arena *arena,
	struct history_rows *ret, struct err **err)
{
	*ret = (struct history_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_HISTORY, &q, err) < 0)
		return -1;
	sql_text(&q, filter->object_key);
	sql_text(&q, filter->actor);
	sql_text(&q, filter->kind);
	sql_text(&q, filter->before);
	sql_int(&q, filter->limit > 0 ? filter->limit : DEFAULT_LIMIT);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct history_row *row = &ret->items[ret->count++];
		read_operation(&q, arena, &row->operation);
		row->approved_by = sql_get_text(&q, arena);
		row->plan_summary_json = sql_get_text(&q, arena);
	}
	return rc;
}
