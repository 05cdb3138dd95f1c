/*
 * Notes under refs/notes/trueup. The new notes commit is made first and the ref then moved only
 * if it still is where it was; otherwise all is done again on what the other one left. A lock
 * keeps our own processes in line (and covers the very first note, for which libgit2 has no
 * compare-and-swap); the comparison covers git itself, which does not know of that lock.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/internal.h"

#include <unistd.h>

#define NOTES_REF "refs/notes/trueup"

enum { LOCK_WAIT_MS = 30000 };

struct note_job {
	struct source *source;
	git_oid commit;
	source_note_merge *merge;
	void *ctx;
};

/* The commit that the notes ref points to; *ret NULL if there is none yet. */
static int notes_commit(struct source *s, git_commit **ret, struct err **err)
{
	*ret = NULL;
	git_oid id;
	int rc = git_reference_name_to_id(&id, s->repo, NOTES_REF);
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc == 0)
		rc = git_commit_lookup(ret, s->repo, &id);
	return rc < 0 ? git_fail(s, rc, err, "read %s", NOTES_REF) : 0;
}

/* The note of a commit in a notes commit; *ret NULL if there is none. */
static int note_in(struct source *s, git_commit *notes, const git_oid *commit, git_note **ret,
	struct err **err)
{
	*ret = NULL;
	const int rc = notes ? git_note_commit_read(ret, s->repo, notes, commit) : GIT_ENOTFOUND;
	if (rc < 0 && rc != GIT_ENOTFOUND)
		return git_fail(s, rc, err, "read the note");
	return 0;
}

static int write_note(
	struct note_job *job, git_commit *notes, const char *text, git_oid *ret, struct err **err)
{
	struct source *s = job->source;
	git_signature *who = NULL;
	int rc = git_signature_new(&who, "trueup", "trueup@localhost", clock_now_ms() / 1000, 0);
	if (rc == 0)
		rc = git_note_commit_create(
			ret, NULL, s->repo, notes, who, who, &job->commit, text, 1);
	git_signature_free(who);
	return rc < 0 ? git_fail(s, rc, err, "write the note") : 0;
}

static int merge_into(struct note_job *job, git_commit *notes, struct err **err)
{
	git_note *note = NULL;
	if (note_in(job->source, notes, &job->commit, &note, err) < 0)
		return -1;
	AUTO_STR text = STR_INIT;
	int rc = job->merge(job->ctx, note ? git_note_message(note) : NULL, &text, err);
	git_note_free(note);
	git_oid made;
	if (rc == 0)
		rc = write_note(job, notes, text.data, &made, err);
	if (rc < 0)
		return rc;
	const struct ref_move move = {
		NOTES_REF, notes ? git_commit_id(notes) : NULL, &made, "trueup: note"};
	return ref_move(job->source, &move, err);
}

static int try_once(struct note_job *job, struct err **err)
{
	git_commit *notes = NULL;
	if (notes_commit(job->source, &notes, err) < 0)
		return -1;
	const int rc = merge_into(job, notes, err);
	git_commit_free(notes);
	return rc;
}

static int parse_commit(struct source *s, const char *commit, git_oid *ret, struct err **err)
{
	return git_need(s, err) < 0 ? -1 : git_id(commit, ret, err);
}

int source_note_write(
	struct source *s, const char *commit, source_note_merge *merge, void *ctx, struct err **err)
{
	struct note_job job = {.source = s, .merge = merge, .ctx = ctx};
	if (parse_commit(s, commit, &job.commit, err) < 0)
		return -1;
	AUTO_FREE char *lock_path = path_join(s->common_dir, "trueup-notes.lock");
	AUTO_FREE char *owner = xasprintf("pid %d, writing a note", (int)getpid());
	AUTO_LOCK lock = LOCK_NONE;
	if (lock_take(lock_path, owner, LOCK_WAIT_MS, &lock, err) < 0)
		return err_wrap(err, "write the note of commit %.10s", commit);
	struct ref_tries tries = REF_TRIES;
	do {
		const int rc = try_once(&job, err);
		if (rc == 0)
			return 0;
		if (rc < 0)
			return err_wrap(err, "write the note of commit %.10s", commit);
	} while (ref_try_again(&tries));
	return err_set(err, ERR_UNAVAILABLE,
		"write the note of commit %.10s: %s is moved by somebody else all the time, or "
		"%s.lock in %s cannot be removed",
		commit, NOTES_REF, NOTES_REF, s->common_dir);
}

int source_note_read(
	struct source *s, const char *commit, struct str *out, bool *ret_found, struct err **err)
{
	*ret_found = false;
	git_oid id;
	git_commit *notes = NULL;
	if (parse_commit(s, commit, &id, err) < 0 || notes_commit(s, &notes, err) < 0)
		return -1;
	git_note *note = NULL;
	const int rc = note_in(s, notes, &id, &note, err);
	if (note) {
		str_add(out, git_note_message(note));
		*ret_found = true;
	}
	git_note_free(note);
	git_commit_free(notes);
	return rc;
}
