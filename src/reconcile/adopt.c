/*
 * Taking over what an earlier process left open: an apply that still runs is followed to its end,
 * one that ended meanwhile is recorded, one that never started or was lost is recorded as that.
 * Afterwards nothing is open, and the run plans from what is true.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run_spec.h"

#include <string.h>

struct adoption {
	struct run *run;
	struct item item; /* for the listener: key only */
	struct str log;
};

static void on_event(void *data, const struct engine_event *event)
{
	struct adoption *a = data;
	AUTO_STR line = STR_INIT;
	message_event_text(event, &line);
	str_addf(&a->log, "%s\n", line.data);
	if (event->type != ENGINE_EVENT_LOG)
		run_emit(a->run, RUN_PROGRESS, &a->item, line.data);
}

/*
 * Where it was begun: backend and role as the plan remembers them or, to destroy, as they were
 * recorded. The specs are not read yet, and may say something else or be wrong by now.
 */
static int find_side(struct run *run, const struct operation_row *op, const struct plan_row *plan,
	const struct node **ret, struct err **err)
{
	struct object_row *row = NULL;
	struct past past = {0};
	*ret = plan ? node_get(recorded_json(&run->arena, plan->summary_json), "side") : NULL;
	if (*ret)
		return 0;
	struct store *store = run->session->store;
	if (store_object_get(store, op->object_key, OBJECT_FULL, &run->arena, &row, err) < 0 ||
		(row && past_read(store, row, &run->arena, &past, err) < 0))
		return -1;
	*ret = past.side;
	return 0;
}

static const struct config *config_with(struct run *run, const struct node *backend)
{
	struct config *config = arena_alloc(&run->arena, sizeof *config);
	*config = *recorded_config_or_default(run->session->store, &run->arena);
	const bool local = !backend || backend->type == NODE_NULL;
	config->terraform.backend = local ? NULL : (struct node *)(uintptr_t)backend;
	return config;
}

static int make_target(struct run *run, const struct operation_row *op, const struct plan_row *plan,
	struct engine_target *ret, struct err **err)
{
	const struct node *side = NULL;
	const char *slash = strchr(op->object_key, '/');
	if (find_side(run, op, plan, &side, err) < 0)
		return -1;
	const struct spec *role = recorded_spec(&run->arena, node_get(side, "role"));
	*ret = (struct engine_target){
		.state_dir = run->session->state_dir,
		.name = plan    ? outcome_born(plan, &run->arena)
			: slash ? slash + 1
				: op->object_key,
		.config = config_with(run, node_get(side, "backend")),
		.role = role ? role->role : NULL,
		.environ = run->options->environ,
		.masker = run->masker,
	};
	return 0;
}

static int adopt_apply(struct run *run, const struct operation_row *op, struct err **err)
{
	struct adoption a = {.run = run, .log = STR_INIT};
	a.item.key = a.item.out.key = op->object_key;
	struct plan_row *plan = NULL;
	if (op->plan_id &&
		store_plan_get(run->session->store, op->plan_id, &run->arena, &plan, err) < 0)
		return -1;
	const struct engine *engine = run_engine(run, plan ? plan->engine : "terraform");
	struct engine_target target;
	if (!engine)
		return err_set(err, ERR_INVALID, "this trueup has no engine '%s'", plan->engine);
	if (make_target(run, op, plan, &target, err) < 0)
		return -1;
	AUTO_FREE char *dir = xasprintf("%s/jobs/%s", run->session->state_dir, op->id);
	const struct engine_run engine_run = {
		.job_dir = dir,
		.owner = "trueup",
		.on_event = on_event,
		.data = &a,
		.interrupts = run->options->interrupts,
	};
	char since[CLOCK_TEXT_SIZE];
	run_emit(run, RUN_ADOPTED, &a.item,
		arena_printf(&run->arena, "%s of %s by %s, begun %s, was left by its process",
			op->kind, op->object_key, op->actor, clock_format(op->intended_at, since)));
	struct engine_outcome outcome = {0};
	int result = engine->adopt(&target, &engine_run, &run->arena, &outcome, err);
	if (result == 0) {
		struct finished finished;
		message_read_finished(
			message_finished(&run->arena, &outcome), &run->arena, &finished);
		bool recorded = false;
		result = outcome_record(run->session, op, &finished, a.log.data, &recorded, err);
		run_notice(run, "%s of %s ended meanwhile: %s", op->kind, op->object_key,
			outcome.end == ENGINE_DONE ? "done" : outcome.error);
	}
	str_release(&a.log);
	return result;
}

/*
 * Its state cannot be read: a backend that is away, a damaged file. It stays open, so that a later
 * run records how it really ended, and its object is left alone until then.
 */
static void leave_open(struct run *run, const struct operation_row *op, struct err **err)
{
	AUTO_STR why = STR_INIT;
	err_format(*err, &why);
	err_free(err);
	const char *text = arena_printf(&run->arena,
		"its %s was left open by an earlier process and cannot be taken over: %s; the next "
		"reconcile tries again, or `trueup unlock --lost %s` records it as lost",
		op->kind, why.data, op->object_key);
	(void)strmap_put(&run->stuck, op->object_key, (void *)(uintptr_t)text);
	run_notice(run, "%s: %s", op->object_key, text);
}

int run_adopt(struct run *run, struct err **err)
{
	struct operation_rows open = {0};
	if (run_spec_adopt(run, err) < 0 ||
		store_operations_open(run->session->store, &run->arena, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.count; i++) {
		const struct operation_row *op = &open.items[i];
		if (str_eq(op->kind, RUN_SPEC_OPERATION) || adopt_apply(run, op, err) == 0)
			continue;
		if (err_kind_of(*err) == ERR_CANCELLED || run_is_stopped(run))
			return err_wrap(err, "take over operation %s", op->id);
		leave_open(run, op, err);
	}
	return 0;
}
