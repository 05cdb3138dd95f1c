/*
 * One walk over a map: known keys are decoded by type, unknown ones reported, missing ones
 * reported, rules between fields last. Nothing stops at the first mistake: a field that cannot
 * be read keeps its default.
 */
#include "spec/decode.h"

#include "base/num.h"
#include "base/str.h"
#include "base/strmap.h"
#include "spec/scalar.h"

#include <stdlib.h>
#include <string.h>

/* Tables have at most this many fields, so that a bit set says which were written. */
enum { FIELDS_MAX = 64 };

static void *at(void *obj, size_t offset)
{
	return (char *)obj + offset;
}

static struct node *fallback_node(struct decoder *d, const struct field *f)
{
	return node_new_string(d->arena, f->fallback);
}

static void store_text(const struct field *f, void *obj, const char *text, struct pos pos)
{
	if (f->grammar && f->grammar->prefix && str_starts(text, f->grammar->prefix))
		text += strlen(f->grammar->prefix);
	if (f->flags & FIELD_PLACED)
		*(struct spec_text *)at(obj, f->offset) = (struct spec_text){text, pos};
	else
		*(const char **)at(obj, f->offset) = text;
}

static void store_word(const struct field *f, void *obj, int index)
{
	if (f->flags & FIELD_AS_TEXT)
		*(const char **)at(obj, f->offset) = f->words[index];
	else if (f->flags & FIELD_AS_BOOL)
		*(bool *)at(obj, f->offset) = index == 1;
	else
		*(int *)at(obj, f->offset) = index;
}

static void store_fallback(struct decoder *d, const struct field *f, void *obj);

/* Tables nest a few deep and never in a circle. */
static void store_fallbacks(struct decoder *d, const struct field_table *t, void *obj)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		if (f->fallback)
			store_fallback(d, f, obj);
		else if (f->type == FIELD_TABLE)
			store_fallbacks(d, f->table, at(obj, f->offset));
	}
}

/* Defaults are written in the tables as text and stored by the same rules as what people write. */
static void store_fallback(struct decoder *d, const struct field *f, void *obj)
{
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_DECIMAL:
		store_text(f, obj, f->fallback, (struct pos){0});
		break;
	case FIELD_WORD:
		for (int i = 0; f->words[i]; i++)
			if (str_eq(f->words[i], f->fallback))
				store_word(f, obj, i);
		break;
	case FIELD_BOOL:
		*(bool *)at(obj, f->offset) = str_eq(f->fallback, "true");
		break;
	case FIELD_INT:
	case FIELD_ZONES:
		if (!num_parse_i64(f->fallback, strlen(f->fallback), at(obj, f->offset)))
			abort(); /* a default in a field table is no number */
		break;
	case FIELD_DURATION:
		(void)scalar_duration(d, f, fallback_node(d, f), at(obj, f->offset));
		break;
	case FIELD_TEXTS:
	case FIELD_TABLE:
	case FIELD_TABLES:
	case FIELD_FREE:
	case FIELD_LABELS:
	case FIELD_LAYOUT:
	case FIELD_CONST:
		break;
	}
}

static bool check_items(struct decoder *d, const struct field *f, size_t count, struct pos pos)
{
	const size_t max = f->max > 0 && f->type != FIELD_ZONES ? (size_t)f->max : SPEC_MAX_ITEMS;
	if (count <= max)
		return true;
	diag_error(d->diags, "spec-limit", pos, "'%s' has %zu items, more than the %zu allowed",
		f->key, count, max);
	return false;
}

static void decode_texts(
	struct decoder *d, const struct field *f, const struct node *n, struct spec_texts *ret)
{
	if (n->type != NODE_SEQ) {
		decode_wrong_type(d, f->key, "a list", n);
		return;
	}
	if (!check_items(d, f, n->seq.count, n->pos))
		return;
	const size_t skip = f->grammar && f->grammar->prefix ? strlen(f->grammar->prefix) : 0;
	AUTO_STRMAP seen = {0};
	ret->items = arena_array(d->arena, n->seq.count, sizeof ret->items[0]);
	for (size_t i = 0; i < n->seq.count; i++) {
		const struct node *item = n->seq.items[i];
		const char *text = decode_text(d, f->key, f->grammar, item);
		if (!text)
			continue;
		if (skip && str_starts(text, f->grammar->prefix))
			text += skip;
		if (strmap_has(&seen, text)) {
			diag_error(d->diags, "spec-duplicate", item->pos, "'%s' lists '%s' twice",
				f->key, text);
			continue;
		}
		(void)strmap_put(&seen, text, NULL);
		ret->items[ret->count++] = (struct spec_text){text, item->pos};
	}
}

static void decode_zones(struct decoder *d, const struct field *f, const struct node *n, void *obj)
{
	if (n->type == NODE_SEQ)
		decode_texts(d, f, n, at(obj, f->offset2));
	else
		(void)scalar_int(d, f, n, at(obj, f->offset));
}

static void decode_map(struct decoder *d, const struct field_table *t, const struct node *map,
	struct pos where, void *obj);

static void decode_tables(struct decoder *d, const struct field *f, const struct node *n, void *obj)
{
	if (n->type != NODE_SEQ) {
		decode_wrong_type(d, f->key, "a list", n);
		return;
	}
	if (!check_items(d, f, n->seq.count, n->pos))
		return;
	char *items = arena_array(d->arena, n->seq.count, f->table->item_size);
	for (size_t i = 0; i < n->seq.count; i++)
		decode_table(d, f->table, n->seq.items[i], n->seq.items[i]->pos,
			items + i * f->table->item_size);
	*(void **)at(obj, f->offset) = items;
	*(size_t *)at(obj, f->offset2) = n->seq.count;
}

static void decode_labels(struct decoder *d, const struct field *f, const struct node *n, void *obj)
{
	if (n->type != NODE_MAP) {
		decode_wrong_type(d, f->key, "a map", n);
		return;
	}
	if (!check_items(d, f, n->map.count, n->pos))
		return;
	struct spec_label *labels = arena_array(d->arena, n->map.count, sizeof *labels);
	size_t count = 0;
	MAP_FOREACH (n, pair) {
		const char *value = decode_text(d, pair->key->text, NULL, pair->value);
		if (decode_text(d, f->key, &grammar_tag_key, pair->key) && value)
			labels[count++] = (struct spec_label){pair->key->text, value};
	}
	*(struct spec_label **)at(obj, f->offset) = labels;
	*(size_t *)at(obj, f->offset2) = count;
}

static void decode_free_map(
	struct decoder *d, const struct field *f, const struct node *n, void *obj)
{
	if (n->type != NODE_MAP) {
		decode_wrong_type(d, f->key, "a map", n);
		return;
	}
	decode_free(d, f->key, n, f->flags & FIELD_VALUES);
	*(const struct node **)at(obj, f->offset) = n;
}

static void decode_const(struct decoder *d, const struct field *f, const struct node *n)
{
	int index;
	(void)scalar_word(d, f, n, &index);
}

static void decode_field(
	struct decoder *d, const struct field *f, const struct node_pair *pair, void *obj)
{
	const struct node *n = pair->value;
	int index;
	const char *text;

	if (f->type == FIELD_LAYOUT)
		return;
	if (n->type == NODE_NULL) {
		struct diag *e = diag_error(d->diags, "spec-empty", pair->key->pos,
			"'%s' is written without a value", f->key);
		diag_hint(d->diags, e, "give it a value, as in `%s: %s`, or remove the line",
			f->key, f->example ? f->example : "...");
		return;
	}
	if (f->flags & FIELD_INERT)
		diag_warning(d->diags, "spec-no-effect", pair->key->pos,
			"'%s' is accepted, but has no effect in this version of trueup", f->key);
	switch (f->type) {
	case FIELD_TEXT:
		if ((text = decode_text(d, f->key, f->grammar, n)))
			store_text(f, obj, text, n->pos);
		break;
	case FIELD_DECIMAL:
		if ((text = scalar_decimal(d, f, n)))
			store_text(f, obj, text, n->pos);
		break;
	case FIELD_WORD:
		if (scalar_word(d, f, n, &index))
			store_word(f, obj, index);
		break;
	case FIELD_BOOL:
		(void)scalar_bool(d, f, n, at(obj, f->offset));
		break;
	case FIELD_INT:
		(void)scalar_int(d, f, n, at(obj, f->offset));
		break;
	case FIELD_DURATION:
		(void)scalar_duration(d, f, n, at(obj, f->offset));
		break;
	case FIELD_TEXTS:
		decode_texts(d, f, n, at(obj, f->offset));
		break;
	case FIELD_ZONES:
		decode_zones(d, f, n, obj);
		break;
	case FIELD_TABLE:
		decode_map(d, f->table, n, pair->key->pos, at(obj, f->offset));
		break;
	case FIELD_TABLES:
		decode_tables(d, f, n, obj);
		break;
	case FIELD_FREE:
		decode_free_map(d, f, n, obj);
		break;
	case FIELD_LABELS:
		decode_labels(d, f, n, obj);
		break;
	case FIELD_CONST:
		decode_const(d, f, n);
		break;
	case FIELD_LAYOUT:
		break;
	}
}

static void unknown_field(struct decoder *d, const struct field_table *t, const struct node *key)
{
	for (size_t i = 0; t->later && t->later[i]; i++) {
		if (!str_eq(t->later[i], key->text))
			continue;
		struct diag *e = diag_error(d->diags, "spec-unsupported", key->pos,
			"'%s' of %s is not supported by this version of trueup", key->text,
			t->name);
		diag_hint(d->diags, e, "remove it: trueup refuses what it would have to ignore");
		return;
	}
	struct diag *e = diag_error(d->diags, "spec-unknown-field", key->pos,
		"unknown field '%.64s' in %s", key->text, t->name);
	const char *near = field_nearest(t, key->text);
	if (near) {
		diag_hint(d->diags, e, "did you mean '%s'?", near);
		return;
	}
	AUTO_STR names = STR_INIT;
	for (size_t i = 0; i < t->count; i++)
		if (t->fields[i].type != FIELD_LAYOUT)
			str_addf(&names, "%s%s", names.len ? ", " : "", t->fields[i].key);
	diag_hint(d->diags, e, "known fields: %s", names.data);
}

static void missing_field(
	struct decoder *d, const struct field_table *t, const struct field *f, struct pos where)
{
	struct diag *e = diag_error(
		d->diags, "spec-required", where, "%s needs the field '%s'", t->name, f->key);
	if (f->example)
		diag_hint(d->diags, e, "as in `%s: %s`", f->key, f->example);
}

/* Fields of different groups exclude each other; the first written one wins. */
static void check_groups(
	struct decoder *d, const struct field_table *t, const struct node *map, struct pos where)
{
	const struct field *first = NULL;
	AUTO_STR names = STR_INIT;
	MAP_FOREACH (map, pair) {
		const struct field *f = field_find(t, pair->key->text);
		if (!f || !f->group)
			continue;
		if (!first)
			first = f;
		if (f->group != first->group)
			diag_error(d->diags, "spec-exclusive", pair->key->pos,
				"'%s' and '%s' of %s exclude each other", first->key, f->key,
				t->name);
	}
	if (first || !t->one_group)
		return;
	for (size_t i = 0; i < t->count; i++)
		if (t->fields[i].group)
			str_addf(&names, "%s%s", names.len ? ", " : "", t->fields[i].key);
	diag_error(d->diags, "spec-required", where, "%s needs one of: %s", t->name, names.data);
}

static void decode_map(struct decoder *d, const struct field_table *t, const struct node *map,
	struct pos where, void *obj)
{
	uint64_t seen = 0;

	if (t->word && map->type == NODE_STRING && str_eq(map->text, t->word)) {
		if (t->check)
			t->check(d, map, obj);
		return;
	}
	if (map->type != NODE_MAP) {
		AUTO_STR expected = STR_INIT;
		str_add(&expected, "a map");
		if (t->word)
			str_addf(&expected, " or '%s'", t->word);
		decode_wrong_type(d, t->name, expected.data, map);
		return;
	}
	MAP_FOREACH (map, pair) {
		const struct field *f = field_find(t, pair->key->text);
		if (!f) {
			unknown_field(d, t, pair->key);
			continue;
		}
		seen |= UINT64_C(1) << ((size_t)(f - t->fields) % FIELDS_MAX);
		decode_field(d, f, pair, obj);
	}
	for (size_t i = 0; i < t->count; i++)
		if ((t->fields[i].flags & FIELD_REQUIRED) &&
			!(seen & UINT64_C(1) << (i % FIELDS_MAX)))
			missing_field(d, t, &t->fields[i], where);
	check_groups(d, t, map, where);
	if (t->check)
		t->check(d, map, obj);
}

void decode_table(struct decoder *d, const struct field_table *t, const struct node *map,
	struct pos where, void *obj)
{
	store_fallbacks(d, t, obj);
	decode_map(d, t, map, where, obj);
}
