/*
 * The audit chain. The triggers stop mistakes; the hashes show what somebody did who went around
 * them. Rows cut off the end show by SQLite's own counter of the table, and by the head that was
 * published with a commit.
 */
#include "store/audit.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_LIMIT = 50 };

static const char first_hash[DIGEST_HEX] =
	"0000000000000000000000000000000000000000000000000000000000000000";

static void add_number(struct digest *d, int64_t n)
{
	char text[32];
	(void)snprintf(text, sizeof text, "%" PRId64, n);
	digest_add_text(d, text);
}

static void row_hash(const struct audit_row *row, char ret[DIGEST_HEX])
{
	struct digest *d = digest_begin();
	digest_add_text(d, row->prev_hash);
	add_number(d, row->seq);
	add_number(d, row->at);
	digest_add_text(d, row->actor);
	digest_add_text(d, row->action);
	digest_add_text(d, row->subject);
	digest_add_text(d, row->detail_json);
	digest_end(d, ret);
}

int store_audit_head(struct store *store, struct audit_head *ret, struct err **err)
{
	ret->seq = 0;
	memcpy(ret->hash, first_hash, DIGEST_HEX);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_AUDIT_HEAD, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	AUTO_ARENA arena = {0};
	ret->seq = sql_get_int(&q);
	(void)snprintf(ret->hash, sizeof ret->hash, "%s", sql_get_text(&q, &arena));
	return 0;
}

static int append(struct store *store, const struct audit_row *row, struct err **err)
{
	struct audit_head head;
	if (store_audit_head(store, &head, err) < 0)
		return -1;
	struct audit_row full = *row;
	full.seq = head.seq + 1;
	full.prev_hash = head.hash;
	if (!full.detail_json)
		full.detail_json = "{}";
	char hash[DIGEST_HEX];
	row_hash(&full, hash);
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_AUDIT_ADD, &q, err) < 0)
		return -1;
	sql_int(&q, full.seq);
	sql_int(&q, full.at);
	sql_text(&q, full.actor);
	sql_text(&q, full.action);
	sql_text(&q, full.subject);
	sql_text(&q, full.detail_json);
	sql_text(&q, full.prev_hash);
	sql_text(&q, hash);
	return sql_run(&q, err);
}

int store_audit_append(struct store *store, const struct audit_row *row, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, append(store, row, err), err) < 0)
		return err_wrap(err, "write the audit log");
	return 0;
}

static void read_audit(struct sql *q, struct arena *arena, struct audit_row *ret)
{
	ret->seq = sql_get_int(q);
	ret->at = sql_get_int(q);
	ret->actor = sql_get_text(q, arena);
	ret->action = sql_get_text(q, arena);
	ret->subject = sql_get_text(q, arena);
	ret->detail_json = sql_get_text(q, arena);
	ret->prev_hash = sql_get_text(q, arena);
	ret->hash = sql_get_text(q, arena);
}

/* Why row does not follow head; NULL if it does. */
static const char *judge(const struct audit_row *row, const struct audit_head *head)
{
	if (row->seq != head->seq + 1)
		return "an entry before it is missing";
	if (!str_eq(row->prev_hash, head->hash))
		return "it does not follow the entry before it";
	char hash[DIGEST_HEX];
	row_hash(row, hash);
	return str_eq(row->hash, hash) ? NULL : "its content was changed";
}

/* The last number that was ever given; rows may have been cut off behind the last one. */
static int last_given(struct store *store, int64_t *ret, struct err **err)
{
	*ret = 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_AUDIT_COUNTER, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}

int store_audit_verify(struct store *store, struct audit_verdict *ret, struct err **err)
{
	*ret = (struct audit_verdict){0};
	memcpy(ret->head.hash, first_hash, DIGEST_HEX);
	int64_t last;
	if (last_given(store, &last, err) < 0)
		return -1;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_AUDIT_CHAIN, &q, err) < 0)
		return -1;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		AUTO_ARENA arena = {0};
		struct audit_row row;
		read_audit(&q, &arena, &row);
		ret->reason = judge(&row, &ret->head);
		if (ret->reason) {
			ret->bad_seq = row.seq;
			return 0;
		}
		ret->entries++;
		ret->head.seq = row.seq;
		memcpy(ret->head.hash, row.hash, DIGEST_HEX);
	}
	if (rc == 0 && ret->head.seq < last) {
		ret->bad_seq = ret->head.seq + 1;
		ret->reason = "it and what followed was cut off";
	}
	return rc;
}

int store_audit_list(struct store *store, const struct audit_filter *filter, struct arena *arena,
	struct audit_rows *ret, struct err **err)
{
	*ret = (struct audit_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_AUDIT_LIST, &q, err) < 0)
		return -1;
	sql_text(&q, filter->subject);
	sql_text(&q, filter->actor);
	sql_int(&q, filter->before);
	sql_int(&q, filter->limit > 0 ? filter->limit : DEFAULT_LIMIT);
	sql_text(&q, filter->action);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_audit(&q, arena, &ret->items[ret->count++]);
	}
	return rc;
}
