/* The field tables as JSON Schema, so that editors complete and check specs while they are typed.
 */
#include "spec/canonical.h"
#include "spec/explain.h"
#include "spec/field.h"

#include "base/num.h"
#include "base/str.h"

#include <string.h>

#define DURATION_PATTERN "^[0-9]{1,15}(ms|s|m|h|d)$"
#define AMOUNT_PATTERN   "^[0-9]{1,12}(\\.[0-9]{1,2})?$"

static void set(struct arena *a, struct node *map, const char *key, struct node *value)
{
	node_map_set(a, map, key, value);
}

static void set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		set(a, map, key, node_new_string(a, text));
}

static struct node *words_node(struct arena *a, const char *const *words)
{
	struct node *seq = node_new_seq(a);
	for (; *words; words++)
		node_seq_add(a, seq, node_new_string(a, *words));
	return seq;
}

static struct node *typed(struct arena *a, const char *type)
{
	struct node *map = node_new_map(a);
	set_text(a, map, "type", type);
	return map;
}

static struct node *text_schema(struct arena *a, const struct grammar *g)
{
	struct node *map = typed(a, "string");
	if (!g)
		set(a, map, "maxLength", node_new_int(a, SPEC_MAX_TEXT));
	else if (g->words)
		set(a, map, "enum", words_node(a, g->words));
	else
		set_text(a, map, "pattern", g->pattern);
	return map;
}

static struct node *list_schema(
	struct arena *a, const struct field *f, struct node *items, bool unique)
{
	struct node *map = typed(a, "array");
	const int64_t max = f->max > 0 && f->type != FIELD_ZONES ? f->max : SPEC_MAX_ITEMS;
	set(a, map, "items", items);
	set(a, map, "maxItems", node_new_int(a, max));
	if (unique)
		set(a, map, "uniqueItems", node_new_bool(a, true));
	return map;
}

static struct node *int_schema(struct arena *a, const struct field *f)
{
	struct node *map = typed(a, "integer");
	set(a, map, "minimum", node_new_int(a, f->min));
	set(a, map, "maximum", node_new_int(a, f->max));
	return map;
}

static struct node *either(struct arena *a, struct node *one, struct node *other)
{
	struct node *map = node_new_map(a), *seq = node_new_seq(a);
	node_seq_add(a, seq, one);
	node_seq_add(a, seq, other);
	set(a, map, "oneOf", seq);
	return map;
}

static struct node *pattern_schema(struct arena *a, const char *pattern)
{
	struct node *map = typed(a, "string");
	set_text(a, map, "pattern", pattern);
	return map;
}

static struct node *amount_schema(struct arena *a)
{
	struct node *number = typed(a, "number");
	set(a, number, "minimum", node_new_int(a, 0));
	return either(a, number, pattern_schema(a, AMOUNT_PATTERN));
}

static struct node *labels_schema(struct arena *a)
{
	struct node *map = typed(a, "object");
	set(a, map, "propertyNames", pattern_schema(a, grammar_tag_key.pattern));
	set(a, map, "additionalProperties", typed(a, "string"));
	return map;
}

static struct node *const_schema(struct arena *a, const char *word)
{
	struct node *map = node_new_map(a);
	set_text(a, map, "const", word);
	return map;
}

static struct node *table_schema(struct arena *a, const struct field_table *t);

static struct node *nested_schema(struct arena *a, const struct field_table *t)
{
	return t->word ? either(a, const_schema(a, t->word), table_schema(a, t))
		       : table_schema(a, t);
}

static struct node *type_schema(struct arena *a, const struct field *f)
{
	struct node *map;
	switch (f->type) {
	case FIELD_TEXT:
		return text_schema(a, f->grammar);
	case FIELD_WORD:
		map = typed(a, "string");
		set(a, map, "enum", words_node(a, f->words));
		return map;
	case FIELD_BOOL:
		return typed(a, "boolean");
	case FIELD_INT:
		return int_schema(a, f);
	case FIELD_DURATION:
		return pattern_schema(a, DURATION_PATTERN);
	case FIELD_DECIMAL:
		return amount_schema(a);
	case FIELD_TEXTS:
		return list_schema(a, f, text_schema(a, f->grammar), true);
	case FIELD_ZONES:
		return either(
			a, int_schema(a, f), list_schema(a, f, text_schema(a, f->grammar), true));
	case FIELD_TABLE:
		return nested_schema(a, f->table);
	case FIELD_TABLES:
		return list_schema(a, f, nested_schema(a, f->table), false);
	case FIELD_FREE:
		return typed(a, "object");
	case FIELD_LABELS:
		return labels_schema(a);
	case FIELD_CONST:
		return const_schema(a, f->words[0]);
	case FIELD_LAYOUT:
		break;
	}
	return node_new_map(a);
}

static struct node *default_node(struct arena *a, const struct field *f)
{
	int64_t number;
	if (f->type == FIELD_BOOL)
		return node_new_bool(a, str_eq(f->fallback, "true"));
	if ((f->type == FIELD_INT || f->type == FIELD_ZONES) &&
		num_parse_i64(f->fallback, strlen(f->fallback), &number))
		return node_new_int(a, number);
	return node_new_string(a, f->fallback);
}

static struct node *field_schema(struct arena *a, const struct field *f)
{
	struct node *map = type_schema(a, f);
	set_text(a, map, "description", f->doc);
	if (f->fallback)
		set(a, map, "default", default_node(a, f));
	return map;
}

/* {not: {anyOf: [{required: [a, b]}, ...]}} for every two fields of different groups. */
static struct node *exclusions(struct arena *a, const struct field_table *t)
{
	struct node *any = node_new_seq(a);
	for (size_t i = 0; i < t->count; i++) {
		for (size_t k = i + 1; k < t->count; k++) {
			const struct field *x = &t->fields[i], *y = &t->fields[k];
			if (!x->group || !y->group || x->group == y->group)
				continue;
			struct node *both = node_new_map(a);
			set(a, both, "required",
				words_node(a, (const char *const[]){x->key, y->key, NULL}));
			node_seq_add(a, any, both);
		}
	}
	if (any->seq.count == 0)
		return NULL;
	struct node *map = node_new_map(a);
	set(a, map, "anyOf", any);
	return map;
}

static struct node *table_schema(struct arena *a, const struct field_table *t)
{
	struct node *map = typed(a, "object"), *required = node_new_seq(a);
	struct node *properties = node_new_map(a);
	set_text(a, map, "description", t->doc);
	for (size_t i = 0; i < t->count; i++) {
		set(a, properties, t->fields[i].key, field_schema(a, &t->fields[i]));
		if (t->fields[i].flags & FIELD_REQUIRED)
			node_seq_add(a, required, node_new_string(a, t->fields[i].key));
	}
	set(a, map, "properties", properties);
	if (required->seq.count)
		set(a, map, "required", required);
	set(a, map, "additionalProperties", node_new_bool(a, false));
	struct node *excluded = exclusions(a, t);
	if (excluded)
		set(a, map, "not", excluded);
	if (t->one_group)
		set(a, map, "minProperties", node_new_int(a, 1));
	return map;
}

static struct node *document(struct arena *a, const char *id, const char *title)
{
	struct node *map = node_new_map(a);
	set_text(a, map, "$schema", "https://json-schema.org/draft/2020-12/schema");
	set_text(a, map, "$id", id);
	set_text(a, map, "title", title);
	return map;
}

/* The envelope: metadata NULL is any map and not needed. */
static struct node *envelope(struct arena *a, struct node *map, const char *title,
	const struct field_table *metadata, const struct field_table *t)
{
	struct node *properties = node_new_map(a);
	set_text(a, map, "description", t->doc);
	set_text(a, map, "type", "object");
	set(a, properties, "apiVersion", const_schema(a, SPEC_API_VERSION));
	set(a, properties, "kind", const_schema(a, title));
	set(a, properties, "metadata", metadata ? table_schema(a, metadata) : typed(a, "object"));
	set(a, properties, "spec", table_schema(a, t));
	set(a, map, "properties", properties);
	return map;
}

struct node *spec_schema(struct arena *arena, enum spec_kind kind)
{
	static const char *const all[] = {"apiVersion", "kind", "metadata", "spec", NULL};
	static const char *const few[] = {"apiVersion", "kind", NULL};
	struct node *map = document(
		arena, arena_printf(arena, "%s.json", spec_kind_name(kind)), spec_kind_title(kind));
	(void)envelope(
		arena, map, spec_kind_title(kind), field_metadata(kind), field_table_of(kind));
	set(arena, map, "required", words_node(arena, kind == KIND_CONFIG ? few : all));
	set(arena, map, "additionalProperties", node_new_bool(arena, false));
	return map;
}

struct node *spec_schema_server(struct arena *arena)
{
	static const char *const needed[] = {"apiVersion", "kind", "spec", NULL};
	struct node *map = document(arena, "server.json", "Server");
	(void)envelope(arena, map, "Server", NULL, &table_server);
	set(arena, map, "required", words_node(arena, needed));
	set(arena, map, "additionalProperties", node_new_bool(arena, false));
	return map;
}

struct node *spec_schema_all(struct arena *arena)
{
	struct node *map = document(arena, "trueup.json", "A spec of trueup");
	struct node *seq = node_new_seq(arena);
	for (enum spec_kind k = 0; k < KIND_COUNT; k++) {
		if (!spec_kind_supported(k))
			continue;
		struct node *ref = node_new_map(arena);
		set_text(arena, ref, "$ref", arena_printf(arena, "%s.json", spec_kind_name(k)));
		node_seq_add(arena, seq, ref);
	}
	set(arena, map, "oneOf", seq);
	return map;
}
