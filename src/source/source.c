/*
 * Finding out what a folder is: by looking at the files of git as git itself does, so that a run
 * with nothing to do never has to initialise libgit2.
 */
#include "source/source.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_POINTER = 8192 };

static bool is_git_dir(const char *path)
{
	AUTO_FREE char *head = path_join(path, "HEAD");
	AUTO_FREE char *objects = path_join(path, "objects");
	AUTO_FREE char *refs = path_join(path, "refs");
	return fs_exists(head) && fs_is_dir(objects) && fs_is_dir(refs);
}

/* The first line of a small file, after prefix; NULL if there is none such. */
static char *read_line(const char *path, const char *prefix)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR unreadable = NULL;
	if (fs_read(path, MAX_POINTER, &text, &unreadable) < 0 || !str_starts(text.data, prefix))
		return NULL;
	const size_t skip = strlen(prefix);
	return xstrndup(text.data + skip, strcspn(text.data + skip, "\r\n"));
}

/* A path in a file of git is relative to the folder base. */
static char *resolve_path(const char *base, const char *path)
{
	AUTO_FREE char *joined = path[0] == '/' ? xstrdup(path) : path_join(base, path);
	return realpath(joined, NULL);
}

static char *common_dir_of(const char *git_dir)
{
	AUTO_FREE char *file = path_join(git_dir, "commondir");
	AUTO_FREE char *line = read_line(file, "");
	char *common = line ? resolve_path(git_dir, line) : NULL;
	return common ? common : xstrdup(git_dir);
}

/* Is top the top of a working copy? Then its git folder, else NULL. */
static char *git_dir_of(const char *top)
{
	AUTO_FREE char *dot_git = path_join(top, ".git");
	struct stat st;
	if (stat(dot_git, &st) < 0)
		return NULL;
	if (S_ISDIR(st.st_mode))
		return is_git_dir(dot_git) ? realpath(dot_git, NULL) : NULL;
	AUTO_FREE char *line = read_line(dot_git, "gitdir: ");
	return line ? resolve_path(top, line) : NULL;
}

/* Looks at dir and the folders above it, not beyond its file system. Leaves git_dir NULL if none.
 */
static void discover(struct source *s, const char *dir)
{
	if (is_git_dir(dir)) {
		s->git_dir = xstrdup(dir);
		/* The git folder of a working copy stands for that copy. */
		if (str_ends(dir, "/.git"))
			s->work_dir = xstrndup(dir, strlen(dir) - strlen("/.git"));
		return;
	}
	AUTO_FREE char *top = xstrdup(dir);
	struct stat first, st;
	if (stat(top, &first) < 0)
		return;
	while (stat(top, &st) == 0 && st.st_dev == first.st_dev) {
		s->git_dir = git_dir_of(top);
		if (s->git_dir) {
			s->work_dir = xstrdup(top);
			return;
		}
		char *slash = strrchr(top, '/');
		if (!slash || !top[1])
			return;
		slash[slash == top] = '\0';
	}
}

/* Cleans root ("a//b/" to "a/b"); NULL if it leads out. */
static char *clean_root(const char *root)
{
	AUTO_STR out = STR_INIT;
	for (const char *p = root ? root : ""; *p;) {
		const size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return NULL;
		if (len && !(len == 1 && p[0] == '.')) {
			if (out.len)
				str_addc(&out, '/');
			str_addn(&out, p, len);
		}
		p += len + (p[len] == '/');
	}
	return str_detach(&out);
}

static void fill_git(struct source *s, const char *dir, const char *root)
{
	s->kind = SOURCE_GIT;
	s->common_dir = common_dir_of(s->git_dir);
	const char *below = "";
	if (s->work_dir && !str_eq(dir, s->git_dir)) {
		const size_t top = strlen(s->work_dir);
		below = dir + top + (dir[top] == '/');
	}
	s->subtree = *root ? path_join(below, root) : xstrdup(below);
	if (s->work_dir)
		s->dir = *s->subtree ? path_join(s->work_dir, s->subtree) : xstrdup(s->work_dir);
	s->state_dir = path_join(s->common_dir, "trueup");
	if (*s->subtree) {
		char digest[DIGEST_HEX];
		digest_hex(s->subtree, strlen(s->subtree), digest);
		AUTO_FREE char *top = s->state_dir;
		s->state_dir = xasprintf("%s/roots/%.16s", top, digest);
	}
}

static int fill_folder(struct source *s, const char *dir, const char *root, struct err **err)
{
	s->kind = SOURCE_FOLDER;
	s->dir = *root ? path_join(dir, root) : xstrdup(dir);
	if (!fs_is_dir(s->dir))
		return err_set(err, ERR_NOT_FOUND, "%s is not a folder", s->dir);
	s->subtree = xstrdup("");
	s->state_dir = path_join(s->dir, ".trueup");
	return 0;
}

static char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = xstrdup(slash && slash[1] ? slash + 1 : path);
	const size_t len = strlen(name);
	if (len > 4 && str_ends(name, ".git"))
		name[len - 4] = '\0';
	return name;
}

int source_open(const char *dir, const char *root, struct source **ret, struct err **err)
{
	AUTO_SOURCE *s = xcalloc(1, sizeof *s);
	AUTO_FREE char *real = realpath(dir, NULL);
	if (!real)
		return err_errno(err, errno, "open the spec folder %s", dir);
	if (!fs_is_dir(real))
		return err_set(err, ERR_INVALID, "%s is not a folder", dir);
	AUTO_FREE char *below = clean_root(root);
	if (!below)
		return err_set(err, ERR_INVALID, "the spec root '%s' leads out of %s", root, dir);
	discover(s, real);
	if (s->git_dir)
		fill_git(s, real, below);
	else if (fill_folder(s, real, below, err) < 0)
		return -1;
	s->name = last_part(s->dir ? s->dir : *s->subtree ? s->subtree : s->git_dir);
	*ret = steal_ptr(s);
	return 0;
}

void source_close(struct source **at)
{
	struct source *s = *at;
	if (!s)
		return;
	if (s->repo) {
		git_odb_free(s->odb);
		git_repository_free(s->repo);
		(void)git_libgit2_shutdown();
	}
	free(s->name);
	free(s->dir);
	free(s->work_dir);
	free(s->git_dir);
	free(s->common_dir);
	free(s->subtree);
	free(s->state_dir);
	free(s);
	*at = NULL;
}

enum source_kind source_kind(const struct source *s)
{
	return s->kind;
}

const char *source_name(const struct source *s)
{
	return s->name;
}

const char *source_dir(const struct source *s)
{
	return s->dir;
}

const char *source_subtree(const struct source *s)
{
	return s->subtree;
}

const char *source_git_dir(const struct source *s)
{
	return s->common_dir;
}

const char *source_state_dir(const struct source *s)
{
	return s->state_dir;
}

bool source_is_private(const char *name)
{
	return str_eq(name, ".git") || str_eq(name, ".trueup");
}

bool source_wants(const struct source_filter *filter, const char *path, bool is_dir)
{
	return !filter || !filter->wanted || filter->wanted(filter->ctx, path, is_dir);
}

struct source_change *change_add(struct change_list *list, const char *path, struct err **err)
{
	struct source_changes *all = list->changes;
	if (all->count == SOURCE_MAX_FILES) {
		(void)err_set(err, ERR_INVALID,
			"the spec root holds more than %d files: hide some in %s", SOURCE_MAX_FILES,
			SOURCE_IGNORE_FILE);
		return NULL;
	}
	all->items =
		arena_grow(list->arena, all->items, all->count, &list->cap, sizeof *all->items);
	struct source_change *c = &all->items[all->count++];
	*c = (struct source_change){.path = arena_strdup(list->arena, path)};
	return c;
}

/* By path; a side that is not there comes last. */
static int change_order(const struct change_side *a, const struct change_side *b)
{
	if (!a->path || !b->path)
		return a->path ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* What the two sides of one path, or one alone, amount to: nothing if they are equal. */
static int change_pair(struct change_list *list, const struct change_side *old,
	const struct change_side *new, struct err **err)
{
	if (old && new &&str_eq(old->id, new->id) && old->entry == new->entry)
		return 0;
	const struct change_side *now = new ? new : old;
	struct source_change *c = change_add(list, now->path, err);
	if (!c)
		return -1;
	c->op = !old ? SOURCE_ADDED : !new ? SOURCE_REMOVED : SOURCE_MODIFIED;
	c->entry = now->entry;
	c->on_disk = new &&new->on_disk;
	c->old_id = old ? old->id : NULL;
	c->new_id = new ? new->id : NULL;
	return 0;
}

int change_compare(struct change_list *list, struct change_side (*at)(const void *side, size_t i),
	const void *old, const void *new, struct err **err)
{
	for (size_t i = 0, j = 0;;) {
		const struct change_side a = at(old, i), b = at(new, j);
		if (!a.path && !b.path)
			return 0;
		const int order = change_order(&a, &b);
		i += order <= 0;
		j += order >= 0;
		if (change_pair(list, order <= 0 ? &a : NULL, order >= 0 ? &b : NULL, err) < 0)
			return -1;
	}
}
