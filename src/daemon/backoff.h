/*
 * How long to wait: before another attempt of what failed, and between two polls. Chance comes in
 * as a number from 0 to UINT32_MAX.
 */
#ifndef TRUEUP_DAEMON_BACKOFF_H
#define TRUEUP_DAEMON_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 10 * 1000, BACKOFF_MOST_MS = 60 * 60 * 1000 };

/*
 * After the failed attempt number `attempts` (from 1): BACKOFF_FIRST_MS, doubled each time up to
 * BACKOFF_MOST_MS, and up to a fifth more by chance, so that what failed together does not come
 * back together.
 */
int64_t backoff_ms(int64_t attempts, uint32_t chance);

/* A random number for the two; 0 when there is none to be had: it is only jitter. */
uint32_t some_chance(void);

/* every_ms, and at most jitter_ms more. */
int64_t jittered_ms(int64_t every_ms, int64_t jitter_ms, uint32_t chance);

#endif
