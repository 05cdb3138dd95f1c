/*
 * The life of the daemon: start, signals, reload, stop. Everything that takes time, opening
 * repositories included, is done from the loop, after the service manager knows that it runs.
 */
#include "daemon/daemon_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/notify.h"
#include "reconcile/session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CONFIG = 3, KILL_AFTER_MS = 5000, PREDECESSOR_WAIT_MS = 3000 };

static void set_log(const struct server_config *config)
{
	log_setup((enum log_level)config->log_level, config->log_json ? LOG_JSON : LOG_TEXT);
}

static void tell_status(const struct daemon *d)
{
	notify_status("%zu repositories, %zu workers", d->served_count, d->worker_count);
}

static void on_look(void *data)
{
	struct daemon *d = data;
	work_look(d);
	tell_status(d);
}

static void on_standby(void *data)
{
	standby_start(data);
}

static void on_due(void *data)
{
	work_look(data);
}

/* --- stopping ------------------------------------------------------------------------------- */

static void stop_further(struct daemon *d)
{
	d->stopping++;
	work_stop_all(d, d->stopping);
	if (!d->worker_count) {
		loop_exit(d->loop, 0);
		return;
	}
	loop_timer_in(d->stop_timer,
		d->stopping == 1 ? d->settings->config->timeouts.stop_ms : KILL_AFTER_MS);
}

static void on_stop(int signo, void *data)
{
	struct daemon *d = data;
	if (d->stopping == 0) {
		log_at(LOG_LEVEL_INFO, "stopping on %s: %zu workers end or park their work",
			signo == SIGINT ? "SIGINT" : "SIGTERM", d->worker_count);
		notify_stopping();
		endpoint_stop(d);
		standby_drop(d);
	}
	stop_further(d);
}

static void on_stop_timer(void *data)
{
	struct daemon *d = data;
	log_at(LOG_LEVEL_WARNING, "%zu workers have not ended in time; what they apply goes on",
		d->worker_count);
	if (d->stopping >= 3)
		loop_exit(d->loop, 0);
	else
		stop_further(d);
}

/* --- configuration -------------------------------------------------------------------------- */

static bool is_served(const struct server_config *config, const struct served *s)
{
	const struct server_repository *r = server_repository(config, s->name);
	return r && str_eq(r->path.text, s->config->path.text) &&
	       str_eq(r->url.text, s->config->url.text);
}

/* Lets go of what is no longer served, as it was, and takes up the rest. */
static void serve_repositories(struct daemon *d, const struct server_config *config)
{
	for (size_t i = d->served_count; i-- > 0;) {
		struct served *s = d->served[i];
		if (s->leaving)
			continue;
		if (is_served(config, s))
			served_configure(s, server_repository(config, s->name));
		else
			served_leave(s);
	}
	for (size_t i = 0; i < config->repository_count; i++)
		if (!served_find(d, config->repositories[i].name.text))
			(void)served_new(d, &config->repositories[i]);
	metrics_set(d->metrics, METRIC_WORKERS_LIMIT, NULL, NULL, (double)config->workers);
}

static int reload(struct daemon *d, bool *ret_done, struct err **err)
{
	struct settings *fresh;
	*ret_done = false;
	if (settings_load(d->options, &fresh, err) < 0)
		return -1;
	if (!fresh)
		return err_set(err, ERR_INVALID, "%s has mistakes", d->options->config_path);
	if (!str_eq(fresh->config->data_dir, d->settings->config->data_dir)) {
		settings_free(fresh);
		return err_set(err, ERR_INVALID, "dataDir cannot change without a restart");
	}
	struct settings *old = d->settings;
	d->settings = fresh;
	set_log(fresh->config);
	if (endpoint_open(d, err) < 0) {
		d->settings = old;
		set_log(old->config);
		settings_free(fresh);
		AUTO_ERR ignored = NULL;
		if (endpoint_open(d, &ignored) < 0)
			log_at(LOG_LEVEL_ERROR, "an address could not be listened at again");
		return -1;
	}
	serve_repositories(d, fresh->config);
	standby_drop(d); /* it has the old one */
	standby_start_later(d);
	settings_free(old);
	*ret_done = true;
	return 0;
}

static void on_reload(int signo, void *data)
{
	struct daemon *d = data;
	AUTO_ERR err = NULL;
	bool done = false;
	(void)signo;
	if (d->stopping)
		return;
	notify_reloading();
	if (reload(d, &done, &err) < 0) {
		AUTO_STR text = STR_INIT;
		err_format(err, &text);
		log_at(LOG_LEVEL_ERROR, "the configuration stays as it was: %s", text.data);
	} else {
		log_at(LOG_LEVEL_INFO, "read the configuration anew: %zu repositories",
			d->settings->config->repository_count);
	}
	metrics_add(d->metrics, METRIC_RELOADS, done ? "done" : "refused", NULL, 1);
	notify_ready();
	work_look_soon(d);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int take_data_dir(struct daemon *d, struct err **err)
{
	const char *dir = d->settings->config->data_dir;
	char now[CLOCK_TEXT_SIZE];
	AUTO_FREE char *path = path_join(dir, "lock");
	AUTO_FREE char *owner = xasprintf("pid %ld, trueup serve since %s", (long)getpid(),
		clock_format(clock_now_ms(), now));
	if (fs_mkdirs(dir, 0700, err) < 0)
		return err_wrap(err, "make the data folder");
	/* A killed one that is not quite gone yet holds it for a moment. */
	if (lock_take(path, owner, PREDECESSOR_WAIT_MS, &d->lock, err) < 0)
		return err_wrap(err, "another server uses the data folder %s", dir);
	return 0;
}

static int add_signals(struct daemon *d, struct err **err)
{
	static const int stops[] = {SIGTERM, SIGINT};
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		if (loop_add_signal(d->loop, stops[i], on_stop, d, &d->signals[n++], err) < 0)
			return -1;
	if (loop_add_signal(d->loop, SIGHUP, on_reload, d, &d->signals[n++], err) < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int start(struct daemon *d, struct err **err)
{
	if (take_data_dir(d, err) < 0 || loop_new(&d->loop, err) < 0 || add_signals(d, err) < 0 ||
		loop_watchdog(d->loop, err) < 0)
		return -1;
	d->due_timer = loop_add_timer(d->loop, LOOP_WALL, on_due, d);
	d->standby_timer = loop_add_timer(d->loop, LOOP_MONOTONIC, on_standby, d);
	d->stop_timer = loop_add_timer(d->loop, LOOP_MONOTONIC, on_stop_timer, d);
	d->look = loop_add_defer(d->loop, on_look, d);
	metrics_set(d->metrics, METRIC_START_TIME, NULL, NULL, (double)clock_now_ms() / 1000);
	metrics_set(d->metrics, METRIC_WORKERS_BUSY, NULL, NULL, 0);
	if (endpoint_open(d, err) < 0)
		return -1;
	serve_repositories(d, d->settings->config);
	standby_start_later(d);
	return 0;
}

static void release(struct daemon *d)
{
	endpoint_free(d);
	standby_drop(d);
	work_free_all(d);
	while (d->served_count)
		served_free(d->served[0]);
	free(d->served);
	for (size_t i = 0; i < ARRAY_LEN(d->signals); i++)
		loop_source_free(d->signals[i]);
	loop_source_free(d->standby_timer);
	loop_source_free(d->due_timer);
	loop_source_free(d->stop_timer);
	loop_source_free(d->look);
	loop_free(d->loop);
	lock_release(&d->lock);
	metrics_free(d->metrics);
	free(d->actor);
	settings_free(d->settings);
}

int daemon_run(const struct daemon_options *options, int *ret_code, struct err **err)
{
	struct daemon d = {.options = options,
		.lock = LOCK_NONE,
		.standby = {.child = CHILD_NONE, .order_fd = -1},
		.metrics = metrics_new(),
		.actor = session_actor()};
	*ret_code = EXIT_CONFIG;
	int rc = settings_load(options, &d.settings, err);
	if (rc == 0 && d.settings) {
		set_log(d.settings->config);
		rc = start(&d, err);
		if (rc == 0) {
			log_at(LOG_LEVEL_INFO, "trueup serves %zu repositories, %lld workers",
				d.served_count, (long long)d.settings->config->workers);
			notify_ready();
			tell_status(&d);
			rc = loop_run(d.loop, ret_code, err);
		}
	}
	release(&d);
	return rc;
}
