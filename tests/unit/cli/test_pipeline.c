/*
 * Protects: the question before an apply. Only a plain yes is one; the end of the input, Ctrl-C
 * and everything else is a no.
 */
#include "check.h"
#include "cli/pipeline.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static bool read_line(const char *text, bool *ret_yes)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), strlen(text));
	(void)close(fds[1]);
	const bool came = pipeline_read_answer(fds[0], ret_yes);
	(void)close(fds[0]);
	return came;
}

static void only_yes_is_a_yes(void **state)
{
	static const struct {
		const char *text;
		bool came, yes;
	} cases[] = {
		{"y\n", true, true},
		{"yes\n", true, true},
		{"YES\r\n", true, true},
		{"  Y \n", true, true},
		{"y\nmore\n", true, true},
		{"n\n", true, false},
		{"\n", true, false},
		{"yo\n", true, false},
		{"yesterday\n", true, false},
		{"no yes\n", true, false},
		{"", false, false},
		{"y", false, false}, /* cut off before Enter */
		{"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n",
			true, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool yes = !cases[i].yes;
		const bool came = read_line(cases[i].text, &yes);
		if (came != cases[i].came || yes != cases[i].yes)
			fail_msg("case %zu", i);
	}
}

static void on_signal(int number)
{
	(void)number;
}

/* A signal that comes while it reads ends it, as Ctrl-C has to. */
static void an_interrupt_is_a_no(void **state)
{
	(void)state;
	int fds[2];
	bool yes = true;
	struct sigaction act = {.sa_handler = on_signal}, old;
	assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
	assert_int_equal(pipe(fds), 0);
	/* Again and again, so that one of them comes while it reads. */
	const struct itimerval every = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
	const bool came = pipeline_read_answer(fds[0], &yes);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_false(came);
	assert_false(yes);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_yes_is_a_yes),
		cmocka_unit_test(an_interrupt_is_a_no),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
