/*
 * `terraform show -json PLANFILE` (format 1.x, "JSON Output Format" in its documentation) to a
 * struct engine_plan. Attributes are compared here at the top level of each resource: that is
 * what people review. Values that terraform marks sensitive are not read at all.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/strmap.h"
#include "format/emit.h"
#include "format/node.h"

#include <string.h>

enum { VALUE_MAX = 200, MARK_DEPTH = 64 };

static const char what[] = "the plan";

/* State of one parse. */
struct show {
	const struct masker *masker;
	struct arena *arena;
	struct engine_plan *plan;
	size_t cap, drift_cap;
	bool outputs_change;
};

/* Is anything in a tree of marks (after_unknown, before_sensitive) true? */
static bool any_true(const struct node *marks, int depth)
{
	if (!marks || depth > MARK_DEPTH)
		return marks != NULL;
	if (marks->type == NODE_BOOL)
		return marks->boolean;
	SEQ_FOREACH (marks, i, item)
		if (any_true(item, depth + 1))
			return true;
	MAP_FOREACH (marks, pair)
		if (any_true(pair->value, depth + 1))
			return true;
	return false;
}

static bool is_marked(const struct node *marks, const char *name)
{
	if (marks && marks->type == NODE_BOOL)
		return marks->boolean;
	return any_true(node_get(marks, name), 0);
}

/* null, "", [] and {} are the same to a provider that reads back what was not set. */
static bool is_empty(const struct node *n)
{
	if (!n || n->type == NODE_NULL)
		return true;
	if (n->type == NODE_STRING)
		return n->len == 0;
	if (n->type == NODE_SEQ)
		return n->seq.count == 0;
	return n->type == NODE_MAP && n->map.count == 0;
}

static const char *value_text(const struct show *s, const struct node *value)
{
	if (!value || value->type == NODE_NULL)
		return NULL;
	AUTO_STR json = STR_INIT;
	AUTO_STR masked = STR_INIT;
	emit_canonical(value, &json);
	if (s->masker)
		masker_apply(s->masker, json.data, json.len, &masked);
	struct str *text = s->masker ? &masked : &json;
	if (text->len > VALUE_MAX) {
		str_truncate(text, utf8_cut(text->data, text->len, VALUE_MAX));
		str_add(text, "…");
	}
	return arena_memdup(s->arena, text->data, text->len);
}

/* replace_paths: [["ami"], ["tags", "Name"]]; the first element is the attribute. */
static bool forces_replacement(const struct node *change, const char *name)
{
	SEQ_FOREACH (node_get(change, "replace_paths"), i, path)
		if (path->type == NODE_SEQ && path->seq.count &&
			str_eq(node_text(path->seq.items[0]), name))
			return true;
	return false;
}

static bool same_but_empty(const struct node *a, const struct node *b, int depth);

static bool same_members(const struct node *a, const struct node *b, int depth)
{
	MAP_FOREACH (a, pair)
		if (!same_but_empty(pair->value, node_get(b, pair->key->text), depth + 1))
			return false;
	MAP_FOREACH (b, pair)
		if (!node_get(a, pair->key->text) && !is_empty(pair->value))
			return false;
	return true;
}

/* Equal but for what is null on one side and empty on the other, at any depth. */
static bool same_but_empty(const struct node *a, const struct node *b, int depth)
{
	if (is_empty(a) && is_empty(b))
		return true;
	if (!a || !b || a->type != b->type || depth > MARK_DEPTH)
		return a && b && node_equal(a, b);
	if (a->type == NODE_MAP)
		return same_members(a, b, depth);
	if (a->type != NODE_SEQ)
		return node_equal(a, b);
	if (a->seq.count != b->seq.count)
		return false;
	for (size_t i = 0; i < a->seq.count; i++)
		if (!same_but_empty(a->seq.items[i], b->seq.items[i], depth + 1))
			return false;
	return true;
}

static bool differs(const struct node *before, const struct node *after, bool unknown, bool drift)
{
	if (unknown)
		return true;
	if (drift)
		return !same_but_empty(before, after, 0);
	if (is_empty(before) && is_empty(after))
		return before && after && !node_equal(before, after);
	return !before || !after || !node_equal(before, after);
}

/* Adds the attribute if it differs. A creation lists what is set, not what is yet unknown. */
static void add_attribute(const struct show *s, const struct node *change, const char *name,
	bool drift, struct engine_change *ret, size_t *cap)
{
	const struct node *all_before = node_get(change, "before");
	const struct node *before = node_get(all_before, name);
	const struct node *after = node_get(node_get(change, "after"), name);
	const bool creation = !all_before || all_before->type == NODE_NULL;
	const bool unknown = any_true(node_get(node_get(change, "after_unknown"), name), 0);
	if (creation && (is_empty(after) || str_eq(name, "tags_all")))
		return;
	if (!differs(before, after, unknown, drift))
		return;
	ret->attributes = arena_grow(
		s->arena, ret->attributes, ret->attribute_count, cap, sizeof *ret->attributes);
	struct engine_attribute *a = &ret->attributes[ret->attribute_count++];
	*a = (struct engine_attribute){
		.name = arena_strdup(s->arena, name),
		.sensitive = is_marked(node_get(change, "before_sensitive"), name) ||
			     is_marked(node_get(change, "after_sensitive"), name),
		.unknown = unknown,
		.replaces = forces_replacement(change, name),
	};
	if (a->sensitive)
		return;
	a->before = value_text(s, before);
	a->after = unknown ? NULL : value_text(s, after);
}

/*
 * tags_all follows from tags; it would say everything twice. But where it stayed the same nobody
 * has touched a tag: the provider counts one to tags whose default tag is another one by now.
 */
static bool is_told_elsewhere(const struct node *change, const char *name, bool drift)
{
	const struct node *after = node_get(change, "after");
	const struct node *all = node_get(after, "tags_all");
	if (str_eq(name, "tags_all"))
		return node_get(after, "tags") != NULL;
	return drift && str_eq(name, "tags") && all &&
	       same_but_empty(node_get(node_get(change, "before"), "tags_all"), all, 0);
}

static void add_attributes(
	const struct show *s, const struct node *change, bool drift, struct engine_change *ret)
{
	static const char *const sides[] = {"before", "after", "after_unknown"};
	AUTO_STRMAP seen = {0};
	size_t cap = 0;
	if (ret->action == ENGINE_DELETE || ret->action == ENGINE_FORGET)
		return;
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		MAP_FOREACH (node_get(change, sides[i]), pair) {
			const char *name = node_text(pair->key);
			if (!name || strmap_has(&seen, name))
				continue;
			(void)strmap_put(&seen, name, NULL);
			if (!is_told_elsewhere(change, name, drift))
				add_attribute(s, change, name, drift, ret, &cap);
		}
}

static enum engine_action action_of(const struct node *change)
{
	const struct node *actions = node_get(change, "actions");
	if (!actions || actions->type != NODE_SEQ || !actions->seq.count)
		return ENGINE_NO_OP;
	/* Two: delete and create in either order. */
	if (actions->seq.count > 1)
		return ENGINE_REPLACE;
	return tf_action_parse(node_text(actions->seq.items[0]));
}

static void count(struct engine_counts *c, enum engine_action action)
{
	c->add += action == ENGINE_CREATE || action == ENGINE_REPLACE;
	c->change += action == ENGINE_UPDATE;
	c->destroy += action == ENGINE_DELETE || action == ENGINE_REPLACE;
}

static int read_change(struct show *s, struct tf_slice text, bool drift, struct err **err)
{
	AUTO_ARENA scratch = {0};
	const struct node *item = tf_json_build(&scratch, text, what, err);
	if (!item)
		return -1;
	const struct node *change = node_get(item, "change");
	const char *address = node_text(node_get(item, "address"));
	const char *type = node_text(node_get(item, "type"));
	const char *name = node_text(node_get(item, "name"));
	const char *reason = node_text(node_get(item, "action_reason"));
	if (!change || !address || !type || !name)
		return err_set(err, ERR_CORRUPT, "%s holds a change without an address", what);
	struct engine_change c = {.action = action_of(change)};
	if (c.action == ENGINE_NO_OP)
		return 0;
	add_attributes(s, change, drift, &c);
	/* Only empty values of another kind: noise of reading back. */
	if (drift && c.action == ENGINE_UPDATE && !c.attribute_count)
		return 0;
	c.address = arena_strdup(s->arena, address);
	c.type = arena_strdup(s->arena, type);
	c.name = arena_strdup(s->arena, name);
	c.reason = reason ? arena_strdup(s->arena, reason) : NULL;
	struct engine_plan *p = s->plan;
	if (drift) {
		p->drift = arena_grow(s->arena, p->drift, p->drift_count, &s->drift_cap, sizeof c);
		p->drift[p->drift_count++] = c;
		return 0;
	}
	count(&p->counts, c.action);
	p->items = arena_grow(s->arena, p->items, p->item_count, &s->cap, sizeof c);
	p->items[p->item_count++] = c;
	return 0;
}

static int read_changes(
	struct show *s, struct tf_slice whole, const char *key, bool drift, struct err **err)
{
	struct tf_slice list = tf_json_member(whole, key), value;
	int more = 0;
	while (list.at && (more = tf_json_next(&list, NULL, &value)) > 0)
		if (read_change(s, value, drift, err) < 0)
			return -1;
	return more < 0 ? err_set(err, ERR_CORRUPT, "%s: '%s' is damaged", what, key) : 0;
}

static int read_outputs(struct show *s, struct tf_slice whole, struct err **err)
{
	struct tf_slice map = tf_json_member(whole, "output_changes"), key, value;
	int more = 0;
	while (map.at && (more = tf_json_next(&map, &key, &value)) > 0) {
		AUTO_ARENA scratch = {0};
		const struct node *change = tf_json_build(&scratch, value, what, err);
		if (!change)
			return -1;
		s->outputs_change |= action_of(change) != ENGINE_NO_OP;
	}
	return more < 0 ? err_set(err, ERR_CORRUPT, "%s: 'output_changes' is damaged", what) : 0;
}

/* A top-level boolean; fallback when the program is too old to write it. */
static bool flag(struct tf_slice whole, const char *key, bool fallback)
{
	const struct tf_slice v = tf_json_member(whole, key);
	if (!v.at)
		return fallback;
	return v.len == 4 && memcmp(v.at, "true", 4) == 0;
}

static int check_head(struct tf_slice whole, struct err **err)
{
	const struct tf_slice version = tf_json_member(whole, "format_version");
	if (!tf_json_is_whole(whole))
		return err_set(err, ERR_CORRUPT, "%s is not a whole JSON object", what);
	if (!version.at)
		return err_set(err, ERR_CORRUPT, "%s has no format_version", what);
	if (version.len < 4 || memcmp(version.at, "\"1.", 3) != 0)
		return err_set(err, ERR_UNAVAILABLE,
			"%s has the format version %.*s; this trueup knows 1.x", what,
			(int)(version.len < 20 ? version.len : 20), version.at);
	if (flag(whole, "errored", false))
		return err_set(
			err, ERR_INVALID, "%s was made with errors and cannot be applied", what);
	if (!flag(whole, "complete", true))
		return err_set(err, ERR_INVALID,
			"%s is not complete: some changes would be left for a later plan", what);
	return 0;
}

/*
 * In a plan of everything, a difference that the plan does not act on is something that AWS or a
 * neighbouring resource fills in: not drift that anybody could or should mend.
 */
static void drop_inert_drift(struct engine_plan *p)
{
	AUTO_STRMAP acted = {0};
	size_t kept = 0;
	for (size_t i = 0; i < p->item_count; i++)
		(void)strmap_put(&acted, p->items[i].address, &p->items[i]);
	for (size_t i = 0; i < p->drift_count; i++)
		if (strmap_has(&acted, p->drift[i].address))
			p->drift[kept++] = p->drift[i];
	p->drift_count = kept;
}

int tf_plan_parse(const char *text, size_t len, const struct masker *masker,
	enum engine_plan_mode mode, struct arena *arena, struct engine_plan *ret, struct err **err)
{
	const struct tf_slice whole = {text, len};
	struct show s = {.masker = masker, .arena = arena, .plan = ret};
	if (check_head(whole, err) < 0 ||
		read_changes(&s, whole, "resource_changes", false, err) < 0 ||
		read_changes(&s, whole, "resource_drift", true, err) < 0 ||
		read_outputs(&s, whole, err) < 0)
		return -1;
	if (mode != ENGINE_PLAN_DRIFT)
		drop_inert_drift(ret);
	const struct engine_counts *c = &ret->counts;
	bool acts = c->add || c->change || c->destroy || s.outputs_change;
	for (size_t i = 0; i < ret->item_count; i++)
		acts |= ret->items[i].action == ENGINE_FORGET;
	ret->changes = acts;
	return 0;
}
