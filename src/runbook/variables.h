/*
 * Variables that somebody gives to a run: NAME=VALUE on the command line or in a file, or rows of
 * a Run. A value is a text, or says where the text is to be taken from when the run starts, so
 * that no secret has to stand in a file or an argument. The later of two with one name counts.
 * Texts live in the arena.
 */
#ifndef TRUEUP_RUNBOOK_VARIABLES_H
#define TRUEUP_RUNBOOK_VARIABLES_H

#include "base/diag.h"
#include "spec/value.h"

struct err;

struct given_var {
	const char *name;
	/* The value; with another kind than VALUE_PLAIN the variable, path or credential it is in.
	 */
	const char *value;
	enum value_kind kind; /* VALUE_PLAIN, FROM_ENV, FROM_FILE or CREDENTIAL */
};

struct given_vars {
	struct given_var *items;
	size_t count, cap;
};

/* Limits: more variables or a longer value would not fit the kernel's own limits. */
enum { GIVEN_MAX_VARS = 1000, GIVEN_MAX_VALUE = 128 * 1024 };

/*
 * Adds "NAME=VALUE". A VALUE of just the form {fromEnv: X}, {fromFile: X} or {credential: X} is a
 * reference, as in a Run. ERR_INVALID for anything else, in words that do not repeat the value.
 */
MUST_CHECK int given_vars_add(
	struct arena *arena, const char *text, struct given_vars *vars, struct err **err);
/* Adds one, or puts it in the place of the one with its name. */
void given_vars_put(struct arena *arena, struct given_vars *vars, struct given_var var);

/*
 * Adds the lines of a file: NAME=VALUE, with the value as it stands up to the end of the line (no
 * references here: such files are made by programs); empty lines and lines that begin with '#' are
 * skipped. Mistakes become diagnostics (rule env-file) that do not show the line, since it may
 * hold a secret.
 */
void given_vars_read(struct arena *arena, const struct src *src, struct given_vars *vars,
	struct diag_list *diags);

/* NULL if it was not given. */
const struct given_var *given_vars_get(const struct given_vars *vars, const char *name);

/* Does the name say that the value is a secret (TOKEN, PASSWORD, KEY, ... in any case)? */
bool given_var_name_is_secret(const char *name);

#endif
