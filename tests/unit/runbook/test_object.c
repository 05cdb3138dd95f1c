/*
 * Protects: that a runbook is an object among the others: its key, that its history is no change
 * of it while everything else is, that mistakes and secrets in it are errors of the repository,
 * and that other files go to their own loader.
 */
#include "runbook_test.h"

#include "base/mem.h"
#include "runbook/object.h"
#include "spec/check.h"

#define GOOD "# Sample\n" RB_ENVIRONMENT RB_FILES RB_CLAIMS RB_SCRIPT RB_HISTORY

struct loaded {
	struct arena arena;
	struct diag_list diags;
	struct src src;
	struct spec *spec;
};

static void loaded_release(struct loaded *l)
{
	diag_list_release(&l->diags);
	arena_release(&l->arena);
}
#define AUTO_LOADED CLEANUP(loaded_release) struct loaded

static void load(struct loaded *l, const char *path, const char *text)
{
	*l = (struct loaded){.src = {path, text, strlen(text)}};
	l->spec = spec_file_load(&l->arena, &l->src, &l->diags);
}

static void a_runbook_is_an_object(void **state)
{
	AUTO_LOADED l = {0};
	(void)state;
	load(&l, "runbooks/Patch Prep.md", GOOD);
	assert_non_null(l.spec);
	assert_int_equal(l.spec->kind, KIND_RUNBOOK);
	assert_string_equal(l.spec->name, "Patch Prep");
	assert_string_equal(l.spec->key, "runbook/Patch Prep");
	assert_string_equal(l.spec->runbook->script_text.text, "uptime");
	assert_int_equal(l.diags.errors, 0);
}

static void only_the_history_is_no_change(void **state)
{
	static const struct {
		const char *text;
		bool same;
	} cases[] = {
		{GOOD, true},
		{GOOD "\n### 2026-01-23T14:33:02.123Z | Exit Code: 0\n\n", true},
		{GOOD "# Script\n```sh\nreboot\n```\n", true},
		{"# Sample\nA word.\n" RB_ENVIRONMENT RB_FILES RB_CLAIMS RB_SCRIPT RB_HISTORY,
			false},
		{"# Sample\n" RB_ENVIRONMENT RB_FILES RB_SCRIPT RB_HISTORY, false},
	};
	char want[DIGEST_HEX];
	AUTO_LOADED first = {0};
	(void)state;
	load(&first, "runbooks/Sample.md", GOOD);
	spec_digest_plain(first.spec, want);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_LOADED l = {0};
		char got[DIGEST_HEX];
		load(&l, "runbooks/Sample.md", cases[i].text);
		spec_digest_plain(l.spec, got);
		assert_int_equal(str_eq(got, want), cases[i].same);
	}
}

static void mistakes_are_errors(void **state)
{
	static const struct {
		const char *path, *text, *rule;
	} cases[] = {
		{"runbooks/Sample.md", "", "runbook-empty"},
		{"runbooks/Sample.md", "# Sample\n" RB_ENVIRONMENT RB_FILES RB_HISTORY,
			"runbook-section"},
		{"runbooks/Sample.md", GOOD "AKIAIOSFODNN7EXAMPLE\n", "secret-literal"},
		{"runbooks/Sample.md", "# \xff", "runbook-encoding"},
		{"roles/web.yaml", "# Sample\n", "spec-kind"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_LOADED l = {0};
		load(&l, cases[i].path, cases[i].text);
		assert_true(l.diags.errors > 0);
		assert_string_equal(l.diags.items[0].rule, cases[i].rule);
	}
}

static void a_runbook_may_be_longer(void **state)
{
	(void)state;
	assert_int_equal(spec_file_limit("runbooks/A.md"), 64 * 1024 * 1024);
	assert_int_equal(spec_file_limit("runbooks/A.yaml"), 4 * 1024 * 1024);
	assert_non_null(strstr(spec_file_too_large("runbooks/A.md"), "64 MiB"));
	assert_non_null(strstr(spec_file_too_large("roles/a.yaml"), "4 MiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_runbook_is_an_object),
		cmocka_unit_test(only_the_history_is_no_change),
		cmocka_unit_test(mistakes_are_errors),
		cmocka_unit_test(a_runbook_may_be_longer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
