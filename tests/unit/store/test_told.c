/*
 * Protects: what a forge was told of the branch's commit: one commit at a time, its objects in
 * their order with the plan that is known of each, and nothing of it once the forge is another.
 */
#include "store_test.h"

#include "store/told.h"

static struct told told(struct fixture *f)
{
	struct told t;
	ok(f, store_told(f->store, &f->arena, &t, &f->err));
	return t;
}

static void touch(struct fixture *f, const char *key, const char *action, const char *plan)
{
	const struct told_object object = {key, action, plan};
	ok(f, store_told_touch(f->store, &object, &f->err));
}

static const char *objects(struct fixture *f)
{
	struct told_objects list;
	AUTO_STR text = STR_INIT;
	ok(f, store_told_objects(f->store, &f->arena, &list, &f->err));
	for (size_t i = 0; i < list.count; i++)
		str_addf(&text, "%s=%s/%s ", list.items[i].key, list.items[i].action,
			list.items[i].plan_id ? list.items[i].plan_id : "-");
	return arena_memdup(&f->arena, text.data, text.len);
}

static void one_commit_with_its_objects(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	assert_null(told(f).target);
	fails(f, store_told_begin(f->store, "c1", &f->err), ERR_NOT_FOUND, "forge");
	ok(f, store_told_target(f->store, "shop", &f->err));
	assert_string_equal(told(f).target, "shop");
	assert_null(told(f).commit_id);
	ok(f, store_told_begin(f->store, "c1", &f->err));
	touch(f, "role/b", "create", NULL);
	touch(f, "canvas/a", "create", NULL);
	touch(f, "canvas/a", "create", "p1");
	touch(f, "canvas/a", "update", NULL); /* the plan stays, and its place */
	assert_string_equal(objects(f), "role/b=create/- canvas/a=update/p1 ");
	ok(f, store_told_progress(f->store, TOLD_WAITING, &f->err));
	assert_int_equal(told(f).progress, TOLD_WAITING);
	/* The same forge again changes nothing. */
	ok(f, store_told_target(f->store, "shop", &f->err));
	assert_string_equal(told(f).commit_id, "c1");
	ok(f, store_told_begin(f->store, "c2", &f->err));
	assert_string_equal(objects(f), "");
	assert_int_equal(told(f).progress, TOLD_WORKING);
	touch(f, "canvas/a", "create", "p1");
	ok(f, store_told_target(f->store, "other", &f->err));
	assert_null(told(f).commit_id);
	assert_string_equal(objects(f), "");
	ok(f, store_told_target(f->store, NULL, &f->err));
	assert_null(told(f).target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_commit_with_its_objects, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
