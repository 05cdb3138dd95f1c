/*
 * Cron expressions from text. Every refusal says which bytes it means and, where people are known
 * to mix up the dialects of cron, what to write instead.
 */
#include "format/cron.h"

#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct field {
	const char *name; /* for messages */
	int min, max;
	const char *const *names; /* of the values from min on; NULL: none */
};

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field fields[FIELDS] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of the month", 1, 31, NULL},
	{"month", 1, 12, month_names},
	{"weekday", 0, 7, weekday_names},
};

static const struct {
	const char *name, *fields;
} shorthands[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

/* A piece of the text. */
struct span {
	const char *at;
	size_t len;
};

struct parser {
	const char *text;
	struct cron_problem *problem;
};

static bool PRINTF_LIKE(3, 4) refuse(struct parser *p, struct span where, const char *fmt, ...)
{
	struct cron_problem *out = p->problem;
	*out = (struct cron_problem){
		.offset = (size_t)(where.at - p->text),
		.width = where.len ? where.len : 1,
	};
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(out->message, sizeof out->message, fmt, args);
	va_end(args);
	return false;
}

static bool PRINTF_LIKE(2, 3) hint(struct parser *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(p->problem->hint, sizeof p->problem->hint, fmt, args);
	va_end(args);
	return false;
}

/* For messages: what is shown of a piece that may be long. */
static int shown(struct span s)
{
	return s.len < 24 ? (int)s.len : 24;
}

/* Cuts the piece off up to the first c; rest is what follows it, or at NULL if c is not there. */
static struct span cut(struct span s, char c, struct span *ret_rest)
{
	const char *at = s.len ? memchr(s.at, c, s.len) : NULL;
	if (!at) {
		*ret_rest = (struct span){NULL, 0};
		return s;
	}
	const size_t len = (size_t)(at - s.at);
	*ret_rest = (struct span){at + 1, s.len - len - 1};
	return (struct span){s.at, len};
}

static bool refuse_foreign(struct parser *p, const struct field *f, struct span s)
{
	if (memchr(s.at, '?', s.len)) {
		(void)refuse(p, s, "'?' is not part of this cron's language");
		return hint(p, "write * for a %s that does not matter", f->name);
	}
	if (memchr(s.at, '#', s.len)) {
		(void)refuse(p, s, "'#' (the nth weekday) is not part of this cron's language");
		return hint(p, "run it weekly and let the script look at the date");
	}
	const char last = (char)toupper((unsigned char)s.at[s.len - 1]);
	const bool lone = s.len == 1 || isdigit((unsigned char)s.at[s.len - 2]);
	if ((last == 'L' || last == 'W') && lone) {
		(void)refuse(p, s, "'%c' (%s) is not part of this cron's language", last,
			last == 'L' ? "the last day" : "the nearest working day");
		return hint(p, "run it on several days and let the script look at the date");
	}
	(void)refuse(p, s, "'%.*s' is no %s", shown(s), s.at, f->name);
	if (f->names)
		return hint(p, "a number from %d to %d or a name (%s, %s, ...)", f->min, f->max,
			f->names[0], f->names[1]);
	return hint(p, "a number from %d to %d, *, a list (1,5), a range (1-5) or a step (*/5)",
		f->min, f->max);
}

/* A number or a name. */
static bool parse_value(struct parser *p, const struct field *f, struct span s, int *ret)
{
	if (s.len == 0) {
		(void)refuse(p, s, "a %s is missing here", f->name);
		return hint(p, "lists, ranges and steps are written without blanks: 1,5 1-5 */5");
	}
	if (s.len == 3 && f->names) {
		for (int i = 0; f->names[i]; i++) {
			if (strncasecmp(s.at, f->names[i], 3) == 0) {
				*ret = f->min + i;
				return true;
			}
		}
	}
	int n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.at[i]))
			return refuse_foreign(p, f, s);
		if (n < 1000)
			n = n * 10 + (s.at[i] - '0');
	}
	if (n < f->min || n > f->max) {
		(void)refuse(p, s, "%.*s is no %s", shown(s), s.at, f->name);
		return hint(p, "it goes from %d to %d", f->min, f->max);
	}
	*ret = n;
	return true;
}

static bool parse_step(struct parser *p, const struct field *f, struct span s, int *ret)
{
	int n = 0;
	bool good = s.len > 0 && s.len < 4;
	for (size_t i = 0; good && i < s.len; i++) {
		good = isdigit((unsigned char)s.at[i]);
		n = n * 10 + (s.at[i] - '0');
	}
	if (good && n > 0 && n <= f->max - f->min + 1) {
		*ret = n;
		return true;
	}
	(void)refuse(p, s, "'%.*s' is no step of a %s", shown(s), s.at, f->name);
	return hint(p, "a step is a number from 1 to %d", f->max - f->min + 1);
}

/* a or a-b */
static bool parse_range(
	struct parser *p, const struct field *f, struct span s, int *ret_low, int *ret_high)
{
	struct span to;
	const struct span from = cut(s, '-', &to);
	if (!parse_value(p, f, from, ret_low))
		return false;
	*ret_high = *ret_low;
	if (!to.at)
		return true;
	if (!parse_value(p, f, to, ret_high))
		return false;
	/* sat-sun: as the end of a week Sunday is its seventh day. */
	if (f == &fields[WEEKDAY] && *ret_high == 0 && *ret_low > 0)
		*ret_high = 7;
	if (*ret_low <= *ret_high)
		return true;
	(void)refuse(p, s, "the range %.*s goes backwards", shown(s), s.at);
	return hint(p, "write it as two: %.*s-%d,%d-%.*s", shown(from), from.at,
		f == &fields[WEEKDAY] ? 6 : f->max, f->min, shown(to), to.at);
}

/* One item of a list. */
static bool parse_item(struct parser *p, const struct field *f, struct span s, uint64_t *set)
{
	struct span step_text;
	const struct span range = cut(s, '/', &step_text);
	int low = f->min, high = f->max, step = 1;
	const bool all = range.len == 1 && *range.at == '*';
	if (!all && !parse_range(p, f, range, &low, &high))
		return false;
	if (step_text.at && !parse_step(p, f, step_text, &step))
		return false;
	if (step_text.at && !all && !memchr(range.at, '-', range.len)) {
		(void)refuse(p, s, "a step needs a range or *");
		return hint(p, "write %.*s-%d/%d", shown(range), range.at, f->max, step);
	}
	/* Sunday has two numbers: all of a week is seven days, not eight. */
	if (all && f == &fields[WEEKDAY])
		high = 6;
	for (int n = low; n <= high; n += step)
		*set |= UINT64_C(1) << (f == &fields[WEEKDAY] && n == 7 ? 0 : n);
	return true;
}

static bool parse_field(struct parser *p, const struct field *f, struct span s, uint64_t *set)
{
	*set = 0;
	for (struct span rest = s; rest.at;) {
		const struct span item = cut(rest, ',', &rest);
		if (!parse_item(p, f, item, set))
			return false;
	}
	return true;
}

/* Finds the fields; one too many or too few is said with what there should be. */
static bool split(struct parser *p, const char *text, struct span *parts)
{
	size_t count = 0;
	const char *at = text + strspn(text, " \t");
	const char *start = at, *end = at;
	while (*at) {
		const size_t len = strcspn(at, " \t");
		if (count < FIELDS)
			parts[count] = (struct span){at, len};
		count++;
		end = at + len;
		at = end + strspn(end, " \t");
	}
	if (count == FIELDS)
		return true;
	const struct span all = {start, (size_t)(end - start)};
	(void)refuse(p, all, "a cron expression has five fields, this has %zu", count);
	if (count > FIELDS)
		return hint(p, "minute, hour, day of the month, month, weekday: there are no "
			       "seconds and no years");
	return hint(p, "minute, hour, day of the month, month, weekday: \"30 2 * * 1\" is Mondays "
		       "at 02:30");
}

/* Is there a month of the list that has a day of the list? */
static bool is_ever_due(const struct cron *c)
{
	static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (c->either_day)
		return true;
	for (int m = 1; m <= 12; m++)
		if (c->months >> m & 1 && c->days & ((UINT64_C(2) << longest[m - 1]) - 2))
			return true;
	return false;
}

static const char *expand(struct parser *p, const char *text)
{
	const char *at = text + strspn(text, " \t");
	if (*at != '@')
		return text;
	const struct span word = {at, strcspn(at, " \t")};
	const char *names[sizeof shorthands / sizeof shorthands[0] + 1] = {NULL};
	for (size_t i = 0; i < ARRAY_LEN(shorthands); i++) {
		names[i] = shorthands[i].name;
		if (strlen(names[i]) == word.len && strncasecmp(at, names[i], word.len) == 0 &&
			!at[word.len + strspn(at + word.len, " \t")])
			return shorthands[i].fields;
	}
	(void)refuse(p, word, "there is no '%.*s'", shown(word), word.at);
	char copy[32];
	(void)snprintf(copy, sizeof copy, "%.*s", shown(word), word.at);
	const char *near = str_nearest(copy, names);
	if (near)
		(void)hint(p, "did you mean %s?", near);
	else
		(void)hint(p, "there are @hourly, @daily, @weekly, @monthly and @yearly");
	return NULL;
}

bool cron_parse(const char *text, struct cron *ret, struct cron_problem *ret_problem)
{
	struct parser p = {text, ret_problem};
	const struct span whole = {text, strlen(text)};
	if (whole.len > CRON_TEXT_MAX)
		return refuse(
			&p, whole, "a cron expression has at most %d characters", CRON_TEXT_MAX);
	const char *fields_text = expand(&p, text);
	if (!fields_text)
		return false;
	struct span parts[FIELDS];
	if (!split(&p, fields_text, parts))
		return false;
	uint64_t sets[FIELDS];
	for (int i = 0; i < FIELDS; i++)
		if (!parse_field(&p, &fields[i], parts[i], &sets[i]))
			return false;
	*ret = (struct cron){
		.minutes = sets[MINUTE],
		.hours = (uint32_t)sets[HOUR],
		.days = (uint32_t)sets[DAY],
		.months = (uint32_t)sets[MONTH],
		.weekdays = (uint32_t)sets[WEEKDAY],
		.either_day = *parts[DAY].at != '*' && *parts[WEEKDAY].at != '*',
		.every_hour = parts[HOUR].len == 1 && *parts[HOUR].at == '*',
	};
	if (is_ever_due(ret))
		return true;
	const struct span date = {
		parts[DAY].at, (size_t)(parts[MONTH].at + parts[MONTH].len - parts[DAY].at)};
	(void)refuse(&p, date, "no month of the list has such a day: it is never due");
	return hint(&p, "February has at most 29 days; April, June, September and November 30");
}
