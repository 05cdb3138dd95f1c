/*
 * Protects: many names in one file exclude each other one by one, also between processes; a dead
 * owner holds nothing; what a forked child shares is held until both are gone.
 */
#include "check.h"

#include "base/locks.h"
#include "base/tempdir.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
	char *dir, *path;
};

static void place_release(struct place *p)
{
	free(p->path);
	tempdir_remove(&p->dir);
}
#define AUTO_PLACE CLEANUP(place_release) struct place
#define AUTO_LOCKS CLEANUP(locks_release) struct locks

static struct place new_place(void)
{
	struct place p = {.dir = tempdir_new()};
	p.path = path_join(p.dir, "objects.lock");
	return p;
}

static bool takes(struct locks *locks, const struct place *p, const char *name)
{
	AUTO_ERR err = NULL;
	bool taken = false;
	assert_int_equal(locks_take(locks, p->path, name, 0, &taken, &err), 0);
	return taken;
}

static void one_by_one(void **state)
{
	AUTO_PLACE p = new_place();
	AUTO_LOCKS mine = LOCKS_NONE, theirs = LOCKS_NONE;
	(void)state;
	assert_true(takes(&mine, &p, "shop"));
	assert_true(takes(&mine, &p, "shop")); /* it is held already */
	assert_false(takes(&theirs, &p, "shop"));
	assert_true(takes(&theirs, &p, "blog"));
	assert_false(takes(&mine, &p, "blog"));
	locks_drop(&mine, "shop");
	locks_drop(&mine, "never taken");
	assert_true(takes(&theirs, &p, "shop"));
	locks_release(&theirs);
	locks_release(&theirs);
	assert_true(takes(&mine, &p, "shop"));
	assert_true(takes(&mine, &p, "blog"));
}

/* A child that holds the lock, once it says so; ended by closing the pipe. */
static pid_t holder(const struct place *p, struct locks *shared)
{
	int said[2];
	char c;
	assert_int_equal(pipe(said), 0);
	const pid_t pid = fork();
	if (pid == 0) {
		struct locks own = LOCKS_NONE;
		(void)(takes(shared ? shared : &own, p, "shop") && write(said[1], "x", 1));
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(said[0], &c, 1), 1);
	close(said[0]);
	close(said[1]);
	return pid;
}

static void finish(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_dead_hold_nothing(void **state)
{
	AUTO_PLACE p = new_place();
	AUTO_LOCKS mine = LOCKS_NONE;
	(void)state;
	const pid_t pid = holder(&p, NULL);
	assert_false(takes(&mine, &p, "shop"));
	finish(pid);
	assert_true(takes(&mine, &p, "shop"));
}

static void waits_for_it(void **state)
{
	AUTO_PLACE p = new_place();
	AUTO_LOCKS mine = LOCKS_NONE;
	AUTO_ERR err = NULL;
	bool taken = true;
	(void)state;
	const pid_t pid = holder(&p, NULL);
	assert_int_equal(locks_take(&mine, p.path, "shop", 100, &taken, &err), 0);
	assert_false(taken);
	const pid_t killer = fork();
	if (killer == 0) {
		(void)kill(pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(locks_take(&mine, p.path, "shop", 60000, &taken, &err), 0);
	assert_true(taken);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
}

static void a_child_shares_them(void **state)
{
	AUTO_PLACE p = new_place();
	AUTO_LOCKS shared = LOCKS_NONE, other = LOCKS_NONE;
	(void)state;
	assert_true(takes(&shared, &p, "blog")); /* opened before the fork */
	const pid_t pid = holder(&p, &shared);
	assert_true(takes(&shared, &p, "shop")); /* the child's is ours */
	locks_release(&shared);
	assert_false(takes(&other, &p, "shop"));
	finish(pid);
	assert_true(takes(&other, &p, "shop"));
}

static void says_what_cannot_be_opened(void **state)
{
	AUTO_LOCKS mine = LOCKS_NONE;
	AUTO_ERR err = NULL;
	bool taken = false;
	(void)state;
	assert_int_equal(locks_take(&mine, "/nowhere/objects.lock", "x", 0, &taken, &err), -1);
	assert_non_null(strstr(err->message, "open the locks /nowhere/objects.lock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(the_dead_hold_nothing),
		cmocka_unit_test(waits_for_it),
		cmocka_unit_test(a_child_shares_them),
		cmocka_unit_test(says_what_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
