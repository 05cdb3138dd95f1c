/* Protects: the text of times and durations, and which durations people may write. */
#include "check.h"

#include "base/clock.h"
#include "base/err.h"

static void formats_times(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(1795334462345), "2026-11-22T08:01:02.345Z"},
		{INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
	};
	char text[CLOCK_TEXT_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(clock_format(rows[i].ms, text), rows[i].text);
}

static void formats_durations(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "0 ms"},
		{999, "999 ms"},
		{1000, "1.0 s"},
		{7190, "7.1 s"},
		{59999, "59.9 s"},
		{60000, "1 m 00 s"},
		{185000, "3 m 05 s"},
		{3599999, "59 m 59 s"},
		{3600000, "1 h 00 m"},
		{7800000, "2 h 10 m"},
		{360000000, "100 h 00 m"},
	};
	char text[CLOCK_TEXT_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(clock_format_duration(rows[i].ms, text), rows[i].text);
}

static void parses_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"0s", 0},
		{"250ms", 250},
		{"90s", 90000},
		{"15m", 900000},
		{"2h", 7200000},
		{"7d", INT64_C(604800000)},
		{"3660d", INT64_C(316224000000)},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ERR err = NULL;
		int64_t ms = -1;
		assert_int_equal(clock_parse_duration(rows[i].text, &ms, &err), 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void refuses_other_durations(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "5", "s", "-1s", "1.5h", "1 h", "1h30m", "5S", "1w",
		" 1s", "1s ", "1000000000000000000000000s"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ERR err = NULL;
		int64_t ms = -1;
		assert_int_equal(clock_parse_duration(bad[i], &ms, &err), -1);
		assert_int_equal(err->kind, ERR_INVALID);
		assert_non_null(strstr(err->message, "as in 15m"));
		assert_int_equal(ms, -1);
	}
	static const char *const long_ones[] = {"3661d", "999999999999999h", "316224000001ms"};
	for (size_t i = 0; i < ARRAY_LEN(long_ones); i++) {
		AUTO_ERR err = NULL;
		int64_t ms = -1;
		assert_int_equal(clock_parse_duration(long_ones[i], &ms, &err), -1);
		assert_non_null(strstr(err->message, "longer than ten years"));
	}
}

static void clocks_go_forward(void **state)
{
	(void)state;
	const int64_t before = clock_monotonic_ms();
	assert_true(clock_monotonic_ms() >= before);
	assert_true(clock_now_ms() > INT64_C(1577836800000)); /* 2020 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_times),
		cmocka_unit_test(formats_durations),
		cmocka_unit_test(parses_durations),
		cmocka_unit_test(refuses_other_durations),
		cmocka_unit_test(clocks_go_forward),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
