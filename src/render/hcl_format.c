/*
 * Layout as `terraform fmt` makes it. The rules are those of hclwrite (format.go): indentation by
 * the net number of brackets a line opens, blanks by pairs of tokens, "=" aligned in runs of lines
 * whose value ends on the same line. Empty lines are ours: fmt keeps what it finds.
 */
#include "render/hcl.h"

#include "base/err.h"

#include <string.h>

struct line {
	size_t first, count; /* tokens, without the newline */
	size_t assign; /* index of "=" that is aligned; 0: none */
	int net; /* brackets opened minus closed */
	size_t indent;
	size_t lead_width; /* columns up to "=", indentation included */
	size_t pad; /* blanks before "=" */
};

static int bracket_change(const struct hcl_token *t)
{
	const uint8_t c = t->op;
	return c == '{' || c == '[' || c == '(' ? 1 : c == '}' || c == ']' || c == ')' ? -1 : 0;
}

/* After these a minus is a sign, not a subtraction. */
static bool starts_operand(const struct hcl_token *t)
{
	return !t || t->op == HCL_OP_BINARY || t->op == HCL_OP_ARROW ||
	       (t->op > ' ' && strchr("({[=:,?+-*/%!<>", t->op));
}

/*
 * Tokens that would be read as another one without a blank: "!" and "=", dots, and the dot between
 * two numbers. They do not follow each other in valid HCL.
 */
static bool would_fuse(
	const struct hcl_token *before, const struct hcl_token *a, const struct hcl_token *b)
{
	if (a->op == '!')
		return b->kind == HCL_PUNCT && b->text[0] == '=';
	if (a->kind != HCL_PUNCT || a->text[0] != '.')
		return false;
	return (b->kind == HCL_PUNCT && b->text[0] == '.') ||
	       (b->kind == HCL_NUMBER && before && before->kind == HCL_NUMBER);
}

/* Calls, attribute access and lists of arguments: no blank, whatever else holds. */
static bool is_tight(const struct hcl_token *a, const struct hcl_token *b)
{
	return (a->kind == HCL_IDENT && (b->op == '(' || b->op == HCL_OP_COLONS)) ||
	       a->op == HCL_OP_COLONS || a->op == '.' || b->op == '.' || b->op == ',' ||
	       b->op == HCL_OP_ELLIPSIS;
}

/* "[" after something that can be indexed; after the `in` of a `for` it starts a list. */
static bool is_index(
	const struct hcl_token *before, const struct hcl_token *a, const struct hcl_token *b)
{
	if (b->op != '[')
		return false;
	if (a->kind == HCL_IDENT && a->len == 2 && memcmp(a->text, "in", 2) == 0 && before &&
		before->kind == HCL_IDENT)
		return false;
	return a->kind == HCL_IDENT || a->kind == HCL_NUMBER || bracket_change(a) < 0;
}

bool hcl_space_between(
	const struct hcl_token *before, const struct hcl_token *a, const struct hcl_token *b)
{
	if (would_fuse(before, a, b))
		return true;
	if (is_tight(a, b))
		return false;
	if (a->op == ',')
		return true;
	if (is_index(before, a, b) || a->op == '!')
		return false;
	if (a->op == '-')
		return !starts_operand(before);
	/* Braces have blanks inside, other brackets have not. */
	if (a->op == '{' || b->op == '}')
		return a->op != '{' || b->op != '}';
	return bracket_change(a) <= 0 && bracket_change(b) >= 0;
}

static size_t columns(const char *text, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static const struct hcl_token *token_before(
	const struct hcl_tokens *t, const struct line *l, size_t i)
{
	return i > 0 ? &t->items[l->first + i - 1] : NULL;
}

static size_t space_before(const struct hcl_tokens *t, const struct line *l, size_t i)
{
	return i > 0 && hcl_space_between(token_before(t, l, i - 1), token_before(t, l, i),
				&t->items[l->first + i])
		       ? 1
		       : 0;
}

/* Finds the "=" to align: the first one, if what follows closes all it opens. */
static void find_assign(const struct hcl_tokens *t, struct line *l)
{
	for (size_t i = 1; i < l->count; i++) {
		if (t->items[l->first + i].op != '=')
			continue;
		int net = 0;
		for (size_t k = i; k < l->count; k++) {
			/* A heredoc ends on a later line. */
			if (t->items[l->first + k].kind == HCL_HEREDOC)
				return;
			net += bracket_change(&t->items[l->first + k]);
		}
		if (net == 0)
			l->assign = i;
		return;
	}
}

static struct line *split_lines(const struct hcl_tokens *t, struct arena *arena, size_t *ret_count)
{
	size_t cap = t->count / 4 + 16, n = 0;
	struct line *lines = arena_array(arena, cap, sizeof(*lines));
	for (size_t i = 0; i < t->count;) {
		struct line l = {.first = i};
		for (; i < t->count && t->items[i].kind != HCL_NEWLINE; i++) {
			l.count++;
			l.net += bracket_change(&t->items[i]);
		}
		i++;
		find_assign(t, &l);
		lines = arena_grow(arena, lines, n, &cap, sizeof(*lines));
		lines[n++] = l;
	}
	*ret_count = n;
	return lines;
}

/* Lines that open several brackets at once are one level deeper, not several. */
static void set_indents(struct line *lines, size_t count)
{
	int opened[HCL_MAX_DEPTH + 1];
	size_t depth = 0;
	for (size_t i = 0; i < count; i++) {
		struct line *l = &lines[i];
		int closed = -l->net;
		while (closed > 0 && depth > 0) {
			int *top = &opened[depth - 1];
			if (closed < *top) {
				*top -= closed;
				break;
			}
			closed -= *top;
			depth--;
		}
		l->indent = 2 * depth;
		if (l->net > 0 && depth < HCL_MAX_DEPTH)
			opened[depth++] = l->net;
	}
}

static void close_run(struct line *lines, size_t from, size_t to, size_t widest)
{
	for (size_t i = from; i < to; i++)
		lines[i].pad = widest - lines[i].lead_width + 1;
}

static void align_assigns(const struct hcl_tokens *t, struct line *lines, size_t count)
{
	size_t run = 0, widest = 0;
	for (size_t i = 0; i < count; i++) {
		struct line *l = &lines[i];
		if (l->assign == 0) {
			close_run(lines, run, i, widest);
			run = i + 1;
			widest = 0;
			continue;
		}
		l->lead_width = l->indent;
		for (size_t k = 0; k < l->assign; k++) {
			const struct hcl_token *token = &t->items[l->first + k];
			l->lead_width += space_before(t, l, k) + columns(token->text, token->len);
		}
		if (l->lead_width > widest)
			widest = l->lead_width;
	}
	close_run(lines, run, count, widest);
}

/* Drops empty lines at the edges of blocks and all but one of several. */
static size_t drop_blank_lines(const struct hcl_tokens *t, struct line *lines, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].count == 0) {
			if (kept == 0 || lines[kept - 1].count == 0 || lines[kept - 1].net > 0)
				continue;
		} else if (kept > 0 && lines[kept - 1].count == 0 &&
			   bracket_change(&t->items[lines[i].first]) < 0) {
			kept--;
		}
		lines[kept++] = lines[i];
	}
	while (kept > 0 && lines[kept - 1].count == 0)
		kept--;
	return kept;
}

static void print_blanks(struct str *out, size_t n)
{
	static const char blanks[] = "                                                            "
				     "                                                            ";
	if (n == 0)
		return;
	if (n == 1) {
		str_addc(out, ' ');
		return;
	}
	for (; n > sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
		str_addn(out, blanks, sizeof(blanks) - 1);
	str_addn(out, blanks, n);
}

static void print_line(const struct hcl_tokens *t, const struct line *l, struct str *out)
{
	if (l->count > 0)
		print_blanks(out, l->indent);
	for (size_t i = 0; i < l->count; i++) {
		const struct hcl_token *token = &t->items[l->first + i];
		print_blanks(out, i > 0 && i == l->assign ? l->pad : space_before(t, l, i));
		str_addn(out, token->text, token->len);
	}
	str_addc(out, '\n');
}

void hcl_format_tokens(const struct hcl_tokens *tokens, struct arena *arena, struct str *out)
{
	size_t count;
	struct line *lines = split_lines(tokens, arena, &count);
	count = drop_blank_lines(tokens, lines, count);
	set_indents(lines, count);
	align_assigns(tokens, lines, count);
	for (size_t i = 0; i < count; i++) {
		const struct line *l = &lines[i], *above = i > 0 ? &lines[i - 1] : NULL;
		/* A block that ended at the outermost level keeps its distance. */
		if (above && l->count > 0 && l->indent == 0 && above->count > 0 &&
			above->indent == 0 && above->net <= 0 && l->assign == 0 &&
			tokens->items[above->first + above->count - 1].op == '}')
			str_addc(out, '\n');
		print_line(tokens, l, out);
	}
}

int hcl_format(const char *text, size_t len, struct str *out, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct hcl_tokens tokens;
	if (hcl_tokenise(text, len, &arena, &tokens, err) < 0)
		return -1;
	str_reserve(out, len + len / 4);
	hcl_format_tokens(&tokens, &arena, out);
	return 0;
}
