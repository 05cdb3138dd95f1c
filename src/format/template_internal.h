/*
 * Shared by the files of the template language and by nobody else.
 *
 * Source text becomes tokens (template_lex.c), tokens become a tree (template_parse.c for
 * statements, template_expr.c for expressions), the tree is checked for where output stands
 * (template_place.c), and is then walked as often as wanted (template_exec.c, template_eval.c).
 * Tree and values live in arenas: a tree as long as its template, values as long as one rendering.
 */
#ifndef TRUEUP_FORMAT_TEMPLATE_INTERNAL_H
#define TRUEUP_FORMAT_TEMPLATE_INTERNAL_H

#include "base/strmap.h"
#include "format/template.h"

#include <stdint.h>

enum {
	TMPL_MAX_NESTING = 64, /* of blocks and parentheses in the source */
	TMPL_MAX_DEPTH = 320, /* of evaluation: trees, macros and includes */
	TMPL_MAX_INCLUDES = 8, /* templates inside templates */
	TMPL_MAX_ARGS = 6, /* of a filter, test, method */
	TMPL_MAX_SOURCE = 1024 * 1024, /* bytes of one template */
	TMPL_MAX_OUTPUT = 16 * 1024 * 1024, /* bytes of one rendering */
	TMPL_MAX_MEMORY = 128 * 1024 * 1024, /* bytes of values made by one rendering */
	TMPL_MAX_STEPS = 10 * 1000 * 1000, /* nodes visited by one rendering */
};

/* ---- tokens ---- */

/* Single characters stand for themselves. */
enum tok {
	TOK_END = 256, /* the end of the tag, or of a lone expression */
	TOK_NAME,
	TOK_STRING,
	TOK_INT,
	TOK_FLOAT,
	TOK_EQ,
	TOK_NE,
	TOK_LE,
	TOK_GE,
	TOK_FLOORDIV,
	TOK_POW,
	TOK_IN,
	TOK_NOT_IN,
	TOK_BAD, /* an error was reported */
};

enum lex_mode { LEX_VARIABLE, LEX_BLOCK, LEX_LONE };

struct token {
	int type; /* a character or enum tok */
	struct pos pos;
	const char *text; /* names and strings, in the tree's arena */
	size_t len;
	int64_t integer;
	double real;
};

struct lexer {
	const struct src *src;
	const char *p, *end;
	const char *counted; /* up to where line and col have been counted */
	uint32_t line, col;
	enum lex_mode mode;
	unsigned brackets; /* open ( [ { in this tag */
	bool line_starting; /* what was consumed last ended with a newline */
	struct token tok; /* the current one */
	struct token ahead; /* the next one, if has_ahead */
	bool has_ahead;
	bool failed;
	struct arena *arena;
	struct diag_list *diags;
};

/* What follows a piece of text. */
enum lex_tag { LEX_TAG_NONE, LEX_TAG_VARIABLE, LEX_TAG_BLOCK, LEX_TAG_BAD };

void lexer_init(
	struct lexer *lx, const struct src *src, struct arena *arena, struct diag_list *diags);
/* The text up to the next tag, with the white space trimmed that the tag asks for. */
enum lex_tag lexer_text(struct lexer *lx, const char **ret_text, size_t *ret_len, struct pos *ret);
/* Enters a tag: the first token becomes current. */
void lexer_enter(struct lexer *lx, enum lex_mode mode);
void lexer_next(struct lexer *lx);
const struct token *lexer_peek(struct lexer *lx);
bool lexer_at_name(const struct lexer *lx, const char *name);
/* Reports a syntax error, once per template. */
void lexer_error(struct lexer *lx, struct pos pos, const char *fmt, ...) PRINTF_LIKE(3, 4);
struct pos lexer_pos(struct lexer *lx, const char *at);

/* ---- tree ---- */

enum ast_kind {
	/* statements */
	AST_TEXT, /* text, len */
	AST_OUTPUT, /* a: value; place */
	AST_IF, /* a: condition, items: body, alt: the rest */
	AST_FOR, /* c: target, a: sequence, b: condition or NULL, items: body, alt: else; text:
		    "loop" */
	AST_SET, /* c: target (name, tuple, attribute of a namespace), a: value */
	AST_INCLUDE, /* def: struct unit */
	AST_MACRO, /* text: name, items: parameters (a: default), alt: body, def: struct unit */
	AST_IMPORT, /* items: names, each with def: the macro */
	/* expressions */
	AST_CONST, /* value */
	AST_NAME, /* text: interned */
	AST_ATTR, /* a . text */
	AST_INDEX, /* a [ b ] */
	AST_SLICE, /* only as b of AST_INDEX: a : b : c, each may be NULL */
	AST_CALL, /* a: callee, items: arguments; def: struct tmpl_func of a method or NULL */
	AST_FILTER, /* a | def(items) */
	AST_TEST, /* a is def(items) */
	AST_ARG, /* a: value, op: slot, text: keyword or NULL */
	AST_NEG,
	AST_POS,
	AST_NOT,
	AST_AND,
	AST_OR,
	AST_COND, /* a if b else c (c may be NULL) */
	AST_BINARY, /* a op b */
	AST_COMPARE, /* a, items: AST_ARG with op and a */
	AST_LIST,
	AST_TUPLE,
	AST_DICT, /* items: AST_ARG with b: key and a: value */
};

/* Where an output stands; decided when the template is compiled. */
enum tmpl_place {
	PLACE_LITERAL, /* a value of the target language is expected */
	PLACE_QUOTED, /* inside a quoted text */
	PLACE_CODE, /* Markdown: inside `code` */
	PLACE_FENCE, /* Markdown: inside a fenced block */
};

struct ast {
	uint8_t kind; /* enum ast_kind */
	uint8_t place; /* enum tmpl_place */
	uint16_t op; /* enum tok, or a slot */
	uint32_t count; /* of items */
	struct pos pos;
	struct ast *next;
	struct ast *a, *b, *c;
	struct ast *items, *alt;
	const char *text;
	size_t len;
	struct node *value;
	const void *def;
	/* Which pair of a map the text was found at last: the only thing that rendering changes. */
	uint32_t *found;
};

/* One source text: the template itself or one that it includes. */
struct unit {
	struct src src;
	struct ast *body;
	struct unit *next;
	bool busy; /* being compiled: including it again would never end */
	bool failed;
};

struct tmpl {
	struct arena arena;
	enum tmpl_escape escape;
	struct unit *main;
	struct unit *units; /* all of them */
};

struct tmpl_expr {
	struct arena arena;
	struct src src;
	struct ast *root;
};

struct parser {
	struct lexer lx;
	struct arena *arena;
	struct diag_list *diags;
	struct strmap *names; /* interned */
	struct unit *unit;
	struct tmpl *t; /* NULL for a lone expression */
	tmpl_loader *loader; /* may be NULL */
	void *loader_data;
	unsigned nesting;
	unsigned includes; /* depth */
};

/* One character more for lists that are built in order. */
struct ast_list {
	struct ast *first, **end;
	uint32_t count;
};
void ast_list_add(struct ast_list *list, struct ast *item);

struct ast *ast_new(struct parser *p, enum ast_kind kind, struct pos pos);
const char *parser_intern(struct parser *p, const char *name);
/* All return NULL after an error. */
struct ast *parse_expr(struct parser *p);
struct ast *parse_or(struct parser *p); /* no inline if */
/* One expression or a bare tuple "a, b"; with_cond: inline if is allowed. */
struct ast *parse_tuple(struct parser *p, bool with_cond);
/* Takes the current token if it is type; otherwise an error saying what was expected. */
bool parser_expect(struct parser *p, int type, const char *what);
bool parser_enter(struct parser *p, struct pos pos);
void parser_leave(struct parser *p);

/* Sets place in all outputs of the unit; adds an error where output cannot be escaped. */
void place_check(const struct unit *unit, enum tmpl_escape escape, struct diag_list *diags);

/* ---- values ---- */

/* Beyond enum node_type: never leave the template language. */
enum {
	TMPL_UNDEFINED = 100, /* text: what is undefined, as a sentence */
	/* boolean of it: printing it prints nothing ("x if y" without else, as in Jinja2) */
	TMPL_LOOP, /* text: a struct loop */
	TMPL_MACRO, /* text: its struct ast */
};

/* Beyond enum node_flags. */
enum {
	TMPL_SAFE = 1 << 5, /* made by a macro: escaped already */
	TMPL_NAMESPACE = 1 << 6, /* a map that {% set ns.x %} may change */
	TMPL_TUPLE = 1 << 7, /* a list that prints as (a, b) */
};

struct loop {
	struct node **items;
	size_t index, count;
};

struct binding {
	const char *name; /* interned */
	struct node *value;
};

struct eval {
	enum tmpl_escape escape;
	const struct node *context;
	struct arena *arena;
	struct diag_list *diags;
	struct str *out;
	size_t out_start;
	struct binding *vars;
	size_t count, cap;
	size_t scope; /* first binding of the current scope */
	size_t root_end; /* end of what macros see from outside */
	size_t hide_from, hide_to; /* bindings that a running macro does not see */
	const struct unit *macro_unit;
	size_t steps, bytes;
	unsigned depth;
	size_t hold; /* out->len after a printed $ or % that must not meet a { */
	struct str scratch;
	bool failed;
};

/* Reports what stopped the rendering (only the first one) and returns NULL. */
struct node *eval_error(struct eval *ev, struct pos pos, const char *rule, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Reports that the limit of steps is reached; false. */
bool eval_too_long(struct eval *ev, struct pos pos);
/* count more steps; false once the limit is reached. */
static inline bool eval_step(struct eval *ev, struct pos pos, size_t count)
{
	if (count > TMPL_MAX_STEPS - ev->steps)
		return eval_too_long(ev, pos);
	ev->steps += count;
	return true;
}
/* Room for size more bytes of values; false once the limit is reached. */
bool eval_charge(struct eval *ev, struct pos pos, size_t size);

/* Evaluates; may yield TMPL_UNDEFINED. NULL after an error. */
struct node *eval_any(struct eval *ev, const struct ast *e);
/* As above, but an undefined value is an error. */
struct node *eval_value(struct eval *ev, const struct ast *e);
struct node *eval_undefined_error(struct eval *ev, struct pos pos, const struct node *value);
void eval_bind(struct eval *ev, const char *name, struct node *value);
/* Assigns to a for or set target. False after an error. */
bool eval_assign(struct eval *ev, const struct ast *target, struct node *value);
/* Walks statements. False after an error. */
bool exec_list(struct eval *ev, const struct ast *list);
struct node *exec_macro(struct eval *ev, const struct ast *macro, const struct ast *call);
/* obj.name and obj[key] as Jinja2 resolves them; yields TMPL_UNDEFINED when there is none. */
struct node *eval_get(
	struct eval *ev, struct pos pos, const struct node *obj, const char *name, size_t len);
struct node *eval_index(
	struct eval *ev, struct pos pos, const struct node *obj, const struct node *key);
struct node *eval_slice(struct eval *ev, const struct ast *index, const struct node *obj);
struct node *eval_binary(struct eval *ev, const struct ast *e, struct node *a, struct node *b);
struct node *eval_builtin(struct eval *ev, const struct ast *call, const char *name);

/* Values in the arena of the rendering, charged to it. NULL after an error. */
struct node *new_value(struct eval *ev, int type);
struct node *new_bool(struct eval *ev, bool value);
struct node *new_int(struct eval *ev, int64_t value);
struct node *new_float(struct eval *ev, double value);
struct node *new_text(struct eval *ev, struct pos pos, const char *text, size_t len);
/* The end of ev->scratch from start on becomes a text. */
struct node *new_text_scratch(struct eval *ev, struct pos pos, size_t start);
struct node *new_seq(struct eval *ev, struct pos pos, size_t cap);
bool seq_push(struct eval *ev, struct pos pos, struct node *seq, struct node *item);
struct node *new_pair(struct eval *ev, struct pos pos, struct node *a, struct node *b);
struct node *new_undefined(struct eval *ev, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct node *map_find(const struct node *map, const char *key, size_t len);
/* The same for the name in a tree: maps that are made alike have it at the same place. */
struct node *map_find_name(const struct node *map, const struct ast *name);
bool value_equal(const struct node *a, const struct node *b);
/* Three-way comparison as Python orders values; false if the two have no order. */
bool value_compare(const struct node *a, const struct node *b, int *ret);
bool value_is_number(const struct node *v); /* bool, int, float */
double value_real(const struct node *v);
bool value_int(const struct node *v, int64_t *ret); /* bool or int */
const char *value_kind(const struct node *v); /* for messages */
/* str() and repr() of Python. False if the value has no text (a reference in a text). */
bool value_text(const struct node *v, struct str *out);
bool value_repr(const struct node *v, struct str *out);
void text_float(double d, struct str *out);
/* The items of a sequence, a map's keys, a text's characters as a sequence; NULL: error. */
struct node *value_items(struct eval *ev, struct pos pos, struct node *v);

/* UTF-8: the code point at p (U+FFFD and length 1 where it is not valid). */
uint32_t utf8_at(const char *p, size_t len, size_t *ret_len);
void utf8_add(struct str *out, uint32_t c);
size_t utf8_count(const char *p, size_t len);
size_t utf8_offset(const char *p, size_t len, size_t chars); /* bytes of the first chars */
bool utf8_printable(uint32_t c); /* as Python's str.isprintable, for what is common */

/* ---- functions ---- */

struct tmpl_call {
	struct eval *ev;
	struct pos pos;
	const char *name;
	struct node *self;
	struct node *arg[TMPL_MAX_ARGS]; /* NULL: not given */
};

struct tmpl_func {
	const char *name;
	struct node *(*fn)(struct tmpl_call *call);
	/* Names of the arguments, "!" in front of those that must be given. */
	const char *params;
	bool takes_undefined; /* self may be TMPL_UNDEFINED */
};

extern const struct tmpl_func tmpl_text_filters[], tmpl_seq_filters[], tmpl_pick_filters[],
	tmpl_number_filters[], tmpl_tests[], tmpl_methods[];
const struct tmpl_func *filter_find(const char *name);
const struct tmpl_func *test_find(const char *name);
const struct tmpl_func *method_find(const char *name);
/* The nearest name in the table of filters or tests, for a hint. */
const char *filter_nearest(const char *name);
const char *test_nearest(const char *name);
/* The slot of a keyword, or -1. */
int func_slot(const struct tmpl_func *f, const char *keyword);
size_t func_param_count(const struct tmpl_func *f);
/* The name of the first argument that must be given and is not (mask: given slots), or NULL. */
const char *func_missing(const struct tmpl_func *f, unsigned mask, struct arena *arena);

/* Arguments with their types checked. False after an error; *ret keeps its default when absent. */
bool arg_int(const struct tmpl_call *c, size_t i, int64_t *ret);
bool arg_bool(const struct tmpl_call *c, size_t i, bool *ret);
bool arg_text(const struct tmpl_call *c, size_t i, const char **ret, size_t *ret_len);
bool self_text(const struct tmpl_call *c); /* self is a text, or an error */
struct node *call_type_error(const struct tmpl_call *c, const char *expected);
/* "a.b" or 0 below item, as map(attribute=) and others take it. */
struct node *attr_path(const struct tmpl_call *c, struct node *item, const struct node *path);
/* A text in lower case, anything else as it is: how sort and others compare. */
struct node *fold_case(const struct tmpl_call *c, struct node *v);
struct node *text_lower(const struct tmpl_call *c, const char *text, size_t len);

/* ---- output ---- */

/* Appends value to ev->out as place wants it. False after an error. */
bool eval_print(struct eval *ev, const struct ast *output, const struct node *value);
/* The value as a literal. False after an error. */
bool print_hcl(struct eval *ev, struct pos pos, const struct node *value);
bool print_json(struct eval *ev, struct pos pos, const struct node *value);
void hcl_quoted(struct str *out, const char *text, size_t len, size_t *hold);
/* tojson's text: keys sorted, everything that is not ASCII or is special in HTML escaped. */
bool json_dumps(struct eval *ev, struct pos pos, const struct node *value, int64_t indent);

#endif
