/*
 * The rule for all times after a zone's last recorded change: POSIX's TZ format with the
 * extensions of RFC 8536 §3.3.1 (names in <>, hours from -167 to 167). For base/zone.c.
 */
#ifndef TRUEUP_BASE_ZONE_RULE_H
#define TRUEUP_BASE_ZONE_RULE_H

#include "base/zone.h"

#include <stdbool.h>

enum zone_day {
	ZONE_DAY_MONTH, /* Mm.w.d: weekday d of week w (5: the last) of month m */
	ZONE_DAY_JULIAN, /* Jn: 1 to 365, a leap day is not counted */
	ZONE_DAY_ZERO, /* n: 0 to 365, a leap day is counted */
};

struct zone_rule_date {
	enum zone_day kind;
	int month, week, day;
	int32_t time; /* seconds of local time before the change */
};

struct zone_rule {
	int32_t standard; /* seconds east of UTC */
	bool has_summer;
	int32_t summer;
	struct zone_rule_date start, end; /* of summer time */
};

bool zone_rule_parse(const char *text, struct zone_rule *ret);
struct zone_span zone_rule_span_at(const struct zone_rule *rule, int64_t t);

#endif
