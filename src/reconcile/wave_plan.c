/*
 * The planning of a wave: every item that has something to do and whose policy gates let it
 * through is planned by its engine, in parallel; a stored plan that is still valid is used as is.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run_spec.h"
#include "reconcile/work.h"

/* --- in the child -------------------------------------------------------------------------- */

static void send_plan(
	struct work_child *child, const struct engine_plan *plan, const struct engine_state *state)
{
	struct arena *a = &child->arena;
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
		const struct engine_outcome same = {
			.end = ENGINE_DONE, .error = "", .state_known = true, .state = *state};
		node_map_set(a, p, "finished", message_finished(a, &same));
	}
	struct node *map = node_new_map(a);
	node_map_set(a, map, "plan", p);
	(void)task_send(child->port, map);
}

static void send_busy(const struct task_port *port)
{
	AUTO_ARENA arena = {0};
	struct node *map = node_new_map(&arena);
	node_map_set(&arena, map, "busy", node_new_bool(&arena, true));
	(void)task_send(port, map);
}

static int plan_in_child(void *data, const struct task_port *port)
{
	const struct work *w = data;
	const struct item *item = w->item;
	struct work_child child;
	work_child_begin(w, port, &child);
	AUTO_ERR err = NULL;
	struct engine_plan plan = {0};
	struct engine_state state = {0};
	const bool looks = w->run->options->stop == RUN_STOP_DRIFT;
	const enum engine_plan_mode mode = looks ? ENGINE_PLAN_DRIFT
					   : item->decision.action == PLAN_DESTROY
						   ? ENGINE_PLAN_DESTROY
						   : ENGINE_PLAN_NORMAL;
	bool mine = true; /* the parent has its lock, but for a look */
	int got = looks ? item_lock_in_child(w->run, item, &mine, &err) : 0;
	if (!mine) {
		send_busy(port);
		return 0;
	}
	if (got == 0)
		got = item->engine->prepare(&child.target, true, &child.engine_run, &err);
	if (got == 0)
		got = item->engine->plan(&child.target, mode, child.file, &child.engine_run,
			&child.arena, &plan, &err);
	/* A backend that holds everything already: what there is, is what was wanted. */
	if (got == 0 && !plan.changes && !looks)
		got = item->engine->observe(&child.target, &child.arena, &state, &err);
	if (got < 0)
		work_send_error(port, err);
	else
		send_plan(&child, &plan, plan.changes || looks ? NULL : &state);
	arena_release(&child.arena);
	return 0;
}

/* --- in the parent ------------------------------------------------------------------------- */

static void on_plan_message(void *data, const struct node *message)
{
	struct work *w = data;
	struct item *item = w->item;
	struct run *run = w->run;
	const struct node *plan = node_get(message, "plan");
	if (work_take_log(w, message))
		return;
	w->heard = true;
	item->busy = message_bool(message, "busy");
	if (item->busy)
		return;
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

void plan_task_add(struct run *run, struct tasks *tasks, struct item *item)
{
	char id[ULID_SIZE];
	struct work *w = arena_alloc(&run->arena, sizeof *w);
	*w = (struct work){.run = run, .item = item, .log = STR_INIT};
	ulid_new(clock_now_ms(), item->plan_id);
	item->plan_path = arena_printf(&run->arena, "plans/%s.tfplan", item->plan_id);
	w->job_dir = work_job_dir(run, ulid_new(clock_now_ms(), id));
	item->started_ms = clock_monotonic_ms();
	run_emit(run, RUN_PLANNING, item, NULL);
	tasks_add(tasks, &(struct task){.run = plan_in_child,
				 .on_message = on_plan_message,
				 .on_end = on_plan_end,
				 .data = w});
}

void item_use_stored(struct run *run, struct item *item)
{
	const struct plan_row *p = item->stored;
	(void)str_copy(item->plan_id, sizeof item->plan_id, p->id);
	item->plan_path = p->path;
	(void)str_copy(item->plan_sha256, sizeof item->plan_sha256, p->sha256);
	(void)str_copy(item->identity, sizeof item->identity, p->identity);
	item->plan = (struct object_plan){
		.engine = p->engine, .id = item->plan_id, .sha256 = item->plan_sha256};
	outcome_changes(p->summary_json, &run->arena, &item->plan.changes);
	item->plan.detail = item->run ? run_item_detail(run, item) : NULL;
	item->planned = true;
	item->out.plan = &item->plan;
	item->out.status = OBJECT_PLANNED;
	run_emit(run, RUN_PLANNED, item, NULL);
}

bool item_wants_plan(const struct item *item)
{
	const bool kind = item->kind == KIND_CANVAS || item->decision.action == PLAN_RUN;
	return kind && item_acts(item) && !item->planned && !item->aside &&
	       item->decision.action != PLAN_RETAIN && item->out.status == OBJECT_PENDING;
}

/* Is it to be planned, as it was decided? What waits for a gate is marked. */
static bool may_plan(struct run *run, struct item *item)
{
	const struct gate_answer *first = NULL;
	if (!item_wants_plan(item) || (run->options->pull && item->kind != KIND_CANVAS))
		return false;
	if (gates_plan_verdict(&item->out.gates, &first) == GATE_PASS)
		return true;
	item_status(run, item, OBJECT_WAITING, "%s", first->reason);
	item->waits = true;
	return false;
}

/*
 * Nobody else's engine is at it from now on. *ret false: it is not to be planned now; busy, because
 * somebody is at work on it.
 */
static int begin(struct run *run, struct item *item, bool waits, bool *ret, struct err **err)
{
	bool mine = false;
	*ret = may_plan(run, item);
	if (!*ret || item->kind != KIND_CANVAS)
		return 0;
	const int got = item_lock(run, item, waits, &mine, err);
	*ret = got == 0 && mine && may_plan(run, item);
	if (mine && !*ret)
		item_unlock(run, item);
	item->busy = got == 0 && !mine;
	if (item->busy && run_is_beside(run))
		pull_stand_aside(run, item);
	else if (item->busy && waits)
		item_status(run, item, OBJECT_CANCELLED, "%s", TASK_NOT_BEGUN);
	return got;
}

/* Adds its task if it needs one. False: it cannot be planned now. */
static bool plan_item(struct run *run, struct tasks *tasks, struct item *item)
{
	if (item->decision.use_stored)
		item_use_stored(run, item);
	else if (item->kind == KIND_RUN)
		run_item_plan(run, item);
	else if (item_secrets(run, item))
		plan_task_add(run, tasks, item);
	else
		return false;
	return true;
}

/* Plans what nobody else works on or, with late, what somebody did, once he is done. */
static int plan_some(struct run *run, bool late, bool *ret_any, struct err **err)
{
	struct tasks *tasks = tasks_new(run->parallel);
	int result = 0;
	for (size_t i = 0; i < run->item_count && result == 0; i++) {
		struct item *item = run->items[i];
		bool begun = false;
		if (late && !item->busy)
			continue;
		result = begin(run, item, late, &begun, err);
		if (begun && plan_item(run, tasks, item))
			*ret_any = true;
	}
	if (result == 0)
		result = tasks_run(tasks, run_plan_interrupts(run), err);
	tasks_free(tasks);
	return result;
}

int plan_wave(struct run *run, bool *ret_any, struct err **err)
{
	*ret_any = false;
	if (plan_some(run, false, ret_any, err) < 0)
		return -1;
	return run_is_beside(run) ? 0 : plan_some(run, true, ret_any, err);
}
