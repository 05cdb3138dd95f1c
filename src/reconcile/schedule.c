/*
 * Due times are found by going forward with cron_next() only, so to find the latest one that came
 * growing stretches before now are searched: a schedule of every minute that nobody looked at for
 * a year costs one hour's worth of steps.
 */
#include "reconcile/schedule.h"

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"
#include "base/zone.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)

int schedule_next(struct store *store, int64_t after, int64_t *ret_next, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct schedule_rows rows = {0};
	*ret_next = 0;
	if (store_schedules_due(store, 0, &scratch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count && !*ret_next; i++)
		if (rows.items[i].next_at > after)
			*ret_next = rows.items[i].next_at;
	return 0;
}

int schedule_due(struct store *store, int64_t now, struct arena *arena, struct store_keys *ret,
	struct err **err)
{
	struct schedule_rows rows = {0};
	*ret = (struct store_keys){0};
	if (store_schedules_due(store, now, arena, &rows, err) < 0)
		return -1;
	ret->items = arena_array(arena, rows.count, sizeof *ret->items);
	for (; ret->count < rows.count; ret->count++)
		ret->items[ret->count] = rows.items[ret->count].key;
	return 0;
}

/* The last time at which it was due after `from` and not after now; 0: none. */
static int64_t latest_since(const struct schedule_facts *f, int64_t from)
{
	int64_t last = 0, at = 0;
	while (cron_next(&f->run->schedule.due, f->zone, from, &at) && at <= f->now)
		last = from = at;
	return last;
}

/* There is one: next_at has come. */
static int64_t latest(const struct schedule_facts *f)
{
	static const int64_t hours[] = {1, 24, 32 * 24, 400 * 24};
	for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
		const int64_t from = f->now - hours[i] * HOUR_MS;
		if (from < f->next_at)
			break;
		const int64_t found = latest_since(f, from);
		if (found)
			return found;
	}
	const int64_t found = latest_since(f, f->next_at - 1);
	return found > f->next_at ? found : f->next_at;
}

struct schedule_answer schedule_judge(const struct schedule_facts *f)
{
	struct schedule_answer answer = {.next_at = f->next_at, .reason = "not due yet"};
	if (!f->next_at || f->next_at > f->now)
		return answer;
	answer.due_at = latest(f);
	if (!cron_next(&f->run->schedule.due, f->zone, f->now, &answer.next_at))
		answer.next_at = 0;
	const bool overlaps =
		f->begun_at && f->begun_at <= answer.due_at && answer.due_at < f->ended_at;
	if (overlaps && f->run->schedule.overlap == OVERLAP_SKIP) {
		answer.verdict = SCHEDULE_LEFT_OUT;
		answer.reason = "the run before it was going on (overlap: skip)";
	} else if (f->now - answer.due_at > SCHEDULE_MISSED_MS && !overlaps &&
		   f->run->schedule.missed == MISSED_SKIP) {
		answer.verdict = SCHEDULE_LEFT_OUT;
		answer.reason = "nobody was there when it was due (missed: skip)";
	} else {
		answer.verdict = SCHEDULE_DUE;
		answer.reason = "due";
	}
	return answer;
}

const char *schedule_definition(const struct run_spec *run, struct arena *arena)
{
	if (!run->schedule.cron.text)
		return NULL;
	return arena_printf(arena, "%s %s", run->schedule.cron.text, run->schedule.timezone.text);
}

int schedule_first(const struct run_spec *run, int64_t after, int64_t *ret, struct err **err)
{
	AUTO_ZONE *zone = NULL;
	*ret = 0;
	if (zone_open(run->schedule.timezone.text, &zone, err) < 0)
		return -1;
	if (!cron_next(&run->schedule.due, zone, after, ret))
		*ret = 0;
	return 0;
}
