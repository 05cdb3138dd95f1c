/* The tokeniser of HCL's native syntax. */
#include "render/hcl.h"

#include "base/err.h"

#include <string.h>

struct scan {
	const char *text;
	size_t len, at;
	uint32_t line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ident_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool is_ident(char c)
{
	return is_ident_start(c) || is_digit(c) || c == '-';
}

static char peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

/* At "${" or "%{" that starts an expression, not at the escapes "$${" and "%%{". */
static bool at_interpolation(const struct scan *s)
{
	char c = peek(s, 0);
	return (c == '$' || c == '%') && peek(s, 1) == '{';
}

/*
 * A quoted template with whatever is nested in it. The stack holds, for every open string, how
 * many braces are open in the expression that the next string stands in.
 */
struct nesting {
	uint32_t braces[HCL_MAX_DEPTH];
	size_t depth; /* expressions that are open */
	bool in_string;
};

/* One step inside a text; true at the quote that ends the outermost one. */
static bool step_in_text(struct scan *s, struct nesting *n)
{
	const char c = s->text[s->at];
	if (c == '\\') {
		/* A newline is an error, also behind a backslash. */
		s->at += peek(s, 1) != '\n';
	} else if ((c == '$' || c == '%') && peek(s, 1) == c && peek(s, 2) == '{') {
		s->at += 2;
	} else if (at_interpolation(s) && n->depth < HCL_MAX_DEPTH) {
		n->braces[n->depth++] = 1;
		n->in_string = false;
		s->at++;
	} else if (c == '"') {
		n->in_string = false;
		return n->depth == 0;
	}
	return false;
}

static void step_in_expression(const struct scan *s, struct nesting *n)
{
	const char c = s->text[s->at];
	if (c == '"') {
		n->in_string = true;
	} else if (c == '{') {
		n->braces[n->depth - 1]++;
	} else if (c == '}' && --n->braces[n->depth - 1] == 0) {
		n->depth--;
		n->in_string = true;
	}
}

/* Most texts hold nothing but characters: true, and past it, if this is one of those. */
static bool scan_plain_string(struct scan *s)
{
	for (size_t i = s->at + 1; i < s->len; i++) {
		const char c = s->text[i];
		if (c == '"') {
			s->at = i + 1;
			return true;
		}
		if (c == '\\' || c == '$' || c == '%' || c == '\n')
			return false;
	}
	return false;
}

static int scan_string(struct scan *s, struct err **err)
{
	if (scan_plain_string(s))
		return 0;
	struct nesting n = {.in_string = true};
	const uint32_t start = s->line;
	for (s->at++; s->at < s->len && s->text[s->at] != '\n'; s->at++) {
		if (!n.in_string) {
			step_in_expression(s, &n);
		} else if (n.depth == HCL_MAX_DEPTH && at_interpolation(s)) {
			return err_set(err, ERR_SYNTAX, "line %u: expressions nest deeper than %d",
				start, HCL_MAX_DEPTH);
		} else if (step_in_text(s, &n)) {
			s->at++;
			return 0;
		}
	}
	return err_set(err, ERR_SYNTAX, "line %u: a text is not closed", start);
}

/* "<<EOT" or "<<-EOT" to the line that holds the marker alone. */
static int scan_heredoc(struct scan *s, struct err **err)
{
	const uint32_t start = s->line;
	s->at += peek(s, 2) == '-' ? 3 : 2;
	const char *marker = s->text + s->at;
	while (is_ident(peek(s, 0)))
		s->at++;
	const size_t marker_len = (size_t)(s->text + s->at - marker);
	if (marker_len == 0)
		return err_set(err, ERR_SYNTAX, "line %u: '<<' without an end marker", start);
	while (s->at < s->len) {
		const char *end = memchr(s->text + s->at, '\n', s->len - s->at);
		if (!end)
			break;
		s->at = (size_t)(end - s->text) + 1;
		s->line++;
		while (is_blank(peek(s, 0)))
			s->at++;
		if (s->len - s->at < marker_len || memcmp(s->text + s->at, marker, marker_len) != 0)
			continue;
		char after = peek(s, marker_len);
		if (after == '\n' || s->at + marker_len == s->len ||
			(after == '\r' && peek(s, marker_len + 1) == '\n')) {
			s->at += marker_len;
			return 0;
		}
	}
	return err_set(err, ERR_SYNTAX, "line %u: a heredoc is not closed", start);
}

static int scan_comment(struct scan *s, struct err **err)
{
	const uint32_t start = s->line;
	if (peek(s, 0) == '#' || peek(s, 1) == '/') {
		while (s->at < s->len && s->text[s->at] != '\n')
			s->at++;
		while (is_blank(s->text[s->at - 1]))
			s->at--;
		return 0;
	}
	for (s->at += 2; s->at + 1 < s->len; s->at++) {
		if (s->text[s->at] == '\n')
			s->line++;
		if (s->text[s->at] == '*' && s->text[s->at + 1] == '/') {
			s->at += 2;
			return 0;
		}
	}
	return err_set(err, ERR_SYNTAX, "line %u: a comment is not closed", start);
}

static void scan_number(struct scan *s)
{
	while (is_digit(peek(s, 0)))
		s->at++;
	if (peek(s, 0) == '.' && is_digit(peek(s, 1))) {
		s->at++;
		while (is_digit(peek(s, 0)))
			s->at++;
	}
	if (peek(s, 0) == 'e' || peek(s, 0) == 'E') {
		size_t sign = peek(s, 1) == '+' || peek(s, 1) == '-' ? 2 : 1;
		if (is_digit(peek(s, sign)))
			s->at += sign;
		while (is_digit(peek(s, 0)))
			s->at++;
	}
}

/* The operator of several characters that starts here; its length, or 0. */
static size_t long_operator(const struct scan *s, uint8_t *ret_op)
{
	const char a = peek(s, 0), b = peek(s, 1);
	if (b == '=' && (a == '=' || a == '!' || a == '<' || a == '>')) {
		*ret_op = HCL_OP_BINARY;
		return 2;
	}
	if (a != b && !(a == '=' && b == '>'))
		return 0;
	switch (a) {
	case '&':
	case '|':
		*ret_op = HCL_OP_BINARY;
		return 2;
	case ':':
		*ret_op = HCL_OP_COLONS;
		return 2;
	case '=':
		*ret_op = HCL_OP_ARROW;
		return 2;
	case '.':
		*ret_op = HCL_OP_ELLIPSIS;
		return peek(s, 2) == '.' ? 3 : 0;
	default:
		return 0;
	}
}

static int scan_punct(struct scan *s, uint8_t *ret_op, struct err **err)
{
	size_t n = long_operator(s, ret_op);
	if (n > 0) {
		s->at += n;
		return 0;
	}
	char c = peek(s, 0);
	if (c == '\0' || !strchr("{}[]()=.,:?!<>+-*/%", c))
		return err_set(err, ERR_SYNTAX, "line %u: unexpected character 0x%02x", s->line,
			(unsigned char)c);
	*ret_op = (uint8_t)c;
	s->at++;
	return 0;
}

static int scan_token(struct scan *s, struct hcl_token *ret, struct err **err)
{
	char c = peek(s, 0);
	if (c == '\n') {
		ret->kind = HCL_NEWLINE;
		s->at++;
		return 0;
	}
	if (c == '"') {
		ret->kind = HCL_STRING;
		return scan_string(s, err);
	}
	if (c == '#' || (c == '/' && (peek(s, 1) == '/' || peek(s, 1) == '*'))) {
		ret->kind = HCL_COMMENT;
		return scan_comment(s, err);
	}
	if (c == '<' && peek(s, 1) == '<') {
		ret->kind = HCL_HEREDOC;
		return scan_heredoc(s, err);
	}
	if (is_ident_start(c)) {
		ret->kind = HCL_IDENT;
		while (is_ident(peek(s, 0)))
			s->at++;
		return 0;
	}
	if (is_digit(c)) {
		ret->kind = HCL_NUMBER;
		scan_number(s);
		return 0;
	}
	ret->kind = HCL_PUNCT;
	return scan_punct(s, &ret->op, err);
}

/* Keeps the stack of open brackets; an error when one closes another's kind. */
static int check_bracket(const struct hcl_token *t, char *open, size_t *depth, struct err **err)
{
	const char c = (char)t->op;
	if (c == '(' || c == '[' || c == '{') {
		if (*depth == HCL_MAX_DEPTH)
			return err_set(err, ERR_SYNTAX, "line %u: brackets nest deeper than %d",
				t->line, HCL_MAX_DEPTH);
		open[(*depth)++] = c == '(' ? ')' : c == '[' ? ']' : '}';
	} else if (c == ')' || c == ']' || c == '}') {
		if (*depth == 0 || open[*depth - 1] != c)
			return err_set(err, ERR_SYNTAX, "line %u: '%c' closes nothing", t->line, c);
		(*depth)--;
	}
	return 0;
}

int hcl_tokenise(
	const char *text, size_t len, struct arena *arena, struct hcl_tokens *ret, struct err **err)
{
	struct scan s = {text, len, 0, 1};
	char open[HCL_MAX_DEPTH];
	size_t depth = 0;
	/* One allocation fits nearly always: HCL has a token for every five bytes or so. */
	*ret = (struct hcl_tokens){.cap = len / 4 + 16};
	ret->items = arena_array(arena, ret->cap, sizeof(*ret->items));
	while (s.at < len) {
		if (is_blank(text[s.at])) {
			s.at++;
			continue;
		}
		struct hcl_token t = {.line = s.line, .text = text + s.at};
		if (scan_token(&s, &t, err) < 0)
			return -1;
		t.len = (size_t)(text + s.at - t.text);
		if (t.kind == HCL_NEWLINE)
			s.line++;
		if (check_bracket(&t, open, &depth, err) < 0)
			return -1;
		ret->items =
			arena_grow(arena, ret->items, ret->count, &ret->cap, sizeof(*ret->items));
		ret->items[ret->count++] = t;
	}
	if (depth > 0)
		return err_set(err, ERR_SYNTAX, "a bracket is not closed: '%c' is missing",
			open[depth - 1]);
	return 0;
}
