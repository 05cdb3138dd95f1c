/*
 * Protects: the bytes that are appended to a runbook file, in both forms that are written; that
 * all four forms are read back; that output can neither look like an entry nor grow the file
 * without limit.
 */
#include "runbook_test.h"

#include "base/err.h"
#include "base/mem.h"
#include "runbook/history.h"

#define TIME_1 INT64_C(1769178782123) /* 2026-01-23T14:33:02.123Z */

static struct history_entry entry(int64_t code, const char *out, const char *err)
{
	struct history_entry e = history_entry_new();
	e.start_ms = TIME_1 - 1000;
	e.finish_ms = TIME_1;
	e.code = code;
	e.out = out;
	e.err = err;
	return e;
}

static void markdown_has_the_documented_bytes(void **state)
{
	static const char *const refusal[] = {"RBAC Failure: no", NULL};
	static const struct {
		int64_t code;
		const char *out, *err;
		const char *const *errors;
		const char *want;
	} cases[] = {
		{0, "", "", NULL, "\n### 2026-01-23T14:33:02.123Z | Exit Code: 0\n\n"},
		{0, "hi\n", "", NULL,
			"\n### 2026-01-23T14:33:02.123Z | Exit Code: 0\n\n"
			"**Stdout:**\n```\nhi\n\n```\n\n"},
		{-9, "", "oh", NULL,
			"\n### 2026-01-23T14:33:02.123Z | Exit Code: -9\n\n"
			"**Stderr:**\n```\noh\n```\n"},
		{3, "a\n", "b\n", NULL,
			"\n### 2026-01-23T14:33:02.123Z | Exit Code: 3\n\n"
			"**Stdout:**\n```\na\n\n```\n\n**Stderr:**\n```\nb\n\n```\n"},
		{0, "```\n````x", "", NULL,
			"\n### 2026-01-23T14:33:02.123Z | Exit Code: 0\n\n"
			"**Stdout:**\n```\n\\`\\`\\`\n\\`\\`\\``x\n```\n\n"},
		{403, "", "", refusal,
			"\n### 2026-01-23T14:33:02.123Z | Exit Code: 403\n\n"
			"**Error:**\n```\nRBAC Failure: no\n```\n"},
	};
	const struct history_limits limits = HISTORY_LIMITS;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR got = STR_INIT;
		struct history_entry e = entry(cases[i].code, cases[i].out, cases[i].err);
		if (cases[i].errors)
			e.errors = cases[i].errors;
		history_write_markdown(&e, &limits, &got);
		assert_string_equal(got.data, cases[i].want);
	}
}

static void notes_stand_below_the_streams_and_are_no_part_of_them(void **state)
{
	static const char *const notes[] = {
		"ran Child: done", "```\n# Script\n### x | Exit Code: 0", NULL};
	static const char text[] = "# Sample\n" RB_ENVIRONMENT RB_FILES RB_SCRIPT RB_HISTORY;
	const struct history_limits limits = HISTORY_LIMITS;
	AUTO_SAMPLE s, again;
	AUTO_STR next = STR_INIT;
	AUTO_ERR err = NULL;
	struct history history;
	(void)state;
	sample_read(&s, text);
	struct history_entry e = entry(2, "out\n", "err\n");
	e.warnings = notes;
	assert_int_equal(history_append(&s.arena, s.runbook, &e, &limits, &next, &err), 0);
	assert_non_null(
		strstr(next.data, "**Notes:**\n```\nran Child: done\n\\`\\`\\`\n# Script\n"));
	sample_read(&again, next.data);
	history_read(&again.arena, again.runbook, &history);
	assert_int_equal(history.count, 1);
	assert_false(history.open);
	assert_string_equal(history.entries[0].out, "out\n");
	assert_string_equal(history.entries[0].err, "err\n");
	assert_int_equal(history.entries[0].code, 2);
	/* Without streams, too. */
	AUTO_STR alone = STR_INIT;
	e.out = e.err = "";
	history_write_markdown(&e, &limits, &alone);
	assert_true(str_starts(
		alone.data, "\n### 2026-01-23T14:33:02.123Z | Exit Code: 2\n\n**Notes:**\n```\n"));
}

static void json_has_the_documented_bytes(void **state)
{
	static const char *const roles[] = {"sre", "api", NULL};
	static const struct history_setting settings[] = {
		{"TIMEOUT", "600", "default"}, {"KEY", "secret", "environment"}};
	static const char *const warnings[] = {"w\"1\"", "w2", NULL};
	const struct history_limits limits = HISTORY_LIMITS;
	AUTO_STR got = STR_INIT;
	struct history_entry e =
		entry(1, "caf\xc3\xa9 \xf0\x9f\x94\x91\n\t\x1b\x7f", "\\\"/{\r\b\f");
	(void)state;
	e.by.user = "mira";
	e.by.ip = "10.1.2.3";
	e.by.correlation_id = "0b7c";
	e.by.roles = roles;
	e.settings = settings;
	e.setting_count = 2;
	e.warnings = warnings;
	history_write_json(&e, &limits, &got);
	assert_string_equal(got.data,
		"{\"start_timestamp\":\"2026-01-23T14:33:01.123Z\","
		"\"finish_timestamp\":\"2026-01-23T14:33:02.123Z\",\"return_code\":1,"
		"\"operation\":\"execute\",\"breadcrumb\":{"
		"\"at_time\":\"2026-01-23T14:33:01.123000+00:00\",\"by_user\":\"mira\","
		"\"from_ip\":\"10.1.2.3\",\"correlation_id\":\"0b7c\","
		"\"roles\":[\"sre\",\"api\"]},\"config_items\":["
		"{\"name\":\"TIMEOUT\",\"value\":\"600\",\"from\":\"default\"},"
		"{\"name\":\"KEY\",\"value\":\"secret\",\"from\":\"environment\"}],"
		"\"stdout\":\"caf\\u00e9 \\ud83d\\udd11\\n\\t\\u001b\x7f\","
		"\"stderr\":\"\\\\\\\"/{\\r\\b\\f\",\"errors\":[],"
		"\"warnings\":[\"w\\\"1\\\"\",\"w2\"]}");
}

static void append(const char *text, const struct history_entry *e,
	const struct history_limits *limits, struct str *out)
{
	AUTO_SAMPLE s = {0};
	AUTO_ERR err = NULL;
	sample_read(&s, text);
	assert_int_equal(history_append(&s.arena, s.runbook, e, limits, out, &err), 0);
}

static void entries_are_appended_and_read_back(void **state)
{
	static const char *const streams[] = {"", "x", "x\n", "\n", "a\n\n\n", "```",
		"```sh\n# H\n```\n", "### 2026-01-23T14:33:02.123Z | Exit Code: 0\n",
		"**Stderr:**\n```\nx\n```\n", "{\"start_timestamp\":1}\n",
		"## 2026-01-07t14:35:52.648\n", "~~~\n", "\xc3\xa9", "a\r\nb\r", "# History\n"};
	const struct history_limits limits = {4096, 0};
	AUTO_STR text = STR_INIT;
	(void)state;
	str_add(&text, "# A\n# History");
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		AUTO_STR next = STR_INIT;
		const struct history_entry e =
			entry((int64_t)i, streams[i], streams[ARRAY_LEN(streams) - 1 - i]);
		append(text.data, &e, &limits, &next);
		assert_memory_equal(next.data, text.data, text.len);
		str_clear(&text);
		str_addn(&text, next.data, next.len);
	}
	AUTO_SAMPLE s = {0};
	struct history history;
	sample_read(&s, text.data);
	history_read(&s.arena, s.runbook, &history);
	assert_int_equal(history.count, ARRAY_LEN(streams));
	for (size_t i = 0; i < history.count; i++) {
		const struct history_entry *e = &history.entries[i];
		assert_int_equal(e->form, HISTORY_D);
		assert_int_equal(e->code, i);
		assert_int_equal(e->finish_ms, TIME_1);
		assert_string_equal(e->out, streams[i]);
		assert_string_equal(e->err, streams[ARRAY_LEN(streams) - 1 - i]);
	}
}

static void a_file_with_json_gets_json(void **state)
{
	const struct history_limits limits = HISTORY_LIMITS;
	AUTO_STR one = STR_INIT, two = STR_INIT, three = STR_INIT;
	(void)state;
	struct history_entry e = entry(0, "```\n# Script\n", "");
	e.by.user = "mira";
	history_write_json(&e, &limits, &one);
	str_addf(&two, "# A\n# History\n\n%s", one.data);
	e.code = 7;
	append(two.data, &e, &limits, &three);
	AUTO_STR want = STR_INIT;
	str_addf(&want, "%s\n", two.data);
	history_write_json(&e, &limits, &want);
	assert_string_equal(three.data, want.data);

	AUTO_SAMPLE s = {0};
	struct history history;
	sample_read(&s, three.data);
	history_read(&s.arena, s.runbook, &history);
	assert_int_equal(history.count, 2);
	assert_int_equal(history.entries[1].form, HISTORY_C);
	assert_int_equal(history.entries[1].code, 7);
	assert_int_equal(history.entries[1].start_ms, TIME_1 - 1000);
	assert_string_equal(history.entries[1].by.user, "mira");
	assert_string_equal(history.entries[1].out, "```\n# Script\n");
	assert_int_equal(history.entries[1].pos.line, 5);
}

static void long_streams_keep_head_and_tail(void **state)
{
	const struct history_limits limits = {100, 0};
	AUTO_STR text = STR_INIT, got = STR_INIT, long_line = STR_INIT, cut = STR_INIT;
	(void)state;
	for (int i = 100; i < 200; i++)
		str_addf(&text, "line %d\n", i);
	struct history_entry e = entry(0, text.data, "");
	history_write_markdown(&e, &limits, &got);
	assert_non_null(strstr(got.data, "```\nline 100\nline 101\nline 102\nline 103\nline 104\n"
					 "[... 810 bytes left out ...]\nline 195\n"));
	assert_non_null(strstr(got.data, "line 199\n\n```\n"));

	/* A line without an end is cut between characters. */
	for (int i = 0; i < 100; i++)
		str_add(&long_line, "\xe2\x82\xac");
	e.out = long_line.data;
	history_write_markdown(&e, &limits, &cut);
	assert_int_equal(utf8_valid(cut.data, cut.len), cut.len);
	assert_non_null(strstr(cut.data, "\n[... 204 bytes left out ...]\n"));
}

static void what_is_no_text_is_replaced(void **state)
{
	const struct history_limits limits = HISTORY_LIMITS;
	AUTO_STR got = STR_INIT;
	const struct history_entry e = entry(0, "a\xff\xc3(\xed\xa0\x80z", "");
	(void)state;
	history_write_markdown(&e, &limits, &got);
	assert_int_equal(utf8_valid(got.data, got.len), got.len);
	assert_non_null(strstr(got.data, "```\na\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd"));
}

static void old_entries_make_room(void **state)
{
	const struct history_limits limits = {4096, 3};
	AUTO_STR text = STR_INIT;
	(void)state;
	str_add(&text, "# A\n# History\nwords of somebody\n");
	for (int64_t i = 0; i < 6; i++) {
		AUTO_STR next = STR_INIT;
		const struct history_entry e = entry(i, "x\n", "");
		append(text.data, &e, &limits, &next);
		str_clear(&text);
		str_addn(&text, next.data, next.len);
	}
	AUTO_SAMPLE s = {0};
	struct history history;
	sample_read(&s, text.data);
	history_read(&s.arena, s.runbook, &history);
	assert_int_equal(history.count, 3);
	assert_int_equal(history.entries[0].code, 3);
	assert_int_equal(history.entries[2].code, 5);
	assert_true(str_starts(text.data, "# A\n# History\nwords of somebody\n\n### "));
}

static void a_file_without_history_is_left_alone(void **state)
{
	const struct history_limits limits = HISTORY_LIMITS;
	const struct history_entry e = entry(0, "", "");
	AUTO_SAMPLE s = {0};
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	(void)state;
	sample_read(&s, "# A\n");
	assert_int_equal(history_append(&s.arena, s.runbook, &e, &limits, &out, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_INVALID);
	assert_int_equal(out.len, 0);
}

static void a_fence_left_open_takes_nothing_in(void **state)
{
	static const char old[] = "# A\n# History\n\n"
				  "### 2026-01-23T14:00:00.000Z | Exit Code: 1\n\n"
				  "**Stdout:**\n```\ncut sho";
	static const char forged[] = "### 2026-01-23T15:00:00.000Z | Exit Code: 0\n";
	const struct history_limits limits = HISTORY_LIMITS;
	const struct history_entry e = entry(2, forged, "");
	AUTO_STR text = STR_INIT;
	AUTO_SAMPLE s = {0};
	struct history history;
	(void)state;
	append(old, &e, &limits, &text);
	sample_read(&s, text.data);
	history_read(&s.arena, s.runbook, &history);
	assert_int_equal(history.count, 2);
	assert_string_equal(history.entries[0].out, "cut sho");
	assert_int_equal(history.entries[1].code, 2);
	assert_string_equal(history.entries[1].out, forged);
}

static void damaged_entries_are_skipped(void **state)
{
	static const char text[] = "# A\n# History\n"
				   "{\"start_timestamp\":\"x\"\n"
				   "{\"start_timestamp\":1,\"return_code\":0}\n"
				   "### not a time | Exit Code: 0\n"
				   "### 2026-01-23T14:33:02.123Z | Exit Code: x\n"
				   "### 2026-99-23T14:33:02.123Z | Exit Code: 0\n"
				   "## Notes\n"
				   "### 2026-01-23T14:33:02.123Z | Exit Code: 5\n"
				   "**Stdout:**\nno fence\n"
				   "**Stderr:**\n```\nnever closed\n";
	AUTO_SAMPLE s = {0};
	struct history history;
	(void)state;
	sample_read(&s, text);
	history_read(&s.arena, s.runbook, &history);
	assert_int_equal(history.unread, 2);
	assert_int_equal(history.count, 1);
	assert_int_equal(history.entries[0].code, 5);
	assert_string_equal(history.entries[0].out, "");
	assert_string_equal(history.entries[0].err, "never closed");
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* HISTORY_NO_TIME: not a time */
	} cases[] = {
		{"2026-01-23T14:33:02.123Z", TIME_1},
		{"2026-01-23T14:33:02.123456+00:00", TIME_1},
		{"2026-01-23t14:33:02.123Z", TIME_1},
		{"2026-01-23T14:33:02Z", TIME_1 - 123},
		{"2026-01-23T14:33:02.1Z", TIME_1 - 23},
		{"1970-01-01T00:00:00Z", 0},
		{"2026-01-23T14:33:02.123", HISTORY_NO_TIME},
		{"2026-01-23T14:33:02.Z", HISTORY_NO_TIME},
		{"2026-01-23 14:33:02Z", HISTORY_NO_TIME},
		{"2026-13-23T14:33:02Z", HISTORY_NO_TIME},
		{"2026-01-23T24:33:02Z", HISTORY_NO_TIME},
		{"2026-01-23T14:33:02.123Zx", HISTORY_NO_TIME},
		{"2026-01", HISTORY_NO_TIME},
		{"", HISTORY_NO_TIME},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = HISTORY_NO_TIME;
		assert_int_equal(
			history_time(cases[i].text, &ms), cases[i].want != HISTORY_NO_TIME);
		assert_int_equal(ms, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_has_the_documented_bytes),
		cmocka_unit_test(notes_stand_below_the_streams_and_are_no_part_of_them),
		cmocka_unit_test(json_has_the_documented_bytes),
		cmocka_unit_test(entries_are_appended_and_read_back),
		cmocka_unit_test(a_file_with_json_gets_json),
		cmocka_unit_test(long_streams_keep_head_and_tail),
		cmocka_unit_test(what_is_no_text_is_replaced),
		cmocka_unit_test(old_entries_make_room),
		cmocka_unit_test(a_file_without_history_is_left_alone),
		cmocka_unit_test(a_fence_left_open_takes_nothing_in),
		cmocka_unit_test(damaged_entries_are_skipped),
		cmocka_unit_test(times_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
