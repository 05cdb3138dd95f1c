/*
 * Looking at a pull request, in two steps: see pull.h. The order of things that have an effect is:
 * ask for the objects, plan (files only), and then one transaction with the plans, what is shown,
 * how far we are, and what is said. A process that dies before it leaves files that the next run
 * sweeps up.
 */
#include "reconcile/pull.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/pull_internal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>

enum { STILL_BUSY_MS = 20 * 1000, DONE_MEANWHILE_MS = 1000, LOOK_UP_MS = 200 };

/* --- a job ----------------------------------------------------------------------------------- */

static void set_actor(struct session *session, const char *actor)
{
	if (!actor)
		return;
	free(session->actor);
	session->actor = xstrdup(actor);
}

int pull_session_open(
	const struct pull_work *work, unsigned flags, struct session *ret, struct err **err)
{
	const struct session_options open = {
		.dir = work->dir,
		.state_dir = work->state_dir,
		.flags = flags,
		.lock_wait_ms = work->lock_wait_ms,
		.upstream = work->upstream,
		.store = work->store,
		.what = "pull",
	};
	return session_open(&open, ret, err);
}

int pull_job_open(struct pull_job *job, const struct pull_work *work, int64_t number,
	unsigned flags, struct arena *arena, struct err **err)
{
	*job = (struct pull_job)PULL_JOB_NONE;
	job->work = work;
	job->arena = arena;
	if (pull_session_open(work, flags, &job->session, err) < 0 ||
		store_pull_get(job->session.store, number, arena, &job->row, err) < 0)
		return -1;
	if (!job->row)
		return err_set(err, ERR_NOT_FOUND, "pull request #%lld is not known here",
			(long long)number);
	if (source_kind(job->session.source) != SOURCE_GIT)
		return err_set(err, ERR_INVALID,
			"%s is not a git repository, which has pull requests", job->session.dir);
	job->config = recorded_config_or_default(job->session.store, arena);
	/* Who wrote it wants it; of a fork's, it is the member who allowed it. */
	const struct pull_row *row = job->row;
	set_actor(&job->session, work->actor                    ? work->actor
				 : row->fork && row->allowed_by ? row->allowed_by
								: row->author);
	return store_pull_shown_objects(job->session.store, number, arena, &job->shown, err);
}

void pull_job_close(struct pull_job *job)
{
	session_close(&job->session);
}

void pull_job_note(struct pull_job *job, enum pull_view_note_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	job->notes = arena_grow(
		job->arena, job->notes, job->note_count, &job->note_cap, sizeof *job->notes);
	job->notes[job->note_count++] =
		(struct pull_view_note){kind, arena_strdup(job->arena, text)};
}

int pull_base_tip(
	struct source *source, const char *branch, struct source_rev *ret, struct err **err)
{
	AUTO_FREE char *own = xasprintf("refs/heads/%s", branch);
	AUTO_FREE char *origin = xasprintf("refs/remotes/origin/%s", branch);
	if (source_resolve(source, own, ret, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	return source_resolve(source, origin, ret, err);
}

int pull_job_merge(struct pull_job *job, struct err **err)
{
	struct source *source = job->session.source;
	if (pull_base_tip(source, job->row->base_branch, &job->base, err) < 0 ||
		source_merge(source, job->base.commit, job->row->head_sha, job->arena, &job->merge,
			err) < 0)
		return err_wrap(err, "look at pull request #%lld", (long long)job->row->number);
	job->load = (struct load_merge){job->row->head_sha, job->base.tree, job->merge.tree};
	return 0;
}

const char *pull_job_blocked(const struct pull_job *job)
{
	const struct pull_row *row = job->row;
	const bool never = job->config->pulls.forks == FORKS_NEVER || job->work->never_forks;
	if (!row->fork || (row->allowed_by && !never) ||
		(job->config->pulls.forks == FORKS_ALWAYS && !never))
		return NULL;
	if (never)
		return "from a fork: those are not planned here";
	return arena_printf(job->arena,
		"from a fork: a member may comment `%s plan` to let it be planned",
		job->config->pulls.command);
}

int pull_job_run(struct pull_job *job, enum run_stop stop, struct run **ret, struct err **err)
{
	const struct pull_work *w = job->work;
	job->run_pull = (struct run_pull){
		.number = job->row->number,
		.base_branch = job->row->base_branch,
		.merge = &job->load,
		.shown = &job->shown,
	};
	job->options = (struct run_options){
		.command = stop == RUN_STOP_NEVER ? "apply" : "plan",
		.stop = stop,
		.pull = &job->run_pull,
		.types = w->types,
		.parallel = w->parallel,
		.engine = w->engine,
		.environ = w->environ,
		.listener = w->listener,
		.data = w->data,
		.interrupts = w->interrupts,
		.stop_plans = w->stop_plans,
	};
	return run_pipeline(&job->session, &job->options, ret, err);
}

/* --- the two steps --------------------------------------------------------------------------- */

/* Those who merge into another branch than Config's are not ours to plan. */
static bool is_for_branch(const struct pull_job *job)
{
	return str_eq(job->row->base_branch, job->config->branch);
}

static const char *list_conflicts(const struct pull_job *job)
{
	AUTO_STR text = STR_INIT;
	str_addf(&text, "conflicts with %s in ", job->row->base_branch);
	enum { SHOWN = 5 };
	for (size_t i = 0; i < job->merge.conflict_count && i < SHOWN; i++)
		str_addf(&text, "%s%s", i ? ", " : "", job->merge.conflicts[i]);
	if (job->merge.conflict_count > SHOWN)
		str_addf(&text, " and %zu more", job->merge.conflict_count - SHOWN);
	return arena_strdup(job->arena, text.data);
}

/*
 * The base branch has its head already, or all that it changes, as after a squash or a rebase: it
 * was merged, and the forge's word about that is on its way. Then what was shown stays, since it is
 * what the branch applies.
 */
static int is_merged_unheard(struct pull_job *job, bool *ret, struct err **err)
{
	*ret = false;
	if (job->row->progress == PULL_IS_NEW || !job->shown.count)
		return 0;
	*ret = !job->merge.conflict_count && str_eq(job->merge.tree, job->base.tree);
	if (*ret)
		return 0;
	return source_is_before(
		job->session.source, job->row->head_sha, job->base.commit, ret, err);
}

/* What ends the work before a run. *ret_ended: ret says what it is. */
static int begin(struct pull_job *job, struct pull_result *ret, bool *ret_ended, struct err **err)
{
	*ret = (struct pull_result){.pull = job->row};
	*ret_ended = true;
	if (job->row->state != PULL_OPEN) {
		ret->text = arena_printf(
			job->arena, "it is %s already", pull_state_name(job->row->state));
		return 0;
	}
	if (!is_for_branch(job)) {
		const char *why = arena_printf(job->arena,
			"its base is %s, not the branch '%s' of Config: not planned",
			job->row->base_branch, job->config->branch);
		return pull_show_reason(job, PULL_IS_BLOCKED, why, ret, err);
	}
	const char *blocked = pull_job_blocked(job);
	if (blocked)
		return pull_show_reason(job, PULL_IS_BLOCKED, blocked, ret, err);
	if (pull_job_merge(job, err) < 0 || is_merged_unheard(job, ret_ended, err) < 0)
		return -1;
	if (*ret_ended) {
		ret->text = arena_printf(job->arena, "%s has it already", job->row->base_branch);
		return 0;
	}
	if (!job->merge.conflict_count)
		return 0;
	*ret_ended = true;
	return pull_show_reason(job, PULL_IS_INVALID, list_conflicts(job), ret, err);
}

/* What no other try of the same commit would change is said where people look. */
static int say_failed(struct pull_job *job, struct pull_result *ret, struct err **err)
{
	const enum err_kind kind = err_kind_of(*err);
	if (kind != ERR_DENIED && kind != ERR_INVALID)
		return -1;
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	err_free(err);
	return pull_show_reason(job, PULL_IS_FAILED, arena_strdup(job->arena, text.data), ret, err);
}

static int newer_head(const struct pull_job *job, struct err **err)
{
	return err_set(err, ERR_CANCELLED,
		"pull request #%lld changed meanwhile: it has a newer head than %.10s, was decided "
		"about, or is not open any more",
		(long long)job->row->number, job->row->head_sha);
}

/*
 * A daemon that was in the way looks here when it is done, because of what is recorded now
 * (pull_settle()). One that was done before that does not, nor does somebody at a terminal.
 */
static int look_behind(const struct pull_job *job, struct pull_result *ret, struct err **err)
{
	bool locked = false;
	struct source_rev tip;
	/* It moved, and whoever was told of that may have looked before us. */
	if (pull_base_tip(job->session.source, job->row->base_branch, &tip, err) < 0)
		return -1;
	if (!str_eq(tip.commit, job->base.commit))
		ret->again_ms = DONE_MEANWHILE_MS;
	if (!ret->busy || ret->again_ms)
		return 0;
	if (session_is_locked(&job->session, &locked, err) < 0)
		return -1;
	ret->again_ms = locked ? STILL_BUSY_MS : DONE_MEANWHILE_MS;
	return 0;
}

/* With stop RUN_STOP_SPEC the first step, with RUN_STOP_PLAN the second. */
static int look(const struct pull_work *work, int64_t number, enum run_stop stop,
	struct arena *arena, struct pull_result *ret, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	AUTO_RUN run = NULL;
	bool ended = false, shown = false;
	const unsigned flags = SESSION_WRITE | (stop == RUN_STOP_PLAN ? SESSION_PLANS : 0);
	if (pull_job_open(&job, work, number, flags, arena, err) < 0 ||
		begin(&job, ret, &ended, err) < 0)
		return -1;
	if (ended)
		return 0;
	if (pull_job_run(&job, stop, &run, err) < 0)
		return say_failed(&job, ret, err);
	if (pull_show(&job, run, stop == RUN_STOP_SPEC ? PULL_VIEW_PREVIEW : PULL_VIEW_PLANNED, ret,
		    &shown, err) < 0)
		return -1;
	return shown ? look_behind(&job, ret, err) : newer_head(&job, err);
}

int pull_wait(const struct pull_work *work, int64_t ms, bool *ret_free, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	const int64_t deadline = clock_monotonic_ms() + ms;
	bool locked = true;
	if (pull_session_open(work, SESSION_READ, &session, err) < 0)
		return -1;
	while (locked && clock_monotonic_ms() < deadline &&
		!(work->interrupts && *work->interrupts)) {
		(void)poll(NULL, 0, LOOK_UP_MS);
		if (session_is_locked(&session, &locked, err) < 0)
			return -1;
	}
	*ret_free = !locked;
	return 0;
}

int pull_preview(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	return look(work, number, RUN_STOP_SPEC, arena, ret, err);
}

int pull_plan(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	return look(work, number, RUN_STOP_PLAN, arena, ret, err);
}

int pull_refresh(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	if (pull_preview(work, number, arena, ret, err) < 0)
		return -1;
	return ret->plan_due ? pull_plan(work, number, arena, ret, err) : 0;
}
