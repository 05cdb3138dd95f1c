/*
 * Protects: what people decide outside of a run. Who may not decide does not, each decision is one
 * line in the audit log or none at all, and nothing is pulled from under a running apply.
 */
#include "reconcile/actions.h"
#include "reconcile/run_test.h"
#include "store/audit.h"

static void wait_with_plan(struct fixture *f, const char *spec)
{
	put_canvas(f, "shop", spec);
	commit(f);
	f->answer = -1;
	reconcile(f, 4);
}

/* The newest line of the audit log: "action subject detail". */
static const char *last_audit(struct fixture *f)
{
	const struct audit_filter filter = {.limit = 1};
	struct audit_rows rows;
	ok(f, store_audit_list(f->session.store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	return arena_printf(&f->arena, "%s %s %s", rows.items[0].action, rows.items[0].subject,
		rows.items[0].detail_json);
}

static int64_t audit_length(struct fixture *f)
{
	struct audit_head head;
	ok(f, store_audit_head(f->session.store, &head, &f->err));
	return head.seq;
}

static int decide(struct fixture *f, const char *what, bool yes, struct decided *ret)
{
	return action_decide(&f->session, what, yes, "why", &f->arena, ret, &f->err);
}

static void become(struct fixture *f, const char *actor)
{
	free(f->session.actor);
	f->session.actor = xstrdup(actor);
}

static void a_plan_is_named_in_three_ways(void **state)
{
	struct fixture *f = *state;
	struct decided d;
	wait_with_plan(f, "");
	const struct plan_row *plan = open_plan_of(f, "canvas/shop");
	assert_non_null(plan);
	AUTO_FREE char *start = xstrndup(plan ? plan->id : "", 12);
	ok(f, decide(f, "canvas/shop", true, &d));
	assert_string_equal(d.plan->id, plan ? plan->id : "");
	assert_int_equal(d.approvals, 1);
	assert_int_equal(d.needed, 0);
	assert_true(str_starts(last_audit(f), "approve canvas/shop {"));
	assert_non_null(strstr(last_audit(f), "\"comment\":\"why\""));
	assert_non_null(strstr(last_audit(f), plan ? plan->sha256 : "?"));
	ok(f, decide(f, plan ? plan->id : "", true, &d));
	assert_int_equal(d.approvals, 1);
	ok(f, decide(f, start, false, &d));
	assert_true(str_starts(last_audit(f), "reject canvas/shop {"));
	assert_int_equal(row_of(f, "canvas/shop")->phase, PHASE_REFUSED);
	/* It is not open any more. */
	const int64_t before = audit_length(f);
	fails(f, decide(f, start, true, &d), ERR_CONFLICT, "rejected by os:");
	fails(f, decide(f, "canvas/shop", true, &d), ERR_NOT_FOUND, "trueup status");
	fails(f, decide(f, "canvas/none", true, &d), ERR_NOT_FOUND, "canvas/none");
	fails(f, decide(f, "01JD3V9KAAAA", true, &d), ERR_NOT_FOUND, "there is no plan");
	assert_int_equal(audit_length(f), before);
}

static void who_may_not_decide_does_not(void **state)
{
	struct fixture *f = *state;
	struct decided d;
	put(f, "repo/roles/chiefs.yaml",
		"apiVersion: trueup/v1\n"
		"kind: Role\n"
		"metadata: {name: chiefs}\n"
		"spec:\n"
		"  account: \"123456789012\"\n"
		"  region: us-east-1\n"
		"  allowedServices: [S3]\n"
		"  members: [\"os:carol\", \"os:dave\"]\n");
	wait_with_plan(f, "  approval: {mode: manual, min: 2, roles: [chiefs]}\n");
	const int64_t before = audit_length(f);
	fails(f, decide(f, "canvas/shop", true, &d), ERR_DENIED, "approval.notSelf");
	become(f, "os:mallory");
	fails(f, decide(f, "canvas/shop", true, &d), ERR_DENIED, "approval.roles");
	fails(f, decide(f, "canvas/shop", false, &d), ERR_DENIED, "may not reject");
	assert_int_equal(audit_length(f), before);
	become(f, "os:carol");
	ok(f, decide(f, "canvas/shop", true, &d));
	assert_int_equal(d.approvals, 1);
	assert_int_equal(d.needed, 2);
	/* One is not enough, with --auto-approve as little. */
	f->options.auto_approve = true;
	(void)engine_log(f);
	reconcile(f, 4);
	assert_string_equal(engine_log(f), "");
	become(f, "os:dave");
	ok(f, decide(f, "canvas/shop", true, &d));
	assert_int_equal(d.approvals, 2);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "apply shop\n");
}

static void no_change_approves_itself(void **state)
{
	struct fixture *f = *state;
	struct decided d;
	wait_with_plan(f, "  approval: {mode: manual}\n");
	become(f, "os:carol");
	ok(f, decide(f, "canvas/shop", true, &d));
	reconcile(f, 0);
	/* Without the rule, in the same commit as something else. */
	put_bucket(f, "shop", "", "two");
	commit(f);
	f->options.auto_approve = true;
	(void)engine_log(f);
	reconcile(f, 4);
	assert_string_equal(engine_log(f), "plan shop\n");
	fails(f, decide(f, "canvas/shop", true, &d), ERR_DENIED, "approval.notSelf");
	become(f, "os:carol");
	ok(f, decide(f, "canvas/shop", true, &d));
	reconcile(f, 0);
	/* From now on it is gone. */
	put_bucket(f, "shop", "", "three");
	commit(f);
	reconcile(f, 0);
	assert_true(is_settled(f));
}

static void suspended_and_resumed(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	ok(f, action_suspend(&f->session, "canvas/shop", true, "incident", &f->err));
	assert_string_equal(last_audit(f), "suspend canvas/shop {\"reason\":\"incident\"}");
	assert_string_equal(row_of(f, "canvas/shop")->suspended_reason, "incident");
	put_bucket(f, "shop", "", "two");
	commit(f);
	(void)engine_log(f);
	reconcile(f, 4);
	assert_string_equal(engine_log(f), "");
	ok(f, action_suspend(&f->session, "canvas/shop", false, NULL, &f->err));
	assert_string_equal(last_audit(f), "resume canvas/shop {}");
	/* What the reconcile said meanwhile is not so any more. */
	assert_int_equal(row_of(f, "canvas/shop")->phase, PHASE_WAITING);
	assert_string_equal(
		row_of(f, "canvas/shop")->reason, "resumed; the next reconcile goes on with it");
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	const int64_t before = audit_length(f);
	fails(f, action_suspend(&f->session, "canvas/none", true, NULL, &f->err), ERR_NOT_FOUND,
		"not recorded");
	assert_int_equal(audit_length(f), before);
}

static void a_plan_is_discarded(void **state)
{
	struct fixture *f = *state;
	const char *id = NULL;
	wait_with_plan(f, "");
	const struct plan_row *plan = open_plan_of(f, "canvas/shop");
	ok(f, action_unlock(&f->session, "canvas/shop", &f->arena, &id, &f->err));
	assert_string_equal(id, plan ? plan->id : "");
	assert_true(str_starts(last_audit(f), "unlock canvas/shop {\"plan\":"));
	assert_null(open_plan_of(f, "canvas/shop"));
	ok(f, action_unlock(&f->session, "canvas/shop", &f->arena, &id, &f->err));
	assert_null(id);
	fails(f, action_unlock(&f->session, "canvas/none", &f->arena, &id, &f->err), ERR_NOT_FOUND,
		"not recorded");
	/* Not while it is being applied. */
	const struct object_step step = {.phase = PHASE_APPLYING, .plan_id = plan ? plan->id : ""};
	ok(f, store_object_step(f->session.store, "canvas/shop", &step, 1, &f->err));
	fails(f, action_unlock(&f->session, "canvas/shop", &f->arena, &id, &f->err), ERR_CONFLICT,
		"trueup log -f canvas/shop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(a_plan_is_named_in_three_ways),
		pipeline_test(who_may_not_decide_does_not),
		pipeline_test(no_change_approves_itself),
		pipeline_test(suspended_and_resumed),
		pipeline_test(a_plan_is_discarded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
