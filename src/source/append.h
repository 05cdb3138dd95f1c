/*
 * Writing to a branch: one file gets new bytes, as one commit on top of the branch, while others
 * push and run at the same time. Used for the history of runbooks. Never a merge: when somebody
 * was faster, the commit is made again on what they left.
 *
 * A branch that is checked out in a working copy (of this repository, linked ones included) is
 * moved only while that copy has no uncommitted changes to tracked files and nobody works on it;
 * its index and the file are updated too. Otherwise the commit waits: ask again later.
 *
 * Each commit carries the trailer `Trueup-Run: ID`, by which it is made once only, however often
 * it is asked for, and by which trueup knows its own.
 */
#ifndef TRUEUP_SOURCE_APPEND_H
#define TRUEUP_SOURCE_APPEND_H

#include "source/source.h"

/*
 * Makes the file's new bytes from those on the branch, appended to out. It is called again when
 * somebody else moved the branch, so it must have no other effect.
 */
typedef int source_edit(
	void *ctx, const char *old, size_t old_len, struct str *out, struct err **err);

/*
 * Where the branches of a mirror come from: there a commit counts, and here only what is there. A
 * mirror without it is not written to.
 */
struct source_upstream {
	/*
	 * Sends the commit to the branch, which is made if it is not there. *ret_moved: the branch
	 * has commits that the commit does not follow; nothing was done. ERR_DENIED: it is not
	 * taken. ERR_UNAVAILABLE: nobody is there.
	 */
	int (*push)(void *data, const char *commit, const char *branch, bool *ret_moved,
		struct err **err);
	/* Brings the branch here up to date. */
	int (*fetch)(void *data, const char *branch, struct err **err);
	void *data;
};
/* upstream is borrowed until the source is closed; NULL: none. */
void source_set_upstream(struct source *s, const struct source_upstream *upstream);
/* In the configuration of a mirror that somebody keeps: true. */
#define SOURCE_MIRROR_KEY "trueup.mirror"

struct source_append {
	const char *branch; /* "main", "trueup/history" */
	/* The branch that a new one starts from, and new files on it; NULL: branch must be there.
	 */
	const char *base;
	const char *path; /* of the file, relative to the spec root */
	source_edit *edit;
	void *ctx;
	const char *message; /* without the trailer */
	const char *run_id; /* letters and digits */
	/* An earlier commit for the run is looked for among those that are not older: its start. */
	int64_t since;
	int64_t now;
};

enum source_append_state {
	SOURCE_APPENDED,
	SOURCE_APPENDED_BEFORE, /* the branch has a commit for this run */
	SOURCE_APPEND_SAME, /* the file has these bytes already: no commit */
	SOURCE_APPEND_WAITS, /* see reason */
};

struct source_append_end {
	enum source_append_state state;
	char commit[SOURCE_ID_SIZE]; /* "" unless appended, now or before */
	char reason[256]; /* why it waits: a sentence without a full stop */
};

/*
 * ERR_NOT_FOUND: the branch, or the file on it, is not there. ERR_UNAVAILABLE: the branch is
 * moved by others all the time. With an upstream also its errors.
 */
MUST_CHECK int source_append_commit(struct source *s, const struct source_append *append,
	struct source_append_end *ret, struct err **err);

/*
 * Finishes what a killed source_append_commit() left in the working copy: until then its index is
 * locked for git too. Costs a stat when there is nothing.
 */
MUST_CHECK int source_append_tidy(struct source *s, struct err **err);

/* A commit as source_append_commit() makes them. */
struct source_own {
	const char *run_id;
	const char *path; /* from the top of the repository; the one file that it changes */
	const char *old_id, *new_id; /* its blobs before and after */
};

/*
 * Is the commit one of ours? *ret NULL if not: another committer, no trailer, several parents,
 * more or less than one modified file. Anybody can write such a commit: who skips one has to
 * look at the two blobs.
 */
MUST_CHECK int source_own_commit(struct source *s, const char *commit, struct arena *arena,
	struct source_own **ret, struct err **err);

#endif
