/*
 * A script that runs another runbook: `trueup runbook run Child` inside a run. The script is shut
 * in and reaches neither the repository nor the store; it asks its supervisor (runbook/call.h),
 * which starts `trueup internal-call DIR` outside. Who called whom is known from whose supervisor
 * was asked: what the script says about itself is not looked at.
 *
 * STATE/runs/ID/call.json holds what a child inherits: spec root and state, commit, actor, role or
 * claims, mode, the digest of the token, and the chain of callers with this run as the last.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_CALL_H
#define TRUEUP_RECONCILE_RUNBOOK_CALL_H

#include "reconcile/runbook_run.h"
#include "runbook/call.h"

/* What an order is told; call_token NULL when the script shows no sign of calling anything. */
struct runbook_call {
	const char *token;
	const char *const *env;
};

/* Writes call.json into dir. */
MUST_CHECK int runbook_call_prepare(const struct session *session,
	const struct runbook_request *request, struct runbook_run *run, const struct run_row *row,
	const char *dir, struct runbook_call *ret, struct err **err);

/* What a child inherits. */
struct runbook_inherited {
	const char *spec_root, *state_dir;
	struct runbook_request request; /* all but runbook, vars, environ, listener, interrupts */
};

/*
 * Reads call.json of dir for a call. ERR_DENIED: the token is not the run's. What the call itself
 * asks for is put into the request as far as it may: a role only if the caller has none, a dry run
 * or a check, but never more than the caller may.
 */
MUST_CHECK int runbook_call_accept(const char *dir, const struct call_request *call,
	struct arena *arena, struct runbook_inherited *ret, struct err **err);

/* The runbook's concurrency group; its own when it names none. */
const char *runbook_group_name(const struct runbook *runbook);

#endif
