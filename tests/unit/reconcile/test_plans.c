/*
 * Protects: stored plans. One that was reviewed is applied as it is or not at all; it is void as
 * soon as anything that it was made from differs; and what is settled waits for nothing.
 */
#include "reconcile/actions.h"
#include "reconcile/run_test.h"

/* Reconciles without anybody to ask, so that the plan waits; its id. */
static const char *wait_with_plan(struct fixture *f, const char *key)
{
	f->answer = -1;
	reconcile(f, 4);
	const struct plan_row *plan = open_plan_of(f, key);
	assert_non_null(plan);
	return plan ? plan->id : "";
}

static void approve(struct fixture *f, const char *key, bool yes)
{
	struct decided d;
	ok(f, action_decide(&f->session, key, yes, NULL, &f->arena, &d, &f->err));
}

static void an_approved_plan_is_applied_as_it_is(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop");
	assert_string_equal(engine_log(f), "plan shop\n");
	assert_int_equal(row_of(f, "canvas/shop")->phase, PHASE_WAITING);
	assert_false(is_settled(f));
	/* It waits on: no second plan. */
	assert_string_equal(wait_with_plan(f, "canvas/shop"), id);
	assert_string_equal(engine_log(f), "");
	approve(f, "canvas/shop", true);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "apply shop\n");
	assert_true(is_settled(f));
	/* Nothing of it is left lying. */
	AUTO_FREE char *file = xasprintf("state/plans/%s.tfplan", id);
	AUTO_FREE char *files = xasprintf("state/rendered/%s", id);
	assert_false(there(f, file));
	assert_false(there(f, files));
	assert_true(there(f, "state/applied/shop/node-bucket.tf"));
}

static void a_plan_file_that_changed_is_never_applied(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop");
	approve(f, "canvas/shop", true);
	AUTO_FREE char *file = xasprintf("state/plans/%s.tfplan", id);
	put(f, file, "something else");
	(void)engine_log(f);
	reconcile(f, 1);
	assert_string_equal(engine_log(f), "");
	assert_non_null(strstr(outcome_of(f, "canvas/shop")->status_text, "reviewed"));
	assert_false(there(f, "cloud/shop.tf"));
	assert_false(there(f, file));
	/* The next run plans anew. What was approved are these very bytes. */
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_true(is_settled(f));
}

static void a_changed_spec_voids_a_plan(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop");
	approve(f, "canvas/shop", true);
	put_bucket(f, "shop", "", "two");
	commit(f);
	assert_string_not_equal(wait_with_plan(f, "canvas/shop"), id);
	assert_false(there(f, "cloud/shop.tf"));
	struct plan_row *old = NULL;
	ok(f, store_plan_get(f->session.store, id, &f->arena, &old, &f->err));
	assert_int_equal(old ? old->status : PLAN_WAITING, PLAN_VOID);
}

static void a_changed_state_voids_a_plan(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop");
	approve(f, "canvas/shop", true);
	put(f, "cloud/shop.serial", "iii");
	assert_string_not_equal(wait_with_plan(f, "canvas/shop"), id);
	assert_false(there(f, "cloud/shop.tf"));
}

static void what_is_settled_waits_for_nothing(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	put_bucket(f, "shop", "", "two");
	commit(f);
	(void)wait_with_plan(f, "canvas/shop");
	/* Back to what is applied. */
	put_canvas(f, "shop", "");
	commit(f);
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "");
	assert_null(open_plan_of(f, "canvas/shop"));
	assert_int_equal(row_of(f, "canvas/shop")->phase, PHASE_APPLIED);
	assert_true(is_settled(f));
}

static void a_rejected_plan_stays_rejected(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop"), *gone = NULL;
	approve(f, "canvas/shop", false);
	(void)engine_log(f);
	f->answer = 1;
	reconcile(f, 4);
	assert_string_equal(engine_log(f), "");
	assert_int_equal(outcome_of(f, "canvas/shop")->status, OBJECT_REFUSED);
	ok(f, action_unlock(&f->session, "canvas/shop", &f->arena, &gone, &f->err));
	assert_string_equal(gone, id);
	reconcile(f, 0);
	assert_true(is_settled(f));
}

static void a_plan_expires(void **state)
{
	struct fixture *f = *state;
	struct decided d;
	put_canvas(f, "shop", "  approval: {mode: manual, notSelf: false, expires: 1h}\n");
	commit(f);
	const char *id = wait_with_plan(f, "canvas/shop");
	f->later_ms = 2 * 3600 * 1000;
	session_end(f);
	session_begin(f);
	fails(f, action_decide(&f->session, "canvas/shop", true, NULL, &f->arena, &d, &f->err),
		ERR_CONFLICT, "is over");
	assert_string_not_equal(wait_with_plan(f, "canvas/shop"), id);
	approve(f, "canvas/shop", true);
	reconcile(f, 0);
	assert_true(is_settled(f));
}

static void dry_runs_leave_nothing(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	f->options.stop = RUN_STOP_PLAN;
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\n");
	sh(f, "test -z \"$(ls state/plans)\"");
	assert_null(row_of(f, "canvas/shop"));
}

static void what_was_never_tried_is_forgotten(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	put_canvas(f, "other", "");
	commit(f);
	(void)wait_with_plan(f, "canvas/shop");
	sh(f, "rm repo/canvases/shop.yaml");
	commit(f);
	f->answer = 1;
	reconcile(f, 0);
	assert_null(row_of(f, "canvas/shop"));
	assert_null(open_plan_of(f, "canvas/shop"));
	assert_false(there(f, "cloud/shop.tf"));
	assert_true(is_settled(f));
}

/* A first apply that failed half way may have made something. */
static void what_a_failed_attempt_made_is_destroyed(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	put_canvas(f, "other", "");
	put(f, "cloud/shop.fail", "");
	commit(f);
	reconcile(f, 1);
	assert_string_equal(row_of(f, "canvas/shop")->outcome, "failed");
	/* It waits with another plan when it goes, with its role. */
	put_bucket(f, "shop", "", "two");
	commit(f);
	(void)wait_with_plan(f, "canvas/shop");
	sh(f, "rm repo/canvases/shop.yaml");
	commit(f);
	f->answer = 1;
	sh(f, "rm cloud/shop.fail");
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan-destroy shop\napply shop\n");
	assert_false(there(f, "cloud/shop.tf"));
	assert_true(is_settled(f));
}

static void a_failed_apply_is_tried_again(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	put(f, "cloud/shop.fail", "");
	commit(f);
	reconcile(f, 1);
	assert_false(is_settled(f));
	reconcile(f, 1);
	sh(f, "rm cloud/shop.fail");
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_true(is_settled(f));
	put(f, "cloud/shop.stale", "");
	put_bucket(f, "shop", "", "two");
	commit(f);
	reconcile(f, 1);
	assert_false(is_settled(f));
	sh(f, "rm cloud/shop.stale");
	reconcile(f, 0);
	assert_true(is_settled(f));
}

static void a_destroy_by_name_can_be_approved(void **state)
{
	struct fixture *f = *state;
	const char *const shop[] = {"canvas/shop", NULL};
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	f->options.destroy = shop;
	f->options.command = "destroy";
	(void)wait_with_plan(f, "canvas/shop");
	approve(f, "canvas/shop", true);
	/* A reconcile meanwhile destroys nothing and takes nothing back. */
	f->options.destroy = NULL;
	f->options.command = "reconcile";
	reconcile(f, 0);
	assert_true(there(f, "cloud/shop.tf"));
	f->options.destroy = shop;
	reconcile(f, 0);
	assert_false(there(f, "cloud/shop.tf"));
	assert_true(row_of(f, "canvas/shop")->suspended);
	f->options.destroy = NULL;
	ok(f, run_again(f));
	assert_false(there(f, "cloud/shop.tf"));
}

static void an_output_that_changes_reaches_its_users(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "base", "");
	put_bucket(f, "app", "", "{from: canvas/base/bucket.arn}");
	sh(f, "sed -i 's/\"{from: \\(.*\\)}\"/{from: \\1}/' repo/canvases/app.yaml");
	put(f, "cloud/base.output", "\"one\"");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan base\napply base\nplan app\napply app\n");
	assert_true(is_settled(f));
	put_bucket(f, "base", "", "two");
	put(f, "cloud/base.output", "\"two\"");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan base\napply base\nplan app\napply app\n");
	assert_non_null(strstr(get(f, "cloud/app.tf"), "\"two\""));
	assert_true(is_settled(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(an_approved_plan_is_applied_as_it_is),
		pipeline_test(a_plan_file_that_changed_is_never_applied),
		pipeline_test(a_changed_spec_voids_a_plan),
		pipeline_test(a_changed_state_voids_a_plan),
		pipeline_test(what_is_settled_waits_for_nothing),
		pipeline_test(a_rejected_plan_stays_rejected),
		pipeline_test(a_plan_expires),
		pipeline_test(dry_runs_leave_nothing),
		pipeline_test(what_was_never_tried_is_forgotten),
		pipeline_test(what_a_failed_attempt_made_is_destroyed),
		pipeline_test(a_failed_apply_is_tried_again),
		pipeline_test(a_destroy_by_name_can_be_approved),
		pipeline_test(an_output_that_changes_reaches_its_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
