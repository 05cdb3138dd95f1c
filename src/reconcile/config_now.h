/*
 * The Config that counts now. What was recorded last; where nothing is recorded yet, the one that
 * the first reconcile would take: HEAD's, or as the file lies on disk where there is no commit.
 */
#ifndef TRUEUP_RECONCILE_CONFIG_NOW_H
#define TRUEUP_RECONCILE_CONFIG_NOW_H

#include "base/diag.h"
#include "reconcile/session.h"
#include "spec/spec.h"

/*
 * The Config in a tree of the spec root, NULL: on disk. *ret NULL when there is none that can be
 * read; one with errors in diags holds what could be. All of it lives in arena.
 */
MUST_CHECK int config_read(struct source *source, const char *tree, struct arena *arena,
	struct diag_list *diags, const struct config **ret, struct err **err);

/* Never NULL, the defaults where there is none; with errors in diags it is not to be obeyed. */
MUST_CHECK int config_now(struct session *session, struct arena *arena, struct diag_list *diags,
	const struct config **ret, struct err **err);

#endif
