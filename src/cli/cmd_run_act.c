/* trueup run rerun NAME, trueup run cancel NAME */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/pipeline.h"
#include "cli/run_objects.h"
#include "cli/session.h"
#include "report/json.h"
#include "runbook/execute.h"
#include "store/audit.h"

/* ---- rerun ---- */

static int run_rerun(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	const char *keys[] = {run_object_key(&arena, operand(cli->opts, 0)), NULL};
	struct run_options options = {
		.command = cli->command->name,
		.stop = opt_flag(cli->opts, "dry-run") ? RUN_STOP_PLAN : RUN_STOP_NEVER,
		.allow_empty = true,
		.rerun = keys,
	};
	return pipeline_command(cli, NULL, &options, err);
}

const struct command cmd_run_rerun = {
	.name = "run rerun",
	.summary = "run a Run again, whatever came of it before",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Reconciles the Run NAME (or run/NAME) alone and runs its runbook, also "
			"when this version of it was run before, was the baseline, or was "
			"rejected. It passes the same gates: a manual approval is asked for "
			"again, and the next reconcile runs it once it is given.",
			"Nothing of the kind happens by itself: a run that failed, was stopped or "
			"was lost stays at that until somebody asks.",
			NULL},
	.options = (const struct option_spec[]){{.name = "dry-run",
							.letter = 'n',
							.type = OPT_FLAG,
							.help = "show what would be run"},
		OPTION_LOCK_TIMEOUT("0s"),
		{.name = "detailed-exitcode",
			.type = OPT_FLAG,
			.help = "with --dry-run: exit 2 when it would be run"},
		{0}},
	.exits = (const struct exit_doc[]){{1, "the script failed, or something else did"},
		{2, "it would be run (--detailed-exitcode)"},
		{3, "the specs are invalid; nothing was done"},
		{4, "it waits for or is refused by a gate"}, {0}},
	.examples =
		(const struct example_doc[]){
			{"trueup run rerun patch-web", "After what kept it from working is gone."},
			{0}},
	.run = run_rerun,
};

/* ---- cancel ---- */

static int record_cancel(struct session *s, const struct run_row *row, struct err **err)
{
	AUTO_ARENA arena = {0};
	const struct audit_row audit = {
		.at = clock_now_ms(),
		.actor = s->actor,
		.action = "cancel",
		.subject = row->object_key,
		.detail_json = arena_printf(&arena, "{\"run\":\"%s\"}", row->id),
	};
	return store_audit_append(s->store, &audit, err);
}

/* The open run of an object; *ret NULL: none. */
static int find_open(struct session *s, const char *key, struct arena *arena,
	const struct run_row **ret, struct err **err)
{
	struct run_rows open = {0};
	*ret = NULL;
	if (store_runs_open(s->store, arena, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.count && !*ret; i++)
		if (str_eq(open.items[i].object_key, key))
			*ret = &open.items[i];
	return 0;
}

static int cancel(struct session *s, const struct run_row *row, struct err **err)
{
	const struct target_executor *executor = target_executor_find(row->target);
	if (!executor || !row->dir)
		return err_set(
			err, ERR_INVALID, "there is no way to stop a run on '%s'", row->target);
	AUTO_FREE char *dir = xasprintf("%s/%s", s->state_dir, row->dir);
	if (record_cancel(s, row, err) < 0)
		return -1;
	return executor->cancel(dir, err);
}

static int nothing_runs(const struct run_object *object, struct err **err)
{
	if (object->plan)
		return err_set(err, ERR_CONFLICT,
			"nothing of %s runs; its plan waits: `trueup run reject %s` says no to it",
			object->row->key, object->row->name);
	return err_set(err, ERR_CONFLICT, "nothing of %s runs%s", object->row->key,
		object->schedule ? "; `trueup suspend` keeps its schedule from starting it" : "");
}

static int run_cancel(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct run_object object;
	const struct run_row *row = NULL;
	const char *key = run_object_key(&arena, operand(cli->opts, 0));
	if (cli_session(cli, NULL, SESSION_WRITE, &session, err) < 0 ||
		run_object_read(&session, key, &arena, &object, err) < 0 ||
		find_open(&session, key, &arena, &row, err) < 0)
		return -1;
	if (!row)
		return nothing_runs(&object, err);
	if (cancel(&session, row, err) < 0)
		return err_wrap(err, "stop the run %s", row->id);
	if (str_eq(cli->format, "text")) {
		term_printf(cli->out, STYLE_YELLOW, "asked to stop");
		term_printf(
			cli->out, STYLE_PLAIN, " %s: run %s of %s\n", key, row->id, row->runbook);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, cli->command->name);
	report_set_text(&arena, doc, "object", key);
	report_set_text(&arena, doc, "run", row->id);
	report_set_text(&arena, doc, "actor", session.actor);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

const struct command cmd_run_cancel = {
	.name = "run cancel",
	.summary = "stop the script of a Run that runs now",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Asks the script of the Run NAME (or run/NAME) to stop, and ends it when "
			"it has not after its time of grace. Whoever started it records it as "
			"cancelled. It is not run again by itself.",
			NULL},
	.examples = (const struct example_doc[]){{"trueup run cancel patch-web", "Stop it."}, {0}},
	.run = run_cancel,
};
