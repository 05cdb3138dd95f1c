/*
 * The event loop of processes that wait for several things: descriptors, timers, signals,
 * children. It is systemd's sd-event; nothing of it shows here, so it can be replaced.
 *
 * A source belongs to whoever added it and is removed with loop_source_free(), also from inside
 * its own callback; after that its callback is never called again, even if it was due. Free all
 * sources before the loop. Callbacks return nothing: one that has to end the loop calls
 * loop_exit() or loop_fail(). A loop belongs to the process that made it: after a fork the child
 * must not use it.
 */
#ifndef TRUEUP_BASE_LOOP_H
#define TRUEUP_BASE_LOOP_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct child;
struct child_exit;
struct err;
struct loop;
struct loop_source;

MUST_CHECK int loop_new(struct loop **ret, struct err **err);
void loop_free(struct loop *loop); /* accepts NULL */

/*
 * Dispatches until loop_exit() or loop_fail(). Returns 0 with the code of the former, or -1 with
 * the error of the latter.
 */
MUST_CHECK int loop_run(struct loop *loop, int *ret_code, struct err **err);
/*
 * One turn: waits at most wait_ms (-1: without limit) until something is due and dispatches one
 * source. *ret_dispatched (may be NULL) says whether it did. For callers that have another
 * condition to look at, and for tests.
 */
MUST_CHECK int loop_step(
	struct loop *loop, int64_t wait_ms, bool *ret_dispatched, struct err **err);
/* Has loop_exit() or loop_fail() been called? */
bool loop_ending(const struct loop *loop);
/* Ends loop_run() after this callback. The first call counts. */
void loop_exit(struct loop *loop, int code);
/* The same with an error, which is taken over: *err is NULL afterwards. */
void loop_fail(struct loop *loop, struct err **err);

void loop_source_free(struct loop_source *s); /* accepts NULL */
void loop_source_cleanup(struct loop_source **s); /* the same, and *s = NULL */

/*
 * A descriptor. events is of EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, EPOLLET; the callback gets
 * what happened, EPOLLERR and EPOLLHUP too. The descriptor stays the caller's and is closed after
 * the source was freed. Fails for regular files and for a descriptor that is in the loop already.
 */
MUST_CHECK int loop_add_fd(struct loop *loop, int fd, uint32_t events,
	void (*fn)(uint32_t events, void *data), void *data, struct loop_source **ret,
	struct err **err);
/* Changes what is waited for; 0: nothing for now. */
void loop_fd_events(struct loop_source *s, uint32_t events);

enum loop_clock {
	LOOP_MONOTONIC, /* clock_monotonic_ms(): durations, deadlines */
	LOOP_WALL, /* clock_now_ms(): schedules; fires when the clock is set forward past it */
};

/* A timer that fires once each time it is armed; disarmed at first. Accurate to a
 * millisecond; several that are due at the same turn fire in any order. */
struct loop_source *loop_add_timer(
	struct loop *loop, enum loop_clock clock, void (*fn)(void *data), void *data);
/* Arms it for a time of its clock (the past: at once), replacing an earlier one. */
void loop_timer_at(struct loop_source *s, int64_t at_ms);
/* Arms it for so many milliseconds from now. */
void loop_timer_in(struct loop_source *s, int64_t ms);
void loop_timer_off(struct loop_source *s);
bool loop_timer_armed(const struct loop_source *s);

/*
 * Something to be done once, soon, outside of the caller's own call stack; nothing is due at
 * first. Arming it several times before it ran makes one call.
 */
struct loop_source *loop_add_defer(struct loop *loop, void (*fn)(void *data), void *data);
void loop_defer(struct loop_source *s);

/*
 * A signal, delivered as an event: it is blocked in this thread from now on and, if it was not
 * before, let through again when the source goes. Programs started by base/child get a clean mask.
 */
MUST_CHECK int loop_add_signal(struct loop *loop, int signo, void (*fn)(int signo, void *data),
	void *data, struct loop_source **ret, struct err **err);

/*
 * The end of a child that child_start() made. The callback comes once, after the child has been
 * reaped; releasing child (which has to stay where it is until then) is the caller's.
 */
MUST_CHECK int loop_add_child(struct loop *loop, struct child *child,
	void (*fn)(const struct child_exit *how, void *data), void *data, struct loop_source **ret,
	struct err **err);

/*
 * Answers systemd's watchdog (WatchdogSec= of the unit) from this loop for as long as it turns;
 * does nothing when there is none. ERR_INVALID when the environment asks for nonsense.
 */
MUST_CHECK int loop_watchdog(struct loop *loop, struct err **err);

#define AUTO_LOOP_SOURCE CLEANUP(loop_source_cleanup) struct loop_source *

#endif
