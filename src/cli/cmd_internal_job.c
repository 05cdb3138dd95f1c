/* trueup internal-job DIR: the supervisor of a job, started by engine/job.c only. */
#include "cli/command.h"
#include "engine/job.h"

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	return job_main(operand(cli->opts, 0));
}

const struct command cmd_internal_job = {
	.name = JOB_COMMAND,
	.summary = "supervise a job; run by trueup itself",
	.operands = "DIR",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.hidden = true,
	.run = run,
};
