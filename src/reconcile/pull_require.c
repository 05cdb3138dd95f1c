/*
 * What is required of a pull request before it is applied, and of a person before trueup does what
 * a comment says. What only a forge knows is asked of it then, not remembered: a review may be
 * taken back and a member removed. No answer is a no.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_internal.h"

#include <string.h>

struct reasons {
	const char **items;
	size_t count, cap;
	struct arena *arena;
};

static void add(struct reasons *r, const char *text)
{
	r->items = arena_grow(r->arena, r->items, r->count, &r->cap, sizeof *r->items);
	r->items[r->count++] = text;
}

/* "alice" of "github:alice". */
static const char *login_of(const char *actor)
{
	const char *colon = strchr(actor, ':');
	return colon ? colon + 1 : actor;
}

/* Whether the forge lets an account write to the repository. */
static int may_write(const struct pull_job *job, const char *login, bool *ret_may, struct err **err)
{
	enum forge_permission permission = FORGE_NO_PERMISSION;
	if (forge_permission(job->work->forge, login, &permission, err) < 0)
		return -1;
	*ret_may = permission >= FORGE_WRITE;
	return 0;
}

struct reviews {
	size_t approved;
	size_t stale; /* approved before the newest commit */
	size_t outside; /* of those who may not write: at a public repository that is anybody */
};

/* An approval counts for the commit that was reviewed, where the forge says which. */
static int count_review(struct pull_job *job, const struct forge_approval *a, struct reasons *r,
	struct reviews *count, struct err **err)
{
	bool may;
	if (str_eq(a->author, login_of(job->row->author)))
		return 0;
	if (may_write(job, a->author, &may, err) < 0)
		return err_wrap(err, "ask the forge what %s may do", a->author);
	if (!may)
		count->outside += a->review == FORGE_APPROVED;
	else if (a->review == FORGE_CHANGES_REQUESTED)
		add(r, arena_printf(job->arena, "%s asks for changes", a->author));
	else if (a->review == FORGE_APPROVED && a->sha && !str_eq(a->sha, job->row->head_sha))
		count->stale++;
	else if (a->review == FORGE_APPROVED)
		count->approved++;
	return 0;
}

static int check_approved(struct pull_job *job, struct reasons *r, struct err **err)
{
	struct forge_approvals list = {0};
	struct reviews count = {0};
	if (!job->work->forge) {
		add(r, "it is not known whether it was approved: there is no forge to ask");
		return 0;
	}
	if (forge_approval_list(job->work->forge, job->row->number, job->arena, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (count_review(job, &list.items[i], r, &count, err) < 0)
			return -1;
	if (count.approved)
		return 0;
	if (count.stale)
		add(r, "it was approved before its newest commit: it has to be reviewed again");
	else if (count.outside)
		add(r, "it is not approved by anybody who may write to the repository");
	else
		add(r, "it is not approved");
	return 0;
}

static void check_mergeable(struct pull_job *job, const struct forge_pull *pull, struct reasons *r)
{
	if (job->merge.conflict_count)
		add(r, "it conflicts with its base branch");
	else if (pull && pull->mergeable == FORGE_NO)
		add(r, "the forge says that it cannot be merged");
	else if (pull && pull->mergeable == FORGE_UNKNOWN)
		add(r, "the forge does not know yet whether it can be merged: try again in a "
		       "moment");
}

static int check_up_to_date(struct pull_job *job, struct reasons *r, struct err **err)
{
	int64_t behind = (int64_t)job->merge.behind;
	if (!behind && job->work->forge &&
		forge_behind(job->work->forge, job->row->base_branch, job->row->head_sha, &behind,
			err) < 0)
		return -1;
	if (behind)
		add(r, arena_printf(job->arena, "it lacks %lld commit%s of %s", (long long)behind,
			       behind == 1 ? "" : "s", job->row->base_branch));
	return 0;
}

static int check_pull(
	struct pull_job *job, const struct forge_pull *pull, struct reasons *r, struct err **err)
{
	const struct config *c = job->config;
	if (pull && !str_eq(pull->head_sha, job->row->head_sha))
		add(r, arena_printf(job->arena, "%.7s was pushed and not looked at yet",
			       pull->head_sha));
	if (pull && pull->state != FORGE_PULL_OPEN)
		add(r, "it is not open any more");
	if (pull && pull->draft)
		add(r, "it is a draft");
	if (c->pulls.need_approved && check_approved(job, r, err) < 0)
		return -1;
	if (c->pulls.need_mergeable)
		check_mergeable(job, pull, r);
	return c->pulls.need_up_to_date ? check_up_to_date(job, r, err) : 0;
}

int pull_unmet(struct pull_job *job, const char *const **ret_reasons, struct err **err)
{
	struct reasons r = {.arena = job->arena};
	struct forge_pull pull;
	struct forge *forge = job->work->forge;
	if (forge && forge_pull_get(forge, job->row->number, job->arena, &pull, err) < 0)
		return err_wrap(
			err, "ask the forge about pull request #%lld", (long long)job->row->number);
	if (check_pull(job, forge ? &pull : NULL, &r, err) < 0)
		return err_wrap(
			err, "ask the forge about pull request #%lld", (long long)job->row->number);
	add(&r, NULL);
	*ret_reasons = r.items;
	return 0;
}

int pull_may_command(const struct pull_job *job, const char **ret_why, struct err **err)
{
	const struct pull_work *w = job->work;
	bool may;
	*ret_why = NULL;
	if (!w->forge) /* an operator at a terminal, who may do all of this by other commands */
		return 0;
	if (may_write(job, login_of(job->session.actor), &may, err) < 0)
		return err_wrap(err, "ask the forge what %s may do", job->session.actor);
	if (!may)
		*ret_why = arena_printf(job->arena,
			"%s may not do this: it takes permission to write to the repository",
			job->session.actor);
	return 0;
}
