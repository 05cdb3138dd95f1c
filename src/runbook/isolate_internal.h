/* What the files of isolate.h share. Everything here runs in one process without threads. */
#ifndef TRUEUP_RUNBOOK_ISOLATE_INTERNAL_H
#define TRUEUP_RUNBOOK_ISOLATE_INTERNAL_H

#include "runbook/isolate.h"

#include <signal.h>

enum {
	ISO_NAMESPACES = ISO_PID | ISO_MOUNT | ISO_PROC | ISO_IPC | ISO_UTS | ISO_NETNS,
	/* Where a script cannot have a user of its own as root, it becomes nobody. */
	UID_NOBODY = 65534,
};

/* The first failed step of a set-up, sent up a pipe. */
struct setup_failure {
	unsigned measure; /* 0: nothing that could be left out */
	int os_errno;
	char what[40];
};

/* One attempt to start. */
struct attempt {
	const struct isolate_spec *spec;
	unsigned measures;
	bool drop_user; /* to uid, as root */
	bool own_uid; /* nobody else has uid */
	uid_t uid; /* of the program */
	int setup_fd, status_fd; /* our ends, in the guard */
	int cgroup_fd; /* -1: none */
	bool memory_by_cgroup;
};

/* The guard's process, from the clone on. */
_Noreturn void guard_main(struct attempt *a);

/*
 * These run in the guard or the program, return 0 or -1 with errno, and name the failed step and
 * the measure it belongs to.
 */
MUST_CHECK int user_map_self(uid_t uid, gid_t gid, struct setup_failure *f);
MUST_CHECK int mounts_set_up(const struct attempt *a, struct setup_failure *f);
MUST_CHECK int network_set_up(void);
MUST_CHECK int limits_apply(const struct attempt *a, struct setup_failure *f);
MUST_CHECK int landlock_apply(const struct attempt *a, struct setup_failure *f);
MUST_CHECK int seccomp_apply(const struct attempt *a, struct setup_failure *f);
/* Fills f; always -1. */
int setup_failed(struct setup_failure *f, unsigned measure, const char *what);

/* Kills and reaps all children, until there are none; false if some are left at the deadline. */
bool sweep_children(bool everybody, int64_t deadline);

/* A user for one run, held by *ret_lock. ERR_UNAVAILABLE when there is none. */
MUST_CHECK int user_take(
	const struct isolate_spec *spec, uid_t *ret_uid, struct lock *ret_lock, struct err **err);
/* Does our user namespace have this number? */
bool user_exists(uid_t uid);
/* Gives the tree to uid, without following links. */
MUST_CHECK int user_give_tree(const char *path, uid_t uid, struct err **err);

/* A new cgroup with the limits it can have; -1 with errno when there is no place for one. */
MUST_CHECK int cgroup_make(const struct isolate_limits *limits, char **ret_path, bool *ret_memory);
void cgroup_kill(const char *path);
void cgroup_remove(const char *path);

#endif
