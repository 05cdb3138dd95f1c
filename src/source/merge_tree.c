/*
 * The three-way merge of trees that costs what the two sides changed, not what the repository
 * holds: entries that one side left alone are taken from the other one as they are, and only
 * folders that both changed are entered. Whatever needs more than that is left to libgit2, which
 * makes an index of the whole repository for it.
 */
#include "source/internal.h"

enum { DEPTH_MAX = 100 };

struct merge {
	struct source *source;
	bool undecided; /* contents have to be merged, or a rename may be in it */
	unsigned depth;
};

/* A folder on the three sides; NULL: not there. */
struct sides {
	git_tree *base, *ours, *theirs;
};

static const git_tree_entry *entry_of(const git_tree *tree, const char *name)
{
	return tree ? git_tree_entry_byname(tree, name) : NULL;
}

static bool is_tree(const git_tree_entry *entry)
{
	return entry && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
}

/* Also when both are not there. */
static bool same(const git_tree_entry *a, const git_tree_entry *b)
{
	if (!a || !b)
		return a == b;
	return git_oid_equal(git_tree_entry_id(a), git_tree_entry_id(b)) &&
	       git_tree_entry_filemode_raw(a) == git_tree_entry_filemode_raw(b);
}

static int put(git_treebuilder *out, const char *name, const git_tree_entry *entry)
{
	if (!entry)
		return git_treebuilder_remove(out, name);
	return git_treebuilder_insert(
		NULL, out, name, git_tree_entry_id(entry), git_tree_entry_filemode_raw(entry));
}

static int merge_folder(struct merge *m, const struct sides *in, git_oid *ret, size_t *ret_count);

static int enter(struct merge *m, git_treebuilder *out, const char *name,
	const git_tree_entry *const entries[3])
{
	git_tree *trees[3] = {NULL, NULL, NULL};
	git_oid merged;
	size_t count = 0;
	int rc = 0;
	for (size_t i = 0; i < 3 && rc == 0; i++)
		if (entries[i])
			rc = git_tree_lookup(
				&trees[i], m->source->repo, git_tree_entry_id(entries[i]));
	const struct sides in = {trees[0], trees[1], trees[2]};
	if (rc == 0)
		rc = merge_folder(m, &in, &merged, &count);
	/* git knows no empty folders. */
	if (rc == 0 && !m->undecided)
		rc = count ? git_treebuilder_insert(NULL, out, name, &merged, GIT_FILEMODE_TREE)
			   : git_treebuilder_remove(out, name);
	for (size_t i = 0; i < 3; i++)
		git_tree_free(trees[i]);
	return rc;
}

/*
 * out holds ours. What both sides removed may have got a new name on one of them, and what both
 * changed in the same way may hide such a removal: that is what is looked for in equal folders.
 */
static int merge_entry(
	struct merge *m, const struct sides *in, git_treebuilder *out, const char *name)
{
	const git_tree_entry *base = entry_of(in->base, name);
	const git_tree_entry *ours = entry_of(in->ours, name);
	const git_tree_entry *theirs = entry_of(in->theirs, name);
	if (same(base, theirs))
		return 0;
	if (same(base, ours))
		return put(out, name, theirs);
	if (is_tree(ours) && is_tree(theirs) && (!base || is_tree(base)))
		return enter(m, out, name, (const git_tree_entry *const[]){base, ours, theirs});
	if (!ours || !same(ours, theirs))
		m->undecided = true;
	return 0;
}

/* Every name of tree that is in none of the others, which were gone through already. */
static int merge_names(struct merge *m, const struct sides *in, const git_tree *tree,
	const git_tree *const others[2], git_treebuilder *out)
{
	int rc = 0;
	for (size_t i = 0; tree && i < git_tree_entrycount(tree) && !m->undecided && rc == 0; i++) {
		const char *name = git_tree_entry_name(git_tree_entry_byindex(tree, i));
		if (!entry_of(others[0], name) && !entry_of(others[1], name))
			rc = merge_entry(m, in, out, name);
	}
	return rc;
}

static int merge_folder(struct merge *m, const struct sides *in, git_oid *ret, size_t *ret_count)
{
	git_treebuilder *out = NULL;
	if (++m->depth > DEPTH_MAX)
		m->undecided = true;
	if (m->undecided)
		return 0;
	int rc = git_treebuilder_new(&out, m->source->repo, in->ours);
	if (rc == 0)
		rc = merge_names(m, in, in->ours, (const git_tree *const[2]){NULL, NULL}, out);
	if (rc == 0)
		rc = merge_names(
			m, in, in->theirs, (const git_tree *const[2]){in->ours, NULL}, out);
	if (rc == 0)
		rc = merge_names(
			m, in, in->base, (const git_tree *const[2]){in->ours, in->theirs}, out);
	if (rc == 0 && !m->undecided) {
		*ret_count = git_treebuilder_entrycount(out);
		rc = git_treebuilder_write(ret, out);
	}
	git_treebuilder_free(out);
	m->depth--;
	return rc;
}

static int tree_of(struct source *s, const git_oid *commit, git_tree **ret)
{
	git_commit *found = NULL;
	int rc = git_commit_lookup(&found, s->repo, commit);
	if (rc == 0)
		rc = git_commit_tree(ret, found);
	git_commit_free(found);
	return rc;
}

int merge_trees(struct source *s, const git_oid commits[3], git_oid *ret, bool *ret_merged)
{
	struct merge m = {.source = s};
	git_tree *trees[3] = {NULL, NULL, NULL};
	size_t count;
	int rc = 0;
	for (size_t i = 0; i < 3 && rc == 0; i++)
		rc = tree_of(s, &commits[i], &trees[i]);
	if (rc == 0) {
		const struct sides in = {trees[0], trees[1], trees[2]};
		rc = merge_folder(&m, &in, ret, &count);
	}
	*ret_merged = rc == 0 && !m.undecided;
	for (size_t i = 0; i < 3; i++)
		git_tree_free(trees[i]);
	return rc;
}
