/* trueup internal-worker: one piece of work, started and told what by the daemon only. */
#include "cli/command.h"
#include "daemon/work.h"

static int run(struct cli *cli, struct err **err)
{
	(void)cli;
	(void)err;
	return work_main();
}

const struct command cmd_internal_worker = {
	.name = WORK_COMMAND,
	.summary = "do one piece of work; run by trueup serve",
	.formats = "text",
	.hidden = true,
	.run = run,
};
