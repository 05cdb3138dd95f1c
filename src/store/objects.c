/* Objects, and who refers to whom. */
#include "store/objects.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"
#include "store/plans.h"

static const char *const phase_names[] = {
	[PHASE_NEW] = "new",
	[PHASE_PLANNED] = "planned",
	[PHASE_WAITING] = "waiting",
	[PHASE_APPLYING] = "applying",
	[PHASE_APPLIED] = "applied",
	[PHASE_FAILED] = "failed",
	[PHASE_DESTROYING] = "destroying",
	[PHASE_DESTROYED] = "destroyed",
	[PHASE_ORPHANED] = "orphaned",
	[PHASE_REFUSED] = "refused",
};

const char *object_phase_name(enum object_phase phase)
{
	return phase_names[phase];
}

static void read_object(
	struct sql *q, enum object_parts parts, struct arena *arena, struct object_row *ret)
{
	ret->key = sql_get_text(q, arena);
	ret->kind = sql_get_text(q, arena);
	ret->name = sql_get_text(q, arena);
	ret->path = sql_get_text(q, arena);
	ret->blob_id = sql_get_text(q, arena);
	ret->present = sql_get_int(q) != 0;
	ret->seen_digest = sql_get_text(q, arena);
	ret->seen_revision = sql_get_text(q, arena);
	ret->applied_digest = sql_get_text(q, arena);
	ret->applied_revision = sql_get_text(q, arena);
	ret->applied_renderer = sql_get_text(q, arena);
	ret->applied_at = sql_get_int(q);
	ret->phase = sql_get_enum(q, phase_names, ARRAY_LEN(phase_names));
	ret->outcome = sql_get_text(q, arena);
	ret->reason = sql_get_text(q, arena);
	ret->plan_id = sql_get_text(q, arena);
	ret->suspended = sql_get_int(q) != 0;
	ret->suspended_by = sql_get_text(q, arena);
	ret->suspended_reason = sql_get_text(q, arena);
	ret->phase_since = sql_get_int(q);
	ret->updated_at = sql_get_int(q);
	if (parts == OBJECT_BRIEF)
		return;
	ret->spec_json = sql_get_text(q, arena);
	ret->applied_spec_json = sql_get_text(q, arena);
	ret->applied_role_json = sql_get_text(q, arena);
}

/* One object by a statement with one text parameter. */
static int get_object(struct store *store, enum sql_id id, const char *text, struct arena *arena,
	struct object_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, text);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_object(&q, id == SQL_OBJECT_FULL ? OBJECT_FULL : OBJECT_BRIEF, arena, *ret);
	return 0;
}

int store_object_get(struct store *store, const char *key, enum object_parts parts,
	struct arena *arena, struct object_row **ret, struct err **err)
{
	const enum sql_id id = parts == OBJECT_BRIEF ? SQL_OBJECT_BRIEF : SQL_OBJECT_FULL;
	return get_object(store, id, key, arena, ret, err);
}

int store_object_at_path(struct store *store, const char *path, struct arena *arena,
	struct object_row **ret, struct err **err)
{
	return get_object(store, SQL_OBJECT_AT_PATH, path, arena, ret, err);
}

int store_objects(struct store *store, const struct object_filter *filter, enum object_parts parts,
	struct arena *arena, struct object_rows *ret, struct err **err)
{
	*ret = (struct object_rows){0};
	AUTO_SQL q = SQL_NONE;
	const bool unsettled = filter && filter->unsettled;
	const enum sql_id id = parts == OBJECT_FULL ? SQL_OBJECTS_FULL
			       : unsettled          ? SQL_OBJECTS_UNSETTLED
						    : SQL_OBJECTS_BRIEF;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, filter ? filter->kind : NULL);
	sql_int(&q, unsettled);
	sql_int(&q, filter && filter->all);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_object(&q, parts, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_object_seen(
	struct store *store, const struct object_row *row, int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_SEEN, &q, err) < 0)
		return -1;
	sql_text(&q, row->key);
	sql_text(&q, row->kind);
	sql_text(&q, row->name);
	sql_text(&q, row->path);
	sql_text(&q, row->blob_id);
	sql_text(&q, row->seen_digest);
	sql_text(&q, row->seen_revision);
	sql_text(&q, row->spec_json);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record %s", row->key);
	return 0;
}

static int mark_gone(
	struct store *store, const char *key, const char *revision, int64_t now, struct err **err)
{
	AUTO_SQL forget = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_GONE_UNAPPLIED, &forget, err) < 0)
		return -1;
	sql_text(&forget, key);
	if (sql_run(&forget, err) < 0)
		return -1;
	if (sql_changes(store) > 0)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_GONE, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	sql_text(&q, revision);
	sql_int(&q, now);
	return sql_run_on(&q, "object", key, err);
}

int store_object_absent(struct store *store, const char *key, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_ABSENT, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	return sql_run_on(&q, "object", key, err);
}

int store_object_gone(
	struct store *store, const char *key, const char *revision, int64_t now, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, mark_gone(store, key, revision, now, err), err);
}

int store_object_step(struct store *store, const char *key, const struct object_step *step,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_STEP, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	sql_text(&q, phase_names[step->phase]);
	sql_text(&q, step->outcome);
	sql_text(&q, step->reason);
	sql_text(&q, step->plan_id);
	sql_int(&q, now);
	return sql_run_on(&q, "object", key, err);
}

int store_object_applied(
	struct store *store, const struct object_row *row, int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_APPLIED, &q, err) < 0)
		return -1;
	sql_text(&q, row->key);
	sql_text(&q, row->applied_digest);
	sql_text(&q, row->applied_revision);
	sql_text(&q, row->applied_spec_json);
	sql_text(&q, row->applied_role_json);
	sql_text(&q, row->applied_renderer);
	sql_int(&q, now);
	return sql_run_on(&q, "object", row->key, err);
}

/* A statement whose first parameter is a key, and nothing else to bind. */
static int run_with_key(struct store *store, enum sql_id id, const char *key, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	return sql_run(&q, err);
}

static int mark_destroyed(struct store *store, const char *key, int64_t now, struct err **err)
{
	if (run_with_key(store, SQL_RESOURCES_CLEAR, key, err) < 0 ||
		run_with_key(store, SQL_OUTPUTS_CLEAR, key, err) < 0)
		return -1;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_DESTROYED, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	sql_int(&q, now);
	return sql_run_on(&q, "object", key, err);
}

int store_object_destroyed(struct store *store, const char *key, int64_t now, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, mark_destroyed(store, key, now, err), err);
}

int store_object_suspend(struct store *store, const char *key, const char *by, const char *reason,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_SUSPEND, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	sql_text(&q, by);
	sql_text(&q, by ? reason : NULL);
	sql_int(&q, now);
	return sql_run_on(&q, "object", key, err);
}

static int rename_in(struct store *store, enum sql_id id, const char *old_key, const char *new_key,
	struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, old_key);
	sql_text(&q, new_key);
	return sql_run(&q, err);
}

static int rename_all(struct store *store, const char *old_key, const char *new_key, int64_t now,
	struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_RENAME, &q, err) < 0)
		return -1;
	sql_text(&q, old_key);
	sql_text(&q, new_key);
	sql_int(&q, now);
	if (sql_run_on(&q, "object", old_key, err) < 0 ||
		store_plans_void(store, old_key, "the object was renamed", err) < 0 ||
		store_plans_void(store, new_key, "the object was renamed", err) < 0 ||
		rename_in(store, SQL_PLANS_RENAME, old_key, new_key, err) < 0 ||
		rename_in(store, SQL_OPERATIONS_RENAME, old_key, new_key, err) < 0 ||
		rename_in(store, SQL_RUNS_RENAME, old_key, new_key, err) < 0 ||
		rename_in(store, SQL_SCHEDULE_RENAME, old_key, new_key, err) < 0)
		return err_wrap(err, "rename %s to %s", old_key, new_key);
	return 0;
}

int store_object_rename(struct store *store, const char *old_key, const char *new_key, int64_t now,
	struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, rename_all(store, old_key, new_key, now, err), err);
}

int store_object_forget(struct store *store, const char *key, struct err **err)
{
	return run_with_key(store, SQL_OBJECT_FORGET, key, err);
}

int store_object_count(struct store *store, const char *kind, int64_t *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_COUNT, &q, err) < 0)
		return -1;
	sql_text(&q, kind);
	if (sql_row(&q, err) < 0)
		return -1;
	*ret = sql_get_int(&q);
	return 0;
}

int store_pending(struct store *store, struct store_pending *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PENDING, &q, err) < 0 || sql_row(&q, err) < 0)
		return -1;
	ret->unsettled = sql_get_int(&q);
	ret->operations = sql_get_int(&q);
	ret->revision = sql_get_int(&q) != 0;
	return 0;
}

static int replace_needs(struct store *store, const char *key, const char *const *keys,
	size_t count, struct err **err)
{
	/* Nearly always there is nothing to remove, and SQLite prepares a lot for removing. */
	AUTO_SQL known = SQL_NONE;
	if (sql_start(store, SQL_NEEDS, &known, err) < 0)
		return -1;
	sql_text(&known, key);
	const int some = sql_row(&known, err);
	sql_release(&known);
	if (some < 0 || (some && run_with_key(store, SQL_NEEDS_CLEAR, key, err) < 0))
		return -1;
	for (size_t i = 0; i < count; i++) {
		AUTO_SQL q = SQL_NONE;
		if (sql_start(store, SQL_NEEDS_ADD, &q, err) < 0)
			return -1;
		sql_text(&q, key);
		sql_text(&q, keys[i]);
		if (sql_run(&q, err) < 0)
			return err_wrap(err, "record what %s needs", key);
	}
	return 0;
}

int store_needs_put(struct store *store, const char *key, const char *const *keys, size_t count,
	struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, replace_needs(store, key, keys, count, err), err);
}

static int read_keys(struct store *store, enum sql_id id, const char *key, struct arena *arena,
	struct store_keys *ret, struct err **err)
{
	*ret = (struct store_keys){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		ret->items[ret->count++] = sql_get_text(&q, arena);
	}
	return rc;
}

int store_needs(struct store *store, const char *key, struct arena *arena, struct store_keys *ret,
	struct err **err)
{
	return read_keys(store, SQL_NEEDS, key, arena, ret, err);
}

int store_dependants(struct store *store, const char *key, struct arena *arena,
	struct store_keys *ret, struct err **err)
{
	return read_keys(store, SQL_DEPENDANTS, key, arena, ret, err);
}

int store_object_keys(struct store *store, const char *kind, struct arena *arena,
	struct store_keys *ret, struct err **err)
{
	return read_keys(store, SQL_OBJECT_KEYS, kind, arena, ret, err);
}

int store_object_lives(
	struct store *store, struct arena *arena, struct object_lives *ret, struct err **err)
{
	*ret = (struct object_lives){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OBJECT_LIVES, &q, err) < 0)
		return -1;
	sql_text(&q, OBJECT_LIFE_OVER);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct object_life *life = &ret->items[ret->count++];
		life->key = sql_get_text(&q, arena);
		life->ttl = sql_get_text(&q, arena);
		life->applied_at = sql_get_int(&q);
	}
	return rc;
}
