/*
 * Protects: what counts as a variable that is given to a run, that the later one wins, and that
 * messages about mistakes do not show values.
 */
#include "check.h"

#include "base/err.h"
#include "base/str.h"
#include "runbook/variables.h"

#include <string.h>

static void names_and_values_are_split_at_the_first_sign(void **state)
{
	static const struct {
		const char *text, *name, *value; /* value NULL: refused */
	} cases[] = {
		{"A=b", "A", "b"},
		{"A=", "A", ""},
		{"_a1=x=y", "_a1", "x=y"},
		{"A= b\t", "A", " b\t"},
		{"A=\"q\"", "A", "\"q\""},
		{"A", "A", NULL},
		{"", "", NULL},
		{"=b", "", NULL},
		{"1A=b", "1A", NULL},
		{"A-B=c", "A-B", NULL},
		{"A =b", "A ", NULL},
		{"\xc3\x84=b", "\xc3\x84", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct given_vars vars = {0};
		const int rc = given_vars_add(&arena, cases[i].text, &vars, &err);
		assert_int_equal(rc, cases[i].value ? 0 : -1);
		const struct given_var *got = given_vars_get(&vars, cases[i].name);
		assert_int_equal(got != NULL, cases[i].value != NULL);
		if (got)
			assert_string_equal(got->value, cases[i].value);
		else
			assert_int_equal(err_kind_of(err), ERR_INVALID);
	}
}

static void the_later_one_counts(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct given_vars vars = {0};
	(void)state;
	assert_int_equal(given_vars_add(&arena, "A=1", &vars, &err), 0);
	assert_int_equal(given_vars_add(&arena, "B=2", &vars, &err), 0);
	assert_int_equal(given_vars_add(&arena, "A=3", &vars, &err), 0);
	assert_int_equal(vars.count, 2);
	assert_string_equal(given_vars_get(&vars, "A")->value, "3");
	assert_null(given_vars_get(&vars, "C"));
}

static void references_are_told_from_texts(void **state)
{
	static const struct {
		const char *text, *value;
		enum value_kind kind;
	} cases[] = {
		{"A={fromEnv: TOKEN}", "TOKEN", VALUE_FROM_ENV},
		{"A={fromFile:a/b.txt}", "a/b.txt", VALUE_FROM_FILE},
		{"A={credential:  x  }", "x", VALUE_CREDENTIAL},
		{"A={fromEnv: }", "{fromEnv: }", VALUE_PLAIN},
		{"A={fromEnv: X", "{fromEnv: X", VALUE_PLAIN},
		{"A= {fromEnv: X}", " {fromEnv: X}", VALUE_PLAIN},
		{"A={from: X}", "{from: X}", VALUE_PLAIN},
		{"A={\"fromEnv\": 1}", "{\"fromEnv\": 1}", VALUE_PLAIN},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		AUTO_DIAGS diags = {0};
		struct given_vars vars = {0}, read = {0};
		assert_int_equal(given_vars_add(&arena, cases[i].text, &vars, &err), 0);
		assert_int_equal(vars.items[0].kind, cases[i].kind);
		assert_string_equal(vars.items[0].value, cases[i].value);
		/* Files of variables hold values only. */
		const struct src src = {"run.env", cases[i].text, strlen(cases[i].text)};
		given_vars_read(&arena, &src, &read, &diags);
		assert_int_equal(read.items[0].kind, VALUE_PLAIN);
		assert_string_equal(read.items[0].value, cases[i].text + 2);
	}
}

static void names_say_what_is_secret(void **state)
{
	(void)state;
	assert_true(given_var_name_is_secret("DEPLOY_TOKEN"));
	assert_true(given_var_name_is_secret("db_password"));
	assert_true(given_var_name_is_secret("SSH_KEY"));
	assert_false(given_var_name_is_secret("HOST"));
}

static void mistakes_do_not_show_values(void **state)
{
	static const char *const texts[] = {"hunter2", "A B=hunter2", "1=hunter2"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		struct given_vars vars = {0};
		assert_int_equal(given_vars_add(&arena, texts[i], &vars, &err), -1);
		err_format(err, &text);
		assert_null(strstr(text.data, "hunter2"));
	}
}

static void files_are_read_line_by_line(void **state)
{
	static const char text[] = "# a comment\n\nA=1\r\nB=2 # not a comment\nhunter2\n=x\nC=3";
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	struct given_vars vars = {0};
	const struct src src = {"run.env", text, sizeof text - 1};
	(void)state;
	given_vars_read(&arena, &src, &vars, &diags);
	assert_int_equal(vars.count, 3);
	assert_string_equal(given_vars_get(&vars, "A")->value, "1");
	assert_string_equal(given_vars_get(&vars, "B")->value, "2 # not a comment");
	assert_string_equal(given_vars_get(&vars, "C")->value, "3");
	assert_int_equal(diags.errors, 2);
	assert_string_equal(diags.items[0].path, "run.env");
	assert_int_equal(diags.items[0].line, 5);
	assert_int_equal(diags.items[1].line, 6);
	assert_true(!diags.items[0].source_line || !strstr(diags.items[0].source_line, "hunter"));
	assert_null(strstr(diags.items[0].message, "hunter2"));
}

static void there_are_limits(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT, value = STR_INIT;
	struct given_vars vars = {0};
	(void)state;
	for (int i = 0; i <= GIVEN_MAX_VARS; i++)
		str_addf(&text, "V%d=x\n", i);
	const struct src src = {"run.env", text.data, text.len};
	given_vars_read(&arena, &src, &vars, &diags);
	assert_int_equal(vars.count, GIVEN_MAX_VARS);
	assert_int_equal(diags.errors, 1);

	struct given_vars other = {0};
	str_add(&value, "A=");
	while (value.len < GIVEN_MAX_VALUE + 2)
		str_addc(&value, 'x');
	assert_int_equal(given_vars_add(&arena, value.data, &other, &err), 0);
	str_addc(&value, 'x');
	assert_int_equal(given_vars_add(&arena, value.data, &other, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_values_are_split_at_the_first_sign),
		cmocka_unit_test(the_later_one_counts),
		cmocka_unit_test(references_are_told_from_texts),
		cmocka_unit_test(names_say_what_is_secret),
		cmocka_unit_test(mistakes_do_not_show_values),
		cmocka_unit_test(files_are_read_line_by_line),
		cmocka_unit_test(there_are_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
