/* trueup destroy */
#include "base/err.h"
#include "base/str.h"
#include "cli/pipeline.h"
#include "cli/session.h"

static int run(struct cli *cli, struct err **err)
{
	const struct opts *o = cli->opts;
	const char *keys[] = {operand(o, 0), NULL};
	if (!str_starts(keys[0], "canvas/"))
		return err_set(err, ERR_INVALID,
			"only a canvas can be destroyed (canvas/NAME), not '%s'", keys[0]);
	struct run_options options = {
		.command = "destroy",
		.stop = opt_flag(o, "dry-run") ? RUN_STOP_PLAN : RUN_STOP_NEVER,
		.auto_approve = opt_flag(o, "auto-approve"),
		.allow_empty = true,
		.destroy = keys,
	};
	return pipeline_command(cli, NULL, &options, err);
}

const struct command cmd_destroy = {
	.name = "destroy",
	.summary = "destroy what a canvas made",
	.operands = "canvas/NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Plans the destruction of everything that the canvas made, from what was "
			"recorded when it was applied, and after the same gates and questions as "
			"any change destroys it. `protect: true` refuses it.",
			"A canvas whose spec is still in the repository is suspended with it, so "
			"that the next reconcile does not make it again; `trueup resume` does.",
			NULL},
	.options = (const struct option_spec[]){{.name = "dry-run",
							.letter = 'n',
							.type = OPT_FLAG,
							.help = "show what would be destroyed"},
		{.name = "auto-approve",
			.letter = 'y',
			.type = OPT_FLAG,
			.help = "destroy without asking; manual approvals stay needed"},
		OPTION_LOCK_TIMEOUT("0s"),
		{.name = "detailed-exitcode",
			.type = OPT_FLAG,
			.help = "with --dry-run: exit 2 when there is something to destroy"},
		{0}},
	.exits =
		(const struct exit_doc[]){
			{2, "there is something to destroy (--detailed-exitcode)"},
			{3, "the specs are invalid; nothing was done"},
			{4, "it waits for or is refused by a gate"}, {0}},
	.examples =
		(const struct example_doc[]){
			{"trueup destroy -n canvas/shop", "What would go?"}, {0}},
	.run = run,
};
