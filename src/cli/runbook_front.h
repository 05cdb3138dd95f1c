/* Running a runbook for whoever asks on a command line or from inside of another run. */
#ifndef TRUEUP_CLI_RUNBOOK_FRONT_H
#define TRUEUP_CLI_RUNBOOK_FRONT_H

#include "cli/command.h"
#include "reconcile/runbook_run.h"

/*
 * Opens the session, puts in order what was left of earlier runs, runs the request (its listener
 * and data are set here), prints what it prints and what came of it. Returns an exit code, or -1
 * with *err.
 */
int runbook_front(struct cli *cli, const struct session_options *open,
	const struct runbook_request *request, struct err **err);

#endif
