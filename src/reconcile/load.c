/*
 * The recorded tree is compared with the new one; changed blobs are read and decoded, and only
 * what changed or refers to something that changed is checked again. Everything else is found by
 * its key in the store and read from its blob when a rule or a message asks for it, so that
 * places in messages are always those of the text.
 */
#include "reconcile/load.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/workers.h"
#include "reconcile/recorded.h"
#include "runbook/object.h"
#include "source/quarantine.h"
#include "store/runs.h"

#include <string.h>

static bool wanted(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir || spec_path_class(path) != SPEC_PATH_IGNORED;
}

const struct source_filter load_spec_files = {wanted, NULL};

static void add_key(
	struct load *l, const char *const **list, size_t *count, size_t *cap, const char *key)
{
	const char **grown =
		arena_grow(&l->arena, (void *)(uintptr_t)*list, *count, cap, sizeof **list);
	grown[(*count)++] = key;
	*list = grown;
}

/* --- reading one file -------------------------------------------------------------------- */

/* Texts and positions live in the arena of the load. */
static const struct src *make_src(struct load *l, const char *path, const struct str *text)
{
	struct src *src = arena_alloc(&l->arena, sizeof *src);
	src->path = path;
	src->data = text ? arena_memdup(&l->arena, text->data, text->len) : "";
	src->len = text ? text->len : 0;
	return src;
}

/* A problem with the file as a whole. */
static void report_file(struct load *l, const char *path, const char *rule, const char *message)
{
	const struct pos pos = {.src = make_src(l, path, NULL)};
	diag_error(&l->diags, rule, pos, "%s", message);
}

static struct loaded_spec *put_spec(
	struct load *l, const struct spec *spec, const char *path, const char *blob)
{
	struct loaded_spec *entry = arena_alloc(&l->arena, sizeof *entry);
	*entry = (struct loaded_spec){.spec = spec, .path = path, .blob = blob};
	(void)strmap_put(&l->specs, spec->key, entry);
	return entry;
}

static void take_spec(struct load *l, const struct source_change *change, const struct spec *spec)
{
	const struct loaded_spec *other = strmap_get(&l->specs, spec->key);
	if (other) {
		spec_report_duplicate(other->spec, spec, &l->diags);
		return;
	}
	put_spec(l, spec, change->path, change->new_id)->changed = true;
	add_key(l, &l->changed, &l->changed_count, &l->changed_cap, spec->key);
}

/* A link or a submodule is not followed: what it leads to may change without a commit. */
static void take_link(struct load *l, const char *path)
{
	const enum spec_path_class class = spec_path_class(path);
	if (class != SPEC_PATH_ELSEWHERE && class != SPEC_PATH_IGNORED) {
		report_file(l, path, "spec-link", SPEC_LINK_FILE);
	} else if (spec_path_is_folder(path)) {
		report_file(l, path, "spec-link", SPEC_LINK_FOLDER);
	} else {
		l->links = arena_grow(
			&l->arena, l->links, l->link_count, &l->link_cap, sizeof l->links[0]);
		l->links[l->link_count++] = path;
	}
}

/* Takes in a changed file. */
static int take_change(struct load *l, const struct source_change *change, struct err **err)
{
	const enum spec_path_class class = spec_path_class(change->path);
	if (change->entry != SOURCE_FILE) {
		take_link(l, change->path);
		return 0;
	}
	AUTO_STR text = STR_INIT;
	if (source_read_change(
		    l->session->source, change, spec_file_limit(change->path), &text, err) < 0) {
		if (err_kind_of(*err) != ERR_INVALID)
			return err_wrap(err, "read %s", change->path);
		err_free(err);
		report_file(l, change->path, "yaml-limit", spec_file_too_large(change->path));
		return 0;
	}
	if (class == SPEC_PATH_ELSEWHERE && !spec_sniff(text.data, text.len))
		return 0;
	const struct src *src = make_src(l, change->path, &text);
	const struct spec *spec = spec_file_load(&l->arena, src, &l->diags);
	if (spec)
		take_spec(l, change, spec);
	else
		add_key(l, &l->broken, &l->broken_count, &l->broken_cap, change->path);
	return 0;
}

/* Reads a recorded spec that did not change. Its mistakes were reported when it was recorded. */
static struct loaded_spec *read_recorded(struct load *l, const struct object_row *row)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	AUTO_DIAGS ignored = {0};
	const char *path = arena_strdup(&l->arena, row->path);
	const bool on_disk = source_kind(l->session->source) == SOURCE_FOLDER;
	const int got = on_disk ? source_read_disk(l->session->source, path, spec_file_limit(path),
					  &text, &err)
				: source_read(l->session->source, row->blob_id,
					  spec_file_limit(path), &text, &err);
	if (got < 0)
		return NULL;
	const struct spec *spec = spec_file_load(&l->arena, make_src(l, path, &text), &ignored);
	if (!spec || !str_eq(spec->key, row->key))
		return NULL;
	return put_spec(l, spec, path, arena_strdup(&l->arena, row->blob_id));
}

/* --- what the revision holds ------------------------------------------------------------- */

static bool is_gone(const struct load *l, const char *key)
{
	for (size_t i = 0; i < l->gone_count; i++)
		if (str_eq(l->gone[i], key))
			return true;
	return false;
}

const struct loaded_spec *load_entry(struct load *l, const char *key)
{
	struct loaded_spec *entry = strmap_get(&l->specs, key);
	if (entry || strmap_has(&l->specs, key))
		return entry;
	AUTO_ARENA scratch = {0};
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	if (l->session->store && !is_gone(l, key) && !(l->flags & LOAD_ALL) &&
		store_object_get(l->session->store, key, OBJECT_BRIEF, &scratch, &row, &err) == 0 &&
		row && row->present)
		entry = read_recorded(l, row);
	if (!entry)
		(void)strmap_put(&l->specs, key, NULL);
	return entry;
}

const struct spec *load_spec(struct load *l, const char *key)
{
	const struct loaded_spec *entry = load_entry(l, key);
	return entry ? entry->spec : NULL;
}

/* Calls fn for every recorded key of the kind that is still there unchanged. */
static int each_recorded(struct load *l, enum spec_kind kind,
	void (*fn)(struct load *l, const char *key, void *data), void *data, struct err **err)
{
	if (!l->session->store || l->flags & LOAD_ALL)
		return 0;
	AUTO_ARENA scratch = {0};
	struct store_keys keys = {0};
	if (store_object_keys(l->session->store, spec_kind_name(kind), &scratch, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++) {
		const struct loaded_spec *entry = strmap_get(&l->specs, keys.items[i]);
		if (!(entry && entry->changed) && !is_gone(l, keys.items[i]))
			fn(l, keys.items[i], data);
	}
	return 0;
}

struct key_list {
	const char *const *items;
	size_t count, cap;
};

static void collect_key(struct load *l, const char *key, void *data)
{
	struct key_list *list = data;
	add_key(l, &list->items, &list->count, &list->cap, arena_strdup(&l->arena, key));
}

const char *const *load_keys(struct load *l, enum spec_kind kind)
{
	if (l->keys[kind])
		return l->keys[kind];
	struct key_list list = {0};
	AUTO_ERR err = NULL;
	for (size_t i = 0; i < l->changed_count; i++) {
		const struct loaded_spec *entry = strmap_get(&l->specs, l->changed[i]);
		if (entry->spec->kind == kind)
			add_key(l, &list.items, &list.count, &list.cap, l->changed[i]);
	}
	/* Only names for messages: without the recorded ones they are fewer, not wrong. */
	(void)each_recorded(l, kind, collect_key, &list, &err);
	add_key(l, &list.items, &list.count, &list.cap, NULL);
	l->keys[kind] = list.items;
	return list.items;
}

int load_recorded_counts(struct session *session, size_t ret[KIND_COUNT], struct err **err)
{
	memset(ret, 0, KIND_COUNT * sizeof *ret);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int64_t count = 0;
		if (store_object_count(
			    session->store, spec_kind_name((enum spec_kind)kind), &count, err) < 0)
			return -1;
		ret[kind] = (size_t)count;
	}
	return 0;
}

/* Takes a key that is not there unchanged out of what is counted as recorded. */
static int discount(struct load *l, const char *key, size_t ret[KIND_COUNT], struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct object_row *row = NULL;
	if (store_object_get(l->session->store, key, OBJECT_BRIEF, &scratch, &row, err) < 0)
		return -1;
	if (!row || !row->present)
		return 0;
	const enum spec_kind kind = spec_kind_of(row->kind);
	if (kind < KIND_COUNT && ret[kind])
		ret[kind]--;
	return 0;
}

static int count_all(struct load *l, size_t ret[KIND_COUNT], struct err **err)
{
	memset(ret, 0, KIND_COUNT * sizeof *ret);
	if (l->session->store && !(l->flags & LOAD_ALL)) {
		if (load_recorded_counts(l->session, ret, err) < 0)
			return -1;
		for (size_t i = 0; i < l->changed_count; i++)
			if (discount(l, l->changed[i], ret, err) < 0)
				return -1;
		for (size_t i = 0; i < l->gone_count; i++)
			if (discount(l, l->gone[i], ret, err) < 0)
				return -1;
	}
	for (size_t i = 0; i < l->changed_count; i++) {
		const struct loaded_spec *entry = strmap_get(&l->specs, l->changed[i]);
		ret[entry->spec->kind]++;
	}
	return 0;
}

int load_counts(struct load *l, size_t ret[KIND_COUNT], struct err **err)
{
	if (!l->counted && count_all(l, l->counts, err) < 0)
		return -1;
	l->counted = true;
	memcpy(ret, l->counts, sizeof l->counts);
	return 0;
}

int load_lost_canvases(struct load *l, size_t *ret, struct err **err)
{
	size_t counts[KIND_COUNT];
	*ret = 0;
	if (!l->session->store)
		return 0;
	if (load_counts(l, counts, err) < 0)
		return -1;
	if (counts[KIND_CANVAS])
		return 0;
	AUTO_ARENA scratch = {0};
	const struct object_filter canvases = {.kind = spec_kind_name(KIND_CANVAS)};
	struct object_rows rows = {0};
	if (store_objects(l->session->store, &canvases, OBJECT_BRIEF, &scratch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		*ret += rows.items[i].phase != PHASE_DESTROYED &&
			rows.items[i].phase != PHASE_ORPHANED &&
			(rows.items[i].applied_digest || rows.items[i].outcome);
	return 0;
}

/* --- comparing --------------------------------------------------------------------------- */

/* A folder that became a link takes its specs along; nobody meant to destroy what they describe. */
static void report_hidden(struct load *l, const char *path)
{
	for (size_t i = 0; i < l->link_count; i++) {
		const size_t len = strlen(l->links[i]);
		if (strncmp(path, l->links[i], len) != 0 || path[len] != '/')
			continue;
		report_file(l, l->links[i], "spec-link", SPEC_LINK_FOLDER);
		l->links[i] = l->links[--l->link_count];
		return;
	}
}

static void add_gone(struct load *l, const struct object_row *row)
{
	const struct loaded_spec *entry = strmap_get(&l->specs, row->key);
	if ((entry && entry->changed) || is_gone(l, row->key))
		return;
	add_key(l, &l->gone, &l->gone_count, &l->gone_cap, arena_strdup(&l->arena, row->key));
	report_hidden(l, row->path);
}

/* A key of a changed file that is recorded at another path, which did not change: a duplicate. */
static int check_moved(
	struct load *l, const char *key, const struct strmap *touched, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct object_row *row = NULL;
	if (store_object_get(l->session->store, key, OBJECT_BRIEF, &scratch, &row, err) < 0)
		return -1;
	const struct loaded_spec *entry = strmap_get(&l->specs, key);
	if (!row || !row->present || str_eq(row->path, entry->path) ||
		strmap_has(touched, row->path))
		return 0;
	(void)strmap_remove(&l->specs, key);
	const struct loaded_spec *first = read_recorded(l, row);
	if (first)
		spec_report_duplicate(first->spec, entry->spec, &l->diags);
	(void)strmap_put(&l->specs, key, (void *)(uintptr_t)entry);
	return 0;
}

/* Finds what went: recorded objects whose file was removed or now says something else. */
static int find_gone(struct load *l, struct err **err)
{
	AUTO_STRMAP touched = {0};
	for (size_t i = 0; i < l->changes.count; i++)
		(void)strmap_put(&touched, l->changes.items[i].path, NULL);
	for (size_t i = 0; i < l->changes.count; i++) {
		const struct source_change *c = &l->changes.items[i];
		if (c->op == SOURCE_ADDED)
			continue;
		AUTO_ARENA scratch = {0};
		struct object_row *row = NULL;
		if (store_object_at_path(l->session->store, c->path, &scratch, &row, err) < 0)
			return -1;
		if (row)
			add_gone(l, row);
	}
	for (size_t i = 0; i < l->changed_count; i++)
		if (check_moved(l, l->changed[i], &touched, err) < 0)
			return -1;
	return 0;
}

/* After everything was read anew: what is recorded and was not found again is gone. */
static int find_gone_all(struct load *l, struct err **err)
{
	AUTO_ARENA scratch = {0};
	const struct object_filter filter = {0};
	struct object_rows rows = {0};
	if (store_objects(l->session->store, &filter, OBJECT_BRIEF, &scratch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		if (rows.items[i].present)
			add_gone(l, &rows.items[i]);
	return 0;
}

static int read_changes(struct load *l, const char *old_tree, struct err **err)
{
	struct source *source = l->session->source;
	if (source_kind(source) == SOURCE_FOLDER) {
		struct source_manifest old = {0};
		if (old_tree && store_files_get(l->session->store, &l->arena, &old, err) < 0)
			return -1;
		if (source_scan(source, old_tree ? &old : NULL, l->session->now_ms,
			    &load_spec_files, &l->arena, &l->scan, err) < 0)
			return err_wrap(err, "read the folder %s", l->session->dir);
		l->changes = l->scan.changes;
		l->revision = l->tree = l->scan.manifest.digest;
		return 0;
	}
	l->revision = *l->rev.commit ? l->rev.commit : l->rev.tree;
	l->tree = l->rev.tree;
	const int got = l->flags & LOAD_WORKTREE
				? source_diff_worktree(source, old_tree, &load_spec_files,
					  &l->arena, &l->changes, err)
				: source_diff(source, old_tree, l->tree, &load_spec_files,
					  &l->arena, &l->changes, err);
	return got < 0 ? err_wrap(err, "compare with what is recorded") : 0;
}

static int take_changes(struct load *l, struct err **err)
{
	parse_ahead(l->session->source, &l->changes, &l->arena, &l->ahead);
	for (size_t i = 0; i < l->changes.count; i++) {
		const struct source_change *change = &l->changes.items[i];
		if (i < l->ahead.count && l->ahead.specs[i])
			take_spec(l, change, l->ahead.specs[i]);
		else if (change->op != SOURCE_REMOVED && take_change(l, change, err) < 0)
			return -1;
	}
	return 0;
}

static int read_changes_since(struct load *l, const struct revision_row *recorded, struct err **err)
{
	if (l->flags & LOAD_ALL)
		return read_changes(l, NULL, err);
	if (read_changes(l, recorded->tree_id, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	/* A rewritten history, cleaned up: nothing to compare with any more. */
	err_free(err);
	l->flags |= LOAD_ALL;
	l->changes = (struct source_changes){0};
	return read_changes(l, NULL, err);
}

static int resolve(struct load *l, const char *rev, struct err **err)
{
	struct source *source = l->session->source;
	return l->flags & LOAD_TREE ? source_resolve_tree(source, rev, &l->rev, err)
				    : source_resolve(source, rev, &l->rev, err);
}

static int put_paths(
	struct load *l, const char *from, const char *to, struct strmap *ret, struct err **err)
{
	struct source_changes changes = {0};
	if (str_eq(from, to))
		return 0;
	if (source_diff(l->session->source, from, to, &load_spec_files, &l->arena, &changes, err) <
		0)
		return err_wrap(err, "compare with the base branch");
	for (size_t i = 0; i < changes.count; i++)
		(void)strmap_put(ret, changes.items[i].path, NULL);
	return 0;
}

/* Which changes are the pull request's, and which are the base's own that are not recorded yet. */
static int split_changes(struct load *l, struct err **err)
{
	const struct load_merge *m = l->merge;
	const char *recorded = l->recorded ? l->recorded->tree_id : NULL;
	if (!m)
		return 0;
	if (put_paths(l, m->base_tree, m->tree, &l->touched, err) < 0)
		return -1;
	if (put_paths(l, recorded, m->base_tree, &l->ahead_of, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err); /* a rewritten history: everything may have moved */
	return put_paths(l, NULL, m->base_tree, &l->ahead_of, err);
}

bool load_touches(const struct load *l, const char *path)
{
	return strmap_has(&l->touched, path);
}

bool load_base_moved(const struct load *l, const char *path)
{
	return strmap_has(&l->ahead_of, path);
}

static int find_rev(struct load *l, const char *rev, struct err **err)
{
	if (!l->merge)
		return resolve(l, rev, err);
	if (source_resolve(l->session->source, l->merge->head, &l->rev, err) < 0)
		return -1;
	l->rev.branch[0] = '\0';
	(void)str_copy(l->rev.tree, sizeof l->rev.tree, l->merge->tree);
	return 0;
}

static int compare(struct load *l, const char *rev, struct err **err)
{
	struct session *s = l->session;
	struct revision_row *recorded = NULL;
	if (source_kind(s->source) == SOURCE_GIT && find_rev(l, rev, err) < 0)
		return -1;
	if (s->store && store_revision_last(s->store, &l->arena, &recorded, err) < 0)
		return -1;
	l->recorded = recorded;
	const bool anew = !recorded || !str_eq(recorded->decoder, READER_VERSION);
	if (anew)
		l->flags |= LOAD_ALL;
	if (read_changes_since(l, recorded, err) < 0 || split_changes(l, err) < 0)
		return -1;
	l->same = recorded && !anew && str_eq(recorded->tree_id, l->tree) &&
		  !(l->flags & LOAD_WORKTREE);
	if (take_changes(l, err) < 0)
		return -1;
	if (!s->store)
		return 0;
	return l->flags & LOAD_ALL ? find_gone_all(l, err) : find_gone(l, err);
}

/* --- checking ---------------------------------------------------------------------------- */

static const struct spec *finder_find(void *data, const char *key)
{
	struct load *l = data;
	if (l->merge && str_eq(key, "config"))
		return l->base_config;
	return load_spec(l, key);
}

static const char *const *finder_keys(void *data, enum spec_kind kind)
{
	return load_keys(data, kind);
}

struct spec_finder load_finder(struct load *l)
{
	return (struct spec_finder){
		.find = finder_find, .keys = finder_keys, .data = l, .broken = l->broken};
}

const struct spec *load_role_of(struct load *l, const struct spec *canvas)
{
	const struct spec_finder finder = load_finder(l);
	return spec_role_of(canvas, &finder);
}

const char *const *load_needs(struct load *l, struct arena *arena, const struct spec *spec)
{
	const char *const *needs = spec_needs(arena, spec);
	if (spec->kind != KIND_CANVAS || spec->canvas->role.text)
		return needs;
	const struct spec *role = load_role_of(l, spec);
	size_t count = 0;
	while (needs[count])
		count++;
	const char **all = arena_array(arena, count + 2, sizeof *all);
	for (size_t i = 0; i < count; i++)
		all[i] = needs[i];
	if (role)
		all[count] = role->key;
	return all;
}

struct check_list {
	const struct spec **items;
	size_t count, cap;
};

static void add_check(struct load *l, struct check_list *list, const char *key)
{
	struct loaded_spec *entry = (struct loaded_spec *)(uintptr_t)load_entry(l, key);
	if (!entry || !entry->spec || entry->checked)
		return;
	entry->checked = true;
	list->items =
		arena_grow(&l->arena, list->items, list->count, &list->cap, sizeof list->items[0]);
	list->items[list->count++] = entry->spec;
}

static int add_dependants(
	struct load *l, struct check_list *list, const char *key, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct store_keys keys = {0};
	if (store_dependants(l->session->store, key, &scratch, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.count; i++)
		add_check(l, list, keys.items[i]);
	return 0;
}

static void make_input(struct load *l, const struct spec *spec, struct render_input *ret)
{
	const struct spec *found = load_role_of(l, spec);
	*ret = (struct render_input){
		.name = spec->name,
		.canvas = spec->canvas,
		.role = found ? found->role : NULL,
		.config = l->config,
		.repository = l->session->repository,
		.pos = spec->name_pos,
	};
}

struct canvas_checks {
	struct render_types *types;
	struct render_input *inputs;
	size_t count;
};

static bool is_fine(void *data, size_t i)
{
	struct canvas_checks *checks = data;
	AUTO_DIAGS diags = {0};
	render_check_canvas(checks->types, &checks->inputs[i], &diags);
	return diags.count == 0;
}

/* On all processors; what is not fine is looked at again here, to hear why. */
static void check_canvases(struct load *l, const struct check_list *list)
{
	struct canvas_checks checks = {.types = l->types};
	checks.inputs = arena_array(&l->arena, list->count, sizeof *checks.inputs);
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i]->kind == KIND_CANVAS)
			make_input(l, list->items[i], &checks.inputs[checks.count++]);
	bool *fine = arena_array(&l->arena, checks.count, sizeof *fine);
	workers_check(checks.count, is_fine, &checks, fine);
	for (size_t i = 0; i < checks.count; i++)
		if (!fine[i])
			render_check_canvas(l->types, &checks.inputs[i], &l->diags);
}

/* What a change of key may have made wrong: what refers to it, or to any role, or to limits. */
static int add_concerned(struct load *l, struct check_list *list, const char *key, struct err **err)
{
	if (str_eq(key, "config")) {
		const char *const *canvases = load_keys(l, KIND_CANVAS);
		for (; *canvases; canvases++)
			add_check(l, list, *canvases);
		return 0;
	}
	if (str_starts(key, "role/") && add_dependants(l, list, "role/*", err) < 0)
		return -1;
	return add_dependants(l, list, key, err);
}

static int check_all(struct load *l, struct err **err)
{
	struct check_list list = {0};
	for (size_t i = 0; i < l->changed_count; i++)
		add_check(l, &list, l->changed[i]);
	if (l->session->store && !(l->flags & LOAD_ALL)) {
		for (size_t i = 0; i < l->changed_count; i++)
			if (add_concerned(l, &list, l->changed[i], err) < 0)
				return -1;
		for (size_t i = 0; i < l->gone_count; i++)
			if (add_concerned(l, &list, l->gone[i], err) < 0)
				return -1;
	}
	add_key(l, &l->broken, &l->broken_count, &l->broken_cap, NULL);
	const struct spec_finder finder = load_finder(l);
	spec_check(list.items, list.count, &finder, &l->diags);
	check_canvases(l, &list);
	diag_sort(&l->diags);
	return 0;
}

static void find_config(struct load *l)
{
	if (l->merge) {
		l->config =
			l->base_config ? l->base_config->config : spec_config_default(&l->arena);
		return;
	}
	const char *const *keys = load_keys(l, KIND_CONFIG);
	const struct spec *spec = keys[0] ? load_spec(l, keys[0]) : NULL;
	l->config = spec ? spec->config : spec_config_default(&l->arena);
}

static int open_load(struct load *ret, const char *rev, struct err **err)
{
	struct session *session = ret->session;
	const unsigned flags = ret->flags;
	if (compare(ret, rev, err) < 0) {
		load_close(ret);
		return -1;
	}
	find_config(ret);
	struct source_changes dirty = {0};
	if (check_all(ret, err) < 0 ||
		(flags & LOAD_NOTICE && source_kind(session->source) == SOURCE_GIT &&
			source_dirty(session->source, &load_spec_files, &ret->arena, &dirty, err) <
				0)) {
		load_close(ret);
		return -1;
	}
	ret->uncommitted = dirty.count;
	return 0;
}

int load_open(struct session *session, struct render_types *types, const char *rev, unsigned flags,
	struct load *ret, struct err **err)
{
	*ret = (struct load){.session = session, .types = types, .flags = flags};
	return open_load(ret, rev, err);
}

int load_open_merge(struct session *session, struct render_types *types,
	const struct load_merge *merge, struct load *ret, struct err **err)
{
	*ret = (struct load){.session = session, .types = types, .merge = merge};
	ret->base_config = recorded_config_spec(session->store, &ret->arena);
	return open_load(ret, NULL, err);
}

void load_close(struct load *l)
{
	strmap_release(&l->touched);
	strmap_release(&l->ahead_of);
	strmap_release(&l->specs);
	diag_list_release(&l->diags);
	arena_release(&l->arena);
	parsed_ahead_release(&l->ahead);
	*l = (struct load){0};
}

/* Is something to be done whatever the revision says? */
static int is_pending(struct session *session, bool *ret, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct store_pending pending = {0};
	struct schedule_rows due = {0};
	if (store_pending(session->store, &pending, err) < 0 ||
		store_schedules_due(session->store, session->now_ms, &scratch, &due, err) < 0)
		return -1;
	*ret = pending.unsettled || pending.operations || pending.revision || due.count;
	return 0;
}

int load_needed(
	struct session *session, bool *ret_needed, struct source_rev *ret_head, struct err **err)
{
	*ret_needed = true;
	if (!session->store || source_kind(session->source) != SOURCE_GIT ||
		!source_head_fast(session->source, ret_head))
		return 0;
	AUTO_ARENA scratch = {0};
	struct revision_row *last = NULL;
	bool pending;
	if (store_revision_last(session->store, &scratch, &last, err) < 0 ||
		is_pending(session, &pending, err) < 0)
		return -1;
	const char *branch = last && last->branch ? last->branch : "";
	*ret_needed = !last || !str_eq(last->commit_id, ret_head->commit) ||
		      !str_eq(branch, ret_head->branch) || !str_eq(last->decoder, READER_VERSION) ||
		      pending;
	return 0;
}
