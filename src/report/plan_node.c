/* A run as JSON; docs/output.md lists the fields. */
#include "base/arena.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/plan_print.h"

static void set_int(struct arena *a, struct node *map, const char *key, int64_t n)
{
	node_map_set(a, map, key, node_new_int(a, n));
}

static void set_bool(struct arena *a, struct node *map, const char *key, bool value)
{
	node_map_set(a, map, key, node_new_bool(a, value));
}

static struct node *texts_to_node(struct arena *a, const char *const *texts, size_t count)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < count; i++)
		node_seq_add(a, seq, node_new_string(a, texts[i]));
	return seq;
}

static struct node *attr_to_node(struct arena *a, const struct change_attr *attr)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "name", attr->name);
	report_set_text(a, map, "before", attr->before);
	report_set_text(a, map, "after", attr->after);
	if (attr->forces_replacement)
		set_bool(a, map, "forcesReplacement", true);
	return map;
}

static struct node *change_to_node(struct arena *a, const struct change *change)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "change", change_kind_name(change->kind));
	report_set_text(a, map, "address", change->address);
	report_set_text(a, map, "type", change->type);
	report_set_text(a, map, "why", change->why);
	struct node *attrs = node_new_seq(a);
	for (size_t i = 0; i < change->attr_count; i++)
		node_seq_add(a, attrs, attr_to_node(a, &change->attrs[i]));
	if (change->attr_count)
		node_map_set(a, map, "attributes", attrs);
	return map;
}

static struct node *changes_to_node(struct arena *a, const struct change_set *set)
{
	struct node *map = node_new_map(a);
	set_int(a, map, "create", (int64_t)set->create);
	set_int(a, map, "update", (int64_t)set->update);
	set_int(a, map, "replace", (int64_t)set->replace);
	set_int(a, map, "destroy", (int64_t)set->destroy);
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < set->count; i++)
		node_seq_add(a, seq, change_to_node(a, &set->items[i]));
	node_map_set(a, map, "resources", seq);
	return map;
}

static struct node *gates_to_node(struct arena *a, const struct gate_answers *gates)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < gates->count; i++) {
		struct node *map = node_new_map(a);
		report_set_text(a, map, "gate", gates->items[i].gate);
		report_set_text(a, map, "verdict", gate_verdict_name(gates->items[i].verdict));
		report_set_text(a, map, "reason", gates->items[i].reason);
		node_seq_add(a, seq, map);
	}
	return seq;
}

static struct node *object_plan_to_node(struct arena *a, const struct object_plan *plan)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "engine", plan->engine);
	report_set_text(a, map, "id", plan->id);
	report_set_text(a, map, "sha256", plan->sha256);
	report_set_text(a, map, "detail", plan->detail);
	set_int(a, map, "durationMs", plan->duration_ms);
	node_map_set(a, map, "changes", changes_to_node(a, &plan->changes));
	if (plan->drift.count)
		node_map_set(a, map, "drift", changes_to_node(a, &plan->drift));
	if (plan->surprise_count)
		node_map_set(a, map, "surprises",
			texts_to_node(a, plan->surprises, plan->surprise_count));
	return map;
}

static struct node *object_to_node(struct arena *a, const struct object_outcome *o)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "key", o->key);
	report_set_text(a, map, "kind", spec_kind_title(o->kind));
	report_set_text(a, map, "path", o->path);
	report_set_text(a, map, "action", plan_action_name(o->action));
	report_set_text(a, map, "reason", o->reason);
	report_set_text(a, map, "summary", o->summary);
	report_set_text(a, map, "status", object_status_name(o->status));
	report_set_text(a, map, "statusText", o->status_text);
	node_map_set(a, map, "gates", gates_to_node(a, &o->gates));
	if (o->has_preview)
		node_map_set(a, map, "preview", changes_to_node(a, &o->preview));
	if (o->plan)
		node_map_set(a, map, "plan", object_plan_to_node(a, o->plan));
	report_set_text(a, map, "operation", o->operation);
	if (o->apply_ms)
		set_int(a, map, "applyMs", o->apply_ms);
	report_set_text(a, map, "hint", o->hint);
	return map;
}

void plan_to_node(struct arena *a, struct node *document, const struct run_outcome *run)
{
	report_set_text(a, document, "root", run->root);
	report_set_text(a, document, "branch", run->branch);
	report_set_text(a, document, "rev", run->rev);
	report_set_text(a, document, "commit", run->commit);
	set_bool(a, document, "dryRun", run->dry_run);
	struct node *specs = node_new_map(a);
	for (int k = 0; k < KIND_COUNT; k++)
		if (run->kind_counts[k])
			set_int(a, specs, spec_kind_title((enum spec_kind)k),
				(int64_t)run->kind_counts[k]);
	node_map_set(a, document, "specs", specs);
	struct node *objects = node_new_seq(a);
	for (size_t i = 0; i < run->object_count; i++)
		node_seq_add(a, objects, object_to_node(a, &run->objects[i]));
	node_map_set(a, document, "objects", objects);
	set_int(a, document, "unchanged", (int64_t)run->unchanged);
	set_int(a, document, "notLookedAt", (int64_t)run->unseen);
	node_map_set(a, document, "notices", texts_to_node(a, run->notices, run->notice_count));
	if (run->diags)
		node_map_set(a, document, "diagnostics", diag_to_node(a, run->diags));
	set_int(a, document, "loadMs", run->load_ms);
	set_int(a, document, "exitCode", run->exit_code);
}
