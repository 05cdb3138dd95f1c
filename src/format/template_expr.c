/*
 * Expressions to trees, with Jinja2's precedence: inline if, or, and, not, comparisons, + -, ~,
 * * / // %, **, unary signs, then attributes, calls, filters and tests. Filters, tests, methods
 * and their arguments are resolved here, so that a misspelt one is found without rendering.
 */
#include "format/template_internal.h"

#include <stdio.h>
#include <string.h>

void ast_list_add(struct ast_list *list, struct ast *item)
{
	if (!list->end)
		list->end = &list->first;
	*list->end = item;
	list->end = &item->next;
	list->count++;
}

struct ast *ast_new(struct parser *p, enum ast_kind kind, struct pos pos)
{
	struct ast *e = arena_alloc(p->arena, sizeof *e);
	e->kind = (uint8_t)kind;
	e->pos = pos;
	e->found = arena_alloc(p->arena, sizeof *e->found);
	return e;
}

const char *parser_intern(struct parser *p, const char *name)
{
	char *known = strmap_get(p->names, name);
	if (!known) {
		known = arena_strdup(p->arena, name);
		(void)strmap_put(p->names, name, known);
	}
	return known;
}

static const char *token_name(const struct token *t, char buf[64])
{
	switch (t->type) {
	case TOK_END:
		return "the end";
	case TOK_NAME:
	case TOK_STRING:
		(void)snprintf(
			buf, 64, t->type == TOK_NAME ? "'%.50s'" : "text \"%.40s\"", t->text);
		return buf;
	case TOK_INT:
	case TOK_FLOAT:
		return "a number";
	case TOK_EQ:
		return "'=='";
	case TOK_NE:
		return "'!='";
	case TOK_LE:
		return "'<='";
	case TOK_GE:
		return "'>='";
	case TOK_FLOORDIV:
		return "'//'";
	case TOK_POW:
		return "'**'";
	default:
		(void)snprintf(buf, 64, "'%c'", (char)t->type);
		return buf;
	}
}

static struct ast *unexpected(struct parser *p, const char *wanted)
{
	char buf[64];
	lexer_error(&p->lx, p->lx.tok.pos, "expected %s, found %s", wanted,
		token_name(&p->lx.tok, buf));
	return NULL;
}

bool parser_expect(struct parser *p, int type, const char *what)
{
	if (p->lx.tok.type != type) {
		(void)unexpected(p, what);
		return false;
	}
	lexer_next(&p->lx);
	return !p->lx.failed;
}

bool parser_enter(struct parser *p, struct pos pos)
{
	if (p->nesting >= TMPL_MAX_NESTING) {
		lexer_error(&p->lx, pos, "nested deeper than %d levels", TMPL_MAX_NESTING);
		return false;
	}
	p->nesting++;
	return true;
}

void parser_leave(struct parser *p)
{
	p->nesting--;
}

static bool take(struct parser *p, int type)
{
	if (p->lx.tok.type != type)
		return false;
	lexer_next(&p->lx);
	return true;
}

static bool take_name(struct parser *p, const char *name)
{
	if (!lexer_at_name(&p->lx, name))
		return false;
	lexer_next(&p->lx);
	return true;
}

static struct ast *binary(
	struct parser *p, enum ast_kind kind, int op, struct pos pos, struct ast *a, struct ast *b)
{
	if (!a || !b)
		return NULL;
	struct ast *e = ast_new(p, kind, pos);
	e->op = (uint16_t)op;
	e->a = a;
	e->b = b;
	return e;
}

/* "(a, k=b)" behind a callee, filter or test; the current token is "(". */
static bool parse_args(struct parser *p, struct ast_list *args)
{
	lexer_next(&p->lx);
	bool keywords = false;
	while (p->lx.tok.type != ')') {
		if (args->count && !parser_expect(p, ',', "',' or ')'"))
			return false;
		if (p->lx.tok.type == ')')
			break;
		struct ast *arg = ast_new(p, AST_ARG, p->lx.tok.pos);
		if (p->lx.tok.type == TOK_NAME && lexer_peek(&p->lx)->type == '=') {
			arg->text = parser_intern(p, p->lx.tok.text);
			lexer_next(&p->lx);
			lexer_next(&p->lx);
			keywords = true;
		} else if (keywords) {
			lexer_error(
				&p->lx, arg->pos, "arguments by place come before those by name");
			return false;
		}
		arg->a = parse_expr(p);
		if (!arg->a)
			return false;
		ast_list_add(args, arg);
	}
	lexer_next(&p->lx);
	return !p->lx.failed;
}

/* Gives each argument of a filter, test or method its slot. */
static bool resolve_args(struct parser *p, struct ast *e, const char *kind)
{
	const struct tmpl_func *f = e->def;
	const size_t max = func_param_count(f);
	unsigned given = 0;
	size_t i = 0;
	for (struct ast *arg = e->items; arg; arg = arg->next) {
		int slot = -1;
		if (arg->text) {
			slot = func_slot(f, arg->text);
			if (slot < 0) {
				lexer_error(&p->lx, arg->pos, "%s '%s' has no argument '%s'", kind,
					f->name, arg->text);
				return false;
			}
		} else if (i < max) {
			slot = (int)i++;
		} else {
			lexer_error(&p->lx, arg->pos, "%s '%s' takes at most %zu argument%s", kind,
				f->name, max, max == 1 ? "" : "s");
			return false;
		}
		if (given & 1u << slot) {
			lexer_error(&p->lx, arg->pos, "argument '%s' is given twice",
				arg->text ? arg->text : "");
			return false;
		}
		given |= 1u << slot;
		arg->op = (uint16_t)slot;
	}
	const char *missing = func_missing(f, given, p->arena);
	if (missing)
		lexer_error(
			&p->lx, e->pos, "%s '%s' needs the argument '%s'", kind, f->name, missing);
	return !missing;
}

static struct ast *unknown_func(
	struct parser *p, struct pos pos, const char *kind, const char *name, const char *nearest)
{
	if (p->lx.failed)
		return NULL;
	p->lx.failed = true;
	struct diag *d =
		diag_error(p->diags, "template-syntax", pos, "no %s named '%s'", kind, name);
	if (nearest)
		diag_hint(p->diags, d, "did you mean '%s'?", nearest);
	return NULL;
}

static struct ast *parse_filter(struct parser *p, struct ast *a)
{
	lexer_next(&p->lx);
	struct ast *e = ast_new(p, AST_FILTER, p->lx.tok.pos);
	const char *name = p->lx.tok.text;
	if (!parser_expect(p, TOK_NAME, "the name of a filter"))
		return NULL;
	e->a = a;
	e->text = name;
	e->def = filter_find(name);
	if (!e->def)
		return unknown_func(p, e->pos, "filter", name, filter_nearest(name));
	struct ast_list args = {0};
	if (p->lx.tok.type == '(' && !parse_args(p, &args))
		return NULL;
	e->items = args.first;
	e->count = args.count;
	return resolve_args(p, e, "filter") ? e : NULL;
}

static struct ast *parse_primary(struct parser *p);
static struct ast *parse_postfix(struct parser *p, struct ast *e);

static bool starts_test_argument(const struct lexer *lx)
{
	switch (lx->tok.type) {
	case TOK_STRING:
	case TOK_INT:
	case TOK_FLOAT:
	case '[':
	case '{':
		return true;
	case TOK_NAME:
		return !lexer_at_name(lx, "else") && !lexer_at_name(lx, "or") &&
		       !lexer_at_name(lx, "and") && !lexer_at_name(lx, "if") &&
		       !lexer_at_name(lx, "in") && !lexer_at_name(lx, "not");
	default:
		return false;
	}
}

/* "is name", "is not name(args)", "is name arg" */
static struct ast *parse_test(struct parser *p, struct ast *a)
{
	lexer_next(&p->lx);
	const bool negated = take_name(p, "not");
	struct ast *e = ast_new(p, AST_TEST, p->lx.tok.pos);
	const char *name = p->lx.tok.text;
	if (!parser_expect(p, TOK_NAME, "the name of a test"))
		return NULL;
	e->a = a;
	e->text = name;
	e->def = test_find(name);
	if (!e->def)
		return unknown_func(p, e->pos, "test", name, test_nearest(name));
	struct ast_list args = {0};
	if (p->lx.tok.type == '(') {
		if (!parse_args(p, &args))
			return NULL;
	} else if (starts_test_argument(&p->lx)) {
		if (lexer_at_name(&p->lx, "is"))
			return unexpected(p, "'and': tests cannot be chained");
		struct ast *arg = ast_new(p, AST_ARG, p->lx.tok.pos);
		struct ast *value = parse_primary(p);
		arg->a = value ? parse_postfix(p, value) : NULL;
		if (!arg->a)
			return NULL;
		ast_list_add(&args, arg);
	}
	e->items = args.first;
	e->count = args.count;
	if (!resolve_args(p, e, "test"))
		return NULL;
	if (!negated)
		return e;
	struct ast *no = ast_new(p, AST_NOT, e->pos);
	no->a = e;
	return no;
}

/* What stands between [ and ]: an expression or a slice. */
static struct ast *parse_subscript(struct parser *p)
{
	const struct pos pos = p->lx.tok.pos;
	struct ast *part[3] = {NULL};
	int n = 0;
	for (;;) {
		const int type = p->lx.tok.type;
		if (type == ':') {
			if (++n > 2)
				return unexpected(p, "']'");
			lexer_next(&p->lx);
		} else if (type == ']') {
			break;
		} else if (part[n]) {
			return unexpected(p, "']'");
		} else {
			part[n] = parse_expr(p);
			if (!part[n])
				return NULL;
		}
	}
	if (!n)
		return part[0] ? part[0] : unexpected(p, "a value");
	struct ast *e = ast_new(p, AST_SLICE, pos);
	e->a = part[0];
	e->b = part[1];
	e->c = part[2];
	return e;
}

static struct ast *parse_call(struct parser *p, struct ast *callee)
{
	struct ast *e = ast_new(p, AST_CALL, callee->pos);
	struct ast_list args = {0};
	if (!parse_args(p, &args))
		return NULL;
	e->a = callee;
	e->items = args.first;
	e->count = args.count;
	if (callee->kind == AST_ATTR) {
		const bool cycle = callee->a->kind == AST_NAME && !strcmp(callee->text, "cycle") &&
				   !strcmp(callee->a->text, "loop");
		e->def = cycle ? NULL : method_find(callee->text);
		if (!e->def && !cycle)
			return unknown_func(p, callee->pos, "method", callee->text, NULL);
		if (e->def && !resolve_args(p, e, "method"))
			return NULL;
	} else if (callee->kind != AST_NAME) {
		lexer_error(
			&p->lx, callee->pos, "only macros, functions and methods can be called");
		return NULL;
	}
	return e;
}

static struct ast *parse_attribute(struct parser *p, struct ast *of)
{
	lexer_next(&p->lx);
	const struct token t = p->lx.tok;
	if (t.type == TOK_INT) {
		struct ast *key = ast_new(p, AST_CONST, t.pos);
		key->value = node_new_int(p->arena, t.integer);
		lexer_next(&p->lx);
		return binary(p, AST_INDEX, 0, t.pos, of, key);
	}
	if (!parser_expect(p, TOK_NAME, "the name of an attribute"))
		return NULL;
	struct ast *e = ast_new(p, AST_ATTR, t.pos);
	e->a = of;
	e->text = t.text;
	e->len = t.len;
	return e;
}

static struct ast *parse_postfix(struct parser *p, struct ast *e)
{
	while (e && !p->lx.failed) {
		if (p->lx.tok.type == '.') {
			e = parse_attribute(p, e);
		} else if (p->lx.tok.type == '[') {
			const struct pos pos = p->lx.tok.pos;
			lexer_next(&p->lx);
			e = binary(p, AST_INDEX, 0, pos, e, parse_subscript(p));
			if (!e || !parser_expect(p, ']', "']'"))
				return NULL;
		} else if (p->lx.tok.type == '(') {
			e = parse_call(p, e);
		} else {
			return e;
		}
	}
	return p->lx.failed ? NULL : e;
}

static struct ast *parse_dict(struct parser *p)
{
	struct ast *e = ast_new(p, AST_DICT, p->lx.tok.pos);
	struct ast_list items = {0};
	lexer_next(&p->lx);
	while (p->lx.tok.type != '}') {
		if (items.count && !parser_expect(p, ',', "',' or '}'"))
			return NULL;
		if (p->lx.tok.type == '}')
			break;
		struct ast *item = ast_new(p, AST_ARG, p->lx.tok.pos);
		item->b = parse_expr(p);
		if (!item->b || !parser_expect(p, ':', "':'"))
			return NULL;
		item->a = parse_expr(p);
		if (!item->a)
			return NULL;
		ast_list_add(&items, item);
	}
	lexer_next(&p->lx);
	e->items = items.first;
	e->count = items.count;
	return e;
}

static struct ast *parse_list(struct parser *p)
{
	struct ast *e = ast_new(p, AST_LIST, p->lx.tok.pos);
	struct ast_list items = {0};
	lexer_next(&p->lx);
	while (p->lx.tok.type != ']') {
		if (items.count && !parser_expect(p, ',', "',' or ']'"))
			return NULL;
		if (p->lx.tok.type == ']')
			break;
		struct ast *item = parse_expr(p);
		if (!item)
			return NULL;
		ast_list_add(&items, item);
	}
	lexer_next(&p->lx);
	e->items = items.first;
	e->count = items.count;
	return e;
}

static bool at_tuple_end(const struct parser *p)
{
	return p->lx.tok.type == TOK_END || p->lx.tok.type == ')' || p->lx.tok.type == '=' ||
	       lexer_at_name(&p->lx, "in");
}

struct ast *parse_tuple(struct parser *p, bool with_cond)
{
	const struct pos pos = p->lx.tok.pos;
	struct ast_list items = {0};
	bool comma = false;
	for (;;) {
		struct ast *item = with_cond ? parse_expr(p) : parse_or(p);
		if (!item)
			return NULL;
		ast_list_add(&items, item);
		if (!take(p, ','))
			break;
		comma = true;
		if (at_tuple_end(p))
			break;
	}
	if (!comma)
		return items.first;
	struct ast *e = ast_new(p, AST_TUPLE, pos);
	e->items = items.first;
	e->count = items.count;
	return e;
}

static struct ast *parse_parens(struct parser *p)
{
	const struct pos pos = p->lx.tok.pos;
	lexer_next(&p->lx);
	if (take(p, ')'))
		return ast_new(p, AST_TUPLE, pos);
	struct ast *e = parse_tuple(p, true);
	return e && parser_expect(p, ')', "')'") ? e : NULL;
}

static struct node *const_of_name(struct parser *p, const char *name)
{
	if (!strcmp(name, "true") || !strcmp(name, "True"))
		return node_new_bool(p->arena, true);
	if (!strcmp(name, "false") || !strcmp(name, "False"))
		return node_new_bool(p->arena, false);
	if (!strcmp(name, "none") || !strcmp(name, "None"))
		return node_new_null(p->arena);
	return NULL;
}

/* Texts side by side are one text. */
static struct node *const_of_strings(struct parser *p)
{
	AUTO_STR text = STR_INIT;
	while (p->lx.tok.type == TOK_STRING) {
		str_addn(&text, p->lx.tok.text, p->lx.tok.len);
		lexer_next(&p->lx);
	}
	return node_new_stringn(p->arena, text.data, text.len);
}

static struct ast *parse_primary(struct parser *p)
{
	const struct token t = p->lx.tok;
	struct ast *e = ast_new(p, AST_CONST, t.pos);
	switch (t.type) {
	case TOK_NAME:
		e->value = const_of_name(p, t.text);
		if (!e->value) {
			e->kind = AST_NAME;
			e->text = parser_intern(p, t.text);
			e->len = t.len;
		}
		lexer_next(&p->lx);
		return e;
	case TOK_STRING:
		e->value = const_of_strings(p);
		return e;
	case TOK_INT:
		e->value = node_new_int(p->arena, t.integer);
		lexer_next(&p->lx);
		return e;
	case TOK_FLOAT:
		e->value = node_new_float(p->arena, t.real);
		lexer_next(&p->lx);
		return e;
	case '(':
		return parse_parens(p);
	case '[':
		return parse_list(p);
	case '{':
		return parse_dict(p);
	default:
		return unexpected(p, "a value");
	}
}

/* Filters and tests behind a value; a call may follow only a name or attribute. */
static struct ast *parse_filters(struct parser *p, struct ast *e)
{
	while (e && !p->lx.failed) {
		if (p->lx.tok.type == '|')
			e = parse_filter(p, e);
		else if (lexer_at_name(&p->lx, "is"))
			e = parse_test(p, e);
		else
			return e;
	}
	return p->lx.failed ? NULL : e;
}

static struct ast *parse_unary(struct parser *p, bool with_filter)
{
	const struct token t = p->lx.tok;
	if (!parser_enter(p, t.pos))
		return NULL;
	struct ast *e;
	if (t.type == '-' || t.type == '+') {
		lexer_next(&p->lx);
		struct ast *a = parse_unary(p, false);
		e = a ? ast_new(p, t.type == '-' ? AST_NEG : AST_POS, t.pos) : NULL;
		if (e)
			e->a = a;
	} else {
		e = parse_primary(p);
	}
	e = e ? parse_postfix(p, e) : NULL;
	if (e && with_filter)
		e = parse_filters(p, e);
	parser_leave(p);
	return p->lx.failed ? NULL : e;
}

static struct ast *parse_pow(struct parser *p)
{
	struct ast *e = parse_unary(p, true);
	while (e && p->lx.tok.type == TOK_POW) {
		const struct pos pos = p->lx.tok.pos;
		lexer_next(&p->lx);
		e = binary(p, AST_BINARY, TOK_POW, pos, e, parse_unary(p, true));
	}
	return e;
}

static struct ast *parse_product(struct parser *p)
{
	struct ast *e = parse_pow(p);
	for (;;) {
		const struct token t = p->lx.tok;
		if (!e ||
			(t.type != '*' && t.type != '/' && t.type != TOK_FLOORDIV && t.type != '%'))
			return e;
		lexer_next(&p->lx);
		e = binary(p, AST_BINARY, t.type, t.pos, e, parse_pow(p));
	}
}

static struct ast *parse_concat(struct parser *p)
{
	struct ast *e = parse_product(p);
	while (e && p->lx.tok.type == '~') {
		const struct pos pos = p->lx.tok.pos;
		lexer_next(&p->lx);
		e = binary(p, AST_BINARY, '~', pos, e, parse_product(p));
	}
	return e;
}

static struct ast *parse_sum(struct parser *p)
{
	struct ast *e = parse_concat(p);
	for (;;) {
		const struct token t = p->lx.tok;
		if (!e || (t.type != '+' && t.type != '-'))
			return e;
		lexer_next(&p->lx);
		e = binary(p, AST_BINARY, t.type, t.pos, e, parse_concat(p));
	}
}

/* The comparison operator at the current token, taken; 0 if there is none. */
static int take_comparison(struct parser *p)
{
	const int type = p->lx.tok.type;
	if (type == TOK_EQ || type == TOK_NE || type == TOK_LE || type == TOK_GE || type == '<' ||
		type == '>') {
		lexer_next(&p->lx);
		return type;
	}
	if (take_name(p, "in"))
		return TOK_IN;
	if (lexer_at_name(&p->lx, "not") && lexer_peek(&p->lx)->type == TOK_NAME &&
		!strcmp(p->lx.ahead.text, "in")) {
		lexer_next(&p->lx);
		lexer_next(&p->lx);
		return TOK_NOT_IN;
	}
	return 0;
}

static struct ast *parse_compare(struct parser *p)
{
	struct ast *first = parse_sum(p);
	struct ast_list ops = {0};
	const struct pos pos = p->lx.tok.pos;
	while (first) {
		struct ast *arg = ast_new(p, AST_ARG, p->lx.tok.pos);
		const int op = take_comparison(p);
		if (!op)
			break;
		arg->op = (uint16_t)op;
		arg->a = parse_sum(p);
		if (!arg->a)
			return NULL;
		ast_list_add(&ops, arg);
	}
	if (!first || !ops.count)
		return first;
	struct ast *e = ast_new(p, AST_COMPARE, pos);
	e->a = first;
	e->items = ops.first;
	e->count = ops.count;
	return e;
}

static struct ast *parse_not(struct parser *p)
{
	const struct pos pos = p->lx.tok.pos;
	if (!take_name(p, "not"))
		return parse_compare(p);
	if (!parser_enter(p, pos))
		return NULL;
	struct ast *a = parse_not(p);
	parser_leave(p);
	struct ast *e = a ? ast_new(p, AST_NOT, pos) : NULL;
	if (e)
		e->a = a;
	return e;
}

static struct ast *parse_and(struct parser *p)
{
	struct ast *e = parse_not(p);
	while (e && lexer_at_name(&p->lx, "and")) {
		const struct pos pos = p->lx.tok.pos;
		lexer_next(&p->lx);
		e = binary(p, AST_AND, 0, pos, e, parse_not(p));
	}
	return e;
}

struct ast *parse_or(struct parser *p)
{
	struct ast *e = parse_and(p);
	while (e && lexer_at_name(&p->lx, "or")) {
		const struct pos pos = p->lx.tok.pos;
		lexer_next(&p->lx);
		e = binary(p, AST_OR, 0, pos, e, parse_and(p));
	}
	return e;
}

struct ast *parse_expr(struct parser *p)
{
	const struct pos pos = p->lx.tok.pos;
	if (!parser_enter(p, pos))
		return NULL;
	struct ast *e = parse_or(p);
	while (e && take_name(p, "if")) {
		struct ast *cond = ast_new(p, AST_COND, pos);
		cond->a = e;
		cond->b = parse_or(p);
		if (cond->b && take_name(p, "else"))
			cond->c = parse_expr(p);
		e = cond->b ? cond : NULL;
	}
	parser_leave(p);
	return p->lx.failed ? NULL : e;
}
