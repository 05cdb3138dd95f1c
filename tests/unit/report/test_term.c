/*
 * Protects: nothing that a spec, an engine or a person wrote can drive the terminal of who reads
 * it; colour and progress appear only where they are wanted; widths are those of a terminal.
 */
#include "check.h"

#include "base/str.h"
#include "unit/report/capture.h"

static void shows_what_could_drive_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"plain \xc3\xa9 \xe4\xb8\xad", "plain \xc3\xa9 \xe4\xb8\xad"},
		{"a\tb\nc", "a\tb\nc"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"\x1b]0;title\x07", "\\x1b]0;title\\x07"},
		{"a\rb", "a\\x0db"},
		{"a\bb\x7f", "a\\x08b\\x7f"},
		{"\xc2\x9b"
		 "31m",
			"\\x9b31m"}, /* C1 control: CSI */
		{"\xe2\x80\xaeright to left", "\\u202eright to left"}, /* override */
		{"\xe2\x81\xa6isolate\xe2\x81\xa9", "\\u2066isolate\\u2069"}, /* isolates */
		{"\xf3\xa0\x81\xa1tag", "\\ue0061tag"}, /* invisible tag */
		{"bad\xff\xc3", "bad\\xff\\xc3"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STR out = STR_INIT;
		text_harmless(rows[i].text, strlen(rows[i].text), &out);
		assert_string_equal(out.data, rows[i].shown);
	}
	AUTO_STR out = STR_INIT;
	text_harmless("a\0b", 3, &out);
	assert_string_equal(out.data, "a\\x00b");
}

static void measures_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xc3\xa9"), 1); /* e acute, one code point */
	assert_int_equal(text_width("e\xcc\x81"), 1); /* e and a combining acute */
	assert_int_equal(text_width("\xe4\xb8\xad\xe6\x96\x87"), 4); /* two wide characters */
	assert_int_equal(text_width("\xf0\x9f\x98\x80"), 2); /* emoji */
	assert_int_equal(text_width("\xe2\x86\x92"), 1); /* arrow */
	assert_int_equal(text_width("a\xff"), 2); /* broken: one each */
	assert_int_equal(text_fit("abcdef", 4), 4);
	assert_int_equal(text_fit("\xe4\xb8\xad\xe6\x96\x87", 3), 3);
	assert_int_equal(text_fit("abc", 10), 3);
	assert_int_equal(text_fit("ab\xff\xff", 3), 3);
}

static void colours_only_when_wanted(void **state)
{
	(void)state;
	AUTO_CAPTURE plain;
	capture_begin(&plain);
	term_put(&plain.term, STYLE_RED, "x");
	assert_string_equal(captured(&plain), "x");

	AUTO_CAPTURE colour;
	capture_begin(&colour);
	colour.term.color = true;
	term_put(&colour.term, STYLE_RED, "x");
	term_put(&colour.term, STYLE_PLAIN, "y");
	term_put(&colour.term, STYLE_RED, "");
	assert_string_equal(captured(&colour), "\x1b[31mx\x1b[0my");
}

static void takes_the_progress_line_away(void **state)
{
	(void)state;
	AUTO_CAPTURE c;
	capture_begin(&c);
	term_progress(&c.term, "not a terminal");
	assert_string_equal(captured(&c), "");
	c.term.tty = true;
	c.term.width = 10;
	term_progress(&c.term, "a line that is too long\x1b[2J");
	assert_string_equal(captured(&c), "a line th");
	term_put(&c.term, STYLE_PLAIN, "next\n");
	assert_string_equal(captured(&c), "a line th\r\x1b[Knext\n");
	c.term.quiet = true;
	term_progress(&c.term, "more");
	term_note(&c.term, "more");
	assert_string_equal(captured(&c), "a line th\r\x1b[Knext\n");
}

static void keeps_the_first_failure(void **state)
{
	(void)state;
	struct term t = {.file = fopen("/dev/full", "w")};
	if (!t.file)
		skip();
	term_put(&t, STYLE_PLAIN, "x");
	assert_int_not_equal(term_failed(&t), 0);
	(void)fclose(t.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_could_drive_a_terminal),
		cmocka_unit_test(measures_columns),
		cmocka_unit_test(colours_only_when_wanted),
		cmocka_unit_test(takes_the_progress_line_away),
		cmocka_unit_test(keeps_the_first_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
