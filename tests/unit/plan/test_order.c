/* Protects: dependency order is complete, stable and finds cycles. */
#include "check.h"

#include "plan/order.h"

static void needed_ones_come_first(void **state)
{
	(void)state;
	/* 0 needs 2, 2 needs 3, 1 is free */
	const struct plan_need needs[] = {{0, 2}, {2, 3}, {0, 3}};
	size_t order[4], done = 0;
	assert_true(plan_order(4, needs, 3, order, &done));
	const size_t want[] = {1, 3, 2, 0};
	assert_int_equal(done, 4);
	assert_memory_equal(order, want, sizeof want);
}

static void ties_keep_the_given_order(void **state)
{
	(void)state;
	size_t order[3], done = 0;
	assert_true(plan_order(3, NULL, 0, order, &done));
	const size_t want[] = {0, 1, 2};
	assert_memory_equal(order, want, sizeof want);
}

static void a_cycle_is_found_and_the_rest_is_ordered(void **state)
{
	(void)state;
	const struct plan_need needs[] = {{0, 1}, {1, 0}, {2, 3}};
	size_t order[4], done = 0;
	assert_false(plan_order(4, needs, 3, order, &done));
	assert_int_equal(done, 2);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[1], 2);
}

static void nothing_is_fine(void **state)
{
	(void)state;
	size_t order[1], done = 7;
	assert_true(plan_order(0, NULL, 0, order, &done));
	assert_int_equal(done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needed_ones_come_first),
		cmocka_unit_test(ties_keep_the_given_order),
		cmocka_unit_test(a_cycle_is_found_and_the_rest_is_ordered),
		cmocka_unit_test(nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
