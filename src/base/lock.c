#include "base/lock.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OWNER_MAX = 512, FIRST_WAIT_MS = 5, LAST_WAIT_MS = 200 };

static struct flock whole_file(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

char *lock_owner(const char *path)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read(path, OWNER_MAX, &text, &err) < 0)
		return xstrdup("");
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < 0x20)
			str_truncate(&text, i);
	return str_detach(&text);
}

static void write_owner(int fd, const char *owner)
{
	/* Only for people: a failure here must not cost the lock. */
	const size_t len = strnlen(owner, OWNER_MAX);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, owner, len, 0) < 0)
		return;
}

static void pause_ms(int64_t ms)
{
	const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	(void)nanosleep(&ts, NULL);
}

/* OFD locks block, but not with a deadline that needs no signal: ask again, ever more slowly. */
int lock_take(
	const char *path, const char *owner, int64_t wait_ms, struct lock *ret, struct err **err)
{
	AUTO_CLOSE fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, errno, "open the lock %s", path);
	const int64_t deadline = clock_monotonic_ms() + wait_ms;
	int64_t pause = FIRST_WAIT_MS;
	struct flock fl = whole_file(F_WRLCK);
	while (fcntl(fd, F_OFD_SETLK, &fl) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_errno(err, errno, "lock %s", path);
		const int64_t left = deadline - clock_monotonic_ms();
		if (left <= 0) {
			AUTO_FREE char *holder = lock_owner(path);
			return err_set(err, ERR_CONFLICT, "held by %s",
				*holder ? holder : "another process");
		}
		pause_ms(pause < left ? pause : left);
		pause = pause * 2 > LAST_WAIT_MS ? LAST_WAIT_MS : pause * 2;
	}
	write_owner(fd, owner);
	ret->fd = fd;
	fd = -1;
	return 0;
}

void lock_release(struct lock *lock)
{
	close_fd(&lock->fd);
}

int lock_is_held(const char *path, bool *ret_held, struct err **err)
{
	/* Asking needs no right to write, which taking it would. */
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	*ret_held = false;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "open the lock %s", path);
	struct flock fl = whole_file(F_WRLCK);
	if (fcntl(fd, F_OFD_GETLK, &fl) < 0)
		return err_errno(err, errno, "ask for the lock %s", path);
	*ret_held = fl.l_type != F_UNLCK;
	return 0;
}
