/*
 * Time zones: how far local time is from UTC, and when that changes. Zones are read from the
 * system's time zone database (the TZif files of RFC 8536 under /usr/share/zoneinfo, package
 * tzdata) into memory of our own, because the C library knows one zone at a time, by an
 * environment variable, for the whole process. All times here are seconds since 1970 in UTC.
 */
#ifndef TRUEUP_BASE_ZONE_H
#define TRUEUP_BASE_ZONE_H

#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct zone;

/*
 * Opens a zone by name: "Europe/Berlin", "UTC" (known without a database). ERR_INVALID with the
 * nearest name when there is none, ERR_UNAVAILABLE when the machine has no database.
 */
MUST_CHECK int zone_open(const char *name, struct zone **ret, struct err **err);
/* From the bytes of a TZif file; name is for messages. ERR_CORRUPT if they are none. */
MUST_CHECK int zone_read(
	const char *name, const void *data, size_t len, struct zone **ret, struct err **err);
/*
 * From a rule alone, as in POSIX's TZ variable with the extensions of RFC 8536 §3.3.1:
 * "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30". ERR_INVALID if it is none.
 */
MUST_CHECK int zone_from_rule(const char *rule, struct zone **ret, struct err **err);
void zone_free(struct zone **zone); /* accepts NULL inside */
#define AUTO_ZONE CLEANUP(zone_free) struct zone

/* A stretch of time in which local time runs evenly: from <= t < until. */
struct zone_span {
	int64_t from, until; /* INT64_MIN and INT64_MAX: for ever */
	int32_t offset; /* seconds to add to UTC for local time */
	int32_t before; /* the offset just before from; the same as offset if from is for ever */
};

struct zone_span zone_span_at(const struct zone *zone, int64_t t);

#endif
