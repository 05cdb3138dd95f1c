/* What the front (execute.c) and the supervisor (supervise.c) share: files, names, folders. */
#ifndef TRUEUP_RUNBOOK_EXECUTE_INTERNAL_H
#define TRUEUP_RUNBOOK_EXECUTE_INTERNAL_H

#include "base/arena.h"
#include "runbook/execute.h"

#define RUN_FILE_ORDER  "run.json"
#define RUN_FILE_RESULT "run-result.json"
#define RUN_FILE_STDOUT "stdout"
#define RUN_FILE_STDERR "stderr"
/* The name that runners of this format have always given it; $0 for the script. */
#define RUN_SCRIPT "temp.zsh"

/*
 * The supervisor's own environment holds the script's under these prefixes, so that a variable
 * meant for the script never means anything to us.
 */
#define RUN_ENV_VALUE  "TRUEUP_VALUE_"
#define RUN_ENV_SECRET "TRUEUP_SECRET_"
/* Values that are masked only: secrets of the run whose script asked for this one. */
#define RUN_ENV_MASK RUN_MASK_PREFIX

enum { RUN_MAX_INPUT_FILES = 10000, RUN_MAX_INPUT_DEPTH = 32 };
#define RUN_MAX_INPUT_BYTES ((int64_t)1 << 30)

/* run.json read back. Strings live in the arena. */
struct run_plan {
	const char *const *argv;
	const char *work; /* absolute */
	const char *id;
	bool calls; /* the script may call other runbooks */
	const char *const *call_env;
	struct run_policy policy;
};

MUST_CHECK int run_plan_write(const char *dir, const struct run_plan *plan, struct err **err);
MUST_CHECK int run_plan_read(
	const char *dir, struct arena *arena, struct run_plan *ret, struct err **err);
MUST_CHECK int run_result_write(const char *dir, const struct run_result *r, struct err **err);
/* ERR_NOT_FOUND when there is none. */
MUST_CHECK int run_result_read(const char *dir, struct run_result *ret, struct err **err);

/* argv for the script; arena-owned. ERR_NOT_FOUND: in one sentence. */
MUST_CHECK int run_interpreter(struct arena *arena, const char *shell, bool allow_bash,
	const char *const **ret_argv, struct err **err);

/* The supervisor's environment for the order's variables, after checking them. */
MUST_CHECK int run_env_pack(struct arena *arena, const struct run_var *vars, size_t n_vars,
	const char *const **ret_envp, struct err **err);
/* The script's environment out of the supervisor's: an allow-list and what was packed. */
const char *const *run_env_unpack(
	struct arena *arena, const char *const *environment, const char *work, const char *id);

/* Copies the inputs, flat, into the folder work; nothing outside of root is ever opened. */
MUST_CHECK int run_inputs_copy(const char *root, const char *base, const char *const *inputs,
	const char *work, struct err **err);

/* Bytes on disk below path, but no more than about limit; unreadable folders count nothing. */
int64_t run_folder_bytes(const char *path, int64_t limit);
/* Removes it, whatever rights the script left on it. */
MUST_CHECK int run_folder_remove(const char *path, struct err **err);

#endif
