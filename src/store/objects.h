/*
 * Objects: one row for each Role, Canvas, ... that was ever seen and is not forgotten. A row has
 * two sides: what was last seen in the specs, and what was last applied (kept whole, so that it
 * can be destroyed after its file and its role left the repository).
 */
#ifndef TRUEUP_STORE_OBJECTS_H
#define TRUEUP_STORE_OBJECTS_H

#include "store/store.h"

enum object_phase {
	PHASE_NEW, /* seen, nothing done yet */
	PHASE_PLANNED, /* a plan exists; nothing keeps it from being applied */
	PHASE_WAITING, /* for an approval, a dependency, an engine: see reason */
	PHASE_APPLYING,
	PHASE_APPLIED,
	PHASE_FAILED,
	PHASE_DESTROYING,
	PHASE_DESTROYED,
	PHASE_ORPHANED, /* its spec is gone and what was applied is kept (retain) */
	PHASE_REFUSED, /* a gate said no: see reason */
};

struct object_row {
	const char *key; /* "canvas/shop" */
	const char *kind, *name;
	const char *path; /* where it was last seen */
	const char *blob_id;
	bool present; /* is it in the last recorded revision? */
	const char *seen_digest, *seen_revision; /* object digest; commit or manifest digest */
	const char *spec_json; /* canonical, as last seen */
	/* NULL until applied, and again once destroyed. */
	const char *applied_digest, *applied_revision;
	const char *applied_spec_json, *applied_role_json, *applied_renderer;
	int64_t applied_at;
	enum object_phase phase;
	const char *outcome; /* of the last operation: "ok", "failed", ...; NULL: none yet */
	const char *reason; /* in words, why it is in this phase; NULL */
	const char *plan_id; /* the plan it waits with or is applying; NULL */
	bool suspended;
	const char *suspended_by, *suspended_reason; /* NULL unless suspended */
	int64_t phase_since, updated_at;
};

const char *object_phase_name(enum object_phase phase); /* "waiting" */

/* What of a row is read: the JSON texts are the bulk of it. */
enum object_parts { OBJECT_BRIEF, OBJECT_FULL };

/* *ret NULL if there is none. Brief rows have NULL in spec_json and applied_*_json. */
MUST_CHECK int store_object_get(struct store *store, const char *key, enum object_parts parts,
	struct arena *arena, struct object_row **ret, struct err **err);

/* The present object that was last seen at path, brief; *ret NULL if none. */
MUST_CHECK int store_object_at_path(struct store *store, const char *path, struct arena *arena,
	struct object_row **ret, struct err **err);

struct object_filter {
	const char *kind; /* NULL: all */
	bool unsettled; /* only those that are not settled (see store_pending) */
	bool all; /* also destroyed ones whose spec is gone */
};

struct object_rows {
	struct object_row *items;
	size_t count;
};

/* Sorted by kind and name. This one statement is the status overview. */
MUST_CHECK int store_objects(struct store *store, const struct object_filter *filter,
	enum object_parts parts, struct arena *arena, struct object_rows *ret, struct err **err);

/*
 * Records what the specs say now. A new key starts in PHASE_NEW; a destroyed or orphaned one
 * starts again; otherwise the phase stays. Uses key, kind, name, path, blob_id, seen_digest,
 * seen_revision, spec_json of row.
 */
MUST_CHECK int store_object_seen(
	struct store *store, const struct object_row *row, int64_t now, struct err **err);
/* It is not in the branch: what a pull request makes before its merge. */
MUST_CHECK int store_object_absent(struct store *store, const char *key, struct err **err);
/*
 * The object's spec left the repository. A row is forgotten when nothing was ever applied or tried.
 */
MUST_CHECK int store_object_gone(
	struct store *store, const char *key, const char *revision, int64_t now, struct err **err);

/*
 * Moves it to a phase. outcome NULL: stays as it is; reason and plan_id are set as given (NULL
 * clears). ERR_NOT_FOUND if there is no such object (also below).
 */
struct object_step {
	enum object_phase phase;
	const char *outcome, *reason, *plan_id;
};
MUST_CHECK int store_object_step(struct store *store, const char *key,
	const struct object_step *step, int64_t now, struct err **err);
/*
 * Was applied: PHASE_APPLIED, outcome "ok", no reason, no plan. Uses the applied_* texts of row
 * and its key.
 */
MUST_CHECK int store_object_applied(
	struct store *store, const struct object_row *row, int64_t now, struct err **err);
/* Was destroyed: PHASE_DESTROYED; the applied side, resources and outputs are emptied. */
MUST_CHECK int store_object_destroyed(
	struct store *store, const char *key, int64_t now, struct err **err);
/* by NULL resumes it. */
MUST_CHECK int store_object_suspend(struct store *store, const char *key, const char *by,
	const char *reason, int64_t now, struct err **err);
/*
 * Gives an object and all that hangs on it, its plans and operations included, a new name
 * (metadata.renamedFrom). Plans of it that are still open become void.
 */
MUST_CHECK int store_object_rename(struct store *store, const char *old_key, const char *new_key,
	int64_t now, struct err **err);
/* Removes the row and all that hangs on it, except plans, operations and audit. */
MUST_CHECK int store_object_forget(struct store *store, const char *key, struct err **err);

/* How many present objects of a kind there are that were not destroyed. From an index alone. */
MUST_CHECK int store_object_count(
	struct store *store, const char *kind, int64_t *ret, struct err **err);

struct store_keys {
	const char **items;
	size_t count;
};
/* The keys of those objects, sorted; from an index alone too. */
MUST_CHECK int store_object_keys(struct store *store, const char *kind, struct arena *arena,
	struct store_keys *ret, struct err **err);

/* Anything to do without a new commit? Answered from indexes alone. */
struct store_pending {
	/* Objects not applied, destroyed or orphaned, applied differs from seen, drift to heal. */
	int64_t unsettled;
	int64_t operations; /* intended or running: to be adopted */
	bool revision; /* the last revision is not REVISION_DONE */
};
MUST_CHECK int store_pending(struct store *store, struct store_pending *ret, struct err **err);

/*
 * Canvases with a lifetime (`ttl`) that exist and are not suspended, but for the end of that life:
 * destroying begins with this reason to be suspended, and may have to be tried again.
 */
#define OBJECT_LIFE_OVER "its ttl is over; `trueup resume` brings it back"
struct object_life {
	const char *key;
	const char *ttl; /* as written: "14d" */
	int64_t applied_at; /* when it was first applied since it was last destroyed; 0: unknown */
};
struct object_lives {
	struct object_life *items;
	size_t count;
};
MUST_CHECK int store_object_lives(
	struct store *store, struct arena *arena, struct object_lives *ret, struct err **err);

/* keys[count]: what object key refers to (roles, canvases); replaces what was recorded. */
MUST_CHECK int store_needs_put(struct store *store, const char *key, const char *const *keys,
	size_t count, struct err **err);

/* What key refers to, and which objects refer to key, even if key itself is not there. */
MUST_CHECK int store_needs(struct store *store, const char *key, struct arena *arena,
	struct store_keys *ret, struct err **err);
MUST_CHECK int store_dependants(struct store *store, const char *key, struct arena *arena,
	struct store_keys *ret, struct err **err);

#endif
