/* trueup runbook history [NAME] */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "cli/runbook_report.h"
#include "cli/session.h"
#include "format/yaml.h"
#include "reconcile/runbook_adopt.h"
#include "reconcile/runbook_gate.h"
#include "reconcile/runbook_history.h"
#include "report/json.h"
#include "report/table.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 8, ERROR_COLUMN = 7, SECONDS_LEN = 19 };

/* An entry of a file that the store has no run of: of another tool or another machine. */
struct file_entry {
	const struct runbook_file *file;
	const struct history_entry *entry;
};

struct view {
	struct cli *cli;
	struct session *session;
	struct arena arena;
	struct run_rows rows;
	struct file_entry *entries; /* newest first within each file */
	size_t entry_count, entry_cap;
	struct plan_row *waiting; /* requests that wait for an approval */
	size_t waiting_count, waiting_cap;
};

static void close_view(struct view *v)
{
	arena_release(&v->arena);
}

/* ---- what there is ---- */

static const char *stem(struct arena *arena, const char *given)
{
	const char *slash = strrchr(given, '/');
	const char *base = slash ? slash + 1 : given;
	const size_t len = strlen(base);
	return arena_memdup(arena, base, str_ends(base, ".md") ? len - 3 : len);
}

/* Has the user asked for some runs only? */
static bool is_filtered(const struct opts *o)
{
	return opt_given(o, "actor") || opt_given(o, "status") || opt_given(o, "object") ||
	       opt_given(o, "parent") || opt_given(o, "before");
}

static int find_rows(struct view *v, struct err **err)
{
	const struct opts *o = v->cli->opts;
	const struct run_filter filter = {
		.runbook = operand(o, 0) ? stem(&v->arena, operand(o, 0)) : NULL,
		.actor = opt_text(o, "actor"),
		.state = opt_text(o, "status"),
		.object_key = opt_text(o, "object"),
		.parent_id = opt_text(o, "parent"),
		.before = opt_text(o, "before"),
		.limit = opt_int(o, "limit"),
	};
	if (!v->session->store)
		return 0;
	return store_runs(v->session->store, &filter, &v->arena, &v->rows, err);
}

/* Is there a run that this entry tells of? All of them count, not only those that are shown. */
static int is_recorded(struct view *v, const struct runbook_file *file,
	const struct history_entry *e, const struct run_rows *all, bool *ret)
{
	(void)v;
	*ret = false;
	for (size_t i = 0; !*ret && i < all->count; i++)
		*ret = str_eq(all->items[i].runbook, file->name) &&
		       (all->items[i].ended_at == e->finish_ms ||
			       str_eq(all->items[i].id, e->by.correlation_id));
	return 0;
}

static int find_entries(struct view *v, struct runbook_files *files, struct err **err)
{
	enum { ALL = 100000 };
	const struct opts *o = v->cli->opts;
	const size_t limit = (size_t)opt_int(o, "limit");
	/* Filters ask for what only the store knows. */
	if (is_filtered(o))
		return 0;
	for (size_t f = 0; f < files->count; f++) {
		const struct runbook_file *file = &files->items[f];
		const struct run_filter filter = {.runbook = file->name, .limit = ALL};
		struct run_rows all = {0};
		struct history *history = arena_alloc(&v->arena, sizeof *history);
		size_t taken = 0;
		if (!file->runbook)
			continue;
		if (v->session->store &&
			store_runs(v->session->store, &filter, &v->arena, &all, err) < 0)
			return -1;
		history_read(&v->arena, file->runbook, history);
		for (size_t i = history->count; i-- > 0 && taken < limit;) {
			bool recorded;
			(void)is_recorded(v, file, &history->entries[i], &all, &recorded);
			if (recorded)
				continue;
			v->entries = arena_grow(&v->arena, v->entries, v->entry_count,
				&v->entry_cap, sizeof *v->entries);
			v->entries[v->entry_count++] =
				(struct file_entry){file, &history->entries[i]};
			taken++;
		}
	}
	return 0;
}

static int find_waiting(struct view *v, const struct runbook_files *files, struct err **err)
{
	if (is_filtered(v->cli->opts) || !v->session->store)
		return 0;
	for (size_t i = 0; i < files->count; i++) {
		struct plan_row *plan = NULL;
		const char *key = arena_printf(&v->arena, "runbook/%s", files->items[i].name);
		if (store_plan_open(v->session->store, key, &v->arena, &plan, err) < 0)
			return -1;
		if (!plan || !str_eq(plan->engine, RUNBOOK_ENGINE) ||
			(plan->expires_at && plan->expires_at <= v->session->now_ms))
			continue;
		v->waiting = arena_grow(&v->arena, v->waiting, v->waiting_count, &v->waiting_cap,
			sizeof *v->waiting);
		v->waiting[v->waiting_count++] = *plan;
	}
	return 0;
}

/* ---- for people ---- */

static void add_row(struct view *v, struct table *t, const struct run_row *row)
{
	char when[CLOCK_TEXT_SIZE], took[CLOCK_TEXT_SIZE] = "";
	clock_format(row->intended_at, when);
	when[SECONDS_LEN] = '\0'; /* without milliseconds; UTC */
	if (row->ended_at && row->started_at)
		clock_format_duration(row->ended_at - row->started_at, took);
	table_cell(t, STYLE_DIM, when);
	table_cell(t, STYLE_BOLD, row->runbook);
	table_cellf(t, runbook_state_style(row->state), "%s%s%s", run_state_name(row->state),
		row->mode == RUN_MODE_RUN ? "" : " ",
		row->mode == RUN_MODE_RUN ? "" : run_mode_name(row->mode));
	table_cell(t, STYLE_PLAIN, runbook_code_text(&v->arena, row));
	table_cell(t, STYLE_DIM, took);
	table_cell(t, STYLE_PLAIN, row->actor);
	table_cell(t, STYLE_DIM, row->isolation ? row->isolation : "");
	table_cellf(t, STYLE_DIM, "%s%s%s", row->id, row->error ? "  " : "",
		row->error ? row->error : "");
	table_end_row(t);
}

static void add_entry(struct table *t, const struct file_entry *e)
{
	const char *at = e->entry->finish ? e->entry->finish : e->entry->start;
	const size_t len = strlen(at);
	table_cellf(t, STYLE_DIM, "%.*s", (int)(len < SECONDS_LEN ? len : SECONDS_LEN), at);
	table_cell(t, STYLE_BOLD, e->file->name);
	table_cell(t, STYLE_DIM, "in file");
	table_cellf(t, STYLE_PLAIN, "exit code %" PRId64, e->entry->code);
	table_cell(t, STYLE_PLAIN, "");
	table_cell(t, STYLE_PLAIN, e->entry->by.user);
	table_cell(t, STYLE_PLAIN, "");
	table_cell(t, STYLE_DIM, "of another tool or machine");
	table_end_row(t);
}

static void add_waiting(struct table *t, const struct plan_row *plan)
{
	char when[CLOCK_TEXT_SIZE];
	clock_format(plan->created_at, when);
	when[SECONDS_LEN] = '\0';
	table_cell(t, STYLE_DIM, when);
	table_cell(t, STYLE_BOLD, plan->object_key + strlen("runbook/"));
	table_cell(t, STYLE_YELLOW, "waits");
	table_cell(t, STYLE_PLAIN, "");
	table_cell(t, STYLE_PLAIN, "");
	table_cell(t, STYLE_PLAIN, plan->requester);
	table_cell(t, STYLE_PLAIN, "");
	table_cellf(t, STYLE_DIM, "plan %s: trueup approve %s", plan->id, plan->object_key);
	table_end_row(t);
}

static void print_text(struct view *v)
{
	struct cli *cli = v->cli;
	AUTO_TABLE t = table_new(COLUMNS);
	table_shrink(t, ERROR_COLUMN);
	for (size_t i = 0; i < v->waiting_count; i++)
		add_waiting(t, &v->waiting[i]);
	for (size_t i = 0; i < v->rows.count; i++)
		add_row(v, t, &v->rows.items[i]);
	for (size_t i = 0; i < v->entry_count; i++)
		add_entry(t, &v->entries[i]);
	table_print(t, cli->out, 0);
	if (!v->rows.count && !v->entry_count && !v->waiting_count)
		term_note(cli->out, "no run yet");
}

/* ---- records ---- */

static void add_record(
	struct view *v, struct node *list, struct node *map, const struct history_entry *e)
{
	const struct history_limits whole = {RUN_OUTPUT_PART_MAX, 0};
	AUTO_STR json = STR_INIT;
	AUTO_DIAGS ignored = {0};
	history_write_json(e, &whole, &json);
	if (opt_flag(v->cli->opts, "records")) {
		str_addc(&json, '\n');
		term_write(v->cli->out, json.data, json.len);
		return;
	}
	struct src *src = arena_alloc(&v->arena, sizeof *src);
	*src = (struct src){"record", arena_strdup(&v->arena, json.data), json.len};
	struct node *record = (struct node *)(uintptr_t)json_parse(&v->arena, src, &ignored);
	if (record)
		node_map_set(&v->arena, map, "record", record);
	node_seq_add(&v->arena, list, map);
}

static int print_records(struct view *v, struct err **err)
{
	struct arena *a = &v->arena;
	struct node *document = report_document(a, v->cli->command->name);
	struct node *runs = node_new_seq(a), *entries = node_new_seq(a);
	for (size_t i = 0; i < v->rows.count; i++) {
		struct history_entry e;
		const struct run_row *row = &v->rows.items[i];
		if (runbook_history_entry(v->session->store, row, a, &e, err) < 0)
			return -1;
		add_record(v, runs, runbook_row_node(a, row), &e);
	}
	for (size_t i = 0; i < v->entry_count; i++) {
		struct node *map = node_new_map(a);
		report_set_text(a, map, "runbook", v->entries[i].file->name);
		report_set_text(a, map, "path", v->entries[i].file->path);
		add_record(v, entries, map, v->entries[i].entry);
	}
	if (opt_flag(v->cli->opts, "records"))
		return CLI_DONE;
	struct node *waiting = node_new_seq(a);
	for (size_t i = 0; i < v->waiting_count; i++) {
		struct node *map = node_new_map(a);
		char time[CLOCK_TEXT_SIZE];
		report_set_text(a, map, "object", v->waiting[i].object_key);
		report_set_text(a, map, "plan", v->waiting[i].id);
		report_set_text(a, map, "digest", v->waiting[i].identity);
		report_set_text(a, map, "requester", v->waiting[i].requester);
		report_set_text(
			a, map, "requestedAt", clock_format(v->waiting[i].created_at, time));
		node_seq_add(a, waiting, map);
	}
	node_map_set(a, document, "waiting", waiting);
	node_map_set(a, document, "runs", runs);
	node_map_set(a, document, "fileEntries", entries);
	report_print_json(v->cli->out, document);
	return CLI_DONE;
}

/* ---- one run ---- */

static int print_stream(struct view *v, const char *id, const char *name, struct err **err)
{
	struct run_output kept;
	if (store_run_output(v->session->store, id, name, &v->arena, &kept, err) < 0)
		return -1;
	if (!kept.total)
		return 0;
	AUTO_STR text = STR_INIT;
	str_addn(&text, kept.head, kept.head_len);
	if (kept.total > (int64_t)(kept.head_len + kept.tail_len))
		str_addf(&text, "\n[... %" PRId64 " bytes left out ...]\n",
			kept.total - (int64_t)(kept.head_len + kept.tail_len));
	str_addn(&text, kept.tail, kept.tail_len);
	AUTO_STR shown = STR_INIT;
	text_harmless(text.data, text.len, &shown);
	term_printf(v->cli->out, STYLE_DIM, "--- %s\n", name);
	term_put(v->cli->out, STYLE_PLAIN, shown.data);
	if (!str_ends(shown.data, "\n"))
		term_newline(v->cli->out);
	return 0;
}

static int show_run(struct view *v, const char *id, struct err **err)
{
	struct run_row *row = NULL;
	if (v->session->store && store_run_get(v->session->store, id, &v->arena, &row, err) < 0)
		return -1;
	if (!row)
		return err_set(err, ERR_NOT_FOUND,
			"there is no run %s; 'trueup runbook history' lists them", id);
	v->rows = (struct run_rows){row, 1};
	if (!str_eq(v->cli->format, "text") || opt_flag(v->cli->opts, "records"))
		return print_records(v, err);
	print_text(v);
	if (print_stream(v, row->id, "stdout", err) < 0 ||
		print_stream(v, row->id, "stderr", err) < 0)
		return -1;
	return CLI_DONE;
}

/* ---- the command ---- */

/* What was left by processes that are gone is put in order first; not being able to is no error. */
static void put_in_order(struct cli *cli)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ERR ignored = NULL;
	const struct runbook_adoption adoption = {.listener = NULL};
	if (cli_session(cli, NULL, SESSION_WRITE, &session, &ignored) < 0 ||
		runbook_adopt(&session, &adoption, NULL, &ignored) < 0)
		return;
	runbook_history_drain(&session, NULL, NULL);
}

static int run_history(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_RUNBOOK_FILES files = {0};
	CLEANUP(close_view) struct view v = {.cli = cli, .session = &session};
	if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0)
		return -1;
	if (session.store) {
		session_close(&session);
		put_in_order(cli);
		if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0)
			return -1;
	}
	const char *id = opt_text(cli->opts, "run");
	if (id)
		return show_run(&v, id, err);
	if (find_rows(&v, err) < 0)
		return -1;
	/* A runbook that is gone still has its runs. */
	if (source_dir(session.source) && runbook_files_open(cli, &files, err) < 0) {
		if (err_kind_of(*err) != ERR_NOT_FOUND || !v.rows.count)
			return -1;
		err_free(err);
	}
	if (find_waiting(&v, &files, err) < 0 || find_entries(&v, &files, err) < 0)
		return -1;
	if (!str_eq(cli->format, "text") || opt_flag(cli->opts, "records"))
		return print_records(&v, err);
	print_text(&v);
	return CLI_DONE;
}

const struct command cmd_runbook_history = {
	.name = "runbook history",
	.summary = "show the runs of runbooks, recorded here and in their files",
	.operands = "[NAME]",
	.max_operands = 1,
	.operand_kind = OPERAND_RUNBOOK,
	.description =
		(const char *const[]){
			"Lists what waits for an approval, then runs, newest first (times in UTC): "
			"every attempt, also those that were refused or invalid. Entries in the "
			"file that no recorded run made "
			"come after them, without filters only.",
			"With --run ID the output of one run. With -o json every run has its "
			"`record` in the documented form; --records prints the records alone, "
			"each in one line.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "run",
				.type = OPT_TEXT,
				.arg = "ID",
				.help = "one run and its output; the first 8 characters are "
					"enough"},
			{.name = "limit",
				.letter = 'n',
				.type = OPT_INT,
				.arg = "N",
				.min = 1,
				.max = 100000,
				.fallback = "50",
				.help = "at most N runs"},
			{.name = "actor",
				.type = OPT_TEXT,
				.arg = "ACTOR",
				.help = "only runs of this actor, as os:alice"},
			{.name = "status",
				.type = OPT_CHOICE,
				.arg = "STATE",
				.choices = "intended running done failed invalid refused "
					   "timed-out killed cancelled lost",
				.help = "only runs in this state"},
			{.name = "object",
				.type = OPT_TEXT,
				.arg = "run/NAME",
				.help = "only runs of this Run"},
			{.name = "parent",
				.type = OPT_TEXT,
				.arg = "ID",
				.help = "only runs that the script of this run asked for"},
			{.name = "before",
				.type = OPT_TEXT,
				.arg = "ID",
				.help = "only runs older than this one"},
			{.name = "records",
				.type = OPT_FLAG,
				.help = "the records as lines of minified JSON"},
			{0}},
	.examples = (const struct example_doc[]){{"trueup runbook history DiskCheck",
							 "How did it go?"},
		{"trueup runbook history --status refused", "Who was turned away, and why?"}, {0}},
	.run = run_history,
};
