/* See pulls.h. */
#include "store/pulls.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <stdio.h>

static const char *const state_names[] = {
	[PULL_OPEN] = "open",
	[PULL_MERGED] = "merged",
	[PULL_CLOSED] = "closed",
};
static const char *const progress_names[] = {
	[PULL_IS_NEW] = "new",
	[PULL_IS_BLOCKED] = "blocked",
	[PULL_IS_INVALID] = "invalid",
	[PULL_IS_PREVIEWED] = "previewed",
	[PULL_IS_PLANNED] = "planned",
	[PULL_IS_APPLIED] = "applied",
	[PULL_IS_FAILED] = "failed",
};

const char *pull_state_name(enum pull_state state)
{
	return state_names[state];
}

const char *pull_progress_name(enum pull_progress progress)
{
	return progress_names[progress];
}

/* --- pull requests --------------------------------------------------------------------------- */

static void read_pull(struct sql *q, struct arena *arena, struct pull_row *ret)
{
	ret->number = sql_get_int(q);
	ret->url = sql_get_text(q, arena);
	ret->title = sql_get_text(q, arena);
	ret->author = sql_get_text(q, arena);
	ret->head_sha = sql_get_text(q, arena);
	ret->head_repository = sql_get_text(q, arena);
	ret->fork = sql_get_int(q) != 0;
	ret->base_branch = sql_get_text(q, arena);
	ret->base_sha = sql_get_text(q, arena);
	ret->merge_sha = sql_get_text(q, arena);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->allowed_by = sql_get_text(q, arena);
	ret->progress = sql_get_enum(q, progress_names, ARRAY_LEN(progress_names));
	ret->reason = sql_get_text(q, arena);
	ret->settled = sql_get_int(q) != 0;
	ret->opened_at = sql_get_int(q);
	ret->updated_at = sql_get_int(q);
}

int store_pull_get(struct store *store, int64_t number, struct arena *arena, struct pull_row **ret,
	struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_GET, &q, err) < 0)
		return -1;
	sql_int(&q, number);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_pull(&q, arena, *ret);
	return 0;
}

static int put_pull(struct store *store, const struct pull_row *row, enum pull_state state,
	bool anew, int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_NOTE, &q, err) < 0)
		return -1;
	sql_int(&q, row->number);
	sql_text(&q, row->url);
	sql_text(&q, row->title);
	sql_text(&q, row->author);
	sql_text(&q, row->head_sha);
	sql_text(&q, row->head_repository);
	sql_int(&q, row->fork);
	sql_text(&q, row->base_branch);
	sql_text(&q, row->merge_sha);
	sql_text(&q, state_names[state]);
	sql_int(&q, now);
	sql_int(&q, anew);
	return sql_run(&q, err);
}

static int note_pull(struct store *store, const struct pull_row *row, int64_t now,
	bool *ret_changed, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct pull_row *old = NULL;
	if (store_pull_get(store, row->number, &arena, &old, err) < 0)
		return -1;
	const enum pull_state state = old && old->state == PULL_MERGED ? PULL_MERGED : row->state;
	const bool anew = !old || !str_eq(old->head_sha, row->head_sha) ||
			  !str_eq(old->base_branch, row->base_branch) ||
			  (old->state == PULL_CLOSED && state == PULL_OPEN);
	if (ret_changed)
		*ret_changed = anew || old->state != state;
	return put_pull(store, row, state, anew, now, err);
}

int store_pull_note(struct store *store, const struct pull_row *row, int64_t now, bool *ret_changed,
	struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, note_pull(store, row, now, ret_changed, err), err) < 0)
		return err_wrap(err, "record pull request #%lld", (long long)row->number);
	return 0;
}

int store_pulls(struct store *store, const struct pull_filter *filter, struct arena *arena,
	struct pull_rows *ret, struct err **err)
{
	*ret = (struct pull_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULLS, &q, err) < 0)
		return -1;
	sql_int(&q, filter->open);
	sql_int(&q, filter->unsettled);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_pull(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_pull_step(struct store *store, int64_t number, const struct pull_step *step, int64_t now,
	bool *ret_moved, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_STEP, &q, err) < 0)
		return -1;
	sql_int(&q, number);
	sql_text(&q, step->head_sha);
	sql_text(&q, step->base_sha);
	sql_text(&q, progress_names[step->progress]);
	sql_text(&q, step->reason);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the state of pull request #%lld", (long long)number);
	if (ret_moved)
		*ret_moved = sql_changes(store) > 0;
	return 0;
}

static int run_on_pull(struct store *store, enum sql_id id, int64_t number, const char *text,
	int64_t now, struct err **err)
{
	char key[32];
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_int(&q, number);
	sql_text(&q, text);
	sql_int(&q, now);
	(void)snprintf(key, sizeof key, "#%lld", (long long)number);
	return sql_run_on(&q, "pull request", key, err);
}

int store_pull_allow(
	struct store *store, int64_t number, const char *by, int64_t now, struct err **err)
{
	return run_on_pull(store, SQL_PULL_ALLOW, number, by, now, err);
}

int store_pull_settled(struct store *store, int64_t number, int64_t now, struct err **err)
{
	return run_on_pull(store, SQL_PULL_SETTLED, number, NULL, now, err);
}

/* --- what was shown -------------------------------------------------------------------------- */

static int add_object(struct store *store, const struct pull_object *o, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_OBJECT_ADD, &q, err) < 0)
		return -1;
	sql_int(&q, o->pull);
	sql_text(&q, o->key);
	sql_text(&q, o->head_sha);
	sql_text(&q, o->action);
	sql_text(&q, o->status);
	sql_text(&q, o->plan_id);
	sql_text(&q, o->sha256);
	sql_text(&q, o->identity);
	sql_int(&q, o->shown_at);
	return sql_run(&q, err);
}

static int replace_objects(struct store *store, int64_t number, const struct pull_object *rows,
	size_t count, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_OBJECTS_CLEAR, &q, err) < 0)
		return -1;
	sql_int(&q, number);
	if (sql_run(&q, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_object(store, &rows[i], err) < 0)
			return -1;
	return 0;
}

int store_pull_show(struct store *store, int64_t number, const struct pull_object *rows,
	size_t count, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, replace_objects(store, number, rows, count, err), err) < 0)
		return err_wrap(err, "record what pull request #%lld shows", (long long)number);
	return 0;
}

int store_pull_shown_objects(struct store *store, int64_t number, struct arena *arena,
	struct pull_objects *ret, struct err **err)
{
	*ret = (struct pull_objects){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PULL_OBJECTS, &q, err) < 0)
		return -1;
	sql_int(&q, number);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct pull_object *o = &ret->items[ret->count++];
		o->pull = sql_get_int(&q);
		o->key = sql_get_text(&q, arena);
		o->head_sha = sql_get_text(&q, arena);
		o->action = sql_get_text(&q, arena);
		o->status = sql_get_text(&q, arena);
		o->plan_id = sql_get_text(&q, arena);
		o->sha256 = sql_get_text(&q, arena);
		o->identity = sql_get_text(&q, arena);
		o->shown_at = sql_get_int(&q);
	}
	return rc;
}

/* The first column of the first row; 0 when there is none. */
static int number_by_text(
	struct store *store, enum sql_id id, const char *text, int64_t *ret, struct err **err)
{
	*ret = 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, text);
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}

int store_pull_of_plan(struct store *store, const char *plan_id, int64_t *ret, struct err **err)
{
	return number_by_text(store, SQL_PULL_OF_PLAN, plan_id, ret, err);
}

static int read_numbers(struct store *store, enum sql_id id, struct arena *arena,
	struct pull_numbers *ret, struct err **err)
{
	*ret = (struct pull_numbers){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		ret->items[ret->count++] = sql_get_int(&q);
	}
	return rc;
}

int store_pulls_void(
	struct store *store, struct arena *arena, struct pull_numbers *ret, struct err **err)
{
	return read_numbers(store, SQL_PULLS_VOID, arena, ret, err);
}

int store_pulls_ready(
	struct store *store, struct arena *arena, struct pull_numbers *ret, struct err **err)
{
	return read_numbers(store, SQL_PULLS_READY, arena, ret, err);
}

/* --- object locks ---------------------------------------------------------------------------- */

static void read_lock(struct sql *q, struct arena *arena, struct object_lock *ret)
{
	ret->key = sql_get_text(q, arena);
	ret->pull = sql_get_int(q);
	ret->position = sql_get_int(q);
	ret->holder = sql_get_int(q);
	ret->since = sql_get_int(q);
	ret->applied = sql_get_int(q) != 0;
}

int store_locks(struct store *store, int64_t pull, struct arena *arena, struct object_locks *ret,
	struct err **err)
{
	*ret = (struct object_locks){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCKS, &q, err) < 0)
		return -1;
	sql_int(&q, pull);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_lock(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

int store_lock_holder(struct store *store, const char *key, struct arena *arena,
	struct object_lock **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCK_HOLDER, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_lock(&q, arena, *ret);
	return 0;
}

static int run_on_lock(
	struct store *store, enum sql_id id, int64_t pull, const char *key, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_int(&q, pull);
	sql_text(&q, key);
	return sql_run(&q, err);
}

int store_lock_applied(struct store *store, int64_t pull, const char *key, struct err **err)
{
	if (run_on_lock(store, SQL_LOCK_APPLIED, pull, key, err) < 0)
		return -1;
	if (sql_changes(store) > 0)
		return 0;
	return err_set(err, ERR_CONFLICT, "pull request #%lld does not hold %s any more",
		(long long)pull, key);
}

int store_lock_applied_by(struct store *store, const char *key, int64_t *ret, struct err **err)
{
	return number_by_text(store, SQL_LOCK_APPLIED_BY, key, ret, err);
}

int store_lock_release(struct store *store, int64_t pull, const char *key, struct err **err)
{
	return run_on_lock(store, SQL_LOCK_RELEASE, pull, key, err);
}

int store_locks_release(struct store *store, int64_t pull, bool keep_applied, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCKS_RELEASE, &q, err) < 0)
		return -1;
	sql_int(&q, pull);
	sql_int(&q, keep_applied);
	return sql_run(&q, err);
}

static bool has(const char *const *keys, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(keys[i], key))
			return true;
	return false;
}

static bool asked_for(const struct object_locks *locks, const char *key)
{
	for (size_t i = 0; i < locks->count; i++)
		if (str_eq(locks->items[i].key, key))
			return true;
	return false;
}

static int add_lock(struct store *store, int64_t pull, const char *key, int64_t asked, int64_t now,
	struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCK_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	sql_int(&q, pull);
	sql_int(&q, asked);
	sql_int(&q, now);
	return sql_run(&q, err);
}

static int next_asking(struct store *store, int64_t *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCK_NEXT, &q, err) < 0 || sql_row(&q, err) < 0)
		return -1;
	*ret = sql_get_int(&q);
	return 0;
}

/* To the end of every queue, but where it applied something. */
static int ask_again(struct store *store, int64_t pull, int64_t asked, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_LOCKS_AGAIN, &q, err) < 0)
		return -1;
	sql_int(&q, pull);
	sql_int(&q, asked);
	return sql_run(&q, err);
}

/* Does it have to wait for any of them? */
static int must_wait(
	struct store *store, int64_t pull, struct arena *arena, bool *ret, struct err **err)
{
	struct object_locks mine;
	*ret = false;
	if (store_locks(store, pull, arena, &mine, err) < 0)
		return -1;
	for (size_t i = 0; i < mine.count; i++)
		*ret = *ret || mine.items[i].position > 0;
	return 0;
}

static int ask(struct store *store, int64_t pull, const char *const *keys, size_t count,
	int64_t now, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct object_locks old;
	int64_t asked;
	bool more = false, waits = false;
	if (store_locks(store, pull, &arena, &old, err) < 0 || next_asking(store, &asked, err) < 0)
		return -1;
	for (size_t i = 0; i < old.count; i++)
		if (!old.items[i].applied && !has(keys, count, old.items[i].key) &&
			store_lock_release(store, pull, old.items[i].key, err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		if (asked_for(&old, keys[i]))
			continue;
		more = true;
		if (add_lock(store, pull, keys[i], asked, now, err) < 0)
			return -1;
	}
	if (!more || must_wait(store, pull, &arena, &waits, err) < 0)
		return more ? -1 : 0;
	return waits ? ask_again(store, pull, asked, err) : 0;
}

int store_locks_ask(struct store *store, int64_t pull, const char *const *keys, size_t count,
	int64_t now, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, ask(store, pull, keys, count, now, err), err) < 0)
		return err_wrap(err, "ask for the objects of pull request #%lld", (long long)pull);
	return 0;
}
