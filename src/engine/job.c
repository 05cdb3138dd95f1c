/*
 * The front's side of a job: start it, follow what it prints, find out what became of it.
 *
 * Following is done by asking ten times a second. A terraform run takes seconds, the end of our
 * own job wakes us at once by its pidfd, and asking cannot miss anything.
 */
#include "engine/job_internal.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_EVERY_MS = 100, CHUNK = 1 << 18 };

/* With the lock held: whatever an earlier job left in the folder has ended. */
static int clear_folder(const char *dir, struct err **err)
{
	static const char *const names[] = {
		JOB_FILE_RESULT, JOB_FILE_STARTED, JOB_FILE_OUTPUT, JOB_FILE_CONTROL};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = path_join(dir, names[i]);
		if (unlink(path) < 0 && errno != ENOENT)
			return err_errno(err, errno, "remove %s", path);
	}
	AUTO_FREE char *control = path_join(dir, JOB_FILE_CONTROL);
	if (mkfifo(control, 0600) < 0)
		return err_errno(err, errno, "make %s", control);
	return 0;
}

static int start_locked(
	const struct job_spec *spec, const struct lock *lock, struct child *ret, struct err **err)
{
	struct job_spec full = *spec;
	if (!full.grace_ms)
		full.grace_ms = JOB_GRACE_MS;
	if (clear_folder(spec->dir, err) < 0 || job_spec_write(&full, err) < 0)
		return -1;
	AUTO_FREE char *path = path_join(spec->dir, JOB_FILE_OUTPUT);
	AUTO_CLOSE output = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (output < 0)
		return err_errno(err, errno, "create %s", path);
	const char *command = spec->command ? spec->command : JOB_COMMAND;
	/* By this name even when the executable has been replaced since we were started. */
	const char *const argv[] = {"/proc/self/exe", command, spec->dir, NULL};
	const struct child_spec child = {
		.argv = argv,
		.envp = spec->envp,
		.dir = "/",
		.stdin_fd = -1,
		.stdout_fd = output,
		.stderr_fd = output,
		.keep_fd = lock->fd,
		.new_session = true,
		.die_with_parent = !spec->outlives_us,
	};
	return child_start(&child, ret, err);
}

int job_start(const struct job_spec *spec, struct job *ret, struct err **err)
{
	AUTO_FREE char *path = path_join(spec->dir, JOB_FILE_LOCK);
	AUTO_LOCK lock = LOCK_NONE;
	if (fs_mkdirs(spec->dir, 0700, err) < 0 ||
		lock_take(path, spec->owner, 0, &lock, err) < 0 ||
		start_locked(spec, &lock, &ret->supervisor, err) < 0)
		return err_wrap(err, "start a job in %s", spec->dir);
	ret->dir = xstrdup(spec->dir);
	return 0;
}

void job_release(struct job *job)
{
	child_release(&job->supervisor);
	free_ptr(&job->dir);
}

int job_state(const char *dir, struct job_result *ret, struct err **err)
{
	AUTO_FREE char *lock = path_join(dir, JOB_FILE_LOCK);
	AUTO_FREE char *started = path_join(dir, JOB_FILE_STARTED);
	*ret = (struct job_result){.phase = JOB_NEVER_STARTED};
	bool held;
	/*
	 * The lock before the result: whoever finds it free finds all that was ever written. A
	 * result under a held lock is the moment in which the last processes go.
	 */
	if (lock_is_held(lock, &held, err) < 0)
		return -1;
	AUTO_ERR none = NULL;
	if (job_result_read(dir, ret, &none) == 0)
		return 0;
	if (err_kind_of(none) != ERR_NOT_FOUND) {
		*err = steal_ptr(none);
		return -1;
	}
	*ret = (struct job_result){.phase = JOB_NEVER_STARTED};
	if (held)
		ret->phase = JOB_RUNNING;
	else if (fs_exists(started))
		ret->phase = JOB_LOST;
	return 0;
}

int job_interrupt(const char *dir, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, JOB_FILE_CONTROL);
	AUTO_CLOSE fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ENXIO || errno == ENOENT))
		return err_set(err, ERR_NOT_FOUND,
			"nobody supervises the job in %s; %s/%s names its processes", dir, dir,
			JOB_FILE_STARTED);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	/* A full pipe holds requests enough. */
	if (write(fd, "i", 1) < 0 && errno != EAGAIN)
		return err_errno(err, errno, "write to %s", path);
	return 0;
}

int job_read_new(const char *dir, int64_t *offset, size_t limit, struct str *out, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, JOB_FILE_OUTPUT);
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	str_reserve(out, limit + 1);
	while (limit) {
		const ssize_t n = pread(fd, out->data + out->len, limit, *offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "read %s", path);
		if (n == 0)
			break;
		out->len += (size_t)n;
		limit -= (size_t)n;
		*offset += n;
	}
	out->data[out->len] = '\0';
	return 0;
}

/* How far a follower has come. */
struct follow {
	const char *dir;
	const struct job_watch *watch;
	int64_t offset;
	bool interrupt_sent;
};

static int read_output(struct follow *f, struct err **err)
{
	if (!f->watch->on_output)
		return 0;
	AUTO_STR text = STR_INIT;
	do {
		str_clear(&text);
		if (job_read_new(f->dir, &f->offset, CHUNK, &text, err) < 0)
			return -1;
		if (text.len)
			f->watch->on_output(f->watch->data, text.data, text.len);
	} while (text.len == CHUNK);
	return 0;
}

/* First wish: pass it on, until somebody takes it. Second wish: leave. */
static int heed_interrupts(struct follow *f, struct err **err)
{
	const int wishes = f->watch->interrupts ? (int)*f->watch->interrupts : 0;
	if (wishes >= 1 && !f->interrupt_sent) {
		AUTO_ERR nobody = NULL;
		/* Not yet there, or gone for good: asked again at the next turn. */
		f->interrupt_sent = job_interrupt(f->dir, &nobody) == 0;
	}
	if (wishes >= 2)
		return err_set(err, ERR_CANCELLED,
			"left the job running in %s; the next run takes it over", f->dir);
	return 0;
}

static int follow_to_end(struct follow *f, struct job_result *ret, struct err **err)
{
	for (;;) {
		/* State first: what was printed before the end is read after it. */
		if (job_state(f->dir, ret, err) < 0 || read_output(f, err) < 0)
			return -1;
		if (ret->phase != JOB_RUNNING)
			return 0;
		if (heed_interrupts(f, err) < 0)
			return -1;
		(void)poll(NULL, 0, ASK_EVERY_MS);
	}
}

int job_adopt(
	const char *dir, const struct job_watch *watch, struct job_result *ret, struct err **err)
{
	struct follow f = {.dir = dir, .watch = watch};
	return follow_to_end(&f, ret, err);
}

int job_wait(
	struct job *job, const struct job_watch *watch, struct job_result *ret, struct err **err)
{
	struct follow f = {.dir = job->dir, .watch = watch};
	for (;;) {
		struct pollfd p = {.fd = job->supervisor.pidfd, .events = POLLIN};
		if (poll(&p, 1, ASK_EVERY_MS) < 0 && errno != EINTR)
			return err_errno(err, errno, "wait for the job in %s", job->dir);
		if (p.revents)
			break;
		if (read_output(&f, err) < 0 || heed_interrupts(&f, err) < 0)
			return -1;
	}
	struct child_exit unused;
	if (child_wait(&job->supervisor, -1, &unused, err) < 0)
		return -1;
	/* Usually it left a result. If it was killed, the program may run on: wait for that. */
	return follow_to_end(&f, ret, err);
}
