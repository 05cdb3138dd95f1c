/* trueup help [COMMAND] */
#include "base/err.h"
#include "cli/help.h"

static int run(struct cli *cli, struct err **err)
{
	const char *name = operand(cli->opts, 0);
	if (!name) {
		help_print_overview(cli->out);
		return CLI_DONE;
	}
	const struct command *command = command_find(name);
	if (!command)
		return err_set(err, ERR_INVALID,
			"there is no command '%s'; 'trueup help' lists them", name);
	help_print_command(cli->out, command);
	return CLI_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.summary = "explain a command",
	.operands = "[COMMAND]",
	.max_operands = 1,
	.operand_kind = OPERAND_COMMAND,
	.formats = "text",
	.description = (const char *const[]){"Without an operand: lists the commands and the "
					     "options that every one of them has. "
					     "With one: the same as 'trueup COMMAND --help'.",
		NULL},
	.examples =
		(const struct example_doc[]){
			{"trueup help plan", "Options, exit codes and examples of 'plan'."}, {0}},
	.run = run,
};
