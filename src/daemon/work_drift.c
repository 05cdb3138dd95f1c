/* Drift: the look that Config wants every so often, and the next one. */
#include "daemon/work_run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "reconcile/recorded.h"
#include "store/drift.h"

/* Is there drift that a reconcile is to undo? */
static int is_to_heal(struct work *w, struct store *store, bool *ret, struct err **err)
{
	struct drift_rows rows = {0};
	*ret = false;
	if (store_drift_list(store, &w->arena, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		*ret = *ret || rows.items[i].heal;
	return 0;
}

static int look(struct work *w, struct session *session, bool *ret_heal, struct err **err)
{
	const struct run_options options = work_run_options(w, "drift", RUN_STOP_DRIFT);
	AUTO_RUN run = NULL;
	if (run_pipeline(session, &options, &run, err) < 0)
		return -1;
	if (run_result(run)->exit_code == WORK_RUN_INVALID)
		log_at(LOG_LEVEL_WARNING, "%s: the specs are invalid: drift was not looked for",
			w->repository->name.text);
	return is_to_heal(w, session->store, ret_heal, err);
}

enum work_end work_drift(struct work *w, struct err **err)
{
	const struct queue_request reconcile = {
		.kind = QUEUE_RECONCILE, .subject = QUEUE_BRANCH, .actor = w->actor};
	AUTO_SESSION session = SESSION_NONE;
	bool heal = false;
	if (work_open(w, "drift", &session, err) < 0)
		return WORK_END_RETRY;
	const struct config *config = recorded_config(session.store, &w->arena);
	if (config && config->drift.every_ms)
		w->drift_at = session.now_ms + config->drift.every_ms;
	if (look(w, &session, &heal, err) < 0)
		return *w->stops ? WORK_END_PARKED : WORK_END_RETRY;
	if (*w->stops)
		return WORK_END_PARKED;
	if (heal && work_ask(w, &reconcile, 1, err) < 0)
		return WORK_END_RETRY;
	return WORK_END_DONE;
}
