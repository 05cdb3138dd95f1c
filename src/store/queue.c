/*
 * See queue.h. Every step from one state to the next is one conditional UPDATE or DELETE that
 * names the claim, so a worker that was given up for dead cannot end a claim that is not its own.
 */
#include "store/queue.h"

#include "base/arena.h"
#include "base/child.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/str.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { DEAD_KEPT = 500 };

static const char *const kind_names[] = {
	[QUEUE_UNKNOWN] = "unknown",
	[QUEUE_FETCH] = "fetch",
	[QUEUE_PULL] = "pull",
	[QUEUE_COMMAND] = "command",
	[QUEUE_RECONCILE] = "reconcile",
	[QUEUE_DRIFT] = "drift",
};
static const char *const state_names[] = {
	[QUEUE_QUEUED] = "queued",
	[QUEUE_RUNNING] = "running",
	[QUEUE_DEAD] = "dead",
};

const char *queue_kind_name(enum queue_kind kind)
{
	return kind_names[kind];
}

const char *queue_state_name(enum queue_state state)
{
	return state_names[state];
}

void queue_describe(const struct queue_row *row, struct str *out)
{
	const bool plan = row->kind == QUEUE_PULL && *row->part;
	if (row->kind == QUEUE_FETCH)
		str_add(out, kind_names[QUEUE_FETCH]);
	else if (row->kind == QUEUE_PULL)
		str_addf(out, "%s of %s", plan ? "plan" : "preview",
			plan ? row->part : row->subject);
	else
		str_addf(out, "%s of %s", kind_names[row->kind], row->subject);
}

static void read_row(struct sql *q, struct arena *arena, struct queue_row *ret)
{
	ret->id = sql_get_int(q);
	ret->kind = sql_get_enum(q, kind_names, ARRAY_LEN(kind_names));
	ret->subject = sql_get_text(q, arena);
	ret->part = sql_get_text(q, arena);
	ret->payload_json = sql_get_text(q, arena);
	ret->actor = sql_get_text(q, arena);
	ret->state = sql_get_enum(q, state_names, ARRAY_LEN(state_names));
	ret->asked_at = sql_get_int(q);
	ret->not_before = sql_get_int(q);
	ret->attempts = sql_get_int(q);
	ret->claim = sql_get_int(q);
	ret->changed_at = sql_get_int(q);
	ret->pid = sql_get_int(q);
	ret->pid_start = (uint64_t)sql_get_int(q);
	ret->outdated = sql_get_int(q) != 0;
	ret->error = sql_get_text(q, arena);
}

static int read_rows(struct sql *q, struct arena *arena, struct queue_rows *ret, struct err **err)
{
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		read_row(q, arena, &ret->items[ret->count++]);
	}
	return rc;
}

/* What of the same identity is outdated by a request: a running row is marked, a dead one goes. */
static int outdate(struct store *store, enum sql_id id, const struct queue_request *request,
	const char *part, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, kind_names[request->kind]);
	sql_text(&q, request->subject);
	sql_text(&q, part);
	return sql_run(&q, err);
}

/* *ret_id: of the newest of the identity if it is about the same as the request; else 0. */
static int find_same(struct store *store, const struct queue_request *request, const char *part,
	int64_t *ret_id, struct err **err)
{
	*ret_id = 0;
	if (!request->about)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_SAME, &q, err) < 0)
		return -1;
	sql_text(&q, kind_names[request->kind]);
	sql_text(&q, request->subject);
	sql_text(&q, part);
	sql_text(&q, request->about);
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret_id = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}

static int add(struct store *store, const struct queue_request *request, int64_t now,
	int64_t *ret_id, struct err **err)
{
	const char *part = request->part ? request->part : "";
	if (find_same(store, request, part, ret_id, err) < 0)
		return -1;
	if (*ret_id)
		return 0;
	if (!request->reminder &&
		(outdate(store, SQL_QUEUE_OUTDATE, request, part, err) < 0 ||
			outdate(store, SQL_QUEUE_FORGET_DEAD, request, part, err) < 0))
		return -1;
	AUTO_SQL q = SQL_NONE;
	const enum sql_id how = request->reminder ? SQL_QUEUE_REMIND : SQL_QUEUE_ADD;
	if (sql_start(store, how, &q, err) < 0)
		return -1;
	sql_text(&q, kind_names[request->kind]);
	sql_text(&q, request->subject);
	sql_text(&q, part);
	sql_text(&q, request->payload_json ? request->payload_json : "{}");
	sql_text(&q, request->actor);
	sql_int(&q, now);
	sql_int(&q, request->not_before ? request->not_before : now);
	if (!request->reminder)
		sql_text(&q, request->about);
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret_id = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}

int store_queue_add(struct store *store, const struct queue_request *request, int64_t now,
	int64_t *ret_id, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	if (sql_leave(store, own, add(store, request, now, ret_id, err), err) < 0)
		return err_wrap(err, "queue %s of %s", kind_names[request->kind], request->subject);
	return 0;
}

static int deliver_once(struct store *store, const char *delivery_id, int64_t now, bool *ret_first,
	struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_DELIVERY_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, delivery_id);
	sql_int(&q, now);
	if (sql_run(&q, err) < 0)
		return -1;
	*ret_first = sql_changes(store) > 0;
	if (!*ret_first)
		return 0;
	AUTO_SQL old = SQL_NONE;
	if (sql_start(store, SQL_DELIVERIES_FORGET, &old, err) < 0)
		return -1;
	sql_int(&old, QUEUE_DELIVERIES_KEPT);
	return sql_run(&old, err);
}

int store_queue_deliver_once(struct store *store, const char *delivery_id, int64_t now,
	bool *ret_first, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, deliver_once(store, delivery_id, now, ret_first, err), err);
}

int store_queue_claim(struct store *store, int64_t now, unsigned kinds, struct arena *arena,
	struct queue_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_CLAIM, &q, err) < 0)
		return -1;
	sql_int(&q, now);
	for (unsigned kind = QUEUE_FETCH; kind < ARRAY_LEN(kind_names); kind++)
		sql_text(&q, !kinds || kinds & 1U << kind ? kind_names[kind] : NULL);
	const int rc = sql_row(&q, err);
	if (rc > 0) {
		*ret = arena_alloc(arena, sizeof **ret);
		read_row(&q, arena, *ret);
	}
	return rc < 0 ? -1 : 0;
}

int store_queue_started(struct store *store, int64_t id, int64_t claim, int64_t pid,
	uint64_t pid_start, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_STARTED, &q, err) < 0)
		return -1;
	sql_int(&q, id);
	sql_int(&q, claim);
	sql_int(&q, pid);
	sql_int(&q, (int64_t)pid_start);
	if (sql_run(&q, err) < 0)
		return -1;
	if (sql_changes(store) == 0)
		return err_set(err, ERR_CONFLICT, "request %lld is no longer this worker's",
			(long long)id);
	return 0;
}

/* A statement about one claim: its first two parameters. */
static int start_claim(struct store *store, enum sql_id sql, int64_t id, int64_t claim,
	struct sql *q, struct err **err)
{
	if (sql_start(store, sql, q, err) < 0)
		return -1;
	sql_int(q, id);
	sql_int(q, claim);
	return 0;
}

static int run_claim(struct store *store, struct sql *q, bool *ret_recorded, struct err **err)
{
	if (sql_run(q, err) < 0)
		return -1;
	*ret_recorded = sql_changes(store) > 0;
	return 0;
}

int store_queue_finish(
	struct store *store, int64_t id, int64_t claim, bool *ret_recorded, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (start_claim(store, SQL_QUEUE_FINISH, id, claim, &q, err) < 0)
		return -1;
	return run_claim(store, &q, ret_recorded, err);
}

/* Removes the claim's row if a newer request of the same identity is queued. */
static int superseded(
	struct store *store, int64_t id, int64_t claim, bool *ret_gone, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (start_claim(store, SQL_QUEUE_SUPERSEDED, id, claim, &q, err) < 0)
		return -1;
	return run_claim(store, &q, ret_gone, err);
}

static int fail(struct store *store, const struct queue_failure *failure, enum queue_state state,
	bool *ret_recorded, struct err **err)
{
	if (superseded(store, failure->id, failure->claim, ret_recorded, err) < 0)
		return -1;
	if (*ret_recorded)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (start_claim(store, SQL_QUEUE_FAIL, failure->id, failure->claim, &q, err) < 0)
		return -1;
	sql_text(&q, state_names[state]);
	sql_text(&q, failure->error);
	sql_int(&q, failure->not_before);
	sql_int(&q, failure->now);
	return run_claim(store, &q, ret_recorded, err);
}

int store_queue_retry(struct store *store, const struct queue_failure *failure, bool *ret_recorded,
	struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, fail(store, failure, QUEUE_QUEUED, ret_recorded, err), err);
}

static int forget_dead(struct store *store, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_KEEP_DEAD, &q, err) < 0)
		return -1;
	sql_int(&q, DEAD_KEPT);
	return sql_run(&q, err);
}

int store_queue_dead(struct store *store, const struct queue_failure *failure, bool *ret_recorded,
	struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	int rc = fail(store, failure, QUEUE_DEAD, ret_recorded, err);
	if (rc == 0)
		rc = forget_dead(store, err);
	return sql_leave(store, own, rc, err);
}

static int release(struct store *store, int64_t id, int64_t claim, int64_t now, bool *ret_recorded,
	struct err **err)
{
	if (superseded(store, id, claim, ret_recorded, err) < 0)
		return -1;
	if (*ret_recorded)
		return 0;
	AUTO_SQL q = SQL_NONE;
	if (start_claim(store, SQL_QUEUE_RELEASE, id, claim, &q, err) < 0)
		return -1;
	sql_int(&q, now);
	return run_claim(store, &q, ret_recorded, err);
}

int store_queue_release(struct store *store, int64_t id, int64_t claim, int64_t now,
	bool *ret_recorded, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, release(store, id, claim, now, ret_recorded, err), err);
}

static int running(
	struct store *store, struct arena *arena, struct queue_rows *ret, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_RUNNING, &q, err) < 0)
		return -1;
	return read_rows(&q, arena, ret, err);
}

static int recover(struct store *store, int64_t now, struct arena *arena,
	struct queue_rows *ret_alive, struct err **err)
{
	struct queue_rows rows = {0};
	if (running(store, arena, &rows, err) < 0)
		return -1;
	*ret_alive = (struct queue_rows){.items = rows.items};
	for (size_t i = 0; i < rows.count; i++) {
		const struct queue_row *row = &rows.items[i];
		bool recorded;
		if (row->pid && process_start_time((pid_t)row->pid) == row->pid_start)
			ret_alive->items[ret_alive->count++] = *row;
		else if (release(store, row->id, row->claim, now, &recorded, err) < 0)
			return -1;
	}
	return 0;
}

int store_queue_recover(struct store *store, int64_t now, struct arena *arena,
	struct queue_rows *ret_alive, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, recover(store, now, arena, ret_alive, err), err);
}

int store_queue_get(struct store *store, int64_t id, struct arena *arena, struct queue_row **ret,
	struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_GET, &q, err) < 0)
		return -1;
	sql_int(&q, id);
	const int rc = sql_row(&q, err);
	if (rc > 0) {
		*ret = arena_alloc(arena, sizeof **ret);
		read_row(&q, arena, *ret);
	}
	return rc < 0 ? -1 : 0;
}

int store_queue_list(
	struct store *store, struct arena *arena, struct queue_rows *ret, struct err **err)
{
	*ret = (struct queue_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_LIST, &q, err) < 0)
		return -1;
	return read_rows(&q, arena, ret, err);
}

int store_queue_counts(struct store *store, struct queue_counts *ret, struct err **err)
{
	*ret = (struct queue_counts){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_COUNTS, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc > 0) {
		ret->queued = sql_get_int(&q);
		ret->running = sql_get_int(&q);
		ret->dead = sql_get_int(&q);
	}
	return rc < 0 ? -1 : 0;
}

int store_queue_next_at(struct store *store, int64_t *ret_at, struct err **err)
{
	*ret_at = 0;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_QUEUE_NEXT_AT, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc > 0)
		*ret_at = sql_get_int(&q);
	return rc < 0 ? -1 : 0;
}

int queue_has_daemon(const char *state_dir, bool *ret, struct err **err)
{
	char *path = path_join(state_dir, QUEUE_DAEMON_LOCK);
	const int rc = lock_is_held(path, ret, err);
	free(path);
	return rc;
}

int queue_wake(const char *state_dir, struct err **err)
{
	char *path = path_join(state_dir, QUEUE_WAKE);
	AUTO_CLOSE fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;
	/* Setting its times is an event even where the content stays as it is. */
	if (fd < 0 || futimens(fd, NULL) < 0)
		rc = err_errno(err, errno, "wake the daemon by %s", path);
	free(path);
	return rc;
}
