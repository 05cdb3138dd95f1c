/* What kinds of work that run the pipeline have in common: the session, the options, the log. */
#include "daemon/work_run.h"

#include "base/log.h"

static void log_outcome(const char *name, const struct object_outcome *o, const char *what)
{
	log_at(o->status == OBJECT_FAILED ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "%s: %s %s%s%s%s",
		name, o->key, what, object_status_name(o->status), o->status_text ? ": " : "",
		o->status_text ? o->status_text : "");
}

static void log_event(void *data, const struct run_event *event)
{
	const struct work *w = data;
	const char *name = w->repository->name.text;
	const struct object_outcome *o = event->object;
	switch (event->kind) {
	case RUN_PLANNED:
		log_outcome(name, o, "planned: ");
		break;
	case RUN_APPLYING:
		log_at(LOG_LEVEL_INFO, "%s: %s is being applied%s%s", name, o->key,
			o->operation ? ", operation " : "", o->operation ? o->operation : "");
		break;
	case RUN_APPLIED:
		log_outcome(name, o, "");
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

struct run_options work_run_options(struct work *w, const char *command, enum run_stop stop)
{
	return (struct run_options){
		.command = command,
		.stop = stop,
		.environ = w->environ,
		.listener = log_event,
		.data = w,
		.stop_plans = w->stops,
	};
}

int work_open(struct work *w, const char *what, struct session *ret, struct err **err)
{
	const struct session_options options = {
		.dir = w->place.dir,
		.flags = SESSION_LOCK,
		.lock_wait_ms = WORK_LOCK_WAIT_MS,
		.what = what,
		.actor = w->request->actor,
		.upstream = work_upstream(w),
		.store = w->store,
	};
	return session_open(&options, ret, err);
}
