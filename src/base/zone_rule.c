/* See zone_rule.h. A rule gives two changes a year; what holds at t is between two neighbours. */
#include "base/zone_rule.h"

#include "base/calendar.h"

#include <ctype.h>
#include <string.h>

/* Letters, or anything of letters, digits and signs in <>. At least three characters. */
static bool skip_name(const char **at)
{
	const char *p = *at;
	const bool quoted = *p == '<';
	p += quoted;
	const char *start = p;
	while (isalpha((unsigned char)*p) ||
		(quoted && (isdigit((unsigned char)*p) || *p == '+' || *p == '-')))
		p++;
	if (p - start < 3 || (quoted && *p != '>'))
		return false;
	*at = p + quoted;
	return true;
}

static bool take_number(const char **at, int max, int *ret)
{
	int n = 0;
	const char *p = *at;
	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (*p - '0');
		if (n > max)
			return false;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = n;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int max_hours, int32_t *ret)
{
	const bool negative = **at == '-';
	*at += negative || **at == '+';
	int hours, minutes = 0, seconds = 0;
	if (!take_number(at, max_hours, &hours))
		return false;
	if (**at == ':') {
		(*at)++;
		if (!take_number(at, 59, &minutes))
			return false;
	}
	if (**at == ':') {
		(*at)++;
		if (!take_number(at, 59, &seconds))
			return false;
	}
	const int32_t all = hours * 3600 + minutes * 60 + seconds;
	*ret = negative ? -all : all;
	return true;
}

/* Mm.w.d */
static bool take_month(const char **at, struct zone_rule_date *ret)
{
	ret->kind = ZONE_DAY_MONTH;
	(*at)++;
	if (!take_number(at, 12, &ret->month) || ret->month < 1 || *(*at)++ != '.')
		return false;
	if (!take_number(at, 5, &ret->week) || ret->week < 1 || *(*at)++ != '.')
		return false;
	return take_number(at, 6, &ret->day);
}

static bool take_date(const char **at, struct zone_rule_date *ret)
{
	*ret = (struct zone_rule_date){.time = 7200};
	if (**at != ',')
		return false;
	(*at)++;
	if (**at == 'M') {
		if (!take_month(at, ret))
			return false;
	} else {
		ret->kind = **at == 'J' ? ZONE_DAY_JULIAN : ZONE_DAY_ZERO;
		*at += **at == 'J';
		if (!take_number(at, 365, &ret->day) ||
			(ret->kind == ZONE_DAY_JULIAN && ret->day == 0))
			return false;
	}
	if (**at != '/')
		return true;
	(*at)++;
	return take_time(at, 167, &ret->time);
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
	*ret = (struct zone_rule){0};
	const char *p = text;
	/* Offsets are written as west of UTC. */
	if (!skip_name(&p) || !take_time(&p, 24, &ret->standard))
		return false;
	ret->standard = -ret->standard;
	ret->summer = ret->standard + 3600;
	if (!*p)
		return true;
	ret->has_summer = true;
	if (!skip_name(&p))
		return false;
	if (*p != ',') {
		if (!take_time(&p, 24, &ret->summer))
			return false;
		ret->summer = -ret->summer;
	}
	return take_date(&p, &ret->start) && take_date(&p, &ret->end) && !*p;
}

static int64_t rule_day(const struct zone_rule_date *d, int64_t year)
{
	const struct calendar_date first = {year, d->kind == ZONE_DAY_MONTH ? d->month : 1, 1};
	int64_t day = calendar_day(first);
	if (d->kind == ZONE_DAY_ZERO)
		return day + d->day;
	if (d->kind == ZONE_DAY_JULIAN)
		return day + d->day - 1 + (d->day >= 60 && calendar_is_leap(year));
	day += (d->day - calendar_weekday(day) + 7) % 7 + (d->week - 1) * 7;
	const int64_t after = calendar_day(first) + calendar_days_in_month(year, d->month);
	return day >= after ? day - 7 : day;
}

struct rule_change {
	int64_t at;
	int32_t offset;
};

/* When the rule's date comes in a year, by the clock that runs before it. */
static struct rule_change change_in(const struct zone_rule *rule, int64_t year, bool start)
{
	const struct zone_rule_date *d = start ? &rule->start : &rule->end;
	const int32_t before = start ? rule->standard : rule->summer;
	return (struct rule_change){rule_day(d, year) * SECONDS_OF_DAY + d->time - before,
		start ? rule->summer : rule->standard};
}

/* A year in summer time throughout ends one summer where the next begins: that is no change. */
static size_t add_change(struct rule_change *changes, size_t count, struct rule_change c)
{
	if (count > 0 && changes[count - 1].at == c.at)
		count--;
	changes[count] = c;
	return count + 1;
}

struct zone_span zone_rule_span_at(const struct zone_rule *rule, int64_t t)
{
	struct zone_span span = {INT64_MIN, INT64_MAX, rule->standard, rule->standard};
	if (!rule->has_summer)
		return span;
	const int64_t year = calendar_date(floor_div(t, SECONDS_OF_DAY)).year;
	/* Years to both sides: offsets and times of over a day move a change across New Year. */
	struct rule_change changes[8];
	size_t count = 0;
	for (int64_t y = year - 2; y <= year + 1; y++) {
		const struct rule_change a = change_in(rule, y, true);
		const struct rule_change b = change_in(rule, y, false);
		count = add_change(changes, count, a.at <= b.at ? a : b);
		count = add_change(changes, count, a.at <= b.at ? b : a);
	}
	size_t i = 1;
	while (i + 1 < count && changes[i + 1].at <= t)
		i++;
	span.from = changes[i].at;
	span.offset = changes[i].offset;
	span.before = changes[i - 1].offset;
	if (i + 1 < count)
		span.until = changes[i + 1].at;
	return span;
}
