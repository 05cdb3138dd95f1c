/*
 * Completion scripts for bash, zsh and fish from the option tables. They ask nothing of trueup
 * when they run: object names are taken from the folders of the spec repository.
 */
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

/* text for use inside single quotes of a shell, with the characters of extra behind backslashes. */
static void add_quoted(struct str *out, const char *text, const char *extra)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_add(out, "'\\''");
		else if (strchr(extra, *text))
			str_addf(out, "\\%c", *text);
		else
			str_addc(out, *text);
	}
}

static bool takes_argument(const struct option_spec *spec)
{
	return spec->type != OPT_FLAG && spec->type != OPT_COUNT;
}

static bool names_file(const struct option_spec *spec)
{
	return spec->arg && (str_eq(spec->arg, "FILE") || str_eq(spec->arg, "PATH"));
}

static bool names_dir(const struct option_spec *spec)
{
	return spec->arg && str_eq(spec->arg, "DIR");
}

/* Calls fn for the command's own options, then the global ones that it does not shadow. */
static void each_option(const struct command *command, struct str *out,
	void (*fn)(struct str *, const struct command *, const struct option_spec *))
{
	for (const struct option_spec *o = command ? command->options : NULL; o && o->name; o++)
		fn(out, command, o);
	for (const struct option_spec *g = command_globals; g->name; g++) {
		struct option_spec row = *g;
		for (const struct option_spec *o = command ? command->options : NULL; o && o->name;
			o++)
			if (o->letter == row.letter)
				row.letter = 0;
		/* Not every command prints every format. */
		if (command && str_eq(g->name, "output"))
			row.choices = command_formats(command);
		fn(out, command, &row);
	}
}

/* The first words that a command line may have, with blanks between. */
static void add_first_words(struct str *out)
{
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden && !command_family_of(commands[i]))
			str_addf(out, "%s%s", i ? " " : "", commands[i]->name);
	for (const struct command_family *f = command_families; f->name; f++)
		str_addf(out, " %s", f->name);
}

/* The second words of a family, or with family NULL the keys of all commands of families. */
static void add_second_words(struct str *out, const struct command_family *family)
{
	bool first = true;
	for (size_t i = 0; commands[i]; i++) {
		const struct command_family *f = command_family_of(commands[i]);
		if (commands[i]->hidden || !f || (family && f != family))
			continue;
		AUTO_FREE char *key = command_key(commands[i]);
		str_addf(out, "%s%s", first ? "" : " ", family ? command_word(commands[i]) : key);
		first = false;
	}
}

static void bash_word(
	struct str *out, const struct command *command, const struct option_spec *spec)
{
	(void)command;
	str_addf(out, " --%s", spec->name);
	if (spec->letter)
		str_addf(out, " -%c", spec->letter);
}

/* A branch of the case over "COMMAND:OPTION" that offers what the option takes. */
static void bash_value(
	struct str *out, const struct command *command, const struct option_spec *spec)
{
	if (!takes_argument(spec))
		return;
	AUTO_FREE char *key = command ? command_key(command) : xstrdup("*");
	str_addf(out, "\t%s:--%s", key, spec->name);
	if (spec->letter)
		str_addf(out, " | %s:-%c", key, spec->letter);
	str_add(out, ") COMPREPLY=(");
	if (spec->choices)
		str_addf(out, "$(compgen -W '%s' -- \"$cur\")", spec->choices);
	else if (names_dir(spec))
		str_add(out, "$(compgen -d -- \"$cur\")");
	else if (names_file(spec))
		str_add(out, "$(compgen -f -- \"$cur\")");
	str_add(out, "); return ;;\n");
}

static const char *bash_operands(enum operand_kind kind)
{
	switch (kind) {
	case OPERAND_DIR:
		return "$(compgen -d -- \"$cur\")";
	case OPERAND_FILE:
		return "$(compgen -f -- \"$cur\")";
	case OPERAND_OBJECT:
		return "$(compgen -W \"$(_trueup_objects)\" -- \"$cur\")";
	case OPERAND_RUNBOOK:
		return "$(compgen -W \"$(_trueup_objects | sed -n 's|^runbook/||p')\" -- \"$cur\")";
	case OPERAND_COMMAND:
		return "$(compgen -W \"$commands\" -- \"$cur\")";
	case OPERAND_SHELL:
		return "$(compgen -W 'bash zsh fish' -- \"$cur\")";
	case OPERAND_TEXT:
		break;
	}
	return "";
}

/* Prints canvas/shop for canvases/shop.yaml and so on; the same in bash and zsh. */
static const char object_lister[] =
	"_trueup_objects() {\n"
	"\tlocal pair file\n"
	"\tfor pair in roles:role canvases:canvas runbooks:runbook runs:run requests:request; do\n"
	"\t\tfor file in \"${pair%%:*}\"/*.*; do\n"
	"\t\t\t[ -f \"$file\" ] || continue\n"
	"\t\t\tcase $file in runbooks/*.md) ;; runbooks/*) continue ;; esac\n"
	"\t\t\tfile=${file##*/}\n"
	"\t\t\techo \"${pair#*:}/${file%.*}\"\n"
	"\t\tdone\n"
	"\tdone\n"
	"}\n";

static void bash(struct str *out)
{
	str_addf(out, "# Completion of trueup for bash.\n%s\n", object_lister);
	str_add(out, "_trueup() {\n\tlocal cur prev command= word i\n"
		     "\tlocal commands='");
	add_first_words(out);
	str_add(out, "'\n\tlocal pairs='");
	add_second_words(out, NULL);
	str_add(out, "'\n\tcur=${COMP_WORDS[COMP_CWORD]}\n\tprev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		     "\t\tword=${COMP_WORDS[i]}\n"
		     "\t\tcase \" $pairs \" in *\" $command-$word \"*) "
		     "command=$command-$word; break ;; esac\n"
		     "\t\t[ -z \"$command\" ] || continue\n"
		     "\t\tcase \" $commands \" in *\" $word \"*) command=$word ;; esac\n"
		     "\tdone\n\tCOMPREPLY=()\n\tcase $command:$prev in\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			each_option(commands[i], out, bash_value);
	each_option(NULL, out, bash_value);
	str_add(out, "\tesac\n\tcase $command:$cur in\n");
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i]->hidden)
			continue;
		AUTO_FREE char *key = command_key(commands[i]);
		str_addf(out, "\t%s:-*) COMPREPLY=($(compgen -W '", key);
		each_option(commands[i], out, bash_word);
		str_addf(out, "' -- \"$cur\")) ;;\n\t%s:*) COMPREPLY=(%s) ;;\n", key,
			bash_operands(commands[i]->operand_kind));
	}
	for (const struct command_family *f = command_families; f->name; f++) {
		str_addf(out, "\t%s:[!-]* | %s:) COMPREPLY=($(compgen -W '", f->name, f->name);
		add_second_words(out, f);
		str_add(out, "' -- \"$cur\")) ;;\n");
	}
	str_add(out, "\t*:-*) COMPREPLY=($(compgen -W '");
	each_option(NULL, out, bash_word);
	str_add(out, "' -- \"$cur\")) ;;\n\t*) COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\")) "
		     ";;\n\tesac\n}\ncomplete -F _trueup trueup\n");
}

/* 'spec[help]:arg:action' for _arguments. */
static void zsh_option(
	struct str *out, const struct command *command, const struct option_spec *spec)
{
	(void)command;
	const bool many = spec->type == OPT_LIST || spec->type == OPT_COUNT;
	for (int form = spec->letter ? 0 : 1; form < 2; form++) {
		str_add(out, many ? " \\\n\t\t\t'*" : " \\\n\t\t\t'");
		if (form == 0)
			str_addf(out, "-%c", spec->letter);
		else
			str_addf(out, "--%s%s", spec->name, takes_argument(spec) ? "=" : "");
		str_addc(out, '[');
		add_quoted(out, spec->help, "[]:");
		str_addc(out, ']');
		if (takes_argument(spec)) {
			str_addc(out, ':');
			add_quoted(out, spec->arg, "[]:");
			str_addc(out, ':');
			if (spec->choices)
				str_addf(out, "(%s)", spec->choices);
			else if (names_dir(spec))
				str_add(out, "_files -/");
			else if (names_file(spec))
				str_add(out, "_files");
		}
		str_addc(out, '\'');
	}
}

static const char *zsh_operands(enum operand_kind kind)
{
	switch (kind) {
	case OPERAND_DIR:
		return "*:folder:_files -/";
	case OPERAND_FILE:
		return "*:file:_files";
	case OPERAND_OBJECT:
		return "*:object:($(_trueup_objects))";
	case OPERAND_RUNBOOK:
		return "*:runbook:($(_trueup_objects | sed -n 's|^runbook/||p'))";
	case OPERAND_COMMAND:
		return "*:command:($names)";
	case OPERAND_SHELL:
		return "*:shell:(bash zsh fish)";
	case OPERAND_TEXT:
		break;
	}
	return "*: : ";
}

static void zsh_described(struct str *out, const char *name, const char *summary)
{
	str_addf(out, "\t\t'%s:", name);
	add_quoted(out, summary, ":");
	str_add(out, "'\n");
}

/* What "trueup COMMAND" takes, as the body of a branch of zsh's case. */
static void zsh_arguments(struct str *out, const struct command *command)
{
	str_addf(out, "\t\t%s) _arguments -s", command_word(command));
	each_option(command, out, zsh_option);
	const enum operand_kind kind = command->operand_kind;
	const char quote =
		kind == OPERAND_OBJECT || kind == OPERAND_RUNBOOK || kind == OPERAND_COMMAND ? '"'
											     : '\'';
	str_addf(out, " \\\n\t\t\t%c%s%c ;;\n", quote, zsh_operands(kind), quote);
}

/* A function for each family, which sees its own name as the first word. */
static void zsh_families(struct str *out)
{
	for (const struct command_family *f = command_families; f->name; f++) {
		str_addf(out,
			"_trueup_%s() {\n\tlocal curcontext=$curcontext state line\n"
			"\t_arguments -C '1: :(",
			f->name);
		add_second_words(out, f);
		str_add(out, ")' '*:: :->rest'\n\t[[ $state = rest ]] || return\n"
			     "\t\tcase $words[1] in\n");
		for (size_t i = 0; commands[i]; i++)
			if (!commands[i]->hidden && command_family_of(commands[i]) == f)
				zsh_arguments(out, commands[i]);
		str_add(out, "\t\tesac\n}\n\n");
	}
}

static void zsh(struct str *out)
{
	str_addf(out, "#compdef trueup\n# Completion of trueup for zsh.\n%s\n", object_lister);
	zsh_families(out);
	str_add(out, "_trueup() {\n\tlocal curcontext=$curcontext state line\n"
		     "\tlocal -a commands names\n\tcommands=(\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden && !command_family_of(commands[i]))
			zsh_described(out, commands[i]->name, commands[i]->summary);
	for (const struct command_family *f = command_families; f->name; f++)
		zsh_described(out, f->name, f->summary);
	str_add(out, "\t)\n\tnames=(${commands%%:*})\n\t_arguments -C");
	each_option(NULL, out, zsh_option);
	str_add(out, " \\\n\t\t\t'1: :->command' '*:: :->rest'\n"
		     "\tcase $state in\n"
		     "\tcommand) _describe command commands ;;\n"
		     "\trest)\n\t\tcase $words[1] in\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden && !command_family_of(commands[i]))
			zsh_arguments(out, commands[i]);
	for (const struct command_family *f = command_families; f->name; f++)
		str_addf(out, "\t\t%s) _trueup_%s ;;\n", f->name, f->name);
	str_add(out, "\t\tesac ;;\n\tesac\n}\n_trueup \"$@\"\n");
}

/* The condition under which fish offers what belongs to the command. */
static void fish_condition(struct str *out, const struct command *command)
{
	const struct command_family *family = command_family_of(command);
	if (family)
		str_addf(out, "__fish_seen_subcommand_from %s; and ", family->name);
	str_addf(out, "__fish_seen_subcommand_from %s", command_word(command));
	/* A word of a family may be a command of its own: "validate", "runbook validate". */
	for (size_t i = 0; !family && commands[i]; i++) {
		const struct command_family *f = command_family_of(commands[i]);
		if (f && str_eq(command_word(commands[i]), command->name))
			str_addf(out, "; and not __fish_seen_subcommand_from %s", f->name);
	}
}

/* "-n '__fish_seen_subcommand_from plan'" or, for the global ones, no condition. */
static void fish_option(
	struct str *out, const struct command *command, const struct option_spec *spec)
{
	str_add(out, "complete -c trueup");
	if (command) {
		str_add(out, " -n '");
		fish_condition(out, command);
		str_addc(out, '\'');
	}
	if (spec->letter)
		str_addf(out, " -s %c", spec->letter);
	str_addf(out, " -l %s", spec->name);
	if (takes_argument(spec) && spec->choices)
		str_addf(out, " -x -a '%s'", spec->choices);
	else if (takes_argument(spec) && names_dir(spec))
		str_add(out, " -x -a '(__fish_complete_directories)'");
	else if (takes_argument(spec))
		str_add(out, names_file(spec) ? " -r -F" : " -x");
	str_add(out, " -d '");
	for (const char *p = spec->help; *p; p++) {
		if (*p == '\'' || *p == '\\')
			str_addc(out, '\\');
		str_addc(out, *p);
	}
	str_add(out, "'\n");
}

static const char *fish_operands(enum operand_kind kind)
{
	switch (kind) {
	case OPERAND_DIR:
		return "(__fish_complete_directories)";
	case OPERAND_FILE:
		return "(__fish_complete_path)";
	case OPERAND_OBJECT:
		return "(__trueup_objects)";
	case OPERAND_RUNBOOK:
		return "(__trueup_objects | string replace -rf \"^runbook/\" \"\")";
	case OPERAND_COMMAND:
		return "(__trueup_commands)";
	case OPERAND_SHELL:
		return "bash zsh fish";
	case OPERAND_TEXT:
		break;
	}
	return NULL;
}

/* Offers the word of a command, behind that of its family if it has one. */
static void fish_word(
	struct str *out, const struct command_family *family, const char *word, const char *summary)
{
	str_add(out, "complete -c trueup -n ");
	if (family) {
		str_addf(out,
			"'__fish_seen_subcommand_from %s; and not "
			"__fish_seen_subcommand_from ",
			family->name);
		add_second_words(out, family);
		str_addc(out, '\'');
	} else {
		str_add(out, "__fish_use_subcommand");
	}
	str_addf(out, " -a %s -d '", word);
	add_quoted(out, summary, "");
	str_add(out, "'\n");
}

static void fish(struct str *out)
{
	str_add(out, "# Completion of trueup for fish.\n"
		     "function __trueup_objects\n"
		     "\tfor pair in roles:role canvases:canvas runbooks:runbook runs:run "
		     "requests:request\n"
		     "\t\tset -l part (string split : $pair)\n"
		     "\t\tfor file in $part[1]/*.*\n"
		     "\t\t\techo $part[2]/(string replace -r '.*/(.*)\\.[^.]*$' '$1' $file)\n"
		     "\t\tend\n\tend\nend\n"
		     "function __trueup_commands\n\tstring split ' ' '");
	add_first_words(out);
	str_add(out, "'\nend\ncomplete -c trueup -f\n");
	each_option(NULL, out, fish_option);
	for (const struct command_family *f = command_families; f->name; f++)
		fish_word(out, NULL, f->name, f->summary);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		if (c->hidden)
			continue;
		fish_word(out, command_family_of(c), command_word(c), c->summary);
		const char *operands = fish_operands(c->operand_kind);
		if (operands) {
			str_add(out, "complete -c trueup -n '");
			fish_condition(out, c);
			str_addf(out, "' -a '%s'\n", operands);
		}
		for (const struct option_spec *o = c->options; o && o->name; o++)
			fish_option(out, c, o);
	}
}

void completion_script(const char *shell, struct str *out)
{
	if (str_eq(shell, "bash"))
		bash(out);
	else if (str_eq(shell, "zsh"))
		zsh(out);
	else
		fish(out);
}
