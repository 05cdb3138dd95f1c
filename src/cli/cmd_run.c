/* trueup run list, trueup run show NAME */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/run_objects.h"
#include "cli/runbook_report.h"
#include "cli/session.h"
#include "report/json.h"
#include "report/table.h"

#include <inttypes.h>

enum { SECONDS_LEN = 19, SHOWN_RUNS = 10 };

/* Without milliseconds; UTC. */
static const char *moment(struct arena *arena, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	return ms ? arena_printf(arena, "%.*s", SECONDS_LEN, clock_format(ms, text)) : "";
}

static const char *when_text(struct arena *arena, const struct run_object *o)
{
	if (!o->spec || !o->spec->schedule.cron.text)
		return "once";
	return arena_printf(
		arena, "%s %s", o->spec->schedule.cron.text, o->spec->schedule.timezone.text);
}

static enum term_style state_style(const struct run_object *o)
{
	switch (o->row->phase) {
	case PHASE_APPLIED:
		return o->row->suspended ? STYLE_YELLOW : STYLE_GREEN;
	case PHASE_FAILED:
	case PHASE_REFUSED:
		return STYLE_RED;
	case PHASE_APPLYING:
		return STYLE_CYAN;
	case PHASE_NEW:
	case PHASE_PLANNED:
	case PHASE_WAITING:
	case PHASE_DESTROYING:
	case PHASE_DESTROYED:
	case PHASE_ORPHANED:
		break;
	}
	return STYLE_YELLOW;
}

/* ---- as JSON ---- */

static void set_time(struct arena *a, struct node *map, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	if (ms)
		report_set_text(a, map, key, clock_format(ms, text));
}

static struct node *object_node(struct arena *a, const struct run_object *o)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", o->row->name);
	report_set_text(a, map, "key", o->row->key);
	report_set_text(a, map, "path", o->row->path);
	report_set_text(a, map, "state", run_object_state(o));
	report_set_text(a, map, "phase", object_phase_name(o->row->phase));
	node_map_set(a, map, "suspended", node_new_bool(a, o->row->suspended));
	report_set_text(a, map, "reason", o->row->reason);
	if (o->spec) {
		report_set_text(a, map, "runbook", o->spec->runbook.text);
		report_set_text(a, map, "as", o->spec->as.text);
		report_set_text(a, map, "target", o->spec->targets.provider);
		report_set_text(a, map, "cron", o->spec->schedule.cron.text);
		if (o->spec->schedule.cron.text)
			report_set_text(a, map, "timezone", o->spec->schedule.timezone.text);
	}
	if (o->schedule) {
		set_time(a, map, "nextAt", o->schedule->next_at);
		set_time(a, map, "lastDueAt", o->schedule->last_at);
	}
	report_set_text(a, map, "plan", o->plan ? o->plan->id : NULL);
	if (o->last)
		node_map_set(a, map, "lastRun", runbook_row_node(a, o->last));
	return map;
}

/* ---- list ---- */

static void print_list(struct cli *cli, struct arena *a, const struct run_objects *list)
{
	enum { COLUMNS = 7, REASON = 6 };
	AUTO_TABLE t = table_new(COLUMNS);
	table_shrink(t, REASON);
	for (size_t i = 0; i < list->count; i++) {
		const struct run_object *o = &list->items[i];
		table_cell(t, STYLE_BOLD, o->row->name);
		table_cell(t, STYLE_PLAIN, o->spec ? o->spec->runbook.text : "");
		table_cell(t, STYLE_PLAIN, when_text(a, o));
		table_cell(t, state_style(o), run_object_state(o));
		table_cell(t, STYLE_DIM,
			o->last ? arena_printf(a, "last %s", moment(a, o->last->intended_at)) : "");
		table_cell(t, STYLE_DIM,
			o->schedule && o->schedule->next_at
				? arena_printf(a, "next %s", moment(a, o->schedule->next_at))
				: "");
		table_cell(t, STYLE_PLAIN, o->row->reason ? o->row->reason : "");
		table_end_row(t);
	}
	table_print(t, cli->out, 0);
	if (!list->count)
		term_note(cli->out, "no Run is recorded: `kind: Run` in a file below runs/, then "
				    "`trueup reconcile`");
}

static int run_list(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct run_objects list = {0};
	if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0 ||
		run_objects_read(&session, &arena, &list, err) < 0)
		return -1;
	if (str_eq(cli->format, "text")) {
		print_list(cli, &arena, &list);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, cli->command->name);
	struct node *runs = node_new_seq(&arena);
	for (size_t i = 0; i < list.count; i++)
		node_seq_add(&arena, runs, object_node(&arena, &list.items[i]));
	node_map_set(&arena, doc, "runs", runs);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

const struct command cmd_run_list = {
	.name = "run list",
	.summary = "list the Runs: what each runs, when, and how it went",
	.description =
		(const char *const[]){
			"Lists the recorded Runs (`kind: Run`) with their runbook, their schedule "
			"or `once`, their state, when they ran last and are due next (UTC), and "
			"what they wait for.",
			NULL},
	.examples = (const struct example_doc[]){{"trueup run list", "What runs when?"}, {0}},
	.run = run_list,
};

/* ---- show ---- */

static void print_pair(struct cli *cli, const char *name, const char *text)
{
	enum { WIDTH = 12 };
	if (!text || !*text)
		return;
	term_printf(cli->out, STYLE_DIM, "%-*s", WIDTH, name);
	term_printf(cli->out, STYLE_PLAIN, "%s\n", text);
}

static const char *variables_text(struct arena *arena, const struct run_spec *spec)
{
	static const char *const from[] = {
		[VALUE_PLAIN] = "",
		[VALUE_FROM] = " (from ",
		[VALUE_FROM_ENV] = " (environment ",
		[VALUE_FROM_FILE] = " (file ",
		[VALUE_CREDENTIAL] = " (credential ",
	};
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; i < spec->env_count; i++) {
		const struct run_spec_variable *v = &spec->env[i];
		str_addf(&text, "%s%s", i ? ", " : "", v->name.text);
		if (!v->text)
			str_addf(&text, "%s%s)", from[v->ref.kind], v->ref.name);
	}
	return arena_strdup(arena, text.data);
}

static void print_spec(struct cli *cli, struct arena *a, const struct run_object *o)
{
	static const char *const overlaps[] = {"skip", "queue", "replace"};
	static const char *const misses[] = {"skip", "run_once"};
	const struct run_spec *s = o->spec;
	if (!s)
		return;
	print_pair(cli, "runbook", s->runbook.text);
	print_pair(cli, "as", s->as.text ? arena_printf(a, "role/%s", s->as.text) : NULL);
	print_pair(cli, "variables", variables_text(a, s));
	print_pair(cli, "when",
		s->schedule.cron.text
			? arena_printf(a, "%s, overlap: %s, missed: %s", when_text(a, o),
				  overlaps[s->schedule.overlap], misses[s->schedule.missed])
			: "once for each version of it");
	if (s->approval.mode == APPROVAL_MANUAL)
		print_pair(cli, "approval", arena_printf(a, "by %" PRId64, s->approval.min));
}

static void print_runs(struct cli *cli, struct arena *a, const struct run_rows *rows)
{
	enum { COLUMNS = 6, ERROR = 5 };
	AUTO_TABLE t = table_new(COLUMNS);
	table_shrink(t, ERROR);
	for (size_t i = 0; i < rows->count; i++) {
		const struct run_row *row = &rows->items[i];
		char took[CLOCK_TEXT_SIZE] = "";
		if (row->ended_at && row->started_at)
			clock_format_duration(row->ended_at - row->started_at, took);
		table_cell(t, STYLE_DIM, moment(a, row->intended_at));
		table_cell(t, runbook_state_style(row->state), run_state_name(row->state));
		table_cell(t, STYLE_PLAIN, runbook_code_text(a, row));
		table_cell(t, STYLE_DIM, took);
		table_cellf(t, STYLE_PLAIN, "%s, %s", run_cause_name(row->cause), row->actor);
		table_cellf(t, STYLE_DIM, "%s%s%s", row->id, row->error ? "  " : "",
			row->error ? row->error : "");
		table_end_row(t);
	}
	if (rows->count)
		term_newline(cli->out);
	table_print(t, cli->out, 0);
}

static void print_object(
	struct cli *cli, struct arena *a, const struct run_object *o, const struct run_rows *rows)
{
	term_printf(cli->out, STYLE_BOLD, "%s", o->row->key);
	term_printf(cli->out, state_style(o), "  %s\n", run_object_state(o));
	print_pair(cli, "reason", o->row->suspended ? o->row->suspended_reason : o->row->reason);
	print_pair(cli, "file", o->row->path);
	print_spec(cli, a, o);
	if (o->schedule)
		print_pair(cli, "next",
			o->schedule->next_at
				? arena_printf(a, "%s UTC", moment(a, o->schedule->next_at))
				: "never again");
	if (o->plan)
		print_pair(cli, "plan",
			arena_printf(
				a, "%s waits: trueup run approve %s", o->plan->id, o->row->name));
	print_runs(cli, a, rows);
	if (rows->count)
		term_note(cli->out, "trueup runbook history --run ID shows what one printed");
}

static int run_show(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct run_object object;
	struct run_rows rows = {0};
	const char *key = run_object_key(&arena, operand(cli->opts, 0));
	const struct run_filter filter = {.object_key = key, .limit = SHOWN_RUNS};
	if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0 ||
		run_object_read(&session, key, &arena, &object, err) < 0 ||
		store_runs(session.store, &filter, &arena, &rows, err) < 0)
		return -1;
	if (str_eq(cli->format, "text")) {
		print_object(cli, &arena, &object, &rows);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, cli->command->name);
	struct node *node = object_node(&arena, &object);
	struct node *list = node_new_seq(&arena);
	for (size_t i = 0; i < rows.count; i++)
		node_seq_add(&arena, list, runbook_row_node(&arena, &rows.items[i]));
	node_map_set(&arena, node, "runs", list);
	node_map_set(&arena, doc, "run", node);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

const struct command cmd_run_show = {
	.name = "run show",
	.summary = "show one Run: what it says, what it waits for, its last runs",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Shows the Run NAME (or run/NAME) as it is recorded, without values of "
			"variables, and its last 10 runs, newest first (times in UTC).",
			NULL},
	.examples =
		(const struct example_doc[]){
			{"trueup run show patch-web", "How did the patching go?"}, {0}},
	.run = run_show,
};
