/*
 * What /metrics says, in the Prometheus text format (0.0.4). Families are fixed at compile time
 * (docs/daemon.md lists them); series come with their labels. Numbers are kept in memory: they
 * start from zero with the process, as Prometheus expects.
 */
#ifndef TRUEUP_DAEMON_METRICS_H
#define TRUEUP_DAEMON_METRICS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

struct metrics;
struct str;

enum metric {
	METRIC_START_TIME,
	METRIC_REPOSITORY_UP,
	METRIC_QUEUE_ROWS,
	METRIC_OUTBOX_ROWS,
	METRIC_DRIFTED,
	METRIC_WORKERS_BUSY,
	METRIC_WORKERS_LIMIT,
	METRIC_WEBHOOKS,
	METRIC_WEBHOOK_SECONDS,
	METRIC_WORK,
	METRIC_WORK_SECONDS,
	METRIC_WAIT_SECONDS,
	METRIC_RELOADS,
	METRIC_COUNT,
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m); /* accepts NULL */

/*
 * a and b are the values of the family's labels, in its order; NULL where it has fewer. Texts are
 * copied the first time. A family of counters or histograms takes add, one of gauges set.
 */
void metrics_set(struct metrics *m, enum metric id, const char *a, const char *b, double value);
void metrics_add(struct metrics *m, enum metric id, const char *a, const char *b, double value);
/* Into a histogram, in milliseconds. */
void metrics_observe(struct metrics *m, enum metric id, const char *a, const char *b, int64_t ms);
/* Forgets the gauges whose first label is a: the repository is not served any more. */
void metrics_forget(struct metrics *m, const char *a);

/* Appends all series, and the process's own (process_*), as text. */
void metrics_format(const struct metrics *m, struct str *out);

#endif
