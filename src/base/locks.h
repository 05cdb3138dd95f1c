/*
 * Many exclusive locks in one file, each known by a name: an OFD lock (see lock.h) on the one byte
 * at the place that the name's SHA-256 gives, so that no file is left for each name. Two names in
 * one place (a chance of 1 in 2^60) would exclude each other, and no more.
 */
#ifndef TRUEUP_BASE_LOCKS_H
#define TRUEUP_BASE_LOCKS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * What one holder has. Children that are forked share it: what they were born with is free when
 * the last of them is gone too, or when anybody of them drops it.
 */
struct locks {
	int fd; /* -1: nothing is held */
};
#define LOCKS_NONE                                                                                 \
	{                                                                                          \
		-1                                                                                 \
	}

/*
 * Takes the lock of this name in the file at path (created 0600), waiting at most wait_ms (0: not
 * at all). One that is held already is taken at once. *ret_taken false: somebody else has it.
 */
MUST_CHECK int locks_take(struct locks *locks, const char *path, const char *name, int64_t wait_ms,
	bool *ret_taken, struct err **err);
/* Gives that one up. Accepts one that is not held. */
void locks_drop(const struct locks *locks, const char *name);
/* Gives all of them up. */
void locks_release(struct locks *locks);

#endif
