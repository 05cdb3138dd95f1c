/*
 * Plans and approvals. A plan moves on from "open" (waiting, approved) by one conditional UPDATE,
 * so of two processes one moves it and the other learns that it was late.
 */
#include "store/plans.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MIN_PREFIX = 8 };

static const char *const status_names[] = {
	[PLAN_WAITING] = "waiting",
	[PLAN_APPROVED] = "approved",
	[PLAN_APPLIED] = "applied",
	[PLAN_VOID] = "void",
	[PLAN_REJECTED] = "rejected",
	[PLAN_EXPIRED] = "expired",
};

const char *plan_status_name(enum plan_status status)
{
	return status_names[status];
}

void plan_identity(const char *object_digest, const char *state_lineage, int64_t state_serial,
	const char *plan_sha256, char ret[DIGEST_HEX])
{
	char serial[32];
	(void)snprintf(serial, sizeof serial, "%" PRId64, state_serial);
	struct digest *d = digest_begin();
	digest_add_text(d, object_digest);
	digest_add_text(d, state_lineage);
	digest_add_text(d, serial);
	digest_add_text(d, plan_sha256);
	digest_end(d, ret);
}

static void bind_plan(struct sql *q, const struct plan_row *row)
{
	sql_text(q, row->id);
	sql_text(q, row->object_key);
	sql_text(q, row->object_digest);
	sql_text(q, row->action);
	sql_text(q, row->engine);
	sql_text(q, row->state_lineage);
	sql_int(q, row->state_serial);
	sql_text(q, row->path);
	sql_text(q, row->sha256);
	sql_text(q, row->summary_json);
	sql_text(q, row->identity);
	sql_text(q, row->renderer);
	sql_text(q, row->commit_id);
	sql_text(q, row->requester);
	sql_int(q, row->created_at);
	sql_int(q, row->expires_at);
	sql_text(q, status_names[row->status]);
	sql_text(q, row->status_reason);
}

static void read_plan(struct sql *q, struct arena *arena, struct plan_row *ret)
{
	ret->id = sql_get_text(q, arena);
	ret->object_key = sql_get_text(q, arena);
	ret->object_digest = sql_get_text(q, arena);
	ret->action = sql_get_text(q, arena);
	ret->engine = sql_get_text(q, arena);
	ret->state_lineage = sql_get_text(q, arena);
	ret->state_serial = sql_get_int(q);
	ret->path = sql_get_text(q, arena);
	ret->sha256 = sql_get_text(q, arena);
	ret->summary_json = sql_get_text(q, arena);
	ret->identity = sql_get_text(q, arena);
	ret->renderer = sql_get_text(q, arena);
	ret->commit_id = sql_get_text(q, arena);
	ret->requester = sql_get_text(q, arena);
	ret->created_at = sql_get_int(q);
	ret->expires_at = sql_get_int(q);
	ret->status = sql_get_enum(q, status_names, ARRAY_LEN(status_names));
	ret->status_reason = sql_get_text(q, arena);
}

int store_plans_void(
	struct store *store, const char *object_key, const char *reason, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLANS_VOID, &q, err) < 0)
		return -1;
	sql_text(&q, object_key);
	sql_text(&q, reason);
	return sql_run(&q, err);
}

static int replace_plan(struct store *store, const struct plan_row *row, struct err **err)
{
	if (store_plans_void(store, row->object_key, "replaced by a newer plan", err) < 0)
		return -1;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLAN_ADD, &q, err) < 0)
		return -1;
	bind_plan(&q, row);
	return sql_run(&q, err);
}

int store_plan_add(struct store *store, const struct plan_row *row, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, replace_plan(store, row, err), err) < 0)
		return err_wrap(err, "record the plan of %s", row->object_key);
	return 0;
}

int store_plan_get(struct store *store, const char *id, struct arena *arena, struct plan_row **ret,
	struct err **err)
{
	*ret = NULL;
	if (strlen(id) < MIN_PREFIX)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLAN_GET, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	struct plan_row *row = arena_alloc(arena, sizeof *row);
	read_plan(&q, arena, row);
	rc = sql_row(&q, err);
	if (rc < 0)
		return -1;
	if (rc > 0)
		return err_set(
			err, ERR_INVALID, "several plans begin with '%s': write more of it", id);
	*ret = row;
	return 0;
}

int store_plan_open(struct store *store, const char *object_key, struct arena *arena,
	struct plan_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLAN_OPEN, &q, err) < 0)
		return -1;
	sql_text(&q, object_key);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_plan(&q, arena, *ret);
	return 0;
}

int store_plan_move(struct store *store, const char *id, enum plan_status status,
	const char *reason, bool *ret_moved, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLAN_MOVE, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	sql_text(&q, status_names[status]);
	sql_text(&q, reason);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record that plan %s is %s", id, status_names[status]);
	if (ret_moved)
		*ret_moved = sql_changes(store) > 0;
	return 0;
}

int store_plans_expire(struct store *store, int64_t now, int64_t *ret_count, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLANS_EXPIRE, &q, err) < 0)
		return -1;
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "expire old plans");
	*ret_count = sql_changes(store);
	return 0;
}

int store_plan_file_gone(struct store *store, const char *id, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLAN_FILE_GONE, &q, err) < 0)
		return -1;
	sql_text(&q, id);
	return sql_run_on(&q, "plan", id, err);
}

static int read_rows(struct sql *q, struct arena *arena, struct plan_rows *ret, struct err **err)
{
	size_t cap = 0;
	int rc;
	*ret = (struct plan_rows){0};
	while ((rc = sql_row(q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_plan(q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

static int read_plans(struct store *store, enum sql_id id, struct arena *arena,
	struct plan_rows *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	return read_rows(&q, arena, ret, err);
}

int store_plans_open_of(struct store *store, const char *kind, struct arena *arena,
	struct plan_rows *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_PLANS_OPEN_BETWEEN, &q, err) < 0)
		return -1;
	/* Between KIND/ and the character after '/'. */
	sql_text(&q, arena_printf(arena, "%s/", kind));
	sql_text(&q, arena_printf(arena, "%s0", kind));
	return read_rows(&q, arena, ret, err);
}

int store_plans_with_dead_files(
	struct store *store, struct arena *arena, struct plan_rows *ret, struct err **err)
{
	return read_plans(store, SQL_PLANS_DEAD_FILES, arena, ret, err);
}

int store_plans_with_files(
	struct store *store, struct arena *arena, struct plan_rows *ret, struct err **err)
{
	return read_plans(store, SQL_PLANS_FILES, arena, ret, err);
}

int store_approval_add(struct store *store, const struct approval_row *row, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_APPROVAL_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, row->subject);
	sql_text(&q, row->digest);
	sql_text(&q, row->actor);
	sql_text(&q, row->role);
	sql_int(&q, row->approve);
	sql_text(&q, row->comment);
	sql_int(&q, row->at);
	sql_int(&q, row->expires_at);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the decision of %s on %s", row->actor, row->subject);
	return 0;
}

int store_approvals(struct store *store, const struct approval_query *query, struct arena *arena,
	struct approval_rows *ret, struct err **err)
{
	*ret = (struct approval_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_APPROVALS, &q, err) < 0)
		return -1;
	sql_text(&q, query->subject);
	sql_text(&q, query->digest);
	sql_int(&q, query->now);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct approval_row *row = &ret->items[ret->count++];
		row->subject = sql_get_text(&q, arena);
		row->digest = sql_get_text(&q, arena);
		row->actor = sql_get_text(&q, arena);
		row->role = sql_get_text(&q, arena);
		row->approve = sql_get_int(&q) != 0;
		row->comment = sql_get_text(&q, arena);
		row->at = sql_get_int(&q);
		row->expires_at = sql_get_int(&q);
	}
	return rc;
}

int store_approval_count(
	struct store *store, const struct approval_query *query, int64_t *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_APPROVAL_COUNT, &q, err) < 0)
		return -1;
	sql_text(&q, query->subject);
	sql_text(&q, query->digest);
	sql_text(&q, query->except);
	sql_int(&q, query->now);
	if (sql_row(&q, err) < 0)
		return -1;
	*ret = sql_get_int(&q);
	return 0;
}
