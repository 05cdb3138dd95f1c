/*
 * Canonical form: the document by the order of the tables. It is what `trueup fmt` prints, what is
 * stored, and, without layout, what the object digest is taken over.
 */
#include "spec/canonical.h"

#include "format/emit.h"

#include <stdlib.h>
#include <string.h>

static void add_pair(struct arena *a, struct node *map, struct node *key, struct node *value)
{
	map->map.pairs = arena_grow(
		a, map->map.pairs, map->map.count, &map->map.cap, sizeof map->map.pairs[0]);
	map->map.pairs[map->map.count++] = (struct node_pair){key, value};
}

static struct node *empty_like(struct arena *a, const struct node *n, enum node_type type)
{
	struct node *copy = arena_alloc(a, sizeof *copy);
	copy->type = (uint8_t)type;
	copy->pos = n->pos;
	return copy;
}

static struct node *by_table(
	struct arena *a, const struct field_table *t, const struct node *n, bool digest);

static const char *sort_text(const struct node *n, const char *key)
{
	const char *text = node_text(node_get(n, key));
	return text ? text : "";
}

static int compare_items(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	static const char *const keys[] = {"source", "target", "id"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const int order = strcmp(sort_text(x, keys[i]), sort_text(y, keys[i]));
		if (order)
			return order;
	}
	return 0;
}

static bool in_order(const struct node *seq)
{
	for (size_t i = 1; i < seq->seq.count; i++)
		if (compare_items(&seq->seq.items[i - 1], &seq->seq.items[i]) > 0)
			return false;
	return true;
}

static struct node *each_by_table(
	struct arena *a, const struct field_table *t, const struct node *n, bool digest)
{
	struct node *seq = empty_like(a, n, NODE_SEQ);
	seq->seq.items = arena_array(a, n->seq.count, sizeof seq->seq.items[0]);
	seq->seq.cap = n->seq.count;
	bool same = true;
	for (size_t i = 0; i < n->seq.count; i++) {
		struct node *item = by_table(a, t, n->seq.items[i], digest);
		seq->seq.items[seq->seq.count++] = item;
		same = same && item == n->seq.items[i];
	}
	/* The order of nodes and edges means nothing. */
	if (digest && !in_order(seq)) {
		qsort(seq->seq.items, seq->seq.count, sizeof seq->seq.items[0], compare_items);
		same = false;
	}
	return same ? (struct node *)n : seq;
}

static struct node *value_by_field(
	struct arena *a, const struct field *f, const struct node *n, bool digest)
{
	if (f->type == FIELD_TABLE && n->type == NODE_MAP)
		return by_table(a, f->table, n, digest);
	if (f->type == FIELD_TABLES && n->type == NODE_SEQ)
		return each_by_table(a, f->table, n, digest);
	return (struct node *)n;
}

/* A map with the first count pairs of n, and room for the others. */
static struct node *begin_copy(struct arena *a, const struct node *n, size_t count)
{
	struct node *map = empty_like(a, n, NODE_MAP);
	map->map.pairs = arena_array(a, n->map.count, sizeof map->map.pairs[0]);
	map->map.cap = n->map.count;
	map->map.count = count;
	if (count)
		memcpy(map->map.pairs, n->map.pairs, count * sizeof map->map.pairs[0]);
	return map;
}

/* n itself when it is as it should be: what people wrote in order is not copied. */
static struct node *by_table(
	struct arena *a, const struct field_table *t, const struct node *n, bool digest)
{
	if (n->type != NODE_MAP)
		return (struct node *)n;
	struct node *map = NULL;
	size_t same = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		if (digest && (f->type == FIELD_LAYOUT || f->type == FIELD_CONST))
			continue;
		MAP_FOREACH (n, pair) {
			if (*pair->key->text != *f->key || strcmp(pair->key->text, f->key) != 0)
				continue;
			struct node *value = value_by_field(a, f, pair->value, digest);
			if (!map && pair == &n->map.pairs[same] && value == pair->value) {
				same++;
				continue;
			}
			if (!map)
				map = begin_copy(a, n, same);
			add_pair(a, map, pair->key, value);
		}
	}
	if (map)
		return map;
	return same == n->map.count ? (struct node *)n : begin_copy(a, n, same);
}

static void add_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	add_pair(a, map, node_new_string(a, key), node_new_string(a, text));
}

/* The written pair of the document where there is one, so that places and comments stay. */
static void add_written(struct arena *a, struct node *map, const struct node *doc, const char *key,
	struct node *value)
{
	struct node *written = node_get_key(doc, key);
	add_pair(a, map, written ? written : node_new_string(a, key), value);
}

struct node *canonical_of(
	struct arena *a, const struct spec *spec, const struct node *doc, bool bare, bool digest)
{
	static const struct node none = {.type = NODE_MAP};
	const struct node *metadata = bare ? NULL : node_get(doc, "metadata");
	const struct node *body = bare ? doc : node_get(doc, "spec");
	struct node *out = empty_like(a, doc, NODE_MAP), *meta;

	if (metadata && metadata->type == NODE_MAP) {
		meta = by_table(a, field_metadata(spec->kind), metadata, digest);
		/* Where the object came from says nothing about what it is. */
		if (digest && meta->map.count &&
			strcmp(meta->map.pairs[meta->map.count - 1].key->text, "renamedFrom") == 0)
			meta = begin_copy(a, meta, meta->map.count - 1);
	} else {
		meta = node_new_map(a);
		if (spec->name)
			add_text(a, meta, "name", spec->name);
	}
	add_written(a, out, doc, "apiVersion", node_new_string(a, SPEC_API_VERSION));
	add_written(a, out, doc, "kind", node_new_string(a, spec_kind_title(spec->kind)));
	if (meta->map.count)
		add_written(a, out, doc, "metadata", meta);
	add_written(a, out, bare ? NULL : doc, "spec",
		by_table(a, field_table_of(spec->kind), body ? body : &none, digest));
	return out;
}

struct node *spec_canonical(
	struct arena *arena, const struct spec *spec, enum spec_canonical_flags flags)
{
	/* The document of a spec is in canonical order already, and a runbook's holds no more. */
	if (!(flags & SPEC_CANONICAL_DIGEST) || !field_table_of(spec->kind))
		return (struct node *)spec->doc;
	return canonical_of(arena, spec, spec->doc, false, true);
}

const char *spec_json(struct arena *arena, const struct spec *spec, enum spec_canonical_flags flags)
{
	const char *kept = flags & SPEC_CANONICAL_DIGEST ? spec->digest_json : spec->json;
	if (kept)
		return kept;
	AUTO_ARENA scratch = {0};
	AUTO_STR text = STR_INIT;
	emit_canonical(spec_canonical(&scratch, spec, flags), &text);
	return arena_memdup(arena, text.data, text.len);
}

void spec_keep_json(struct arena *arena, struct spec *spec)
{
	spec->json = spec_json(arena, spec, SPEC_CANONICAL_PLAIN);
	spec->digest_json = spec_json(arena, spec, SPEC_CANONICAL_DIGEST);
}
