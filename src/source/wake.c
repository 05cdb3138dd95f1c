#include "source/wake.h"

#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

int wake_open(const char *path, struct err **err)
{
	AUTO_CLOSE file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return err_errno(err, errno, "make %s", path);
	AUTO_CLOSE fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* Not IN_CLOSE_WRITE: our own close just now would be the first touch. */
	if (fd < 0 || inotify_add_watch(fd, path, IN_ATTRIB | IN_MODIFY) < 0)
		return err_errno(err, errno, "watch %s", path);
	const int result = fd;
	fd = -1;
	return result;
}

void wake_clear(int fd)
{
	char buf[4096] __attribute__((aligned(8)));
	while (read(fd, buf, sizeof buf) > 0)
		;
}
