/*
 * The part of a run that has effects, in waves: canvases whose needs are met are planned in
 * parallel, go through all gates, are applied in parallel, and then those that waited for them are
 * looked at again. Every effect is recorded as intended before its task starts.
 *
 * A task's child talks to the engine and sends what it learns; only this process writes to the
 * store.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "reconcile/run_internal.h"

bool run_is_stopped(const struct run *run)
{
	const struct run_options *o = run->options;
	return (o->interrupts && *o->interrupts) || (o->stop_plans && *o->stop_plans);
}

const volatile sig_atomic_t *run_plan_interrupts(const struct run *run)
{
	return run->options->stop_plans ? run->options->stop_plans : run->options->interrupts;
}

/* Looks again at what waited: its needs may be met now. */
static int decide_waiting(struct run *run, bool *ret_any, struct err **err)
{
	*ret_any = false;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (!item->waits || item->planned)
			continue;
		item->waits = false;
		if (item_decide_again(run, item, err) < 0)
			return -1;
		*ret_any = true;
	}
	return 0;
}

/* Stopped before anything was applied: plans are kept, whoever wants them says so. */
static int hold_back(struct run *run, struct err **err)
{
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (item->out.status != OBJECT_PLANNED || !item->go)
			continue;
		const char *why = "stopped on request before its plan was applied";
		if (item_wait(run, item, PHASE_WAITING, why, err) < 0)
			return -1;
		item->out.status = OBJECT_CANCELLED;
	}
	return 0;
}

/* Plans that nobody will apply: they hold values that nobody should find. */
static int drop_plans(struct run *run, struct err **err)
{
	if (run->options->pull) /* its caller keeps them */
		return 0;
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (!item->plan_path || item->stored)
			continue;
		AUTO_FREE char *file = path_join(run->session->state_dir, item->plan_path);
		if (fs_remove_tree(file, err) < 0)
			return -1;
	}
	return 0;
}

/* What is done with for now: all of it but, with going, what is to be applied. */
static void unlock(struct run *run, bool going)
{
	for (size_t i = 0; i < run->item_count; i++)
		if (!going || run->items[i]->out.status != OBJECT_PLANNED || !run->items[i]->go)
			item_unlock(run, run->items[i]);
}

int run_execute(struct run *run, struct err **err)
{
	const bool applies = run->options->stop == RUN_STOP_NEVER && !run->plan_only;
	AUTO_FREE char *plans = path_join(run->session->state_dir, "plans");
	AUTO_FREE char *logs = path_join(run->session->state_dir, "logs");
	if (fs_mkdirs(plans, 0700, err) < 0 || fs_mkdirs(logs, 0700, err) < 0)
		return -1;
	for (;;) {
		bool any = false, applied = false;
		if (plan_wave(run, &any, err) < 0)
			return -1;
		if (!applies)
			return drop_plans(run, err);
		if (!any)
			return 0;
		if (gate_wave(run, err) < 0)
			return -1;
		if (run_is_stopped(run))
			return hold_back(run, err);
		unlock(run, true);
		if (apply_wave(run, &applied, err) < 0)
			return -1;
		unlock(run, false);
		if (!applied || run_is_stopped(run) || decide_waiting(run, &any, err) < 0)
			return *err ? -1 : 0;
	}
}
