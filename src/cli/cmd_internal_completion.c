/* trueup internal-completion SHELL: prints a completion script; used by `make completions`. */
#include "base/err.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"

static int run(struct cli *cli, struct err **err)
{
	const char *shell = operand(cli->opts, 0);
	if (!words_have("bash zsh fish", shell))
		return err_set(err, ERR_INVALID, "there is no completion for '%s': bash, zsh, fish",
			shell);
	AUTO_STR script = STR_INIT;
	completion_script(shell, &script);
	term_write(cli->out, script.data, script.len);
	return CLI_DONE;
}

const struct command cmd_internal_completion = {
	.name = "internal-completion",
	.summary = "print the completion script of a shell",
	.operands = "SHELL",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_SHELL,
	.formats = "text",
	.hidden = true,
	.run = run,
};
