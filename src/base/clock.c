#include "base/clock.h"

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

const char *clock_format(int64_t ms, char buf[CLOCK_TEXT_SIZE])
{
	time_t s = (time_t)(ms / 1000);
	int rest = (int)(ms % 1000);
	if (rest < 0) {
		rest += 1000;
		s--;
	}
	struct tm tm;
	char date[CLOCK_TEXT_SIZE];
	if (!gmtime_r(&s, &tm) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm))
		memcpy(date, "?", 2);
	(void)snprintf(buf, CLOCK_TEXT_SIZE, "%.22s.%03dZ", date, rest);
	return buf;
}

const char *clock_format_duration(int64_t ms, char buf[CLOCK_TEXT_SIZE])
{
	const long long s = ms / 1000;
	if (ms < 1000)
		(void)snprintf(buf, CLOCK_TEXT_SIZE, "%lld ms", (long long)ms);
	else if (s < 60)
		(void)snprintf(
			buf, CLOCK_TEXT_SIZE, "%lld.%lld s", s, (long long)(ms % 1000 / 100));
	else if (s < 3600)
		(void)snprintf(buf, CLOCK_TEXT_SIZE, "%lld m %02lld s", s / 60, s % 60);
	else
		(void)snprintf(buf, CLOCK_TEXT_SIZE, "%lld h %02lld m", s / 3600, s / 60 % 60);
	return buf;
}

int clock_parse_duration(const char *text, int64_t *ret_ms, struct err **err)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	const int64_t limit = INT64_C(3660) * 86400000;

	const size_t digits = strspn(text, "0123456789");
	for (size_t i = 0; digits > 0 && digits < 16 && i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		int64_t n = 0;
		for (size_t k = 0; k < digits; k++)
			n = n * 10 + (text[k] - '0');
		if (n > limit / units[i].ms)
			return err_set(err, ERR_INVALID, "'%s' is longer than ten years", text);
		*ret_ms = n * units[i].ms;
		return 0;
	}
	return err_set(err, ERR_INVALID,
		"'%s' is not a duration: a whole number and one of ms, s, m, h, d, as in 15m",
		text);
}
