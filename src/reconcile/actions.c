#include "reconcile/actions.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "plan/approval.h"
#include "plan/decide.h"
#include "engine/job.h"
#include "reconcile/past.h"
#include "reconcile/recorded.h"
#include "reconcile/run_internal.h"
#include "reconcile/run_spec.h"
#include "reconcile/runbook_gate.h"
#include "store/audit.h"
#include "store/objects.h"
#include "store/pulls.h"

#include <string.h>

/* --- the audit log --------------------------------------------------------------------------- */

static int audit(struct session *s, const char *action, const char *subject,
	const struct node *detail, struct err **err)
{
	AUTO_STR json = STR_INIT;
	if (detail)
		emit_canonical(detail, &json);
	else
		str_add(&json, "{}");
	const struct audit_row row = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = action,
		.subject = subject,
		.detail_json = json.data,
	};
	return store_audit_append(s->store, &row, err);
}

/* --- approvals ------------------------------------------------------------------------------- */

static int find_plan(struct session *s, const char *what, struct arena *arena,
	struct plan_row **ret, struct err **err)
{
	const bool by_key = strchr(what, '/') != NULL;
	const int got = by_key ? store_plan_open(s->store, what, arena, ret, err)
			       : store_plan_get(s->store, what, arena, ret, err);
	if (got < 0)
		return -1;
	if (!*ret && by_key)
		return err_set(err, ERR_NOT_FOUND,
			"no plan of %s waits; `trueup status` shows what does", what);
	if (!*ret)
		return err_set(err, ERR_NOT_FOUND, "there is no plan %s", what);
	if ((*ret)->status != PLAN_WAITING && (*ret)->status != PLAN_APPROVED)
		return err_set(err, ERR_CONFLICT, "the plan %s is %s%s%s", (*ret)->id,
			plan_status_name((*ret)->status), (*ret)->status_reason ? ": " : "",
			(*ret)->status_reason ? (*ret)->status_reason : "");
	if ((*ret)->expires_at && (*ret)->expires_at <= s->now_ms)
		return err_set(err, ERR_CONFLICT,
			"the time to decide about the plan %s is over; `trueup reconcile` makes a "
			"new one",
			(*ret)->id);
	return 0;
}

/*
 * A run that nobody's Run asked for: its runbook is recorded as an object, and stays in the phase
 * that it is in.
 */
static bool is_bare_run(const struct plan_row *plan)
{
	return str_eq(plan->engine, RUNBOOK_ENGINE) && str_starts(plan->object_key, "runbook/");
}

/* The rule that the plan was made under: of the spec in it, or of what is to be destroyed. */
static int find_rule(struct session *s, const struct plan_row *plan, struct arena *arena,
	const struct spec_approval **ret, struct err **err)
{
	if (str_eq(plan->engine, RUNBOOK_ENGINE)) {
		*ret = runbook_plan_rule(arena, plan);
		return *ret ? 0 : err_set(err, ERR_CORRUPT, "the plan %s cannot be read", plan->id);
	}
	const struct node *summary = recorded_json(arena, plan->summary_json);
	const struct spec *spec = recorded_spec(arena, node_get(summary, "spec"));
	struct object_row *row = NULL;
	struct past past = {0};
	if (store_object_get(s->store, plan->object_key, OBJECT_FULL, arena, &row, err) < 0 ||
		(row && past_read(s->store, row, arena, &past, err) < 0))
		return -1;
	const bool canvas = spec && spec->kind == KIND_CANVAS;
	*ret = past_approval(&past, canvas ? &spec->canvas->approval : NULL, arena);
	return 0;
}

struct membership {
	struct session *session;
	struct arena *arena;
	const char *role; /* in which the actor decides; set by is_member() */
};

static bool is_member(const void *data, const char *role, const char *actor)
{
	struct membership *m = (struct membership *)(uintptr_t)data;
	const char *key = arena_printf(m->arena, "role/%s", role);
	const struct role *r = recorded_role(m->session->store, m->arena, key);
	if (!r || !role_has_member(r, actor))
		return false;
	m->role = role;
	return true;
}

static int record_decision(struct session *s, const struct approval_row *row,
	const struct plan_row *plan, struct arena *arena, struct err **err)
{
	struct node *detail = node_new_map(arena);
	node_map_set(arena, detail, "plan", node_new_string(arena, plan->id));
	node_map_set(arena, detail, "digest", node_new_string(arena, plan->identity));
	node_map_set(arena, detail, "sha256", node_new_string(arena, plan->sha256));
	if (row->comment)
		node_map_set(arena, detail, "comment", node_new_string(arena, row->comment));
	const char *why = arena_printf(arena, "rejected by %s%s%s", s->actor,
		row->comment ? ": " : "", row->comment ? row->comment : "");
	const struct object_step step = {
		.phase = PHASE_REFUSED, .reason = why, .plan_id = plan->id};
	int64_t pull = 0;
	if (store_approval_add(s->store, row, err) < 0 ||
		store_pull_of_plan(s->store, plan->id, &pull, err) < 0)
		return -1;
	if (!row->approve && store_plan_move(s->store, plan->id, PLAN_REJECTED, why, NULL, err) < 0)
		return -1;
	/* A pull request's is no matter of the branch's object, which may not even be there. */
	if (!row->approve && !pull && !is_bare_run(plan) &&
		store_object_step(s->store, plan->object_key, &step, s->now_ms, err) < 0)
		return -1;
	return audit(s, row->approve ? "approve" : "reject", plan->object_key, detail, err);
}

int action_decide(struct session *session, const char *what, bool approve, const char *comment,
	struct arena *arena, struct decided *ret, struct err **err)
{
	struct plan_row *plan = NULL;
	if (find_plan(session, what, arena, &plan, err) < 0)
		return -1;
	const struct spec_approval *rule = NULL;
	if (find_rule(session, plan, arena, &rule, err) < 0)
		return -1;
	const struct approval_request request = {
		rule && rule->mode == APPROVAL_MANUAL ? rule : NULL, plan->identity,
		plan->requester, plan->created_at};
	struct membership member = {session, arena, NULL};
	const char *why = NULL;
	/* Whoever asked may take it back. */
	const bool own_reject = !approve && str_eq(session->actor, plan->requester);
	if (!own_reject && !approval_may_decide(&request, session->actor, is_member, &member, &why))
		return err_set(err, ERR_DENIED, "%s may not %s the plan of %s: %s", session->actor,
			approve ? "approve" : "reject", plan->object_key, why);
	const struct approval_row row = {
		.subject = plan->object_key,
		.digest = plan->identity,
		.actor = session->actor,
		.role = member.role,
		.approve = approve,
		.comment = comment,
		.at = session->now_ms,
		.expires_at = rule && rule->expires_ms ? session->now_ms + rule->expires_ms : 0,
	};
	if (store_begin(session->store, err) < 0)
		return -1;
	if (record_decision(session, &row, plan, arena, err) < 0) {
		store_rollback(session->store);
		return -1;
	}
	if (store_commit(session->store, err) < 0)
		return -1;
	*ret = (struct decided){.plan = plan, .needed = request.rule ? rule->min : 0};
	const struct approval_query query = {
		.subject = plan->object_key, .digest = plan->identity, .now = session->now_ms};
	return store_approval_count(session->store, &query, &ret->approvals, err);
}

/* --- suspend, resume, unlock ------------------------------------------------------------------ */

static int require_object(struct session *s, const char *key, struct arena *arena,
	struct object_row **ret, struct err **err)
{
	if (store_object_get(s->store, key, OBJECT_BRIEF, arena, ret, err) < 0)
		return -1;
	if (*ret)
		return 0;
	return err_set(
		err, ERR_NOT_FOUND, "%s is not recorded here; `trueup status` lists what is", key);
}

/* What a reconcile said meanwhile is no longer why it waits. */
static int record_resumed(struct session *s, const struct object_row *row, struct err **err)
{
	const struct object_step step = {
		.phase = PHASE_WAITING,
		.reason = "resumed; the next reconcile goes on with it",
		.plan_id = row->plan_id,
	};
	if (!row->suspended || row->phase != PHASE_WAITING || !str_eq(row->reason, PLAN_SUSPENDED))
		return 0;
	return store_object_step(s->store, row->key, &step, s->now_ms, err);
}

int action_suspend(struct session *session, const char *key, bool suspend, const char *reason,
	struct err **err)
{
	AUTO_ARENA arena = {0};
	struct object_row *row = NULL;
	if (require_object(session, key, &arena, &row, err) < 0)
		return -1;
	struct node *detail = node_new_map(&arena);
	if (reason)
		node_map_set(&arena, detail, "reason", node_new_string(&arena, reason));
	if (store_begin(session->store, err) < 0)
		return -1;
	if (store_object_suspend(session->store, key, suspend ? session->actor : NULL, reason,
		    session->now_ms, err) < 0 ||
		(!suspend && record_resumed(session, row, err) < 0) ||
		audit(session, suspend ? "suspend" : "resume", key, detail, err) < 0) {
		store_rollback(session->store);
		return -1;
	}
	return store_commit(session->store, err);
}

/* The plan that keeps the object from a new one: an open one, or one that was rejected. */
static int find_kept_plan(struct session *session, const char *key, struct arena *arena,
	struct plan_row **ret, struct err **err)
{
	struct object_row *row = NULL;
	if (require_object(session, key, arena, &row, err) < 0 ||
		store_plan_open(session->store, key, arena, ret, err) < 0)
		return -1;
	if (row->phase == PHASE_APPLYING || row->phase == PHASE_DESTROYING)
		return err_set(err, ERR_CONFLICT,
			"an operation on %s is running or was left open; `trueup log -f %s` "
			"follows it, `trueup reconcile` takes it over",
			key, key);
	if (*ret || !row->plan_id)
		return 0;
	if (store_plan_get(session->store, row->plan_id, arena, ret, err) < 0)
		return -1;
	if (*ret && (*ret)->status != PLAN_REJECTED)
		*ret = NULL;
	return 0;
}

int action_unlock(struct session *session, const char *key, struct arena *arena,
	const char **ret_plan, struct err **err)
{
	struct plan_row *plan = NULL;
	*ret_plan = NULL;
	if (find_kept_plan(session, key, arena, &plan, err) < 0)
		return -1;
	if (!plan)
		return 0;
	const bool open = plan->status != PLAN_REJECTED;
	const char *id = plan->id;
	struct node *detail = node_new_map(arena);
	node_map_set(arena, detail, "plan", node_new_string(arena, id));
	const struct object_step step = {.phase = PHASE_NEW, .reason = "its plan was discarded"};
	if (store_begin(session->store, err) < 0)
		return -1;
	if ((open && store_plan_move(session->store, id, PLAN_VOID, "discarded", NULL, err) < 0) ||
		store_object_step(session->store, key, &step, session->now_ms, err) < 0 ||
		audit(session, "unlock", key, detail, err) < 0) {
		store_rollback(session->store);
		return -1;
	}
	*ret_plan = id;
	return store_commit(session->store, err);
}

/* --- an operation that nobody can take over --------------------------------------------------- */

static int find_open(struct session *session, const char *key, struct arena *arena,
	const struct operation_row **ret, struct err **err)
{
	struct operation_rows open = {0};
	*ret = NULL;
	if (store_operations_open(session->store, arena, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.count && !*ret; i++)
		if (str_eq(open.items[i].object_key, key) &&
			!str_eq(open.items[i].kind, RUN_SPEC_OPERATION))
			*ret = &open.items[i];
	if (*ret)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		"no operation on %s is open; `trueup status` shows what is", key);
}

/* Is its program still at work? Then it is not lost, whatever became of its state. */
static int refuse_running(struct session *session, const struct operation_row *op, struct err **err)
{
	struct job_result job = {0};
	AUTO_ERR unreadable = NULL; /* a job of which nothing is left does not run */
	AUTO_FREE char *dir = xasprintf("%s/jobs/%s", session->state_dir, op->id);
	if (job_state(dir, &job, &unreadable) < 0 || job.phase != JOB_RUNNING)
		return 0;
	return err_set(err, ERR_CONFLICT,
		"the %s of %s is still running; `trueup log -f %s` follows it", op->kind,
		op->object_key, op->object_key);
}

int action_unlock_lost(struct session *session, const char *key, struct arena *arena,
	const char **ret_operation, struct err **err)
{
	const struct operation_row *op = NULL;
	if (find_open(session, key, arena, &op, err) < 0 || !op ||
		refuse_running(session, op, err) < 0)
		return -1;
	struct node *detail = node_new_map(arena);
	node_map_set(arena, detail, "operation", node_new_string(arena, op->id));
	const struct finished finished = {
		.end = ENGINE_LOST,
		.ended_ms = session->now_ms,
		.error = arena_printf(arena, "recorded as lost by %s", session->actor),
	};
	bool recorded = false;
	if (audit(session, "unlock --lost", key, detail, err) < 0 ||
		outcome_record(session, op, &finished, NULL, &recorded, err) < 0)
		return -1;
	*ret_operation = op->id;
	return 0;
}
