/* What type.yaml says about config keys, outputs and edges, as a tree for people and programs. */
#include "render/explain.h"

#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "render/pattern.h"
#include "render/types.h"

#include <string.h>
#include <strings.h>

static const char *const key_types[] = {
	[KEY_STRING] = "text",
	[KEY_INT] = "whole number",
	[KEY_NUMBER] = "number",
	[KEY_BOOL] = "true | false",
	[KEY_LIST] = "list",
	[KEY_MAP] = "map",
	[KEY_VALUE] = "any value",
};

static void set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

static void add_form(const struct type_key *k, struct str *out)
{
	for (size_t i = 0; k->allowed && k->allowed[i]; i++)
		str_addf(out, "%s%s", i ? ", " : "one of ", k->allowed[i]);
	if (k->has_min)
		str_addf(out, "%sat least %g", out->len ? "; " : "", k->min);
	if (k->has_max)
		str_addf(out, "%sat most %g", out->len ? "; " : "", k->max);
	if (k->unit)
		str_addf(out, "%sin %s", out->len ? "; " : "", k->unit);
	if (k->pattern)
		str_addf(out, "%smatches %s", out->len ? "; " : "", k->pattern->text);
}

static void describe_key(struct arena *a, const struct type_key *k, struct node *map)
{
	AUTO_STR form = STR_INIT;
	AUTO_STR fallback = STR_INIT;
	add_form(k, &form);
	set_text(a, map, "type", key_types[k->type]);
	if (form.len)
		set_text(a, map, "form", form.data);
	set_text(a, map, "doc", k->doc);
	node_map_set(a, map, "required", node_new_bool(a, k->required));
	if (k->fallback && k->fallback->type == NODE_STRING)
		str_add(&fallback, k->fallback->text);
	else if (k->fallback)
		emit_json_line(k->fallback, &fallback);
	if (fallback.len)
		set_text(a, map, "default", fallback.data);
}

static void describe_type(struct arena *a, const struct render_type *type, struct node *map)
{
	struct node *fields = node_new_seq(a), *outputs = node_new_seq(a), *edges = node_new_seq(a);
	for (size_t i = 0; i < type->key_count; i++) {
		struct node *field = node_new_map(a);
		set_text(a, field, "name", type->keys[i].name);
		describe_key(a, &type->keys[i], field);
		node_seq_add(a, fields, field);
	}
	for (size_t i = 0; i < type->output_count; i++) {
		struct node *output = node_new_map(a);
		set_text(a, output, "name", type->outputs[i].name);
		set_text(a, output, "doc", type->outputs[i].doc);
		node_seq_add(a, outputs, output);
	}
	for (size_t i = 0; i < type->edge_count; i++) {
		struct node *edge = node_new_map(a), *to = node_new_seq(a);
		for (const char *const *name = type->edges[i].to; name && *name; name++)
			node_seq_add(a, to, node_new_string(a, *name));
		node_map_set(a, edge, "to", to);
		set_text(a, edge, "doc", type->edges[i].doc);
		node_seq_add(a, edges, edge);
	}
	set_text(a, map, "doc", type->summary);
	node_map_set(a, map, "fields", fields);
	node_map_set(a, map, "outputs", outputs);
	node_map_set(a, map, "edges", edges);
}

static const char *type_named(const struct render_types *types, const char *name, size_t len)
{
	const char *known;
	for (size_t i = 0; (known = render_type_name(types, i)); i++)
		if (strlen(known) == len && strncasecmp(known, name, len) == 0)
			return known;
	return NULL;
}

static const struct type_key *find_key(
	struct arena *a, const struct render_type *type, const char *name, struct err **err)
{
	const char **names = arena_array(a, type->key_count + 1, sizeof names[0]);
	for (size_t i = 0; i < type->key_count; i++) {
		if (str_eq(type->keys[i].name, name))
			return &type->keys[i];
		names[i] = type->keys[i].name;
	}
	const char *near = str_nearest(name, names);
	(void)err_set(err, ERR_NOT_FOUND, "%s has no key '%.64s'%s%s%s", type->name, name,
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

struct node *render_type_explain(
	struct render_types *types, const char *path, struct arena *arena, struct err **err)
{
	AUTO_DIAGS diags = {0};
	const size_t len = strcspn(path, ".");
	const char *name = type_named(types, path, len);
	const struct render_type *type = name ? types_find(types, name, &diags) : NULL;
	struct node *map = node_new_map(arena);
	if (!type) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no resource type '%.64s'", path);
		return NULL;
	}
	if (!path[len]) {
		set_text(arena, map, "path", name);
		describe_type(arena, type, map);
		return map;
	}
	const struct type_key *key = find_key(arena, type, path + len + 1, err);
	if (!key)
		return NULL;
	set_text(arena, map, "path", arena_printf(arena, "%s.%s", name, key->name));
	describe_key(arena, key, map);
	return map;
}
