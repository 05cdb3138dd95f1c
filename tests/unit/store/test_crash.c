/*
 * Protects: nothing recorded is lost and nothing is recorded twice, when several processes write
 * at once and when a writer is killed at any moment.
 */
#include "store_test.h"

#include "store/audit.h"
#include "store/operations.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { WRITERS = 2, ROUNDS = 40, KILLS = 50 };

/* One effect as the pipeline records it: the intention, then the end with what follows from it. */
static int effect(struct store *store, const char *id, struct err **err)
{
	const struct operation_row intent = {
		.id = id, .object_key = "canvas/a", .kind = "apply", .actor = "os:a"};
	if (store_operation_intend(store, &intent, err) < 0 || store_begin(store, err) < 0)
		return -1;
	const struct operation_row end = {.id = id, .state = OPERATION_DONE};
	const struct audit_row audit = {.actor = "os:a", .action = "apply", .subject = id};
	bool recorded;
	if (store_operation_finish(store, &end, &recorded, err) < 0 ||
		(recorded && store_audit_append(store, &audit, err) < 0)) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

static void wait_for(pid_t pid, int expect)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, expect);
}

static void check_whole(struct fixture *f)
{
	struct store_check check;
	ok(f, store_check(f->store, &f->arena, &check, &f->err));
	for (size_t i = 0; i < check.count; i++)
		print_error("%s: %s\n", check.problems[i].where, check.problems[i].what);
	assert_int_equal(check.count, 0);
}

/* Also makes the database: all of them find none there. */
static void writers_wait_for_each_other(void **state)
{
	struct fixture *f = *state;
	pid_t pids[WRITERS];
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w] != 0)
			continue;
		struct store *store = NULL;
		struct err *err = NULL;
		int rc = store_open(f->dir, 0, &store, &err);
		for (int i = 0; rc == 0 && i < ROUNDS; i++) {
			char id[48];
			(void)snprintf(id, sizeof id, "01JD%d%021d", w, i);
			rc = effect(store, id, &err);
		}
		store_close(&store);
		_exit(rc ? 1 : 0);
	}
	for (int w = 0; w < WRITERS; w++)
		wait_for(pids[w], 0);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	struct audit_verdict verdict;
	ok(f, store_audit_verify(f->store, &verdict, &f->err));
	assert_int_equal(verdict.bad_seq, 0);
	assert_int_equal(verdict.entries, WRITERS * ROUNDS);
	check_whole(f);
}

/* Two adopt the same orphans at once: each end, and what follows from it, is recorded once. */
static void two_adopters_record_one_end(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	for (int i = 0; i < ROUNDS; i++) {
		char id[48];
		(void)snprintf(id, sizeof id, "01JD%022d", i);
		const struct operation_row intent = {
			.id = id, .object_key = "canvas/a", .kind = "apply", .actor = "os:a"};
		ok(f, store_operation_intend(f->store, &intent, &f->err));
	}
	store_close(&f->store);
	pid_t pids[WRITERS];
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = fork();
		if (pids[w] != 0)
			continue;
		AUTO_ARENA arena = {0};
		struct store *store = NULL;
		struct err *err = NULL;
		struct operation_rows open = {0};
		int rc = store_open(f->dir, 0, &store, &err);
		if (rc == 0)
			rc = store_operations_open(store, &arena, &open, &err);
		for (size_t i = 0; rc == 0 && i < open.count; i++) {
			bool recorded = false;
			const struct operation_row end = {
				.id = open.items[i].id, .state = OPERATION_LOST};
			const struct audit_row audit = {
				.actor = "os:a", .action = "adopt", .subject = open.items[i].id};
			rc = store_begin(store, &err);
			if (rc == 0)
				rc = store_operation_finish(store, &end, &recorded, &err);
			if (rc == 0 && recorded)
				rc = store_audit_append(store, &audit, &err);
			if (rc == 0)
				rc = store_commit(store, &err);
		}
		store_close(&store);
		_exit(rc ? 1 : 0);
	}
	for (int w = 0; w < WRITERS; w++)
		wait_for(pids[w], 0);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	struct audit_head head;
	ok(f, store_audit_head(f->store, &head, &f->err));
	assert_int_equal(head.seq, ROUNDS);
}

/* The child counts what was committed in shared memory; it is killed after a growing time. */
static void a_killed_writer_leaves_a_whole_store(void **state)
{
	struct fixture *f = *state;
	int *committed = mmap(
		NULL, sizeof *committed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(committed != MAP_FAILED);
	int64_t before = 0;
	for (int kill_at = 0; kill_at < KILLS; kill_at++) {
		*committed = 0;
		const pid_t pid = fork();
		if (pid == 0) {
			struct store *store = NULL;
			struct err *err = NULL;
			if (store_open(f->dir, 0, &store, &err) < 0)
				_exit(1);
			for (int i = 0;; i++) {
				char id[48];
				(void)snprintf(id, sizeof id, "01JD%02d%020d", kill_at, i);
				if (effect(store, id, &err) < 0)
					_exit(1);
				__atomic_add_fetch(committed, 1, __ATOMIC_SEQ_CST);
			}
		}
		(void)usleep((useconds_t)(kill_at * 397));
		assert_int_equal(kill(pid, SIGKILL), 0);
		wait_for(pid, SIGKILL);
		ok(f, store_open(f->dir, 0, &f->store, &f->err));
		struct audit_verdict verdict;
		ok(f, store_audit_verify(f->store, &verdict, &f->err));
		assert_int_equal(verdict.bad_seq, 0);
		/* All that was reported committed is there, and at most the one under way beside
		 * it. */
		const int64_t added = verdict.entries - before;
		assert_in_range(added, *committed, *committed + 1);
		before = verdict.entries;
		struct operation_rows open;
		ok(f, store_operations_open(f->store, &f->arena, &open, &f->err));
		assert_in_range(open.count, 0, 1);
		for (size_t i = 0; i < open.count; i++) {
			const struct operation_row end = {
				.id = open.items[i].id, .state = OPERATION_LOST};
			bool recorded;
			ok(f, store_operation_finish(f->store, &end, &recorded, &f->err));
			assert_true(recorded);
		}
		store_close(&f->store);
	}
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	check_whole(f);
	assert_true(before > 0);
	assert_int_equal(munmap(committed, sizeof *committed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(writers_wait_for_each_other),
		store_test(two_adopters_record_one_end),
		store_test(a_killed_writer_leaves_a_whole_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
