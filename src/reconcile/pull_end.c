/*
 * The end of a pull request: what its comment and statuses say once it is merged or closed. From
 * what was shown and what became of the plans, not from the specs.
 */
#include "base/str.h"
#include "reconcile/pull_internal.h"
#include "report/outbox.h"

#include <string.h>

static bool is_closed(enum pull_end end)
{
	return end == PULL_END_CLOSED || end == PULL_END_CLOSED_APPLIED;
}

static void end_object(struct pull_job *job, enum pull_end end, const struct pull_object *shown,
	const struct plan_row *plan, struct object_outcome *out)
{
	struct arena *a = job->arena;
	*out = (struct object_outcome){
		.key = shown->key,
		.kind = kind_of_key(shown->key),
		.action = plan_action_of(shown->action),
		.reason = is_closed(end) ? "closed" : "merged",
		.status = is_closed(end)           ? OBJECT_PENDING
			  : end == PULL_END_MERGED ? OBJECT_WAITING
						   : OBJECT_RECORDED,
	};
	if (!plan)
		return;
	out->plan = outcome_plan(plan, a);
	const bool done = plan->status == PLAN_APPLIED && !plan->status_reason;
	out->status = done                            ? OBJECT_APPLIED
		      : plan->status == PLAN_APPLIED  ? OBJECT_FAILED
		      : plan->status == PLAN_REJECTED ? OBJECT_REFUSED
						      : OBJECT_WAITING;
	if (!done)
		out->status_text = arena_printf(a, "%s%s%s", plan_status_name(plan->status),
			plan->status_reason ? ": " : "",
			plan->status_reason ? plan->status_reason : "");
}

static int end_objects(
	struct pull_job *job, enum pull_end end, struct object_outcome **ret, struct err **err)
{
	*ret = arena_array(job->arena, job->shown.count + 1, sizeof **ret);
	for (size_t i = 0; i < job->shown.count; i++) {
		const struct pull_object *o = &job->shown.items[i];
		struct plan_row *plan = NULL;
		if (o->plan_id &&
			store_plan_get(job->session.store, o->plan_id, job->arena, &plan, err) < 0)
			return -1;
		end_object(job, end, o, plan, &(*ret)[i]);
	}
	return 0;
}

/* What people have to know about it now; the rest is in the table. */
static void tell_end(struct pull_job *job, enum pull_end end, struct pull_view *view)
{
	const struct pull_row *row = job->row;
	const char *as = row->merge_sha ? arena_printf(job->arena, " as %.7s", row->merge_sha) : "";
	switch (end) {
	case PULL_END_CLOSED:
		pull_job_note(job, PULL_NOTE_INFO,
			"closed without being merged: its plans are void and nothing is held");
		break;
	case PULL_END_CLOSED_APPLIED:
		pull_job_note(job, PULL_NOTE_WARNING,
			"closed without being merged: what was applied before is undone by the "
			"next "
			"reconcile of %s, through all of its gates",
			row->base_branch);
		break;
	case PULL_END_MERGED:
		view->why_not = arena_printf(job->arena,
			"merged into %s%s: the reconcile of %s applies what is planned here",
			row->base_branch, as, row->base_branch);
		break;
	case PULL_END_SETTLED:
		pull_job_note(job, PULL_NOTE_INFO, "merged into %s%s", row->base_branch, as);
		break;
	}
}

/*
 * A head that is a commit of the branch now, as after a fast-forward, has its statuses from the
 * reconcile of the branch.
 */
static int end_statuses(
	struct pull_job *job, enum pull_end end, const struct pull_view *view, struct err **err)
{
	const struct session *s = &job->session;
	const struct pull_row *row = job->row;
	struct told told;
	if (store_told(s->store, job->arena, &told, err) < 0)
		return -1;
	if (str_eq(told.commit_id, row->head_sha) || str_eq(row->merge_sha, row->head_sha))
		return 0;
	if (is_closed(end))
		return outbox_end_statuses(s->store, job->work->target, row->head_sha,
			"closed without being merged", s->now_ms, err);
	const struct forge_statuses statuses = pull_statuses(view, job->arena);
	return pull_put_statuses(job, &statuses, err);
}

int pull_show_end(struct pull_job *job, enum pull_end end, struct err **err)
{
	AUTO_STR text = STR_INIT;
	struct object_outcome *objects = NULL;
	const struct diag_list none = {0};
	if (!job->work->target)
		return 0;
	if (end_objects(job, end, &objects, err) < 0)
		return -1;
	const struct run_outcome outcome = {
		.command = "apply",
		.root = job->session.repository,
		.branch = job->row->base_branch,
		.commit = job->row->merge_sha,
		.objects = objects,
		.object_count = job->shown.count,
		.diags = &none,
	};
	struct pull_view view = {
		.run = &outcome,
		.phase = PULL_VIEW_APPLIED,
		.is_end = true,
		.commit = job->row->head_sha,
		.word = job->config->pulls.command,
		.details_url = job->row->url,
	};
	tell_end(job, end, &view);
	view.notes = job->notes;
	view.note_count = job->note_count;
	pull_comment_format(&view, &text);
	return end_statuses(job, end, &view, err) < 0 ? -1 : pull_put_comment(job, text.data, err);
}
