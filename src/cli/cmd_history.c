/* trueup history: who did what, when, from which commit, approved by whom, with what result. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/session.h"
#include "reconcile/session.h"
#include "report/json.h"
#include "report/table.h"
#include "store/audit.h"
#include "store/objects.h"
#include "store/operations.h"

static void set_time(struct arena *a, struct node *map, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	if (ms)
		report_set_text(a, map, key, clock_format(ms, text));
}

/* --- operations ----------------------------------------------------------------------------- */

static enum term_style state_style(enum operation_state state)
{
	switch (state) {
	case OPERATION_DONE:
		return STYLE_GREEN;
	case OPERATION_FAILED:
	case OPERATION_LOST:
		return STYLE_RED;
	case OPERATION_INTERRUPTED:
		return STYLE_YELLOW;
	case OPERATION_INTENDED:
	case OPERATION_RUNNING:
		break;
	}
	return STYLE_CYAN;
}

static void print_operations(struct cli *cli, const struct history_rows *rows)
{
	AUTO_TABLE table = table_new(8);
	table_shrink(table, 7);
	for (size_t i = 0; i < rows->count; i++) {
		const struct operation_row *op = &rows->items[i].operation;
		char when[CLOCK_TEXT_SIZE], took[CLOCK_TEXT_SIZE] = "";
		clock_format(op->intended_at, when);
		when[19] = '\0'; /* without milliseconds; UTC */
		if (op->ended_at)
			clock_format_duration(op->ended_at - op->intended_at, took);
		table_cell(table, STYLE_DIM, when);
		table_cell(table, STYLE_PLAIN, op->object_key);
		table_cell(table, STYLE_PLAIN, op->kind);
		table_cell(table, state_style(op->state), operation_state_name(op->state));
		table_cell(table, STYLE_DIM, took);
		table_cellf(table, STYLE_DIM, "%.7s", op->commit_id ? op->commit_id : "");
		if (rows->items[i].approved_by)
			table_cellf(table, STYLE_PLAIN, "%s, approved by %s", op->actor,
				rows->items[i].approved_by);
		else
			table_cell(table, STYLE_PLAIN, op->actor);
		table_cellf(table, STYLE_DIM, "%s%s%s", op->id, op->error ? "  " : "",
			op->error ? op->error : "");
		table_end_row(table);
	}
	table_print(table, cli->out, 0);
}

/* Why there is nothing to show: nothing happened, or nothing of what was asked for. */
static int note_none(
	struct cli *cli, struct session *s, const char *what, bool any, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct object_row *row = NULL;
	const char *key = operand(cli->opts, 0), *actor = opt_text(cli->opts, "actor");
	if (cli->format[0] != 't')
		return 0;
	if (!any) {
		term_note(cli->out, "no %s yet", what);
		return 0;
	}
	if (key && store_object_get(s->store, key, OBJECT_BRIEF, &arena, &row, err) < 0)
		return -1;
	term_note(cli->out, "no %s%s%s%s%s%s", what, key ? " on " : "", key ? key : "",
		actor ? " by " : "", actor ? actor : "",
		key && !row ? ": no such object is recorded" : "");
	return 0;
}

static void add_operations(struct arena *a, struct node *doc, const struct history_rows *rows)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < rows->count; i++) {
		const struct operation_row *op = &rows->items[i].operation;
		struct node *n = node_new_map(a);
		report_set_text(a, n, "operation", op->id);
		report_set_text(a, n, "object", op->object_key);
		report_set_text(a, n, "kind", op->kind);
		report_set_text(a, n, "state", operation_state_name(op->state));
		report_set_text(a, n, "actor", op->actor);
		report_set_text(a, n, "approvedBy", rows->items[i].approved_by);
		report_set_text(a, n, "commit", op->commit_id);
		report_set_text(a, n, "plan", op->plan_id);
		set_time(a, n, "intendedAt", op->intended_at);
		set_time(a, n, "endedAt", op->ended_at);
		report_set_text(a, n, "error", op->error);
		node_seq_add(a, list, n);
	}
	node_map_set(a, doc, "operations", list);
}

static int show_operations(struct cli *cli, struct session *s, struct err **err)
{
	AUTO_ARENA arena = {0};
	const struct history_filter filter = {
		.object_key = operand(cli->opts, 0),
		.actor = opt_text(cli->opts, "actor"),
		.limit = opt_int(cli->opts, "limit"),
	};
	struct history_rows rows = {0};
	if (s->store && store_history(s->store, &filter, &arena, &rows, err) < 0)
		return -1;
	const struct history_filter newest = {.limit = 1};
	struct history_rows all = {0};
	if (!rows.count && ((s->store && store_history(s->store, &newest, &arena, &all, err) < 0) ||
				   note_none(cli, s, "operation", all.count > 0, err) < 0))
		return -1;
	if (cli->format[0] == 't') {
		print_operations(cli, &rows);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, "history");
	add_operations(&arena, doc, &rows);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

/* --- the audit log --------------------------------------------------------------------------- */

static int show_audit(struct cli *cli, struct session *s, struct err **err)
{
	AUTO_ARENA arena = {0};
	const struct audit_filter filter = {
		.subject = operand(cli->opts, 0),
		.actor = opt_text(cli->opts, "actor"),
		.limit = opt_int(cli->opts, "limit"),
	};
	struct audit_rows rows = {0};
	if (s->store && store_audit_list(s->store, &filter, &arena, &rows, err) < 0)
		return -1;
	const struct audit_filter newest = {.limit = 1};
	struct audit_rows all = {0};
	if (!rows.count &&
		((s->store && store_audit_list(s->store, &newest, &arena, &all, err) < 0) ||
			note_none(cli, s, "entry", all.count > 0, err) < 0))
		return -1;
	AUTO_TABLE table = table_new(6);
	struct node *list = node_new_seq(&arena);
	for (size_t i = 0; i < rows.count; i++) {
		const struct audit_row *r = &rows.items[i];
		char when[CLOCK_TEXT_SIZE];
		clock_format(r->at, when);
		table_cellf(table, STYLE_DIM, "%lld", (long long)r->seq);
		table_cell(table, STYLE_DIM, when);
		table_cell(table, STYLE_PLAIN, r->actor);
		table_cell(table, STYLE_PLAIN, r->action);
		table_cell(table, STYLE_PLAIN, r->subject);
		table_cellf(table, STYLE_DIM, "%.12s", r->hash);
		table_end_row(table);
		struct node *n = node_new_map(&arena);
		node_map_set(&arena, n, "seq", node_new_int(&arena, r->seq));
		set_time(&arena, n, "at", r->at);
		report_set_text(&arena, n, "actor", r->actor);
		report_set_text(&arena, n, "action", r->action);
		report_set_text(&arena, n, "subject", r->subject);
		report_set_text(&arena, n, "detail", r->detail_json);
		report_set_text(&arena, n, "hash", r->hash);
		node_seq_add(&arena, list, n);
	}
	if (cli->format[0] == 't') {
		table_print(table, cli->out, 0);
		return CLI_DONE;
	}
	struct node *doc = report_document(&arena, "history");
	node_map_set(&arena, doc, "audit", list);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

static int verify(struct cli *cli, struct session *s, struct err **err)
{
	struct audit_verdict v = {0};
	if (s->store && store_audit_verify(s->store, &v, err) < 0)
		return -1;
	if (cli->format[0] == 't') {
		if (v.bad_seq)
			term_printf(cli->out, STYLE_RED,
				"the audit log was changed: entry %lld: %s; %lld entries before it "
				"verify\n",
				(long long)v.bad_seq, v.reason, (long long)v.entries);
		else
			term_printf(cli->out, STYLE_GREEN, "%lld entries verify, head %s\n",
				(long long)v.entries, v.entries ? v.head.hash : "none");
		return v.bad_seq ? CLI_FAILED : CLI_DONE;
	}
	AUTO_ARENA arena = {0};
	struct node *doc = report_document(&arena, "history");
	node_map_set(&arena, doc, "verified", node_new_bool(&arena, !v.bad_seq));
	node_map_set(&arena, doc, "entries", node_new_int(&arena, v.entries));
	if (v.bad_seq)
		node_map_set(&arena, doc, "badEntry", node_new_int(&arena, v.bad_seq));
	report_set_text(&arena, doc, "reason", v.reason);
	report_set_text(&arena, doc, "head", v.entries ? v.head.hash : NULL);
	report_print_json(cli->out, doc);
	return v.bad_seq ? CLI_FAILED : CLI_DONE;
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0)
		return -1;
	if (opt_flag(cli->opts, "verify"))
		return verify(cli, &session, err);
	return opt_flag(cli->opts, "audit") ? show_audit(cli, &session, err)
					    : show_operations(cli, &session, err);
}

const struct command cmd_history = {
	.name = "history",
	.summary = "show who did what, when, from which commit, with what result",
	.operands = "[KIND/NAME]",
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Lists operations, newest first: when (UTC), on what, the result, the "
			"commit, who asked and who approved.",
			"With --audit the audit log: every decision and effect, each entry with "
			"the hash of the one before. With --verify the whole chain is computed "
			"again; its head also stands in the notes of reconciled commits "
			"(git log --notes=trueup).",
			NULL},
	.options = (const struct option_spec[]){{.name = "limit",
							.letter = 'n',
							.type = OPT_INT,
							.arg = "N",
							.min = 1,
							.max = 100000,
							.fallback = "50",
							.help = "at most N entries"},
		{.name = "actor",
			.type = OPT_TEXT,
			.arg = "ACTOR",
			.help = "only what this actor did, as os:alice"},
		{.name = "audit", .type = OPT_FLAG, .help = "the audit log"},
		{.name = "verify",
			.type = OPT_FLAG,
			.help = "check the audit log; exit 1 when it was changed"},
		{0}},
	.examples = (const struct example_doc[]){{"trueup history canvas/shop",
							 "What was done to the shop?"},
		{"trueup history --verify", "Was the audit log touched?"}, {0}},
	.run = run,
};
