/*
 * Maps whose keys are not known here (a node's config, a backend's settings): only what holds for
 * every value is checked, and the shape of values from elsewhere. The walk is as deep as the
 * parser lets a document be.
 */
#include "spec/decode.h"
#include "spec/scalar.h"
#include "spec/value.h"

#include "format/yaml.h"

#include <string.h>

struct free_walk {
	struct decoder *d;
	bool values;
	unsigned depth;
};

static void walk(struct free_walk *w, const char *key, const struct node *n);

static void walk_map(struct free_walk *w, const char *key, const struct node *n)
{
	if (w->values && w->depth > 1 && spec_value_check(n, key, w->d->diags) != VALUE_PLAIN)
		return;
	if (n->map.count > SPEC_MAX_ITEMS) {
		diag_error(w->d->diags, "spec-limit", n->pos,
			"'%.64s' has %zu keys, more than the %d allowed", key, n->map.count,
			SPEC_MAX_ITEMS);
		return;
	}
	MAP_FOREACH (n, pair) {
		if (pair->key->len == 0 || pair->key->len > SPEC_MAX_KEY) {
			diag_error(w->d->diags, "spec-limit", pair->key->pos,
				"a key inside '%.64s' has %zu bytes: 1 to %d are allowed", key,
				pair->key->len, SPEC_MAX_KEY);
			continue;
		}
		if (scalar_text_limits(w->d, key, pair->key))
			walk(w, pair->key->text, pair->value);
	}
}

static void walk(struct free_walk *w, const char *key, const struct node *n)
{
	if (w->depth >= YAML_MAX_DEPTH)
		return;
	w->depth++;
	if (n->type == NODE_MAP) {
		walk_map(w, key, n);
	} else if (n->type == NODE_SEQ) {
		if (n->seq.count > SPEC_MAX_ITEMS)
			diag_error(w->d->diags, "spec-limit", n->pos,
				"'%.64s' has %zu items, more than the %d allowed", key,
				n->seq.count, SPEC_MAX_ITEMS);
		else
			for (size_t i = 0; i < n->seq.count; i++)
				walk(w, key, n->seq.items[i]);
	} else if (!scalar_ambiguous(w->d, key, n) && n->type == NODE_STRING) {
		(void)scalar_text_limits(w->d, key, n);
	}
	w->depth--;
}

void decode_free(struct decoder *d, const char *key, const struct node *n, bool values)
{
	struct free_walk w = {.d = d, .values = values};
	walk(&w, key, n);
}
