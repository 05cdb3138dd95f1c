/* Between forge_event.c and the readers of each forge's deliveries. */
#ifndef TRUEUP_REPORT_FORGE_EVENT_INTERNAL_H
#define TRUEUP_REPORT_FORGE_EVENT_INTERNAL_H

#include "report/forge_event.h"
#include "report/forge_internal.h"

/* Fill *ret, in which delivery and event are set, from the body's map. */
MUST_CHECK int forge_event_hub(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err);
MUST_CHECK int forge_event_lab(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err);

/* A push, which all forges describe alike; one of a tag is ignored. */
MUST_CHECK int forge_event_push(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err);

/* The event is none of those that matter; why is static or in the arena. */
int forge_event_ignore(struct forge_event *event, const char *why);
/* "a delivery of EVENT lacks WHAT" */
int forge_event_lacks(const struct forge_event *event, const char *what, struct err **err);

#endif
