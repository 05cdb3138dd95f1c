/*
 * Text and tokens of the template language. White space follows Jinja2 with trim_blocks,
 * lstrip_blocks and keep_trailing_newline set: one fixed setting, the one that makes rendered
 * files look as if written by hand.
 */
#include "base/num.h"
#include "format/template_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lexer_init(
	struct lexer *lx, const struct src *src, struct arena *arena, struct diag_list *diags)
{
	*lx = (struct lexer){
		.src = src,
		.p = src->data,
		.end = src->data + src->len,
		.counted = src->data,
		.line = 1,
		.col = 1,
		.line_starting = true,
		.arena = arena,
		.diags = diags,
	};
}

/* Places are asked for in ascending order, so that counting them is linear in all. */
struct pos lexer_pos(struct lexer *lx, const char *at)
{
	for (; lx->counted < at; lx->counted++) {
		if (*lx->counted == '\n') {
			lx->line++;
			lx->col = 1;
		} else if (((unsigned char)lx->counted[0] & 0xc0) != 0x80) {
			lx->col++;
		}
	}
	return (struct pos){lx->src, lx->line, lx->col};
}

void lexer_error(struct lexer *lx, struct pos pos, const char *fmt, ...)
{
	lx->tok.type = TOK_BAD;
	if (lx->failed)
		return;
	lx->failed = true;
	char text[512];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	(void)diag_error(lx->diags, "template-syntax", pos, "%s", text);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind a tag: "-" eats all white space, a block or comment its own newline. */
static void after_tag(struct lexer *lx, char sign, bool eats_newline)
{
	if (sign == '-') {
		while (lx->p < lx->end && is_space(*lx->p))
			lx->p++;
	} else if (sign != '+' && eats_newline && lx->p < lx->end && *lx->p == '\n') {
		lx->p++;
	}
	lx->line_starting = lx->p[-1] == '\n';
}

static bool skip_comment(struct lexer *lx, const char *start)
{
	const char *close = memmem(lx->p, (size_t)(lx->end - lx->p), "#}", 2);
	if (!close) {
		lexer_error(lx, lexer_pos(lx, start), "comment has no end: '#}' is missing");
		return false;
	}
	const char sign = close > lx->p ? close[-1] : 0;
	lx->p = close + 2;
	after_tag(lx, sign, true);
	return true;
}

/* Where the text in front of the tag at tag ends. */
static const char *trim_before(const struct lexer *lx, const char *start, const char *tag)
{
	const char *end = tag;
	const char sign = tag + 2 < lx->end ? tag[2] : 0;
	if (sign == '-') {
		while (end > start && is_space(end[-1]))
			end--;
	} else if (tag[1] != '{' && sign != '+') {
		const char *line = end;
		while (line > start && line[-1] != '\n' && is_space(line[-1]))
			line--;
		if ((line > start && line[-1] == '\n') || (line == start && lx->line_starting))
			end = line;
	}
	return end;
}

static const char *find_tag(const char *p, const char *end)
{
	while (p + 1 < end) {
		p = memchr(p, '{', (size_t)(end - p - 1));
		if (!p)
			return end;
		if (p[1] == '{' || p[1] == '%' || p[1] == '#')
			return p;
		p++;
	}
	return end;
}

enum lex_tag lexer_text(struct lexer *lx, const char **ret_text, size_t *ret_len, struct pos *ret)
{
	for (;;) {
		const char *start = lx->p;
		const char *tag = find_tag(start, lx->end);
		const char *end = tag < lx->end ? trim_before(lx, start, tag) : tag;
		*ret_text = start;
		*ret_len = (size_t)(end - start);
		*ret = lexer_pos(lx, start);
		if (tag == lx->end) {
			lx->p = tag;
			return LEX_TAG_NONE;
		}
		const char sign = tag + 2 < lx->end ? tag[2] : 0;
		if (tag[1] != '#') {
			lx->p = tag + 2 + (sign == '-' || sign == '+');
			return tag[1] == '{' ? LEX_TAG_VARIABLE : LEX_TAG_BLOCK;
		}
		/* "{#-#}" is a comment: its "-" serves both ends. */
		lx->p = tag + 2;
		if (!skip_comment(lx, tag))
			return LEX_TAG_BAD;
		if (*ret_len)
			return LEX_TAG_NONE;
	}
}

static struct token *token_set(struct lexer *lx, int type, const char *start)
{
	lx->tok = (struct token){.type = type, .pos = lexer_pos(lx, start)};
	return &lx->tok;
}

/* The end of the tag, if here is one. */
static bool lex_end(struct lexer *lx)
{
	const char *start = lx->p;
	const size_t left = (size_t)(lx->end - lx->p);
	if (lx->mode == LEX_LONE) {
		if (left)
			return false;
		token_set(lx, TOK_END, start);
		return true;
	}
	const char close = lx->mode == LEX_VARIABLE ? '}' : '%';
	size_t i = 0;
	char sign = 0;
	if (left > 2 && (start[0] == '-' || (start[0] == '+' && close == '%')))
		sign = start[i++];
	if (left < i + 2 || start[i] != close || start[i + 1] != '}' || lx->brackets)
		return false;
	token_set(lx, TOK_END, start);
	lx->p += i + 2;
	after_tag(lx, sign, close == '%');
	return true;
}

struct number {
	char text[64];
	size_t len;
};

static char char_at(const struct lexer *lx, size_t ahead)
{
	return (size_t)(lx->end - lx->p) > ahead ? lx->p[ahead] : 0;
}

/* Digits, and a "_" between two of them. */
static void take_digits(struct lexer *lx, struct number *n)
{
	while (is_digit(char_at(lx, 0)) || (char_at(lx, 0) == '_' && is_digit(char_at(lx, 1)))) {
		if (*lx->p != '_' && n->len + 4 < sizeof n->text)
			n->text[n->len++] = *lx->p;
		lx->p++;
	}
}

static bool take_exponent(struct lexer *lx, struct number *n)
{
	const char e = char_at(lx, 0), sign = char_at(lx, 1);
	const bool has_sign = sign == '+' || sign == '-';
	if ((e != 'e' && e != 'E') || !is_digit(char_at(lx, has_sign ? 2 : 1)))
		return false;
	n->text[n->len++] = 'e';
	if (has_sign)
		n->text[n->len++] = sign;
	lx->p += has_sign ? 2 : 1;
	take_digits(lx, n);
	return true;
}

static void lex_number(struct lexer *lx)
{
	const char *start = lx->p;
	struct number n = {.len = 0};
	take_digits(lx, &n);
	const bool zeros = n.len > 1 && n.text[0] == '0' && strspn(n.text, "0") < n.len;
	bool real = char_at(lx, 0) == '.' && is_digit(char_at(lx, 1));
	if (real) {
		n.text[n.len++] = *lx->p++;
		take_digits(lx, &n);
	}
	if (take_exponent(lx, &n))
		real = true;
	struct token *t = token_set(lx, real ? TOK_FLOAT : TOK_INT, start);
	const bool glued = is_name_start(char_at(lx, 0));
	const bool reads = real ? num_parse_double(n.text, n.len, &t->real)
				: num_parse_i64(n.text, n.len, &t->integer);
	if (glued || !reads || (zeros && !real) || lx->p - start > 60)
		lexer_error(lx, t->pos, "'%.*s' is no number",
			(int)(lx->p - start < 60 ? lx->p - start + glued : 60), start);
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \xNN, \uNNNN, \UNNNNNNNN: p is behind the letter. */
static const char *lex_hex(struct lexer *lx, const char *p, int digits, struct str *out)
{
	uint32_t c = 0;
	for (int i = 0; i < digits; i++) {
		const int v = p + i < lx->end ? hex_value(p[i]) : -1;
		if (v < 0) {
			lexer_error(lx, lexer_pos(lx, p - 2), "escape needs %d hex digits", digits);
			return p;
		}
		c = c << 4 | (uint32_t)v;
	}
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		lexer_error(lx, lexer_pos(lx, p - 2), "escape is no Unicode character");
		return p;
	}
	utf8_add(out, c);
	return p + digits;
}

/* One escape of Python's; p is behind the backslash. */
static const char *lex_escape(struct lexer *lx, const char *p, struct str *out)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char c = *p;
	const char *at = c ? strchr(from, c) : NULL;
	if (at) {
		str_addc(out, to[at - from]);
		return p + 1;
	}
	if (c == '\n')
		return p + 1;
	if (c == 'x' || c == 'u' || c == 'U')
		return lex_hex(lx, p + 1, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
	if (c >= '0' && c <= '7') {
		uint32_t v = 0;
		for (int i = 0; i < 3 && p < lx->end && *p >= '0' && *p <= '7'; i++)
			v = v * 8 + (uint32_t)(*p++ - '0');
		utf8_add(out, v);
		return p;
	}
	str_addc(out, '\\');
	str_addc(out, c);
	return p + 1;
}

static void lex_string(struct lexer *lx)
{
	const char *start = lx->p;
	const char quote = *start;
	AUTO_STR text = STR_INIT;
	token_set(lx, TOK_STRING, start);
	const char *p = start + 1;
	while (p < lx->end && *p != quote && !lx->failed) {
		if (*p == '\\' && p + 1 < lx->end) {
			p = lex_escape(lx, p + 1, &text);
		} else {
			str_addc(&text, *p++);
		}
	}
	if (lx->failed)
		return;
	if (p >= lx->end) {
		lexer_error(lx, lx->tok.pos, "text has no end: a %c is missing", quote);
		return;
	}
	lx->p = p + 1;
	lx->tok.text = arena_memdup(lx->arena, text.data, text.len);
	lx->tok.len = text.len;
}

static void lex_operator(struct lexer *lx)
{
	static const struct {
		char text[3];
		int type;
	} twos[] = {{"==", TOK_EQ}, {"!=", TOK_NE}, {"<=", TOK_LE}, {">=", TOK_GE},
		{"//", TOK_FLOORDIV}, {"**", TOK_POW}};
	const char *start = lx->p;
	const char c = *start;
	for (size_t i = 0; i < ARRAY_LEN(twos); i++) {
		if (lx->end - start > 1 && !memcmp(start, twos[i].text, 2)) {
			token_set(lx, twos[i].type, start);
			lx->p += 2;
			return;
		}
	}
	if (!c || !strchr("+-*/%~()[]{},:.|=<>", c)) {
		const int width = (int)utf8_cut(start, (size_t)(lx->end - start), 4);
		size_t one = 1;
		if (width > 0)
			(void)utf8_at(start, (size_t)width, &one);
		lexer_error(
			lx, lexer_pos(lx, start), "unexpected character '%.*s'", (int)one, start);
		return;
	}
	token_set(lx, c, start);
	lx->p++;
	if (strchr("([{", c)) {
		lx->brackets++;
	} else if (strchr(")]}", c)) {
		if (!lx->brackets)
			lexer_error(lx, lx->tok.pos, "unexpected '%c'", c);
		else
			lx->brackets--;
	}
}

static void lex_token(struct lexer *lx)
{
	if (lx->failed) {
		lx->tok.type = TOK_BAD;
		return;
	}
	while (lx->p < lx->end && is_space(*lx->p))
		lx->p++;
	if (lex_end(lx))
		return;
	const char *start = lx->p;
	if (start >= lx->end) {
		lexer_error(lx, lexer_pos(lx, start),
			"the template ends inside a tag: '%s' is missing",
			lx->mode == LEX_VARIABLE ? "}}" : "%}");
	} else if (is_name_start(*start)) {
		while (lx->p < lx->end && (is_name_start(*lx->p) || is_digit(*lx->p)))
			lx->p++;
		token_set(lx, TOK_NAME, start);
		lx->tok.len = (size_t)(lx->p - start);
		lx->tok.text = arena_memdup(lx->arena, start, lx->tok.len);
	} else if (is_digit(*start)) {
		lex_number(lx);
	} else if (*start == '"' || *start == '\'') {
		lex_string(lx);
	} else {
		lex_operator(lx);
	}
}

void lexer_enter(struct lexer *lx, enum lex_mode mode)
{
	lx->mode = mode;
	lx->brackets = 0;
	lx->has_ahead = false;
	lex_token(lx);
}

void lexer_next(struct lexer *lx)
{
	if (lx->has_ahead) {
		lx->tok = lx->ahead;
		lx->has_ahead = false;
		return;
	}
	if (lx->tok.type != TOK_END)
		lex_token(lx);
}

const struct token *lexer_peek(struct lexer *lx)
{
	if (!lx->has_ahead) {
		const struct token now = lx->tok;
		lex_token(lx);
		lx->ahead = lx->tok;
		lx->tok = now;
		lx->has_ahead = true;
	}
	return &lx->ahead;
}

bool lexer_at_name(const struct lexer *lx, const char *name)
{
	return lx->tok.type == TOK_NAME && !strcmp(lx->tok.text, name);
}
