/* Protects: pauses that grow up to a limit and differ by chance, within what was promised. */
#include "check.h"

#include "daemon/backoff.h"

static void doubles_up_to_the_limit(void **state)
{
	(void)state;
	assert_int_equal(backoff_ms(1, 0), 10000);
	assert_int_equal(backoff_ms(2, 0), 20000);
	assert_int_equal(backoff_ms(3, 0), 40000);
	assert_int_equal(backoff_ms(9, 0), 2560000);
	assert_int_equal(backoff_ms(10, 0), 3600000);
	assert_int_equal(backoff_ms(1000000, 0), 3600000);
	assert_int_equal(backoff_ms(0, 0), 10000);
}

static void adds_a_fifth_at_most(void **state)
{
	(void)state;
	assert_int_equal(backoff_ms(1, UINT32_MAX), 12000);
	assert_int_equal(backoff_ms(50, UINT32_MAX), 4320000);
	for (uint32_t chance = 0; chance < UINT32_MAX - 99999999; chance += 99999999) {
		const int64_t wait = backoff_ms(3, chance);
		assert_in_range(wait, 40000, 48000);
	}
}

static void jitters_within_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(jittered_ms(300000, 30000, 0), 300000);
	assert_int_equal(jittered_ms(300000, 30000, UINT32_MAX), 330000);
	assert_int_equal(jittered_ms(300000, 30000, UINT32_MAX / 2), 314999);
	assert_int_equal(jittered_ms(300000, 0, UINT32_MAX), 300000);
	/* The longest that a configuration may ask for. */
	assert_int_equal(jittered_ms(86400000, 86400000, UINT32_MAX), 172800000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_up_to_the_limit),
		cmocka_unit_test(adds_a_fifth_at_most),
		cmocka_unit_test(jitters_within_its_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
