/*
 * A cgroup of version 2 below our own, where we may make one (as root, or delegated by the service
 * manager). It ends everything in it with one write, and limits what all processes use together
 * when the controllers are delegated too. The folder's name holds the process that made it, so
 * that one left by a killed supervisor is found and removed by the next.
 */
#include "runbook/isolate_internal.h"

#include "base/fs.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "trueup-run-"

enum { FILE_LIMIT = 1 << 20, REMOVE_TRIES = 200, REMOVE_PAUSE_MS = 5, NUMBER_SIZE = 32 };

/* Where the version 2 tree is mounted: the fifth field of a line of mountinfo. Heap or NULL. */
static char *find_mount(void)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read("/proc/self/mountinfo", FILE_LIMIT, &text, &err) < 0)
		return NULL;
	const char *found = strstr(text.data, " - cgroup2 ");
	if (!found)
		return NULL;
	while (found > text.data && found[-1] != '\n')
		found--;
	for (int field = 1; field < 5; field++)
		found += strcspn(found, " ") + 1;
	return xstrndup(found, strcspn(found, " "));
}

/* Our own cgroup: the line "0::/path". Heap or NULL. */
static char *find_own(void)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read("/proc/self/cgroup", FILE_LIMIT, &text, &err) < 0)
		return NULL;
	for (const char *line = text.data; *line; line += *line == '\n') {
		if (str_starts(line, "0::/"))
			return xstrndup(line + 3, strcspn(line + 3, "\n"));
		line += strcspn(line, "\n");
	}
	return NULL;
}

static bool write_in(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool limit(const char *dir, const char *name, int64_t value)
{
	char text[NUMBER_SIZE];
	(void)snprintf(text, sizeof text, "%lld", (long long)value);
	return value && write_in(dir, name, text);
}

/* Removes the empty groups of processes that are gone. */
static void remove_abandoned(const char *parent)
{
	DIR *dir = opendir(parent);
	if (!dir)
		return;
	for (struct dirent *e; (e = readdir(dir));) {
		if (!str_starts(e->d_name, PREFIX))
			continue;
		const char *at = e->d_name + strlen(PREFIX);
		const size_t len = strcspn(at, "-");
		int64_t pid, ticks;
		if (at[len] != '-' || !num_parse_i64(at, len, &pid) ||
			!num_parse_i64(at + len + 1, strlen(at + len + 1), &ticks))
			continue;
		if (process_start_time((pid_t)pid) != (uint64_t)ticks)
			(void)unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	}
	(void)closedir(dir);
}

int cgroup_make(const struct isolate_limits *limits, char **ret_path, bool *ret_memory)
{
	AUTO_FREE char *mounted = find_mount();
	AUTO_FREE char *own = find_own();
	if (!mounted || !own) {
		errno = ENOENT;
		return -1;
	}
	AUTO_FREE char *parent = xasprintf("%s%s", mounted, str_eq(own, "/") ? "" : own);
	AUTO_FREE char *path = xasprintf("%s/" PREFIX "%d-%llu", parent, (int)getpid(),
		(unsigned long long)process_start_time(getpid()));
	if (mkdir(path, 0755) < 0)
		return -1;
	remove_abandoned(parent);
	(void)limit(path, "pids.max", limits->processes);
	*ret_memory = limit(path, "memory.max", limits->memory_bytes);
	if (*ret_memory)
		(void)write_in(path, "memory.swap.max", "0");
	*ret_path = steal_ptr(path);
	return 0;
}

void cgroup_kill(const char *path)
{
	(void)write_in(path, "cgroup.kill", "1");
}

void cgroup_remove(const char *path)
{
	/* Dead processes leave it a moment after they were reaped. */
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (rmdir(path) == 0 || errno != EBUSY)
			return;
		(void)poll(NULL, 0, REMOVE_PAUSE_MS);
	}
}
