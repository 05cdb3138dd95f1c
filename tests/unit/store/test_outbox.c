/*
 * Protects: what is to be said is neither lost nor said twice: replacing, order in a lane, attempts
 * that are recorded before they start, ends that arrive late, and the times of trying again.
 */
#include "store_test.h"

#include "store/outbox.h"

static struct outbox_row wish(const char *key, const char *lane, const char *payload)
{
	return (struct outbox_row){.channel = "forge",
		.target = "shop",
		.key = key,
		.lane = lane,
		.kind = "status",
		.payload = payload};
}

static bool put(struct fixture *f, const char *key, const char *lane, const char *payload)
{
	static int64_t now = 1000;
	const struct outbox_row row = wish(key, lane, payload);
	bool changed;
	ok(f, store_outbox_put(f->store, &row, now++, &changed, &f->err));
	return changed;
}

static struct outbox_rows due(struct fixture *f, int64_t now)
{
	struct outbox_rows rows;
	ok(f, store_outbox_due(f->store, "forge", now, 0, &f->arena, &rows, &f->err));
	return rows;
}

static struct outbox_row *get(struct fixture *f, const char *key)
{
	const struct outbox_row like = wish(key, "", "");
	struct outbox_row *row;
	ok(f, store_outbox_get(f->store, &like, &f->arena, &row, &f->err));
	assert_non_null(row);
	return row;
}

static void deliver(struct fixture *f, const char *key, const char *remote)
{
	struct outbox_row *row = get(f, key);
	ok(f, store_outbox_begin(f->store, row, 2000, &f->err));
	ok(f, store_outbox_done(f->store, row, remote, 2001, &f->err));
}

static int setup(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	return 0;
}

static void the_same_wish_changes_nothing(void **state)
{
	struct fixture *f = *state;
	assert_true(put(f, "a", "1", "{}"));
	assert_false(put(f, "a", "1", "{}"));
	deliver(f, "a", NULL);
	assert_int_equal(get(f, "a")->state, OUTBOX_DONE);
	assert_false(put(f, "a", "1", "{}"));
	assert_int_equal(due(f, 5000).count, 0);
	assert_true(put(f, "a", "1", "{\"x\":1}"));
	assert_int_equal(due(f, 5000).count, 1);
	assert_string_equal(get(f, "a")->payload, "{\"x\":1}");
}

static void a_lane_keeps_its_order(void **state)
{
	struct fixture *f = *state;
	put(f, "a1", "a", "1");
	put(f, "a2", "a", "2");
	put(f, "b1", "b", "3");
	struct outbox_rows rows = due(f, 5000);
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.items[0].key, "a1");
	assert_string_equal(rows.items[1].key, "b1");

	/* One that has to wait holds up its lane and no other. */
	struct outbox_row *first = get(f, "a1");
	ok(f, store_outbox_begin(f->store, first, 2000, &f->err));
	ok(f, store_outbox_failed(f->store, first, 9000, "502", 2001, &f->err));
	rows = due(f, 5000);
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.items[0].key, "b1");
	assert_string_equal(get(f, "a1")->error, "502");
	/* Replaced while it waits, it keeps its place and its time. */
	put(f, "a1", "a", "4");
	assert_int_equal(due(f, 5000).count, 1);
	rows = due(f, 9000);
	assert_string_equal(rows.items[0].key, "a1");
	assert_int_equal(rows.items[0].attempts, 0);

	/* Delivered and wished anew, it goes behind the others. */
	deliver(f, "a1", NULL);
	put(f, "a1", "a", "5");
	assert_string_equal(due(f, 9000).items[0].key, "a2");
}

static void a_dead_one_holds_up_nobody(void **state)
{
	struct fixture *f = *state;
	put(f, "a1", "a", "1");
	put(f, "a2", "a", "2");
	struct outbox_row *row = get(f, "a1");
	ok(f, store_outbox_begin(f->store, row, 2000, &f->err));
	ok(f, store_outbox_failed(f->store, row, 0, "422 no such commit", 2001, &f->err));
	assert_string_equal(due(f, 5000).items[0].key, "a2");
	struct outbox_rows dead;
	ok(f, store_outbox_list(f->store, OUTBOX_DEAD, 0, &f->arena, &dead, &f->err));
	assert_int_equal(dead.count, 1);
	assert_string_equal(dead.items[0].error, "422 no such commit");
	struct outbox_counts counts;
	ok(f, store_outbox_counts(f->store, "forge", &counts, &f->err));
	assert_int_equal(counts.due, 1);
	assert_int_equal(counts.dead, 1);
	assert_true(counts.oldest_due_at > 0);

	/* Wished again, or revived, it has all its attempts before it. */
	assert_true(put(f, "a1", "a", "1"));
	assert_int_equal(get(f, "a1")->state, OUTBOX_DUE);
	row = get(f, "a1");
	ok(f, store_outbox_begin(f->store, row, 2000, &f->err));
	ok(f, store_outbox_failed(f->store, row, 0, "no", 2001, &f->err));
	int64_t count;
	ok(f, store_outbox_revive(f->store, NULL, 3000, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(get(f, "a1")->attempts, 0);
}

static void an_end_that_arrives_late_leaves_the_newer_wish_due(void **state)
{
	struct fixture *f = *state;
	put(f, "a", "1", "old");
	struct outbox_row *old = get(f, "a");
	ok(f, store_outbox_begin(f->store, old, 2000, &f->err));
	assert_int_equal(old->attempts, 1);
	put(f, "a", "1", "new");
	ok(f, store_outbox_done(f->store, old, "{\"ids\":[7]}", 2001, &f->err));
	const struct outbox_row *row = get(f, "a");
	assert_int_equal(row->state, OUTBOX_DUE);
	assert_string_equal(row->payload, "new");
	assert_string_equal(row->remote, "{\"ids\":[7]}");
	fails(f, store_outbox_begin(f->store, old, 2002, &f->err), ERR_CONFLICT, "newer");
	/* Given up for good is the old wish, not the new one. */
	ok(f, store_outbox_failed(f->store, old, 0, "no", 2003, &f->err));
	assert_int_equal(get(f, "a")->state, OUTBOX_DUE);
	deliver(f, "a", NULL);
	assert_int_equal(get(f, "a")->state, OUTBOX_DONE);
	assert_string_equal(get(f, "a")->remote, "{\"ids\":[7]}");
	assert_null(get(f, "a")->error);
}

static void says_when_to_come_again(void **state)
{
	struct fixture *f = *state;
	int64_t at;
	ok(f, store_outbox_next(f->store, "forge", 5000, &at, &f->err));
	assert_int_equal(at, -1);
	put(f, "a1", "a", "1");
	put(f, "b1", "b", "1");
	ok(f, store_outbox_next(f->store, "forge", 5000, &at, &f->err));
	assert_int_equal(at, 0);
	ok(f, store_outbox_postpone(f->store, "forge", "shop", 8000, "rate limit", &f->err));
	ok(f, store_outbox_next(f->store, "forge", 5000, &at, &f->err));
	assert_int_equal(at, 8000);
	assert_int_equal(due(f, 7999).count, 0);
	assert_int_equal(due(f, 8000).count, 2);
	ok(f, store_outbox_next(f->store, "other", 5000, &at, &f->err));
	assert_int_equal(at, -1);
}

static void delivers_again_what_somebody_removed(void **state)
{
	struct fixture *f = *state;
	const struct outbox_row like = wish("a", "", "");
	bool changed;
	ok(f, store_outbox_again(f->store, &like, 100, &changed, &f->err));
	assert_false(changed);
	put(f, "a", "1", "text");
	deliver(f, "a", "{}");
	ok(f, store_outbox_again(f->store, &like, 3000, &changed, &f->err));
	assert_true(changed);
	assert_string_equal(due(f, 5000).items[0].payload, "text");
	deliver(f, "a", "{}");
	ok(f, store_outbox_forget(f->store, 2001, &f->err));
	assert_non_null(get(f, "a"));
	ok(f, store_outbox_forget(f->store, 2002, &f->err));
	struct outbox_row *row;
	ok(f, store_outbox_get(f->store, &like, &f->arena, &row, &f->err));
	assert_null(row);
}

/* It has to be known when it is to come to its end, be that months later. */
static void keeps_a_status_that_is_pending(void **state)
{
	struct fixture *f = *state;
	put(f, "a", "1", "{\"state\":\"pending\"}");
	put(f, "b", "1", "{\"state\":\"success\"}");
	deliver(f, "a", NULL);
	deliver(f, "b", NULL);
	ok(f, store_outbox_forget(f->store, 9000, &f->err));
	assert_non_null(get(f, "a"));
	struct outbox_row *row;
	const struct outbox_row like = wish("b", "", "");
	ok(f, store_outbox_get(f->store, &like, &f->arena, &row, &f->err));
	assert_null(row);
}

/* What is told about something that was rolled back is not told. */
static void a_wish_is_part_of_the_transaction(void **state)
{
	struct fixture *f = *state;
	ok(f, store_begin(f->store, &f->err));
	put(f, "a", "1", "text");
	store_rollback(f->store);
	assert_int_equal(due(f, 5000).count, 0);
}

#define outbox_test(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		outbox_test(the_same_wish_changes_nothing),
		outbox_test(a_lane_keeps_its_order),
		outbox_test(a_dead_one_holds_up_nobody),
		outbox_test(an_end_that_arrives_late_leaves_the_newer_wish_due),
		outbox_test(says_when_to_come_again),
		outbox_test(delivers_again_what_somebody_removed),
		outbox_test(keeps_a_status_that_is_pending),
		outbox_test(a_wish_is_part_of_the_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
