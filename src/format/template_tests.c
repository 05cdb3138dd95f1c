/* Tests: what may stand behind "is". */
#include "format/template_internal.h"

#include <string.h>

static struct node *answer(struct tmpl_call *c, bool yes)
{
	return new_bool(c->ev, yes);
}

static struct node *t_defined(struct tmpl_call *c)
{
	return answer(c, c->self->type != TMPL_UNDEFINED);
}

static struct node *t_undefined(struct tmpl_call *c)
{
	return answer(c, c->self->type == TMPL_UNDEFINED);
}

static struct node *t_none(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_NULL);
}

static struct node *t_string(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_STRING);
}

static struct node *t_number(struct tmpl_call *c)
{
	return answer(c, value_is_number(c->self));
}

static struct node *t_integer(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_INT);
}

static struct node *t_float(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_FLOAT);
}

static struct node *t_boolean(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_BOOL);
}

static struct node *t_true(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_BOOL && c->self->boolean);
}

static struct node *t_false(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_BOOL && !c->self->boolean);
}

static struct node *t_mapping(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_MAP && !(c->self->flags & TMPL_NAMESPACE));
}

static struct node *t_iterable(struct tmpl_call *c)
{
	const int type = c->self->type;
	return answer(c, type == NODE_SEQ || type == NODE_STRING ||
				 (type == NODE_MAP && !(c->self->flags & TMPL_NAMESPACE)));
}

static struct node *t_reference(struct tmpl_call *c)
{
	return answer(c, c->self->type == NODE_REF);
}

static bool modulo(struct tmpl_call *c, int64_t by, int64_t *ret)
{
	if (!value_int(c->self, ret)) {
		(void)call_type_error(c, "a whole number");
		return false;
	}
	if (!by) {
		(void)eval_error(c->ev, c->pos, "template-type", "division by zero");
		return false;
	}
	*ret = by == -1 ? 0 : *ret % by;
	return true;
}

static struct node *t_odd(struct tmpl_call *c)
{
	int64_t n = 0;
	return modulo(c, 2, &n) ? answer(c, n != 0) : NULL;
}

static struct node *t_even(struct tmpl_call *c)
{
	int64_t n = 0;
	return modulo(c, 2, &n) ? answer(c, n == 0) : NULL;
}

static struct node *t_divisibleby(struct tmpl_call *c)
{
	int64_t n = 0, by = 0;
	return arg_int(c, 0, &by) && modulo(c, by, &n) ? answer(c, n == 0) : NULL;
}

static struct node *t_eq(struct tmpl_call *c)
{
	return answer(c, value_equal(c->self, c->arg[0]));
}

static struct node *t_ne(struct tmpl_call *c)
{
	return answer(c, !value_equal(c->self, c->arg[0]));
}

static bool ordered(struct tmpl_call *c, int *order)
{
	if (value_compare(c->self, c->arg[0], order))
		return true;
	(void)eval_error(c->ev, c->pos, "template-type", "a %s and a %s have no order",
		value_kind(c->self), value_kind(c->arg[0]));
	return false;
}

static struct node *t_lt(struct tmpl_call *c)
{
	int order = 0;
	return ordered(c, &order) ? answer(c, order < 0) : NULL;
}

static struct node *t_le(struct tmpl_call *c)
{
	int order = 0;
	return ordered(c, &order) ? answer(c, order <= 0) : NULL;
}

static struct node *t_gt(struct tmpl_call *c)
{
	int order = 0;
	return ordered(c, &order) ? answer(c, order > 0) : NULL;
}

static struct node *t_ge(struct tmpl_call *c)
{
	int order = 0;
	return ordered(c, &order) ? answer(c, order >= 0) : NULL;
}

static struct node *t_in(struct tmpl_call *c)
{
	const struct node *set = c->arg[0];
	if (set->type == NODE_STRING && c->self->type == NODE_STRING)
		return answer(c,
			!c->self->len || memmem(set->text, set->len, c->self->text, c->self->len));
	if (set->type == NODE_STRING)
		return call_type_error(c, "a text");
	const struct node *items = value_items(c->ev, c->pos, c->arg[0]);
	if (!items || !eval_step(c->ev, c->pos, items->seq.count))
		return NULL;
	for (size_t i = 0; i < items->seq.count; i++) {
		if (value_equal(items->seq.items[i], c->self))
			return answer(c, true);
	}
	return answer(c, false);
}

/* The same object: for the values that exist once (none, true, false) and equal ones of a type. */
static struct node *t_sameas(struct tmpl_call *c)
{
	const bool scalar = c->self->type <= NODE_STRING;
	return answer(c, c->self == c->arg[0] || (scalar && c->self->type == c->arg[0]->type &&
							 value_equal(c->self, c->arg[0])));
}

/* Is every letter of one case, and is there one? ASCII only. */
static struct node *cased(struct tmpl_call *c, char wrong_first, char right_first)
{
	if (!self_text(c))
		return NULL;
	bool some = false, wrong = false;
	for (size_t i = 0; i < c->self->len; i++) {
		const char x = c->self->text[i];
		some |= x >= right_first && x <= right_first + 25;
		wrong |= x >= wrong_first && x <= wrong_first + 25;
	}
	return answer(c, some && !wrong);
}

static struct node *t_lower(struct tmpl_call *c)
{
	return cased(c, 'A', 'a');
}

static struct node *t_upper(struct tmpl_call *c)
{
	return cased(c, 'a', 'A');
}

const struct tmpl_func tmpl_tests[] = {
	{"defined", t_defined, "", true},
	{"undefined", t_undefined, "", true},
	{"none", t_none, "", false},
	{"string", t_string, "", false},
	{"number", t_number, "", false},
	{"integer", t_integer, "", false},
	{"float", t_float, "", false},
	{"boolean", t_boolean, "", false},
	{"true", t_true, "", false},
	{"false", t_false, "", false},
	{"mapping", t_mapping, "", false},
	{"iterable", t_iterable, "", false},
	{"sequence", t_iterable, "", false},
	{"reference", t_reference, "", false},
	{"odd", t_odd, "", false},
	{"even", t_even, "", false},
	{"divisibleby", t_divisibleby, "!num", false},
	{"eq", t_eq, "!other", false},
	{"equalto", t_eq, "!other", false},
	{"ne", t_ne, "!other", false},
	{"lt", t_lt, "!other", false},
	{"lessthan", t_lt, "!other", false},
	{"le", t_le, "!other", false},
	{"gt", t_gt, "!other", false},
	{"greaterthan", t_gt, "!other", false},
	{"ge", t_ge, "!other", false},
	{"in", t_in, "!seq", false},
	{"sameas", t_sameas, "!other", false},
	{"lower", t_lower, "", false},
	{"upper", t_upper, "", false},
	{0},
};
