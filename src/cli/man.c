/*
 * Man pages in mdoc(7) from the option tables. Sentences begin on lines of their own and lines
 * stay short, as mandoc's linter asks.
 */
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/version.h"

#include <ctype.h>
#include <string.h>

enum { LINE_WIDTH = 76 };

/* One character of running text. */
static void add_char(struct str *out, const char *at, size_t len)
{
	if (len == 1) {
		if (*at == '\\')
			str_add(out, "\\e");
		else
			str_addc(out, *at);
		return;
	}
	unsigned c = (unsigned char)*at & (0x3fU >> (len - 1));
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)at[i] & 0x3fU);
	str_addf(out, "\\[u%04X]", c);
}

static void add_escaped(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = 1;
		while (i + n < len && ((unsigned char)text[i + n] & 0xc0) == 0x80)
			n++;
		add_char(out, text + i, n);
	}
}

static bool ends_sentence(const char *word, size_t len)
{
	while (len && strchr(")'\"", word[len - 1]))
		len--;
	return len && strchr(".!?", word[len - 1]);
}

/* Running text, filled into short lines. */
static void add_text(struct str *out, const char *text)
{
	size_t col = 0;
	while (*text) {
		const size_t n = strcspn(text, " ");
		if (col && col + 1 + n > LINE_WIDTH) {
			str_addc(out, '\n');
			col = 0;
		} else if (col) {
			str_addc(out, ' ');
			col++;
		}
		/* At the start of a line these would be requests. */
		if (!col && (*text == '.' || *text == '\''))
			str_add(out, "\\&");
		add_escaped(out, text, n);
		col += n;
		if (ends_sentence(text, n)) {
			str_addc(out, '\n');
			col = 0;
		}
		text += n + strspn(text + n, " ");
	}
	if (col)
		str_addc(out, '\n');
}

/* A macro's argument that is one literal word or phrase. */
static void add_argument(struct str *out, const char *text)
{
	str_add(out, " \"");
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			str_add(out, "\"\"");
		else
			add_escaped(out, p, 1);
	}
	str_addc(out, '"');
}

static void add_head(struct str *out, const char *name, const char *summary)
{
	str_add(out, ".Dd " TRUEUP_DATE "\n.Dt ");
	for (const char *p = name; *p; p++)
		str_addc(out, (char)toupper((unsigned char)*p));
	str_addf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", name);
	add_text(out, summary);
}

static void add_option(struct str *out, const struct option_spec *spec, const char *choices)
{
	str_add(out, ".It");
	if (spec->letter)
		str_addf(out, " Fl %c ,", spec->letter);
	str_addf(out, " Fl -%s", spec->name);
	if (spec->arg)
		str_addf(out, " Ar %s", spec->arg);
	str_addc(out, '\n');
	AUTO_STR text = STR_INIT;
	str_add(&text, spec->help);
	if (choices)
		str_addf(&text, " (%s)", choices);
	if (spec->fallback)
		str_addf(&text, "; default: %s", spec->fallback);
	str_addc(&text, '.');
	text.data[0] = (char)toupper((unsigned char)text.data[0]);
	add_text(out, text.data);
}

static void add_options(struct str *out, const struct command *command)
{
	if (!command->options)
		return;
	str_add(out, ".Pp\nOptions:\n.Bl -tag -width Ds\n");
	for (const struct option_spec *o = command->options; o->name; o++)
		add_option(out, o, o->choices);
	str_add(out, ".El\n");
}

static void add_globals(struct str *out)
{
	str_add(out, ".Pp\nOptions of every command, before or after its name:\n"
		     ".Bl -tag -width Ds\n");
	for (const struct option_spec *o = command_globals; o->name; o++)
		add_option(out, o, o->choices);
	str_add(out, ".El\n");
}

static void add_exits(struct str *out, const struct command *command)
{
	struct exit_doc rows[EXIT_ROWS_MAX];
	const size_t n = exit_rows(command, rows);
	str_add(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *meaning = xasprintf("%s.", rows[i].meaning);
		meaning[0] = (char)toupper((unsigned char)meaning[0]);
		str_addf(out, ".It %d\n", rows[i].code);
		add_text(out, meaning);
	}
	str_add(out, ".El\n");
}

static void add_examples(struct str *out, const struct command *command)
{
	if (!command->examples)
		return;
	str_add(out, ".Sh EXAMPLES\n");
	for (const struct example_doc *e = command->examples; e->line; e++) {
		if (e != command->examples)
			str_add(out, ".Pp\n");
		add_text(out, e->what);
		str_add(out, ".Pp\n.Dl");
		AUTO_FREE char *line = xasprintf("$ %s", e->line);
		add_argument(out, line);
		str_addc(out, '\n');
	}
}

/* "[DIR]" is optional, "KIND/NAME ..." is not. */
static void add_operands(struct str *out, const char *operands)
{
	for (const char *p = operands; *p;) {
		size_t n = strcspn(p, " ");
		const bool optional = *p == '[' && p[n - 1] == ']';
		AUTO_FREE char *word = xstrndup(p + optional, n - 2 * optional);
		str_addf(out, ".%sAr", optional ? "Op " : "");
		add_argument(out, word);
		str_addc(out, '\n');
		p += n + strspn(p + n, " ");
	}
}

static void add_command(struct str *out, const struct command *command)
{
	AUTO_FREE char *key = command_key(command);
	AUTO_FREE char *name = xasprintf("trueup-%s", key);
	add_head(out, name, command->summary);
	str_addf(out, ".Sh SYNOPSIS\n.Nm trueup %s\n.Op Ar options\n", command->name);
	if (command->operands)
		add_operands(out, command->operands);
	str_add(out, ".Sh DESCRIPTION\n");
	for (const char *const *p = command->description; p && *p; p++) {
		if (p != command->description)
			str_add(out, ".Pp\n");
		add_text(out, *p);
	}
	add_options(out, command);
	str_add(out, ".Pp\nThe options of every command are described in\n.Xr trueup 1 .\n");
	add_exits(out, command);
	add_examples(out, command);
	str_add(out, ".Sh SEE ALSO\n.Xr trueup 1\n");
}

static void add_overview(struct str *out)
{
	add_head(out, "trueup", "keep cloud infrastructure true to a git repository of specs");
	str_add(out, ".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Ar command\n.Op Ar options\n"
		     ".Op Ar operands\n.Sh DESCRIPTION\n.Nm\n");
	add_text(out,
		"reads roles and canvases from a git repository or a plain folder, compares them "
		"with what it recorded last time, shows what would change and why, renders "
		"Terraform files, plans, waits for the gates that apply, applies exactly what was "
		"reviewed and records the result. A second run with nothing new does nothing.");
	str_add(out, ".Pp\nThe commands are:\n.Bl -tag -width Ds\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		AUTO_FREE char *key = command_key(commands[i]);
		str_addf(out, ".It Xr trueup-%s 1\n", key);
		AUTO_FREE char *summary = xasprintf("%s.", commands[i]->summary);
		summary[0] = (char)toupper((unsigned char)summary[0]);
		add_text(out, summary);
	}
	str_add(out, ".El\n");
	add_globals(out);
	str_add(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
	str_add(out, ".It Ev NO_COLOR\nWhen not empty: no colour.\n");
	str_add(out, ".It Ev TERM\nA terminal of type\n.Dq dumb\ngets neither colour nor a "
		     "progress line.\n");
	str_add(out, ".It Ev AWS_ENDPOINT_URL\nWhere the engines find the AWS API, for an "
		     "emulator.\n.El\n");
	str_add(out, ".Sh FILES\n.Bl -tag -width Ds\n");
	str_add(out, ".It Pa trueup.yaml\nSettings of a spec repository.\n");
	str_add(out, ".It Pa .git/trueup\nRecorded state of a git repository.\n");
	str_add(out, ".It Pa .trueup\nRecorded state of a plain folder.\n");
	str_add(out, ".It Pa .trueupignore\nPatterns of files that are no specs, as in\n"
		     ".Xr gitignore 5 .\n.El\n");
	static const struct exit_doc all[] = {
		{CLI_CHANGES, "changes are pending (with --detailed-exitcode only)"},
		{CLI_SPECS, "the specs are invalid"},
		{CLI_WAITING, "waiting for, or refused by, a gate"},
		{0},
	};
	const struct command every = {.exits = all};
	add_exits(out, &every);
}

void man_page(const struct command *command, struct str *out)
{
	if (command)
		add_command(out, command);
	else
		add_overview(out);
}
