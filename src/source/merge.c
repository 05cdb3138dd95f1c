/*
 * What a branch would be after a merge, without a working copy: the three-way merge is done on
 * trees in memory, and only the trees of its result are written.
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

static int merge_base(struct source *s, const git_oid *ours, const git_oid *theirs,
	struct source_merge *m, struct err **err)
{
	git_oid base;
	size_t ahead = 0;
	int rc = git_merge_base(&base, s->repo, ours, theirs);
	if (rc == 0)
		(void)git_oid_tostr(m->base, sizeof m->base, &base);
	if (rc == 0 || rc == GIT_ENOTFOUND)
		rc = git_graph_ahead_behind(&ahead, &m->behind, s->repo, theirs, ours);
	return rc < 0 ? git_fail(s, rc, err, "find where the branches parted") : 0;
}

int source_merge(struct source *s, const char *ours, const char *theirs, struct arena *arena,
	struct source_merge *ret, struct err **err)
{
	git_oid our_id, their_id, tree;
	AUTO_GIT_OBJECT *our_commit = NULL;
	AUTO_GIT_OBJECT *their_commit = NULL;
	AUTO_GIT_INDEX *index = NULL;
	*ret = (struct source_merge){0};
	if (git_need(s, err) < 0 || look_up(s, ours, &our_id, &our_commit, err) < 0 ||
		look_up(s, theirs, &their_id, &their_commit, err) < 0 ||
		merge_base(s, &our_id, &their_id, ret, err) < 0)
		return -1;
	git_merge_options options;
	int rc = git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
	if (rc == 0)
		rc = git_merge_commits(&index, s->repo, (const git_commit *)our_commit,
			(const git_commit *)their_commit, &options);
	if (rc < 0)
		return git_fail(s, rc, err, "merge %.10s into %.10s", theirs, ours);
	if (git_index_has_conflicts(index))
		return list_conflicts(s, index, arena, ret, err);
	rc = git_index_write_tree_to(&tree, index, s->repo);
	if (rc < 0)
		return git_fail(s, rc, err, "write the tree of the merge");
	return find_root(s, &tree, ret, err);
}
