#include "base/fs.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void close_fd(int *fd)
{
	const int saved = errno;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

char *path_join(const char *dir, const char *name)
{
	if (!dir || !*dir)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

int fs_read_fd(int fd, const char *name, size_t limit, struct str *out, struct err **err)
{
	const size_t before = out->len;
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		(size_t)st.st_size <= limit)
		str_reserve(out, (size_t)st.st_size + 1);
	for (;;) {
		/* One byte over the limit is read to tell "just full" from "too large". */
		str_reserve(out, 16384);
		size_t room = out->cap - out->len - 1;
		const size_t left = limit - (out->len - before) + 1;
		if (room > left)
			room = left;
		const ssize_t n = read(fd, out->data + out->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const int failed = errno;
			str_truncate(out, before);
			return err_errno(err, failed, "read %s", name);
		}
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len - before > limit) {
			str_truncate(out, before);
			return err_set(
				err, ERR_INVALID, "%s is larger than %zu bytes", name, limit);
		}
	}
}

int fs_read(const char *path, size_t limit, struct str *out, struct err **err)
{
	AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	return fs_read_fd(fd, path, limit, out, err);
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		const ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int sync_parent(const char *path, struct err **err)
{
	AUTO_FREE char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	if (slash == dir)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	AUTO_CLOSE fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "sync the folder of %s", path);
	return 0;
}

int fs_write_atomic(const char *path, const void *data, size_t len, mode_t mode, struct err **err)
{
	AUTO_FREE char *tmp = xasprintf("%s.tmp-XXXXXX", path);
	AUTO_CLOSE fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "create a temporary file for %s", path);
	if (write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
		rename(tmp, path) < 0) {
		const int failed = errno;
		(void)unlink(tmp);
		return err_errno(err, failed, "write %s", path);
	}
	return sync_parent(path, err);
}

int fs_write_if_changed(const char *path, const void *data, size_t len, mode_t mode,
	bool *ret_changed, struct err **err)
{
	AUTO_STR old = STR_INIT;
	AUTO_ERR unreadable = NULL;
	const bool same = fs_read(path, len, &old, &unreadable) == 0 && old.len == len &&
			  memcmp(old.data, data, len) == 0;
	if (!same && fs_write_atomic(path, data, len, mode, err) < 0)
		return -1;
	if (ret_changed)
		*ret_changed = !same;
	return 0;
}

int fs_mkdirs(const char *path, mode_t mode, struct err **err)
{
	AUTO_FREE char *p = xstrdup(path);
	for (char *at = p + (*p == '/');; at++) {
		if (*at && *at != '/')
			continue;
		const char end = *at;
		*at = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return err_errno(err, errno, "make the folder %s", p);
		*at = end;
		if (!end)
			break;
	}
	if (!fs_is_dir(path))
		return err_set(err, ERR_IO, "%s is not a folder", path);
	return 0;
}

enum { MAX_DEPTH = 64 };

static int remove_at(int parent, const char *name, int depth);

/* Removes what is in the folder; takes fd. 0 or an errno. */
static int remove_entries(int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		const int failed = errno;
		(void)close(fd);
		return failed;
	}
	int failed = 0;
	for (struct dirent *e; !failed && (e = readdir(dir));) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		if (remove_at(dirfd(dir), e->d_name, depth + 1) < 0)
			failed = errno;
	}
	(void)closedir(dir);
	return failed;
}

static int remove_at(int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth > MAX_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int failed = remove_entries(fd, depth);
	if (!failed && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		failed = errno;
	errno = failed;
	return failed ? -1 : 0;
}

int fs_remove_tree(const char *path, struct err **err)
{
	if (remove_at(AT_FDCWD, path, 0) < 0)
		return err_errno(err, errno, "remove %s", path);
	return 0;
}

bool fs_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_open_beneath(int dirfd, const char *path, struct err **err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	do /* EAGAIN: somebody renamed a folder on the way just now */
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return err_set(err, ERR_DENIED, "%s leads out of the repository", path);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	return (int)fd;
}

char *fs_find_program(const char *name)
{
	const char *path = getenv("PATH");
	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		const size_t len = strcspn(p, ":");
		AUTO_FREE char *dir = xstrndup(p, len);
		AUTO_FREE char *file = path_join(dir, name);
		struct stat st;
		if (dir[0] == '/' && access(file, X_OK) == 0 && stat(file, &st) == 0 &&
			S_ISREG(st.st_mode))
			return steal_ptr(file);
		p += len + (p[len] == ':');
	}
	return NULL;
}
