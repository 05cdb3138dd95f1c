/* trueup runbook run NAME */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "cli/runbook_report.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "reconcile/runbook_adopt.h"
#include "reconcile/runbook_history.h"
#include "reconcile/runbook_run.h"
#include "report/diag_print.h"
#include "report/json.h"

#include <stdio.h>
#include <stdlib.h>

extern char **environ;

/* ---- while it runs ---- */

struct front {
	struct cli *cli;
	bool prints; /* text, as it happens */
	bool open_line; /* the output ended without a newline */
};

static void print_output(struct front *front, const struct runbook_event *event)
{
	AUTO_STR text = STR_INIT;
	str_addn(&text, event->text, event->len);
	/* A NUL would end the text before its end. */
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i])
			text.data[i] = ' ';
	term_put(front->cli->out, STYLE_PLAIN, text.data);
	(void)fflush(front->cli->out->file);
	if (text.len)
		front->open_line = text.data[text.len - 1] != '\n';
}

static void end_line(struct front *front)
{
	if (front->open_line)
		term_newline(front->cli->out);
	front->open_line = false;
	(void)fflush(front->cli->out->file);
}

static void on_event(void *data, const struct runbook_event *event)
{
	struct front *front = data;
	struct term *t = front->cli->errout;
	if (event->kind == RUNBOOK_EVENT_OUTPUT) {
		if (front->prints)
			print_output(front, event);
		return;
	}
	if (front->prints)
		end_line(front);
	if (event->kind == RUNBOOK_EVENT_STARTED && front->cli->verbose)
		term_note(t, "run %s of %s started, attempt %lld", event->row->id,
			event->row->runbook, (long long)event->row->attempt);
	else if (event->kind == RUNBOOK_EVENT_ENDED && front->prints)
		runbook_print_end(t, event->row);
	else if (event->kind == RUNBOOK_EVENT_WAITS || event->kind == RUNBOOK_EVENT_RETRY ||
		 event->kind == RUNBOOK_EVENT_NOTICE)
		term_note(t, "%s", event->text);
}

/* ---- results ---- */

static void print_problems(struct cli *cli, const struct runbook_run *run)
{
	if (run->diags.count) {
		diag_print_text(cli->errout, &run->diags);
		diag_print_summary(cli->errout, &run->diags);
	}
	if (run->fate == RUNBOOK_INVALID && !run->diags.errors)
		term_printf(cli->errout, STYLE_RED, "%s\n", run->reason);
	if (run->fate == RUNBOOK_REFUSED && !run->row.dir)
		term_printf(cli->errout, STYLE_RED, "%s\n", run->reason);
	if (run->fate != RUNBOOK_WAITS)
		return;
	term_printf(cli->out, STYLE_YELLOW, "%s waits: %s\n", run->name, run->reason);
	term_note(cli->out,
		"plan %s sha256:%.12s; `trueup approve %s`, then run it again with the same "
		"variables",
		run->plan->id, run->identity, run->plan->object_key);
}

static void print_look(struct cli *cli, const struct runbook_run *run)
{
	const char *claims =
		runbook_claims_text((struct arena *)(uintptr_t)&run->arena, run->runbook);
	term_printf(cli->out, STYLE_BOLD, "%s", run->name);
	term_printf(cli->out, STYLE_PLAIN, " would run%s%s%s\n", run->role ? " as " : "",
		run->role ? run->role : "", run->approval ? " after an approval" : "");
	term_printf(cli->out, STYLE_DIM, "commit     ");
	term_printf(cli->out, STYLE_PLAIN, "%.10s\n",
		run->commit[0] ? run->commit : "the file as it lies on disk");
	term_printf(cli->out, STYLE_DIM, "claims     ");
	term_printf(cli->out, STYLE_PLAIN, "%s\n", claims ? claims : "none");
	term_printf(cli->out, STYLE_DIM, "target     ");
	term_printf(cli->out, STYLE_PLAIN, "local\n");
	for (size_t i = 0; i < run->var_count; i++) {
		term_printf(cli->out, STYLE_DIM, i ? "           " : "variables  ");
		term_printf(cli->out, STYLE_PLAIN, "%s%s\n", run->vars[i].name,
			run->vars[i].secret ? " (secret)" : "");
	}
	for (size_t i = 0; i < run->runbook->inputs.count; i++) {
		term_printf(cli->out, STYLE_DIM, i ? "           " : "inputs     ");
		term_printf(cli->out, STYLE_PLAIN, "%s\n", run->runbook->inputs.items[i].text);
	}
	term_printf(cli->out, STYLE_PLAIN, "\n%s\n", run->runbook->script_text.text);
}

static void print_result(struct front *front, const struct runbook_run *run, bool dry)
{
	struct cli *cli = front->cli;
	if (front->prints) {
		print_problems(cli, run);
		if (dry && run->fate == RUNBOOK_FINE)
			print_look(cli, run);
		return;
	}
	AUTO_ARENA arena = {0};
	struct node *document = report_document(&arena, cli->command->name);
	runbook_run_node(&arena, document, run);
	report_print_json(cli->out, document);
}

/* ---- the command ---- */

static int run_runbook(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_SESSION session = SESSION_NONE;
	AUTO_RUNBOOK_RUN run = RUNBOOK_RUN_NONE;
	struct given_vars vars;
	struct front front = {.cli = cli, .prints = str_eq(cli->format, "text")};
	const bool dry = opt_flag(cli->opts, "dry-run"), check = opt_flag(cli->opts, "check");
	if (runbook_variables_given(cli, &arena, &vars, err) < 0 ||
		cli_session(cli, NULL, SESSION_WRITE, &session, err) < 0)
		return -1;
	const struct runbook_request request = {
		.runbook = operand(cli->opts, 0),
		.rev = opt_text(cli->opts, "rev"),
		.worktree = opt_flag(cli->opts, "worktree"),
		.vars = vars.items,
		.var_count = vars.count,
		.environ = (const char *const *)environ,
		.role = opt_text(cli->opts, "as"),
		.mode = dry     ? RUN_MODE_VALIDATE
			: check ? RUN_MODE_CHECK
				: RUN_MODE_RUN,
		.cause = RUN_BY_HAND,
		.timeout_ms = opt_duration(cli->opts, "timeout"),
		.listener = on_event,
		.data = &front,
		.interrupts = signals_catch(false),
	};
	const struct runbook_adoption adoption = {.listener = NULL};
	if (runbook_adopt(&session, &adoption, NULL, err) < 0 ||
		runbook_run(&session, &request, &run, err) < 0)
		return -1;
	end_line(&front);
	print_result(&front, &run, dry);
	return runbook_exit_code(&run);
}

const struct command cmd_runbook_run = {
	.name = "runbook run",
	.summary = "run a runbook's script, guarded and recorded",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_RUNBOOK,
	.description =
		(const char *const[]){
			"Runs the script of runbooks/NAME.md as it is committed, shut in as far "
			"as this machine allows (docs/isolation.md), shows what it prints, and "
			"records the run. Who may is decided by '# Required Claims' and the Roles "
			"as they were last reconciled; every refusal is recorded.",
			"Values of variables come from --env, --env-file and, for variables that "
			"the runbook declares, the environment of this command. --env "
			"'TOKEN={fromEnv: X}', '{fromFile: PATH}' (a file of the repository) and "
			"'{credential: NAME}' (of systemd's LoadCredential=) say where a secret is "
			"instead of showing it in the list of processes. Secrets are masked in "
			"everything that is shown or kept.",
			"A runbook with an approval waits (exit 4) for 'trueup approve "
			"runbook/NAME'; the same command again then runs it, once.",
			"Ctrl-C once ends the script in order; twice leaves at once.", NULL},
	.options = (const struct option_spec[]){RUNBOOK_VARIABLE_OPTIONS,
		{.name = "as",
			.type = OPT_TEXT,
			.arg = "ROLE",
			.help = "act in this role only, of which you are a member"},
		{.name = "dry-run",
			.letter = 'n',
			.type = OPT_FLAG,
			.help = "check claims, variables and inputs and show what would "
				"run"},
		{.name = "check",
			.type = OPT_FLAG,
			.help = "run it with DRY_RUN=1 and without a network"},
		{.name = "rev",
			.type = OPT_TEXT,
			.arg = "REV",
			.help = "the runbook of this revision instead of HEAD"},
		{.name = "worktree",
			.type = OPT_FLAG,
			.help = "the file as it lies on disk; the claims of the committed "
				"one have to be met as well"},
		{.name = "timeout",
			.type = OPT_DURATION,
			.arg = "TIME",
			.help = "end an attempt after TIME, whatever the runbook says"},
		{0}},
	.exits = (const struct exit_doc[]){{0, "the script's exit code was 0"},
		{1, "the script failed, was ended, or could not be started"},
		{3, "the runbook, its variables or its inputs are wrong; nothing was run"},
		{4, "it waits for an approval, or was refused"}, {0}},
	.examples = (const struct example_doc[]){{"trueup runbook run DiskCheck -e HOST=web-1",
							 "Run it."},
		{"trueup runbook run PatchPrep -n --env-file prod.env", "Would it run, and what?"},
		{"trueup runbook run Deploy -e 'TOKEN={fromEnv: DEPLOY_TOKEN}' --as sre",
			"A secret that no list of processes shows."},
		{0}},
	.run = run_runbook,
};
