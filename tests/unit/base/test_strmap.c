/* Protects: the map's order, replacing and removing, also while walking. */
#include "check.h"

#include "base/strmap.h"

#include <stdio.h>

static int values[4] = {0, 1, 2, 3};

static void puts_and_gets(void **state)
{
	(void)state;
	AUTO_STRMAP map = {0};
	assert_null(strmap_get(&map, "a"));
	assert_int_equal(strmap_count(&map), 0);
	char key[] = "a";
	assert_null(strmap_put(&map, key, &values[1]));
	key[0] = 'b'; /* the map has its own copy */
	assert_null(strmap_put(&map, key, &values[2]));
	assert_ptr_equal(strmap_get(&map, "a"), &values[1]);
	assert_ptr_equal(strmap_put(&map, "a", &values[3]), &values[1]);
	assert_ptr_equal(strmap_get(&map, "a"), &values[3]);
	assert_int_equal(strmap_count(&map), 2);
	assert_ptr_equal(strmap_remove(&map, "a"), &values[3]);
	assert_null(strmap_remove(&map, "a"));
	assert_false(strmap_has(&map, "a"));
	assert_int_equal(strmap_count(&map), 1);
	assert_null(strmap_put(&map, "", NULL));
	assert_true(strmap_has(&map, ""));
	assert_null(strmap_get(&map, ""));
}

static void walks_in_order_of_insertion(void **state)
{
	(void)state;
	AUTO_STRMAP map = {0};
	char key[16];
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(key, sizeof key, "k%d", i * 7919 % 1000);
		strmap_put(&map, key, &values[i % 4]);
	}
	int n = 0;
	STRMAP_FOREACH (&map, e) {
		(void)snprintf(key, sizeof key, "k%d", n * 7919 % 1000);
		assert_string_equal(strmap_key(e), key);
		assert_ptr_equal(strmap_value(e), &values[n % 4]);
		n++;
	}
	assert_int_equal(n, 1000);
}

static void removes_while_walking(void **state)
{
	(void)state;
	AUTO_STRMAP map = {0};
	char key[16];
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof key, "k%d", i);
		strmap_put(&map, key, &values[i % 4]);
	}
	STRMAP_FOREACH (&map, e) {
		if (strmap_value(e) == &values[0]) {
			(void)snprintf(key, sizeof key, "%s", strmap_key(e));
			strmap_remove(&map, key);
		}
	}
	assert_int_equal(strmap_count(&map), 75);
	STRMAP_FOREACH (&map, e)
		assert_ptr_not_equal(strmap_value(e), &values[0]);
	strmap_release(&map);
	assert_int_equal(strmap_count(&map), 0);
	assert_null(strmap_next(&map, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_and_gets),
		cmocka_unit_test(walks_in_order_of_insertion),
		cmocka_unit_test(removes_while_walking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
