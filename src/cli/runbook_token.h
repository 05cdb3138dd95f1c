/* `trueup runbook run --token-file`: the token, and the keys that decide about it. */
#ifndef TRUEUP_CLI_RUNBOOK_TOKEN_H
#define TRUEUP_CLI_RUNBOOK_TOKEN_H

#include "cli/command.h"
#include "reconcile/runbook_run.h"

/*
 * Reads the token in the file and what the server's file says below `tokens`, and fills the actor
 * and the claims of ret, or why the token is not believed; they live in arena. Nothing of the
 * repository has a say: the server's file and the one with the keys have to belong to root or to
 * the user of this process, must not be writable by others, and must not lie in the spec root.
 * Fails with ERR_INVALID or ERR_DENIED when that is not so, after printing the diagnostics of the
 * server's file if it has mistakes.
 */
MUST_CHECK int runbook_token_read(struct cli *cli, const char *token_file, const char *server_file,
	struct arena *arena, struct runbook_request *ret, struct err **err);

#endif
