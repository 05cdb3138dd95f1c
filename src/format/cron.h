/*
 * Cron expressions: when something is due, by the clock on the wall of a time zone.
 *
 *	minute hour day-of-month month weekday      "30 2 * * mon-fri"
 *
 * The language is that of crontab(5): `*`, lists, ranges, steps (`*` or a range, then /n), names of
 * months and weekdays (three letters, any case), 0 and 7 for Sunday, and @yearly, @annually,
 * @monthly, @weekly, @daily, @midnight, @hourly. When both the day of the month and the weekday
 * are restricted (begin with something else than `*`), a day is due that fits either; otherwise
 * it must fit both. Seconds, years, `?`, `L`, `W` and `#` are other programs' and refused.
 *
 * Where the clock is changed, nothing is forgotten and nothing is done twice:
 *
 *	- a time that is skipped is due at the end of the gap, once, however many were skipped;
 *	- a time that comes twice is due the first time;
 *	- unless the hour is `*`: such an expression means real time passing, so it goes on evenly:
 *	  the repeated hour counts, the skipped one does not.
 */
#ifndef TRUEUP_FORMAT_CRON_H
#define TRUEUP_FORMAT_CRON_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

/* Plain data: copy it freely. Bit n of a set says that the value n is in it. */
struct cron {
	uint64_t minutes;
	uint32_t hours, days, months, weekdays; /* weekdays: 0 (Sunday) to 6 */
	bool either_day; /* days or weekdays: both are restricted */
	bool every_hour;
};

/* What is wrong with an expression, and where. */
struct cron_problem {
	size_t offset, width; /* bytes of the text; width at least 1 */
	char message[160];
	char hint[160]; /* "" if there is none */
};

enum { CRON_TEXT_MAX = 256 };

/* False: ret_problem says why. An expression that is never due (30 February) is refused. */
MUST_CHECK bool cron_parse(const char *text, struct cron *ret, struct cron_problem *ret_problem);

/*
 * The first time after `after` at which it is due; both in wall-clock milliseconds. False if
 * there is none within 50 years (Sunday 29 February comes every 28 to 40).
 */
MUST_CHECK bool cron_next(
	const struct cron *cron, const struct zone *zone, int64_t after, int64_t *ret);

#endif
