/*
 * What planning and applying share: a child is set up, what it says is passed on, and lines of the
 * engine are taken in.
 */
#include "reconcile/work.h"

#include "base/err.h"
#include "base/mem.h"

static void send_event(void *data, const struct engine_event *event)
{
	const struct work_child *child = data;
	AUTO_ARENA arena = {0};
	struct node *map = node_new_map(&arena);
	AUTO_STR line = STR_INIT;
	message_event_text(event, &line);
	message_set(&arena, map, "log", line.data);
	node_map_set(&arena, map, "show", node_new_bool(&arena, event->type != ENGINE_EVENT_LOG));
	(void)task_send(child->port, map);
}

void work_child_begin(const struct work *w, const struct task_port *port, struct work_child *ret)
{
	const struct run *run = w->run;
	*ret = (struct work_child){.port = port};
	item_target(w->run, w->item, &ret->arena, &ret->target);
	ret->file = arena_printf(&ret->arena, "%s/%s", run->session->state_dir, w->item->plan_path);
	ret->engine_run = (struct engine_run){
		.job_dir = w->job_dir,
		.owner = arena_printf(&ret->arena, "%s of %s by %s", w->apply ? "apply" : "plan",
			w->item->key, run->session->actor),
		.on_event = send_event,
		.data = ret,
		.interrupts = w->apply ? run->options->interrupts : run_plan_interrupts(run),
	};
}

void work_send_error(const struct task_port *port, const struct err *e)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	err_format(e, &text);
	struct node *map = node_new_map(&arena);
	message_set(&arena, map, "error", text.data);
	message_set(&arena, map, "kind", err_kind_name(err_kind_of(e)));
	(void)task_send(port, map);
}

bool work_take_log(struct work *w, const struct node *message)
{
	if (!node_get(message, "log"))
		return false;
	const char *line = message_text(message, "log");
	str_addf(&w->log, "%s\n", line);
	if (w->log_file)
		(void)(fprintf(w->log_file, "%s\n", line) < 0 || fflush(w->log_file) < 0);
	if (message_bool(message, "show"))
		run_emit(w->run, RUN_PROGRESS, w->item, line);
	return true;
}

const char *work_job_dir(struct run *run, const char *id)
{
	return arena_printf(&run->arena, "%s/jobs/%s", run->session->state_dir, id);
}
