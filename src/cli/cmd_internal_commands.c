/* trueup internal-commands: prints docs/commands.md from the tables; used by `make regen`. */
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"

#include <string.h>

/* Table cells must not hold a bar. */
static void add_cell(struct str *out, const char *text)
{
	for (; *text; text++)
		str_add(out, *text == '|' ? "\\|" : (char[]){*text, '\0'});
}

static void add_options(struct str *out, const struct option_spec *table, const char *formats)
{
	str_add(out, "\n| option | meaning |\n|---|---|\n");
	for (const struct option_spec *o = table; o->name; o++) {
		AUTO_FREE char *usage = option_usage(o);
		str_addf(out, "| `%s` | ", usage + strspn(usage, " "));
		add_cell(out, o->help);
		const char *choices = formats && str_eq(o->name, "output") ? formats : o->choices;
		if (choices)
			str_addf(out, " (%s)", choices);
		if (o->fallback)
			str_addf(out, "; default: `%s`", o->fallback);
		str_add(out, " |\n");
	}
}

/* A letter that the command uses itself is not the option of every command. */
static const char *output_option(const struct command *c)
{
	for (const struct option_spec *o = c->options; o && o->name; o++)
		if (o->letter == 'o')
			return "--output";
	return "-o";
}

static void add_command(struct str *out, const struct command *c)
{
	str_addf(out, "\n## trueup %s\n\n`trueup %s [options]%s%s`: %s.\n", c->name, c->name,
		c->operands ? " " : "", c->operands ? c->operands : "", c->summary);
	for (const char *const *p = c->description; p && *p; p++)
		str_addf(out, "\n%s\n", *p);
	if (c->options)
		add_options(out, c->options, NULL);
	struct exit_doc rows[EXIT_ROWS_MAX];
	const size_t n = exit_rows(c, rows);
	str_add(out, "\nExit codes: ");
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s%d %s", i ? "; " : "", rows[i].code, rows[i].meaning);
	str_addf(out, ". Formats for `%s`: %s.\n", output_option(c), command_formats(c));
	if (c->examples)
		str_add(out, "\n```sh\n");
	for (const struct example_doc *e = c->examples; e && e->line; e++)
		str_addf(out, "# %s\n%s\n", e->what, e->line);
	if (c->examples)
		str_add(out, "```\n");
}

static int run(struct cli *cli, struct err **err)
{
	(void)err;
	AUTO_STR out = STR_INIT;
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		AUTO_FREE char *key = command_key(commands[i]);
		if (opt_flag(cli->opts, "names"))
			str_addf(&out, "%s\n", key);
		else
			add_command(&out, commands[i]);
	}
	if (!opt_flag(cli->opts, "names")) {
		AUTO_STR head = STR_INIT;
		str_add(&head,
			"# Commands\n\nGenerated from the option tables in `src/cli` by "
			"`make regen`; the same texts are in `trueup COMMAND --help`\nand in "
			"the man pages.\n\nOptions of every command, before or after its "
			"name:\n");
		add_options(&head, command_globals, NULL);
		term_write(cli->out, head.data, head.len);
	}
	term_write(cli->out, out.data, out.len);
	return CLI_DONE;
}

const struct command cmd_internal_commands = {
	.name = "internal-commands",
	.summary = "print the reference of all commands as Markdown",
	.formats = "text",
	.options =
		(const struct option_spec[]){
			{.name = "names", .type = OPT_FLAG, .help = "print only the names"}, {0}},
	.hidden = true,
	.run = run,
};
