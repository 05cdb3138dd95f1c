/*
 * The command line is read in two passes over one argv: global options up to the command's name,
 * then everything after it by the command's own table first and the global one second. Values are
 * kept per row of the tables and not per name, so that a command may give a global letter another
 * meaning.
 */
#include "cli/options.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct value {
	const char **texts; /* NULL-terminated once anything was given */
	size_t count, cap;
};

struct opts {
	int argc, next;
	const char *const *argv;
	const struct command *command;
	struct value *globals; /* one per row of command_globals */
	struct value *locals; /* one per row of command->options */
	const char **operands;
	size_t operand_count, operand_cap;
};

static size_t table_len(const struct option_spec *table)
{
	size_t n = 0;
	while (table && table[n].name)
		n++;
	return n;
}

struct opts *opts_new(int argc, const char *const *argv)
{
	struct opts *o = xcalloc(1, sizeof *o);
	o->argc = argc;
	o->argv = argv;
	o->next = 1;
	o->globals = xcalloc(table_len(command_globals) + 1, sizeof *o->globals);
	return o;
}

static void free_values(struct value *values, const struct option_spec *table)
{
	for (size_t i = 0; values && i < table_len(table); i++)
		free(values[i].texts);
	free(values);
}

void opts_free(struct opts **at)
{
	struct opts *o = *at;
	if (!o)
		return;
	free_values(o->globals, command_globals);
	free_values(o->locals, o->command ? o->command->options : NULL);
	free(o->operands);
	free(o);
	*at = NULL;
}

/* A row and the place of its values. */
struct found {
	const struct option_spec *spec;
	struct value *value;
};

static struct found find_in(const struct option_spec *table, struct value *values, const char *name,
	size_t len, char letter)
{
	for (size_t i = 0; table && table[i].name; i++) {
		const bool hit =
			letter ? table[i].letter == letter
			       : strlen(table[i].name) == len && !memcmp(table[i].name, name, len);
		if (hit)
			return (struct found){&table[i], &values[i]};
	}
	return (struct found){0};
}

/* By long name, or by letter unless that is 0. */
static struct found find(const struct opts *o, const char *name, size_t len, char letter)
{
	struct found f = {0};
	if (o->command)
		f = find_in(o->command->options, o->locals, name, len, letter);
	if (!f.spec)
		f = find_in(command_globals, o->globals, name, len, letter);
	return f;
}

/* " of 'plan'" once the command is known. */
static char *of_command(const struct opts *o)
{
	return o->command ? xasprintf(" of '%s'", o->command->name) : xstrdup("");
}

static int unknown_long(const struct opts *o, const char *name, size_t len, struct err **err)
{
	const size_t globals = table_len(command_globals);
	const size_t locals = o->command ? table_len(o->command->options) : 0;
	AUTO_FREE const char **names = xcalloc(globals + locals + 1, sizeof *names);
	for (size_t i = 0; i < locals; i++)
		names[i] = o->command->options[i].name;
	for (size_t i = 0; i < globals; i++)
		names[locals + i] = command_globals[i].name;
	AUTO_FREE char *word = xstrndup(name, len);
	AUTO_FREE char *of = of_command(o);
	const char *near = str_nearest(word, names);
	if (near)
		return err_set(err, ERR_INVALID, "unknown option '--%s'%s; did you mean '--%s'?",
			word, of, near);
	return err_set(err, ERR_INVALID, "unknown option '--%s'%s; see 'trueup %s%s--help'", word,
		of, o->command ? o->command->name : "", o->command ? " " : "");
}

bool words_have(const char *words, const char *word)
{
	const size_t len = strlen(word);
	for (const char *p = words; p && *p;) {
		const size_t n = strcspn(p, " ");
		if (n == len && !memcmp(p, word, n))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

/* "text json" as "text, json". */
static char *list_words(const char *words)
{
	AUTO_STR out = STR_INIT;
	for (const char *p = words; *p;) {
		const size_t n = strcspn(p, " ");
		str_addf(&out, "%s%.*s", out.len ? ", " : "", (int)n, p);
		p += n + strspn(p + n, " ");
	}
	return str_detach(&out);
}

static int check_int(const struct option_spec *spec, const char *text, struct err **err)
{
	const int64_t max = spec->max || spec->min ? spec->max : INT64_MAX;
	int64_t n;
	if (!num_parse_i64(text, strlen(text), &n))
		return err_set(err, ERR_INVALID, "option '--%s': '%s' is not a whole number",
			spec->name, text);
	if (n < spec->min || n > max)
		return err_set(err, ERR_INVALID, "option '--%s': %s is not between %lld and %lld",
			spec->name, text, (long long)spec->min, (long long)max);
	return 0;
}

static int check_value(const struct option_spec *spec, const char *text, struct err **err)
{
	switch (spec->type) {
	case OPT_INT:
		return check_int(spec, text, err);
	case OPT_DURATION: {
		int64_t ms;
		if (clock_parse_duration(text, &ms, err))
			return err_wrap(err, "option '--%s'", spec->name);
		return 0;
	}
	case OPT_CHOICE: {
		if (words_have(spec->choices, text))
			return 0;
		AUTO_FREE char *list = list_words(spec->choices);
		return err_set(err, ERR_INVALID, "option '--%s': '%s' is not one of: %s",
			spec->name, text, list);
	}
	case OPT_FLAG:
	case OPT_COUNT:
	case OPT_TEXT:
	case OPT_LIST:
		break;
	}
	return 0;
}

static bool takes_argument(const struct option_spec *spec)
{
	return spec->type != OPT_FLAG && spec->type != OPT_COUNT;
}

/* Keeps a value (for flags: ""), the last one last. */
static int keep(struct found f, const char *text, struct err **err)
{
	if (check_value(f.spec, text, err))
		return -1;
	/* Room for the value and the NULL behind it. */
	f.value->texts = grow_array(
		f.value->texts, f.value->count + 1, &f.value->cap, sizeof *f.value->texts);
	f.value->texts[f.value->count++] = text;
	f.value->texts[f.value->count] = NULL;
	return 0;
}

static int needs_argument(const struct opts *o, const struct option_spec *spec, struct err **err)
{
	AUTO_FREE char *of = of_command(o);
	return err_set(err, ERR_INVALID, "option '--%s'%s needs a value: --%s %s", spec->name, of,
		spec->name, spec->arg);
}

static int parse_long(struct opts *o, const char *word, struct err **err)
{
	const char *eq = strchr(word, '=');
	const size_t len = eq ? (size_t)(eq - word) : strlen(word);
	const struct found f = find(o, word, len, 0);
	if (!f.spec)
		return unknown_long(o, word, len, err);
	if (!takes_argument(f.spec)) {
		if (eq)
			return err_set(
				err, ERR_INVALID, "option '--%s' takes no value", f.spec->name);
		return keep(f, "", err);
	}
	if (eq)
		return keep(f, eq + 1, err);
	if (o->next >= o->argc)
		return needs_argument(o, f.spec, err);
	return keep(f, o->argv[o->next++], err);
}

static int parse_letters(struct opts *o, const char *letters, struct err **err)
{
	for (; *letters; letters++) {
		const struct found f = find(o, NULL, 0, *letters);
		if (!f.spec) {
			AUTO_FREE char *of = of_command(o);
			return err_set(err, ERR_INVALID,
				"unknown option '-%c'%s; see 'trueup %s%s--help'", *letters, of,
				o->command ? o->command->name : "", o->command ? " " : "");
		}
		if (!takes_argument(f.spec)) {
			if (keep(f, "", err))
				return -1;
			continue;
		}
		if (letters[1])
			return keep(f, letters + 1, err);
		if (o->next >= o->argc)
			return needs_argument(o, f.spec, err);
		return keep(f, o->argv[o->next++], err);
	}
	return 0;
}

static void add_operand(struct opts *o, const char *word)
{
	o->operands =
		grow_array(o->operands, o->operand_count, &o->operand_cap, sizeof *o->operands);
	o->operands[o->operand_count++] = word;
}

int opts_parse_globals(struct opts *o, const char **ret_word, struct err **err)
{
	*ret_word = NULL;
	while (o->next < o->argc) {
		const char *word = o->argv[o->next++];
		int rc = 0;
		if (word[0] != '-' || !word[1]) {
			*ret_word = word;
			return 0;
		} else if (word[1] == '-') {
			if (!word[2])
				continue;
			rc = parse_long(o, word + 2, err);
		} else {
			rc = parse_letters(o, word + 1, err);
		}
		if (rc)
			return -1;
	}
	return 0;
}

int opts_find_command(struct opts *o, const char *word, const struct command **ret_command,
	const struct command_family **ret_family, struct err **err)
{
	const struct command_family *family = command_family_find(word);
	const char *second;
	*ret_family = NULL;
	*ret_command = family ? NULL : command_find(word);
	if (!family)
		return *ret_command ? 0 : command_unknown(word, err);
	if (opts_parse_globals(o, &second, err))
		return -1;
	if (!second && opt_flag(o, "help")) {
		*ret_family = family;
		return 0;
	}
	if (!second)
		return command_missing(family, err);
	AUTO_FREE char *name = xasprintf("%s %s", word, second);
	*ret_command = command_find(name);
	return *ret_command ? 0 : command_unknown(name, err);
}

static int check_operands(const struct opts *o, struct err **err)
{
	const struct command *c = o->command;
	if (o->operand_count < (size_t)c->min_operands)
		return err_set(err, ERR_INVALID, "'%s' needs %s: trueup %s %s", c->name,
			o->operand_count ? "more operands" : "an operand", c->name, c->operands);
	if (c->max_operands >= 0 && o->operand_count > (size_t)c->max_operands)
		return err_set(err, ERR_INVALID,
			"unexpected operand '%s' of '%s'; usage: trueup %s%s%s",
			o->operands[c->max_operands], c->name, c->name, c->operands ? " " : "",
			c->operands ? c->operands : "");
	return 0;
}

static int check_pairs(const struct opts *o, struct err **err)
{
	for (const struct option_spec *s = o->command->options; s && s->name; s++)
		if (s->excludes && opt_given(o, s->name) && opt_given(o, s->excludes))
			return err_set(err, ERR_INVALID,
				"'--%s' and '--%s' of '%s' exclude each other: give one of them",
				s->excludes, s->name, o->command->name);
	return 0;
}

const char *command_formats(const struct command *command)
{
	return command->formats ? command->formats : "text json";
}

static int check_format(const struct opts *o, struct err **err)
{
	const struct found f = find_in(command_globals, o->globals, "output", strlen("output"), 0);
	const char *format = f.value->count ? f.value->texts[f.value->count - 1] : f.spec->fallback;
	if (words_have(command_formats(o->command), format))
		return 0;
	AUTO_FREE char *list = list_words(command_formats(o->command));
	return err_set(err, ERR_INVALID, "'%s' cannot print '%s'; it can print: %s",
		o->command->name, format, list);
}

int opts_parse_command(struct opts *o, const struct command *command, struct err **err)
{
	o->command = command;
	o->locals = xcalloc(table_len(command->options) + 1, sizeof *o->locals);
	bool only_operands = false;
	while (o->next < o->argc) {
		const char *word = o->argv[o->next++];
		if (only_operands || word[0] != '-' || !word[1])
			add_operand(o, word);
		else if (word[1] != '-' && parse_letters(o, word + 1, err))
			return -1;
		else if (word[1] == '-' && !word[2])
			only_operands = true;
		else if (word[1] == '-' && parse_long(o, word + 2, err))
			return -1;
	}
	if (opt_flag(o, "help") || opt_flag(o, "version"))
		return 0;
	return check_operands(o, err) || check_pairs(o, err) ? -1 : check_format(o, err);
}

static struct found must_find(const struct opts *o, const char *name)
{
	const struct found f = find(o, name, strlen(name), 0);
	assert(f.spec != NULL);
	return f;
}

static const char *last_text(struct found f)
{
	return f.value->count ? f.value->texts[f.value->count - 1] : f.spec->fallback;
}

bool opt_flag(const struct opts *o, const char *name)
{
	const struct found f = must_find(o, name);
	assert(f.spec->type == OPT_FLAG);
	return f.value->count > 0;
}

const char *opt_text(const struct opts *o, const char *name)
{
	const struct found f = must_find(o, name);
	assert(f.spec->type == OPT_TEXT || f.spec->type == OPT_CHOICE);
	return last_text(f);
}

int64_t opt_int(const struct opts *o, const char *name)
{
	const struct found f = must_find(o, name);
	if (f.spec->type == OPT_COUNT)
		return (int64_t)f.value->count;
	assert(f.spec->type == OPT_INT);
	const char *text = last_text(f);
	int64_t n = 0;
	if (text && !num_parse_i64(text, strlen(text), &n))
		abort(); /* given values were checked, so the table's default is wrong */
	return n;
}

int64_t opt_duration(const struct opts *o, const char *name)
{
	const struct found f = must_find(o, name);
	assert(f.spec->type == OPT_DURATION);
	const char *text = last_text(f);
	int64_t ms = 0;
	AUTO_ERR err = NULL;
	if (text && clock_parse_duration(text, &ms, &err))
		abort(); /* as above */
	return ms;
}

const char *const *opt_list(const struct opts *o, const char *name)
{
	static const char *const none[] = {NULL};
	const struct found f = must_find(o, name);
	assert(f.spec->type == OPT_LIST);
	return f.value->count ? f.value->texts : none;
}

bool opt_given(const struct opts *o, const char *name)
{
	return must_find(o, name).value->count > 0;
}

size_t operand_count(const struct opts *o)
{
	return o->operand_count;
}

const char *operand(const struct opts *o, size_t i)
{
	return i < o->operand_count ? o->operands[i] : NULL;
}
