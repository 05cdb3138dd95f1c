/*
 * Protects: what a diagnostic keeps of its place (line, width of the underlined word), the order
 * of a list, its limit, and that a list outlives the texts it speaks of.
 */
#include "check.h"

#include "base/diag.h"
#include "base/mem.h"

static struct pos at(const struct src *src, uint32_t line, uint32_t col)
{
	return (struct pos){src, line, col};
}

static void outlives_the_text(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	char path[] = "a.yaml", text[] = "one\r\ntwo: three\nfour";
	{
		const struct src src = {path, text, sizeof text - 1};
		struct diag *d =
			diag_error(&list, "some-rule", at(&src, 2, 6), "no '%s' here", "three");
		diag_hint(&list, d, "write %d", 3);
		diag_related(&list, d, at(&src, 1, 1), "first %s", "there");
	}
	memset(path, 'x', sizeof path - 1);
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.errors, 1);
	const struct diag *d = &list.items[0];
	assert_int_equal(d->severity, SEVERITY_ERROR);
	assert_string_equal(d->rule, "some-rule");
	assert_string_equal(d->path, "a.yaml");
	assert_int_equal(d->line, 2);
	assert_int_equal(d->col, 6);
	assert_int_equal(d->width, 5);
	assert_string_equal(d->source_line, "two: three");
	assert_string_equal(d->message, "no 'three' here");
	assert_string_equal(d->hint, "write 3");
	assert_string_equal(d->related_path, "a.yaml");
	assert_int_equal(d->related_line, 1);
	assert_string_equal(d->related_message, "first there");
}

static void finds_the_line_and_the_word(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbfkey: value\r\n"
				   "\xc3\xa9\xc3\xa9: \xc3\xa9t\xc3\xa9, x\n"
				   "a: \"b c\" d\n"
				   "\n"
				   "[x]\n"
				   "a: '\xc3\xa9\xc3\xa9' x";
	const struct src src = {"x", text, sizeof text - 1};
	static const struct {
		uint32_t line, col, width;
		const char *source_line;
	} rows[] = {
		{1, 1, 3, "key: value"}, /* a byte order mark is no column */
		{1, 6, 5, "key: value"}, {2, 5, 3, "\xc3\xa9\xc3\xa9: \xc3\xa9t\xc3\xa9, x"},
		{3, 4, 5, "a: \"b c\" d"}, {3, 99, 1, "a: \"b c\" d"}, {4, 1, 1, ""},
		{5, 2, 1, "[x]"}, {9, 1, 1, ""},
		{6, 4, 4, "a: '\xc3\xa9\xc3\xa9' x"}, /* characters, not bytes */
	};
	AUTO_DIAGS list = {0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct diag *d =
			diag_warning(&list, "r", at(&src, rows[i].line, rows[i].col), "m");
		assert_int_equal(d->width, rows[i].width);
		assert_string_equal(d->source_line, rows[i].source_line);
	}
	assert_int_equal(list.errors, 0);
}

static void needs_no_place(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	const struct src src = {"x", "text", 4};
	const struct diag *none = diag_error(&list, "r", (struct pos){0}, "m");
	assert_null(none->path);
	assert_null(none->source_line);
	const struct diag *file = diag_error(&list, "r", at(&src, 0, 0), "m");
	assert_string_equal(file->path, "x");
	assert_null(file->source_line);
}

static void cuts_long_lines(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	AUTO_FREE char *text = xcalloc(1, 3001);
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	const struct src src = {"x", text, 3000};
	const struct diag *d = diag_error(&list, "r", at(&src, 1, 1), "m");
	assert_true(strlen(d->source_line) <= 400);
	assert_int_equal(strlen(d->source_line) % 3, 0);
	assert_null(diag_error(&list, "r", at(&src, 1, 900), "m")->source_line);
}

static void sorts_by_place(void **state)
{
	(void)state;
	const struct src a = {"a", "x\ny\n", 4}, b = {"b", "x\ny\n", 4};
	AUTO_DIAGS list = {0};
	(void)diag_error(&list, "r", at(&b, 1, 1), "6");
	(void)diag_error(&list, "r", at(&a, 2, 1), "4");
	(void)diag_error(&list, "r", at(&a, 1, 2), "2");
	(void)diag_error(&list, "r", at(&a, 1, 2), "3");
	(void)diag_error(&list, "r", at(&a, 1, 1), "1");
	(void)diag_error(&list, "r", at(&a, 2, 2), "5");
	(void)diag_error(&list, "r", (struct pos){0}, "0");
	diag_sort(&list);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.items[i].message[0], '0' + (int)i);
}

static void appends_copies(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	{
		AUTO_DIAGS from = {0};
		const struct src src = {"a", "text", 4};
		struct diag *d = diag_error(&from, "r", at(&src, 1, 1), "m%d", 1);
		diag_hint(&from, d, "h%d", 1);
		(void)diag_warning(&from, "r", (struct pos){0}, "w");
		diag_append(&list, &from);
		diag_append(&list, &from);
	}
	assert_int_equal(list.count, 4);
	assert_int_equal(list.errors, 2);
	assert_string_equal(list.items[2].message, "m1");
	assert_string_equal(list.items[2].hint, "h1");
	assert_string_equal(list.items[2].source_line, "text");
	assert_null(list.items[3].hint);
}

static void keeps_a_thousand(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0}, copy = {0};
	const struct src src = {"a", "text", 4};
	for (int i = 0; i < DIAG_MAX + 10; i++) {
		struct diag *d = diag_error(&list, "r", at(&src, 1, 1), "m%d", i);
		assert_non_null(d);
		diag_hint(&list, d, "h");
	}
	assert_int_equal(list.count, DIAG_MAX);
	assert_int_equal(list.dropped, 10);
	assert_int_equal(list.errors, DIAG_MAX + 10);
	assert_string_equal(list.items[DIAG_MAX - 1].message, "m999");
	(void)diag_error(&copy, "r", at(&src, 1, 1), "m");
	diag_append(&copy, &list);
	assert_int_equal(copy.count, DIAG_MAX);
	assert_int_equal(copy.dropped, 11);
	assert_int_equal(copy.errors, DIAG_MAX + 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outlives_the_text),
		cmocka_unit_test(finds_the_line_and_the_word),
		cmocka_unit_test(needs_no_place),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(sorts_by_place),
		cmocka_unit_test(appends_copies),
		cmocka_unit_test(keeps_a_thousand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
