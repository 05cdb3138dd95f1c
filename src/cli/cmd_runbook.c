/* trueup runbook list, trueup runbook show NAME */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/table.h"
#include "runbook/history.h"

#include <inttypes.h>
#include <string.h>

/* ---- as JSON ---- */

static struct node *texts_node(struct arena *a, const struct spec_texts *texts)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < texts->count; i++)
		node_seq_add(a, list, node_new_string(a, texts->items[i].text));
	return list;
}

static struct node *claims_node(struct arena *a, const struct runbook *rb)
{
	struct node *map = node_new_map(a);
	for (size_t i = 0; i < rb->claim_count; i++)
		node_map_set(a, map, rb->claim[i].name.text, texts_node(a, &rb->claim[i].values));
	return map;
}

static struct node *variables_node(struct arena *a, const struct runbook *rb)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < rb->variable_count; i++) {
		struct node *map = node_new_map(a);
		report_set_text(a, map, "name", rb->variables[i].name.text);
		report_set_text(a, map, "description", rb->variables[i].description);
		node_seq_add(a, list, map);
	}
	return list;
}

static struct node *execution_node(struct arena *a, const struct spec_execution *e)
{
	static const char *const isolations[] = {"best_effort", "required", "none"};
	struct node *map = node_new_map(a);
	node_map_set(a, map, "timeoutMs", node_new_int(a, e->timeout_ms));
	node_map_set(a, map, "attempts", node_new_int(a, e->retry.attempts));
	report_set_text(
		a, map, "approval", e->approval.mode == APPROVAL_MANUAL ? "manual" : "auto");
	report_set_text(a, map, "network", e->network == NETWORK_OFF ? "none" : "host");
	report_set_text(a, map, "isolation", isolations[e->isolation]);
	report_set_text(a, map, "shell", e->shell);
	node_map_set(a, map, "secrets", texts_node(a, &e->secrets));
	return map;
}

static void add_last(struct arena *a, struct node *map, const struct history *history)
{
	node_map_set(a, map, "entries", node_new_int(a, (int64_t)history->count));
	if (!history->count)
		return;
	const struct history_entry *last = &history->entries[history->count - 1];
	struct node *entry = node_new_map(a);
	report_set_text(a, entry, "at", last->finish ? last->finish : last->start);
	node_map_set(a, entry, "exitCode", node_new_int(a, last->code));
	node_map_set(a, map, "lastEntry", entry);
}

static struct node *file_node(struct arena *a, const struct runbook_file *file)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", file->name);
	report_set_text(a, map, "path", file->path);
	node_map_set(a, map, "valid", node_new_bool(a, !file->diags.errors));
	const struct runbook *rb = file->runbook;
	if (!rb)
		return map;
	struct history history;
	history_read(a, rb, &history);
	report_set_text(a, map, "title", rb->title.text);
	report_set_text(a, map, "digest", rb->digest);
	node_map_set(a, map, "claims", claims_node(a, rb));
	node_map_set(a, map, "variables", variables_node(a, rb));
	node_map_set(a, map, "inputs", texts_node(a, &rb->inputs));
	add_last(a, map, &history);
	return map;
}

/* ---- list ---- */

static void add_state(struct table *t, const struct runbook_file *file)
{
	const size_t errors = file->diags.errors;
	if (errors)
		table_cellf(t, STYLE_RED, "%zu error%s", errors, errors == 1 ? "" : "s");
	else
		table_cell(t, STYLE_GREEN, "valid");
}

static void add_last_cell(struct table *t, struct arena *a, const struct runbook *rb)
{
	struct history history;
	history_read(a, rb, &history);
	if (!history.count)
		return;
	const struct history_entry *last = &history.entries[history.count - 1];
	const char *at = last->finish ? last->finish : last->start;
	table_cellf(t, STYLE_DIM, "exit code %" PRId64 " at %s", last->code, at);
}

static void print_list(struct cli *cli, struct runbook_files *files)
{
	enum { COLUMNS = 4, CLAIMS = 2 };
	struct arena *a = &files->worktree.arena;
	AUTO_TABLE t = table_new(COLUMNS);
	table_shrink(t, CLAIMS);
	for (size_t i = 0; i < files->count; i++) {
		const struct runbook_file *file = &files->items[i];
		table_cell(t, STYLE_BOLD, file->name);
		add_state(t, file);
		if (file->runbook) {
			table_cell(t, STYLE_PLAIN, runbook_claims_text(a, file->runbook));
			add_last_cell(t, a, file->runbook);
		}
		table_end_row(t);
	}
	table_print(t, cli->out, 0);
	if (!files->count)
		term_note(cli->out, "there is no runbook: no file runbooks/NAME.md");
}

static int run_list(struct cli *cli, struct err **err)
{
	AUTO_RUNBOOK_FILES files = {0};
	if (runbook_files_open(cli, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++)
		(void)runbook_file_validate(&files, &files.items[i], NULL);
	if (str_eq(cli->format, "text")) {
		print_list(cli, &files);
		return CLI_DONE;
	}
	struct arena *a = &files.worktree.arena;
	struct node *document = report_document(a, cli->command->name);
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < files.count; i++)
		node_seq_add(a, list, file_node(a, &files.items[i]));
	node_map_set(a, document, "runbooks", list);
	report_print_json(cli->out, document);
	return CLI_DONE;
}

const struct command cmd_runbook_list = {
	.name = "runbook list",
	.summary = "list the runbooks and how they are",
	.description =
		(const char *const[]){
			"Lists the files directly in runbooks/ of the spec root as they lie on "
			"disk: whether each is valid, whom its claims let in, and how the newest "
			"entry of its history ended. 'trueup runbook validate' says what is wrong.",
			NULL},
	.examples =
		(const struct example_doc[]){
			{"trueup runbook list", "All runbooks of the repository."}, {0}},
	.run = run_list,
};

/* ---- show ---- */

static void print_pair(struct cli *cli, const char *name, const char *text)
{
	enum { WIDTH = 12 };
	term_printf(cli->out, STYLE_DIM, "%-*s", WIDTH, name);
	term_printf(cli->out, STYLE_PLAIN, "%s\n", text);
}

static void print_execution(struct cli *cli, const struct spec_execution *e)
{
	char time[CLOCK_TEXT_SIZE];
	AUTO_STR text = STR_INIT;
	str_addf(&text, "%s, at most %s", e->shell ? e->shell : "zsh",
		clock_format_duration(e->timeout_ms, time));
	if (e->retry.attempts > 1)
		str_addf(&text, ", up to %" PRId64 " attempts", e->retry.attempts);
	if (e->network == NETWORK_OFF)
		str_add(&text, ", no network");
	if (e->isolation != EXEC_ISOLATION_BEST_EFFORT)
		str_addf(&text, ", isolation %s",
			e->isolation == EXEC_ISOLATION_REQUIRED ? "required" : "off");
	if (e->approval.mode == APPROVAL_MANUAL)
		str_addf(&text, ", approval by %" PRId64, e->approval.min);
	print_pair(cli, "execution", text.data);
}

static void print_runbook(struct cli *cli, struct arena *a, const struct runbook_file *file)
{
	const struct runbook *rb = file->runbook;
	const char *claims = runbook_claims_text(a, rb);
	const bool unreadable =
		rb->claims.state == RUNBOOK_BAD_BLOCK || rb->claims.state == RUNBOOK_NO_BLOCK;
	term_printf(cli->out, STYLE_BOLD, "%s\n", rb->title.text ? rb->title.text : file->name);
	print_pair(cli, "file", file->path);
	print_pair(cli, "digest", rb->digest);
	print_pair(cli, "claims",
		unreadable ? "cannot be read: nobody may run it"
		: claims   ? claims
			   : "none: whoever may run runbooks may run it");
	print_execution(cli, &rb->execution);
	for (size_t i = 0; i < rb->inputs.count; i++)
		print_pair(cli, i ? "" : "inputs", rb->inputs.items[i].text);
	for (size_t i = 0; i < rb->variable_count; i++) {
		const struct runbook_variable *v = &rb->variables[i];
		print_pair(cli, i ? "" : "variables",
			arena_printf(a, "%s%s%s", v->name.text, v->description[0] ? ": " : "",
				v->description));
	}
	if (rb->script_text.text)
		term_printf(cli->out, STYLE_PLAIN, "\n%s\n", rb->script_text.text);
}

static int run_show(struct cli *cli, struct err **err)
{
	AUTO_RUNBOOK_FILES files = {0};
	if (runbook_files_open(cli, &files, err) < 0)
		return -1;
	struct runbook_file *file = &files.items[0];
	struct arena *a = &files.worktree.arena;
	const bool valid = runbook_file_validate(&files, file, NULL);
	if (str_eq(cli->format, "json")) {
		struct node *document = report_document(a, cli->command->name);
		struct node *node = file_node(a, file);
		if (file->runbook) {
			node_map_set(
				a, node, "execution", execution_node(a, &file->runbook->execution));
			report_set_text(a, node, "script", file->runbook->script_text.text);
			node_map_set(a, node, "content",
				node_new_stringn(
					a, file->runbook->src->data, file->runbook->content_len));
		}
		node_map_set(a, document, "runbook", node);
		report_print_json(cli->out, document);
		return CLI_DONE;
	}
	if (file->runbook)
		print_runbook(cli, a, file);
	if (!valid) {
		diag_print_text(cli->errout, &file->diags);
		diag_print_summary(cli->errout, &file->diags);
	}
	return CLI_DONE;
}

const struct command cmd_runbook_show = {
	.name = "runbook show",
	.summary = "show what a runbook needs and what it would run",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_RUNBOOK,
	.description =
		(const char *const[]){
			"Shows the runbook NAME as its file lies on disk: claims, execution, "
			"inputs, variables and the script. With -o json the text above the history "
			"is there as well.",
			NULL},
	.examples =
		(const struct example_doc[]){
			{"trueup runbook show PatchPrep", "What PatchPrep needs and does."}, {0}},
	.run = run_show,
};
