/*
 * One stream of a script's output within a limit: the first half and the last half of the limit
 * are kept, what lies between is counted. Which end explains a failure is not known beforehand.
 */
#ifndef TRUEUP_RUNBOOK_OUTPUT_H
#define TRUEUP_RUNBOOK_OUTPUT_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
	struct str head;
	char *ring; /* the last bytes; NULL until the head is full. Owned */
	size_t ring_at, ring_len; /* next byte to write; bytes in it */
	size_t half; /* capacity of the head, and of the ring */
	int64_t bytes; /* all that came */
};

/* limit is in bytes, at least 2. */
void output_init(struct output *o, size_t limit);
void output_release(struct output *o);
void output_add(struct output *o, const char *data, size_t len);
bool output_is_cut(const struct output *o);
/*
 * Appends what is kept. Between head and tail stands a line "[... N bytes left out ...]"; both
 * end and begin at UTF-8 borders.
 */
void output_text(const struct output *o, struct str *out);

#endif
