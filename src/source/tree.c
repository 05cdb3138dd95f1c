/*
 * Tree against tree. A walk of our own instead of git_diff: it looks only at subtrees that differ,
 * asks the filter before it allocates anything, and knows both versions of the ignore rules.
 */
#include "base/err.h"
#include "base/str.h"
#include "source/internal.h"

#include <string.h>

/* Both sides at one place of the walk. */
struct level {
	git_tree *old, *new; /* NULL: not there */
	size_t depth;
};

static const git_tree_entry *entry_at(const git_tree *tree, size_t i)
{
	return tree && i < git_tree_entrycount(tree) ? git_tree_entry_byindex(tree, i) : NULL;
}

static bool is_tree(const git_tree_entry *e)
{
	return git_tree_entry_type(e) == GIT_OBJECT_TREE;
}

/* The order of git: names as bytes, a folder as if it ended in "/". */
static int entry_order(const git_tree_entry *a, const git_tree_entry *b)
{
	if (!a || !b)
		return a ? -1 : 1;
	const char *x = git_tree_entry_name(a), *y = git_tree_entry_name(b);
	const size_t xl = strlen(x), yl = strlen(y), n = xl < yl ? xl : yl;
	const int order = memcmp(x, y, n);
	if (order)
		return order;
	const unsigned char xc = (unsigned char)(xl > n ? x[n] : is_tree(a) ? '/' : '\0');
	const unsigned char yc = (unsigned char)(yl > n ? y[n] : is_tree(b) ? '/' : '\0');
	return (xc > yc) - (xc < yc);
}

static enum source_entry entry_kind(const git_tree_entry *e)
{
	const git_filemode_t mode = git_tree_entry_filemode(e);
	if (mode == GIT_FILEMODE_LINK)
		return SOURCE_SYMLINK;
	return mode == GIT_FILEMODE_COMMIT ? SOURCE_SUBMODULE : SOURCE_FILE;
}

static const char *id_text(struct arena *arena, const git_tree_entry *e)
{
	char hex[GIT_OID_HEXSZ + 1];
	return arena_memdup(
		arena, git_oid_tostr(hex, sizeof hex, git_tree_entry_id(e)), GIT_OID_HEXSZ);
}

static bool is_same(const git_tree_entry *old, const git_tree_entry *new)
{
	if (!old || !new)
		return old == new;
	return git_oid_equal(git_tree_entry_id(old), git_tree_entry_id(new)) &&
	       entry_kind(old) == entry_kind(new);
}

static int add_file(struct tree_walk *w, const char *path, const git_tree_entry *old,
	const git_tree_entry *new, struct err **err)
{
	if (is_same(old, new))
		return 0;
	const bool may_be_dir = entry_kind(new ? new : old) != SOURCE_FILE;
	if (!source_wants(w->filter, path, may_be_dir))
		return 0;
	struct source_change *c = change_add(&w->list, path, err);
	if (!c)
		return -1;
	c->op = !old ? SOURCE_ADDED : !new ? SOURCE_REMOVED : SOURCE_MODIFIED;
	c->entry = entry_kind(new ? new : old);
	c->executable = new &&git_tree_entry_filemode(new) == GIT_FILEMODE_BLOB_EXECUTABLE;
	c->old_id = old ? id_text(w->list.arena, old) : NULL;
	c->new_id = new ? id_text(w->list.arena, new) : NULL;
	return 0;
}

static int walk_level(
	struct tree_walk *w, const struct level *at, struct str *path, struct err **err);

static int open_tree(struct tree_walk *w, const git_tree_entry *e, git_tree **ret, struct err **err)
{
	*ret = NULL;
	if (!e)
		return 0;
	const int rc = git_tree_lookup(ret, w->source->repo, git_tree_entry_id(e));
	return rc < 0 ? git_fail(w->source, rc, err, "read folder %s", git_tree_entry_name(e)) : 0;
}

static int walk_down(struct tree_walk *w, const struct level *at, struct str *path,
	const git_tree_entry *const pair[2], struct err **err)
{
	if (!pair[0] && !pair[1])
		return 0;
	if (!w->full && pair[0] && pair[1] &&
		git_oid_equal(git_tree_entry_id(pair[0]), git_tree_entry_id(pair[1])))
		return 0;
	if (!source_wants(w->filter, path->data, true))
		return 0;
	if (at->depth == SOURCE_MAX_DEPTH)
		return err_set(err, ERR_INVALID, "%s: more than %d folders deep", path->data,
			SOURCE_MAX_DEPTH);
	AUTO_GIT_TREE *old = NULL;
	AUTO_GIT_TREE *new = NULL;
	if (open_tree(w, pair[0], &old, err) < 0 || open_tree(w, pair[1], &new, err) < 0)
		return -1;
	const struct level below = {old, new, at->depth + 1};
	return walk_level(w, &below, path, err);
}

/* One name, on one side or both. */
static int walk_entry(struct tree_walk *w, const struct level *at, struct str *path,
	const git_tree_entry *const found[2], struct err **err)
{
	const git_tree_entry *any = found[0] ? found[0] : found[1];
	const char *name = git_tree_entry_name(any);
	if (source_is_private(name))
		return 0;
	const size_t before = path->len;
	if (before)
		str_addc(path, '/');
	str_add(path, name);
	const bool dir = is_tree(any);
	/* What is hidden on a side is not there on that side. */
	const git_tree_entry *const pair[2] = {
		found[0] && !ignore_matches(w->old_ignore, path->data, dir) ? found[0] : NULL,
		found[1] && !ignore_matches(w->new_ignore, path->data, dir) ? found[1] : NULL,
	};
	const int rc = dir ? walk_down(w, at, path, pair, err)
			   : add_file(w, path->data, pair[0], pair[1], err);
	str_truncate(path, before);
	return rc;
}

static int walk_level(
	struct tree_walk *w, const struct level *at, struct str *path, struct err **err)
{
	for (size_t i = 0, j = 0;;) {
		const git_tree_entry *old = entry_at(at->old, i), *new = entry_at(at->new, j);
		if (!old && !new)
			return 0;
		const int order = entry_order(old, new);
		const git_tree_entry *const found[2] = {
			order <= 0 ? old : NULL, order >= 0 ? new : NULL};
		i += order <= 0;
		j += order >= 0;
		if (walk_entry(w, at, path, found, err) < 0)
			return -1;
	}
}

int tree_walk_run(
	struct tree_walk *walk, const char *old_tree, const char *new_tree, struct err **err)
{
	if (git_need(walk->source, err) < 0)
		return -1;
	AUTO_GIT_TREE *old = NULL;
	AUTO_GIT_TREE *new = NULL;
	if (git_tree_by_id(walk->source, old_tree, &old, err) < 0 ||
		git_tree_by_id(walk->source, new_tree, &new, err) < 0)
		return -1;
	AUTO_STR path = STR_INIT;
	const struct level top = {.old = old, .new = new};
	return walk_level(walk, &top, &path, err);
}

int tree_ignore(struct source *s, const char *tree, struct arena *arena, struct ignore *ret,
	struct err **err)
{
	*ret = (struct ignore){0};
	if (!tree)
		return 0;
	AUTO_STR text = STR_INIT;
	AUTO_ERR why = NULL;
	if (source_read_path(s, tree, SOURCE_IGNORE_FILE, IGNORE_MAX_BYTES, &text, &why) == 0)
		ignore_parse(text.data, text.len, arena, ret);
	else if (why->kind != ERR_NOT_FOUND) {
		*err = steal_ptr(why);
		return -1;
	}
	return 0;
}

/* Do the two trees hold the same ignore file, or both none? */
static int same_ignore_file(
	struct source *s, const char *old_tree, const char *new_tree, bool *ret, struct err **err)
{
	char ids[2][GIT_OID_HEXSZ + 1] = {"", ""};
	const char *const trees[2] = {old_tree, new_tree};
	for (size_t i = 0; i < 2; i++) {
		AUTO_GIT_TREE *tree = NULL;
		if (git_tree_by_id(s, trees[i], &tree, err) < 0)
			return -1;
		const git_tree_entry *e =
			tree ? git_tree_entry_byname(tree, SOURCE_IGNORE_FILE) : NULL;
		if (e)
			(void)git_oid_tostr(ids[i], sizeof ids[i], git_tree_entry_id(e));
	}
	*ret = !old_tree || str_eq(ids[0], ids[1]);
	return 0;
}

int source_diff(struct source *s, const char *old_tree, const char *new_tree,
	const struct source_filter *filter, struct arena *arena, struct source_changes *ret,
	struct err **err)
{
	*ret = (struct source_changes){0};
	struct ignore old_ignore, new_ignore;
	bool same;
	if (git_need(s, err) < 0 || same_ignore_file(s, old_tree, new_tree, &same, err) < 0 ||
		tree_ignore(s, old_tree, arena, &old_ignore, err) < 0 ||
		tree_ignore(s, new_tree, arena, &new_ignore, err) < 0)
		return -1;
	struct tree_walk walk = {
		.source = s,
		.filter = filter,
		.old_ignore = &old_ignore,
		.new_ignore = &new_ignore,
		.full = !same,
		.list = {.arena = arena, .changes = ret},
	};
	return tree_walk_run(&walk, old_tree, new_tree, err);
}
