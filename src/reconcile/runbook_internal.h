/* What the files of reconcile/runbook_*.c share. */
#ifndef TRUEUP_RECONCILE_RUNBOOK_INTERNAL_H
#define TRUEUP_RECONCILE_RUNBOOK_INTERNAL_H

#include "reconcile/runbook_run.h"

#define RUNBOOK_FOLDER "runbooks"

/* ---- runbook_load.c: the file ---- */

/* Fills name, path, commit, config, runbook, base, diags. */
MUST_CHECK int runbook_load(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err);
/* The file's text, from the commit or from disk; ERR_NOT_FOUND. */
MUST_CHECK int runbook_read_file(struct session *session, const struct runbook_run *run,
	const char *path, size_t limit, struct str *out, struct err **err);

/* ---- runbook_inputs.c: input files at a commit ---- */

/*
 * Is there an input at this path (relative to the runbook's folder)? For a commit; on disk it is
 * runbook_path_on_disk().
 */
struct runbook_inputs {
	struct source_changes files; /* everything below the runbooks' folder that is asked for */
};
MUST_CHECK int runbook_inputs_find(struct session *session, struct runbook_run *run,
	struct runbook_inputs *ret, struct err **err);
enum runbook_path runbook_inputs_at(const struct runbook_inputs *inputs, const char *path);
/* Writes them below dir, as they lie in the commit. */
MUST_CHECK int runbook_inputs_write(struct session *session, const struct runbook_inputs *inputs,
	const char *dir, struct err **err);

/* ---- runbook_claims.c ---- */

/* Sets role, or fate REFUSED with the reason. */
MUST_CHECK int runbook_claims_check(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err);
const char *runbook_actor(const struct session *session, const struct runbook_request *request);

/* ---- runbook_values.c: variables ---- */

/* Fills vars, env_names_json, env_digest, identity; fate INVALID when a value is not to be had. */
MUST_CHECK int runbook_values_resolve(struct session *session,
	const struct runbook_request *request, struct runbook_run *run, struct err **err);

/* ---- runbook_gate.c: suspension, approval ---- */

/* A suspended one: fate REFUSED with who suspended it and why, and suspended set. */
MUST_CHECK int runbook_suspension_check(
	struct session *session, struct runbook_run *run, struct err **err);

/* The stricter of two rules; either may be NULL. */
const struct spec_approval *runbook_approval_both(
	struct arena *arena, const struct spec_approval *a, const struct spec_approval *b);
/* Asks: fate stays FINE, or becomes WAITS or REFUSED. Makes the plan that is to be approved. */
MUST_CHECK int runbook_gate(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err);

/* ---- runbook_execute.c ---- */

/* Runs attempts until one is enough. Sets fate, row, result. */
MUST_CHECK int runbook_execute(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err);
/* A row with everything that is known before a start. */
struct run_row runbook_row(const struct session *session, const struct runbook_request *request,
	const struct runbook_run *run);
/* Records the end of an attempt out of its result; *ret_recorded false: somebody else did. */
MUST_CHECK int runbook_record_end(struct session *session, struct run_row *row,
	const struct run_result *result, bool *ret_recorded, struct err **err);

#endif
