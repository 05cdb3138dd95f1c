/*
 * Time. Wall-clock times are int64_t milliseconds since 1970-01-01 UTC; what plans or decides
 * takes "now" as an argument and never asks the clock itself.
 */
#ifndef TRUEUP_BASE_CLOCK_H
#define TRUEUP_BASE_CLOCK_H

#include "base/macros.h"

#include <stdint.h>

struct err;

int64_t clock_now_ms(void);
/* CLOCK_MONOTONIC in milliseconds: for durations and deadlines. */
int64_t clock_monotonic_ms(void);

enum { CLOCK_TEXT_SIZE = 32 };
/* RFC 3339 in UTC with milliseconds, "2026-11-22T08:01:02.345Z"; returns buf. */
const char *clock_format(int64_t ms, char buf[CLOCK_TEXT_SIZE]);
/* "14 ms", "7.1 s", "3 m 05 s", "2 h 10 m"; returns buf. */
const char *clock_format_duration(int64_t ms, char buf[CLOCK_TEXT_SIZE]);

/* "90s", "15m", "2h", "7d", "250ms" to milliseconds; at most 10 years. */
MUST_CHECK int clock_parse_duration(const char *text, int64_t *ret_ms, struct err **err);

#endif
