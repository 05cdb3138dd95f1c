/* Schedules, for runs.h. A due time is taken by comparison: of two processes one gets it. */
#include "base/arena.h"
#include "store/internal.h"
#include "store/runs.h"

int store_schedule_put(struct store *store, const struct schedule_row *row, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_SCHEDULE_PUT, &q, err) < 0)
		return -1;
	sql_text(&q, row->key);
	sql_text(&q, row->definition);
	sql_int(&q, row->next_at);
	sql_int(&q, row->updated_at);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the schedule of %s", row->key);
	return 0;
}

int store_schedule_remove(struct store *store, const char *key, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_SCHEDULE_REMOVE, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "remove the schedule of %s", key);
	return 0;
}

static void read_row(struct sql *q, struct arena *arena, struct schedule_row *row)
{
	row->key = sql_get_text(q, arena);
	row->definition = sql_get_text(q, arena);
	row->next_at = sql_get_int(q);
	row->last_at = sql_get_int(q);
	row->last_run_id = sql_get_text(q, arena);
	row->updated_at = sql_get_int(q);
}

int store_schedule_get(struct store *store, const char *key, struct arena *arena,
	struct schedule_row **ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	*ret = NULL;
	if (sql_start(store, SQL_SCHEDULE_GET, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_row(&q, arena, *ret);
	return 0;
}

int store_schedules_due(struct store *store, int64_t now, struct arena *arena,
	struct schedule_rows *ret, struct err **err)
{
	*ret = (struct schedule_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_SCHEDULES_DUE, &q, err) < 0)
		return -1;
	sql_int(&q, now);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_row(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_schedule_take(struct store *store, const struct schedule_row *row, int64_t due_at,
	bool *ret_taken, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_SCHEDULE_TAKE, &q, err) < 0)
		return -1;
	sql_text(&q, row->key);
	sql_text(&q, row->definition);
	sql_int(&q, due_at);
	sql_int(&q, row->next_at);
	sql_text(&q, row->last_run_id);
	sql_int(&q, row->updated_at);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "take the due time of %s", row->key);
	*ret_taken = sql_changes(store) > 0;
	return 0;
}
