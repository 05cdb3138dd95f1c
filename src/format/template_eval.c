/*
 * Expressions to values. Values are made in the arena of one rendering and charged to it, so that
 * neither time nor memory can run away whatever the template and its context are.
 */
#include "format/template_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct node *eval_error(struct eval *ev, struct pos pos, const char *rule, const char *fmt, ...)
{
	if (ev->failed)
		return NULL;
	ev->failed = true;
	char text[512];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	(void)diag_error(ev->diags, rule, pos, "%s", text);
	return NULL;
}

bool eval_too_long(struct eval *ev, struct pos pos)
{
	(void)eval_error(ev, pos, "template-limit",
		"rendering takes more than %d steps: is a loop too long?", TMPL_MAX_STEPS);
	return false;
}

bool eval_charge(struct eval *ev, struct pos pos, size_t size)
{
	if (size > TMPL_MAX_MEMORY || ev->bytes + size > TMPL_MAX_MEMORY) {
		(void)eval_error(ev, pos, "template-limit",
			"rendering needs more than %d MiB for its values",
			TMPL_MAX_MEMORY / (1024 * 1024));
		return false;
	}
	ev->bytes += size;
	return true;
}

struct node *new_value(struct eval *ev, int type)
{
	/* Steps bound the number of these; eval_charge() bounds what is larger. */
	struct node *v = arena_alloc(ev->arena, sizeof *v);
	v->type = (uint8_t)type;
	return v;
}

struct node *new_bool(struct eval *ev, bool value)
{
	(void)ev;
	/* Values are never changed, so that these two are enough. */
	static const struct node values[2] = {
		{.type = NODE_BOOL, .boolean = false}, {.type = NODE_BOOL, .boolean = true}};
	return (struct node *)(uintptr_t)&values[value];
}

struct node *new_int(struct eval *ev, int64_t value)
{
	struct node *v = new_value(ev, NODE_INT);
	v->integer = value;
	return v;
}

struct node *new_float(struct eval *ev, double value)
{
	struct node *v = new_value(ev, NODE_FLOAT);
	v->real = value;
	return v;
}

struct node *new_text(struct eval *ev, struct pos pos, const char *text, size_t len)
{
	if (!eval_charge(ev, pos, len + sizeof(struct node)))
		return NULL;
	struct node *v = new_value(ev, NODE_STRING);
	v->text = arena_memdup(ev->arena, text, len);
	v->len = len;
	return v;
}

struct node *new_text_scratch(struct eval *ev, struct pos pos, size_t start)
{
	struct node *v = new_text(ev, pos, ev->scratch.data + start, ev->scratch.len - start);
	str_truncate(&ev->scratch, start);
	return v;
}

struct node *new_seq(struct eval *ev, struct pos pos, size_t cap)
{
	if (!eval_step(ev, pos, cap) || !eval_charge(ev, pos, cap * sizeof(struct node *)))
		return NULL;
	struct node *v = new_value(ev, NODE_SEQ);
	if (cap)
		v->seq.items = arena_array(ev->arena, cap, sizeof v->seq.items[0]);
	v->seq.cap = cap;
	return v;
}

bool seq_push(struct eval *ev, struct pos pos, struct node *seq, struct node *item)
{
	if (!item)
		return false;
	if (seq->seq.count == seq->seq.cap) {
		const size_t more = seq->seq.cap ? seq->seq.cap * 2 : 8;
		if (!eval_charge(ev, pos, more * sizeof(struct node *)))
			return false;
		seq->seq.items = arena_grow(ev->arena, seq->seq.items, seq->seq.count,
			&seq->seq.cap, sizeof seq->seq.items[0]);
	}
	if (!eval_step(ev, pos, 1))
		return false;
	seq->seq.items[seq->seq.count++] = item;
	return true;
}

struct node *new_pair(struct eval *ev, struct pos pos, struct node *a, struct node *b)
{
	struct node *pair = new_seq(ev, pos, 2);
	if (!pair || !a || !b)
		return NULL;
	pair->flags |= TMPL_TUPLE;
	pair->seq.items[0] = a;
	pair->seq.items[1] = b;
	pair->seq.count = 2;
	return pair;
}

struct node *new_undefined(struct eval *ev, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct node *v = new_value(ev, TMPL_UNDEFINED);
	v->text = arena_strdup(ev->arena, text);
	v->len = strlen(text);
	return v;
}

/* The names that can be used here, for "did you mean". */
static const char *nearest_name(struct eval *ev, const char *name)
{
	enum { MAX_NAMES = 200 };
	const char *names[MAX_NAMES + 1];
	size_t n = 0;
	for (size_t i = 0; i < ev->count && n < MAX_NAMES; i++)
		names[n++] = ev->vars[i].name;
	MAP_FOREACH (ev->context, pair) {
		if (n < MAX_NAMES)
			names[n++] = pair->key->text;
	}
	names[n] = NULL;
	return str_nearest(name, names);
}

struct node *eval_undefined_error(struct eval *ev, struct pos pos, const struct node *value)
{
	if (ev->failed)
		return NULL;
	ev->failed = true;
	struct diag *d = diag_error(ev->diags, "template-undefined", pos, "%s", value->text);
	/* "undefined name 'x'" */
	if (str_starts(value->text, "undefined name '")) {
		const char *name = value->text + strlen("undefined name '");
		char *bare = arena_memdup(ev->arena, name, strlen(name) - 1);
		const char *near = nearest_name(ev, bare);
		if (near)
			diag_hint(ev->diags, d, "did you mean '%s'?", near);
	}
	return NULL;
}

struct node *eval_value(struct eval *ev, const struct ast *e)
{
	struct node *v = eval_any(ev, e);
	if (v && v->type == TMPL_UNDEFINED)
		return eval_undefined_error(ev, e->pos, v);
	return v;
}

void eval_bind(struct eval *ev, const char *name, struct node *value)
{
	for (size_t i = ev->scope; i < ev->count; i++) {
		if (ev->vars[i].name == name) {
			ev->vars[i].value = value;
			return;
		}
	}
	ev->vars = arena_grow(ev->arena, ev->vars, ev->count, &ev->cap, sizeof ev->vars[0]);
	ev->vars[ev->count++] = (struct binding){name, value};
}

static struct node *macro_value(struct eval *ev, const struct ast *macro)
{
	struct node *v = new_value(ev, TMPL_MACRO);
	v->text = (const char *)macro;
	return v;
}

/* A macro sees the other macros of the template that it is written in. */
static struct node *unit_name(struct eval *ev, const char *name)
{
	for (const struct ast *e = ev->macro_unit->body; e; e = e->next) {
		if (e->kind == AST_MACRO && e->text == name)
			return macro_value(ev, e);
		if (e->kind != AST_IMPORT)
			continue;
		for (const struct ast *item = e->items; item; item = item->next) {
			if (item->text == name)
				return macro_value(ev, item->def);
		}
	}
	return NULL;
}

static struct node *find_name(struct eval *ev, const struct ast *e)
{
	size_t i = ev->count;
	while (i > ev->hide_to) {
		if (ev->vars[--i].name == e->text)
			return ev->vars[i].value;
	}
	if (i > ev->hide_from)
		i = ev->hide_from;
	while (i > 0) {
		if (ev->vars[--i].name == e->text)
			return ev->vars[i].value;
	}
	if (ev->macro_unit) {
		struct node *v = unit_name(ev, e->text);
		if (v)
			return v;
	}
	return ev->context && ev->context->type == NODE_MAP ? map_find_name(ev->context, e) : NULL;
}

static struct node *eval_name(struct eval *ev, const struct ast *e)
{
	struct node *v = find_name(ev, e);
	return v ? v : new_undefined(ev, "undefined name '%s'", e->text);
}

static struct node *eval_list(struct eval *ev, const struct ast *e)
{
	struct node *seq = new_seq(ev, e->pos, e->count);
	if (!seq)
		return NULL;
	if (e->kind == AST_TUPLE)
		seq->flags |= TMPL_TUPLE;
	for (const struct ast *item = e->items; item; item = item->next) {
		struct node *v = eval_value(ev, item);
		if (!v)
			return NULL;
		seq->seq.items[seq->seq.count++] = v;
	}
	return seq;
}

/* Sets or replaces a key of a map that is being built. */
static bool map_put(struct eval *ev, struct node *map, struct node *key, struct node *value)
{
	for (size_t i = 0; i < map->map.count; i++) {
		if (value_equal(map->map.pairs[i].key, key)) {
			map->map.pairs[i].value = value;
			return true;
		}
	}
	map->map.pairs = arena_grow(
		ev->arena, map->map.pairs, map->map.count, &map->map.cap, sizeof map->map.pairs[0]);
	map->map.pairs[map->map.count++] = (struct node_pair){key, value};
	return true;
}

static struct node *eval_dict(struct eval *ev, const struct ast *e)
{
	struct node *map = new_value(ev, NODE_MAP);
	for (const struct ast *item = e->items; item; item = item->next) {
		struct node *key = eval_value(ev, item->b);
		struct node *value = key ? eval_value(ev, item->a) : NULL;
		if (!value)
			return NULL;
		if (key->type != NODE_STRING)
			return eval_error(ev, item->b->pos, "template-type",
				"the key of a map must be a text, this is a %s", value_kind(key));
		if (!eval_step(ev, e->pos, 1 + map->map.count) || !map_put(ev, map, key, value))
			return NULL;
	}
	return map;
}

/* dict(a=1, b=2) and namespace(a=1) */
static struct node *build_map(struct eval *ev, const struct ast *call, uint8_t flags)
{
	struct node *map = new_value(ev, NODE_MAP);
	map->flags = flags;
	for (const struct ast *arg = call->items; arg; arg = arg->next) {
		struct node *v = eval_value(ev, arg->a);
		if (!v)
			return NULL;
		if (arg->text) {
			struct node *key = new_text(ev, arg->pos, arg->text, strlen(arg->text));
			if (!key || !map_put(ev, map, key, v))
				return NULL;
			continue;
		}
		if (v->type != NODE_MAP)
			return eval_error(ev, arg->pos, "template-type",
				"a map is made from name=value or another map, not from a %s",
				value_kind(v));
		MAP_FOREACH (v, pair) {
			if (!eval_step(ev, arg->pos, 1 + map->map.count) ||
				!map_put(ev, map, pair->key, pair->value))
				return NULL;
		}
	}
	return map;
}

/* range(end), range(first, end), range(first, end, step) */
static bool range_args(struct eval *ev, const struct ast *call, int64_t n[3])
{
	size_t count = 0;
	for (const struct ast *arg = call->items; arg; arg = arg->next) {
		const struct node *v = eval_value(ev, arg->a);
		if (!v)
			return false;
		if (count == 3 || arg->text || !value_int(v, &n[count++])) {
			(void)eval_error(ev, arg->pos, "template-type",
				"range takes one to three whole numbers: first, end, step");
			return false;
		}
	}
	if (!count || !n[2]) {
		(void)eval_error(ev, call->pos, "template-type",
			count ? "range: the step must not be 0" : "range needs a number");
		return false;
	}
	if (count == 1) {
		n[1] = n[0];
		n[0] = 0;
	}
	return true;
}

static struct node *build_range(struct eval *ev, const struct ast *call)
{
	int64_t n[3] = {0, 0, 1};
	struct node *seq = range_args(ev, call, n) ? new_seq(ev, call->pos, 0) : NULL;
	for (int64_t i = n[0]; seq && (n[2] > 0 ? i < n[1] : i > n[1]);) {
		if (!eval_step(ev, call->pos, 1) || !seq_push(ev, call->pos, seq, new_int(ev, i)))
			return NULL;
		if (__builtin_add_overflow(i, n[2], &i))
			break;
	}
	return seq;
}

struct node *eval_builtin(struct eval *ev, const struct ast *call, const char *name)
{
	if (!strcmp(name, "range"))
		return build_range(ev, call);
	if (!strcmp(name, "dict"))
		return build_map(ev, call, 0);
	if (!strcmp(name, "namespace"))
		return build_map(ev, call, TMPL_NAMESPACE);
	return eval_undefined_error(ev, call->pos, new_undefined(ev, "undefined name '%s'", name));
}

/* loop.cycle(a, b, c) */
static struct node *call_cycle(struct eval *ev, const struct ast *e)
{
	struct node *v = eval_value(ev, e->a->a);
	if (!v)
		return NULL;
	if (v->type != TMPL_LOOP || !e->count)
		return eval_error(ev, e->pos, "template-type",
			"cycle belongs to a loop and needs at least one value");
	const struct loop *loop = (const void *)v->text;
	const struct ast *arg = e->items;
	for (size_t i = loop->index % e->count; i > 0; i--)
		arg = arg->next;
	return eval_value(ev, arg->a);
}

/* A filter, test or method with its arguments, which were given their slots by the parser. */
static struct node *call_func(struct eval *ev, const struct ast *e, const struct ast *self)
{
	const struct tmpl_func *f = e->def;
	struct tmpl_call call = {.ev = ev, .pos = e->pos, .name = f->name};
	call.self = f->takes_undefined ? eval_any(ev, self) : eval_value(ev, self);
	if (!call.self)
		return NULL;
	for (const struct ast *arg = e->items; arg; arg = arg->next) {
		call.arg[arg->op] = eval_value(ev, arg->a);
		if (!call.arg[arg->op])
			return NULL;
	}
	return f->fn(&call);
}

static struct node *eval_call(struct eval *ev, const struct ast *e)
{
	if (e->def)
		return call_func(ev, e, e->a->a);
	if (e->a->kind == AST_ATTR)
		return call_cycle(ev, e);
	const struct node *callee = find_name(ev, e->a);
	if (!callee)
		return eval_builtin(ev, e, e->a->text);
	if (callee->type != TMPL_MACRO)
		return eval_error(ev, e->pos, "template-type", "'%s' is a %s and cannot be called",
			e->a->text, value_kind(callee));
	return exec_macro(ev, (const void *)callee->text, e);
}

static bool contains(
	struct eval *ev, struct pos pos, const struct node *set, const struct node *item, bool *ret)
{
	*ret = false;
	if (set->type == NODE_STRING && item->type == NODE_STRING) {
		*ret = memmem(set->text, set->len, item->text, item->len) != NULL || !item->len;
		return true;
	}
	if (set->type == NODE_MAP) {
		*ret = item->type == NODE_STRING && map_find(set, item->text, item->len);
		return true;
	}
	if (set->type != NODE_SEQ) {
		(void)eval_error(ev, pos, "template-type", "a %s cannot be in a %s",
			value_kind(item), value_kind(set));
		return false;
	}
	if (!eval_step(ev, pos, set->seq.count))
		return false;
	for (size_t i = 0; i < set->seq.count && !*ret; i++)
		*ret = value_equal(set->seq.items[i], item);
	return true;
}

static bool compare_one(struct eval *ev, const struct ast *op, const struct node *a,
	const struct node *b, bool *ret)
{
	switch (op->op) {
	case TOK_EQ:
	case TOK_NE:
		*ret = value_equal(a, b) == (op->op == TOK_EQ);
		return true;
	case TOK_IN:
	case TOK_NOT_IN:
		if (!contains(ev, op->pos, b, a, ret))
			return false;
		*ret = *ret == (op->op == TOK_IN);
		return true;
	default:
		break;
	}
	int order = 0;
	if (!value_compare(a, b, &order)) {
		(void)eval_error(ev, op->pos, "template-type", "a %s and a %s have no order",
			value_kind(a), value_kind(b));
		return false;
	}
	*ret = op->op == '<'      ? order < 0
	       : op->op == '>'    ? order > 0
	       : op->op == TOK_LE ? order <= 0
				  : order >= 0;
	return true;
}

/* a < b < c: each pair must hold, later ones are not looked at after one that does not. */
static struct node *eval_compare(struct eval *ev, const struct ast *e)
{
	const struct node *left = eval_value(ev, e->a);
	bool holds = true;
	for (const struct ast *op = e->items; left && op && holds; op = op->next) {
		const struct node *right = eval_value(ev, op->a);
		if (!right || !compare_one(ev, op, left, right, &holds))
			return NULL;
		left = right;
	}
	return left ? new_bool(ev, holds) : NULL;
}

static struct node *eval_sign(struct eval *ev, const struct ast *e)
{
	const struct node *v = eval_value(ev, e->a);
	if (!v)
		return NULL;
	int64_t n = 0;
	if (v->type == NODE_FLOAT)
		return new_float(ev, e->kind == AST_NEG ? -v->real : v->real);
	if (!value_int(v, &n))
		return eval_error(ev, e->pos, "template-type", "a %s has no sign", value_kind(v));
	if (e->kind == AST_NEG && __builtin_sub_overflow((int64_t)0, n, &n))
		return eval_error(ev, e->pos, "template-type", "number is too large");
	return new_int(ev, n);
}

static struct node *eval_logic(struct eval *ev, const struct ast *e)
{
	struct node *a = eval_value(ev, e->a);
	if (!a)
		return NULL;
	if (e->kind == AST_NOT)
		return new_bool(ev, !node_truthy(a));
	return node_truthy(a) == (e->kind == AST_OR) ? a : eval_any(ev, e->b);
}

static struct node *eval_cond(struct eval *ev, const struct ast *e)
{
	const struct node *cond = eval_value(ev, e->b);
	if (!cond)
		return NULL;
	if (node_truthy(cond))
		return eval_any(ev, e->a);
	if (e->c)
		return eval_any(ev, e->c);
	struct node *none =
		new_undefined(ev, "no value: the condition is false and there is no else");
	none->boolean = true;
	return none;
}

static struct node *eval_access(struct eval *ev, const struct ast *e)
{
	const struct node *obj = eval_value(ev, e->a);
	if (!obj)
		return NULL;
	if (e->kind == AST_ATTR)
		return eval_get(ev, e->pos, obj, e->text, e->len);
	if (e->b->kind == AST_SLICE)
		return eval_slice(ev, e, obj);
	const struct node *key = eval_value(ev, e->b);
	return key ? eval_index(ev, e->pos, obj, key) : NULL;
}

static struct node *eval_node(struct eval *ev, const struct ast *e)
{
	switch (e->kind) {
	case AST_CONST:
		return e->value;
	case AST_NAME:
		return eval_name(ev, e);
	case AST_ATTR:
	case AST_INDEX:
		return eval_access(ev, e);
	case AST_CALL:
		return eval_call(ev, e);
	case AST_FILTER:
	case AST_TEST:
		return call_func(ev, e, e->a);
	case AST_NEG:
	case AST_POS:
		return eval_sign(ev, e);
	case AST_NOT:
	case AST_AND:
	case AST_OR:
		return eval_logic(ev, e);
	case AST_COND:
		return eval_cond(ev, e);
	case AST_COMPARE:
		return eval_compare(ev, e);
	case AST_DICT:
		return eval_dict(ev, e);
	case AST_LIST:
	case AST_TUPLE:
		return eval_list(ev, e);
	default:
		break;
	}
	struct node *a = eval_value(ev, e->a);
	struct node *b = a ? eval_value(ev, e->b) : NULL;
	return b ? eval_binary(ev, e, a, b) : NULL;
}

/*
 * "a", "a.b", "a.b.c": most of what templates ask for, without what deeper trees need. NULL if it
 * is anything else, is not there, or is longer than parts: eval_node() finds out.
 */
static struct node *eval_path(struct eval *ev, const struct ast *e, unsigned parts)
{
	if (e->kind == AST_NAME)
		return find_name(ev, e);
	if (e->kind != AST_ATTR || !parts)
		return NULL;
	const struct node *obj = eval_path(ev, e->a, parts - 1);
	return obj && obj->type == NODE_MAP ? map_find_name(obj, e) : NULL;
}

struct node *eval_any(struct eval *ev, const struct ast *e)
{
	enum { PARTS = 8 };
	if (!eval_step(ev, e->pos, 1))
		return NULL;
	if (e->kind == AST_CONST)
		return e->value;
	struct node *found = eval_path(ev, e, PARTS);
	if (found)
		return found;
	if (ev->depth >= TMPL_MAX_DEPTH)
		return eval_error(ev, e->pos, "template-limit",
			"nested deeper than %d levels: does a macro call itself?", TMPL_MAX_DEPTH);
	ev->depth++;
	struct node *v = eval_node(ev, e);
	ev->depth--;
	return v;
}

struct node *tmpl_expr_eval(const struct tmpl_expr *e, const struct node *context,
	struct arena *arena, struct diag_list *diags)
{
	AUTO_STR out = STR_INIT;
	struct eval ev = {
		.context = context,
		.arena = arena,
		.diags = diags,
		.out = &out,
		.scratch = STR_INIT,
		.hold = SIZE_MAX,
	};
	struct node *v = eval_value(&ev, e->root);
	str_release(&ev.scratch);
	return v;
}
