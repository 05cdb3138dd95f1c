/*
 * Pull requests: what is known of each, what was shown of it, and which objects it holds.
 *
 * A pull request is a number at a forge (or at a terminal). What is recorded of it is what a forge
 * said last, and what trueup did about it. What people were shown is kept object by object with the
 * plan's id, SHA-256 and identity, so that exactly that is applied or nothing.
 *
 * Object locks keep two pull requests from planning the same object. A pull request asks for all
 * its objects at once; of those that ask for an object, the one that asked first holds it. One that
 * has to wait for any of its objects asks for all of them anew when it needs another one, so that
 * two never wait for each other; only what it applied already it cannot give up (see
 * docs/pull-requests.md).
 */
#ifndef TRUEUP_STORE_PULLS_H
#define TRUEUP_STORE_PULLS_H

#include "base/digest.h"
#include "store/store.h"

enum pull_state { PULL_OPEN, PULL_MERGED, PULL_CLOSED };
const char *pull_state_name(enum pull_state state); /* "open" */

/* How far trueup is with the head of an open one. */
enum pull_progress {
	PULL_IS_NEW, /* nothing was said about this head yet */
	PULL_IS_BLOCKED, /* from a fork, and no member has allowed it */
	PULL_IS_INVALID, /* its specs are wrong, or it conflicts with the base branch */
	PULL_IS_PREVIEWED, /* the preview was shown; the engines' plans are not there yet */
	PULL_IS_PLANNED, /* the engines' plans were shown */
	PULL_IS_APPLIED, /* everything of it was applied before the merge */
	PULL_IS_FAILED, /* trueup could not do its part: see reason */
};
const char *pull_progress_name(enum pull_progress progress); /* "planned" */

struct pull_row {
	int64_t number;
	const char *url, *title; /* NULL: unknown */
	const char *author; /* "github:alice" */
	const char *head_sha; /* the commit that is looked at */
	const char *head_repository; /* "alice/infra"; NULL: the repository itself */
	bool fork;
	const char *base_branch;
	const char *base_sha; /* tip of the base branch when it was last looked at; NULL: never */
	const char *merge_sha; /* the commit that it became; NULL: not merged, or unknown */
	enum pull_state state;
	const char *allowed_by; /* the member who let a fork's be planned; NULL: nobody */
	enum pull_progress progress;
	const char *reason; /* in words; NULL */
	bool settled; /* merged, and what became of its plans was told */
	int64_t opened_at, updated_at;
};

struct pull_rows {
	struct pull_row *items;
	size_t count;
};

/*
 * Notes what a forge says: number to base_branch, merge_sha, state. A new head begins with
 * PULL_IS_NEW; a state never goes back from merged. *ret_changed (may be NULL): head, base branch
 * or state are not what they were, or it is new.
 */
MUST_CHECK int store_pull_note(struct store *store, const struct pull_row *row, int64_t now,
	bool *ret_changed, struct err **err);
/* *ret NULL: not known. */
MUST_CHECK int store_pull_get(struct store *store, int64_t number, struct arena *arena,
	struct pull_row **ret, struct err **err);
/* In order of number. */
struct pull_filter {
	bool open; /* only those */
	bool unsettled; /* only merged ones whose plans' fate was not told yet */
};
MUST_CHECK int store_pulls(struct store *store, const struct pull_filter *filter,
	struct arena *arena, struct pull_rows *ret, struct err **err);
/*
 * Moves an open one on, if its head is still head_sha: *ret_moved false when a newer head is there
 * or it was closed (may be NULL). base_sha NULL stays as it is;
 * "" is no commit: the branch, wherever it is, was not waited for.
 */
struct pull_step {
	const char *head_sha, *base_sha;
	enum pull_progress progress;
	const char *reason;
};
MUST_CHECK int store_pull_step(struct store *store, int64_t number, const struct pull_step *step,
	int64_t now, bool *ret_moved, struct err **err);
/* A member lets one of a fork be planned. */
MUST_CHECK int store_pull_allow(
	struct store *store, int64_t number, const char *by, int64_t now, struct err **err);
MUST_CHECK int store_pull_settled(
	struct store *store, int64_t number, int64_t now, struct err **err);

/* --- what was shown of each object ----------------------------------------------------------- */

struct pull_object {
	int64_t pull;
	const char *key; /* "canvas/shop" */
	const char *head_sha; /* of which head */
	const char *action; /* "update" */
	const char *status; /* "planned", "waiting", ... as object_status_name() */
	const char *plan_id, *sha256, *identity; /* NULL: no plan was shown */
	int64_t shown_at;
};

struct pull_objects {
	struct pull_object *items;
	size_t count;
};

/* Replaces all that was shown of this pull request. */
MUST_CHECK int store_pull_show(struct store *store, int64_t number, const struct pull_object *rows,
	size_t count, struct err **err);
/* Sorted by key. */
MUST_CHECK int store_pull_shown_objects(struct store *store, int64_t number, struct arena *arena,
	struct pull_objects *ret, struct err **err);
/* The open pull request that shows this plan; *ret 0: it belongs to none. */
MUST_CHECK int store_pull_of_plan(
	struct store *store, const char *plan_id, int64_t *ret, struct err **err);
/* Open ones with a shown plan that is void by now: to be planned again. Sorted. */
struct pull_numbers {
	int64_t *items;
	size_t count;
};
MUST_CHECK int store_pulls_void(
	struct store *store, struct arena *arena, struct pull_numbers *ret, struct err **err);

/* --- object locks ---------------------------------------------------------------------------- */

struct object_lock {
	const char *key;
	int64_t pull;
	int64_t position; /* 0 holds it; 1 is next, ... */
	int64_t holder; /* who holds it */
	int64_t since; /* when it asked */
	bool applied; /* it applied a change of the object, which is not in the base branch yet */
};

struct object_locks {
	struct object_lock *items;
	size_t count;
};

/*
 * Asks for exactly these objects: what it asked for before and does not need any more is let go,
 * unless it was applied. In a transaction.
 */
MUST_CHECK int store_locks_ask(struct store *store, int64_t pull, const char *const *keys,
	size_t count, int64_t now, struct err **err);
/* What a pull request (0: everybody) holds or waits for, by object and position. */
MUST_CHECK int store_locks(struct store *store, int64_t pull, struct arena *arena,
	struct object_locks *ret, struct err **err);
/* The first of those that ask for the object; *ret NULL: nobody does. */
MUST_CHECK int store_lock_holder(struct store *store, const char *key, struct arena *arena,
	struct object_lock **ret, struct err **err);
/* The pull request, which holds the lock, is about to apply a change of the object. */
MUST_CHECK int store_lock_applied(
	struct store *store, int64_t pull, const char *key, struct err **err);
/* The one that applied a change of the object; *ret 0: nobody did. */
MUST_CHECK int store_lock_applied_by(
	struct store *store, const char *key, int64_t *ret, struct err **err);
/*
 * Lets go. With keep_applied what was applied stays: it is let go when the base branch has it.
 */
MUST_CHECK int store_locks_release(
	struct store *store, int64_t pull, bool keep_applied, struct err **err);
MUST_CHECK int store_lock_release(
	struct store *store, int64_t pull, const char *key, struct err **err);

/*
 * Open pull requests that wait for engines' plans and hold all that they need: to be planned now.
 * Sorted.
 */
MUST_CHECK int store_pulls_ready(
	struct store *store, struct arena *arena, struct pull_numbers *ret, struct err **err);

#endif
