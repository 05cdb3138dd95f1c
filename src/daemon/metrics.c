/*
 * Series of one family stand in a list: there are a few for each repository, and one is looked for
 * once in a webhook or a piece of work.
 */
#include "daemon/metrics.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum type { GAUGE, COUNTER, HISTOGRAM };

struct family {
	const char *name, *help;
	enum type type;
	const char *labels[2];
};

static const struct family families[METRIC_COUNT] = {
	[METRIC_START_TIME] = {"trueup_start_time_seconds",
		"When the server started, in seconds since 1970.", GAUGE, {NULL}},
	[METRIC_REPOSITORY_UP] = {"trueup_repository_up",
		"1 while the repository is served, 0 while it cannot be opened.", GAUGE,
		{"repository"}},
	[METRIC_QUEUE_ROWS] = {"trueup_queue_requests",
		"Requests in the queue, by state: queued, running, dead.", GAUGE,
		{"repository", "state"}},
	[METRIC_OUTBOX_ROWS] = {"trueup_outbox_rows",
		"What is still to be said to the forge, by state: due, dead.", GAUGE,
		{"repository", "state"}},
	[METRIC_DRIFTED] = {"trueup_drifted_objects",
		"Objects whose resources differ from what was applied.", GAUGE, {"repository"}},
	[METRIC_WORKERS_BUSY] = {"trueup_workers_busy", "Workers at work.", GAUGE, {NULL}},
	[METRIC_WORKERS_LIMIT] = {"trueup_workers_limit", "Workers allowed at once.", GAUGE,
		{NULL}},
	[METRIC_WEBHOOKS] = {"trueup_webhooks_total",
		"Webhooks received, by result: accepted, ignored, duplicate, refused, failed.",
		COUNTER, {"repository", "result"}},
	[METRIC_WEBHOOK_SECONDS] = {"trueup_webhook_duration_seconds",
		"From a whole webhook to its answer.", HISTOGRAM, {"repository"}},
	[METRIC_WORK] = {"trueup_work_total",
		"Pieces of work that ended, by kind and result: done, failed, parked, timeout, "
		"crashed.",
		COUNTER, {"kind", "result"}},
	[METRIC_WORK_SECONDS] = {"trueup_work_duration_seconds",
		"How long a piece of work took, by kind.", HISTOGRAM, {"kind"}},
	[METRIC_WAIT_SECONDS] = {"trueup_work_wait_seconds",
		"From the time that a request was due to the start of its work, by kind.",
		HISTOGRAM, {"kind"}},
	[METRIC_RELOADS] = {"trueup_reloads_total",
		"Configurations read again, by result: done, refused.", COUNTER, {"result"}},
};

/* Upper bounds in milliseconds: from an answer to an apply of an hour. */
static const int64_t bounds[] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000,
	60000, 300000, 1800000, 3600000};

struct series {
	enum metric id;
	char *labels[2];
	double value; /* of a histogram: the sum in seconds */
	uint64_t count;
	uint64_t *buckets; /* of histograms; each counts what is within its own bound only */
};

struct metrics {
	struct series *items;
	size_t count, cap;
};

struct metrics *metrics_new(void)
{
	return xcalloc(1, sizeof(struct metrics));
}

static void series_release(struct series *s)
{
	free(s->labels[0]);
	free(s->labels[1]);
	free(s->buckets);
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		series_release(&m->items[i]);
	free(m->items);
	free(m);
}

static struct series *find(struct metrics *m, enum metric id, const char *a, const char *b)
{
	for (size_t i = 0; i < m->count; i++) {
		struct series *s = &m->items[i];
		if (s->id == id && str_eq(s->labels[0], a) && str_eq(s->labels[1], b))
			return s;
	}
	m->items = grow_array(m->items, m->count, &m->cap, sizeof m->items[0]);
	struct series *s = &m->items[m->count++];
	*s = (struct series){.id = id, .labels = {a ? xstrdup(a) : NULL, b ? xstrdup(b) : NULL}};
	if (families[id].type == HISTOGRAM)
		s->buckets = xcalloc(ARRAY_LEN(bounds), sizeof s->buckets[0]);
	return s;
}

void metrics_set(struct metrics *m, enum metric id, const char *a, const char *b, double value)
{
	find(m, id, a, b)->value = value;
}

void metrics_add(struct metrics *m, enum metric id, const char *a, const char *b, double value)
{
	find(m, id, a, b)->value += value;
}

void metrics_observe(struct metrics *m, enum metric id, const char *a, const char *b, int64_t ms)
{
	struct series *s = find(m, id, a, b);
	if (ms < 0)
		ms = 0;
	s->count++;
	s->value += (double)ms / 1000;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		if (ms > bounds[i])
			continue;
		s->buckets[i]++;
		return;
	}
}

void metrics_forget(struct metrics *m, const char *a)
{
	for (size_t i = m->count; i-- > 0;) {
		struct series *s = &m->items[i];
		if (families[s->id].type != GAUGE || !s->labels[0] || !str_eq(s->labels[0], a))
			continue;
		series_release(s);
		*s = m->items[--m->count];
	}
}

/* A label's value: backslash, quote and newline are escaped (the format's rule). */
static void add_label(struct str *out, const char *name, const char *value, bool first)
{
	str_addf(out, "%s%s=\"", first ? "{" : ",", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			str_addc(out, '\\');
		if (*value == '\n')
			str_add(out, "\\n");
		else
			str_addc(out, *value);
	}
	str_addc(out, '"');
}

/* The labels of a series, and le when bound is not NULL. */
static void add_labels(struct str *out, const struct series *s, const char *bound)
{
	const struct family *f = &families[s->id];
	bool first = true;
	for (size_t i = 0; i < ARRAY_LEN(f->labels) && f->labels[i]; i++) {
		add_label(out, f->labels[i], s->labels[i] ? s->labels[i] : "", first);
		first = false;
	}
	if (bound)
		add_label(out, "le", bound, first);
	if (!first || bound)
		str_addc(out, '}');
}

static void format_histogram(struct str *out, const struct series *s)
{
	const char *name = families[s->id].name;
	uint64_t below = 0;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		AUTO_STR bound = STR_INIT;
		str_addf(&bound, "%g", (double)bounds[i] / 1000);
		below += s->buckets[i];
		str_addf(out, "%s_bucket", name);
		add_labels(out, s, bound.data);
		str_addf(out, " %llu\n", (unsigned long long)below);
	}
	str_addf(out, "%s_bucket", name);
	add_labels(out, s, "+Inf");
	str_addf(out, " %llu\n%s_sum", (unsigned long long)s->count, name);
	add_labels(out, s, NULL);
	str_addf(out, " %.3f\n%s_count", s->value, name);
	add_labels(out, s, NULL);
	str_addf(out, " %llu\n", (unsigned long long)s->count);
}

static void format_head(struct str *out, const char *name, const char *help, enum type type)
{
	static const char *const types[] = {"gauge", "counter", "histogram"};
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static unsigned open_files(void)
{
	unsigned count = 0;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count > 3 ? count - 3 : 0; /* ".", ".." and the folder's own */
}

/* Pages of /proc/self/statm, field 2. */
static int64_t resident_bytes(void)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR ignored = NULL;
	int64_t pages = 0;
	if (fs_read("/proc/self/statm", 4096, &text, &ignored) < 0)
		return 0;
	const char *second = strchr(text.data, ' ');
	if (!second || !num_parse_i64(second + 1, strcspn(second + 1, " "), &pages))
		return 0;
	return pages * sysconf(_SC_PAGESIZE);
}

/* Names that every Prometheus client library uses for its process. */
static void format_process(struct str *out)
{
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	format_head(out, "process_cpu_seconds_total", "CPU time of the server itself.", COUNTER);
	str_addf(out, "process_cpu_seconds_total %.3f\n",
		seconds(&usage.ru_utime) + seconds(&usage.ru_stime));
	format_head(out, "process_resident_memory_bytes", "Memory of the server itself.", GAUGE);
	str_addf(out, "process_resident_memory_bytes %lld\n", (long long)resident_bytes());
	format_head(out, "process_open_fds", "Open descriptors of the server itself.", GAUGE);
	str_addf(out, "process_open_fds %u\n", open_files());
}

void metrics_format(const struct metrics *m, struct str *out)
{
	for (enum metric id = 0; id < METRIC_COUNT; id++) {
		const struct family *f = &families[id];
		bool any = false;
		for (size_t i = 0; i < m->count; i++) {
			const struct series *s = &m->items[i];
			if (s->id != id)
				continue;
			if (!any)
				format_head(out, f->name, f->help, f->type);
			any = true;
			if (f->type == HISTOGRAM) {
				format_histogram(out, s);
				continue;
			}
			str_add(out, f->name);
			add_labels(out, s, NULL);
			str_addf(out, " %.15g\n", s->value);
		}
	}
	format_process(out);
}
