/*
 * A comment with commands: the answer is one comment, put together from what each did, with a
 * reaction to see at a glance. A comment that was answered is not carried out again; one whose
 * process died before that is, and each command finds what is done already.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/actions.h"
#include "reconcile/pull_command.h"
#include "reconcile/pull_internal.h"
#include "report/outbox.h"
#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

struct answer {
	const struct pull_work *work;
	const struct pull_remark *remark;
	struct arena *arena;
	struct pull_result *ret;
	struct str text; /* Markdown */
	bool did, failed;
};

/* --- one command ------------------------------------------------------------------------------ */

static void say(struct answer *a, bool good, const char *text)
{
	markdown_text(&a->text, text);
	str_add(&a->text, "\n");
	a->did = a->did || good;
	a->failed = a->failed || !good;
}

static void add_refresh(struct answer *a, const struct pull_numbers *more)
{
	struct pull_numbers *list = &a->ret->refresh;
	int64_t *items = arena_array(a->arena, list->count + more->count, sizeof *items);
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++)
		items[count++] = list->items[i];
	for (size_t i = 0; i < more->count; i++)
		items[count++] = more->items[i];
	*list = (struct pull_numbers){items, count};
}

/* Takes over what follows from a step. */
static void follow(struct answer *a, const struct pull_result *step)
{
	add_refresh(a, &step->refresh);
	a->ret->pull = step->pull;
	a->ret->busy = step->busy;
	a->ret->again_ms = step->again_ms;
	a->ret->reconcile_due = a->ret->reconcile_due || step->reconcile_due;
}

static bool is_good(const struct pull_result *step)
{
	return step->pull && (step->pull->progress == PULL_IS_PREVIEWED ||
				     step->pull->progress == PULL_IS_PLANNED ||
				     step->pull->progress == PULL_IS_APPLIED);
}

static int do_plan(struct answer *a, struct err **err)
{
	struct pull_work work = *a->work;
	struct pull_result step;
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	if (pull_job_open(&job, a->work, a->remark->number, SESSION_WRITE, a->arena, err) < 0)
		return -1;
	if (job.row->fork && !job.row->allowed_by &&
		store_pull_allow(job.session.store, job.row->number, job.session.actor,
			job.session.now_ms, err) < 0)
		return -1;
	pull_job_close(&job);
	work.actor = NULL; /* it is the author's plan, whoever asks for it */
	if (pull_refresh(&work, a->remark->number, a->arena, &step, err) < 0)
		return -1;
	follow(a, &step);
	say(a, is_good(&step), step.text);
	return 0;
}

static int do_unlock(struct answer *a, struct err **err)
{
	struct pull_result step;
	if (pull_unlock(a->work, a->remark->number, a->arena, &step, err) < 0)
		return -1;
	follow(a, &step);
	say(a, true, step.text);
	return 0;
}

/* One decision for each plan that is shown and open. */
static int decide_one(struct answer *a, struct pull_job *job, const char *plan_id,
	const struct pull_command *c, size_t *ret_count, struct err **err)
{
	struct plan_row *plan = NULL;
	struct decided decided;
	const bool yes = c->verb == PULL_VERB_APPROVE;
	if (store_plan_get(job->session.store, plan_id, a->arena, &plan, err) < 0)
		return -1;
	if (!plan || (plan->status != PLAN_WAITING && plan->status != PLAN_APPROVED))
		return 0;
	++*ret_count;
	if (action_decide(&job->session, plan_id, yes, c->argument, a->arena, &decided, err) < 0) {
		if (err_kind_of(*err) != ERR_DENIED && err_kind_of(*err) != ERR_CONFLICT)
			return -1;
		say(a, false, (*err)->message);
		err_free(err);
		return 0;
	}
	AUTO_FREE char *text = xasprintf("%s %s: plan %s, sha256:%.12s",
		yes ? "approved" : "rejected", plan->object_key, plan->id, plan->sha256);
	say(a, true, text);
	return 0;
}

static int do_decide(struct answer *a, const struct pull_command *c, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	struct pull_work work = *a->work;
	struct pull_result step;
	size_t count = 0;
	if (pull_job_open(&job, a->work, a->remark->number, SESSION_LOCK, a->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < job.shown.count; i++)
		if (job.shown.items[i].plan_id &&
			decide_one(a, &job, job.shown.items[i].plan_id, c, &count, err) < 0)
			return -1;
	const bool open = job.row->state == PULL_OPEN;
	pull_job_close(&job);
	if (!count)
		say(a, false, "no plan is shown that waits for a decision");
	if (!count || !open)
		return 0;
	work.actor = NULL;
	if (pull_preview(&work, a->remark->number, a->arena, &step, err) < 0)
		return -1;
	follow(a, &step);
	return 0;
}

static int do_apply(struct answer *a, struct err **err)
{
	struct pull_result step;
	if (pull_apply(a->work, a->remark->number, a->arena, &step, err) < 0)
		return -1;
	follow(a, &step);
	say(a, step.applied, step.text);
	return 0;
}

/* The Run of the base branch, whatever the pull request makes of it. */
static int do_run(struct answer *a, const struct pull_command *c, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	AUTO_RUN run = NULL;
	const char *name = str_starts(c->argument, "run/") ? c->argument + 4 : c->argument;
	const char *key = arena_printf(a->arena, "run/%s", name);
	const char *const keys[] = {key, NULL};
	const struct pull_work *w = a->work;
	const struct run_options options = {
		.command = "run",
		.stop = RUN_STOP_NEVER,
		.auto_approve = true, /* it was asked for; a manual approval stays needed */
		.allow_empty = true,
		.rerun = keys,
		.engine = w->engine,
		.environ = w->environ,
		.interrupts = w->interrupts,
		.stop_plans = w->stop_plans,
	};
	if (pull_job_open(&job, w, a->remark->number, SESSION_LOCK, a->arena, err) < 0 ||
		run_pipeline(&job.session, &options, &run, err) < 0)
		return -1;
	const struct run_outcome *out = run_result(run);
	AUTO_STR text = STR_INIT;
	str_addf(&text, "%s: nothing was run", key);
	bool done = false;
	for (size_t i = 0; i < out->object_count; i++) {
		const struct object_outcome *o = &out->objects[i];
		if (!str_eq(o->key, key))
			continue;
		const char *why = o->status_text ? o->status_text : o->reason;
		done = o->status == OBJECT_APPLIED || o->status == OBJECT_RECORDED;
		str_truncate(&text, 0);
		str_addf(&text, "%s: %s%s%s%s%s", key, object_status_name(o->status),
			why ? ", " : "", why ? why : "", o->operation ? "; trueup log " : "",
			o->operation ? o->operation : "");
	}
	say(a, done, text.data);
	return 0;
}

static int carry_out(struct answer *a, const struct pull_command *c, const struct config *config,
	struct err **err)
{
	switch (c->verb) {
	case PULL_VERB_PLAN:
		return do_plan(a, err);
	case PULL_VERB_APPLY:
		return do_apply(a, err);
	case PULL_VERB_APPROVE:
	case PULL_VERB_REJECT:
		return do_decide(a, c, err);
	case PULL_VERB_UNLOCK:
		return do_unlock(a, err);
	case PULL_VERB_RUN:
		return do_run(a, c, err);
	case PULL_VERB_UNKNOWN:
		say(a, false, c->problem);
		str_add(&a->text, "\n");
		pull_commands_help(config->pulls.command, config->pulls.apply_before, &a->text);
		return 0;
	case PULL_VERB_HELP:
		break;
	}
	pull_commands_help(config->pulls.command, config->pulls.apply_before, &a->text);
	a->did = true;
	return 0;
}

/* What another try would not change is an answer too; everything else is tried again. */
static int tell_failure(struct answer *a, struct err **err)
{
	const enum err_kind kind = err_kind_of(*err);
	/* A conflict is that somebody else works on the repository. */
	if (kind != ERR_DENIED && kind != ERR_INVALID && kind != ERR_NOT_FOUND)
		return -1;
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	err_free(err);
	say(a, false, text.data);
	return 0;
}

static bool asks_nothing(const struct pull_command *c)
{
	return c->verb == PULL_VERB_HELP || c->verb == PULL_VERB_UNKNOWN;
}

/* --- all of them --------------------------------------------------------------------------------
 */

static int run_all(struct answer *a, const struct pull_commands *commands, struct pull_job *job,
	struct err **err)
{
	bool helped = false;
	for (size_t i = 0; i < commands->count; i++) {
		const struct pull_command *c = &commands->items[i];
		const char *why = NULL;
		if (asks_nothing(c) && helped)
			continue;
		helped = helped || asks_nothing(c);
		if (a->text.len)
			str_add(&a->text, "\n");
		str_add(&a->text, "> ");
		markdown_code(&a->text, c->text);
		str_add(&a->text, "\n\n");
		if (!asks_nothing(c) && pull_may_command(job, &why, err) < 0)
			return -1;
		if (why)
			say(a, false, why);
		else if (carry_out(a, c, job->config, err) < 0 && tell_failure(a, err) < 0)
			return -1;
	}
	if (commands->more)
		say(a, false, "there were more commands than are read from one comment");
	return 0;
}

static int put_answer(struct answer *a, struct pull_job *job, struct err **err)
{
	struct store *store = job->session.store;
	const struct pull_remark *r = a->remark;
	const enum forge_reaction reaction = a->failed ? FORGE_CONFUSED : FORGE_ROCKET;
	const int64_t now = job->session.now_ms;
	if (outbox_put_reply(store, a->work->target, r->number, r->id, a->text.data, now, err) < 0)
		return -1;
	return outbox_put_reaction(store, a->work->target, r->number, r->id, reaction, now, err);
}

/* The reply is there: it was carried out. */
static int was_answered(const struct answer *a, struct store *store, bool *ret, struct err **err)
{
	const struct pull_remark *r = a->remark;
	*ret = false;
	return a->work->target
		       ? outbox_has_reply(store, a->work->target, r->number, r->id, ret, err)
		       : 0;
}

static int acknowledge(const struct answer *a, struct pull_job *job, struct err **err)
{
	const struct pull_work *w = a->work;
	if (!w->target)
		return 0;
	if (outbox_put_reaction(job->session.store, w->target, a->remark->number, a->remark->id,
		    FORGE_EYES, job->session.now_ms, err) < 0)
		return -1;
	pull_tell_caller(w);
	return 0;
}

static int finish(struct answer *a, struct pull_job *job, struct err **err)
{
	const struct pull_work *w = a->work;
	a->ret->text = arena_strdup(a->arena, a->text.data);
	a->ret->applied = a->did && !a->failed;
	if (!w->target)
		return 0;
	if (store_begin(job->session.store, err) < 0)
		return -1;
	if (put_answer(a, job, err) < 0) {
		store_rollback(job->session.store);
		return -1;
	}
	if (store_commit(job->session.store, err) < 0)
		return -1;
	pull_tell_caller(w);
	return 0;
}

static int answer(struct answer *a, struct err **err)
{
	AUTO_PULL_JOB job = PULL_JOB_NONE;
	struct pull_commands commands;
	bool answered = false;
	if (pull_job_open(&job, a->work, a->remark->number, SESSION_WRITE, a->arena, err) < 0)
		return -1;
	a->ret->pull = job.row;
	pull_commands_parse(a->remark->body, job.config->pulls.command, a->arena, &commands);
	if (!commands.count)
		return 0;
	if (was_answered(a, job.session.store, &answered, err) < 0)
		return -1;
	if (answered)
		return 0;
	if (acknowledge(a, &job, err) < 0 || run_all(a, &commands, &job, err) < 0)
		return -1;
	return finish(a, &job, err);
}

int pull_remark(const struct pull_work *work, const struct pull_remark *remark, struct arena *arena,
	struct pull_result *ret, struct err **err)
{
	struct answer a = {
		.work = work, .remark = remark, .arena = arena, .ret = ret, .text = STR_INIT};
	*ret = (struct pull_result){.text = ""};
	const int result = outbox_is_ours(remark->body) ? 0 : answer(&a, err);
	str_release(&a.text);
	return result;
}
