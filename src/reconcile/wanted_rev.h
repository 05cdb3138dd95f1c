/* Which revision the user means, where --rev and --worktree leave it open or cannot be. */
#ifndef TRUEUP_RECONCILE_WANTED_REV_H
#define TRUEUP_RECONCILE_WANTED_REV_H

#include "source/source.h"

/* ERR_INVALID when a revision is named and the source is a plain folder, which has none. */
MUST_CHECK int wanted_rev_check(const struct source *source, const char *rev, struct err **err);

/*
 * The same, and with worktree the flags of load_open() for the files on disk: they are there before
 * the first commit, and in a spec root that HEAD does not have yet.
 */
MUST_CHECK int wanted_rev_flags(struct source *source, const char *rev, bool worktree,
	unsigned *ret_flags, struct err **err);

#endif
