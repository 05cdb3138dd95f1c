/*
 * A job: a program that outlives us. An effect on the cloud must not die with a closed terminal,
 * a broken pipe or a killed trueup, so it runs under a supervisor of its own: this executable
 * again, as `trueup internal-job DIR`, in a new session, with everything it needs in one folder.
 *
 *	DIR/job.json     what to run: argv, folder, timeouts. No environment: that is inherited,
 *	                 so that no secret is written to disk
 *	DIR/lock         held (base/lock.h) for as long as the supervisor or anything below it lives
 *	DIR/started      written just before the program starts; pids in it are for people
 *	DIR/output       what the program printed, both streams, appended
 *	DIR/control      a FIFO: a byte in it asks the supervisor to interrupt the program
 *	DIR/result.json  how it ended, written whole or not at all
 *
 * The lock is taken by the front before the start and inherited by the supervisor and the
 * program, so these states are told apart without ever trusting a process number
 * (docs/decisions/0003-jobs-and-locks.md):
 *
 *	lock held                          running
 *	free, result.json there            ended
 *	free, no result.json, started      lost: supervisor and program were killed
 *	free, no result.json, not started  never started: nothing has happened
 *
 * An interrupt is one SIGINT to the program, however often it is asked for: terraform drops its
 * state at the second. At the timeout the same SIGINT is sent, and SIGKILL when the grace is over.
 */
#ifndef TRUEUP_ENGINE_JOB_H
#define TRUEUP_ENGINE_JOB_H

#include "base/child.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

/* The hidden command that main() has to pass on to job_main(). */
#define JOB_COMMAND "internal-job"

struct job_spec {
	const char *dir; /* absolute; made 0700. An older job there must have ended */
	const char *const *argv;
	const char *const *envp;
	const char *cwd; /* absolute */
	const char *owner; /* for people, e.g. "apply of canvas/shop by os:alice" */
	int64_t timeout_ms; /* 0: none */
	int64_t grace_ms; /* between the SIGINT of the timeout and SIGKILL; 0: 5 minutes */
	bool outlives_us; /* false: interrupted when the front dies (plans, init) */
	const char *command; /* hidden command that supervises; NULL: JOB_COMMAND */
};

/* A job as the process that started it sees it. */
struct job {
	struct child supervisor;
	char *dir; /* owned */
};
#define JOB_NONE                                                                                   \
	{                                                                                          \
		CHILD_NONE, NULL                                                                   \
	}

enum job_phase { JOB_NEVER_STARTED, JOB_RUNNING, JOB_ENDED, JOB_LOST };

struct job_result {
	enum job_phase phase;
	/* The rest only with JOB_ENDED. */
	struct child_exit exit;
	int64_t started_ms, ended_ms;
	bool interrupted; /* an interrupt was passed on */
	bool timed_out;
	bool killed; /* by us, after the grace: what it was making may exist unrecorded */
};

/* Starts it. When this returns 0 the supervisor runs and holds the lock. */
MUST_CHECK int job_start(const struct job_spec *spec, struct job *ret, struct err **err);
/* Lets go of a job, which goes on. */
void job_release(struct job *job);
#define AUTO_JOB CLEANUP(job_release) struct job

/* Called with what was added to DIR/output since the last call. */
typedef void job_output_fn(void *data, const char *text, size_t len);

struct job_watch {
	job_output_fn *on_output; /* may be NULL */
	void *data;
	/*
	 * How often the user asked to stop, counted by a signal handler; NULL: never. At 1 the
	 * job is interrupted and waited for, at 2 we leave and it goes on: ERR_CANCELLED.
	 */
	const volatile sig_atomic_t *interrupts;
};

/* Waits for a job of our own to end. 0 with phase ENDED or LOST. */
MUST_CHECK int job_wait(
	struct job *job, const struct job_watch *watch, struct job_result *ret, struct err **err);
/*
 * The same for a job that some earlier process started: reports its whole output from the
 * beginning, waits while it runs. Any phase but RUNNING may come back.
 */
MUST_CHECK int job_adopt(
	const char *dir, const struct job_watch *watch, struct job_result *ret, struct err **err);

/* What is known now; does not wait. A folder without a job in it is JOB_NEVER_STARTED. */
MUST_CHECK int job_state(const char *dir, struct job_result *ret, struct err **err);
/* Asks the supervisor to interrupt the program. ERR_NOT_FOUND when there is no supervisor. */
MUST_CHECK int job_interrupt(const char *dir, struct err **err);

/* Appends DIR/output from *offset on (at most limit bytes) to out and moves *offset. */
MUST_CHECK int job_read_new(
	const char *dir, int64_t *offset, size_t limit, struct str *out, struct err **err);

/* The supervisor: `trueup internal-job DIR`. Returns the exit code of the process. */
int job_main(const char *dir);

/*
 * For another supervisor (job_spec.command) that keeps the same folder, so that everything above
 * works on it: it is started with DIR/output as its standard output and error and the lock as
 * JOB_LOCK_FD, writes `started` before it does anything, and the result last.
 */
enum { JOB_LOCK_FD = 3 };
/* Is JOB_LOCK_FD the lock of dir? Nobody but job_start() may start a supervisor. */
bool job_holds_lock(const char *dir);
/* DIR/control, never at its end, non-blocking; -1 with *err. */
MUST_CHECK int job_control_open(const char *dir, struct err **err);
/* program: 0 when not started yet. */
MUST_CHECK int job_started_write(const char *dir, pid_t program, int64_t now_ms, struct err **err);
MUST_CHECK int job_result_write(const char *dir, const struct job_result *r, struct err **err);

#endif
