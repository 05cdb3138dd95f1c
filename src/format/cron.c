/*
 * When is it due? Local time runs evenly between two changes of a zone's offset, so the search
 * goes from stretch to stretch. Inside of one it is a search in fields (day, hour, minute), and
 * what a change of the clock skips or repeats is decided at the border of two, in one place.
 */
#include "format/cron.h"

#include "base/calendar.h"
#include "base/zone.h"

enum { YEARS_AHEAD = 50 };
/* From the year 1 to 9999, in seconds: beyond that no calendar date makes sense. */
#define EARLIEST INT64_C(-62135596800)
#define LATEST   INT64_C(253402300799)

static bool has(uint64_t set, int64_t value)
{
	return set >> value & 1;
}

/* The smallest member that is not below from; -1 if there is none. */
static int next_member(uint64_t set, int from)
{
	if (from > 63)
		return -1;
	const uint64_t rest = set >> from;
	return rest ? from + __builtin_ctzll(rest) : -1;
}

static bool due_on(const struct cron *c, int64_t day, struct calendar_date date)
{
	const bool by_day = has(c->days, date.day);
	const bool by_weekday = has(c->weekdays, calendar_weekday(day));
	return c->either_day ? by_day || by_weekday : by_day && by_weekday;
}

/* The first day not before day, and before end, on which it is due; end if there is none. */
static int64_t next_day(const struct cron *c, int64_t day, int64_t end)
{
	while (day < end) {
		const struct calendar_date date = calendar_date(day);
		if (!has(c->months, date.month)) {
			day += calendar_days_in_month(date.year, date.month) - date.day + 1;
			continue;
		}
		if (due_on(c, day, date))
			return day;
		day++;
	}
	return end;
}

/* The first minute of the day that is due and not before from (in minutes); -1 if none. */
static int next_minute_of_day(const struct cron *c, int from)
{
	int hour = next_member(c->hours, from / 60);
	if (hour < 0)
		return -1;
	int minute = next_member(c->minutes, hour == from / 60 ? from % 60 : 0);
	if (minute < 0) {
		hour = next_member(c->hours, hour + 1);
		minute = next_member(c->minutes, 0);
	}
	return hour < 0 ? -1 : hour * 60 + minute;
}

/* The first local time that is due, from <= time < end; end if there is none. */
static int64_t next_local(const struct cron *c, int64_t from, int64_t end)
{
	const int64_t start = floor_div(from + 59, 60); /* in minutes */
	const int64_t first = floor_div(start, 24 * 60);
	const int64_t end_day = floor_div(end, SECONDS_OF_DAY) + 1;
	for (int64_t day = first; (day = next_day(c, day, end_day)) < end_day; day++) {
		const int of_day = day == first ? (int)(start - first * 24 * 60) : 0;
		const int minute = next_minute_of_day(c, of_day);
		if (minute < 0)
			continue;
		const int64_t found = day * SECONDS_OF_DAY + (int64_t)minute * 60;
		return found < end ? found : end;
	}
	return end;
}

/* Due at the span's start, because the clock was put forward over it? */
static bool due_in_gap(const struct cron *c, const struct zone_span *span)
{
	if (c->every_hour || span->offset <= span->before)
		return false;
	const int64_t gap_end = span->from + span->offset;
	return next_local(c, span->from + span->before, gap_end) < gap_end;
}

/* The first due time t in the span, from <= t < end; end if there is none. */
static int64_t next_in_span(
	const struct cron *c, const struct zone_span *span, int64_t from, int64_t end)
{
	if (from == span->from && due_in_gap(c, span))
		return from;
	int64_t local = from + span->offset;
	/* What the clock showed before it was put back has had its turn. */
	if (!c->every_hour && span->before > span->offset && local < span->from + span->before)
		local = span->from + span->before;
	if (local >= end + span->offset)
		return end;
	return next_local(c, local, end + span->offset) - span->offset;
}

bool cron_next(const struct cron *c, const struct zone *zone, int64_t after, int64_t *ret)
{
	const int64_t start = floor_div(after, 1000) + 1;
	if (start < EARLIEST || start > LATEST)
		return false;
	const int64_t ahead = start + (int64_t)YEARS_AHEAD * 366 * SECONDS_OF_DAY;
	const int64_t last = ahead < LATEST ? ahead : LATEST;
	for (int64_t from = start; from < last;) {
		const struct zone_span span = zone_span_at(zone, from);
		const int64_t end = span.until < last ? span.until : last;
		const int64_t found = next_in_span(c, &span, from, end);
		if (found < end) {
			*ret = found * 1000;
			return true;
		}
		from = end;
	}
	return false;
}
