/*
 * The supervisor: starts the program of DIR/job.json, passes at most one interrupt on, keeps the
 * time limit and writes DIR/result.json. It does as little as possible, since its death costs the
 * record of how the program ended (though never the program).
 */
#include "engine/job_internal.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_NO_RESULT = 1, EXIT_NOT_A_JOB = 64, NO_PROGRAM = 127 };

struct supervisor {
	const char *dir;
	struct job_order order;
	struct child program;
	int signals; /* signalfd of SIGINT and SIGTERM */
	int control; /* DIR/control */
	int64_t deadline; /* of the next step: SIGINT, then SIGKILL; -1: none */
	struct job_result result;
};

static void report(const struct err *err)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, "trueup: ");
	err_format(err, &text);
	str_add(&text, "\n");
	/* Standard error is DIR/output; when even that fails there is nobody left to tell. */
	if (write(STDERR_FILENO, text.data, text.len) < 0)
		return;
}

static int set_up_process(struct supervisor *s, struct err **err)
{
	const struct rlimit no_core = {0, 0};
	(void)umask(077);
	/* A dump would hold credentials. */
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return err_errno(err, errno, "forbid core dumps");
	if (child_watch_signals(&s->signals, err) < 0)
		return -1;
	s->control = job_control_open(s->dir, err);
	return s->control < 0 ? -1 : 0;
}

static int start_program(struct supervisor *s, struct err **err)
{
	s->result.started_ms = clock_now_ms();
	if (job_started_write(s->dir, 0, s->result.started_ms, err) < 0)
		return -1;
	const struct child_spec spec = {
		.argv = s->order.argv,
		.envp = (const char *const *)environ,
		.dir = s->order.cwd,
		.stdin_fd = -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.keep_fd = JOB_LOCK_FD,
		.new_session = true,
		.die_with_parent = !s->order.outlives_us,
	};
	if (child_start(&spec, &s->program, err) < 0)
		return -1;
	s->deadline = s->order.timeout_ms ? clock_monotonic_ms() + s->order.timeout_ms : -1;
	/* For people only: it has started, whether this can be written or not. */
	AUTO_ERR unwanted = NULL;
	(void)!job_started_write(s->dir, s->program.pid, s->result.started_ms, &unwanted);
	return 0;
}

static void interrupt(struct supervisor *s)
{
	if (!s->result.interrupted && !s->result.timed_out)
		child_signal(&s->program, SIGINT);
}

static void on_deadline(struct supervisor *s)
{
	if (!s->result.timed_out) {
		interrupt(s);
		s->result.timed_out = true;
		s->deadline = clock_monotonic_ms() + s->order.grace_ms;
		return;
	}
	/* Its whole group: providers of a killed terraform would go on for a moment. */
	s->result.killed = true;
	s->deadline = -1;
	(void)kill(-s->program.pid, SIGKILL);
}

/* Empties a descriptor; was there anything? */
static bool take_all(int fd)
{
	char buffer[1024];
	bool any = false;
	while (read(fd, buffer, sizeof buffer) > 0)
		any = true;
	return any;
}

static int supervise(struct supervisor *s, struct err **err)
{
	for (;;) {
		struct pollfd p[] = {
			{.fd = s->program.pidfd, .events = POLLIN},
			{.fd = s->signals, .events = POLLIN},
			{.fd = s->control, .events = POLLIN},
		};
		int64_t left = s->deadline < 0 ? -1 : s->deadline - clock_monotonic_ms();
		if (s->deadline >= 0 && left <= 0) {
			on_deadline(s);
			continue;
		}
		left = left > INT32_MAX ? INT32_MAX : left;
		if (poll(p, ARRAY_LEN(p), (int)left) < 0 && errno != EINTR)
			return err_errno(err, errno, "poll");
		if (p[0].revents)
			break;
		const bool by_signal = take_all(s->signals);
		const bool by_control = take_all(s->control);
		if (by_signal || by_control) {
			interrupt(s);
			s->result.interrupted = true;
		}
	}
	return child_wait(&s->program, -1, &s->result.exit, err);
}

static int run(struct supervisor *s, struct err **err)
{
	AUTO_ARENA arena = {0};
	if (job_spec_read(s->dir, &arena, &s->order, err) < 0 || set_up_process(s, err) < 0)
		return -1;
	if (start_program(s, err) < 0) {
		report(*err);
		err_free(err);
		s->result.exit = (struct child_exit){NO_PROGRAM, 0};
	} else if (supervise(s, err) < 0) {
		return -1;
	}
	s->result.ended_ms = clock_now_ms();
	return job_result_write(s->dir, &s->result, err);
}

int job_main(const char *dir)
{
	struct supervisor s = {.dir = dir, .program = CHILD_NONE, .signals = -1, .control = -1};
	AUTO_ERR err = NULL;
	if (!job_holds_lock(dir)) {
		(void)err_set(
			&err, ERR_INVALID, "%s is run by trueup itself, not by hand", JOB_COMMAND);
		report(err);
		return EXIT_NOT_A_JOB;
	}
	const int failed = run(&s, &err);
	if (failed)
		report(err);
	close_fd(&s.signals);
	close_fd(&s.control);
	child_release(&s.program);
	return failed ? EXIT_NO_RESULT : 0;
}
