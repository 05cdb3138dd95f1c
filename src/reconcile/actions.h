/*
 * What people decide about objects outside of a run: approve or reject a plan, suspend, resume,
 * discard a plan. Each is one transaction with its line in the audit log.
 */
#ifndef TRUEUP_RECONCILE_ACTIONS_H
#define TRUEUP_RECONCILE_ACTIONS_H

#include "reconcile/session.h"
#include "store/plans.h"

struct err;

/* What a decision did. Texts are in the arena that was handed in. */
struct decided {
	const struct plan_row *plan;
	int64_t approvals; /* of distinct actors, with this one */
	int64_t needed; /* 0: one yes is enough */
};

/*
 * Approves or rejects an open plan. what is KIND/NAME or the plan's id (or a prefix of it).
 * ERR_NOT_FOUND: no plan waits there; ERR_DENIED: this actor may not decide.
 */
MUST_CHECK int action_decide(struct session *session, const char *what, bool approve,
	const char *comment, struct arena *arena, struct decided *ret, struct err **err);

/* Suspends an object (reason may be NULL) or resumes it. */
MUST_CHECK int action_suspend(struct session *session, const char *key, bool suspend,
	const char *reason, struct err **err);

/*
 * Discards the plan that an object waits with, also a rejected one: the next reconcile makes a new
 * one. *ret_plan is its id (in arena), NULL if there was none.
 */
MUST_CHECK int action_unlock(struct session *session, const char *key, struct arena *arena,
	const char **ret_plan, struct err **err);

/*
 * Records the open operation of an object as lost: for one that no run can take over. The next
 * reconcile plans from what is true. *ret_operation is its id (in arena). ERR_NOT_FOUND: none is
 * open; ERR_CONFLICT: it is still running.
 */
MUST_CHECK int action_unlock_lost(struct session *session, const char *key, struct arena *arena,
	const char **ret_operation, struct err **err);

#endif
