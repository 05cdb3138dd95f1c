/*
 * The quarantine is added to the object database as alternates, which libgit2 reads and never
 * writes. The new commits are walked without any order: each is compared with its first parent, so
 * that the cost is what the push brings and not what the repository holds.
 */
#include "source/quarantine.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "source/internal.h"

#include <stdlib.h>
#include <string.h>

/* Inside quotes: \\, \", the letters of C, and three octal digits (quote.c of git). */
static const char *unquote(const char *p, struct str *out)
{
	static const char letters[] = "abtnvfr\\\"", values[] = "\a\b\t\n\v\f\r\\\"";
	for (; *p && *p != '"'; p++) {
		if (*p != '\\' || !p[1]) {
			str_addc(out, *p);
			continue;
		}
		p++;
		const char *letter = strchr(letters, *p);
		if (letter) {
			str_addc(out, values[letter - letters]);
		} else if (strspn(p, "01234567") >= 3) {
			str_addc(out, (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0')));
			p += 2;
		} else {
			str_addc(out, *p);
		}
	}
	return *p ? p + 1 : p;
}

const char *source_next_object_dir(const char *list, struct str *out)
{
	if (!list || !*list)
		return NULL;
	if (*list == '"')
		list = unquote(list + 1, out);
	const size_t len = strcspn(list, ":");
	str_addn(out, list, len);
	return list + len + (list[len] == ':');
}

static int add_dir(struct source *s, const char *dir, struct err **err)
{
	const int rc = *dir ? git_odb_add_disk_alternate(s->odb, dir) : 0;
	return rc < 0 ? git_fail(s, rc, err, "open the objects in %s", dir) : 0;
}

int quarantine_add(struct source *s, struct err **err)
{
	const char *objects = getenv("GIT_OBJECT_DIRECTORY");
	if (objects && add_dir(s, objects, err) < 0)
		return -1;
	const char *rest = getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	for (;;) {
		AUTO_STR dir = STR_INIT;
		rest = source_next_object_dir(rest, &dir);
		if (!rest)
			return 0;
		if (add_dir(s, dir.data, err) < 0)
			return -1;
	}
}

/* --- what is new ------------------------------------------------------------------------- */

struct new_walk {
	struct source *source;
	const struct source_filter *filter;
	struct arena *arena;
	struct source_new_files *files;
	size_t cap;
	struct strmap seen; /* "ID PATH" */
};

/* The tree of the spec root; "" for a commit that has none. */
static int root_tree(
	struct source *s, const git_commit *commit, char ret[SOURCE_ID_SIZE], struct err **err)
{
	ret[0] = '\0';
	if (git_subtree(s, commit, ret, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	ret[0] = '\0';
	return 0;
}

static int parent_tree(
	struct source *s, const git_commit *commit, char ret[SOURCE_ID_SIZE], struct err **err)
{
	ret[0] = '\0';
	if (!git_commit_parentcount(commit))
		return 0;
	git_commit *parent = NULL;
	int rc = git_commit_parent(&parent, commit, 0);
	/* The history of a shallow repository ends somewhere: all is new there. */
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc < 0)
		return git_fail(s, rc, err, "read the parent of a pushed commit");
	rc = root_tree(s, parent, ret, err);
	git_commit_free(parent);
	return rc;
}

static int add_version(
	struct new_walk *w, const char *path, const char *id, const char *commit, struct err **err)
{
	AUTO_STR key = STR_INIT;
	str_addf(&key, "%s %s", id, path);
	if (strmap_put(&w->seen, key.data, w))
		return 0;
	if (w->files->count == SOURCE_MAX_FILES)
		return err_set(err, ERR_INVALID,
			"the push brings more than %d versions of files: push it in parts",
			SOURCE_MAX_FILES);
	w->files->items = arena_grow(
		w->arena, w->files->items, w->files->count, &w->cap, sizeof *w->files->items);
	w->files->items[w->files->count++] = (struct source_new_file){
		.path = arena_strdup(w->arena, path),
		.id = arena_strdup(w->arena, id),
		.commit = commit,
	};
	return 0;
}

/* What tree has and old_tree (NULL: the empty one) has not; commit NULL: no commit brings it. */
static int add_tree(struct new_walk *w, const char *old_tree, const char *tree, const char *commit,
	struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct source_changes changes;
	if (source_diff(w->source, old_tree, tree, w->filter, &scratch, &changes, err) < 0)
		return -1;
	for (size_t i = 0; i < changes.count; i++) {
		const struct source_change *c = &changes.items[i];
		if (c->op != SOURCE_REMOVED && c->entry == SOURCE_FILE &&
			add_version(w, c->path, c->new_id, commit, err) < 0)
			return -1;
	}
	return 0;
}

static int add_commit(struct new_walk *w, const git_oid *oid, struct err **err)
{
	char trees[2][SOURCE_ID_SIZE], id[SOURCE_ID_SIZE];
	git_commit *commit = NULL;
	int rc = git_commit_lookup(&commit, w->source->repo, oid);
	if (rc < 0)
		return git_fail(w->source, rc, err, "read a pushed commit");
	rc = parent_tree(w->source, commit, trees[0], err);
	if (rc == 0)
		rc = root_tree(w->source, commit, trees[1], err);
	git_commit_free(commit);
	if (rc < 0 || !*trees[1] || str_eq(trees[0], trees[1]))
		return rc;
	const char *name = arena_strdup(w->arena, git_oid_tostr(id, sizeof id, oid));
	return add_tree(w, *trees[0] ? trees[0] : NULL, trees[1], name, err);
}

static int walk_new(struct new_walk *w, git_revwalk *walk, const git_oid *tip, struct err **err)
{
	git_oid oid;
	int rc = git_revwalk_push(walk, tip);
	if (rc == 0)
		rc = git_revwalk_hide_glob(walk, "refs/*");
	while (rc == 0) {
		rc = git_revwalk_next(&oid, walk);
		if (rc == GIT_ITEROVER)
			return 0;
		if (rc == 0 && add_commit(w, &oid, err) < 0)
			return -1;
	}
	return git_fail(w->source, rc, err, "look for what the push brings");
}

static int add_history(struct new_walk *w, const git_oid *tip, struct err **err)
{
	git_revwalk *walk = NULL;
	int rc = git_revwalk_new(&walk, w->source->repo);
	if (rc < 0)
		return git_fail(w->source, rc, err, "look for what the push brings");
	rc = walk_new(w, walk, tip, err);
	git_revwalk_free(walk);
	return rc;
}

/* What id is, or what it is a tag of, of tags too: a commit, a tree or a file. */
static int peel(struct source *s, const char *id, git_object **ret, struct err **err)
{
	git_oid oid;
	AUTO_GIT_OBJECT *object = NULL;
	if (git_id(id, &oid, err) < 0)
		return -1;
	int rc = git_object_lookup(&object, s->repo, &oid, GIT_OBJECT_ANY);
	if (rc < 0)
		return git_fail(s, rc, err, "read the pushed object %.10s", id);
	if (git_object_type(object) != GIT_OBJECT_TAG) {
		*ret = steal_ptr(object);
		return 0;
	}
	rc = git_object_peel(ret, object, GIT_OBJECT_ANY);
	return rc < 0 ? git_fail(s, rc, err, "read what %.10s leads to", id) : 0;
}

static int add_pushed(struct new_walk *w, const git_object *object, struct err **err)
{
	char id[SOURCE_ID_SIZE];
	(void)git_oid_tostr(id, sizeof id, git_object_id(object));
	const git_object_t type = git_object_type(object);
	if (type == GIT_OBJECT_COMMIT)
		return add_history(w, git_object_id(object), err);
	if (type == GIT_OBJECT_TREE)
		return add_tree(w, NULL, id, NULL, err);
	/* A file without a folder has no name but its own. */
	return add_version(w, id, id, NULL, err);
}

int source_new_files(struct source *s, const char *id, const struct source_filter *filter,
	struct arena *arena, struct source_new_files *ret, struct err **err)
{
	AUTO_GIT_OBJECT *object = NULL;
	*ret = (struct source_new_files){0};
	if (git_need(s, err) < 0 || peel(s, id, &object, err) < 0)
		return -1;
	struct new_walk w = {.source = s, .filter = filter, .arena = arena, .files = ret};
	const int rc = add_pushed(&w, object, err);
	strmap_release(&w.seen);
	return rc;
}

int source_resolve_tree(
	struct source *s, const char *tree, struct source_rev *ret, struct err **err)
{
	*ret = (struct source_rev){0};
	AUTO_GIT_TREE *top = NULL;
	if (git_need(s, err) < 0 || git_tree_by_id(s, tree, &top, err) < 0)
		return -1;
	if (!top)
		return 0;
	if (!*s->subtree) {
		(void)str_copy(ret->tree, sizeof ret->tree, tree);
		return 0;
	}
	git_tree_entry *entry = NULL;
	const int rc = git_tree_entry_bypath(&entry, top, s->subtree);
	if (rc == 0 && git_tree_entry_type(entry) == GIT_OBJECT_TREE)
		(void)git_oid_tostr(ret->tree, sizeof ret->tree, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (*ret->tree)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no folder '%s'", s->subtree);
}
