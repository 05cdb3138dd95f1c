/* Protects: growth, cutting and detaching; words of a shell; UTF-8 borders; "did you mean". */
#include "check.h"

#include "base/mem.h"
#include "base/str.h"

static void grows_and_detaches(void **state)
{
	(void)state;
	AUTO_STR s = STR_INIT;
	assert_string_equal(s.data, "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i);
	assert_int_equal(s.len, 3890);
	str_truncate(&s, 4);
	assert_string_equal(s.data, "0,1,");
	AUTO_FREE char *text = str_detach(&s);
	assert_string_equal(text, "0,1,");
	assert_int_equal(s.len, 0);
	assert_string_equal(s.data, "");
}

static void is_one_word_of_a_shell(void **state)
{
	(void)state;
	AUTO_STR s = STR_INIT;
	str_add_shell(&s, "");
	str_add_shell(&s, "it's $HOME; `x`");
	assert_string_equal(s.data, "'''it'\\''s $HOME; `x`'");
}

static void utf8_borders(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut("a\xc3\xa9z", 4, 2), 1);
	assert_int_equal(utf8_cut("a\xc3\xa9z", 4, 3), 3);
	assert_int_equal(utf8_cut("abc", 3, 10), 3);
	assert_int_equal(utf8_valid("\xc3\xa9\xf0\x9f\x98\x80", 6), 6);
	assert_int_equal(utf8_valid("ok\xc0\xaf", 4), 2); /* overlong */
	assert_int_equal(utf8_valid("\xed\xa0\x80", 3), 0); /* surrogate */
	assert_int_equal(utf8_valid("\xf4\x90\x80\x80", 4), 0); /* above U+10FFFF */
	assert_int_equal(utf8_valid("x\xe2\x82", 3), 1); /* cut short */
}

static void finds_the_nearest(void **state)
{
	(void)state;
	const char *const words[] = {"engine", "region", "network", NULL};
	assert_string_equal(str_nearest("engin", words), "engine");
	assert_string_equal(str_nearest("netwrok", words), "network");
	assert_null(str_nearest("colour", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_detaches),
		cmocka_unit_test(is_one_word_of_a_shell),
		cmocka_unit_test(utf8_borders),
		cmocka_unit_test(finds_the_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
