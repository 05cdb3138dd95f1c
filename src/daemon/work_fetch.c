/*
 * Fetch: bring the mirror up to date and find out what changed, be it that a webhook said so or
 * that it is time to look.
 */
#include "daemon/work_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "format/document.h"
#include "source/source.h"
#include "store/revisions.h"
#include "store/runs.h"

#include <string.h>
#include <unistd.h>

/* --- a branch that is not there --------------------------------------------------------------- */

enum { NAME_MAX_LEN = 4096 };

/* Holds the name of the branch that was said to be missing: it is said once, not at each look. */
static const char *missing_path(struct work *w)
{
	return arena_printf(&w->arena, "%s/branch-missing", w->place.state_dir);
}

static int warn_once(struct work *w, struct err **err)
{
	AUTO_STR said = STR_INIT;
	AUTO_ERR ignored = NULL; /* not there: nothing was said */
	const char *branch = w->repository->branch;
	if (fs_read(missing_path(w), NAME_MAX_LEN, &said, &ignored) == 0 &&
		str_eq(said.data, branch))
		return 0;
	if (fs_write_atomic(missing_path(w), branch, strlen(branch), 0600, err) < 0)
		return -1;
	log_at(LOG_LEVEL_WARNING,
		"%s: %s has no branch '%s': nothing is reconciled until it is pushed, or the "
		"server is told of another one (branch: NAME)",
		w->repository->name.text, w->repository->url.text, branch);
	return 0;
}

/* Nothing may have been pushed to it yet. One that was there and is gone is not normal. */
static int branch_missing(struct work *w, struct err **err)
{
	struct store *store;
	struct revision_row *last = NULL;
	if (work_store(w, &store, err) < 0 || store_revision_last(store, &w->arena, &last, err) < 0)
		return -1;
	if (!last)
		return warn_once(w, err);
	return err_set(err, ERR_NOT_FOUND,
		"the branch '%s' is not there any more; what was applied stays as it is",
		w->repository->branch);
}

/* --- fetching --------------------------------------------------------------------------------- */

/*
 * Does history wait for the other side to take it, or the tip differ from what was last recorded?
 * *ret_tip NULL: there is none.
 */
static int has_news(struct work *w, bool *ret, const char **ret_tip, struct err **err)
{
	AUTO_SOURCE *source = NULL;
	struct store *store;
	struct run_rows due = {0};
	struct source_rev rev;
	struct revision_row *last = NULL;
	*ret = false;
	if (source_open(w->place.dir, NULL, &source, err) < 0)
		return -1;
	if (!source_head_fast(source, &rev) && source_resolve(source, NULL, &rev, err) < 0) {
		if (err_kind_of(*err) != ERR_NOT_FOUND)
			return -1;
		err_free(err);
		return branch_missing(w, err);
	}
	(void)unlink(missing_path(w));
	if (work_store(w, &store, err) < 0 ||
		store_revision_last(store, &w->arena, &last, err) < 0 ||
		store_runs_history_due(store, &w->arena, &due, err) < 0)
		return -1;
	*ret_tip = arena_strdup(&w->arena, rev.commit);
	*ret = due.count || !last || !str_eq(last->commit_id, rev.commit);
	return 0;
}

static int fetch(struct work *w, struct err **err)
{
	static const char *const branches[] = {"+refs/heads/*:refs/heads/*", NULL};
	struct queue_request reconcile = {.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.payload_json = w->request->payload_json,
		.actor = w->request->actor};
	const struct node *payload = NULL;
	const char *tip = NULL;
	bool news = false;
	if (work_payload(w, &payload, err) < 0 || work_git_fetch(w, branches, err) < 0 ||
		has_news(w, &news, &tip, err) < 0)
		return -1;
	const bool due = document_bool(payload, WORK_RECONCILE_DUE);
	/* A tip that fails is found at every look, and is not tried more often for that. */
	if (!due)
		reconcile.about = tip;
	return news || due ? work_ask(w, &reconcile, 1, err) : 0;
}

enum work_end work_fetch(struct work *w, struct err **err)
{
	if (w->place.mirror && fetch(w, err) < 0)
		return work_end_of(*err);
	if (w->repository->forge.repository && work_poll(w, err) < 0)
		return work_end_of(*err);
	return WORK_END_DONE;
}
