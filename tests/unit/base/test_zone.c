/*
 * Protects: calendar arithmetic, rules of time zones, the reader of zone files (against the C
 * library on the machine's own zones, and on damaged ones), and what a wrong name is answered.
 */
#include "check.h"

#include "base/calendar.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zone.h"

#include <stdio.h>
#include <time.h>

static int64_t utc(int64_t year, int month, int day, int hour, int minute)
{
	return calendar_day((struct calendar_date){year, month, day}) * SECONDS_OF_DAY +
	       hour * 3600 + minute * 60;
}

static void counts_days(void **state)
{
	(void)state;
	static const struct {
		int64_t day;
		struct calendar_date date;
		int weekday;
	} rows[] = {
		{0, {1970, 1, 1}, 4},
		{-1, {1969, 12, 31}, 3},
		{11016, {2000, 2, 29}, 2},
		{11017, {2000, 3, 1}, 3},
		{20779, {2026, 11, 22}, 0},
		{-25509, {1900, 2, 28}, 3},
		{-25508, {1900, 3, 1}, 4},
		{2932896, {9999, 12, 31}, 5},
		{-719162, {1, 1, 1}, 1},
		{-719528, {0, 1, 1}, 6},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(calendar_day(rows[i].date), rows[i].day);
		const struct calendar_date d = calendar_date(rows[i].day);
		assert_int_equal(d.year, rows[i].date.year);
		assert_int_equal(d.month, rows[i].date.month);
		assert_int_equal(d.day, rows[i].date.day);
		assert_int_equal(calendar_weekday(rows[i].day), rows[i].weekday);
	}
	/* Every day of two eras follows the one before it. */
	struct calendar_date before = calendar_date(-200000);
	for (int64_t day = -199999; day < 100000; day++) {
		const struct calendar_date d = calendar_date(day);
		assert_int_equal(calendar_day(d), day);
		const bool next_month =
			before.day == calendar_days_in_month(before.year, before.month);
		assert_int_equal(d.day, next_month ? 1 : before.day + 1);
		before = d;
	}
}

struct rule_row {
	const char *rule;
	int64_t at; /* of a change */
	int32_t before, after;
};

static void follows_rules(void **state)
{
	(void)state;
	const struct rule_row rows[] = {
		/* Central Europe */
		{"CET-1CEST,M3.5.0,M10.5.0/3", utc(2026, 3, 29, 1, 0), 3600, 7200},
		{"CET-1CEST,M3.5.0,M10.5.0/3", utc(2026, 10, 25, 1, 0), 7200, 3600},
		{"CET-1CEST,M3.5.0,M10.5.0/3", utc(2100, 3, 28, 1, 0), 3600, 7200},
		/* US East */
		{"EST5EDT,M3.2.0,M11.1.0", utc(2026, 3, 8, 7, 0), -18000, -14400},
		{"EST5EDT,M3.2.0,M11.1.0", utc(2026, 11, 1, 6, 0), -14400, -18000},
		/* southern summer, over New Year */
		{"AEST-10AEDT,M10.1.0,M4.1.0/3", utc(2026, 4, 4, 16, 0), 39600, 36000},
		{"AEST-10AEDT,M10.1.0,M4.1.0/3", utc(2026, 10, 3, 16, 0), 36000, 39600},
		/* half an hour only */
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", utc(2026, 10, 3, 15, 30), 37800, 39600},
		/* winter time is the exception: Ireland */
		{"IST-1GMT0,M10.5.0,M3.5.0/1", utc(2026, 10, 25, 1, 0), 3600, 0},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", utc(2026, 3, 29, 1, 0), 0, 3600},
		/* changes on the day before: Greenland */
		{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 3, 29, 1, 0), -7200, -3600},
		/* days of the year, with and without 29 February */
		{"XXX0YYY,J60/0,J300", utc(2024, 3, 1, 0, 0), 0, 3600},
		{"XXX0YYY,J60/0,J300", utc(2026, 3, 1, 0, 0), 0, 3600},
		{"XXX0YYY,59/0,300", utc(2024, 2, 29, 0, 0), 0, 3600},
		{"XXX0YYY,59/0,300", utc(2026, 3, 1, 0, 0), 0, 3600},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ZONE *z = NULL;
		AUTO_ERR err = NULL;
		assert_int_equal(zone_from_rule(rows[i].rule, &z, &err), 0);
		const struct zone_span old = zone_span_at(z, rows[i].at - 1);
		const struct zone_span new = zone_span_at(z, rows[i].at);
		assert_int_equal(old.offset, rows[i].before);
		assert_true(old.until == rows[i].at);
		assert_int_equal(new.offset, rows[i].after);
		assert_int_equal(new.before, rows[i].before);
		assert_true(new.from == rows[i].at);
	}
}

static void a_summer_without_end_is_no_change(void **state)
{
	(void)state;
	AUTO_ZONE *z = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(zone_from_rule("XXX3EDT4,0/0,J365/23", &z, &err), 0);
	for (int month = 1; month <= 12; month++) {
		const struct zone_span s = zone_span_at(z, utc(2026, month, 1, 4, 0));
		assert_int_equal(s.offset, -14400);
		assert_int_equal(s.before, -14400);
	}
}

static void refuses_what_is_no_rule(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "X0", "CET", "CET-", "CET-25", "CET-1:60", "<CET-1",
		"CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M0.1.0,M1.1.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J1",
		"CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0x", "CET-99999999999999999999"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ZONE *z = NULL;
		AUTO_ERR err = NULL;
		assert_int_equal(zone_from_rule(bad[i], &z, &err), -1);
		assert_int_equal(err->kind, ERR_INVALID);
		assert_null(z);
	}
}

static bool has_database(void)
{
	return fs_exists("/usr/share/zoneinfo/Europe/Berlin");
}

/* What the C library says about the same zone and time, by its own reader. */
static void compare_zone(const char *name)
{
	AUTO_ZONE *z = NULL;
	AUTO_ERR err = NULL;
	AUTO_FREE char *path = path_join("/usr/share/zoneinfo", name);
	if (!fs_exists(path))
		return;
	assert_int_equal(zone_open(name, &z, &err), 0);
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
	size_t bad = 0;
	/* Times that meet every hour of the day and every day of the year. */
	for (int64_t t = utc(1902, 1, 1, 0, 0); t < utc(2180, 1, 1, 0, 0); t += 97 * 3601) {
		const struct zone_span s = zone_span_at(z, t);
		const time_t at = (time_t)t;
		struct tm tm;
		assert_non_null(localtime_r(&at, &tm));
		bad += tm.tm_gmtoff != s.offset || s.from > t || s.until <= t;
		if (s.until == INT64_MAX)
			continue;
		/* The change is where the reader says that it is. */
		const time_t edges[] = {(time_t)s.until - 1, (time_t)s.until};
		assert_non_null(localtime_r(&edges[0], &tm));
		bad += tm.tm_gmtoff != s.offset;
		assert_non_null(localtime_r(&edges[1], &tm));
		bad += tm.tm_gmtoff != zone_span_at(z, s.until).offset;
	}
	if (bad)
		print_error("%s: %zu times differ from the C library\n", name, bad);
	assert_int_equal(bad, 0);
}

static void agrees_with_the_c_library(void **state)
{
	(void)state;
	static const char *const names[] = {"UTC", "Europe/Berlin", "Europe/London",
		"Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/St_Johns",
		"America/Nuuk", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Tehran",
		"Africa/Casablanca", "Pacific/Apia", "Antarctica/Troll", "Etc/GMT+12",
		"Pacific/Kiritimati"};
	if (!has_database())
		skip();
	const char *old = getenv("TZ");
	AUTO_FREE char *saved = old ? xstrdup(old) : NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		compare_zone(names[i]);
	if (saved)
		(void)setenv("TZ", saved, 1);
	else
		(void)unsetenv("TZ");
	tzset();
}

static void says_what_a_wrong_name_means(void **state)
{
	(void)state;
	static const struct {
		const char *name, *says;
	} rows[] = {
		{"Europe/Berln", "did you mean 'Europe/Berlin'?"},
		{"Europ/Berlin", "there is no time zone 'Europ/Berlin'"},
		{"", "names are those"},
		{"/etc/passwd", "there is no time zone"},
		{"../../../etc/passwd", "there is no time zone"},
		{"Europe/../../passwd", "there is no time zone"},
		{"Europe", "there is no time zone"},
		{"Europe//Berlin", "there is no time zone"},
		{"CEST", "there is no time zone"},
	};
	if (!has_database())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ZONE *z = NULL;
		AUTO_ERR err = NULL;
		assert_int_equal(zone_open(rows[i].name, &z, &err), -1);
		assert_int_equal(err->kind, ERR_INVALID);
		if (!strstr(err->message, rows[i].says))
			fail_msg("%s: %s", rows[i].name, err->message);
	}
}

/* No cut and no flipped byte of a file may do more than be refused or give another zone. */
static void survives_damaged_files(void **state)
{
	(void)state;
	AUTO_STR data = STR_INIT;
	AUTO_ERR err = NULL;
	if (!has_database())
		skip();
	assert_int_equal(fs_read("/usr/share/zoneinfo/Europe/Berlin", 1 << 20, &data, &err), 0);
	for (size_t len = 0; len < data.len; len++) {
		AUTO_FREE char *cut = xmalloc(len + !len);
		memcpy(cut, data.data, len);
		AUTO_ZONE *z = NULL;
		AUTO_ERR why = NULL;
		assert_int_equal(zone_read("cut", cut, len, &z, &why), -1);
		assert_int_equal(why->kind, ERR_CORRUPT);
	}
	for (size_t i = 0; i < data.len; i++) {
		const char old = data.data[i];
		data.data[i] = (char)~old;
		AUTO_ZONE *z = NULL;
		AUTO_ERR why = NULL;
		if (zone_read("flipped", data.data, data.len, &z, &why) == 0) {
			const struct zone_span s = zone_span_at(z, utc(2026, 6, 1, 0, 0));
			assert_true(s.from < s.until);
		}
		data.data[i] = old;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_days),
		cmocka_unit_test(follows_rules),
		cmocka_unit_test(a_summer_without_end_is_no_change),
		cmocka_unit_test(refuses_what_is_no_rule),
		cmocka_unit_test(agrees_with_the_c_library),
		cmocka_unit_test(says_what_a_wrong_name_means),
		cmocka_unit_test(survives_damaged_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
