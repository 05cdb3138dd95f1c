#include "store/drift.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

static const char *const state_names[] = {
	[DRIFT_NONE] = "none",
	[DRIFT_FOUND] = "drifted",
	[DRIFT_UNKNOWN] = "failed",
};

const char *drift_state_name(enum drift_state state)
{
	return state_names[state];
}

static void read_row(struct sql *q, struct arena *arena, struct drift_row *ret)
{
	ret->object_key = sql_get_text(q, arena);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->heal = sql_get_int(q) != 0;
	ret->digest = sql_get_text(q, arena);
	ret->summary = sql_get_text(q, arena);
	ret->since = sql_get_int(q);
	ret->checked_at = sql_get_int(q);
	ret->changes_json = sql_get_text(q, arena);
}

static int put(
	struct store *store, const struct drift_row *row, bool *ret_changed, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct drift_row *old = NULL;
	if (store_drift_get(store, row->object_key, &scratch, &old, err) < 0)
		return -1;
	/* One that was never looked at was as it was applied. */
	*ret_changed = old ? old->state != row->state || !str_eq(old->digest, row->digest)
			   : row->state != DRIFT_NONE;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DRIFT_PUT, &q, err) < 0)
		return -1;
	sql_text(&q, row->object_key);
	sql_text(&q, state_names[row->state]);
	sql_int(&q, row->heal);
	sql_text(&q, row->digest);
	sql_text(&q, row->summary);
	sql_text(&q, row->changes_json);
	sql_int(&q, *ret_changed || !old ? row->checked_at : old->since);
	sql_int(&q, row->checked_at);
	return sql_run(&q, err);
}

int store_drift_put(
	struct store *store, const struct drift_row *row, bool *ret_changed, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, put(store, row, ret_changed, err), err);
}

int store_drift_get(struct store *store, const char *key, struct arena *arena,
	struct drift_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DRIFT_GET, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	const int rc = sql_row(&q, err);
	if (rc > 0) {
		*ret = arena_alloc(arena, sizeof **ret);
		read_row(&q, arena, *ret);
	}
	return rc < 0 ? -1 : 0;
}

int store_drift_list(
	struct store *store, struct arena *arena, struct drift_rows *ret, struct err **err)
{
	*ret = (struct drift_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DRIFT_LIST, &q, err) < 0)
		return -1;
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_row(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_drift_found(struct store *store, int64_t *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DRIFT_FOUND, &q, err) < 0)
		return -1;
	sql_text(&q, state_names[DRIFT_FOUND]);
	if (sql_row(&q, err) < 0)
		return -1;
	*ret = sql_get_int(&q);
	return 0;
}

int store_drift_checked_at(struct store *store, int64_t *ret, struct err **err)
{
	*ret = 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DRIFT_CHECKED_AT, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}
