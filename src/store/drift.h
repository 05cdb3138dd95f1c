/*
 * Drift: what the last look at an object's resources found. One row for each object that was
 * looked at, so that what was found is one fact with a beginning and not a line every hour. An
 * apply of the object removes its row.
 */
#ifndef TRUEUP_STORE_DRIFT_H
#define TRUEUP_STORE_DRIFT_H

#include "store/store.h"

enum drift_state {
	DRIFT_NONE, /* the resources are as they were applied */
	DRIFT_FOUND,
	DRIFT_UNKNOWN, /* the look failed: see summary; what was known before is forgotten */
};

struct drift_row {
	const char *object_key;
	enum drift_state state;
	bool heal; /* DRIFT_FOUND, and the next reconcile is to undo it */
	const char *digest; /* of what was found: the same drift has the same; "" for none */
	const char *summary; /* "2 resources differ", or why the look failed; NULL */
	const char *changes_json; /* as reports show them; NULL */
	int64_t since; /* when this state with this digest was first seen */
	int64_t checked_at;
};

struct drift_rows {
	struct drift_row *items;
	size_t count;
};

const char *drift_state_name(enum drift_state state); /* "none", "drifted", "failed" */

/*
 * Records a look: uses all but since. *ret_changed: state or digest are not what they were, which
 * is when somebody should be told.
 */
MUST_CHECK int store_drift_put(
	struct store *store, const struct drift_row *row, bool *ret_changed, struct err **err);
/* *ret NULL: never looked at since it was applied. */
MUST_CHECK int store_drift_get(struct store *store, const char *key, struct arena *arena,
	struct drift_row **ret, struct err **err);
/* Those that are not DRIFT_NONE, without changes_json, sorted by key. */
MUST_CHECK int store_drift_list(
	struct store *store, struct arena *arena, struct drift_rows *ret, struct err **err);
/* How many of them are DRIFT_FOUND. */
MUST_CHECK int store_drift_found(struct store *store, int64_t *ret, struct err **err);
/* When the last look at anything was; 0: never. */
MUST_CHECK int store_drift_checked_at(struct store *store, int64_t *ret, struct err **err);

#endif
