#include "reconcile/wanted_rev.h"

#include "base/err.h"
#include "reconcile/load.h"

int wanted_rev_check(const struct source *source, const char *rev, struct err **err)
{
	if (!rev || source_kind(source) == SOURCE_GIT)
		return 0;
	return err_set(err, ERR_INVALID,
		"%s is not in a git repository and has no revision '%s': leave --rev out to take "
		"the files as they are",
		source_dir(source), rev);
}

int wanted_rev_flags(struct source *source, const char *rev, bool worktree, unsigned *ret_flags,
	struct err **err)
{
	struct source_rev head;
	*ret_flags = worktree ? LOAD_WORKTREE : 0;
	if (wanted_rev_check(source, rev, err) < 0)
		return -1;
	if (!worktree || source_kind(source) != SOURCE_GIT ||
		source_resolve(source, NULL, &head, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	*ret_flags |= LOAD_TREE; /* of no revision: nothing is committed */
	return 0;
}
