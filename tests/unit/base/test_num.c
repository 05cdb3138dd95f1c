/* Protects: numbers are whole texts, in range, in the point's locale; doubles read back. */
#include "check.h"

#include "base/macros.h"
#include "base/num.h"

#include <locale.h>

static void parses_whole_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {{"0", 0}, {"-0", 0}, {"007", 7}, {"42", 42}, {"-42", -42},
		{"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "--1",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999999"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t n = 1234;
		assert_true(num_parse_i64(good[i].text, strlen(good[i].text), &n));
		assert_int_equal(n, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t n = 1234;
		assert_false(num_parse_i64(bad[i], strlen(bad[i]), &n));
		assert_int_equal(n, 1234);
	}
	int64_t n = 0;
	assert_true(num_parse_i64("123", 2, &n));
	assert_int_equal(n, 12);
	assert_false(num_parse_i64("1\0", 2, &n));
}

static void parses_fractions(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double value;
	} good[] = {{"0.5", 0.5}, {"-1e3", -1000}, {"1.", 1}, {".25", 0.25}, {"1E-2", 0.01}};
	static const char *const bad[] = {"", ".", "-", "e5", "1e", "1,5", "inf", "nan", "0x1p3",
		"1e999", "1 ", " 1", "1.2.3"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		double d = 0;
		assert_true(num_parse_double(good[i].text, strlen(good[i].text), &d));
		assert_true(d == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		double d = 7;
		assert_false(num_parse_double(bad[i], strlen(bad[i]), &d));
		assert_true(d == 7);
	}
}

static void formats_doubles(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} rows[] = {{0, "0"}, {1, "1"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"},
		{2.0 / 3, "0.6666666666666666"}, {1e21, "1e+21"}, {-2.5e-10, "-2.5e-10"},
		{9007199254740993.0, "9007199254740992"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[NUM_DOUBLE_SIZE];
		double again = 0;
		num_format_double(rows[i].value, text);
		assert_true(num_parse_double(text, strlen(text), &again));
		assert_true(again == rows[i].value);
		assert_string_equal(text, rows[i].text);
	}
}

/* A locale with a comma changes nothing; skipped where no such locale is installed. */
static void ignores_the_locale(void **state)
{
	(void)state;
	static const char *const names[] = {
		"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "nl_NL.UTF-8"};
	bool set = false;
	for (size_t i = 0; i < ARRAY_LEN(names) && !set; i++)
		set = setlocale(LC_ALL, names[i]) != NULL;
	if (!set)
		skip();
	char text[NUM_DOUBLE_SIZE];
	double d = 0;
	assert_string_equal(num_format_double(0.5, text), "0.5");
	assert_true(num_parse_double("0.5", 3, &d));
	assert_true(d == 0.5);
	assert_non_null(setlocale(LC_ALL, "C"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whole_numbers),
		cmocka_unit_test(parses_fractions),
		cmocka_unit_test(formats_doubles),
		cmocka_unit_test(ignores_the_locale),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
