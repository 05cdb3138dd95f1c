/*
 * Protects: what scalars mean and which are ambiguous; positions; anchors and their limits; the
 * limits on size and depth.
 */
#include "check.h"

#include "format/parse.h"

#include <math.h>

struct meaning {
	const char *text;
	enum node_type type;
	bool ambiguous;
	double number; /* of numbers; 1 for true */
};

/* clang-format off */
static const struct meaning meanings[] = {
	/* The same in both versions. */
	{"~", NODE_NULL, false, 0}, {"null", NODE_NULL, false, 0}, {"Null", NODE_NULL, false, 0},
	{"NULL", NODE_NULL, false, 0}, {"nULL", NODE_STRING, false, 0}, {"~?", NODE_STRING, false, 0},
	{"true", NODE_BOOL, false, 1}, {"True", NODE_BOOL, false, 1}, {"TRUE", NODE_BOOL, false, 1},
	{"tRue", NODE_STRING, false, 0}, {"false", NODE_BOOL, false, 0}, {"False", NODE_BOOL, false, 0},
	{"0", NODE_INT, false, 0}, {"-0", NODE_INT, false, 0}, {"+12", NODE_INT, false, 12},
	{"-7", NODE_INT, false, -7}, {"123456789012", NODE_INT, false, 123456789012.0},
	{"1.5", NODE_FLOAT, false, 1.5}, {"-1.", NODE_FLOAT, false, -1}, {".5", NODE_FLOAT, false, .5},
	{"+.5", NODE_FLOAT, false, .5}, {"1.0e+3", NODE_FLOAT, false, 1000}, {"0.5", NODE_FLOAT, false, .5},
	{"1.2.3", NODE_STRING, false, 0}, {".", NODE_STRING, false, 0},
	{"1a", NODE_STRING, false, 0}, {"t3.micro", NODE_STRING, false, 0}, {"10.0.0.0/16", NODE_STRING, false, 0},
	{"e5", NODE_STRING, false, 0}, {"1e", NODE_STRING, false, 0}, {"1.5e+", NODE_STRING, false, 0},
	{"nope", NODE_STRING, false, 0}, {"offer", NODE_STRING, false, 0}, {"0x", NODE_STRING, false, 0},
	{"0xfg", NODE_STRING, false, 0}, {"8080:80", NODE_STRING, false, 0},
	{"2026-11", NODE_STRING, false, 0}, {"2026-11-22x", NODE_STRING, false, 0},
	{"2026-11-22 release", NODE_STRING, false, 0}, {"_1", NODE_STRING, false, 0},
	/* Words of YAML 1.1. */
	{"yes", NODE_STRING, true, 0}, {"Yes", NODE_STRING, true, 0}, {"YES", NODE_STRING, true, 0},
	{"no", NODE_STRING, true, 0}, {"NO", NODE_STRING, true, 0}, {"on", NODE_STRING, true, 0},
	{"On", NODE_STRING, true, 0}, {"off", NODE_STRING, true, 0}, {"OFF", NODE_STRING, true, 0},
	{"y", NODE_STRING, true, 0}, {"Y", NODE_STRING, true, 0}, {"n", NODE_STRING, true, 0},
	{"N", NODE_STRING, true, 0}, {"=", NODE_STRING, true, 0},
	/* Numbers that one of the versions, or a reader, takes for another number or a text. */
	{"0777", NODE_INT, true, 777}, {"00", NODE_INT, true, 0}, {"-010", NODE_INT, true, -10},
	{"08", NODE_INT, true, 8}, {"012345678901", NODE_INT, true, 12345678901.0},
	{"0o17", NODE_INT, true, 15}, {"0x1f", NODE_INT, true, 31}, {"0xFF", NODE_INT, true, 255},
	{"0x7fffffffffffffff", NODE_INT, true, 9223372036854775807.0},
	{"0x8000000000000000", NODE_STRING, true, 0}, {"-0x1f", NODE_STRING, true, 0},
	{"0b11", NODE_STRING, true, 0}, {"1_000", NODE_STRING, true, 0}, {"1_000.5", NODE_STRING, true, 0},
	{"1:30", NODE_STRING, true, 0}, {"12:30:45", NODE_STRING, true, 0}, {"22:22", NODE_STRING, true, 0},
	{"01:30", NODE_STRING, true, 0}, {"1:30.5", NODE_STRING, true, 0}, {"-1:30", NODE_STRING, true, 0},
	{"1e5", NODE_FLOAT, true, 1e5}, {"12e4", NODE_FLOAT, true, 12e4}, {"1.5e3", NODE_FLOAT, true, 1500},
	{"1e400", NODE_STRING, true, 0}, {"9223372036854775808", NODE_FLOAT, true, 9223372036854775808.0},
	{"01.5", NODE_FLOAT, true, 1.5},
	{".inf", NODE_FLOAT, true, INFINITY}, {"-.INF", NODE_FLOAT, true, -INFINITY},
	{"+.Inf", NODE_FLOAT, true, INFINITY},
	/* Timestamps. */
	{"2026-11-22", NODE_STRING, true, 0}, {"2026-1-2", NODE_STRING, true, 0},
	{"2026-11-22T08:01:02Z", NODE_STRING, true, 0}, {"2026-11-22t08:01:02.5+01:00", NODE_STRING, true, 0},
	{"2026-11-22 08:01:02", NODE_STRING, true, 0}, {"2026-11-22 8:01:02 -5", NODE_STRING, true, 0},
};
/* clang-format on */

static double number_of(const struct node *node)
{
	switch ((enum node_type)node->type) {
	case NODE_BOOL:
		return node->boolean;
	case NODE_INT:
		return (double)node->integer;
	case NODE_FLOAT:
		return node->real;
	case NODE_NULL:
	case NODE_STRING:
	case NODE_SEQ:
	case NODE_MAP:
	case NODE_REF:
		break;
	}
	return 0;
}

static void knows_scalars(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		const struct meaning *m = &meanings[i];
		AUTO_STR text = STR_INIT;
		str_addf(&text, "[ %s ]", m->text);
		AUTO_PARSED p = {0};
		const struct node *root = parse_bytes(&p, "x.yaml", text.data, text.len);
		assert_non_null(root);
		const struct node *node = root->seq.items[0];
		assert_string_equal(node->text, m->text);
		if (node->type != m->type ||
			((node->flags & NODE_AMBIGUOUS) != 0) != m->ambiguous ||
			!(node->flags & NODE_PLAIN) || number_of(node) != m->number)
			fail_msg("'%s': type %d, flags %d, number %g", m->text, node->type,
				node->flags, number_of(node));
	}
}

static void quoted_is_text(void **state)
{
	(void)state;
	AUTO_PARSED p = {0};
	static const char text[] = "['no', \"0777\", '', \"1:30\"]";
	const struct node *root = parse_bytes(&p, "x.yaml", text, sizeof text - 1);
	assert_non_null(root);
	SEQ_FOREACH (root, i, item) {
		assert_int_equal(item->type, NODE_STRING);
		assert_int_equal(item->flags, 0);
	}
	assert_int_equal(root->seq.count, 4);
}

static void is_nan(void **state)
{
	(void)state;
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.yaml", ".NaN", 4);
	assert_int_equal(root->type, NODE_FLOAT);
	assert_true(isnan(root->real));
}

static void check_pos(const struct node *node, uint32_t line, uint32_t col)
{
	assert_non_null(node);
	assert_int_equal(node->pos.line, line);
	assert_int_equal(node->pos.col, col);
}

static void knows_places(void **state)
{
	(void)state;
	/* With a byte order mark, CRLF, and characters of two bytes. */
	static const char text[] = "\xef\xbb\xbf"
				   "a: 1\r\n\xc3\xa9\xc3\xa9: {x: \xc3\xa9, y: 'z'}\r\n"
				   "list:\r\n  - one\r\n  - k: v\r\n    l: |\r\n      m\r\n"
				   "empty:\r\nlast: >-\r\n  x\r\n";
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.yaml", text, sizeof text - 1);
	check_pos(root, 1, 1);
	check_pos(node_get(root, "a"), 1, 4);
	const struct node *map = node_get(root, "\xc3\xa9\xc3\xa9");
	check_pos(node_get_key(root, "\xc3\xa9\xc3\xa9"), 2, 1);
	check_pos(map, 2, 5);
	check_pos(node_get(map, "x"), 2, 9);
	check_pos(node_get_key(map, "y"), 2, 12);
	check_pos(node_get(map, "y"), 2, 15);
	const struct node *list = node_get(root, "list");
	check_pos(list, 4, 3);
	check_pos(list->seq.items[0], 4, 5);
	check_pos(list->seq.items[1], 5, 5);
	check_pos(node_get(list->seq.items[1], "l"), 6, 8);
	assert_string_equal(node_text(node_get(list->seq.items[1], "l")), "m\n");
	assert_int_equal(node_get(root, "empty")->type, NODE_NULL);
	assert_int_equal(node_get(root, "empty")->pos.line, 8);
	check_pos(node_get_key(root, "last"), 9, 1);
	assert_ptr_equal(root->pos.src, &p.src);
}

static void empty_is_null(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "\xef\xbb\xbf"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_PARSED p = {0};
		const struct node *root = parse_bytes(&p, "x.yaml", texts[i], strlen(texts[i]));
		assert_non_null(root);
		assert_int_equal(root->type, NODE_NULL);
		assert_int_equal(root->pos.line > 0, 1);
	}
}

static void keys_are_text(void **state)
{
	(void)state;
	static const char text[] = "1: a\ntrue: b\nno: c\n~: d\n\"\": e\n1.0: f\n";
	static const char *const keys[] = {"1", "true", "no", "~", "", "1.0"};
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.yaml", text, sizeof text - 1);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_int_equal(root->map.pairs[i].key->type, NODE_STRING);
		assert_string_equal(root->map.pairs[i].key->text, keys[i]);
		assert_non_null(node_get(root, keys[i]));
	}
}

static void aliases_share(void **state)
{
	(void)state;
	static const char text[] = "a: &x {k: [1, 2]}\nb: *x\nc: [*x, &x y, *x]\n";
	AUTO_PARSED p = {0};
	const struct node *root = parse_bytes(&p, "x.yaml", text, sizeof text - 1);
	assert_ptr_equal(node_get(root, "a"), node_get(root, "b"));
	const struct node *c = node_get(root, "c");
	assert_ptr_equal(c->seq.items[0], node_get(root, "a"));
	assert_string_equal(node_text(c->seq.items[2]), "y");
}

/* Nine levels of nine aliases each: 9^9 values in 500 bytes. */
static void refuses_the_billion_laughs(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	str_add(&text, "l0: &l0 [x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++) {
		str_addf(&text, "l%d: &l%d [", i, i);
		for (int k = 0; k < 9; k++)
			str_addf(&text, "%s*l%d", k ? ", " : "", i - 1);
		str_add(&text, "]\n");
	}
	AUTO_PARSED p = {0};
	assert_null(parse_bytes(&p, "x.yaml", text.data, text.len));
	assert_int_equal(p.diags.count, 1);
	assert_string_equal(p.diags.items[0].rule, "yaml-limit");
	assert_string_equal(
		p.diags.items[0].message, "the aliases stand for more than 400,000 values");
	assert_int_equal(p.diags.items[0].line, 6);
}

static const struct diag *limit_of(struct parsed *p, const char *path, const struct str *text)
{
	assert_null(parse_bytes(p, path, text->data, text->len));
	assert_int_equal(p->diags.count, 1);
	assert_non_null(strstr(p->diags.items[0].rule, "-limit"));
	return &p->diags.items[0];
}

static void limits_depth(void **state)
{
	(void)state;
	static const struct {
		const char *open, *close, *path;
	} rows[] = {{"[", "]", "x.yaml"}, {"{a: ", "}", "x.yaml"}, {"- ", "", "x.yaml"},
		{"[", "]", "x.json"}, {"{\"a\":", "}", "x.json"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int depth = 64; depth <= 20000; depth += depth == 64 ? 1 : 19935) {
			AUTO_STR text = STR_INIT;
			for (int k = 0; k < depth; k++)
				str_add(&text, rows[i].open);
			str_add(&text, "1");
			for (int k = 0; k < depth; k++)
				str_add(&text, rows[i].close);
			AUTO_PARSED p = {0};
			if (depth == 64)
				assert_non_null(parse_bytes(&p, rows[i].path, text.data, text.len));
			else
				assert_string_equal(limit_of(&p, rows[i].path, &text)->message,
					"nested deeper than 64 levels");
		}
}

static void limits_depth_through_aliases(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	str_add(&text, "a: &a ");
	for (int k = 0; k < 40; k++)
		str_add(&text, "[");
	for (int k = 0; k < 40; k++)
		str_add(&text, "]");
	str_add(&text, "\nb: ");
	for (int k = 0; k < 40; k++)
		str_add(&text, "[");
	str_add(&text, "*a");
	for (int k = 0; k < 40; k++)
		str_add(&text, "]");
	AUTO_PARSED p = {0};
	assert_string_equal(limit_of(&p, "x.yaml", &text)->message,
		"the aliases make this deeper than 64 levels");
}

static void limits_size(void **state)
{
	(void)state;
	static const char *const paths[] = {"x.yaml", "x.json"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO_STR text = STR_INIT;
		str_add(&text, "[0");
		for (int k = 1; k < YAML_MAX_NODES; k++)
			str_add(&text, ",0");
		str_add(&text, "]");
		AUTO_PARSED many = {0};
		assert_string_equal(limit_of(&many, paths[i], &text)->message,
			"the file holds more than 200,000 values");
		str_reserve(&text, YAML_MAX_BYTES);
		memset(text.data, ' ', YAML_MAX_BYTES);
		text.data[0] = '1';
		text.len = YAML_MAX_BYTES;
		AUTO_PARSED just = {0};
		assert_non_null(parse_bytes(&just, paths[i], text.data, text.len));
		str_addc(&text, ' ');
		AUTO_PARSED over = {0};
		assert_string_equal(
			limit_of(&over, paths[i], &text)->message, "the file is larger than 4 MiB");
	}
}

/* A sort, not a comparison of each with each: this would take minutes otherwise. */
static void finds_duplicates_among_many(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	for (int i = 0; i < 99000; i++)
		str_addf(&text, "k%d: 0\n", i);
	str_add(&text, "k500: 0\n");
	AUTO_PARSED p = {0};
	assert_null(parse_bytes(&p, "x.yaml", text.data, text.len));
	assert_int_equal(p.diags.count, 1);
	assert_int_equal(p.diags.items[0].line, 99001);
	assert_int_equal(p.diags.items[0].related_line, 501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_scalars),
		cmocka_unit_test(quoted_is_text),
		cmocka_unit_test(is_nan),
		cmocka_unit_test(knows_places),
		cmocka_unit_test(empty_is_null),
		cmocka_unit_test(keys_are_text),
		cmocka_unit_test(aliases_share),
		cmocka_unit_test(refuses_the_billion_laughs),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(limits_depth_through_aliases),
		cmocka_unit_test(limits_size),
		cmocka_unit_test(finds_duplicates_among_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
