/*
 * What a task's child tells its parent, and what a stored plan remembers, as nodes: the engine's
 * plan and how an apply ended. Reading back never fails: what is missing is empty.
 */
#ifndef TRUEUP_RECONCILE_MESSAGE_H
#define TRUEUP_RECONCILE_MESSAGE_H

#include "engine/engine.h"
#include "format/node.h"
#include "plan/plan.h"

struct str;

/* How an apply ended, as far as recording needs it. */
struct finished {
	enum engine_end end;
	const char *error; /* "" with ENGINE_DONE */
	bool needs_import_check;
	int64_t ended_ms; /* 0: unknown */
	bool state_known; /* the rest was read */
	const struct engine_resource *resources;
	size_t resource_count;
	const struct engine_output *outputs;
	size_t output_count;
};

/* The engine's changes in the words of reports; attributes keep masked texts only. */
void message_from_engine(const struct engine_change *changes, size_t count, struct arena *arena,
	struct change_set *ret);

struct node *message_changes(struct arena *arena, const struct change_set *set);
void message_read_changes(const struct node *node, struct arena *arena, struct change_set *ret);

struct node *message_finished(struct arena *arena, const struct engine_outcome *outcome);
void message_read_finished(const struct node *node, struct arena *arena, struct finished *ret);

/* One line for the log and for progress: "aws_vpc.main: creating (10 s)". */
void message_event_text(const struct engine_event *event, struct str *out);

/* Shorthands for reading: "" / 0 / false when the key is missing or of another type. */
const char *message_text(const struct node *map, const char *key);
int64_t message_int(const struct node *map, const char *key);
bool message_bool(const struct node *map, const char *key);
/* And for building; text NULL sets nothing. */
void message_set(struct arena *arena, struct node *map, const char *key, const char *text);

#endif
