/*
 * A thin layer over sd-event. A source here holds the callback and its data; sd-event calls a
 * small function that fetches them and never looks at the source again, so that a callback may
 * free it.
 *
 * Children are watched by their pidfd as a descriptor and reaped by base/child, instead of
 * sd-event's own child sources: one place knows how a child ends, and SIGCHLD stays out of it.
 */
#include "base/loop.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/systemd.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	USEC_PER_MS = 1000,
	ACCURACY_USEC = 1000,
	/* A flood of requests must not keep the end of a child, or SIGTERM, waiting. */
	BEFORE_OTHERS = SD_EVENT_PRIORITY_NORMAL - 10,
};

struct loop {
	const struct systemd *sd;
	sd_event *event;
	bool ending;
	int code;
	struct err *failure;
};

struct loop_source {
	const struct systemd *sd;
	struct loop *loop;
	sd_event_source *source;
	enum loop_clock clock; /* timers */
	int unblock; /* signals: let this one through again at the end; 0: none */
	struct child *child;
	union {
		void (*fd)(uint32_t events, void *data);
		void (*plain)(void *data); /* timers, defer */
		void (*signal)(int signo, void *data);
		void (*child)(const struct child_exit *how, void *data);
	} fn;
	void *data;
};

int loop_new(struct loop **ret, struct err **err)
{
	const struct systemd *sd = systemd_load(err);
	if (!sd)
		return -1;
	sd_event *event = NULL;
	const int rc = sd->sd_event_new(&event);
	if (rc < 0)
		return err_errno(err, -rc, "make an event loop");
	struct loop *loop = xcalloc(1, sizeof *loop);
	loop->sd = sd;
	loop->event = event;
	*ret = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	(void)loop->sd->sd_event_unref(loop->event);
	err_free(&loop->failure);
	free_ptr(&loop);
}

int loop_step(struct loop *loop, int64_t wait_ms, bool *ret_dispatched, struct err **err)
{
	const uint64_t usec = wait_ms < 0 ? UINT64_MAX : (uint64_t)wait_ms * USEC_PER_MS;
	const int rc = loop->sd->sd_event_run(loop->event, usec);
	if (rc < 0)
		return err_errno(err, -rc, "wait for events");
	if (ret_dispatched)
		*ret_dispatched = rc > 0;
	return 0;
}

int loop_run(struct loop *loop, int *ret_code, struct err **err)
{
	while (!loop->ending)
		if (loop_step(loop, -1, NULL, err) < 0)
			return -1;
	if (loop->failure) {
		*err = steal_ptr(loop->failure);
		return -1;
	}
	*ret_code = loop->code;
	return 0;
}

bool loop_ending(const struct loop *loop)
{
	return loop->ending;
}

void loop_exit(struct loop *loop, int code)
{
	if (loop->ending)
		return;
	loop->ending = true;
	loop->code = code;
}

void loop_fail(struct loop *loop, struct err **err)
{
	if (loop->ending) {
		err_free(err);
		return;
	}
	loop->ending = true;
	loop->failure = steal_ptr(*err);
}

/* sd-event fails here only when memory runs out or a caller passes nonsense: mem.h's policy. */
static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	log_at(LOG_LEVEL_ERROR, "%s: %s", what, strerror(-rc));
	abort();
}

static struct loop_source *source_new(struct loop *loop, void *data)
{
	struct loop_source *s = xcalloc(1, sizeof *s);
	s->sd = loop->sd;
	s->loop = loop;
	s->data = data;
	return s;
}

void loop_source_free(struct loop_source *s)
{
	if (!s)
		return;
	(void)s->sd->sd_event_source_disable_unref(s->source);
	if (s->unblock) {
		sigset_t set;
		(void)sigemptyset(&set);
		(void)sigaddset(&set, s->unblock);
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	free_ptr(&s);
}

void loop_source_cleanup(struct loop_source **s)
{
	loop_source_free(*s);
	*s = NULL;
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	struct loop_source *s = userdata;
	s->fn.fd(events, s->data);
	return 0;
}

int loop_add_fd(struct loop *loop, int fd, uint32_t events, void (*fn)(uint32_t events, void *data),
	void *data, struct loop_source **ret, struct err **err)
{
	struct loop_source *s = source_new(loop, data);
	s->fn.fd = fn;
	const int rc = loop->sd->sd_event_add_io(loop->event, &s->source, fd, events, on_fd, s);
	if (rc < 0) {
		loop_source_free(s);
		return err_errno(err, -rc, "watch descriptor %d", fd);
	}
	*ret = s;
	return 0;
}

void loop_fd_events(struct loop_source *s, uint32_t events)
{
	/* Errors and hang-ups are reported even for an empty mask: only "off" is silent. */
	if (events)
		must(s->sd->sd_event_source_set_io_events(s->source, events), "watch a descriptor");
	must(s->sd->sd_event_source_set_enabled(s->source, events ? SD_EVENT_ON : SD_EVENT_OFF),
		"watch a descriptor");
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	struct loop_source *s = userdata;
	s->fn.plain(s->data);
	return 0;
}

struct loop_source *loop_add_timer(
	struct loop *loop, enum loop_clock clock, void (*fn)(void *data), void *data)
{
	struct loop_source *s = source_new(loop, data);
	s->fn.plain = fn;
	s->clock = clock;
	must(loop->sd->sd_event_add_time(loop->event, &s->source,
		     clock == LOOP_WALL ? CLOCK_REALTIME : CLOCK_MONOTONIC, 0, ACCURACY_USEC,
		     on_time, s),
		"add a timer");
	loop_timer_off(s);
	return s;
}

void loop_timer_at(struct loop_source *s, int64_t at_ms)
{
	must(s->sd->sd_event_source_set_time(
		     s->source, at_ms < 0 ? 0 : (uint64_t)at_ms * (uint64_t)USEC_PER_MS),
		"set a timer");
	must(s->sd->sd_event_source_set_enabled(s->source, SD_EVENT_ONESHOT), "arm a timer");
}

void loop_timer_in(struct loop_source *s, int64_t ms)
{
	const int64_t now = s->clock == LOOP_WALL ? clock_now_ms() : clock_monotonic_ms();
	loop_timer_at(s, now + ms);
}

void loop_timer_off(struct loop_source *s)
{
	must(s->sd->sd_event_source_set_enabled(s->source, SD_EVENT_OFF), "disarm a timer");
}

bool loop_timer_armed(const struct loop_source *s)
{
	return s->sd->sd_event_source_get_enabled(s->source, NULL) > 0;
}

static int on_defer(sd_event_source *source, void *userdata)
{
	(void)source;
	struct loop_source *s = userdata;
	s->fn.plain(s->data);
	return 0;
}

struct loop_source *loop_add_defer(struct loop *loop, void (*fn)(void *data), void *data)
{
	struct loop_source *s = source_new(loop, data);
	s->fn.plain = fn;
	must(loop->sd->sd_event_add_defer(loop->event, &s->source, on_defer, s),
		"add a deferred call");
	must(loop->sd->sd_event_source_set_enabled(s->source, SD_EVENT_OFF), "add a deferred call");
	return s;
}

void loop_defer(struct loop_source *s)
{
	must(s->sd->sd_event_source_set_enabled(s->source, SD_EVENT_ONESHOT), "defer a call");
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	(void)source;
	struct loop_source *s = userdata;
	s->fn.signal((int)si->ssi_signo, s->data);
	return 0;
}

int loop_add_signal(struct loop *loop, int signo, void (*fn)(int signo, void *data), void *data,
	struct loop_source **ret, struct err **err)
{
	sigset_t set, before;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	struct loop_source *s = source_new(loop, data);
	s->fn.signal = fn;
	s->unblock = sigismember(&before, signo) == 1 ? 0 : signo;
	const int rc = loop->sd->sd_event_add_signal(loop->event, &s->source, signo, on_signal, s);
	if (rc < 0) {
		loop_source_free(s);
		return err_errno(err, -rc, "wait for signal %d", signo);
	}
	(void)loop->sd->sd_event_source_set_priority(s->source, BEFORE_OTHERS);
	*ret = s;
	return 0;
}

static int on_child(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)fd;
	(void)events;
	struct loop_source *s = userdata;
	struct child_exit how = {.code = -1};
	AUTO_ERR err = NULL;
	if (child_wait(s->child, 0, &how, &err) < 0) {
		if (err->kind == ERR_TIMEOUT)
			return 0; /* not yet after all */
		loop_fail(s->loop, &err);
		return 0;
	}
	must(s->sd->sd_event_source_set_enabled(source, SD_EVENT_OFF), "forget a child");
	s->fn.child(&how, s->data);
	return 0;
}

int loop_add_child(struct loop *loop, struct child *child,
	void (*fn)(const struct child_exit *how, void *data), void *data, struct loop_source **ret,
	struct err **err)
{
	struct loop_source *s = source_new(loop, data);
	s->fn.child = fn;
	s->child = child;
	const int rc = loop->sd->sd_event_add_io(
		loop->event, &s->source, child->pidfd, EPOLLIN, on_child, s);
	if (rc < 0) {
		loop_source_free(s);
		return err_errno(err, -rc, "watch process %d", (int)child->pid);
	}
	(void)loop->sd->sd_event_source_set_priority(s->source, BEFORE_OTHERS);
	*ret = s;
	return 0;
}

int loop_watchdog(struct loop *loop, struct err **err)
{
	const int rc = loop->sd->sd_event_set_watchdog(loop->event, 1);
	if (rc < 0)
		return err_errno(err, -rc, "answer the service manager's watchdog");
	return 0;
}
