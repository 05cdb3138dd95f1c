/*
 * Protects: the layout that `terraform fmt` gives (cases are its results), tokens that survive
 * it, and blocks with their attributes as the preview compares them.
 */
#include "check.h"

#include "base/err.h"
#include "base/str.h"
#include "render/hcl.h"

static void layout(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", ""},
		{"\n\n\n", ""},
		{"a=1", "a = 1\n"},
		{"a=1\nlonger=2\n", "a      = 1\nlonger = 2\n"},
		{"a=1\n\nlonger=2\n", "a = 1\n\nlonger = 2\n"},
		{"a=1\n# note\nlonger=2\n", "a = 1\n# note\nlonger = 2\n"},
		{"a=1\nbb = {\nc=1\n}\nd=2", "a = 1\nbb = {\n  c = 1\n}\nd = 2\n"},
		{"b \"x\" {\n\n\na=1\n\n}\nc {\n}\n", "b \"x\" {\n  a = 1\n}\n\nc {\n}\n"},
		{"b {}\n# c\nd {}\n", "b {}\n\n# c\nd {}\n"},
		{"a=f ( x,y )", "a = f(x, y)\n"},
		{"a=[ 1,2 , 3 ]", "a = [1, 2, 3]\n"},
		{"a={b=1,c=2}", "a = { b = 1, c = 2 }\n"},
		{"a={}", "a = {}\n"},
		{"a=-1\nb= 2-1\nc=!d\n", "a = -1\nb = 2 - 1\nc = !d\n"},
		{"a=b . c [ 0 ] . d", "a = b.c[0].d\n"},
		{"a=b?c:d", "a = b ? c : d\n"},
		{"a=[for x in [1]:x]", "a = [for x in [1] : x]\n"},
		{"a=f({\nb=1\n})\n", "a = f({\n  b = 1\n})\n"},
		{"a=[\n{b=1},\n]\n", "a = [\n  { b = 1 },\n]\n"},
		{"\"a b\"=1\nc=2\n", "\"a b\" = 1\nc     = 2\n"},
		{"\"\xc3\xbc\"=1\ncccc=2\n", "\"\xc3\xbc\"  = 1\ncccc = 2\n"},
		{"a=\"x  ${f(\"y\")}  $${z}\"", "a = \"x  ${f(\"y\")}  $${z}\"\n"},
		{"a=<<EOT\n  x\n   y\nEOT\nb=1\n", "a = <<EOT\n  x\n   y\nEOT\nb = 1\n"},
		{"a=1   # why\n", "a = 1 # why\n"},
		{"a=1\r\nb=2\r\n", "a = 1\nb = 2\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ERR err = NULL;
		AUTO_STR out = STR_INIT;
		AUTO_STR again = STR_INIT;
		if (hcl_format(cases[i].in, strlen(cases[i].in), &out, &err) < 0)
			fail_msg("'%s' is refused: %s", cases[i].in, err->message);
		if (!str_eq(out.data, cases[i].want))
			fail_msg("'%s' gives\n%s", cases[i].in, out.data);
		assert_int_equal(hcl_format(out.data, out.len, &again, &err), 0);
		assert_string_equal(again.data, out.data);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"a = \"x", "line 1: a text is not closed"},
		{"\n\na = \"${x", "line 3: a text is not closed"},
		{"a = {", "a bracket is not closed: '}' is missing"},
		{"a = ]", "line 1: ']' closes nothing"},
		{"a = (1]", "line 1: ']' closes nothing"},
		{"a = `x`", "line 1: unexpected character 0x60"},
		{"a = 'x'", "line 1: unexpected character 0x27"},
		{"a = <<EOT\nx\n", "line 1: a heredoc is not closed"},
		{"a = << x", "line 1: '<<' without an end marker"},
		{"/* x", "line 1: a comment is not closed"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ERR err = NULL;
		AUTO_STR out = STR_INIT;
		assert_int_equal(hcl_format(cases[i].in, strlen(cases[i].in), &out, &err), -1);
		assert_string_equal(err->message, cases[i].want);
		assert_int_equal(err->kind, ERR_SYNTAX);
		assert_int_equal(out.len, 0);
	}
}

static void deep_nesting_is_refused(void **state)
{
	AUTO_ERR err = NULL;
	AUTO_STR in = STR_INIT;
	AUTO_STR out = STR_INIT;
	(void)state;
	str_add(&in, "a = ");
	for (int i = 0; i < 100; i++)
		str_addc(&in, '[');
	assert_int_equal(hcl_format(in.data, in.len, &out, &err), -1);
	assert_non_null(strstr(err->message, "nest deeper than 64"));
}

static void blocks(void **state)
{
	static const char text[] = "resource \"aws_x\" \"y\" {\n"
				   "  a = [1,\n    2]\n"
				   "  one {\n    b = \"c\"\n    two {}\n  }\n"
				   "  one {\n    b = x.y\n  }\n"
				   "}\n"
				   "data \"d\" \"e\" {}\n"
				   "output \"o\" {\n  value = 1 # why\n}\n"
				   "terraform {\n}\n";
	static const char *const addresses[] = {"aws_x.y", "data.d.e", "output.o", "terraform"};
	static const struct {
		const char *path, *text;
	} attrs[] = {{"a", "[1, 2]"}, {"one.b", "\"c\""}, {"one.two", "{}"}, {"one[1].b", "x.y"}};
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct hcl_blocks b = {0};
	(void)state;
	assert_int_equal(hcl_parse_blocks(text, strlen(text), &arena, &b, &err), 0);
	assert_int_equal(b.count, ARRAY_LEN(addresses));
	for (size_t i = 0; i < b.count; i++)
		assert_string_equal(b.items[i].address, addresses[i]);
	assert_int_equal(b.items[0].attr_count, ARRAY_LEN(attrs));
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		assert_string_equal(b.items[0].attrs[i].path, attrs[i].path);
		assert_string_equal(b.items[0].attrs[i].text, attrs[i].text);
	}
	assert_string_equal(hcl_block_attr(&b.items[2], "value")->text, "1");
	assert_null(hcl_block_attr(&b.items[2], "other"));
}

static void no_blocks(void **state)
{
	static const char *const cases[] = {
		"a = 1", "x \"a\" \"b\" \"c\" {}", "x {\n 1 = 2\n}", "\"x\" {}", "x {\n y z\n}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct hcl_blocks b = {0};
		if (hcl_parse_blocks(cases[i], strlen(cases[i]), &arena, &b, &err) == 0)
			fail_msg("'%s' is taken for blocks", cases[i]);
		assert_int_equal(err->kind, ERR_SYNTAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(refused),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(blocks),
		cmocka_unit_test(no_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
