/*
 * Running a script on a target. A run is ordered whole: script, inputs, variables and policy;
 * nothing is looked up later. What executes it is a table of functions, of which the local machine
 * is the first: callers must not assume that a target is local, that its result is there at once,
 * or that the process that started a run is the one that waits for it.
 *
 * On this machine a run is a job (engine/job.h) with a supervisor of its own, `trueup internal-run
 * DIR`, so it is started, followed, adopted and interrupted like any other. Its folder holds beside
 * the job's files
 *
 *	DIR/run.json     what to run and how: no values of variables, those are inherited
 *	DIR/work         the script's folder, removed at the end (elsewhere for root: see execute.c)
 *	DIR/stdout, DIR/stderr, DIR/run-result.json   what came of it, masked
 *
 * DIR/output is live: both streams as they come, masked too, up to a limit.
 */
#ifndef TRUEUP_RUNBOOK_EXECUTE_H
#define TRUEUP_RUNBOOK_EXECUTE_H

#include "base/str.h"
#include "engine/job.h"
#include "runbook/isolate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* A variable of the script's environment. */
struct run_var {
	const char *name;
	const char *value;
	bool secret; /* its value is masked wherever it appears */
};

/* Limits on what a run may do. run_policy_default() fills it. */
struct run_policy {
	enum isolation isolation;
	bool network_none;
	bool allow_bash; /* instead of a missing zsh */
	int64_t timeout_ms; /* wall clock; 0: none */
	int64_t grace_ms; /* between the request to stop and the kill */
	int64_t output_bytes; /* kept of each stream, half head and half tail */
	int64_t disk_bytes; /* of the run's folder; 0: not watched */
	struct isolate_limits limits;
	const char *const *hide; /* folders to hide: state, repository, homes; NULL-terminated */
	unsigned without; /* see isolate.h */
	bool finish; /* goes on when whoever started it dies; false: ends with it */
};

/* How those that answer a script's calls find its secrets in their environment. */
#define RUN_MASK_PREFIX "TRUEUP_MASK_"

struct run_order {
	const char *dir; /* absolute; the run's folder, new or of an ended run */
	const char *id; /* unique on this machine; letters, digits, '-' */
	const char *owner; /* for people: "runbook PatchPrep by os:alice" */
	const char *target; /* NULL: this machine */
	const char *shell; /* "zsh", "bash", "sh"; NULL: zsh */
	const char *script;
	size_t script_len;
	const char *inputs_root; /* absolute folder of the repository; NULL: no inputs */
	const char *inputs_base; /* the runbook's folder in it; "" is the root */
	const char *const *inputs; /* paths relative to the base; NULL-terminated or NULL */
	const struct run_var *vars;
	size_t n_vars;
	/*
	 * Whether the script may call other runbooks (runbook/call.h): the token that it is given,
	 * and the environment of those that answer, "K=V". NULL: it may not.
	 */
	const char *call_token;
	const char *const *call_env;
	const char *const *mask; /* more values to be masked; NULL-terminated or NULL */
	struct run_policy policy;
};

/* A stream as it is kept. */
struct run_stream {
	struct str text; /* masked */
	int64_t bytes; /* what came, before masking */
	bool truncated;
};

struct run_result {
	/* JOB_ENDED; JOB_LOST: its supervisor was killed and the script with it. */
	enum job_phase phase;
	/*
	 * As older runners count: the script's exit code; -N for signal N; -9 for a timeout; 1
	 * when nothing could be run, and failure says why.
	 */
	int code;
	int signal; /* 0: none */
	bool timed_out;
	bool cancelled; /* somebody asked it to stop */
	bool abandoned; /* ended with whoever started it */
	bool over_disk; /* ended because its folder was over disk_bytes */
	int64_t started_ms, ended_ms, duration_ms; /* the last by the monotonic clock */
	char *level; /* "full", ... "none"; owned, as all below */
	char *measures;
	char *missing; /* "" when all was to be had */
	char *interpreter; /* path */
	char *failure; /* "" unless nothing could be run */
	struct run_stream out, errout;
};
#define RUN_RESULT_NONE                                                                            \
	{                                                                                          \
		.out = {.text = STR_INIT}, .errout = {.text = STR_INIT }                           \
	}

void run_result_release(struct run_result *r);
#define AUTO_RUN_RESULT CLEANUP(run_result_release) struct run_result

/* 10 minutes, 10 s grace, 10 MiB a stream, best effort, 512 processes, 1 GiB a file, ... */
void run_policy_default(struct run_policy *policy);

/* NULL if a variable of this name may be set, otherwise why not, as half a sentence. */
const char *run_var_refused(const char *name);

/*
 * Writes a new file without the ceremony of fs_write_atomic(): for what nobody reads before
 * something that is written atomically says that it is there.
 */
MUST_CHECK int run_file_write(
	const char *path, const void *data, size_t len, mode_t mode, struct err **err);

/* One kind of target. */
struct target_executor {
	const char *name;
	/*
	 * 0: it runs, and all there is to know of it lies in order->dir. ERR_INVALID: the order
	 * is wrong (inputs, variables); ERR_NOT_FOUND: no interpreter. The isolation is decided
	 * at the target, so its refusal is a result with failure, not an error.
	 */
	int (*start)(const struct run_order *order, struct job *ret, struct err **err);
	/* Until it has ended. ERR_CANCELLED: left at the user's second wish, it goes on. */
	int (*wait)(struct job *job, const struct job_watch *watch, struct run_result *ret,
		struct err **err);
	/* The same for a run that some earlier process started. */
	int (*adopt)(const char *dir, const struct job_watch *watch, struct run_result *ret,
		struct err **err);
	/* Asks it to stop. */
	int (*cancel)(const char *dir, struct err **err);
};

/* NULL if there is no such kind of target. "local" is this machine. */
const struct target_executor *target_executor_find(const char *name);

#endif
