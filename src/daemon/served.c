/*
 * A repository as the daemon has it: the lock that says so, its queue, the file that wakes us, the
 * timer that looks for what nobody told.
 *
 * The store is opened when it is needed and closed a moment after: a daemon at rest holds no
 * database. Nothing of libgit2 is used; a branch's tip is read from its file.
 */
#include "daemon/daemon_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/backoff.h"
#include "report/outbox.h"
#include "source/source.h"
#include "source/wake.h"
#include "store/outbox.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_LOOK_MS = 20, STORE_IDLE_MS = 3000, OPEN_AGAIN_MOST_MS = 60 * 1000 };

void daemon_complain(const struct served *s, const char *what, struct err **err)
{
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	log_at(LOG_LEVEL_ERROR, "%s: %s: %s", s->name, what, text.data);
	err_free(err);
}

/* After the last one the pages that all of them took go back. */
static void on_store_idle(void *data)
{
	struct served *s = data;
	const struct daemon *d = s->d;
	store_close(&s->store);
	for (size_t i = 0; i < d->served_count; i++)
		if (d->served[i]->store)
			return;
	(void)malloc_trim(0);
}

int served_store(struct served *s, struct store **ret, struct err **err)
{
	if (!s->store && store_open(s->place.state_dir, 0, &s->store, err) < 0)
		return -1;
	loop_timer_in(s->close_timer, STORE_IDLE_MS);
	*ret = s->store;
	return 0;
}

static int take_on(struct store *store, const struct queue_request *request, const char *delivery,
	bool *ret_first, struct err **err)
{
	const int64_t now = clock_now_ms();
	int64_t id;
	*ret_first = true;
	if (delivery && store_queue_deliver_once(store, delivery, now, ret_first, err) < 0)
		return -1;
	return *ret_first ? store_queue_add(store, request, now, &id, err) : 0;
}

int served_take_on(struct served *s, const struct queue_request *request, const char *delivery,
	bool *ret_first, struct err **err)
{
	struct store *store;
	if (served_store(s, &store, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (take_on(store, request, delivery, ret_first, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	s->due_at = 1; /* look again */
	s->uncounted = true;
	work_interrupt_outdated(s);
	work_look_soon(s->d);
	return 0;
}

static void ask(struct served *s, const struct queue_request *request)
{
	bool first;
	AUTO_ERR err = NULL;
	if (served_take_on(s, request, NULL, &first, &err) < 0)
		daemon_complain(s, queue_kind_name(request->kind), &err);
}

/* --- polling -------------------------------------------------------------------------------- */

static void arm_poll(struct served *s)
{
	const struct server_poll *poll = &s->config->poll;
	if (!poll->every_ms)
		loop_timer_off(s->poll_timer);
	else
		loop_timer_in(
			s->poll_timer, jittered_ms(poll->every_ms, poll->jitter_ms, some_chance()));
}

/* Did the tip of a path move since we looked last? Also when it cannot be said. */
static bool has_moved(struct served *s)
{
	AUTO_SOURCE *source = NULL;
	AUTO_ERR err = NULL;
	struct source_rev rev;
	if (source_open(s->place.dir, NULL, &source, &err) < 0 ||
		source_kind(source) != SOURCE_GIT || !source_head_fast(source, &rev))
		return true;
	if (str_eq(s->head, rev.commit))
		return false;
	free(s->head);
	s->head = xstrdup(rev.commit);
	return true;
}

/* What is to be done to learn whether anything changed. */
static void look_for_changes(struct served *s)
{
	const bool asks = s->place.mirror || s->config->forge.repository;
	if (asks)
		ask(s, &(struct queue_request){
			       .kind = QUEUE_FETCH, .subject = "fetch", .actor = s->d->actor});
	if (!s->place.mirror && has_moved(s))
		ask(s, &(struct queue_request){.kind = QUEUE_RECONCILE,
			       .subject = QUEUE_BRANCH,
			       .actor = s->d->actor});
}

static void on_poll(void *data)
{
	struct served *s = data;
	s->looked = true;
	look_for_changes(s);
	arm_poll(s);
}

static void on_wake(uint32_t events, void *data)
{
	struct served *s = data;
	(void)events;
	wake_clear(s->wake_fd);
	s->due_at = 1;
	s->deliver_at = 0;
	work_interrupt_outdated(s);
	work_look_soon(s->d);
}

/* --- opening -------------------------------------------------------------------------------- */

static int take_lock(struct served *s, struct err **err)
{
	char now[CLOCK_TEXT_SIZE];
	AUTO_FREE char *path = path_join(s->place.state_dir, QUEUE_DAEMON_LOCK);
	AUTO_FREE char *owner = xasprintf("pid %ld, trueup serve as '%s' since %s", (long)getpid(),
		s->name, clock_format(clock_now_ms(), now));
	if (lock_take(path, owner, 0, &s->lock, err) == 0)
		return 0;
	return err_kind_of(*err) == ERR_CONFLICT
		       ? err_wrap(err, "another daemon serves this repository")
		       : -1;
}

static int recover(struct served *s, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct store *store;
	struct queue_rows alive;
	if (served_store(s, &store, err) < 0 ||
		store_queue_recover(store, clock_now_ms(), &arena, &alive, err) < 0)
		return -1;
	for (size_t i = 0; i < alive.count; i++)
		work_adopt(s, &alive.items[i]);
	return 0;
}

static int watch(struct served *s, struct err **err)
{
	AUTO_FREE char *path = path_join(s->place.state_dir, QUEUE_WAKE);
	s->wake_fd = wake_open(path, err);
	if (s->wake_fd < 0)
		return -1;
	return loop_add_fd(s->d->loop, s->wake_fd, EPOLLIN, on_wake, s, &s->wake, err);
}

static void close_all(struct served *s)
{
	loop_source_cleanup(&s->wake);
	close_fd(&s->wake_fd);
	store_close(&s->store);
	loop_timer_off(s->close_timer);
	lock_release(&s->lock);
	place_release(&s->place);
	s->open = false;
}

static int open_all(struct served *s, struct err **err)
{
	if (place_find(s->d->settings->config, s->config, &s->place, err) < 0 ||
		fs_mkdirs(s->place.state_dir, 0700, err) < 0 || take_lock(s, err) < 0 ||
		watch(s, err) < 0)
		return -1;
	return recover(s, err);
}

static void on_open(void *data)
{
	struct served *s = data;
	struct daemon *d = s->d;
	AUTO_ERR err = NULL;
	if (s->open)
		return;
	s->open = open_all(s, &err) == 0;
	if (s->open_failures == 0)
		d->opened++;
	d->ready = d->ready || d->opened >= d->served_count;
	metrics_set(s->d->metrics, METRIC_REPOSITORY_UP, s->name, NULL, s->open);
	if (!s->open) {
		close_all(s);
		const int64_t wait = backoff_ms(++s->open_failures, some_chance());
		daemon_complain(s, "cannot be served now and is tried again", &err);
		loop_timer_in(s->open_timer, wait < OPEN_AGAIN_MOST_MS ? wait : OPEN_AGAIN_MOST_MS);
		work_look_soon(s->d);
		return;
	}
	s->open_failures = 0;
	s->due_at = 1;
	s->deliver_at = 0;
	log_at(LOG_LEVEL_INFO, "%s: serving %s", s->name,
		s->place.mirror ? s->config->url.text : s->place.dir);
	/* What changed while nobody looked; a breath later, so that health is answered first. */
	loop_timer_in(s->poll_timer, FIRST_LOOK_MS);
	work_look_soon(s->d);
}

struct served *served_new(struct daemon *d, const struct server_repository *config)
{
	struct served *s = xcalloc(1, sizeof *s);
	*s = (struct served){
		.d = d,
		.config = config,
		.name = xstrdup(config->name.text),
		.lock = LOCK_NONE,
		.wake_fd = -1,
		.deliver_at = -1,
	};
	s->close_timer = loop_add_timer(d->loop, LOOP_MONOTONIC, on_store_idle, s);
	s->poll_timer = loop_add_timer(d->loop, LOOP_MONOTONIC, on_poll, s);
	s->open_timer = loop_add_timer(d->loop, LOOP_MONOTONIC, on_open, s);
	loop_timer_in(s->open_timer, 0);
	d->served = grow_array(d->served, d->served_count, &d->served_cap, sizeof d->served[0]);
	d->served[d->served_count++] = s;
	return s;
}

void served_free(struct served *s)
{
	struct daemon *d = s->d;
	close_all(s);
	metrics_forget(d->metrics, s->name);
	loop_source_free(s->close_timer);
	loop_source_free(s->poll_timer);
	loop_source_free(s->open_timer);
	for (size_t i = 0; i < d->served_count; i++)
		if (d->served[i] == s)
			d->served[i] = d->served[--d->served_count];
	free(s->head);
	free(s->name);
	free(s);
}

struct served *served_find(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->served_count; i++)
		if (str_eq(d->served[i]->name, name) && !d->served[i]->leaving)
			return d->served[i];
	return NULL;
}

/* Its timers are off with it: all that they do is about what it is configured to be. */
void served_leave(struct served *s)
{
	log_at(LOG_LEVEL_INFO, "%s: not served any more", s->name);
	s->leaving = true;
	s->config = NULL;
	loop_timer_off(s->open_timer);
	loop_timer_off(s->poll_timer);
	if (!s->workers)
		served_free(s);
}

/* What was given up may be possible now: another token, another address. */
static void revive_outbox(struct served *s)
{
	struct store *store;
	AUTO_ERR err = NULL;
	int64_t count = 0;
	if (served_store(s, &store, &err) < 0 ||
		store_outbox_revive(store, OUTBOX_FORGE, clock_now_ms(), &count, &err) < 0) {
		daemon_complain(s, "try again what was not delivered", &err);
		return;
	}
	if (count)
		log_at(LOG_LEVEL_INFO, "%s: tries again what was given up: %lld deliver%s", s->name,
			(long long)count, count == 1 ? "y" : "ies");
	s->deliver_at = 0; /* look again */
}

void served_configure(struct served *s, const struct server_repository *config)
{
	s->config = config;
	if (s->open) {
		if (s->looked)
			arm_poll(s);
		revive_outbox(s);
	} else if (s->open_failures) {
		loop_timer_in(s->open_timer, 0);
	}
}
