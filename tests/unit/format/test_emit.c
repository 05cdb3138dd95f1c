/*
 * Protects: the bytes of canonical JSON (digests are taken over them), JSON and YAML for people,
 * and that YAML and JSON that were written read back as the same values, whatever the text.
 */
#include "check.h"

#include "format/parse.h"

struct spelling {
	const char *yaml; /* what is emitted */
	const char *canonical;
	const char *json;
	const char *again; /* as YAML */
};

/* clang-format off */
static const struct spelling spellings[] = {
	{"null", "null", "null\n", "null\n"},
	{"", "null", "null\n", "null\n"},
	{"[]", "[]", "[]\n", "[]\n"},
	{"{}", "{}", "{}\n", "{}\n"},
	{"1.0", "1", "1.0\n", "1.0\n"},
	{"1e3", "1000", "1000.0\n", "1000.0\n"},
	{"-0.0", "0", "-0.0\n", "-0.0\n"},
	{"1e30", "1e+30", "1.0e+30\n", "1.0e+30\n"},
	{"0.1", "0.1", "0.1\n", "0.1\n"},
	{"0x1f", "31", "31\n", "31\n"},
	{".inf", "\".inf\"", "\".inf\"\n", ".inf\n"},
	{"hello world", "\"hello world\"", "\"hello world\"\n", "hello world\n"},
	{"'no'", "\"no\"", "\"no\"\n", "\"no\"\n"},
	{"\"a\\tb\\x01\\n\\\"\\\\/\"", "\"a\\u0009b\\u0001\\u000a\\\"\\\\/\"",
	 "\"a\\tb\\u0001\\n\\\"\\\\/\"\n", "\"a\\tb\\x01\\n\\\"\\\\/\"\n"},
	{"{b: [1, true], a: {y: ~, x: []}}", "{\"a\":{\"x\":[],\"y\":null},\"b\":[1,true]}",
	 "{\n  \"b\": [\n    1,\n    true\n  ],\n  \"a\": {\n    \"y\": null,\n    \"x\": []\n  }\n}\n",
	 "b:\n  - 1\n  - true\na:\n  \"y\": null\n  x: []\n"},
	{"[[1, [2]], [{a: 1, b: {c: 2}}], {}]", "[[1,[2]],[{\"a\":1,\"b\":{\"c\":2}}],{}]",
	 "[\n  [\n    1,\n    [\n      2\n    ]\n  ],\n  [\n    {\n      \"a\": 1,\n      \"b\": {\n        \"c\": 2\n      }\n    }\n  ],\n  {}\n]\n",
	 "- - 1\n  - - 2\n- - a: 1\n    b:\n      c: 2\n- {}\n"},
	{"text: |\n  one\n\n   two\nkeep: |+\n  x\n\nstrip: |-\n  x\n  y\n",
	 "{\"keep\":\"x\\u000a\\u000a\",\"strip\":\"x\\u000ay\",\"text\":\"one\\u000a\\u000a two\\u000a\"}",
	 "{\n  \"text\": \"one\\n\\n two\\n\",\n  \"keep\": \"x\\n\\n\",\n  \"strip\": \"x\\ny\"\n}\n",
	 "text: |\n  one\n\n   two\nkeep: |+\n  x\n\nstrip: |-\n  x\n  y\n"},
};
/* clang-format on */

static void spells(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		const struct spelling *s = &spellings[i];
		AUTO_PARSED p = {0};
		const struct node *node = parse_bytes(&p, "x.yaml", s->yaml, strlen(s->yaml));
		assert_non_null(node);
		AUTO_STR canonical = STR_INIT, json = STR_INIT, yaml = STR_INIT;
		emit_canonical(node, &canonical);
		emit_json(node, &json);
		emit_yaml(node, &yaml);
		assert_string_equal(canonical.data, s->canonical);
		assert_string_equal(json.data, s->json);
		assert_string_equal(yaml.data, s->again);
	}
}

static void spells_references(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *map = node_new_map(&a);
	node_map_set(&a, map, "vpc", node_new_ref(&a, "aws_vpc.%s.id", "main"));
	AUTO_STR out = STR_INIT;
	emit_canonical(map, &out);
	assert_string_equal(out.data, "{\"vpc\":{\"$ref\":\"aws_vpc.main.id\"}}");
	str_clear(&out);
	emit_json_line(map, &out);
	assert_string_equal(out.data, "{\"vpc\":{\"$ref\":\"aws_vpc.main.id\"}}");
	str_clear(&out);
	emit_yaml(map, &out);
	assert_string_equal(out.data, "vpc:\n  $ref: aws_vpc.main.id\n");
}

static void replaces_what_is_not_utf8(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	AUTO_STR out = STR_INIT;
	const struct node *node = node_new_string(&a, "a\xff\xc3\xa9\xe2\x82");
	emit_canonical(node, &out);
	assert_string_equal(out.data, "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"");
	str_clear(&out);
	emit_yaml(node, &out);
	assert_string_equal(out.data, "\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"\n");
	str_clear(&out);
	emit_json_string("\xef\xbf\xbd\x7f", 4, &out);
	assert_string_equal(out.data, "\"\xef\xbf\xbd\x7f\"");
}

/* Texts that a careless writer gets wrong. */
static const char *const nasty[] = {"", " ", "no", "yes", "on", "y", "N", "null", "~", "true",
	"0777", "0o17", "0x1f", "0b1", "1_000", "1:30", "2026-11-22", "2026-11-22T08:01:02Z",
	".inf", ".NaN", "123456789012", "012345678901", "1e5", "1.5", ".5", "-1", "+1", " lead",
	"trail ", "a: b", "a:", ":a", "a:b", ": ", "#x", "a #x", "a#x", "- a", "-", "-a", "--- a",
	"---", "...", "... a", "? a", "?", "a\n", "\na", "a\nb", "a\n\nb\n\n", "\n", "\n\n",
	" a\nb", "a\n b", "a \nb", "a\n\tb", "\ta", "a\tb", "a\n#b", "a\n---\nb", "a\n...",
	"a\r\nb", "\r", "[a]", "{a}", "a]", "a, b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a",
	"'", "''", "it's", "\"", "\\", "\\n", "<<", "=", "\x01", "\x1b[31m", "\x7f", "\xc2\x80",
	"\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xef\xbf\xbf", "\xc3\xa9", "\xf0\x9f\x98\x80",
	"a\xc2\xa0", "\xef\xbf\xbd", "{{ x }}", "${x}", "%{x}", "a: \"b\" #", "x\n  ",
	"x\n\n  y\n ", "key with blanks"};

static void check_round_trip(const struct node *node)
{
	AUTO_STR yaml = STR_INIT, json = STR_INIT;
	emit_yaml(node, &yaml);
	AUTO_PARSED p = {0};
	const struct node *again = parse_bytes(&p, "x.yaml", yaml.data, yaml.len);
	if (!again || !node_equal(node, again))
		fail_msg("does not read back: %s", yaml.data);
	emit_json(node, &json);
	AUTO_PARSED q = {0};
	again = parse_bytes(&q, "x.json", json.data, json.len);
	if (!again || !node_equal(node, again))
		fail_msg("does not read back: %s", json.data);
}

static bool is_ambiguous(const struct node *node)
{
	return node->flags & NODE_AMBIGUOUS;
}

static void reads_back_nasty_texts(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	struct node *all = node_new_map(&a);
	for (size_t i = 0; i < ARRAY_LEN(nasty); i++) {
		struct node *text = node_new_string(&a, nasty[i]);
		check_round_trip(text);
		struct node *seq = node_new_seq(&a), *inner = node_new_seq(&a);
		node_seq_add(&a, seq, text);
		node_seq_add(&a, inner, seq);
		node_seq_add(&a, inner, text);
		struct node *map = node_new_map(&a);
		node_map_set(&a, map, nasty[i], text);
		node_map_set(&a, map, "next", inner);
		struct node *outer = node_new_seq(&a);
		node_seq_add(&a, outer, map);
		check_round_trip(outer);
		node_map_set(&a, all, nasty[i], map);
	}
	check_round_trip(all);
	/* And nothing in it is read differently by somebody else's YAML. */
	AUTO_STR yaml = STR_INIT;
	emit_yaml(all, &yaml);
	AUTO_PARSED p = {0};
	MAP_FOREACH (parse_bytes(&p, "x.yaml", yaml.data, yaml.len), pair) {
		assert_false(is_ambiguous(pair->key));
		assert_false(is_ambiguous(node_get(pair->value, pair->key->text)));
	}
}

static void reads_back_scalars(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	static const double reals[] = {0, -0.0, 1, -1.5, 1e15, 1e16, 1e17, 123456789012345678.0,
		1e300, 5e-324, 0.1, 1.0 / 3, 9223372036854775808.0, 1e22, -1e-5};
	for (size_t i = 0; i < ARRAY_LEN(reals); i++)
		check_round_trip(node_new_float(&a, reals[i]));
	check_round_trip(node_new_int(&a, INT64_MIN));
	check_round_trip(node_new_int(&a, INT64_MAX));
	check_round_trip(node_new_bool(&a, true));
	check_round_trip(node_new_null(&a));
}

static void reads_back_long_keys(void **state)
{
	(void)state;
	AUTO_ARENA a = {0};
	char key[5001];
	memset(key, 'k', 5000);
	for (size_t len = 990; len <= 5000; len += len < 1040 ? 1 : 500) {
		key[len] = '\0';
		struct node *inner = node_new_map(&a), *map = node_new_map(&a);
		node_map_set(&a, inner, key, node_new_string(&a, "a\nb\n"));
		node_map_set(&a, inner, "x", node_new_null(&a));
		node_map_set(&a, map, key, inner);
		node_map_set(&a, map, "y", node_new_seq(&a));
		check_round_trip(map);
		key[len] = 'k';
	}
}

/* A small generator with a fixed start: the same trees in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static struct node *random_tree(struct arena *a, uint32_t *seed, int depth)
{
	const uint32_t kind = next_random(seed) % (depth > 4 ? 4 : 7);
	if (kind == 0)
		return node_new_int(a, (int64_t)next_random(seed) - 30000);
	if (kind == 1)
		return node_new_float(a, next_random(seed) / 16.0);
	if (kind <= 3)
		return node_new_string(a, nasty[next_random(seed) % ARRAY_LEN(nasty)]);
	struct node *node = kind == 4 ? node_new_seq(a) : node_new_map(a);
	for (uint32_t n = next_random(seed) % 5; n; n--) {
		struct node *child = random_tree(a, seed, depth + 1);
		if (kind == 4)
			node_seq_add(a, node, child);
		else
			node_map_set(a, node, nasty[next_random(seed) % ARRAY_LEN(nasty)], child);
	}
	return node;
}

static void reads_back_random_trees(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int i = 0; i < 3000; i++) {
		AUTO_ARENA a = {0};
		check_round_trip(random_tree(&a, &seed, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spells),
		cmocka_unit_test(spells_references),
		cmocka_unit_test(replaces_what_is_not_utf8),
		cmocka_unit_test(reads_back_nasty_texts),
		cmocka_unit_test(reads_back_scalars),
		cmocka_unit_test(reads_back_long_keys),
		cmocka_unit_test(reads_back_random_trees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
