/*
 * Protects: drift is one fact with a beginning: told when it changes and not each time it is seen,
 * kept across a rename, gone with an apply; and when a canvas's lifetime began.
 */
#include "store_test.h"

#include "store/drift.h"
#include "store/objects.h"
#include "store/operations.h"

static void open_with_object(struct fixture *f, const char *spec)
{
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	const struct object_row row = {.key = "canvas/shop",
		.kind = "canvas",
		.name = "shop",
		.path = "canvases/shop.yaml",
		.blob_id = "b",
		.seen_digest = "d",
		.seen_revision = "r",
		.spec_json = spec};
	ok(f, store_object_seen(f->store, &row, 10, &f->err));
}

static bool put(struct fixture *f, enum drift_state drift, const char *digest, int64_t at)
{
	const struct drift_row row = {.object_key = "canvas/shop",
		.state = drift,
		.heal = drift == DRIFT_FOUND,
		.digest = digest,
		.summary = drift == DRIFT_FOUND ? "1 resource differs" : NULL,
		.checked_at = at};
	bool changed;
	ok(f, store_drift_put(f->store, &row, &changed, &f->err));
	return changed;
}

static const struct drift_row *get(struct fixture *f, const char *key)
{
	struct drift_row *row;
	ok(f, store_drift_get(f->store, key, &f->arena, &row, &f->err));
	return row;
}

static void apply(struct fixture *f, int64_t at)
{
	const struct object_row row = {
		.key = "canvas/shop", .applied_digest = "d", .applied_revision = "r"};
	ok(f, store_object_applied(f->store, &row, at, &f->err));
}

static void tells_a_drift_once(void **state)
{
	struct fixture *f = *state;
	open_with_object(f, "{}");
	apply(f, 20);
	assert_null(get(f, "canvas/shop"));
	assert_false(put(f, DRIFT_NONE, "", 100));
	assert_true(put(f, DRIFT_FOUND, "x", 200));
	assert_false(put(f, DRIFT_FOUND, "x", 300));
	assert_int_equal(get(f, "canvas/shop")->since, 200);
	assert_int_equal(get(f, "canvas/shop")->checked_at, 300);
	assert_true(put(f, DRIFT_FOUND, "y", 400));
	assert_int_equal(get(f, "canvas/shop")->since, 400);
	struct drift_rows rows;
	ok(f, store_drift_list(f->store, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_true(rows.items[0].heal);
	assert_true(put(f, DRIFT_NONE, "", 500));
	ok(f, store_drift_list(f->store, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 0);
	int64_t at;
	ok(f, store_drift_checked_at(f->store, &at, &f->err));
	assert_int_equal(at, 500);
}

static void what_is_to_be_healed_is_pending_until_applied(void **state)
{
	struct fixture *f = *state;
	open_with_object(f, "{}");
	apply(f, 20);
	struct store_pending pending;
	ok(f, store_pending(f->store, &pending, &f->err));
	assert_int_equal(pending.unsettled, 0);
	put(f, DRIFT_FOUND, "x", 200);
	ok(f, store_pending(f->store, &pending, &f->err));
	assert_int_equal(pending.unsettled, 1);
	ok(f, store_object_rename(f->store, "canvas/shop", "canvas/store", 210, &f->err));
	assert_int_equal(get(f, "canvas/store")->state, DRIFT_FOUND);
	ok(f, store_object_rename(f->store, "canvas/store", "canvas/shop", 211, &f->err));
	apply(f, 220);
	assert_null(get(f, "canvas/shop"));
	ok(f, store_pending(f->store, &pending, &f->err));
	assert_int_equal(pending.unsettled, 0);
}

static void operation(struct fixture *f, const char *id, const char *kind, int64_t at)
{
	struct operation_row row = {.id = id,
		.object_key = "canvas/shop",
		.kind = kind,
		.actor = "os:a",
		.intended_at = at};
	bool recorded;
	ok(f, store_operation_intend(f->store, &row, &f->err));
	row.state = OPERATION_DONE;
	row.ended_at = at;
	ok(f, store_operation_finish(f->store, &row, &recorded, &f->err));
}

static void a_life_begins_with_the_first_apply(void **state)
{
	struct fixture *f = *state;
	open_with_object(f, "{\"kind\":\"Canvas\",\"spec\":{\"ttl\":\"14d\"}}");
	struct object_lives lives;
	ok(f, store_object_lives(f->store, &f->arena, &lives, &f->err));
	assert_int_equal(lives.count, 0);
	operation(f, "01KAMY0000000000000000000A", "apply", 100);
	operation(f, "01KAMY0000000000000000000B", "apply", 200);
	apply(f, 200);
	ok(f, store_object_lives(f->store, &f->arena, &lives, &f->err));
	assert_int_equal(lives.count, 1);
	assert_string_equal(lives.items[0].ttl, "14d");
	assert_int_equal(lives.items[0].applied_at, 100);
	/* Destroyed and made again: a new life. */
	operation(f, "01KAMY0000000000000000000C", "destroy", 300);
	operation(f, "01KAMY0000000000000000000D", "apply", 400);
	ok(f, store_object_lives(f->store, &f->arena, &lives, &f->err));
	assert_int_equal(lives.items[0].applied_at, 400);
	/* Its end began, and may have failed. */
	ok(f, store_object_suspend(
		      f->store, "canvas/shop", "os:a", OBJECT_LIFE_OVER, 450, &f->err));
	ok(f, store_object_lives(f->store, &f->arena, &lives, &f->err));
	assert_int_equal(lives.count, 1);
	ok(f, store_object_suspend(f->store, "canvas/shop", "os:a", NULL, 500, &f->err));
	ok(f, store_object_lives(f->store, &f->arena, &lives, &f->err));
	assert_int_equal(lives.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(tells_a_drift_once),
		store_test(what_is_to_be_healed_is_pending_until_applied),
		store_test(a_life_begins_with_the_first_apply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
