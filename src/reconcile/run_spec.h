/*
 * Runs in the pipeline: `kind: Run` is decided, gated and stored like any object, and instead of an
 * engine its runbook is run (reconcile/runbook_run.h). Nothing outside of reconcile/ includes it.
 *
 * What the store holds of one: its object, whose applied digest is the version that was carried
 * out; an operation of kind "run" for each time, whose id is that of its first run; the rows of its
 * runs; and, with a schedule, the next due time. The child that runs it records operation, object
 * and due time as taken in the transaction that records the run as intended, so a process that dies
 * leaves either nothing or an open operation. Its end is recorded from the row of the run, by
 * whoever sees first that there is one: run_spec_settle() may be called again and again.
 */
#ifndef TRUEUP_RECONCILE_RUN_SPEC_H
#define TRUEUP_RECONCILE_RUN_SPEC_H

#include "reconcile/run_internal.h"
#include "reconcile/runbook_run.h"
#include "reconcile/schedule.h"
#include "reconcile/tasks.h"
#include "spec/run.h"

/* The kind of its operations. */
#define RUN_SPEC_OPERATION "run"

/* What an item of kind Run has beside the rest. Lives in the run's arena. */
struct run_item {
	const struct run_spec *spec; /* the desired side; NULL: it went */
	struct runbook_request request;
	struct runbook_run look; /* of this request */
	bool looked;
	bool asked; /* somebody named it to be run again */
	bool baseline; /* it was there before anything was recorded */
	const struct schedule_row *schedule; /* as recorded; NULL: none */
	struct schedule_answer due; /* zeros without a schedule that holds */
};

/* Of its `spec` alone: neither name and labels of the Run nor the runbook's content count. */
void run_spec_digest(const struct spec *spec, char ret[DIGEST_HEX]);

/* --- run_spec.c: what is to be done ---------------------------------------------------------- */

/* item_decide() for a Run. */
MUST_CHECK int run_item_decide(struct run *run, struct item *item, struct err **err);
/* Did somebody want this very run, or its schedule, before? Then nobody is asked again. */
bool run_item_was_wanted(const struct item *item);
/* Says how many Runs are not run because they were there before. */
void run_spec_note_baseline(struct run *run);
void run_item_release(struct item *item);

/* --- run_spec_record.c: recording ------------------------------------------------------------ */

/*
 * Its schedule, in the transaction that records its object as applied or destroyed, or its run as
 * intended: when it is due first, or that it has none any more.
 */
MUST_CHECK int run_item_record_schedule(
	struct store *store, const struct item *item, int64_t now, struct err **err);
/* Takes a due time that is left out. Records a refusal that is new. */
MUST_CHECK int run_item_record_rest(struct run *run, struct item *item, struct err **err);
/* One that was there before anything was recorded: carried out as it is, due from now on. */
MUST_CHECK int run_spec_baseline(
	struct load *l, const struct spec *spec, const char *digest, struct err **err);

/* What is known of an operation that is to be ended. */
struct run_settled {
	bool open; /* its run goes on, as far as the store knows: nothing was recorded */
	bool ran; /* a script was started, or may have been */
	enum run_state state;
	int64_t exit_code;
	const char *error; /* NULL: none */
	const char *run_id; /* of its last attempt */
	int64_t attempts;
};
/* Records the end of an operation of kind "run" out of its runs, once. Texts are in arena. */
MUST_CHECK int run_spec_settle(struct session *session, const struct operation_row *op,
	struct arena *arena, struct run_settled *ret, struct err **err);
/* Takes over runs that an earlier process left, then settles open operations of Runs. */
MUST_CHECK int run_spec_adopt(struct run *run, struct err **err);

/* --- run_spec_work.c: planning and running -------------------------------------------------- */

/* "runs PatchPrep as role/ops with HOST, TOKEN": what is to be seen before a yes; in the arena. */
const char *run_item_detail(struct run *run, const struct item *item);
/* Its plan: what was looked at. Nothing is asked from anybody. */
void run_item_plan(struct run *run, struct item *item);
MUST_CHECK int run_item_store_plan(struct run *run, struct item *item, struct err **err);
/* Queues its run. */
void run_item_start(struct run *run, struct tasks *tasks, struct item *item);

#endif
