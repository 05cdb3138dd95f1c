/*
 * Child processes without a shell. The environment is built, never inherited.
 */
#ifndef TRUEUP_BASE_CHILD_H
#define TRUEUP_BASE_CHILD_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

struct child_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is a path with a slash */
	const char *const *envp; /* NULL-terminated "K=V" */
	const char *dir; /* working folder; NULL: ours */
	int stdin_fd; /* -1: /dev/null. Descriptors stay the caller's */
	int stdout_fd; /* -1: /dev/null */
	int stderr_fd; /* -1: /dev/null */
	int keep_fd; /* one more descriptor the child keeps, as number 3; -1: none */
	bool new_session; /* setsid(): survives the terminal and our death */
	bool die_with_parent; /* SIGTERM when the thread that started it dies */
	/*
	 * SIGUSR1, SIGTERM and SIGINT wait until the program calls child_let_signals(): one that
	 * comes before its handlers are set does not end it.
	 */
	bool hold_signals;
};

struct child {
	pid_t pid;
	int pidfd; /* readable when the child has ended; owned */
};
#define CHILD_NONE                                                                                 \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* How a child ended. */
struct child_exit {
	int code; /* exit code, -1 if a signal ended it */
	int signal; /* 0 if it exited */
};

/* Starts it. A program that cannot be executed is reported here, not by an exit code. */
MUST_CHECK int child_start(const struct child_spec *spec, struct child *ret, struct err **err);
/* Waits until the child has ended, at most wait_ms (-1: for ever); ERR_TIMEOUT if it has not. */
MUST_CHECK int child_wait(
	struct child *child, int64_t wait_ms, struct child_exit *ret, struct err **err);
void child_signal(const struct child *child, int signal);
/* Closes the pidfd; a child still running goes on. */
void child_release(struct child *child);

/*
 * Runs a program to its end and collects what it prints, each stream up to limit bytes (the rest
 * is read and dropped). On a timeout it gets SIGTERM, two seconds later SIGKILL, and ERR_TIMEOUT
 * is returned. out or errout may be NULL.
 */
MUST_CHECK int child_run(const struct child_spec *spec, const char *input, size_t limit,
	int64_t timeout_ms, struct str *out, struct str *errout, struct child_exit *ret,
	struct err **err);

/* By a program that was started with hold_signals, once its handlers are set; else harmless. */
void child_let_signals(void);

/*
 * For a process that watches over a program: ignores SIGHUP and SIGPIPE and gives SIGINT and
 * SIGTERM as a signalfd, the caller's.
 */
MUST_CHECK int child_watch_signals(int *ret_fd, struct err **err);

/* Start time of a process in clock ticks since boot (/proc/PID/stat field 22); 0: no such one. */
uint64_t process_start_time(pid_t pid);

#endif
