/*
 * Root runs nothing as root: each run gets a user number that nobody else has at that time, so
 * that runs can neither signal nor read each other and the process limit counts one run only.
 *
 * The numbers need no entry in /etc/passwd. The default range lies where Debian's policy leaves
 * numbers to whoever wants them (65536 and above) and no tool is known to take them. A number is
 * held by a lock, so a dead owner gives it back.
 */
#include "runbook/isolate_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEFAULT_FIRST = 458752, /* 0x70000 */
	DEFAULT_COUNT = 1024,
	MAP_LIMIT = 65536,
	MAP_FIELDS = 3,
	MAX_DEPTH = 64,
};

#define DEFAULT_DIR "/run/trueup/uid"

/* The next number of a line in *at; false at its end. */
static bool next_number(const char **at, int64_t *ret)
{
	*at += strspn(*at, " ");
	const size_t len = strspn(*at, "0123456789");
	if (!num_parse_i64(*at, len, ret))
		return false;
	*at += len;
	return true;
}

/* Does the range exist in our user namespace? In a container often only 65536 numbers do. */
static bool range_exists(int64_t first, int64_t count)
{
	AUTO_STR map = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read("/proc/self/uid_map", MAP_LIMIT, &map, &err) < 0)
		return false;
	for (const char *at = map.data; *at; at += *at == '\n') {
		int64_t field[MAP_FIELDS];
		for (size_t i = 0; i < MAP_FIELDS; i++)
			if (!next_number(&at, &field[i]))
				return false;
		if (first >= field[0] && first + count <= field[0] + field[2])
			return true;
		at += strcspn(at, "\n");
	}
	return false;
}

bool user_exists(uid_t uid)
{
	return range_exists(uid, 1);
}

int user_take(
	const struct isolate_spec *spec, uid_t *ret_uid, struct lock *ret_lock, struct err **err)
{
	const uint32_t count = spec->uid_count ? spec->uid_count : DEFAULT_COUNT;
	const uint32_t first = spec->uid_count ? spec->uid_first : DEFAULT_FIRST;
	const char *dir = spec->uid_dir ? spec->uid_dir : DEFAULT_DIR;
	if (!range_exists(first, count))
		return err_set(err, ERR_UNAVAILABLE,
			"the users %u to %u do not exist in this container", first,
			first + count - 1);
	if (fs_mkdirs(dir, 0700, err) < 0)
		return -1;
	const uint32_t start = (uint32_t)getpid();
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t uid = first + (start + i) % count;
		AUTO_FREE char *path = xasprintf("%s/%u", dir, uid);
		AUTO_FREE char *owner = xasprintf("pid %d", (int)getpid());
		AUTO_ERR taken = NULL;
		if (lock_take(path, owner, 0, ret_lock, &taken) == 0) {
			*ret_uid = uid;
			return 0;
		}
		if (err_kind_of(taken) != ERR_CONFLICT) {
			*err = steal_ptr(taken);
			return -1;
		}
	}
	return err_set(err, ERR_UNAVAILABLE, "all users from %u to %u are taken by running scripts",
		first, first + count - 1);
}

/* The depth is limited; takes fd. */
static int give_entries(int fd, uid_t uid, int depth)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -1;
	}
	int failed = 0;
	for (struct dirent *e; !failed && (e = readdir(dir));) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		failed = fchownat(dirfd(dir), e->d_name, uid, uid, AT_SYMLINK_NOFOLLOW);
		if (failed || e->d_type != DT_DIR)
			continue;
		const int below = openat(
			dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (depth >= MAX_DEPTH)
			errno = ELOOP;
		failed = below < 0 || depth >= MAX_DEPTH ? -1 : give_entries(below, uid, depth + 1);
	}
	const int saved = errno;
	(void)closedir(dir);
	errno = saved;
	return failed;
}

int user_give_tree(const char *path, uid_t uid, struct err **err)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "open %s", path);
	if (fchown(fd, uid, uid) < 0) {
		const int failed = errno;
		(void)close(fd);
		return err_errno(err, failed, "give %s to user %u", path, uid);
	}
	if (give_entries(fd, uid, 0) < 0)
		return err_errno(err, errno, "give what is in %s to user %u", path, uid);
	return 0;
}
