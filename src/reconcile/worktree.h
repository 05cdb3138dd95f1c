/*
 * The specs of a spec root as its files are now, uncommitted edits included: read, decoded and
 * checked whole, without any recorded state. For commands that look at files and nothing else.
 */
#ifndef TRUEUP_RECONCILE_WORKTREE_H
#define TRUEUP_RECONCILE_WORKTREE_H

#include "base/diag.h"
#include "base/strmap.h"
#include "source/source.h"
#include "spec/check.h"

struct err;

struct worktree {
	struct source *source;
	struct arena arena;
	struct diag_list diags;
	const char **paths; /* of spec files, sorted, ending with NULL */
	size_t path_count, path_cap;
	const struct spec **specs; /* those that could be read */
	size_t count, cap;
	const char **broken; /* paths of the others, ending with NULL */
	size_t broken_count, broken_cap;
	struct strmap by_key;
	const char *const *keys[KIND_COUNT]; /* made when first asked for */
};

/*
 * Opens the spec root at dir and finds its spec files. Links and files that cannot be read are
 * diagnostics where a spec has to be.
 */
MUST_CHECK int worktree_open(const char *dir, struct worktree *ret, struct err **err);
void worktree_close(struct worktree *w);
#define AUTO_WORKTREE CLEANUP(worktree_close) struct worktree

/*
 * Text of a spec file; lives as long as the worktree. *ret_src is NULL for a file that is no spec
 * after all, or after a diagnostic.
 */
MUST_CHECK int worktree_read(
	struct worktree *w, const char *path, const struct src **ret_src, struct err **err);

/*
 * Decodes all files and checks everything that can be said without a cloud, across files and by
 * resource type. 0 also when specs are wrong: look at diags, which are sorted.
 */
MUST_CHECK int worktree_check(struct worktree *w, struct err **err);

#endif
