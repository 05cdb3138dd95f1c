/* Filters on lists: order, duplicates, joining, groups. Sorting is stable, as Python's is. */
#include "format/template_internal.h"

#include <string.h>

static struct node *items_of(struct tmpl_call *c)
{
	return value_items(c->ev, c->pos, c->self);
}

static struct node *f_length(struct tmpl_call *c)
{
	const struct node *v = c->self;
	switch (v->type) {
	case NODE_STRING:
		return new_int(c->ev, (int64_t)utf8_count(v->text, v->len));
	case NODE_SEQ:
		return new_int(c->ev, (int64_t)v->seq.count);
	case NODE_MAP:
		return new_int(c->ev, (int64_t)v->map.count);
	default:
		return call_type_error(c, "a list, map or text");
	}
}

static struct node *f_first(struct tmpl_call *c)
{
	const struct node *items = items_of(c);
	if (!items)
		return NULL;
	return items->seq.count ? items->seq.items[0]
				: new_undefined(c->ev, "there is no first item in an empty list");
}

static struct node *f_last(struct tmpl_call *c)
{
	const struct node *items = items_of(c);
	if (!items)
		return NULL;
	return items->seq.count ? items->seq.items[items->seq.count - 1]
				: new_undefined(c->ev, "there is no last item in an empty list");
}

static struct node *f_list(struct tmpl_call *c)
{
	const struct node *items = items_of(c);
	struct node *seq = items ? new_seq(c->ev, c->pos, items->seq.count) : NULL;
	if (!seq)
		return NULL;
	seq->seq.count = items->seq.count;
	if (items->seq.count)
		memcpy(seq->seq.items, items->seq.items,
			items->seq.count * sizeof items->seq.items[0]);
	return seq;
}

static struct node *f_reverse(struct tmpl_call *c)
{
	struct node *seq = f_list(c);
	if (!seq)
		return NULL;
	for (size_t i = 0; i < seq->seq.count / 2; i++) {
		struct node *item = seq->seq.items[i];
		seq->seq.items[i] = seq->seq.items[seq->seq.count - 1 - i];
		seq->seq.items[seq->seq.count - 1 - i] = item;
	}
	if (c->self->type != NODE_STRING)
		return seq;
	const size_t start = c->ev->scratch.len;
	for (size_t i = 0; i < seq->seq.count; i++)
		str_addn(&c->ev->scratch, seq->seq.items[i]->text, seq->seq.items[i]->len);
	return new_text_scratch(c->ev, c->pos, start);
}

static struct node *f_join(struct tmpl_call *c)
{
	const struct node *items = items_of(c);
	const char *sep = "";
	size_t sep_len = 0;
	if (!items || !arg_text(c, 0, &sep, &sep_len))
		return NULL;
	const size_t start = c->ev->scratch.len;
	for (size_t i = 0; i < items->seq.count; i++) {
		struct node *item = items->seq.items[i];
		if (c->arg[1])
			item = attr_path(c, item, c->arg[1]);
		if (item && item->type == TMPL_UNDEFINED)
			item = eval_undefined_error(c->ev, c->pos, item);
		if (!item || !eval_charge(c->ev, c->pos, sep_len + item->len) ||
			!eval_step(c->ev, c->pos, 1))
			return NULL;
		if (i)
			str_addn(&c->ev->scratch, sep, sep_len);
		if (!value_text(item, &c->ev->scratch))
			return eval_error(c->ev, c->pos, "template-type",
				"join: item %zu is a %s, which has no text", i, value_kind(item));
	}
	return new_text_scratch(c->ev, c->pos, start);
}

/* ---- order ---- */

struct keyed {
	struct node *key, *item;
};

/* An attribute "a,b" names several keys; an item without it is an error. */
static struct node *sort_key(
	struct tmpl_call *c, struct node *item, const struct node *attr, bool case_sensitive)
{
	struct node *key = item;
	if (attr && attr->type != NODE_NULL)
		key = attr_path(c, item, attr);
	if (key && key->type == TMPL_UNDEFINED)
		return eval_undefined_error(c->ev, c->pos, key);
	return key && !case_sensitive ? fold_case(c, key) : key;
}

static bool before(struct tmpl_call *c, const struct keyed *a, const struct keyed *b, bool reverse)
{
	int order = 0;
	if (!value_compare(a->key, b->key, &order)) {
		(void)eval_error(c->ev, c->pos, "template-type",
			"'%s': a %s and a %s have no order", c->name, value_kind(a->key),
			value_kind(b->key));
		return false;
	}
	return reverse ? order > 0 : order < 0;
}

/* Merge sort, bottom up. False after an error. */
static bool sort_keyed(struct tmpl_call *c, struct keyed *all, size_t n, bool reverse)
{
	struct keyed *other = arena_array(c->ev->arena, n + 1, sizeof *other);
	for (size_t width = 1; width < n; width *= 2) {
		if (!eval_step(c->ev, c->pos, n))
			return false;
		for (size_t at = 0; at < n; at += 2 * width) {
			size_t a = at, b = at + width < n ? at + width : n, out = at;
			const size_t mid = b, end = at + 2 * width < n ? at + 2 * width : n;
			while (a < mid || b < end) {
				const bool right =
					b < end &&
					(a >= mid || before(c, &all[b], &all[a], reverse));
				if (c->ev->failed)
					return false;
				other[out++] = right ? all[b++] : all[a++];
			}
		}
		memcpy(all, other, n * sizeof *all);
	}
	return true;
}

/* The items with their keys, sorted; NULL after an error. */
static struct keyed *sorted(struct tmpl_call *c, const struct node *items, const struct node *attr,
	bool case_sensitive, bool reverse)
{
	const size_t n = items->seq.count;
	if (!eval_charge(c->ev, c->pos, (2 * n + 2) * sizeof(struct keyed)))
		return NULL;
	struct keyed *all = arena_array(c->ev->arena, n + 1, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		all[i].item = items->seq.items[i];
		all[i].key = sort_key(c, all[i].item, attr, case_sensitive);
		if (!all[i].key)
			return NULL;
	}
	return sort_keyed(c, all, n, reverse) ? all : NULL;
}

static struct node *f_sort(struct tmpl_call *c)
{
	bool reverse = false, case_sensitive = false;
	const struct node *items = items_of(c);
	if (!items || !arg_bool(c, 0, &reverse) || !arg_bool(c, 1, &case_sensitive))
		return NULL;
	const struct keyed *all = sorted(c, items, c->arg[2], case_sensitive, reverse);
	struct node *seq = all ? new_seq(c->ev, c->pos, items->seq.count) : NULL;
	for (size_t i = 0; seq && i < items->seq.count; i++)
		seq->seq.items[seq->seq.count++] = all[i].item;
	return seq;
}

static struct node *f_unique(struct tmpl_call *c)
{
	bool case_sensitive = false;
	const struct node *items = items_of(c);
	struct node *seq = items ? new_seq(c->ev, c->pos, 0) : NULL;
	struct node *keys = seq ? new_seq(c->ev, c->pos, 0) : NULL;
	if (!keys || !arg_bool(c, 0, &case_sensitive))
		return NULL;
	for (size_t i = 0; i < items->seq.count; i++) {
		struct node *key = sort_key(c, items->seq.items[i], c->arg[1], case_sensitive);
		if (!key || !eval_step(c->ev, c->pos, 1 + keys->seq.count))
			return NULL;
		bool known = false;
		for (size_t k = 0; k < keys->seq.count && !known; k++)
			known = value_equal(keys->seq.items[k], key);
		if (!known && (!seq_push(c->ev, c->pos, keys, key) ||
				      !seq_push(c->ev, c->pos, seq, items->seq.items[i])))
			return NULL;
	}
	return seq;
}

static struct node *extreme(struct tmpl_call *c, bool max)
{
	bool case_sensitive = false;
	const struct node *items = items_of(c);
	if (!items || !arg_bool(c, 0, &case_sensitive))
		return NULL;
	struct keyed best = {0};
	for (size_t i = 0; i < items->seq.count; i++) {
		struct keyed one = {.item = items->seq.items[i]};
		one.key = sort_key(c, one.item, c->arg[1], case_sensitive);
		if (!one.key)
			return NULL;
		if (!best.item || before(c, &one, &best, max))
			best = one;
		if (c->ev->failed)
			return NULL;
	}
	return best.item ? best.item : new_undefined(c->ev, "'%s' of an empty list", c->name);
}

static struct node *f_min(struct tmpl_call *c)
{
	return extreme(c, false);
}

static struct node *f_max(struct tmpl_call *c)
{
	return extreme(c, true);
}

static struct node *f_sum(struct tmpl_call *c)
{
	const struct node *items = items_of(c);
	struct node *total = c->arg[1] ? c->arg[1] : new_int(c->ev, 0);
	const struct ast add = {.kind = AST_BINARY, .op = '+', .pos = c->pos};
	for (size_t i = 0; items && total && i < items->seq.count; i++) {
		struct node *item = items->seq.items[i];
		if (c->arg[0] && c->arg[0]->type != NODE_NULL)
			item = attr_path(c, item, c->arg[0]);
		if (item && item->type == TMPL_UNDEFINED)
			item = eval_undefined_error(c->ev, c->pos, item);
		total = item && eval_step(c->ev, c->pos, 1) ? eval_binary(c->ev, &add, total, item)
							    : NULL;
	}
	return items ? total : NULL;
}

/* Lists of n items; the last is filled up if there is something to fill it with. */
static bool fill_row(struct tmpl_call *c, struct node *row, size_t n, struct node *with)
{
	while (row && with && with->type != NODE_NULL && row->seq.count < n) {
		if (!seq_push(c->ev, c->pos, row, with))
			return false;
	}
	return true;
}

static struct node *f_batch(struct tmpl_call *c)
{
	int64_t n = 0;
	const struct node *items = items_of(c);
	struct node *all = items ? new_seq(c->ev, c->pos, 0) : NULL, *row = NULL;
	if (!all || !arg_int(c, 0, &n))
		return NULL;
	if (n < 1 || n > TMPL_MAX_STEPS)
		return eval_error(c->ev, c->pos, "template-type",
			"batch: rows of %ld make no sense", (long)n);
	for (size_t i = 0; i < items->seq.count; i++) {
		if (i % (size_t)n == 0) {
			row = new_seq(c->ev, c->pos, 0);
			if (!row || !seq_push(c->ev, c->pos, all, row))
				return NULL;
		}
		if (!seq_push(c->ev, c->pos, row, items->seq.items[i]))
			return NULL;
	}
	return fill_row(c, row, (size_t)n, c->arg[1]) ? all : NULL;
}

static struct node *f_items(struct tmpl_call *c)
{
	if (c->self->type == TMPL_UNDEFINED)
		return new_seq(c->ev, c->pos, 0);
	if (c->self->type != NODE_MAP)
		return call_type_error(c, "a map");
	struct node *seq = new_seq(c->ev, c->pos, c->self->map.count);
	for (size_t i = 0; seq && i < c->self->map.count; i++) {
		struct node *pair = new_pair(
			c->ev, c->pos, c->self->map.pairs[i].key, c->self->map.pairs[i].value);
		if (!pair)
			return NULL;
		seq->seq.items[seq->seq.count++] = pair;
	}
	return seq;
}

static struct node *f_dictsort(struct tmpl_call *c)
{
	bool case_sensitive = false, reverse = false;
	const char *by = "key";
	size_t by_len = 3;
	if (c->self->type != NODE_MAP)
		return call_type_error(c, "a map");
	if (!arg_bool(c, 0, &case_sensitive) || !arg_text(c, 1, &by, &by_len) ||
		!arg_bool(c, 2, &reverse))
		return NULL;
	if (strcmp(by, "key") != 0 && strcmp(by, "value") != 0)
		return eval_error(c->ev, c->pos, "template-type",
			"dictsort: by must be 'key' or 'value', not '%s'", by);
	struct node *pairs = f_items(c);
	const struct node index = {.type = NODE_INT, .integer = *by == 'v'};
	const struct keyed *all = pairs ? sorted(c, pairs, &index, case_sensitive, reverse) : NULL;
	for (size_t i = 0; all && i < pairs->seq.count; i++)
		pairs->seq.items[i] = all[i].item;
	return all ? pairs : NULL;
}

/* Pairs (value, items that have it), sorted by value. */
/* Pairs of an item's key and the item. */
static struct node *group_keys(struct tmpl_call *c, const struct node *items)
{
	struct node *keyed = new_seq(c->ev, c->pos, items->seq.count);
	for (size_t i = 0; keyed && i < items->seq.count; i++) {
		struct node *key = attr_path(c, items->seq.items[i], c->arg[0]);
		if (key && key->type == TMPL_UNDEFINED)
			key = c->arg[1] ? c->arg[1] : eval_undefined_error(c->ev, c->pos, key);
		struct node *pair = key ? new_pair(c->ev, c->pos, key, items->seq.items[i]) : NULL;
		if (!pair)
			return NULL;
		keyed->seq.items[keyed->seq.count++] = pair;
	}
	return keyed;
}

static struct node *f_groupby(struct tmpl_call *c)
{
	bool case_sensitive = false;
	const struct node *items = items_of(c);
	if (!items || !arg_bool(c, 2, &case_sensitive))
		return NULL;
	const struct node *keyed = group_keys(c, items);
	const struct node index = {.type = NODE_INT, .integer = 0};
	const struct keyed *all = keyed ? sorted(c, keyed, &index, case_sensitive, false) : NULL;
	struct node *groups = all ? new_seq(c->ev, c->pos, 0) : NULL, *members = NULL;
	for (size_t i = 0; groups && i < keyed->seq.count; i++) {
		struct node *const *pair = all[i].item->seq.items;
		if (i == 0 || !value_equal(all[i - 1].key, all[i].key)) {
			members = new_seq(c->ev, c->pos, 0);
			struct node *group =
				members ? new_pair(c->ev, c->pos, pair[0], members) : NULL;
			if (!seq_push(c->ev, c->pos, groups, group))
				return NULL;
		}
		if (!seq_push(c->ev, c->pos, members, pair[1]))
			return NULL;
	}
	return groups;
}

const struct tmpl_func tmpl_seq_filters[] = {
	{"length", f_length, "", false},
	{"count", f_length, "", false},
	{"first", f_first, "", false},
	{"last", f_last, "", false},
	{"list", f_list, "", false},
	{"reverse", f_reverse, "", false},
	{"join", f_join, "d attribute", false},
	{"sort", f_sort, "reverse case_sensitive attribute", false},
	{"unique", f_unique, "case_sensitive attribute", false},
	{"min", f_min, "case_sensitive attribute", false},
	{"max", f_max, "case_sensitive attribute", false},
	{"sum", f_sum, "attribute start", false},
	{"batch", f_batch, "!linecount fill_with", false},
	{"items", f_items, "", true},
	{"dictsort", f_dictsort, "case_sensitive by reverse", false},
	{"groupby", f_groupby, "!attribute default case_sensitive", false},
	{0},
};
