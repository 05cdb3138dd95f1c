/*
 * Where does each {{ }} stand? The literal text of a template is followed through quotes,
 * interpolations, comments and heredocs of the language that the template makes. Branches and
 * loops must leave the place they found, or all leave the same one, so that the answer is known
 * before anything is rendered. Output where no escaping is safe (a comment ends at a newline, a
 * heredoc has no escapes) is refused here.
 */
#include "format/template_internal.h"

#include <string.h>

/* The innermost surrounding; the outermost is none of them. */
enum {
	IN_QUOTES = '"',
	IN_SINGLE = '\'',
	IN_INTERPOLATION = '$',
	IN_BRACE = '{', /* inside an interpolation */
	IN_LINE_COMMENT = '#',
	IN_BLOCK_COMMENT = '*',
	IN_HEREDOC = '<',
	IN_CODE = '`',
	IN_FENCE = 'F',
};

struct scan {
	char stack[16];
	unsigned depth;
	char word[40]; /* heredoc: its end; code: its back-ticks */
	char tail; /* the last character, when it changes the meaning of the next */
	char before; /* the last character of all */
};

struct placer {
	enum tmpl_escape escape;
	struct diag_list *diags;
	bool failed;
};

/* A piece of literal text while it is scanned. */
struct piece {
	const char *text;
	size_t len, i;
	char before;
	bool bad_newline; /* a line ended inside quotes */
	size_t bad_at;
};

static char at(const struct piece *t, size_t ahead)
{
	return t->i + ahead < t->len ? t->text[t->i + ahead] : 0;
}

static char top(const struct scan *s)
{
	return s->depth ? s->stack[s->depth - 1] : 0;
}

static void push(struct scan *s, char in)
{
	/* Deeper than any template goes; the end of the text will not match and be reported. */
	if (s->depth < sizeof s->stack)
		s->stack[s->depth++] = in;
}

static void pop(struct scan *s)
{
	if (s->depth)
		s->depth--;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_blank(char c)
{
	return c == 0 || c == ' ' || c == '\t' || c == '\n';
}

/* "<<WORD", "<<-WORD", and in shell "<<'WORD'": returns the bytes taken, 0 if it is none. */
static size_t scan_heredoc(struct scan *s, const struct piece *t)
{
	size_t n = 2;
	if (at(t, n) == '<')
		return 0;
	while (at(t, n) == '-' || at(t, n) == '~' || at(t, n) == ' ')
		n++;
	const char quote = at(t, n) == '\'' || at(t, n) == '"' ? at(t, n) : 0;
	n += quote != 0;
	size_t len = 0;
	while (is_word(at(t, n)) && len + 1 < sizeof s->word)
		s->word[len++] = at(t, n++);
	if (!len || (s->word[0] >= '0' && s->word[0] <= '9'))
		return 0;
	s->word[len] = '\0';
	push(s, IN_HEREDOC);
	return n + (quote != 0);
}

/* One line of a heredoc; ends it when the line is only its word. */
static size_t scan_heredoc_line(struct scan *s, const struct piece *t)
{
	size_t start = 0, n = 0;
	while (at(t, start) == ' ' || at(t, start) == '\t')
		start++;
	const size_t len = strlen(s->word);
	while (t->i + n < t->len && at(t, n) != '\n')
		n++;
	if ((t->before == '\n' || t->before == 0) && n >= start + len &&
		!memcmp(t->text + t->i + start, s->word, len)) {
		size_t rest = start + len;
		while (rest < n && is_blank(at(t, rest)))
			rest++;
		if (rest == n)
			pop(s);
	}
	return n + (t->i + n < t->len);
}

static size_t scan_quotes(struct scan *s, struct piece *t, enum tmpl_escape escape)
{
	const char c = at(t, 0), next = at(t, 1);
	if (c == '"') {
		pop(s);
	} else if (c == '\\') {
		return 2;
	} else if (escape == TMPL_ESCAPE_HCL && (c == '$' || c == '%')) {
		if (next == c && at(t, 2) == '{')
			return 3;
		if (next == '{') {
			push(s, IN_INTERPOLATION);
			return 2;
		}
	} else if (c == '\n' && escape == TMPL_ESCAPE_HCL && !t->bad_newline) {
		t->bad_newline = true;
		t->bad_at = t->i;
	}
	return 1;
}

static size_t scan_hcl(struct scan *s, struct piece *t)
{
	const char c = at(t, 0), next = at(t, 1);
	if (c == '"') {
		push(s, IN_QUOTES);
	} else if (c == '#' || (c == '/' && next == '/')) {
		push(s, IN_LINE_COMMENT);
	} else if (c == '/' && next == '*') {
		push(s, IN_BLOCK_COMMENT);
		return 2;
	} else if (c == '<' && next == '<') {
		const size_t n = scan_heredoc(s, t);
		return n ? n : 1;
	} else if (s->depth && c == '{') {
		push(s, IN_BRACE);
	} else if (s->depth && c == '}') {
		pop(s);
	}
	return 1;
}

static size_t scan_json(struct scan *s, const struct piece *t)
{
	const char c = at(t, 0);
	const bool starts = is_blank(t->before) || strchr("[{,:(", t->before);
	if (c == '"')
		push(s, IN_QUOTES);
	else if (c == '\'' && starts)
		push(s, IN_SINGLE);
	else if (c == '#' && is_blank(t->before))
		push(s, IN_LINE_COMMENT);
	return 1;
}

static size_t scan_shell(struct scan *s, const struct piece *t)
{
	const char c = at(t, 0);
	if (c == '"' || c == '\'') {
		push(s, c);
	} else if (c == '#' && (is_blank(t->before) || strchr(";&|(", t->before))) {
		push(s, IN_LINE_COMMENT);
	} else if (c == '\\') {
		return 2;
	} else if (c == '<' && at(t, 1) == '<') {
		const size_t n = scan_heredoc(s, t);
		return n ? n : 3;
	}
	return 1;
}

/* A run of back-ticks opens code or a fence, and closes one that was opened by as many. */
static size_t scan_markdown(struct scan *s, const struct piece *t)
{
	if (at(t, 0) == '\\' && !s->depth)
		return 2;
	if (at(t, 0) != '`')
		return 1;
	size_t n = 1;
	while (at(t, n) == '`')
		n++;
	const bool line_start = t->before == '\n' || t->before == 0;
	if (top(s) == IN_CODE || top(s) == IN_FENCE) {
		if (top(s) == IN_CODE ? n == (size_t)s->word[0]
				      : line_start && n >= (size_t)s->word[0])
			pop(s);
	} else {
		push(s, n >= 3 && line_start ? IN_FENCE : IN_CODE);
		s->word[0] = (char)(n < 100 ? n : 100);
	}
	return n;
}

static size_t scan_one(struct scan *s, struct piece *t, enum tmpl_escape escape)
{
	const char c = at(t, 0);
	if (escape == TMPL_ESCAPE_MARKDOWN)
		return scan_markdown(s, t);
	switch (top(s)) {
	case IN_QUOTES:
		return scan_quotes(s, t, escape);
	case IN_SINGLE:
		if (c == '\'' && escape == TMPL_ESCAPE_JSON && at(t, 1) == '\'')
			return 2;
		if (c == '\'')
			pop(s);
		return 1;
	case IN_LINE_COMMENT:
		if (c == '\n')
			pop(s);
		return 1;
	case IN_BLOCK_COMMENT:
		if (c != '*' || at(t, 1) != '/')
			return 1;
		pop(s);
		return 2;
	case IN_HEREDOC:
		return scan_heredoc_line(s, t);
	default:
		return escape == TMPL_ESCAPE_HCL    ? scan_hcl(s, t)
		       : escape == TMPL_ESCAPE_JSON ? scan_json(s, t)
						    : scan_shell(s, t);
	}
}

static void place_error(struct placer *p, struct pos pos, const char *text, const char *hint)
{
	struct diag *d = diag_error(p->diags, "template-escape", pos, "%s", text);
	if (hint)
		diag_hint(p->diags, d, "%s", hint);
	p->failed = true;
}

static struct pos text_pos(const struct ast *e, size_t offset)
{
	struct pos pos = e->pos;
	for (size_t i = 0; i < offset; i++) {
		if (e->text[i] == '\n') {
			pos.line++;
			pos.col = 1;
		} else if (((unsigned char)e->text[i] & 0xc0) != 0x80) {
			pos.col++;
		}
	}
	return pos;
}

/* What the last piece of a text, n bytes at t->i, does to what comes behind the text. */
static char tail_of(const struct placer *p, const struct piece *t, size_t n, bool in_quotes)
{
	const char c = at(t, 0);
	if (c == '\\' && n == 2)
		return t->i + 1 == t->len ? c : 0;
	const bool last = t->i + n == t->len && n == 1;
	const bool opens = p->escape == TMPL_ESCAPE_HCL && (c == '$' || c == '%');
	return last && opens && in_quotes ? c : 0;
}

static void scan_text(struct placer *p, struct scan *s, const struct ast *e)
{
	struct piece t = {.text = e->text, .len = e->len, .before = s->before};
	if (s->tail == '\\' || (s->tail && e->text[0] == '{'))
		place_error(p, e->pos, "a tag may not stand between this and what it escapes",
			"put the character in front of the tag into the tag: {{ '$' ~ value }}");
	while (t.i < t.len) {
		const bool in_quotes = top(s) == IN_QUOTES;
		size_t n = scan_one(s, &t, p->escape);
		s->tail = tail_of(p, &t, n, in_quotes);
		if (t.i + n > t.len)
			n = t.len - t.i;
		t.before = t.text[t.i + n - 1];
		t.i += n;
	}
	s->before = t.before;
	if (t.bad_newline)
		place_error(p, text_pos(e, t.bad_at), "the line ends inside quotes",
			"write \\n for a newline, or close the quotes");
}

static void place_output(struct placer *p, struct scan *s, struct ast *e)
{
	if (s->tail)
		place_error(p, e->pos, "the character in front of this tag would escape its value",
			"put it into the tag: {{ '$' ~ value }}");
	s->tail = 0;
	s->before = 'x';
	switch (top(s)) {
	case IN_QUOTES:
		e->place = PLACE_QUOTED;
		if (p->escape == TMPL_ESCAPE_SHELL)
			place_error(p, e->pos, "no output inside shell quotes",
				"close the quotes: a value is one quoted word by itself");
		return;
	case IN_SINGLE:
		place_error(p, e->pos, "no output inside single quotes",
			p->escape == TMPL_ESCAPE_SHELL
				? "close the quotes: a value is one quoted word by itself"
				: "use double quotes, whose escapes can hold any text");
		return;
	case IN_LINE_COMMENT:
	case IN_BLOCK_COMMENT:
		place_error(p, e->pos, "no output inside a comment",
			"a value with a newline would end it; use {# #} for notes");
		return;
	case IN_HEREDOC:
		place_error(p, e->pos, "no output inside a heredoc",
			"a heredoc has no escapes that hold for any text; use quotes");
		return;
	case IN_CODE:
		e->place = PLACE_CODE;
		return;
	case IN_FENCE:
		e->place = PLACE_FENCE;
		return;
	default:
		e->place = PLACE_LITERAL;
	}
}

static bool same_place(const struct scan *a, const struct scan *b)
{
	if (a->depth != b->depth || memcmp(a->stack, b->stack, a->depth) != 0)
		return false;
	const char in = top(a);
	return (in != IN_HEREDOC && in != IN_CODE && in != IN_FENCE) || !strcmp(a->word, b->word);
}

static void place_list(struct placer *p, struct scan *s, struct ast *list);

static const char *const branches_hint =
	"open and close quotes, comments and heredocs inside the same branch";

static void place_if(struct placer *p, struct scan *s, struct ast *e)
{
	const struct scan before = *s;
	struct scan first = {0}, last = before;
	bool has_first = false, has_else = false;
	const struct pos pos = e->pos;
	for (struct ast *branch = e; branch && !has_else; branch = branch->alt) {
		struct scan out = before;
		/* An else that holds only an if is the same as elif. */
		const bool is_elif = branch == e || (branch->kind == AST_IF && !branch->next);
		has_else = !is_elif;
		place_list(p, &out, is_elif ? branch->items : branch);
		if (!has_first)
			first = out;
		has_first = true;
		if (!same_place(&first, &out))
			place_error(p, pos, "the branches of this if end in different places",
				branches_hint);
		last.tail = out.tail ? out.tail : last.tail;
	}
	if (!has_else && !same_place(&first, &before))
		place_error(p, pos, "this if without else ends elsewhere than it begins",
			branches_hint);
	first.tail = last.tail;
	*s = first;
}

static void place_for(struct placer *p, struct scan *s, struct ast *e)
{
	struct scan body = *s, other = *s;
	place_list(p, &body, e->items);
	place_list(p, &other, e->alt);
	if (!same_place(s, &body) || !same_place(s, &other))
		place_error(p, e->pos, "this loop ends elsewhere than it begins", branches_hint);
	s->tail = body.tail ? body.tail : other.tail;
}

static void place_macro(struct placer *p, const struct ast *e)
{
	struct scan s = {0};
	place_list(p, &s, e->alt);
	if (s.depth)
		place_error(p, e->pos, "this macro ends inside quotes, a comment or a heredoc",
			branches_hint);
}

static void place_list(struct placer *p, struct scan *s, struct ast *list)
{
	for (struct ast *e = list; e && !p->failed; e = e->next) {
		switch (e->kind) {
		case AST_TEXT:
			scan_text(p, s, e);
			break;
		case AST_OUTPUT:
			place_output(p, s, e);
			break;
		case AST_IF:
			place_if(p, s, e);
			break;
		case AST_FOR:
			place_for(p, s, e);
			break;
		case AST_MACRO:
			place_macro(p, e);
			break;
		case AST_INCLUDE:
			if (s->depth)
				place_error(p, e->pos,
					"include inside quotes, a comment or a heredoc", NULL);
			s->before = '\n';
			break;
		default:
			break;
		}
	}
}

void place_check(const struct unit *unit, enum tmpl_escape escape, struct diag_list *diags)
{
	if (escape == TMPL_ESCAPE_NONE)
		return;
	struct placer p = {.escape = escape, .diags = diags};
	struct scan s = {0};
	place_list(&p, &s, unit->body);
	if (s.depth && !p.failed)
		place_error(&p, (struct pos){&unit->src, 1, 1},
			top(&s) == IN_LINE_COMMENT ? "the template ends inside a comment"
						   : "the template ends inside quotes or a heredoc",
			top(&s) == IN_LINE_COMMENT ? "end its last line" : NULL);
}
