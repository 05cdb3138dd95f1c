/*
 * Processes of workers, started before they are needed: one stands by, with its libraries loaded,
 * for as long as the daemon has nothing to start. What comes in a burst is started as it comes.
 */
#include "daemon/daemon_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* After the last order: its worker has the processors to itself first. */
enum { STANDBY_AFTER_MS = 300, PIPE_DEFAULT = 65536 };

static void forget(struct standby *s)
{
	loop_source_cleanup(&s->end);
	close_fd(&s->order_fd);
	child_release(&s->child);
}

/* It holds nothing yet that a kill could harm. */
void standby_drop(struct daemon *d)
{
	struct standby *s = &d->standby;
	struct child_exit how;
	AUTO_ERR err = NULL;
	child_signal(&s->child, SIGKILL);
	if (s->child.pid > 0 && child_wait(&s->child, -1, &how, &err) < 0)
		log_debug("%s", err->message);
	forget(s);
}

void standby_start_later(struct daemon *d)
{
	loop_timer_in(d->standby_timer, STANDBY_AFTER_MS);
}

static void on_end(const struct child_exit *how, void *data)
{
	struct daemon *d = data;
	log_debug("the worker that stood by ended (exit code %d)", how->code);
	forget(&d->standby); /* the next order makes another one */
}

static int start(struct daemon *d, struct standby *s, struct err **err)
{
	int ends[2];
	AUTO_ARENA arena = {0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "make a pipe");
	AUTO_CLOSE theirs = ends[0];
	AUTO_CLOSE ours = ends[1];
	const char *const argv[] = {d->options->executable, WORK_COMMAND, NULL};
	const struct child_spec spec = {
		.argv = argv,
		.envp = work_environment(d->settings->config, &arena),
		.dir = "/",
		.stdin_fd = d->settings->fd,
		.stdout_fd = -1,
		.stderr_fd = STDERR_FILENO,
		.keep_fd = theirs,
		.new_session = true,
		.die_with_parent = true,
		.hold_signals = true,
	};
	if (child_start(&spec, &s->child, err) < 0)
		return -1;
	s->order_fd = ours;
	ours = -1;
	return 0;
}

void standby_start(struct daemon *d)
{
	struct standby *s = &d->standby;
	AUTO_ERR err = NULL;
	if (s->child.pid > 0 || d->stopping)
		return;
	if (start(d, s, &err) == 0 &&
		loop_add_child(d->loop, &s->child, on_end, d, &s->end, &err) == 0)
		return;
	log_debug("no worker stands by: %s", err->message);
	standby_drop(d);
}

/* The whole order or none of it: the pipe is made large enough first. */
static int send_order(int fd, const struct str *order, struct err **err)
{
	if (order->len > PIPE_DEFAULT && fcntl(fd, F_SETPIPE_SZ, (int)order->len) < 0)
		return err_errno(err, errno, "an environment of %zu bytes", order->len);
	if (write(fd, order->data, order->len) != (ssize_t)order->len)
		return err_errno(err, errno, "tell a worker what to do");
	return 0;
}

int standby_order(
	struct daemon *d, const struct work_order *order, struct child *ret, struct err **err)
{
	struct standby *s = &d->standby;
	AUTO_STR text = STR_INIT;
	work_order_write(order, &text);
	standby_start_later(d);
	loop_source_cleanup(&s->end);
	if (s->child.pid <= 0 || send_order(s->order_fd, &text, err) < 0) {
		/* None stands by, or it died a moment ago. */
		err_free(err);
		standby_drop(d);
		if (start(d, s, err) < 0)
			return -1;
		if (send_order(s->order_fd, &text, err) < 0) {
			standby_drop(d);
			return -1;
		}
	}
	close_fd(&s->order_fd);
	*ret = s->child;
	s->child = (struct child)CHILD_NONE;
	return 0;
}
