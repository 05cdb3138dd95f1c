/*
 * A file that other processes touch to say that there is something to look at (STATE/wake, see
 * store/queue.h), as a descriptor that an event loop waits for. Watched by inotify(7).
 */
#ifndef TRUEUP_SOURCE_WAKE_H
#define TRUEUP_SOURCE_WAKE_H

#include "base/macros.h"

struct err;

/* Makes the file (0600) when it is not there. The descriptor is readable after a touch; -1: *err.
 */
MUST_CHECK int wake_open(const char *path, struct err **err);
/* Forgets the touches so far. */
void wake_clear(int fd);

#endif
