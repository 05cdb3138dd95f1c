/*
 * Protects: only one holds a lock, also between processes; a dead owner holds nothing; a child
 * that inherited the descriptor keeps the lock; the owner's text.
 */
#include "check.h"

#include "base/lock.h"
#include "base/tempdir.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char *dir;
	char *path;
};

static void place_release(struct place *p)
{
	free(p->path);
	tempdir_remove(&p->dir);
}
#define AUTO_PLACE CLEANUP(place_release) struct place

static struct place new_place(void)
{
	struct place p = {.dir = tempdir_new()};
	p.path = path_join(p.dir, "lock");
	return p;
}

static bool is_held(const char *path)
{
	AUTO_ERR err = NULL;
	bool held = false;
	assert_int_equal(lock_is_held(path, &held, &err), 0);
	return held;
}

static void takes_and_releases(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	assert_false(is_held(p.path));
	assert_false(fs_exists(p.path)); /* asking makes no file */
	AUTO_LOCK lock = LOCK_NONE, second = LOCK_NONE;
	assert_int_equal(lock_take(p.path, "pid 4711", 0, &lock, &err), 0);
	assert_true(is_held(p.path));
	assert_int_equal(lock_take(p.path, "me", 0, &second, &err), -1);
	assert_int_equal(err->kind, ERR_CONFLICT);
	assert_string_equal(err->message, "held by pid 4711");
	assert_int_equal(second.fd, -1);
	err_free(&err);
	lock_release(&lock);
	lock_release(&lock);
	assert_false(is_held(p.path));
	assert_int_equal(lock_take(p.path, "me", 0, &second, &err), 0);
	AUTO_FREE char *owner = lock_owner(p.path);
	assert_string_equal(owner, "me");
}

static void owner_is_one_line(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	AUTO_FREE char *none = lock_owner(p.path);
	assert_string_equal(none, "");
	AUTO_LOCK lock = LOCK_NONE;
	assert_int_equal(lock_take(p.path, "a longer text", 0, &lock, &err), 0);
	lock_release(&lock);
	assert_int_equal(lock_take(p.path, "short\n\x1b[31m", 0, &lock, &err), 0);
	AUTO_FREE char *owner = lock_owner(p.path);
	assert_string_equal(owner, "short");
}

static void gives_up_after_the_wait(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	AUTO_LOCK lock = LOCK_NONE, second = LOCK_NONE;
	assert_int_equal(lock_take(p.path, "x", 0, &lock, &err), 0);
	assert_int_equal(lock_take(p.path, "y", 30, &second, &err), -1);
	assert_string_equal(err->message, "held by x");
}

static void refuses_a_symbolic_link(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	AUTO_LOCK lock = LOCK_NONE;
	AUTO_FREE char *target = path_join(p.dir, "target");
	assert_int_equal(symlink(target, p.path), 0);
	assert_int_equal(lock_take(p.path, "x", 0, &lock, &err), -1);
	assert_false(fs_exists(target));
}

/* A child that holds the lock until it is killed; it has it when this returns. */
static pid_t start_owner(const char *path)
{
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct lock lock = LOCK_NONE;
		struct err *err = NULL;
		if (lock_take(path, "the child", 0, &lock, &err) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	char c;
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_dead_owner_holds_nothing(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	AUTO_LOCK lock = LOCK_NONE;
	const pid_t pid = start_owner(p.path);
	assert_true(is_held(p.path));
	assert_int_equal(lock_take(p.path, "x", 0, &lock, &err), -1);
	assert_string_equal(err->message, "held by the child");
	err_free(&err);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(is_held(p.path));
	assert_int_equal(lock_take(p.path, "x", 0, &lock, &err), 0);
}

static void waits_for_the_owner_to_end(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	AUTO_LOCK lock = LOCK_NONE;
	const pid_t owner = start_owner(p.path);
	const pid_t killer = fork();
	assert_true(killer >= 0);
	if (killer == 0)
		_exit(kill(owner, SIGKILL) != 0);
	assert_int_equal(lock_take(p.path, "x", 60000, &lock, &err), 0);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
}

static void an_heir_keeps_the_lock(void **state)
{
	(void)state;
	AUTO_PLACE p = new_place();
	AUTO_ERR err = NULL;
	struct lock lock = LOCK_NONE;
	assert_int_equal(lock_take(p.path, "parent", 0, &lock, &err), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	lock_release(&lock);
	assert_true(is_held(p.path));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(is_held(p.path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_and_releases),
		cmocka_unit_test(owner_is_one_line),
		cmocka_unit_test(gives_up_after_the_wait),
		cmocka_unit_test(refuses_a_symbolic_link),
		cmocka_unit_test(a_dead_owner_holds_nothing),
		cmocka_unit_test(waits_for_the_owner_to_end),
		cmocka_unit_test(an_heir_keeps_the_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
