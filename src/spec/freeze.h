/* Times in which nothing is applied (policy.freeze of Config): reading them, and asking the clock.
 */
#ifndef TRUEUP_SPEC_FREEZE_H
#define TRUEUP_SPEC_FREEZE_H

#include "spec/spec.h"

struct decoder;
struct err;
struct node;

/* "2026-12-20T18:00:00Z" (RFC 3339, UTC, whole seconds) to wall-clock milliseconds. */
bool freeze_parse_time(const char *text, int64_t *ret_ms);

/* Of the field table: times in order, an expression that can be read, a zone that exists. */
void freeze_check(struct decoder *d, const struct node *map, void *obj);

/*
 * Is anything frozen at now? *ret_until is when the last of the windows that are open now ends, 0
 * if none is, and *ret_why the reason of that one (NULL: none was given). Fails when a time zone
 * cannot be read: then nothing may be assumed.
 */
MUST_CHECK int freeze_now(const struct config *config, int64_t now, int64_t *ret_until,
	const char **ret_why, struct err **err);

#endif
