/*
 * Asking a running daemon for a reconcile instead of doing it: a row in the repository's queue,
 * which is there before anybody is told that it was handed over, and a poke at the file that the
 * daemon watches. A daemon that dies meanwhile finds the row when it starts again.
 */
#ifndef TRUEUP_RECONCILE_HANDOVER_H
#define TRUEUP_RECONCILE_HANDOVER_H

#include "base/macros.h"

#include <stdbool.h>

struct err;

struct handover {
	bool done; /* a daemon serves the repository, and has been asked */
	char *daemon; /* who that is, as its lock says; heap-owned, NULL unless done */
};

/* Of the request's payload: the commit that may destroy all; see run_options.allow_empty_at. */
#define HANDOVER_ALLOW_EMPTY "allowEmpty"

/*
 * Asks the daemon of this state folder to reconcile Config's branch; allow_empty_at NULL: as any
 * other time. ret->done is false, and nothing has happened, when none runs.
 */
MUST_CHECK int handover_reconcile(const char *state_dir, const char *actor,
	const char *allow_empty_at, struct handover *ret, struct err **err);

/*
 * Says that something was decided which the next reconcile acts upon (an approval, a resume): asks
 * the daemon, if one runs, which is the answer, and wakes whoever watches. Nothing is lost when it
 * fails, so that no failure is reported.
 */
bool handover_decided(const char *state_dir, const char *actor);

#endif
