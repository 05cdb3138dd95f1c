/* A run told to people while it happens. */
#include "base/clock.h"
#include "base/str.h"
#include "report/plan_print.h"
#include "report/term.h"

/* Is it neither done nor wrong? One that is being applied goes on without us. */
static bool is_open(const struct object_outcome *o)
{
	return o->status == OBJECT_WAITING || o->status == OBJECT_CANCELLED ||
	       o->status == OBJECT_APPLYING;
}

static void print_result(struct term *t, const struct object_outcome *o)
{
	const bool bad = o->status == OBJECT_FAILED || o->status == OBJECT_REFUSED;
	const bool open = is_open(o);
	const enum term_style style = bad ? STYLE_BOLD_RED : open ? STYLE_YELLOW : STYLE_GREEN;
	term_put(t, style, bad ? "\xe2\x9c\x97 " : open ? "! " : "\xe2\x9c\x93 ");
	term_put(t, STYLE_BOLD, o->key);
	/* "applied in 31 s" says the status and the time already. */
	const char *status = object_status_name(o->status);
	const bool told = o->status_text && str_starts(o->status_text, status);
	term_printf(t, style, "  %s", told ? o->status_text : status);
	if (o->apply_ms && !told) {
		char buf[CLOCK_TEXT_SIZE];
		term_printf(t, STYLE_PLAIN, " in %s", clock_format_duration(o->apply_ms, buf));
	}
	if (o->status_text && !told)
		term_printf(t, STYLE_PLAIN, "   %s", o->status_text);
	term_newline(t);
	if (bad && o->operation)
		term_printf(t, STYLE_DIM, "  what it printed: trueup log %s\n", o->operation);
}

static const char *key_of(const struct run_event *event)
{
	return event->object ? event->object->key : "run";
}

/* One step: a progress line for who looks on, a plain line for a log when that is wanted. */
static void step(struct plan_listener *l, const struct run_event *event, const char *what)
{
	if (l->progress->tty)
		term_progress(l->progress, "%s: %s", key_of(event), what);
	else if (l->verbose)
		term_note(l->progress, "%s: %s", key_of(event), what);
}

void plan_listen(void *plan_listener, const struct run_event *event)
{
	struct plan_listener *l = plan_listener;
	const char *text = event->text ? event->text : "";
	if (event->kind != RUN_PROGRESS)
		term_progress_clear(l->progress);
	switch (event->kind) {
	case RUN_LOADED:
		plan_print_overview(l->out, event->outcome);
		break;
	case RUN_PLANNING:
		step(l, event, "planning");
		break;
	case RUN_PLANNED:
		if (event->object->plan)
			plan_print_object(l->out, event->object, l->all);
		else
			print_result(l->out, event->object);
		break;
	case RUN_APPLYING:
		step(l, event, "applying");
		break;
	case RUN_PROGRESS:
		step(l, event, text);
		break;
	case RUN_APPLIED:
		print_result(l->out, event->object);
		break;
	case RUN_ADOPTED:
	case RUN_NOTICE:
		term_note(l->progress, "note: %s%s%s", event->object ? event->object->key : "",
			event->object ? ": " : "", text);
		break;
	}
	/* Who reads through a pipe sees each step when it happens. */
	(void)fflush(l->out->file);
}
