/*
 * Protects: /metrics is what Prometheus reads: each family with its head once, labels escaped,
 * buckets that count everything below them, and no gauge of a repository that is served no more.
 */
#include "check.h"

#include "base/str.h"
#include "daemon/metrics.h"

static size_t times(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
		n++;
	return n;
}

static void has(const struct str *text, const char *line)
{
	if (!strstr(text->data, line))
		fail_msg("no '%s' in:\n%s", line, text->data);
}

static void formats_all_types(void **state)
{
	(void)state;
	struct metrics *m = metrics_new();
	AUTO_STR out = STR_INIT;
	metrics_set(m, METRIC_QUEUE_ROWS, "shop", "queued", 3);
	metrics_set(m, METRIC_QUEUE_ROWS, "shop", "queued", 2);
	metrics_set(m, METRIC_QUEUE_ROWS, "x\"y\\z\n", "dead", 1);
	metrics_set(m, METRIC_WORKERS_LIMIT, NULL, NULL, 4);
	metrics_add(m, METRIC_WEBHOOKS, "shop", "accepted", 1);
	metrics_add(m, METRIC_WEBHOOKS, "shop", "accepted", 1);
	metrics_observe(m, METRIC_WORK_SECONDS, "pull", NULL, 7);
	metrics_observe(m, METRIC_WORK_SECONDS, "pull", NULL, 5);
	metrics_observe(m, METRIC_WORK_SECONDS, "pull", NULL, 99000000);
	metrics_observe(m, METRIC_WORK_SECONDS, "pull", NULL, -1);
	metrics_format(m, &out);
	has(&out, "# TYPE trueup_queue_requests gauge\ntrueup_queue_requests{repository=\"shop\","
		  "state=\"queued\"} 2\n");
	has(&out, "trueup_queue_requests{repository=\"x\\\"y\\\\z\\n\",state=\"dead\"} 1\n");
	has(&out, "\ntrueup_workers_limit 4\n");
	has(&out, "trueup_webhooks_total{repository=\"shop\",result=\"accepted\"} 2\n");
	has(&out, "# TYPE trueup_work_duration_seconds histogram\n");
	has(&out, "trueup_work_duration_seconds_bucket{kind=\"pull\",le=\"0.005\"} 2\n");
	has(&out, "trueup_work_duration_seconds_bucket{kind=\"pull\",le=\"0.01\"} 3\n");
	has(&out, "trueup_work_duration_seconds_bucket{kind=\"pull\",le=\"3600\"} 3\n");
	has(&out, "trueup_work_duration_seconds_bucket{kind=\"pull\",le=\"+Inf\"} 4\n");
	has(&out, "trueup_work_duration_seconds_sum{kind=\"pull\"} 99000.012\n");
	has(&out, "trueup_work_duration_seconds_count{kind=\"pull\"} 4\n");
	has(&out, "\nprocess_open_fds ");
	assert_null(strstr(out.data, "process_resident_memory_bytes 0\n"));
	assert_int_equal(times(out.data, "# TYPE trueup_queue_requests "), 1);
	metrics_free(m);
}

static void forgets_the_gauges_of_a_repository(void **state)
{
	(void)state;
	struct metrics *m = metrics_new();
	AUTO_STR out = STR_INIT;
	metrics_set(m, METRIC_REPOSITORY_UP, "old", NULL, 1);
	metrics_set(m, METRIC_REPOSITORY_UP, "new", NULL, 1);
	metrics_add(m, METRIC_WEBHOOKS, "old", "accepted", 1);
	metrics_forget(m, "old");
	metrics_format(m, &out);
	assert_null(strstr(out.data, "trueup_repository_up{repository=\"old\"}"));
	has(&out, "trueup_repository_up{repository=\"new\"} 1\n");
	/* A counter never goes back. */
	has(&out, "trueup_webhooks_total{repository=\"old\",result=\"accepted\"} 1\n");
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_all_types),
		cmocka_unit_test(forgets_the_gauges_of_a_repository),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
