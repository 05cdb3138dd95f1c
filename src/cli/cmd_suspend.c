/* trueup suspend, resume, unlock: what keeps an object from being worked on, and what does not. */
#include "base/arena.h"
#include "cli/session.h"
#include "reconcile/actions.h"
#include "reconcile/handover.h"
#include "report/json.h"

static int print(struct cli *cli, const char *key, const char *text, const char *plan)
{
	AUTO_ARENA arena = {0};
	if (cli->format[0] == 't') {
		term_printf(cli->out, STYLE_PLAIN, "%s: %s\n", key, text);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, cli->command->name);
	report_set_text(&arena, doc, "object", key);
	report_set_text(&arena, doc, "result", text);
	report_set_text(&arena, doc, "plan", plan);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

static int set_suspended(struct cli *cli, bool suspend, const char *reason, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	const char *key = operand(cli->opts, 0);
	if (cli_session(cli, NULL, SESSION_LOCK, &session, err) < 0 ||
		action_suspend(&session, key, suspend, reason, err) < 0)
		return -1;
	if (!suspend)
		(void)handover_decided(session.state_dir, session.actor);
	return print(cli, key, suspend ? "suspended" : "resumed", NULL);
}

static int run_suspend(struct cli *cli, struct err **err)
{
	return set_suspended(cli, true, opt_text(cli->opts, "comment"), err);
}

static int run_resume(struct cli *cli, struct err **err)
{
	return set_suspended(cli, false, NULL, err);
}

static int run_unlock(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	const char *key = operand(cli->opts, 0), *plan = NULL;
	const char *operation = NULL;
	if (cli_session(cli, NULL, SESSION_LOCK, &session, err) < 0)
		return -1;
	if (opt_flag(cli->opts, "lost")) {
		if (action_unlock_lost(&session, key, &arena, &operation, err) < 0)
			return -1;
		return print(cli, key,
			arena_printf(&arena,
				"operation %s was recorded as lost; the next reconcile plans from "
				"what is there",
				operation),
			NULL);
	}
	if (action_unlock(&session, key, &arena, &plan, err) < 0)
		return -1;
	(void)handover_decided(session.state_dir, session.actor);
	return print(cli, key,
		plan ? arena_printf(&arena, "plan %s was discarded", plan) : "no plan waits", plan);
}

static const struct option_spec lock_options[] = {
	OPTION_LOCK_TIMEOUT("10s"),
	{0},
};

static const struct option_spec unlock_options[] = {
	{.name = "lost",
		.type = OPT_FLAG,
		.help = "record the operation that was left open as lost, instead"},
	OPTION_LOCK_TIMEOUT("10s"),
	{0},
};

static const struct option_spec suspend_options[] = {
	{.name = "comment",
		.letter = 'm',
		.type = OPT_TEXT,
		.arg = "TEXT",
		.help = "why, for whoever looks at it next"},
	OPTION_LOCK_TIMEOUT("10s"),
	{0},
};

const struct command cmd_suspend = {
	.name = "suspend",
	.summary = "leave an object alone until it is resumed",
	.operands = "KIND/NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Changes of a suspended object are shown and wait; nothing is planned, "
			"applied or destroyed. `suspend: true` in the spec does the same for "
			"everybody who reads it.",
			"A suspended runbook is not run: who asks for it is refused, and Runs of "
			"it wait. What runs already goes on.",
			NULL},
	.options = suspend_options,
	.examples = (const struct example_doc[]){{"trueup suspend canvas/shop -m 'incident 4711'",
							 "During an incident."},
		{0}},
	.run = run_suspend,
};

const struct command cmd_resume = {
	.name = "resume",
	.summary = "work on a suspended object again",
	.operands = "KIND/NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"The next reconcile catches up with what changed meanwhile.", NULL},
	.options = lock_options,
	.run = run_resume,
};

const struct command cmd_unlock = {
	.name = "unlock",
	.summary = "discard the plan that an object waits with, or give up an operation",
	.operands = "KIND/NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description = (const char *const[]){"Discards the object's waiting, approved or rejected "
					     "plan together with its "
					     "approvals; the next reconcile makes a new one.",
		"An operation whose process died is taken over by the next reconcile, which looks "
		"up how it ended. Where that cannot be found out any more (the backend is gone, "
		"its state is damaged), --lost records it as lost; refused while it still runs.",
		"The lock of the repository itself needs no unlocking: it is the kernel's, "
		"and gone with the process that held it.",
		NULL},
	.options = unlock_options,
	.run = run_unlock,
};
