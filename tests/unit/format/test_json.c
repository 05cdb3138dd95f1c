/* Protects: values and places of JSON documents, and that the path chooses the format. */
#include "check.h"

#include "format/parse.h"

static void check_pos(const struct node *node, uint32_t line, uint32_t col)
{
	assert_non_null(node);
	assert_int_equal(node->pos.line, line);
	assert_int_equal(node->pos.col, col);
}

static void knows_values_and_places(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbf{\"\xc3\xa9\": [1, -2.50, true, false, null],\r\n"
				   "\t\"e\"\n:\n\"\\u00e9 \\ud83d\\ude00 \\/\\\"\\\\ ]}\", \"m\": "
				   "{\"x\": {}, \"y\":[ ]}}\n";
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.json", text, sizeof text - 1);
	check_pos(root, 1, 1);
	assert_int_equal(root->map.count, 3);
	const struct node *list = node_get(root, "\xc3\xa9");
	check_pos(node_get_key(root, "\xc3\xa9"), 1, 2);
	check_pos(list, 1, 7);
	check_pos(list->seq.items[0], 1, 8);
	assert_int_equal(list->seq.items[0]->integer, 1);
	check_pos(list->seq.items[1], 1, 11);
	assert_int_equal(list->seq.items[1]->type, NODE_FLOAT);
	assert_true(list->seq.items[1]->real == -2.5);
	assert_string_equal(list->seq.items[1]->text, "-2.50");
	assert_true(list->seq.items[2]->boolean);
	assert_int_equal(list->seq.items[3]->type, NODE_BOOL);
	assert_false(list->seq.items[3]->boolean);
	check_pos(list->seq.items[4], 1, 31);
	assert_int_equal(list->seq.items[4]->type, NODE_NULL);
	check_pos(node_get_key(root, "e"), 2, 2);
	check_pos(node_get(root, "e"), 4, 1);
	assert_string_equal(node_text(node_get(root, "e")), "\xc3\xa9 \xf0\x9f\x98\x80 /\"\\ ]}");
	const struct node *map = node_get(root, "m");
	check_pos(map, 4, 39);
	check_pos(node_get(map, "x"), 4, 45);
	check_pos(node_get(map, "y"), 4, 53);
	assert_int_equal(node_get(map, "y")->type, NODE_SEQ);
}

/* What YAML would take for something else is plain in JSON. */
static void nothing_is_ambiguous(void **state)
{
	(void)state;
	static const char text[] = "[\"no\", 0, 1e5, \"1:30\", \"\xe2\x80\xa8\x7f\"]";
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.json", text, sizeof text - 1);
	assert_int_equal(root->seq.count, 5);
	SEQ_FOREACH (root, i, item)
		assert_int_equal(item->flags, 0);
	assert_string_equal(node_text(root->seq.items[4]), "\xe2\x80\xa8\x7f");
}

static void takes_any_value(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum node_type type;
	} rows[] = {{"1", NODE_INT}, {" \"x\" ", NODE_STRING}, {"null", NODE_NULL},
		{"\n[]\n", NODE_SEQ}, {"9223372036854775807", NODE_INT}, {"-0", NODE_INT},
		{"0.0", NODE_FLOAT}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_PARSED p = {0};
		const struct node *root =
			parse_bytes(&p, "x.json", rows[i].text, strlen(rows[i].text));
		assert_non_null(root);
		assert_int_equal(root->type, rows[i].type);
	}
}

static void the_path_chooses(void **state)
{
	(void)state;
	AUTO_PARSED json = {0}, yaml = {0}, none = {0};
	assert_null(parse_bytes(&json, "a.json", "a: 1", 4));
	assert_non_null(parse_bytes(&yaml, "a.yml", "a: 1", 4));
	assert_non_null(parse_bytes(&none, "json", "a: 1", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_values_and_places),
		cmocka_unit_test(nothing_is_ambiguous),
		cmocka_unit_test(takes_any_value),
		cmocka_unit_test(the_path_chooses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
