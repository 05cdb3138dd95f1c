/*
 * See append.h. The commit is made from objects alone: blob, trees, commit. Then the branch is
 * moved by comparison, and only then does a working copy follow, so that losing the race costs
 * nothing but a few objects that git's garbage collection removes. A lock keeps our own processes
 * in line; the comparison covers everybody else.
 */
#include "source/append.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/append_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRAILER   "Trueup-Run"
#define COMMITTER "trueup@localhost"

enum { LOCK_WAIT_MS = 60000, FILE_LIMIT = 64 * 1024 * 1024, MAX_WALK = 2000 };
/* Clocks of machines that push differ. */
enum { CLOCK_SLACK_S = 86400 };

struct append_job {
	struct source *source;
	const struct source_append *what;
	struct source_append_end *end;
	char *ref;
	char *path; /* from the top */
};

static void clean_commit(git_commit **commit)
{
	git_commit_free(*commit);
}
#define AUTO_COMMIT CLEANUP(clean_commit) git_commit

static int branch_tip(struct source *s, const char *branch, git_commit **ret, struct err **err)
{
	*ret = NULL;
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", branch);
	git_oid id;
	int rc = git_reference_name_to_id(&id, s->repo, ref);
	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
		return 0;
	if (rc == 0)
		rc = git_commit_lookup(ret, s->repo, &id);
	return rc < 0 ? git_fail(s, rc, err, "read the branch '%s'", branch) : 0;
}

/* The value of our trailer as a heap string; NULL if the commit has none or is not from us. */
static char *run_of(const git_commit *commit)
{
	if (!str_eq(git_commit_committer(commit)->email, COMMITTER))
		return NULL;
	git_message_trailer_array all = {0};
	char *run = NULL;
	if (git_message_trailers(&all, git_commit_message(commit)) < 0)
		return NULL;
	for (size_t i = 0; i < all.count && !run; i++)
		if (str_eq(all.trailers[i].key, TRAILER))
			run = xstrdup(all.trailers[i].value);
	git_message_trailer_array_free(&all);
	return run;
}

/* Commits of a branch that are still to be looked at, and those that have been. */
struct walk {
	git_oid *ids;
	size_t count, cap;
};

static void walk_release(struct walk *walk)
{
	free(walk->ids);
}

static void walk_add(struct walk *walk, const git_oid *id)
{
	for (size_t i = 0; i < walk->count; i++)
		if (git_oid_equal(&walk->ids[i], id))
			return;
	walk->ids = grow_array(walk->ids, walk->count, &walk->cap, sizeof *walk->ids);
	walk->ids[walk->count++] = *id;
}

/* 1: it is the run's. Otherwise its parents come next, unless it is older than the run. */
static int look_at(struct append_job *job, struct walk *walk, const git_oid *id, struct err **err)
{
	AUTO_COMMIT *commit = NULL;
	const int rc = git_commit_lookup(&commit, job->source->repo, id);
	if (rc < 0)
		return git_fail(job->source, rc, err, "read the branch's commits");
	if (git_commit_time(commit) < job->what->since / 1000 - CLOCK_SLACK_S)
		return 0;
	AUTO_FREE char *run = run_of(commit);
	if (run && str_eq(run, job->what->run_id))
		return 1;
	for (unsigned i = 0; i < git_commit_parentcount(commit); i++)
		walk_add(walk, git_commit_parent_id(commit, i));
	return 0;
}

/*
 * Looks for a commit of the run among the branch's newer ones; 1 and end is set if there is one.
 * By hand, because libgit2 sorts all of the history before it gives the newest commit.
 */
static int find_run(struct append_job *job, const git_commit *tip, struct err **err)
{
	CLEANUP(walk_release) struct walk walk = {0};
	walk_add(&walk, git_commit_id(tip));
	for (size_t i = 0; i < walk.count && i < MAX_WALK; i++) {
		const git_oid id = walk.ids[i];
		const int rc = look_at(job, &walk, &id, err);
		if (rc == 0)
			continue;
		if (rc == 1) {
			job->end->state = SOURCE_APPENDED_BEFORE;
			(void)git_oid_tostr(job->end->commit, sizeof job->end->commit, &id);
		}
		return rc;
	}
	return 0;
}

/* A file on a branch. */
struct old_file {
	git_filemode_t mode;
	struct str data;
};

static void old_file_release(struct old_file *file)
{
	str_release(&file->data);
}

/* 1: it is not there. */
static int read_file(
	struct append_job *job, const git_commit *commit, struct old_file *ret, struct err **err)
{
	struct source *s = job->source;
	AUTO_GIT_TREE *top = NULL;
	git_tree_entry *entry = NULL;
	int rc = git_commit_tree(&top, commit);
	if (rc == 0)
		rc = git_tree_entry_bypath(&entry, top, job->path);
	if (rc == GIT_ENOTFOUND)
		return 1;
	if (rc < 0)
		return git_fail(s, rc, err, "look for %s", job->path);
	ret->mode = git_tree_entry_filemode(entry);
	char id[GIT_OID_HEXSZ + 1];
	(void)git_oid_tostr(id, sizeof id, git_tree_entry_id(entry));
	git_tree_entry_free(entry);
	if (ret->mode != GIT_FILEMODE_BLOB && ret->mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return err_set(err, ERR_INVALID, "%s is no regular file on the branch '%s'",
			job->path, job->what->branch);
	if (source_read(s, id, FILE_LIMIT, &ret->data, err) < 0)
		return err_wrap(err, "%s", job->path);
	return 0;
}

/* The file on the branch; a file that only the base has yet is taken from there. */
static int read_old(
	struct append_job *job, const git_commit *tip, struct old_file *ret, struct err **err)
{
	int rc = read_file(job, tip, ret, err);
	if (rc == 1 && job->what->base) {
		AUTO_COMMIT *base = NULL;
		if (branch_tip(job->source, job->what->base, &base, err) < 0)
			return -1;
		rc = base ? read_file(job, base, ret, err) : 1;
	}
	if (rc == 1)
		return err_set(err, ERR_NOT_FOUND, "there is no %s on the branch '%s' any more",
			job->path, job->what->branch);
	return rc;
}

/* The tree of tip with the file's new bytes in it. */
static int make_tree(struct append_job *job, const git_commit *tip, git_tree_update *update,
	const struct str *data, git_oid *ret, struct err **err)
{
	struct source *s = job->source;
	AUTO_GIT_TREE *top = NULL;
	int rc = git_blob_create_from_buffer(&update->id, s->repo, data->data, data->len);
	if (rc == 0)
		rc = git_commit_tree(&top, tip);
	if (rc == 0)
		rc = git_tree_create_updated(ret, s->repo, top, 1, update);
	return rc < 0 ? git_fail(s, rc, err, "write %s", job->path) : 0;
}

static int make_commit(struct append_job *job, const git_commit *tip, const git_oid *tree_id,
	git_oid *ret, struct err **err)
{
	struct source *s = job->source;
	AUTO_GIT_TREE *tree = NULL;
	git_signature *who = NULL;
	AUTO_FREE char *message =
		xasprintf("%s\n\n" TRAILER ": %s\n", job->what->message, job->what->run_id);
	const git_commit *parents[] = {tip};
	int rc = git_tree_lookup(&tree, s->repo, tree_id);
	if (rc == 0)
		rc = git_signature_new(&who, "trueup", COMMITTER, job->what->now / 1000, 0);
	if (rc == 0)
		rc = git_commit_create(
			ret, s->repo, NULL, who, who, NULL, message, tree, 1, parents);
	git_signature_free(who);
	return rc < 0 ? git_fail(s, rc, err, "commit %s", job->path) : 0;
}

/* 1: the branch was moved by somebody else, and is here by now. */
static int send_upstream(struct append_job *job, const git_oid *new, struct err **err)
{
	const struct source_upstream *up = job->source->upstream;
	char id[GIT_OID_HEXSZ + 1];
	bool moved = false;
	(void)git_oid_tostr(id, sizeof id, new);
	if (up->push(up->data, id, job->what->branch, &moved, err) < 0)
		return -1;
	if (!moved)
		return 0;
	return up->fetch(up->data, job->what->branch, err) < 0 ? -1 : 1;
}

/* 1: the branch was moved by somebody else. old NULL: the branch is new. */
static int move_branch(
	struct append_job *job, const git_commit *old, const git_oid *new, struct err **err)
{
	AUTO_FREE char *log = xasprintf("trueup: run %s", job->what->run_id);
	const struct ref_move move = {job->ref, old ? git_commit_id(old) : NULL, new, log};
	int rc = job->source->upstream ? send_upstream(job, new, err) : 0;
	if (rc)
		return rc;
	rc = ref_move(job->source, &move, err);
	if (rc == 1 && job->source->upstream)
		rc = 0; /* it is there; a fetch brings whatever is newer */
	if (rc == 0) {
		(void)git_oid_tostr(job->end->commit, sizeof job->end->commit, new);
		job->end->state = SOURCE_APPENDED;
	}
	return rc;
}

static int commit_on(struct append_job *job, const git_commit *tip, const git_commit *old,
	const struct copy *copy, struct err **err)
{
	CLEANUP(old_file_release) struct old_file file = {.data = STR_INIT};
	AUTO_STR data = STR_INIT;
	if (read_old(job, tip, &file, err) < 0 ||
		job->what->edit(job->what->ctx, file.data.data, file.data.len, &data, err) < 0)
		return -1;
	if (data.len == file.data.len && memcmp(data.data, file.data.data, data.len) == 0) {
		job->end->state = SOURCE_APPEND_SAME;
		return 0;
	}
	git_tree_update update = {
		.action = GIT_TREE_UPDATE_UPSERT, .filemode = file.mode, .path = job->path};
	git_oid tree, commit;
	if (make_tree(job, tip, &update, &data, &tree, err) < 0 ||
		make_commit(job, tip, &tree, &commit, err) < 0)
		return -1;
	const int rc = move_branch(job, old, &commit, err);
	if (rc)
		return rc;
	if (copy_update(job->source, copy, job->path, &update.id, err) < 0)
		return err_wrap(err,
			"it is committed, but the file is not up to date (`git checkout HEAD -- "
			"%s` does that)",
			job->path);
	return 0;
}

/* 1: again. */
static int try_once(struct append_job *job, struct err **err)
{
	const struct source_append *what = job->what;
	AUTO_COPY copy = COPY_NONE;
	int rc = copy_take(
		job->source, job->ref, &copy, job->end->reason, sizeof job->end->reason, err);
	if (rc == 1)
		job->end->state = SOURCE_APPEND_WAITS;
	if (rc)
		return rc < 0 ? -1 : 0;
	AUTO_COMMIT *old = NULL;
	AUTO_COMMIT *base = NULL;
	if (branch_tip(job->source, what->branch, &old, err) < 0 ||
		(!old && what->base && branch_tip(job->source, what->base, &base, err) < 0))
		return -1;
	const git_commit *tip = old ? old : base;
	if (!tip)
		return err_set(err, ERR_NOT_FOUND, "there is no branch '%s'", what->branch);
	rc = find_run(job, tip, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	return commit_on(job, tip, old, &copy, err);
}

static int check(const struct source_append *what, struct err **err)
{
	size_t len = 0;
	while (isalnum((unsigned char)what->run_id[len]))
		len++;
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", what->branch);
	int valid = 0;
	if (len == 0 || what->run_id[len])
		return err_set(err, ERR_INTERNAL, "'%s' is no id of a run", what->run_id);
	if (git_reference_name_is_valid(&valid, ref) < 0 || !valid)
		return err_set(err, ERR_INVALID, "'%s' is no name of a branch", what->branch);
	return 0;
}

static int run(struct append_job *job, struct err **err)
{
	struct ref_tries tries = REF_TRIES;
	do {
		*job->end = (struct source_append_end){0};
		const int rc = try_once(job, err);
		if (rc <= 0)
			return rc;
	} while (ref_try_again(&tries));
	return err_set(err, ERR_UNAVAILABLE,
		"the branch '%s' is moved by somebody else all the time, or %s.lock in %s cannot "
		"be removed",
		job->what->branch, job->ref, job->source->common_dir);
}

static int take_lock(const struct source *s, struct lock *ret, struct err **err)
{
	AUTO_FREE char *path = path_join(s->common_dir, "trueup-append.lock");
	AUTO_FREE char *owner = xasprintf("pid %d, writing history", (int)getpid());
	return lock_take(path, owner, LOCK_WAIT_MS, ret, err);
}

void source_set_upstream(struct source *s, const struct source_upstream *upstream)
{
	s->upstream = upstream;
}

static bool is_mirror(const struct source *s)
{
	git_config *config = NULL;
	int mirror = 0;
	if (git_repository_config_snapshot(&config, s->repo) == 0 &&
		git_config_get_bool(&mirror, config, SOURCE_MIRROR_KEY) < 0)
		mirror = 0;
	git_config_free(config);
	return mirror;
}

int source_append_commit(struct source *s, const struct source_append *what,
	struct source_append_end *ret, struct err **err)
{
	*ret = (struct source_append_end){0};
	if (git_need(s, err) < 0 || check(what, err) < 0)
		return -1;
	if (!s->upstream && is_mirror(s)) {
		ret->state = SOURCE_APPEND_WAITS;
		(void)str_copy(ret->reason, sizeof ret->reason,
			"this is a mirror: the server that keeps it writes the entry");
		return 0;
	}
	/* While git asks hooks about a push, refs must not be moved. */
	if (getenv("GIT_QUARANTINE_PATH")) {
		ret->state = SOURCE_APPEND_WAITS;
		(void)str_copy(ret->reason, sizeof ret->reason, "a push is being checked");
		return 0;
	}
	/* A branch must not point to what a power cut takes away. */
	(void)git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", what->branch);
	AUTO_FREE char *path = path_join(s->subtree, what->path);
	struct append_job job = {s, what, ret, ref, path};
	AUTO_LOCK lock = LOCK_NONE;
	if (take_lock(s, &lock, err) == 0 && run(&job, err) == 0)
		return 0;
	return err_wrap(err, "append to %s on the branch '%s'", path, what->branch);
}

int source_append_tidy(struct source *s, struct err **err)
{
	AUTO_FREE char *path = s->kind == SOURCE_GIT ? path_join(s->git_dir, "index.lock") : NULL;
	if (!path || !s->work_dir || !fs_exists(path))
		return 0;
	struct source_rev head;
	AUTO_LOCK lock = LOCK_NONE;
	if (source_resolve(s, NULL, &head, err) < 0 || take_lock(s, &lock, err) < 0)
		return -1;
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", head.branch);
	AUTO_COPY copy = COPY_NONE;
	char reason[sizeof((struct source_append_end *)NULL)->reason];
	return copy_take(s, ref, &copy, reason, sizeof reason, err) < 0 ? -1 : 0;
}

/* The one file in which two trees differ, both times as a file; false if it is not just one. */
static bool one_file(
	struct source *s, git_tree *old, git_tree *new, struct arena *arena, struct source_own *own)
{
	git_diff *diff = NULL;
	if (git_diff_tree_to_tree(&diff, s->repo, old, new, NULL) < 0)
		return false;
	const git_diff_delta *d =
		git_diff_num_deltas(diff) == 1 ? git_diff_get_delta(diff, 0) : NULL;
	const bool good =
		d && d->status == GIT_DELTA_MODIFIED && d->old_file.mode == d->new_file.mode;
	if (good) {
		char id[GIT_OID_HEXSZ + 1];
		own->path = arena_strdup(arena, d->new_file.path);
		own->old_id = arena_strdup(arena, git_oid_tostr(id, sizeof id, &d->old_file.id));
		own->new_id = arena_strdup(arena, git_oid_tostr(id, sizeof id, &d->new_file.id));
	}
	git_diff_free(diff);
	return good;
}

int source_own_commit(struct source *s, const char *commit_id, struct arena *arena,
	struct source_own **ret, struct err **err)
{
	*ret = NULL;
	git_oid id;
	AUTO_COMMIT *commit = NULL;
	AUTO_COMMIT *parent = NULL;
	AUTO_GIT_TREE *new = NULL;
	AUTO_GIT_TREE *old = NULL;
	if (git_need(s, err) < 0 || git_id(commit_id, &id, err) < 0)
		return -1;
	int rc = git_commit_lookup(&commit, s->repo, &id);
	if (rc < 0)
		return git_fail(s, rc, err, "read commit %.10s", commit_id);
	AUTO_FREE char *run_id = run_of(commit);
	if (!run_id || git_commit_parentcount(commit) != 1)
		return 0;
	rc = git_commit_parent(&parent, commit, 0);
	if (rc == 0)
		rc = git_commit_tree(&new, commit);
	if (rc == 0)
		rc = git_commit_tree(&old, parent);
	if (rc < 0)
		return git_fail(s, rc, err, "read the parent of commit %.10s", commit_id);
	struct source_own own = {.run_id = arena_strdup(arena, run_id)};
	if (!one_file(s, old, new, arena, &own))
		return 0;
	*ret = arena_alloc(arena, sizeof own);
	**ret = own;
	return 0;
}
