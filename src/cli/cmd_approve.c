/* trueup approve, trueup reject: the same decision with two answers. */
#include "base/arena.h"
#include "base/str.h"
#include "cli/run_objects.h"
#include "cli/session.h"
#include "reconcile/actions.h"
#include "reconcile/handover.h"
#include "reconcile/runbook_gate.h"
#include "report/json.h"

static void print_text(struct cli *cli, const struct decided *d, bool approve, bool daemon)
{
	const struct plan_row *p = d->plan;
	term_printf(cli->out, approve ? STYLE_GREEN : STYLE_RED, "%s",
		approve ? "approved" : "rejected");
	term_printf(cli->out, STYLE_PLAIN, " %s: plan %s sha256:%.12s (%s)\n", p->object_key, p->id,
		p->sha256, p->action);
	if (approve && d->approvals < d->needed)
		term_printf(cli->out, STYLE_PLAIN, "%lld of %lld approvals\n",
			(long long)d->approvals, (long long)d->needed);
	else if (approve && str_eq(p->engine, RUNBOOK_ENGINE) &&
		 str_starts(p->object_key, "runbook/"))
		term_note(cli->out, "the same `trueup runbook run` again runs it, once");
	else if (approve)
		term_note(cli->out, "%s applies exactly this plan",
			daemon ? "the daemon" : "the next `trueup reconcile`");
}

static int decide(struct cli *cli, const char *what, bool approve, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct decided d;
	if (cli_session(cli, NULL, SESSION_LOCK, &session, err) < 0 ||
		action_decide(&session, what, approve, opt_text(cli->opts, "comment"), &arena, &d,
			err) < 0)
		return -1;
	const bool daemon = handover_decided(session.state_dir, session.actor);
	if (cli->format[0] == 't') {
		print_text(cli, &d, approve, daemon);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, cli->command->name);
	report_set_text(&arena, doc, "object", d.plan->object_key);
	report_set_text(&arena, doc, "plan", d.plan->id);
	report_set_text(&arena, doc, "sha256", d.plan->sha256);
	report_set_text(&arena, doc, "actor", session.actor);
	node_map_set(&arena, doc, "approvals", node_new_int(&arena, d.approvals));
	node_map_set(&arena, doc, "needed", node_new_int(&arena, d.needed));
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

static int run_approve(struct cli *cli, struct err **err)
{
	return decide(cli, operand(cli->opts, 0), true, err);
}

static int run_reject(struct cli *cli, struct err **err)
{
	return decide(cli, operand(cli->opts, 0), false, err);
}

/* The same for a Run, which may be named without its kind. */
static int decide_run(struct cli *cli, bool approve, struct err **err)
{
	AUTO_ARENA arena = {0};
	return decide(cli, run_object_key(&arena, operand(cli->opts, 0)), approve, err);
}

static int run_run_approve(struct cli *cli, struct err **err)
{
	return decide_run(cli, true, err);
}

static int run_run_reject(struct cli *cli, struct err **err)
{
	return decide_run(cli, false, err);
}

static const struct option_spec options[] = {
	{.name = "comment",
		.letter = 'm',
		.type = OPT_TEXT,
		.arg = "TEXT",
		.help = "why, for the history"},
	OPTION_LOCK_TIMEOUT("10s"),
	{0},
};

const struct command cmd_approve = {
	.name = "approve",
	.summary = "say yes to a plan that waits",
	.operands = "KIND/NAME|PLAN",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Approves the plan that an object waits with, named by the object or by "
			"the plan's id. The approval counts for exactly that plan: when the spec "
			"or the state it was made from changes, it is void.",
			"Who may approve is said by `approval` in the spec: members of its roles, "
			"and with notSelf not the one who asked for the plan.",
			NULL},
	.options = options,
	.examples = (const struct example_doc[]){{"trueup approve canvas/shop",
							 "The plan that canvas/shop waits with."},
		{"trueup approve 01JD3V9K -m 'CHG-1234'", "By the start of the plan's id."}, {0}},
	.run = run_approve,
};

const struct command cmd_reject = {
	.name = "reject",
	.summary = "say no to a plan that waits",
	.operands = "KIND/NAME|PLAN",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Rejects the plan that an object waits with. The object is refused until "
			"its spec changes, or until `trueup unlock` discards the rejected plan.",
			NULL},
	.options = options,
	.examples =
		(const struct example_doc[]){
			{"trueup reject canvas/shop -m 'wrong instance type'", "Say why."}, {0}},
	.run = run_reject,
};

const struct command cmd_run_approve = {
	.name = "run approve",
	.summary = "say yes to a Run that waits",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"The same as `trueup approve run/NAME`. The yes is for one run, of this "
			"version of the Run, with this content of its runbook up to `# History`, "
			"these names of variables and these values: when one of them changes, it "
			"is void.",
			NULL},
	.options = options,
	.examples =
		(const struct example_doc[]){
			{"trueup run approve patch-web -m 'CHG-1234'", "With a reason."}, {0}},
	.run = run_run_approve,
};

const struct command cmd_run_reject = {
	.name = "run reject",
	.summary = "say no to a Run that waits",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"The same as `trueup reject run/NAME`. A Run without a schedule is refused "
			"until it changes or somebody asks for it with `trueup run rerun`; one "
			"with a schedule is asked about again when it is due next.",
			NULL},
	.options = options,
	.examples =
		(const struct example_doc[]){
			{"trueup run reject patch-web -m 'not on a Friday'", "Say why."}, {0}},
	.run = run_run_reject,
};
