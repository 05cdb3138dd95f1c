/* See outbox.h. A wish has one row, so that replacing, ordering and ending are single statements.
 */
#include "store/outbox.h"

#include "base/arena.h"
#include "base/digest.h"
#include "store/internal.h"

#include <string.h>

enum { DEFAULT_LIMIT = 50 };

static const char *const state_names[] = {
	[OUTBOX_DUE] = "due",
	[OUTBOX_DONE] = "done",
	[OUTBOX_DEAD] = "dead",
};

const char *outbox_state_name(enum outbox_state state)
{
	return state_names[state];
}

static void read_row(struct sql *q, struct arena *arena, bool with_payload, struct outbox_row *ret)
{
	ret->id = sql_get_int(q);
	ret->channel = sql_get_text(q, arena);
	ret->target = sql_get_text(q, arena);
	ret->key = sql_get_text(q, arena);
	ret->lane = sql_get_text(q, arena);
	ret->kind = sql_get_text(q, arena);
	ret->version = sql_get_int(q);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->attempts = sql_get_int(q);
	ret->next_at = sql_get_int(q);
	ret->created_at = sql_get_int(q);
	ret->updated_at = sql_get_int(q);
	ret->done_at = sql_get_int(q);
	ret->remote = sql_get_text(q, arena);
	ret->error = sql_get_text(q, arena);
	if (with_payload)
		ret->payload = sql_get_text(q, arena);
}

static int read_rows(struct sql *q, struct arena *arena, bool with_payload, struct outbox_rows *ret,
	struct err **err)
{
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_row(q, arena, with_payload, &ret->items[ret->count++]);
	}
	return rc;
}

static void bind_name(struct sql *q, const struct outbox_row *row)
{
	sql_text(q, row->channel);
	sql_text(q, row->target);
	sql_text(q, row->key);
}

int store_outbox_put(struct store *store, const struct outbox_row *row, int64_t now,
	bool *ret_changed, struct err **err)
{
	char digest[DIGEST_HEX];
	digest_hex(row->payload, strlen(row->payload), digest);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_PUT, &q, err) < 0)
		return -1;
	bind_name(&q, row);
	sql_text(&q, row->lane);
	sql_text(&q, row->kind);
	sql_text(&q, row->payload);
	sql_text(&q, digest);
	sql_int(&q, row->next_at);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "put %s for %s into the outbox", row->key, row->target);
	if (ret_changed)
		*ret_changed = sql_changes(store) > 0;
	return 0;
}

int store_outbox_again(struct store *store, const struct outbox_row *row, int64_t now,
	bool *ret_changed, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_AGAIN, &q, err) < 0)
		return -1;
	bind_name(&q, row);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "deliver %s for %s again", row->key, row->target);
	if (ret_changed)
		*ret_changed = sql_changes(store) > 0;
	return 0;
}

int store_outbox_revive(
	struct store *store, const char *channel, int64_t now, int64_t *ret_count, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_REVIVE, &q, err) < 0)
		return -1;
	sql_text(&q, channel);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "deliver what was given up again");
	*ret_count = sql_changes(store);
	return 0;
}

int store_outbox_due(struct store *store, const char *channel, int64_t now, int64_t limit,
	struct arena *arena, struct outbox_rows *ret, struct err **err)
{
	*ret = (struct outbox_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_DUE, &q, err) < 0)
		return -1;
	sql_text(&q, channel);
	sql_int(&q, now);
	sql_int(&q, limit ? limit : DEFAULT_LIMIT);
	return read_rows(&q, arena, true, ret, err);
}

int store_outbox_next(
	struct store *store, const char *channel, int64_t now, int64_t *ret_at, struct err **err)
{
	*ret_at = -1;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_NEXT, &q, err) < 0)
		return -1;
	sql_text(&q, channel);
	const int rc = sql_row(&q, err);
	if (rc < 0)
		return -1;
	if (rc > 0 && sqlite3_column_type(q.stmt, 0) != SQLITE_NULL) {
		const int64_t at = sql_get_int(&q);
		*ret_at = at <= now ? 0 : at;
	}
	return 0;
}

int store_outbox_get(struct store *store, const struct outbox_row *like, struct arena *arena,
	struct outbox_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_GET, &q, err) < 0)
		return -1;
	bind_name(&q, like);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	*ret = arena_alloc(arena, sizeof **ret);
	read_row(&q, arena, true, *ret);
	return 0;
}

int store_outbox_lane(struct store *store, const struct outbox_row *like, struct arena *arena,
	struct outbox_rows *ret, struct err **err)
{
	*ret = (struct outbox_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_LANE, &q, err) < 0)
		return -1;
	sql_text(&q, like->channel);
	sql_text(&q, like->target);
	sql_text(&q, like->lane);
	return read_rows(&q, arena, false, ret, err);
}

int store_outbox_list(struct store *store, enum outbox_state state, int64_t limit,
	struct arena *arena, struct outbox_rows *ret, struct err **err)
{
	*ret = (struct outbox_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_LIST, &q, err) < 0)
		return -1;
	sql_text(&q, state_names[state]);
	sql_int(&q, limit ? limit : DEFAULT_LIMIT);
	return read_rows(&q, arena, false, ret, err);
}

int store_outbox_counts(
	struct store *store, const char *channel, struct outbox_counts *ret, struct err **err)
{
	*ret = (struct outbox_counts){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_COUNTS, &q, err) < 0)
		return -1;
	sql_text(&q, channel);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	ret->due = sql_get_int(&q);
	ret->dead = sql_get_int(&q);
	ret->oldest_due_at = sql_get_int(&q);
	return 0;
}

int store_outbox_begin(struct store *store, struct outbox_row *row, int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_BEGIN, &q, err) < 0)
		return -1;
	sql_int(&q, row->id);
	sql_int(&q, row->version);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "begin to deliver %s", row->key);
	if (sql_changes(store) == 0)
		return err_set(err, ERR_CONFLICT, "%s was replaced by a newer wish", row->key);
	row->attempts++;
	return 0;
}

int store_outbox_done(struct store *store, const struct outbox_row *row, const char *remote,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_DONE, &q, err) < 0)
		return -1;
	sql_int(&q, row->id);
	sql_int(&q, row->version);
	sql_text(&q, remote);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record that %s was delivered", row->key);
	return 0;
}

int store_outbox_remote(struct store *store, const struct outbox_row *row, const char *remote,
	int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_REMOTE, &q, err) < 0)
		return -1;
	sql_int(&q, row->id);
	sql_text(&q, remote);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record what %s has of %s", row->target, row->key);
	return 0;
}

int store_outbox_failed(struct store *store, const struct outbox_row *row, int64_t next_at,
	const char *error, int64_t now, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_FAILED, &q, err) < 0)
		return -1;
	sql_int(&q, row->id);
	sql_int(&q, row->version);
	sql_int(&q, next_at);
	sql_text(&q, error);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record that %s was not delivered", row->key);
	return 0;
}

int store_outbox_postpone(struct store *store, const char *channel, const char *target,
	int64_t until, const char *error, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_POSTPONE, &q, err) < 0)
		return -1;
	sql_text(&q, channel);
	sql_text(&q, target);
	sql_int(&q, until);
	sql_text(&q, error);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "postpone what is for %s", target);
	return 0;
}

int store_outbox_forget(struct store *store, int64_t before, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTBOX_FORGET, &q, err) < 0)
		return -1;
	sql_int(&q, before);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "forget old deliveries");
	return 0;
}
