/*
 * The applying of a wave: each effect is recorded as intended, applied by a task, and its end
 * recorded as soon as it is known. What used a canvas that was applied joins the run.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/job.h"
#include "reconcile/follow.h"
#include "reconcile/run_spec.h"
#include "reconcile/work.h"
#include "store/audit.h"

/* --- in the child -------------------------------------------------------------------------- */

static int apply_in_child(void *data, const struct task_port *port)
{
	const struct work *w = data;
	const struct item *item = w->item;
	struct work_child child;
	work_child_begin(w, port, &child);
	AUTO_ERR err = NULL;
	struct engine_outcome outcome = {0};
	int got = item->engine->prepare(&child.target, true, &child.engine_run, &err);
	if (got == 0)
		got = item->engine->apply(&child.target, child.file, item->plan_sha256,
			&child.engine_run, &child.arena, &outcome, &err);
	if (got < 0) {
		work_send_error(port, err);
	} else {
		struct node *map = node_new_map(&child.arena);
		node_map_set(
			&child.arena, map, "finished", message_finished(&child.arena, &outcome));
		(void)task_send(port, map);
	}
	arena_release(&child.arena);
	return 0;
}

/* --- in the parent ------------------------------------------------------------------------- */

static void on_apply_message(void *data, const struct node *message)
{
	struct work *w = data;
	struct item *item = w->item;
	if (work_take_log(w, message))
		return;
	w->heard = true;
	const struct node *finished = node_get(message, "finished");
	if (finished) {
		message_read_finished(finished, &w->run->arena, &item->finished);
		item->has_finished = true;
	} else {
		const bool left = str_eq(message_text(message, "kind"), "cancelled");
		item->left_running = left;
		item_status(w->run, item, left ? OBJECT_APPLYING : OBJECT_FAILED, "%s",
			left ? "goes on without us; the next trueup takes it over"
			     : message_text(message, "error"));
	}
}

/* What the report says of how it ended. */
static void show_end(struct run *run, struct item *item)
{
	char took[CLOCK_TEXT_SIZE];
	item->out.apply_ms = clock_monotonic_ms() - item->started_ms;
	clock_format_duration(item->out.apply_ms, took);
	switch (item->finished.end) {
	case ENGINE_DONE:
		item->out.status = OBJECT_APPLIED;
		item->out.status_text = item->decision.action == PLAN_DESTROY ? "destroyed"
					: item->no_changes
						? "everything was as it should be already"
						: NULL;
		break;
	case ENGINE_INTERRUPTED:
		item_status(run, item, OBJECT_CANCELLED, "stopped on request after %s", took);
		break;
	case ENGINE_PLAN_STALE:
		item_status(run, item, OBJECT_FAILED,
			"its state changed since the plan was made: nothing was done");
		item->out.hint = "trueup reconcile makes a new plan";
		break;
	case ENGINE_NEVER_STARTED:
		item_status(run, item,
			str_eq(item->finished.error, TASK_NOT_BEGUN) ? OBJECT_CANCELLED
								     : OBJECT_FAILED,
			"%s", item->finished.error);
		break;
	case ENGINE_FAILED:
	case ENGINE_TIMED_OUT:
	case ENGINE_LOST:
		item_status(run, item, OBJECT_FAILED, "%s", item->finished.error);
		item->out.hint = arena_printf(&run->arena, "trueup log %s", item->operation);
		break;
	}
}

static int record_end(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	struct operation_row *op = NULL;
	bool recorded = false;
	if (store_operation_get(s->store, item->operation, &run->arena, &op, err) < 0)
		return -1;
	if (outcome_record(s, op, &item->finished, item->log, &recorded, err) < 0)
		return err_wrap(err, "record the end of %s", item->operation);
	item_unlock(run, item);
	show_end(run, item);
	run_emit(run, RUN_APPLIED, item, NULL);
	return run_tell_progress(run, true, err);
}

/*
 * An apply without a result: when its job never began, that is its result. Otherwise the job may
 * go on, and the next run takes it over.
 */
static void find_not_begun(struct work *w, const char *failure)
{
	struct item *item = w->item;
	struct job_result job = {.phase = JOB_RUNNING};
	AUTO_ERR unknown = NULL; /* then the next run looks again */
	if (job_state(w->job_dir, &job, &unknown) < 0 || job.phase != JOB_NEVER_STARTED)
		return;
	item->finished = (struct finished){
		.end = ENGINE_NEVER_STARTED,
		.error = failure == TASK_NOT_BEGUN ? failure : item->out.status_text,
		.ended_ms = clock_now_ms(),
	};
	item->has_finished = true;
}

static void on_apply_end(void *data, const char *failure)
{
	struct work *w = data;
	struct run *run = w->run;
	if (!w->heard)
		item_status(run, w->item, OBJECT_FAILED, "applying stopped: %s",
			failure ? failure : "it said nothing");
	if (!w->item->has_finished && !w->item->left_running)
		find_not_begun(w, failure);
	if (w->log_file)
		(void)fclose(w->log_file);
	w->item->log = arena_memdup(&run->arena, w->log.data, w->log.len);
	str_release(&w->log);
	/* At once, not when the wave is over: the others may take an hour. */
	if (w->item->has_finished && !run->failure)
		(void)(record_end(run, w->item, &run->failure) < 0);
	else if (!run->failure) /* failed with a job that may go on, or left to it */
		run_emit(run, RUN_APPLIED, w->item, NULL);
}

/* Records that the effect is about to start. From here on it can be adopted. */
static int intend(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	ulid_new(clock_now_ms(), item->operation);
	item->out.operation = item->operation;
	const bool destroys = item->decision.action == PLAN_DESTROY;
	const struct operation_row op = {
		.id = item->operation,
		.object_key = item->key,
		.kind = destroys ? "destroy" : "apply",
		.plan_id = item->plan_id,
		.actor = s->actor,
		.commit_id = run->load.rev.commit[0] ? run->load.rev.commit : NULL,
		.intended_at = clock_now_ms(),
		.dir = arena_printf(&run->arena, "jobs/%s", item->operation),
	};
	const char *why = run->options->destroy_reason;
	if (!why)
		why = "destroyed on request; `trueup resume` brings it back";
	const struct object_step step = {
		.phase = destroys ? PHASE_DESTROYING : PHASE_APPLYING,
		.plan_id = item->plan_id,
	};
	const struct audit_row audit = {
		.at = op.intended_at,
		.actor = s->actor,
		.action = op.kind,
		.subject = item->key,
		.detail_json = arena_printf(&run->arena,
			"{\"operation\":\"%s\",\"plan\":\"%s\",\"sha256\":\"%s\"}", item->operation,
			item->plan_id, item->plan_sha256),
	};
	if (store_begin(s->store, err) < 0)
		return -1;
	if ((run->options->pull && pull_intend(run, item, err) < 0) ||
		run_tell_intended(run, item, err) < 0 ||
		store_operation_intend(s->store, &op, err) < 0 ||
		store_object_step(s->store, item->key, &step, s->now_ms, err) < 0 ||
		store_audit_append(s->store, &audit, err) < 0 ||
		(destroys && load_entry(&run->load, item->key) &&
			store_object_suspend(s->store, item->key, s->actor, why, s->now_ms, err) <
				0)) {
		store_rollback(s->store);
		return -1;
	}
	return store_commit(s->store, err);
}

static void add_apply_task(struct run *run, struct tasks *tasks, struct item *item)
{
	struct work *w = arena_alloc(&run->arena, sizeof *w);
	*w = (struct work){.run = run,
		.item = item,
		.log = STR_INIT,
		.apply = true,
		.job_dir = work_job_dir(run, item->operation)};
	AUTO_FREE char *log = follow_path(run->session, item->operation);
	w->log_file = fopen(log, "we");
	item->started_ms = clock_monotonic_ms();
	item->out.status = OBJECT_APPLYING;
	run_emit(run, RUN_APPLYING, item, NULL);
	tasks_add(tasks, &(struct task){.run = apply_in_child,
				 .on_message = on_apply_message,
				 .on_end = on_apply_end,
				 .data = w});
}

static int start_applies(struct run *run, struct tasks *tasks, struct err **err)
{
	bool any = false;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (item->out.status != OBJECT_PLANNED || !item->go)
			continue;
		if (item->kind == KIND_RUN) {
			item->begun = any = true;
			run_item_start(run, tasks, item);
			continue;
		}
		if (!item->no_changes && !item_secrets(run, item))
			continue;
		if (intend(run, item, err) < 0)
			return -1;
		item->begun = any = true;
		if (!item->no_changes) {
			add_apply_task(run, tasks, item);
			continue;
		}
		/* Nothing to start: only to record. */
		item->has_finished = true;
		item->started_ms = clock_monotonic_ms();
		if (record_end(run, item, err) < 0)
			return -1;
	}
	if ((any && run_tell_progress(run, false, err) < 0) ||
		tasks_run(tasks, run->options->interrupts, err) < 0)
		return -1;
	if (run->failure) {
		*err = steal_ptr(run->failure);
		return -1;
	}
	return 0;
}

int apply_wave(struct run *run, bool *ret_any, struct err **err)
{
	struct tasks *tasks = tasks_new(run->parallel);
	int result = start_applies(run, tasks, err);
	tasks_free(tasks);
	*ret_any = false;
	for (size_t i = 0; i < run->item_count && result == 0; i++) {
		struct item *item = run->items[i];
		if (!item->begun || !item->has_finished)
			continue;
		item->begun = false;
		if (item->finished.end == ENGINE_DONE) {
			*ret_any = true;
			if (!run->options->pull)
				result = items_add_dependants(run, item->key, err);
		}
	}
	return result;
}
