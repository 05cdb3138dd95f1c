/* trueup runbook env NAME, trueup runbook validate [NAME...] */
#include "base/err.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/table.h"

/* ---- env ---- */

static struct node *variable_node(struct arena *a, const struct runbook_variable *v)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", v->name.text);
	report_set_text(a, map, "description", v->description);
	return map;
}

/* To have a value, a variable must not be empty. */
static bool is_available(const struct given_vars *vars, const struct runbook_variable *v)
{
	const char *value = runbook_variable_value(vars, v->name.text);
	return value && value[0];
}

static void print_env_json(struct cli *cli, struct arena *a, const struct runbook_file *file,
	const struct given_vars *vars)
{
	struct node *document = report_document(a, cli->command->name);
	struct node *required = node_new_seq(a), *available = node_new_seq(a),
		    *missing = node_new_seq(a);
	const struct runbook *rb = file->runbook;
	for (size_t i = 0; i < rb->variable_count; i++) {
		const struct runbook_variable *v = &rb->variables[i];
		node_seq_add(a, required, variable_node(a, v));
		node_seq_add(a, is_available(vars, v) ? available : missing, variable_node(a, v));
	}
	report_set_text(a, document, "filename", rb->file);
	node_map_set(a, document, "required", required);
	node_map_set(a, document, "available", available);
	node_map_set(a, document, "missing", missing);
	report_print_json(cli->out, document);
}

static void print_env(
	struct cli *cli, const struct runbook_file *file, const struct given_vars *vars)
{
	enum { COLUMNS = 3, DESCRIPTION = 2 };
	const struct runbook *rb = file->runbook;
	AUTO_TABLE t = table_new(COLUMNS);
	table_shrink(t, DESCRIPTION);
	for (size_t i = 0; i < rb->variable_count; i++) {
		const struct runbook_variable *v = &rb->variables[i];
		const bool available = is_available(vars, v);
		table_cell(t, STYLE_BOLD, v->name.text);
		table_cell(t, available ? STYLE_GREEN : STYLE_RED, available ? "set" : "missing");
		table_cell(t, STYLE_PLAIN, v->description);
		table_end_row(t);
	}
	table_print(t, cli->out, 0);
	if (!rb->variable_count)
		term_note(cli->out, "%s needs no variable", file->name);
}

static int run_env(struct cli *cli, struct err **err)
{
	AUTO_RUNBOOK_FILES files = {0};
	struct given_vars vars;
	if (runbook_files_open(cli, &files, err) < 0 ||
		runbook_variables_given(cli, &files.worktree.arena, &vars, err) < 0)
		return -1;
	const struct runbook_file *file = &files.items[0];
	if (!file->runbook || file->runbook->environment.state != RUNBOOK_READ) {
		struct runbook_file *broken = &files.items[0];
		(void)runbook_file_validate(&files, broken, NULL);
		diag_print_text(cli->errout, &broken->diags);
		return err_set(err, ERR_INVALID, "the variables of %s cannot be read", file->path);
	}
	if (str_eq(cli->format, "json"))
		print_env_json(cli, &files.worktree.arena, file, &vars);
	else
		print_env(cli, file, &vars);
	return CLI_DONE;
}

const struct command cmd_runbook_env = {
	.name = "runbook env",
	.summary = "say which variables a runbook needs and which are there",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_RUNBOOK,
	.description =
		(const char *const[]){
			"Lists the variables of '# Environment Requirements' with their "
			"descriptions. One is set when --env, --env-file or the environment of "
			"this command gives it a value that is not empty. Values are not shown.",
			NULL},
	.options = (const struct option_spec[]){RUNBOOK_VARIABLE_OPTIONS, {0}},
	.examples =
		(const struct example_doc[]){
			{"trueup runbook env PatchPrep", "What PatchPrep wants to be told."}, {0}},
	.run = run_env,
};

/* ---- validate ---- */

static struct node *messages_node(
	struct arena *a, const struct diag_list *diags, enum severity severity)
{
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < diags->count; i++)
		if (diags->items[i].severity == severity)
			node_seq_add(a, list, node_new_string(a, diags->items[i].message));
	return list;
}

static struct node *result_node(struct arena *a, const struct runbook_file *file)
{
	struct node *map = node_new_map(a);
	node_map_set(a, map, "success", node_new_bool(a, !file->diags.errors));
	report_set_text(a, map, "runbook", file->name);
	node_map_set(a, map, "errors", messages_node(a, &file->diags, SEVERITY_ERROR));
	node_map_set(a, map, "warnings", messages_node(a, &file->diags, SEVERITY_WARNING));
	return map;
}

static void print_results(struct cli *cli, struct runbook_files *files, const struct diag_list *all)
{
	struct arena *a = &files->worktree.arena;
	if (!str_eq(cli->format, "json")) {
		const bool text = str_eq(cli->format, "text");
		diag_print(text ? cli->errout : cli->out, cli->format, cli->command->name, all);
		if (text && !all->errors)
			term_note(cli->out, "%zu %s valid", files->count,
				files->count == 1 ? "runbook is" : "runbooks are");
		return;
	}
	struct node *document = report_document(a, cli->command->name);
	struct node *list = node_new_seq(a);
	for (size_t i = 0; i < files->count; i++)
		node_seq_add(a, list, result_node(a, &files->items[i]));
	node_map_set(a, document, "results", list);
	node_map_set(a, document, "diagnostics", diag_to_node(a, all));
	report_print_json(cli->out, document);
}

static int run_validate(struct cli *cli, struct err **err)
{
	AUTO_RUNBOOK_FILES files = {0};
	AUTO_DIAGS all = {0};
	struct given_vars vars;
	if (runbook_files_open(cli, &files, err) < 0 ||
		runbook_variables_given(cli, &files.worktree.arena, &vars, err) < 0)
		return -1;
	const bool static_only = opt_flag(cli->opts, "static");
	for (size_t i = 0; i < files.count; i++) {
		(void)runbook_file_validate(&files, &files.items[i], static_only ? NULL : &vars);
		diag_append(&all, &files.items[i].diags);
	}
	diag_sort(&all);
	print_results(cli, &files, &all);
	return all.errors ? CLI_SPECS : CLI_DONE;
}

const struct command cmd_runbook_validate = {
	.name = "runbook validate",
	.summary = "check runbooks, their inputs and their variables",
	.operands = "[NAME...]",
	.max_operands = -1,
	.operand_kind = OPERAND_RUNBOOK,
	.formats = "text json sarif github",
	.description =
		(const char *const[]){
			"Checks the named runbooks, or all, as they lie on disk: what the files "
			"say, whether their inputs are there, and whether their variables are set, "
			"by --env, --env-file or the environment of this command. Nothing is run. "
			"With -o json the messages of each runbook stand in the order that the "
			"format documents.",
			NULL},
	.options = (const struct option_spec[]){RUNBOOK_VARIABLE_OPTIONS,
		{.name = "static", .type = OPT_FLAG, .help = "leave out whether variables are set"},
		{0}},
	.exits = (const struct exit_doc[]){{CLI_DONE, "every runbook is valid"},
		{CLI_SPECS, "at least one is not"}, {0}},
	.examples = (const struct example_doc[]){{"trueup runbook validate --static",
							 "Check all runbooks, in a pipeline."},
		{"trueup runbook validate PatchPrep -e TARGET_HOST=web-1",
			"Would PatchPrep run with this variable?"},
		{0}},
	.run = run_validate,
};
