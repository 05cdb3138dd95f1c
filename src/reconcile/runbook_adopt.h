/*
 * Runs that an earlier process left: one whose script goes on (it was configured to finish) is
 * followed to its end, one that ended meanwhile is recorded as it ended, one that never started or
 * was lost is recorded as that. A run whose process is alive is left to it.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_ADOPT_H
#define TRUEUP_RECONCILE_RUNBOOK_ADOPT_H

#include "reconcile/runbook_run.h"

/* STATE/runs/ID/front: held by the process that will record the end. */
#define RUNBOOK_FRONT "front"

struct runbook_adoption {
	bool wait; /* for scripts that go on; false: leave those alone */
	runbook_listener *listener; /* may be NULL */
	void *data;
	const volatile sig_atomic_t *interrupts;
};

/* *ret_count (may be NULL): how many ends were recorded. */
MUST_CHECK int runbook_adopt(struct session *session, const struct runbook_adoption *how,
	size_t *ret_count, struct err **err);

#endif
