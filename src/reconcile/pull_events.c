/*
 * What happens to a pull request from outside: it is pushed to, closed, merged, unlocked, and its
 * base branch moves on.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_internal.h"
#include "report/outbox.h"
#include "store/audit.h"

void pull_facts(const struct forge *forge, const struct forge_pull *pull, struct arena *arena,
	struct pull_row *ret)
{
	static const enum pull_state states[] = {
		[FORGE_PULL_OPEN] = PULL_OPEN,
		[FORGE_PULL_CLOSED] = PULL_CLOSED,
		[FORGE_PULL_MERGED] = PULL_MERGED,
	};
	*ret = (struct pull_row){
		.number = pull->number,
		.url = pull->url,
		.title = pull->title,
		.author = forge_actor(forge, arena, pull->author),
		.head_sha = pull->head_sha,
		.head_repository = pull->fork ? pull->head_repository : NULL,
		.fork = pull->fork,
		.base_branch = pull->base_ref,
		.merge_sha = pull->merge_sha,
		.state = states[pull->state],
	};
}

/* --- letting go ------------------------------------------------------------------------------ */

int pull_void_shown(
	struct store *store, const struct pull_objects *shown, const char *why, struct err **err)
{
	for (size_t i = 0; i < shown->count; i++)
		if (shown->items[i].plan_id && store_plan_move(store, shown->items[i].plan_id,
						       PLAN_VOID, why, NULL, err) < 0)
			return -1;
	return 0;
}

static int has_applied(
	struct store *store, int64_t number, struct arena *arena, bool *ret, struct err **err)
{
	struct object_locks locks;
	*ret = false;
	if (store_locks(store, number, arena, &locks, err) < 0)
		return -1;
	for (size_t i = 0; i < locks.count; i++)
		*ret = *ret || locks.items[i].applied;
	return 0;
}

/*
 * Closed: nothing of it stands, and what it applied is the base branch's to undo. Merged: its plans
 * are the base branch's now, and what it applied stays held until the branch has the merge.
 */
static int let_go(struct session *s, const struct pull_row *row, struct arena *arena,
	bool *ret_reconcile, struct err **err)
{
	struct pull_objects shown;
	if (row->state == PULL_OPEN)
		return 0;
	if (has_applied(s->store, row->number, arena, ret_reconcile, err) < 0)
		return -1;
	if (row->state == PULL_MERGED) {
		*ret_reconcile = true;
		return store_locks_release(s->store, row->number, true, err);
	}
	const char *why =
		arena_printf(arena, "pull request #%lld was closed", (long long)row->number);
	if (store_pull_shown_objects(s->store, row->number, arena, &shown, err) < 0 ||
		pull_void_shown(s->store, &shown, why, err) < 0)
		return -1;
	return store_locks_release(s->store, row->number, false, err);
}

/* --- telling it ------------------------------------------------------------------------------- */

/* Has the commit statuses of somebody else: of the branch, or of another pull request? */
static int is_shared(struct session *s, const struct pull_row *old, struct arena *arena, bool *ret,
	struct err **err)
{
	const struct pull_filter open = {.open = true};
	struct pull_rows rows;
	struct told told;
	if (store_told(s->store, arena, &told, err) < 0 ||
		store_pulls(s->store, &open, arena, &rows, err) < 0)
		return -1;
	*ret = str_eq(told.commit_id, old->head_sha);
	for (size_t i = 0; i < rows.count; i++)
		*ret = *ret || (rows.items[i].number != old->number &&
				       str_eq(rows.items[i].head_sha, old->head_sha));
	return 0;
}

/* Nobody looks at the head of before any more: what is pending of it ends. */
static int end_old_head(struct pull_job *job, const struct pull_row *old, struct err **err)
{
	struct session *s = &job->session;
	bool shared = false;
	if (str_eq(old->head_sha, job->row->head_sha))
		return 0;
	if (is_shared(s, old, job->arena, &shared, err) < 0)
		return -1;
	const char *why = arena_printf(job->arena, "superseded by %.7s", job->row->head_sha);
	return shared ? 0
		      : outbox_end_statuses(
				s->store, job->work->target, old->head_sha, why, s->now_ms, err);
}

/* old: as it was known before. Nothing is said of one of which nothing was said yet. */
static int tell_note(
	struct pull_job *job, const struct pull_row *old, bool applied, struct err **err)
{
	const struct session *s = &job->session;
	if (!job->work->target || !old)
		return 0;
	job->config = recorded_config_or_default(s->store, job->arena);
	if (end_old_head(job, old, err) < 0)
		return -1;
	if (job->row->state == PULL_OPEN || !str_eq(old->base_branch, job->config->branch))
		return 0;
	if (store_pull_shown_objects(s->store, job->row->number, job->arena, &job->shown, err) < 0)
		return -1;
	if (old->progress == PULL_IS_NEW && !job->shown.count)
		return 0;
	return pull_show_end(job,
		job->row->state == PULL_MERGED ? PULL_END_MERGED
		: applied                      ? PULL_END_CLOSED_APPLIED
					       : PULL_END_CLOSED,
		err);
}

static int note_all(struct pull_job *job, const struct pull_row *facts, bool *ret_changed,
	struct pull_result *ret, struct err **err)
{
	struct session *s = &job->session;
	struct pull_row *old = NULL;
	bool reconcile = false;
	if (store_pull_get(s->store, facts->number, job->arena, &old, err) < 0 ||
		store_pull_note(s->store, facts, s->now_ms, ret_changed, err) < 0 ||
		store_pull_get(s->store, facts->number, job->arena, &job->row, err) < 0 ||
		let_go(s, job->row, job->arena, &reconcile, err) < 0 ||
		(*ret_changed && tell_note(job, old, reconcile, err) < 0) ||
		store_pulls_ready(s->store, job->arena, &ret->refresh, err) < 0)
		return -1;
	ret->pull = job->row;
	ret->reconcile_due = reconcile && *ret_changed;
	return 0;
}

int pull_note(const struct pull_work *work, const struct pull_row *facts, bool *ret_changed,
	struct arena *arena, struct pull_result *ret, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	job.work = work;
	job.arena = arena;
	*ret = (struct pull_result){0};
	if (pull_session_open(work, SESSION_WRITE, &job.session, err) < 0 ||
		store_begin(job.session.store, err) < 0)
		return -1;
	if (note_all(&job, facts, ret_changed, ret, err) < 0) {
		store_rollback(job.session.store);
		return -1;
	}
	if (store_commit(job.session.store, err) < 0)
		return -1;
	if (*ret_changed)
		pull_tell_caller(work);
	ret->text = arena_printf(arena, "pull request #%lld is %s at %.10s",
		(long long)facts->number, pull_state_name(ret->pull->state), ret->pull->head_sha);
	return 0;
}

/* --- unlock ---------------------------------------------------------------------------------- */

static int unlock_all(struct pull_job *job, struct err **err)
{
	struct session *s = &job->session;
	const int64_t number = job->row->number;
	const char *why = arena_printf(job->arena, "unlocked by %s", s->actor);
	const struct audit_row audit = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = "unlock",
		.subject = arena_printf(job->arena, "pull/%lld", (long long)number),
		.detail_json = "{}",
	};
	if (pull_void_shown(s->store, &job->shown, why, err) < 0 ||
		store_locks_release(s->store, number, true, err) < 0 ||
		store_audit_append(s->store, &audit, err) < 0)
		return -1;
	return 0;
}

int pull_unlock(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	bool applied = false;
	*ret = (struct pull_result){0};
	if (pull_job_open(&job, work, number, SESSION_LOCK, arena, err) < 0 ||
		has_applied(job.session.store, number, arena, &applied, err) < 0 ||
		store_begin(job.session.store, err) < 0)
		return -1;
	if (unlock_all(&job, err) < 0) {
		store_rollback(job.session.store);
		return -1;
	}
	if (store_commit(job.session.store, err) < 0)
		return -1;
	AUTO_FREE char *text = xasprintf("unlocked by %s: `%s plan` plans it again%s",
		job.session.actor, job.config->pulls.command,
		applied ? "; what it applied stays held until it is merged or closed" : "");
	if (job.row->state == PULL_OPEN)
		return pull_show_reason(&job, PULL_IS_BLOCKED, arena_strdup(arena, text), ret, err);
	ret->pull = job.row;
	ret->text = arena_strdup(arena, text);
	return store_pulls_ready(job.session.store, arena, &ret->refresh, err);
}

/* --- after the base branch moved ----------------------------------------------------------------
 */

/* Does the recorded revision hold the merge? One that the forge does not name counts as held. */
static int is_in_base(struct session *s, const struct pull_row *row,
	const struct revision_row *last, bool *ret, struct err **err)
{
	*ret = !row->merge_sha;
	if (!row->merge_sha || !last || !last->commit_id)
		return 0;
	if (source_is_before(s->source, row->merge_sha, last->commit_id, ret, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	return 0;
}

/* Is the object where the base branch wants it? */
static int is_settled(
	struct session *s, const char *key, struct arena *arena, bool *ret, struct err **err)
{
	struct object_row *row = NULL;
	if (store_object_get(s->store, key, OBJECT_BRIEF, arena, &row, err) < 0)
		return -1;
	*ret = !row || row->phase == PHASE_DESTROYED ||
	       (row->present && str_eq(row->applied_digest, row->seen_digest));
	return 0;
}

/* What it applied is let go once the branch has it: the merge, or the way back. */
static int release_applied(
	struct session *s, const struct pull_row *row, struct arena *arena, struct err **err)
{
	struct object_locks locks;
	if (store_locks(s->store, row->number, arena, &locks, err) < 0)
		return -1;
	for (size_t i = 0; i < locks.count; i++) {
		bool settled = false;
		if (!row->merge_sha && is_settled(s, locks.items[i].key, arena, &settled, err) < 0)
			return -1;
		if ((row->merge_sha || settled) &&
			store_lock_release(s->store, row->number, locks.items[i].key, err) < 0)
			return -1;
	}
	return 0;
}

/* Have all of its plans come to an end? */
static int plans_ended(struct session *s, const struct pull_objects *shown, struct arena *arena,
	bool *ret, struct err **err)
{
	*ret = true;
	for (size_t i = 0; i < shown->count; i++) {
		struct plan_row *plan = NULL;
		if (!shown->items[i].plan_id)
			continue;
		if (store_plan_get(s->store, shown->items[i].plan_id, arena, &plan, err) < 0)
			return -1;
		if (plan && (plan->status == PLAN_WAITING || plan->status == PLAN_APPROVED))
			*ret = false;
	}
	return 0;
}

/* The branch has it. */
static int settle_one(const struct pull_work *work, const struct pull_row *row, struct arena *arena,
	struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	bool ended = false;
	if (pull_job_open(&job, work, row->number, SESSION_WRITE, arena, err) < 0 ||
		store_begin(job.session.store, err) < 0)
		return -1;
	if (release_applied(&job.session, row, arena, err) < 0 ||
		plans_ended(&job.session, &job.shown, arena, &ended, err) < 0 ||
		(ended && (pull_show_end(&job, PULL_END_SETTLED, err) < 0 ||
				  store_pull_settled(job.session.store, row->number,
					  job.session.now_ms, err) < 0))) {
		store_rollback(job.session.store);
		return -1;
	}
	if (store_commit(job.session.store, err) < 0)
		return -1;
	if (ended)
		pull_tell_caller(work);
	return 0;
}

static void add_number(struct pull_numbers *list, size_t *cap, struct arena *arena, int64_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == number)
			return;
	list->items = arena_grow(arena, list->items, list->count, cap, sizeof *list->items);
	list->items[list->count++] = number;
}

/* Open ones that were looked at when the base branch was elsewhere. */
static int add_moved(struct session *s, struct arena *arena, struct pull_numbers *ret, size_t *cap,
	struct err **err)
{
	const struct pull_filter open = {.open = true};
	struct pull_rows rows;
	if (store_pulls(s->store, &open, arena, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		const struct pull_row *row = &rows.items[i];
		struct source_rev tip;
		AUTO_ERR none = NULL;
		if (row->progress == PULL_IS_BLOCKED)
			continue;
		if (pull_base_tip(s->source, row->base_branch, &tip, &none) == 0 &&
			!str_eq(tip.commit, row->base_sha))
			add_number(ret, cap, arena, row->number);
	}
	return 0;
}

static int list_due(
	struct session *s, struct arena *arena, struct pull_numbers *ret, struct err **err)
{
	struct pull_numbers void_plans, ready;
	size_t cap = 0;
	*ret = (struct pull_numbers){0};
	if (add_moved(s, arena, ret, &cap, err) < 0 ||
		store_pulls_void(s->store, arena, &void_plans, err) < 0 ||
		store_pulls_ready(s->store, arena, &ready, err) < 0)
		return -1;
	for (size_t i = 0; i < void_plans.count; i++)
		add_number(ret, &cap, arena, void_plans.items[i]);
	for (size_t i = 0; i < ready.count; i++)
		add_number(ret, &cap, arena, ready.items[i]);
	return 0;
}

int pull_settle(const struct pull_work *work, struct arena *arena, struct pull_result *ret,
	struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	const struct pull_filter unsettled = {.unsettled = true};
	struct pull_rows rows;
	struct revision_row *last = NULL;
	*ret = (struct pull_result){0};
	if (pull_session_open(work, SESSION_WRITE, &session, err) < 0 ||
		store_pulls(session.store, &unsettled, arena, &rows, err) < 0 ||
		store_revision_last(session.store, arena, &last, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		const struct pull_row *row = &rows.items[i];
		bool in_base = false;
		if (is_in_base(&session, row, last, &in_base, err) < 0 ||
			(in_base && settle_one(work, row, arena, err) < 0))
			return err_wrap(err, "settle pull request #%lld", (long long)row->number);
	}
	if (list_due(&session, arena, &ret->refresh, err) < 0)
		return -1;
	ret->text = arena_printf(arena, "%zu pull request%s to look at again", ret->refresh.count,
		ret->refresh.count == 1 ? "" : "s");
	return 0;
}
