/* Protects: ULIDs sort by time, have their alphabet, and do not repeat. */
#include "check.h"

#include "base/macros.h"
#include "base/ulid.h"

static void encodes_the_time(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *prefix;
	} rows[] = {
		{0, "0000000000"},
		{31, "000000000Z"},
		{32, "0000000010"},
		{INT64_C(1469918176385), "01ARYZ6S41"}, /* the example of the specification */
		{(INT64_C(1) << 48) - 1, "7ZZZZZZZZZ"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char id[ULID_SIZE];
		assert_string_equal(ulid_new(rows[i].ms, id), id);
		assert_memory_equal(id, rows[i].prefix, 10);
		assert_int_equal(strlen(id), 26);
		assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
	}
}

static void does_not_repeat(void **state)
{
	(void)state;
	char ids[200][ULID_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ulid_new(1000, ids[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_time),
		cmocka_unit_test(does_not_repeat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
