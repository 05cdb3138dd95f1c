/*
 * Plans, and the approvals that bind to them. A plan's bytes lie in a file beside the database;
 * the row holds its SHA-256, so that exactly what was reviewed is applied or nothing.
 */
#ifndef TRUEUP_STORE_PLANS_H
#define TRUEUP_STORE_PLANS_H

#include "base/digest.h"
#include "store/store.h"

enum plan_status {
	PLAN_WAITING, /* made; not approved yet, or needs no approval and was not applied yet */
	PLAN_APPROVED, /* has all the approvals that it needs */
	PLAN_APPLIED,
	PLAN_VOID, /* something it was made from changed */
	PLAN_REJECTED,
	PLAN_EXPIRED,
};

struct plan_row {
	const char *id; /* ULID */
	const char *object_key;
	const char *object_digest;
	const char *action; /* "create", "update", "replace", "destroy" */
	const char *engine;
	const char *state_lineage; /* of the engine's state when planned; NULL: none */
	int64_t state_serial;
	const char *path; /* plan file, relative to the state folder; NULL: removed */
	const char *sha256; /* of the plan file */
	const char *summary_json; /* counts and resources */
	const char *identity; /* plan_identity() */
	const char *renderer; /* version */
	const char *commit_id;
	const char *requester;
	int64_t created_at, expires_at; /* expires_at 0: never */
	enum plan_status status;
	const char *status_reason; /* NULL */
};

const char *plan_status_name(enum plan_status status);

/* SHA-256 over object digest, engine state (lineage, serial) and plan digest. */
void plan_identity(const char *object_digest, const char *state_lineage, int64_t state_serial,
	const char *plan_sha256, char ret[DIGEST_HEX]);

/*
 * Records a plan. Earlier plans of the object that are still waiting or approved become void.
 */
MUST_CHECK int store_plan_add(struct store *store, const struct plan_row *row, struct err **err);
/* By id, or by a prefix of at least 8 characters that only one has; *ret NULL if none. */
MUST_CHECK int store_plan_get(struct store *store, const char *id, struct arena *arena,
	struct plan_row **ret, struct err **err);
/* The object's plan that is waiting or approved; *ret NULL if none. */
MUST_CHECK int store_plan_open(struct store *store, const char *object_key, struct arena *arena,
	struct plan_row **ret, struct err **err);
/*
 * Moves an open plan (waiting, approved) on. *ret_moved false if it is no longer open: somebody
 * else was first. May be NULL.
 */
MUST_CHECK int store_plan_move(struct store *store, const char *id, enum plan_status status,
	const char *reason, bool *ret_moved, struct err **err);
/* Plans of the object that are still open become void; none is fine. */
MUST_CHECK int store_plans_void(
	struct store *store, const char *object_key, const char *reason, struct err **err);
/* Open plans whose time is over become expired; *ret_count how many. */
MUST_CHECK int store_plans_expire(
	struct store *store, int64_t now, int64_t *ret_count, struct err **err);
/* The plan file was removed. */
MUST_CHECK int store_plan_file_gone(struct store *store, const char *id, struct err **err);

struct plan_rows {
	struct plan_row *items;
	size_t count;
};

/* Plans that are not open but still have a file: to be removed. */
MUST_CHECK int store_plans_with_dead_files(
	struct store *store, struct arena *arena, struct plan_rows *ret, struct err **err);
/* All plans that have a file. */
MUST_CHECK int store_plans_with_files(
	struct store *store, struct arena *arena, struct plan_rows *ret, struct err **err);

/* Open plans of objects of one kind ("runbook"), sorted by key. */
MUST_CHECK int store_plans_open_of(struct store *store, const char *kind, struct arena *arena,
	struct plan_rows *ret, struct err **err);

/*
 * Approvals: one mechanism for all kinds. subject is "KIND/NAME", digest what was reviewed
 * (plan identity for Terraform). One decision for each actor, subject and digest: a later one
 * replaces it.
 */
struct approval_row {
	const char *subject, *digest;
	const char *actor; /* "os:alice" */
	const char *role; /* in which role the actor decided; NULL: none */
	bool approve; /* false: rejected */
	const char *comment; /* NULL */
	int64_t at, expires_at; /* expires_at 0: never */
};

struct approval_rows {
	struct approval_row *items;
	size_t count;
};

MUST_CHECK int store_approval_add(
	struct store *store, const struct approval_row *row, struct err **err);
struct approval_query {
	const char *subject, *digest; /* exactly what was reviewed */
	int64_t now; /* expired decisions do not count */
	const char *except; /* count: this actor does not count; NULL: everybody does */
};

/* Oldest first. */
MUST_CHECK int store_approvals(struct store *store, const struct approval_query *query,
	struct arena *arena, struct approval_rows *ret, struct err **err);
/* Distinct actors whose decision is to approve. */
MUST_CHECK int store_approval_count(
	struct store *store, const struct approval_query *query, int64_t *ret, struct err **err);

#endif
