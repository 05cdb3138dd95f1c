/*
 * The delivery: rows one after the other, each attempt recorded before it is made, and what a
 * failure means for the row, for its target and for when to come again.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/outbox_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 20,
	RETRY_MS = 2 * 1000,
	RETRY_MAX_MS = 15 * 60 * 1000,
	GIVE_UP_MS = 3 * 24 * 60 * 60 * 1000,
	/* A repository that cannot be seen is a wrong permission more often than a lost one. */
	GIVE_UP_MISSING_MS = 24 * 60 * 60 * 1000,
	/* After so many rows in a row that the forge did not answer, the rest of them waits too. */
	DOWN_AFTER = 2,
};

/* What was delivered so long ago is forgotten: if it comes up again, the forge itself is asked. */
#define KEEP_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* A forge that was opened in this run. */
struct target {
	char *name;
	struct forge *forge; /* NULL: could not be opened */
	unsigned down; /* failures in a row */
};

struct run {
	const struct outbox_delivery *delivery;
	struct outbox_result *result;
	struct target *targets;
	size_t count, cap;
	int64_t (*now)(void);
};

static void run_release(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		forge_close(&run->targets[i].forge);
		free(run->targets[i].name);
	}
	free(run->targets);
}

static struct target *target_of(struct run *run, const char *name)
{
	for (size_t i = 0; i < run->count; i++)
		if (str_eq(run->targets[i].name, name))
			return &run->targets[i];
	run->targets = grow_array(run->targets, run->count, &run->cap, sizeof *run->targets);
	run->targets[run->count] = (struct target){.name = xstrdup(name)};
	return &run->targets[run->count++];
}

static int open_target(struct run *run, struct target *target, struct err **err)
{
	if (target->forge)
		return 0;
	return run->delivery->open(run->delivery->data, target->name, &target->forge, err);
}

/* Where a forge has no word for a cancelled one it is an error there. */
static enum forge_state as_listed(enum forge_state state, enum forge_kind kind)
{
	return state == FORGE_CANCELLED && kind != FORGE_GITLAB ? FORGE_ERROR : state;
}

/* Does the forge have it already, from an attempt whose answer did not arrive? */
static bool is_set(
	const struct outbox_attempt *t, const char *sha, const struct forge_status *wanted)
{
	AUTO_ERR ignored = NULL;
	struct forge_statuses now;
	if (forge_status_list(t->forge, sha, t->arena, &now, &ignored) < 0)
		return false;
	for (size_t i = 0; i < now.count; i++)
		if (str_eq(now.items[i].context, wanted->context))
			return now.items[i].state ==
				       as_listed(wanted->state, forge_kind_of(t->forge)) &&
			       str_eq(now.items[i].description, wanted->description);
	return false;
}

static int send_status(struct outbox_attempt *t, struct err **err)
{
	const char *sha = node_text(node_get(t->payload, "sha"));
	struct forge_status status = {
		.context = node_text(node_get(t->payload, "context")),
		.description = node_text(node_get(t->payload, "description")),
		.url = node_text(node_get(t->payload, "url")),
	};
	const char *state = node_text(node_get(t->payload, "state"));
	if (!sha || !status.context || !forge_state_parse(state, &status.state))
		return err_set(err, ERR_INVALID, "the recorded status is damaged");
	if (t->row->attempts > 1 && is_set(t, sha, &status))
		return 0;
	return forge_status_set(t->forge, sha, &status, err);
}

static int send_reaction(struct outbox_attempt *t, struct err **err)
{
	const struct node *pull = node_get(t->payload, "pull");
	const char *comment = node_text(node_get(t->payload, "comment"));
	enum forge_reaction reaction;
	if (!pull || pull->type != NODE_INT || !comment ||
		!forge_reaction_parse(node_text(node_get(t->payload, "reaction")), &reaction))
		return err_set(err, ERR_INVALID, "the recorded reaction is damaged");
	return forge_react(t->forge, pull->integer, comment, reaction, err);
}

static int send_row(struct outbox_attempt *t, struct err **err)
{
	static const struct {
		const char *kind;
		int (*send)(struct outbox_attempt *t, struct err **err);
	} senders[] = {
		{"status", send_status},
		{"comment", outbox_send_comment},
		{"reply", outbox_send_comment},
		{"reaction", send_reaction},
	};
	for (size_t i = 0; i < ARRAY_LEN(senders); i++)
		if (str_eq(senders[i].kind, t->row->kind))
			return senders[i].send(t, err);
	return err_set(err, ERR_INVALID, "'%s' is nothing that can be delivered", t->row->kind);
}

/* Doubling, with up to a quarter more by row, so that many do not come back at once. */
static int64_t backoff(const struct outbox_row *row)
{
	const int64_t doublings = row->attempts > 1 ? row->attempts - 1 : 0;
	int64_t wait = doublings < 10 ? (int64_t)RETRY_MS << doublings : RETRY_MAX_MS;
	if (wait > RETRY_MAX_MS)
		wait = RETRY_MAX_MS;
	const uint64_t mixed = ((uint64_t)row->id * 2654435761u + (uint64_t)row->attempts * 40503u);
	return wait + (int64_t)(mixed % 256) * wait / 1024;
}

static bool is_hopeless(const struct forge_failure *failure, enum err_kind kind, int64_t age)
{
	if (failure->fault == FORGE_REFUSED || (failure->fault == FORGE_OK && kind == ERR_INVALID))
		return true;
	return age > (failure->fault == FORGE_MISSING ? GIVE_UP_MISSING_MS : GIVE_UP_MS);
}

/* A failure that concerns everything of this target, not this row alone. */
static bool stops_target(struct target *target, enum forge_fault fault)
{
	if (fault == FORGE_RATE_LIMIT || fault == FORGE_CREDENTIAL)
		return true;
	if (fault != FORGE_NETWORK && fault != FORGE_SERVER) {
		target->down = 0;
		return false;
	}
	return ++target->down >= DOWN_AFTER;
}

static int note_failure(struct run *run, struct target *target, const struct outbox_row *row,
	const struct err *failed, struct err **err)
{
	const struct forge_failure failure =
		target->forge ? forge_failure(target->forge) : (struct forge_failure){0};
	const int64_t now = run->now();
	AUTO_STR text = STR_INIT;
	err_format(failed, &text);
	int64_t next_at = now + backoff(row);
	if (failure.retry_at > now)
		next_at = failure.retry_at;
	/* What cannot be opened at all is a matter of the server's file: that gets mended. */
	if (target->forge && is_hopeless(&failure, err_kind_of(failed), now - row->created_at))
		next_at = 0;
	if (store_outbox_failed(run->delivery->store, row, next_at, text.data, now, err) < 0)
		return -1;
	*(next_at ? &run->result->failed : &run->result->dead) += 1;
	if (run->delivery->failed)
		run->delivery->failed(
			run->delivery->data, row->target, row->key, text.data, next_at);
	if (!next_at || (target->forge && !stops_target(target, failure.fault)))
		return 0;
	return store_outbox_postpone(
		run->delivery->store, row->channel, row->target, next_at, text.data, err);
}

static int attempt(struct run *run, struct outbox_row *row, struct err **err)
{
	struct err *failed = NULL;
	if (store_outbox_begin(run->delivery->store, row, run->now(), &failed) < 0) {
		if (err_kind_of(failed) != ERR_CONFLICT) {
			*err = failed;
			return -1;
		}
		err_free(&failed); /* replaced since it was read: the newer wish comes next */
		return 0;
	}
	AUTO_ARENA arena = {0};
	struct target *target = target_of(run, row->target);
	struct outbox_attempt t = {.store = run->delivery->store,
		.row = row,
		.payload = outbox_parse(row->payload, &arena),
		.arena = &arena,
		.now = run->now};
	int rc = open_target(run, target, &failed);
	if (rc == 0) {
		t.forge = target->forge;
		rc = send_row(&t, &failed);
	}
	if (rc < 0) {
		rc = note_failure(run, target, row, failed, err);
		err_free(&failed);
		return rc;
	}
	target->down = 0;
	run->result->delivered++;
	return store_outbox_done(run->delivery->store, row, t.remote, run->now(), err);
}

static int deliver_all(struct run *run, struct err **err)
{
	for (;;) {
		AUTO_ARENA arena = {0};
		struct outbox_rows rows;
		const int64_t now = run->now();
		if (store_outbox_due(
			    run->delivery->store, OUTBOX_FORGE, now, BATCH, &arena, &rows, err) < 0)
			return -1;
		if (!rows.count)
			return 0;
		for (size_t i = 0; i < rows.count; i++) {
			/* A failure before it may have put it off. */
			struct outbox_row *row;
			if (store_outbox_get(
				    run->delivery->store, &rows.items[i], &arena, &row, err) < 0)
				return -1;
			if (!row || row->state != OUTBOX_DUE || row->next_at > now)
				continue;
			if (attempt(run, row, err) < 0)
				return -1;
		}
	}
}

static int deliver_locked(struct run *run, struct err **err)
{
	AUTO_FREE char *path = xasprintf("%s/outbox.lock", store_dir(run->delivery->store));
	AUTO_LOCK lock = LOCK_NONE;
	if (lock_take(path, "a process that delivers to forges", run->delivery->wait_ms, &lock,
		    err) < 0)
		return -1;
	if (store_outbox_forget(run->delivery->store, run->now() - KEEP_MS, err) < 0)
		return -1;
	return deliver_all(run, err);
}

int outbox_deliver(
	const struct outbox_delivery *delivery, struct outbox_result *ret, struct err **err)
{
	*ret = (struct outbox_result){.next_at = -1};
	CLEANUP(run_release)
	struct run run = {.delivery = delivery,
		.result = ret,
		.now = delivery->now ? delivery->now : clock_now_ms};
	/* Who puts a row while the lock is held leaves it to its holder, who therefore looks again.
	 */
	for (bool first = true; first || ret->next_at == 0; first = false) {
		struct err *failed = NULL;
		if (deliver_locked(&run, &failed) < 0) {
			if (first || err_kind_of(failed) != ERR_CONFLICT) {
				*err = failed;
				return -1;
			}
			err_free(&failed);
			return 0;
		}
		if (store_outbox_next(
			    delivery->store, OUTBOX_FORGE, run.now(), &ret->next_at, err) < 0)
			return -1;
	}
	return 0;
}
