/* What kinds of work that run the pipeline on the branch have in common. */
#ifndef TRUEUP_DAEMON_WORK_RUN_H
#define TRUEUP_DAEMON_WORK_RUN_H

#include "daemon/work_internal.h"
#include "reconcile/run.h"

/* How long a worker waits for the repository's lock; after that its request is tried again. */
enum { WORK_LOCK_WAIT_MS = 60 * 1000 };
/* Exit codes of runs that work heeds. */
enum { WORK_RUN_FAILED = 1, WORK_RUN_INVALID = 3 };

/*
 * Opens the repository for whoever asked, under its lock, which says what for. The
 * session is the caller's to release, also after a failure.
 */
MUST_CHECK int work_open(struct work *w, const char *what, struct session *ret, struct err **err);
/* Nobody is asked, what happens is logged, and the worker's signals stop plans. Borrows w. */
struct run_options work_run_options(struct work *w, const char *command, enum run_stop stop);

#endif
