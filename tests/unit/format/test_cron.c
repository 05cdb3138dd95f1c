/*
 * Protects: what a cron expression means, what is answered to a wrong one and where, and when it
 * is due, above all where the clock is changed: against rows, and against a slow search that
 * follows the words of format/cron.h minute by minute.
 */
#include "check.h"

#include "base/calendar.h"
#include "base/err.h"
#include "base/str.h"
#include "base/zone.h"
#include "format/cron.h"

#include <stdio.h>

#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY   "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define HOWE     "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define UTC      "UTC0"

/* "2026-03-29 01:00" or "2026-03-29 01:00:30" in UTC to milliseconds. */
static int64_t at(const char *text)
{
	int year, month, day, hour, minute, second = 0;
	assert_true(sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute,
			    &second) >= 5);
	const struct calendar_date date = {year, month, day};
	return (calendar_day(date) * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second) * 1000;
}

static const char *text_of(int64_t ms, char buf[32])
{
	const int64_t s = ms / 1000;
	const struct calendar_date d = calendar_date(floor_div(s, SECONDS_OF_DAY));
	const int of_day = (int)(s - floor_div(s, SECONDS_OF_DAY) * SECONDS_OF_DAY);
	(void)snprintf(buf, 32, "%04d-%02d-%02d %02d:%02d", (int)d.year, d.month, d.day,
		of_day / 3600, of_day / 60 % 60);
	return buf;
}

static struct cron parse(const char *text)
{
	struct cron cron;
	struct cron_problem problem;
	if (!cron_parse(text, &cron, &problem))
		fail_msg("%s: %s", text, problem.message);
	return cron;
}

static struct zone *zone(const char *rule)
{
	struct zone *z = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(zone_from_rule(rule, &z, &err), 0);
	return z;
}

struct due_row {
	const char *zone, *cron, *after;
	const char *due[5]; /* one after the other */
};

static const struct due_row due_rows[] = {
	/* the everyday */
	{UTC, "* * * * *", "2026-01-01 00:00", {"2026-01-01 00:01", "2026-01-01 00:02"}},
	{UTC, "* * * * *", "2025-12-31 23:59:59", {"2026-01-01 00:00"}},
	{UTC, "*/15 * * * *", "2026-01-01 00:07",
		{"2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45", "2026-01-01 01:00"}},
	{UTC, "5-20/7 3 * * *", "2026-01-01 00:00",
		{"2026-01-01 03:05", "2026-01-01 03:12", "2026-01-01 03:19", "2026-01-02 03:05"}},
	{UTC, "@hourly", "2026-01-01 00:00", {"2026-01-01 01:00"}},
	{UTC, "@daily", "2026-01-01 00:00", {"2026-01-02 00:00"}},
	{UTC, "@weekly", "2026-01-01 00:00", {"2026-01-04 00:00", "2026-01-11 00:00"}},
	{UTC, "@monthly", "2026-01-01 00:00", {"2026-02-01 00:00"}},
	{UTC, " @YEARLY ", "2026-01-01 00:00", {"2027-01-01 00:00"}},
	{UTC, "0 9 * * MON-Fri", "2026-11-20 09:00", {"2026-11-23 09:00", "2026-11-24 09:00"}},
	{UTC, "0 9 * * sat-sun", "2026-11-20 09:00", {"2026-11-21 09:00", "2026-11-22 09:00"}},
	{UTC, "0 9 * * 7", "2026-11-20 09:00", {"2026-11-22 09:00", "2026-11-29 09:00"}},
	{UTC, "0 9 * * 5-7", "2026-11-20 09:00",
		{"2026-11-21 09:00", "2026-11-22 09:00", "2026-11-27 09:00"}},
	{UTC, "0 0 * * */2", "2026-11-20 09:00",
		{"2026-11-21 00:00", "2026-11-22 00:00", "2026-11-24 00:00", "2026-11-26 00:00"}},
	{UTC, "0 0 1 jan,JUL *", "2026-01-01 00:00", {"2026-07-01 00:00", "2027-01-01 00:00"}},
	{UTC, "\t0  0 31\t* *", "2026-01-31 00:00",
		{"2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00"}},
	/* both kinds of day: either; a star in one: both */
	{UTC, "0 0 13 * fri", "2026-11-01 00:00",
		{"2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00"}},
	{UTC, "0 0 13 * */5", "2026-01-01 00:00", {"2026-02-13 00:00", "2026-03-13 00:00"}},
	{UTC, "0 0 */10 * sun", "2026-11-01 00:00", {"2027-01-31 00:00", "2027-02-21 00:00"}},
	/* leap years */
	{UTC, "0 0 29 2 *", "2026-01-01 00:00",
		{"2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"}},
	{UTC, "0 0 29 2 *", "2096-03-01 00:00", {"2104-02-29 00:00"}},
	{UTC, "0 0 29 2 */7", "2032-03-01 00:00", {"2060-02-29 00:00"}},
	{UTC, "59 23 28-31 2 *", "2028-02-28 23:59", {"2028-02-29 23:59", "2029-02-28 23:59"}},
	/* Berlin: 02:00 to 03:00 is skipped on 29 March, comes twice on 25 October */
	{BERLIN, "30 2 * * *", "2026-03-27 12:00",
		{"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"}},
	{BERLIN, "*/10 2 * * *", "2026-03-29 00:00", {"2026-03-29 01:00", "2026-03-30 00:00"}},
	{BERLIN, "0 2,3 * * *", "2026-03-29 00:00",
		{"2026-03-29 01:00", "2026-03-30 00:00", "2026-03-30 01:00"}},
	{BERLIN, "30 2 * * *", "2026-03-29 01:00", {"2026-03-30 00:30"}},
	{BERLIN, "0 3 * * *", "2026-03-28 12:00", {"2026-03-29 01:00", "2026-03-30 01:00"}},
	{BERLIN, "30 * * * *", "2026-03-29 00:00",
		{"2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30"}},
	{BERLIN, "30 2 * * *", "2026-10-24 12:00", {"2026-10-25 00:30", "2026-10-26 01:30"}},
	{BERLIN, "30 2 * * *", "2026-10-25 00:45", {"2026-10-26 01:30"}},
	{BERLIN, "30 2 * * *", "2026-10-25 01:15", {"2026-10-26 01:30"}},
	{BERLIN, "30 2-3 * * *", "2026-10-25 00:45", {"2026-10-25 02:30", "2026-10-26 01:30"}},
	{BERLIN, "0 3 * * *", "2026-10-24 12:00", {"2026-10-25 02:00"}},
	{BERLIN, "*/30 * * * *", "2026-10-25 00:00",
		{"2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25 02:00"}},
	{BERLIN, "0 0 1 1 *", "2026-06-01 00:00", {"2026-12-31 23:00"}},
	/* New York: 8 March and 1 November */
	{NEW_YORK, "30 2 * * *", "2026-03-07 12:00", {"2026-03-08 07:00", "2026-03-09 06:30"}},
	{NEW_YORK, "30 1 * * *", "2026-10-31 12:00", {"2026-11-01 05:30", "2026-11-02 06:30"}},
	{NEW_YORK, "30 1 * * sun", "2026-11-01 05:30", {"2026-11-08 06:30"}},
	{NEW_YORK, "0 * * * *", "2026-11-01 04:30",
		{"2026-11-01 05:00", "2026-11-01 06:00", "2026-11-01 07:00"}},
	{NEW_YORK, "0 0 29 2 *", "2026-01-01 00:00", {"2028-02-29 05:00"}},
	/* the other half of the year, and half an hour */
	{SYDNEY, "30 2 * * *", "2026-10-03 00:00", {"2026-10-03 16:00", "2026-10-04 15:30"}},
	{SYDNEY, "30 2 * * *", "2026-04-04 00:00", {"2026-04-04 15:30", "2026-04-05 16:30"}},
	{HOWE, "15 2 * * *", "2026-10-03 00:00", {"2026-10-03 15:30", "2026-10-04 15:15"}},
	{HOWE, "45 1 * * *", "2026-04-04 00:00", {"2026-04-04 14:45", "2026-04-05 15:15"}},
	{HOWE, "45 2 * * *", "2026-10-03 00:00", {"2026-10-03 15:45"}},
};

static void is_due(void **state)
{
	(void)state;
	char text[32];
	for (size_t i = 0; i < ARRAY_LEN(due_rows); i++) {
		const struct due_row *row = &due_rows[i];
		const struct cron cron = parse(row->cron);
		AUTO_ZONE *z = zone(row->zone);
		int64_t t = at(row->after);
		for (size_t k = 0; k < ARRAY_LEN(row->due) && row->due[k]; k++) {
			if (!cron_next(&cron, z, t, &t))
				fail_msg("%s after %s: never", row->cron, row->after);
			if (t != at(row->due[k]))
				fail_msg("'%s' after %s: %s instead of %s", row->cron, row->after,
					text_of(t, text), row->due[k]);
		}
	}
}

static void has_an_end(void **state)
{
	(void)state;
	const struct cron cron = parse("* * * * *");
	AUTO_ZONE *z = zone(UTC);
	int64_t t = 7;
	assert_false(cron_next(&cron, z, at("9999-12-31 23:59"), &t));
	assert_false(cron_next(&cron, z, INT64_MAX, &t));
	assert_false(cron_next(&cron, z, INT64_MIN, &t));
	assert_int_equal(t, 7);
	assert_true(cron_next(&cron, z, at("1969-12-31 23:58:30"), &t));
	assert_int_equal(t, -60000);
}

/* One local minute by the words of the header, without any cleverness. */
static bool fits(const struct cron *c, int64_t local)
{
	const int64_t day = floor_div(local, SECONDS_OF_DAY);
	const int of_day = (int)(local - day * SECONDS_OF_DAY);
	const struct calendar_date d = calendar_date(day);
	const bool by_day = c->days >> d.day & 1;
	const bool by_weekday = c->weekdays >> calendar_weekday(day) & 1;
	return of_day % 60 == 0 && c->minutes >> (of_day / 60 % 60) & 1 &&
	       c->hours >> (of_day / 3600) & 1 && c->months >> d.month & 1 &&
	       (c->either_day ? by_day || by_weekday : by_day && by_weekday);
}

static int64_t slow_next(const struct cron *c, const struct zone *z, int64_t after)
{
	for (int64_t t = floor_div(after, 60) * 60 + 60;; t += 60) {
		const struct zone_span s = zone_span_at(z, t);
		const int64_t local = t + s.offset;
		const bool again = t < s.from + (s.before - s.offset);
		if (fits(c, local) && (c->every_hour || !again))
			return t;
		if (t != s.from || c->every_hour)
			continue;
		for (int64_t skipped = t + s.before; skipped < local; skipped += 60)
			if (fits(c, skipped))
				return t;
	}
}

static void agrees_with_a_slow_search(void **state)
{
	(void)state;
	static const char *const crons[] = {"30 2 * * *", "*/7 * * * *", "*/20 1-3 * * *",
		"0 2 * * sun", "0,59 0-23 * * *", "45 1 * * 0", "15 2,3 * 3,4,10,11 *",
		"0 3 */2 * *", "30 1 1,8,25,29 * *", "5 * * * sat,sun"};
	static const char *const zones[] = {UTC, BERLIN, NEW_YORK, SYDNEY, HOWE,
		"IST-1GMT0,M10.5.0,M3.5.0/1", "XXX0YYY-3,M3.5.0/0,M10.5.0/1"};
	static const char *const days[] = {"2026-03-07 20:00", "2026-03-28 20:00",
		"2026-04-04 10:00", "2026-10-03 10:00", "2026-10-24 20:00", "2026-10-31 20:00"};
	for (size_t c = 0; c < ARRAY_LEN(crons); c++) {
		const struct cron cron = parse(crons[c]);
		for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
			AUTO_ZONE *where = zone(zones[z]);
			for (size_t d = 0; d < ARRAY_LEN(days); d++) {
				/* Odd steps, so that starts fall before, into and behind changes.
				 */
				int64_t t = at(days[d]);
				for (int n = 0; n < 12; n++, t += (97 * 60 + 11) * 1000) {
					int64_t next;
					assert_true(cron_next(&cron, where, t, &next));
					assert_int_equal(
						next / 1000, slow_next(&cron, where, t / 1000));
				}
			}
		}
	}
}

static void names_the_mistake(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t offset, width;
		const char *message, *hint;
	} rows[] = {
		{"", 0, 1, "has five fields, this has 0", "02:30"},
		{"* * * *", 0, 7, "this has 4", "minute, hour"},
		{" 0 0 2 * * * ", 1, 11, "this has 6", "no seconds"},
		{"60 * * * *", 0, 2, "60 is no minute", "from 0 to 59"},
		{"0 24 * * *", 2, 2, "24 is no hour", "from 0 to 23"},
		{"0 0 0 * *", 4, 1, "0 is no day of the month", "from 1 to 31"},
		{"0 0 32 * *", 4, 2, "32 is no day", "from 1 to 31"},
		{"0 0 * 13 *", 6, 2, "13 is no month", "from 1 to 12"},
		{"0 0 * * 8", 8, 1, "8 is no weekday", "from 0 to 7"},
		{"0 0 1 * ?", 8, 1, "'?'", "write *"},
		{"0 0 L * *", 4, 1, "the last day", "look at the date"},
		{"0 0 15W * *", 4, 3, "working day", "look at the date"},
		{"0 0 * * 5#2", 8, 3, "nth weekday", "weekly"},
		{"0 0 * * monday", 8, 6, "'monday' is no weekday", "sun, mon"},
		{"0 0 * mai *", 6, 3, "'mai' is no month", "jan, feb"},
		{"jan * * * *", 0, 3, "'jan' is no minute", "0 to 59"},
		{"-5 * * * *", 0, 1, "a minute is missing", "without blanks"},
		{"5, * * * *", 2, 1, "a minute is missing", "without blanks"},
		{"1,,2 * * * *", 2, 1, "a minute is missing", "without blanks"},
		{"*/0 * * * *", 2, 1, "'0' is no step", "1 to 60"},
		{"*/61 * * * *", 2, 2, "'61' is no step", "1 to 60"},
		{"*/ * * * *", 2, 1, "'' is no step", "1 to 60"},
		{"*/5/5 * * * *", 2, 3, "'5/5' is no step", "1 to 60"},
		{"5/10 * * * *", 0, 4, "needs a range", "write 5-59/10"},
		{"50-10 * * * *", 0, 5, "goes backwards", "write it as two: 50-59,0-10"},
		{"0 0 * * fri-mon", 8, 7, "goes backwards", "write it as two: fri-6,0-mon"},
		{"0 0 * nov-feb *", 6, 7, "goes backwards", "nov-12,1-feb"},
		{"0 0 30 2 *", 4, 4, "never due", "at most 29"},
		{"0 0 31 feb,apr-jun/2 *", 4, 16, "never due", "30"},
		{"99999999999999999999 * * * *", 0, 20, "is no minute", "0 to 59"},
		{"1.5 * * * *", 0, 3, "'1.5' is no minute", "a number"},
		{"@reboot", 0, 7, "there is no '@reboot'", "@hourly"},
		{"  @dayly", 2, 6, "there is no '@dayly'", "did you mean @daily?"},
		{"@daily 5", 0, 6, "there is no '@daily'", "@daily"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cron cron;
		struct cron_problem p = {0};
		if (cron_parse(rows[i].text, &cron, &p))
			fail_msg("'%s' is accepted", rows[i].text);
		if (p.offset != rows[i].offset || p.width != rows[i].width ||
			!strstr(p.message, rows[i].message) || !strstr(p.hint, rows[i].hint))
			fail_msg("'%s': %zu+%zu: %s (%s)", rows[i].text, p.offset, p.width,
				p.message, p.hint);
	}
}

static void refuses_long_ones(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	while (text.len < CRON_TEXT_MAX)
		str_add(&text, "0,");
	str_add(&text, "0 * * * *");
	struct cron cron;
	struct cron_problem p;
	assert_false(cron_parse(text.data, &cron, &p));
	assert_non_null(strstr(p.message, "at most 256"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_due),
		cmocka_unit_test(has_an_end),
		cmocka_unit_test(agrees_with_a_slow_search),
		cmocka_unit_test(names_the_mistake),
		cmocka_unit_test(refuses_long_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
