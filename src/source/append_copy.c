/*
 * The working copy that has the branch checked out. Its index is locked as git does it, by
 * making index.lock, from before it is looked at until file and index are what the moved branch
 * says. The lock file names us in its first bytes (an index begins with "DIRC"), so that a process
 * that was killed in between can be told from a git at work: the next one finishes what it began.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/append_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_MARK "trueup\n"

struct reason {
	char *text;
	size_t size;
};

static int PRINTF_LIKE(2, 3) wait_for(const struct reason *reason, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(reason->text, reason->size, fmt, args);
	va_end(args);
	return 1;
}

static bool has_head(git_repository *repo, const char *ref)
{
	git_reference *head = NULL;
	if (git_repository_is_bare(repo) || git_reference_lookup(&head, repo, "HEAD") < 0)
		return false;
	const char *target = git_reference_symbolic_target(head);
	const bool has = target && str_eq(target, ref);
	git_reference_free(head);
	return has;
}

/* A rebase of the branch: HEAD is detached meanwhile, and at the end the branch is moved. */
static bool is_rebased(git_repository *repo, const char *ref)
{
	static const char *const files[] = {"rebase-merge/head-name", "rebase-apply/head-name"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_FREE char *path = path_join(git_repository_path(repo), files[i]);
		AUTO_STR text = STR_INIT;
		AUTO_ERR err = NULL;
		if (fs_read(path, 4096, &text, &err) == 0 && str_starts(text.data, ref) &&
			strcmp(text.data + strlen(ref), "\n") == 0)
			return true;
	}
	return false;
}

/* The branch is this copy's: keeps it open in *ret; 1 when it is being rebased in it. */
static int consider(
	git_repository *repo, const char *ref, struct copy *ret, const struct reason *reason)
{
	int rc = 0;
	if (is_rebased(repo, ref))
		rc = wait_for(
			reason, "the branch is being rebased in %s", git_repository_workdir(repo));
	else if (has_head(repo, ref)) {
		ret->repo = repo;
		return 0;
	}
	git_repository_free(repo);
	return rc;
}

static int find_linked(struct source *s, git_repository *main, const char *ref, struct copy *ret,
	const struct reason *reason, struct err **err)
{
	git_strarray names = {0};
	int rc = git_worktree_list(&names, main);
	if (rc < 0)
		return git_fail(s, rc, err, "list the working copies");
	int found = 0;
	for (size_t i = 0; i < names.count && !ret->repo && !found; i++) {
		git_worktree *tree = NULL;
		git_repository *repo = NULL;
		/* One whose folder is gone has nothing to update. */
		if (git_worktree_lookup(&tree, main, names.strings[i]) == 0 &&
			git_repository_open_from_worktree(&repo, tree) == 0)
			found = consider(repo, ref, ret, reason);
		git_worktree_free(tree);
	}
	git_strarray_dispose(&names);
	return found;
}

static int find(struct source *s, const char *ref, struct copy *ret, const struct reason *reason,
	struct err **err)
{
	git_repository *main = NULL, *list = NULL;
	int rc = git_repository_open_ext(&main, s->common_dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc == 0)
		rc = git_repository_open_ext(
			&list, s->common_dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (rc < 0) {
		git_repository_free(main);
		return git_fail(s, rc, err, "open %s", s->common_dir);
	}
	rc = consider(main, ref, ret, reason);
	if (rc == 0 && !ret->repo)
		rc = find_linked(s, list, ref, ret, reason, err);
	git_repository_free(list);
	return rc;
}

/*
 * Makes the lock with its mark in one step, by a link: one that is killed in between leaves a lock
 * that names us, or none. 1: there is one. The caller is alone, so the mark has a fixed name.
 */
static int make_lock(const char *path, const char *mark, struct err **err)
{
	int rc = -1;
	AUTO_CLOSE fd = open(mark, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "make %s", mark);
	if (write(fd, LOCK_MARK, strlen(LOCK_MARK)) != (ssize_t)strlen(LOCK_MARK))
		(void)err_errno(err, errno, "write %s", mark);
	else if (link(mark, path) == 0)
		rc = 0;
	else if (errno == EEXIST)
		rc = 1;
	else
		(void)err_errno(err, errno, "make %s", path);
	(void)unlink(mark);
	return rc;
}

/* 1: somebody holds it. A lock that a killed one of us left is taken over: our caller is alone. */
static int lock_index(struct copy *copy, bool *ret_left, struct err **err)
{
	AUTO_FREE char *path = path_join(git_repository_path(copy->repo), "index.lock");
	AUTO_FREE char *mark = path_join(git_repository_path(copy->repo), "trueup-index.mark");
	const int rc = make_lock(path, mark, err);
	*ret_left = rc == 1;
	if (rc == 1) {
		AUTO_STR text = STR_INIT;
		AUTO_ERR why = NULL;
		/* Too large is an index that git writes; an empty one may be anybody's. */
		if (fs_read(path, strlen(LOCK_MARK), &text, &why) < 0 ||
			!str_eq(text.data, LOCK_MARK))
			return 1;
	}
	if (rc < 0)
		return -1;
	copy->index_lock = steal_ptr(path);
	return 0;
}

void copy_release(struct copy *copy)
{
	if (copy->index_lock)
		(void)unlink(copy->index_lock);
	free(copy->index_lock);
	git_repository_free(copy->repo);
	*copy = (struct copy)COPY_NONE;
}

/* 1: yes, and *ret_path is one file of it. */
static int is_dirty(struct source *s, git_repository *repo, char **ret_path, struct err **err)
{
	git_status_options options;
	(void)git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
	options.flags = GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
	git_status_list *status = NULL;
	const int rc = git_status_list_new(&status, repo, &options);
	if (rc < 0)
		return git_fail(s, rc, err, "look for uncommitted changes");
	const bool dirty = git_status_list_entrycount(status) > 0;
	if (dirty) {
		const git_status_entry *e = git_status_byindex(status, 0);
		const git_diff_delta *d =
			e->index_to_workdir ? e->index_to_workdir : e->head_to_index;
		*ret_path = xstrdup(d && d->old_file.path ? d->old_file.path : "?");
	}
	git_status_list_free(status);
	return dirty;
}

static bool same_id(const git_oid *id, const char *hex)
{
	git_oid other;
	return git_oid_fromstr(&other, hex) == 0 && git_oid_equal(id, &other);
}

/*
 * A killed one of us moved the branch: its commit is HEAD, and file or index are still as before
 * it. What is neither before nor after is somebody's work and stays.
 */
static int finish_left(struct source *s, const struct copy *copy, struct err **err)
{
	git_oid head;
	AUTO_ARENA arena = {0};
	struct source_own *own = NULL;
	char hex[GIT_OID_HEXSZ + 1];
	if (git_reference_name_to_id(&head, copy->repo, "HEAD") < 0)
		return 0;
	if (source_own_commit(s, git_oid_tostr(hex, sizeof hex, &head), &arena, &own, err) < 0)
		return -1;
	git_index *index = NULL;
	int rc = own ? git_repository_index(&index, copy->repo) : GIT_ENOTFOUND;
	const git_index_entry *entry = rc == 0 ? git_index_get_bypath(index, own->path, 0) : NULL;
	git_oid disk, new;
	const bool ours =
		entry && (same_id(&entry->id, own->old_id) || same_id(&entry->id, own->new_id)) &&
		git_repository_hashfile(&disk, copy->repo, own->path, GIT_OBJECT_BLOB, NULL) == 0 &&
		(same_id(&disk, own->old_id) || same_id(&disk, own->new_id));
	git_index_free(index);
	if (!ours || git_oid_fromstr(&new, own->new_id) < 0)
		return 0;
	return copy_update(s, copy, own->path, &new, err);
}

int copy_take(struct source *s, const char *ref, struct copy *ret, char *reason, size_t reason_size,
	struct err **err)
{
	const struct reason why = {reason, reason_size};
	AUTO_COPY copy = COPY_NONE;
	int rc = find(s, ref, &copy, &why, err);
	if (rc || !copy.repo)
		return rc;
	const char *dir = git_repository_workdir(copy.repo);
	if (git_repository_state(copy.repo) != GIT_REPOSITORY_STATE_NONE)
		return wait_for(&why, "%s is in the middle of a merge or the like", dir);
	bool left;
	rc = lock_index(&copy, &left, err);
	if (rc == 1)
		return wait_for(&why, "git is at work in %s, or left its index.lock there", dir);
	if (rc == 0 && left)
		rc = finish_left(s, &copy, err);
	if (rc < 0)
		return -1;
	AUTO_FREE char *path = NULL;
	rc = is_dirty(s, copy.repo, &path, err);
	if (rc == 1)
		return wait_for(&why, "%s has uncommitted changes (%s)", dir, path);
	if (rc == 0) {
		*ret = copy;
		copy = (struct copy)COPY_NONE;
	}
	return rc;
}

/*
 * A file in the git folder whose name the lock of the index makes ours: one that a killed process
 * left is written over. The index is not flushed, as git does not flush its own: the commit is, and
 * an index that a power cut takes is made anew by `git reset`.
 */
static int write_own(
	const char *path, const char *data, size_t len, mode_t mode, bool flush, struct err **err)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE fd = open(path, flags, 0600);
	if (fd < 0)
		return err_errno(err, errno, "create %s", path);
	for (size_t at = 0; at < len;) {
		const ssize_t n = write(fd, data + at, len - at);
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "write %s", path);
		at += n > 0 ? (size_t)n : 0;
	}
	if (fchmod(fd, mode) < 0 || (flush && fsync(fd) < 0))
		return err_errno(err, errno, "write %s", path);
	return 0;
}

/*
 * By way of the git folder, so that a process that is killed leaves nothing in the user's; the lock
 * of the index makes the name ours. Where that is another file system there is no such way.
 */
static int replace_file(const struct copy *copy, const char *path, const git_buf *data, mode_t mode,
	struct err **err)
{
	AUTO_FREE char *fresh = path_join(git_repository_path(copy->repo), "trueup-file");
	if (write_own(fresh, data->ptr, data->size, mode, true, err) < 0)
		return -1;
	if (rename(fresh, path) == 0)
		return 0;
	const int failed = errno;
	(void)unlink(fresh);
	if (failed == EXDEV)
		return fs_write_atomic(path, data->ptr, data->size, mode, err);
	return err_errno(err, failed, "rename %s to %s", fresh, path);
}

static int write_file(const struct source *s, const struct copy *copy, const char *path,
	const git_oid *blob_id, struct err **err)
{
	AUTO_FREE char *full = path_join(git_repository_workdir(copy->repo), path);
	struct stat st;
	if (lstat(full, &st) < 0)
		return err_errno(err, errno, "look at %s", full);
	git_blob *blob = NULL;
	git_buf data = {0};
	/* As a checkout would write it: line ends as .gitattributes says. By default nothing at all
	 * comes of what looks like binary data, as what scripts print may. */
	git_blob_filter_options options;
	(void)git_blob_filter_options_init(&options, GIT_BLOB_FILTER_OPTIONS_VERSION);
	options.flags &= ~(uint32_t)GIT_BLOB_FILTER_CHECK_FOR_BINARY;
	int rc = git_blob_lookup(&blob, copy->repo, blob_id);
	if (rc == 0)
		rc = git_blob_filter(&data, blob, path, &options);
	if (rc < 0)
		rc = git_fail(s, rc, err, "read the new %s", path);
	else
		rc = replace_file(copy, full, &data, st.st_mode & 07777, err);
	git_buf_dispose(&data);
	git_blob_free(blob);
	return rc;
}

static void fill_entry(git_index_entry *entry, const struct stat *st, const git_oid *id)
{
	entry->id = *id;
	entry->ctime.seconds = (int32_t)st->st_ctim.tv_sec;
	entry->ctime.nanoseconds = (uint32_t)st->st_ctim.tv_nsec;
	entry->mtime.seconds = (int32_t)st->st_mtim.tv_sec;
	entry->mtime.nanoseconds = (uint32_t)st->st_mtim.tv_nsec;
	entry->dev = (uint32_t)st->st_dev;
	entry->ino = (uint32_t)st->st_ino;
	entry->uid = st->st_uid;
	entry->gid = st->st_gid;
	entry->file_size = (uint32_t)st->st_size;
}

/* Changes the entry of one file in the index at index_path, which is nobody's yet. */
static int change_index(const struct source *s, const char *index_path, const char *path,
	const struct stat *st, const git_oid *blob, struct err **err)
{
	git_index *index = NULL;
	/* libgit2 locks it while it writes; one of us that was killed then left that lock. */
	AUTO_FREE char *left = xasprintf("%s.lock", index_path);
	(void)unlink(left);
	int rc = git_index_open(&index, index_path);
	const git_index_entry *old = rc == 0 ? git_index_get_bypath(index, path, 0) : NULL;
	if (old) {
		git_index_entry entry = *old;
		AUTO_FREE char *name = xstrdup(path);
		entry.path = name;
		fill_entry(&entry, st, blob);
		rc = git_index_add(index, &entry);
		if (rc == 0)
			rc = git_index_write(index);
	}
	git_index_free(index);
	return rc < 0 ? git_fail(s, rc, err, "update the index") : 0;
}

int copy_update(struct source *s, const struct copy *copy, const char *path, const git_oid *blob,
	struct err **err)
{
	if (!copy->repo)
		return 0;
	if (write_file(s, copy, path, blob, err) < 0)
		return -1;
	AUTO_FREE char *full = path_join(git_repository_workdir(copy->repo), path);
	AUTO_FREE char *index = path_join(git_repository_path(copy->repo), "index");
	AUTO_FREE char *fresh = path_join(git_repository_path(copy->repo), "trueup-index");
	struct stat file, old;
	if (stat(full, &file) < 0 || stat(index, &old) < 0)
		return err_errno(err, errno, "look at %s", full);
	/* libgit2 would make index.lock itself, which is ours: so a copy is changed and renamed. */
	AUTO_STR data = STR_INIT;
	if (fs_read(index, SIZE_MAX / 2, &data, err) < 0 ||
		write_own(fresh, data.data, data.len, old.st_mode & 07777, false, err) < 0 ||
		change_index(s, fresh, path, &file, blob, err) < 0)
		return -1;
	if (rename(fresh, index) < 0)
		return err_errno(err, errno, "rename %s", fresh);
	return 0;
}
