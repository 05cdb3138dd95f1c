/*
 * Protects: freezes: windows once and again, in their time zone, to the millisecond at both ends,
 * and mistakes in them at their place.
 */
#include "check.h"

#include "base/err.h"
#include "base/str.h"
#include "spec/freeze.h"

struct fixture {
	struct arena arena;
	struct diag_list diags;
	struct src src;
};

static void fixture_release(struct fixture *f)
{
	diag_list_release(&f->diags);
	arena_release(&f->arena);
}
#define AUTO_FIXTURE CLEANUP(fixture_release) struct fixture

#define HEAD "apiVersion: trueup/v1\nkind: Config\nspec:\n  policy:\n    freeze:\n"

static const struct config *load(struct fixture *f, const char *text)
{
	f->src = (struct src){"trueup.yaml", text, strlen(text)};
	const struct spec *spec = spec_load(&f->arena, &f->src, &f->diags);
	return spec ? spec->config : NULL;
}

static int64_t ms(const char *text)
{
	int64_t time;
	assert_true(freeze_parse_time(text, &time));
	return time;
}

/* When what is frozen at the time thaws; 0: nothing is. */
static int64_t until(const struct config *c, const char *at, const char *why)
{
	AUTO_ERR err = NULL;
	int64_t end;
	const char *reason;
	assert_int_equal(freeze_now(c, ms(at), &end, &reason, &err), 0);
	if (end && why)
		assert_string_equal(reason, why);
	return end;
}

static void knows_times(void **state)
{
	(void)state;
	assert_int_equal(ms("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(ms("2026-11-22T08:01:02Z"), INT64_C(1795334462000));
	assert_int_equal(ms("2024-02-29T23:59:59Z"), INT64_C(1709251199000));
	static const char *const bad[] = {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z",
		"2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", "", "2026-01-0xT00:00:00Z"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t time;
		assert_false(freeze_parse_time(bad[i], &time));
	}
}

static void freezes_once(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	const struct config *c = load(&f,
		HEAD "    - {from: \"2026-12-20T18:00:00Z\", until: \"2027-01-04T06:00:00Z\","
		     " reason: year's end}\n");
	assert_int_equal(f.diags.count, 0);
	assert_int_equal(until(c, "2026-12-20T17:59:59Z", NULL), 0);
	assert_int_equal(
		until(c, "2026-12-20T18:00:00Z", "year's end"), ms("2027-01-04T06:00:00Z"));
	assert_int_equal(until(c, "2027-01-04T05:59:59Z", NULL), ms("2027-01-04T06:00:00Z"));
	assert_int_equal(until(c, "2027-01-04T06:00:00Z", NULL), 0);
}

static void freezes_every_weekend_by_the_local_clock(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	const struct config *c = load(&f,
		HEAD "    - {cron: \"0 16 * * fri\", duration: 62h, timezone: Europe/Berlin}\n");
	assert_int_equal(f.diags.count, 0);
	/* In winter Berlin is an hour ahead: 16:00 there is 15:00 UTC. */
	assert_int_equal(until(c, "2026-11-27T14:59:59Z", NULL), 0);
	assert_int_equal(until(c, "2026-11-27T15:00:00Z", NULL), ms("2026-11-30T05:00:00Z"));
	assert_int_equal(until(c, "2026-11-30T04:59:59Z", NULL), ms("2026-11-30T05:00:00Z"));
	assert_int_equal(until(c, "2026-11-30T05:00:00Z", NULL), 0);
	/* In summer two. */
	assert_int_equal(until(c, "2026-07-03T13:59:59Z", NULL), 0);
	assert_int_equal(until(c, "2026-07-03T14:00:00Z", NULL), ms("2026-07-06T04:00:00Z"));
}

static void the_last_end_of_several_counts(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	const struct config *c =
		load(&f, HEAD "    - {cron: \"0 * * * *\", duration: 90m, reason: hourly}\n"
			      "    - {from: \"2026-01-01T00:00:00Z\", until: "
			      "\"2026-01-02T00:00:00Z\", reason: day}\n");
	/* Windows that overlap themselves go on: the last beginning counts. */
	assert_int_equal(until(c, "2026-03-01T10:10:00Z", "hourly"), ms("2026-03-01T11:30:00Z"));
	assert_int_equal(until(c, "2026-01-01T12:00:00Z", "day"), ms("2026-01-02T00:00:00Z"));
	assert_int_equal(until(c, "2026-01-01T23:59:59Z", "hourly"), ms("2026-01-02T00:30:00Z"));
}

static void refuses(const char *text, const char *message)
{
	AUTO_FIXTURE f = {0};
	(void)load(&f, text);
	for (size_t i = 0; i < f.diags.count; i++)
		if (strstr(f.diags.items[i].message, message) && f.diags.items[i].line == 6)
			return;
	fail_msg("no '%s' among %zu, first '%s'", message, f.diags.count,
		f.diags.count ? f.diags.items[0].message : "");
}

static void refuses_mistakes(void **state)
{
	(void)state;
	refuses(HEAD "    - {reason: x}\n", "needs one of");
	refuses(HEAD "    - {from: \"2026-01-01T00:00:00Z\"}\n", "needs the field 'until'");
	refuses(HEAD "    - {cron: \"0 16 * * fri\"}\n", "needs the field 'duration'");
	refuses(HEAD "    - {from: \"2026-01-01T00:00:00Z\", cron: \"* * * * *\"}\n", "exclude");
	refuses(HEAD "    - {from: \"2026-01-02T00:00:00Z\", until: \"2026-01-01T00:00:00Z\"}\n",
		"ends before it begins");
	refuses(HEAD "    - {from: \"soon\", until: \"2026-01-01T00:00:00Z\"}\n", "from");
	refuses(HEAD "    - {cron: \"0 16 * * payday\", duration: 1h}\n", "payday");
	refuses(HEAD "    - {cron: \"0 16 * * fri\", duration: 1h, timezone: Mars/Base}\n", "Mars");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_times),
		cmocka_unit_test(freezes_once),
		cmocka_unit_test(freezes_every_weekend_by_the_local_clock),
		cmocka_unit_test(the_last_end_of_several_counts),
		cmocka_unit_test(refuses_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
