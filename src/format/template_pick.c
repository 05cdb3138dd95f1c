/* map, select, reject and their attribute forms: filters that take a filter or a test by name. */
#include "format/template_internal.h"

#include <string.h>

/* Applies a filter or test to item, with the arguments of c from first on. */
static struct node *apply(
	struct tmpl_call *c, const struct tmpl_func *f, struct node *item, size_t first, size_t end)
{
	struct tmpl_call inner = {.ev = c->ev, .pos = c->pos, .name = f->name, .self = item};
	unsigned given = 0;
	for (size_t i = first; i < end && c->arg[i]; i++) {
		if (i - first >= func_param_count(f))
			return eval_error(c->ev, c->pos, "template-type",
				"'%s' takes at most %zu arguments", f->name, func_param_count(f));
		inner.arg[i - first] = c->arg[i];
		given |= 1u << (i - first);
	}
	const char *missing = func_missing(f, given, c->ev->arena);
	if (missing)
		return eval_error(c->ev, c->pos, "template-type", "'%s' needs the argument '%s'",
			f->name, missing);
	if (item->type == TMPL_UNDEFINED && !f->takes_undefined)
		return eval_undefined_error(c->ev, c->pos, item);
	return f->fn(&inner);
}

static const struct tmpl_func *named(struct tmpl_call *c, size_t i,
	const struct tmpl_func *(*find)(const char *), const char *kind)
{
	if (!c->arg[i] || c->arg[i]->type != NODE_STRING) {
		(void)eval_error(c->ev, c->pos, "template-type", "'%s' needs the name of a %s",
			c->name, kind);
		return NULL;
	}
	const struct tmpl_func *f = find(c->arg[i]->text);
	if (!f)
		(void)eval_error(
			c->ev, c->pos, "template-type", "no %s named '%s'", kind, c->arg[i]->text);
	return f;
}

/* map(attribute='a.b', default=x) or map('filter', arguments) */
static struct node *f_map(struct tmpl_call *c)
{
	enum { ATTRIBUTE = 4, DEFAULT = 5 };
	const struct node *attribute = c->arg[ATTRIBUTE];
	const struct tmpl_func *f = attribute ? NULL : named(c, 0, filter_find, "filter");
	const struct node *items = value_items(c->ev, c->pos, c->self);
	struct node *seq =
		items && (attribute || f) ? new_seq(c->ev, c->pos, items->seq.count) : NULL;
	for (size_t i = 0; seq && i < items->seq.count; i++) {
		struct node *v = attribute ? attr_path(c, items->seq.items[i], attribute)
					   : apply(c, f, items->seq.items[i], 1, ATTRIBUTE);
		if (v && v->type == TMPL_UNDEFINED)
			v = c->arg[DEFAULT] ? c->arg[DEFAULT]
					    : eval_undefined_error(c->ev, c->pos, v);
		if (!v || !eval_step(c->ev, c->pos, 1))
			return NULL;
		seq->seq.items[seq->seq.count++] = v;
	}
	return seq;
}

/* Keeps the items whose test says wanted; by: the item itself or one of its attributes. */
/* What the test says of item; without a test, the item or attribute itself. */
static struct node *judge(
	struct tmpl_call *c, const struct tmpl_func *f, struct node *item, bool attribute)
{
	struct node *v = attribute ? attr_path(c, item, c->arg[0]) : item;
	if (v && f)
		return apply(c, f, v, attribute ? 2 : 1, TMPL_MAX_ARGS);
	return v && v->type == TMPL_UNDEFINED ? eval_undefined_error(c->ev, c->pos, v) : v;
}

static struct node *pick(struct tmpl_call *c, bool attribute, bool wanted)
{
	const size_t first = attribute ? 1 : 0;
	const struct tmpl_func *f = c->arg[first] ? named(c, first, test_find, "test") : NULL;
	const struct node *items = value_items(c->ev, c->pos, c->self);
	struct node *seq = items && !c->ev->failed ? new_seq(c->ev, c->pos, 0) : NULL;
	for (size_t i = 0; seq && i < items->seq.count; i++) {
		struct node *item = items->seq.items[i];
		const struct node *v = judge(c, f, item, attribute);
		if (!v || !eval_step(c->ev, c->pos, 1))
			return NULL;
		if (node_truthy(v) == wanted && !seq_push(c->ev, c->pos, seq, item))
			return NULL;
	}
	return seq;
}

static struct node *f_select(struct tmpl_call *c)
{
	return pick(c, false, true);
}

static struct node *f_reject(struct tmpl_call *c)
{
	return pick(c, false, false);
}

static struct node *f_selectattr(struct tmpl_call *c)
{
	return pick(c, true, true);
}

static struct node *f_rejectattr(struct tmpl_call *c)
{
	return pick(c, true, false);
}

const struct tmpl_func tmpl_pick_filters[] = {
	{"map", f_map, "filter a b c attribute default", false},
	{"select", f_select, "test a b", false},
	{"reject", f_reject, "test a b", false},
	{"selectattr", f_selectattr, "!attribute test a b", false},
	{"rejectattr", f_rejectattr, "!attribute test a b", false},
	{0},
};
