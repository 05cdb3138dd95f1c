/*
 * First line: a cron expression. Second line: the rule of a time zone. The rest: digits, a time.
 * A refusal points inside of the text and says something; what is accepted is due later than the
 * time, on a whole minute or where the clock was changed, and the same when asked just before.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zone.h"
#include "format/cron.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_due(const struct cron *cron, const struct zone *zone, int64_t after)
{
	int64_t due, again;
	if (!cron_next(cron, zone, after, &due))
		return;
	const struct zone_span span = zone_span_at(zone, due / 1000);
	const bool minute = due % 1000 == 0 && (due / 1000 + span.offset) % 60 == 0;
	if (due <= after || (!minute && due / 1000 != span.from))
		abort();
	if (!cron_next(cron, zone, due - 1, &again) || again != due)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	char *rule = text + strcspn(text, "\n");
	if (*rule)
		*rule++ = '\0';
	char *rest = rule + strcspn(rule, "\n");
	if (*rest)
		*rest++ = '\0';
	struct cron cron;
	struct cron_problem problem;
	if (!cron_parse(text, &cron, &problem)) {
		if (problem.offset > strlen(text) || problem.width < 1 || !*problem.message)
			abort();
		return 0;
	}
	AUTO_ZONE *zone = NULL;
	AUTO_ERR err = NULL;
	if (zone_from_rule(rule, &zone, &err) < 0)
		return 0;
	int64_t after = 0;
	for (; *rest >= '0' && *rest <= '9' && after < INT64_C(1000000000000000); rest++)
		after = after * 10 + (*rest - '0');
	check_due(&cron, zone, after);
	return 0;
}
