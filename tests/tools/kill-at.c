/*
 * kill-at [-a [-m]] [-c FILE] N PROGRAM [ARGUMENT...]
 *
 * Runs a program and kills it (SIGKILL) just before its N-th system call that changes something
 * outside of it: a write, a rename, a lock, a new process. What a process has not said to the
 * kernel has not happened, so these are all the instants at which its death can make a difference.
 * N = 0 kills nothing. With -a the calls of its children that still run the same executable count
 * too, and the one that makes the N-th dies; with -m the program itself dies then, whichever of
 * them makes it. -c writes how many there were to FILE.
 *
 * Exit code: that of the program; 128 + signal if a signal ended it; 125: cannot trace here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_CANNOT = 125, EXIT_USAGE = 64 };

struct tracer {
	pid_t main;
	bool all, main_dies;
	unsigned long kill_at, count;
	struct stat program; /* what counts as the same executable */
	int end; /* wait status of main */
	bool ended;
};

static bool changes_something(uint64_t nr)
{
	static const long list[] = {
		SYS_write,
		SYS_pwrite64,
		SYS_writev,
		SYS_pwritev,
		SYS_sendto,
		SYS_sendmsg,
		SYS_sendfile,
		SYS_copy_file_range,
		SYS_openat,
		SYS_openat2,
		SYS_mknodat,
		SYS_mkdirat,
		SYS_linkat,
		SYS_symlinkat,
		SYS_renameat,
		SYS_renameat2,
		SYS_unlinkat,
		SYS_ftruncate,
		SYS_fallocate,
		SYS_fchmod,
		SYS_fsync,
		SYS_fdatasync,
		SYS_fcntl,
		SYS_flock,
		SYS_clone,
		SYS_clone3,
		SYS_execve,
		SYS_kill,
		SYS_pidfd_send_signal,
		SYS_setsid,
		SYS_exit_group,
#ifdef SYS_open
		SYS_open,
		SYS_mknod,
		SYS_mkdir,
		SYS_rmdir,
		SYS_link,
		SYS_symlink,
		SYS_rename,
		SYS_unlink,
		SYS_chmod,
		SYS_fork,
		SYS_vfork,
#endif
	};
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		if ((uint64_t)list[i] == nr)
			return true;
	return false;
}

static long trace_options(const struct tracer *t)
{
	const long all = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	return PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | (t->all ? all : 0);
}

static bool runs_program(const struct tracer *t, pid_t pid)
{
	char path[64];
	struct stat st;
	(void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat(path, &st) == 0 && st.st_dev == t->program.st_dev &&
	       st.st_ino == t->program.st_ino;
}

static void on_syscall(struct tracer *t, pid_t pid)
{
	struct __ptrace_syscall_info info;
	const long got = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
	if (got <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY || !changes_something(info.entry.nr))
		return;
	t->count++;
	if (t->count == t->kill_at)
		(void)kill(t->main_dies ? t->main : pid, SIGKILL);
}

/* A traced process has stopped: what to do with it, and go on. */
static void on_stop(struct tracer *t, pid_t pid, int status)
{
	const int sig = WSTOPSIG(status);
	const int event = status >> 16;
	long pass = 0;
	if (event == PTRACE_EVENT_EXEC && !runs_program(t, pid)) {
		(void)ptrace(PTRACE_DETACH, pid, NULL, 0L);
		return;
	} else if (sig == (SIGTRAP | 0x80))
		on_syscall(t, pid);
	else if (!event && sig != SIGTRAP)
		pass = sig;
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, pass);
}

/* Until the program itself ends; its children go on without us then. */
static void trace(struct tracer *t)
{
	while (!t->ended) {
		int status;
		const pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (WIFSTOPPED(status)) {
			on_stop(t, pid, status);
		} else if (pid == t->main) {
			t->end = status;
			t->ended = true;
		}
	}
}

static _Noreturn void cannot(const char *what)
{
	perror(what);
	exit(EXIT_CANNOT);
}

/*
 * Seized and not attached: a process that is new when we end would else be left with the SIGSTOP
 * that attaching sends, and stand still for ever.
 */
static void start(struct tracer *t, char **argv)
{
	int go[2];
	char byte = 0;
	if (pipe2(go, O_CLOEXEC) < 0 || (t->main = fork()) < 0)
		cannot("kill-at: fork");
	if (t->main == 0) {
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(EXIT_CANNOT);
		(void)execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, t->main, NULL, trace_options(t)) < 0 ||
		ptrace(PTRACE_INTERRUPT, t->main, NULL, NULL) < 0 || write(go[1], &byte, 1) != 1)
		cannot("kill-at: trace");
	(void)close(go[0]);
	(void)close(go[1]);
}

static void write_count(const struct tracer *t, const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;
	if (!f)
		return;
	(void)fprintf(f, "%lu\n", t->count);
	(void)fclose(f);
}

int main(int argc, char **argv)
{
	struct tracer t = {0};
	const char *count_file = NULL;
	int opt;
	while ((opt = getopt(argc, argv, "+amc:")) != -1) {
		if (opt == 'a')
			t.all = true;
		else if (opt == 'm')
			t.main_dies = true;
		else if (opt == 'c')
			count_file = optarg;
		else
			return EXIT_USAGE;
	}
	char *end = NULL;
	if (argc - optind < 2 || (t.kill_at = strtoul(argv[optind], &end, 10), *end)) {
		(void)fputs("usage: kill-at [-a [-m]] [-c FILE] N PROGRAM [ARGUMENT...]\n", stderr);
		return EXIT_USAGE;
	}
	if (stat(argv[optind + 1], &t.program) < 0) {
		perror(argv[optind + 1]);
		return EXIT_USAGE;
	}
	start(&t, argv + optind + 1);
	trace(&t);
	write_count(&t, count_file);
	if (WIFSIGNALED(t.end))
		return 128 + WTERMSIG(t.end);
	return WEXITSTATUS(t.end);
}
