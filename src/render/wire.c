/* First pass of the wiring: the nodes themselves, and the order of the passes. */
#include "render/wire.h"

#include <stdlib.h>
#include <string.h>

static const char *const list_names[LIST_COUNT] = {
	[LIST_SECURITY_GROUP_IDS] = "security_group_ids",
	[LIST_RULES] = "rules",
	[LIST_ATTACHMENTS] = "attachments",
	[LIST_TARGET_GROUPS] = "target_groups",
	[LIST_LOAD_BALANCERS] = "load_balancers",
	[LIST_ORIGINS] = "origins",
	[LIST_RECORDS] = "records",
	[LIST_SUBSCRIPTIONS] = "subscriptions",
	[LIST_EVENT_SOURCES] = "event_sources",
	[LIST_NOTIFICATIONS] = "notifications",
	[LIST_PERMISSIONS] = "permissions",
	[LIST_STATEMENTS] = "statements",
	[LIST_GRANTS] = "grants",
	[LIST_GATEWAYS] = "gateways",
	[LIST_ROUTES] = "routes",
};

struct node *wire_text(const struct wiring *w, const char *text)
{
	return text ? node_new_string(w->arena, text) : w->none;
}

void wire_set(const struct wiring *w, struct node *map, const char *key, const char *text)
{
	node_map_set(w->arena, map, key, wire_text(w, text));
}

void wire_add(const struct wiring *w, struct node *map, const char *key, const char *text)
{
	node_map_add(w->arena, map, key, wire_text(w, text));
}

const char *wire_number(const struct wiring *w, size_t number)
{
	static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
	return number < ARRAY_LEN(digits) ? digits[number] : arena_printf(w->arena, "%zu", number);
}

const char *wire_slug(const struct wiring *w, const char *id, size_t limit)
{
	if (w->check_only)
		return id;
	AUTO_STR slug = STR_INIT;
	name_physical(&w->scope, id, limit, &slug);
	return arena_memdup(w->arena, slug.data, slug.len);
}

struct node *wire_list_add(struct wiring *w, struct wire_node *n, enum view_list list)
{
	enum { ENTRY_KEYS = 9 };
	struct node *entry = node_new_map_of(w->arena, ENTRY_KEYS);
	node_seq_add(w->arena, n->lists[list], entry);
	return entry;
}

struct node *wire_eval(struct wiring *w, const struct wire_node *n, const struct tmpl_expr *e)
{
	/* What fails because a value is not known yet is nobody's mistake. */
	AUTO_DIAGS own = {0};
	struct node *value = tmpl_expr_eval(e, n->view, w->arena, &own);
	if (!value && !n->open_values)
		diag_append(w->diags, &own);
	return value;
}

static struct node *eval_value(
	struct wiring *w, const struct wire_node *n, const struct type_value *v)
{
	if (v->expr)
		return wire_eval(w, n, v->expr);
	return v->literal ? (struct node *)v->literal : NULL;
}

/* The suggestion for a resource type that does not exist. */
static void unknown_type(struct wiring *w, const struct canvas_node *spec)
{
	/* A type that did not decode was told of then. */
	if (!spec->type.text || !*spec->type.text)
		return;
	const char **names = arena_array(w->arena, w->types->count + 1, sizeof(*names));
	AUTO_STR all = STR_INIT;
	for (size_t i = 0; i < w->types->count; i++) {
		names[i] = w->types->items[i].name;
		str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	struct diag *d = diag_error(w->diags, "resource-type", spec->type.pos,
		"there is no resource type '%s'", spec->type.text);
	const char *near = str_nearest(spec->type.text, names);
	if (near)
		diag_hint(w->diags, d, "did you mean '%s'?", near);
	else
		diag_hint(w->diags, d, "one of: %s", all.data);
}

static const char *label_of(const struct wire_node *n)
{
	return n->spec->label ? n->spec->label : n->spec->id;
}

static struct node *node_identity(struct wiring *w, const struct wire_node *n)
{
	struct node *map = node_new_map_of(w->arena, 5);
	wire_add(w, map, "id", n->spec->id);
	wire_add(w, map, "name", n->name);
	wire_add(w, map, "label", label_of(n));
	wire_add(w, map, "type", n->type->name);
	wire_add(w, map, "slug", n->slug);
	return map;
}

static struct node *node_tags(struct wiring *w, const struct wire_node *n)
{
	const struct node *given = node_get(n->config, "tags");
	const size_t more = given && given->type == NODE_MAP ? given->map.count : 0;
	struct node *tags = node_new_map_of(w->arena, 1 + more);
	wire_add(w, tags, "Name", arena_concat(w->arena, w->input->name, "-", label_of(n), NULL));
	MAP_FOREACH (given, pair)
		node_map_set(w->arena, tags, pair->key->text, pair->value);
	return tags;
}

static struct node *node_self(struct wiring *w, const struct wire_node *n)
{
	struct node *self = node_new_map_of(w->arena, n->type->resource_count);
	for (size_t i = 0; i < n->type->resource_count; i++) {
		const struct type_resource *resource = &n->type->resources[i];
		node_map_add(
			w->arena, self, resource->name, wire_ref(w, resource->name, ".", n->name));
		for (const char *const *end = resource->also; end && *end; end++)
			node_map_add(w->arena, self,
				arena_concat(w->arena, resource->name, "__", *end, NULL),
				wire_ref(w, resource->name, ".", n->name, "__", *end));
	}
	return self;
}

static void add_local(struct wiring *w, const struct wire_node *n, struct node *locals,
	const char *key, const char *text)
{
	AUTO_STR name = STR_INIT;
	name_terraform(text, &name);
	wire_set(w, locals, text, arena_concat(w->arena, n->name, "__", key, "_", name.data, NULL));
}

/* For lists and maps in a config that become a resource an entry: a name for each entry. */
static struct node *node_locals(struct wiring *w, const struct wire_node *n)
{
	struct node *all = node_new_map(w->arena);
	MAP_FOREACH (n->config, pair) {
		const char *key = pair->key->text;
		struct node *locals = node_new_map(w->arena);
		if (pair->value->type != NODE_MAP && pair->value->type != NODE_SEQ)
			continue;
		MAP_FOREACH (pair->value, entry)
			add_local(w, n, locals, key, entry->key->text);
		SEQ_FOREACH (pair->value, i, item)
			if (item->type == NODE_STRING)
				add_local(w, n, locals, key, item->text);
		node_map_set(w->arena, all, key, locals);
	}
	return all;
}

/* Each key of a view is there once for all nodes: they get the same keys in the same order. */
static void view_add(struct wiring *w, struct wire_node *n, const char *key, struct node *value)
{
	const size_t at = n->view->map.count;
	if (!w->view_keys[at])
		w->view_keys[at] = node_new_string(w->arena, key);
	n->view->map.pairs[at] = (struct node_pair){w->view_keys[at], value};
	n->view->map.count++;
}

/* Every name that templates may use, with its empty value. */
static void make_view(struct wiring *w, struct wire_node *n)
{
	static const char *const singles[] = {"subnet_id", "az", "egress", "security_group_id",
		"kms_key_arn", "instances", "subnet_ids", "net"};
	n->view = node_new_map_of(w->arena, VIEW_KEYS);
	view_add(w, n, "canvas", w->canvas);
	view_add(w, n, "node", node_identity(w, n));
	view_add(w, n, "config", n->config);
	view_add(w, n, "tags", node_tags(w, n));
	view_add(w, n, "locals", node_locals(w, n));
	n->self = node_self(w, n);
	view_add(w, n, "this", n->self);
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		view_add(w, n, singles[i], w->none);
	view_add(w, n, "is_event_source", w->no);
	struct node *lists = arena_array(w->arena, LIST_COUNT, sizeof *lists);
	for (int i = 0; i < LIST_COUNT; i++) {
		n->lists[i] = &lists[i];
		*n->lists[i] = *w->no_items;
		view_add(w, n, list_names[i], n->lists[i]);
	}
}

static enum network_need read_need(struct wiring *w, struct wire_node *n)
{
	const struct node *v = eval_value(w, n, &n->type->network);
	if (n->interface)
		return NEED_NETWORK;
	if (v && str_eq(node_text(v), "zone"))
		return NEED_ZONE;
	return v && node_truthy(v) ? NEED_NETWORK : NEED_NONE;
}

static void wire_one(struct wiring *w, struct wire_node *n)
{
	AUTO_STR name = STR_INIT;
	name_terraform(n->spec->id, &name);
	n->name = arena_memdup(w->arena, name.data, name.len);
	n->slug = wire_slug(w, n->spec->id, (size_t)n->type->name_limit);
	n->config = wire_config(w, n);
	n->edges_in = node_new_seq(w->arena);
	n->edges_out = node_new_seq(w->arena);
	make_view(w, n);

	const struct node *v = eval_value(w, n, &n->type->interface);
	n->interface = v && node_truthy(v);
	n->need = read_need(w, n);
	v = eval_value(w, n, &n->type->placement);
	n->in_public = v && str_eq(node_text(v), "public");
	view_add(w, n, "placement", wire_text(w, n->in_public ? "public" : "private"));
	v = eval_value(w, n, &n->type->instances);
	n->instance_count = v && v->type == NODE_INT && v->integer > 0 ? v->integer : 1;
}

static int by_id(const void *a, const void *b)
{
	const struct wire_node *x = a, *y = b;
	return strcmp(x->spec->id, y->spec->id);
}

static void wire_nodes(struct wiring *w)
{
	const struct canvas *c = w->input->canvas;
	w->nodes = arena_array(w->arena, c->node_count + 1, sizeof(*w->nodes));
	for (size_t i = 0; i < c->node_count; i++) {
		const size_t errors = w->diags->errors;
		struct wire_node n = {.spec = &c->nodes[i]};
		if (!n.spec->id)
			continue; /* it is no text, which was said when it was read */
		n.type = types_find(w->types, n.spec->type.text, w->diags);
		if (n.type)
			w->nodes[w->node_count++] = n;
		else if (w->diags->errors == errors)
			unknown_type(w, n.spec);
	}
	qsort(w->nodes, w->node_count, sizeof(*w->nodes), by_id);
	for (size_t i = 0; i < w->node_count; i++) {
		wire_one(w, &w->nodes[i]);
		strmap_put(&w->by_id, w->nodes[i].spec->id, &w->nodes[i]);
	}
}

static void set_scope(struct wiring *w)
{
	const struct render_input *in = w->input;
	const struct role *role = in->role;
	const char *region = in->canvas->region.text;
	w->scope = (struct name_scope){
		.account = role && role->account.text ? role->account.text : "000000000000",
		.region = region                      ? region
			  : role && role->region.text ? role->region.text
						      : "us-east-1",
		.repository = in->repository ? in->repository : "",
		.canvas = in->born ? in->born : in->name,
	};
	w->none = node_new_null(w->arena);
	w->no = node_new_bool(w->arena, false);
	w->no_items = node_new_seq(w->arena);
	w->canvas = node_new_map_of(w->arena, 6);
	wire_add(w, w->canvas, "name", in->name);
	wire_add(w, w->canvas, "environment",
		in->canvas->environment ? in->canvas->environment : "default");
	wire_add(w, w->canvas, "region", w->scope.region);
	wire_add(w, w->canvas, "account", w->scope.account);
	wire_add(w, w->canvas, "partition", role && role->partition ? role->partition : "aws");
	wire_add(w, w->canvas, "repository", w->scope.repository);
}

static void run_check(struct wiring *w, const struct wire_node *n, const struct type_check *c)
{
	if (c->when) {
		const struct node *when = wire_eval(w, n, c->when);
		if (!when || !node_truthy(when))
			return;
	}
	const struct node *holds = wire_eval(w, n, c->assertion);
	if (!holds || node_truthy(holds))
		return;
	AUTO_STR message = STR_INIT;
	if (tmpl_render(c->message, n->view, &message, w->diags) < 0)
		return;
	struct pos pos = n->spec->config ? n->spec->config_pos : n->spec->pos;
	const struct node *value = c->key ? node_get(n->spec->config, c->key) : NULL;
	if (value)
		pos = value->pos;
	diag_error(w->diags, "config-check", pos, "%s", message.data);
}

static void run_checks(struct wiring *w, struct wire_node *n)
{
	if (n->type->check_count == 0)
		return;
	struct node *edges = node_new_map(w->arena);
	node_map_set(w->arena, edges, "in", n->edges_in);
	node_map_set(w->arena, edges, "out", n->edges_out);
	node_map_set(w->arena, n->view, "edges", edges);
	for (size_t i = 0; i < n->type->check_count; i++)
		run_check(w, n, &n->type->checks[i]);
}

void wire_canvas(struct wiring *w)
{
	const size_t errors = w->diags->errors;
	set_scope(w);
	wire_nodes(w);
	wire_network(w);
	for (size_t i = 0; i < w->node_count; i++) {
		wire_placement(w, &w->nodes[i]);
		wire_egress(w, &w->nodes[i]);
	}
	wire_edges(w);
	/* A check that stumbles over a value of the wrong type would only repeat what was said. */
	if (w->diags->errors > errors)
		return;
	for (size_t i = 0; i < w->node_count; i++)
		run_checks(w, &w->nodes[i]);
}

void wiring_release(struct wiring *w)
{
	strmap_release(&w->by_id);
}
