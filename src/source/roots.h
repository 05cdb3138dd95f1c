/*
 * The spec roots of one repository. Each folder that is a spec root has its state in a folder
 * named after the digest of its path (source_state_dir), in which the file "root" says the path: a
 * root that was renamed or moved is found by it.
 */
#ifndef TRUEUP_SOURCE_ROOTS_H
#define TRUEUP_SOURCE_ROOTS_H

#include "source/source.h"

struct source_root {
	const char *path; /* in the repository, "" for its top; NULL: an earlier trueup made it, and
			     did not say */
	const char *state_dir;
	bool gone; /* HEAD has no folder of that path: see source_roots_find_gone() */
};

struct source_roots {
	struct source_root *items;
	size_t count;
};

/* Writes the root's path beside its state, whose folder is there. Nothing for a plain folder. */
MUST_CHECK int source_root_note(const struct source *s, struct err **err);

/* The other roots of the repository that have a store; needs no libgit2. */
MUST_CHECK int source_roots_other(
	const struct source *s, struct arena *arena, struct source_roots *ret, struct err **err);

/* Looks for them in HEAD. Before the first commit none is gone. */
MUST_CHECK int source_roots_find_gone(
	struct source *s, struct source_roots *roots, struct err **err);

#endif
