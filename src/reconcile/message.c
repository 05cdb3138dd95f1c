#include "reconcile/message.h"

#include "base/str.h"

const char *message_text(const struct node *map, const char *key)
{
	const char *text = node_text(node_get(map, key));
	return text ? text : "";
}

int64_t message_int(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_INT ? n->integer : 0;
}

bool message_bool(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_BOOL && n->boolean;
}

void message_set(struct arena *arena, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(arena, map, key, node_new_string(arena, text));
}

/* --- changes ------------------------------------------------------------------------------ */

static bool kind_of(enum engine_action action, enum change_kind *ret)
{
	switch (action) {
	case ENGINE_CREATE:
		*ret = CHANGE_CREATE;
		return true;
	case ENGINE_UPDATE:
		*ret = CHANGE_UPDATE;
		return true;
	case ENGINE_REPLACE:
		*ret = CHANGE_REPLACE;
		return true;
	case ENGINE_DELETE:
		*ret = CHANGE_DESTROY;
		return true;
	case ENGINE_NO_OP:
	case ENGINE_READ:
	case ENGINE_FORGET:
		break;
	}
	return false;
}

static const char *shown(const struct engine_attribute *a, const char *value, bool after)
{
	if (a->sensitive)
		return "(sensitive)";
	if (after && a->unknown)
		return "(known after apply)";
	return value;
}

static const struct change_attr *attrs_from_engine(
	const struct engine_change *change, struct arena *arena)
{
	struct change_attr *attrs = arena_array(arena, change->attribute_count, sizeof *attrs);
	for (size_t i = 0; i < change->attribute_count; i++) {
		const struct engine_attribute *a = &change->attributes[i];
		attrs[i] = (struct change_attr){
			.name = a->name,
			.before = shown(a, a->before, false),
			.after = shown(a, a->after, true),
			.forces_replacement = a->replaces,
		};
	}
	return attrs;
}

/* The engine's codes for why; those that say only what the change itself shows are left out. */
static const char *reason_text(const char *code)
{
	static const struct {
		const char *code, *text;
	} reasons[] = {
		{"replace_because_tainted", "its last creation did not end well"},
		{"replace_because_cannot_update", NULL},
		{"replace_by_request", "asked for"},
		{"replace_by_triggers", "something it is triggered by changed"},
		{"delete_because_no_resource_config", NULL},
		{"delete_because_no_module", NULL},
		{"delete_because_no_move_target", NULL},
		{"delete_because_wrong_repetition", "its number of instances changed"},
		{"delete_because_count_index", "there are fewer instances now"},
		{"delete_because_each_key", "its key is gone"},
	};
	for (size_t i = 0; code && i < ARRAY_LEN(reasons); i++)
		if (str_eq(code, reasons[i].code))
			return reasons[i].text;
	return code;
}

static void count_change(struct change_set *set, enum change_kind kind)
{
	size_t *const counts[] = {
		[CHANGE_CREATE] = &set->create,
		[CHANGE_UPDATE] = &set->update,
		[CHANGE_REPLACE] = &set->replace,
		[CHANGE_DESTROY] = &set->destroy,
	};
	++*counts[kind];
}

void message_from_engine(const struct engine_change *changes, size_t count, struct arena *arena,
	struct change_set *ret)
{
	struct change *items = arena_array(arena, count, sizeof *items);
	*ret = (struct change_set){.items = items};
	for (size_t i = 0; i < count; i++) {
		struct change *c = &items[ret->count];
		if (!kind_of(changes[i].action, &c->kind))
			continue;
		c->address = changes[i].address;
		c->type = changes[i].type;
		c->why = reason_text(changes[i].reason);
		/* What a new or a going resource consists of is not a change to read. */
		if (c->kind == CHANGE_UPDATE || c->kind == CHANGE_REPLACE) {
			c->attrs = attrs_from_engine(&changes[i], arena);
			c->attr_count = changes[i].attribute_count;
		}
		count_change(ret, c->kind);
		ret->count++;
	}
}

struct node *message_changes(struct arena *arena, const struct change_set *set)
{
	struct node *list = node_new_seq(arena);
	for (size_t i = 0; i < set->count; i++) {
		const struct change *c = &set->items[i];
		struct node *n = node_new_map(arena);
		message_set(arena, n, "kind", change_kind_name(c->kind));
		message_set(arena, n, "address", c->address);
		message_set(arena, n, "type", c->type);
		message_set(arena, n, "why", c->why);
		struct node *attrs = node_new_seq(arena);
		for (size_t k = 0; k < c->attr_count; k++) {
			struct node *a = node_new_map(arena);
			message_set(arena, a, "name", c->attrs[k].name);
			message_set(arena, a, "before", c->attrs[k].before);
			message_set(arena, a, "after", c->attrs[k].after);
			node_map_set(arena, a, "replaces",
				node_new_bool(arena, c->attrs[k].forces_replacement));
			node_seq_add(arena, attrs, a);
		}
		node_map_set(arena, n, "attributes", attrs);
		node_seq_add(arena, list, n);
	}
	return list;
}

static enum change_kind read_kind(const char *name)
{
	for (int k = CHANGE_CREATE; k <= CHANGE_DESTROY; k++)
		if (str_eq(name, change_kind_name((enum change_kind)k)))
			return (enum change_kind)k;
	return CHANGE_UPDATE;
}

static const char *copy(struct arena *arena, const struct node *map, const char *key)
{
	const char *text = node_text(node_get(map, key));
	return text ? arena_strdup(arena, text) : NULL;
}

void message_read_changes(const struct node *node, struct arena *arena, struct change_set *ret)
{
	const size_t count = node && node->type == NODE_SEQ ? node->seq.count : 0;
	struct change *items = arena_array(arena, count, sizeof *items);
	*ret = (struct change_set){.items = items, .count = count};
	for (size_t i = 0; i < count; i++) {
		const struct node *n = node->seq.items[i];
		const struct node *attrs = node_get(n, "attributes");
		const size_t attr_count = attrs && attrs->type == NODE_SEQ ? attrs->seq.count : 0;
		struct change_attr *a = arena_array(arena, attr_count, sizeof *a);
		for (size_t k = 0; k < attr_count; k++) {
			const struct node *from = attrs->seq.items[k];
			a[k] = (struct change_attr){
				.name = copy(arena, from, "name"),
				.before = copy(arena, from, "before"),
				.after = copy(arena, from, "after"),
				.forces_replacement = message_bool(from, "replaces"),
			};
		}
		items[i] = (struct change){
			.kind = read_kind(message_text(n, "kind")),
			.address = arena_strdup(arena, message_text(n, "address")),
			.type = arena_strdup(arena, message_text(n, "type")),
			.attrs = a,
			.attr_count = attr_count,
			.why = copy(arena, n, "why"),
		};
		count_change(ret, items[i].kind);
	}
}

/* --- the end of an apply ------------------------------------------------------------------ */

static void add_state(struct arena *arena, struct node *map, const struct engine_state *state)
{
	struct node *resources = node_new_seq(arena);
	for (size_t i = 0; i < state->resource_count; i++) {
		struct node *r = node_new_map(arena);
		message_set(arena, r, "address", state->resources[i].address);
		message_set(arena, r, "type", state->resources[i].type);
		message_set(arena, r, "id", state->resources[i].id);
		node_seq_add(arena, resources, r);
	}
	node_map_set(arena, map, "resources", resources);
	struct node *outputs = node_new_seq(arena);
	for (size_t i = 0; i < state->output_count; i++) {
		struct node *o = node_new_map(arena);
		message_set(arena, o, "name", state->outputs[i].name);
		message_set(arena, o, "json", state->outputs[i].json);
		node_map_set(
			arena, o, "sensitive", node_new_bool(arena, state->outputs[i].sensitive));
		node_seq_add(arena, outputs, o);
	}
	node_map_set(arena, map, "outputs", outputs);
}

struct node *message_finished(struct arena *arena, const struct engine_outcome *outcome)
{
	struct node *map = node_new_map(arena);
	message_set(arena, map, "end", engine_end_name(outcome->end));
	message_set(arena, map, "error", outcome->error);
	node_map_set(arena, map, "importCheck", node_new_bool(arena, outcome->needs_import_check));
	node_map_set(arena, map, "ended", node_new_int(arena, outcome->ended_ms));
	node_map_set(arena, map, "stateKnown", node_new_bool(arena, outcome->state_known));
	if (outcome->state_known)
		add_state(arena, map, &outcome->state);
	return map;
}

static enum engine_end read_end(const char *name)
{
	for (int e = ENGINE_DONE; e <= ENGINE_LOST; e++)
		if (str_eq(name, engine_end_name((enum engine_end)e)))
			return (enum engine_end)e;
	return ENGINE_LOST;
}

static size_t count_of(const struct node *seq)
{
	return seq && seq->type == NODE_SEQ ? seq->seq.count : 0;
}

void message_read_finished(const struct node *node, struct arena *arena, struct finished *ret)
{
	const struct node *resources = node_get(node, "resources");
	const struct node *outputs = node_get(node, "outputs");
	struct engine_resource *r = arena_array(arena, count_of(resources), sizeof *r);
	for (size_t i = 0; i < count_of(resources); i++) {
		const struct node *n = resources->seq.items[i];
		r[i].address = arena_strdup(arena, message_text(n, "address"));
		r[i].type = arena_strdup(arena, message_text(n, "type"));
		r[i].id = arena_strdup(arena, message_text(n, "id"));
	}
	struct engine_output *o = arena_array(arena, count_of(outputs), sizeof *o);
	for (size_t i = 0; i < count_of(outputs); i++) {
		const struct node *n = outputs->seq.items[i];
		o[i].name = arena_strdup(arena, message_text(n, "name"));
		o[i].json = copy(arena, n, "json");
		o[i].sensitive = message_bool(n, "sensitive");
	}
	*ret = (struct finished){
		.end = read_end(message_text(node, "end")),
		.error = arena_strdup(arena, message_text(node, "error")),
		.needs_import_check = message_bool(node, "importCheck"),
		.ended_ms = message_int(node, "ended"),
		.state_known = message_bool(node, "stateKnown"),
		.resources = r,
		.resource_count = count_of(resources),
		.outputs = o,
		.output_count = count_of(outputs),
	};
}

/* --- progress ----------------------------------------------------------------------------- */

void message_event_text(const struct engine_event *event, struct str *out)
{
	static const char *const done[] = {
		[ENGINE_NO_OP] = "unchanged",
		[ENGINE_CREATE] = "created",
		[ENGINE_READ] = "read",
		[ENGINE_UPDATE] = "updated",
		[ENGINE_REPLACE] = "replaced",
		[ENGINE_DELETE] = "destroyed",
		[ENGINE_FORGET] = "forgotten",
	};
	static const char *const verbs[] = {
		[ENGINE_NO_OP] = "no change",
		[ENGINE_CREATE] = "creating",
		[ENGINE_READ] = "reading",
		[ENGINE_UPDATE] = "updating",
		[ENGINE_REPLACE] = "replacing",
		[ENGINE_DELETE] = "destroying",
		[ENGINE_FORGET] = "forgetting",
	};
	const char *address = event->address ? event->address : "";
	switch (event->type) {
	case ENGINE_EVENT_APPLY_START:
		str_addf(out, "%s: %s", address, verbs[event->action]);
		break;
	case ENGINE_EVENT_APPLY_PROGRESS:
		str_addf(out, "%s: still %s (%lld s)", address, verbs[event->action],
			(long long)event->elapsed_s);
		break;
	case ENGINE_EVENT_APPLY_COMPLETE:
		str_addf(out, "%s: %s (%lld s)", address, done[event->action],
			(long long)event->elapsed_s);
		break;
	case ENGINE_EVENT_APPLY_ERRORED:
		str_addf(out, "%s: %s failed (%lld s)", address, verbs[event->action],
			(long long)event->elapsed_s);
		break;
	case ENGINE_EVENT_ERROR:
	case ENGINE_EVENT_WARNING:
		str_addf(out, "%s: %s%s%s", event->type == ENGINE_EVENT_ERROR ? "error" : "warning",
			address, *address ? ": " : "", event->message);
		break;
	case ENGINE_EVENT_STEP:
	case ENGINE_EVENT_PLANNED_CHANGE:
	case ENGINE_EVENT_DRIFT:
	case ENGINE_EVENT_SUMMARY:
	case ENGINE_EVENT_LOG:
		str_add(out, event->message);
		break;
	}
}
