/*
 * fork() without exec: the child starts with everything the parent has in memory, so nothing has
 * to be handed over; the process has no threads, so that is safe. Messages are canonical JSON, one
 * a line, over a pipe.
 */
#include "reconcile/tasks.h"

#include "base/diag.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A plan of thousands of resources is a few megabytes; more is a fault. */
enum { MESSAGE_MAX = 64 * 1024 * 1024 };

const char TASK_NOT_BEGUN[] = "stopped on request before it began";

struct running {
	struct task task;
	pid_t pid;
	int fd; /* read end; -1 after the end of its messages */
	struct str pending;
	int interrupts; /* how many it knows of: had when it was forked, or was sent */
	bool unreadable; /* a message of it was too large or no JSON */
};

struct tasks {
	size_t parallel;
	struct task *queue;
	size_t first, count, cap;
	struct running *running;
	size_t running_count;
};

bool task_send(const struct task_port *port, const struct node *message)
{
	AUTO_STR line = STR_INIT;
	emit_canonical(message, &line);
	str_addc(&line, '\n');
	for (size_t at = 0; at < line.len;) {
		const ssize_t n = write(port->fd, line.data + at, line.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

struct tasks *tasks_new(size_t parallel)
{
	struct tasks *t = xcalloc(1, sizeof *t);
	t->parallel = parallel ? parallel : 1;
	t->running = xcalloc(t->parallel, sizeof *t->running);
	return t;
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	for (size_t i = 0; i < tasks->running_count; i++) {
		struct running *r = &tasks->running[i];
		(void)kill(r->pid, SIGKILL);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
		close_fd(&r->fd);
		str_release(&r->pending);
	}
	free(tasks->running);
	free(tasks->queue);
	free(tasks);
}

void tasks_add(struct tasks *tasks, const struct task *task)
{
	tasks->queue = grow_array(tasks->queue, tasks->count, &tasks->cap, sizeof tasks->queue[0]);
	tasks->queue[tasks->count++] = *task;
}

static _Noreturn void run_child(const struct task *task, int fd, pid_t parent)
{
	/* Out of the terminal's reach: an interrupt comes from us, once. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before we asked to be told */
		_exit(126);
	(void)signal(SIGPIPE, SIG_IGN);
	const struct task_port port = {fd};
	const int code = task->run(task->data, &port);
	_exit(code);
}

/*
 * Forks with the count of interrupts standing still, so that we know how many the child was born
 * with: it must not be sent those again.
 */
static pid_t fork_at(const volatile sig_atomic_t *interrupts, int *ret_count)
{
	sigset_t block, old;
	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGINT);
	(void)sigaddset(&block, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	*ret_count = interrupts ? (int)*interrupts : 0;
	const pid_t pid = fork();
	const int failed = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	errno = failed;
	return pid;
}

static int start_next(
	struct tasks *tasks, const volatile sig_atomic_t *interrupts, struct err **err)
{
	const struct task task = tasks->queue[tasks->first];
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "make a pipe");
	const pid_t parent = getpid();
	int known = 0;
	const pid_t pid = fork_at(interrupts, &known);
	if (pid < 0) {
		const int failed = errno;
		(void)close(fds[0]);
		(void)close(fds[1]);
		return err_errno(err, failed, "start a process");
	}
	if (pid == 0) {
		(void)close(fds[0]);
		run_child(&task, fds[1], parent);
	}
	(void)close(fds[1]);
	tasks->first++;
	tasks->running[tasks->running_count++] = (struct running){
		.task = task, .pid = pid, .fd = fds[0], .pending = STR_INIT, .interrupts = known};
	return 0;
}

static void deliver(struct running *r, const char *line, size_t len)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct src src = {"message", arena_memdup(&arena, line, len), len};
	const struct node *message = json_parse(&arena, &src, &diags);
	if (message)
		r->task.on_message(r->task.data, message);
	else
		r->unreadable = true;
}

/* Reads what is there. False at the end of the messages. */
static bool read_messages(struct running *r)
{
	str_reserve(&r->pending, 65536);
	const ssize_t n = read(r->fd, r->pending.data + r->pending.len, 65536);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	size_t searched = r->pending.len;
	r->pending.len += (size_t)n;
	size_t from = 0;
	for (;;) {
		const char *nl =
			memchr(r->pending.data + searched, '\n', r->pending.len - searched);
		if (!nl)
			break;
		const size_t end = (size_t)(nl - r->pending.data);
		deliver(r, r->pending.data + from, end - from);
		from = searched = end + 1;
	}
	memmove(r->pending.data, r->pending.data + from, r->pending.len - from);
	r->pending.len -= from;
	r->unreadable = r->unreadable || r->pending.len > MESSAGE_MAX;
	return r->pending.len <= MESSAGE_MAX;
}

static void finish(struct tasks *tasks, size_t i)
{
	struct running r = tasks->running[i];
	tasks->running[i] = tasks->running[--tasks->running_count];
	close_fd(&r.fd);
	str_release(&r.pending);
	int status = 0;
	while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR)
		;
	AUTO_FREE char *failure = NULL;
	if (WIFSIGNALED(status))
		failure = xasprintf("its process was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		failure = xasprintf("its process ended with code %d", WEXITSTATUS(status));
	else if (r.unreadable)
		failure = xstrdup("what it said is too large to be read");
	r.task.on_end(r.task.data, failure);
}

static void pass_on_interrupts(struct tasks *tasks, int count)
{
	for (size_t i = 0; i < tasks->running_count; i++) {
		struct running *r = &tasks->running[i];
		/* One at a time: two at once would arrive as one. The next turn sends the next. */
		if (r->interrupts < count) {
			r->interrupts++;
			(void)kill(r->pid, SIGINT);
		}
	}
}

/* After an interrupt nothing new begins. */
static void drop_queued(struct tasks *tasks)
{
	while (tasks->first < tasks->count) {
		const struct task task = tasks->queue[tasks->first++];
		task.on_end(task.data, TASK_NOT_BEGUN);
	}
}

/* Waits until a child says something or ends, or a second has gone, and hears them. */
static int listen_once(struct tasks *tasks, struct pollfd *fds,
	const volatile sig_atomic_t *interrupts, struct err **err)
{
	for (size_t i = 0; i < tasks->running_count; i++)
		fds[i] = (struct pollfd){.fd = tasks->running[i].fd, .events = POLLIN};
	/* The limit only matters for an interrupt that comes just before poll(). */
	const int n = poll(fds, tasks->running_count, 1000);
	if (n < 0 && errno != EINTR)
		return err_errno(err, errno, "wait for tasks");
	if (interrupts && *interrupts)
		pass_on_interrupts(tasks, *interrupts);
	for (size_t i = n > 0 ? tasks->running_count : 0; i-- > 0;)
		if (fds[i].revents && !read_messages(&tasks->running[i]))
			finish(tasks, i);
	return 0;
}

int tasks_run(struct tasks *tasks, const volatile sig_atomic_t *interrupts, struct err **err)
{
	AUTO_FREE struct pollfd *fds = xcalloc(tasks->parallel, sizeof *fds);
	for (;;) {
		if (interrupts && *interrupts)
			drop_queued(tasks);
		while (tasks->running_count < tasks->parallel && tasks->first < tasks->count)
			if (start_next(tasks, interrupts, err) < 0)
				return -1;
		if (!tasks->running_count)
			return 0;
		if (listen_once(tasks, fds, interrupts, err) < 0)
			return -1;
	}
}
