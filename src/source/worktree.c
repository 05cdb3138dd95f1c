/*
 * What lies on disk in a working copy: what is uncommitted (by libgit2's status, so .gitignore
 * and the index count as in git), and the whole of it as a list of changes.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "source/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HASHED = 64 * 1024 * 1024 };

static const struct ignore no_rules = {0};

int source_read_disk(
	struct source *s, const char *path, size_t limit, struct str *out, struct err **err)
{
	if (!s->dir)
		return err_set(err, ERR_NOT_FOUND, "%s: a bare repository has no files", path);
	AUTO_CLOSE root = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(err, errno, "open %s", s->dir);
	AUTO_CLOSE fd = fs_open_beneath(root, path, err);
	if (fd < 0)
		return -1;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "look at %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", path);
	return fs_read_fd(fd, path, limit, out, err);
}

int source_read_change(struct source *s, const struct source_change *change, size_t limit,
	struct str *out, struct err **err)
{
	if (change->entry != SOURCE_FILE)
		return err_set(err, ERR_INVALID, "%s is a %s, not a file: it is not followed",
			change->path,
			change->entry == SOURCE_SYMLINK ? "symbolic link" : "submodule");
	if (change->on_disk)
		return source_read_disk(s, change->path, limit, out, err);
	if (!change->new_id)
		return err_set(err, ERR_NOT_FOUND, "%s was removed", change->path);
	if (source_read(s, change->new_id, limit, out, err) < 0)
		return err_wrap(err, "%s", change->path);
	return 0;
}

int disk_ignore(struct source *s, struct arena *arena, struct ignore *ret, struct err **err)
{
	*ret = (struct ignore){0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR why = NULL;
	if (source_read_disk(s, SOURCE_IGNORE_FILE, IGNORE_MAX_BYTES, &text, &why) == 0)
		ignore_parse(text.data, text.len, arena, ret);
	else if (why->kind != ERR_NOT_FOUND) {
		*err = steal_ptr(why);
		return -1;
	}
	return 0;
}

/* The path below the spec root, or NULL if it lies elsewhere. */
static const char *below_root(const struct source *s, const char *path)
{
	const size_t len = strlen(s->subtree);
	if (!len)
		return path;
	return str_starts(path, s->subtree) && path[len] == '/' ? path + len + 1 : NULL;
}

/* False: committed and on disk are the same although the index says otherwise. */
static bool op_of(unsigned status, enum source_op *ret)
{
	const bool in_head = !(status & (GIT_STATUS_INDEX_NEW | GIT_STATUS_WT_NEW)) ||
			     status & GIT_STATUS_INDEX_DELETED;
	const bool on_disk = status & GIT_STATUS_WT_NEW ||
			     !(status & (GIT_STATUS_WT_DELETED | GIT_STATUS_INDEX_DELETED));
	*ret = !in_head ? SOURCE_ADDED : on_disk ? SOURCE_MODIFIED : SOURCE_REMOVED;
	return in_head || on_disk;
}

static int add_status(struct source *s, const git_status_entry *e, const struct ignore *rules,
	const struct source_filter *filter, struct change_list *list, struct err **err)
{
	const git_diff_delta *delta = e->index_to_workdir ? e->index_to_workdir : e->head_to_index;
	if (!delta)
		return 0;
	const char *full = delta->new_file.path ? delta->new_file.path : delta->old_file.path;
	const char *path = below_root(s, full);
	enum source_op op;
	const bool is_link = delta->new_file.mode == GIT_FILEMODE_LINK;
	if (!path || !op_of(e->status, &op) || ignore_hides(rules, path, false) ||
		!source_wants(filter, path, is_link))
		return 0;
	struct source_change *c = change_add(list, path, err);
	if (!c)
		return -1;
	c->op = op;
	c->entry = is_link ? SOURCE_SYMLINK : SOURCE_FILE;
	c->on_disk = op != SOURCE_REMOVED;
	return 0;
}

static int list_dirty(struct source *s, const struct ignore *rules,
	const struct source_filter *filter, struct change_list *list, struct err **err)
{
	git_status_options options;
	(void)git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
			GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
	char *spec[1] = {s->subtree};
	if (*s->subtree)
		options.pathspec = (git_strarray){spec, 1};
	git_status_list *status = NULL;
	int rc = git_status_list_new(&status, s->repo, &options);
	if (rc < 0)
		return git_fail(s, rc, err, "look for uncommitted changes");
	const size_t count = git_status_list_entrycount(status);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = add_status(s, git_status_byindex(status, i), rules, filter, list, err);
	git_status_list_free(status);
	return rc;
}

int source_dirty(struct source *s, const struct source_filter *filter, struct arena *arena,
	struct source_changes *ret, struct err **err)
{
	*ret = (struct source_changes){0};
	if (git_need(s, err) < 0)
		return -1;
	if (!s->work_dir || git_repository_is_bare(s->repo))
		return 0;
	struct ignore rules;
	if (disk_ignore(s, arena, &rules, err) < 0)
		return -1;
	struct change_list list = {.arena = arena, .changes = ret};
	return list_dirty(s, &rules, filter, &list, err);
}

/* The blob id that the file would get as it is; NULL without an error: it is gone meanwhile. */
static int disk_id(struct source *s, struct source_change *c, struct arena *arena, struct err **err)
{
	AUTO_FREE char *full = path_join(s->dir, c->path);
	AUTO_STR data = STR_INIT;
	struct stat st;
	if (lstat(full, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "look at %s", c->path);
	if (S_ISLNK(st.st_mode)) {
		char target[PATH_MAX];
		const ssize_t n = readlink(full, target, sizeof target);
		if (n < 0)
			return err_errno(err, errno, "read the link %s", c->path);
		str_addn(&data, target, (size_t)n);
		c->entry = SOURCE_SYMLINK;
	} else if (!S_ISREG(st.st_mode)) {
		return 0;
	} else if (source_read_disk(s, c->path, MAX_HASHED, &data, err) < 0) {
		return -1;
	}
	git_oid oid;
	const int rc = git_odb_hash(&oid, data.data, data.len, GIT_OBJECT_BLOB);
	if (rc < 0)
		return git_fail(s, rc, err, "hash %s", c->path);
	char hex[GIT_OID_HEXSZ + 1];
	c->new_id = arena_strdup(arena, git_oid_tostr(hex, sizeof hex, &oid));
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct source_change *x = a, *y = b;
	return strcmp(x->path, y->path);
}

/* All files of a tree as added, without the ignore rules of that tree. */
static int list_tree(struct source *s, const char *tree, const struct ignore *rules,
	const struct source_filter *filter, struct change_list *list, struct err **err)
{
	struct tree_walk walk = {
		.source = s,
		.filter = filter,
		.old_ignore = &no_rules,
		.new_ignore = rules,
		.list = *list,
	};
	const int rc = tree_walk_run(&walk, NULL, tree, err);
	list->cap = walk.list.cap;
	return rc;
}

/* HEAD's files with the uncommitted ones laid over them: what is on disk. */
static int list_disk(struct source *s, const struct source_filter *filter, struct arena *arena,
	struct source_changes *ret, struct err **err)
{
	struct ignore rules;
	struct source_changes dirty = {0};
	struct change_list dirty_list = {.arena = arena, .changes = &dirty};
	if (disk_ignore(s, arena, &rules, err) < 0 ||
		list_dirty(s, &rules, filter, &dirty_list, err) < 0)
		return -1;
	AUTO_STRMAP covered = {0};
	struct change_list list = {.arena = arena, .changes = ret};
	for (size_t i = 0; i < dirty.count; i++) {
		struct source_change *c = &dirty.items[i];
		(void)strmap_put(&covered, c->path, c);
		if (c->op != SOURCE_REMOVED && disk_id(s, c, arena, err) < 0)
			return -1;
	}
	AUTO_ERR unborn = NULL;
	struct source_rev head;
	if (source_resolve(s, NULL, &head, &unborn) == 0) {
		if (list_tree(s, head.tree, &rules, filter, &list, err) < 0)
			return -1;
	} else if (unborn->kind != ERR_NOT_FOUND) {
		*err = steal_ptr(unborn);
		return -1;
	}
	size_t kept = 0;
	for (size_t i = 0; i < ret->count; i++)
		if (!strmap_has(&covered, ret->items[i].path))
			ret->items[kept++] = ret->items[i];
	ret->count = kept;
	for (size_t i = 0; i < dirty.count; i++) {
		if (!dirty.items[i].new_id)
			continue;
		struct source_change *c = change_add(&list, dirty.items[i].path, err);
		if (!c)
			return -1;
		c->entry = dirty.items[i].entry;
		c->on_disk = true;
		c->new_id = dirty.items[i].new_id;
	}
	if (ret->count)
		qsort(ret->items, ret->count, sizeof *ret->items, by_path);
	return 0;
}

/* Of a list of "added" entries. */
static struct change_side side_at(const void *data, size_t i)
{
	const struct source_changes *list = data;
	if (i >= list->count)
		return (struct change_side){0};
	const struct source_change *c = &list->items[i];
	return (struct change_side){c->path, c->new_id, c->entry, c->on_disk};
}

int source_diff_worktree(struct source *s, const char *old_tree, const struct source_filter *filter,
	struct arena *arena, struct source_changes *ret, struct err **err)
{
	*ret = (struct source_changes){0};
	if (git_need(s, err) < 0)
		return -1;
	if (!s->work_dir || git_repository_is_bare(s->repo))
		return err_set(err, ERR_INVALID,
			"%s is a bare repository: it has no files to look at", s->git_dir);
	struct source_changes old = {0}, disk = {0};
	if (list_disk(s, filter, arena, &disk, err) < 0)
		return -1;
	if (old_tree) {
		struct ignore rules;
		struct change_list list = {.arena = arena, .changes = &old};
		if (tree_ignore(s, old_tree, arena, &rules, err) < 0 ||
			list_tree(s, old_tree, &rules, filter, &list, err) < 0)
			return -1;
	}
	struct change_list list = {.arena = arena, .changes = ret};
	return change_compare(&list, side_at, &old, &disk, err);
}
