/*
 * Protects: the end of an apply. It is recorded once, whoever sees it; what a killed run left open
 * is taken over from where it was begun; and everything that recording needs is in the plan.
 */
#include "reconcile/run_internal.h"
#include "reconcile/run_test.h"

/* An apply of the object's stored plan, as a process leaves it that is killed having begun it. */
static struct operation_row begin(struct fixture *f, const char *key, const char *id)
{
	const struct plan_row *plan = open_plan_of(f, key);
	assert_non_null(plan);
	const struct operation_row op = {
		.id = id,
		.object_key = key,
		.kind = "apply",
		.plan_id = plan ? plan->id : "",
		.actor = "os:a",
		.intended_at = 1000,
		.dir = arena_printf(&f->arena, "jobs/%s", id),
	};
	const struct object_step step = {.phase = PHASE_APPLYING, .plan_id = op.plan_id};
	ok(f, store_operation_intend(f->session.store, &op, &f->err));
	ok(f, store_object_step(f->session.store, key, &step, 1000, &f->err));
	return op;
}

static void wait_with_plan(struct fixture *f)
{
	commit(f);
	f->answer = -1;
	reconcile(f, 4);
	f->answer = 1;
	(void)engine_log(f);
}

static const struct operation_row *operation(struct fixture *f, const char *id)
{
	struct operation_row *op = NULL;
	ok(f, store_operation_get(f->session.store, id, &f->arena, &op, &f->err));
	assert_non_null(op);
	return op;
}

#define OP "01JD3V9KAAAAAAAAAAAAAAAAAA"

static void an_end_is_recorded_once(void **state)
{
	struct fixture *f = *state;
	bool first = false, second = true;
	struct engine_resource made = {"aws_s3_bucket.bucket", "aws_s3_bucket", "b-1"};
	struct engine_output output = {"bucket__arn", "\"arn\"", false};
	put_canvas(f, "shop", "");
	wait_with_plan(f);
	(void)begin(f, "canvas/shop", OP);
	const struct finished done = {.end = ENGINE_DONE,
		.error = "",
		.ended_ms = 2000,
		.state_known = true,
		.resources = &made,
		.resource_count = 1,
		.outputs = &output,
		.output_count = 1};
	const struct finished failed = {.end = ENGINE_FAILED, .error = "late", .ended_ms = 3000};
	/* Two processes that saw it open. */
	const struct operation_row *op = operation(f, OP);
	ok(f, outcome_record(&f->session, op, &done, "a line\n", &first, &f->err));
	ok(f, outcome_record(&f->session, op, &failed, "another\n", &second, &f->err));
	assert_true(first);
	assert_false(second);
	assert_int_equal(operation(f, OP)->state, OPERATION_DONE);
	const struct object_row *row = row_of(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_APPLIED);
	assert_non_null(strstr(row->applied_role_json, "\"born\":\"shop\""));
	struct output_rows outputs;
	ok(f, store_outputs(f->session.store, "canvas/shop", &f->arena, &outputs, &f->err));
	assert_int_equal(outputs.count, 1);
	assert_string_equal(outputs.items[0].name, "bucket.arn");
	struct resource_rows resources;
	ok(f, store_resources(f->session.store, "canvas/shop", &f->arena, &resources, &f->err));
	assert_string_equal(resources.items[0].provider_id, "b-1");
	int64_t seq = 0;
	AUTO_STR log = STR_INIT;
	ok(f, store_log_read(f->session.store, OP, &seq, &log, &f->err));
	assert_string_equal(log.data, "a line\n");
	assert_true(there(f, "state/applied/shop/node-bucket.tf"));
	sh(f, "test -z \"$(ls state/plans state/rendered | grep -v :)\"");
}

static void ends_of_every_kind(void **state)
{
	static const struct {
		enum engine_end end;
		enum operation_state operation;
		enum object_phase phase;
		const char *outcome;
		bool void_plan;
	} cases[] = {
		{ENGINE_FAILED, OPERATION_FAILED, PHASE_FAILED, "failed", false},
		{ENGINE_LOST, OPERATION_LOST, PHASE_FAILED, "lost", false},
		{ENGINE_INTERRUPTED, OPERATION_INTERRUPTED, PHASE_FAILED, "failed", false},
		{ENGINE_TIMED_OUT, OPERATION_INTERRUPTED, PHASE_FAILED, "failed", false},
		{ENGINE_PLAN_STALE, OPERATION_FAILED, PHASE_NEW, NULL, true},
		{ENGINE_NEVER_STARTED, OPERATION_FAILED, PHASE_NEW, NULL, true},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool recorded = false;
		const char *id = arena_printf(&f->arena, "01JD3V9KAAAAAAAAAAAAAAAA%02zu", i);
		const char *name = arena_printf(&f->arena, "c%zu", i);
		const char *key = arena_printf(&f->arena, "canvas/c%zu", i);
		put_canvas(f, name, "");
		wait_with_plan(f);
		const struct operation_row begun = begin(f, key, id);
		const struct finished end = {.end = cases[i].end, .error = "why", .ended_ms = 2000};
		ok(f, outcome_record(&f->session, operation(f, id), &end, "", &recorded, &f->err));
		assert_int_equal(operation(f, id)->state, cases[i].operation);
		const struct object_row *row = row_of(f, key);
		assert_int_equal(row->phase, cases[i].phase);
		if (cases[i].outcome)
			assert_string_equal(row->outcome, cases[i].outcome);
		else
			assert_null(row->outcome);
		struct plan_row *plan = NULL;
		ok(f, store_plan_get(f->session.store, begun.plan_id, &f->arena, &plan, &f->err));
		assert_int_equal(plan ? plan->status : PLAN_WAITING,
			cases[i].void_plan ? PLAN_VOID : PLAN_APPLIED);
		/* Whatever it made is destroyed with the files of the attempt. */
		AUTO_FREE char *applied = xasprintf("state/applied/%s/node-bucket.tf", name);
		assert_int_equal(there(f, applied), !cases[i].void_plan);
	}
	assert_false(is_settled(f));
}

static void what_ended_meanwhile_is_not_done_again(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	wait_with_plan(f);
	(void)begin(f, "canvas/shop", OP);
	put(f, "cloud/shop.ended", "");
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "adopt shop\n");
	assert_int_equal(operation(f, OP)->state, OPERATION_DONE);
	assert_true(is_settled(f));
}

static void what_never_began_is_planned_again(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	wait_with_plan(f);
	(void)begin(f, "canvas/shop", OP);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "adopt shop\nplan shop\napply shop\n");
	assert_true(is_settled(f));
}

/* The specs may be wrong, or say another backend, by the time that it is taken over. */
static void it_is_taken_over_where_it_was_begun(void **state)
{
	struct fixture *f = *state;
	put(f, "repo/trueup.yaml",
		"apiVersion: trueup/v1\n"
		"kind: Config\n"
		"metadata: {name: config}\n"
		"spec:\n"
		"  engines: {terraform: {backend: {s3: {bucket: states, region: us-east-1}}}}\n");
	put_canvas(f, "shop", "");
	wait_with_plan(f);
	(void)begin(f, "canvas/shop", OP);
	put(f, "cloud/shop.ended", "");
	put(f, "repo/trueup.yaml", "kind: Nonsense\napiVersion: trueup/v1\n");
	commit(f);
	reconcile(f, 3);
	assert_string_equal(engine_log(f), "adopt-remote shop\n");
	assert_int_equal(operation(f, OP)->state, OPERATION_DONE);
}

static void a_plan_remembers_its_changes(void **state)
{
	struct fixture *f = *state;
	struct change_set set;
	put_canvas(f, "shop", "");
	wait_with_plan(f);
	const struct plan_row *plan = open_plan_of(f, "canvas/shop");
	outcome_changes(plan ? plan->summary_json : NULL, &f->arena, &set);
	assert_int_equal(set.count, 1);
	assert_int_equal(set.create, 1);
	assert_string_equal(set.items[0].address, "aws_s3_bucket.bucket");
	outcome_changes("{damaged", &f->arena, &set);
	assert_int_equal(set.count, 0);
}

/* The child dies before it has started anything: the next run need not find out. */
static void nothing_ends_before_it_began(void **state)
{
	struct fixture *f = *state;
	struct operation_row *op = NULL;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	/* Another version without a change for the engine, by somebody who has been there a while.
	 */
	put_canvas(f, "shop", "  protect: true\n");
	commit(f);
	f->later_ms = -60000;
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\n");
	ok(f, store_operation_last(
		      f->session.store, "canvas/shop", "apply", &f->arena, &op, &f->err));
	assert_non_null(op);
	assert_true(op->ended_at >= op->intended_at);
	assert_true(row_of(f, "canvas/shop")->applied_at >= op->intended_at);
}

static void a_child_that_dies_first_did_nothing(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	put(f, "cloud/shop.crash", "");
	commit(f);
	reconcile(f, 1);
	assert_non_null(strstr(outcome_of(f, "canvas/shop")->status_text, "signal 9"));
	struct store_pending pending;
	ok(f, store_pending(f->session.store, &pending, &f->err));
	assert_int_equal(pending.operations, 0);
	sh(f, "rm cloud/shop.crash");
	reconcile(f, 0);
	assert_true(is_settled(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(an_end_is_recorded_once),
		pipeline_test(ends_of_every_kind),
		pipeline_test(what_ended_meanwhile_is_not_done_again),
		pipeline_test(what_never_began_is_planned_again),
		pipeline_test(it_is_taken_over_where_it_was_begun),
		pipeline_test(a_plan_remembers_its_changes),
		pipeline_test(nothing_ends_before_it_began),
		pipeline_test(a_child_that_dies_first_did_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
