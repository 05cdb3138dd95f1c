/* trueup internal-run DIR: the supervisor of a run, started by runbook/execute.c only. */
#include "cli/command.h"
#include "runbook/supervise.h"

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	return supervise_main(operand(cli->opts, 0));
}

const struct command cmd_internal_run = {
	.name = RUN_COMMAND,
	.summary = "supervise a script; run by trueup itself",
	.operands = "DIR",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.hidden = true,
	.run = run,
};
