/*
 * Protects: a daemon reacts to what happens: timers fire once and when
 * they should, signals and the end of children arrive, freed sources stay silent.
 */
#include "base/loop.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/notify.h"
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct seen {
	struct loop *loop;
	struct loop_source *source;
	int calls;
	int last;
	int exit_after; /* calls; 0: never */
	struct child_exit how;
};

static struct loop *new_loop(void)
{
	struct loop *loop = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(loop_new(&loop, &err), 0);
	return loop;
}

static int run(struct loop *loop)
{
	int code = -1;
	AUTO_ERR err = NULL;
	assert_int_equal(loop_run(loop, &code, &err), 0);
	return code;
}

/* Dispatches everything that is due now. */
static void settle(struct loop *loop)
{
	bool more = true;
	AUTO_ERR err = NULL;
	while (more)
		assert_int_equal(loop_step(loop, 0, &more, &err), 0);
}

static void count(struct seen *seen)
{
	seen->calls++;
	if (seen->calls == seen->exit_after)
		loop_exit(seen->loop, 7);
}

static void on_plain(void *data)
{
	count(data);
}

static void on_fd(uint32_t events, void *data)
{
	struct seen *seen = data;
	seen->last = (int)events;
	char c;
	assert_int_equal(read(STDIN_FILENO + seen->how.code, &c, 1), 1);
	count(seen);
}

static void test_timers(void **state)
{
	(void)state;
	struct loop *loop = new_loop();
	struct seen seen = {.loop = loop, .exit_after = 1};
	AUTO_LOOP_SOURCE timer = loop_add_timer(loop, LOOP_MONOTONIC, on_plain, &seen);
	assert_false(loop_timer_armed(timer));
	settle(loop);
	assert_int_equal(seen.calls, 0);

	/* Due in the past: at once, and once only. */
	loop_timer_at(timer, clock_monotonic_ms() - 5000);
	assert_true(loop_timer_armed(timer));
	assert_int_equal(run(loop), 7);
	assert_false(loop_timer_armed(timer));
	settle(loop);
	assert_int_equal(seen.calls, 1);

	/* Armed anew, it waits for its time. */
	const int64_t start = clock_monotonic_ms();
	loop_timer_in(timer, 3600 * 1000);
	settle(loop);
	assert_int_equal(seen.calls, 1);
	loop_timer_in(timer, 20);
	while (seen.calls == 1) {
		AUTO_ERR err = NULL;
		assert_int_equal(loop_step(loop, -1, NULL, &err), 0);
	}
	assert_true(clock_monotonic_ms() - start >= 20);

	loop_timer_in(timer, 0);
	loop_timer_off(timer);
	settle(loop);
	assert_int_equal(seen.calls, 2);

	AUTO_LOOP_SOURCE wall = loop_add_timer(loop, LOOP_WALL, on_plain, &seen);
	loop_timer_at(wall, clock_now_ms());
	while (seen.calls == 2) {
		AUTO_ERR err = NULL;
		assert_int_equal(loop_step(loop, -1, NULL, &err), 0);
	}
	loop_source_cleanup(&timer);
	loop_source_cleanup(&wall);
	loop_free(loop);
}

static void test_descriptors(void **state)
{
	(void)state;
	struct loop *loop = new_loop();
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	struct seen seen = {.loop = loop, .how = {.code = fds[0]}};
	AUTO_ERR err = NULL;
	AUTO_LOOP_SOURCE s = NULL;
	assert_int_equal(loop_add_fd(loop, fds[0], EPOLLIN, on_fd, &seen, &s, &err), 0);
	settle(loop);
	assert_int_equal(seen.calls, 0);
	assert_int_equal(write(fds[1], "ab", 2), 2);
	settle(loop);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.last, EPOLLIN);

	/* Switched off it is silent, even when the other end goes. */
	loop_fd_events(s, 0);
	assert_int_equal(write(fds[1], "c", 1), 1);
	(void)close(fds[1]);
	settle(loop);
	assert_int_equal(seen.calls, 2);
	loop_fd_events(s, EPOLLIN);
	AUTO_ERR ignored = NULL;
	assert_int_equal(loop_step(loop, 0, NULL, &ignored), 0);
	assert_int_equal(seen.calls, 3);
	assert_true((seen.last & EPOLLHUP) != 0);
	loop_source_cleanup(&s);
	(void)close(fds[0]);

	assert_int_equal(loop_add_fd(loop, fds[0], EPOLLIN, on_fd, &seen, &s, &err), -1);
	assert_non_null(strstr(err->message, "watch descriptor"));
	loop_free(loop);
}

static void on_defer_free(void *data)
{
	struct seen *seen = data;
	loop_source_cleanup(&seen->source);
	count(seen);
}

static void test_defer(void **state)
{
	(void)state;
	struct loop *loop = new_loop();
	struct seen seen = {.loop = loop};
	AUTO_LOOP_SOURCE s = loop_add_defer(loop, on_plain, &seen);
	settle(loop);
	assert_int_equal(seen.calls, 0);
	loop_defer(s);
	loop_defer(s);
	assert_int_equal(seen.calls, 0);
	settle(loop);
	assert_int_equal(seen.calls, 1);
	loop_defer(s);
	settle(loop);
	assert_int_equal(seen.calls, 2);

	/* It may go inside of its own call, and takes with it what was due. */
	struct seen other = {.loop = loop};
	other.source = loop_add_defer(loop, on_defer_free, &other);
	loop_defer(other.source);
	settle(loop);
	assert_int_equal(other.calls, 1);
	loop_defer(s);
	loop_source_cleanup(&s);
	settle(loop);
	assert_int_equal(seen.calls, 2);
	loop_free(loop);
}

static void on_signal(int signo, void *data)
{
	struct seen *seen = data;
	seen->last = signo;
	count(seen);
}

static volatile sig_atomic_t handled;

static void handler(int signo)
{
	handled = signo;
}

static void test_signals(void **state)
{
	(void)state;
	struct loop *loop = new_loop();
	struct seen seen = {.loop = loop, .exit_after = 1};
	AUTO_ERR err = NULL;
	AUTO_LOOP_SOURCE s = NULL;
	assert_int_equal(loop_add_signal(loop, SIGUSR1, on_signal, &seen, &s, &err), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(run(loop), 7);
	assert_int_equal(seen.last, SIGUSR1);
	loop_source_cleanup(&s);

	/* Afterwards it arrives as it did before. */
	(void)signal(SIGUSR1, handler);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(handled, SIGUSR1);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_int_equal(loop_add_signal(loop, SIGKILL, on_signal, &seen, &s, &err), -1);
	loop_free(loop);
}

static void on_child(const struct child_exit *how, void *data)
{
	struct seen *seen = data;
	seen->how = *how;
	count(seen);
}

static void test_children(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int code, signal;
	} rows[] = {{"exit 3", 3, 0}, {"kill -KILL $$", -1, SIGKILL}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct loop *loop = new_loop();
		struct seen seen = {.loop = loop, .exit_after = 1};
		const char *const argv[] = {"/bin/sh", "-c", rows[i].script, NULL};
		const char *const envp[] = {NULL};
		const struct child_spec spec = {.argv = argv,
			.envp = envp,
			.stdin_fd = -1,
			.stdout_fd = -1,
			.stderr_fd = -1,
			.keep_fd = -1};
		struct child child = CHILD_NONE;
		AUTO_ERR err = NULL;
		assert_int_equal(child_start(&spec, &child, &err), 0);
		AUTO_LOOP_SOURCE s = NULL;
		assert_int_equal(loop_add_child(loop, &child, on_child, &seen, &s, &err), 0);
		assert_int_equal(run(loop), 7);
		assert_int_equal(seen.how.code, rows[i].code);
		assert_int_equal(seen.how.signal, rows[i].signal);
		/* Once, although the descriptor stays readable. */
		settle(loop);
		assert_int_equal(seen.calls, 1);
		loop_source_cleanup(&s);
		child_release(&child);
		loop_free(loop);
	}
}

static void on_fail(void *data)
{
	struct seen *seen = data;
	struct err *err = NULL;
	(void)err_set(&err, ERR_CORRUPT, "broken");
	loop_fail(seen->loop, &err);
	assert_null(err);
	/* What comes later does not count. */
	(void)err_set(&err, ERR_IO, "second");
	loop_fail(seen->loop, &err);
	loop_exit(seen->loop, 0);
}

static void test_failure(void **state)
{
	(void)state;
	struct loop *loop = new_loop();
	struct seen seen = {.loop = loop};
	AUTO_LOOP_SOURCE s = loop_add_defer(loop, on_fail, &seen);
	loop_defer(s);
	int code = 99;
	AUTO_ERR err = NULL;
	assert_int_equal(loop_run(loop, &code, &err), -1);
	assert_int_equal(err->kind, ERR_CORRUPT);
	assert_int_equal(code, 99);
	assert_true(loop_ending(loop));
	loop_source_cleanup(&s);
	loop_free(loop);
}

/* A service manager's socket, and what arrives there. */
static void receive(int fd, char *buf, size_t size)
{
	const ssize_t n = recv(fd, buf, size - 1, MSG_DONTWAIT);
	assert_true(n >= 0);
	buf[n] = '\0';
}

static void test_notify(void **state)
{
	(void)state;
	char buf[256];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	/* Abstract: the name needs no folder. */
	(void)snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "trueup-test-%d", (int)getpid());
	const socklen_t len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(at.sun_path + 1));
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);

	notify_ready(); /* nobody asked: nothing is sent */
	assert_int_equal(recv(fd, buf, sizeof buf, MSG_DONTWAIT), -1);

	(void)snprintf(buf, sizeof buf, "@%s", at.sun_path + 1);
	(void)setenv("NOTIFY_SOCKET", buf, 1);
	notify_ready();
	receive(fd, buf, sizeof buf);
	assert_string_equal(buf, "READY=1");
	notify_reloading();
	receive(fd, buf, sizeof buf);
	assert_int_equal(strncmp(buf, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	notify_status("%d queued\nREADY=1", 3);
	receive(fd, buf, sizeof buf);
	assert_string_equal(buf, "STATUS=3 queued READY=1");
	notify_stopping();
	receive(fd, buf, sizeof buf);
	assert_string_equal(buf, "STOPPING=1");

	/* The watchdog is answered while the loop turns. */
	struct loop *loop = new_loop();
	AUTO_ERR err = NULL;
	(void)setenv("WATCHDOG_USEC", "40000", 1);
	assert_int_equal(loop_watchdog(loop, &err), 0);
	ssize_t n = -1;
	while (n < 0) {
		assert_int_equal(loop_step(loop, 100, NULL, &err), 0);
		n = recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT);
	}
	buf[n] = '\0';
	assert_string_equal(buf, "WATCHDOG=1");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("NOTIFY_SOCKET");
	loop_free(loop);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_defer),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_notify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
