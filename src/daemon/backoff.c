#include "daemon/backoff.h"

#include <sys/random.h>
#include <sys/types.h>

/* part of whole by chance, in the range 0..part */
static int64_t some_of(int64_t part, uint32_t chance)
{
	/* Days in milliseconds have 27 bits, so the product fits. */
	return (int64_t)((uint64_t)part * chance / UINT32_MAX);
}

int64_t backoff_ms(int64_t attempts, uint32_t chance)
{
	int64_t wait = BACKOFF_FIRST_MS;
	for (int64_t i = 1; i < attempts && wait < BACKOFF_MOST_MS; i++)
		wait *= 2;
	if (wait > BACKOFF_MOST_MS)
		wait = BACKOFF_MOST_MS;
	return wait + some_of(wait / 5, chance);
}

int64_t jittered_ms(int64_t every_ms, int64_t jitter_ms, uint32_t chance)
{
	return every_ms + some_of(jitter_ms, chance);
}

uint32_t some_chance(void)
{
	uint32_t number = 0;
	return getrandom(&number, sizeof number, 0) == (ssize_t)sizeof number ? number : 0;
}
