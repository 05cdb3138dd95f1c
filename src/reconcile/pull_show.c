/*
 * What people are told of a pull request, recorded in one transaction with what it is about: the
 * plans, which of them were shown, how far we are, and the wishes in the outbox.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_internal.h"
#include "report/outbox.h"

#include <string.h>

/* --- saying ---------------------------------------------------------------------------------- */

int pull_put_statuses(
	const struct pull_job *job, const struct forge_statuses *statuses, struct err **err)
{
	const struct session *s = &job->session;
	for (size_t i = 0; i < statuses->count; i++)
		if (outbox_put_status(s->store, job->work->target, job->row->head_sha,
			    &statuses->items[i], s->now_ms, err) < 0)
			return -1;
	return 0;
}

int pull_put_comment(const struct pull_job *job, const char *text, struct err **err)
{
	const struct session *s = &job->session;
	if (!job->config->pulls.comments)
		return 0;
	return outbox_put_comment(
		s->store, job->work->target, job->row->number, "plan", text, s->now_ms, err);
}

static int say(const struct pull_job *job, const struct pull_view *view, struct err **err)
{
	AUTO_STR text = STR_INIT;
	if (!job->work->target)
		return 0;
	const struct forge_statuses statuses = pull_statuses(view, job->arena);
	pull_comment_format(view, &text);
	return pull_put_statuses(job, &statuses, err) < 0 ? -1
							  : pull_put_comment(job, text.data, err);
}

/* Statuses of a head that was not looked at. */
static struct forge_statuses reason_statuses(
	const struct pull_job *job, enum pull_progress progress, const char *reason)
{
	static const char *const contexts[] = {"trueup/validate", "trueup/plan", "trueup/apply"};
	struct forge_statuses ret = {arena_array(job->arena, 3, sizeof *ret.items), 3};
	for (size_t i = 0; i < 3; i++)
		ret.items[i] = (struct forge_status){
			.context = contexts[i],
			.state = progress == PULL_IS_BLOCKED || i == 2 ? FORGE_PENDING
								       : FORGE_FAILURE,
			.description = reason,
			.url = job->row->url,
		};
	if (progress == PULL_IS_FAILED) /* nothing is known about the specs */
		ret.items[0].state = FORGE_PENDING;
	return ret;
}

static int record_reason(struct pull_job *job, enum pull_progress progress, const char *reason,
	bool *ret_moved, struct err **err)
{
	const struct session *s = &job->session;
	const bool ours = str_eq(job->row->base_branch, job->config->branch);
	const struct pull_step step = {
		.head_sha = job->row->head_sha,
		.base_sha = *job->base.commit ? job->base.commit : NULL,
		.progress = progress,
		.reason = reason,
	};
	if (store_pull_step(s->store, job->row->number, &step, s->now_ms, ret_moved, err) < 0)
		return -1;
	/* Whoever is not planned keeps nobody waiting, and nothing of an older head stands. */
	if (!*ret_moved)
		return 0;
	if (pull_void_shown(s->store, &job->shown, reason, err) < 0 ||
		store_locks_release(s->store, job->row->number, true, err) < 0 ||
		store_pull_show(s->store, job->row->number, NULL, 0, err) < 0)
		return -1;
	if (!ours || !job->work->target)
		return 0;
	AUTO_STR text = STR_INIT;
	str_addf(&text, "### %s plan `%.7s`\n\n", job->config->pulls.command, job->row->head_sha);
	markdown_text(&text, reason);
	str_add(&text, "\n");
	const struct forge_statuses statuses = reason_statuses(job, progress, reason);
	return pull_put_statuses(job, &statuses, err) < 0 ? -1
							  : pull_put_comment(job, text.data, err);
}

void pull_tell_caller(const struct pull_work *work)
{
	if (work->said && work->target)
		work->said(work->data);
}

static int read_back(struct pull_job *job, struct pull_result *ret, struct err **err)
{
	struct store *store = job->session.store;
	struct pull_row *row = NULL;
	if (store_pull_get(store, job->row->number, job->arena, &row, err) < 0 ||
		store_pulls_ready(store, job->arena, &ret->refresh, err) < 0)
		return -1;
	ret->pull = row;
	return 0;
}

int pull_show_reason(struct pull_job *job, enum pull_progress progress, const char *reason,
	struct pull_result *ret, struct err **err)
{
	struct store *store = job->session.store;
	bool moved = false;
	ret->text = reason;
	if (store_begin(store, err) < 0)
		return -1;
	if (record_reason(job, progress, reason, &moved, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	pull_tell_caller(job->work);
	return read_back(job, ret, err);
}

/* --- what a run found ------------------------------------------------------------------------ */

/* Somebody works on it: its plan may be what is being applied. */
static bool is_running(const struct item *item)
{
	return item->busy || pull_is_under_way(item->row);
}

static void fill_object(const struct pull_job *job, const struct run *run, const struct item *item,
	struct pull_object *ret)
{
	const struct pull_object *before = pull_shown(run, item->key);
	const bool keeps = before && !item->planned &&
			   (item->out.status == OBJECT_APPLIED || is_running(item) ||
				   item->decision.action == PLAN_REFUSE);
	*ret = (struct pull_object){
		.pull = job->row->number,
		.key = item->key,
		.head_sha = job->row->head_sha,
		.action = plan_action_name(item->out.action),
		.status = object_status_name(item->out.status),
		.shown_at = job->session.now_ms,
	};
	if (item->planned) {
		ret->plan_id = item->plan_id;
		ret->sha256 = item->plan_sha256;
		ret->identity = item->identity;
	} else if (keeps) {
		ret->plan_id = before->plan_id;
		ret->sha256 = before->sha256;
		ret->identity = before->identity;
	}
}

static const struct item *shows_plan(const struct run *run, const char *plan_id)
{
	for (size_t i = 0; i < run->item_count; i++)
		if (run->items[i]->planned && str_eq(run->items[i]->plan_id, plan_id))
			return run->items[i];
	return NULL;
}

/*
 * A plan that people were shown and that is not the one any more: void, and they are told when
 * they did not change the pull request themselves.
 */
static int void_one(
	struct pull_job *job, struct run *run, const struct pull_object *o, struct err **err)
{
	struct store *store = job->session.store;
	const struct item *item = item_find(run, o->key);
	struct plan_row *plan = NULL;
	const char *why = "what it was made from changed";
	if (!o->plan_id || shows_plan(run, o->plan_id) ||
		(item && (is_running(item) || item->out.status == OBJECT_APPLIED)))
		return 0;
	if (store_plan_get(store, o->plan_id, job->arena, &plan, err) < 0)
		return -1;
	if (!plan || plan->status == PLAN_APPLIED || plan->status == PLAN_REJECTED)
		return 0;
	const bool same_head = str_eq(o->head_sha, job->row->head_sha);
	if (!same_head)
		why = arena_printf(job->arena, "made for %.7s, and %.7s is the head now",
			o->head_sha, job->row->head_sha);
	if (plan->status != PLAN_WAITING && plan->status != PLAN_APPROVED && plan->status_reason)
		why = plan->status_reason;
	if (same_head)
		pull_job_note(job, PULL_NOTE_WARNING, "the plan %s of %s is void: %s", plan->id,
			o->key, why);
	return store_plan_move(store, plan->id, PLAN_VOID, why, NULL, err);
}

static int void_plans(struct pull_job *job, struct run *run, struct err **err)
{
	for (size_t i = 0; i < job->shown.count; i++)
		if (void_one(job, run, &job->shown.items[i], err) < 0)
			return -1;
	return 0;
}

struct findings {
	bool waits_for_lock, plan_due, failed, open_plan, not_ready, applied;
	bool behind; /* the base branch's own work comes first */
	bool busy; /* and some of it is being done */
	const char *reason; /* of what is not as it should be */
};

static void find_lock(const struct item *item, struct findings *f)
{
	for (size_t i = 0; i < item->out.gates.count; i++)
		if (str_eq(item->out.gates.items[i].gate, "lock")) {
			f->waits_for_lock = true;
			f->reason = item->out.gates.items[i].reason;
		}
}

/* Of a canvas: what is planned, applied, or keeps it from that. */
static void find_canvas(const struct item *item, bool spec_only, struct findings *f)
{
	const struct gate_answer *first = NULL;
	const bool passes = gates_verdict(&item->out.gates, &first) == GATE_PASS;
	const bool applied = item->out.status == OBJECT_APPLIED;
	if (spec_only && item_wants_plan(item) && !item->decision.use_stored &&
		gates_plan_verdict(&item->out.gates, NULL) == GATE_PASS)
		f->plan_due = true;
	f->applied = f->applied || applied;
	f->behind = f->behind || item->behind;
	f->busy = f->busy || item->busy;
	f->open_plan = f->open_plan || (item->planned && !applied);
	if (!item_acts(item) || applied || passes)
		return;
	f->not_ready = true;
	if (!f->reason)
		f->reason = first->reason;
}

static void find_item(const struct item *item, bool spec_only, struct findings *f)
{
	find_lock(item, f);
	if (item->out.status == OBJECT_FAILED || item->out.status == OBJECT_CANCELLED) {
		f->failed = true;
		f->reason = item->out.status_text;
	}
	if (item->kind == KIND_CANVAS)
		find_canvas(item, spec_only, f);
}

static enum pull_progress progress_of(const struct run *run, const struct findings *f)
{
	if (run->load.diags.errors)
		return PULL_IS_INVALID;
	if (f->failed)
		return PULL_IS_FAILED;
	if (f->waits_for_lock || f->plan_due)
		return PULL_IS_PREVIEWED;
	return f->applied && !f->open_plan && !f->not_ready ? PULL_IS_APPLIED : PULL_IS_PLANNED;
}

static void tell_apply(const struct pull_job *job, const struct findings *f,
	enum pull_progress progress, struct pull_view *view)
{
	if (!job->config->pulls.apply_before) {
		view->apply_after_merge = true;
		view->why_not = arena_printf(job->arena,
			"this plan is applied once it is merged into %s", job->row->base_branch);
		return;
	}
	view->may_apply = progress == PULL_IS_PLANNED && f->open_plan && !f->not_ready;
	if (!view->may_apply && f->reason)
		view->why_not = f->reason;
}

/* No engine will be asked about it now; for a lock it is, once it is free. */
static void show_waiting(struct run *run, struct item *item)
{
	const struct gate_answer *first = NULL;
	if (item_wants_plan(item) && gates_plan_verdict(&item->out.gates, &first) == GATE_WAIT &&
		!str_eq(first->gate, "lock"))
		item_status(run, item, OBJECT_WAITING, "%s", first->reason);
}

static struct findings find_all(struct pull_job *job, struct run *run)
{
	const bool spec_only = run->options->stop == RUN_STOP_SPEC;
	struct findings f = {0};
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (spec_only && item_wants_plan(item) && item->decision.use_stored &&
			gates_plan_verdict(&item->out.gates, NULL) == GATE_PASS)
			item_use_stored(run, item);
		if (spec_only && item->kind == KIND_CANVAS)
			show_waiting(run, item);
		find_item(item, spec_only, &f);
	}
	if (f.waits_for_lock)
		pull_job_note(job, PULL_NOTE_BLOCKED, "%s", f.reason);
	run_publish(run);
	return f;
}

/* --- recording ------------------------------------------------------------------------------- */

struct showing {
	struct pull_job *job;
	struct run *run;
	struct pull_view view;
	struct findings findings;
	enum pull_progress progress;
	struct plan_row *plans; /* made in this run */
	size_t plan_count;
	bool gone; /* somebody else was faster, or there is a newer head */
};

static int add_plans(struct showing *s, struct err **err)
{
	struct run *run = s->run;
	s->plans = arena_array(&run->arena, run->item_count + 1, sizeof *s->plans);
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (!item->planned || item->stored)
			continue;
		if (plan_row_of(run, item, &s->plans[s->plan_count++], err) < 0)
			return -1;
	}
	return 0;
}

/* Did another process show something since we began? */
static int is_overtaken(struct showing *s, bool *ret, struct err **err)
{
	struct pull_job *job = s->job;
	struct pull_objects now;
	*ret = false;
	if (store_pull_shown_objects(job->session.store, job->row->number, job->arena, &now, err) <
		0)
		return -1;
	*ret = now.count != job->shown.count;
	for (size_t i = 0; !*ret && i < now.count; i++)
		*ret = !str_eq(now.items[i].key, job->shown.items[i].key) ||
		       !str_eq(now.items[i].plan_id, job->shown.items[i].plan_id);
	/* Engines were asked: ours knows more. What somebody worked on is looked at again. */
	if (s->run->options->stop != RUN_STOP_SPEC)
		*ret = false;
	job->shown = now;
	return 0;
}

/*
 * Did somebody let go of its objects, or decide about a plan of it that goes on, while engines
 * planned the others?
 */
static int is_called_off(struct showing *s, bool *ret, struct err **err)
{
	struct store *store = s->job->session.store;
	struct pull_row *now = NULL;
	if (store_pull_get(store, s->job->row->number, s->job->arena, &now, err) < 0)
		return -1;
	*ret = !now ||
	       (now->progress == PULL_IS_BLOCKED && s->job->row->progress != PULL_IS_BLOCKED);
	for (size_t i = 0; !*ret && i < s->run->item_count; i++) {
		const struct plan_row *stored = s->run->items[i]->stored;
		struct plan_row *plan = NULL;
		if (!stored)
			continue;
		if (store_plan_get(store, stored->id, s->job->arena, &plan, err) < 0)
			return -1;
		*ret = !plan || plan->status != stored->status;
	}
	return 0;
}

static int record_objects(struct showing *s, struct err **err)
{
	struct run *run = s->run;
	struct pull_object *rows = arena_array(&run->arena, run->item_count + 1, sizeof *rows);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++)
		if (item_is_told(run->items[i]))
			fill_object(s->job, run, run->items[i], &rows[count++]);
	return store_pull_show(s->job->session.store, s->job->row->number, rows, count, err);
}

static int record_all(struct showing *s, struct err **err)
{
	struct pull_job *job = s->job;
	struct store *store = job->session.store;
	const struct pull_step step = {
		.head_sha = job->row->head_sha,
		/* Whatever the branch does next, this is looked at again afterwards. */
		.base_sha = s->findings.behind ? "" : job->base.commit,
		.progress = s->progress,
		.reason = s->findings.reason,
	};
	bool moved = false, overtaken = false;
	if (is_overtaken(s, &overtaken, err) < 0 ||
		(run_is_beside(s->run) && is_called_off(s, &overtaken, err) < 0) ||
		(!overtaken && store_pull_step(store, job->row->number, &step, job->session.now_ms,
				       &moved, err) < 0))
		return -1;
	s->gone = !moved;
	if (s->gone)
		return 0;
	for (size_t i = 0; i < s->plan_count; i++)
		if (store_plan_add(store, &s->plans[i], err) < 0)
			return -1;
	if (void_plans(job, s->run, err) < 0 || record_objects(s, err) < 0)
		return -1;
	s->view.notes = job->notes;
	s->view.note_count = job->note_count;
	return say(job, &s->view, err);
}

/* They hold values that nobody should find. */
static int drop_new_plans(struct run *run, struct err **err)
{
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (!item->plan_path || item->stored)
			continue;
		AUTO_FREE char *file = path_join(run->session->state_dir, item->plan_path);
		AUTO_FREE char *rendered = outcome_rendered_dir(run->session, item->plan_id);
		if (fs_remove_tree(file, err) < 0 || fs_remove_tree(rendered, err) < 0)
			return -1;
	}
	return 0;
}

static const char *summary(const struct showing *s)
{
	const struct run_outcome *o = &s->run->outcome;
	struct arena *a = s->job->arena;
	size_t planned = 0;
	for (size_t i = 0; i < o->object_count; i++)
		planned += o->objects[i].plan != NULL;
	if (s->run->load.diags.errors)
		return arena_printf(a, "its specs are invalid: %zu error%s",
			s->run->load.diags.errors, s->run->load.diags.errors == 1 ? "" : "s");
	if (s->progress == PULL_IS_FAILED)
		return arena_printf(a, "it could not be planned: %s", s->findings.reason);
	if (s->findings.waits_for_lock)
		return arena_strdup(a, s->findings.reason);
	return arena_printf(a, "%zu object%s to change, %zu plan%s shown%s", o->object_count,
		o->object_count == 1 ? "" : "s", planned, planned == 1 ? "" : "s",
		s->findings.busy ? "; another trueup works on the rest, which is planned after that"
				 : "");
}

static void make_view(struct showing *s, enum pull_view_phase phase)
{
	struct pull_job *job = s->job;
	s->findings = find_all(job, s->run);
	s->progress = progress_of(s->run, &s->findings);
	if (phase == PULL_VIEW_PREVIEW && !s->findings.plan_due && !s->findings.waits_for_lock)
		phase = PULL_VIEW_PLANNED;
	s->view = (struct pull_view){
		.run = &s->run->outcome,
		.phase = phase,
		.commit = job->row->head_sha,
		.word = job->config->pulls.command,
		.details_url = job->row->url,
	};
	if (s->progress == PULL_IS_APPLIED)
		s->view.phase = PULL_VIEW_APPLIED;
	tell_apply(job, &s->findings, s->progress, &s->view);
}

int pull_show(struct pull_job *job, struct run *run, enum pull_view_phase phase,
	struct pull_result *ret, bool *ret_shown, struct err **err)
{
	struct showing s = {.job = job, .run = run};
	struct store *store = job->session.store;
	*ret_shown = false;
	if (phase == PULL_VIEW_PLANNED && run_is_stopped(run)) {
		if (drop_new_plans(run, err) < 0)
			return -1;
		return err_set(err, ERR_CANCELLED, "stopped on request before it was planned");
	}
	make_view(&s, phase);
	if (add_plans(&s, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (record_all(&s, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	if (s.gone)
		return drop_new_plans(run, err);
	*ret_shown = true;
	ret->text = summary(&s);
	ret->plan_due = s.findings.plan_due;
	ret->busy = s.findings.busy;
	pull_tell_caller(job->work);
	if (job->work->found)
		job->work->found(job->work->data, &run->outcome);
	return read_back(job, ret, err);
}
