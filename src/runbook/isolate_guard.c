/*
 * The guard and the program, from the clone to the exec. The order of the steps matters: what
 * needs privileges first, then the user, then what a process can only do to itself and never
 * takes back. A step that fails is reported by name through a pipe that the exec closes.
 *
 * The guard survives the set-up. It cannot be signalled from inside its namespace, cannot be
 * traced (not dumpable), and holds the run's lock until the last process is gone.
 */
#include "runbook/isolate_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	REPORT_FD = 3, /* in the program, until the exec */
	STATUS_FD = 3, /* in the guard */
	LOCK_FD = 4,
	FIRST_FREE_FD = 10,
	LAST_SIGNAL = 64,
	SWEEP_MS = 10000,
	SWEEP_PAUSE_MS = 2,
	FAILED = 126,
	CHILDREN_SIZE = 1 << 16,
};

int setup_failed(struct setup_failure *f, unsigned measure, const char *what)
{
	*f = (struct setup_failure){.measure = measure, .os_errno = errno};
	(void)str_copy(f->what, sizeof f->what, what);
	return -1;
}

static _Noreturn void report_and_exit(int fd, const struct setup_failure *f)
{
	const ssize_t sent = write(fd, f, sizeof *f);
	_exit(sent == (ssize_t)sizeof *f ? FAILED : FAILED + 1);
}

static int drop_user(const struct attempt *a, struct setup_failure *f)
{
	const uid_t uid = a->uid;
	if (setgroups(0, NULL) < 0)
		return setup_failed(f, ISO_USER, "setgroups");
	if (setresgid(uid, uid, uid) < 0)
		return setup_failed(f, ISO_USER, "setresgid");
	if (setresuid(uid, uid, uid) < 0)
		return setup_failed(f, ISO_USER, "setresuid");
	/* There must be no way back. */
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) {
		errno = EPERM;
		return setup_failed(f, 0, "the user could be changed back");
	}
	return 0;
}

/* Dies with the supervisor, also when that died a moment ago. */
static int die_with_parent(const struct attempt *a, struct setup_failure *f)
{
	/* In a namespace the kernel then kills everybody; elsewhere the guard has to do it. */
	const int signal = a->measures & ISO_PID ? SIGKILL : SIGHUP;
	if (prctl(PR_SET_PDEATHSIG, signal) < 0)
		return setup_failed(f, 0, "PR_SET_PDEATHSIG");
	struct pollfd p = {.fd = a->status_fd};
	if (poll(&p, 1, 0) > 0 && p.revents & POLLERR)
		_exit(FAILED);
	return 0;
}

static int set_up_guard(const struct attempt *a, struct setup_failure *f)
{
	static const char host[] = "run";
	(void)umask(022);
	if (a->measures & ISO_USER && !a->drop_user && user_map_self(a->uid, getegid(), f) < 0)
		return -1;
	if (a->measures & ISO_MOUNT && mounts_set_up(a, f) < 0)
		return -1;
	if (a->measures & ISO_UTS && sethostname(host, strlen(host)) < 0)
		return setup_failed(f, ISO_UTS, "sethostname");
	/* Without a loopback it is no less shut in. */
	if (a->measures & ISO_NETNS && network_set_up() < 0)
		errno = 0;
	if (chdir(a->spec->work) < 0)
		return setup_failed(f, 0, "enter the run's folder");
	if (a->drop_user && drop_user(a, f) < 0)
		return -1;
	/* After the change of user, which resets both. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return setup_failed(f, 0, "prctl");
	return die_with_parent(a, f);
}

static int place_fds(const struct attempt *a)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int wanted[] = {null, a->spec->out_fd, a->spec->err_fd, a->setup_fd};
	int high[ARRAY_LEN(wanted)];
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		high[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < REPORT_FD; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	if (dup3(high[REPORT_FD], REPORT_FD, O_CLOEXEC) < 0)
		return -1;
	return close_range(REPORT_FD + 1, ~0U, 0);
}

static void reset_signals(void)
{
	/* Those that cannot be changed refuse, which is fine. */
	for (int s = 1; s <= LAST_SIGNAL; s++)
		(void)signal(s, SIG_DFL);
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_up_program(const struct attempt *a, struct setup_failure *f)
{
	if (setsid() < 0)
		return setup_failed(f, 0, "setsid");
	if (place_fds(a) < 0)
		return setup_failed(f, 0, "place descriptors");
	(void)umask(077);
	if (a->measures & ISO_LIMITS && limits_apply(a, f) < 0)
		return -1;
	reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return setup_failed(f, 0, "PR_SET_PDEATHSIG");
	if (a->measures & ISO_NO_NEW_PRIVS && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return setup_failed(f, ISO_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS");
	if (a->measures & ISO_LANDLOCK && landlock_apply(a, f) < 0)
		return -1;
	if (a->measures & (ISO_SECCOMP | ISO_NETFILTER) && seccomp_apply(a, f) < 0)
		return -1;
	return 0;
}

static _Noreturn void program_main(const struct attempt *a)
{
	struct setup_failure f;
	/* Until the descriptors are placed the pipe has its old number. */
	if (set_up_program(a, &f) < 0)
		report_and_exit(fcntl(REPORT_FD, F_GETFD) < 0 ? a->setup_fd : REPORT_FD, &f);
	(void)execve(a->spec->argv[0], (char *const *)a->spec->argv, (char *const *)a->spec->envp);
	(void)setup_failed(&f, 0, "execute the interpreter");
	report_and_exit(REPORT_FD, &f);
}

/* Keeps what a guard needs and nothing that the program's readers wait for. */
static void keep_own_fds(const struct attempt *a)
{
	const int status = fcntl(a->status_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	const int lock =
		a->spec->lock_fd < 0 ? -1 : fcntl(a->spec->lock_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < STATUS_FD; i++)
		(void)dup2(null, i);
	(void)dup3(status, STATUS_FD, O_CLOEXEC);
	if (lock >= 0)
		(void)dup3(lock, LOCK_FD, O_CLOEXEC);
	(void)close_range(lock >= 0 ? LOCK_FD + 1 : LOCK_FD, ~0U, 0);
}

/* Signals all direct children by the kernel's own list of them, but for one process group. */
static void signal_children(int signal, pid_t but_group)
{
	static const char path[] = "/proc/thread-self/children";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	char text[CHILDREN_SIZE];
	const ssize_t n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[n < 0 ? 0 : n] = '\0';
	for (const char *at = text; *at;) {
		const size_t len = strcspn(at, " ");
		int64_t pid;
		if (num_parse_i64(at, len, &pid) && pid > 1 && getpgid((pid_t)pid) != but_group)
			(void)kill((pid_t)pid, signal);
		at += len;
		at += *at == ' ';
	}
}

bool sweep_children(bool everybody, int64_t deadline)
{
	for (;;) {
		/* One call that reaches all, where nobody else has this user or namespace. */
		if (everybody)
			(void)kill(-1, SIGKILL);
		signal_children(SIGKILL, -1);
		pid_t pid;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		if (clock_monotonic_ms() > deadline)
			return false;
		(void)poll(NULL, 0, SWEEP_PAUSE_MS);
	}
}

/* Waits for the program and does what the supervisor asks meanwhile; its wait status. */
static int await_program(const struct attempt *a, pid_t program)
{
	sigset_t wanted;
	(void)sigemptyset(&wanted);
	(void)sigaddset(&wanted, SIGCHLD);
	(void)sigaddset(&wanted, SIGTERM);
	(void)sigaddset(&wanted, SIGHUP);
	for (;;) {
		int status;
		pid_t pid;
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == program)
				return status;
		const int signal = sigwaitinfo(&wanted, NULL);
		if (signal == SIGHUP)
			return SIGKILL; /* as a wait status: killed by it */
		if (signal != SIGTERM)
			continue;
		if (a->measures & ISO_PID) {
			(void)kill(-1, SIGTERM);
		} else {
			(void)kill(-program, SIGTERM);
			signal_children(SIGTERM, program);
		}
	}
}

_Noreturn void guard_main(struct attempt *a)
{
	struct setup_failure f;
	if (set_up_guard(a, &f) < 0)
		report_and_exit(a->setup_fd, &f);
	const pid_t program = _Fork();
	if (program < 0) {
		(void)setup_failed(&f, 0, "fork");
		report_and_exit(a->setup_fd, &f);
	}
	if (program == 0)
		program_main(a);
	keep_own_fds(a);
	const int status = await_program(a, program);
	(void)kill(-program, SIGKILL);
	const bool everybody = a->measures & ISO_PID || (a->drop_user && a->own_uid);
	(void)sweep_children(everybody, clock_monotonic_ms() + SWEEP_MS);
	const ssize_t sent = write(STATUS_FD, &status, sizeof status);
	_exit(sent == (ssize_t)sizeof status ? 0 : 1);
}
