/*
 * The three forms share their pieces: a word, a number of so many digits, a fixed text. A reader
 * walks over the text and remembers whether everything fitted so far.
 */
#include "net/http_date.h"

#include "base/calendar.h"
#include "base/num.h"

#include <ctype.h>
#include <string.h>

enum {
	MS_PER_SECOND = 1000,
	/* Longer than anything a server means, far from overflow. */
	MAX_SECONDS = 10 * 366 * SECONDS_OF_DAY,
};

struct reader {
	const char *p;
	bool ok;
};

static void skip_text(struct reader *r, const char *text)
{
	const size_t len = strlen(text);
	if (!r->ok || strncmp(r->p, text, len) != 0)
		r->ok = false;
	else
		r->p += len;
}

/* Just `digits` digits; with_blank: the first may be a blank (asctime's days). */
static int read_number(struct reader *r, int digits, bool with_blank)
{
	int value = 0;
	for (int i = 0; i < digits && r->ok; i++, r->p++) {
		if (isdigit((unsigned char)*r->p))
			value = value * 10 + (*r->p - '0');
		else if (!(with_blank && i == 0 && *r->p == ' '))
			r->ok = false;
	}
	return value;
}

/* The place in a list of names that follow each other, each of `len` letters; from 1. */
static int read_name(struct reader *r, const char *names, size_t len)
{
	for (const char *name = names; r->ok && *name; name += len)
		if (strncmp(r->p, name, len) == 0) {
			r->p += len;
			return (int)((size_t)(name - names) / len) + 1;
		}
	r->ok = false;
	return 0;
}

static int read_month(struct reader *r)
{
	return read_name(r, "JanFebMarAprMayJunJulAugSepOctNovDec", 3);
}

struct moment {
	struct calendar_date date;
	int hour, minute, second;
};

static void read_time(struct reader *r, struct moment *m)
{
	m->hour = read_number(r, 2, false);
	skip_text(r, ":");
	m->minute = read_number(r, 2, false);
	skip_text(r, ":");
	m->second = read_number(r, 2, false);
}

/* "06 Nov 1994 08:49:37 GMT", behind "Sun, " */
static void read_fixdate(struct reader *r, struct moment *m)
{
	m->date.day = read_number(r, 2, false);
	skip_text(r, " ");
	m->date.month = read_month(r);
	skip_text(r, " ");
	m->date.year = read_number(r, 4, false);
	skip_text(r, " ");
	read_time(r, m);
	skip_text(r, " GMT");
}

/* "06-Nov-94 08:49:37 GMT", behind "Sunday, " */
static void read_rfc850(struct reader *r, struct moment *m, int64_t now_ms)
{
	m->date.day = read_number(r, 2, false);
	skip_text(r, "-");
	m->date.month = read_month(r);
	skip_text(r, "-");
	const int64_t this_year =
		calendar_date(floor_div(now_ms, (int64_t)SECONDS_OF_DAY * MS_PER_SECOND)).year;
	m->date.year = this_year - this_year % 100 + read_number(r, 2, false);
	if (m->date.year > this_year + 50)
		m->date.year -= 100;
	else if (m->date.year <= this_year - 50)
		m->date.year += 100;
	skip_text(r, " ");
	read_time(r, m);
	skip_text(r, " GMT");
}

/* "Nov  6 08:49:37 1994", behind "Sun " */
static void read_asctime(struct reader *r, struct moment *m)
{
	m->date.month = read_month(r);
	skip_text(r, " ");
	m->date.day = read_number(r, 2, true);
	skip_text(r, " ");
	read_time(r, m);
	skip_text(r, " ");
	m->date.year = read_number(r, 4, false);
}

/* Second 60 is a leap second, which counts as the first of the next minute. */
static bool is_real(const struct moment *m)
{
	return m->date.month > 0 && m->date.day > 0 &&
	       m->date.day <= calendar_days_in_month(m->date.year, m->date.month) && m->hour < 24 &&
	       m->minute < 60 && m->second <= 60;
}

bool http_date_parse(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	struct reader r = {.p = text, .ok = true};
	struct moment m = {.second = 0};
	(void)read_name(&r, "SunMonTueWedThuFriSat", 3);
	if (!r.ok)
		return false;
	if (*r.p == ',') {
		skip_text(&r, ", ");
		read_fixdate(&r, &m);
	} else if (*r.p == ' ') {
		skip_text(&r, " ");
		read_asctime(&r, &m);
	} else {
		/* The rest of the day's long name. */
		while (islower((unsigned char)*r.p))
			r.p++;
		skip_text(&r, ", ");
		read_rfc850(&r, &m, now_ms);
	}
	if (!r.ok || *r.p || !is_real(&m))
		return false;
	const int64_t seconds =
		calendar_day(m.date) * SECONDS_OF_DAY + m.hour * 3600 + m.minute * 60 + m.second;
	*ret_ms = seconds * MS_PER_SECOND;
	return true;
}

bool http_retry_after_parse(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	int64_t number;
	if (isdigit((unsigned char)*text)) {
		if (!num_parse_i64(text, strlen(text), &number))
			return false;
		if (number > MAX_SECONDS)
			number = MAX_SECONDS;
		*ret_ms = now_ms + number * MS_PER_SECOND;
		return true;
	}
	if (!http_date_parse(text, now_ms, &number))
		return false;
	*ret_ms = number < now_ms ? now_ms : number;
	return true;
}
