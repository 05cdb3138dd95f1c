/*
 * Protects: the pipeline as a whole. What was done is not done again, what was renamed is not made
 * twice, what is not a target is not forgotten, and nothing is destroyed by mistake.
 */
#include "reconcile/run_test.h"

static void does_nothing_the_second_time(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_int_equal(f->asked, 1);
	assert_true(is_settled(f));
	assert_string_equal(row_of(f, "canvas/shop")->outcome, "ok");
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "");
	/* A commit of something else. */
	put(f, "repo/README.md", "x");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "");
	assert_true(is_settled(f));
}

static void a_rename_makes_nothing_twice(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	const char *before = get(f, "cloud/shop.tf");
	(void)engine_log(f);
	sh(f, "cd repo/canvases && sed 's/name: shop/name: store, renamedFrom: shop/' shop.yaml "
	      ">store.yaml && rm shop.yaml");
	commit(f);
	/* A dry run shows an update and leaves everything as it is. */
	f->options.stop = RUN_STOP_PLAN;
	reconcile(f, 0);
	assert_int_equal(outcome_of(f, "canvas/store")->action, PLAN_UPDATE);
	assert_false(is_shown(f, "canvas/shop"));
	assert_non_null(row_of(f, "canvas/shop"));
	f->options.stop = RUN_STOP_NEVER;
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_null(row_of(f, "canvas/shop"));
	assert_int_equal(row_of(f, "canvas/store")->phase, PHASE_APPLIED);
	assert_true(is_settled(f));
	/* The bucket keeps its physical name: only tags may differ. */
	const char *line = strstr(before, "bucket  ");
	line = line ? line : strstr(before, "bucket = \"");
	assert_non_null(line);
	AUTO_FREE char *name = xstrndup(line, strcspn(line, "\n"));
	assert_non_null(strstr(get(f, "cloud/shop.tf"), name));
	/* Renaming again, and leaving the old renamedFrom where it is, is fine. */
	reconcile(f, 0);
	sh(f, "cd repo/canvases && sed 's/name: store, renamedFrom: shop/name: mart, renamedFrom: "
	      "store/' store.yaml >mart.yaml && rm store.yaml");
	commit(f);
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_non_null(row_of(f, "canvas/mart"));
	/* Destroying it destroys what was made as shop. */
	sh(f, "rm repo/canvases/mart.yaml");
	put_canvas(f, "other", "");
	commit(f);
	reconcile(f, 0);
	assert_non_null(strstr(engine_log(f), "plan-destroy shop\n"));
	assert_false(there(f, "cloud/shop.tf"));
	assert_true(is_settled(f));
}

/* What hangs on the role is looked at too: not under the name that the canvas had. */
static void a_rename_beside_a_changed_role_destroys_nothing(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	(void)engine_log(f);
	sh(f, "cd repo && echo '  description: other' >>roles/web.yaml && "
	      "sed 's/name: shop/name: store, renamedFrom: shop/' canvases/shop.yaml "
	      ">canvases/store.yaml && rm canvases/shop.yaml");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_null(row_of(f, "canvas/shop"));
	assert_true(is_settled(f));
}

static void a_name_that_resources_are_made_from_is_taken(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "cd repo/canvases && sed 's/name: shop/name: store, renamedFrom: shop/' shop.yaml "
	      ">store.yaml && rm shop.yaml");
	commit(f);
	reconcile(f, 0);
	(void)engine_log(f);
	put_canvas(f, "shop", "");
	sh(f, "sed -i 's/, renamedFrom: shop//' repo/canvases/store.yaml");
	commit(f);
	reconcile(f, 4);
	assert_string_equal(engine_log(f), "");
	assert_int_equal(outcome_of(f, "canvas/shop")->status, OBJECT_REFUSED);
	assert_non_null(strstr(outcome_of(f, "canvas/shop")->status_text, "canvas/store"));
	/* Free again when the other is gone. */
	sh(f, "rm repo/canvases/store.yaml");
	commit(f);
	f->options.auto_approve = true;
	ok(f, run_again(f));
	reconcile(f, 0);
	assert_true(is_settled(f));
	assert_int_equal(row_of(f, "canvas/shop")->phase, PHASE_APPLIED);
}

static void what_is_not_a_target_is_not_forgotten(void **state)
{
	struct fixture *f = *state;
	const char *const targets[] = {"canvas/a", NULL};
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	commit(f);
	reconcile(f, 0);
	(void)engine_log(f);
	put_bucket(f, "a", "", "two");
	put_bucket(f, "b", "", "two");
	put_canvas(f, "c", "");
	commit(f);
	f->options.targets = targets;
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan a\napply a\n");
	assert_false(is_shown(f, "canvas/b"));
	assert_false(is_settled(f));
	f->options.targets = NULL;
	f->options.parallel = 1;
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan b\nplan c\napply b\napply c\n");
	assert_true(is_settled(f));
}

/* The same for a role: what hangs on it is looked at when its turn comes. */
static void a_role_that_is_no_target_is_not_forgotten(void **state)
{
	struct fixture *f = *state;
	const char *const targets[] = {"canvas/a", NULL};
	put_canvas(f, "a", "");
	put_canvas(f, "b", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "echo '  credentials: {assumeRole: {roleArn: \"arn:aws:iam::123456789012:role/x\"}}' "
	      ">>repo/roles/web.yaml");
	commit(f);
	(void)engine_log(f);
	f->options.targets = targets;
	ok(f, run_again(f));
	f->options.targets = NULL;
	(void)engine_log(f);
	reconcile(f, 0);
	assert_non_null(strstr(engine_log(f), "plan b\n"));
	assert_true(is_settled(f));
}

static void an_empty_revision_destroys_nothing(void **state)
{
	struct fixture *f = *state;
	const char *const role[] = {"role/web", NULL};
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "rm -r repo/canvases");
	commit(f);
	fails(f, run_again(f), ERR_DENIED, "--allow-empty");
	/* Nor in two steps. */
	f->options.allow_empty = true;
	f->options.targets = role;
	reconcile(f, 0);
	f->options.allow_empty = false;
	f->options.targets = NULL;
	fails(f, run_again(f), ERR_DENIED, "--allow-empty");
	assert_true(there(f, "cloud/shop.tf"));
	f->options.allow_empty = true;
	reconcile(f, 0);
	assert_false(there(f, "cloud/shop.tf"));
	assert_true(is_settled(f));
}

static void what_needs_another_is_destroyed_first(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "base", "");
	put_canvas(f, "app", "  dependsOn: [base]\n");
	put_canvas(f, "stays", "");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(row_of(f, "canvas/app")->outcome, "ok");
	(void)engine_log(f);
	sh(f, "rm repo/canvases/base.yaml repo/canvases/app.yaml");
	commit(f);
	reconcile(f, 0);
	assert_string_equal(
		engine_log(f), "plan-destroy app\napply app\nplan-destroy base\napply base\n");
	assert_true(is_settled(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(does_nothing_the_second_time),
		pipeline_test(a_rename_makes_nothing_twice),
		pipeline_test(a_rename_beside_a_changed_role_destroys_nothing),
		pipeline_test(a_name_that_resources_are_made_from_is_taken),
		pipeline_test(what_is_not_a_target_is_not_forgotten),
		pipeline_test(a_role_that_is_no_target_is_not_forgotten),
		pipeline_test(an_empty_revision_destroys_nothing),
		pipeline_test(what_needs_another_is_destroyed_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
