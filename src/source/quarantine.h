/*
 * What a push brings, before git has accepted it. Git keeps the pushed objects in a folder apart
 * until the pre-receive hook agrees (git-receive-pack(1), "Quarantine environment") and names it
 * and the folders beside it in GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES. A source
 * that is opened inside a hook sees those objects like all others; nothing is ever written there.
 */
#ifndef TRUEUP_SOURCE_QUARANTINE_H
#define TRUEUP_SOURCE_QUARANTINE_H

#include "source/source.h"

/*
 * Appends the next entry of a list of object folders as git writes it (git(1),
 * GIT_ALTERNATE_OBJECT_DIRECTORIES: separated by ":", one that begins with `"` is quoted as in C)
 * and returns what follows it; NULL at the end of the list.
 */
const char *source_next_object_dir(const char *list, struct str *out);

/* One version of a file that a pushed commit has and its first parent has not. */
struct source_new_file {
	const char *path; /* of a file that is pushed by itself its id */
	const char *id;
	const char *commit; /* NULL: a tree or a file is pushed that is in none */
};

struct source_new_files {
	struct source_new_file *items;
	size_t count;
};

/*
 * The files that commits bring which are reachable from id and from no ref yet: each version of
 * each file once, also of those that a later commit of the same push removes again. id may be a
 * tag. A tree or a file, which a ref can be as well, brings all that it holds. Links, submodules
 * and what `.trueupignore` of the commit hides are left out, and what filter (NULL: none) does not
 * want.
 */
MUST_CHECK int source_new_files(struct source *s, const char *id,
	const struct source_filter *filter, struct arena *arena, struct source_new_files *ret,
	struct err **err);

/*
 * A tree as if it were a commit, for what is not committed yet: commit "" and the tree of the spec
 * root in it. ERR_NOT_FOUND when the spec root is not in it. tree NULL: the empty tree, as "".
 */
MUST_CHECK int source_resolve_tree(
	struct source *s, const char *tree, struct source_rev *ret, struct err **err);

#endif
