/*
 * Protects: what is known of a pull request, that a newer head begins anew and an older step does
 * not overwrite it; one holder of each object, in the order of asking, without two that wait for
 * each other.
 */
#include "store_test.h"

#include "store/plans.h"
#include "store/pulls.h"

#include <sqlite3.h>

static void open_store(struct fixture *f)
{
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
}

static struct pull_row pull_of(int64_t number, const char *head)
{
	return (struct pull_row){
		.number = number,
		.author = "github:alice",
		.head_sha = head,
		.base_branch = "main",
		.title = "Add a queue",
	};
}

static void note(struct fixture *f, int64_t number, const char *head)
{
	const struct pull_row row = pull_of(number, head);
	ok(f, store_pull_note(f->store, &row, 100, NULL, &f->err));
}

static const struct pull_row *get(struct fixture *f, int64_t number)
{
	struct pull_row *row;
	ok(f, store_pull_get(f->store, number, &f->arena, &row, &f->err));
	assert_non_null(row);
	return row;
}

static bool step(struct fixture *f, int64_t number, const char *head, enum pull_progress progress)
{
	bool moved;
	const struct pull_step s = {.head_sha = head, .progress = progress, .reason = "so"};
	ok(f, store_pull_step(f->store, number, &s, 200, &moved, &f->err));
	return moved;
}

static void a_newer_head_begins_anew(void **state)
{
	struct fixture *f = *state;
	bool changed;
	open_store(f);
	struct pull_row row = pull_of(12, "aaa");
	ok(f, store_pull_note(f->store, &row, 100, &changed, &f->err));
	assert_true(changed);
	ok(f, store_pull_note(f->store, &row, 101, &changed, &f->err));
	assert_false(changed);
	assert_true(step(f, 12, "aaa", PULL_IS_PLANNED));
	assert_string_equal(get(f, 12)->reason, "so");

	row.head_sha = "bbb";
	row.title = NULL; /* not stated: what was known stays */
	ok(f, store_pull_note(f->store, &row, 102, &changed, &f->err));
	assert_true(changed);
	assert_int_equal(get(f, 12)->progress, PULL_IS_NEW);
	assert_string_equal(get(f, 12)->title, "Add a queue");
	/* A step that was made for the head before comes too late. */
	assert_false(step(f, 12, "aaa", PULL_IS_PLANNED));
	assert_int_equal(get(f, 12)->progress, PULL_IS_NEW);

	row.state = PULL_MERGED;
	row.merge_sha = "ccc";
	ok(f, store_pull_note(f->store, &row, 103, &changed, &f->err));
	assert_true(changed);
	assert_false(step(f, 12, "bbb", PULL_IS_PLANNED));
	/* A webhook that was late does not open it again. */
	row.state = PULL_OPEN;
	row.merge_sha = NULL;
	ok(f, store_pull_note(f->store, &row, 104, &changed, &f->err));
	assert_false(changed);
	assert_int_equal(get(f, 12)->state, PULL_MERGED);
	assert_string_equal(get(f, 12)->merge_sha, "ccc");
}

/* "canvas/a:12@0 canvas/a:13@1 canvas/b:12@0*" */
static const char *locks(struct fixture *f, int64_t pull)
{
	struct object_locks list;
	AUTO_STR text = STR_INIT;
	ok(f, store_locks(f->store, pull, &f->arena, &list, &f->err));
	for (size_t i = 0; i < list.count; i++)
		str_addf(&text, "%s%s:%d@%d%s", i ? " " : "", list.items[i].key,
			(int)list.items[i].pull, (int)list.items[i].position,
			list.items[i].applied ? "*" : "");
	return arena_strdup(&f->arena, text.data);
}

static void ask(struct fixture *f, int64_t pull, const char *keys)
{
	const char *list[8];
	size_t count = 0;
	for (const char *p = keys; *p; p++)
		list[count++] = arena_memdup(&f->arena, p, 1);
	ok(f, store_locks_ask(f->store, pull, list, count, 100, &f->err));
}

static const char *numbers(struct fixture *f, const struct pull_numbers *n)
{
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; i < n->count; i++)
		str_addf(&text, "%s%d", i ? " " : "", (int)n->items[i]);
	return arena_strdup(&f->arena, text.data);
}

static const char *ready(struct fixture *f)
{
	struct pull_numbers n;
	ok(f, store_pulls_ready(f->store, &f->arena, &n, &f->err));
	return numbers(f, &n);
}

static void holds_in_order_of_asking(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	for (int n = 11; n <= 13; n++) {
		note(f, n, "aaa");
		assert_true(step(f, n, "aaa", PULL_IS_PREVIEWED));
	}
	ask(f, 11, "ab");
	ask(f, 12, "bc");
	ask(f, 13, "c");
	assert_string_equal(locks(f, 0), "a:11@0 b:11@0 b:12@1 c:12@0 c:13@1");
	/* 13 asked last: it waits behind 12, which waits behind 11. */
	assert_string_equal(ready(f), "11");
	/* Asking again for the same changes nothing. */
	ask(f, 11, "ab");
	assert_string_equal(ready(f), "11");
	struct object_lock *holder;
	ok(f, store_lock_holder(f->store, "b", &f->arena, &holder, &f->err));
	assert_int_equal(holder->pull, 11);

	ok(f, store_locks_release(f->store, 11, false, &f->err));
	assert_string_equal(ready(f), "11 12"); /* 11 needs nothing any more */
	ok(f, store_lock_holder(f->store, "a", &f->arena, &holder, &f->err));
	assert_null(holder);
	/* 12 does not need c any more. */
	ask(f, 12, "b");
	assert_string_equal(ready(f), "11 12 13");
}

/* Both want what the other has: one of them comes first, and then the other. */
static void two_never_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	for (int n = 11; n <= 12; n++) {
		note(f, n, "aaa");
		assert_true(step(f, n, "aaa", PULL_IS_PREVIEWED));
	}
	ask(f, 11, "a");
	ask(f, 12, "b");
	assert_string_equal(ready(f), "11 12");
	ask(f, 11, "ab"); /* has to wait, so it asks for everything anew */
	ask(f, 12, "ab");
	assert_string_equal(locks(f, 0), "a:11@0 a:12@1 b:11@0 b:12@1");
	assert_string_equal(ready(f), "11");
	ok(f, store_locks_release(f->store, 11, false, &f->err));
	assert_string_equal(locks(f, 12), "a:12@0 b:12@0");
}

static void keeps_its_place_for_what_is_free(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	note(f, 11, "aaa");
	note(f, 12, "aaa");
	ask(f, 11, "a");
	ask(f, 12, "a");
	/* Nobody has c: 11 keeps its place. */
	ask(f, 11, "ac");
	assert_string_equal(locks(f, 0), "a:11@0 a:12@1 c:11@0");
}

static void does_not_give_up_what_it_applied(void **state)
{
	struct fixture *f = *state;
	int64_t by;
	open_store(f);
	note(f, 11, "aaa");
	note(f, 12, "aaa");
	ask(f, 11, "a");
	ask(f, 12, "ab");
	ok(f, store_lock_applied(f->store, 11, "a", &f->err));
	fails(f, store_lock_applied(f->store, 12, "a", &f->err), ERR_CONFLICT,
		"pull request #12 does not hold a any more");
	/* Not given up for another, nor because the next head leaves it alone. */
	ask(f, 11, "b");
	assert_string_equal(locks(f, 0), "a:11@0* a:12@1 b:12@0 b:11@1");
	ok(f, store_lock_applied_by(f->store, "a", &by, &f->err));
	assert_int_equal(by, 11);
	ok(f, store_lock_applied_by(f->store, "b", &by, &f->err));
	assert_int_equal(by, 0);
	ok(f, store_locks_release(f->store, 11, true, &f->err));
	assert_string_equal(locks(f, 11), "a:11@0*");
	ok(f, store_lock_release(f->store, 11, "a", &f->err));
	assert_string_equal(locks(f, 0), "a:12@0 b:12@0");
}

static void add_plan(struct fixture *f, const char *id, const char *key)
{
	const struct plan_row row = {.id = id,
		.object_key = key,
		.object_digest = "digest",
		.action = "update",
		.engine = "terraform",
		.sha256 = "sha",
		.summary_json = "{}",
		.identity = "identity",
		.renderer = "1",
		.requester = "github:alice"};
	ok(f, store_plan_add(f->store, &row, &f->err));
}

static void remembers_what_was_shown(void **state)
{
	static const char plan[] = "01KAMY0000000000000000000A";
	struct fixture *f = *state;
	struct pull_numbers n;
	int64_t of;
	open_store(f);
	note(f, 12, "aaa");
	add_plan(f, plan, "canvas/shop");
	const struct pull_object rows[] = {
		{12, "canvas/shop", "aaa", "update", "planned", plan, "sha", "identity", 100},
		{12, "role/web", "aaa", "update", "pending", NULL, NULL, NULL, 100}};
	ok(f, store_pull_show(f->store, 12, rows, 2, &f->err));
	ok(f, store_pull_show(f->store, 12, rows, 2, &f->err));
	struct pull_objects list;
	ok(f, store_pull_shown_objects(f->store, 12, &f->arena, &list, &f->err));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].plan_id, plan);
	assert_null(list.items[1].plan_id);
	ok(f, store_pull_of_plan(f->store, plan, &of, &f->err));
	assert_int_equal(of, 12);
	ok(f, store_pulls_void(f->store, &f->arena, &n, &f->err));
	assert_int_equal(n.count, 0);
	add_plan(f, "01KAMY0000000000000000000B", "canvas/shop");
	ok(f, store_pulls_void(f->store, &f->arena, &n, &f->err));
	assert_string_equal(numbers(f, &n), "12");
	/* Of one that is closed nobody is told. */
	struct pull_row row = pull_of(12, "aaa");
	row.state = PULL_CLOSED;
	ok(f, store_pull_note(f->store, &row, 100, NULL, &f->err));
	ok(f, store_pulls_void(f->store, &f->arena, &n, &f->err));
	assert_int_equal(n.count, 0);
	ok(f, store_pull_of_plan(f->store, plan, &of, &f->err));
	assert_int_equal(of, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(a_newer_head_begins_anew),
		store_test(holds_in_order_of_asking),
		store_test(two_never_wait_for_each_other),
		store_test(keeps_its_place_for_what_is_free),
		store_test(does_not_give_up_what_it_applied),
		store_test(remembers_what_was_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
