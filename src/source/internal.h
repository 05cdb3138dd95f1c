/* What the files of source/ share. Not for other folders. */
#ifndef TRUEUP_SOURCE_INTERNAL_H
#define TRUEUP_SOURCE_INTERNAL_H

#include "source/ignore.h"
#include "source/source.h"

#include <git2.h>

#define SOURCE_IGNORE_FILE ".trueupignore"

struct source {
	enum source_kind kind;
	char *name;
	char *dir; /* spec root on disk; NULL: bare */
	char *work_dir; /* top of the working copy; NULL: bare or plain folder */
	char *git_dir; /* of this worktree */
	char *common_dir;
	char *subtree;
	char *state_dir;
	git_repository *repo; /* NULL until git_need() */
	git_odb *odb; /* borrowed pair of repo; owned */
	const struct source_upstream *upstream; /* NULL: the repository is its own */
};

/* Initialises libgit2 and opens the repository, once. */
MUST_CHECK int git_need(struct source *s, struct err **err);
/* Fills *err from libgit2's last failure. */
int git_fail(const struct source *s, int code, struct err **err, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

void git_clean_object(git_object **object);
void git_clean_tree(git_tree **tree);
#define AUTO_GIT_OBJECT CLEANUP(git_clean_object) git_object
#define AUTO_GIT_TREE   CLEANUP(git_clean_tree) git_tree

/* ref.c: a ref is moved from old (NULL: it is not there yet) to new, if it still is at old. */
struct ref_move {
	const char *name; /* "refs/heads/main" */
	const git_oid *old, *new;
	const char *log; /* for its reflog */
};
/* 1: somebody else moved or holds it. */
MUST_CHECK int ref_move(struct source *s, const struct ref_move *move, struct err **err);

/* Pauses between the tries of moving a ref that others move as well. */
struct ref_tries {
	int64_t deadline, pause; /* 0: not started */
};
#define REF_TRIES                                                                                  \
	{                                                                                          \
		0, 0                                                                               \
	}
/* Waits a little and longer each time; false when there have been enough. */
bool ref_try_again(struct ref_tries *tries);

/* Parses an id; ERR_INVALID if it is none. */
MUST_CHECK int git_id(const char *hex, git_oid *ret, struct err **err);
/* id NULL: an empty result and success. */
MUST_CHECK int git_tree_by_id(struct source *s, const char *id, git_tree **ret, struct err **err);

/* Id of the spec root's tree in the commit; ERR_NOT_FOUND if it is not there. */
MUST_CHECK int git_subtree(
	struct source *s, const git_commit *commit, char ret[SOURCE_ID_SIZE], struct err **err);

/*
 * merge_tree.c: merges the trees of commits (the common ancestor, ours, theirs) where that needs no
 * look into files; *ret_merged false: it does. Returns libgit2's code.
 */
MUST_CHECK int merge_trees(
	struct source *s, const git_oid commits[3], git_oid *ret, bool *ret_merged);

/* quarantine.c: inside a hook, makes the pushed objects visible to s->odb. */
MUST_CHECK int quarantine_add(struct source *s, struct err **err);

/* A change list that grows in an arena. */
struct change_list {
	struct arena *arena;
	struct source_changes *changes;
	size_t cap;
};

/* Appends and returns a zeroed change with a copy of path; NULL with *err over the limit. */
struct source_change *change_add(struct change_list *list, const char *path, struct err **err);

/* One side of a comparison of two sorted lists; path NULL: not there. */
struct change_side {
	const char *path, *id;
	enum source_entry entry;
	bool on_disk;
};

/*
 * Appends the differences of two lists, each sorted by path. at gives the entry with this index,
 * and one without a path behind the end.
 */
MUST_CHECK int change_compare(struct change_list *list,
	struct change_side (*at)(const void *side, size_t i), const void *old, const void *new,
	struct err **err);

/* A name that is never part of a spec tree. */
bool source_is_private(const char *name);
/* Does the filter want it? NULL wants all. */
bool source_wants(const struct source_filter *filter, const char *path, bool is_dir);

/*
 * source_diff() with the ignore rules handed in. full: walk what is equal too, because the rules
 * differ.
 */
struct tree_walk {
	struct source *source;
	const struct source_filter *filter;
	const struct ignore *old_ignore, *new_ignore;
	bool full;
	struct change_list list;
};
MUST_CHECK int tree_walk_run(
	struct tree_walk *walk, const char *old_tree, const char *new_tree, struct err **err);

/* The rules in a tree (id NULL: none) and on disk. */
MUST_CHECK int tree_ignore(struct source *s, const char *tree, struct arena *arena,
	struct ignore *ret, struct err **err);
MUST_CHECK int disk_ignore(
	struct source *s, struct arena *arena, struct ignore *ret, struct err **err);

#endif
