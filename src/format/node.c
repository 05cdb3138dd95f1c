/*
 * Values. Lookup is linear: the maps people write have a handful of keys, and a scan over them
 * beats a table that would have to be built for each.
 */
#include "format/node.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node_pair *find_pair(const struct node *map, const char *key, size_t len)
{
	if (!map || map->type != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->map.count; i++) {
		const struct node *k = map->map.pairs[i].key;
		if (k->len == len && k->text[0] == *key && memcmp(k->text, key, len) == 0)
			return &map->map.pairs[i];
	}
	return NULL;
}

struct node *node_getn(const struct node *map, const char *key, size_t len)
{
	const struct node_pair *pair = find_pair(map, key, len);
	return pair ? pair->value : NULL;
}

struct node *node_get_key(const struct node *map, const char *key)
{
	const struct node_pair *pair = find_pair(map, key, strlen(key));
	return pair ? pair->key : NULL;
}

const char *node_text(const struct node *node)
{
	return node && node->type == NODE_STRING ? node->text : NULL;
}

const char *node_type_name(enum node_type type)
{
	switch (type) {
	case NODE_NULL:
		return "null";
	case NODE_BOOL:
		return "true or false";
	case NODE_INT:
		return "whole number";
	case NODE_FLOAT:
		return "number";
	case NODE_STRING:
		return "text";
	case NODE_SEQ:
		return "list";
	case NODE_MAP:
		return "map";
	case NODE_REF:
		return "reference";
	}
	return "value";
}

bool node_float_as_int(double value, int64_t *ret)
{
	/* The bounds are exact as doubles: -2^63 and 2^63. */
	if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
		return false;
	*ret = (int64_t)value;
	return (double)*ret == value;
}

const char *node_format_float(double value, char buf[NODE_FLOAT_SIZE])
{
	if (value != value || value - value != 0) {
		const char *text = value != value ? ".nan" : value > 0 ? ".inf" : "-.inf";
		return memcpy(buf, text, strlen(text) + 1);
	}
	char digits[NUM_DOUBLE_SIZE];
	num_format_double(value, digits);
	/* YAML 1.1 takes "1e+30" for text: it wants a point. */
	const int whole = (int)strcspn(digits, ".e");
	(void)snprintf(buf, NODE_FLOAT_SIZE, "%.*s%s%s", whole, digits,
		digits[whole] == '.' ? "" : ".0", digits + whole);
	return buf;
}

static bool numbers_equal(const struct node *a, const struct node *b)
{
	if (a->type == NODE_INT && b->type == NODE_INT)
		return a->integer == b->integer;
	if (a->type == NODE_FLOAT && b->type == NODE_FLOAT) {
		const bool both_nan = a->real != a->real && b->real != b->real;
		return both_nan || a->real == b->real;
	}
	const struct node *whole = a->type == NODE_INT ? a : b;
	const struct node *real = a->type == NODE_INT ? b : a;
	int64_t value = 0;
	return node_float_as_int(real->real, &value) && value == whole->integer;
}

static bool texts_equal(const struct node *a, const struct node *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static bool is_number(const struct node *node)
{
	return node->type == NODE_INT || node->type == NODE_FLOAT;
}

static bool equal_at(const struct node *a, const struct node *b, int depth);

static bool seqs_equal(const struct node *a, const struct node *b, int depth)
{
	if (a->seq.count != b->seq.count)
		return false;
	for (size_t i = 0; i < a->seq.count; i++)
		if (!equal_at(a->seq.items[i], b->seq.items[i], depth + 1))
			return false;
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *x = (*(const struct node_pair *const *)a)->key;
	const struct node *y = (*(const struct node_pair *const *)b)->key;
	/* The first byte of an empty text is its NUL. */
	if (*x->text != *y->text)
		return (unsigned char)*x->text < (unsigned char)*y->text ? -1 : 1;
	const int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

void node_sort_pairs(const struct node *map, const struct node_pair **ret)
{
	enum { FEW = 16 };
	const size_t count = map->map.count;
	for (size_t i = 0; i < count; i++)
		ret[i] = &map->map.pairs[i];
	if (count > FEW) {
		qsort(ret, count, sizeof(struct node_pair *), compare_keys);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		const struct node_pair *pair = ret[i];
		size_t k = i;
		for (; k > 0 && compare_keys(&ret[k - 1], &pair) > 0; k--)
			ret[k] = ret[k - 1];
		ret[k] = pair;
	}
}

const struct node_pair **node_sorted_pairs(const struct node *map)
{
	const struct node_pair **pairs = xcalloc(map->map.count + 1, sizeof(struct node_pair *));
	node_sort_pairs(map, pairs);
	return pairs;
}

static bool maps_equal(const struct node *a, const struct node *b, int depth)
{
	if (a->map.count != b->map.count)
		return false;
	AUTO_FREE const struct node_pair **left = node_sorted_pairs(a);
	AUTO_FREE const struct node_pair **right = node_sorted_pairs(b);
	for (size_t i = 0; i < a->map.count; i++)
		if (!texts_equal(left[i]->key, right[i]->key) ||
			!equal_at(left[i]->value, right[i]->value, depth + 1))
			return false;
	return true;
}

static bool equal_at(const struct node *a, const struct node *b, int depth)
{
	if (a == b)
		return true;
	if (depth > NODE_MAX_DEPTH)
		abort();
	if (is_number(a) && is_number(b))
		return numbers_equal(a, b);
	if (a->type != b->type)
		return false;
	switch ((enum node_type)a->type) {
	case NODE_BOOL:
		return a->boolean == b->boolean;
	case NODE_STRING:
	case NODE_REF:
		return texts_equal(a, b);
	case NODE_SEQ:
		return seqs_equal(a, b, depth);
	case NODE_MAP:
		return maps_equal(a, b, depth);
	case NODE_NULL:
	case NODE_INT:
	case NODE_FLOAT:
		break;
	}
	return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	return equal_at(a, b, 0);
}

static struct node *new_node(struct arena *a, enum node_type type, const char *text, size_t len)
{
	struct node *node = arena_alloc(a, sizeof *node);
	node->type = (uint8_t)type;
	node->text = text;
	node->len = len;
	return node;
}

struct node *node_new_null(struct arena *a)
{
	return new_node(a, NODE_NULL, "null", 4);
}

struct node *node_new_bool(struct arena *a, bool value)
{
	struct node *node = new_node(a, NODE_BOOL, value ? "true" : "false", value ? 4 : 5);
	node->boolean = value;
	return node;
}

struct node *node_new_int(struct arena *a, int64_t value)
{
	AUTO_STR text = STR_INIT;
	str_addi(&text, value);
	struct node *node = new_node(a, NODE_INT, arena_memdup(a, text.data, text.len), text.len);
	node->integer = value;
	return node;
}

struct node *node_new_float(struct arena *a, double value)
{
	char text[NODE_FLOAT_SIZE];
	node_format_float(value, text);
	struct node *node = new_node(a, NODE_FLOAT, arena_strdup(a, text), strlen(text));
	node->real = value;
	return node;
}

struct node *node_new_stringn(struct arena *a, const char *text, size_t len)
{
	/* One allocation for both. */
	struct node *node = arena_alloc(a, sizeof *node + len + 1);
	node->type = NODE_STRING;
	node->text = memcpy(node + 1, text, len);
	node->len = len;
	return node;
}

struct node *node_new_string(struct arena *a, const char *text)
{
	return node_new_stringn(a, text, strlen(text));
}

struct node *node_new_ref(struct arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const char *text = arena_vprintf(a, fmt, args);
	va_end(args);
	return new_node(a, NODE_REF, text, strlen(text));
}

struct node *node_ref_of(struct arena *a, const char *text)
{
	return new_node(a, NODE_REF, text, strlen(text));
}

struct node *node_new_seq(struct arena *a)
{
	return new_node(a, NODE_SEQ, "", 0);
}

struct node *node_new_map(struct arena *a)
{
	return new_node(a, NODE_MAP, "", 0);
}

void node_seq_add(struct arena *a, struct node *seq, struct node *item)
{
	seq->seq.items =
		arena_grow(a, seq->seq.items, seq->seq.count, &seq->seq.cap, sizeof(struct node *));
	seq->seq.items[seq->seq.count++] = item;
}

void node_map_set(struct arena *a, struct node *map, const char *key, struct node *value)
{
	struct node_pair *pair = find_pair(map, key, strlen(key));
	if (!pair) {
		map->map.pairs = arena_grow(
			a, map->map.pairs, map->map.count, &map->map.cap, sizeof(struct node_pair));
		pair = &map->map.pairs[map->map.count++];
		pair->key = node_new_string(a, key);
	}
	pair->value = value;
}

struct node *node_new_map_of(struct arena *a, size_t count)
{
	struct node *map = node_new_map(a);
	map->map.pairs = arena_array(a, count, sizeof(struct node_pair));
	map->map.cap = count;
	return map;
}

void node_map_add(struct arena *a, struct node *map, const char *key, struct node *value)
{
	map->map.pairs = arena_grow(
		a, map->map.pairs, map->map.count, &map->map.cap, sizeof(struct node_pair));
	map->map.pairs[map->map.count++] =
		(struct node_pair){new_node(a, NODE_STRING, key, strlen(key)), value};
}
