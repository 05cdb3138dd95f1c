/* What the commands of the runbook family share: finding the files, reading and checking them. */
#ifndef TRUEUP_CLI_RUNBOOK_FILES_H
#define TRUEUP_CLI_RUNBOOK_FILES_H

#include "cli/command.h"
#include "reconcile/worktree.h"
#include "runbook/parse.h"
#include "runbook/variables.h"

struct runbook_file {
	const char *path; /* "runbooks/PatchPrep.md" */
	const char *name; /* "PatchPrep" */
	const struct runbook *runbook; /* NULL: could not be read, see diags */
	struct diag_list diags; /* of reading, then of validation in the documented order */
};

struct runbook_files {
	struct worktree worktree; /* its arena holds everything */
	struct runbook_file *items; /* sorted by name */
	size_t count, cap;
};

/*
 * Reads the runbooks of the spec root in the current folder as they lie on disk: those that the
 * command's operands name ("PatchPrep", "PatchPrep.md", "runbook/PatchPrep"), all without any.
 * ERR_NOT_FOUND for a name that there is no file of.
 */
MUST_CHECK int runbook_files_open(
	const struct cli *cli, struct runbook_files *ret, struct err **err);
void runbook_files_close(struct runbook_files *files);
#define AUTO_RUNBOOK_FILES CLEANUP(runbook_files_close) struct runbook_files

/*
 * Checks one: what the file says, inputs on disk, and, with vars, that each variable is among them
 * or in the environment of this process. Adds to file->diags; true if there is no error.
 */
bool runbook_file_validate(
	struct runbook_files *files, struct runbook_file *file, const struct given_vars *vars);

/* The values of --env-file and --env, in this order. A broken file is ERR_INVALID after its
 * diagnostics were printed. */
MUST_CHECK int runbook_variables_given(
	const struct cli *cli, struct arena *arena, struct given_vars *ret, struct err **err);
/* Rows of an option table for them. */
#define RUNBOOK_VARIABLE_OPTIONS                                                                   \
	{.name = "env",                                                                            \
		.letter = 'e',                                                                     \
		.type = OPT_LIST,                                                                  \
		.arg = "NAME=VALUE",                                                               \
		.help = "a variable for the script; may be given several times"},                  \
	{                                                                                          \
		.name = "env-file", .type = OPT_LIST, .arg = "FILE",                               \
		.help = "variables from the lines NAME=VALUE of FILE"                              \
	}

/* The value of the variable, or where it is to be taken from; NULL: neither in vars nor in our
 * environment. */
const char *runbook_variable_value(const struct given_vars *vars, const char *name);

/* "roles: sre, api; stage: prod", or NULL if no claim is asked for; in arena. */
const char *runbook_claims_text(struct arena *arena, const struct runbook *runbook);

#endif
