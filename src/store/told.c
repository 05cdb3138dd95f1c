#include "store/told.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

static const char *const progress_names[] = {
	[TOLD_WORKING] = "working",
	[TOLD_WAITING] = "waiting",
	[TOLD_FAILED] = "failed",
	[TOLD_DONE] = "done",
};

int store_told(struct store *store, struct arena *arena, struct told *ret, struct err **err)
{
	*ret = (struct told){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_TOLD, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	ret->target = sql_get_text(&q, arena);
	ret->commit_id = sql_get_text(&q, arena);
	ret->progress = sql_get_enum(&q, progress_names, ARRAY_LEN(progress_names));
	return 0;
}

static int run_with(struct store *store, enum sql_id id, const char *text, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	if (text)
		sql_text(&q, text);
	return sql_run(&q, err);
}

static int set_target(struct store *store, const char *target, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct told now;
	if (store_told(store, &arena, &now, err) < 0)
		return -1;
	if (str_eq(now.target, target))
		return 0;
	if (run_with(store, SQL_TOLD_CLEAR, NULL, err) < 0 ||
		run_with(store, SQL_TOLD_OBJECTS_CLEAR, NULL, err) < 0)
		return -1;
	return target ? run_with(store, SQL_TOLD_TARGET, target, err) : 0;
}

int store_told_target(struct store *store, const char *target, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, set_target(store, target, err), err);
}

static int begin(struct store *store, const char *commit_id, struct err **err)
{
	if (run_with(store, SQL_TOLD_OBJECTS_CLEAR, NULL, err) < 0)
		return -1;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_TOLD_BEGIN, &q, err) < 0)
		return -1;
	sql_text(&q, commit_id);
	return sql_run_on(&q, "forge to tell about", commit_id, err);
}

int store_told_begin(struct store *store, const char *commit_id, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, begin(store, commit_id, err), err);
}

int store_told_progress(struct store *store, enum told_progress progress, struct err **err)
{
	return run_with(store, SQL_TOLD_PROGRESS, progress_names[progress], err);
}

int store_told_touch(struct store *store, const struct told_object *object, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_TOLD_TOUCH, &q, err) < 0)
		return -1;
	sql_text(&q, object->key);
	sql_text(&q, object->action);
	sql_text(&q, object->plan_id);
	return sql_run(&q, err);
}

int store_told_objects(
	struct store *store, struct arena *arena, struct told_objects *ret, struct err **err)
{
	*ret = (struct told_objects){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_TOLD_OBJECTS, &q, err) < 0)
		return -1;
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct told_object *o = &ret->items[ret->count++];
		o->key = sql_get_text(&q, arena);
		o->action = sql_get_text(&q, arena);
		o->plan_id = sql_get_text(&q, arena);
	}
	return rc;
}
