/*
 * Protects: how many runs of a concurrency group go on at once. A dead process keeps no place, one
 * whose script goes on does, and of those that wait in a queue of one the newest stays.
 */
#include "check.h"

#include "../base/tempdir.h"
#include "base/str.h"
#include "base/digest.h"
#include "reconcile/runbook_group.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_A "01M8J3CY6NAC89J5JWPM650000"
#define ID_B "01M8J3CY6NAC89J5JWPM650001"
#define ID_C "01M8J3CY6NAC89J5JWPM650002"

static enum group_answer enter(
	const char *dir, const char *id, int64_t limit, enum exec_policy policy, struct lock *place)
{
	AUTO_ERR err = NULL;
	/* It does not wait in these tests: an interrupt is there already. */
	static volatile sig_atomic_t interrupts = 1;
	enum group_answer answer;
	const struct group_wish wish = {
		.state_dir = dir,
		.group = "web servers/../x",
		.limit = limit,
		.policy = policy,
		.run_id = id,
		.interrupts = &interrupts,
	};
	assert_int_equal(group_enter(&wish, &answer, place, &err), 0);
	return answer;
}

static void the_limit_holds(void **state)
{
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_LOCK a = LOCK_NONE, b = LOCK_NONE, c = LOCK_NONE;
	(void)state;
	assert_int_equal(enter(dir, ID_A, 2, POLICY_CANCEL, &a), GROUP_ENTERED);
	assert_int_equal(enter(dir, ID_B, 2, POLICY_CANCEL, &b), GROUP_ENTERED);
	assert_int_equal(enter(dir, ID_C, 2, POLICY_CANCEL, &c), GROUP_FULL);
	assert_int_equal(enter(dir, ID_C, 2, POLICY_DELAY, &c), GROUP_INTERRUPTED);
	lock_release(&a);
	assert_int_equal(enter(dir, ID_C, 2, POLICY_CANCEL, &c), GROUP_ENTERED);
}

static void a_dead_process_keeps_no_place(void **state)
{
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_LOCK mine = LOCK_NONE;
	(void)state;
	const pid_t pid = fork();
	if (pid == 0) {
		struct lock theirs;
		_exit(enter(dir, ID_A, 1, POLICY_CANCEL, &theirs) == GROUP_ENTERED ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(enter(dir, ID_B, 1, POLICY_CANCEL, &mine), GROUP_ENTERED);
}

static void a_script_that_goes_on_keeps_it(void **state)
{
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ERR err = NULL;
	AUTO_FREE char *folder = xasprintf("%s/runs/" ID_A, dir);
	AUTO_FREE char *path = path_join(folder, "lock");
	AUTO_LOCK place = LOCK_NONE, job = LOCK_NONE, next = LOCK_NONE;
	(void)state;
	assert_int_equal(fs_mkdirs(folder, 0700, &err), 0);
	assert_int_equal(lock_take(path, "supervisor", 0, &job, &err), 0);
	assert_int_equal(enter(dir, ID_A, 1, POLICY_CANCEL, &place), GROUP_ENTERED);
	lock_release(&place); /* its process is gone */
	assert_int_equal(enter(dir, ID_B, 1, POLICY_CANCEL, &next), GROUP_FULL);
	lock_release(&job); /* its script has ended */
	assert_int_equal(enter(dir, ID_B, 1, POLICY_CANCEL, &next), GROUP_ENTERED);
}

struct newer {
	const char *dir;
	bool called;
};

/* While the first waits, a newer one comes. */
static void come(void *data)
{
	struct newer *n = data;
	struct lock none = LOCK_NONE;
	n->called = true;
	assert_int_equal(enter(n->dir, ID_C, 1, POLICY_QUEUE_ONE, &none), GROUP_INTERRUPTED);
}

static void the_newest_stays_in_a_queue_of_one(void **state)
{
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ERR err = NULL;
	AUTO_LOCK first = LOCK_NONE, second = LOCK_NONE;
	struct newer newer = {dir, false};
	enum group_answer answer;
	(void)state;
	assert_int_equal(enter(dir, ID_A, 1, POLICY_QUEUE_ONE, &first), GROUP_ENTERED);
	const struct group_wish wish = {
		.state_dir = dir,
		.group = "web servers/../x",
		.limit = 1,
		.policy = POLICY_QUEUE_ONE,
		.run_id = ID_B,
		.on_wait = come,
		.data = &newer,
	};
	assert_int_equal(group_enter(&wish, &answer, &second, &err), 0);
	assert_true(newer.called);
	assert_int_equal(answer, GROUP_REPLACED);
	assert_int_equal(second.fd, -1);
}

/* What stands in the file of a place is not trusted: it is only ever a name of a run. */
static void a_damaged_name_is_nobody(void **state)
{
	static const char *const texts[] = {"", "x", "../../../../etc/passwd/xxxxx", ID_A "x"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_TEMPDIR dir = tempdir_new();
		AUTO_ERR err = NULL;
		AUTO_LOCK place = LOCK_NONE, again = LOCK_NONE;
		assert_int_equal(enter(dir, ID_B, 1, POLICY_CANCEL, &place), GROUP_ENTERED);
		lock_release(&place);
		AUTO_FREE char *command = xasprintf("%s/groups", dir);
		AUTO_FREE char *file = NULL;
		char digest[DIGEST_HEX];
		digest_hex("web servers/../x", strlen("web servers/../x"), digest);
		file = xasprintf("%s/%.32s.0.run", command, digest);
		assert_true(fs_exists(file));
		assert_int_equal(fs_write_atomic(file, texts[i], strlen(texts[i]), 0600, &err), 0);
		assert_int_equal(enter(dir, ID_A, 1, POLICY_CANCEL, &again), GROUP_ENTERED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_holds),
		cmocka_unit_test(a_dead_process_keeps_no_place),
		cmocka_unit_test(a_script_that_goes_on_keeps_it),
		cmocka_unit_test(the_newest_stays_in_a_queue_of_one),
		cmocka_unit_test(a_damaged_name_is_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
