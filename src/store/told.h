/*
 * What is told at a forge of the commit that the branch is at: which commit that is, how far its
 * statuses are, and which objects it touches. What a reconcile did before it died, or an earlier
 * one before an approval came, is so still part of what the commit is said to have done.
 *
 * There is one such commit. Older ones are told once that a newer one is worked on.
 */
#ifndef TRUEUP_STORE_TOLD_H
#define TRUEUP_STORE_TOLD_H

#include "store/store.h"

enum told_progress {
	TOLD_WORKING, /* pending: begun, and its end was not told yet */
	TOLD_WAITING, /* pending: for an approval, another object, ... */
	TOLD_FAILED,
	TOLD_DONE,
};

struct told {
	const char *target; /* the connection, as the outbox knows it; NULL: there is no forge */
	const char *commit_id; /* NULL: nothing was told yet */
	enum told_progress progress;
};

MUST_CHECK int store_told(
	struct store *store, struct arena *arena, struct told *ret, struct err **err);
/* Where statuses go from now on; NULL: nowhere. Another one begins with nothing told. */
MUST_CHECK int store_told_target(struct store *store, const char *target, struct err **err);
/* There has to be a target. Objects of the commit before are forgotten; TOLD_WORKING. */
MUST_CHECK int store_told_begin(struct store *store, const char *commit_id, struct err **err);
MUST_CHECK int store_told_progress(
	struct store *store, enum told_progress progress, struct err **err);

struct told_object {
	const char *key; /* "canvas/shop" */
	const char *action; /* "update" */
	const char *plan_id; /* the plan that it is applied with; NULL: none yet */
};
struct told_objects {
	struct told_object *items;
	size_t count;
};

/* The commit touches it. One that is there keeps its place, and its plan if the new one is NULL. */
MUST_CHECK int store_told_touch(
	struct store *store, const struct told_object *object, struct err **err);
/* In the order in which they came. */
MUST_CHECK int store_told_objects(
	struct store *store, struct arena *arena, struct told_objects *ret, struct err **err);

#endif
