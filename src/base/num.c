#include "base/num.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool num_parse_i64(const char *text, size_t len, int64_t *ret)
{
	size_t i = 0;
	const bool minus = len > 0 && text[0] == '-';
	if (minus)
		i++;
	if (i == len)
		return false;
	int64_t n = 0;
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		const int digit = text[i] - '0';
		if (__builtin_mul_overflow(n, 10, &n) ||
			(minus ? __builtin_sub_overflow(n, digit, &n)
			       : __builtin_add_overflow(n, digit, &n)))
			return false;
	}
	*ret = n;
	return true;
}

static locale_t c_locale(void)
{
	static locale_t locale;
	if (!locale)
		locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	return locale;
}

bool num_parse_double(const char *text, size_t len, double *ret)
{
	char buf[512];
	if (!len || len >= sizeof buf)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (strspn(buf, "0123456789+-.eE") < len)
		return false;
	char *end = NULL;
	const double d = strtod_l(buf, &end, c_locale());
	if (*end || !isfinite(d))
		return false;
	*ret = d;
	return true;
}

const char *num_format_double(double value, char buf[NUM_DOUBLE_SIZE])
{
	const locale_t before = uselocale(c_locale());
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(buf, NUM_DOUBLE_SIZE, "%.*g", digits, value);
		if (strtod(buf, NULL) == value)
			break;
	}
	uselocale(before);
	return buf;
}
