/*
 * What people wrote in a node's config against the keys of its type: unknown keys, types, ranges,
 * allowed values; defaults; and values that come from elsewhere.
 */
#include "render/wire.h"

#include "base/num.h"
#include "render/pattern.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

/* The one key of a map that stands for a value from elsewhere, or NULL. */
static const struct node_pair *elsewhere(const struct node *value)
{
	static const char *const keys[] = {"from", "fromEnv", "fromFile", "credential"};
	if (value->type != NODE_MAP || value->map.count != 1)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_eq(value->map.pairs[0].key->text, keys[i]))
			return &value->map.pairs[0];
	return NULL;
}

static struct node *missing_value(
	struct wiring *w, struct wire_node *n, const char *canvas, const char *key, struct pos pos)
{
	w->missing = arena_grow(
		w->arena, w->missing, w->missing_count, &w->missing_cap, sizeof(*w->missing));
	w->missing[w->missing_count++] = (struct render_missing){canvas, key, pos};
	if (n)
		n->open_values = true;
	return node_new_ref(w->arena, "known_after_apply");
}

/* {from: canvas/NAME/NODE.OUTPUT} */
static struct node *from_canvas(struct wiring *w, struct wire_node *n, const struct node *source)
{
	const char *text = node_text(source);
	const char *name = text && str_starts(text, "canvas/") ? text + strlen("canvas/") : NULL;
	const char *slash = name ? strchr(name, '/') : NULL;
	if (!slash || slash == name || !strchr(slash, '.')) {
		struct diag *d = diag_error(w->diags, "value-from", source->pos,
			"'from' must name an output of a canvas");
		diag_hint(w->diags, d, "write it as {from: canvas/NAME/NODE.OUTPUT}");
		return w->none;
	}
	const char *canvas = arena_memdup(w->arena, name, (size_t)(slash - name));
	if (str_eq(canvas, w->input->name)) {
		diag_error(w->diags, "value-from", source->pos,
			"a canvas cannot take a value from itself: draw an edge instead");
		return w->none;
	}
	bool sensitive = false;
	const struct node *value = w->input->output ? w->input->output(w->input->output_data,
							      canvas, slash + 1, &sensitive)
						    : NULL;
	if (sensitive) {
		diag_error(w->diags, "value-from", source->pos,
			"'%s' is sensitive and is not handed to other canvases", text);
		return w->none;
	}
	return value ? (struct node *)value
		     : missing_value(w, n, canvas, arena_strdup(w->arena, slash + 1), source->pos);
}

/* A letter or "_" first, then what Terraform allows in the name of a variable. */
static const char *variable_name(struct wiring *w, const struct wire_node *n, const char *key)
{
	AUTO_STR name = STR_INIT;
	name_terraform(key, &name);
	return arena_printf(w->arena, "%s__%s", n->name, name.data);
}

static struct node *from_secret(
	struct wiring *w, struct wire_node *n, const char *key, const struct node_pair *pair)
{
	const char *kind = pair->key->text, *text = node_text(pair->value);
	if (!text || !*text) {
		diag_error(
			w->diags, "value-from", pair->value->pos, "'%s' must name something", kind);
		return w->none;
	}
	const char *name = variable_name(w, n, key);
	w->variables = arena_grow(
		w->arena, w->variables, w->variable_count, &w->variable_cap, sizeof(*w->variables));
	w->variables[w->variable_count++] = (struct render_variable){
		.name = name,
		.source = str_eq(kind, "fromEnv")    ? VARIABLE_ENV
			  : str_eq(kind, "fromFile") ? VARIABLE_FILE
						     : VARIABLE_CREDENTIAL,
		.text = text,
		.pos = pair->value->pos,
	};
	n->open_values = true;
	return node_new_ref(w->arena, "var.%s", name);
}

static struct node *resolve(
	struct wiring *w, struct wire_node *n, const char *key, struct node *value, int depth)
{
	if (depth > MAX_DEPTH) {
		diag_error(w->diags, "config-depth", value->pos,
			"lists and maps in a config nest at most %d deep", MAX_DEPTH);
		return w->none;
	}
	const struct node_pair *pair = elsewhere(value);
	if (pair)
		return str_eq(pair->key->text, "from") ? from_canvas(w, n, pair->value)
						       : from_secret(w, n, key, pair);
	if (value->type == NODE_SEQ) {
		struct node *copy = node_new_seq(w->arena);
		copy->pos = value->pos;
		SEQ_FOREACH (value, i, item) {
			const char *path = arena_printf(w->arena, "%s_%zu", key, i);
			node_seq_add(w->arena, copy, resolve(w, n, path, item, depth + 1));
		}
		return copy;
	}
	if (value->type == NODE_MAP) {
		struct node *copy = node_new_map(w->arena);
		copy->pos = value->pos;
		MAP_FOREACH (value, p) {
			const char *path = arena_printf(w->arena, "%s_%s", key, p->key->text);
			node_map_set(w->arena, copy, p->key->text,
				resolve(w, n, path, p->value, depth + 1));
		}
		return copy;
	}
	return value;
}

struct node *wire_value(struct wiring *w, struct wire_node *n, const char *key, struct node *value)
{
	return resolve(w, n, key, value, 0);
}

static bool type_matches(const struct type_key *key, const struct node *value)
{
	switch (key->type) {
	case KEY_STRING:
		return value->type == NODE_STRING;
	case KEY_INT:
		return value->type == NODE_INT;
	case KEY_NUMBER:
		return value->type == NODE_INT || value->type == NODE_FLOAT;
	case KEY_BOOL:
		return value->type == NODE_BOOL;
	case KEY_LIST:
		return value->type == NODE_SEQ;
	case KEY_MAP:
		return value->type == NODE_MAP;
	case KEY_VALUE:
		return value->type != NODE_SEQ && value->type != NODE_MAP;
	}
	return false;
}

static void wrong_type(struct wiring *w, const struct type_key *key, const struct node *value)
{
	static const char *const wanted[] = {"text", "a whole number", "a number", "true or false",
		"a list", "a map", "a single value"};
	const bool takes_article = value->type == NODE_INT || value->type == NODE_FLOAT ||
				   value->type == NODE_SEQ || value->type == NODE_MAP;
	struct diag *d = diag_error(w->diags, "config-type", value->pos,
		"'%s' must be %s, not %s%s", key->name, wanted[key->type],
		takes_article ? "a " : "", node_type_name(value->type));
	if (key->type == KEY_STRING && value->text && value->type != NODE_SEQ &&
		value->type != NODE_MAP)
		diag_hint(w->diags, d, "quote it: \"%s\"", value->text);
	else if (value->type == NODE_STRING && !(value->flags & NODE_PLAIN) &&
		 key->type != KEY_LIST && key->type != KEY_MAP)
		diag_hint(w->diags, d, "write it without quotes");
}

static void check_range(struct wiring *w, const struct type_key *key, const struct node *value)
{
	if (value->type != NODE_INT && value->type != NODE_FLOAT)
		return;
	const double v = value->type == NODE_INT ? (double)value->integer : value->real;
	if ((!key->has_min || v >= key->min) && (!key->has_max || v <= key->max))
		return;
	const char *unit = key->unit ? key->unit : "", *gap = key->unit ? " " : "";
	if (key->has_min && key->has_max)
		diag_error(w->diags, "config-range", value->pos, "'%s' must be from %g to %g%s%s",
			key->name, key->min, key->max, gap, unit);
	else if (key->has_min)
		diag_error(w->diags, "config-range", value->pos, "'%s' must be at least %g%s%s",
			key->name, key->min, gap, unit);
	else
		diag_error(w->diags, "config-range", value->pos, "'%s' must be at most %g%s%s",
			key->name, key->max, gap, unit);
}

static bool is_among(const char *const *list, const char *text)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

/* Lists of templates/data and the keys of Config's knownValues that add to them. */
static const struct {
	const char *list, *key;
	size_t at; /* in struct config */
} additions[] = {
	{"ec2-instance-types", "instanceTypes", offsetof(struct config, known.instance_types)},
	{"db-instance-classes", "instanceClasses", offsetof(struct config, known.instance_classes)},
	{"cache-node-types", "nodeTypes", offsetof(struct config, known.node_types)},
	{"eks-versions", "eksVersions", offsetof(struct config, known.eks_versions)},
	{"lambda-runtimes", "lambdaRuntimes", offsetof(struct config, known.lambda_runtimes)},
	{"s3-events", "s3Events", offsetof(struct config, known.s3_events)},
};

static bool is_added(const struct wiring *w, size_t i, const char *text)
{
	const void *config = w->input->config;
	const struct spec_texts *texts =
		config ? (const void *)((const char *)config + additions[i].at) : NULL;
	for (size_t k = 0; texts && k < texts->count; k++)
		if (str_eq(texts->items[k].text, text))
			return true;
	return false;
}

static struct diag *not_allowed(struct wiring *w, const struct type_key *key,
	const struct node *value, const char *const *list)
{
	struct diag *d = diag_error(w->diags, "config-value", value->pos,
		"'%s' is no value of '%s'", value->text, key->name);
	const char *near = str_nearest(value->text, list);
	AUTO_STR all = STR_INIT;
	size_t count = 0;
	for (; list[count]; count++)
		if (count < 12)
			str_addf(&all, "%s%s", count ? ", " : "", list[count]);
	if (near)
		diag_hint(w->diags, d, "did you mean '%s'?", near);
	else
		diag_hint(w->diags, d, "one of: %s%s", all.data, count > 12 ? ", ..." : "");
	return d;
}

/* A value of a list that AWS extends now and then, so that Config may do so too. */
static void check_listed(struct wiring *w, const struct type_key *key, const struct node *value)
{
	const struct value_list *known = types_list(w->types, key->values, w->diags);
	if (!known || strmap_has(&known->words, value->text))
		return;
	size_t i = 0;
	while (i < ARRAY_LEN(additions) && !str_eq(additions[i].list, key->values))
		i++;
	if (i < ARRAY_LEN(additions) && is_added(w, i, value->text))
		return;
	struct diag *d = not_allowed(w, key, value, known->items);
	if (i < ARRAY_LEN(additions))
		diag_hint(w->diags, d,
			"%s (newer than this trueup? add it to knownValues.%s in trueup.yaml)",
			d->hint, additions[i].key);
}

static void check_allowed(struct wiring *w, const struct type_key *key, const struct node *value)
{
	if (value->text && key->values)
		check_listed(w, key, value);
	else if (value->text && key->allowed && !is_among(key->allowed, value->text))
		(void)not_allowed(w, key, value, key->allowed);
}

static void check_scalar(struct wiring *w, const struct type_key *key, const struct node *value)
{
	if (value->type == NODE_REF || value->type == NODE_SEQ || value->type == NODE_MAP)
		return;
	check_range(w, key, value);
	check_allowed(w, key, value);
	if (key->pattern && value->text &&
		!pattern_matches(key->pattern, value->text, value->len)) {
		struct diag *d = diag_error(w->diags, "config-pattern", value->pos,
			"'%s' does not have the form of '%s'", value->text, key->name);
		diag_hint(w->diags, d, "it must match %s", key->pattern->text);
	}
}

static void check_key(struct wiring *w, const struct type_key *key, const struct node *value)
{
	/* none: a value from elsewhere that was refused. */
	if (value->type == NODE_REF || value == w->none)
		return;
	if (!type_matches(key, value)) {
		wrong_type(w, key, value);
		return;
	}
	if (value->type == NODE_SEQ) {
		SEQ_FOREACH (value, i, item)
			check_scalar(w, key, item);
		return;
	}
	check_scalar(w, key, value);
}

static void unknown_key(struct wiring *w, const struct wire_node *n, const struct node *key)
{
	const struct render_type *t = n->type;
	const char **names = arena_array(w->arena, t->key_count + 1, sizeof(*names));
	AUTO_STR all = STR_INIT;
	for (size_t i = 0; i < t->key_count; i++) {
		names[i] = t->keys[i].name;
		str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	struct diag *d = diag_error(
		w->diags, "config-key", key->pos, "%s has no config key '%s'", t->name, key->text);
	const char *near = str_nearest(key->text, names);
	if (near)
		diag_hint(w->diags, d, "did you mean '%s'?", near);
	else
		diag_hint(w->diags, d, "keys: %s", all.data);
}

struct node *wire_config(struct wiring *w, struct wire_node *n)
{
	const struct node *given = n->spec->config;
	const size_t errors = w->diags->errors;
	MAP_FOREACH (given, pair)
		if (!type_find_key(n->type, pair->key->text))
			unknown_key(w, n, pair->key);
	struct node *config = node_new_map_of(w->arena, n->type->key_count);
	for (size_t i = 0; i < n->type->key_count; i++) {
		const struct type_key *key = &n->type->keys[i];
		struct node *value = node_get(given, key->name);
		if (value && value->type != NODE_NULL) {
			/* tags: {from: ...} is a tag called "from". */
			value = key->type == KEY_MAP && elsewhere(value)
					? value
					: wire_value(w, n, key->name, value);
			check_key(w, key, value);
		} else if (key->fallback) {
			value = (struct node *)key->fallback;
		} else {
			if (key->required)
				diag_error(w->diags, "config-required",
					given ? n->spec->config_pos : n->spec->pos,
					"%s '%s' needs '%s': %s", n->type->name, n->spec->id,
					key->name, key->doc);
			value = w->none;
		}
		config->map.pairs[config->map.count++] = (struct node_pair){key->key, value};
	}
	/* What cannot be computed from a wrong value would only be said twice. */
	if (w->diags->errors > errors)
		n->open_values = true;
	return config;
}
