/*
 * Any bytes as what terraform prints, as the JSON of a plan and as a state file: all three are
 * read to the end or refused, and no line of an event holds a line break.
 */
#include "base/err.h"
#include "base/str.h"
#include "engine/terraform_internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(void *data, const struct engine_event *event)
{
	(void)data;
	if (!event->message || strpbrk(event->message, "\r\n"))
		abort();
}

/* In two pieces, as a pipe may give them. */
static void read_events(const struct str *text)
{
	const struct engine_run run = {.on_event = check_event};
	AUTO_TF_EVENTS events = TF_EVENTS_INIT;
	events.run = &run;
	tf_events_feed(&events, text->data, text->len / 2);
	tf_events_feed(&events, text->data + text->len / 2, text->len - text->len / 2);
	tf_events_end(&events);
	if ((events.error_count == 0) != (events.errors.len == 0) && events.errors.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_STR text = STR_INIT;
	AUTO_ARENA arena = {0};
	AUTO_ERR no_plan = NULL;
	AUTO_ERR no_state = NULL;
	struct engine_plan plan = {0};
	struct engine_state state;
	str_addn(&text, data, size);
	read_events(&text);
	if ((tf_plan_parse(text.data, text.len, NULL, ENGINE_PLAN_NORMAL, &arena, &plan, &no_plan) <
		    0) != (no_plan != NULL))
		abort();
	if ((tf_state_parse(text.data, text.len, NULL, &arena, &state, &no_state) < 0) !=
		(no_state != NULL))
		abort();
	return 0;
}
