/*
 * Reading and parsing many changed files on all processors, before anything is done with them.
 *
 * Children parse into memory that is shared and lies at the same place in every process, so what
 * they built is used as it is. A file with anything to say about it (an error, a warning, no spec)
 * is left to the caller, and so is what a child did not get to: the result never depends on how
 * the work was split.
 */
#ifndef TRUEUP_RECONCILE_PARSE_AHEAD_H
#define TRUEUP_RECONCILE_PARSE_AHEAD_H

#include "base/arena.h"
#include "source/source.h"
#include "spec/spec.h"

/* Zero-initialised: nothing was parsed ahead. */
struct parsed_ahead {
	const struct spec **specs; /* one a change; NULL: look at the file yourself */
	size_t count; /* 0 when there was too little to do */
	void *memory; /* shared by the processes that parsed; specs lie in it */
	size_t size;
};

/*
 * Parses what is new or modified in changes. What this process parses itself lies in arena. Few
 * changes are not worth a process: then ret is empty.
 */
void parse_ahead(struct source *source, const struct source_changes *changes, struct arena *arena,
	struct parsed_ahead *ret);
/* Frees what lies in shared memory. Specs are not to be used any more. */
void parsed_ahead_release(struct parsed_ahead *p);

#endif
