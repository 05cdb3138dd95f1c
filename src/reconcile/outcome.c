/*
 * Recording how an apply ended, by whoever sees it first: the process that began it or one that
 * adopted it. Everything needed for that is in the plan's row, so the specs need not be there any
 * more. Files are moved first, which any later run may repeat; then one transaction, once.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/follow.h"
#include "reconcile/run_internal.h"
#include "store/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- what a plan remembers ----------------------------------------------------------------- */

/* {born, role, backend}: what else the canvas depended on, for `moved` and for a destroy. */
static struct node *side_node(struct arena *a, const struct run *run, const struct item *item)
{
	struct node *side = node_new_map(a);
	message_set(a, side, "born", item->born);
	const char *key = arena_printf(a, "role/%s", item->role_name);
	const struct loaded_spec *role = strmap_get(&run->load.specs, key);
	if (role && role->spec)
		node_map_set(a, side, "role", spec_canonical(a, role->spec, SPEC_CANONICAL_PLAIN));
	const struct node *backend = run->load.config->terraform.backend;
	node_map_set(
		a, side, "backend", backend ? (struct node *)(uintptr_t)backend : node_new_null(a));
	return side;
}

char *outcome_summary(struct arena *arena, const struct run *run, const struct item *item)
{
	struct node *map = node_new_map(arena);
	message_set(arena, map, "born", item->born);
	if (item->desired) {
		node_map_set(arena, map, "spec",
			spec_canonical(arena, item->desired, SPEC_CANONICAL_PLAIN));
		node_map_set(arena, map, "side", side_node(arena, run, item));
	}
	/* Terraform's names of outputs, and what {from: ...} calls them. */
	struct node *outputs = node_new_map(arena);
	for (size_t i = 0; i < item->rendering.output_count; i++)
		message_set(arena, outputs, item->rendering.outputs[i].name,
			item->rendering.outputs[i].key);
	node_map_set(arena, map, "outputs", outputs);
	node_map_set(arena, map, "changes", message_changes(arena, &item->plan.changes));
	AUTO_STR json = STR_INIT;
	emit_canonical(map, &json);
	return arena_strdup(arena, json.data);
}

void outcome_changes(const char *summary_json, struct arena *arena, struct change_set *ret)
{
	message_read_changes(node_get(recorded_json(arena, summary_json), "changes"), arena, ret);
}

struct object_plan *outcome_plan(const struct plan_row *plan, struct arena *arena)
{
	struct object_plan *p = arena_alloc(arena, sizeof *p);
	*p = (struct object_plan){.engine = plan->engine, .id = plan->id, .sha256 = plan->sha256};
	outcome_changes(plan->summary_json, arena, &p->changes);
	return p;
}

const char *outcome_born(const struct plan_row *plan, struct arena *arena)
{
	const char *born = message_text(recorded_json(arena, plan->summary_json), "born");
	const char *slash = strchr(plan->object_key, '/');
	return *born ? arena_strdup(arena, born) : slash ? slash + 1 : plan->object_key;
}

/* --- recording ------------------------------------------------------------------------------ */

struct ending {
	struct store *store;
	const struct operation_row *op;
	const struct finished *finished;
	const struct plan_row *plan; /* NULL: not there any more */
	const struct node *summary;
	struct arena arena;
	int64_t now;
};

static bool same_outputs(const struct output_rows *old, const struct output_row *rows, size_t count)
{
	size_t same = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < old->count; k++)
			same += str_eq(old->items[k].name, rows[i].name) &&
				str_eq(old->items[k].value_json, rows[i].value_json) &&
				old->items[k].sensitive == rows[i].sensitive;
	return same == count && old->count == count;
}

/*
 * Whoever uses the outputs is looked at again: by this run or, should it be killed, by the next,
 * which finds them unsettled.
 */
static int unsettle_users(struct ending *e, struct err **err)
{
	struct store_keys keys = {0};
	const struct object_step step = {.phase = PHASE_NEW,
		.reason = arena_printf(&e->arena, "an output of %s changed", e->op->object_key)};
	if (store_dependants(e->store, e->op->object_key, &e->arena, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++) {
		struct object_row *row = NULL;
		if (store_object_get(e->store, keys.items[i], OBJECT_BRIEF, &e->arena, &row, err) <
			0)
			return -1;
		if (row && row->phase == PHASE_APPLIED &&
			store_object_step(e->store, row->key, &step, e->now, err) < 0)
			return -1;
	}
	return 0;
}

static int put_outputs(struct ending *e, struct err **err)
{
	const struct finished *f = e->finished;
	const struct node *names = node_get(e->summary, "outputs");
	struct output_row *rows = arena_array(&e->arena, f->output_count, sizeof *rows);
	for (size_t i = 0; i < f->output_count; i++) {
		const char *key = node_text(node_get(names, f->outputs[i].name));
		rows[i] = (struct output_row){key ? key : f->outputs[i].name, f->outputs[i].json,
			f->outputs[i].sensitive};
	}
	struct output_rows old = {0};
	if (store_outputs(e->store, e->op->object_key, &e->arena, &old, err) < 0)
		return -1;
	if (same_outputs(&old, rows, f->output_count))
		return 0;
	if (store_outputs_put(e->store, e->op->object_key, rows, f->output_count, err) < 0)
		return -1;
	return unsettle_users(e, err);
}

static int put_resources(struct ending *e, struct err **err)
{
	const struct finished *f = e->finished;
	struct resource_row *rows = arena_array(&e->arena, f->resource_count, sizeof *rows);
	for (size_t i = 0; i < f->resource_count; i++)
		rows[i] = (struct resource_row){.address = f->resources[i].address,
			.type = f->resources[i].type,
			.provider_id = *f->resources[i].id ? f->resources[i].id : NULL};
	return store_resources_put(e->store, e->op->object_key, rows, f->resource_count, err);
}

static int record_applied(struct ending *e, struct err **err)
{
	AUTO_STR spec = STR_INIT;
	AUTO_STR side = STR_INIT;
	const struct node *spec_node = node_get(e->summary, "spec");
	const struct node *side_node = node_get(e->summary, "side");
	if (spec_node)
		emit_canonical(spec_node, &spec);
	if (side_node)
		emit_canonical(side_node, &side);
	const struct object_row row = {
		.key = e->op->object_key,
		.applied_digest = e->plan ? e->plan->object_digest : NULL,
		.applied_revision = e->op->commit_id,
		.applied_spec_json = spec_node ? spec.data : NULL,
		.applied_role_json = side_node ? side.data : NULL,
		.applied_renderer = e->plan ? e->plan->renderer : NULL,
	};
	return store_object_applied(e->store, &row, e->now, err);
}

static enum operation_state state_of(enum engine_end end)
{
	switch (end) {
	case ENGINE_DONE:
		return OPERATION_DONE;
	case ENGINE_INTERRUPTED:
	case ENGINE_TIMED_OUT:
		return OPERATION_INTERRUPTED;
	case ENGINE_LOST:
		return OPERATION_LOST;
	case ENGINE_FAILED:
	case ENGINE_PLAN_STALE:
	case ENGINE_NEVER_STARTED:
		break;
	}
	return OPERATION_FAILED;
}

/* Nothing was done: the object is where it was, and needs a new plan. */
static bool had_no_effect(enum engine_end end)
{
	return end == ENGINE_PLAN_STALE || end == ENGINE_NEVER_STARTED;
}

static const char *failure_text(struct ending *e)
{
	const char *error = e->finished->error && *e->finished->error
				    ? e->finished->error
				    : engine_end_name(e->finished->end);
	if (!e->finished->needs_import_check)
		return error;
	return arena_printf(&e->arena,
		"%s (a resource that was being made may exist without being recorded: if the next "
		"apply says that it already exists, import it)",
		error);
}

static int record_object(struct ending *e, struct err **err)
{
	const char *key = e->op->object_key;
	const enum engine_end end = e->finished->end;
	if (end == ENGINE_DONE && str_eq(e->op->kind, "destroy"))
		return store_object_destroyed(e->store, key, e->now, err);
	if (e->finished->state_known && (put_resources(e, err) < 0 || put_outputs(e, err) < 0))
		return -1;
	if (end == ENGINE_DONE)
		return record_applied(e, err);
	const bool untouched = had_no_effect(end);
	const struct object_step step = {
		.phase = untouched ? PHASE_NEW : PHASE_FAILED,
		.outcome = untouched            ? NULL
			   : end == ENGINE_LOST ? "lost"
						: "failed",
		.reason = failure_text(e),
	};
	return store_object_step(e->store, key, &step, e->now, err);
}

static int record_all(struct ending *e, const char *log, bool *ret_recorded, struct err **err)
{
	const struct finished *f = e->finished;
	const bool done = f->end == ENGINE_DONE;
	const struct operation_row end = {
		.id = e->op->id,
		.state = state_of(f->end),
		.ended_at = e->now,
		.exit_code = done ? 0 : -1,
		.error = done ? NULL : failure_text(e),
	};
	if (store_operation_finish(e->store, &end, ret_recorded, err) < 0)
		return -1;
	if (!*ret_recorded)
		return 0;
	const struct audit_row audit = {
		.at = e->now,
		.actor = e->op->actor,
		.action = arena_printf(&e->arena, "%s %s", e->op->kind, engine_end_name(f->end)),
		.subject = e->op->object_key,
		.detail_json = arena_printf(&e->arena, "{\"operation\":\"%s\"}", e->op->id),
	};
	if (e->op->plan_id && store_plan_move(e->store, e->op->plan_id,
				      had_no_effect(f->end) ? PLAN_VOID : PLAN_APPLIED,
				      done ? NULL : engine_end_name(f->end), NULL, err) < 0)
		return -1;
	if (record_object(e, err) < 0)
		return -1;
	if (log && *log && store_log_add(e->store, e->op->id, log, strlen(log), e->now, err) < 0)
		return -1;
	return store_audit_append(e->store, &audit, err);
}

/* --- files ---------------------------------------------------------------------------------- */

/*
 * The files that were applied become the recorded ones. Those of a first apply that failed do
 * too: what it made is destroyed with them. This comes before the end is recorded: as long as the
 * operation is open, whoever takes it over does it again.
 */
static int keep_files(
	const struct session *s, const struct plan_row *plan, bool destroyed, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_FREE char *applied = outcome_applied_dir(s, outcome_born(plan, &arena));
	AUTO_FREE char *rendered = outcome_rendered_dir(s, plan->id);
	AUTO_FREE char *parent = path_join(s->state_dir, "applied");
	if (!destroyed && !fs_is_dir(rendered))
		return 0;
	if (fs_remove_tree(applied, err) < 0 || destroyed)
		return *err ? -1 : fs_remove_tree(rendered, err);
	if (fs_mkdirs(parent, 0700, err) < 0)
		return -1;
	if (rename(rendered, applied) < 0)
		return err_errno(err, errno, "keep the applied files of %s", plan->object_key);
	return 0;
}

static int keep_files_of(struct ending *e, const struct session *s, struct err **err)
{
	const enum engine_end end = e->finished->end;
	const bool destroys = str_eq(e->op->kind, "destroy");
	if (end == ENGINE_DONE)
		return keep_files(s, e->plan, destroys, err);
	AUTO_FREE char *applied = outcome_applied_dir(s, outcome_born(e->plan, &e->arena));
	AUTO_FREE char *rendered = outcome_rendered_dir(s, e->plan->id);
	if (!destroys && !had_no_effect(end) && !fs_is_dir(applied))
		return keep_files(s, e->plan, false, err);
	return fs_remove_tree(rendered, err);
}

static int clean_up(struct session *s, const struct operation_row *op, const struct plan_row *plan,
	struct err **err)
{
	if (plan && plan->path) {
		AUTO_FREE char *file = path_join(s->state_dir, plan->path);
		if (fs_remove_tree(file, err) < 0 ||
			store_plan_file_gone(s->store, plan->id, err) < 0)
			return -1;
	}
	AUTO_FREE char *log = follow_path(s, op->id);
	if (fs_remove_tree(log, err) < 0)
		return -1;
	AUTO_FREE char *job = op->dir ? path_join(s->state_dir, op->dir) : NULL;
	return job ? fs_remove_tree(job, err) : 0;
}

int outcome_record(struct session *session, const struct operation_row *op,
	const struct finished *finished, const char *log, bool *ret_recorded, struct err **err)
{
	struct ending e = {.store = session->store, .op = op, .finished = finished};
	/* Where nothing was started, recording it is the end; the session began before that. */
	e.now = finished->ended_ms ? finished->ended_ms : clock_now_ms();
	struct plan_row *plan = NULL;
	int result = 0;
	if (op->plan_id)
		result = store_plan_get(session->store, op->plan_id, &e.arena, &plan, err);
	e.plan = plan;
	e.summary = plan ? recorded_json(&e.arena, plan->summary_json) : NULL;
	if (result == 0 && operation_is_open(op) && plan)
		result = keep_files_of(&e, session, err);
	if (result == 0)
		result = store_begin(session->store, err);
	if (result == 0) {
		result = record_all(&e, log, ret_recorded, err);
		if (result < 0 || !*ret_recorded)
			store_rollback(session->store);
		else
			result = store_commit(session->store, err);
	}
	if (result == 0 && *ret_recorded)
		result = clean_up(session, op, plan, err);
	arena_release(&e.arena);
	return result;
}
