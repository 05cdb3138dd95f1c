/*
 * The outbox: everything that is to be said to somebody else, kept until it was said. A row is put
 * in the transaction that records what it tells about, so that no crash can lose the one without
 * the other, and delivered later by whoever is there (report/outbox.h).
 *
 * A row is a wish, not a message: (channel, target, key) names one thing at the other side (the
 * status of a commit in a context, the comment of a pull request), and payload says what it shall
 * be. A newer wish for the same thing takes the place of an older one, delivered or not; the same
 * wish again changes nothing. What is known about the thing at the other side (ids of comments) is
 * in remote and outlives replaced wishes.
 *
 * Order: rows of one lane of a target are delivered in the order in which they were put; a row
 * that has to be tried again holds up its lane, a dead one does not. A replaced wish that was not
 * delivered keeps its place; one that was delivered goes to the end.
 *
 * No secret is put here: payloads are what others will read anyway.
 */
#ifndef TRUEUP_STORE_OUTBOX_H
#define TRUEUP_STORE_OUTBOX_H

#include "store/store.h"

enum outbox_state {
	OUTBOX_DUE, /* to be delivered at next_at, or when its turn comes */
	OUTBOX_DONE, /* the other side has it */
	OUTBOX_DEAD, /* given up: see error */
};

struct outbox_row {
	int64_t id;
	const char *channel; /* who delivers: "forge" */
	const char *target; /* where to: the connection's name in the server's file */
	const char *key; /* what it is about: "status/SHA/trueup/plan" */
	const char *lane; /* what has to stay in order with it: "pull/12" */
	const char *kind; /* how to read payload: "status", "comment", ... */
	const char *payload; /* canonical JSON */
	int64_t version; /* counts the wishes, from 1 */
	enum outbox_state state;
	int64_t attempts; /* begun for this version; more than 1: the other side may have it */
	int64_t next_at; /* not before */
	int64_t created_at, updated_at, done_at; /* done_at 0: nothing was ever delivered */
	const char *remote; /* JSON; NULL: nothing is known there */
	const char *error; /* of the last attempt; NULL */
};

struct outbox_rows {
	struct outbox_row *items;
	size_t count;
};

const char *outbox_state_name(enum outbox_state state); /* "due" */

/*
 * Puts a wish: uses channel to payload, and next_at (0: at once). A dead row with the same payload
 * is due again. *ret_changed (may be NULL): whether there is anything to deliver that was not there
 * before.
 */
MUST_CHECK int store_outbox_put(struct store *store, const struct outbox_row *row, int64_t now,
	bool *ret_changed, struct err **err);
/*
 * Deliver again what stands: somebody removed it at the other side, or an operator wants a dead row
 * tried again. *ret_changed false: there is no such row.
 */
MUST_CHECK int store_outbox_again(struct store *store, const struct outbox_row *row, int64_t now,
	bool *ret_changed, struct err **err);
/* The same for every dead row of a channel; NULL: of all. Returns their number in *ret_count. */
MUST_CHECK int store_outbox_revive(struct store *store, const char *channel, int64_t now,
	int64_t *ret_count, struct err **err);

/* The first row of each lane, as far as its time has come; those put first come first. */
MUST_CHECK int store_outbox_due(struct store *store, const char *channel, int64_t now,
	int64_t limit, struct arena *arena, struct outbox_rows *ret, struct err **err);
/* When the next row's time comes: 0 now or earlier, -1 there is none. For a daemon's timer. */
MUST_CHECK int store_outbox_next(
	struct store *store, const char *channel, int64_t now, int64_t *ret_at, struct err **err);
/* One row by channel, target and key; *ret NULL if there is none. */
MUST_CHECK int store_outbox_get(struct store *store, const struct outbox_row *like,
	struct arena *arena, struct outbox_row **ret, struct err **err);
/* All of a lane, whatever their state, without their payloads. */
MUST_CHECK int store_outbox_lane(struct store *store, const struct outbox_row *like,
	struct arena *arena, struct outbox_rows *ret, struct err **err);
/* Those in a state, newest change first, without their payloads. limit 0: 50. */
MUST_CHECK int store_outbox_list(struct store *store, enum outbox_state state, int64_t limit,
	struct arena *arena, struct outbox_rows *ret, struct err **err);

/* How many there are, for status and metrics. */
struct outbox_counts {
	int64_t due, dead;
	int64_t oldest_due_at; /* when the oldest undelivered wish was put; 0: none is due */
};
MUST_CHECK int store_outbox_counts(
	struct store *store, const char *channel, struct outbox_counts *ret, struct err **err);

/*
 * The life of an attempt. begin is recorded before anything is sent, so that the one who comes
 * after a crash knows that the other side may have it. All of them take a row as it was read; when
 * it was replaced meanwhile, what becomes known of the other side (remote) and the failure are
 * recorded and the newer wish stays due.
 */
MUST_CHECK int store_outbox_begin(
	struct store *store, struct outbox_row *row, int64_t now, struct err **err);
/* remote: what is known now; NULL keeps what is recorded. */
MUST_CHECK int store_outbox_done(struct store *store, const struct outbox_row *row,
	const char *remote, int64_t now, struct err **err);
/* Notes what became known in the middle of an attempt (the id of a comment just made). */
MUST_CHECK int store_outbox_remote(struct store *store, const struct outbox_row *row,
	const char *remote, int64_t now, struct err **err);
/* Failed: tried again at next_at; 0: given up. error must hold no secret. */
MUST_CHECK int store_outbox_failed(struct store *store, const struct outbox_row *row,
	int64_t next_at, const char *error, int64_t now, struct err **err);
/* Nothing of this target before until (a rate limit): all that is due there waits. */
MUST_CHECK int store_outbox_postpone(struct store *store, const char *channel, const char *target,
	int64_t until, const char *error, struct err **err);

/*
 * Forgets delivered rows that nobody changed since before; a status that is pending is kept, since
 * it has to come to its end.
 */
MUST_CHECK int store_outbox_forget(struct store *store, int64_t before, struct err **err);

#endif
