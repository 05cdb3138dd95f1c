/*
 * fork and exec instead of posix_spawn: setsid, the death signal, the working folder and a
 * descriptor with a fixed number are wanted together. The child reports what fails before the
 * exec through a pipe that the exec closes, so a missing program is an error and not exit code
 * 127. Between fork and exec only async-signal-safe calls are made.
 */
#include "base/child.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KEEP_FD = 3,
	FIRST_FREE_FD = 10, /* above all numbers that are given away */
	KILL_AFTER_MS = 2000,
	READ_SIZE = 65536,
	STAT_LIMIT = 4096,
	LAST_SIGNAL = 64,
};

/* What the child was doing when it failed; sent over the pipe with errno. */
enum stage { STAGE_SETUP, STAGE_FOLDER, STAGE_EXEC };

struct failure {
	int stage;
	int os_errno;
};

/* In the child: descriptors of the spec moved out of the way, then to their numbers. */
static int place_fds(const struct child_spec *spec)
{
	const int wanted[] = {spec->stdin_fd, spec->stdout_fd, spec->stderr_fd, spec->keep_fd};
	int high[ARRAY_LEN(wanted)];
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		int fd = wanted[i];
		if (fd < 0 && i == KEEP_FD)
			continue;
		if (fd < 0)
			fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		high[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < (int)ARRAY_LEN(wanted); i++)
		if ((i < KEEP_FD || spec->keep_fd >= 0) && dup2(high[i], i) < 0)
			return -1;
	const unsigned first = spec->keep_fd >= 0 ? KEEP_FD + 1 : KEEP_FD;
	return close_range(first, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void fill_held(sigset_t *set)
{
	static const int held[] = {SIGUSR1, SIGTERM, SIGINT};
	(void)sigemptyset(set);
	for (size_t i = 0; i < ARRAY_LEN(held); i++)
		(void)sigaddset(set, held[i]);
}

/* All are blocked until now: of those that are held none gets through before the exec either. */
static void reset_signals(bool hold)
{
	/* Those that cannot be changed refuse, which is fine. */
	for (int s = 1; s <= LAST_SIGNAL; s++)
		(void)signal(s, SIG_DFL);
	sigset_t mask;
	(void)sigemptyset(&mask);
	if (hold)
		fill_held(&mask);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

static _Noreturn void child_fail(int report, enum stage stage)
{
	const struct failure f = {.stage = (int)stage, .os_errno = errno};
	const ssize_t sent = write(report, &f, sizeof f);
	_exit(sent == (ssize_t)sizeof f ? 127 : 126);
}

static _Noreturn void run_child(const struct child_spec *spec, int pipe_end, pid_t parent)
{
	/* The pipe must not sit on a number that place_fds() is going to use. */
	const int report = fcntl(pipe_end, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (report < 0)
		_exit(126);
	if (spec->new_session && setsid() < 0)
		child_fail(report, STAGE_SETUP);
	if (place_fds(spec) < 0)
		child_fail(report, STAGE_SETUP);
	if (spec->dir && chdir(spec->dir) < 0)
		child_fail(report, STAGE_FOLDER);
	if (spec->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
			child_fail(report, STAGE_SETUP);
		/* It may have died before the request was in place. */
		if (getppid() != parent)
			_exit(126);
	}
	reset_signals(spec->hold_signals);
	(void)execve(spec->argv[0], (char *const *)spec->argv, (char *const *)spec->envp);
	child_fail(report, STAGE_EXEC);
}

/* What the pipe says: 0 when the exec closed it, otherwise the error, after reaping. */
static int await_exec(const struct child_spec *spec, int report, pid_t pid, struct err **err)
{
	struct failure f;
	ssize_t n;
	do
		n = read(report, &f, sizeof f);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof f)
		return err_set(
			err, ERR_IO, "start %s: the child could not be set up", spec->argv[0]);
	if (f.stage == STAGE_FOLDER)
		return err_errno(err, f.os_errno, "start %s in %s", spec->argv[0], spec->dir);
	return err_errno(err, f.os_errno, "start %s", spec->argv[0]);
}

/* All signals stay blocked over the fork, so that no handler of ours runs in the child. */
static pid_t fork_quietly(const struct child_spec *spec, int pipe_end)
{
	const pid_t parent = getpid();
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	const pid_t pid = fork();
	const int saved = errno;
	if (pid == 0)
		run_child(spec, pipe_end, parent);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

int child_start(const struct child_spec *spec, struct child *ret, struct err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "start %s: make a pipe", spec->argv[0]);
	AUTO_CLOSE report = ends[0];
	AUTO_CLOSE child_end = ends[1];
	const pid_t pid = fork_quietly(spec, child_end);
	if (pid < 0)
		return err_errno(err, errno, "start %s: fork", spec->argv[0]);
	close_fd(&child_end);
	/* Before anything reaps it, so the number cannot have been given to another process. */
	AUTO_CLOSE pidfd = pidfd_open(pid, 0);
	const int failed = errno;
	if (await_exec(spec, report, pid, err) < 0)
		return -1;
	if (pidfd < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return err_errno(err, failed, "start %s: pidfd_open", spec->argv[0]);
	}
	ret->pid = pid;
	ret->pidfd = pidfd;
	pidfd = -1;
	return 0;
}

/* poll() on one descriptor until the deadline (-1: none), over interruptions. */
static int wait_readable(int fd, int64_t deadline)
{
	for (;;) {
		int64_t left = -1;
		if (deadline >= 0) {
			left = deadline - clock_monotonic_ms();
			left = left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : left;
		}
		struct pollfd p = {.fd = fd, .events = POLLIN};
		const int n = poll(&p, 1, (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return n;
		if (deadline >= 0 && clock_monotonic_ms() >= deadline)
			return 0;
	}
}

static int reap(struct child *child, struct child_exit *ret, struct err **err)
{
	siginfo_t info = {0};
	while (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "wait for process %d", (int)child->pid);
	child->pid = -1;
	const bool exited = info.si_code == CLD_EXITED;
	ret->code = exited ? info.si_status : -1;
	ret->signal = exited ? 0 : info.si_status;
	return 0;
}

int child_wait(struct child *child, int64_t wait_ms, struct child_exit *ret, struct err **err)
{
	const int64_t deadline = wait_ms < 0 ? -1 : clock_monotonic_ms() + wait_ms;
	const int n = wait_readable(child->pidfd, deadline);
	if (n < 0)
		return err_errno(err, errno, "wait for process %d", (int)child->pid);
	if (n == 0)
		return err_set(err, ERR_TIMEOUT, "process %d still runs after %lld ms",
			(int)child->pid, (long long)wait_ms);
	return reap(child, ret, err);
}

void child_signal(const struct child *child, int signal)
{
	if (child->pidfd >= 0 && child->pid > 0)
		(void)pidfd_send_signal(child->pidfd, signal, NULL, 0);
}

void child_release(struct child *child)
{
	close_fd(&child->pidfd);
	child->pid = -1;
}

/* One collected stream of child_run(). */
struct stream {
	int fd;
	size_t room; /* bytes that may still be kept */
	struct str *out; /* NULL: dropped */
};

static int make_stream(struct stream *s, int *ret_child_end, struct err **err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(err, errno, "make a pipe");
	/* Only our end is non-blocking: programs do not expect it of theirs. */
	s->fd = ends[0];
	*ret_child_end = ends[1];
	if (fcntl(ends[1], F_SETFL, 0) < 0)
		return err_errno(err, errno, "set up a pipe");
	return 0;
}

/* Reads what is there; beyond the limit it is read and dropped. Closes at the end. */
static void drain(struct stream *s)
{
	char buffer[READ_SIZE];
	while (s->fd >= 0) {
		const ssize_t n = read(s->fd, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&s->fd);
			return;
		}
		if (!s->out)
			continue;
		const size_t taken = (size_t)n < s->room ? (size_t)n : s->room;
		str_addn(s->out, buffer, taken);
		s->room -= taken;
	}
}

/*
 * Collects both streams until the child has ended. What a grandchild still holds open does not
 * keep us: after the end only what is in the pipes already is taken.
 */
static int collect(struct child *child, struct stream streams[2], int64_t timeout_ms,
	bool *ret_timed_out, struct err **err)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;
	*ret_timed_out = false;
	for (bool ended = false; !ended;) {
		struct pollfd p[] = {
			{.fd = child->pidfd, .events = POLLIN},
			{.fd = streams[0].fd, .events = POLLIN},
			{.fd = streams[1].fd, .events = POLLIN},
		};
		int64_t left = deadline < 0 ? -1 : deadline - clock_monotonic_ms();
		if (deadline >= 0 && left <= 0) {
			child_signal(child, *ret_timed_out ? SIGKILL : SIGTERM);
			deadline = *ret_timed_out ? -1 : clock_monotonic_ms() + KILL_AFTER_MS;
			*ret_timed_out = true;
			continue;
		}
		left = left > INT32_MAX ? INT32_MAX : left;
		if (poll(p, ARRAY_LEN(p), (int)left) < 0 && errno != EINTR)
			return err_errno(err, errno, "wait for output");
		ended = p[0].revents != 0;
		drain(&streams[0]);
		drain(&streams[1]);
	}
	return 0;
}

/* Input goes through a file in memory: nobody can block on it, and no SIGPIPE can come. */
static int input_fd(const char *input, struct err **err)
{
	AUTO_CLOSE fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "make a file in memory");
	for (size_t at = 0, len = strlen(input); at < len;) {
		const ssize_t n = write(fd, input + at, len - at);
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "write input");
		at += n > 0 ? (size_t)n : 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, errno, "rewind input");
	const int ret = fd;
	fd = -1;
	return ret;
}

int child_run(const struct child_spec *spec, const char *input, size_t limit, int64_t timeout_ms,
	struct str *out, struct str *errout, struct child_exit *ret, struct err **err)
{
	AUTO_CLOSE in = -1, out_end = -1, err_end = -1, out_fd = -1, err_fd = -1;
	struct stream streams[2] = {{-1, limit, out}, {-1, limit, errout}};
	if (input && (in = input_fd(input, err)) < 0)
		return -1;
	int made = make_stream(&streams[0], &out_end, err);
	out_fd = streams[0].fd;
	if (made == 0)
		made = make_stream(&streams[1], &err_end, err);
	err_fd = streams[1].fd;
	if (made < 0)
		return -1;

	struct child_spec with_pipes = *spec;
	with_pipes.stdin_fd = input ? in : spec->stdin_fd;
	with_pipes.stdout_fd = out_end;
	with_pipes.stderr_fd = err_end;
	CLEANUP(child_release) struct child child = CHILD_NONE;
	if (child_start(&with_pipes, &child, err) < 0)
		return -1;
	close_fd(&out_end);
	close_fd(&err_end);

	bool timed_out = false;
	/* From here on the streams close themselves at their end. */
	const int collected = collect(&child, streams, timeout_ms, &timed_out, err);
	out_fd = streams[0].fd;
	err_fd = streams[1].fd;
	if (collected < 0) {
		child_signal(&child, SIGKILL);
		AUTO_ERR unwanted = NULL;
		(void)!child_wait(&child, -1, ret, &unwanted);
		return -1;
	}
	if (reap(&child, ret, err) < 0)
		return -1;
	if (timed_out)
		return err_set(err, ERR_TIMEOUT, "%s did not end within %lld ms and was stopped",
			spec->argv[0], (long long)timeout_ms);
	return 0;
}

void child_let_signals(void)
{
	sigset_t held;
	fill_held(&held);
	(void)sigprocmask(SIG_UNBLOCK, &held, NULL);
}

int child_watch_signals(int *ret_fd, struct err **err)
{
	sigset_t set;
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_errno(err, errno, "block signals");
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? err_errno(err, errno, "signalfd") : 0;
}

uint64_t process_start_time(pid_t pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read(path, STAT_LIMIT, &text, &err) < 0)
		return 0;
	/* The second field is the program's name in brackets and may hold anything. */
	const char *at = strrchr(text.data, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	int64_t ticks;
	if (!at || !num_parse_i64(at, strcspn(at, " \n"), &ticks) || ticks < 0)
		return 0;
	return (uint64_t)ticks;
}
