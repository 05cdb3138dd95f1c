/*
 * Protects: how command lines are read, and the sentence that a misuse gets. The tables here are
 * the test's own; test_commands.c looks at the real ones.
 */
#include "check.h"

#include "base/err.h"
#include "base/str.h"
#include "cli/options.h"

static const struct option_spec test_options[] = {
	{.name = "dry-run", .letter = 'n', .type = OPT_FLAG, .help = "h"},
	{.name = "target", .letter = 't', .type = OPT_LIST, .arg = "KIND/NAME", .help = "h"},
	{.name = "parallel",
		.letter = 'p',
		.type = OPT_INT,
		.arg = "N",
		.help = "h",
		.fallback = "2",
		.min = 1,
		.max = 64},
	{.name = "timeout", .type = OPT_DURATION, .arg = "TIME", .help = "h", .fallback = "1h"},
	{.name = "order", .type = OPT_CHOICE, .arg = "ORDER", .help = "h", .choices = "up down"},
	{.name = "to", .letter = 'o', .type = OPT_TEXT, .arg = "DIR", .help = "h"},
	{.name = "here", .type = OPT_FLAG, .help = "h", .excludes = "to"},
	{0},
};
static const struct command test_command = {
	.name = "reconcile",
	.summary = "s",
	.operands = "[DIR]",
	.max_operands = 1,
	.options = test_options,
};

enum { WORDS = 10 };

/* Parses words after "trueup"; the first that is no option is the command. */
static int parse(const char *const words[WORDS], struct opts **ret, struct err **err)
{
	int argc = 0;
	while (argc < WORDS && words[argc])
		argc++;
	*ret = opts_new(argc, words);
	const char *word;
	if (opts_parse_globals(*ret, &word, err))
		return -1;
	assert_string_equal(word, "reconcile");
	return opts_parse_command(*ret, &test_command, err);
}

static void reads_values(void **state)
{
	(void)state;
	const char *const words[WORDS] = {"trueup", "-qvv", "-C", "/d", "reconcile", "-nta", "shop",
		"--target=b", "-p8", "--timeout=90s"};
	AUTO_OPTS o = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(parse(words, &o, &err), 0);
	assert_true(opt_flag(o, "quiet"));
	assert_int_equal(opt_int(o, "verbose"), 2);
	assert_string_equal(opt_text(o, "directory"), "/d");
	assert_true(opt_flag(o, "dry-run"));
	const char *const *targets = opt_list(o, "target");
	assert_string_equal(targets[0], "a");
	assert_string_equal(targets[1], "b");
	assert_null(targets[2]);
	assert_int_equal(opt_int(o, "parallel"), 8);
	assert_int_equal(opt_duration(o, "timeout"), 90000);
	assert_int_equal(operand_count(o), 1);
	assert_string_equal(operand(o, 0), "shop");
	assert_null(operand(o, 1));
}

static void has_defaults(void **state)
{
	(void)state;
	const char *const words[WORDS] = {"trueup", "reconcile"};
	AUTO_OPTS o = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(parse(words, &o, &err), 0);
	assert_false(opt_flag(o, "dry-run"));
	assert_int_equal(opt_int(o, "parallel"), 2);
	assert_false(opt_given(o, "parallel"));
	assert_int_equal(opt_duration(o, "timeout"), 3600000);
	assert_null(opt_text(o, "order"));
	assert_string_equal(opt_text(o, "output"), "text");
	assert_null(opt_list(o, "target")[0]);
}

static void ends_options_at_two_dashes(void **state)
{
	(void)state;
	const char *const words[WORDS] = {"trueup", "reconcile", "-n", "--", "--dry-run"};
	AUTO_OPTS o = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(parse(words, &o, &err), 0);
	assert_string_equal(operand(o, 0), "--dry-run");
}

static void a_command_may_take_a_letter(void **state)
{
	(void)state;
	const char *const words[WORDS] = {
		"trueup", "reconcile", "-o", "folder", "--output", "json"};
	AUTO_OPTS o = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(parse(words, &o, &err), 0);
	assert_string_equal(opt_text(o, "to"), "folder");
	assert_string_equal(opt_text(o, "output"), "json");
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *words[WORDS];
		const char *message;
	} rows[] = {
		{{"trueup", "reconcile", "--dry-rum"},
			"unknown option '--dry-rum' of 'reconcile'; did you mean '--dry-run'?"},
		{{"trueup", "reconcile", "--xyzzy"},
			"unknown option '--xyzzy' of 'reconcile'; see 'trueup reconcile --help'"},
		{{"trueup", "reconcile", "-nz"},
			"unknown option '-z' of 'reconcile'; see 'trueup reconcile --help'"},
		{{"trueup", "--quite"}, "unknown option '--quite'; did you mean '--quiet'?"},
		{{"trueup", "reconcile", "--parallel"},
			"option '--parallel' of 'reconcile' needs a value: --parallel N"},
		{{"trueup", "reconcile", "-p"},
			"option '--parallel' of 'reconcile' needs a value: --parallel N"},
		{{"trueup", "reconcile", "--parallel=two"},
			"option '--parallel': 'two' is not a whole number"},
		{{"trueup", "reconcile", "--parallel=0"},
			"option '--parallel': 0 is not between 1 and 64"},
		{{"trueup", "reconcile", "--parallel=99999999999999999999"},
			"option '--parallel': '99999999999999999999' is not a whole number"},
		{{"trueup", "reconcile", "--order=left"},
			"option '--order': 'left' is not one of: up, down"},
		{{"trueup", "reconcile", "--dry-run=yes"}, "option '--dry-run' takes no value"},
		{{"trueup", "reconcile", "a", "b"},
			"unexpected operand 'b' of 'reconcile'; usage: trueup reconcile [DIR]"},
		{{"trueup", "reconcile", "--here", "-o", "d"},
			"'--to' and '--here' of 'reconcile' exclude each other: give one of them"},
		{{"trueup", "reconcile", "--output", "sarif"},
			"'reconcile' cannot print 'sarif'; it can print: text, json"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_OPTS o = NULL;
		AUTO_ERR err = NULL;
		assert_int_equal(parse(rows[i].words, &o, &err), -1);
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		assert_string_equal(text.data, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(ends_options_at_two_dashes),
		cmocka_unit_test(a_command_may_take_a_letter),
		cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
