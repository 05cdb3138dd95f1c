/*
 * The program's view of the file system. The root stays the machine's (a runbook runs the
 * machine's programs) but read-only; /tmp, /var/tmp and /dev/shm are private and limited; folders
 * to be hidden are covered by an empty one; the run's folder keeps its path and is writable.
 *
 * The new mount calls (Linux 5.12) are used because they are exact: a copy of the run's folder is
 * taken before the root becomes read-only, and put back after. Debian 12's kernel headers have
 * the constants.
 */
#include "runbook/isolate_internal.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOUNT_CALL(...) ((int)syscall(__VA_ARGS__))

enum { TEXT_SIZE = 128 };

/* <sys/mount.h> and <linux/mount.h> of Debian 12 cannot both be included. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);

static int write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	const size_t len = strlen(text);
	const ssize_t n = write(fd, text, len);
	const int failed = errno;
	(void)close(fd);
	errno = failed;
	return n == (ssize_t)len ? 0 : -1;
}

int user_map_self(uid_t uid, gid_t gid, struct setup_failure *f)
{
	char text[TEXT_SIZE];
	/* The maps belong to root for as long as the process hides its memory. */
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return setup_failed(f, ISO_USER, "PR_SET_DUMPABLE");
	if (write_file("/proc/self/setgroups", "deny") < 0)
		return setup_failed(f, ISO_USER, "write setgroups");
	(void)snprintf(text, sizeof text, "%u %u 1", uid, uid);
	if (write_file("/proc/self/uid_map", text) < 0)
		return setup_failed(f, ISO_USER, "write uid_map");
	(void)snprintf(text, sizeof text, "%u %u 1", gid, gid);
	if (write_file("/proc/self/gid_map", text) < 0)
		return setup_failed(f, ISO_USER, "write gid_map");
	return 0;
}

int network_set_up(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	const int failed = ioctl(fd, SIOCSIFFLAGS, &request);
	(void)close(fd);
	return failed;
}

/* mkdir -p; every folder it makes can be walked through by anybody. */
static void make_folders(const char *path)
{
	AUTO_FREE char *p = xstrdup(path);
	for (char *at = p + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		(void)mkdir(p, 0711);
		*at = '/';
	}
	(void)mkdir(p, 0711);
}

static int hide_folders(const char *const *hide, struct setup_failure *f)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	for (size_t i = 0; hide && hide[i]; i++) {
		if (mount("hidden", hide[i], "tmpfs", flags, "mode=711,size=64k,nr_inodes=64") == 0)
			continue;
		/* Not there, perhaps because a folder above it is hidden already. */
		if (errno != ENOENT && errno != ENOTDIR)
			return setup_failed(f, ISO_MOUNT, "hide a folder");
	}
	return 0;
}

static int mount_private(int64_t bytes, struct setup_failure *f)
{
	static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
	char options[TEXT_SIZE] = "mode=1777,nr_inodes=65536";
	if (bytes)
		(void)snprintf(options, sizeof options, "mode=1777,nr_inodes=65536,size=%lld",
			(long long)bytes);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct stat st;
		/* A symbolic link leads to a place that is read-only or private already. */
		if (lstat(folders[i], &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (mount("private", folders[i], "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
			return setup_failed(f, ISO_MOUNT, "mount a private /tmp");
	}
	return 0;
}

static int put_work_back(int tree, const char *work, struct setup_failure *f)
{
	if (MOUNT_CALL(SYS_move_mount, tree, "", AT_FDCWD, work, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return setup_failed(f, ISO_MOUNT, "mount the run's folder");
	return 0;
}

int mounts_set_up(const struct attempt *a, struct setup_failure *f)
{
	const char *work = a->spec->work;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return setup_failed(f, ISO_MOUNT, "make mounts private");
	AUTO_CLOSE tree = MOUNT_CALL(SYS_open_tree, AT_FDCWD, work, OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0)
		return setup_failed(f, ISO_MOUNT, "open_tree of the run's folder");
	if (hide_folders(a->spec->hide, f) < 0)
		return -1;
	/* The way to the run's folder may just have been covered, or be so below. */
	make_folders(work);
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	if (MOUNT_CALL(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &read_only,
		    sizeof read_only) < 0)
		return setup_failed(f, ISO_MOUNT, "make the root read-only");
	if (mount_private(a->spec->limits.tmp_bytes, f) < 0)
		return -1;
	make_folders(work);
	if (put_work_back(tree, work, f) < 0)
		return -1;
	if (a->measures & ISO_PROC &&
		mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return setup_failed(f, ISO_PROC, "mount /proc");
	return 0;
}
