/*
 * Reconcile the branch: the same pipeline as `trueup reconcile`, without anybody to ask. What waits
 * for an approval waits; what failed is tried again with longer and longer pauses.
 */
#include "daemon/work_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run.h"
#include "reconcile/schedule.h"

#include <stdlib.h>

enum { EXIT_FAILED = 1, EXIT_SPECS = 3, LOCK_WAIT_MS = 60 * 1000 };

static void on_event(void *data, const struct run_event *event)
{
	const struct work *w = data;
	const char *name = w->repository->name.text;
	const struct object_outcome *o = event->object;
	switch (event->kind) {
	case RUN_PLANNED:
		log_at(o->status == OBJECT_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
			"%s: %s planned: %s%s%s", name, o->key, object_status_name(o->status),
			o->status_text ? ": " : "", o->status_text ? o->status_text : "");
		break;
	case RUN_APPLYING:
		log_at(LOG_LEVEL_INFO, "%s: %s is being applied%s%s", name, o->key,
			o->operation ? ", operation " : "", o->operation ? o->operation : "");
		break;
	case RUN_APPLIED:
		log_at(o->status == OBJECT_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
			"%s: %s %s%s%s", name, o->key, object_status_name(o->status),
			o->status_text ? ": " : "", o->status_text ? o->status_text : "");
		break;
	case RUN_ADOPTED:
	case RUN_NOTICE:
		log_at(LOG_LEVEL_INFO, "%s: %s", name, event->text);
		break;
	case RUN_LOADED:
	case RUN_PLANNING:
	case RUN_PROGRESS:
		break;
	}
}

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
	const struct run_options options = {
		.command = "reconcile",
		.stop = RUN_STOP_NEVER,
		.environ = w->environ,
		.listener = on_event,
		.data = w,
		.stop_plans = w->stops,
	};
	AUTO_RUN run = NULL;
	if (run_pipeline(session, &options, &run, err) < 0)
		return -1;
	const struct run_outcome *out = run_result(run);
	*ret_code = out->exit_code;
	if (out->exit_code == EXIT_SPECS)
		tell_mistakes(w, out);
	if (out->exit_code == EXIT_FAILED && !*w->stops)
		return name_failed(out, err);
	return 0;
}

/* What is due later by itself. */
static int find_next(struct work *w, struct session *session, struct err **err)
{
	int64_t next = 0;
	if (schedule_next(session->store, clock_now_ms(), &next, err) < 0)
		return -1;
	work_sooner(&w->reconcile_at, next);
	return 0;
}

enum work_end work_reconcile(struct work *w, struct err **err)
{
	const struct session_options open = {
		.dir = w->place.dir,
		.flags = SESSION_LOCK,
		.lock_wait_ms = LOCK_WAIT_MS,
		.what = "reconcile",
	};
	AUTO_SESSION session = SESSION_NONE;
	int code = 0;
	if (session_open(&open, &session, err) < 0)
		return work_end_of(*err);
	free(session.actor);
	session.actor = xstrdup(w->request->actor);
	const int rc = reconcile(w, &session, &code, err);
	AUTO_ERR second = NULL;
	if (find_next(w, &session, &second) < 0 && rc == 0) {
		*err = steal_ptr(second);
		return WORK_END_RETRY;
	}
	if (rc < 0)
		return *w->stops ? WORK_END_PARKED : WORK_END_RETRY;
	return *w->stops && code == EXIT_FAILED ? WORK_END_PARKED : WORK_END_DONE;
}
