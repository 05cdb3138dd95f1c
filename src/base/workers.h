/*
 * Looking at many things on all processors. Work is split over forked children, which see all
 * memory as it is and change nothing of it: all that comes back of an item is that it is fine.
 * What is not fine, or was not answered because a child died, the caller looks at itself; so
 * nothing has to be carried from one process to another, and no result depends on how work was
 * split.
 */
#ifndef TRUEUP_BASE_WORKERS_H
#define TRUEUP_BASE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

/* With fewer items than this no child is made: the fork would cost more. */
enum { WORKERS_MIN_ITEMS = 256 };
/* Never more processes than these at once, this one included. */
enum { WORKERS_MOST = 8 };

/*
 * Sets fine[i] for each of count items to what check(data, i) says. check must have no effect that
 * matters outside of memory: it runs in a child, or here. It must not use the store.
 */
void workers_check(size_t count, bool (*check)(void *data, size_t i), void *data, bool *fine);

/* The same for work whose children prepare themselves, e.g. for results in shared memory. */
struct workers_job {
	size_t count;
	void (*begin)(void *data, size_t child); /* in each child (from 1), first; or NULL */
	bool (*check)(void *data, size_t i);
	void *data;
};
void workers_run(const struct workers_job *job, bool *fine);

#endif
