/* Protects: what one asks for about a pull request is what the worker reads, and nothing else is.
 */
#include "check.h"

#include "base/arena.h"
#include "daemon/ask.h"

static void names_a_pull_request(void **state)
{
	AUTO_ARENA arena = {0};
	static const char *const none[] = {"", "branch", "pull/", "pull/x", "pull/1x", "pulls/1"};
	(void)state;
	assert_string_equal(ask_pull_subject(&arena, 12), "pull/12");
	assert_int_equal(ask_pull_number(ask_pull_subject(&arena, 1234567890123)), 1234567890123);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(ask_pull_number(none[i]), 0);
}

static void says_what_is_known_of_a_comment(void **state)
{
	AUTO_ARENA arena = {0};
	(void)state;
	assert_string_equal(ask_comment_payload(&arena,
				    &(struct ask_comment){"7", "alice", "a \"b\"\n", false}),
		"{\"author\":\"alice\",\"body\":\"a \\\"b\\\"\\u000a\",\"id\":\"7\"}");
	assert_string_equal(
		ask_comment_payload(&arena, &(struct ask_comment){"7", NULL, NULL, true}),
		"{\"deleted\":\"yes\",\"id\":\"7\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_pull_request),
		cmocka_unit_test(says_what_is_known_of_a_comment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
