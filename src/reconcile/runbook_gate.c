/*
 * A granted approval is used up by the run: its plan becomes applied in the transaction that
 * records the intention (runbook_execute.c), and decisions older than a plan do not count for it.
 */
#include "reconcile/runbook_gate.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "plan/approval.h"
#include "reconcile/recorded.h"
#include "reconcile/runbook_internal.h"
#include "store/objects.h"

#include <string.h>

/* ---- rules ---- */

static bool is_manual(const struct spec_approval *rule)
{
	return rule && rule->mode == APPROVAL_MANUAL;
}

const struct spec_approval *runbook_approval_both(
	struct arena *arena, const struct spec_approval *a, const struct spec_approval *b)
{
	if (!is_manual(a))
		return is_manual(b) ? b : NULL;
	if (!is_manual(b))
		return a;
	struct spec_approval *both = arena_alloc(arena, sizeof *both);
	*both = *a;
	both->min = a->min > b->min ? a->min : b->min;
	both->not_self = a->not_self || b->not_self;
	if (!both->expires_ms || (b->expires_ms && b->expires_ms < both->expires_ms))
		both->expires_ms = b->expires_ms;
	if (!both->roles.count)
		both->roles = b->roles;
	return both;
}

struct node *runbook_rule_node(struct arena *a, const struct spec_approval *rule)
{
	struct node *map = node_new_map(a), *roles = node_new_seq(a);
	for (size_t i = 0; i < rule->roles.count; i++)
		node_seq_add(a, roles, node_new_string(a, rule->roles.items[i].text));
	node_map_set(a, map, "min", node_new_int(a, rule->min));
	node_map_set(a, map, "roles", roles);
	node_map_set(a, map, "notSelf", node_new_bool(a, rule->not_self));
	node_map_set(a, map, "expiresMs", node_new_int(a, rule->expires_ms));
	return map;
}

const struct spec_approval *runbook_plan_rule(struct arena *arena, const struct plan_row *plan)
{
	const struct node *map = node_get(recorded_json(arena, plan->summary_json), "approval");
	const struct node *roles = node_get(map, "roles"), *min = node_get(map, "min"),
			  *not_self = node_get(map, "notSelf"),
			  *expires = node_get(map, "expiresMs");
	if (!roles || roles->type != NODE_SEQ || !min || min->type != NODE_INT || !not_self ||
		not_self->type != NODE_BOOL || !expires || expires->type != NODE_INT)
		return NULL;
	struct spec_approval *rule = arena_alloc(arena, sizeof *rule);
	*rule = (struct spec_approval){
		.mode = APPROVAL_MANUAL,
		.min = min->integer,
		.not_self = not_self->boolean,
		.expires_ms = expires->integer,
	};
	rule->roles.items = arena_array(arena, roles->seq.count + 1, sizeof *rule->roles.items);
	for (size_t i = 0; i < roles->seq.count; i++)
		rule->roles.items[rule->roles.count++].text = roles->seq.items[i]->text;
	return rule;
}

/* ---- suspension ---- */

int runbook_suspension_check(struct session *session, struct runbook_run *run, struct err **err)
{
	struct object_row *row = NULL;
	const char *key = arena_printf(&run->arena, "runbook/%s", run->name);
	if (session->store &&
		store_object_get(session->store, key, OBJECT_BRIEF, &run->arena, &row, err) < 0)
		return -1;
	if (!row || !row->suspended)
		return 0;
	run->fate = RUNBOOK_REFUSED;
	run->suspended = true;
	run->reason = arena_printf(&run->arena, "%s is suspended by %s%s%s; `trueup resume %s`",
		key, row->suspended_by, row->suspended_reason ? ": " : "",
		row->suspended_reason ? row->suspended_reason : "", key);
	return 0;
}

/* ---- asking ---- */

static const char *subject_of(
	struct arena *arena, const struct runbook_request *request, const struct runbook_run *run)
{
	return request->object_key ? request->object_key
				   : arena_printf(arena, "runbook/%s", run->name);
}

/* What people are shown of it: no values. */
static const char *summary(const struct session *session, const struct runbook_request *request,
	struct runbook_run *run)
{
	struct arena *a = &run->arena;
	AUTO_STR json = STR_INIT;
	struct node *map = node_new_map(a), *names = node_new_seq(a);
	for (size_t i = 0; i < run->var_count; i++)
		node_seq_add(a, names, node_new_string(a, run->vars[i].name));
	node_map_set(a, map, "runbook", node_new_string(a, run->name));
	node_map_set(a, map, "actor", node_new_string(a, runbook_actor(session, request)));
	node_map_set(a, map, "variables", names);
	node_map_set(a, map, "approval", runbook_rule_node(a, run->approval));
	emit_canonical(map, &json);
	return arena_strdup(a, json.data);
}

static int ask(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, int64_t now, struct err **err)
{
	const int64_t expires = run->approval->expires_ms;
	char *id = arena_alloc(&run->arena, ULID_SIZE);
	struct plan_row *plan = arena_alloc(&run->arena, sizeof *plan);
	*plan = (struct plan_row){
		.id = ulid_new(now, id),
		.object_key = subject_of(&run->arena, request, run),
		.object_digest = run->runbook->digest,
		.action = request->mode == RUN_MODE_CHECK ? "check" : "run",
		.engine = RUNBOOK_ENGINE,
		.sha256 = run->identity,
		.summary_json = summary(session, request, run),
		.identity = run->identity,
		.renderer = "",
		.commit_id = run->commit[0] ? run->commit : NULL,
		.requester = runbook_actor(session, request),
		.created_at = now,
		.expires_at = expires ? now + expires : 0,
		.status = PLAN_WAITING,
	};
	run->fate = RUNBOOK_WAITS;
	run->plan = plan;
	run->missing = run->approval->min;
	return store_plan_add(session->store, plan, err);
}

struct members {
	struct store *store;
	struct arena *arena;
};

static bool is_member(const void *data, const char *role, const char *actor)
{
	const struct members *m = data;
	const char *key = arena_printf(m->arena, "role/%s", role);
	const struct role *r = recorded_role(m->store, m->arena, key);
	return r && role_has_member(r, actor);
}

static int judge(struct session *session, struct runbook_run *run, const struct plan_row *plan,
	int64_t now, enum approval_state *ret, struct err **err)
{
	const struct approval_query query = {
		.subject = plan->object_key, .digest = plan->identity, .now = now};
	struct approval_rows rows = {0};
	if (store_approvals(session->store, &query, &run->arena, &rows, err) < 0)
		return -1;
	struct approval_decision *list = arena_array(&run->arena, rows.count + 1, sizeof *list);
	const struct approval_request request = {
		run->approval, plan->identity, plan->requester, plan->created_at};
	const struct members members = {session->store, &run->arena};
	const char *why = NULL;
	size_t n = 0;
	/* Roles may have changed since: who may not decide now does not count. */
	for (size_t i = 0; i < rows.count; i++)
		if (rows.items[i].at >= plan->created_at &&
			approval_may_decide(
				&request, rows.items[i].actor, is_member, &members, &why))
			list[n++] = (struct approval_decision){rows.items[i].actor,
				rows.items[i].digest, rows.items[i].approve, rows.items[i].at};
	*ret = approval_judge(&request, list, n, now, &run->missing);
	return 0;
}

/* Is this plan what is asked for now, by who asks now, and in time? */
static bool same(const struct session *session, const struct runbook_request *request,
	const struct runbook_run *run, const struct plan_row *plan, int64_t now)
{
	return plan && str_eq(plan->engine, RUNBOOK_ENGINE) &&
	       str_eq(plan->identity, run->identity) &&
	       str_eq(plan->action, request->mode == RUN_MODE_CHECK ? "check" : "run") &&
	       str_eq(plan->requester, runbook_actor(session, request)) &&
	       (!plan->expires_at || plan->expires_at > now);
}

static int decide(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	const int64_t now = clock_now_ms();
	const char *subject = subject_of(&run->arena, request, run);
	struct plan_row *plan = NULL;
	enum approval_state state;
	if (store_plan_open(session->store, subject, &run->arena, &plan, err) < 0)
		return -1;
	if (!same(session, request, run, plan, now))
		return ask(session, request, run, now, err);
	if (judge(session, run, plan, now, &state, err) < 0)
		return -1;
	run->plan = plan;
	if (state == APPROVAL_EXPIRED)
		return ask(session, request, run, now, err);
	if (state == APPROVAL_WAITING)
		run->fate = RUNBOOK_WAITS;
	if (state == APPROVAL_REJECTED) {
		run->fate = RUNBOOK_REFUSED;
		run->reason = "its approval was rejected";
	}
	return 0;
}

int runbook_gate(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	if (!run->approval || (request->approved && str_eq(request->approved, run->identity)))
		return 0;
	if (store_begin(session->store, err) < 0)
		return -1;
	if (decide(session, request, run, err) < 0) {
		store_rollback(session->store);
		return -1;
	}
	if (run->fate == RUNBOOK_WAITS)
		run->reason = arena_printf(&run->arena, "%lld approval%s needed",
			(long long)run->missing, run->missing == 1 ? "" : "s");
	return store_commit(session->store, err);
}
