/* Protects: that every item is looked at once, by whichever process, and that a child which dies
 * leaves its items unanswered instead of answered wrongly. */
#include "check.h"

#include "base/macros.h"
#include "base/workers.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 4 * WORKERS_MIN_ITEMS };

static bool is_odd(void *data, size_t i)
{
	(void)data;
	return i % 2 == 1;
}

static void answers_are_those_of_the_check(void **state)
{
	(void)state;
	static const size_t counts[] = {0, 1, WORKERS_MIN_ITEMS - 1, WORKERS_MIN_ITEMS, MANY + 1};
	for (size_t n = 0; n < ARRAY_LEN(counts); n++) {
		bool fine[MANY + 1];
		memset(fine, 0, sizeof fine);
		workers_check(counts[n], is_odd, NULL, fine);
		for (size_t i = 0; i < counts[n]; i++)
			assert_int_equal(fine[i], i % 2 == 1);
	}
}

/* Kills the process that it runs in, unless that is the caller. */
static bool dies_elsewhere(void *data, size_t i)
{
	const pid_t *caller = data;
	(void)i;
	if (getpid() != *caller)
		(void)raise(SIGKILL);
	return true;
}

static void a_dead_child_answers_nothing(void **state)
{
	(void)state;
	pid_t caller = getpid();
	bool fine[MANY] = {0};
	workers_check(MANY, dies_elsewhere, &caller, fine);
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t answered = 0;
	for (size_t i = 0; i < MANY; i++)
		answered += fine[i];
	assert_true(fine[0]);
	if (processors < 2)
		assert_int_equal(answered, MANY);
	else
		assert_true(answered <= MANY / 2 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_those_of_the_check),
		cmocka_unit_test(a_dead_child_answers_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
