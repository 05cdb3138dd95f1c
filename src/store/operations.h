/*
 * Operations: every effect, recorded as intended before it starts and as ended after. What a
 * killed process left open is found by store_operations_open() and adopted by the next one, by
 * pid and start time. Also their logs, and what an apply left behind: resources and outputs.
 */
#ifndef TRUEUP_STORE_OPERATIONS_H
#define TRUEUP_STORE_OPERATIONS_H

#include "base/ulid.h"
#include "store/store.h"

enum operation_state {
	OPERATION_INTENDED, /* recorded; no process yet */
	OPERATION_RUNNING,
	OPERATION_DONE,
	OPERATION_FAILED,
	OPERATION_INTERRUPTED, /* ended by a signal or a deadline */
	OPERATION_LOST, /* its process is gone and nobody saw how it ended */
};

struct operation_row {
	const char *id; /* ULID */
	const char *object_key;
	const char *kind; /* "plan", "apply", "destroy", ... */
	const char *plan_id; /* NULL */
	const char *actor;
	const char *commit_id; /* NULL for a plain folder */
	enum operation_state state;
	int64_t intended_at, started_at, ended_at; /* 0: not yet */
	int64_t exit_code; /* -1: unknown or ended by a signal */
	int64_t pid; /* 0: none */
	uint64_t pid_start; /* process_start_time(pid) */
	const char *dir; /* of the job, relative to the state folder; NULL */
	const char *error; /* masked; NULL */
	const char *result_json; /* what it did: counts; NULL */
};

const char *operation_state_name(enum operation_state state);
/* Has it not ended yet, as far as the store knows? */
bool operation_is_open(const struct operation_row *op);

/* Records the intention. Uses id, object_key, kind, plan_id, actor, commit_id, intended_at, dir. */
MUST_CHECK int store_operation_intend(
	struct store *store, const struct operation_row *row, struct err **err);
/* The process runs. ERR_CONFLICT unless the operation was intended. */
MUST_CHECK int store_operation_started(struct store *store, const char *id, int64_t pid,
	uint64_t pid_start, int64_t now, struct err **err);
/*
 * Records the end: uses state (one of the last four), ended_at, exit_code, error, result_json.
 * *ret_recorded is false when somebody else recorded it before: then nothing changed, and the
 * caller must not record what follows from it either. Call it inside the transaction that
 * records the rest.
 */
MUST_CHECK int store_operation_finish(
	struct store *store, const struct operation_row *row, bool *ret_recorded, struct err **err);

struct operation_rows {
	struct operation_row *items;
	size_t count;
};

/* By id or a prefix of at least 8 characters that only one has; *ret NULL if none. */
MUST_CHECK int store_operation_get(struct store *store, const char *id, struct arena *arena,
	struct operation_row **ret, struct err **err);
/* Intended or running, oldest first. */
MUST_CHECK int store_operations_open(
	struct store *store, struct arena *arena, struct operation_rows *ret, struct err **err);
/* The newest operation of an object, of a kind (NULL: any); *ret NULL if none. */
MUST_CHECK int store_operation_last(struct store *store, const char *object_key, const char *kind,
	struct arena *arena, struct operation_row **ret, struct err **err);

/* Appends masked text to the log. */
MUST_CHECK int store_log_add(struct store *store, const char *operation_id, const char *text,
	size_t len, int64_t now, struct err **err);
struct str;
/* Appends the log from chunk *seq on to out and moves *seq behind it (0: from the start). */
MUST_CHECK int store_log_read(struct store *store, const char *operation_id, int64_t *seq,
	struct str *out, struct err **err);

/* Who, what, when, from which commit, approved by whom, with what result. */
struct history_row {
	struct operation_row operation;
	const char *approved_by; /* "os:alice, os:bob"; NULL: nobody */
	const char *plan_summary_json; /* NULL */
};

struct history_filter {
	const char *object_key; /* NULL: all */
	const char *actor; /* NULL: all */
	const char *kind; /* NULL: all */
	const char *before; /* operations older than this id; NULL: from the newest */
	int64_t limit; /* 0: 50 */
};

struct history_rows {
	struct history_row *items;
	size_t count;
};

/* Newest first. */
MUST_CHECK int store_history(struct store *store, const struct history_filter *filter,
	struct arena *arena, struct history_rows *ret, struct err **err);

/* What exists after an apply. */
struct resource_row {
	const char *address; /* "aws_instance.web" */
	const char *type; /* "aws_instance" */
	const char *provider_id; /* "i-0123"; NULL: none */
	const char *attributes_digest; /* NULL */
};

struct resource_rows {
	struct resource_row *items;
	size_t count;
};

MUST_CHECK int store_resources_put(struct store *store, const char *object_key,
	const struct resource_row *rows, size_t count, struct err **err);
MUST_CHECK int store_resources(struct store *store, const char *object_key, struct arena *arena,
	struct resource_rows *ret, struct err **err);

struct output_row {
	const char *name;
	const char *value_json; /* NULL if sensitive: such values are not kept */
	bool sensitive;
};

struct output_rows {
	struct output_row *items;
	size_t count;
};

/* A sensitive row's value is not stored, whatever the caller hands in. */
MUST_CHECK int store_outputs_put(struct store *store, const char *object_key,
	const struct output_row *rows, size_t count, struct err **err);
MUST_CHECK int store_outputs(struct store *store, const char *object_key, struct arena *arena,
	struct output_rows *ret, struct err **err);

#endif
