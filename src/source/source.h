/*
 * Where specs come from: a tree of a git repository (working copy, bare, linked worktree), a
 * sub-folder of one, or a plain folder. The only door to libgit2, which is initialised when a
 * function first needs it: source_open, source_head_fast, source_state_dir and everything about
 * plain folders do without.
 *
 * Paths are relative to the spec root, without "./", separated by "/". They are bytes: a path
 * need not be UTF-8. Ids are hex text: git object ids (40 digits) in git, SHA-256 of the content
 * (64 digits) in a plain folder. Lists and their texts live in the arena that was handed in.
 *
 * A file that `.trueupignore` at the spec root hides (gitignore syntax, read from the newer side)
 * and everything below ".git" and ".trueup" is left out. Symbolic links and submodules are
 * reported as what they are and never followed.
 */
#ifndef TRUEUP_SOURCE_SOURCE_H
#define TRUEUP_SOURCE_SOURCE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct source;
struct str;

enum source_kind { SOURCE_GIT, SOURCE_FOLDER };

enum {
	SOURCE_ID_SIZE = 65, /* hex digits of an object id and a NUL */
	SOURCE_NAME_SIZE = 256, /* longest branch name and a NUL */
	SOURCE_MAX_FILES = 200000, /* a larger root is refused */
	SOURCE_MAX_DEPTH = 64, /* folders inside folders */
};

/* Starts libgit2 for good, for a process that has the time now and not later. */
void source_load_ahead(void);

/*
 * Opens dir. Inside a git working copy the spec root is dir's subtree of the repository; a git
 * folder itself (bare or ".git") gives its whole tree. root is NULL, or names a folder below
 * that: also one that exists in commits only. ERR_NOT_FOUND if dir is not there.
 */
MUST_CHECK int source_open(
	const char *dir, const char *root, struct source **ret, struct err **err);
void source_close(struct source **s); /* accepts NULL inside; sets it */
#define AUTO_SOURCE CLEANUP(source_close) struct source

enum source_kind source_kind(const struct source *s);
/* Last part of the spec root's path, for display: "shop". */
const char *source_name(const struct source *s);
/* The spec root as a folder on disk, absolute; NULL for a bare repository. */
const char *source_dir(const struct source *s);
/* The spec root inside the repository's tree: "" or "infra/prod". */
const char *source_subtree(const struct source *s);
/* The git folder that all worktrees share, absolute; NULL for a plain folder. */
const char *source_git_dir(const struct source *s);
/*
 * Where state is kept unless the user says otherwise: "trueup" in the shared git folder
 * ("trueup/roots/DIGEST" for a sub-folder root), ".trueup" in a plain folder. Not created here.
 */
const char *source_state_dir(const struct source *s);

/* A commit and the tree of the spec root in it. */
struct source_rev {
	char commit[SOURCE_ID_SIZE]; /* "" for a plain folder */
	char tree[SOURCE_ID_SIZE]; /* of the spec root; "" from source_head_fast */
	char branch[SOURCE_NAME_SIZE]; /* "main"; "" for a detached HEAD, a tag or an id */
	int64_t committed_at; /* ms; 0 from source_head_fast */
};

/*
 * HEAD's commit and branch by reading the files, without libgit2. False when anything is unusual
 * (other ref storage, links, damage, no commit yet): then ask source_resolve.
 */
bool source_head_fast(const struct source *s, struct source_rev *ret);

/*
 * rev (any git revision; NULL: HEAD) to a commit. Tags are peeled. An unborn branch, an unknown
 * revision and a commit that lacks the spec root are ERR_NOT_FOUND; a repository that belongs to
 * somebody else is ERR_DENIED with the command that allows it.
 */
MUST_CHECK int source_resolve(
	struct source *s, const char *rev, struct source_rev *ret, struct err **err);

enum source_op { SOURCE_ADDED, SOURCE_MODIFIED, SOURCE_REMOVED };
enum source_entry { SOURCE_FILE, SOURCE_SYMLINK, SOURCE_SUBMODULE };

struct source_change {
	enum source_op op;
	enum source_entry entry; /* what it is now; what it was if removed */
	bool on_disk; /* the content is the file's, not an object's */
	bool executable; /* by source_diff() only */
	const char *path;
	const char *old_id; /* NULL when added */
	const char *new_id; /* NULL when removed */
};

/* Sorted by path (bytes). */
struct source_changes {
	struct source_change *items;
	size_t count;
};

/*
 * Which paths are of interest: asked before anything is allocated for a file. is_dir: the path is
 * a folder, and false skips all below it; or a link or a submodule, which may stand for one. NULL:
 * everything.
 */
struct source_filter {
	bool (*wanted)(void *ctx, const char *path, bool is_dir);
	void *ctx;
};

/*
 * What differs between two trees of the spec root (old_tree NULL: empty). Only subtrees that
 * differ are read. A file that became a link, or the reverse, is one modification; a changed file
 * mode is none. When `.trueupignore` itself differs, everything that the two versions treat
 * differently is in the list too: as removed if now hidden, as added if now seen.
 */
MUST_CHECK int source_diff(struct source *s, const char *old_tree, const char *new_tree,
	const struct source_filter *filter, struct arena *arena, struct source_changes *ret,
	struct err **err);

/*
 * Is the commit the tip of the branch or one before it? *ret false also when there is no such
 * branch, here or as origin's.
 */
MUST_CHECK int source_contains(
	struct source *s, const char *branch, const char *commit, bool *ret, struct err **err);

/* Is one commit the other or before it? SOURCE_GIT only; ERR_NOT_FOUND: one is not there. */
MUST_CHECK int source_is_before(
	struct source *s, const char *before, const char *after, bool *ret, struct err **err);

/* What merging a commit into another would give. */
struct source_merge {
	char base[SOURCE_ID_SIZE]; /* the best common ancestor; "" when there is none */
	size_t behind; /* commits of ours that theirs does not have */
	char tree[SOURCE_ID_SIZE]; /* of the spec root after the merge; "" with conflicts */
	const char *const *conflicts; /* paths in the repository */
	size_t conflict_count;
};

/*
 * Merges theirs into ours (commit ids) in memory, as `git merge` would that guesses no renamed
 * folders (merge.directoryRenames=false). Costs what the sides changed, unless a file was changed
 * or removed by both. Nothing is checked out and no ref moves; the trees of the result are written
 * to the object database, where git's garbage collection removes them in time. SOURCE_GIT only.
 * ERR_NOT_FOUND: a commit is not there, or the result lacks the spec root.
 */
MUST_CHECK int source_merge(struct source *s, const char *ours, const char *theirs,
	struct arena *arena, struct source_merge *ret, struct err **err);

/* Appends the blob's bytes. Over limit bytes: ERR_INVALID; not there: ERR_NOT_FOUND. */
MUST_CHECK int source_read(
	struct source *s, const char *id, size_t limit, struct str *out, struct err **err);
/* Appends the new content of a change, from the object database or from disk. */
MUST_CHECK int source_read_change(struct source *s, const struct source_change *change,
	size_t limit, struct str *out, struct err **err);
/* Appends the file at path on disk, resolved beneath the spec root. */
MUST_CHECK int source_read_disk(
	struct source *s, const char *path, size_t limit, struct str *out, struct err **err);
/* Appends the file at path in a tree of the spec root; ERR_NOT_FOUND if there is none. */
MUST_CHECK int source_read_path(struct source *s, const char *tree, const char *path, size_t limit,
	struct str *out, struct err **err);

/*
 * Uncommitted changes below the spec root (HEAD against index and files, untracked ones included,
 * those that git ignores not). Ids are not computed. Empty for a bare repository.
 */
MUST_CHECK int source_dirty(struct source *s, const struct source_filter *filter,
	struct arena *arena, struct source_changes *ret, struct err **err);

/*
 * The files as they lie on disk, compared with old_tree (NULL: all as added). Ids of uncommitted
 * files are git blob ids of their bytes, so that a cache by blob id answers once they are
 * committed. Costs a walk over all files.
 */
MUST_CHECK int source_diff_worktree(struct source *s, const char *old_tree,
	const struct source_filter *filter, struct arena *arena, struct source_changes *ret,
	struct err **err);

/* A file of a plain folder as it was when last scanned. */
struct source_file {
	const char *path;
	int64_t size;
	int64_t mtime_ns; /* 0: changed so lately that the times prove nothing; hash again */
	int64_t ctime_ns;
	const char *digest; /* SHA-256 of the content, or of a link's target */
	enum source_entry entry;
};

/* Sorted by path. digest is over all paths and digests, and stands for a tree id. */
struct source_manifest {
	struct source_file *files;
	size_t count;
	char digest[DIGEST_HEX];
};

/*
 * Scans a plain folder against an earlier manifest (NULL: none). Only files whose size or times
 * differ from old, or whose times prove nothing, are read. now_ms is the wall clock.
 */
struct source_scan_result {
	struct source_manifest manifest;
	struct source_changes changes;
};
MUST_CHECK int source_scan(struct source *s, const struct source_manifest *old, int64_t now_ms,
	const struct source_filter *filter, struct arena *arena, struct source_scan_result *ret,
	struct err **err);

/*
 * Writes the note of commit under refs/notes/trueup: merge gets the present text (NULL: none) and
 * appends the whole new one to out. It is called again if another process moved the ref, so it
 * must have no other effect. Two processes lose none. SOURCE_GIT only.
 */
typedef int source_note_merge(void *ctx, const char *old, struct str *out, struct err **err);
MUST_CHECK int source_note_write(struct source *s, const char *commit, source_note_merge *merge,
	void *ctx, struct err **err);
/* Appends the note; *ret_found false if there is none. */
MUST_CHECK int source_note_read(
	struct source *s, const char *commit, struct str *out, bool *ret_found, struct err **err);

#endif
