/*
 * Workers as the daemon sees them: which request is next, a process for it, its deadline, its end.
 *
 * Repositories take turns. Deliveries of the outbox are not counted against the limit, for they are
 * short and what people wait for: one at a time in a repository, and as many as workers in all.
 */
#include "daemon/daemon_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/backoff.h"
#include "report/outbox.h"
#include "store/drift.h"
#include "store/outbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* What is done first: what somebody at a pull request waits for. */
static const unsigned priorities[] = {1U << QUEUE_PULL | 1U << QUEUE_COMMAND, 1U << QUEUE_FETCH,
	1U << QUEUE_RECONCILE, 1U << QUEUE_DRIFT};

static const enum work_kind kinds[] = {
	[QUEUE_FETCH] = WORK_FETCH,
	[QUEUE_PULL] = WORK_PULL,
	[QUEUE_COMMAND] = WORK_COMMENT,
	[QUEUE_RECONCILE] = WORK_RECONCILE,
	[QUEUE_DRIFT] = WORK_DRIFT,
};

/* --- the environment ------------------------------------------------------------------------ */

/* What programs need to find their way; nothing in it is a secret of the server. */
static const char *const passed[] = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL",
	"LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK",
	"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "http_proxy", "https_proxy", "no_proxy",
	"CREDENTIALS_DIRECTORY"};

struct names {
	struct arena *arena;
	const char **items;
	size_t count, cap;
};

static void pass(struct names *n, const char *name)
{
	const char *value = name ? getenv(name) : NULL;
	if (!value)
		return;
	const size_t len = strlen(name);
	for (size_t i = 0; i < n->count; i++)
		if (strncmp(n->items[i], name, len) == 0 && n->items[i][len] == '=')
			return;
	n->items = arena_grow(n->arena, n->items, n->count, &n->cap, sizeof *n->items);
	n->items[n->count++] = arena_printf(n->arena, "%s=%s", name, value);
}

static void pass_texts(struct names *n, const struct spec_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		pass(n, texts->items[i].text);
}

static const char *const *end_names(struct names *n)
{
	n->items = arena_grow(n->arena, n->items, n->count, &n->cap, sizeof *n->items);
	n->items[n->count] = NULL;
	return n->items;
}

const char *const *work_environment(const struct server_config *config, struct arena *arena)
{
	struct names n = {.arena = arena};
	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		pass(&n, passed[i]);
	pass_texts(&n, &config->environment);
	return end_names(&n);
}

/* What is one repository's alone. */
static const char *const *own_environment(const struct server_repository *r, struct arena *arena)
{
	struct names n = {.arena = arena};
	pass_texts(&n, &r->environment);
	pass(&n, r->git.password.from_env);
	pass(&n, r->forge.token.from_env);
	pass(&n, r->forge.app.key.from_env);
	return end_names(&n);
}

/* --- the end of a worker ---------------------------------------------------------------------- */

static void forget(struct worker *w)
{
	struct daemon *d = w->d;
	struct served *s = w->served;
	for (size_t i = 0; i < d->worker_count; i++)
		if (d->workers[i] == w)
			d->workers[i] = d->workers[--d->worker_count];
	loop_source_free(w->end);
	loop_source_free(w->deadline);
	child_release(&w->child);
	s->workers--;
	if (w->kind == WORK_DELIVER)
		s->delivering = false;
	else
		d->busy--;
	metrics_set(d->metrics, METRIC_WORKERS_BUSY, NULL, NULL, (double)d->busy);
	s->due_at = 1;
	if (s->deliver_at < 0)
		s->deliver_at = 0;
	free(w);
	if (s->leaving && !s->workers)
		served_free(s);
	if (d->stopping && !d->worker_count)
		loop_exit(d->loop, 0);
	else
		work_look_soon(d);
}

/*
 * Records what the worker could not: that it is gone without having said how it ended. parked: on
 * request, in the midst of things; that is no failure.
 */
static void record_loss(struct worker *w, bool parked, const char *how)
{
	struct store *store;
	struct queue_row *row = NULL;
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	bool recorded = false;
	if (!w->id)
		return;
	if (served_store(w->served, &store, &err) < 0 ||
		store_queue_get(store, w->id, &arena, &row, &err) < 0) {
		daemon_complain(w->served, "record the end of a worker", &err);
		return;
	}
	if (!row || row->claim != w->claim || row->state != QUEUE_RUNNING)
		return;
	const int64_t now = clock_now_ms();
	const struct queue_failure failure = {.id = w->id,
		.claim = w->claim,
		.error = how,
		.now = now,
		.not_before = now + backoff_ms(row->attempts, some_chance())};
	const int rc = parked ? store_queue_release(store, w->id, w->claim, now, &recorded, &err)
			      : store_queue_retry(store, &failure, &recorded, &err);
	if (rc < 0)
		daemon_complain(w->served, "record the end of a worker", &err);
	if (!recorded)
		return;
	AUTO_STR what = STR_INIT;
	queue_describe(row, &what);
	if (parked)
		log_at(LOG_LEVEL_INFO, "%s: %s stopped at once on request, put back",
			w->served->name, what.data);
	else
		log_at(LOG_LEVEL_ERROR, "%s: %s %s; it is tried again", w->served->name, what.data,
			how);
}

static void on_end(const struct child_exit *how, void *data)
{
	struct worker *w = data;
	AUTO_STR text = STR_INIT;
	const char *result = "crashed";
	if (w->timed_out)
		str_add(&text, "took longer than it may and was stopped");
	else if (how->signal)
		str_addf(&text, "was ended by signal %d (%s)", how->signal, strsignal(how->signal));
	else
		str_addf(&text, "ended without a result (exit code %d)", how->code);
	if (how->code == WORK_DONE)
		result = "done";
	else if (how->code == WORK_FAILED)
		result = "failed";
	else if (how->code == WORK_PARKED || how->code == WORK_NOT_MINE)
		result = "parked";
	if (w->timed_out)
		result = "timeout";
	const char *kind = work_kind_name(w->kind);
	metrics_add(w->d->metrics, METRIC_WORK, kind, result, 1);
	metrics_observe(w->d->metrics, METRIC_WORK_SECONDS, kind, NULL,
		clock_monotonic_ms() - w->started_ms);
	record_loss(w, how->code == WORK_PARKED && !w->timed_out, text.data);
	forget(w);
}

static void on_adopted_end(uint32_t events, void *data)
{
	struct worker *w = data;
	(void)events;
	record_loss(w, false, "ended without a result");
	forget(w);
}

/* At the first deadline it is told to stop, at the second it is killed. */
static void on_deadline(void *data)
{
	struct worker *w = data;
	child_signal(&w->child, w->timed_out ? SIGKILL : SIGTERM);
	if (!w->timed_out)
		log_at(LOG_LEVEL_WARNING, "%s: %s takes longer than it may: stopping it",
			w->served->name, work_kind_name(w->kind));
	w->timed_out = true;
	loop_timer_in(w->deadline, w->d->settings->config->timeouts.stop_ms);
}

/* --- the start ------------------------------------------------------------------------------ */

static struct worker *add_worker(struct served *s, enum work_kind kind, int64_t id, int64_t claim)
{
	struct daemon *d = s->d;
	struct worker *w = xcalloc(1, sizeof *w);
	*w = (struct worker){
		.d = d,
		.served = s,
		.kind = kind,
		.id = id,
		.claim = claim,
		.child = CHILD_NONE,
		.started_ms = clock_monotonic_ms(),
	};
	w->deadline = loop_add_timer(d->loop, LOOP_MONOTONIC, on_deadline, w);
	const int64_t limit = kind == WORK_FETCH     ? d->settings->config->timeouts.fetch_ms
			      : kind == WORK_DELIVER ? d->settings->config->timeouts.deliver_ms
						     : d->settings->config->timeouts.job_ms;
	loop_timer_in(w->deadline, limit);
	d->workers = grow_array(d->workers, d->worker_count, &d->worker_cap, sizeof d->workers[0]);
	d->workers[d->worker_count++] = w;
	s->workers++;
	if (kind == WORK_DELIVER)
		s->delivering = true;
	else
		d->busy++;
	metrics_set(d->metrics, METRIC_WORKERS_BUSY, NULL, NULL, (double)d->busy);
	return w;
}

static int start_process(struct worker *w, struct err **err)
{
	AUTO_ARENA arena = {0};
	const struct work_order order = {.repository = w->served->name,
		.id = w->id,
		.claim = w->claim,
		.environ = own_environment(w->served->config, &arena)};
	if (standby_order(w->d, &order, &w->child, err) < 0)
		return -1;
	return loop_add_child(w->d->loop, &w->child, on_end, w, &w->end, err);
}

static void start_worker(struct worker *w)
{
	AUTO_ERR err = NULL;
	if (start_process(w, &err) == 0)
		return;
	struct served *s = w->served;
	daemon_complain(s, "a worker could not be started", &err);
	record_loss(w, false, "could not be started");
	forget(w);
}

/* The next request of the repository, most urgent kinds first. False: none is due. */
static bool claim_next(struct served *s, struct store *store, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct queue_row *row = NULL;
	const int64_t now = clock_now_ms();
	for (size_t i = 0; i < ARRAY_LEN(priorities) && !row; i++)
		if (store_queue_claim(store, now, priorities[i], &arena, &row, err) < 0)
			return false;
	if (!row)
		return false;
	const enum work_kind kind = kinds[row->kind];
	const int64_t due = row->not_before > row->asked_at ? row->not_before : row->asked_at;
	metrics_observe(s->d->metrics, METRIC_WAIT_SECONDS, work_kind_name(kind), NULL, now - due);
	AUTO_STR what = STR_INIT;
	queue_describe(row, &what);
	log_debug("%s: %s for %s begins", s->name, what.data, row->actor);
	start_worker(add_worker(s, kind, row->id, row->claim));
	return true;
}

/* For the metrics; what cannot be counted now is counted next time. */
static void count_rows(struct served *s, struct store *store)
{
	struct queue_counts q;
	struct outbox_counts o;
	int64_t drifted;
	AUTO_ERR err = NULL;
	s->uncounted = false;
	if (store_drift_found(store, &drifted, &err) < 0 ||
		store_queue_counts(store, &q, &err) < 0 ||
		store_outbox_counts(store, OUTBOX_FORGE, &o, &err) < 0)
		return;
	struct metrics *m = s->d->metrics;
	metrics_set(m, METRIC_DRIFTED, s->name, NULL, (double)drifted);
	metrics_set(m, METRIC_QUEUE_ROWS, s->name, "queued", (double)q.queued);
	metrics_set(m, METRIC_QUEUE_ROWS, s->name, "running", (double)q.running);
	metrics_set(m, METRIC_QUEUE_ROWS, s->name, "dead", (double)q.dead);
	metrics_set(m, METRIC_OUTBOX_ROWS, s->name, "due", (double)o.due);
	metrics_set(m, METRIC_OUTBOX_ROWS, s->name, "dead", (double)o.dead);
}

/* When to come back to the repository: by its queue, and by its outbox. */
static int find_next(struct served *s, struct store *store, struct err **err)
{
	if (store_queue_next_at(store, &s->due_at, err) < 0)
		return -1;
	s->deliver_at = -1;
	if (s->config->forge.repository &&
		store_outbox_next(store, OUTBOX_FORGE, clock_now_ms(), &s->deliver_at, err) < 0)
		return -1;
	count_rows(s, store);
	return 0;
}

static bool has_room(const struct daemon *d)
{
	return d->busy < (size_t)d->settings->config->workers;
}

/* Deliveries wait for nobody but each other: a burst must not start one for each repository. */
static bool may_deliver(const struct daemon *d)
{
	return d->worker_count - d->busy < (size_t)d->settings->config->workers;
}

/*
 * Is anything to be done that can be started? Otherwise a webhook would have every repository
 * looked at that waits for a worker, and the end of one has them looked at anyway.
 */
static bool is_due(const struct served *s, int64_t now)
{
	const bool work = s->due_at && s->due_at <= now && has_room(s->d);
	const bool delivery =
		s->deliver_at >= 0 && s->deliver_at <= now && !s->delivering && may_deliver(s->d);
	return s->open && !s->leaving && (work || delivery);
}

static void look_at(struct served *s)
{
	struct daemon *d = s->d;
	AUTO_ERR err = NULL;
	struct store *store;
	if (served_store(s, &store, &err) == 0) {
		while (has_room(d) && claim_next(s, store, &err))
			;
		if (!err && find_next(s, store, &err) == 0 && s->deliver_at == 0 &&
			!s->delivering && may_deliver(d)) {
			start_worker(add_worker(s, WORK_DELIVER, 0, 0));
			s->deliver_at = -1;
		}
	}
	if (!err)
		return;
	daemon_complain(s, "look at the queue", &err);
	s->due_at = clock_now_ms() + BACKOFF_FIRST_MS;
	s->deliver_at = -1;
}

static void arm_due_timer(struct daemon *d)
{
	int64_t at = 0;
	for (size_t i = 0; i < d->served_count; i++) {
		const struct served *s = d->served[i];
		if (!s->open || s->leaving)
			continue;
		/* With no worker free, the end of one is what is waited for. */
		if (s->due_at && has_room(d) && (!at || s->due_at < at))
			at = s->due_at;
		if (s->deliver_at > 0 && !s->delivering && may_deliver(d) &&
			(!at || s->deliver_at < at))
			at = s->deliver_at;
	}
	if (at)
		loop_timer_at(d->due_timer, at);
	else
		loop_timer_off(d->due_timer);
}

void work_look(struct daemon *d)
{
	const int64_t now = clock_now_ms();
	if (d->stopping)
		return;
	/* One after the other from where the last turn ended, so that none is starved. */
	for (size_t n = d->served_count; n > 0; n--) {
		struct served *s = d->served[d->turn++ % d->served_count];
		AUTO_ERR ignored = NULL;
		struct store *store;
		if (is_due(s, now))
			look_at(s);
		else if (s->uncounted && s->open && served_store(s, &store, &ignored) == 0)
			count_rows(s, store);
	}
	arm_due_timer(d);
}

void work_look_soon(struct daemon *d)
{
	loop_defer(d->look);
}

/* --- others' workers, and words to workers -------------------------------------------------- */

void work_adopt(struct served *s, const struct queue_row *row)
{
	AUTO_ERR err = NULL;
	struct worker *w = add_worker(s, kinds[row->kind], row->id, row->claim);
	w->child.pid = (pid_t)row->pid;
	w->child.pidfd = pidfd_open((pid_t)row->pid, 0);
	if (w->child.pidfd >= 0 && loop_add_fd(s->d->loop, w->child.pidfd, EPOLLIN, on_adopted_end,
					   w, &w->end, &err) == 0) {
		AUTO_STR what = STR_INIT;
		queue_describe(row, &what);
		log_at(LOG_LEVEL_INFO, "%s: %s goes on, begun by an earlier server", s->name,
			what.data);
		return;
	}
	err_free(&err);
	record_loss(w, false, "ended without a result"); /* just now */
	forget(w);
}

void work_interrupt_outdated(struct served *s)
{
	struct daemon *d = s->d;
	struct store *store;
	AUTO_ERR err = NULL;
	for (size_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];
		AUTO_ARENA arena = {0};
		struct queue_row *row = NULL;
		if (w->served != s || !w->id || w->interrupted)
			continue;
		if (served_store(s, &store, &err) < 0 ||
			store_queue_get(store, w->id, &arena, &row, &err) < 0) {
			daemon_complain(s, "look at the queue", &err);
			return;
		}
		if (!row || !row->outdated || row->claim != w->claim)
			continue;
		AUTO_STR what = STR_INIT;
		queue_describe(row, &what);
		log_at(LOG_LEVEL_INFO, "%s: %s is outdated by a newer request", s->name, what.data);
		child_signal(&w->child, SIGUSR1);
		w->interrupted = true;
	}
}

void work_stop_all(struct daemon *d, int n)
{
	for (size_t i = 0; i < d->worker_count; i++)
		child_signal(&d->workers[i]->child, n >= 3 ? SIGKILL : SIGTERM);
}

void work_free_all(struct daemon *d)
{
	while (d->worker_count) {
		struct worker *w = d->workers[--d->worker_count];
		loop_source_free(w->end);
		loop_source_free(w->deadline);
		child_release(&w->child);
		w->served->workers--;
		free(w);
	}
	free(d->workers);
}
