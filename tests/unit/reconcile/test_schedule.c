/*
 * Protects: what becomes of a due time. One run makes up for all that were missed, a time that
 * came while the run before was going on is treated as the Run says, and nobody who waits for the
 * next time turns in a circle.
 */
#include "store/store_test.h"

#include "base/zone.h"
#include "reconcile/schedule.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

struct plan {
	struct run_spec run;
	struct zone *zone;
	struct schedule_facts facts;
};

static void plan_release(struct plan *p)
{
	zone_free(&p->zone);
}

static void plan_init(struct plan *p, const char *cron)
{
	struct cron_problem problem;
	struct err *err = NULL;
	*p = (struct plan){0};
	assert_true(cron_parse(cron, &p->run.schedule.due, &problem));
	assert_int_equal(zone_open("UTC", &p->zone, &err), 0);
	p->run.schedule.overlap = OVERLAP_SKIP;
	p->run.schedule.missed = MISSED_RUN_ONCE;
	p->facts = (struct schedule_facts){.run = &p->run, .zone = p->zone};
}

/* 2026-03-01T00:00:00Z, a Sunday. */
static const int64_t day = INT64_C(1772323200000);

static void is_not_due_before_its_time(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan p;
	plan_init(&p, "30 2 * * *");
	p.facts.next_at = day + 2 * HOUR + 30 * MINUTE;
	p.facts.now = p.facts.next_at - 1;
	assert_int_equal(schedule_judge(&p.facts).verdict, SCHEDULE_NOT_DUE);
	p.facts.now++;
	const struct schedule_answer a = schedule_judge(&p.facts);
	assert_int_equal(a.verdict, SCHEDULE_DUE);
	assert_int_equal(a.due_at, p.facts.next_at);
	assert_int_equal(a.next_at, p.facts.next_at + 24 * HOUR);
	/* Never again. */
	p.facts.next_at = 0;
	assert_int_equal(schedule_judge(&p.facts).verdict, SCHEDULE_NOT_DUE);
}

static void one_run_makes_up_for_all_that_were_missed(void **state)
{
	(void)state;
	static const struct {
		const char *cron;
		int64_t away, latest, next; /* from the first due time */
	} cases[] = {
		{"* * * * *", 30 * 1000, 0, MINUTE},
		{"* * * * *", (int64_t)400 * 24 * HOUR + 1, (int64_t)400 * 24 * HOUR,
			(int64_t)400 * 24 * HOUR + MINUTE},
		{"0 * * * *", 25 * HOUR + 5, 25 * HOUR, 26 * HOUR},
		{"0 0 * * sun", (int64_t)20 * 24 * HOUR, (int64_t)14 * 24 * HOUR,
			(int64_t)21 * 24 * HOUR},
		{"0 0 1 3 *", (int64_t)800 * 24 * HOUR, (int64_t)731 * 24 * HOUR,
			(int64_t)1096 * 24 * HOUR},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(plan_release) struct plan p;
		plan_init(&p, cases[i].cron);
		p.facts.next_at = day;
		p.facts.now = day + cases[i].away;
		const struct schedule_answer a = schedule_judge(&p.facts);
		assert_int_equal(a.verdict, SCHEDULE_DUE);
		assert_int_equal(a.due_at, day + cases[i].latest);
		assert_int_equal(a.next_at, day + cases[i].next);
	}
}

static void missed_times_are_left_out_on_request(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan p;
	plan_init(&p, "0 * * * *");
	p.run.schedule.missed = MISSED_SKIP;
	p.facts.next_at = day;
	p.facts.now = day + SCHEDULE_MISSED_MS;
	assert_int_equal(schedule_judge(&p.facts).verdict, SCHEDULE_DUE);
	p.facts.now++;
	const struct schedule_answer a = schedule_judge(&p.facts);
	assert_int_equal(a.verdict, SCHEDULE_LEFT_OUT);
	assert_non_null(strstr(a.reason, "missed: skip"));
	/* The older ones do not matter when the latest has just come. */
	p.facts.now = day + 5 * HOUR + MINUTE;
	assert_int_equal(schedule_judge(&p.facts).verdict, SCHEDULE_DUE);
	assert_int_equal(schedule_judge(&p.facts).due_at, day + 5 * HOUR);
}

static void a_time_in_the_run_before_is_treated_as_asked(void **state)
{
	(void)state;
	static const struct {
		enum run_overlap overlap;
		int64_t begun, ended;
		enum schedule_verdict want;
	} cases[] = {
		/* Due at noon; the run before went on over it. */
		{OVERLAP_SKIP, 11 * HOUR, 13 * HOUR, SCHEDULE_LEFT_OUT},
		{OVERLAP_QUEUE, 11 * HOUR, 13 * HOUR, SCHEDULE_DUE},
		{OVERLAP_REPLACE, 11 * HOUR, 13 * HOUR, SCHEDULE_DUE},
		/* It had ended, or began later. */
		{OVERLAP_SKIP, 11 * HOUR, 12 * HOUR, SCHEDULE_DUE},
		{OVERLAP_SKIP, 10 * HOUR, 11 * HOUR, SCHEDULE_DUE},
		{OVERLAP_SKIP, 12 * HOUR + 1, 13 * HOUR, SCHEDULE_DUE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(plan_release) struct plan p;
		plan_init(&p, "0 12 * * *");
		p.run.schedule.overlap = cases[i].overlap;
		p.facts.next_at = day + 12 * HOUR;
		p.facts.begun_at = day + cases[i].begun;
		p.facts.ended_at = day + cases[i].ended;
		p.facts.now = day + 13 * HOUR + 1;
		assert_int_equal(schedule_judge(&p.facts).verdict, cases[i].want);
	}
}

/* What waited for the end of the run before was not missed. */
static void a_queued_time_is_no_missed_one(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan p;
	plan_init(&p, "0 12 * * *");
	p.run.schedule.overlap = OVERLAP_QUEUE;
	p.run.schedule.missed = MISSED_SKIP;
	p.facts.next_at = day + 12 * HOUR;
	p.facts.begun_at = day + 11 * HOUR;
	p.facts.ended_at = day + 13 * HOUR;
	p.facts.now = day + 13 * HOUR + 1;
	assert_int_equal(schedule_judge(&p.facts).verdict, SCHEDULE_DUE);
}

static void who_waits_is_told_the_next_time_only(void **state)
{
	struct fixture *f = *state;
	int64_t next = 1;
	struct store_keys keys;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	ok(f, schedule_next(f->store, 0, &next, &f->err));
	assert_int_equal(next, 0);
	const struct schedule_row rows[] = {
		{.key = "run/b", .definition = "x", .next_at = 200, .updated_at = 1},
		{.key = "run/a", .definition = "x", .next_at = 100, .updated_at = 1},
		{.key = "run/never", .definition = "x", .next_at = 0, .updated_at = 1},
	};
	for (size_t i = 0; i < 3; i++)
		ok(f, store_schedule_put(f->store, &rows[i], &f->err));
	ok(f, schedule_next(f->store, 0, &next, &f->err));
	assert_int_equal(next, 100);
	/* run/a waits for something. */
	ok(f, schedule_next(f->store, 150, &next, &f->err));
	assert_int_equal(next, 200);
	ok(f, schedule_next(f->store, 200, &next, &f->err));
	assert_int_equal(next, 0);
	ok(f, schedule_due(f->store, 99, &f->arena, &keys, &f->err));
	assert_int_equal(keys.count, 0);
	ok(f, schedule_due(f->store, 200, &f->arena, &keys, &f->err));
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.items[0], "run/a");
	assert_string_equal(keys.items[1], "run/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_not_due_before_its_time),
		cmocka_unit_test(one_run_makes_up_for_all_that_were_missed),
		cmocka_unit_test(missed_times_are_left_out_on_request),
		cmocka_unit_test(a_time_in_the_run_before_is_treated_as_asked),
		cmocka_unit_test(a_queued_time_is_no_missed_one),
		store_test(who_waits_is_told_the_next_time_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
