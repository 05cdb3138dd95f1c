/*
 * The start of a shut-in program: decide what to try, try it, leave out what the machine refuses
 * and try again. Every attempt is a whole new guard, because most measures cannot be taken back;
 * each one less leaves a smaller set, so this ends.
 */
#include "runbook/isolate_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SWEEP_MS = 5000 };

static const struct {
	unsigned bit;
	const char *name;
} measures[] = {
	{ISO_LIMITS, "limits"},
	{ISO_PROCESSES, "process-limit"},
	{ISO_NO_NEW_PRIVS, "no-new-privileges"},
	{ISO_USER, "own-user"},
	{ISO_LANDLOCK, "landlock"},
	{ISO_SECCOMP, "seccomp"},
	{ISO_PID, "pid-namespace"},
	{ISO_MOUNT, "mount-namespace"},
	{ISO_PROC, "own-proc"},
	{ISO_IPC, "ipc-namespace"},
	{ISO_UTS, "uts-namespace"},
	{ISO_NETNS, "network-namespace"},
	{ISO_NETFILTER, "network-filter"},
	{ISO_CGROUP, "cgroup"},
};

#define RESTRICTED_NEEDS (ISO_LIMITS | ISO_NO_NEW_PRIVS | ISO_LANDLOCK | ISO_SECCOMP)
#define FULL_NEEDS                                                                                 \
	(RESTRICTED_NEEDS | ISO_USER | ISO_PID | ISO_MOUNT | ISO_PROC | ISO_IPC | ISO_UTS)

const char *isolate_measure_name(unsigned measure)
{
	for (size_t i = 0; i < ARRAY_LEN(measures); i++)
		if (measures[i].bit == measure)
			return measures[i].name;
	return NULL;
}

void isolate_measures_text(unsigned set, struct str *out)
{
	const char *between = "";
	for (size_t i = 0; i < ARRAY_LEN(measures); i++) {
		if (!(set & measures[i].bit))
			continue;
		str_addf(out, "%s%s", between, measures[i].name);
		between = ", ";
	}
}

const char *isolation_level_name(enum isolation_level level)
{
	static const char *const names[] = {"none", "basic", "restricted", "full"};
	return names[level];
}

static const char *const wanted_names[] = {
	[ISOLATION_BEST_EFFORT] = "best_effort",
	[ISOLATION_REQUIRED] = "required",
	[ISOLATION_NONE] = "none",
};

const char *isolation_name(enum isolation wanted)
{
	return wanted_names[wanted];
}

bool isolation_parse(const char *name, enum isolation *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted_names); i++)
		if (str_eq(name, wanted_names[i])) {
			*ret = (enum isolation)i;
			return true;
		}
	return false;
}

/* Leaves out what has lost its ground, and puts the network filter where the namespace is not. */
static unsigned settle(const struct isolate_spec *spec, unsigned set)
{
	const bool root = geteuid() == 0;
	if (!root && !(set & ISO_USER))
		set &= ~(unsigned)ISO_NAMESPACES;
	if (!root && !(set & ISO_NAMESPACES))
		set &= ~(unsigned)ISO_USER;
	if (!(set & ISO_PID) || !(set & ISO_MOUNT))
		set &= ~(unsigned)ISO_PROC;
	/* Root is not counted. */
	if (root && !(set & ISO_USER))
		set &= ~(unsigned)ISO_PROCESSES;
	if (spec->network_none && !(set & ISO_NETNS))
		set |= ISO_NETFILTER | ISO_NO_NEW_PRIVS;
	if (!(set & ISO_NO_NEW_PRIVS))
		set &= ~(unsigned)(ISO_LANDLOCK | ISO_SECCOMP);
	return set;
}

static unsigned first_choice(const struct isolate_spec *spec)
{
	unsigned set = ISO_LIMITS | ISO_CGROUP;
	if (spec->limits.processes)
		set |= ISO_PROCESSES;
	if (spec->wanted != ISOLATION_NONE) {
		set |= FULL_NEEDS;
		if (spec->network_none)
			set |= ISO_NETNS;
	}
	return settle(spec, set & ~spec->without);
}

static enum isolation_level level_of(const struct isolate_spec *spec, unsigned set)
{
	const unsigned restricted = RESTRICTED_NEEDS | (geteuid() == 0 ? ISO_USER : 0U);
	if (spec->wanted == ISOLATION_NONE)
		return LEVEL_NONE;
	if ((set & FULL_NEEDS) == FULL_NEEDS)
		return LEVEL_FULL;
	return (set & restricted) == restricted ? LEVEL_RESTRICTED : LEVEL_BASIC;
}

static uint64_t clone_flags(const struct attempt *a)
{
	static const struct {
		unsigned bit;
		uint64_t flag;
	} table[] = {
		{ISO_PID, CLONE_NEWPID},
		{ISO_MOUNT, CLONE_NEWNS},
		{ISO_IPC, CLONE_NEWIPC},
		{ISO_UTS, CLONE_NEWUTS},
		{ISO_NETNS, CLONE_NEWNET},
	};
	uint64_t flags = CLONE_PIDFD;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (a->measures & table[i].bit)
			flags |= table[i].flag;
	if (a->measures & ISO_USER && !a->drop_user)
		flags |= CLONE_NEWUSER;
	if (a->cgroup_fd >= 0)
		flags |= CLONE_INTO_CGROUP;
	return flags;
}

/* The guard starts with all signals blocked; it never unblocks them for itself. */
static pid_t clone_guard(struct attempt *a, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = clone_flags(a),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	if (a->cgroup_fd >= 0)
		args.cgroup = (unsigned)a->cgroup_fd;
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	const pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	const int saved = errno;
	if (pid == 0)
		guard_main(a);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

/* What a refused clone costs: the cgroup first, then all namespaces. */
static void blame_clone(const struct attempt *a, struct setup_failure *f)
{
	unsigned measure = a->measures & ISO_NAMESPACES;
	if (measure && !a->drop_user)
		measure |= a->measures & ISO_USER;
	if (a->cgroup_fd >= 0)
		measure = ISO_CGROUP;
	(void)setup_failed(f, measure, "start a process");
}

static ssize_t read_all(int fd, void *data, size_t len)
{
	ssize_t n;
	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* One attempt: 0 with the guard in *ret, -1 with the failed step. */
static int try_once(struct attempt *a, struct isolated *ret, struct setup_failure *f)
{
	int setup[2], status[2];
	if (pipe2(setup, O_CLOEXEC) < 0)
		return setup_failed(f, 0, "make a pipe");
	AUTO_CLOSE setup_end = setup[0];
	AUTO_CLOSE setup_theirs = setup[1];
	if (pipe2(status, O_CLOEXEC) < 0)
		return setup_failed(f, 0, "make a pipe");
	AUTO_CLOSE status_end = status[0];
	AUTO_CLOSE status_theirs = status[1];
	a->setup_fd = setup_theirs;
	a->status_fd = status_theirs;
	AUTO_CLOSE pidfd = -1;
	const pid_t pid = clone_guard(a, &pidfd);
	if (pid < 0) {
		blame_clone(a, f);
		return -1;
	}
	close_fd(&setup_theirs);
	close_fd(&status_theirs);
	const ssize_t n = read_all(setup_end, f, sizeof *f);
	if (n != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		errno = EIO;
		return n == (ssize_t)sizeof *f ? -1 : setup_failed(f, 0, "hear from the guard");
	}
	ret->guard = (struct child){pid, pidfd};
	ret->status_fd = status_end;
	pidfd = status_end = -1;
	return 0;
}

/* Decides what becomes of a failed attempt: the next set, or an error. */
static int leave_out(const struct isolate_spec *spec, const struct setup_failure *f,
	struct attempt *a, struct str *missing, struct err **err)
{
	AUTO_STR names = STR_INIT;
	isolate_measures_text(f->measure, &names);
	if (!f->measure)
		return err_errno(err, f->os_errno, "start %s: %s", spec->argv[0], f->what);
	if (f->measure & ISO_NETFILTER)
		return err_set(err, ERR_DENIED,
			"network: none cannot be kept on this machine (%s: %s); run it where user "
			"namespaces or seccomp are allowed, or allow it the network",
			f->what, strerror(f->os_errno));
	if (spec->wanted == ISOLATION_REQUIRED && f->measure & FULL_NEEDS)
		return err_set(err, ERR_DENIED,
			"isolation: required, but this machine refuses %s (%s: %s); allow it, or "
			"set isolation: best_effort",
			names.data, f->what, strerror(f->os_errno));
	if (f->measure & (FULL_NEEDS | ISO_PROCESSES))
		str_addf(missing, "%s%s (%s: %s)", missing->len ? "; " : "", names.data, f->what,
			strerror(f->os_errno));
	a->measures = settle(spec, a->measures & ~f->measure);
	return 0;
}

/* A namespace with a root and nobody else: what is root there is nobody much outside. */
static int do_without_user(struct attempt *a, const char *why, struct err **err)
{
	if (a->spec->wanted == ISOLATION_REQUIRED)
		return err_set(err, ERR_DENIED,
			"isolation: required, but there is no user for the script: %s; allow "
			"one, or set isolation: best_effort",
			why);
	a->drop_user = false;
	a->uid = geteuid();
	a->measures = settle(a->spec, a->measures & ~(unsigned)ISO_USER);
	return 0;
}

/* Root's user for the run, with nobody as the second choice. */
static int choose_user(
	struct attempt *a, struct isolated *run, struct str *missing, struct err **err)
{
	a->uid = geteuid();
	a->drop_user = a->uid == 0 && a->measures & ISO_USER;
	if (!a->drop_user)
		return 0;
	AUTO_ERR none = NULL;
	a->own_uid = user_take(a->spec, &a->uid, &run->uid_lock, &none) == 0;
	if (a->own_uid)
		return user_give_tree(a->spec->work, a->uid, err);
	AUTO_STR why = STR_INIT;
	err_format(none, &why);
	str_addf(missing, "a user of its own (%s)", why.data);
	if (!user_exists(UID_NOBODY))
		return do_without_user(a, why.data, err);
	a->uid = UID_NOBODY;
	return user_give_tree(a->spec->work, a->uid, err);
}

static int check_demands(const struct isolate_spec *spec, unsigned set, struct err **err)
{
	AUTO_STR names = STR_INIT;
	isolate_measures_text(FULL_NEEDS & ~set, &names);
	if (spec->wanted == ISOLATION_REQUIRED && names.len)
		return err_set(
			err, ERR_DENIED, "isolation: required, but %s is switched off", names.data);
	if (spec->network_none && spec->without & ISO_NETFILTER && !(set & ISO_NETNS))
		return err_set(err, ERR_DENIED, "network: none cannot be kept: it is switched off");
	return 0;
}

static void make_cgroup(struct attempt *a, struct isolated *run)
{
	if (a->measures & ISO_CGROUP &&
		cgroup_make(&a->spec->limits, &run->cgroup, &a->memory_by_cgroup) == 0)
		a->cgroup_fd = open(run->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->cgroup_fd < 0)
		a->measures &= ~(unsigned)ISO_CGROUP;
}

static void drop_cgroup(struct attempt *a, struct isolated *run)
{
	close_fd(&a->cgroup_fd);
	a->memory_by_cgroup = false;
	if (run->cgroup)
		cgroup_remove(run->cgroup);
	free_ptr(&run->cgroup);
}

static int attempt_all(
	struct attempt *a, struct isolated *ret, struct str *missing, struct err **err)
{
	if (choose_user(a, ret, missing, err) < 0)
		return -1;
	make_cgroup(a, ret);
	struct setup_failure f;
	while (try_once(a, ret, &f) < 0) {
		if (leave_out(a->spec, &f, a, missing, err) < 0)
			return -1;
		if (!(a->measures & ISO_CGROUP))
			drop_cgroup(a, ret);
		a->drop_user = a->drop_user && a->measures & ISO_USER;
		if (!a->drop_user)
			a->own_uid = false;
	}
	return 0;
}

int isolate_start(const struct isolate_spec *spec, struct isolated *ret, struct err **err)
{
	AUTO_STR missing = STR_INIT;
	struct attempt a = {.spec = spec, .measures = first_choice(spec), .cgroup_fd = -1};
	if (check_demands(spec, a.measures, err) < 0)
		return -1;
	const int failed = attempt_all(&a, ret, &missing, err);
	close_fd(&a.cgroup_fd);
	if (failed) {
		isolate_release(ret);
		return -1;
	}
	ret->measures = a.measures;
	ret->level = level_of(spec, a.measures);
	ret->missing = missing.len ? str_detach(&missing) : NULL;
	return 0;
}

void isolate_ask_to_stop(const struct isolated *run)
{
	child_signal(&run->guard, SIGTERM);
}

void isolate_kill(const struct isolated *run)
{
	if (run->cgroup)
		cgroup_kill(run->cgroup);
	/* The first process of a namespace takes all with it; a subreaper has to be asked. */
	child_signal(&run->guard, run->measures & ISO_PID ? SIGKILL : SIGHUP);
}

int isolate_wait(struct isolated *run, int64_t wait_ms, struct child_exit *ret, struct err **err)
{
	struct child_exit guard;
	if (child_wait(&run->guard, wait_ms, &guard, err) < 0)
		return -1;
	int status;
	*ret = (struct child_exit){-1, SIGKILL};
	if (read_all(run->status_fd, &status, sizeof status) == (ssize_t)sizeof status) {
		if (WIFEXITED(status))
			*ret = (struct child_exit){WEXITSTATUS(status), 0};
		else
			ret->signal = WTERMSIG(status);
	} else if (!(run->measures & ISO_PID)) {
		/* The guard was killed and left its charges to us, their next subreaper. */
		(void)sweep_children(false, clock_monotonic_ms() + SWEEP_MS);
	}
	return 0;
}

void isolate_release(struct isolated *run)
{
	if (run->guard.pid > 0) {
		isolate_kill(run);
		AUTO_ERR late = NULL;
		struct child_exit unused;
		if (isolate_wait(run, SWEEP_MS, &unused, &late) < 0)
			child_signal(&run->guard, SIGKILL);
	}
	child_release(&run->guard);
	close_fd(&run->status_fd);
	if (run->cgroup) {
		cgroup_kill(run->cgroup);
		cgroup_remove(run->cgroup);
	}
	free_ptr(&run->cgroup);
	free_ptr(&run->missing);
	lock_release(&run->uid_lock);
}

static int probe_in(const char *work, struct isolated *run, struct err **err)
{
	static const char *const argv[] = {"/bin/sh", "-c", ":", NULL};
	static const char *const envp[] = {NULL};
	AUTO_CLOSE null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct isolate_spec spec = {
		.argv = argv,
		.envp = envp,
		.work = work,
		.out_fd = null,
		.err_fd = null,
		.lock_fd = -1,
	};
	struct child_exit exit;
	if (isolate_start(&spec, run, err) < 0 || isolate_wait(run, SWEEP_MS, &exit, err) < 0)
		return -1;
	if (exit.code != 0)
		return err_set(err, ERR_INTERNAL, "a shut-in program ended with %d, signal %d",
			exit.code, exit.signal);
	return 0;
}

int isolate_probe(enum isolation_level *ret_level, char **ret_missing, struct err **err)
{
	char work[] = "/tmp/trueup-probe-XXXXXX";
	CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
	if (!mkdtemp(work))
		return err_errno(err, errno, "make a folder in /tmp");
	const int failed = probe_in(work, &run, err);
	(void)rmdir(work);
	if (failed)
		return -1;
	*ret_level = run.level;
	*ret_missing = steal_ptr(run.missing);
	return 0;
}
