#include "cli/run_objects.h"

#include "base/err.h"
#include "base/str.h"
#include "reconcile/recorded.h"

const char *run_object_key(struct arena *arena, const char *given)
{
	return str_starts(given, "run/") ? given : arena_printf(arena, "run/%s", given);
}

static int fill(struct session *s, const struct object_row *row, struct arena *arena,
	struct run_object *ret, struct err **err)
{
	const struct run_filter filter = {.object_key = row->key, .limit = 1};
	struct run_rows rows = {0};
	struct schedule_row *schedule = NULL;
	struct plan_row *plan = NULL;
	const struct spec *spec = recorded_spec(arena, recorded_json(arena, row->spec_json));
	if (store_schedule_get(s->store, row->key, arena, &schedule, err) < 0 ||
		store_plan_open(s->store, row->key, arena, &plan, err) < 0 ||
		store_runs(s->store, &filter, arena, &rows, err) < 0)
		return -1;
	*ret = (struct run_object){
		.row = row,
		.spec = spec && spec->kind == KIND_RUN ? spec->run : NULL,
		.schedule = schedule,
		.plan = plan,
		.last = rows.count ? &rows.items[0] : NULL,
	};
	return 0;
}

int run_objects_read(
	struct session *session, struct arena *arena, struct run_objects *ret, struct err **err)
{
	const struct object_filter filter = {.kind = spec_kind_name(KIND_RUN)};
	struct object_rows rows = {0};
	*ret = (struct run_objects){0};
	if (!session->store)
		return 0;
	if (store_objects(session->store, &filter, OBJECT_FULL, arena, &rows, err) < 0)
		return -1;
	ret->items = arena_array(arena, rows.count, sizeof *ret->items);
	for (size_t i = 0; i < rows.count; i++)
		if (fill(session, &rows.items[i], arena, &ret->items[ret->count++], err) < 0)
			return -1;
	return 0;
}

static int not_found(
	struct session *session, const char *key, struct arena *arena, struct err **err)
{
	struct store_keys keys = {0};
	if (session->store &&
		store_object_keys(session->store, spec_kind_name(KIND_RUN), arena, &keys, err) < 0)
		return -1;
	const char **names = arena_array(arena, keys.count + 1, sizeof *names);
	for (size_t i = 0; i < keys.count; i++)
		names[i] = keys.items[i];
	const char *near = str_nearest(key, names);
	if (near)
		return err_set(err, ERR_NOT_FOUND, "there is no %s; did you mean '%s'?", key, near);
	return err_set(err, ERR_NOT_FOUND,
		"%s is not recorded here; `trueup run list` lists what is, and `trueup "
		"reconcile` records what is new",
		key);
}

int run_object_read(struct session *session, const char *key, struct arena *arena,
	struct run_object *ret, struct err **err)
{
	struct object_row *row = NULL;
	if (session->store &&
		store_object_get(session->store, key, OBJECT_FULL, arena, &row, err) < 0)
		return -1;
	return row ? fill(session, row, arena, ret, err) : not_found(session, key, arena, err);
}

const char *run_object_state(const struct run_object *object)
{
	const struct object_row *row = object->row;
	if (row->phase == PHASE_APPLYING)
		return "running";
	if (row->suspended)
		return "suspended";
	if (row->phase != PHASE_APPLIED && row->phase != PHASE_FAILED)
		return object_phase_name(row->phase);
	if (object->last && object->last->state != RUN_REFUSED)
		return run_state_name(object->last->state);
	return object->schedule ? "scheduled" : "not run";
}
