/* trueup validate [DIR] */
#include "base/err.h"
#include "cli/command.h"
#include "reconcile/worktree.h"
#include "report/diag_print.h"

#include <string.h>

static int run(struct cli *cli, struct err **err)
{
	const char *dir = operand(cli->opts, 0);
	AUTO_WORKTREE w = {0};
	if (worktree_open(dir ? dir : ".", &w, err) < 0 || worktree_check(&w, err) < 0)
		return -1;
	diag_print(strcmp(cli->format, "text") == 0 ? cli->errout : cli->out, cli->format,
		"validate", &w.diags);
	if (strcmp(cli->format, "text") == 0 && !w.diags.errors)
		term_note(
			cli->out, "%zu %s valid", w.count, w.count == 1 ? "spec is" : "specs are");
	return w.diags.errors ? CLI_SPECS : CLI_DONE;
}

const struct command cmd_validate = {
	.name = "validate",
	.summary = "check the specs as they lie on disk",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text json sarif github",
	.description =
		(const char *const[]){
			"Reads every spec of the spec root DIR (default: the current folder), "
			"uncommitted edits included, and reports everything that is wrong in one "
			"run: "
			"inside each file, across files, and against what the resource types know. "
			"Nothing is recorded, and neither a network nor credentials are needed.",
			NULL},
	.exits = (const struct exit_doc[]){{CLI_DONE, "every spec is valid"},
		{CLI_SPECS, "at least one spec is not"}, {0}},
	.examples = (const struct example_doc[]){{"trueup validate",
							 "Check the specs in the current folder."},
		{"trueup validate -o github", "The same as annotations in GitHub Actions."}, {0}},
	.run = run,
};
