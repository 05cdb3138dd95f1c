/* Resource limits: they hold everywhere, need no privilege and cannot be raised again. */
#include "runbook/isolate_internal.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many processes the user has now: the limit counts them all. */
static int64_t count_processes(uid_t uid)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return -1;
	int64_t count = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		int64_t pid;
		struct stat st;
		if (!num_parse_i64(e->d_name, strlen(e->d_name), &pid))
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) == 0 && st.st_uid == uid)
			count++;
	}
	(void)closedir(dir);
	return count;
}

static int set_limit(int which, int64_t value)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)which, &now) < 0)
		return -1;
	const rlim_t wanted = (rlim_t)value;
	/* Never above what we have: an ordinary user could not, and root should not. */
	const rlim_t hard = wanted < now.rlim_max ? wanted : now.rlim_max;
	const struct rlimit next = {hard, hard};
	return setrlimit((__rlimit_resource_t)which, &next);
}

static int limit_processes(const struct attempt *a)
{
	int64_t most = a->spec->limits.processes;
	const bool counted_alone = a->own_uid || (a->measures & ISO_USER && !a->drop_user);
	if (!counted_alone) {
		const int64_t others = count_processes(a->uid);
		if (others < 0)
			return -1;
		most += others;
	}
	return set_limit(RLIMIT_NPROC, most);
}

int limits_apply(const struct attempt *a, struct setup_failure *f)
{
	const struct isolate_limits *l = &a->spec->limits;
	const struct {
		int which;
		int64_t value;
		const char *what;
	} table[] = {
		{RLIMIT_CPU, l->cpu_s, "limit processor time"},
		{RLIMIT_FSIZE, l->file_bytes, "limit the size of files"},
		{RLIMIT_NOFILE, l->open_files, "limit open files"},
		{RLIMIT_AS, a->memory_by_cgroup ? 0 : l->memory_bytes, "limit memory"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].value && set_limit(table[i].which, table[i].value) < 0)
			return setup_failed(f, ISO_LIMITS, table[i].what);
	/* A dump would hold secrets. */
	if (set_limit(RLIMIT_CORE, 0) < 0)
		return setup_failed(f, ISO_LIMITS, "forbid core dumps");
	if (a->measures & ISO_PROCESSES && limit_processes(a) < 0)
		return setup_failed(f, ISO_PROCESSES, "limit processes");
	return 0;
}
