/* trueup help [COMMAND] */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "report/json.h"

#include <string.h>

static void add_option(struct arena *a, struct node *list, const struct option_spec *spec)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", spec->name);
	if (spec->letter)
		node_map_set(a, map, "letter", node_new_stringn(a, &spec->letter, 1));
	report_set_text(a, map, "argument", spec->arg);
	report_set_text(a, map, "help", spec->help);
	report_set_text(a, map, "default", spec->fallback);
	report_set_text(a, map, "choices", spec->choices);
	node_seq_add(a, list, map);
}

static struct node *options_to_node(struct arena *a, const struct option_spec *table)
{
	struct node *list = node_new_seq(a);
	for (const struct option_spec *o = table; o && o->name; o++)
		add_option(a, list, o);
	return list;
}

static struct node *command_to_node(struct arena *a, const struct command *command)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", command->name);
	report_set_text(a, map, "summary", command->summary);
	report_set_text(a, map, "operands", command->operands);
	node_map_set(a, map, "options", options_to_node(a, command->options));
	return map;
}

static void print_json(
	struct cli *cli, const struct command *only, const struct command_family *family)
{
	AUTO_ARENA arena = {0};
	struct node *document = report_document(&arena, "help");
	struct node *list = node_new_seq(&arena);
	for (size_t i = 0; commands[i]; i++)
		if (only         ? commands[i] == only
			: family ? command_family_of(commands[i]) == family
				 : !commands[i]->hidden)
			node_seq_add(&arena, list, command_to_node(&arena, commands[i]));
	node_map_set(&arena, document, "commands", list);
	node_map_set(&arena, document, "globalOptions", options_to_node(&arena, command_globals));
	report_print_json(cli->out, document);
}

static int run(struct cli *cli, struct err **err)
{
	const char *first = operand(cli->opts, 0), *second = operand(cli->opts, 1);
	const struct command_family *family = first ? command_family_find(first) : NULL;
	AUTO_FREE char *name = second  ? xasprintf("%s %s", first, second)
			       : first ? xstrdup(first)
				       : NULL;
	const struct command *command = name ? command_find(name) : NULL;
	if (name && !command && (second || !family))
		return command_unknown(name, err);
	if (str_eq(cli->format, "json"))
		print_json(cli, command, family);
	else if (family && !command)
		help_print_family(cli->out, family);
	else if (command)
		help_print_command(cli->out, command);
	else
		help_print_overview(cli->out);
	return CLI_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.summary = "explain a command",
	.operands = "[COMMAND...]",
	.max_operands = 2,
	.operand_kind = OPERAND_COMMAND,
	.description =
		(const char *const[]){
			"Without an operand: lists the commands and the options that every one of "
			"them has. With one: the same as 'trueup COMMAND --help'.",
			NULL},
	.examples =
		(const struct example_doc[]){
			{"trueup help plan", "Options, exit codes and examples of 'plan'."}, {0}},
	.run = run,
};
