/*
 * A script that runs another runbook: `trueup runbook run Child` inside a run. The script is shut
 * in and reaches neither the repository nor the store; it asks its supervisor (runbook/call.h),
 * which starts this program outside. Who called whom is known from whose supervisor was asked:
 * what the script says about itself is not looked at.
 *
 * STATE/runs/ID/call.json holds what a child inherits: spec root and state, commit, actor, role or
 * claims, mode, and the chain of callers.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_CALL_H
#define TRUEUP_RECONCILE_RUNBOOK_CALL_H

#include "reconcile/runbook_run.h"

/* Writes call.json into dir, when the script could make use of it. */
MUST_CHECK int runbook_call_prepare(const struct session *session,
	const struct runbook_request *request, const struct runbook_run *run,
	const struct run_row *row, const char *dir, struct err **err);

/* The runbook's concurrency group; its own when it names none. */
const char *runbook_group_name(const struct runbook *runbook);

#endif
