/*
 * The part of a run that has effects, in waves: canvases whose needs are met are planned in
 * parallel, go through all gates, are applied in parallel, and then those that waited for them are
 * looked at again. Every effect is recorded as intended before its task starts.
 *
 * A task's child talks to the engine and sends what it learns; only this process writes to the
 * store.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/job.h"
#include "reconcile/follow.h"
#include "reconcile/run_internal.h"
#include "reconcile/tasks.h"
#include "store/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One item's task. Lives in the run's arena. */
struct work {
	struct run *run;
	struct item *item;
	const char *job_dir;
	struct str log; /* masked lines that are not in the store yet */
	FILE *log_file; /* for `trueup log -f`; NULL when planning */
	bool heard; /* the last message came: result or error */
	bool apply;
};

/* --- in the child -------------------------------------------------------------------------- */

struct child_side {
	const struct task_port *port;
	struct arena arena;
};

static void send_event(void *data, const struct engine_event *event)
{
	const struct child_side *side = data;
	AUTO_ARENA arena = {0};
	struct node *map = node_new_map(&arena);
	AUTO_STR line = STR_INIT;
	message_event_text(event, &line);
	message_set(&arena, map, "log", line.data);
	node_map_set(&arena, map, "show", node_new_bool(&arena, event->type != ENGINE_EVENT_LOG));
	(void)task_send(side->port, map);
}

static void send_error(const struct task_port *port, const struct err *e)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	err_format(e, &text);
	struct node *map = node_new_map(&arena);
	message_set(&arena, map, "error", text.data);
	message_set(&arena, map, "kind", err_kind_name(err_kind_of(e)));
	(void)task_send(port, map);
}

static struct engine_run make_engine_run(const struct work *w, struct child_side *side)
{
	return (struct engine_run){
		.job_dir = w->job_dir,
		.owner = arena_printf(&side->arena, "%s of %s by %s", w->apply ? "apply" : "plan",
			w->item->key, w->run->session->actor),
		.on_event = send_event,
		.data = side,
		.interrupts = w->run->options->interrupts,
	};
}

static void send_plan(
	struct child_side *side, const struct engine_plan *plan, const struct engine_state *state)
{
	struct arena *a = &side->arena;
	struct node *p = node_new_map(a);
	struct change_set changes, drift;
	message_from_engine(plan->items, plan->item_count, a, &changes);
	message_from_engine(plan->drift, plan->drift_count, a, &drift);
	message_set(a, p, "sha256", plan->sha256);
	message_set(a, p, "lineage", plan->lineage);
	node_map_set(a, p, "serial", node_new_int(a, plan->serial));
	node_map_set(a, p, "changes", node_new_bool(a, plan->changes));
	node_map_set(a, p, "items", message_changes(a, &changes));
	node_map_set(a, p, "drift", message_changes(a, &drift));
	if (state) {
		const struct engine_outcome same = {.end = ENGINE_DONE,
			.error = "",
			.ended_ms = clock_now_ms(),
			.state_known = true,
			.state = *state};
		node_map_set(a, p, "finished", message_finished(a, &same));
	}
	struct node *map = node_new_map(a);
	node_map_set(a, map, "plan", p);
	(void)task_send(side->port, map);
}

static int plan_in_child(void *data, const struct task_port *port)
{
	const struct work *w = data;
	const struct item *item = w->item;
	struct child_side side = {.port = port};
	struct engine_target target;
	item_target(w->run, item, &side.arena, &target);
	const struct engine_run run = make_engine_run(w, &side);
	AUTO_ERR err = NULL;
	struct engine_plan plan = {0};
	struct engine_state state = {0};
	AUTO_FREE char *file = path_join(w->run->session->state_dir, item->plan_path);
	const enum engine_plan_mode mode =
		item->decision.action == PLAN_DESTROY ? ENGINE_PLAN_DESTROY : ENGINE_PLAN_NORMAL;
	int got = item->engine->prepare(&target, true, &run, &err);
	if (got == 0)
		got = item->engine->plan(&target, mode, file, &run, &side.arena, &plan, &err);
	/* A backend that holds everything already: what there is, is what was wanted. */
	if (got == 0 && !plan.changes)
		got = item->engine->observe(&target, &side.arena, &state, &err);
	if (got < 0)
		send_error(port, err);
	else
		send_plan(&side, &plan, plan.changes ? NULL : &state);
	arena_release(&side.arena);
	return 0;
}

static int apply_in_child(void *data, const struct task_port *port)
{
	const struct work *w = data;
	const struct item *item = w->item;
	struct child_side side = {.port = port};
	struct engine_target target;
	item_target(w->run, item, &side.arena, &target);
	const struct engine_run run = make_engine_run(w, &side);
	AUTO_ERR err = NULL;
	struct engine_outcome outcome = {0};
	AUTO_FREE char *file = path_join(w->run->session->state_dir, item->plan_path);
	int got = item->engine->prepare(&target, true, &run, &err);
	if (got == 0)
		got = item->engine->apply(
			&target, file, item->plan_sha256, &run, &side.arena, &outcome, &err);
	if (got < 0) {
		send_error(port, err);
	} else {
		struct node *map = node_new_map(&side.arena);
		node_map_set(&side.arena, map, "finished", message_finished(&side.arena, &outcome));
		(void)task_send(port, map);
	}
	arena_release(&side.arena);
	return 0;
}

/* --- in the parent: messages --------------------------------------------------------------- */

static void take_log(struct work *w, const struct node *message)
{
	const char *line = message_text(message, "log");
	str_addf(&w->log, "%s\n", line);
	if (w->log_file)
		(void)(fprintf(w->log_file, "%s\n", line) < 0 || fflush(w->log_file) < 0);
	if (message_bool(message, "show"))
		run_emit(w->run, RUN_PROGRESS, w->item, line);
}

static void on_plan_message(void *data, const struct node *message)
{
	struct work *w = data;
	struct item *item = w->item;
	struct run *run = w->run;
	const struct node *plan = node_get(message, "plan");
	if (node_get(message, "log")) {
		take_log(w, message);
		return;
	}
	w->heard = true;
	if (!plan) {
		const bool missing = str_eq(message_text(message, "kind"), "unavailable");
		const bool cancelled = str_eq(message_text(message, "kind"), "cancelled");
		item_status(run, item,
			cancelled ? OBJECT_CANCELLED
			: missing ? OBJECT_WAITING
				  : OBJECT_FAILED,
			"%s", message_text(message, "error"));
		item->engine_missing = missing;
		return;
	}
	item->planned = true;
	item->no_changes = !message_bool(plan, "changes");
	(void)str_copy(item->plan_sha256, sizeof item->plan_sha256, message_text(plan, "sha256"));
	item->plan = (struct object_plan){
		.engine = item->engine->name,
		.sha256 = item->plan_sha256,
		.duration_ms = clock_monotonic_ms() - item->started_ms,
	};
	message_read_changes(node_get(plan, "items"), &run->arena, &item->plan.changes);
	message_read_changes(node_get(plan, "drift"), &run->arena, &item->plan.drift);
	item->lineage = arena_strdup(&run->arena, message_text(plan, "lineage"));
	item->serial = message_int(plan, "serial");
	if (node_get(plan, "finished"))
		message_read_finished(node_get(plan, "finished"), &run->arena, &item->finished);
	item_surprises(run, item);
	item->out.plan = &item->plan;
	item->out.status = OBJECT_PLANNED;
}

static void on_plan_end(void *data, const char *failure)
{
	struct work *w = data;
	AUTO_ERR err = NULL;
	if (failure == TASK_NOT_BEGUN)
		item_status(w->run, w->item, OBJECT_CANCELLED, "%s", failure);
	else if (!w->heard)
		item_status(w->run, w->item, OBJECT_FAILED, "planning stopped: %s",
			failure ? failure : "it said nothing");
	if (fs_remove_tree(w->job_dir, &err) < 0)
		log_debug("%s", err->message); /* only litter: the plan is what counts */
	run_emit(w->run, RUN_PLANNED, w->item, NULL);
	str_release(&w->log);
}

static void on_apply_message(void *data, const struct node *message)
{
	struct work *w = data;
	struct item *item = w->item;
	if (node_get(message, "log")) {
		take_log(w, message);
		return;
	}
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
	show_end(run, item);
	run_emit(run, RUN_APPLIED, item, NULL);
	return 0;
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
}

/* --- planning ------------------------------------------------------------------------------ */

static const char *new_job_dir(struct run *run, const char *id)
{
	return arena_printf(&run->arena, "%s/jobs/%s", run->session->state_dir, id);
}

static void add_plan_task(struct run *run, struct tasks *tasks, struct item *item)
{
	char id[ULID_SIZE];
	struct work *w = arena_alloc(&run->arena, sizeof *w);
	*w = (struct work){.run = run, .item = item, .log = STR_INIT};
	ulid_new(clock_now_ms(), item->plan_id);
	item->plan_path = arena_printf(&run->arena, "plans/%s.tfplan", item->plan_id);
	w->job_dir = new_job_dir(run, ulid_new(clock_now_ms(), id));
	item->started_ms = clock_monotonic_ms();
	run_emit(run, RUN_PLANNING, item, NULL);
	tasks_add(tasks, &(struct task){.run = plan_in_child,
				 .on_message = on_plan_message,
				 .on_end = on_plan_end,
				 .data = w});
}

static void use_stored(struct run *run, struct item *item)
{
	const struct plan_row *p = item->stored;
	(void)str_copy(item->plan_id, sizeof item->plan_id, p->id);
	item->plan_path = p->path;
	(void)str_copy(item->plan_sha256, sizeof item->plan_sha256, p->sha256);
	(void)str_copy(item->identity, sizeof item->identity, p->identity);
	item->plan = (struct object_plan){
		.engine = p->engine, .id = item->plan_id, .sha256 = item->plan_sha256};
	outcome_changes(p->summary_json, &run->arena, &item->plan.changes);
	item->planned = true;
	item->out.plan = &item->plan;
	item->out.status = OBJECT_PLANNED;
}

static bool wants_plan(const struct item *item)
{
	return item->kind == KIND_CANVAS && item_acts(item) && !item->planned && !item->aside &&
	       item->decision.action != PLAN_RETAIN && item->out.status == OBJECT_PENDING;
}

static int plan_wave(struct run *run, bool *ret_any, struct err **err)
{
	struct tasks *tasks = tasks_new(run->parallel);
	*ret_any = false;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		const struct gate_answer *first = NULL;
		if (!wants_plan(item))
			continue;
		if (gates_verdict(&item->out.gates, &first) != GATE_PASS) {
			item_status(run, item, OBJECT_WAITING, "%s", first->reason);
			item->waits = true;
			continue;
		}
		if (item->decision.use_stored) {
			use_stored(run, item);
			*ret_any = true;
		} else if (item_secrets(run, item)) {
			add_plan_task(run, tasks, item);
			*ret_any = true;
		}
	}
	const int result = tasks_run(tasks, run->options->interrupts, err);
	tasks_free(tasks);
	return result;
}

static bool is_stopped(const struct run *run)
{
	return run->options->interrupts && *run->options->interrupts;
}

/* --- storing plans, the approval gate ------------------------------------------------------- */

static int write_rendered(struct run *run, const struct item *item, struct err **err)
{
	AUTO_FREE char *dir = outcome_rendered_dir(run->session, item->plan_id);
	if (fs_mkdirs(dir, 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < item->rendering.file_count; i++) {
		const struct render_file *f = &item->rendering.files[i];
		AUTO_FREE char *path = path_join(dir, f->name);
		if (fs_write_atomic(path, f->data, f->len, 0600, err) < 0)
			return -1;
	}
	return 0;
}

static int store_plan(struct run *run, struct item *item, struct err **err)
{
	struct store *store = run->session->store;
	plan_identity(item->digest, item->lineage, item->serial, item->plan_sha256, item->identity);
	const struct spec_approval *rule = &item->canvas->approval;
	const struct plan_row row = {
		.id = item->plan_id,
		.object_key = item->key,
		.object_digest = item->digest,
		.action = plan_action_name(item->out.action),
		.engine = item->engine->name,
		.state_lineage = item->lineage,
		.state_serial = item->serial,
		.path = item->plan_path,
		.sha256 = item->plan_sha256,
		.summary_json = outcome_summary(&run->arena, run, item),
		.identity = item->identity,
		.renderer = RENDER_VERSION,
		.commit_id = run->load.rev.commit[0] ? run->load.rev.commit : NULL,
		.requester = run->session->actor,
		.created_at = run->session->now_ms,
		.expires_at = rule->mode == APPROVAL_MANUAL && rule->expires_ms
				      ? run->session->now_ms + rule->expires_ms
				      : 0,
		.status = PLAN_WAITING,
	};
	const struct object_step step = {
		.phase = PHASE_PLANNED, .reason = item->decision.reason, .plan_id = item->plan_id};
	item->plan.id = item->plan_id;
	if (write_rendered(run, item, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (store_plan_add(store, &row, err) < 0 ||
		store_object_step(store, item->key, &step, run->session->now_ms, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

static int wait_for(struct run *run, struct item *item, enum object_phase phase, const char *why,
	struct err **err)
{
	const struct object_step step = {.phase = phase, .reason = why, .plan_id = item->plan_id};
	item_status(run, item, phase == PHASE_REFUSED ? OBJECT_REFUSED : OBJECT_WAITING, "%s", why);
	item->waits = true;
	return store_object_step(run->session->store, item->key, &step, run->session->now_ms, err);
}

/* Does the approval gate let the item through? *ret_ask: only a question is left. */
static int gate_item(struct run *run, struct item *item, bool *ret_ask, struct err **err)
{
	const struct plan_row plan = {
		.identity = item->identity,
		.requester = item->stored ? item->stored->requester : run->session->actor,
		.created_at = item->stored ? item->stored->created_at : run->session->now_ms,
	};
	struct item_approval approval;
	*ret_ask = false;
	if (item_approval(run, item, &plan, &approval, err) < 0)
		return -1;
	if (item_protected(item) && item->plan.changes.replace > item->out.preview.replace)
		gate_protect(item->plan.changes.replace, &run->arena, &item->out.gates);
	gate_approval(
		&approval.request, approval.state, approval.missing, &run->arena, &item->out.gates);
	const struct gate_answer *first = NULL;
	const enum gate_verdict verdict = gates_verdict(&item->out.gates, &first);
	if (verdict != GATE_PASS) {
		item->out.hint = arena_printf(&run->arena, "trueup approve %s", item->key);
		return wait_for(run, item, verdict == GATE_REFUSE ? PHASE_REFUSED : PHASE_WAITING,
			first->reason, err);
	}
	item->go = approval.any || approval.state == APPROVAL_GRANTED ||
		   run->options->auto_approve || run->load.config->apply_auto || item->no_changes;
	*ret_ask = !item->go;
	return 0;
}

static int ask_user(struct run *run, struct item **asked, size_t count, struct err **err)
{
	const struct run_options *o = run->options;
	const struct object_outcome **list = arena_array(&run->arena, count, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = &asked[i]->out;
	const bool stopped = is_stopped(run);
	const bool by_name = o->destroy && *o->destroy;
	const bool yes = count && o->ask && !stopped && o->ask(o->data, list, count);
	for (size_t i = 0; i < count; i++) {
		asked[i]->go = yes;
		if (yes)
			continue;
		asked[i]->out.hint = arena_printf(&run->arena,
			"trueup approve %s, then trueup %s%s%s", asked[i]->key, o->command,
			by_name ? " " : "", by_name ? asked[i]->key : "");
		if (wait_for(run, asked[i], PHASE_WAITING, "its plan waits for a yes", err) < 0)
			return -1;
	}
	return 0;
}

static int gate_wave(struct run *run, struct err **err)
{
	struct item **asked = arena_array(&run->arena, run->item_count, sizeof *asked);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		bool ask = false;
		if (item->out.status != OBJECT_PLANNED || item->go)
			continue;
		if (!item->stored && store_plan(run, item, err) < 0)
			return -1;
		if (gate_item(run, item, &ask, err) < 0)
			return -1;
		if (ask)
			asked[count++] = item;
	}
	return ask_user(run, asked, count, err);
}

/* --- applying ------------------------------------------------------------------------------ */

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
	if (store_operation_intend(s->store, &op, err) < 0 ||
		store_object_step(s->store, item->key, &step, s->now_ms, err) < 0 ||
		store_audit_append(s->store, &audit, err) < 0 ||
		(destroys && load_entry(&run->load, item->key) &&
			store_object_suspend(s->store, item->key, s->actor,
				"destroyed on request; `trueup resume` brings it back", s->now_ms,
				err) < 0)) {
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
		.job_dir = new_job_dir(run, item->operation)};
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
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (item->out.status != OBJECT_PLANNED || !item->go)
			continue;
		if (!item->no_changes && !item_secrets(run, item))
			continue;
		if (intend(run, item, err) < 0)
			return -1;
		item->begun = true;
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
	if (tasks_run(tasks, run->options->interrupts, err) < 0)
		return -1;
	if (run->failure) {
		*err = steal_ptr(run->failure);
		return -1;
	}
	return 0;
}

static int apply_wave(struct run *run, bool *ret_any, struct err **err)
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
			result = items_add_dependants(run, item->key, err);
		}
	}
	return result;
}

/* Looks again at what waited: its needs may be met now. */
static int decide_waiting(struct run *run, bool *ret_any, struct err **err)
{
	*ret_any = false;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (!item->waits || item->planned)
			continue;
		item->waits = false;
		if (item_decide_again(run, item, err) < 0)
			return -1;
		*ret_any = true;
	}
	return 0;
}

/* Stopped before anything was applied: plans are kept, whoever wants them says so. */
static int hold_back(struct run *run, struct err **err)
{
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (item->out.status != OBJECT_PLANNED || !item->go)
			continue;
		const char *why = "stopped on request before its plan was applied";
		if (wait_for(run, item, PHASE_WAITING, why, err) < 0)
			return -1;
		item->out.status = OBJECT_CANCELLED;
	}
	return 0;
}

/* Plans that nobody will apply: they hold values that nobody should find. */
static int drop_plans(struct run *run, struct err **err)
{
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (!item->plan_path || item->stored)
			continue;
		AUTO_FREE char *file = path_join(run->session->state_dir, item->plan_path);
		if (fs_remove_tree(file, err) < 0)
			return -1;
	}
	return 0;
}

int run_execute(struct run *run, struct err **err)
{
	const bool applies = run->options->stop == RUN_STOP_NEVER && !run->plan_only;
	AUTO_FREE char *plans = path_join(run->session->state_dir, "plans");
	AUTO_FREE char *logs = path_join(run->session->state_dir, "logs");
	if (fs_mkdirs(plans, 0700, err) < 0 || fs_mkdirs(logs, 0700, err) < 0)
		return -1;
	for (;;) {
		bool any = false, applied = false;
		if (plan_wave(run, &any, err) < 0)
			return -1;
		if (!applies)
			return drop_plans(run, err);
		if (!any)
			return 0;
		if (gate_wave(run, err) < 0)
			return -1;
		if (is_stopped(run))
			return hold_back(run, err);
		if (apply_wave(run, &applied, err) < 0)
			return -1;
		if (!applied || is_stopped(run) || decide_waiting(run, &any, err) < 0)
			return *err ? -1 : 0;
	}
}
