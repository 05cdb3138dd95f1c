/* What the files of pull requests share. Nothing outside of reconcile/ includes it. */
#ifndef TRUEUP_RECONCILE_PULL_INTERNAL_H
#define TRUEUP_RECONCILE_PULL_INTERNAL_H

#include "reconcile/pull.h"
#include "reconcile/run_internal.h"
#include "report/pull_comment.h"

/* One piece of work on one pull request. */
struct pull_job {
	const struct pull_work *work;
	struct arena *arena; /* the caller's */
	struct session session;
	struct pull_row *row;
	const struct config *config; /* of the base branch, as last recorded; never NULL */
	struct source_rev base; /* tip of the base branch; once merged */
	struct source_merge merge; /* of head into it */
	struct load_merge load;
	struct pull_objects shown; /* what people were shown before */
	struct run_pull run_pull;
	struct run_options options;
	struct pull_view_note *notes;
	size_t note_count, note_cap;
};

/* Something is in the outbox; whoever wants to know is told. */
void pull_tell_caller(const struct pull_work *work);
/* The plans that were shown are void. */
MUST_CHECK int pull_void_shown(
	struct store *store, const struct pull_objects *shown, const char *why, struct err **err);

/* A session as the work says it, by the account of this process until somebody else is named. */
MUST_CHECK int pull_session_open(
	const struct pull_work *work, unsigned flags, struct session *ret, struct err **err);

/*
 * Opens a session of these flags and reads what is known. The actor is the one who asks or, when
 * nobody does, the author (of a fork's, the member who allowed it). ERR_NOT_FOUND: no such pull
 * request. Release with pull_job_close().
 */
MUST_CHECK int pull_job_open(struct pull_job *job, const struct pull_work *work, int64_t number,
	unsigned flags, struct arena *arena, struct err **err);
void pull_job_close(struct pull_job *job);
#define AUTO_PULL_JOB CLEANUP(pull_job_close) struct pull_job
#define PULL_JOB_NONE                                                                              \
	{                                                                                          \
		.session = SESSION_NONE                                                            \
	}
/* Merges, in memory; look at job->merge.conflict_count. */
MUST_CHECK int pull_job_merge(struct pull_job *job, struct err **err);
/* Why it is not looked at, in words; NULL: it is. */
const char *pull_job_blocked(const struct pull_job *job);
/* Runs the pipeline on the merge. */
MUST_CHECK int pull_job_run(
	struct pull_job *job, enum run_stop stop, struct run **ret, struct err **err);
void pull_job_note(struct pull_job *job, enum pull_view_note_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* --- pull_show.c: what people are told, and what is recorded with it ---------------------------
 */

/*
 * Records what a run found, with the plans that it made, and says it: one transaction. *ret_shown
 * false when a newer head was recorded or the pull request was closed meanwhile; then nothing of it
 * is kept.
 */
MUST_CHECK int pull_show(struct pull_job *job, struct run *run, enum pull_view_phase phase,
	struct pull_result *ret, bool *ret_shown, struct err **err);
/* Says why nothing was looked at: statuses and the comment hold reason. */
MUST_CHECK int pull_show_reason(struct pull_job *job, enum pull_progress progress,
	const char *reason, struct pull_result *ret, struct err **err);
/* The parts of it. There has to be a target. */
struct forge_statuses;
MUST_CHECK int pull_put_statuses(
	const struct pull_job *job, const struct forge_statuses *statuses, struct err **err);
MUST_CHECK int pull_put_comment(const struct pull_job *job, const char *text, struct err **err);

/* --- pull_end.c --------------------------------------------------------------------------------
 */

/*
 * It is not open any more: what became of its plans, and nothing that could be asked for. Uses
 * work, arena, session, row, config and shown of the job; in a transaction of the caller.
 */
enum pull_end {
	PULL_END_CLOSED,
	PULL_END_CLOSED_APPLIED, /* it had applied something */
	PULL_END_MERGED, /* the branch's reconcile has still to come */
	PULL_END_SETTLED, /* merged, and its plans came to their end */
};
MUST_CHECK int pull_show_end(struct pull_job *job, enum pull_end end, struct err **err);

/* --- pull_require.c -----------------------------------------------------------------------------
 */

/* What of Config's requirements is not met, one sentence each, in the job's arena; ends with NULL.
 */
MUST_CHECK int pull_unmet(struct pull_job *job, const char *const **ret_reasons, struct err **err);
/* May the actor give commands here? ret_why NULL: yes. */
MUST_CHECK int pull_may_command(const struct pull_job *job, const char **ret_why, struct err **err);

#endif
