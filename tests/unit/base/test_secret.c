/*
 * Protects: no form of a secret gets through the masker, in one piece or split between chunks,
 * and text that is no secret stays as it is.
 */
#include "check.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

static void free_masker(struct masker **m)
{
	masker_free(*m);
}
#define AUTO_MASKER CLEANUP(free_masker) struct masker *

struct masking {
	const char *secret;
	const char *text;
	const char *masked;
};

/* clang-format off */
static const struct masking maskings[] = {
	{"hunter22", "password=hunter22;", "password=***;"},
	{"hunter22", "hunter2 hunter23 hunter222", "hunter2 hunter23 ***2"},
	{"hunter22", "hunter22hunter22", "******"},
	{"hunter22", "Hunter22", "Hunter22"},
	/* Base64 of "hunter22", "xhunter22x", "xxhunter22xx"; of "hunter22\n" as echo | base64 does. */
	{"hunter22", "aHVudGVyMjI=", "***I="},
	{"hunter22", "eGh1bnRlcjIyeA==", "eG***eA=="},
	{"hunter22", "eHhodW50ZXIyMnh4", "eHh***nh4"},
	{"hunter22", "aHVudGVyMjIK", "***IK"},
	/* Base64url: "??>>??>>" has both of its own characters. */
	{"?\?>>?\?>>", "Pz8+Pj8/Pj4= Pz8-Pj8_Pj4=", "***4= ***4="},
	/* URL encodings. */
	{"p@ss w/rd", "p%40ss%20w%2Frd p%40ss%20w%2frd p%40ss+w%2Frd p%40ss%20w/rd", "*** *** *** ***"},
	{"it's (1)*~", "it's%20(1)*~ it%27s%20%281%29%2A~ it%27s+%281%29*%7E", "*** *** ***"},
	/* Inside JSON and HCL. */
	{"a\"b\\c", "\"a\\\"b\\\\c\"", "\"***\""},
	{"<a&b>", "\\u003ca\\u0026b\\u003e <a&b>", "*** ***"},
	{"pa/th", "pa\\/th", "***"},
	{"\xc3\xa9\xf0\x9f\x98\x80", "\\u00e9\\ud83d\\ude00 \\u00E9\\uD83D\\uDE00 \xc3\xa9\xf0\x9f\x98\x80", "*** *** ***"},
	{"x${y}%{z}", "x$${y}%%{z} x${y}%{z}", "*** ***"},
	{"one\ttwo", "one\\ttwo one%09two", "*** ***"},
	/* Several lines: as a whole, escaped, and line by line without the blanks around. */
	{"line1\n  line2\r\nabc\n", "line1\n", "***\n"},
	{"line1\n  line2\r\nabc\n", "[line1\n  line2\r\nabc\n]", "[***]"},
	{"line1\n  line2\r\nabc\n", "> line2 < abc", "> *** < abc"},
	{"line1\n  line2\r\nabc\n", "line1\\n  line2\\r\\nabc\\n.", "***."},
	/* Bytes that are no text. */
	{"\xff\xfe\xfd\xfc", "\xff\xfe\xfd\xfc //79/A== %FF%FE%FD%FC", "*** ***A== ***"},
};
/* clang-format on */

static void masks_every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(maskings); i++) {
		AUTO_MASKER m = masker_new();
		assert_true(masker_add(m, maskings[i].secret));
		AUTO_STR out = STR_INIT;
		masker_apply(m, maskings[i].text, strlen(maskings[i].text), &out);
		assert_string_equal(out.data, maskings[i].masked);
	}
}

static void leaves_short_values(void **state)
{
	(void)state;
	AUTO_MASKER m = masker_new();
	assert_false(masker_active(m));
	assert_false(masker_add(m, "abc"));
	assert_false(masker_add(m, ""));
	assert_false(masker_active(m));
	assert_false(masker_active(NULL));
	AUTO_STR out = STR_INIT;
	masker_apply(m, "abc\0d", 5, &out);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "abc\0d", 5);
	assert_true(masker_add(m, "abcd"));
	assert_true(masker_active(m));
}

static void masks_the_longest_and_what_overlaps(void **state)
{
	(void)state;
	AUTO_MASKER m = masker_new();
	assert_true(masker_add(m, "abcdef"));
	assert_true(masker_add(m, "abcdefghij"));
	assert_true(masker_add(m, "defgxyz"));
	static const char *const rows[][2] = {
		{"abcdefghij", "***"},
		{"abcdefghi", "***ghi"},
		{"abcdefgxyz!", "***!"},
		{"abcdefabcdef", "******"},
		{"abcabcdef", "abc***"},
		{"abcdefghijabcdefgxy", "******gxy"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STR out = STR_INIT;
		masker_apply(m, rows[i][0], strlen(rows[i][0]), &out);
		assert_string_equal(out.data, rows[i][1]);
	}
}

static void in_chunks(
	const struct masker *m, const struct str *text, size_t first, size_t chunk, struct str *out)
{
	struct mask_stream *s = mask_stream_new(m);
	mask_stream_feed(s, text->data, first, out);
	for (size_t i = first; i < text->len; i += chunk)
		mask_stream_feed(
			s, text->data + i, text->len - i < chunk ? text->len - i : chunk, out);
	mask_stream_flush(s, out);
	mask_stream_free(s);
}

/* Every split of a text into two, and every chunk size, gives what the whole text gives. */
static void masks_streams(void **state)
{
	(void)state;
	AUTO_MASKER m = masker_new();
	assert_true(masker_add(m, "aaaa"));
	assert_true(masker_add(m, "aaaabaaaab"));
	assert_true(masker_add(m, "abcabcabd"));
	assert_true(masker_add(m, "first line\nsecond line\n"));
	AUTO_STR text = STR_INIT, whole = STR_INIT;
	str_add(&text,
		"aaaabaaaaabaaaabaaaab abcabcabcabd aaa first line\nsecond line\n first lin");
	str_addn(&text, "\0aaaa\0", 6);
	str_add(&text, "YWFhYQ== abcabcab");
	masker_apply(m, text.data, text.len, &whole);
	assert_null(memmem(whole.data, whole.len, "aaaa", 4));
	for (size_t first = 0; first <= text.len; first++)
		for (size_t chunk = 1; chunk <= text.len; chunk += chunk < 30 ? 1 : 17) {
			AUTO_STR out = STR_INIT;
			in_chunks(m, &text, first, chunk, &out);
			assert_int_equal(out.len, whole.len);
			assert_memory_equal(out.data, whole.data, whole.len);
		}
}

static void holds_back_no_more_than_needed(void **state)
{
	(void)state;
	AUTO_MASKER m = masker_new();
	assert_true(masker_add(m, "a-very-long-secret-value"));
	struct mask_stream *s = mask_stream_new(m);
	AUTO_STR out = STR_INIT;
	mask_stream_feed(s, "progress: 50%\r", 14, &out);
	assert_string_equal(out.data, "progress: 50%\r");
	mask_stream_feed(s, "x a-very-long-secret", 20, &out);
	assert_string_equal(out.data, "progress: 50%\rx ");
	mask_stream_feed(s, "-service", 8, &out);
	assert_string_equal(out.data, "progress: 50%\rx a-very-long-secret-service");
	mask_stream_feed(s, "\na-very", 7, &out);
	mask_stream_flush(s, &out);
	assert_string_equal(out.data, "progress: 50%\rx a-very-long-secret-service\na-very");
	mask_stream_free(s);
	mask_stream_free(NULL);
	masker_free(NULL);
}

static void wipes(void **state)
{
	(void)state;
	char data[] = "secret";
	secret_wipe(data, sizeof data);
	for (size_t i = 0; i < sizeof data; i++)
		assert_int_equal(data[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_every_form),
		cmocka_unit_test(leaves_short_values),
		cmocka_unit_test(masks_the_longest_and_what_overlaps),
		cmocka_unit_test(masks_streams),
		cmocka_unit_test(holds_back_no_more_than_needed),
		cmocka_unit_test(wipes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
