/*
 * Statements to trees, and the two entry points that compile. Included templates are compiled
 * with the one that includes them, each once; their names are literal texts, so that everything
 * that can be rendered is known (and checked) when the template is compiled.
 */
#include "base/mem.h"
#include "format/template_internal.h"

#include <stdlib.h>
#include <string.h>

static struct unit *compile_unit(struct parser *from, const struct token *name);

enum tmpl_escape tmpl_escape_of(const char *name)
{
	static const struct {
		const char *suffix;
		enum tmpl_escape escape;
	} suffixes[] = {
		{".tf.j2", TMPL_ESCAPE_HCL},
		{".hcl.j2", TMPL_ESCAPE_HCL},
		{".tfvars.j2", TMPL_ESCAPE_HCL},
		{".json.j2", TMPL_ESCAPE_JSON},
		{".yaml.j2", TMPL_ESCAPE_JSON},
		{".yml.j2", TMPL_ESCAPE_JSON},
		{".md.j2", TMPL_ESCAPE_MARKDOWN},
		{".sh.j2", TMPL_ESCAPE_SHELL},
	};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (str_ends(name, suffixes[i].suffix))
			return suffixes[i].escape;
	}
	return TMPL_ESCAPE_NONE;
}

/* Why a statement of Jinja2 is not in the language. */
static const struct {
	const char *name, *why;
} refused[] = {
	{"raw", "there is no raw: write {{ '{{' }} for braces; references come as values"},
	{"block", "there is no template inheritance: use include"},
	{"extends", "there is no template inheritance: use include"},
	{"import", "write {% from 'NAME' import MACRO %}"},
	{"call", "pass the text as an argument of the macro"},
	{"filter", "filter the value instead: {{ value | filter }}"},
	{"with", "use set"},
	{"autoescape", "what is printed is always escaped for where it stands"},
	{"do", "use a namespace: {% set ns.x = value %}"},
	{"break", "give the loop a condition: {% for x in y if condition %}"},
	{"continue", "give the loop a condition: {% for x in y if condition %}"},
};

static bool end_tag(struct parser *p)
{
	if (p->lx.tok.type == TOK_END)
		return true;
	return parser_expect(p, TOK_END, p->lx.mode == LEX_BLOCK ? "'%}'" : "'}}'");
}

/* Statements up to a tag named one of ends (separated by blanks), which is then current. */
static bool parse_body(struct parser *p, const char *ends, struct pos opened, struct ast **ret);

static bool at_end_name(const struct lexer *lx, const char *ends)
{
	if (lx->tok.type != TOK_NAME)
		return false;
	for (const char *e = ends; *e;) {
		const size_t len = strcspn(e, " ");
		if (len == lx->tok.len && !memcmp(e, lx->tok.text, len))
			return true;
		e += len + (e[len] == ' ');
	}
	return false;
}

/* The current token is behind "if" or "elif". */
static struct ast *parse_if(struct parser *p, struct pos pos)
{
	struct ast *first = NULL, **link = &first;
	for (;;) {
		struct ast *e = ast_new(p, AST_IF, pos);
		*link = e;
		e->a = parse_tuple(p, true);
		if (!e->a || !end_tag(p) || !parse_body(p, "elif else endif", pos, &e->items))
			return NULL;
		if (!lexer_at_name(&p->lx, "elif")) {
			link = &e->alt;
			break;
		}
		lexer_next(&p->lx);
		link = &e->alt;
	}
	if (lexer_at_name(&p->lx, "else")) {
		lexer_next(&p->lx);
		if (!end_tag(p) || !parse_body(p, "endif", pos, link))
			return NULL;
	}
	lexer_next(&p->lx);
	return end_tag(p) ? first : NULL;
}

/* Names that are not for assigning to. */
static bool check_target(struct parser *p, const struct ast *t)
{
	if (t->kind == AST_NAME && strcmp(t->text, "loop") != 0)
		return true;
	if (t->kind == AST_TUPLE && t->count) {
		for (const struct ast *item = t->items; item; item = item->next) {
			if (item->kind != AST_NAME || !check_target(p, item)) {
				lexer_error(&p->lx, item->pos, "only names can be assigned to");
				return false;
			}
		}
		return true;
	}
	lexer_error(&p->lx, t->pos, "only names can be assigned to%s",
		t->kind == AST_NAME ? ", and 'loop' is taken" : "");
	return false;
}

static struct ast *parse_target(struct parser *p)
{
	const struct pos pos = p->lx.tok.pos;
	struct ast_list names = {0};
	const bool parens = p->lx.tok.type == '(';
	bool comma = false;
	if (parens)
		lexer_next(&p->lx);
	while (p->lx.tok.type == TOK_NAME && !lexer_at_name(&p->lx, "in")) {
		struct ast *name = ast_new(p, AST_NAME, p->lx.tok.pos);
		name->text = parser_intern(p, p->lx.tok.text);
		ast_list_add(&names, name);
		lexer_next(&p->lx);
		if (p->lx.tok.type != ',')
			break;
		comma = true;
		lexer_next(&p->lx);
	}
	if (parens && !parser_expect(p, ')', "')'"))
		return NULL;
	if (!names.count) {
		lexer_error(&p->lx, p->lx.tok.pos, "expected a name");
		return NULL;
	}
	if (!comma)
		return check_target(p, names.first) ? names.first : NULL;
	struct ast *e = ast_new(p, AST_TUPLE, pos);
	e->items = names.first;
	e->count = names.count;
	return check_target(p, e) ? e : NULL;
}

static struct ast *parse_for(struct parser *p, struct pos pos)
{
	struct ast *e = ast_new(p, AST_FOR, pos);
	e->text = parser_intern(p, "loop");
	e->c = parse_target(p);
	if (!e->c)
		return NULL;
	if (!lexer_at_name(&p->lx, "in")) {
		(void)parser_expect(p, TOK_IN, "'in'");
		return NULL;
	}
	lexer_next(&p->lx);
	e->a = parse_tuple(p, false);
	if (!e->a)
		return NULL;
	if (lexer_at_name(&p->lx, "if")) {
		lexer_next(&p->lx);
		e->b = parse_expr(p);
		if (!e->b)
			return NULL;
	}
	if (lexer_at_name(&p->lx, "recursive")) {
		lexer_error(
			&p->lx, p->lx.tok.pos, "recursive loops are not supported: use a macro");
		return NULL;
	}
	if (!end_tag(p) || !parse_body(p, "else endfor", pos, &e->items))
		return NULL;
	if (lexer_at_name(&p->lx, "else")) {
		lexer_next(&p->lx);
		if (!end_tag(p) || !parse_body(p, "endfor", pos, &e->alt))
			return NULL;
	}
	lexer_next(&p->lx);
	return end_tag(p) ? e : NULL;
}

static struct ast *parse_set(struct parser *p, struct pos pos)
{
	struct ast *e = ast_new(p, AST_SET, pos);
	if (p->lx.tok.type == TOK_NAME && lexer_peek(&p->lx)->type == '.') {
		struct ast *ns = ast_new(p, AST_NAME, p->lx.tok.pos);
		ns->text = parser_intern(p, p->lx.tok.text);
		ns->len = p->lx.tok.len;
		lexer_next(&p->lx);
		lexer_next(&p->lx);
		e->c = ast_new(p, AST_ATTR, p->lx.tok.pos);
		e->c->a = ns;
		e->c->text = p->lx.tok.text;
		e->c->len = p->lx.tok.len;
		if (!parser_expect(p, TOK_NAME, "the name of an attribute"))
			return NULL;
	} else {
		e->c = parse_target(p);
		if (!e->c)
			return NULL;
	}
	if (p->lx.tok.type == TOK_END) {
		lexer_error(&p->lx, p->lx.tok.pos,
			"set needs '= value'; a macro makes a text from a block");
		return NULL;
	}
	if (!parser_expect(p, '=', "'='"))
		return NULL;
	e->a = parse_tuple(p, true);
	return e->a && end_tag(p) ? e : NULL;
}

static struct ast *parse_include(struct parser *p, struct pos pos)
{
	struct ast *e = ast_new(p, AST_INCLUDE, pos);
	const struct token name = p->lx.tok;
	if (!parser_expect(p, TOK_STRING, "the name of a template as a literal text"))
		return NULL;
	e->def = compile_unit(p, &name);
	e->text = name.text;
	return e->def && end_tag(p) ? e : NULL;
}

static bool parse_param(struct parser *p, struct ast_list *params)
{
	struct ast *param = ast_new(p, AST_NAME, p->lx.tok.pos);
	const char *name = p->lx.tok.text;
	if (!parser_expect(p, TOK_NAME, "the name of a parameter"))
		return false;
	param->text = parser_intern(p, name);
	for (const struct ast *other = params->first; other; other = other->next) {
		if (other->text == param->text) {
			lexer_error(&p->lx, param->pos, "parameter '%s' is there twice", name);
			return false;
		}
		if (!other->next && other->a && p->lx.tok.type != '=') {
			lexer_error(&p->lx, param->pos,
				"a parameter with a default comes before '%s', which has none",
				name);
			return false;
		}
	}
	if (p->lx.tok.type == '=') {
		lexer_next(&p->lx);
		param->a = parse_expr(p);
		if (!param->a)
			return false;
	}
	ast_list_add(params, param);
	return !p->lx.failed;
}

static struct ast *parse_macro(struct parser *p, struct pos pos)
{
	struct ast *e = ast_new(p, AST_MACRO, pos);
	const char *name = p->lx.tok.text;
	/* 1: the macro itself. Names inside belong to where it is defined. */
	if (p->nesting > 1) {
		lexer_error(&p->lx, pos, "a macro must stand at the top level of its template");
		return NULL;
	}
	if (!parser_expect(p, TOK_NAME, "the name of the macro"))
		return NULL;
	e->text = parser_intern(p, name);
	e->def = p->unit;
	struct ast_list params = {0};
	if (!parser_expect(p, '(', "'('"))
		return NULL;
	while (p->lx.tok.type != ')') {
		if (params.count && !parser_expect(p, ',', "',' or ')'"))
			return NULL;
		if (p->lx.tok.type != ')' && !parse_param(p, &params))
			return NULL;
	}
	lexer_next(&p->lx);
	e->items = params.first;
	e->count = params.count;
	if (!end_tag(p) || !parse_body(p, "endmacro", pos, &e->alt))
		return NULL;
	lexer_next(&p->lx);
	return end_tag(p) ? e : NULL;
}

static const struct ast *unit_macro(const struct unit *unit, const char *name)
{
	for (const struct ast *e = unit->body; e; e = e->next) {
		if (e->kind == AST_MACRO && !strcmp(e->text, name))
			return e;
	}
	return NULL;
}

/* {% from "name" import macro as alias, other %} */
static struct ast *parse_import(struct parser *p, struct pos pos)
{
	struct ast *e = ast_new(p, AST_IMPORT, pos);
	const struct token file = p->lx.tok;
	if (!parser_expect(p, TOK_STRING, "the name of a template as a literal text"))
		return NULL;
	const struct unit *unit = compile_unit(p, &file);
	if (!unit)
		return NULL;
	if (!lexer_at_name(&p->lx, "import")) {
		(void)parser_expect(p, TOK_BAD, "'import'");
		return NULL;
	}
	lexer_next(&p->lx);
	struct ast_list names = {0};
	do {
		if (names.count)
			lexer_next(&p->lx);
		struct ast *name = ast_new(p, AST_NAME, p->lx.tok.pos);
		const char *macro = p->lx.tok.text, *alias = macro;
		if (!parser_expect(p, TOK_NAME, "the name of a macro"))
			return NULL;
		name->def = unit_macro(unit, macro);
		if (!name->def) {
			lexer_error(&p->lx, name->pos, "'%s' has no macro '%s'", file.text, macro);
			return NULL;
		}
		if (lexer_at_name(&p->lx, "as")) {
			lexer_next(&p->lx);
			alias = p->lx.tok.text;
			if (!parser_expect(p, TOK_NAME, "a name"))
				return NULL;
		}
		name->text = parser_intern(p, alias);
		ast_list_add(&names, name);
	} while (p->lx.tok.type == ',');
	e->items = names.first;
	return end_tag(p) ? e : NULL;
}

static struct ast *unknown_statement(struct parser *p, const struct token *t)
{
	static const char *const known[] = {"for", "if", "elif", "else", "endif", "endfor", "set",
		"include", "macro", "endmacro", "from", NULL};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (!strcmp(t->text, refused[i].name)) {
			lexer_error(&p->lx, t->pos, "'%s' is not supported: %s", t->text,
				refused[i].why);
			return NULL;
		}
	}
	if (p->lx.failed)
		return NULL;
	p->lx.failed = true;
	const char *near = str_nearest(t->text, known);
	const bool misplaced = near && !strcmp(near, t->text);
	struct diag *d = diag_error(p->diags, "template-syntax", t->pos,
		misplaced ? "'%s' does not belong here" : "no statement '%s'", t->text);
	if (near && !misplaced)
		diag_hint(p->diags, d, "did you mean '%s'?", near);
	return NULL;
}

/* The statement whose name is the current token. */
static struct ast *parse_statement(struct parser *p)
{
	static const struct {
		const char *name;
		struct ast *(*parse)(struct parser *p, struct pos pos);
	} statements[] = {
		{"if", parse_if},
		{"for", parse_for},
		{"set", parse_set},
		{"include", parse_include},
		{"macro", parse_macro},
		{"from", parse_import},
	};
	const struct token t = p->lx.tok;
	if (t.type != TOK_NAME) {
		(void)parser_expect(p, TOK_NAME, "a statement");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		if (!strcmp(t.text, statements[i].name)) {
			if (!parser_enter(p, t.pos))
				return NULL;
			lexer_next(&p->lx);
			struct ast *e = statements[i].parse(p, t.pos);
			parser_leave(p);
			return p->lx.failed ? NULL : e;
		}
	}
	return unknown_statement(p, &t);
}

static bool parse_output(struct parser *p, struct ast_list *list)
{
	lexer_enter(&p->lx, LEX_VARIABLE);
	struct ast *e = ast_new(p, AST_OUTPUT, p->lx.tok.pos);
	e->a = parse_tuple(p, true);
	if (!e->a || !end_tag(p))
		return false;
	ast_list_add(list, e);
	return true;
}

static bool body_ended(struct parser *p, const char *ends, struct pos opened)
{
	if (!*ends)
		return true;
	const char *last = strrchr(ends, ' ');
	lexer_error(&p->lx, opened, "this block has no end: {%% %s %%} is missing",
		last ? last + 1 : ends);
	return false;
}

static bool parse_body(struct parser *p, const char *ends, struct pos opened, struct ast **ret)
{
	struct ast_list list = {0};
	while (!p->lx.failed) {
		const char *text;
		size_t len;
		struct pos pos;
		const enum lex_tag tag = lexer_text(&p->lx, &text, &len, &pos);
		if (len && tag != LEX_TAG_BAD) {
			struct ast *e = ast_new(p, AST_TEXT, pos);
			e->text = text;
			e->len = len;
			ast_list_add(&list, e);
		}
		*ret = list.first;
		if (tag == LEX_TAG_NONE) {
			if (p->lx.p >= p->lx.end)
				return body_ended(p, ends, opened);
		} else if (tag == LEX_TAG_VARIABLE) {
			if (!parse_output(p, &list))
				return false;
		} else if (tag == LEX_TAG_BLOCK) {
			lexer_enter(&p->lx, LEX_BLOCK);
			if (at_end_name(&p->lx, ends))
				return true;
			struct ast *e = parse_statement(p);
			if (!e)
				return false;
			ast_list_add(&list, e);
		}
	}
	return false;
}

/* Jinja2 reads \r\n and \r as \n. */
static void copy_source(struct unit *unit, struct arena *arena, const struct src *src)
{
	char *data = arena_memdup(arena, src->data, src->len);
	size_t len = src->len;
	if (memchr(data, '\r', len)) {
		len = 0;
		for (size_t i = 0; i < src->len; i++) {
			if (src->data[i] == '\r' && i + 1 < src->len && src->data[i + 1] == '\n')
				continue;
			data[len++] = src->data[i] == '\r' ? '\n' : src->data[i];
		}
		data[len] = '\0';
	}
	unit->src =
		(struct src){arena_strdup(arena, src->path ? src->path : "template"), data, len};
}

static bool check_source(struct parser *p, const struct src *src)
{
	const struct pos whole = {src, 0, 0};
	if (src->len > TMPL_MAX_SOURCE) {
		lexer_error(
			&p->lx, whole, "template is larger than %d KiB", TMPL_MAX_SOURCE / 1024);
		return false;
	}
	const size_t valid = utf8_valid(src->data, src->len);
	if (valid < src->len) {
		lexer_error(&p->lx, lexer_pos(&p->lx, src->data + valid), "not valid UTF-8");
		return false;
	}
	return true;
}

static bool parse_unit(struct parser *p, struct unit *unit)
{
	p->unit = unit;
	lexer_init(&p->lx, &unit->src, p->arena, p->diags);
	unit->busy = true;
	if (check_source(p, &unit->src) &&
		!parse_body(p, "", (struct pos){&unit->src, 1, 1}, &unit->body))
		lexer_error(&p->lx, lexer_pos(&p->lx, p->lx.p), "this is no template");
	unit->busy = false;
	unit->failed = p->lx.failed;
	if (!unit->failed) {
		const size_t before = p->diags->errors;
		place_check(unit, p->t->escape, p->diags);
		unit->failed = p->diags->errors > before;
	}
	return !unit->failed;
}

static struct unit *unit_new(struct tmpl *t, const struct src *src)
{
	struct unit *unit = arena_alloc(&t->arena, sizeof *unit);
	copy_source(unit, &t->arena, src);
	unit->next = t->units;
	t->units = unit;
	return unit;
}

/* The included template, compiled at its first use; NULL after an error. */
static struct unit *compile_unit(struct parser *from, const struct token *name)
{
	struct unit *unit = from->t->units;
	while (unit && (strcmp(unit->src.path, name->text) != 0 || unit == from->t->main))
		unit = unit->next;
	if (unit && unit->busy) {
		lexer_error(&from->lx, name->pos, "template '%s' includes itself", name->text);
		return NULL;
	}
	if (from->includes >= TMPL_MAX_INCLUDES) {
		lexer_error(&from->lx, name->pos, "includes are nested deeper than %d",
			TMPL_MAX_INCLUDES);
		return NULL;
	}
	if (!unit) {
		const char *text = NULL;
		size_t len = 0;
		if (!from->loader || !from->loader(from->loader_data, name->text, &text, &len)) {
			lexer_error(&from->lx, name->pos, "there is no template '%s'", name->text);
			return NULL;
		}
		unit = unit_new(from->t, &(struct src){name->text, text, len});
		struct parser p = {
			.arena = from->arena,
			.diags = from->diags,
			.names = from->names,
			.t = from->t,
			.loader = from->loader,
			.loader_data = from->loader_data,
			.includes = from->includes + 1,
		};
		(void)parse_unit(&p, unit);
	}
	if (unit->failed)
		from->lx.failed = true; /* reported where it is */
	return unit->failed ? NULL : unit;
}

struct tmpl *tmpl_compile(const struct src *src, enum tmpl_escape escape, tmpl_loader *loader,
	void *loader_data, struct diag_list *diags)
{
	struct tmpl *t = xcalloc(1, sizeof *t);
	AUTO_STRMAP names = {0};
	t->escape = escape;
	t->main = unit_new(t, src);
	struct parser p = {
		.arena = &t->arena,
		.diags = diags,
		.names = &names,
		.t = t,
		.loader = loader,
		.loader_data = loader_data,
	};
	if (parse_unit(&p, t->main))
		return t;
	tmpl_free(t);
	return NULL;
}

void tmpl_free(struct tmpl *t)
{
	if (!t)
		return;
	arena_release(&t->arena);
	free(t);
}

struct tmpl_expr *tmpl_expr_compile(const struct src *src, struct diag_list *diags)
{
	struct tmpl_expr *e = xcalloc(1, sizeof *e);
	AUTO_STRMAP names = {0};
	e->src = (struct src){arena_strdup(&e->arena, src->path ? src->path : "expression"),
		arena_memdup(&e->arena, src->data, src->len), src->len};
	struct parser p = {.arena = &e->arena, .diags = diags, .names = &names};
	lexer_init(&p.lx, &e->src, p.arena, diags);
	if (check_source(&p, &e->src)) {
		lexer_enter(&p.lx, LEX_LONE);
		e->root = parse_tuple(&p, true);
		if (!e->root)
			lexer_error(&p.lx, p.lx.tok.pos, "this is no expression");
		else if (p.lx.tok.type != TOK_END)
			(void)parser_expect(&p, TOK_END, "an operator or the end");
	}
	if (!p.lx.failed)
		return e;
	tmpl_expr_free(e);
	return NULL;
}

void tmpl_expr_free(struct tmpl_expr *e)
{
	if (!e)
		return;
	arena_release(&e->arena);
	free(e);
}
