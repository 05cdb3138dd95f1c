/*
 * Protects: children get exactly the environment, folder and descriptors they were promised; what
 * cannot be started is an error; output is bounded; a child that does not end is ended.
 */
#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const no_env[] = {NULL};

static struct child_spec shell(const char *const *argv)
{
	return (struct child_spec){
		.argv = argv,
		.envp = no_env,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
	};
}

/* Runs a script and gives what it printed. */
static struct child_exit run(
	const char *script, const char *input, struct str *out, struct str *eout)
{
	const char *const argv[4] = {"/bin/sh", "-c", script, NULL};
	const struct child_spec spec = shell(argv);
	struct child_exit ret = {-2, -2};
	AUTO_ERR err = NULL;
	assert_int_equal(child_run(&spec, input, 1 << 20, -1, out, eout, &ret, &err), 0);
	return ret;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	int n = 0;
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void test_exit(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int code, signal;
	} rows[] = {
		{"exit 0", 0, 0},
		{"exit 7", 7, 0},
		{"exit 255", 255, 0},
		{"kill -KILL $$", -1, SIGKILL},
		{"kill -TERM $$", -1, SIGTERM},
	};
	const int before = count_fds();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct child_exit e = run(rows[i].script, NULL, NULL, NULL);
		assert_int_equal(e.code, rows[i].code);
		assert_int_equal(e.signal, rows[i].signal);
	}
	assert_int_equal(count_fds(), before);
}

static void test_cannot_start(void **state)
{
	(void)state;
	const char *const missing[4] = {"/nonexistent/program", NULL, NULL, NULL};
	const char *const folder[4] = {"/tmp", NULL, NULL, NULL};
	const char *const fine[4] = {"/bin/sh", "-c", "exit 0", NULL};
	const struct {
		const char *const *argv;
		const char *dir;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{missing, NULL, ERR_NOT_FOUND,
			"start /nonexistent/program: No such file or directory"},
		{folder, NULL, ERR_DENIED, "start /tmp: Permission denied"},
		{fine, "/nonexistent", ERR_NOT_FOUND,
			"start /bin/sh in /nonexistent: No such file or directory"},
	};
	const int before = count_fds();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = shell(rows[i].argv);
		spec.dir = rows[i].dir;
		struct child child = CHILD_NONE;
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		assert_int_equal(child_start(&spec, &child, &err), -1);
		assert_int_equal(err_kind_of(err), rows[i].kind);
		err_format(err, &text);
		assert_string_equal(text.data, rows[i].text);
	}
	assert_int_equal(count_fds(), before);
	/* And no zombie is left of them. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_environment_is_as_given(void **state)
{
	(void)state;
	const char *const argv[] = {"/usr/bin/env", NULL};
	const char *const env[] = {"ONLY=this one", "AND=", NULL};
	struct child_spec spec = shell(argv);
	spec.envp = env;
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	struct child_exit e;
	assert_int_equal(setenv("TRUEUP_TEST_LEAK", "secret", 1), 0);
	assert_int_equal(child_run(&spec, NULL, 4096, -1, &out, NULL, &e, &err), 0);
	assert_string_equal(out.data, "ONLY=this one\nAND=\n");
}

static void test_streams(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	AUTO_STR eout = STR_INIT;
	run("echo oops >&2; cat; echo end", "what came in\n", &out, &eout);
	assert_string_equal(out.data, "what came in\nend\n");
	assert_string_equal(eout.data, "oops\n");
	str_clear(&out);
	run("cat; pwd", NULL, &out, NULL); /* standard input is empty, not ours */
	assert_int_equal(out.data[0], '/');
}

static void test_output_is_bounded(void **state)
{
	(void)state;
	const char *const argv[4] = {"/bin/sh", "-c",
		"head -c 5000000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero >&2", NULL};
	const struct child_spec spec = shell(argv);
	AUTO_STR out = STR_INIT;
	AUTO_STR eout = STR_INIT;
	AUTO_ERR err = NULL;
	struct child_exit e;
	str_add(&out, "before:");
	assert_int_equal(child_run(&spec, NULL, 1000, -1, &out, &eout, &e, &err), 0);
	assert_int_equal(e.code, 0);
	assert_int_equal(out.len, 1007);
	assert_int_equal(eout.len, 1000);
	assert_int_equal(out.data[1006], 'x');
}

/* A grandchild that keeps the pipe open must not keep us. */
static void test_grandchild_does_not_hold_us(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	run("sleep 1000 & echo $!", NULL, &out, NULL);
	AUTO_FREE char *command = xasprintf("kill %s", out.data);
	assert_true(out.len > 1);
	assert_int_equal(run(command, NULL, NULL, NULL).code, 0);
}

static void test_timeout(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		const char *printed;
		int signal;
	} rows[] = {
		{"echo on; exec sleep 1000", "on\n", SIGTERM},
		{"trap 'echo bye; exit 3' TERM; echo on; while :; do sleep 0.05; done", "on\nbye\n",
			0},
		{"trap '' TERM; echo on; while :; do sleep 0.05; done", "on\n", SIGKILL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const argv[4] = {"/bin/sh", "-c", rows[i].script, NULL};
		const struct child_spec spec = shell(argv);
		AUTO_STR out = STR_INIT;
		AUTO_ERR err = NULL;
		struct child_exit e;
		assert_int_equal(child_run(&spec, NULL, 4096, 1000, &out, NULL, &e, &err), -1);
		assert_int_equal(err_kind_of(err), ERR_TIMEOUT);
		assert_int_equal(e.signal, rows[i].signal);
		assert_string_equal(out.data, rows[i].printed);
	}
}

static void test_wait_and_signal(void **state)
{
	(void)state;
	const char *const argv[4] = {"/bin/sh", "-c", "exec sleep 1000", NULL};
	const struct child_spec spec = shell(argv);
	CLEANUP(child_release) struct child child = CHILD_NONE;
	struct child_exit e;
	AUTO_ERR err = NULL;
	assert_int_equal(child_start(&spec, &child, &err), 0);
	assert_true(process_start_time(child.pid) > 0);
	assert_int_equal(child_wait(&child, 0, &e, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_TIMEOUT);
	child_signal(&child, SIGINT);
	err_free(&err);
	assert_int_equal(child_wait(&child, -1, &e, &err), 0);
	assert_int_equal(e.signal, SIGINT);
	child_signal(&child, SIGKILL); /* reaped: nobody is hit */
	assert_int_equal(process_start_time(0x7ffffffe), 0);
}

/* Descriptor 3 is the kept one, nothing else is open, whatever its number was here. */
static void test_kept_descriptor(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	const int extra = dup(ends[0]); /* without CLOEXEC: must not leak all the same */
	assert_true(extra > 2);
	const char *const argv[4] = {"/bin/sh", "-c", "echo kept >&3; ls /proc/$$/fd", NULL};
	for (int keep = 0; keep < 2; keep++) {
		struct child_spec spec = shell(argv);
		spec.keep_fd = keep ? ends[1] : -1;
		AUTO_STR out = STR_INIT;
		AUTO_STR eout = STR_INIT;
		AUTO_ERR err = NULL;
		struct child_exit e;
		assert_int_equal(child_run(&spec, NULL, 4096, -1, &out, &eout, &e, &err), 0);
		assert_string_equal(out.data, keep ? "0\n1\n2\n3\n" : "0\n1\n2\n");
		assert_int_equal(eout.len == 0, keep);
	}
	char text[8] = "";
	assert_int_equal(read(ends[0], text, sizeof text - 1), 5);
	assert_string_equal(text, "kept\n");
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(extra);
}

static void test_signals_are_reset(void **state)
{
	(void)state;
	sigset_t set, before;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	AUTO_STR out = STR_INIT;
	/* 32 and 33 belong to the C library, which lets nobody change them. */
	run("set -- $(sed -n 's/^Sig\\(Blk\\|Ign\\):.//p' /proc/self/status);"
	    "echo $((0x$1)) $((0x$2 & ~0x180000000))",
		NULL, &out, NULL);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_string_equal(out.data, "0 0\n");
}

/* A shell sets no mask: what is sent to it waits, and is let through by whoever it becomes. */
static void test_signals_are_held(void **state)
{
	(void)state;
	for (int hold = 0; hold < 2; hold++) {
		const char *const argv[] = {
			"/bin/sh", "-c", "kill -USR1 $$; kill -TERM $$; exit 7", NULL};
		struct child_spec spec = shell(argv);
		struct child_exit how = {-2, -2};
		AUTO_ERR err = NULL;
		spec.hold_signals = hold;
		assert_int_equal(child_run(&spec, NULL, 0, -1, NULL, NULL, &how, &err), 0);
		assert_int_equal(how.code, hold ? 7 : -1);
		assert_int_equal(how.signal, hold ? 0 : SIGUSR1);
	}
}

static volatile sig_atomic_t caught;

static void on_caught(int signo)
{
	caught = signo;
}

static void test_held_signals_come_when_they_are_let(void **state)
{
	(void)state;
	sigset_t held;
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &held, NULL), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	const struct sigaction act = {.sa_handler = on_caught};
	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	assert_int_equal(caught, 0);
	child_let_signals();
	assert_int_equal(caught, SIGUSR1);
	(void)signal(SIGUSR1, SIG_DFL);
}

static void test_new_session(void **state)
{
	(void)state;
	const char *const argv[4] = {
		"/bin/sh", "-c", "set -- $(cat /proc/$$/stat); test $6 = $$ && test $5 = $$", NULL};
	for (int own = 0; own < 2; own++) {
		struct child_spec spec = shell(argv);
		spec.new_session = own;
		struct child_exit e;
		AUTO_ERR err = NULL;
		assert_int_equal(child_run(&spec, NULL, 0, -1, NULL, NULL, &e, &err), 0);
		assert_int_equal(e.code, own ? 0 : 1);
	}
}

/* A middle process starts the child and dies; the pipe's end of file says that the child did. */
static void test_dies_with_parent(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	const pid_t middle = fork();
	assert_true(middle >= 0);
	if (middle == 0) {
		const char *const argv[4] = {"/bin/sh", "-c", "exec sleep 1000", NULL};
		struct child_spec spec = shell(argv);
		spec.keep_fd = ends[1];
		spec.die_with_parent = true;
		struct child child = CHILD_NONE;
		struct err *err = NULL;
		_exit(child_start(&spec, &child, &err) == 0 ? 0 : 1);
	}
	(void)close(ends[1]);
	int status = -1;
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_int_equal(status, 0);
	char c;
	assert_int_equal(read(ends[0], &c, 1), 0);
	(void)close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_cannot_start),
		cmocka_unit_test(test_environment_is_as_given),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_output_is_bounded),
		cmocka_unit_test(test_grandchild_does_not_hold_us),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_wait_and_signal),
		cmocka_unit_test(test_kept_descriptor),
		cmocka_unit_test(test_signals_are_reset),
		cmocka_unit_test(test_signals_are_held),
		cmocka_unit_test(test_held_signals_come_when_they_are_let),
		cmocka_unit_test(test_new_session),
		cmocka_unit_test(test_dies_with_parent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
