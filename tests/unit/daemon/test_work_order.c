/* Protects: an order reaches a worker as it was given, whatever is in it, or not at all. */
#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "daemon/work.h"

static const char *const variables[] = {"TOKEN=a\nb = c", "EMPTY=", NULL};

static void arrives_as_it_was_given(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	struct work_order got;
	const struct work_order order = {"shop", INT64_MAX, 7, variables};
	(void)state;
	work_order_write(&order, &text);
	assert_int_equal(work_order_read(text.data, text.len, &arena, &got, &err), 0);
	assert_string_equal(got.repository, "shop");
	assert_true(got.id == INT64_MAX);
	assert_int_equal(got.claim, 7);
	assert_string_equal(got.environ[0], variables[0]);
	assert_string_equal(got.environ[1], variables[1]);
	assert_null(got.environ[2]);
}

static void is_not_followed_in_part(void **state)
{
	AUTO_STR text = STR_INIT;
	const struct work_order order = {"shop", 12, 1, variables};
	(void)state;
	work_order_write(&order, &text);
	for (size_t len = 0; len < text.len; len++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct work_order got;
		assert_int_equal(work_order_read(text.data, len, &arena, &got, &err), -1);
		assert_int_equal(err_kind_of(err), ERR_INVALID);
	}
}

static void needs_no_environment(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	struct work_order got;
	(void)state;
	work_order_write(&(struct work_order){.repository = "shop"}, &text);
	assert_int_equal(work_order_read(text.data, text.len, &arena, &got, &err), 0);
	assert_int_equal(got.id, 0);
	assert_null(got.environ[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrives_as_it_was_given),
		cmocka_unit_test(is_not_followed_in_part),
		cmocka_unit_test(needs_no_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
