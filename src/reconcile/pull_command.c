/* See pull_command.h. Fences and indentation follow CommonMark 0.31, sections 4.4 to 4.6. */
#include "reconcile/pull_command.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

static const char *const names[] = {
	[PULL_VERB_PLAN] = "plan",
	[PULL_VERB_APPLY] = "apply",
	[PULL_VERB_APPROVE] = "approve",
	[PULL_VERB_REJECT] = "reject",
	[PULL_VERB_UNLOCK] = "unlock",
	[PULL_VERB_RUN] = "run",
	[PULL_VERB_HELP] = "help",
	[PULL_VERB_UNKNOWN] = "",
};
static const char *const verbs[] = {
	"plan", "apply", "approve", "reject", "unlock", "run", "help", NULL};

const char *pull_verb_name(enum pull_verb verb)
{
	return names[verb];
}

/* --- which lines count ----------------------------------------------------------------------- */

struct reader {
	char fence; /* '`' or '~' while inside of one; 0: outside */
	size_t fence_len;
	bool hidden; /* inside of <!-- --> */
};

static size_t run_of(const char *line, size_t len, char c)
{
	size_t n = 0;
	while (n < len && line[n] == c)
		n++;
	return n;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t')
			return false;
	return true;
}

/* Takes a line that opens or closes a fence. */
static bool take_fence(struct reader *r, const char *line, size_t len)
{
	const size_t indent = run_of(line, len, ' ');
	const char *text = line + indent;
	len -= indent;
	const char c = len && indent < 4 ? text[0] : '\0';
	const size_t n = c == '`' || c == '~' ? run_of(text, len, c) : 0;
	if (r->fence) {
		if (c == r->fence && n >= r->fence_len && is_blank(text + n, len - n))
			r->fence = '\0';
		return true;
	}
	if (n < 3 || (c == '`' && memchr(text + n, '`', len - n)))
		return false;
	r->fence = c;
	r->fence_len = n;
	return true;
}

static const char *find(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what));
}

/* Is the start of the line inside of an HTML comment? Keeps track of where those begin and end. */
static bool is_hidden(struct reader *r, const char *line, size_t len)
{
	const bool hidden = r->hidden;
	for (const char *at = line; at;) {
		const size_t rest = len - (size_t)(at - line);
		at = find(at, rest, r->hidden ? "-->" : "<!--");
		if (!at)
			break;
		at += r->hidden ? 3 : 4;
		r->hidden = !r->hidden;
	}
	return hidden;
}

/* --- a line ----------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a text that is left at what follows it. */
static size_t next_word(const char **at, const char *end)
{
	while (*at < end && is_space(**at))
		(*at)++;
	const char *start = *at;
	while (*at < end && !is_space(**at))
		(*at)++;
	return (size_t)(*at - start);
}

static enum pull_verb verb_of(const char *word, size_t len)
{
	for (int v = PULL_VERB_PLAN; v < PULL_VERB_UNKNOWN; v++)
		if (strlen(names[v]) == len && strncasecmp(names[v], word, len) == 0)
			return (enum pull_verb)v;
	return PULL_VERB_UNKNOWN;
}

static void unknown(struct pull_command *c, const char *word, size_t len, struct arena *arena)
{
	enum { SHOWN = 40 };
	const size_t shown = utf8_valid(word, utf8_cut(word, len, SHOWN));
	const char *text = arena_memdup(arena, word, shown);
	const char *near = str_nearest(text, verbs);
	c->verb = PULL_VERB_UNKNOWN;
	c->problem =
		near ? arena_printf(arena, "'%s' is no command; did you mean '%s'?", text, near)
		     : arena_printf(arena, "'%s' is no command", text);
}

static void take_argument(struct pull_command *c, const char *rest, size_t len, struct arena *arena)
{
	const char *at = rest, *end = rest + len;
	const size_t word = next_word(&at, end);
	const char *first = at - word;
	const bool more = !is_blank(at, (size_t)(end - at));
	switch (c->verb) {
	case PULL_VERB_APPROVE:
	case PULL_VERB_REJECT:
		if (word)
			c->argument = arena_memdup(arena, first, (size_t)(end - first));
		return;
	case PULL_VERB_RUN:
		if (word && !more) {
			c->argument = arena_memdup(arena, first, word);
			return;
		}
		c->problem = word ? "'run' takes one name" : "'run' needs the name of a Run";
		break;
	case PULL_VERB_PLAN:
	case PULL_VERB_APPLY:
	case PULL_VERB_UNLOCK:
	case PULL_VERB_HELP:
	case PULL_VERB_UNKNOWN:
		if (!word)
			return;
		c->problem = arena_printf(arena,
			"'%s' is for the whole pull request and takes nothing more",
			names[c->verb]);
		break;
	}
	c->verb = PULL_VERB_UNKNOWN;
}

/* True when the line is a command, or means to be one. */
static bool read_line(const char *line, size_t len, const char *word, struct arena *arena,
	struct pull_command *ret)
{
	const char *at = line + run_of(line, len, ' '), *end = line + len;
	if (at - line > 3)
		return false;
	while (end > at && is_space(end[-1]))
		end--;
	const char *start = at;
	const size_t first = next_word(&at, end);
	if (first != strlen(word) || strncasecmp(start, word, first) != 0)
		return false;
	*ret = (struct pull_command){
		.verb = PULL_VERB_HELP, .text = arena_memdup(arena, start, (size_t)(end - start))};
	const size_t second = next_word(&at, end);
	if (!second)
		return true;
	if (len > PULL_COMMAND_LINE_MAX) {
		ret->verb = PULL_VERB_UNKNOWN;
		ret->text = "";
		ret->problem = "the line is too long for a command";
		return true;
	}
	ret->verb = verb_of(at - second, second);
	if (ret->verb == PULL_VERB_UNKNOWN)
		unknown(ret, at - second, second, arena);
	else
		take_argument(ret, at, (size_t)(end - at), arena);
	return true;
}

static bool is_there(const struct pull_commands *list, const struct pull_command *c)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].verb == c->verb && str_eq(list->items[i].text, c->text))
			return true;
	return false;
}

void pull_commands_parse(
	const char *body, const char *word, struct arena *arena, struct pull_commands *ret)
{
	struct reader r = {0};
	size_t cap = 0;
	*ret = (struct pull_commands){0};
	while (*body) {
		const size_t len = strcspn(body, "\n");
		struct pull_command c;
		const bool fenced = take_fence(&r, body, len);
		const bool hidden = !fenced && is_hidden(&r, body, len);
		if (!fenced && !hidden && read_line(body, len, word, arena, &c) &&
			!is_there(ret, &c)) {
			if (ret->count == PULL_COMMANDS_MAX) {
				ret->more = true;
				return;
			}
			ret->items =
				arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
			ret->items[ret->count++] = c;
		}
		body += len + (body[len] == '\n');
	}
}

void pull_commands_help(const char *word, bool apply_before, struct str *out)
{
	static const struct {
		const char *usage, *what;
	} rows[] = {
		{"plan", "plan it again; of a fork's, let it be planned"},
		{"apply", NULL},
		{"approve", "say yes to the plans that are shown, where one is asked for"},
		{"reject", "say no to them"},
		{"unlock", "let go of its objects and discard its plans"},
		{"run NAME", "start a Run of the base branch"},
		{"help", "show this"},
	};
	str_add(out, "| command | what it does |\n|---|---|\n");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *what = rows[i].what ? rows[i].what
				   : apply_before
					   ? "apply exactly the plans that are shown"
					   : "here plans are applied after the merge; says so";
		str_addf(out, "| `%s %s` | %s |\n", word, rows[i].usage, what);
	}
}
