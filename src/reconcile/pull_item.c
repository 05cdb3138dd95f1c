/*
 * Objects of a pull request on their way through a run: what they wait for beside the policy gates,
 * and the locks that keep two pull requests, and a pull request and its base branch, apart.
 */
#include "base/err.h"
#include "base/str.h"
#include "reconcile/run_internal.h"
#include "store/pulls.h"

/* --- what a pull request waits for ----------------------------------------------------------- */

/*
 * The Role that the canvas would be planned with says whose credentials are used and what may be
 * done: as last recorded, or not at all.
 */
static const char *foreign_role(struct run *run, const struct item *item)
{
	struct arena *a = &run->arena;
	const char *key = arena_printf(a, "role/%s", item->role_name);
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	char digest[DIGEST_HEX] = "";
	if (!item->desired) /* goes by what was recorded with it */
		return NULL;
	if (store_object_get(run->session->store, key, OBJECT_BRIEF, a, &row, &err) < 0 || !row ||
		!row->applied_digest)
		return arena_printf(a,
			"%s is not recorded on %s yet: it is planned once it is merged", key,
			run->options->pull->base_branch);
	const struct spec *role = load_role_of(&run->load, item->desired);
	if (role)
		spec_digest_plain(role, digest);
	if (str_eq(digest, row->applied_digest))
		return NULL;
	return arena_printf(a,
		"%s changes too: what uses it is planned once the role is merged and recorded",
		key);
}

/* Has the base branch changed its file since what is recorded? */
static bool base_moved(struct run *run, const struct item *item)
{
	const char *then = item->row ? item->row->path : NULL, *now = item->out.path;
	return (then && load_base_moved(&run->load, then)) ||
	       (now && load_base_moved(&run->load, now));
}

bool pull_is_under_way(const struct object_row *row)
{
	return row && (row->phase == PHASE_APPLYING || row->phase == PHASE_DESTROYING);
}

/* Is what it uses being applied? Its outputs may be others afterwards. */
static int needs_first(struct run *run, const struct item *item, const char **ret, struct err **err)
{
	for (const char *const *key = item->waits_for; item->desired && key && *key; key++) {
		struct object_row *row = NULL;
		if (store_object_get(
			    run->session->store, *key, OBJECT_BRIEF, &run->arena, &row, err) < 0)
			return -1;
		if (!pull_is_under_way(row))
			continue;
		*ret = arena_printf(
			&run->arena, "an operation on %s, which it uses, is still running", *key);
		return 0;
	}
	return 0;
}

/* What is seen of the object alone. */
static const char *object_first(struct run *run, const struct item *item)
{
	const struct object_row *row = item->row;
	if (row && !str_eq(row->key, item->key))
		return arena_printf(
			&run->arena, "%s gets a new name: it is planned after the merge", row->key);
	if (base_moved(run, item))
		return arena_printf(&run->arena,
			"%s has a change of it that was not reconciled yet",
			run->options->pull->base_branch);
	if (pull_is_under_way(row))
		return "an operation on it is still running";
	return NULL;
}

/* What the branch itself has to do with the object comes first. */
static int branch_first(
	struct run *run, const struct item *item, const char **ret, struct err **err)
{
	struct store *store = run->session->store;
	struct plan_row *plan = NULL;
	int64_t of = 0;
	*ret = object_first(run, item);
	if (*ret)
		return 0;
	if (store_plan_open(store, item->key, &run->arena, &plan, err) < 0 ||
		(plan && store_pull_of_plan(store, plan->id, &of, err) < 0))
		return -1;
	if (plan && !of)
		*ret = arena_printf(&run->arena, "a plan of %s waits for a decision: %s",
			run->options->pull->base_branch, plan->id);
	return 0;
}

int pull_gates(struct run *run, struct item *item, struct err **err)
{
	const char *why = NULL;
	if (item->kind != KIND_CANVAS)
		return 0;
	if (branch_first(run, item, &why, err) < 0)
		return -1;
	item->out.planned_later = pull_is_under_way(item->row);
	if (!why) {
		if (needs_first(run, item, &why, err) < 0)
			return -1;
		item->out.planned_later = why != NULL;
	}
	if (item->out.planned_later && session_is_locked(run->session, &item->busy, err) < 0)
		return -1;
	if (!why)
		why = foreign_role(run, item);
	item->behind = why != NULL;
	if (why)
		gate_add(&item->out.gates, &run->arena, "pull request", GATE_WAIT, why);
	return 0;
}

void pull_stand_aside(struct run *run, struct item *item)
{
	static const char why[] = "another trueup is working on it; it is planned after that";
	item->behind = item->out.planned_later = item->busy = true;
	gate_add(&item->out.gates, &run->arena, "pull request", GATE_WAIT, why);
	item_status(run, item, OBJECT_WAITING, "%s", why);
	item->waits = true;
}

/* --- what it applied ------------------------------------------------------------------------- */

const struct pull_object *pull_shown(const struct run *run, const char *key)
{
	const struct pull_objects *shown = run->options->pull->shown;
	for (size_t i = 0; shown && i < shown->count; i++)
		if (str_eq(shown->items[i].key, key))
			return &shown->items[i];
	return NULL;
}

int pull_mark_applied(struct run *run, struct item *item, struct err **err)
{
	int64_t by = 0;
	if (!run->options->pull || item->decision.action != PLAN_NONE || item->kind != KIND_CANVAS)
		return 0;
	if (store_lock_applied_by(run->session->store, item->key, &by, err) < 0)
		return -1;
	if (by != run->options->pull->number)
		return 0;
	const struct pull_object *shown = pull_shown(run, item->key);
	if (shown)
		item->out.action = plan_action_of(shown->action);
	item->out.reason = "applied before the merge";
	item_status(run, item, OBJECT_APPLIED, "%s", item->out.reason);
	return 0;
}

int pull_intend(struct run *run, struct item *item, struct err **err)
{
	struct store *store = run->session->store;
	if (store_lock_applied(store, run->options->pull->number, item->key, err) < 0)
		return -1;
	if (item->row || !item->desired)
		return 0;
	/* Not there as far as the branch knows, which is what the row says once it is recorded. */
	if (load_record_spec(&run->load, item->key, item->digest, err) < 0)
		return -1;
	return store_object_absent(store, item->key, err);
}

/* --- locks ----------------------------------------------------------------------------------- */

static bool needs_lock(const struct item *item)
{
	return item->kind == KIND_CANVAS && item_acts(item);
}

/* Still open, and still at the head that is looked at? */
static int is_current(struct run *run, bool *ret, struct err **err)
{
	const struct run_pull *p = run->options->pull;
	struct pull_row *row = NULL;
	if (store_pull_get(run->session->store, p->number, &run->arena, &row, err) < 0)
		return -1;
	*ret = row && row->state == PULL_OPEN && str_eq(row->head_sha, p->merge->head);
	return 0;
}

static int ask(struct run *run, struct object_locks *ret, struct err **err)
{
	const int64_t number = run->options->pull->number;
	struct store *store = run->session->store;
	const char **keys = arena_array(&run->arena, run->item_count + 1, sizeof *keys);
	size_t count = 0;
	bool current = false;
	for (size_t i = 0; i < run->item_count; i++)
		if (needs_lock(run->items[i]))
			keys[count++] = run->items[i]->key;
	if (is_current(run, &current, err) < 0 ||
		(current &&
			store_locks_ask(store, number, keys, count, run->session->now_ms, err) < 0))
		return -1;
	return store_locks(store, number, &run->arena, ret, err);
}

static const char *why_locked(struct run *run, const struct object_locks *locks,
	const struct object_lock *first, const char *key)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct object_lock *l = &locks->items[i];
		if (!str_eq(l->key, key) || l->position == 0)
			continue;
		if (l->position == 1)
			return arena_printf(&run->arena,
				"held by pull request #%lld; this one is next",
				(long long)l->holder);
		return arena_printf(&run->arena,
			"held by pull request #%lld; %lld others are before this one",
			(long long)l->holder, (long long)l->position - 1);
	}
	return arena_printf(&run->arena, "waits with %s, which pull request #%lld holds",
		first->key, (long long)first->holder);
}

int pull_take_locks(struct run *run, struct err **err)
{
	struct store *store = run->session->store;
	struct object_locks locks = {0};
	const struct object_lock *first = NULL;
	if (store_begin(store, err) < 0)
		return -1;
	if (ask(run, &locks, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	for (size_t i = 0; i < locks.count && !first; i++)
		if (locks.items[i].position > 0)
			first = &locks.items[i];
	/* All or none: plans of a part would be made twice. */
	for (size_t i = 0; first && i < run->item_count; i++)
		if (needs_lock(run->items[i]))
			gate_add(&run->items[i]->out.gates, &run->arena, "lock", GATE_WAIT,
				why_locked(run, &locks, first, run->items[i]->key));
	return 0;
}

/* Is the merge of the pull request part of what the branch's run looks at? */
static int has_merge(struct run *run, const struct pull_row *pull, bool *ret, struct err **err)
{
	*ret = false;
	if (pull->state != PULL_MERGED || !pull->merge_sha || !*run->load.rev.commit)
		return 0;
	if (source_is_before(
		    run->session->source, pull->merge_sha, run->load.rev.commit, ret, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err); /* the merge was not fetched yet */
	return 0;
}

int pull_keeps(struct run *run, const struct item *item, int64_t *ret, struct err **err)
{
	struct store *store = run->session->store;
	struct pull_row *pull = NULL;
	int64_t by = 0;
	bool merged = false;
	*ret = 0;
	if (!store || run->options->pull)
		return 0;
	if (store_lock_applied_by(store, item->key, &by, err) < 0)
		return -1;
	if (!by)
		return 0;
	if (store_pull_get(store, by, &run->arena, &pull, err) < 0 ||
		(pull && has_merge(run, pull, &merged, err) < 0))
		return -1;
	*ret = pull && !merged ? by : 0;
	return 0;
}

int pull_let_go(struct run *run, struct err **err)
{
	struct store *store = run->session->store;
	const struct pull_filter unsettled = {.unsettled = true};
	struct pull_rows rows;
	if (store_pulls(store, &unsettled, &run->arena, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		bool merged = false;
		if (has_merge(run, &rows.items[i], &merged, err) < 0 ||
			(merged &&
				store_locks_release(store, rows.items[i].number, false, err) < 0))
			return -1;
	}
	return 0;
}

/* --- the gates of an apply -------------------------------------------------------------------- */

bool pull_is_as_shown(const struct run *run, const struct item *item)
{
	const struct pull_object *shown = pull_shown(run, item->key);
	return item->stored && shown && str_eq(shown->plan_id, item->plan_id) &&
	       str_eq(shown->sha256, item->plan_sha256) && str_eq(shown->identity, item->identity);
}

/* Asks the approval gate, as it stands now; every answer is shown. */
static int ask_approval(struct run *run, struct item *item, struct err **err)
{
	struct item_approval approval;
	return item->stored ? item_ask_approval(run, item, item->stored, &approval, err) : 0;
}

/* Waits for another object of the same pull request: the next apply is for it. */
static bool waits_for_sibling(const struct item *item)
{
	const struct gate_answer *first = NULL;
	return gates_verdict(&item->out.gates, &first) == GATE_WAIT &&
	       str_eq(first->gate, "dependencies");
}

static bool is_ready(const struct run *run, const struct item *item)
{
	return item->out.status == OBJECT_PLANNED && pull_is_as_shown(run, item) &&
	       gates_verdict(&item->out.gates, NULL) == GATE_PASS;
}

/* Has nothing to be applied, was applied already, or comes in a later step. */
static bool is_aside(const struct item *item)
{
	return item->kind != KIND_CANVAS || item->out.status == OBJECT_UNCHANGED ||
	       item->out.status == OBJECT_APPLIED || waits_for_sibling(item);
}

int pull_gate_wave(struct run *run, struct err **err)
{
	bool all = true;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (is_aside(item))
			continue;
		if (item->out.status == OBJECT_PLANNED && ask_approval(run, item, err) < 0)
			return -1;
		all = all && is_ready(run, item);
	}
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		const struct gate_answer *first = NULL;
		if (is_aside(item) || item->out.status != OBJECT_PLANNED)
			continue;
		item->go = all;
		if (!all && gates_verdict(&item->out.gates, &first) != GATE_PASS)
			item_status(run, item,
				gates_verdict(&item->out.gates, NULL) == GATE_REFUSE
					? OBJECT_REFUSED
					: OBJECT_WAITING,
				"%s", first->reason);
	}
	return 0;
}
