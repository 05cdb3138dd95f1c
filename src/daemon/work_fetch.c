/*
 * Fetch: bring the mirror up to date and find out what changed, be it that a webhook said so or
 * that it is time to look.
 */
#include "daemon/work_internal.h"

#include "base/err.h"
#include "base/str.h"
#include "format/document.h"
#include "source/source.h"
#include "store/revisions.h"
#include "store/runs.h"

#include <string.h>

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
		/* Nothing was pushed to the branch yet. */
		if (err_kind_of(*err) != ERR_NOT_FOUND)
			return -1;
		err_free(err);
		return 0;
	}
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
