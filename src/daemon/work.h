/*
 * What a worker does: one piece of work for one served repository, in a process of its own, started
 * by the daemon as `trueup internal-worker`. Its standard input is the server's configuration as
 * the daemon has it in force, and descriptor 3 a pipe with its order. It may be started before
 * there is one: then it has loaded by the time it is needed what takes longest (libgit2 and libcurl
 * with what they need). A pipe that ends without an order ends the worker.
 *
 * Signals: SIGUSR1 the request is outdated: stop planning, put it back. SIGTERM park: stop
 * planning, let an apply come to its end, put the request back; a second one ends the process at
 * once, an apply goes on without it and is taken over by the next piece of work.
 */
#ifndef TRUEUP_DAEMON_WORK_H
#define TRUEUP_DAEMON_WORK_H

#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct str;

/* The hidden command. */
#define WORK_COMMAND "internal-worker"

enum work_kind {
	WORK_FETCH,
	WORK_PULL,
	WORK_COMMENT,
	WORK_RECONCILE,
	WORK_DRIFT,
	WORK_DELIVER,
};

const char *work_kind_name(enum work_kind kind); /* "fetch" */

/* Exit codes of a worker. */
enum work_exit {
	WORK_DONE = 0, /* recorded, as with the next two */
	WORK_FAILED = 1, /* recorded: it is tried again, or given up */
	WORK_PARKED = 75, /* put back; after a second SIGTERM the daemon has to do that */
	WORK_NOT_MINE = 76, /* the claim was somebody else's */
	WORK_BROKEN = 77, /* nothing was recorded: the daemon does it */
};

struct work_order {
	const char *repository;
	int64_t id, claim; /* 0: deliver the outbox */
	const char *const *environ; /* added to its environment; ends with NULL */
};

/* An order as bytes, and back; what is read lives in arena. Returns -1 with *err for nonsense. */
void work_order_write(const struct work_order *order, struct str *out);
MUST_CHECK int work_order_read(const char *bytes, size_t len, struct arena *arena,
	struct work_order *ret, struct err **err);

/* The whole life of a worker. Returns its exit code; what could not be done is logged. */
int work_main(void);

#endif
