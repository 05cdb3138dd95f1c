/*
 * Protects: commands in comments are found where people see them and nowhere else, and what is not
 * understood is said to be so.
 */
#include "check.h"

#include "base/arena.h"
#include "base/str.h"
#include "reconcile/pull_command.h"

#include <stdio.h>
#include <stdlib.h>

/* "plan|run:patch|?'aply' is no command; did you mean 'apply'?" */
static void expect(const char *body, const char *want)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	struct pull_commands list;
	pull_commands_parse(body, "trueup", &arena, &list);
	for (size_t i = 0; i < list.count; i++) {
		const struct pull_command *c = &list.items[i];
		str_addf(&text, "%s%s", i ? "|" : "", pull_verb_name(c->verb));
		if (c->argument)
			str_addf(&text, ":%s", c->argument);
		if (c->verb == PULL_VERB_UNKNOWN)
			str_addf(&text, "?%s", c->problem);
	}
	assert_string_equal(text.data, want);
}

static void finds_commands(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"trueup plan", "plan"},
		{"trueup apply\n", "apply"},
		{"Looks good.\r\n\r\ntrueup apply\r\n", "apply"},
		{"  trueup   unlock  ", "unlock"},
		{"Trueup Plan", "plan"},
		{"trueup", "help"},
		{"trueup help", "help"},
		{"trueup approve", "approve"},
		{"trueup approve  as agreed in CHG-12 ", "approve:as agreed in CHG-12"},
		{"trueup reject the instance is too large", "reject:the instance is too large"},
		{"trueup run patch-2026-11", "run:patch-2026-11"},
		{"trueup plan\ntrueup apply\ntrueup plan", "plan|apply"},
		{"text before\ntrueup\tplan", "plan"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(cases[i][0], cases[i][1]);
}

static void leaves_other_text_alone(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"",
		"please trueup apply",
		"trueups plan",
		"`trueup plan`",
		"> trueup apply",
		"    trueup apply",
		"\ttrueup apply",
		"```\ntrueup apply\n```",
		"~~~ sh\ntrueup apply\n```\ntrueup plan\n~~~~",
		"````\n```\ntrueup apply\n````",
		"```\ntrueup apply", /* a fence that is not closed ends with the comment */
		"<!-- hidden\ntrueup apply\n-->",
		"<!-- trueup apply -->",
		"* trueup plan",
		"/trueup plan",
	};
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		expect(bodies[i], "");
}

static void goes_on_after_what_hides(void **state)
{
	(void)state;
	expect("```\ntrueup apply\n```\ntrueup plan", "plan");
	expect("<!-- a -->\ntrueup plan", "plan");
	expect("<!-- a\nb -->\ntrueup plan", "plan");
	expect("text with `` ``` `` in it\ntrueup plan", "plan");
	expect("```inline``` is no fence\ntrueup plan", "plan");
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	expect("trueup aply", "?'aply' is no command; did you mean 'apply'?");
	expect("trueup is nice", "?'is' is no command");
	expect("trueup run", "?'run' needs the name of a Run");
	expect("trueup run a b", "?'run' takes one name");
	expect("trueup plan canvas/shop",
		"?'plan' is for the whole pull request and takes nothing more");
	expect("trueup \xff\xfe", "?'' is no command");
}

static void reads_a_limited_number(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR body = STR_INIT;
	struct pull_commands list;
	for (int i = 0; i < 100; i++)
		str_addf(&body, "trueup run r%d\n", i);
	pull_commands_parse(body.data, "trueup", &arena, &list);
	assert_int_equal(list.count, PULL_COMMANDS_MAX);
	assert_true(list.more);
	str_truncate(&body, 0);
	str_add(&body, "trueup reject ");
	for (int i = 0; i < 2000; i++)
		str_addc(&body, 'x');
	pull_commands_parse(body.data, "trueup", &arena, &list);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].problem, "the line is too long for a command");
}

static void another_word(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct pull_commands list;
	pull_commands_parse("trueup plan\ninfra plan", "infra", &arena, &list);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].text, "infra plan");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_commands),
		cmocka_unit_test(leaves_other_text_alone),
		cmocka_unit_test(goes_on_after_what_hides),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(reads_a_limited_number),
		cmocka_unit_test(another_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
