/*
 * Landlock: a process gives up access to files for itself and all that comes from it, without any
 * privilege (docs.kernel.org/userspace-api/landlock.html). Rules only ever allow. With a mount
 * namespace reading is allowed everywhere, since what is to be hidden is not there any more;
 * without one every folder is allowed except those on the way to a hidden one, whose other
 * entries are allowed one by one.
 *
 * The kernel's version of the interface is asked for and its newer rights are used as far as they
 * go. Debian 12's headers end at version 2, so the later constants stand here.
 */
#include "runbook/isolate_internal.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.2 and 6.12. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL               (1ULL << 1)

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_SCOPE = 6, MAX_DEPTH = 32, MAX_RULES = 8192 };

#define READ_FILE  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE)
#define READ       (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
/* All of version 1. */
#define EVERYTHING_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* struct landlock_ruleset_attr of version 6, whatever the headers know of it. */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct rules {
	int fd;
	uint64_t handled;
	int count;
	const char *const *hide;
};

static uint64_t handled_by(long abi)
{
	uint64_t all = EVERYTHING_1;
	if (abi >= ABI_REFER)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return all;
}

/* What is not there, or not ours to see, needs no permission. */
static int allow_at(struct rules *r, int dir, const char *name, uint64_t access)
{
	AUTO_CLOSE fd = openat(dir, name, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		access &= READ_FILE | WRITE_FILE;
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access & r->handled,
		.parent_fd = fd,
	};
	if (++r->count > MAX_RULES) {
		errno = E2BIG;
		return -1;
	}
	return (int)syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* Is path a hidden folder (or inside one)? Is one below it? path is "" for the root. */
static void relation(const struct rules *r, const char *path, bool *ret_hidden, bool *ret_above)
{
	const size_t len = strlen(path);
	*ret_hidden = *ret_above = false;
	for (size_t i = 0; r->hide && r->hide[i]; i++) {
		if (str_starts(r->hide[i], path) && r->hide[i][len] == '/')
			*ret_above = true;
		*ret_hidden |= strcmp(r->hide[i], path) == 0;
	}
}

/* One entry of a folder on the way to a hidden one. The depth is that of the hidden paths. */
static int allow_around(struct rules *r, const char *path, int depth)
{
	bool hidden, above;
	relation(r, path, &hidden, &above);
	if (hidden)
		return 0;
	if (!above)
		return allow_at(r, AT_FDCWD, *path ? path : "/", READ);
	if (depth > MAX_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	DIR *dir = opendir(*path ? path : "/");
	if (!dir)
		return 0;
	int failed = 0;
	for (struct dirent *e; !failed && (e = readdir(dir));) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, ".."))
			continue;
		AUTO_FREE char *entry = xasprintf("%s/%s", path, e->d_name);
		/* A link is looked up where it leads. */
		if (e->d_type != DT_LNK)
			failed = allow_around(r, entry, depth + 1);
	}
	const int saved = errno;
	(void)closedir(dir);
	errno = saved;
	return failed;
}

static int allow_all(struct rules *r, const struct attempt *a)
{
	static const char *const writable[] = {"/tmp", "/var/tmp", "/dev/shm"};
	if (a->measures & ISO_MOUNT)
		r->hide = NULL;
	if (allow_around(r, "", 0) < 0 || allow_at(r, AT_FDCWD, "/dev", READ | WRITE_FILE) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(writable); i++) {
		bool hidden, above;
		relation(r, writable[i], &hidden, &above);
		/* Writing, too, is allowed for a whole folder only. */
		if (!hidden && !above && allow_at(r, AT_FDCWD, writable[i], r->handled) < 0)
			return -1;
	}
	return allow_at(r, AT_FDCWD, ".", r->handled);
}

int landlock_apply(const struct attempt *a, struct setup_failure *f)
{
	const long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return setup_failed(f, ISO_LANDLOCK, "ask for Landlock");
	struct ruleset_attr attr = {.handled_access_fs = handled_by(abi)};
	size_t size = sizeof attr.handled_access_fs;
	if (abi >= ABI_SCOPE) {
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof attr;
	}
	AUTO_CLOSE fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return setup_failed(f, ISO_LANDLOCK, "create a Landlock ruleset");
	struct rules r = {.fd = fd, .handled = attr.handled_access_fs, .hide = a->spec->hide};
	if (allow_all(&r, a) < 0)
		return setup_failed(f, ISO_LANDLOCK, "add a Landlock rule");
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return setup_failed(f, ISO_LANDLOCK, "enforce Landlock");
	return 0;
}
