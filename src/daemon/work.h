/*
 * What a worker does: one piece of work for one served repository, in a process of its own, started
 * by the daemon as `trueup internal-worker`. Its standard input is the server's configuration as
 * the daemon has it in force.
 *
 * Signals: SIGUSR1 the request is outdated: stop planning, put it back. SIGTERM park: stop
 * planning, let an apply come to its end, put the request back; a second one ends the process at
 * once, an apply goes on without it and is taken over by the next piece of work.
 */
#ifndef TRUEUP_DAEMON_WORK_H
#define TRUEUP_DAEMON_WORK_H

#include "base/macros.h"

#include <stdint.h>

struct err;

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

/* Exit codes of a worker; all but a crash mean that it recorded the end of its claim. */
enum work_exit {
	WORK_DONE = 0,
	WORK_FAILED = 1, /* recorded: it is tried again, or given up */
	WORK_PARKED = 75, /* recorded: put back */
	WORK_NOT_MINE = 76, /* the claim was somebody else's */
};

struct work_order {
	const char *repository;
	int64_t id, claim; /* 0: deliver the outbox */
	const char *executable;
};

/* The whole life of a worker. Returns its exit code, or -1 with *err. */
MUST_CHECK int work_main(const struct work_order *order, struct err **err);

#endif
