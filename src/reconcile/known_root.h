/*
 * Is what is recorded under another path what this spec root made? The state of a root goes by its
 * path in the repository, so a root that was renamed or moved begins with an empty record, and
 * would make everything a second time.
 */
#ifndef TRUEUP_RECONCILE_KNOWN_ROOT_H
#define TRUEUP_RECONCILE_KNOWN_ROOT_H

#include "source/roots.h"

struct store;

/* The command that gives the session's root the state of the other one, in arena. */
const char *known_root_move(
	const struct source *source, const struct source_root *other, struct arena *arena);

/*
 * ERR_DENIED, with that command, when nothing is recorded for the source's own root, and canvases
 * that were applied are for one that HEAD does not have. store is the source's, NULL: to be opened
 * if it is there.
 */
MUST_CHECK int known_root_check(struct source *source, struct store *store, struct err **err);

#endif
