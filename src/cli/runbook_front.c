#include "cli/runbook_front.h"

#include "base/err.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "cli/runbook_report.h"
#include "reconcile/runbook_adopt.h"
#include "report/diag_print.h"
#include "report/json.h"

#include <stdio.h>

/* ---- while it runs ---- */

struct front {
	struct cli *cli;
	const struct runbook_run *run;
	bool warned;
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

/* What matters to who runs it, before it runs; 'runbook validate' has all warnings. */
static void print_warnings(struct front *front)
{
	static const char *const rules[] = {"runbook-uncommitted", "runbook-secret"};
	const struct diag_list *diags = &front->run->diags;
	if (front->warned)
		return;
	front->warned = true;
	for (size_t i = 0; i < diags->count; i++)
		for (size_t k = 0; k < ARRAY_LEN(rules); k++)
			if (str_eq(diags->items[i].rule, rules[k]))
				term_note(front->cli->errout, "warning: %s%s%s",
					diags->items[i].message, diags->items[i].hint ? "; " : "",
					diags->items[i].hint ? diags->items[i].hint : "");
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
	if (event->kind == RUNBOOK_EVENT_STARTED || event->kind == RUNBOOK_EVENT_WAITS)
		print_warnings(front);
	if (event->kind == RUNBOOK_EVENT_STARTED && front->cli->verbose)
		term_note(t, "run %s of %s started, attempt %lld", event->row->id,
			event->row->runbook, (long long)event->row->attempt);
	else if (event->kind == RUNBOOK_EVENT_ENDED && front->prints &&
		 (!front->cli->quiet || event->row->state != RUN_DONE))
		runbook_print_end(t, event->row);
	else if (event->kind == RUNBOOK_EVENT_WAITS || event->kind == RUNBOOK_EVENT_RETRY ||
		 event->kind == RUNBOOK_EVENT_NOTICE)
		term_note(t, "%s", event->text);
}

/* ---- results ---- */

/* Are the diagnostics all that is wrong? A value that is not to be had is none of the file's. */
static bool diags_say_it(const struct runbook_run *run)
{
	const char *reason = run->reason;
	for (size_t i = 0; i < run->diags.count; i++)
		if (run->diags.items[i].severity == SEVERITY_ERROR)
			return str_starts(reason, run->diags.items[i].message);
	return false;
}

static void print_problems(struct cli *cli, const struct runbook_run *run)
{
	if (run->diags.errors) {
		diag_print_text(cli->errout, &run->diags);
		diag_print_summary(cli->errout, &run->diags);
	}
	if (run->fate == RUNBOOK_INVALID && !diags_say_it(run))
		term_printf(cli->errout, STYLE_RED, "%s\n", run->reason);
	if (run->fate == RUNBOOK_REFUSED && !run->row.dir)
		term_printf(cli->errout, STYLE_RED, "%s\n", run->reason);
	if (run->hint)
		term_note(cli->errout, "%s", run->hint);
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
	if (run->commit[0])
		term_printf(cli->out, STYLE_PLAIN, "%.10s\n", run->commit);
	else
		term_printf(cli->out, STYLE_PLAIN, "none: the file as it lies on disk\n");
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
	struct node *document = report_document(&arena, "runbook run");
	runbook_run_node(&arena, document, run);
	report_print_json(cli->out, document);
}

int runbook_front(struct cli *cli, const struct session_options *open,
	const struct runbook_request *given, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_RUNBOOK_RUN run = RUNBOOK_RUN_NONE;
	struct front front = {.cli = cli, .run = &run, .prints = str_eq(cli->format, "text")};
	const struct runbook_adoption adoption = {.listener = NULL};
	struct runbook_request request = *given;
	request.listener = on_event;
	request.data = &front;
	if (session_open(open, &session, err) < 0 ||
		runbook_adopt(&session, &adoption, NULL, err) < 0 ||
		runbook_run(&session, &request, &run, err) < 0)
		return -1;
	end_line(&front);
	if (run.runbook)
		print_warnings(&front);
	print_result(&front, &run, request.mode == RUN_MODE_VALIDATE);
	return runbook_exit_code(&run);
}
