/*
 * The statuses of the branch's commit at a forge: pending while it is worked on, and then what came
 * of it, in the form that the head of a pull request has them in.
 *
 * What a commit touches is recorded before anything is done about it, and each object's plan with
 * the intention to apply it. So whoever comes after a crash, or after an approval, tells the whole
 * and not only what was left for that run: objects that this run has nothing to do with are told as
 * the store has them. The last statuses are put in the transaction that says that the revision is
 * dealt with; a process that dies before it leaves a revision that is looked at again.
 */
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "reconcile/run_internal.h"
#include "report/outbox.h"
#include "report/pull_comment.h"
#include "store/queue.h"

#include <string.h>

/* --- objects --------------------------------------------------------------------------------- */

static int touch(struct run *run, const struct item *item, struct err **err)
{
	const struct told_object object = {
		.key = item->key,
		.action = plan_action_name(item->out.action),
		.plan_id = item->planned && item->plan_id[0] ? item->plan_id : NULL,
	};
	return store_told_touch(run->session->store, &object, err);
}

/* Nothing joins by being named: whoever asked for it hears about it otherwise. */
static int touch_all(struct run *run, struct err **err)
{
	for (size_t i = 0; !run_is_by_name(run) && i < run->item_count; i++)
		if (item_is_told(run->items[i]) && touch(run, run->items[i], err) < 0)
			return -1;
	return 0;
}

static enum object_status status_of(const struct object_row *row, enum spec_kind kind)
{
	const bool plain = kind != KIND_CANVAS && kind != KIND_RUN;
	switch (row ? row->phase : PHASE_DESTROYED) {
	case PHASE_APPLIED:
		if (row && row->present && !str_eq(row->applied_digest, row->seen_digest))
			return OBJECT_WAITING;
		return plain ? OBJECT_RECORDED : OBJECT_APPLIED;
	case PHASE_DESTROYED:
		return plain ? OBJECT_RECORDED : OBJECT_APPLIED;
	case PHASE_ORPHANED:
		return OBJECT_RECORDED;
	case PHASE_FAILED:
		return OBJECT_FAILED;
	case PHASE_REFUSED:
		return OBJECT_REFUSED;
	case PHASE_APPLYING:
	case PHASE_DESTROYING:
		return OBJECT_APPLYING;
	case PHASE_NEW:
	case PHASE_PLANNED:
	case PHASE_WAITING:
		break;
	}
	return OBJECT_WAITING;
}

/* One that this run has nothing to do with: as it is recorded. */
static int recall(struct run *run, const struct told_object *told, struct object_outcome *ret,
	struct err **err)
{
	struct store *store = run->session->store;
	struct arena *a = &run->arena;
	struct object_row *row = NULL;
	struct plan_row *plan = NULL;
	if (store_object_get(store, told->key, OBJECT_BRIEF, a, &row, err) < 0 ||
		(told->plan_id && store_plan_get(store, told->plan_id, a, &plan, err) < 0))
		return -1;
	*ret = (struct object_outcome){
		.key = told->key,
		.kind = kind_of_key(told->key),
		.action = plan_action_of(told->action),
		.reason = row && row->reason ? row->reason : "it is not done yet",
	};
	ret->status = status_of(row, ret->kind);
	if (!plan || ret->kind != KIND_CANVAS)
		return 0;
	ret->plan = outcome_plan(plan, a);
	return 0;
}

/* Before the engines start: those that none is asked about do not look as if. */
static struct object_outcome as_preview(struct run *run, const struct item *item)
{
	struct object_outcome out = item->out;
	const struct gate_answer *first = NULL;
	if (out.status != OBJECT_PENDING || !item_wants_plan(item))
		return out;
	if (item->decision.use_stored)
		out.status = OBJECT_PLANNED;
	const enum gate_verdict verdict = gates_verdict(&out.gates, &first);
	if (verdict == GATE_PASS)
		return out;
	out.status = verdict == GATE_WAIT ? OBJECT_WAITING : OBJECT_REFUSED;
	out.status_text = arena_strdup(&run->arena, first->reason);
	return out;
}

struct tale {
	struct run_outcome outcome;
	struct pull_view view;
	bool begins; /* something is yet to be done that takes its time */
	bool done; /* all of it */
};

/* recorded: everything as the store has it, whatever this run finds. */
static int collect(struct run *run, bool recorded, struct tale *ret, struct err **err)
{
	struct told_objects told;
	if (store_told_objects(run->session->store, &run->arena, &told, err) < 0)
		return -1;
	struct object_outcome *list = arena_array(&run->arena, told.count + 1, sizeof *list);
	ret->done = true;
	for (size_t i = 0; i < told.count; i++) {
		const struct item *item = recorded ? NULL : item_find(run, told.items[i].key);
		struct object_outcome *o = &list[i];
		if (item && item_is_told(item))
			*o = ret->view.phase == PULL_VIEW_PREVIEW ? as_preview(run, item)
								  : item->out;
		else if (recall(run, &told.items[i], o, err) < 0)
			return -1;
		ret->begins = ret->begins || ((o->kind == KIND_CANVAS || o->kind == KIND_RUN) &&
						     o->status == OBJECT_PENDING);
		ret->done =
			ret->done && (o->status == OBJECT_APPLIED || o->status == OBJECT_RECORDED);
	}
	ret->outcome = run->outcome;
	ret->outcome.objects = list;
	ret->outcome.object_count = told.count;
	ret->view.run = &ret->outcome;
	return 0;
}

/* --- telling --------------------------------------------------------------------------------- */

static int put(struct run *run, const char *commit, const struct forge_statuses *statuses,
	struct err **err)
{
	const struct session *s = run->session;
	for (size_t i = 0; i < statuses->count; i++)
		if (outbox_put_status(s->store, run->told.target, commit, &statuses->items[i],
			    s->now_ms, err) < 0)
			return -1;
	return 0;
}

/* How far the commit is, by what trueup/apply says. */
static enum told_progress progress_of(const struct forge_statuses *statuses)
{
	for (size_t i = 0; i < statuses->count; i++) {
		if (!str_eq(statuses->items[i].context, "trueup/apply"))
			continue;
		switch (statuses->items[i].state) {
		case FORGE_SUCCESS:
			return TOLD_DONE;
		case FORGE_PENDING:
			return TOLD_WAITING;
		case FORGE_FAILURE:
		case FORGE_ERROR:
		case FORGE_CANCELLED:
			break;
		}
	}
	return TOLD_FAILED;
}

/* The commit that was told about before comes to its end, whatever it waits for. */
static int end_last(struct run *run, struct err **err)
{
	const struct told *told = &run->told;
	struct tale tale = {.view = {.phase = PULL_VIEW_APPLIED, .is_branch = true}};
	if (!told->commit_id || told->progress == TOLD_DONE || told->progress == TOLD_FAILED)
		return 0;
	/* All of it may be done, and only the word of that be missing. */
	tale.view.is_end = true;
	if (collect(run, true, &tale, err) < 0)
		return -1;
	const struct forge_statuses ends = pull_statuses(&tale.view, &run->arena);
	if (tale.done && put(run, told->commit_id, &ends, err) < 0)
		return -1;
	const char *why = arena_printf(&run->arena, "superseded by %.7s", run->load.rev.commit);
	return outbox_end_statuses(
		run->session->store, told->target, told->commit_id, why, run->session->now_ms, err);
}

static int begin_commit(struct run *run, struct err **err)
{
	const char *commit = run->load.rev.commit;
	if (str_eq(run->told.commit_id, commit))
		return 0;
	if (end_last(run, err) < 0 || store_told_begin(run->session->store, commit, err) < 0)
		return -1;
	run->told.commit_id = commit;
	run->told.progress = TOLD_WORKING;
	return 0;
}

static int tell(struct run *run, struct tale *tale, struct err **err)
{
	struct session *s = run->session;
	if (collect(run, false, tale, err) < 0)
		return -1;
	if (tale->view.phase == PULL_VIEW_PREVIEW && !tale->begins)
		return 0;
	const struct forge_statuses statuses = pull_statuses(&tale->view, &run->arena);
	/* Others have joined while they had statuses of their own. */
	if (tale->outcome.object_count > PULL_OBJECT_STATUSES &&
		outbox_end_statuses(s->store, run->told.target, run->told.commit_id,
			"one of too many: see trueup/apply", s->now_ms, err) < 0)
		return -1;
	if (put(run, run->told.commit_id, &statuses, err) < 0)
		return -1;
	if (tale->view.phase != PULL_VIEW_APPLIED)
		return 0;
	run->told.progress = progress_of(&statuses);
	return store_told_progress(s->store, run->told.progress, err);
}

/* Is this run about the commit that is told about? */
static bool tells(const struct run *run)
{
	return run->told.target && !run->plan_only &&
	       str_eq(run->told.commit_id, run->load.rev.commit);
}

static int in_transaction(
	struct run *run, int (*what)(struct run *run, struct err **err), struct err **err)
{
	struct store *store = run->session->store;
	if (store_begin(store, err) < 0)
		return -1;
	if (what(run, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* There is something for a daemon to deliver. Without one it waits. */
static void wake(struct run *run)
{
	AUTO_ERR err = NULL;
	if (queue_wake(run->session->state_dir, &err) < 0)
		log_debug("%s", err->message);
}

int run_tell_open(struct run *run, struct err **err)
{
	struct session *s = run->session;
	const char *target = run->options->statuses;
	if (run->options->stop != RUN_STOP_NEVER || run->options->pull ||
		source_kind(s->source) != SOURCE_GIT)
		return 0;
	if (target && store_told_target(s->store, *target ? target : NULL, err) < 0)
		return -1;
	return store_told(s->store, &run->arena, &run->told, err);
}

/*
 * What failed is tried again and again, and is told when it comes out otherwise: forges keep a
 * limited number of statuses, and nobody wants to see them blink.
 */
static bool is_quiet(const struct run *run)
{
	return run->told.progress == TOLD_FAILED || run->told.progress == TOLD_DONE;
}

static int begin(struct run *run, struct err **err)
{
	struct tale tale = {.view = {.phase = PULL_VIEW_PREVIEW, .is_branch = true}};
	if (begin_commit(run, err) < 0 || touch_all(run, err) < 0)
		return -1;
	return is_quiet(run) ? 0 : tell(run, &tale, err);
}

int run_tell_begin(struct run *run, struct err **err)
{
	if (!run->told.target || run->plan_only || run_is_by_name(run))
		return 0;
	if (in_transaction(run, begin, err) < 0)
		return -1;
	wake(run);
	return 0;
}

int run_tell_intended(struct run *run, const struct item *item, struct err **err)
{
	return tells(run) && !run_is_by_name(run) ? touch(run, item, err) : 0;
}

static int go_on(struct run *run, struct err **err)
{
	struct tale tale = {.view = {.phase = PULL_VIEW_APPLYING, .is_branch = true}};
	return touch_all(run, err) < 0 ? -1 : tell(run, &tale, err);
}

int run_tell_progress(struct run *run, bool one, struct err **err)
{
	/* Of many, one more or less is not worth going through all of them. */
	if (!tells(run) || is_quiet(run) || (one && run->item_count > PULL_OBJECT_STATUSES))
		return 0;
	if (in_transaction(run, go_on, err) < 0)
		return -1;
	wake(run);
	return 0;
}

int run_tell_end(struct run *run, struct err **err)
{
	struct tale tale = {.view = {.phase = PULL_VIEW_APPLIED, .is_branch = true}};
	if (!tells(run))
		return 0;
	/* Stopped on request: the next run goes on. */
	if (run->outcome.exit_code && run_is_stopped(run))
		tale.view.phase = PULL_VIEW_APPLYING;
	return touch_all(run, err) < 0 ? -1 : tell(run, &tale, err);
}

void run_tell_wake(struct run *run)
{
	if (tells(run))
		wake(run);
}

static int invalid(struct run *run, struct err **err)
{
	struct tale tale = {.view = {.phase = PULL_VIEW_APPLIED, .is_branch = true}};
	return begin_commit(run, err) < 0 ? -1 : tell(run, &tale, err);
}

int run_tell_invalid(struct run *run, struct err **err)
{
	if (!run->told.target || run->plan_only)
		return 0;
	if (in_transaction(run, invalid, err) < 0)
		return -1;
	wake(run);
	return 0;
}

int run_tell_failed(struct run *run, const char *why, struct err **err)
{
	struct session *s = run->session;
	static const char *const contexts[] = {"trueup/plan", "trueup/apply"};
	AUTO_STR text = STR_INIT;
	if (!run->told.target || run->plan_only || run_is_by_name(run))
		return 0;
	text_cut(&text, why, FORGE_DESCRIPTION_MAX);
	if (store_begin(s->store, err) < 0)
		return -1;
	int rc = begin_commit(run, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(contexts); i++) {
		const struct forge_status status = {
			.context = contexts[i], .state = FORGE_FAILURE, .description = text.data};
		rc = outbox_put_status(
			s->store, run->told.target, run->told.commit_id, &status, s->now_ms, err);
	}
	if (rc == 0)
		rc = store_told_progress(s->store, TOLD_FAILED, err);
	if (rc < 0) {
		store_rollback(s->store);
		return -1;
	}
	if (store_commit(s->store, err) < 0)
		return -1;
	wake(run);
	return 0;
}
