/*
 * One engine at a time on a canvas. The repository's lock keeps those apart who change what is
 * recorded; plans of pull requests are made beside them, and an apply may take an hour. So whoever
 * has an engine work on a canvas holds that canvas's lock, until what came of it is recorded.
 *
 * Who plans for a pull request never waits for one, so nobody can wait for each other in a circle.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run_internal.h"

enum { LOOK_UP_MS = 500 };

/* By the name of its workspace. */
static int take_for(struct locks *locks, const struct run *run, const struct item *item,
	int64_t wait_ms, bool *ret_mine, struct err **err)
{
	AUTO_FREE char *path = path_join(run->session->state_dir, "objects.lock");
	return locks_take(locks, path, item->born, wait_ms, ret_mine, err);
}

static int take(
	struct run *run, const struct item *item, bool waits, bool *ret_mine, struct err **err)
{
	const int64_t wait_ms = waits ? LOOK_UP_MS : 0;
	bool told = false;
	for (;;) {
		if (take_for(&run->locks, run, item, wait_ms, ret_mine, err) < 0)
			return -1;
		if (*ret_mine || !waits || run_is_stopped(run))
			return 0;
		if (!told)
			run_notice(run, "%s: waits for a plan of a pull request that is being made",
				item->key);
		told = true;
	}
}

/*
 * Did anybody else record something of it since it was decided? Who holds the repository's lock is
 * the only one to change an object's row; beside him, plans are made.
 */
static int has_changed(struct run *run, const struct item *item, bool *ret, struct err **err)
{
	struct store *store = run->session->store;
	int64_t version = 0;
	struct plan_row *plan = NULL;
	if (store_data_version(store, &version, err) < 0)
		return -1;
	*ret = version != run->seen;
	if (!*ret || run_is_beside(run))
		return 0;
	if (store_plan_open(store, item->key, &run->arena, &plan, err) < 0)
		return -1;
	*ret = !str_eq(plan ? plan->id : NULL, item->seen_plan);
	return 0;
}

/* By now it may live elsewhere, as after a rename: then it is another lock that is needed. */
static int look_again(struct run *run, struct item *item, bool *ret_mine, struct err **err)
{
	const char *born = item->born;
	if (run_is_beside(run) && item_read_again(run, item, err) < 0)
		return -1;
	if (str_eq(born, item->born))
		return item_decide_again(run, item, err);
	locks_drop(&run->locks, born);
	*ret_mine = item->locked = false;
	return 0;
}

int item_lock(struct run *run, struct item *item, bool waits, bool *ret_mine, struct err **err)
{
	bool changed = false;
	if (take(run, item, waits, ret_mine, err) < 0)
		return -1;
	item->locked = *ret_mine;
	if (!*ret_mine)
		return 0;
	if (has_changed(run, item, &changed, err) < 0)
		return -1;
	return changed ? look_again(run, item, ret_mine, err) : 0;
}

int item_lock_in_child(
	const struct run *run, const struct item *item, bool *ret_mine, struct err **err)
{
	static struct locks own = LOCKS_NONE; /* until the process ends */
	return take_for(&own, run, item, 0, ret_mine, err);
}

void item_unlock(struct run *run, struct item *item)
{
	if (item->locked)
		locks_drop(&run->locks, item->born);
	item->locked = false;
}
