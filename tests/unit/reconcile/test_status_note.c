/*
 * Protects: the note on a commit. It says how the commit is, also when it is invalid or on another
 * branch; what others wrote there stays; what is over does not look as if it were not.
 */
#include "reconcile/run_test.h"

/* The value of a context in the note of HEAD; "" when there is none. */
static const char *context(struct fixture *f, const char *name)
{
	AUTO_FREE char *script =
		xasprintf("git -C repo notes --ref=trueup show HEAD >note 2>/dev/null || :");
	AUTO_FREE char *start = xasprintf("%s\t", name);
	sh(f, script);
	const char *note = get(f, "note");
	for (const char *line = note; *line; line += strcspn(line, "\n") + 1)
		if (str_starts(line, start))
			return arena_memdup(&f->arena, line + strlen(start),
				strcspn(line, "\n") - strlen(start));
	return "";
}

static void it_says_how_the_commit_is(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	f->answer = -1;
	reconcile(f, 4);
	assert_string_equal(context(f, "trueup/validate"), "success\tall specs are valid");
	assert_true(str_starts(context(f, "trueup/apply"), "pending\t"));
	assert_true(str_starts(context(f, "trueup/apply: canvas/shop"), "pending\t"));
	/* What others wrote stays, whatever it looks like. */
	sh(f, "git -C repo notes --ref=trueup append -m 'ci/build	success	fine	x' HEAD");
	f->answer = 1;
	reconcile(f, 0);
	assert_true(str_starts(context(f, "trueup/apply"), "success\t"));
	assert_true(str_starts(context(f, "trueup/apply: canvas/shop"), "success\t"));
	assert_string_equal(context(f, "ci/build"), "success\tfine\tx");
	assert_true(strlen(context(f, "audit")) > 64);
}

static void what_is_settled_is_a_success(void **state)
{
	struct fixture *f = *state;
	const char *const shop[] = {"canvas/shop", NULL};
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	f->options.destroy = shop;
	f->answer = -1;
	reconcile(f, 4);
	assert_true(str_starts(context(f, "trueup/apply: canvas/shop"), "pending\t"));
	f->options.destroy = NULL;
	reconcile(f, 0);
	assert_true(str_starts(context(f, "trueup/apply: canvas/shop"), "success\t"));
}

static void an_invalid_commit_is_a_failure(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "  nonsense: 1\n  more: 2\n");
	commit(f);
	reconcile(f, 3);
	assert_string_equal(context(f, "trueup/validate"), "failure\t2 errors");
	assert_string_equal(context(f, "trueup/apply"), "");
	assert_null(row_of(f, "canvas/shop"));
}

static void another_branch_is_planned_only(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "git -C repo checkout -qb feature");
	put_bucket(f, "shop", "", "two");
	/* A branch that says that it is the one to apply is not believed. */
	put(f, "repo/trueup.yaml",
		"apiVersion: trueup/v1\n"
		"kind: Config\n"
		"metadata: {name: config}\n"
		"spec: {branch: main}\n");
	commit(f);
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\n");
	assert_true(str_starts(context(f, "trueup/plan"), "success\t"));
	assert_string_equal(context(f, "trueup/apply"), "");
	/* Merged and applied, the Config is recorded; from now on it says which branch counts. */
	sh(f, "git -C repo checkout -q main && git -C repo merge -q feature");
	reconcile(f, 0);
	sh(f, "git -C repo checkout -q feature && sed -i 's/main/feature/' repo/trueup.yaml");
	put_bucket(f, "shop", "", "three");
	commit(f);
	(void)engine_log(f);
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\n");
	/* By name as little, and a commit of the branch by name is applied. */
	sh(f, "git -C repo checkout -q main");
	f->options.rev = "feature";
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\n");
	f->options.rev = "main~1";
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	f->options.rev = NULL;
	reconcile(f, 0);
	assert_string_equal(engine_log(f), "plan shop\napply shop\n");
	assert_true(is_settled(f));
}

static void many_objects_are_an_aggregate(void **state)
{
	struct fixture *f = *state;
	f->options.parallel = 8;
	for (int i = 0; i < 21; i++) {
		AUTO_FREE char *name = xasprintf("c%d", i);
		put_canvas(f, name, "");
	}
	commit(f);
	reconcile(f, 0);
	assert_string_equal(context(f, "trueup/apply"), "success\t22 of 22 objects done");
	assert_string_equal(context(f, "trueup/apply: canvas/c1"), "");
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	struct fixture *f = *state;
	AUTO_STR text = STR_INIT;
	str_add(&text, "x");
	for (int i = 0; i < 100; i++)
		str_add(&text, "ä");
	put(f, "cloud/shop.fail", text.data);
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 1);
	const char *value = context(f, "trueup/apply: canvas/shop");
	assert_true(str_starts(value, "failure\tx"));
	assert_int_equal(strlen(value), strlen("failure\t") + 139);
	assert_true(str_starts(text.data, value + strlen("failure\t")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(it_says_how_the_commit_is),
		pipeline_test(what_is_settled_is_a_success),
		pipeline_test(an_invalid_commit_is_a_failure),
		pipeline_test(another_branch_is_planned_only),
		pipeline_test(many_objects_are_an_aggregate),
		pipeline_test(a_long_reason_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
