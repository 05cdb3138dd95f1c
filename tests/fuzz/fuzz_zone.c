/*
 * Any bytes as a time zone file: it is refused with a reason, or every time is in the span that is
 * said to hold it, and the spans follow each other without a hole.
 */
#include "base/err.h"
#include "base/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ZONE *zone = NULL;
	AUTO_ERR err = NULL;
	if (zone_read("fuzz", data, size, &zone, &err) < 0) {
		if (!err || err->kind != ERR_CORRUPT)
			abort();
		return 0;
	}
	int64_t t = INT64_C(-2000000000);
	for (int i = 0; i < 400; i++) {
		const struct zone_span span = zone_span_at(zone, t);
		if (span.from > t || span.until <= t)
			abort();
		if (span.until > INT64_C(8000000000))
			break;
		const struct zone_span next = zone_span_at(zone, span.until);
		if (next.from != span.until || next.before != span.offset)
			abort();
		t = span.until;
	}
	return 0;
}
