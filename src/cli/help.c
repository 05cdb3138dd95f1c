/* --help: short enough for one screen, everything from the tables. */
#include "cli/help.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

enum { HELP_WIDTH = 80, HELP_COLUMN = 30 };

/* text in lines of at most width columns, the second and later ones indented. */
static void print_wrapped(struct term *t, const char *text, size_t indent, size_t width)
{
	size_t col = indent;
	bool first = true;
	while (*text) {
		const size_t n = strcspn(text, " ");
		if (!first && col + 1 + n > width) {
			term_printf(t, STYLE_PLAIN, "\n%*s", (int)indent, "");
			col = indent;
		} else if (!first) {
			term_put(t, STYLE_PLAIN, " ");
			col++;
		}
		term_printf(t, STYLE_PLAIN, "%.*s", (int)n, text);
		col += n;
		first = false;
		text += n + strspn(text + n, " ");
	}
	term_newline(t);
}

/* "  left      right" with right in its column, or on the next line when left is long. */
static void print_row(struct term *t, const char *left, const char *right)
{
	term_put(t, STYLE_PLAIN, "  ");
	term_put(t, STYLE_BOLD, left);
	const size_t used = 2 + text_width(left);
	if (used + 2 > HELP_COLUMN)
		term_printf(t, STYLE_PLAIN, "\n%*s", HELP_COLUMN, "");
	else
		term_printf(t, STYLE_PLAIN, "%*s", (int)(HELP_COLUMN - used), "");
	print_wrapped(t, right, HELP_COLUMN, HELP_WIDTH);
}

char *option_usage(const struct option_spec *spec)
{
	AUTO_STR out = STR_INIT;
	if (spec->letter)
		str_addf(&out, "-%c, ", spec->letter);
	else
		str_add(&out, "    ");
	str_addf(&out, "--%s", spec->name);
	if (spec->arg)
		str_addf(&out, " %s", spec->arg);
	return str_detach(&out);
}

static void print_option(struct term *t, const struct option_spec *spec, const char *choices)
{
	AUTO_FREE char *usage = option_usage(spec);
	AUTO_STR text = STR_INIT;
	str_add(&text, spec->help);
	if (choices)
		str_addf(&text, " (%s)", choices);
	if (spec->fallback)
		str_addf(&text, "; default: %s", spec->fallback);
	print_row(t, usage, text.data);
}

static const char *group_of(const struct option_spec *spec)
{
	return spec->group ? spec->group : "Options";
}

/* Has an earlier row of the table the same group? */
static bool group_seen(const struct option_spec *table, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(group_of(&table[j]), group_of(&table[i])))
			return true;
	return false;
}

static void print_options(struct term *t, const struct option_spec *table)
{
	for (size_t i = 0; table && table[i].name; i++) {
		if (group_seen(table, i))
			continue;
		term_printf(t, STYLE_BOLD_YELLOW, "\n%s:\n", group_of(&table[i]));
		for (size_t j = i; table[j].name; j++)
			if (str_eq(group_of(&table[j]), group_of(&table[i])))
				print_option(t, &table[j], table[j].choices);
	}
}

static void print_globals(struct term *t, const struct command *command)
{
	term_put(t, STYLE_BOLD_YELLOW, "\nOptions of every command:\n");
	for (const struct option_spec *g = command_globals; g->name; g++) {
		struct option_spec row = *g;
		/* A letter that the command uses itself is not this option's. */
		for (const struct option_spec *own = command ? command->options : NULL;
			own && own->name; own++)
			if (own->letter == row.letter)
				row.letter = 0;
		const bool is_output = str_eq(row.name, "output");
		const char *choices = is_output && command ? command_formats(command) : row.choices;
		print_option(t, &row, choices);
	}
}

size_t exit_rows(const struct command *command, struct exit_doc ret[EXIT_ROWS_MAX])
{
	static const struct exit_doc common[] = {
		{CLI_DONE, "done, or nothing to do"},
		{CLI_FAILED, "failed"},
		{CLI_USAGE, "wrong usage"},
	};
	size_t n = 0;
	for (int code = 0; code <= CLI_USAGE && n < EXIT_ROWS_MAX; code++) {
		const struct exit_doc *row = NULL;
		for (size_t i = 0; i < ARRAY_LEN(common); i++)
			if (common[i].code == code)
				row = &common[i];
		for (const struct exit_doc *e = command ? command->exits : NULL; e && e->meaning;
			e++)
			if (e->code == code)
				row = e;
		if (row)
			ret[n++] = *row;
	}
	return n;
}

static void print_exits(struct term *t, const struct command *command)
{
	struct exit_doc rows[EXIT_ROWS_MAX];
	const size_t n = exit_rows(command, rows);
	term_put(t, STYLE_BOLD_YELLOW, "\nExit codes:\n");
	for (size_t i = 0; i < n; i++) {
		term_printf(t, STYLE_PLAIN, "  %2d  ", rows[i].code);
		print_wrapped(t, rows[i].meaning, 6, HELP_WIDTH);
	}
}

void help_print_command(struct term *t, const struct command *command)
{
	term_printf(t, STYLE_PLAIN, "trueup %s: %s\n", command->name, command->summary);
	term_put(t, STYLE_BOLD_YELLOW, "\nUsage: ");
	term_printf(t, STYLE_PLAIN, "trueup %s [options]%s%s\n", command->name,
		command->operands ? " " : "", command->operands ? command->operands : "");
	for (const char *const *p = command->description; p && *p; p++) {
		term_newline(t);
		print_wrapped(t, *p, 0, HELP_WIDTH);
	}
	print_options(t, command->options);
	print_globals(t, command);
	print_exits(t, command);
	if (command->examples)
		term_put(t, STYLE_BOLD_YELLOW, "\nExamples:\n");
	for (const struct example_doc *e = command->examples; e && e->line; e++) {
		term_printf(t, STYLE_BOLD, "  $ %s\n", e->line);
		term_put(t, STYLE_PLAIN, "      ");
		print_wrapped(t, e->what, 6, HELP_WIDTH);
	}
}

void help_print_family(struct term *t, const struct command_family *family)
{
	term_printf(t, STYLE_PLAIN, "trueup %s: %s\n", family->name, family->summary);
	term_put(t, STYLE_BOLD_YELLOW, "\nUsage: ");
	term_printf(t, STYLE_PLAIN, "trueup %s COMMAND [options] [operands]\n", family->name);
	term_put(t, STYLE_BOLD_YELLOW, "\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden && command_family_of(commands[i]) == family)
			print_row(t, command_word(commands[i]), commands[i]->summary);
	term_printf(t, STYLE_PLAIN, "\n'trueup %s COMMAND --help' says more about one of them.\n",
		family->name);
}

void help_print_overview(struct term *t)
{
	term_put(t, STYLE_PLAIN,
		"trueup: keeps cloud infrastructure true to a git repository of specs\n");
	term_put(t, STYLE_BOLD_YELLOW, "\nUsage: ");
	term_put(t, STYLE_PLAIN, "trueup [options] COMMAND [options] [operands]\n");
	term_put(t, STYLE_BOLD_YELLOW, "\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			print_row(t, commands[i]->name, commands[i]->summary);
	print_globals(t, NULL);
	term_put(t, STYLE_PLAIN, "\n'trueup COMMAND --help' says more about one of them.\n");
}
