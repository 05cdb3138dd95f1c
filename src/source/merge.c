/*
 * What a branch would be after a merge, without a working copy: the three-way merge is done on
 * trees in memory, and only the trees of its result are written. It is tried on whole folders
 * first (merge_tree.c).
 */
#include "base/err.h"
#include "base/str.h"
#include "source/internal.h"

#include <string.h>

static void clean_index(git_index **index)
{
	git_index_free(*index);
}
#define AUTO_GIT_INDEX CLEANUP(clean_index) git_index

static int look_up(struct source *s, const char *id, git_oid *ret_oid, git_object **ret_commit,
	struct err **err)
{
	if (git_id(id, ret_oid, err) < 0)
		return -1;
	const int rc = git_object_lookup(ret_commit, s->repo, ret_oid, GIT_OBJECT_COMMIT);
	return rc < 0 ? git_fail(s, rc, err, "read commit %.10s", id) : 0;
}

int source_is_before(
	struct source *s, const char *before, const char *after, bool *ret, struct err **err)
{
	git_oid old, new;
	AUTO_GIT_OBJECT *first = NULL;
	AUTO_GIT_OBJECT *last = NULL;
	*ret = false;
	if (git_need(s, err) < 0 || look_up(s, before, &old, &first, err) < 0 ||
		look_up(s, after, &new, &last, err) < 0)
		return -1;
	const int rc = git_oid_equal(&old, &new) ? 1 : git_graph_descendant_of(s->repo, &new, &old);
	if (rc < 0)
		return git_fail(s, rc, err, "look for %.10s before %.10s", before, after);
	*ret = rc == 1;
	return 0;
}

/* Each path once, whichever sides of it there are. */
static int list_conflicts(struct source *s, git_index *index, struct arena *arena,
	struct source_merge *m, struct err **err)
{
	git_index_conflict_iterator *it = NULL;
	int rc = git_index_conflict_iterator_new(&it, index);
	const char **paths = NULL;
	size_t cap = 0;
	const git_index_entry *base, *ours, *theirs;
	while (rc == 0 && (rc = git_index_conflict_next(&base, &ours, &theirs, it)) == 0) {
		const git_index_entry *any = ours ? ours : theirs ? theirs : base;
		paths = arena_grow(arena, paths, m->conflict_count, &cap, sizeof *paths);
		paths[m->conflict_count++] = arena_strdup(arena, any->path);
	}
	git_index_conflict_iterator_free(it);
	m->conflicts = paths;
	return rc == GIT_ITEROVER ? 0 : git_fail(s, rc, err, "list what conflicts");
}

/* The spec root in a tree of the whole repository. */
static int find_root(
	struct source *s, const git_oid *tree, struct source_merge *m, struct err **err)
{
	if (!*s->subtree) {
		(void)git_oid_tostr(m->tree, sizeof m->tree, tree);
		return 0;
	}
	git_tree *top = NULL;
	git_tree_entry *entry = NULL;
	int rc = git_tree_lookup(&top, s->repo, tree);
	if (rc == 0)
		rc = git_tree_entry_bypath(&entry, top, s->subtree);
	if (rc == 0)
		(void)git_oid_tostr(m->tree, sizeof m->tree, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	git_tree_free(top);
	return rc < 0 ? git_fail(s, rc, err, "find the folder '%s' after the merge", s->subtree)
		      : 0;
}

/* ret_single: the branches parted at one commit, at m->base. */
static int merge_base(struct source *s, const git_oid *ours, const git_oid *theirs,
	struct source_merge *m, bool *ret_single, struct err **err)
{
	git_oidarray bases = {0};
	size_t ahead = 0;
	int rc = git_merge_bases(&bases, s->repo, ours, theirs);
	if (rc == 0 && bases.count)
		(void)git_oid_tostr(m->base, sizeof m->base, &bases.ids[0]);
	*ret_single = rc == 0 && bases.count == 1;
	git_oidarray_dispose(&bases);
	if (rc == 0 || rc == GIT_ENOTFOUND)
		rc = git_graph_ahead_behind(&ahead, &m->behind, s->repo, theirs, ours);
	return rc < 0 ? git_fail(s, rc, err, "find where the branches parted") : 0;
}

/* Knows about renames and merges contents, and reads every entry of both trees. */
static int merge_whole(struct source *s, const git_commit *ours, const git_commit *theirs,
	struct arena *arena, struct source_merge *ret, git_oid *ret_tree, struct err **err)
{
	git_merge_options options;
	AUTO_GIT_INDEX *index = NULL;
	int rc = git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
	if (rc == 0)
		rc = git_merge_commits(&index, s->repo, ours, theirs, &options);
	if (rc < 0)
		return git_fail(s, rc, err, "merge");
	if (git_index_has_conflicts(index))
		return list_conflicts(s, index, arena, ret, err);
	rc = git_index_write_tree_to(ret_tree, index, s->repo);
	return rc < 0 ? git_fail(s, rc, err, "write the tree of the merge") : 0;
}

int source_merge(struct source *s, const char *ours, const char *theirs, struct arena *arena,
	struct source_merge *ret, struct err **err)
{
	git_oid ids[3], tree;
	AUTO_GIT_OBJECT *our_commit = NULL;
	AUTO_GIT_OBJECT *their_commit = NULL;
	bool single, merged = false;
	*ret = (struct source_merge){0};
	if (git_need(s, err) < 0 || look_up(s, ours, &ids[1], &our_commit, err) < 0 ||
		look_up(s, theirs, &ids[2], &their_commit, err) < 0 ||
		merge_base(s, &ids[1], &ids[2], ret, &single, err) < 0)
		return -1;
	if (single && git_id(ret->base, &ids[0], err) < 0)
		return -1;
	const int rc = single ? merge_trees(s, ids, &tree, &merged) : 0;
	if (rc < 0)
		return git_fail(s, rc, err, "merge the trees of %.10s and %.10s", ours, theirs);
	if (!merged && merge_whole(s, (const git_commit *)our_commit,
			       (const git_commit *)their_commit, arena, ret, &tree, err) < 0)
		return err_wrap(err, "merge %.10s into %.10s", theirs, ours);
	return ret->conflict_count ? 0 : find_root(s, &tree, ret, err);
}
