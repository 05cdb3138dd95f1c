/*
 * Any bytes as a whole number, a fraction and a duration. What is read is what a second reading of
 * its shortest text gives, and a duration is inside its limits.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_whole(const char *text, size_t len)
{
	int64_t value, again;
	if (!num_parse_i64(text, len, &value))
		return;
	AUTO_FREE char *shortest = xasprintf("%" PRId64, value);
	require(num_parse_i64(shortest, strlen(shortest), &again) && again == value);
}

static void check_fraction(const char *text, size_t len)
{
	double value, again;
	char shortest[NUM_DOUBLE_SIZE];
	if (!num_parse_double(text, len, &value))
		return;
	num_format_double(value, shortest);
	require(num_parse_double(shortest, strlen(shortest), &again));
	require(memcmp(&value, &again, sizeof value) == 0 || value == again);
}

static void check_duration(const char *text)
{
	const int64_t ten_years_ms = INT64_C(3660) * 24 * 60 * 60 * 1000;
	AUTO_ERR err = NULL;
	int64_t ms = -1;
	char shown[CLOCK_TEXT_SIZE];
	if (clock_parse_duration(text, &ms, &err) < 0) {
		require(err != NULL);
		return;
	}
	require(ms >= 0 && ms <= ten_years_ms);
	require(strlen(clock_format_duration(ms, shown)) < sizeof shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	check_whole((const char *)data, size);
	check_fraction((const char *)data, size);
	check_duration(text);
	return 0;
}
