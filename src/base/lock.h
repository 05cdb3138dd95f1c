/*
 * Exclusive locks on files, held by an open file description (fcntl OFD locks): the kernel lets
 * go when the last process that holds the description is gone, so a dead owner cannot keep one.
 * A child that inherits the descriptor keeps the lock alive; see engine/job for the use of that.
 * The file's content names the owner, for people; it is never trusted.
 */
#ifndef TRUEUP_BASE_LOCK_H
#define TRUEUP_BASE_LOCK_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct err;

struct lock {
	int fd; /* -1: not held */
};
#define LOCK_NONE                                                                                  \
	{                                                                                          \
		-1                                                                                 \
	}

/*
 * Takes the lock on path (created 0600), waiting at most wait_ms (0: not at all). owner is
 * written into the file, e.g. "pid 4711, reconcile by os:alice since 2026-11-22T08:01:02Z".
 * ERR_CONFLICT when somebody else has it, with the owner's text in the message.
 */
MUST_CHECK int lock_take(
	const char *path, const char *owner, int64_t wait_ms, struct lock *ret, struct err **err);
/* Gives it up. Accepts one that is not held. */
void lock_release(struct lock *lock);
#define AUTO_LOCK CLEANUP(lock_release) struct lock

/* Is somebody holding the lock on path? Takes nothing. A missing file is not held. */
MUST_CHECK int lock_is_held(const char *path, bool *ret_held, struct err **err);
/* The owner's text, heap-owned; "" when unknown. */
char *lock_owner(const char *path);

#endif
