/* Protects: texts are compared with patterns of type.yaml as a whole, and that never takes long. */
#include "check.h"

#include "base/mem.h"
#include "render/pattern.h"
#include "render/types.h"

static void check_match(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"[a-z]+", "abc", true},
		{"[a-z]+", "abc1", false},
		{"a|b", "b", true},
		{"a|b", "ab", false},
		{".{0,4}", "", true},
		{".{0,4}", "abcd", true},
		{".{0,4}", "\303\244\303\266\303\274\342\202\254",
			true}, /* characters, not bytes */
		{".{0,4}", "abcde", false},
		{".{2,4}", "a", false},
		{".{2,4}", "a\nb", true},
		{".{0,8192}", "a", true},
		{".{2,4}x", "ax", false},
		{".{2,4}x", "abcx", true},
		{".{2}", "ab", true},
		{"[]a-c[+-]{1,3}", "]a-", true},
		{"[]a-c[+-]{1,3}", "[+c", true},
		{"[]a-c[+-]{1,3}", "d", false},
		{"[]a-c[+-]{1,3}", "", false},
		{"[]a-c[+-]{1,3}", "aaaa", false},
		{"[a-c]{1,3}", "\303\244", false},
		{"[^a-c]{1,3}", "d", true},
		{"[^a-c]{1,3}", "a", false},
		{"[[:digit:]]{1,3}", "12", true},
		{"[[:digit:]]{1,3}", "d", false},
		{"[a-c]{1,3}x", "ax", true},
		{"[a-c]{3,1}", "a", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pattern p = {.text = rows[i].pattern};
		assert_int_equal(
			pattern_matches(&p, rows[i].text, strlen(rows[i].text)), rows[i].matches);
		pattern_release(&p);
	}
}

static void check_odd(void **state)
{
	(void)state;
	struct pattern broken = {.text = "[a"};
	assert_int_equal(pattern_prepare(&broken), false);
	assert_int_equal(pattern_prepare(&broken), false);
	assert_int_equal(pattern_matches(&broken, "a", 1), false);
	pattern_release(&broken);
	struct pattern length = {.text = ".{0,9}"};
	assert_int_equal(pattern_matches(&length, "a\0b", 3), false);
	pattern_release(&length);
	struct pattern regex = {.text = "a.*"};
	assert_int_equal(pattern_matches(&regex, "a\0b", 3), false);
	pattern_release(&regex);
}

/* What the built-in types say has to be valid, although it is compiled late. */
static void check_builtin(void **state)
{
	(void)state;
	AUTO_DIAGS diags = {0};
	struct render_types *types = render_types_load(&diags);
	assert_non_null(types);
	size_t patterns = 0;
	for (size_t i = 0; render_type_name(types, i); i++) {
		const struct render_type *t = types_find(types, render_type_name(types, i), &diags);
		assert_non_null(t);
		for (size_t k = 0; k < t->key_count; k++) {
			if (!t->keys[k].pattern)
				continue;
			patterns++;
			if (!pattern_prepare(t->keys[k].pattern))
				fail_msg("%s.%s: %s", t->name, t->keys[k].name,
					t->keys[k].pattern->text);
		}
	}
	assert_true(patterns > 20);
	render_types_free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_match),
		cmocka_unit_test(check_odd),
		cmocka_unit_test(check_builtin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
