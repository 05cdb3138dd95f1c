#include "source/roots.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The names in "roots" (source.c); what somebody put aside there has another form. */
enum { ROOT_NAME_LENGTH = 16 };

struct root_list {
	struct arena *arena;
	struct source_roots *roots;
	size_t cap;
};

int source_root_note(const struct source *s, struct err **err)
{
	if (s->kind != SOURCE_GIT)
		return 0;
	AUTO_FREE char *file = path_join(s->state_dir, "root");
	AUTO_FREE char *line = xasprintf("%s\n", s->subtree);
	return fs_write_if_changed(file, line, strlen(line), 0600, NULL, err);
}

/* NULL when it was not written down. */
static const char *read_path(struct arena *arena, const char *state_dir)
{
	AUTO_FREE char *file = path_join(state_dir, "root");
	AUTO_STR text = STR_INIT;
	AUTO_ERR unreadable = NULL;
	if (fs_read(file, PATH_MAX, &text, &unreadable) < 0 || !text.len)
		return NULL;
	str_truncate(&text, text.len - 1);
	return arena_strdup(arena, text.data);
}

static bool has_store(const char *state_dir)
{
	AUTO_FREE char *file = path_join(state_dir, "trueup.db");
	return fs_exists(file);
}

static void add_root(
	const struct source *s, struct root_list *list, const char *state_dir, bool is_top)
{
	struct source_roots *roots = list->roots;
	if (str_eq(state_dir, s->state_dir) || !has_store(state_dir))
		return;
	roots->items = arena_grow(
		list->arena, roots->items, roots->count, &list->cap, sizeof *roots->items);
	roots->items[roots->count++] = (struct source_root){
		.path = is_top ? "" : read_path(list->arena, state_dir),
		.state_dir = arena_strdup(list->arena, state_dir),
	};
}

static int compare_roots(const void *a, const void *b)
{
	const struct source_root *x = a, *y = b;
	if (!x->path || !y->path)
		return !y->path - !x->path;
	return strcmp(x->path, y->path);
}

static int list_roots(const struct source *s, struct root_list *list, struct err **err)
{
	AUTO_FREE char *top = path_join(s->common_dir, "trueup");
	AUTO_FREE char *folder = path_join(top, "roots");
	add_root(s, list, top, true);
	DIR *dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? 0 : err_errno(err, errno, "open %s", folder);
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (strlen(e->d_name) != ROOT_NAME_LENGTH)
			continue;
		AUTO_FREE char *state = path_join(folder, e->d_name);
		add_root(s, list, state, false);
	}
	(void)closedir(dir);
	if (list->roots->count)
		qsort(list->roots->items, list->roots->count, sizeof *list->roots->items,
			compare_roots);
	return 0;
}

static bool is_folder(const git_tree *top, const char *path)
{
	git_tree_entry *entry = NULL;
	const int rc = git_tree_entry_bypath(&entry, top, path);
	const bool is = rc == 0 && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
	git_tree_entry_free(entry);
	return is;
}

int source_roots_find_gone(struct source *s, struct source_roots *roots, struct err **err)
{
	AUTO_GIT_OBJECT *top = NULL;
	if (!roots->count)
		return 0;
	if (git_need(s, err) < 0)
		return -1;
	const int rc = git_revparse_single(&top, s->repo, "HEAD^{tree}");
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc < 0)
		return git_fail(s, rc, err, "read HEAD");
	for (size_t i = 0; i < roots->count; i++) {
		struct source_root *root = &roots->items[i];
		root->gone =
			root->path && *root->path && !is_folder((const git_tree *)top, root->path);
	}
	return 0;
}

int source_roots_other(
	const struct source *s, struct arena *arena, struct source_roots *ret, struct err **err)
{
	struct root_list list = {.arena = arena, .roots = ret};
	*ret = (struct source_roots){0};
	return s->kind == SOURCE_GIT ? list_roots(s, &list, err) : 0;
}
