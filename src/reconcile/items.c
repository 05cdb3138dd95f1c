/*
 * Which objects a run looks at, in which order, and what is to be done about each. An object is
 * looked at when its spec changed or went, when it hangs on one that did, when it is not where it
 * should be, or when the user names it; nothing else costs anything.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/order.h"
#include "reconcile/run_internal.h"
#include "reconcile/schedule.h"
#include "store/drift.h"

#include <stdlib.h>
#include <string.h>

struct item *item_find(const struct run *run, const char *key)
{
	return strmap_get(&run->by_key, key);
}

bool item_is_told(const struct item *item)
{
	return item->out.status != OBJECT_UNCHANGED && !item->aside;
}

bool item_acts(const struct item *item)
{
	switch (item->decision.action) {
	case PLAN_CREATE:
	case PLAN_UPDATE:
	case PLAN_REPLACE:
	case PLAN_DESTROY:
	case PLAN_RETRY:
	case PLAN_RETAIN:
	case PLAN_RUN:
		return true;
	case PLAN_NONE:
	case PLAN_WAIT:
	case PLAN_REFUSE:
		break;
	}
	return false;
}

static bool named(const char *const *list, const char *key)
{
	for (; list && *list; list++)
		if (str_eq(*list, key))
			return true;
	return false;
}

bool run_is_by_name(const struct run *run)
{
	const struct run_options *o = run->options;
	return (o->targets && *o->targets) || (o->destroy && *o->destroy) ||
	       (o->rerun && *o->rerun);
}

static bool is_target(const struct run *run, const char *key)
{
	const struct run_options *o = run->options;
	return named(o->targets, key) || named(o->destroy, key) || named(o->rerun, key);
}

/* --- collecting --------------------------------------------------------------------------- */

enum spec_kind kind_of_key(const char *key)
{
	AUTO_FREE char *kind = xstrndup(key, strcspn(key, "/"));
	return spec_kind_of(kind);
}

/* The row of an object that has a new name in this revision, and its old one no more. */
static int take_old_row(
	struct run *run, struct item *item, struct object_row **ret, struct err **err)
{
	if (!item->desired || !item->desired->renamed_from.text)
		return 0;
	const char *old = arena_printf(
		&run->arena, "%s/%s", spec_kind_name(item->kind), item->desired->renamed_from.text);
	if (load_entry(&run->load, old) || strmap_has(&run->renamed, old))
		return 0;
	if (store_object_get(run->session->store, old, OBJECT_FULL, &run->arena, ret, err) < 0)
		return -1;
	if (*ret)
		(void)strmap_put(&run->renamed, old, item);
	return 0;
}

/* What is recorded of the item. */
static int read_row(struct run *run, struct item *item, struct err **err)
{
	struct object_row *row = NULL;
	struct store *store = run->session->store;
	if (!store)
		return 0;
	if (store_object_get(store, item->key, OBJECT_FULL, &run->arena, &row, err) < 0)
		return -1;
	if (!row && take_old_row(run, item, &row, err) < 0)
		return -1;
	item->row = row;
	return row ? past_read(store, row, &run->arena, &item->past, err) : 0;
}

static int read_item(struct run *run, struct item *item, struct err **err)
{
	if (read_row(run, item, err) < 0)
		return -1;
	item->born = past_born(&item->past, item->past.spec ? item->row->name : item->name);
	item->taken_by = NULL;
	if (item->kind != KIND_CANVAS || item->past.spec)
		return 0;
	return past_taken(run->session, item->key, &run->arena, &item->taken_by, err);
}

int item_read_again(struct run *run, struct item *item, struct err **err)
{
	item->past = (struct past){0};
	return read_item(run, item, err);
}

/* Makes an item unless there is one. Others than the user wants are put aside. */
static int add_item(struct run *run, const char *key, struct err **err)
{
	if (strmap_has(&run->by_key, key) || strmap_has(&run->renamed, key))
		return 0;
	struct item *item = arena_alloc(&run->arena, sizeof *item);
	item->key = arena_strdup(&run->arena, key);
	item->kind = kind_of_key(key);
	item->aside = run_is_by_name(run) && !is_target(run, key);
	const char *slash = strchr(item->key, '/');
	item->name = slash ? slash + 1 : item->key;
	const struct loaded_spec *entry = load_entry(&run->load, key);
	if (entry && !named(run->options->destroy, key))
		item->desired = entry->spec;
	if (read_item(run, item, err) < 0)
		return -1;
	item->out.key = item->key;
	item->out.kind = item->kind;
	item->out.path = entry ? entry->path : item->row ? item->row->path : NULL;
	run->items = arena_grow(
		&run->arena, run->items, run->item_count, &run->item_cap, sizeof run->items[0]);
	run->items[run->item_count++] = item;
	(void)strmap_put(&run->by_key, key, item);
	return 0;
}

static int add_dependants(struct run *run, const char *key, struct err **err)
{
	if (!run->session->store)
		return 0;
	AUTO_ARENA scratch = {0};
	struct store_keys keys = {0};
	if (store_dependants(run->session->store, key, &scratch, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++)
		if (add_item(run, keys.items[i], err) < 0)
			return -1;
	return 0;
}

/* Decided already, and an output that it uses may have changed since. */
static bool may_change(const struct item *item)
{
	return item->desired && !item->planned && !item->begun &&
	       (item->out.status == OBJECT_UNCHANGED || item->out.status == OBJECT_WAITING);
}

int items_add_dependants(struct run *run, const char *key, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct store_keys keys = {0};
	if (store_dependants(run->session->store, key, &scratch, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++) {
		struct item *item = item_find(run, keys.items[i]);
		if (item && !may_change(item))
			continue;
		if (!item && add_item(run, keys.items[i], err) < 0)
			return -1;
		item = item_find(run, keys.items[i]);
		if (item && item_decide_again(run, item, err) < 0)
			return -1;
	}
	return 0;
}

static int add_rows(struct run *run, const struct object_filter *filter, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct object_rows rows = {0};
	if (!run->session->store)
		return 0;
	if (store_objects(run->session->store, filter, OBJECT_BRIEF, &scratch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		if (add_item(run, rows.items[i].key, err) < 0)
			return -1;
	return 0;
}

static int add_touched(struct run *run, const char *const *keys, size_t count, struct err **err)
{
	/* All of them first: one with a new name is not to be taken for one that went. */
	for (size_t i = 0; i < count; i++)
		if (add_item(run, keys[i], err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		/* Config is in every canvas's digest. */
		const struct object_filter canvases = {.kind = spec_kind_name(KIND_CANVAS)};
		const int got = kind_of_key(keys[i]) == KIND_CONFIG
					? add_rows(run, &canvases, err)
					: add_dependants(run, keys[i], err);
		if (got < 0)
			return -1;
	}
	return 0;
}

/* Runs of which a time has come. */
static int add_due(struct run *run, struct err **err)
{
	struct store_keys due = {0};
	if (!run->session->store)
		return 0;
	if (schedule_due(run->session->store, run->session->now_ms, &run->arena, &due, err) < 0)
		return -1;
	for (size_t i = 0; i < due.count; i++)
		if (add_item(run, due.items[i], err) < 0)
			return -1;
	return 0;
}

/* Those whose resources differ and are to be made what was applied. */
static int add_drifted(struct run *run, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct drift_rows rows = {0};
	if (!run->session->store)
		return 0;
	if (store_drift_list(run->session->store, &scratch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		if (rows.items[i].heal && add_item(run, rows.items[i].object_key, err) < 0)
			return -1;
	return 0;
}

/* Config in a pull request takes no effect on it; a role is in the digest of its canvases. */
static int add_changed(struct run *run, const char *key, const char *path, struct err **err)
{
	if (!path || !load_touches(&run->load, path))
		return 0;
	if (add_item(run, key, err) < 0)
		return -1;
	return kind_of_key(key) == KIND_ROLE ? add_dependants(run, key, err) : 0;
}

/* What a pull request changes in its base: nothing else is its business. */
static int collect_pull(struct run *run, struct err **err)
{
	struct load *l = &run->load;
	for (size_t i = 0; i < l->changed_count; i++) {
		const struct loaded_spec *entry = load_entry(l, l->changed[i]);
		if (add_changed(run, l->changed[i], entry->path, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < l->gone_count; i++) {
		AUTO_ARENA scratch = {0};
		struct object_row *row = NULL;
		if (store_object_get(run->session->store, l->gone[i], OBJECT_BRIEF, &scratch, &row,
			    err) < 0 ||
			(row && add_changed(run, l->gone[i], row->path, err) < 0))
			return -1;
	}
	return 0;
}

/* What goes on under a new name is named by that. */
static int renamed_since(const struct run *run, const char *key, struct err **err)
{
	const struct item *now = strmap_get(&run->renamed, key);
	return err_set(err, ERR_NOT_FOUND, "%s is %s now (metadata.renamedFrom): name that one",
		key, now->key);
}

static int collect(struct run *run, struct err **err)
{
	if (run->options->pull)
		return collect_pull(run, err);
	const struct load *l = &run->load;
	const struct object_filter unsettled = {.unsettled = true};
	const struct object_filter canvases = {.kind = spec_kind_name(KIND_CANVAS)};
	if (run->options->stop == RUN_STOP_DRIFT)
		return add_rows(run, &canvases, err);
	if (add_touched(run, l->changed, l->changed_count, err) < 0 ||
		add_touched(run, l->gone, l->gone_count, err) < 0 ||
		add_rows(run, &unsettled, err) < 0 || add_due(run, err) < 0 ||
		add_drifted(run, err) < 0)
		return -1;
	const char *const *const lists[] = {
		run->options->targets, run->options->destroy, run->options->rerun};
	for (size_t n = 0; n < ARRAY_LEN(lists); n++) {
		for (const char *const *key = lists[n]; key && *key; key++) {
			if (add_item(run, *key, err) < 0)
				return -1;
			const struct item *item = item_find(run, *key);
			if (!item)
				return renamed_since(run, *key, err);
			if (!item->row && !load_entry(&run->load, *key))
				return err_set(err, ERR_NOT_FOUND,
					"there is no %s, neither in the specs nor recorded", *key);
		}
	}
	return 0;
}

/* --- order -------------------------------------------------------------------------------- */

struct needs {
	struct plan_need *items;
	size_t count, cap;
};

static void need(struct needs *needs, size_t who, size_t whom)
{
	needs->items = grow_array(needs->items, needs->count, &needs->cap, sizeof needs->items[0]);
	needs->items[needs->count++] = (struct plan_need){who, whom};
}

/*
 * What used a canvas that goes is done before it, whether it goes too or now uses another. One that
 * is none of this run's business uses it still: the canvas is in the specs and was named by hand.
 */
static int needs_of_gone(struct run *run, const struct strmap *index, size_t i, struct needs *needs,
	struct err **err)
{
	struct item *item = run->items[i];
	struct store_keys keys = {0};
	if (store_dependants(run->session->store, item->key, &run->arena, &keys, err) < 0)
		return -1;
	const char **users = arena_array(&run->arena, keys.count + 1, sizeof *users);
	size_t count = 0;
	for (size_t k = 0; k < keys.count; k++) {
		users[count++] = keys.items[k];
		if (strmap_has(index, keys.items[k]))
			need(needs, i, (size_t)(uintptr_t)strmap_get(index, keys.items[k]));
	}
	item->waits_for = users;
	return 0;
}

static int order(struct run *run, struct err **err)
{
	AUTO_STRMAP index = {0};
	AUTO_FREE struct plan_need *list = NULL;
	struct needs needs = {0};
	for (size_t i = 0; i < run->item_count; i++)
		(void)strmap_put(&index, run->items[i]->key, (void *)(uintptr_t)i);
	int result = 0;
	for (size_t i = 0; i < run->item_count && result == 0; i++) {
		const struct item *item = run->items[i];
		if (!item->desired) {
			if (item->row)
				result = needs_of_gone(run, &index, i, &needs, err);
			continue;
		}
		const char *const *keys = load_needs(&run->load, &run->arena, item->desired);
		for (; *keys; keys++)
			if (strmap_has(&index, *keys) && item_find(run, *keys)->desired)
				need(&needs, i, (size_t)(uintptr_t)strmap_get(&index, *keys));
	}
	list = needs.items;
	AUTO_FREE size_t *sorted = xcalloc(run->item_count, sizeof *sorted);
	size_t done = 0;
	if (result < 0)
		return -1;
	if (!plan_order(run->item_count, list, needs.count, sorted, &done))
		return err_set(err, ERR_INVALID, "canvases need each other in a circle");
	struct item **ordered = arena_array(&run->arena, run->item_count + 1, sizeof ordered[0]);
	for (size_t i = 0; i < run->item_count; i++)
		ordered[i] = run->items[sorted[i]];
	run->items = ordered;
	run->item_cap = run->item_count + 1;
	return 0;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;
	if ((*x)->kind != (*y)->kind)
		return (*x)->kind < (*y)->kind ? -1 : 1;
	return strcmp((*x)->key, (*y)->key);
}

/*
 * An empty folder, or a wrong path, must not destroy everything; nor in a second step, after what
 * went was recorded by a run that looked at one target only.
 */
static int guard_empty(struct run *run, struct err **err)
{
	const char *commit = run->options->allow_empty_at;
	size_t goes;
	if (run->options->allow_empty || (commit && str_eq(commit, run->load.rev.commit)))
		return 0;
	if (load_lost_canvases(&run->load, &goes, err) < 0)
		return -1;
	if (!goes)
		return 0;
	if (run->options->show_empty) {
		run_notice(run, "the revision has no canvas at all: `trueup reconcile` refuses to "
				"destroy what is recorded unless --allow-empty is given");
		return 0;
	}
	return err_set(err, ERR_DENIED,
		"the revision has no canvas at all, and %zu recorded one%s would be destroyed: "
		"check the path and the branch; if you mean it, say --allow-empty",
		goes, goes == 1 ? "" : "s");
}

int items_build(struct run *run, struct err **err)
{
	if (guard_empty(run, err) < 0 || collect(run, err) < 0)
		return -1;
	if (run->item_count)
		qsort(run->items, run->item_count, sizeof run->items[0], compare_items);
	if (order(run, err) < 0)
		return -1;
	for (size_t i = 0; i < run->item_count; i++)
		if (item_decide(run, run->items[i], err) < 0)
			return -1;
	return 0;
}
