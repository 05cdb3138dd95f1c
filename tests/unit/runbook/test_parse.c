/*
 * Protects: what the corpus cannot show: limits, the digest that approvals are bound to, where the
 * history starts, and that a runbook without an Execution section has its defaults.
 */
#include "runbook_test.h"

#include "base/mem.h"

static void the_digest_covers_all_but_the_history(void **state)
{
	static const char head[] = "# A\n" RB_SCRIPT;
	char want[DIGEST_HEX];
	AUTO_SAMPLE without = {0}, with = {0}, other = {0};
	(void)state;
	digest_hex(head, sizeof head - 1, want);
	sample_read(&without, "# A\n" RB_SCRIPT RB_HISTORY);
	sample_read(&with, "# A\n" RB_SCRIPT RB_HISTORY "\n### something\n# Script\n");
	sample_read(&other, "# A \n" RB_SCRIPT RB_HISTORY);
	assert_string_equal(without.runbook->digest, want);
	assert_string_equal(with.runbook->digest, want);
	assert_string_not_equal(other.runbook->digest, want);
}

static void the_history_starts_below_its_heading(void **state)
{
	AUTO_SAMPLE s = {0}, none = {0};
	(void)state;
	sample_read(&s, "# A\n# History\nx\n");
	assert_int_equal(s.runbook->content_len, 4);
	assert_int_equal(s.runbook->history_start, 14);
	assert_int_equal(s.runbook->history_line, 3);
	sample_read(&none, "# A\n");
	assert_int_equal(none.runbook->content_len, 4);
	assert_int_equal(none.runbook->history_start, 4);
	assert_int_equal(none.runbook->history.state, RUNBOOK_NO_SECTION);
}

static void defaults_hold_without_an_execution_section(void **state)
{
	AUTO_SAMPLE s = {0};
	(void)state;
	sample_read(&s, "# A\n");
	const struct spec_execution *e = &s.runbook->execution;
	assert_int_equal(e->timeout_ms, 600000);
	assert_int_equal(e->retry.attempts, 1);
	assert_int_equal(e->retry.on, RETRY_ON_FAILURE | RETRY_ON_TIMEOUT);
	assert_int_equal(e->isolation, EXEC_ISOLATION_BEST_EFFORT);
	assert_int_equal(e->network, NETWORK_HOST);
	assert_int_equal(e->approval.mode, APPROVAL_AUTO);
	assert_false(e->concurrency.written);
	assert_null(e->shell);
}

static const char *refused_with(const char *text, size_t len)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct src src = {"runbooks/Sample.md", text, len};
	const struct runbook *rb = runbook_parse(&arena, &src, &diags);
	static char rule[64];
	assert_true(!rb == (diags.errors > 0));
	(void)str_copy(rule, sizeof rule, rb ? "" : diags.items[0].rule);
	return rule;
}

static void large_files_are_refused(void **state)
{
	AUTO_STR text = STR_INIT;
	(void)state;
	str_add(&text, "# A\n");
	while (text.len < RUNBOOK_MAX_CONTENT)
		str_add(&text, "0123456789abcde\n");
	str_truncate(&text, RUNBOOK_MAX_CONTENT - 1);
	str_addc(&text, '\n');
	assert_string_equal(refused_with(text.data, text.len), "");
	str_addc(&text, '\n');
	assert_string_equal(refused_with(text.data, text.len), "runbook-limit");

	/* A long history is no reason. */
	str_clear(&text);
	str_add(&text, "# A\n# History\n");
	while (text.len < RUNBOOK_MAX_BYTES)
		str_add(&text, "0123456789abcde0123456789abcde0123456789abcde0123456789abcdexyz\n");
	str_truncate(&text, RUNBOOK_MAX_BYTES);
	assert_string_equal(refused_with(text.data, text.len), "");
	str_addc(&text, 'x');
	assert_string_equal(refused_with(text.data, text.len), "runbook-limit");
}

static void names_come_from_the_path(void **state)
{
	static const struct {
		const char *path, *file, *name;
	} cases[] = {
		{"runbooks/PatchPrep.md", "PatchPrep.md", "PatchPrep"},
		{"PatchPrep.md", "PatchPrep.md", "PatchPrep"},
		{"a/b/c", "c", "c"},
		{NULL, "", ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		const struct src src = {cases[i].path, "# A\n", 4};
		const struct runbook *rb = runbook_parse(&arena, &src, &diags);
		assert_non_null(rb);
		assert_string_equal(rb->file, cases[i].file);
		assert_string_equal(rb->name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digest_covers_all_but_the_history),
		cmocka_unit_test(the_history_starts_below_its_heading),
		cmocka_unit_test(defaults_hold_without_an_execution_section),
		cmocka_unit_test(large_files_are_refused),
		cmocka_unit_test(names_come_from_the_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
