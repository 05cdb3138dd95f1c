/* One pass over the files on disk; nothing is kept between runs. */
#include "reconcile/worktree.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "render/render.h"
#include "runbook/object.h"

#include <string.h>

static bool wanted(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir || spec_path_class(path) != SPEC_PATH_IGNORED;
}

static const struct source_filter spec_files = {wanted, NULL};

static void report_file(struct worktree *w, const char *path, const char *rule, const char *what)
{
	struct src *src = arena_alloc(&w->arena, sizeof *src);
	*src = (struct src){path, "", 0};
	diag_error(&w->diags, rule, ((struct pos){.src = src}), "%s", what);
}

static void add_path(struct worktree *w, const struct source_change *change)
{
	if (change->op == SOURCE_REMOVED)
		return;
	if (change->entry != SOURCE_FILE) {
		const enum spec_path_class class = spec_path_class(change->path);
		if (class != SPEC_PATH_ELSEWHERE && class != SPEC_PATH_IGNORED)
			report_file(w, change->path, "spec-link", SPEC_LINK_FILE);
		else if (spec_path_is_folder(change->path))
			report_file(w, change->path, "spec-link", SPEC_LINK_FOLDER);
		return;
	}
	w->paths = arena_grow(&w->arena, w->paths, w->path_count, &w->path_cap, sizeof w->paths[0]);
	w->paths[w->path_count++] = change->path;
}

/* The end of a list, in a place that is not counted. */
static const char **end_list(struct arena *a, const char **list, size_t count, size_t *cap)
{
	list = arena_grow(a, list, count, cap, sizeof list[0]);
	list[count] = NULL;
	return list;
}

int worktree_open(const char *dir, struct worktree *ret, struct err **err)
{
	struct source_changes changes = {0};
	struct source_scan_result scan = {0};
	*ret = (struct worktree){0};
	if (source_open(dir, NULL, &ret->source, err) < 0)
		return -1;
	if (!source_dir(ret->source))
		return err_set(err, ERR_INVALID,
			"%s is a bare repository: there are no files to look at", dir);
	if (source_kind(ret->source) == SOURCE_FOLDER) {
		if (source_scan(ret->source, NULL, clock_now_ms(), &spec_files, &ret->arena, &scan,
			    err) < 0)
			return err_wrap(err, "read the folder %s", dir);
		changes = scan.changes;
	} else if (source_diff_worktree(
			   ret->source, NULL, &spec_files, &ret->arena, &changes, err) < 0) {
		return err_wrap(err, "read the files of %s", dir);
	}
	for (size_t i = 0; i < changes.count; i++)
		add_path(ret, &changes.items[i]);
	ret->paths = end_list(&ret->arena, ret->paths, ret->path_count, &ret->path_cap);
	return 0;
}

void worktree_close(struct worktree *w)
{
	source_close(&w->source);
	strmap_release(&w->by_key);
	diag_list_release(&w->diags);
	arena_release(&w->arena);
}

int worktree_read(
	struct worktree *w, const char *path, const struct src **ret_src, struct err **err)
{
	AUTO_STR text = STR_INIT;
	*ret_src = NULL;
	if (source_read_disk(w->source, path, spec_file_limit(path), &text, err) < 0) {
		if (err_kind_of(*err) != ERR_INVALID)
			return err_wrap(err, "read %s", path);
		err_free(err);
		report_file(w, path, "yaml-limit", spec_file_too_large(path));
		return 0;
	}
	if (spec_path_class(path) == SPEC_PATH_ELSEWHERE && !spec_sniff(text.data, text.len))
		return 0;
	struct src *src = arena_alloc(&w->arena, sizeof *src);
	*src = (struct src){path, arena_memdup(&w->arena, text.data, text.len), text.len};
	*ret_src = src;
	return 0;
}

static void take(struct worktree *w, const struct src *src)
{
	const struct spec *spec = spec_file_load(&w->arena, src, &w->diags);
	if (!spec) {
		w->broken = arena_grow(
			&w->arena, w->broken, w->broken_count, &w->broken_cap, sizeof w->broken[0]);
		w->broken[w->broken_count++] = src->path;
		return;
	}
	const struct spec *first = strmap_get(&w->by_key, spec->key);
	if (first) {
		spec_report_duplicate(first, spec, &w->diags);
		return;
	}
	(void)strmap_put(&w->by_key, spec->key, (void *)(uintptr_t)spec);
	w->specs = arena_grow(&w->arena, w->specs, w->count, &w->cap, sizeof w->specs[0]);
	w->specs[w->count++] = spec;
}

static const struct spec *find(void *data, const char *key)
{
	return strmap_get(&((struct worktree *)data)->by_key, key);
}

static const char *const *keys_of(void *data, enum spec_kind kind)
{
	struct worktree *w = data;
	if (w->keys[kind])
		return w->keys[kind];
	const char **keys = arena_array(&w->arena, w->count + 1, sizeof keys[0]);
	size_t count = 0;
	for (size_t i = 0; i < w->count; i++)
		if (w->specs[i]->kind == kind)
			keys[count++] = w->specs[i]->key;
	return w->keys[kind] = keys;
}

static void check_canvases(struct worktree *w, const struct spec_finder *finder)
{
	struct render_types *types = render_types_load(&w->diags);
	const struct spec *config = find(w, "config");
	for (size_t i = 0; types && i < w->count; i++) {
		const struct spec *spec = w->specs[i];
		if (spec->kind != KIND_CANVAS)
			continue;
		const struct spec *role = spec_role_of(spec, finder);
		const struct render_input input = {
			.name = spec->name,
			.canvas = spec->canvas,
			.role = role ? role->role : NULL,
			.config = config ? config->config : NULL,
			.repository = source_name(w->source),
			.pos = spec->name_pos,
		};
		render_check_canvas(types, &input, &w->diags);
	}
	render_types_free(types);
}

int worktree_check(struct worktree *w, struct err **err)
{
	for (size_t i = 0; i < w->path_count; i++) {
		const struct src *src;
		if (worktree_read(w, w->paths[i], &src, err) < 0)
			return -1;
		if (src)
			take(w, src);
	}
	w->broken = end_list(&w->arena, w->broken, w->broken_count, &w->broken_cap);
	const struct spec_finder finder = {find, keys_of, w, w->broken};
	spec_check(w->specs, w->count, &finder, &w->diags);
	check_canvases(w, &finder);
	diag_sort(&w->diags);
	return 0;
}
