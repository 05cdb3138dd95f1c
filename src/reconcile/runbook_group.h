/*
 * Concurrency groups: how many runs of those that name a group go on at once. A place is a kernel
 * lock on a file below STATE/groups, so a dead process cannot keep one; a place whose process is
 * gone while its script goes on (it may be configured to finish) stays taken until that has ended.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_GROUP_H
#define TRUEUP_RECONCILE_RUNBOOK_GROUP_H

#include "base/lock.h"
#include "spec/execution.h"

#include <signal.h>

struct err;

struct group_wish {
	const char *state_dir;
	const char *group;
	int64_t limit;
	enum exec_policy policy;
	const char *run_id;
	const volatile sig_atomic_t *interrupts; /* NULL: never */
	void (*on_wait)(void *data); /* called once, before it waits; may be NULL */
	void *data;
};

enum group_answer {
	GROUP_ENTERED, /* *ret_place is held: release it when the run has ended */
	GROUP_FULL, /* and the policy is to be refused then */
	GROUP_REPLACED, /* a newer run took its place in the queue */
	GROUP_INTERRUPTED,
};

/* Waits as long as the policy says. */
MUST_CHECK int group_enter(const struct group_wish *wish, enum group_answer *ret,
	struct lock *ret_place, struct err **err);

#endif
