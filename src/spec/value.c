/*
 * References are recognised by their key alone, so that a misspelt value is an error and not a
 * map that some resource type happens to accept.
 */
#include "spec/value.h"

#include "spec/grammar.h"

#include "base/str.h"
#include "format/yaml.h"

#include <string.h>

static const struct {
	const char *key;
	const char *expect;
} forms[] = {
	[VALUE_FROM] = {"from", "canvas/NAME/NODE.OUTPUT, as in canvas/core/db.endpoint"},
	[VALUE_FROM_ENV] = {"fromEnv", "the name of an environment variable, as in DB_PASSWORD"},
	[VALUE_FROM_FILE] = {"fromFile", "a path below the spec root, as in files/init.sh"},
	[VALUE_CREDENTIAL] = {"credential", "the name of a stored credential, as in shop-db"},
};

/* The kind whose key is in the map, and that pair. */
static enum value_kind find(const struct node *n, const struct node_pair **ret)
{
	MAP_FOREACH (n, pair) {
		for (enum value_kind k = VALUE_FROM; k <= VALUE_CREDENTIAL; k++) {
			if (strcmp(pair->key->text, forms[k].key) == 0) {
				*ret = pair;
				return k;
			}
		}
	}
	return VALUE_PLAIN;
}

static bool output_ok(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_")] == 0;
}

static bool split_from(struct arena *arena, const char *text, struct value_ref *ret)
{
	if (!str_starts(text, "canvas/"))
		return false;
	const char *name = text + 7;
	const char *slash = strchr(name, '/');
	const char *dot = slash ? strrchr(slash, '.') : NULL;
	if (!dot || dot == slash + 1 || !output_ok(dot + 1) ||
		!name_ok(name, (size_t)(slash - name)))
		return false;
	if (arena) {
		ret->canvas = arena_memdup(arena, name, (size_t)(slash - name));
		ret->node = arena_memdup(arena, slash + 1, (size_t)(dot - slash) - 1);
		ret->output = arena_strdup(arena, dot + 1);
	}
	return true;
}

static bool env_ok(const char *text)
{
	if (!*text || (*text >= '0' && *text <= '9') || strlen(text) > 128)
		return false;
	return text[strspn(text,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

/* Relative, inside the tree, no empty or dot parts. That no link leads out is checked on opening.
 */
static bool path_ok(const char *text)
{
	if (!*text || *text == '/' || strlen(text) > 1024)
		return false;
	for (const char *part = text; part; part = strchr(part, '/')) {
		if (*part == '/')
			part++;
		const size_t len = strcspn(part, "/");
		if (len == 0 || (len == 1 && part[0] == '.') ||
			(len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
	}
	return true;
}

static bool form_ok(
	struct arena *arena, enum value_kind kind, const struct node *n, struct value_ref *ret)
{
	if (n->type != NODE_STRING || strlen(n->text) != n->len)
		return false;
	switch (kind) {
	case VALUE_FROM:
		return split_from(arena, n->text, ret);
	case VALUE_FROM_ENV:
		return env_ok(n->text);
	case VALUE_FROM_FILE:
		return path_ok(n->text);
	case VALUE_CREDENTIAL:
		return name_ok(n->text, n->len);
	case VALUE_PLAIN:
		break;
	}
	return false;
}

struct value_ref spec_value_ref(struct arena *arena, const struct node *value)
{
	const struct node_pair *pair = NULL;
	struct value_ref ref = {.kind = VALUE_PLAIN};
	if (!value || value->type != NODE_MAP || value->map.count != 1)
		return ref;
	const enum value_kind kind = find(value, &pair);
	if (kind == VALUE_PLAIN || !form_ok(arena, kind, pair->value, &ref))
		return (struct value_ref){.kind = VALUE_PLAIN};
	ref.kind = kind;
	ref.name = pair->value->text;
	ref.pos = pair->value->pos;
	return ref;
}

enum value_kind spec_value_check(const struct node *n, const char *key, struct diag_list *diags)
{
	const struct node_pair *pair = NULL;
	struct value_ref ignored = {0};
	const enum value_kind kind = find(n, &pair);
	if (kind == VALUE_PLAIN)
		return kind;
	/* {from: 80, to: 90} may be a range of ports. */
	if (kind == VALUE_FROM && n->map.count != 1)
		return VALUE_PLAIN;
	if (n->map.count != 1) {
		diag_error(diags, "spec-value", n->pos,
			"'%.64s' with the key '%s' is a value from elsewhere and has no other keys",
			key, forms[kind].key);
		return kind;
	}
	if (form_ok(NULL, kind, pair->value, &ignored))
		return kind;
	struct diag *d = diag_error(diags, "spec-value", pair->value->pos,
		"'%s' of '%.64s' does not name a value", forms[kind].key, key);
	diag_hint(diags, d, "%s", forms[kind].expect);
	return kind;
}

struct ref_list {
	struct arena *arena;
	struct value_ref *items;
	size_t count, cap;
	const struct canvas_node *owner;
	const char *config_key;
	unsigned depth;
};

static void collect(struct ref_list *list, const struct node *n)
{
	if (list->depth >= YAML_MAX_DEPTH)
		return;
	list->depth++;
	const struct value_ref ref = spec_value_ref(list->arena, n);
	if (ref.kind != VALUE_PLAIN) {
		list->items = arena_grow(
			list->arena, list->items, list->count, &list->cap, sizeof list->items[0]);
		list->items[list->count] = ref;
		list->items[list->count].owner = list->owner;
		list->items[list->count].config_key = list->config_key;
		list->count++;
	} else if (n->type == NODE_SEQ) {
		for (size_t i = 0; i < n->seq.count; i++)
			collect(list, n->seq.items[i]);
	} else if (n->type == NODE_MAP) {
		MAP_FOREACH (n, pair)
			collect(list, pair->value);
	}
	list->depth--;
}

struct value_ref *spec_canvas_refs(
	struct arena *arena, const struct canvas *canvas, size_t *ret_count)
{
	struct ref_list list = {.arena = arena};
	for (size_t i = 0; i < canvas->node_count; i++) {
		list.owner = &canvas->nodes[i];
		MAP_FOREACH (canvas->nodes[i].config, pair) {
			list.config_key = pair->key->text;
			collect(&list, pair->value);
		}
	}
	*ret_count = list.count;
	return list.items;
}
