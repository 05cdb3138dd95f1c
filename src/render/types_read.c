/*
 * type.yaml to struct render_type. Whoever writes a type sees all mistakes at once, so every
 * section is read to its end and reports what it does not know.
 */
#include "render/types.h"

#include "base/mem.h"
#include "format/yaml.h"
#include "render/builtin.h"
#include "render/names.h"
#include "render/pattern.h"

#include <string.h>

#define RULE "type-internal"

struct reader {
	struct arena *arena;
	struct diag_list *diags;
	struct render_type *type;
	const char *path;
};

static const char *const meaning_names[] = {"attach", "volume", "target", "connect", "nat",
	"origin", "alias", "key", "subscribe", "source", "notify", NULL};
static const char *const key_type_names[] = {
	"string", "int", "number", "bool", "list", "map", "value", NULL};

const char *edge_meaning_name(enum edge_meaning meaning)
{
	return meaning_names[meaning];
}

static int index_of(const char *const *names, const char *name)
{
	for (int i = 0; name && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void allow_keys(struct reader *r, const struct node *map, const char *const *allowed)
{
	if (map && map->type != NODE_MAP) {
		diag_error(r->diags, RULE, map->pos, "this must be a map");
		return;
	}
	MAP_FOREACH (map, pair)
		if (index_of(allowed, pair->key->text) < 0)
			diag_error(r->diags, RULE, pair->key->pos, "unknown key '%s'",
				pair->key->text);
}

/* The text of an optional string. */
static const char *read_text(struct reader *r, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	if (n && n->type != NODE_STRING) {
		diag_error(r->diags, RULE, n->pos, "'%s' must be text", key);
		return NULL;
	}
	return node_text(n);
}

static bool read_bool(struct reader *r, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	if (n && n->type != NODE_BOOL)
		diag_error(r->diags, RULE, n->pos, "'%s' must be true or false", key);
	return n && n->type == NODE_BOOL && n->boolean;
}

static bool read_number(struct reader *r, const struct node *map, const char *key, double *ret)
{
	const struct node *n = node_get(map, key);
	if (!n)
		return false;
	if (n->type == NODE_INT)
		*ret = (double)n->integer;
	else if (n->type == NODE_FLOAT)
		*ret = n->real;
	else
		diag_error(r->diags, RULE, n->pos, "'%s' must be a number", key);
	return true;
}

/* A list of scalars as their texts, NULL-terminated; NULL if the key is not there. */
static const char *const *read_texts(struct reader *r, const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	if (!n)
		return NULL;
	if (n->type != NODE_SEQ) {
		diag_error(r->diags, RULE, n->pos, "'%s' must be a list", key);
		return NULL;
	}
	const char **texts = arena_array(r->arena, n->seq.count + 1, sizeof(*texts));
	SEQ_FOREACH (n, i, item)
		texts[i] = arena_memdup(r->arena, item->text ? item->text : "", item->len);
	return texts;
}

static struct tmpl_expr *compile_expr(struct reader *r, const struct node *n)
{
	if (!n)
		return NULL;
	if (n->type == NODE_SEQ || n->type == NODE_MAP || !n->text) {
		diag_error(r->diags, RULE, n->pos, "an expression was expected");
		return NULL;
	}
	struct src *src = arena_alloc(r->arena, sizeof(*src));
	*src = (struct src){arena_printf(r->arena, "%s:%u", r->path, n->pos.line), n->text, n->len};
	return tmpl_expr_compile(src, r->diags);
}

static struct type_value read_value(struct reader *r, const struct node *n)
{
	struct type_value v = {0};
	if (!n)
		return v;
	if (n->type == NODE_STRING && !str_eq(n->text, "public") && !str_eq(n->text, "private") &&
		!str_eq(n->text, "zone"))
		v.expr = compile_expr(r, n);
	else
		v.literal = n;
	return v;
}

static struct pattern *read_pattern(struct reader *r, const struct node *spec)
{
	const char *text = read_text(r, spec, "pattern");
	if (!text)
		return NULL;
	struct pattern *p = arena_alloc(r->arena, sizeof(*p));
	*p = (struct pattern){.text = text};
	return p;
}

static void read_key(struct reader *r, const struct node_pair *pair, struct type_key *key)
{
	static const char *const allowed[] = {"type", "default", "required", "enum", "values",
		"min", "max", "pattern", "unit", "doc", "replaces", NULL};
	const struct node *spec = pair->value;
	allow_keys(r, spec, allowed);
	key->name = pair->key->text;
	key->key = pair->key;
	const char *type = read_text(r, spec, "type");
	int kind = index_of(key_type_names, type);
	if (kind < 0)
		diag_error(r->diags, RULE, pair->key->pos, "key '%s' has no known type", key->name);
	else
		key->type = (enum key_type)kind;
	const struct node *fallback = node_get(spec, "default");
	if (fallback && fallback->type != NODE_NULL)
		key->fallback = fallback;
	key->required = read_bool(r, spec, "required");
	key->has_min = read_number(r, spec, "min", &key->min);
	key->has_max = read_number(r, spec, "max", &key->max);
	key->allowed = read_texts(r, spec, "enum");
	key->values = read_text(r, spec, "values");
	key->unit = read_text(r, spec, "unit");
	key->doc = read_text(r, spec, "doc");
	key->pattern = read_pattern(r, spec);
	if (!key->doc)
		diag_error(r->diags, RULE, pair->key->pos, "key '%s' has no doc", key->name);
}

/* The keys of the type, and `tags`, which every type has. */
static void read_keys(struct reader *r, const struct node *keys)
{
	struct render_type *t = r->type;
	size_t count = keys && keys->type == NODE_MAP ? keys->map.count : 0;
	t->keys = arena_array(r->arena, count + 1, sizeof(*t->keys));
	MAP_FOREACH (keys, pair)
		read_key(r, pair, &t->keys[t->key_count++]);
	if (!type_find_key(t, "tags"))
		t->keys[t->key_count++] = (struct type_key){.name = "tags",
			.key = node_new_string(r->arena, "tags"),
			.type = KEY_MAP,
			.doc = "Tags of the resource, beside those that every resource gets."};
}

static void read_checks(struct reader *r, const struct node *checks)
{
	static const char *const allowed[] = {"when", "assert", "key", "message", NULL};
	struct render_type *t = r->type;
	size_t count = checks && checks->type == NODE_SEQ ? checks->seq.count : 0;
	t->checks = arena_array(r->arena, count, sizeof(*t->checks));
	SEQ_FOREACH (checks, i, item) {
		struct type_check *c = &t->checks[t->check_count++];
		allow_keys(r, item, allowed);
		c->when = compile_expr(r, node_get(item, "when"));
		c->assertion = compile_expr(r, node_get(item, "assert"));
		c->key = read_text(r, item, "key");
		const struct node *message = node_get(item, "message");
		if (!c->assertion || !node_text(message)) {
			diag_error(r->diags, RULE, item->pos, "a check needs assert and message");
			continue;
		}
		struct src *src = arena_alloc(r->arena, sizeof(*src));
		*src = (struct src){arena_printf(r->arena, "%s:%u", r->path, message->pos.line),
			message->text, message->len};
		c->message = tmpl_compile(src, TMPL_ESCAPE_NONE, NULL, NULL, r->diags);
		if (c->key && !type_find_key(t, c->key))
			diag_error(r->diags, RULE, item->pos, "no key is called '%s'", c->key);
	}
}

static void read_edges(struct reader *r, const struct node *edges)
{
	static const char *const allowed[] = {"to", "meaning", "as", "doc", NULL};
	struct render_type *t = r->type;
	size_t count = edges && edges->type == NODE_SEQ ? edges->seq.count : 0;
	t->edges = arena_array(r->arena, count, sizeof(*t->edges));
	SEQ_FOREACH (edges, i, item) {
		struct type_edge *e = &t->edges[t->edge_count++];
		allow_keys(r, item, allowed);
		e->to = read_texts(r, item, "to");
		e->as = read_text(r, item, "as");
		e->doc = read_text(r, item, "doc");
		int meaning = index_of(meaning_names, read_text(r, item, "meaning"));
		if (meaning < 0 || !e->to) {
			diag_error(r->diags, RULE, item->pos, "an edge needs to and a meaning");
			t->edge_count--;
			continue;
		}
		e->meaning = (enum edge_meaning)meaning;
	}
}

static void read_resources(struct reader *r, const struct node *resources)
{
	static const char *const allowed[] = {
		"primary", "replaces", "updates", "keeps", "also", NULL};
	struct render_type *t = r->type;
	size_t count = resources && resources->type == NODE_MAP ? resources->map.count : 0;
	size_t primaries = 0;
	t->resources = arena_array(r->arena, count, sizeof(*t->resources));
	MAP_FOREACH (resources, pair) {
		struct type_resource *res = &t->resources[t->resource_count++];
		const struct node *spec = pair->value->type == NODE_NULL ? NULL : pair->value;
		allow_keys(r, spec, allowed);
		res->name = pair->key->text;
		res->primary = read_bool(r, spec, "primary");
		primaries += res->primary;
		res->replaces = read_texts(r, spec, "replaces");
		res->updates = read_texts(r, spec, "updates");
		res->keeps = read_texts(r, spec, "keeps");
		res->also = read_texts(r, spec, "also");
	}
	if (primaries != 1 && t->name)
		diag_error(r->diags, RULE, resources ? resources->pos : (struct pos){0},
			"%s: exactly one of resources must be primary", r->path);
}

static struct type_expr *read_exprs(struct reader *r, const struct node *map, size_t *ret_count)
{
	static const char *const allowed[] = {"value", "sensitive", "doc", NULL};
	size_t count = map && map->type == NODE_MAP ? map->map.count : 0;
	struct type_expr *exprs = arena_array(r->arena, count, sizeof(*exprs));
	*ret_count = count;
	size_t n = 0;
	MAP_FOREACH (map, pair) {
		struct type_expr *e = &exprs[n++];
		const struct node *value = pair->value;
		e->name = pair->key->text;
		if (value->type == NODE_MAP) {
			allow_keys(r, value, allowed);
			e->sensitive = read_bool(r, value, "sensitive");
			e->doc = read_text(r, value, "doc");
			value = node_get(value, "value");
		}
		e->expr = compile_expr(r, value);
		if (!e->expr)
			diag_error(r->diags, RULE, pair->key->pos, "'%s' has no value", e->name);
	}
	return exprs;
}

static int64_t read_limit(struct reader *r, const struct node *doc, const char *key, int64_t usual,
	int64_t min, int64_t max)
{
	const struct node *n = node_get(doc, key);
	if (!n)
		return usual;
	if (n->type != NODE_INT || n->integer < min || n->integer > max) {
		diag_error(r->diags, RULE, n->pos, "'%s' must be a number from %lld to %lld", key,
			(long long)min, (long long)max);
		return usual;
	}
	return n->integer;
}

static void read_doc(struct reader *r, const struct node *doc)
{
	static const char *const allowed[] = {"type", "summary", "interface", "network", "zones",
		"placement", "port", "instances", "nameLimit", "keys", "checks", "edges",
		"resources", "provides", "outputs", "cost", "actions", NULL};
	struct render_type *t = r->type;
	allow_keys(r, doc, allowed);
	if (!str_eq(read_text(r, doc, "type"), t->name))
		diag_error(r->diags, RULE, doc->pos, "%s: type must be '%s'", r->path, t->name);
	t->summary = read_text(r, doc, "summary");
	if (!t->summary)
		diag_error(r->diags, RULE, doc->pos, "%s: summary is missing", r->path);
	t->interface = read_value(r, node_get(doc, "interface"));
	t->network = read_value(r, node_get(doc, "network"));
	t->placement = read_value(r, node_get(doc, "placement"));
	t->port = read_value(r, node_get(doc, "port"));
	t->instances = read_value(r, node_get(doc, "instances"));
	t->zones = read_limit(r, doc, "zones", 1, 1, 6);
	t->name_limit = read_limit(r, doc, "nameLimit", 63, NAME_LIMIT_MIN, 255);
	read_keys(r, node_get(doc, "keys"));
	read_checks(r, node_get(doc, "checks"));
	read_edges(r, node_get(doc, "edges"));
	read_resources(r, node_get(doc, "resources"));
	t->provides = read_exprs(r, node_get(doc, "provides"), &t->provide_count);
	t->outputs = read_exprs(r, node_get(doc, "outputs"), &t->output_count);
}

/* The document of a built-in file; NULL after an error. */
static const struct node *parse_builtin(
	const char *name, struct arena *arena, struct diag_list *diags, const char **ret_path)
{
	const struct builtin *file = builtin_file(name);
	*ret_path = arena_printf(arena, "templates/%s", name);
	if (!file) {
		diag_error(diags, RULE, (struct pos){0}, "%s is not built into this executable",
			*ret_path);
		return NULL;
	}
	struct src *src = arena_alloc(arena, sizeof(*src));
	*src = (struct src){*ret_path, file->data, file->len};
	const struct node *doc = yaml_parse(arena, src, diags);
	if (doc && doc->type != NODE_MAP) {
		diag_error(diags, RULE, doc->pos, "%s: a map was expected", *ret_path);
		return NULL;
	}
	return doc;
}

bool type_read(struct render_type *type, struct arena *arena, struct diag_list *diags)
{
	const size_t errors = diags->errors;
	struct reader r = {arena, diags, type, NULL};
	AUTO_STR name = STR_INIT;
	str_addf(&name, "%s/type.yaml", type->folder);
	const struct node *doc = parse_builtin(name.data, arena, diags, &r.path);
	if (doc)
		read_doc(&r, doc);
	return diags->errors == errors;
}

bool type_read_resources(
	struct render_type *type, const char *name, struct arena *arena, struct diag_list *diags)
{
	const size_t errors = diags->errors;
	struct reader r = {arena, diags, type, NULL};
	const struct node *doc = parse_builtin(name, arena, diags, &r.path);
	if (doc)
		read_resources(&r, node_get(doc, "resources"));
	return diags->errors == errors;
}

void type_release(struct render_type *type)
{
	for (size_t i = 0; i < type->key_count; i++)
		if (type->keys[i].pattern)
			pattern_release(type->keys[i].pattern);
	for (size_t i = 0; i < type->check_count; i++) {
		tmpl_expr_free(type->checks[i].when);
		tmpl_expr_free(type->checks[i].assertion);
		tmpl_free(type->checks[i].message);
	}
	for (size_t i = 0; i < type->provide_count; i++)
		tmpl_expr_free(type->provides[i].expr);
	for (size_t i = 0; i < type->output_count; i++)
		tmpl_expr_free(type->outputs[i].expr);
	tmpl_expr_free(type->interface.expr);
	tmpl_expr_free(type->network.expr);
	tmpl_expr_free(type->placement.expr);
	tmpl_expr_free(type->port.expr);
	tmpl_expr_free(type->instances.expr);
	tmpl_free(type->hcl);
}
