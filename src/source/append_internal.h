/*
 * What append.c and append_copy.c share: the working copy that has a branch checked out, held
 * while the branch is moved. Not for other files.
 */
#ifndef TRUEUP_SOURCE_APPEND_INTERNAL_H
#define TRUEUP_SOURCE_APPEND_INTERNAL_H

#include "source/append.h"
#include "source/internal.h"

struct copy {
	git_repository *repo; /* NULL: the branch is checked out nowhere */
	char *index_lock; /* its path; NULL: not held */
};
#define COPY_NONE                                                                                  \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

/*
 * Finds the working copy of a ref and takes its index. Returns 1 with reason when it has to be
 * left alone for now. What a killed process left in it is finished first.
 */
MUST_CHECK int copy_take(struct source *s, const char *ref, struct copy *ret, char *reason,
	size_t reason_size, struct err **err);
void copy_release(struct copy *copy); /* also the index's lock */
#define AUTO_COPY CLEANUP(copy_release) struct copy

/* Puts the blob into file and index. path is from the top. Nothing to do without a copy. */
MUST_CHECK int copy_update(struct source *s, const struct copy *copy, const char *path,
	const git_oid *blob, struct err **err);

#endif
