/*
 * Reconcile the branch: the same pipeline as `trueup reconcile`, without anybody to ask. What waits
 * for an approval waits; what failed is tried again with longer and longer pauses.
 */
#include "daemon/work_run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/connect.h"
#include "format/node.h"
#include "reconcile/handover.h"
#include "reconcile/pull.h"
#include "reconcile/recorded.h"
#include "reconcile/runbook_history.h"
#include "reconcile/schedule.h"
#include "spec/freeze.h"
#include "store/drift.h"
#include "store/objects.h"
#include "store/runs.h"

#include <stdlib.h>

enum { HISTORY_AGAIN_MS = 60 * 1000 };

static void tell_mistakes(const struct work *w, const struct run_outcome *out)
{
	const struct diag *d = NULL;
	for (size_t i = 0; out->diags && i < out->diags->count && !d; i++)
		if (out->diags->items[i].severity == SEVERITY_ERROR)
			d = &out->diags->items[i];
	log_at(LOG_LEVEL_WARNING,
		"%s: the specs at %.10s are invalid and nothing was done; the first mistake: "
		"%s:%u:%u: %s",
		w->repository->name.text, out->commit ? out->commit : "", d ? d->path : "",
		d ? d->line : 0, d ? d->col : 0, d ? d->message : "");
}

/* The objects that failed, in words, for the queue's row. */
static int name_failed(const struct run_outcome *out, struct err **err)
{
	AUTO_STR names = STR_INIT;
	size_t count = 0;
	for (size_t i = 0; i < out->object_count; i++) {
		if (out->objects[i].status != OBJECT_FAILED)
			continue;
		if (count++ < 3)
			str_addf(&names, "%s%s", names.len ? ", " : "", out->objects[i].key);
	}
	if (count > 3)
		str_addf(&names, " and %zu more", count - 3);
	return err_set(err, ERR_UNAVAILABLE, "not everything was done: %s",
		names.len ? names.data : "see the log");
}

static int reconcile(struct work *w, struct session *session, int *ret_code, struct err **err)
{
	const struct node *payload = NULL;
	if (work_payload(w, &payload, err) < 0)
		return -1;
	const struct server_repository *r = w->repository;
	struct run_options options = work_run_options(w, "reconcile", RUN_STOP_NEVER);
	options.allow_empty_at = node_text(node_get(payload, HANDOVER_ALLOW_EMPTY));
	options.statuses = r->forge.repository ? r->name.text : "";
	AUTO_RUN run = NULL;
	if (run_pipeline(session, &options, &run, err) < 0)
		return -1;
	const struct run_outcome *out = run_result(run);
	*ret_code = out->exit_code;
	if (out->exit_code == WORK_RUN_INVALID)
		tell_mistakes(w, out);
	if (out->exit_code == WORK_RUN_FAILED && !*w->stops)
		return name_failed(out, err);
	return 0;
}

/* Canvases whose time is over; of the others, when the next one's is. */
static int find_expired(
	struct work *w, struct session *session, const char ***ret_keys, struct err **err)
{
	struct object_lives lives = {0};
	if (store_object_lives(session->store, &w->arena, &lives, err) < 0)
		return -1;
	const char **keys = arena_array(&w->arena, lives.count + 1, sizeof *keys);
	size_t count = 0;
	for (size_t i = 0; i < lives.count; i++) {
		const struct object_life *life = &lives.items[i];
		int64_t ttl;
		AUTO_ERR unreadable = NULL; /* it was valid when it was recorded */
		if (!life->applied_at || clock_parse_duration(life->ttl, &ttl, &unreadable) < 0)
			continue;
		if (life->applied_at + ttl <= session->now_ms)
			keys[count++] = life->key;
		else
			work_sooner(&w->reconcile_at, life->applied_at + ttl);
	}
	*ret_keys = keys;
	return 0;
}

/* Destroys what has outlived its ttl; a gate that objects is asked again next time. */
static int end_lives(struct work *w, struct session *session, int *ret_code, struct err **err)
{
	const char **keys = NULL;
	if (find_expired(w, session, &keys, err) < 0)
		return -1;
	if (!*keys)
		return 0;
	for (const char **key = keys; *key; key++)
		log_at(LOG_LEVEL_INFO, "%s: %s has outlived its ttl", w->repository->name.text,
			*key);
	struct run_options options = work_run_options(w, "destroy", RUN_STOP_NEVER);
	options.destroy = keys;
	options.destroy_reason = OBJECT_LIFE_OVER;
	AUTO_RUN run = NULL;
	if (run_pipeline(session, &options, &run, err) < 0)
		return -1;
	const struct run_outcome *out = run_result(run);
	if (out->exit_code != WORK_RUN_FAILED)
		return 0;
	*ret_code = WORK_RUN_FAILED;
	return *w->stops ? 0 : name_failed(out, err);
}

static void log_notice(void *data, const struct runbook_event *event)
{
	const struct work *w = data;
	if (event->kind == RUNBOOK_EVENT_NOTICE)
		log_at(LOG_LEVEL_WARNING, "%s: %.*s", w->repository->name.text, (int)event->len,
			event->text);
}

/* Entries that could not be written when their runs ended; later again, if it still cannot be. */
static int write_history(struct work *w, struct session *session, struct err **err)
{
	struct run_rows due = {0};
	runbook_history_drain(session, log_notice, w);
	if (store_runs_history_due(session->store, &w->arena, &due, err) < 0)
		return -1;
	if (due.count)
		work_sooner(&w->reconcile_at, clock_now_ms() + HISTORY_AGAIN_MS);
	return 0;
}

/* What is due later by itself. */
static int find_next(struct work *w, struct session *session, struct err **err)
{
	int64_t next = 0;
	if (write_history(w, session, err) < 0 ||
		schedule_next(session->store, clock_now_ms(), &next, err) < 0)
		return -1;
	work_sooner(&w->reconcile_at, next);
	const struct config *config = recorded_config(session->store, &w->arena);
	int64_t frozen_until = 0;
	const char *why = NULL;
	if (config && freeze_now(config, session->now_ms, &frozen_until, &why, err) < 0)
		return -1;
	work_sooner(&w->reconcile_at, frozen_until);
	if (!config || !config->drift.every_ms)
		return 0;
	int64_t checked = 0;
	if (store_drift_checked_at(session->store, &checked, err) < 0)
		return -1;
	w->drift_at = (checked ? checked : session->now_ms) + config->drift.every_ms;
	return 0;
}

/* Under the repository's lock, which is given up before pull requests are looked at. */
static enum work_end reconcile_branch(struct work *w, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	int code = 0;
	if (work_open(w, "reconcile", &session, err) < 0)
		return WORK_END_RETRY;
	int rc = reconcile(w, &session, &code, err);
	if (rc == 0 && code != WORK_RUN_INVALID && !*w->stops)
		rc = end_lives(w, &session, &code, err);
	AUTO_ERR second = NULL;
	if (find_next(w, &session, &second) < 0 && rc == 0) {
		*err = steal_ptr(second);
		return WORK_END_RETRY;
	}
	if (rc < 0)
		return *w->stops ? WORK_END_PARKED : WORK_END_RETRY;
	return *w->stops && code == WORK_RUN_FAILED ? WORK_END_PARKED : WORK_END_DONE;
}

/* Pull requests whose base moved, or whose turn it is. */
static int settle_pulls(struct work *w, struct err **err)
{
	AUTO_FORGE *forge = NULL;
	struct pull_work work;
	struct pull_result result = {0};
	if (!w->repository->forge.repository)
		return 0;
	if (connect_forge(w->repository, &forge, err) < 0)
		return -1;
	work_pull_setup(w, forge, &work);
	if (pull_settle(&work, &w->arena, &result, err) < 0)
		return -1;
	return work_pull_follow(w, &result, false, err);
}

enum work_end work_reconcile(struct work *w, struct err **err)
{
	const enum work_end end = reconcile_branch(w, err);
	AUTO_ERR second = NULL;
	if (end == WORK_END_PARKED || settle_pulls(w, &second) == 0)
		return end;
	if (!*err)
		*err = steal_ptr(second);
	return WORK_END_RETRY;
}
