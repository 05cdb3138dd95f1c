/*
 * Protects: .trueupignore means what the same lines mean to git: every case is also put to
 * `git check-ignore`.
 */
#include "source_test.h"

#include "source/ignore.h"

static const struct {
	const char *rules;
	const char *path;
	bool hidden;
} cases[] = {
	{"", "a", false},
	{"# a\n\n   \n", "a", false},
	{"a", "a", true},
	{"a", "x/y/a", true},
	{"a", "a/b/c", true},
	{"a", "ab", false},
	{"/a", "a", true},
	{"/a", "x/a", false},
	{"x/a", "x/a", true},
	{"x/a", "y/x/a", false},
	{"a/", "a", false},
	{"a/", "a/b", true},
	{"a/", "x/a/b", true},
	{"*.yaml", "x/y.yaml", true},
	{"*.yaml", "x/y.yml", false},
	{"x/*", "x/y", true},
	{"x/*.yaml", "x/z/y.yaml", false},
	{"**/a", "a", true},
	{"**/a", "x/y/a", true},
	{"a/**", "a/b/c", true},
	{"a/**", "a", false},
	{"a/**/b", "a/b", true},
	{"a/**/b", "a/x/y/b", true},
	{"a/**/b", "a/x/y/c", false},
	{"a/**/**/b", "a/x/b", true},
	{"**", "x", true},
	{"*.yaml\n!b.yaml", "b.yaml", false},
	{"*.yaml\n!b.yaml\nb.*", "b.yaml", true},
	{"x/\n!x/a", "x/a", true}, /* below a hidden folder nothing is seen again */
	{"x/*\n!x/a", "x/a", false},
	{"x/*\n!x/a", "x/b", true},
	{"\\#a", "#a", true},
	{"\\!a", "!a", true},
	{"a ", "a", true},
	{"a\\ ", "a ", true},
	{"a?c", "abc", true},
	{"a?c", "a/c", false},
	{"a*c", "a/c", false},
	{"[a-c].x", "b.x", true},
	{"[!a-c].x", "b.x", false},
	{"[!a-c].x", "d.x", true},
	{"a\r\nb", "a", true},
	{"/x/y/", "x/y/z", true},
	{"!a", "a", false},
	{"/", "a", false},
};

static void means_what_it_means_to_git(void **state)
{
	struct fixture *f = *state;
	sh(f, "git init -q r");
	AUTO_FREE char *file = path_join(f->dir, "r/.gitignore");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ignore ignore;
		ignore_parse(cases[i].rules, strlen(cases[i].rules), &f->arena, &ignore);
		const bool hidden = ignore_hides(&ignore, cases[i].path, false);
		if (hidden != cases[i].hidden)
			print_error("case %zu: %s / %s\n", i, cases[i].rules, cases[i].path);
		assert_int_equal(hidden, cases[i].hidden);
		/* Newer versions of git take the CR as a part of the name. */
		if (strchr(cases[i].rules, '\r'))
			continue;
		ok(f, fs_write_atomic(file, cases[i].rules, strlen(cases[i].rules), 0600, &f->err));
		AUTO_FREE char *script = xasprintf("cd r; rc=0; git check-ignore -q --no-index -- "
						   "'%s' || rc=$?; test $rc = %d",
			cases[i].path, cases[i].hidden ? 0 : 1);
		sh(f, script);
	}
}

static void hostile_rules_end(void **state)
{
	struct fixture *f = *state;
	AUTO_STR rules = STR_INIT;
	for (int i = 0; i < IGNORE_MAX_RULES + 10; i++)
		str_add(&rules, "**/a*a*a*a*a*a*a*a*b/**/c*c*c*c*d/**\n");
	AUTO_STR deep = STR_INIT;
	for (int i = 0; i < 200; i++)
		str_add(&deep, "x/");
	str_addf(&deep, "\n%s", rules.data);
	struct ignore ignore;
	ignore_parse(deep.data, deep.len, &f->arena, &ignore);
	assert_int_equal(ignore.count, IGNORE_MAX_RULES);
	assert_false(ignore_hides(&ignore,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaac", false));
	AUTO_STR path = STR_INIT;
	for (int i = 0; i < 200; i++)
		str_add(&path, "a/");
	assert_false(ignore_hides(&ignore, path.data, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(means_what_it_means_to_git),
		source_test(hostile_rules_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
