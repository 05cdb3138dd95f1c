/*
 * Runs of runbooks: every attempt, also those that were refused or did not validate. Like an
 * operation, a run is recorded as intended before its script starts, and its end once: of two
 * processes that find an orphan exactly one records how it ended. Whether its entry is in the
 * runbook's file is a state of its own, so that writing it can wait and be tried again.
 *
 * Nothing here is a secret: values of variables come as one digest, output is masked before.
 */
#ifndef TRUEUP_STORE_RUNS_H
#define TRUEUP_STORE_RUNS_H

#include "base/ulid.h"
#include "store/store.h"

enum run_state {
	RUN_INTENDED, /* recorded; no process yet */
	RUN_RUNNING,
	RUN_DONE, /* exit code 0; for a validation: nothing is wrong */
	RUN_FAILED, /* another exit code, or it could not be started */
	RUN_INVALID, /* the runbook, its variables or its inputs are wrong: not started */
	RUN_REFUSED, /* claims, a gate or a rejection: not started */
	RUN_TIMED_OUT,
	RUN_KILLED, /* by a signal that was not ours */
	RUN_CANCELLED, /* somebody stopped it */
	RUN_LOST, /* its process is gone and nobody saw how it ended */
};

enum run_mode { RUN_MODE_RUN, RUN_MODE_CHECK, RUN_MODE_VALIDATE };

enum run_cause {
	RUN_BY_HAND,
	RUN_BY_SPEC, /* a Run that is new or changed */
	RUN_BY_SCHEDULE,
	RUN_AGAIN, /* `trueup run rerun` */
	RUN_BY_SCRIPT, /* of the parent */
};

/* Where the entry in the runbook's file stands. */
enum run_history {
	RUN_HISTORY_OFF, /* none is to be written */
	RUN_HISTORY_LATER, /* once the run has ended */
	RUN_HISTORY_DUE,
	RUN_HISTORY_WRITTEN, /* history_commit has it */
	RUN_HISTORY_DEAD, /* given up: see history_reason */
};

struct run_row {
	const char *id; /* ULID */
	const char *runbook; /* "PatchPrep" */
	const char *path; /* of its file, from the spec root */
	enum run_mode mode;
	enum run_cause cause;
	const char *object_key; /* "run/patch-2026-11"; NULL: no Run wanted it */
	const char *parent_id; /* the run whose script called this one; NULL */
	int64_t attempt; /* from 1: retries of the same intention */
	const char *target; /* "local" */
	const char *actor;
	const char *role; /* in which the claims were met; NULL */
	const char *commit_id; /* NULL for files as they lie on disk */
	const char *content_digest; /* of the file up to `# History` */
	const char *env_names_json; /* ["HOST","TOKEN"] */
	const char *env_digest; /* over names and values */
	enum run_state state;
	int64_t intended_at, started_at, ended_at; /* 0: not yet */
	int64_t exit_code; /* -1: unknown or ended by a signal */
	int64_t signal; /* 0: none */
	const char *isolation; /* the level reached; NULL: not started */
	int64_t pid; /* 0: none */
	uint64_t pid_start; /* process_start_time(pid) */
	const char *dir; /* of the job, relative to the state folder; NULL */
	const char *error; /* masked; NULL */
	enum run_history history;
	const char *history_commit, *history_reason; /* NULL */
};

const char *run_state_name(enum run_state state); /* "timed-out" */
const char *run_mode_name(enum run_mode mode);
const char *run_cause_name(enum run_cause cause);
const char *run_history_name(enum run_history history);
bool run_is_open(const struct run_row *run);

enum {
	RUN_OUTPUT_PART_MAX = 1024 * 1024,
	RUN_OUTPUTS_KEPT = 1000, /* of the newest runs of each runbook */
};

/* What of a stream is kept. The whole of it if total is the sum of both lengths. */
struct run_output {
	const void *head, *tail;
	size_t head_len, tail_len; /* at most RUN_OUTPUT_PART_MAX each */
	int64_t total; /* bytes that were printed */
};

/*
 * Records the intention: uses all that is known before a start, from id to env_digest, and
 * intended_at, dir and history (OFF or LATER). ERR_INTERNAL unless the state is RUN_INTENDED.
 */
MUST_CHECK int store_run_intend(struct store *store, const struct run_row *row, struct err **err);
/*
 * Records a run that never starts (INVALID, REFUSED, a validation that is DONE, ...) at once:
 * uses what intend and finish use.
 */
MUST_CHECK int store_run_record(struct store *store, const struct run_row *row, struct err **err);
/* The process runs: uses id, started_at, pid, pid_start, isolation. ERR_CONFLICT unless intended.
 */
MUST_CHECK int store_run_started(struct store *store, const struct run_row *row, struct err **err);
/*
 * Records the end: uses id, state, ended_at, exit_code, signal, error, isolation (NULL keeps what
 * was recorded at the start). out and err_stream may be NULL. An entry that was for later is due
 * from then on. Of runs of the runbook that are older than the newest RUN_OUTPUTS_KEPT the output
 * is forgotten; its size stays. *ret_recorded false: somebody else was first, and nothing changed.
 */
MUST_CHECK int store_run_finish(struct store *store, const struct run_row *row,
	const struct run_output *out, const struct run_output *err_stream, bool *ret_recorded,
	struct err **err);

struct run_rows {
	struct run_row *items;
	size_t count;
};

/* By id or a prefix of at least 8 characters that only one has; *ret NULL if none. */
MUST_CHECK int store_run_get(struct store *store, const char *id, struct arena *arena,
	struct run_row **ret, struct err **err);
/* Intended or running, oldest first. */
MUST_CHECK int store_runs_open(
	struct store *store, struct arena *arena, struct run_rows *ret, struct err **err);

struct run_filter {
	const char *runbook; /* NULL: all, as below */
	const char *object_key;
	const char *actor;
	const char *parent_id;
	const char *state; /* its name */
	const char *before; /* runs older than this id; NULL: from the newest */
	int64_t limit; /* 0: 50 */
};

/* Newest first. */
MUST_CHECK int store_runs(struct store *store, const struct run_filter *filter, struct arena *arena,
	struct run_rows *ret, struct err **err);

/* "stdout" or "stderr" of a run, in the arena; zeros if nothing was kept. */
MUST_CHECK int store_run_output(struct store *store, const char *run_id, const char *name,
	struct arena *arena, struct run_output *ret, struct err **err);

/* Entries that are to be written, oldest first, so that a file gets them in order. */
MUST_CHECK int store_runs_history_due(
	struct store *store, struct arena *arena, struct run_rows *ret, struct err **err);
/* WRITTEN with commit, DEAD or still DUE with reason. ERR_NOT_FOUND: no such run is due. */
MUST_CHECK int store_run_history_set(struct store *store, const char *run_id,
	enum run_history history, const char *commit, const char *reason, struct err **err);

/* When something is due next. */
struct schedule_row {
	const char *key; /* "run/patch-2026-11" */
	/* What next_at was computed from (expression and zone): when it differs, compute again. */
	const char *definition;
	int64_t next_at; /* 0: never again */
	int64_t last_at; /* the due time that was taken last; 0: none */
	const char *last_run_id; /* NULL */
	int64_t updated_at;
};

struct schedule_rows {
	struct schedule_row *items;
	size_t count;
};

/* Makes or replaces it: uses key, definition, next_at, updated_at; last_* stay. */
MUST_CHECK int store_schedule_put(
	struct store *store, const struct schedule_row *row, struct err **err);
/* *ret NULL if there is none. */
MUST_CHECK int store_schedule_get(struct store *store, const char *key, struct arena *arena,
	struct schedule_row **ret, struct err **err);
MUST_CHECK int store_schedule_remove(struct store *store, const char *key, struct err **err);
/* Those with next_at <= now (now 0: all), soonest first. */
MUST_CHECK int store_schedules_due(struct store *store, int64_t now, struct arena *arena,
	struct schedule_rows *ret, struct err **err);
/*
 * Takes a due time: row as it was read, with the new next_at, last_run_id and updated_at.
 * *ret_taken false: another process took it, or it was changed; nothing is to be run. Call it in
 * the transaction that records the intention to run, so that a due time is run once.
 */
MUST_CHECK int store_schedule_take(struct store *store, const struct schedule_row *row,
	int64_t due_at, bool *ret_taken, struct err **err);

#endif
