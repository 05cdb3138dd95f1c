/*
 * Operators, attributes, indexes and slices, with Python's results: / is always a fraction,
 * // and % round towards minus infinity, texts and lists can be multiplied.
 */
#include "format/template_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static struct node *type_error(
	struct eval *ev, const struct ast *e, const struct node *a, const struct node *b)
{
	if (e->op == '%' && a->type == NODE_STRING)
		return eval_error(ev, e->pos, "template-type",
			"texts are not formatted by %%: use the filter format");
	const char *op = e->op == TOK_FLOORDIV ? "//" : e->op == TOK_POW ? "**" : NULL;
	char one[2] = {(char)e->op, 0};
	return eval_error(ev, e->pos, "template-type", "a %s %s a %s has no meaning", value_kind(a),
		op ? op : one, value_kind(b));
}

static struct node *too_large(struct eval *ev, const struct ast *e)
{
	return eval_error(ev, e->pos, "template-type", "the result is too large a number");
}

static struct node *by_zero(struct eval *ev, const struct ast *e)
{
	return eval_error(ev, e->pos, "template-type", "division by zero");
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static struct node *int_pow(struct eval *ev, const struct ast *e, int64_t a, int64_t b)
{
	if (b < 0)
		return a ? new_float(ev, pow((double)a, (double)b)) : by_zero(ev, e);
	int64_t result = 1;
	while (b > 0) {
		if (b & 1 && __builtin_mul_overflow(result, a, &result))
			return too_large(ev, e);
		b >>= 1;
		if (b && __builtin_mul_overflow(a, a, &a))
			return too_large(ev, e);
	}
	return new_int(ev, result);
}

static struct node *int_math(struct eval *ev, const struct ast *e, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool overflow = false;
	switch (e->op) {
	case '+':
		overflow = __builtin_add_overflow(a, b, &r);
		break;
	case '-':
		overflow = __builtin_sub_overflow(a, b, &r);
		break;
	case '*':
		overflow = __builtin_mul_overflow(a, b, &r);
		break;
	case TOK_POW:
		return int_pow(ev, e, a, b);
	case '/':
		return b ? new_float(ev, (double)a / (double)b) : by_zero(ev, e);
	default:
		if (!b)
			return by_zero(ev, e);
		overflow = a == INT64_MIN && b == -1;
		if (!overflow) {
			r = floor_div(a, b);
			if (e->op == '%')
				r = a - r * b;
		}
	}
	return overflow ? too_large(ev, e) : new_int(ev, r);
}

static struct node *float_math(struct eval *ev, const struct ast *e, double a, double b)
{
	const bool divides = e->op == '/' || e->op == '%' || e->op == TOK_FLOORDIV;
	if (divides && !(b < 0 || b > 0))
		return by_zero(ev, e);
	double r = 0;
	switch (e->op) {
	case '+':
		r = a + b;
		break;
	case '-':
		r = a - b;
		break;
	case '*':
		r = a * b;
		break;
	case '/':
		r = a / b;
		break;
	case TOK_FLOORDIV:
		r = floor(a / b);
		break;
	case '%':
		r = fmod(a, b);
		if ((r < 0 || r > 0) && (r < 0) != (b < 0))
			r += b;
		break;
	default:
		r = pow(a, b);
	}
	return isfinite(r) ? new_float(ev, r) : too_large(ev, e);
}

static struct node *repeat(
	struct eval *ev, const struct ast *e, const struct node *v, int64_t times)
{
	const size_t len = v->type == NODE_STRING ? v->len : v->seq.count;
	const size_t n = times > 0 ? (size_t)times : 0;
	size_t total = 0;
	if (__builtin_mul_overflow(len, n, &total) || total > TMPL_MAX_MEMORY)
		total = TMPL_MAX_MEMORY + 1;
	if (v->type == NODE_SEQ) {
		struct node *seq = new_seq(ev, e->pos, total);
		for (size_t i = 0; seq && i < total; i++)
			seq->seq.items[seq->seq.count++] = v->seq.items[i % len];
		if (seq)
			seq->flags |= v->flags & TMPL_TUPLE;
		return seq;
	}
	if (!eval_charge(ev, e->pos, total))
		return NULL;
	const size_t start = ev->scratch.len;
	for (size_t i = 0; len && i < n; i++)
		str_addn(&ev->scratch, v->text, v->len);
	return new_text_scratch(ev, e->pos, start);
}

static struct node *join_seqs(
	struct eval *ev, const struct ast *e, const struct node *a, const struct node *b)
{
	struct node *seq = new_seq(ev, e->pos, a->seq.count + b->seq.count);
	if (!seq)
		return NULL;
	seq->flags |= a->flags & TMPL_TUPLE;
	for (size_t i = 0; i < a->seq.count; i++)
		seq->seq.items[seq->seq.count++] = a->seq.items[i];
	for (size_t i = 0; i < b->seq.count; i++)
		seq->seq.items[seq->seq.count++] = b->seq.items[i];
	return seq;
}

/* "~" joins the texts of any two values; "+" only two texts. */
static struct node *concat(
	struct eval *ev, const struct ast *e, const struct node *a, const struct node *b)
{
	const size_t start = ev->scratch.len;
	if (!value_text(a, &ev->scratch) || !value_text(b, &ev->scratch)) {
		str_truncate(&ev->scratch, start);
		return eval_error(ev, e->pos, "template-type",
			"a %s has no text to join: print it by itself, also inside quotes",
			value_kind(a->type == NODE_REF || a->type >= TMPL_UNDEFINED ? a : b));
	}
	return new_text_scratch(ev, e->pos, start);
}

static bool is_seq(const struct node *v)
{
	return v->type == NODE_STRING || v->type == NODE_SEQ;
}

static bool is_sum_of_seqs(const struct ast *e, const struct node *a, const struct node *b)
{
	return e->op == '+' && a->type == b->type && is_seq(a) &&
	       (a->flags & TMPL_TUPLE) == (b->flags & TMPL_TUPLE);
}

struct node *eval_binary(struct eval *ev, const struct ast *e, struct node *a, struct node *b)
{
	int64_t m = 0, n = 0;
	if (e->op == '~')
		return concat(ev, e, a, b);
	if (value_int(a, &m) && value_int(b, &n))
		return int_math(ev, e, m, n);
	if (value_is_number(a) && value_is_number(b))
		return float_math(ev, e, value_real(a), value_real(b));
	if (is_sum_of_seqs(e, a, b))
		return a->type == NODE_SEQ ? join_seqs(ev, e, a, b) : concat(ev, e, a, b);
	if (e->op == '*' && is_seq(a) && value_int(b, &n))
		return repeat(ev, e, a, n);
	if (e->op == '*' && is_seq(b) && value_int(a, &m))
		return repeat(ev, e, b, m);
	return type_error(ev, e, a, b);
}

static struct node *loop_get(struct eval *ev, const struct loop *loop, const char *name)
{
	const size_t i = loop->index, n = loop->count;
	if (!strcmp(name, "index"))
		return new_int(ev, (int64_t)i + 1);
	if (!strcmp(name, "index0"))
		return new_int(ev, (int64_t)i);
	if (!strcmp(name, "first"))
		return new_bool(ev, i == 0);
	if (!strcmp(name, "last"))
		return new_bool(ev, i + 1 == n);
	if (!strcmp(name, "length"))
		return new_int(ev, (int64_t)n);
	if (!strcmp(name, "revindex"))
		return new_int(ev, (int64_t)(n - i));
	if (!strcmp(name, "revindex0"))
		return new_int(ev, (int64_t)(n - i) - 1);
	if (!strcmp(name, "depth"))
		return new_int(ev, 1);
	if (!strcmp(name, "depth0"))
		return new_int(ev, 0);
	if (!strcmp(name, "previtem"))
		return i ? loop->items[i - 1] : new_undefined(ev, "there is no previous item");
	if (!strcmp(name, "nextitem"))
		return i + 1 < n ? loop->items[i + 1] : new_undefined(ev, "there is no next item");
	return new_undefined(ev, "a loop has no '%s'", name);
}

static bool is_identifier(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char c = name[i];
		const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
			return false;
	}
	return len > 0;
}

static struct node *new_ref(struct eval *ev, struct pos pos, size_t start)
{
	struct node *v = new_text_scratch(ev, pos, start);
	if (v)
		v->type = NODE_REF;
	return v;
}

/* obj.name; what a reference gives is a longer reference. */
struct node *eval_get(
	struct eval *ev, struct pos pos, const struct node *obj, const char *name, size_t len)
{
	if (obj->type == NODE_MAP) {
		struct node *v = map_find(obj, name, len);
		return v ? v : new_undefined(ev, "there is no '%.*s' here", (int)len, name);
	}
	if (obj->type == TMPL_LOOP)
		return loop_get(ev, (const void *)obj->text, name);
	if (obj->type == NODE_REF && is_identifier(name, len)) {
		const size_t start = ev->scratch.len;
		str_addn(&ev->scratch, obj->text, obj->len);
		str_addc(&ev->scratch, '.');
		str_addn(&ev->scratch, name, len);
		return new_ref(ev, pos, start);
	}
	/* The pairs that groupby makes. */
	if (obj->type == NODE_SEQ && obj->flags & TMPL_TUPLE && obj->seq.count == 2) {
		if (!strcmp(name, "grouper"))
			return obj->seq.items[0];
		if (!strcmp(name, "list"))
			return obj->seq.items[1];
	}
	return new_undefined(ev, "a %s has no '%.*s'", value_kind(obj), (int)len, name);
}

static struct node *ref_index(
	struct eval *ev, struct pos pos, const struct node *obj, const struct node *key)
{
	int64_t n = 0;
	const size_t start = ev->scratch.len;
	str_addn(&ev->scratch, obj->text, obj->len);
	str_addc(&ev->scratch, '[');
	if (key->type == NODE_STRING) {
		hcl_quoted(&ev->scratch, key->text, key->len, NULL);
	} else if (key->type == NODE_REF) {
		str_addn(&ev->scratch, key->text, key->len);
	} else if (value_int(key, &n) && n >= 0) {
		str_addf(&ev->scratch, "%" PRId64, n);
	} else {
		str_truncate(&ev->scratch, start);
		return eval_error(
			ev, pos, "template-type", "a reference has no index of that kind");
	}
	str_addc(&ev->scratch, ']');
	return new_ref(ev, pos, start);
}

static struct node *char_at(struct eval *ev, struct pos pos, const struct node *text, size_t index)
{
	const size_t at = utf8_offset(text->text, text->len, index);
	const size_t n = utf8_offset(text->text + at, text->len - at, 1);
	return new_text(ev, pos, text->text + at, n);
}

struct node *eval_index(
	struct eval *ev, struct pos pos, const struct node *obj, const struct node *key)
{
	if (obj->type == NODE_REF)
		return ref_index(ev, pos, obj, key);
	if (key->type == NODE_STRING)
		return eval_get(ev, pos, obj, key->text, key->len);
	int64_t i = 0;
	const bool text = obj->type == NODE_STRING;
	if (!value_int(key, &i) || (obj->type != NODE_SEQ && !text))
		return new_undefined(
			ev, "a %s has no index of kind %s", value_kind(obj), value_kind(key));
	const size_t count = text ? utf8_count(obj->text, obj->len) : obj->seq.count;
	if (i < 0)
		i += (int64_t)count;
	if (i < 0 || (uint64_t)i >= count)
		return new_undefined(ev, "there is no item %" PRId64 " in %zu", i, count);
	return text ? char_at(ev, pos, obj, (size_t)i) : obj->seq.items[i];
}

/* One border of a slice, brought inside [low, high] as Python does. */
static int64_t slice_border(int64_t i, int64_t count, int64_t low, int64_t high)
{
	if (i < 0)
		i = i < -count ? low : i + count;
	return i < low ? low : i > high ? high : i;
}

/* Evaluates one part of a:b:c. False after an error; absent parts keep *ret. */
static bool slice_part(struct eval *ev, const struct ast *e, int64_t *ret, bool *given)
{
	*given = false;
	if (!e)
		return true;
	const struct node *v = eval_value(ev, e);
	if (!v)
		return false;
	if (v->type == NODE_NULL)
		return true;
	*given = true;
	if (value_int(v, ret))
		return true;
	(void)eval_error(ev, e->pos, "template-type", "a slice takes whole numbers, not a %s",
		value_kind(v));
	return false;
}

struct slice {
	int64_t from, to, step;
};

/* The borders for count items, as Python's slice.indices() gives them. */
static bool slice_borders(struct eval *ev, const struct ast *e, int64_t count, struct slice *ret)
{
	bool has_from, has_to, has_step;
	*ret = (struct slice){.step = 1};
	if (!slice_part(ev, e->a, &ret->from, &has_from) ||
		!slice_part(ev, e->b, &ret->to, &has_to) ||
		!slice_part(ev, e->c, &ret->step, &has_step))
		return false;
	if (!ret->step) {
		(void)eval_error(ev, e->pos, "template-type", "the step of a slice must not be 0");
		return false;
	}
	const bool up = ret->step > 0;
	const int64_t low = up ? 0 : -1, high = up ? count : count - 1;
	ret->from = has_from ? slice_border(ret->from, count, low, high) : up ? low : high;
	ret->to = has_to ? slice_border(ret->to, count, low, high) : up ? high : low;
	return true;
}

static struct node *slice_items(
	struct eval *ev, const struct ast *e, struct node *obj, const struct slice *s)
{
	const struct node *items = value_items(ev, e->pos, obj);
	struct node *seq = items ? new_seq(ev, e->pos, 0) : NULL;
	for (int64_t i = s->from; seq && (s->step > 0 ? i < s->to : i > s->to);) {
		if (!seq_push(ev, e->pos, seq, items->seq.items[i]))
			return NULL;
		if (__builtin_add_overflow(i, s->step, &i))
			break;
	}
	if (seq)
		seq->flags |= obj->flags & TMPL_TUPLE;
	return seq;
}

struct node *eval_slice(struct eval *ev, const struct ast *index, const struct node *obj)
{
	const struct ast *e = index->b;
	const bool text = obj->type == NODE_STRING;
	if (!is_seq(obj))
		return eval_error(
			ev, e->pos, "template-type", "a %s cannot be sliced", value_kind(obj));
	const size_t count = text ? utf8_count(obj->text, obj->len) : obj->seq.count;
	struct slice s;
	if (!slice_borders(ev, e, (int64_t)count, &s))
		return NULL;
	if (text && s.step == 1) {
		const size_t a = utf8_offset(obj->text, obj->len, (size_t)s.from);
		const size_t b =
			utf8_offset(obj->text, obj->len, (size_t)(s.to > s.from ? s.to : s.from));
		return new_text(ev, e->pos, obj->text + a, b - a);
	}
	struct node *seq = slice_items(ev, e, (struct node *)obj, &s);
	if (!seq || !text)
		return seq;
	const size_t start = ev->scratch.len;
	for (size_t i = 0; i < seq->seq.count; i++)
		str_addn(&ev->scratch, seq->seq.items[i]->text, seq->seq.items[i]->len);
	return new_text_scratch(ev, e->pos, start);
}

/* What a loop or a filter goes through. */
struct node *value_items(struct eval *ev, struct pos pos, struct node *v)
{
	if (v->type == NODE_SEQ)
		return v;
	struct node *seq = NULL;
	if (v->type == NODE_MAP && !(v->flags & TMPL_NAMESPACE)) {
		seq = new_seq(ev, pos, v->map.count);
		for (size_t i = 0; seq && i < v->map.count; i++)
			seq->seq.items[seq->seq.count++] = v->map.pairs[i].key;
		return seq;
	}
	if (v->type != NODE_STRING)
		return eval_error(
			ev, pos, "template-type", "a %s has no items to go through", value_kind(v));
	seq = new_seq(ev, pos, utf8_count(v->text, v->len));
	for (size_t i = 0; seq && i < v->len;) {
		const size_t n = utf8_offset(v->text + i, v->len - i, 1);
		if (!seq_push(ev, pos, seq, new_text(ev, pos, v->text + i, n)))
			return NULL;
		i += n;
	}
	return seq;
}
