/*
 * Protects: every message about a wrong spec, to the byte: place, words, rule id, caret, hint.
 *
 * Each file of tests/golden/specs/bad is a wrong spec (or a tree of them, see tree.h) and has its
 * messages beside it in NAME.expected; each of tests/golden/specs/good has to give none. Running
 * with TRUEUP_REGEN=1 writes the .expected files anew: look at the difference.
 */
#include "check.h"
#include "tree.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "report/diag_print.h"
#include "report/term.h"

#include <dirent.h>
#include <stdio.h>

#define BAD  "tests/golden/specs/bad"
#define GOOD "tests/golden/specs/good"

static int is_case(const struct dirent *e)
{
	return e->d_name[0] != '.' && !str_ends(e->d_name, ".expected");
}

static void read_file(const char *path, struct str *out)
{
	AUTO_ERR err = NULL;
	if (fs_read(path, 8 * 1024 * 1024, out, &err) < 0)
		fail_msg("%s", err->message);
}

static void messages(const char *dir, const char *name, struct str *out)
{
	AUTO_STR text = STR_INIT;
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_TREE tree = {0};
	read_file(path, &text);
	tree_load(&tree, name, text.data, text.len);

	char *printed = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&printed, &len);
	struct term term;
	assert_non_null(file);
	term_init(&term, file, false);
	diag_print_text(&term, &tree.diags);
	(void)fclose(file);
	str_addn(out, printed, len);
	free(printed);
}

static void each_case(const char *dir, void (*check)(const char *dir, const char *name))
{
	struct dirent **entries;
	const int count = scandir(dir, &entries, is_case, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		check(dir, entries[i]->d_name);
		free(entries[i]);
	}
	free((void *)entries);
}

static unsigned wrong;

static void check_bad(const char *dir, const char *name)
{
	AUTO_STR got = STR_INIT;
	AUTO_STR want = STR_INIT;
	AUTO_FREE char *base = path_join(dir, name);
	AUTO_FREE char *expected = xasprintf("%s.expected", base);
	AUTO_ERR err = NULL;
	messages(dir, name, &got);
	if (getenv("TRUEUP_REGEN")) {
		assert_int_equal(fs_write_atomic(expected, got.data, got.len, 0644, &err), 0);
		return;
	}
	read_file(expected, &want);
	if (got.len == 0 || strcmp(got.data, want.data) != 0) {
		print_error("%s: expected\n%s\ngot\n%s\n", base, want.data, got.data);
		wrong++;
	}
}

static void check_good(const char *dir, const char *name)
{
	AUTO_STR got = STR_INIT;
	messages(dir, name, &got);
	if (got.len) {
		print_error("%s/%s: expected nothing, got\n%s\n", dir, name, got.data);
		wrong++;
	}
}

static void bad_specs_say_why(void **state)
{
	(void)state;
	wrong = 0;
	each_case(BAD, check_bad);
	assert_int_equal(wrong, 0);
}

static void good_specs_are_silent(void **state)
{
	(void)state;
	wrong = 0;
	each_case(GOOD, check_good);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_specs_say_why),
		cmocka_unit_test(good_specs_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
