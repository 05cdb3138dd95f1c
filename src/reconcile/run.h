/*
 * One run of the pipeline: load, decide, preview, record, plan, ask the gates, apply, record,
 * report. `plan`, `reconcile --dry-run` and `reconcile` are this run, stopped at different places.
 */
#ifndef TRUEUP_RECONCILE_RUN_H
#define TRUEUP_RECONCILE_RUN_H

#include "plan/plan.h"
#include "reconcile/session.h"

#include <signal.h>

struct engine;
struct err;

enum run_stop {
	RUN_STOP_DRIFT, /* looks whether resources differ from what was applied: drift.h */
	RUN_STOP_SPEC, /* left of the engine: decisions, previews, policy gates */
	RUN_STOP_PLAN, /* the engine's plans, nothing stored, nothing applied */
	RUN_STOP_NEVER, /* reconcile */
};

struct load_merge;
struct render_types;
struct pull_objects;

/*
 * A pull request in place of a branch; see reconcile/pull.h. Only what it changes is looked at, and
 * nothing of the branch's record is written. RUN_STOP_PLAN leaves the plans that were made for the
 * caller to keep; RUN_STOP_NEVER applies shown plans, all of them or none, and leaves new ones.
 */
struct run_pull {
	int64_t number;
	const char *base_branch;
	const struct load_merge *merge;
	const struct pull_objects *shown; /* what people were shown of it; NULL: nothing */
};

struct run_options {
	const char *command; /* "plan", "reconcile": for reports, locks and the audit log */
	enum run_stop stop;
	const char *rev; /* NULL: HEAD */
	bool worktree; /* plan the files on disk instead of the commit */
	bool notice; /* look for uncommitted edits and say so */
	bool auto_approve; /* do not ask; a manual approval stays needed */
	bool allow_empty; /* a revision without any canvas may destroy all */
	const char *allow_empty_at; /* this commit may, and no other; NULL: none */
	bool show_empty; /* it is shown, with a notice that it is refused otherwise */
	const char *const *targets; /* keys; NULL or empty: everything */
	/*
	 * Keys to destroy although their specs are there (`trueup destroy`). They are then
	 * suspended, so that the next reconcile does not bring them back.
	 */
	const char *const *destroy;
	const char *destroy_reason; /* why they are suspended; NULL: on request */
	/* Keys of Runs that are run again, whatever came of them (`trueup run rerun`). */
	const char *const *rerun;
	const struct run_pull *pull; /* NULL: a branch */
	/*
	 * Of a reconcile: the connection in the server's file that gets the commit's statuses (by
	 * way of the outbox). "": there is none. NULL: whichever a server said last.
	 */
	const char *statuses;
	struct render_types *types; /* to be used, and left; NULL: reads its own */
	bool new_root; /* of pipeline_command(): SESSION_NEW_ROOT */
	size_t parallel; /* 0: as Config says */
	const struct engine *engine; /* NULL: the one that a canvas names; for tests */
	const char *const *environ;
	/*
	 * Asks the user whether to apply these planned objects; NULL: there is nobody to ask, and
	 * plans wait unless auto_approve or `apply: auto` in Config.
	 */
	bool (*ask)(void *data, const struct object_outcome *const *planned, size_t count);
	run_listener *listener; /* may be NULL */
	void *data;
	const volatile sig_atomic_t *interrupts;
	/*
	 * As interrupts, but for plans only: nothing is planned any more and no apply begins, while
	 * one that goes on comes to its end. NULL: plans heed interrupts.
	 */
	const volatile sig_atomic_t *stop_plans;
};

/*
 * Runs. 0 when it got to its end, whatever the objects' fates: see ret->exit_code, and
 * ret->diags for invalid specs. The outcome lives until run_free().
 */
struct run;
MUST_CHECK int run_pipeline(struct session *session, const struct run_options *options,
	struct run **ret, struct err **err);
const struct run_outcome *run_result(const struct run *run);
void run_free(struct run **run);
#define AUTO_RUN CLEANUP(run_free) struct run *

#endif
