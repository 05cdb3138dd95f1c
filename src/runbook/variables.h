/*
 * Variables that somebody gives to a run, as NAME=VALUE on the command line or in a file. The
 * later of two with one name counts. Texts live in the arena.
 */
#ifndef TRUEUP_RUNBOOK_VARIABLES_H
#define TRUEUP_RUNBOOK_VARIABLES_H

#include "base/diag.h"

struct err;

struct run_variable {
	const char *name, *value;
};

struct run_variables {
	struct run_variable *items;
	size_t count, cap;
};

/* Limits: more variables or a longer value would not fit the kernel's own limits. */
enum { RUN_MAX_VARIABLES = 1000, RUN_MAX_VALUE = 128 * 1024 };

/* Adds "NAME=VALUE". ERR_INVALID for anything else, in words that do not repeat the value. */
MUST_CHECK int run_variables_add(
	struct arena *arena, const char *text, struct run_variables *vars, struct err **err);

/*
 * Adds the lines of a file: NAME=VALUE, with the value as it stands up to the end of the line;
 * empty lines and lines that begin with '#' are skipped. Mistakes become diagnostics (rule
 * env-file) that do not show the line, since it may hold a secret.
 */
void run_variables_read(struct arena *arena, const struct src *src, struct run_variables *vars,
	struct diag_list *diags);

/* NULL if it was not given. */
const char *run_variables_get(const struct run_variables *vars, const char *name);

#endif
