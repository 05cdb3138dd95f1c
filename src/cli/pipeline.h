/* What the commands that run the pipeline share: plan, reconcile, destroy. */
#ifndef TRUEUP_CLI_PIPELINE_H
#define TRUEUP_CLI_PIPELINE_H

#include "cli/command.h"
#include "reconcile/run.h"

/*
 * Opens the session of operand DIR (default: here), runs the pipeline with options, of which the
 * caller sets command, stop and what its own options say, and prints the result. Returns an exit
 * code, or -1 with *err.
 */
int pipeline_command(
	struct cli *cli, const char *dir, struct run_options *options, struct err **err);

/*
 * The same in a session that is open. detached: whoever looks on may go at any time, also with
 * Ctrl-C, and the work goes on; progress is printed line by line.
 */
int pipeline_in_session(struct cli *cli, struct session *session, struct run_options *options,
	bool detached, struct err **err);

/*
 * Reads the answer to a question of yes or no: one line with "y" or "yes" is a yes, everything
 * else a no. False, and no, when no line came: the input ended or a signal was caught.
 */
bool pipeline_read_answer(int fd, bool *ret_yes);

#endif
