/* trueup version */
#include "cli/command.h"
#include "cli/version.h"

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	term_put(cli->out, STYLE_PLAIN, "trueup " TRUEUP_VERSION "\n");
	return CLI_DONE;
}

const struct command cmd_version = {
	.name = "version",
	.summary = "print the version",
	.formats = "text",
	.description =
		(const char *const[]){
			"Prints the version of trueup and of the libraries that it runs with.",
			NULL},
	.run = run,
};
