/*
 * One program, shut in as far as this machine allows: what it may see, reach, use up, and leave
 * behind. docs/isolation.md says for people what each measure stops.
 *
 * Two processes are started. The guard is ours: it sets up namespaces and mounts, drops the user,
 * starts the program, reaps everything, and when the program has ended kills whatever that left,
 * daemons included. With a PID namespace it is the namespace's first process; without one it is a
 * subreaper. It dies with whoever started it, and takes everything down then too. The program
 * gets the narrower measures (limits, no new privileges, Landlock, system calls) and is executed.
 *
 * Nothing is guessed about the machine: a measure is tried, and when it fails the start is tried
 * again without it (best effort) or refused (required). So what is recorded is what was done.
 */
#ifndef TRUEUP_RUNBOOK_ISOLATE_H
#define TRUEUP_RUNBOOK_ISOLATE_H

#include "base/child.h"
#include "base/lock.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

enum isolation {
	ISOLATION_BEST_EFFORT, /* what the machine offers; what is missing is recorded */
	ISOLATION_REQUIRED, /* refused below LEVEL_FULL */
	ISOLATION_NONE, /* the caller's own user and rights; still a guard and limits */
};

/* Measures, as a set of bits. */
enum isolate_measure {
	ISO_LIMITS = 1 << 0, /* rlimits: CPU, file size, open files, no core dumps */
	ISO_PROCESSES = 1 << 1, /* a number of processes that is this program's alone */
	ISO_NO_NEW_PRIVS = 1 << 2, /* set-user-id programs give nothing */
	ISO_USER = 1 << 3, /* root: a user of its own; otherwise: a user namespace */
	ISO_LANDLOCK = 1 << 4,
	ISO_SECCOMP = 1 << 5,
	ISO_PID = 1 << 6, /* PID namespace: nothing survives, nobody else is seen */
	ISO_MOUNT = 1 << 7, /* read-only root, private /tmp, hidden folders */
	ISO_PROC = 1 << 8, /* /proc shows the namespace only */
	ISO_IPC = 1 << 9,
	ISO_UTS = 1 << 10,
	ISO_NETNS = 1 << 11, /* network: none, by a namespace with a loopback only */
	ISO_NETFILTER = 1 << 12, /* network: none, by refusing sockets */
	ISO_CGROUP = 1 << 13, /* a cgroup of its own: ended as one, limits where delegated */
};

enum isolation_level { LEVEL_NONE, LEVEL_BASIC, LEVEL_RESTRICTED, LEVEL_FULL };

/* 0 is "not limited" throughout. */
struct isolate_limits {
	int64_t cpu_s; /* processor time of one process */
	int64_t file_bytes; /* size of one file */
	int64_t open_files; /* of one process */
	int64_t processes;
	int64_t memory_bytes; /* of all with a memory cgroup, otherwise address space of each */
	int64_t tmp_bytes; /* of the private /tmp */
};

struct isolate_spec {
	const char *const *argv; /* argv[0] is a path with a slash */
	const char *const *envp;
	const char *work; /* absolute: the working folder, writable; given to the run's user */
	int out_fd, err_fd; /* borrowed */
	int lock_fd; /* held open by the guard until all has ended; -1: none. Borrowed */
	enum isolation wanted;
	bool network_none;
	const char *const
		*hide; /* absolute folders nobody may look into; NULL-terminated or NULL */
	struct isolate_limits limits;
	unsigned without; /* measures that are not to be tried, as if the machine had none */
	/* For root: the users to take one from, and the folder of the locks that share them out. */
	uint32_t uid_first, uid_count; /* 0: the default range */
	const char *uid_dir; /* NULL: the default */
};

/* A started program. */
struct isolated {
	struct child guard;
	int status_fd; /* the guard's last words */
	unsigned measures;
	enum isolation_level level;
	char *missing; /* "landlock: Operation not supported; ..."; NULL: nothing. Owned */
	char *cgroup; /* folder; NULL: none. Owned */
	struct lock uid_lock;
};
#define ISOLATED_NONE                                                                              \
	{                                                                                          \
		CHILD_NONE, -1, 0, LEVEL_NONE, NULL, NULL, LOCK_NONE                               \
	}

/*
 * Starts it; 0 means that the program itself runs. ERR_DENIED: a measure that was demanded is not
 * to be had here (isolation required, or network_none). The caller has to be without threads,
 * should be a subreaper, and must outlive the program: its death ends it.
 */
MUST_CHECK int isolate_start(
	const struct isolate_spec *spec, struct isolated *ret, struct err **err);
/* SIGTERM to every process of it. */
void isolate_ask_to_stop(const struct isolated *run);
/* SIGKILL to every process of it, by the surest way there is. */
void isolate_kill(const struct isolated *run);
/*
 * Waits until everything has ended, at most wait_ms (-1: for ever); ERR_TIMEOUT. When the guard
 * itself was killed, *ret is signal 9.
 */
MUST_CHECK int isolate_wait(
	struct isolated *run, int64_t wait_ms, struct child_exit *ret, struct err **err);
/* To be called after isolate_wait(), or instead of it: what is still there is killed. */
void isolate_release(struct isolated *run);

/*
 * What this machine offers this user, found by shutting in a program that does nothing. The
 * measures are those of isolate_start(); *ret_missing as struct isolated has it, owned by the
 * caller.
 */
MUST_CHECK int isolate_probe(enum isolation_level *ret_level, char **ret_missing, struct err **err);

/* "full", "restricted", "basic", "none". */
const char *isolation_level_name(enum isolation_level level);
/* "required", "best_effort", "none". */
const char *isolation_name(enum isolation wanted);
MUST_CHECK bool isolation_parse(const char *name, enum isolation *ret);
/* "no-new-privileges, landlock, ..." in the order of the bits. */
void isolate_measures_text(unsigned measures, struct str *out);
/* The name of one measure; NULL if it is none. */
const char *isolate_measure_name(unsigned measure);

#endif
