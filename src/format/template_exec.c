/*
 * Statements: walks the tree and appends to the output. Scopes are Jinja2's: the body of a loop
 * and an included template have one of their own, that of an if has none; a macro sees its
 * arguments and what is at the top level of its template, not its caller.
 */
#include "format/template_internal.h"

#include <stdlib.h>
#include <string.h>

struct scope {
	size_t start, count, root_end;
};

static struct scope scope_enter(struct eval *ev)
{
	const struct scope before = {ev->scope, ev->count, ev->root_end};
	ev->scope = ev->count;
	return before;
}

static void scope_leave(struct eval *ev, struct scope before)
{
	ev->scope = before.start;
	ev->count = before.count;
	ev->root_end = before.root_end;
}

bool eval_assign(struct eval *ev, const struct ast *target, struct node *value)
{
	if (target->kind == AST_NAME) {
		eval_bind(ev, target->text, value);
		return true;
	}
	if (value->type == TMPL_UNDEFINED)
		return eval_undefined_error(ev, target->pos, value) != NULL;
	const struct node *items = value_items(ev, target->pos, value);
	if (!items)
		return false;
	if (items->seq.count != target->count) {
		(void)eval_error(ev, target->pos, "template-type", "%zu values for %u names",
			items->seq.count, target->count);
		return false;
	}
	size_t i = 0;
	for (const struct ast *name = target->items; name; name = name->next)
		eval_bind(ev, name->text, items->seq.items[i++]);
	return true;
}

/* {% set ns.x = value %}: the one value that templates may change. */
static bool set_attribute(struct eval *ev, const struct ast *target, struct node *value)
{
	struct node *ns = eval_value(ev, target->a);
	if (!ns)
		return false;
	if (ns->type != NODE_MAP || !(ns->flags & TMPL_NAMESPACE)) {
		(void)eval_error(ev, target->pos, "template-type",
			"only a namespace() can be changed, this is a %s", value_kind(ns));
		return false;
	}
	for (size_t i = 0; i < ns->map.count; i++) {
		const struct node *key = ns->map.pairs[i].key;
		if (key->len == target->len && !memcmp(key->text, target->text, key->len)) {
			ns->map.pairs[i].value = value;
			return true;
		}
	}
	struct node *key = new_text(ev, target->pos, target->text, target->len);
	if (!key)
		return false;
	ns->map.pairs = arena_grow(
		ev->arena, ns->map.pairs, ns->map.count, &ns->map.cap, sizeof ns->map.pairs[0]);
	ns->map.pairs[ns->map.count++] = (struct node_pair){key, value};
	return true;
}

static bool exec_set(struct eval *ev, const struct ast *e)
{
	/* An undefined value may be kept; only using it is an error. */
	struct node *v = e->c->kind == AST_ATTR ? eval_value(ev, e->a) : eval_any(ev, e->a);
	if (!v)
		return false;
	if (e->c->kind == AST_ATTR)
		return set_attribute(ev, e->c, v);
	const bool at_root = ev->root_end == ev->count;
	if (!eval_assign(ev, e->c, v))
		return false;
	if (at_root)
		ev->root_end = ev->count;
	return true;
}

static bool exec_if(struct eval *ev, const struct ast *e)
{
	for (;;) {
		const struct node *cond = eval_value(ev, e->a);
		if (!cond)
			return false;
		if (node_truthy(cond))
			return exec_list(ev, e->items);
		if (!e->alt || e->alt->kind != AST_IF || e->alt->next)
			return exec_list(ev, e->alt);
		e = e->alt;
	}
}

/* "for x in y if z": only the items for which z holds. */
static struct node *filter_items(struct eval *ev, const struct ast *e, const struct node *all)
{
	struct node *kept = new_seq(ev, e->pos, 0);
	for (size_t i = 0; kept && i < all->seq.count; i++) {
		const struct scope before = scope_enter(ev);
		const struct node *cond =
			eval_assign(ev, e->c, all->seq.items[i]) ? eval_value(ev, e->b) : NULL;
		scope_leave(ev, before);
		if (!cond || (node_truthy(cond) && !seq_push(ev, e->pos, kept, all->seq.items[i])))
			return NULL;
	}
	return kept;
}

static bool exec_for(struct eval *ev, const struct ast *e)
{
	struct node *value = eval_value(ev, e->a);
	const struct node *items = value ? value_items(ev, e->a->pos, value) : NULL;
	if (items && e->b)
		items = filter_items(ev, e, items);
	if (!items)
		return false;
	struct loop *loop = arena_alloc(ev->arena, sizeof *loop);
	*loop = (struct loop){items->seq.items, 0, items->seq.count};
	struct node *loop_value = new_value(ev, TMPL_LOOP);
	loop_value->text = (const char *)loop;
	bool ok = true;
	for (; ok && loop->index < loop->count; loop->index++) {
		const struct scope before = scope_enter(ev);
		eval_bind(ev, e->text, loop_value);
		ok = eval_step(ev, e->pos, 1) && eval_assign(ev, e->c, loop->items[loop->index]) &&
		     exec_list(ev, e->items);
		scope_leave(ev, before);
	}
	if (ok && !loop->count) {
		const struct scope before = scope_enter(ev);
		ok = exec_list(ev, e->alt);
		scope_leave(ev, before);
	}
	return ok;
}

static bool exec_include(struct eval *ev, const struct ast *e)
{
	const struct unit *unit = e->def;
	const struct scope before = scope_enter(ev);
	ev->root_end = ev->count;
	const bool ok = exec_list(ev, unit->body);
	scope_leave(ev, before);
	return ok;
}

static void bind_macro(struct eval *ev, const char *name, const struct ast *macro)
{
	const bool at_root = ev->root_end == ev->count;
	struct node *v = new_value(ev, TMPL_MACRO);
	v->text = (const char *)macro;
	eval_bind(ev, name, v);
	if (at_root)
		ev->root_end = ev->count;
}

/* Binds the arguments of a call to the parameters. The names are bound in a scope of their own. */
static bool bind_args(
	struct eval *ev, const struct ast *macro, const struct ast *call, struct node **values)
{
	size_t i = 0;
	for (const struct ast *arg = call->items; arg; arg = arg->next) {
		size_t slot = 0;
		const struct ast *param = macro->items;
		while (param && (arg->text ? param->text != arg->text : slot < i)) {
			param = param->next;
			slot++;
		}
		if (!param || values[slot]) {
			if (arg->text)
				(void)eval_error(ev, arg->pos, "template-type",
					"macro '%s' has no parameter '%s', or it is given twice",
					macro->text, arg->text);
			else
				(void)eval_error(ev, arg->pos, "template-type",
					"macro '%s' takes at most %u arguments", macro->text,
					macro->count);
			return false;
		}
		values[slot] = eval_any(ev, arg->a);
		if (!values[slot])
			return false;
		i += !arg->text;
	}
	return true;
}

struct node *exec_macro(struct eval *ev, const struct ast *macro, const struct ast *call)
{
	struct node **values = arena_array(ev->arena, macro->count + 1, sizeof values[0]);
	if (!bind_args(ev, macro, call, values))
		return NULL;
	AUTO_STR text = STR_INIT;
	const struct eval outer = *ev;
	const struct scope before = scope_enter(ev);
	/* Nested macros see less, never more. */
	if (!ev->macro_unit)
		ev->hide_from = ev->root_end;
	ev->hide_to = ev->count;
	ev->macro_unit = macro->def;
	ev->out = &text;
	ev->out_start = 0;
	ev->hold = SIZE_MAX;
	bool ok = true;
	size_t i = 0;
	for (const struct ast *param = macro->items; ok && param; param = param->next, i++) {
		if (!values[i] && param->a)
			values[i] = eval_any(ev, param->a);
		else if (!values[i])
			values[i] = new_undefined(ev, "parameter '%s' of macro '%s' was not given",
				param->text, macro->text);
		ok = values[i] != NULL;
		if (ok)
			eval_bind(ev, param->text, values[i]);
	}
	ok = ok && exec_list(ev, macro->alt);
	scope_leave(ev, before);
	ev->hide_from = outer.hide_from;
	ev->hide_to = outer.hide_to;
	ev->macro_unit = outer.macro_unit;
	ev->out = outer.out;
	ev->out_start = outer.out_start;
	ev->hold = outer.hold;
	struct node *v = ok ? new_text(ev, call->pos, text.data, text.len) : NULL;
	if (v)
		v->flags |= TMPL_SAFE;
	return v;
}

static bool exec_text(struct eval *ev, const struct ast *e)
{
	/* A printed "$" must not begin an expression together with this "{". */
	if (ev->hold == ev->out->len && e->text[0] == '{') {
		const char last = ev->out->data[ev->out->len - 1];
		str_truncate(ev->out, ev->out->len - 1);
		str_addf(ev->out, "\\u%04x", (unsigned)last);
	}
	str_addn(ev->out, e->text, e->len);
	return true;
}

/* Where a literal must stand, nothing is not one. */
static bool may_be_nothing(const struct eval *ev, const struct ast *output)
{
	const bool data = ev->escape == TMPL_ESCAPE_HCL || ev->escape == TMPL_ESCAPE_JSON;
	return output->place != PLACE_LITERAL || !data;
}

static bool exec_output(struct eval *ev, const struct ast *e)
{
	const struct node *v = eval_any(ev, e->a);
	if (!v)
		return false;
	if (v->type != TMPL_UNDEFINED)
		return eval_print(ev, e, v);
	return (v->boolean && may_be_nothing(ev, e)) || eval_undefined_error(ev, e->a->pos, v);
}

static bool exec_one(struct eval *ev, const struct ast *e)
{
	switch (e->kind) {
	case AST_TEXT:
		return exec_text(ev, e);
	case AST_OUTPUT:
		return exec_output(ev, e);
	case AST_IF:
		return exec_if(ev, e);
	case AST_FOR:
		return exec_for(ev, e);
	case AST_SET:
		return exec_set(ev, e);
	case AST_INCLUDE:
		return exec_include(ev, e);
	case AST_MACRO:
		bind_macro(ev, e->text, e);
		return true;
	default: /* AST_IMPORT */
		for (const struct ast *name = e->items; name; name = name->next)
			bind_macro(ev, name->text, name->def);
		return true;
	}
}

bool exec_list(struct eval *ev, const struct ast *list)
{
	if (!list)
		return true;
	if (ev->depth >= TMPL_MAX_DEPTH) {
		(void)eval_error(ev, list->pos, "template-limit",
			"nested deeper than %d levels: does a macro call itself?", TMPL_MAX_DEPTH);
		return false;
	}
	ev->depth++;
	bool ok = true;
	for (const struct ast *e = list; ok && e; e = e->next) {
		ok = eval_step(ev, e->pos, 1) && exec_one(ev, e);
		if (ok && ev->out->len - ev->out_start > TMPL_MAX_OUTPUT) {
			(void)eval_error(ev, e->pos, "template-limit",
				"the output is larger than %d MiB",
				TMPL_MAX_OUTPUT / (1024 * 1024));
			ok = false;
		}
	}
	ev->depth--;
	return ok;
}

int tmpl_render(
	const struct tmpl *t, const struct node *context, struct str *out, struct diag_list *diags)
{
	AUTO_ARENA arena = {0};
	struct eval ev = {
		.escape = t->escape,
		.context = context,
		.arena = &arena,
		.diags = diags,
		.out = out,
		.out_start = out->len,
		.scratch = STR_INIT,
		.hold = SIZE_MAX,
	};
	const bool ok = exec_list(&ev, t->main->body);
	str_release(&ev.scratch);
	if (!ok)
		str_truncate(out, ev.out_start);
	return ok ? 0 : -1;
}
