/*
 * The documented checks of the format and its check of claims. Their texts are kept to the letter,
 * since people and scripts look for them; docs/runbooks.md lists where trueup is stricter.
 */
#ifndef TRUEUP_RUNBOOK_VALIDATE_H
#define TRUEUP_RUNBOOK_VALIDATE_H

#include "base/diag.h"
#include "runbook/parse.h"

struct str;

enum runbook_path {
	RUNBOOK_PATH_THERE,
	RUNBOOK_PATH_MISSING,
	RUNBOOK_PATH_ESCAPES, /* it leaves the runbook's folder, by a link for instance */
};

/* What a runbook is checked against. Functions that are NULL leave their check out. */
struct runbook_world {
	/* Is the variable set? Empty counts. */
	bool (*variable)(void *data, const char *name);
	/* What is at path, which is relative to the runbook's folder? */
	enum runbook_path (*path)(void *data, const char *path);
	void *data;
};

/*
 * Adds what is wrong, in the documented order, and returns whether diags holds no error. Handing
 * over the list that runbook_parse() filled makes that the answer to "is this runbook valid?".
 * world may be NULL: only what the file alone shows.
 */
bool runbook_validate(
	const struct runbook *runbook, const struct runbook_world *world, struct diag_list *diags);

/* The path function for a folder on disk: data points to its descriptor (an int). */
enum runbook_path runbook_path_on_disk(void *data, const char *path);

/* A claim that the actor has. */
struct actor_claim {
	const char *name;
	const char *const *values;
	size_t count; /* 0: the claim is there and empty, as roles of an actor without any */
};

/*
 * May an actor with these claims do operation ("validate" or "execute")? Every claim that the
 * runbook asks for has to be there with one of the values that it allows, to the letter. When it
 * is false, the documented message is appended to why.
 */
bool runbook_authorize(const struct runbook *runbook, const struct actor_claim *claims,
	size_t count, const char *operation, struct str *why);

/* "RBAC Failure: Access denied for user USER. WHY": how a refusal is recorded. */
void runbook_refusal(const char *user, const char *why, struct str *out);

/*
 * The values of a claim that is a text: split at its commas and trimmed; as it is when it has
 * none. Ends with NULL, in arena.
 */
const char **runbook_claim_values(struct arena *arena, const char *text, size_t *ret_count);

#endif
