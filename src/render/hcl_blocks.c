/*
 * Top-level blocks and their attributes, with nested blocks flattened into paths: what a preview
 * compares. Expressions are kept as text in canonical layout on one line.
 */
#include "render/hcl.h"

#include "base/err.h"

#include <string.h>

enum { MAX_NESTING = 16 };

struct parse {
	const struct hcl_tokens *tokens;
	size_t at;
	struct arena *arena;
	struct hcl_block *block; /* the one that attributes go to */
	size_t cap;
};

static const struct hcl_token *current(const struct parse *p)
{
	return p->at < p->tokens->count ? &p->tokens->items[p->at] : NULL;
}

static bool is_at(const struct parse *p, char c)
{
	const struct hcl_token *t = current(p);
	return t && t->op == (uint8_t)c;
}

static bool ends_line(const struct hcl_token *t)
{
	return t->kind == HCL_NEWLINE || t->kind == HCL_COMMENT;
}

static void skip_layout(struct parse *p)
{
	const struct hcl_token *t;
	while ((t = current(p)) && ends_line(t))
		p->at++;
}

static int unexpected(const struct parse *p, const char *wanted, struct err **err)
{
	const struct hcl_token *t = current(p);
	if (!t)
		return err_set(err, ERR_SYNTAX, "the text ends where %s was expected", wanted);
	return err_set(err, ERR_SYNTAX, "line %u: %s was expected, not '%.*s'", t->line, wanted,
		(int)(t->len < 40 ? t->len : 40), t->text);
}

static void add_attr(struct parse *p, const char *path, const char *text)
{
	struct hcl_block *b = p->block;
	b->attrs = arena_grow(p->arena, b->attrs, b->attr_count, &p->cap, sizeof(*b->attrs));
	b->attrs[b->attr_count++] = (struct hcl_attr){path, text};
}

/* Is the rest of the line one token? Most expressions are. */
static bool is_single(const struct parse *p)
{
	const struct hcl_token *t = current(p);
	return t && t->kind != HCL_PUNCT && !ends_line(t) && p->at + 1 < p->tokens->count &&
	       t[1].kind == HCL_NEWLINE;
}

/* The expression from here to the end of the line (brackets may span lines), on one line. */
static const char *parse_expression(struct parse *p)
{
	if (is_single(p)) {
		const struct hcl_token *t = &p->tokens->items[p->at++];
		return arena_memdup(p->arena, t->text, t->len);
	}
	AUTO_STR text = STR_INIT;
	const struct hcl_token *before = NULL, *last = NULL;
	int depth = 0;
	for (const struct hcl_token *t; (t = current(p)); p->at++) {
		if (ends_line(t)) {
			if (depth == 0)
				break;
			continue;
		}
		if (t->op == '(' || t->op == '[' || t->op == '{')
			depth++;
		else if ((t->op == ')' || t->op == ']' || t->op == '}') && depth-- == 0)
			break;
		if (last && hcl_space_between(before, last, t))
			str_addc(&text, ' ');
		str_addn(&text, t->text, t->len);
		before = last;
		last = t;
	}
	return arena_memdup(p->arena, text.data, text.len);
}

/* A label without its quotes. */
static const char *label_text(struct parse *p, const struct hcl_token *t)
{
	if (t->kind == HCL_STRING)
		return arena_memdup(p->arena, t->text + 1, t->len - 2);
	return arena_memdup(p->arena, t->text, t->len);
}

/* "a.b" */
static const char *joined(struct parse *p, const char *a, const char *b)
{
	const size_t n = strlen(a), m = strlen(b);
	char *text = arena_alloc(p->arena, n + m + 2);
	memcpy(text, a, n);
	text[n] = '.';
	memcpy(text + n + 1, b, m);
	return text;
}

struct seen {
	const char *name;
	size_t count;
};

/* prefix.name, with an index from the second block of the name on. */
static const char *nested_path(struct parse *p, const char *prefix, const char *name,
	struct seen **seen, size_t *seen_count, size_t *seen_cap)
{
	size_t index = 0, i;
	for (i = 0; i < *seen_count && !str_eq((*seen)[i].name, name); i++)
		;
	if (i < *seen_count) {
		index = ++(*seen)[i].count;
	} else {
		*seen = arena_grow(p->arena, *seen, *seen_count, seen_cap, sizeof(**seen));
		(*seen)[(*seen_count)++] = (struct seen){name, 0};
	}
	const char *dot = *prefix ? "." : "";
	if (index == 0)
		return *prefix ? joined(p, prefix, name) : name;
	return arena_printf(p->arena, "%s%s%s[%zu]", prefix, dot, name, index);
}

/* Everything up to the closing brace, which stays. */
static int parse_body(struct parse *p, const char *prefix, int depth, struct err **err)
{
	struct seen *seen = NULL;
	size_t seen_count = 0, seen_cap = 0;
	if (depth > MAX_NESTING)
		return err_set(err, ERR_SYNTAX, "blocks nest deeper than %d", MAX_NESTING);
	for (;;) {
		skip_layout(p);
		if (is_at(p, '}'))
			return 0;
		const struct hcl_token *t = current(p);
		if (!t || (t->kind != HCL_IDENT && t->kind != HCL_STRING))
			return unexpected(p, "a name", err);
		const char *name = label_text(p, t);
		p->at++;
		if (is_at(p, '=')) {
			p->at++;
			const char *path = *prefix ? joined(p, prefix, name) : name;
			add_attr(p, path, parse_expression(p));
			continue;
		}
		while ((t = current(p)) && (t->kind == HCL_IDENT || t->kind == HCL_STRING))
			p->at++;
		if (!is_at(p, '{'))
			return unexpected(p, "'=' or '{'", err);
		p->at++;
		const char *path = nested_path(p, prefix, name, &seen, &seen_count, &seen_cap);
		size_t attrs = p->block->attr_count;
		if (parse_body(p, path, depth + 1, err) < 0)
			return -1;
		p->at++;
		if (p->block->attr_count == attrs)
			add_attr(p, path, "{}");
	}
}

static const char *block_address(struct parse *p, const struct hcl_block *b)
{
	const char *first = b->labels[0], *second = b->labels[1];
	if (!first)
		return b->type;
	if (!second)
		return arena_printf(p->arena, "%s.%s", b->type, first);
	if (str_eq(b->type, "resource"))
		return joined(p, first, second);
	return arena_printf(p->arena, "%s.%s.%s", b->type, first, second);
}

static int parse_block(struct parse *p, struct hcl_block *ret, struct err **err)
{
	const struct hcl_token *t = current(p);
	if (t->kind != HCL_IDENT)
		return unexpected(p, "a block", err);
	ret->type = label_text(p, t);
	p->at++;
	for (size_t i = 0; (t = current(p)) && (t->kind == HCL_IDENT || t->kind == HCL_STRING);
		i++, p->at++) {
		if (i == ARRAY_LEN(ret->labels))
			return unexpected(p, "'{'", err);
		ret->labels[i] = label_text(p, t);
	}
	if (!is_at(p, '{'))
		return unexpected(p, "'{'", err);
	p->at++;
	ret->address = block_address(p, ret);
	p->block = ret;
	p->cap = 0;
	if (parse_body(p, "", 0, err) < 0)
		return -1;
	p->at++;
	return 0;
}

int hcl_parse_tokens(const struct hcl_tokens *tokens, struct arena *arena, struct hcl_blocks *ret,
	struct err **err)
{
	struct parse p = {.tokens = tokens, .arena = arena};
	for (skip_layout(&p); current(&p); skip_layout(&p)) {
		struct hcl_block block = {0};
		if (parse_block(&p, &block, err) < 0)
			return -1;
		ret->items =
			arena_grow(arena, ret->items, ret->count, &ret->cap, sizeof(*ret->items));
		ret->items[ret->count++] = block;
	}
	return 0;
}

int hcl_parse_blocks(
	const char *text, size_t len, struct arena *arena, struct hcl_blocks *ret, struct err **err)
{
	struct hcl_tokens tokens;
	if (hcl_tokenise(text, len, arena, &tokens, err) < 0)
		return -1;
	return hcl_parse_tokens(&tokens, arena, ret, err);
}

const struct hcl_attr *hcl_block_attr(const struct hcl_block *block, const char *path)
{
	for (size_t i = 0; i < block->attr_count; i++)
		if (str_eq(block->attrs[i].path, path))
			return &block->attrs[i];
	return NULL;
}
