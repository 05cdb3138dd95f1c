/*
 * Protects: a line of the log is one line, whatever somebody outside made it say, in both formats;
 * levels above the chosen one are not written.
 */
#include "check.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said[4096];

/* What a message becomes, in said. */
static void say(enum log_format format, enum log_level level, const char *message)
{
	int ends[2];
	const int err = dup(STDERR_FILENO);
	assert_true(err >= 0 && pipe2(ends, O_CLOEXEC) == 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_setup(LOG_LEVEL_INFO, format);
	log_at(level, "%s", message);
	assert_true(dup2(err, STDERR_FILENO) >= 0);
	(void)close(ends[1]);
	(void)close(err);
	const ssize_t n = read(ends[0], said, sizeof said - 1);
	assert_true(n >= 0);
	said[n] = '\0';
	(void)close(ends[0]);
}

static void text(void **state)
{
	(void)state;
	static const struct {
		const char *message, *line;
	} cases[] = {
		{"shop: done", "trueup: info: shop: done\n"},
		{"tab\tand \xc3\xa9", "trueup: info: tab\tand \xc3\xa9\n"},
		{"first\ntrueup: error: forged", "trueup: info: first\\ntrueup: error: forged\n"},
		{"> `trueup help`\n\n- plan\n", "trueup: info: > `trueup help`\\n\\n- plan\n"},
		{"\x1b[31mred\r\x7f", "trueup: info: \\x1b[31mred\\x0d\\x7f\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		say(LOG_TEXT, LOG_LEVEL_INFO, cases[i].message);
		assert_string_equal(said, cases[i].line);
	}
}

static void json(void **state)
{
	(void)state;
	say(LOG_JSON, LOG_LEVEL_WARNING, "a \"b\"\nc\x1b");
	assert_non_null(strstr(
		said, "\"level\":\"warning\",\"message\":\"a \\\"b\\\"\\u000ac\\u001b\"}\n"));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void levels(void **state)
{
	(void)state;
	say(LOG_TEXT, LOG_LEVEL_DEBUG, "too much");
	assert_string_equal(said, "");
	say(LOG_TEXT, LOG_LEVEL_ERROR, "it broke");
	assert_string_equal(said, "trueup: error: it broke\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(json),
		cmocka_unit_test(levels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
