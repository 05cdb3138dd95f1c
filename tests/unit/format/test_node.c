/* Protects: lookup in maps, equality by value, building, the text of floats. */
#include "check.h"

#include "base/macros.h"
#include "format/node.h"

#include <math.h>
#include <stdio.h>

static void looks_up(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *map = node_new_map(&a);
	node_map_set(&a, map, "one", node_new_int(&a, 1));
	node_map_set(&a, map, "two", node_new_string(&a, "zwei"));
	assert_int_equal(node_get(map, "one")->integer, 1);
	assert_string_equal(node_text(node_get(map, "two")), "zwei");
	assert_string_equal(node_get_key(map, "two")->text, "two");
	assert_null(node_get(map, "tw"));
	assert_null(node_get(map, "twoo"));
	assert_null(node_get(NULL, "one"));
	assert_null(node_get(node_get(map, "one"), "one"));
	assert_null(node_get_key(map, "three"));
	assert_null(node_text(node_get(map, "one")));
	assert_null(node_text(NULL));
}

static void replaces_a_key(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *map = node_new_map(&a);
	for (int i = 0; i < 40; i++) {
		char key[8];
		(void)snprintf(key, sizeof key, "k%d", i % 20);
		node_map_set(&a, map, key, node_new_int(&a, i));
	}
	assert_int_equal(map->map.count, 20);
	assert_int_equal(node_get(map, "k3")->integer, 23);
	int64_t expected = 20;
	MAP_FOREACH (map, pair)
		assert_int_equal(pair->value->integer, expected++);
}

static void walks(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *seq = node_new_seq(&a);
	for (int i = 0; i < 100; i++)
		node_seq_add(&a, seq, node_new_int(&a, i));
	int64_t sum = 0;
	SEQ_FOREACH (seq, i, item)
		sum += item->integer + (int64_t)i;
	assert_int_equal(sum, 2 * 4950);
	SEQ_FOREACH ((struct node *)NULL, i, item)
		fail();
	SEQ_FOREACH (node_new_map(&a), i, item)
		fail();
	MAP_FOREACH (seq, pair)
		fail();
}

static void compares_by_value(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *nodes[] = {
		node_new_null(&a),
		node_new_bool(&a, false),
		node_new_bool(&a, true),
		node_new_int(&a, 0),
		node_new_int(&a, 1),
		node_new_int(&a, INT64_MAX),
		node_new_float(&a, 0.5),
		node_new_float(&a, 9223372036854775808.0),
		node_new_float(&a, INFINITY),
		node_new_float(&a, NAN),
		node_new_string(&a, ""),
		node_new_string(&a, "1"),
		node_new_stringn(&a, "1\0x", 3),
		node_new_ref(&a, "%d", 1),
		node_new_seq(&a),
		node_new_map(&a),
	};
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		for (size_t j = 0; j < ARRAY_LEN(nodes); j++)
			assert_int_equal(node_equal(nodes[i], nodes[j]), i == j);
	assert_true(node_equal(node_new_int(&a, 1), node_new_float(&a, 1.0)));
	assert_true(node_equal(node_new_float(&a, -0.0), node_new_int(&a, 0)));
	assert_true(node_equal(node_new_float(&a, NAN), node_new_float(&a, NAN)));
	assert_false(node_equal(
		node_new_int(&a, 9007199254740993), node_new_float(&a, 9007199254740992.0)));
	assert_true(node_equal(NULL, NULL));
	assert_false(node_equal(NULL, nodes[0]));
}

static void compares_deeply(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *x = node_new_map(&a), *y = node_new_map(&a);
	node_map_set(&a, x, "a", node_new_int(&a, 1));
	node_map_set(&a, x, "b", node_new_seq(&a));
	node_map_set(&a, y, "b", node_new_seq(&a));
	node_map_set(&a, y, "a", node_new_int(&a, 1));
	assert_true(node_equal(x, y));
	node_seq_add(&a, node_get(x, "b"), x->map.pairs[0].value);
	assert_false(node_equal(x, y));
	node_seq_add(&a, node_get(y, "b"), node_new_int(&a, 1));
	assert_true(node_equal(x, y));
	node_map_set(&a, x, "c", node_new_null(&a));
	node_map_set(&a, y, "d", node_new_null(&a));
	assert_false(node_equal(x, y));
}

static void formats_floats(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{0.0, "0.0"},
		{-0.0, "-0.0"},
		{1.0, "1.0"},
		{0.1, "0.1"},
		{-2.5, "-2.5"},
		{1e30, "1.0e+30"},
		{1.5e-7, "1.5e-07"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{5e-324, "4.94065645841247e-324"},
		{INFINITY, ".inf"},
		{-INFINITY, "-.inf"},
		{NAN, ".nan"},
	};
	char text[NODE_FLOAT_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(node_format_float(rows[i].value, text), rows[i].text);
}

static void sorts_pairs_by_bytes(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *map = node_new_map(&a);
	const char *const keys[] = {"b", "\xc3\xa9", "", "a", "Z", "ab"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		node_map_set(&a, map, keys[i], node_new_null(&a));
	const struct node_pair **pairs = node_sorted_pairs(map);
	const char *const sorted[] = {"", "Z", "a", "ab", "b", "\xc3\xa9"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_string_equal(pairs[i]->key->text, sorted[i]);
	free(pairs);
}

static void names_types(void **state)
{
	(void)state;
	assert_string_equal(node_type_name(NODE_NULL), "null");
	assert_string_equal(node_type_name(NODE_BOOL), "true or false");
	assert_string_equal(node_type_name(NODE_INT), "whole number");
	assert_string_equal(node_type_name(NODE_FLOAT), "number");
	assert_string_equal(node_type_name(NODE_STRING), "text");
	assert_string_equal(node_type_name(NODE_SEQ), "list");
	assert_string_equal(node_type_name(NODE_MAP), "map");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_up),
		cmocka_unit_test(replaces_a_key),
		cmocka_unit_test(walks),
		cmocka_unit_test(compares_by_value),
		cmocka_unit_test(compares_deeply),
		cmocka_unit_test(formats_floats),
		cmocka_unit_test(sorts_pairs_by_bytes),
		cmocka_unit_test(names_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
