/*
 * From what is true about one object to a decision with its preview and gates: the facts of
 * plan/decide.h are put together here, from the revision, the store and the engine's state.
 */
#include "spec/freeze.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/run_spec.h"
#include "store/pulls.h"

#include <string.h>

/* --- facts -------------------------------------------------------------------------------- */

/* May something of it exist that is ours to change? */
bool item_is_recorded(const struct object_row *row)
{
	return row && row->phase != PHASE_DESTROYED && row->phase != PHASE_ORPHANED &&
	       (row->applied_digest || row->outcome);
}

enum plan_last item_last(const struct object_row *row)
{
	if (!row || !row->outcome)
		return LAST_NONE;
	if (str_eq(row->outcome, "ok"))
		return LAST_DONE;
	return str_eq(row->outcome, "lost") ? LAST_LOST : LAST_FAILED;
}

static const char *role_text(const struct node *side, const char *key)
{
	return node_text(node_get(node_get(node_get(side, "role"), "spec"), key));
}

static bool same_backend(const struct node *recorded, const struct config *config)
{
	const struct node *now = config->terraform.backend;
	const struct node *then = node_get(recorded, "backend");
	const bool local = !then || then->type == NODE_NULL;
	return now ? !local && node_equal(now, then) : local;
}

/* Are both known, and not the same? */
static bool differs(const char *then, const char *now)
{
	return then && now && !str_eq(then, now);
}

/* As it was recorded: a change that takes the protection away does not profit from it. */
bool item_protected(const struct item *item)
{
	const struct node *protect = node_get(node_get(item->past.spec, "spec"), "protect");
	return item->desired && item->row && item->row->applied_digest && protect &&
	       protect->type == NODE_BOOL && protect->boolean;
}

/* Does it live elsewhere than what was applied? Such a change cannot be an update. */
static bool has_moved(struct run *run, const struct item *item)
{
	const struct node *spec = node_get(item->past.spec, "spec"), *side = item->past.side;
	if (item->kind != KIND_CANVAS || !item->desired || !spec)
		return false;
	const char *engine = node_text(node_get(spec, "engine"));
	const char *region = node_text(node_get(spec, "region"));
	const struct role *role = item->role;
	const char *role_region = role ? role->region.text : NULL;
	const char *own_region = item->canvas->region.text;
	return !str_eq(engine ? engine : "terraform", item->canvas->engine) ||
	       differs(region ? region : role_text(side, "region"),
		       own_region ? own_region : role_region) ||
	       differs(role_text(side, "account"), role ? role->account.text : NULL) ||
	       !same_backend(side, run->load.config);
}

/* Is the actor a member of the role, as recorded? */
static bool is_member(const void *data, const char *role, const char *actor)
{
	struct run *run = (struct run *)(uintptr_t)data;
	AUTO_FREE char *key = xasprintf("role/%s", role);
	const struct role *r = run_gate_role(run, key);
	return r && role_has_member(r, actor);
}

int item_approval(struct run *run, const struct item *item, const struct plan_row *plan,
	struct item_approval *ret, struct err **err)
{
	struct approval_rows rows = {0};
	const struct approval_query query = {
		.subject = item->key, .digest = plan->identity, .now = run->session->now_ms};
	if (store_approvals(run->session->store, &query, &run->arena, &rows, err) < 0)
		return -1;
	/* Where any yes is enough, also that of who asked, there is no rule to ask. */
	const struct spec_approval *rule = NULL;
	if (item->approval->mode == APPROVAL_MANUAL)
		rule = recorded_approval_now(run->session->store, &run->arena, item->approval);
	*ret = (struct item_approval){
		.request = {rule, plan->identity, plan->requester, plan->created_at},
	};
	struct approval_decision *decisions =
		arena_array(&run->arena, rows.count, sizeof *decisions);
	size_t count = 0;
	for (size_t i = 0; i < rows.count; i++) {
		const struct approval_row *r = &rows.items[i];
		const char *why = NULL;
		/* Roles may have changed since: who may not decide now does not count. */
		if (!approval_may_decide(&ret->request, r->actor, is_member, run, &why))
			continue;
		decisions[count++] =
			(struct approval_decision){r->actor, r->digest, r->approve, r->at};
		ret->any = ret->any || r->approve;
	}
	ret->state = approval_judge(
		&ret->request, decisions, count, run->session->now_ms, &ret->missing);
	return 0;
}

/* Was the plan that the object waited for rejected, and is nothing new wanted since? */
static int was_rejected(struct run *run, const struct item *item, bool *ret, struct err **err)
{
	struct plan_row *plan = NULL;
	const char *id = item->row ? item->row->plan_id : NULL;
	*ret = false;
	if (run->options->pull) {
		const struct pull_object *shown = pull_shown(run, item->key);
		id = shown ? shown->plan_id : NULL;
	}
	if (!id)
		return 0;
	if (store_plan_get(run->session->store, id, &run->arena, &plan, err) < 0)
		return -1;
	*ret = plan && plan->status == PLAN_REJECTED && str_eq(plan->object_digest, item->digest);
	return 0;
}

/* Is what the plan was bound to still so: the object, the renderer, the engine's state? */
static int is_valid(struct run *run, const struct item *item, const struct plan_row *plan,
	bool *ret, struct err **err)
{
	struct engine_target target;
	item_target(run, item, &run->arena, &target);
	const char *lineage = "";
	int64_t serial = 0;
	if (item->engine->state_id(&target, &run->arena, &lineage, &serial, err) < 0)
		return -1;
	*ret = str_eq(plan->object_digest, item->digest) &&
	       str_eq(plan->renderer, RENDER_VERSION) && plan->path &&
	       str_eq(plan->state_lineage ? plan->state_lineage : "", lineage) &&
	       plan->state_serial == serial;
	return 0;
}

int item_ask_approval(struct run *run, struct item *item, const struct plan_row *plan,
	struct item_approval *ret, struct err **err)
{
	if (item_approval(run, item, plan, ret, err) < 0)
		return -1;
	if (item_protected(item) && item->plan.changes.replace > item->out.preview.replace)
		gate_protect(item->plan.changes.replace, &run->arena, &item->out.gates);
	gate_approval(&ret->request, ret->state, ret->missing, &run->arena, &item->out.gates);
	return 0;
}

int item_take_plan(struct run *run, struct item *item, struct plan_row *plan, enum plan_stored *ret,
	struct err **err)
{
	struct item_approval approval;
	if (item_approval(run, item, plan, &approval, err) < 0)
		return -1;
	if (approval.state == APPROVAL_EXPIRED)
		return 0;
	item->stored = plan;
	if (approval.state == APPROVAL_REJECTED)
		*ret = STORED_REJECTED;
	else if (approval.state == APPROVAL_GRANTED || approval.any)
		*ret = STORED_APPROVED;
	else
		*ret = STORED_WAITING;
	return 0;
}

/* The open plan of the object if it is still valid. */
static int stored_plan(struct run *run, struct item *item, enum plan_stored *ret, struct err **err)
{
	struct store *store = run->session->store;
	struct plan_row *plan = NULL;
	bool rejected = false, valid = false;
	*ret = STORED_NONE;
	if (!store || !item->engine)
		return 0;
	if (was_rejected(run, item, &rejected, err) < 0)
		return -1;
	if (rejected) {
		*ret = STORED_REJECTED;
		return 0;
	}
	if (store_plan_open(store, item->key, &run->arena, &plan, err) < 0)
		return -1;
	item->seen_plan = plan ? plan->id : NULL;
	if (!plan)
		return 0;
	if (is_valid(run, item, plan, &valid, err) < 0)
		return -1;
	if (!valid)
		return 0;
	return item_take_plan(run, item, plan, ret, err);
}

static int gather(struct run *run, struct item *item, struct plan_facts *f, struct err **err)
{
	const struct object_row *row = item->row;
	*f = (struct plan_facts){
		.desired = item->desired != NULL,
		.recorded = item_is_recorded(row),
		.last = item_last(row),
		.suspended = row && row->suspended,
	};
	if (item_heals(run, item, err) < 0)
		return -1;
	f->same = f->desired && row && str_eq(row->applied_digest, item->digest) && !item->heals;
	if (item->kind != KIND_CANVAS)
		return 0;
	if (pull_keeps(run, item, &item->kept_by, err) < 0)
		return -1;
	f->held = item->kept_by != 0;
	f->moved = has_moved(run, item);
	/* Who names it to be destroyed means it, suspended or not. */
	if (!item->desired && load_entry(&run->load, item->key))
		f->suspended = false;
	f->suspended = f->suspended || (item->desired && item->canvas->suspend);
	if (!item->desired && item->canvas) {
		f->protect = item->canvas->protect;
		/* `trueup destroy` asks for it by name: retain is about files that went. */
		f->retain = item->canvas->deletion == DELETION_RETAIN &&
			    !load_entry(&run->load, item->key);
	}
	return stored_plan(run, item, &f->stored, err);
}

/* --- gates -------------------------------------------------------------------------------- */

/* The Role as last recorded; as desired when it never was. */
const struct role *run_gate_role(struct run *run, const char *key)
{
	const struct role *role = recorded_role(run->session->store, &run->arena, key);
	if (role)
		return role;
	const struct spec *spec = load_spec(&run->load, key);
	return spec ? spec->role : NULL;
}

/* Is the actor in a recorded role that may change roles? While none is recorded, anybody may. */
static int may_manage_roles(struct run *run, bool *ret, struct err **err)
{
	*ret = true;
	if (!run->session->store)
		return 0;
	AUTO_ARENA scratch = {0};
	struct object_rows rows = {0};
	const struct object_filter roles = {.kind = spec_kind_name(KIND_ROLE)};
	if (store_objects(run->session->store, &roles, OBJECT_BRIEF, &scratch, &rows, err) < 0)
		return -1;
	bool managed = false, member = false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct role *r =
			rows.items[i].applied_digest ? run_gate_role(run, rows.items[i].key) : NULL;
		if (!r || !r->active || !r->permissions.manage_roles)
			continue;
		managed = true;
		member = member || !r->members.count;
		for (size_t k = 0; k < r->members.count; k++)
			member = member || str_eq(r->members.items[k].text, run->session->actor);
	}
	*ret = member || !managed;
	return 0;
}

/* Is what it needs where it should be? */
static bool is_ready(struct run *run, const char *key)
{
	const struct item *item = item_find(run, key);
	if (item && item->decision.action != PLAN_NONE)
		return item->out.status == OBJECT_APPLIED || item->out.status == OBJECT_RECORDED;
	AUTO_ARENA scratch = {0};
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	if (item)
		return true;
	return run->session->store &&
	       store_object_get(run->session->store, key, OBJECT_BRIEF, &scratch, &row, &err) ==
		       0 &&
	       row && row->applied_digest;
}

static bool has_resources(struct run *run, const char *key)
{
	AUTO_ARENA scratch = {0};
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	return store_object_get(run->session->store, key, OBJECT_BRIEF, &scratch, &row, &err) < 0 ||
	       (row && row->applied_digest);
}

/* Does it use nothing any more of a canvas that goes? */
static bool is_done_with(struct run *run, const char *key, const char *gone)
{
	const struct item *item = item_find(run, key);
	if (!item)
		return !has_resources(run, key);
	const char *const *needs =
		item->desired ? load_needs(&run->load, &run->arena, item->desired) : NULL;
	for (; needs && *needs; needs++)
		if (str_eq(*needs, gone))
			return false;
	return item->out.status == OBJECT_UNCHANGED || item->out.status == OBJECT_APPLIED ||
	       item->out.status == OBJECT_RECORDED;
}

/* A role whose change is refused: what uses it has to wait. */
static bool is_refused(struct run *run, const char *key)
{
	const struct item *item = item_find(run, key);
	return item && gates_verdict(&item->out.gates, NULL) == GATE_REFUSE;
}

static const char *const *not_ready(struct run *run, const struct item *item, size_t *ret_count)
{
	const char **keys = NULL;
	size_t count = 0, cap = 0;
	const char *role = arena_printf(&run->arena, "role/%s", item->role_name);
	if (is_refused(run, role)) {
		keys = arena_grow(&run->arena, keys, count, &cap, sizeof *keys);
		keys[count++] = role;
	}
	for (const char *const *k = item->waits_for; k && *k; k++) {
		if (item->desired ? is_ready(run, *k) : is_done_with(run, *k, item->key))
			continue;
		keys = arena_grow(&run->arena, keys, count, &cap, sizeof *keys);
		keys[count++] = *k;
	}
	*ret_count = count;
	return keys;
}

static int ask_gates(struct run *run, struct item *item, struct err **err)
{
	struct gate_input in = {
		.action = item->decision.action,
		.actor = run->session->actor,
		.canvas = item->canvas,
		.labels = item->labels,
		.label_count = item->label_count,
		.config = run->load.config,
		.role_change = item->kind == KIND_ROLE,
	};
	if (in.config && freeze_now(in.config, run->session->now_ms, &in.frozen_until,
				 &in.frozen_why, err) < 0)
		return -1;
	if (in.role_change && may_manage_roles(run, &in.may_manage_roles, err) < 0)
		return -1;
	if (item->kind == KIND_CANVAS) {
		in.role_name = item->role_name;
		in.role = run_gate_role(run, arena_printf(&run->arena, "role/%s", item->role_name));
		in.waits_for = not_ready(run, item, &in.waits_for_count);
	}
	item->out.gates = (struct gate_answers){0};
	gates_policy(&in, &run->arena, &item->out.gates);
	gate_name(item->taken_by, &run->arena, &item->out.gates);
	return run->options->pull ? pull_gates(run, item, err) : 0;
}

/* --- the decision ------------------------------------------------------------------------- */

static const char *plural(struct arena *arena, size_t n, const char *word)
{
	return arena_printf(arena, "%zu %s%s", n, word, n == 1 ? "" : "s");
}

static void summarise(struct run *run, struct item *item)
{
	struct arena *a = &run->arena;
	if (item->kind == KIND_ROLE && item->desired) {
		const struct role *r = item->desired->role;
		item->out.summary = arena_printf(a, "%s, %s",
			plural(a, r->allowed_services.count, "service"),
			r->members.count ? plural(a, r->members.count, "member") : "open to all");
	}
}

/* An error about this object alone: it is refused, and the others go on. */
static int keep_problem(struct run *run, struct item *item, struct err **err)
{
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	err_free(err);
	item->problem = arena_memdup(&run->arena, text.data, text.len);
	return 0;
}

static int use_side(struct run *run, struct item *item, struct err **err)
{
	if (item->kind != KIND_CANVAS) {
		if (item->desired)
			spec_digest_plain(item->desired, item->digest);
		return 0;
	}
	if (item->desired) {
		item_use_desired(run, item);
		return 0;
	}
	if (!item_is_recorded(item->row) || item_use_recorded(run, item, err) == 0)
		return 0;
	return keep_problem(run, item, err);
}

/* What an earlier process left open and nobody could take over keeps the object as it is. */
static void look_if_stuck(struct run *run, struct item *item)
{
	const char *why = strmap_get(&run->stuck, item->key);
	if (!why && item->row)
		why = strmap_get(&run->stuck, item->row->key);
	item->stuck = why != NULL;
	if (why)
		item->problem = why;
}

int item_decide_again(struct run *run, struct item *item, struct err **err)
{
	if (item_decide(run, item, err) < 0)
		return -1;
	if (!item->desired || run->plan_only || run->options->pull ||
		run->options->stop != RUN_STOP_NEVER)
		return 0;
	item->row_there = true;
	return load_record_spec(&run->load, item->key, item->digest, err);
}

void item_show_decision(struct item *item)
{
	item->out.action = item->decision.action;
	/* By the table it is a change like any other: what exists is not what is wanted. */
	if (item->heals && item->row && str_eq(item->row->applied_digest, item->digest) &&
		item->decision.action == PLAN_UPDATE)
		item->decision.reason = "its resources differ from what was applied";
	item->out.reason = item->decision.reason;
	item->out.status = OBJECT_PENDING;
	item->out.status_text = NULL;
	item->out.planned_later = item->behind = item->busy = false;
	if (item->decision.action == PLAN_NONE)
		item->out.status = OBJECT_UNCHANGED;
	else if (item->decision.action == PLAN_WAIT)
		item->out.status = OBJECT_WAITING;
	else if (item->decision.action == PLAN_REFUSE)
		item->out.status = OBJECT_REFUSED;
}

static void refuse(struct item *item)
{
	item->decision = (struct plan_decision){.action = PLAN_REFUSE, .reason = item->problem};
	item_show_decision(item);
}

static void tell_keeper(struct run *run, struct item *item)
{
	if (item->kept_by && item->decision.action == PLAN_WAIT)
		item_status(run, item, OBJECT_WAITING, "held by pull request #%lld",
			(long long)item->kept_by);
}

static void look_up(const struct run *run, struct item *item, struct plan_facts *facts)
{
	item->decision = plan_decide(facts);
	if (!run->options->pull || !item->decision.use_stored)
		return;
	/* A comment shows the plan beside the reason, and has to read the same at the next look. */
	facts->stored = STORED_NONE;
	item->decision.reason = plan_decide(facts).reason;
}

int item_decide(struct run *run, struct item *item, struct err **err)
{
	item->stored = NULL;
	item->rendered = false;
	item->problem = NULL;
	if (item->kind == KIND_RUN)
		return run_item_decide(run, item, err);
	struct plan_facts facts;
	if (use_side(run, item, err) < 0)
		return -1;
	look_if_stuck(run, item);
	if (item->problem) {
		refuse(item);
		return 0;
	}
	if (gather(run, item, &facts, err) < 0)
		return -1;
	look_up(run, item, &facts);
	item_show_decision(item);
	summarise(run, item);
	tell_keeper(run, item);
	if (!item_acts(item))
		return pull_mark_applied(run, item, err);
	if (ask_gates(run, item, err) < 0)
		return -1;
	const bool shows = item->rendered && item->decision.action != PLAN_RETAIN;
	if (shows && item_preview(run, item, err) < 0) {
		(void)keep_problem(run, item, err);
		refuse(item);
		return 0;
	}
	if (item_protected(item))
		gate_protect(item->out.preview.replace, &run->arena, &item->out.gates);
	if (shows && item->lost_key.key)
		gate_key(item->lost_key.key, item->lost_key.user, &run->arena, &item->out.gates);
	const struct gate_answer *first = NULL;
	if (gates_verdict(&item->out.gates, &first) == GATE_REFUSE)
		item_status(run, item, OBJECT_REFUSED, "%s", first->reason);
	return 0;
}
