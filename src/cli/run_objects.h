/* What the commands of the run family share: Runs as they are recorded. */
#ifndef TRUEUP_CLI_RUN_OBJECTS_H
#define TRUEUP_CLI_RUN_OBJECTS_H

#include "base/arena.h"
#include "reconcile/session.h"
#include "spec/run.h"
#include "store/objects.h"
#include "store/operations.h"
#include "store/plans.h"
#include "store/runs.h"

struct run_object {
	const struct object_row *row;
	const struct run_spec *spec; /* as last seen; NULL: cannot be read */
	const struct schedule_row *schedule; /* NULL: none */
	const struct plan_row *plan; /* that waits; NULL */
	const struct run_row *last; /* its newest run; NULL: never run */
};

struct run_objects {
	struct run_object *items; /* sorted by name */
	size_t count;
};

/* "run/NAME" of "NAME", "run/NAME"; in arena. */
const char *run_object_key(struct arena *arena, const char *given);
/* All that are recorded and not gone. */
MUST_CHECK int run_objects_read(
	struct session *session, struct arena *arena, struct run_objects *ret, struct err **err);
/* One. ERR_NOT_FOUND with the nearest name. */
MUST_CHECK int run_object_read(struct session *session, const char *key, struct arena *arena,
	struct run_object *ret, struct err **err);
/* "running", "waiting", "done", "failed", ...: what a person wants to know first. */
const char *run_object_state(const struct run_object *object);

#endif
