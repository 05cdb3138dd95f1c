/* Filters, tests and methods by name, and their arguments. */
#include "format/template_internal.h"

#include <string.h>

static const struct tmpl_func *const filter_tables[] = {
	tmpl_text_filters, tmpl_seq_filters, tmpl_pick_filters, tmpl_number_filters};

static const struct tmpl_func *find(const struct tmpl_func *table, const char *name)
{
	for (; table->name; table++) {
		if (!strcmp(table->name, name))
			return table;
	}
	return NULL;
}

const struct tmpl_func *filter_find(const char *name)
{
	const struct tmpl_func *f = NULL;
	for (size_t i = 0; !f && i < ARRAY_LEN(filter_tables); i++)
		f = find(filter_tables[i], name);
	return f;
}

const struct tmpl_func *test_find(const char *name)
{
	return find(tmpl_tests, name);
}

const struct tmpl_func *method_find(const char *name)
{
	return find(tmpl_methods, name);
}

enum { MAX_FUNCS = 100 };

static size_t collect(const struct tmpl_func *table, const char **names, size_t n)
{
	for (; table->name && n < MAX_FUNCS; table++)
		names[n++] = table->name;
	names[n] = NULL;
	return n;
}

const char *filter_nearest(const char *name)
{
	const char *names[MAX_FUNCS + 1];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(filter_tables); i++)
		n = collect(filter_tables[i], names, n);
	return str_nearest(name, names);
}

const char *test_nearest(const char *name)
{
	const char *names[MAX_FUNCS + 1];
	(void)collect(tmpl_tests, names, 0);
	return str_nearest(name, names);
}

/* The next name of a list "!a b c"; NULL at its end. */
static const char *next_param(const char *p, size_t *len, bool *must)
{
	p += strspn(p, " ");
	if (!*p)
		return NULL;
	*must = *p == '!';
	p += *must;
	*len = strcspn(p, " ");
	return p;
}

int func_slot(const struct tmpl_func *f, const char *keyword)
{
	size_t len;
	bool must;
	int slot = 0;
	for (const char *p = f->params; (p = next_param(p, &len, &must)); p += len, slot++) {
		if (strlen(keyword) == len && !memcmp(p, keyword, len))
			return slot;
	}
	return -1;
}

size_t func_param_count(const struct tmpl_func *f)
{
	size_t len, n = 0;
	bool must;
	for (const char *p = f->params; (p = next_param(p, &len, &must)); p += len)
		n++;
	return n;
}

const char *func_missing(const struct tmpl_func *f, unsigned mask, struct arena *arena)
{
	size_t len;
	bool must;
	unsigned slot = 0;
	for (const char *p = f->params; (p = next_param(p, &len, &must)); p += len, slot++) {
		if (must && !(mask & 1u << slot))
			return arena_memdup(arena, p, len);
	}
	return NULL;
}

struct node *call_type_error(const struct tmpl_call *c, const char *expected)
{
	return eval_error(c->ev, c->pos, "template-type", "'%s' wants %s, this is a %s", c->name,
		expected, value_kind(c->self));
}

static bool arg_error(const struct tmpl_call *c, size_t i, const char *expected)
{
	(void)eval_error(c->ev, c->pos, "template-type",
		"argument %zu of '%s' must be %s, not a %s", i + 1, c->name, expected,
		value_kind(c->arg[i]));
	return false;
}

bool arg_int(const struct tmpl_call *c, size_t i, int64_t *ret)
{
	return !c->arg[i] || value_int(c->arg[i], ret) || arg_error(c, i, "a whole number");
}

bool arg_bool(const struct tmpl_call *c, size_t i, bool *ret)
{
	if (c->arg[i])
		*ret = node_truthy(c->arg[i]);
	return true;
}

bool arg_text(const struct tmpl_call *c, size_t i, const char **ret, size_t *ret_len)
{
	if (!c->arg[i])
		return true;
	if (c->arg[i]->type != NODE_STRING)
		return arg_error(c, i, "a text");
	*ret = c->arg[i]->text;
	*ret_len = c->arg[i]->len;
	return true;
}

bool self_text(const struct tmpl_call *c)
{
	if (c->self->type == NODE_STRING)
		return true;
	(void)call_type_error(c, "a text");
	return false;
}

struct node *attr_path(const struct tmpl_call *c, struct node *item, const struct node *path)
{
	int64_t index = 0;
	if (value_int(path, &index))
		return eval_index(c->ev, c->pos, item, path);
	if (path->type != NODE_STRING)
		return eval_error(c->ev, c->pos, "template-type",
			"'%s': an attribute is named by a text", c->name);
	for (size_t i = 0; item && i <= path->len;) {
		const char *part = path->text + i;
		const char *dot = memchr(part, '.', path->len - i);
		const size_t len = dot ? (size_t)(dot - part) : path->len - i;
		if (item->type == TMPL_UNDEFINED)
			return eval_undefined_error(c->ev, c->pos, item);
		if (len && strspn(part, "0123456789") >= len && len < 9) {
			for (size_t k = 0; k < len; k++)
				index = index * 10 + (part[k] - '0');
			const struct node key = {.type = NODE_INT, .integer = index};
			item = eval_index(c->ev, c->pos, item, &key);
			index = 0;
		} else {
			item = eval_get(
				c->ev, c->pos, item, arena_memdup(c->ev->arena, part, len), len);
		}
		i += len + 1;
	}
	return item;
}

struct node *fold_case(const struct tmpl_call *c, struct node *v)
{
	return v->type == NODE_STRING ? text_lower(c, v->text, v->len) : v;
}
