/* trueup plan */
#include "cli/pipeline.h"
#include "cli/session.h"

static int run(struct cli *cli, struct err **err)
{
	const struct opts *o = cli->opts;
	struct run_options options = {
		.command = "plan",
		.stop = opt_flag(o, "spec-only") ? RUN_STOP_SPEC : RUN_STOP_PLAN,
		.rev = opt_text(o, "rev"),
		.worktree = opt_flag(o, "worktree"),
		.show_empty = true,
		.targets = opt_list(o, "target"),
		.new_root = opt_flag(o, "new-root"),
		.parallel = (size_t)opt_int(o, "parallel"),
	};
	return pipeline_command(cli, operand(o, 0), &options, err);
}

const struct command cmd_plan = {
	.name = "plan",
	.summary = "show what a reconcile would change, and why",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"Reads the specs of DIR (default: the current folder) at HEAD, compares "
			"them with what was recorded, and shows every object that would be "
			"created, changed or destroyed, with the resources behind it, the gates "
			"in its way, and the engine's own plan.",
			"Nothing is recorded, approved or applied.", NULL},
	.options =
		(const struct option_spec[]){
			{.name = "spec-only",
				.type = OPT_FLAG,
				.help = "stop before any engine starts: what the specs alone say, "
					"in milliseconds and without credentials"},
			{.name = "rev",
				.type = OPT_TEXT,
				.arg = "REV",
				.help = "plan this revision instead of HEAD"},
			{.name = "worktree",
				.excludes = "rev",
				.type = OPT_FLAG,
				.help = "plan the files as they lie on disk, uncommitted edits "
					"included"},
			OPTION_TARGET,
			{.name = "parallel",
				.type = OPT_INT,
				.arg = "N",
				.min = 1,
				.max = 64,
				.help = "plan at most N canvases at the same time"},
			OPTION_NEW_ROOT, OPTION_LOCK_TIMEOUT("0s"),
			{.name = "detailed-exitcode",
				.type = OPT_FLAG,
				.help = "exit 2 when there are changes"},
			{0}},
	.exits = (const struct exit_doc[]){{2, "changes are pending (--detailed-exitcode)"},
		{3, "the specs are invalid"}, {4, "something waits for or is refused by a gate"},
		{0}},
	.examples =
		(const struct example_doc[]){
			{"trueup plan", "What would a reconcile of this repository do?"},
			{"trueup plan --worktree --spec-only",
				"And with the edits not committed yet?"},
			{"trueup plan --target canvas/shop -o json", "One canvas, for a program."},
			{0}},
	.run = run,
};
