/*
 * Applying before the merge: exactly the plans that were shown, all of them or none. The pipeline
 * does it, with the gates and the journal of every apply; what is different is in pull_item.c.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_internal.h"

static const char *join(struct arena *arena, const char *const *reasons)
{
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; reasons[i]; i++)
		str_addf(&text, "%s%s", i ? "; " : "", reasons[i]);
	return arena_strdup(arena, text.data);
}

static bool shows_plans(const struct pull_job *job)
{
	for (size_t i = 0; i < job->shown.count; i++)
		if (job->shown.items[i].plan_id &&
			!str_eq(job->shown.items[i].status, object_status_name(OBJECT_APPLIED)))
			return true;
	return false;
}

/* Why it cannot be applied at all; NULL in *ret_why: it can. */
static int find_obstacle(struct pull_job *job, const char **ret_why, struct err **err)
{
	const struct pull_row *row = job->row;
	const char *const *unmet = NULL;
	*ret_why = NULL;
	if (row->state != PULL_OPEN)
		*ret_why =
			arena_printf(job->arena, "it is %s already", pull_state_name(row->state));
	else if (!job->config->pulls.apply_before)
		*ret_why = arena_printf(job->arena,
			"Config says `pullRequests: {apply: after}`: its plans are applied once it "
			"is merged into %s",
			row->base_branch);
	else if (row->progress == PULL_IS_APPLIED)
		*ret_why = "everything of it was applied already";
	else if (row->progress == PULL_IS_NEW || !shows_plans(job))
		*ret_why = row->reason ? row->reason : "no plan of it was shown yet";
	else if (pull_job_blocked(job))
		*ret_why = pull_job_blocked(job);
	if (*ret_why)
		return 0;
	if (pull_job_merge(job, err) < 0 || pull_unmet(job, &unmet, err) < 0)
		return -1;
	if (unmet[0])
		*ret_why = join(job->arena, unmet);
	return 0;
}

struct tally {
	size_t applied, failed, fresh, held_back;
	const char *why; /* of the first that was held back */
};

static struct tally count(const struct run *run, struct arena *arena)
{
	struct tally t = {0};
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (item->kind != KIND_CANVAS || item->out.status == OBJECT_UNCHANGED)
			continue;
		if (item->out.status == OBJECT_APPLIED)
			t.applied += *item->operation != '\0';
		else if (item->out.status == OBJECT_FAILED || item->out.status == OBJECT_CANCELLED)
			t.failed++;
		else if (item->planned && !pull_is_as_shown(run, item))
			t.fresh++;
		else
			t.held_back++;
		if (!t.why && item->out.status != OBJECT_APPLIED && item->out.status_text)
			t.why = arena_printf(arena, "%s: %s", item->key, item->out.status_text);
	}
	return t;
}

static const char *tell(const struct tally *t, struct arena *arena)
{
	AUTO_STR text = STR_INIT;
	if (t->failed)
		str_addf(&text, "%zu failed (%s)", t->failed, t->why ? t->why : "see its log");
	if (t->applied)
		str_addf(&text, "%s%zu applied", text.len ? ", " : "", t->applied);
	else
		str_addf(&text, "%snothing was applied", text.len ? ", " : "");
	if (t->fresh)
		str_addf(&text,
			"; %zu plan%s new: look at %s in the comment, and ask again to apply %s",
			t->fresh, t->fresh == 1 ? " is" : "s are", t->fresh == 1 ? "it" : "them",
			t->fresh == 1 ? "it" : "them");
	else if (t->held_back && !t->failed && t->why)
		str_addf(&text, "; %s", t->why);
	return arena_strdup(arena, text.data);
}

int pull_apply(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	AUTO_RUN run = NULL;
	bool shown = false;
	*ret = (struct pull_result){0};
	if (pull_job_open(&job, work, number, SESSION_LOCK, arena, err) < 0 ||
		find_obstacle(&job, &ret->text, err) < 0)
		return -1;
	ret->pull = job.row;
	if (ret->text)
		return 0;
	if (pull_job_run(&job, RUN_STOP_NEVER, &run, err) < 0)
		return -1;
	const struct tally t = count(run, arena);
	if (pull_show(&job, run, PULL_VIEW_APPLIED, ret, &shown, err) < 0)
		return -1;
	if (run_is_stopped(run) && !t.applied)
		return err_set(err, ERR_CANCELLED, "stopped on request before it was applied");
	ret->text = tell(&t, arena);
	ret->applied = t.applied && !t.failed;
	return 0;
}
