#include "base/locks.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* As many digits of the digest as surely make an offset. */
enum { PAUSE_MS = 50, PLACE_DIGITS = 15 };

static struct flock byte_of(const char *name, short type)
{
	char digest[DIGEST_HEX];
	digest_hex(name, strlen(name), digest);
	off_t place = 0;
	for (size_t i = 0; i < PLACE_DIGITS; i++)
		place = place << 4 | (digest[i] <= '9' ? digest[i] - '0' : digest[i] - 'a' + 10);
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};
}

int locks_take(struct locks *locks, const char *path, const char *name, int64_t wait_ms,
	bool *ret_taken, struct err **err)
{
	if (locks->fd < 0)
		locks->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (locks->fd < 0)
		return err_errno(err, errno, "open the locks %s", path);
	const int64_t deadline = clock_monotonic_ms() + wait_ms;
	struct flock fl = byte_of(name, F_WRLCK);
	*ret_taken = true;
	while (fcntl(locks->fd, F_OFD_SETLK, &fl) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_errno(err, errno, "lock %s in %s", name, path);
		if (clock_monotonic_ms() >= deadline) {
			*ret_taken = false;
			return 0;
		}
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

void locks_drop(const struct locks *locks, const char *name)
{
	struct flock fl = byte_of(name, F_UNLCK);
	if (locks->fd >= 0)
		(void)fcntl(locks->fd, F_OFD_SETLK, &fl);
}

void locks_release(struct locks *locks)
{
	close_fd(&locks->fd);
}
