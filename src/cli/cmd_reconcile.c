/* trueup reconcile */
#include "cli/pipeline.h"
#include "cli/session.h"

static int run(struct cli *cli, struct err **err)
{
	const struct opts *o = cli->opts;
	struct run_options options = {
		.command = "reconcile",
		.stop = opt_flag(o, "spec-only") ? RUN_STOP_SPEC
			: opt_flag(o, "dry-run") ? RUN_STOP_PLAN
						 : RUN_STOP_NEVER,
		.rev = opt_text(o, "rev"),
		.auto_approve = opt_flag(o, "auto-approve"),
		.allow_empty = opt_flag(o, "allow-empty"),
		.targets = opt_list(o, "target"),
		.new_root = opt_flag(o, "new-root"),
		.parallel = (size_t)opt_int(o, "parallel"),
	};
	return pipeline_command(cli, operand(o, 0), &options, err);
}

const struct command cmd_reconcile = {
	.name = "reconcile",
	.summary = "make what exists match the specs",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"Reads the specs of DIR (default: the current folder) at HEAD, compares "
			"them with what was recorded, plans every canvas that changed, asks all "
			"gates and then the user, applies exactly what was planned, and records "
			"the result. A second run has nothing to do.",
			"Without a terminal and without --auto-approve a plan is stored and "
			"waits (exit 4) for `trueup approve`; the next reconcile applies it. A "
			"canvas with `approval: {mode: manual}` waits in any case.",
			"Ctrl-C once stops the engine in order: it finishes what it is making, "
			"saves its state and lets go of its lock. Ctrl-C twice leaves it to that "
			"and returns at once; the next trueup takes the operation over. The same "
			"happens when the terminal closes or trueup is killed.",
			NULL},
	.options =
		(const struct option_spec[]){{.name = "dry-run",
						     .letter = 'n',
						     .type = OPT_FLAG,
						     .help = "plan only: record and apply nothing"},
			{.name = "spec-only",
				.type = OPT_FLAG,
				.help = "stop before any engine starts"},
			{.name = "auto-approve",
				.letter = 'y',
				.type = OPT_FLAG,
				.help = "apply without asking; manual approvals stay needed"},
			{.name = "rev",
				.type = OPT_TEXT,
				.arg = "REV",
				.help = "reconcile this revision instead of HEAD"},
			OPTION_TARGET,
			{.name = "parallel",
				.type = OPT_INT,
				.arg = "N",
				.min = 1,
				.max = 64,
				.help = "work on at most N canvases at the same time"},
			{.name = "allow-empty",
				.type = OPT_FLAG,
				.help = "a revision without any canvas may destroy all recorded "
					"ones"},
			OPTION_NEW_ROOT, OPTION_LOCK_TIMEOUT("0s"),
			{.name = "detailed-exitcode",
				.type = OPT_FLAG,
				.help = "with --dry-run: exit 2 when there are changes"},
			{0}},
	.exits = (const struct exit_doc[]){{1, "something failed; the rest was done"},
		{2, "changes are pending (--detailed-exitcode)"},
		{3, "the specs are invalid; nothing was done"},
		{4, "something waits for or is refused by a gate"}, {0}},
	.examples = (const struct example_doc[]){{"trueup reconcile", "Plan, ask, apply."},
		{"trueup reconcile --auto-approve --lock-timeout 10m", "From a script."},
		{"trueup reconcile -n --target canvas/shop", "What would become of one canvas?"},
		{0}},
	.run = run,
};
