/*
 * The queue: what a daemon was asked to do in this repository and has not done yet. A row is
 * written before whoever asked is answered, and leaves when the work is done, so a process that
 * dies at any point loses none. Who asks: webhooks, polling, timers, a push hook that hands over.
 *
 * A request is known by kind, subject and part. A newer one takes the place of a queued one (and
 * keeps its position); when one of that kind and subject is running already, that one is marked
 * outdated, so that its worker can be interrupted. What the older of the two needed to be known
 * (the keys of its payload that the newer one has not) stays known. Requests of one subject are
 * worked on one at a time, in the order in which they were asked for; part is for requests that
 * must not replace each other, such as two comments on one pull request.
 *
 *	queued -- claim --> running -- finish --> gone
 *	running -- retry, release, recover (its worker is dead) --> queued
 *	running -- dead: given up, kept to be seen
 *
 * Work may be done twice when a worker dies between its effect and finish: workers only do what
 * converges. Only who holds STATE/daemon.lock claims and recovers; anybody may add.
 */
#ifndef TRUEUP_STORE_QUEUE_H
#define TRUEUP_STORE_QUEUE_H

#include "store/store.h"

struct str;

enum queue_kind {
	QUEUE_UNKNOWN, /* a row of a later version */
	QUEUE_FETCH, /* bring the mirror of a URL repository up to date */
	/* Look at a pull request: subject pull/NUMBER; its plans: QUEUE_PLANS, part pull/NUMBER */
	QUEUE_PULL,
	QUEUE_COMMAND, /* a comment's command: subject pull/NUMBER, part: the comment's id */
	QUEUE_RECONCILE, /* the branch of Config: subject QUEUE_BRANCH */
	QUEUE_DRIFT, /* compare what was applied with what is: subject QUEUE_BRANCH */
};

/* The subject of work on the repository's branch: all that takes the repository's lock. */
#define QUEUE_BRANCH "branch"
/* The subject of engines' plans of pull requests, which are made beside that. */
#define QUEUE_PLANS "plans"
/* In the state folder: the lock of the daemon that serves it, and the file that wakes it. */
#define QUEUE_DAEMON_LOCK "daemon.lock"
#define QUEUE_WAKE        "wake"

struct queue_request {
	enum queue_kind kind;
	const char *subject;
	const char *part; /* NULL: "" */
	const char *payload_json; /* a map: what the worker needs to know; NULL: {} */
	/* Who asks: "github:alice", "git:bob"; for timers the account of the server, "os:trueup".
	 */
	const char *actor;
	int64_t not_before; /* wall-clock ms; 0: now */
	/*
	 * What was found to ask for it, such as a commit; NULL: asked for whatever there is. Where
	 * the newest of this identity is about the same (it waits for another attempt, is worked on
	 * or was given up), nothing changes: who looks again and again brings no news. At most one
	 * line; it is kept in the payload, as "about".
	 */
	const char *about;
	/*
	 * A time to come back and no news: a queued request of the same identity stays as it is and
	 * is due at the earlier of the two times, and one that is running is not outdated.
	 */
	bool reminder;
};

enum queue_state { QUEUE_QUEUED, QUEUE_RUNNING, QUEUE_DEAD };

struct queue_row {
	int64_t id;
	enum queue_kind kind;
	const char *subject, *part, *payload_json, *actor;
	enum queue_state state;
	int64_t asked_at, not_before;
	int64_t attempts; /* times that it was started; failed, when it is queued */
	int64_t claim; /* changes with every claim: names this one */
	int64_t changed_at; /* when it came into its state */
	int64_t pid; /* of the worker; 0: it did not say yet */
	uint64_t pid_start; /* process_start_time(pid) */
	bool outdated; /* running, and a newer request waits */
	const char *error; /* of the last attempt; NULL */
};

struct queue_rows {
	struct queue_row *items;
	size_t count;
};

const char *queue_kind_name(enum queue_kind kind); /* "reconcile" */
const char *queue_state_name(enum queue_state state);
/* Appends what it is in words: "preview of pull/9", "plan of pull/9", "reconcile of branch". */
void queue_describe(const struct queue_row *row, struct str *out);

/*
 * Asks. Of two times that a replaced and a replacing request were to wait for the earlier counts;
 * failed attempts are forgotten. *ret_id is the row's; of one that is about the same, its.
 */
MUST_CHECK int store_queue_add(struct store *store, const struct queue_request *request,
	int64_t now, int64_t *ret_id, struct err **err);

/*
 * Remembers the id under which a request from outside was delivered; *ret_first is false if it is
 * known already. In one transaction with store_queue_add() nothing is lost or done twice. The
 * newest QUEUE_DELIVERIES_KEPT are remembered.
 */
enum { QUEUE_DELIVERIES_KEPT = 10000 };
MUST_CHECK int store_queue_deliver_once(struct store *store, const char *delivery_id, int64_t now,
	bool *ret_first, struct err **err);

/*
 * Takes the oldest request that is due, is of one of kinds (bits 1 << kind; 0: all known) and
 * whose subject nobody works on. *ret NULL if there is none.
 */
MUST_CHECK int store_queue_claim(struct store *store, int64_t now, unsigned kinds,
	struct arena *arena, struct queue_row **ret, struct err **err);

/*
 * By the worker, first: this process works on the claim. ERR_CONFLICT when the claim is no longer
 * the current one or has a worker: then it must do nothing.
 */
MUST_CHECK int store_queue_started(struct store *store, int64_t id, int64_t claim, int64_t pid,
	uint64_t pid_start, struct err **err);

/*
 * The ends of a claim. *ret_recorded is false when the claim is no longer the current one, and
 * then nothing changed. Of retry and dead: error is kept to be seen; where a newer request of the
 * same identity waits, it stands for both and this one is gone.
 */
MUST_CHECK int store_queue_finish(
	struct store *store, int64_t id, int64_t claim, bool *ret_recorded, struct err **err);
struct queue_failure {
	int64_t id, claim;
	const char *error; /* masked */
	int64_t not_before; /* of retry */
	int64_t now;
};
MUST_CHECK int store_queue_retry(struct store *store, const struct queue_failure *failure,
	bool *ret_recorded, struct err **err);
MUST_CHECK int store_queue_dead(struct store *store, const struct queue_failure *failure,
	bool *ret_recorded, struct err **err);
/* Puts it back as if it had not been started: its worker was stopped, not wrong. */
MUST_CHECK int store_queue_release(struct store *store, int64_t id, int64_t claim, int64_t now,
	bool *ret_recorded, struct err **err);

/*
 * At the start of a daemon: puts running rows back whose worker is dead, or which never had one.
 * Rows whose worker still lives (same pid and start time) stay, and are in *ret.
 */
MUST_CHECK int store_queue_recover(struct store *store, int64_t now, struct arena *arena,
	struct queue_rows *ret_alive, struct err **err);

MUST_CHECK int store_queue_get(struct store *store, int64_t id, struct arena *arena,
	struct queue_row **ret, struct err **err); /* *ret NULL if it is gone */
/* All rows, oldest first. */
MUST_CHECK int store_queue_list(
	struct store *store, struct arena *arena, struct queue_rows *ret, struct err **err);
struct queue_counts {
	int64_t queued, running, dead;
};
MUST_CHECK int store_queue_counts(struct store *store, struct queue_counts *ret, struct err **err);
/* When the next request that nobody works on is due; 0: none. May lie in the past. */
MUST_CHECK int store_queue_next_at(struct store *store, int64_t *ret_at, struct err **err);

/* Is a daemon serving the repository with this state folder? */
MUST_CHECK int queue_has_daemon(const char *state_dir, bool *ret, struct err **err);
/* Tells it that there is something new in the queue. Harmless without one. */
MUST_CHECK int queue_wake(const char *state_dir, struct err **err);

#endif
