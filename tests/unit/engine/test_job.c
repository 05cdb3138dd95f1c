/*
 * Protects: an effect outlives whoever started it, is interrupted at most once, is never left
 * unbounded, and its end is found by whoever comes next, whichever process was killed.
 */
#include "engine/job.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, STEP_MS = 10 };

static const char *const env[] = {"PATH=/usr/bin:/bin", "TOKEN=hunter2-in-no-file", NULL};

static int set_up(void **state)
{
	char *dir = xstrdup("/tmp/trueup-job-XXXXXX");
	assert_non_null(mkdtemp(dir));
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	AUTO_ERR err = NULL;
	assert_int_equal(fs_remove_tree(*state, &err), 0);
	free(*state);
	return 0;
}

static void start(
	const char *dir, const char *script, const struct job_spec *extra, struct job *ret)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	struct job_spec spec = extra ? *extra : (struct job_spec){.outlives_us = true};
	spec.dir = dir;
	spec.argv = argv;
	spec.envp = env;
	spec.cwd = dir;
	spec.owner = "a test";
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	const int failed = job_start(&spec, ret, &err);
	if (failed)
		err_format(err, &text);
	assert_string_equal(text.data, "");
}

static void collect(void *data, const char *text, size_t len)
{
	str_addn(data, text, len);
}

static struct job_result wait_for(struct job *job, struct str *out)
{
	const struct job_watch watch = {.on_output = out ? collect : NULL, .data = out};
	struct job_result r;
	AUTO_ERR err = NULL;
	assert_int_equal(job_wait(job, &watch, &r, &err), 0);
	return r;
}

static struct job_result adopt(const char *dir, struct str *out)
{
	const struct job_watch watch = {.on_output = collect, .data = out};
	struct job_result r;
	AUTO_ERR err = NULL;
	assert_int_equal(job_adopt(dir, &watch, &r, &err), 0);
	return r;
}

static enum job_phase phase_of(const char *dir)
{
	struct job_result r;
	AUTO_ERR err = NULL;
	assert_int_equal(job_state(dir, &r, &err), 0);
	return r.phase;
}

/* Until the job has printed text. */
static void await_output(const char *dir, const char *text)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		AUTO_STR out = STR_INIT;
		AUTO_ERR err = NULL;
		int64_t offset = 0;
		assert_int_equal(job_read_new(dir, &offset, 4096, &out, &err), 0);
		if (strstr(out.data, text))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("the job never printed '%s'", text);
}

static void await_phase(const char *dir, enum job_phase phase)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (phase_of(dir) == phase)
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("the job never came to phase %d", (int)phase);
}

static void test_runs_to_its_end(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_STR out = STR_INIT;
	assert_int_equal(phase_of(*state), JOB_NEVER_STARTED);
	start(*state, "echo one; echo two >&2; pwd; umask; ulimit -c; exit 3", NULL, &job);
	const struct job_result r = wait_for(&job, &out);
	assert_int_equal(r.phase, JOB_ENDED);
	assert_int_equal(r.exit.code, 3);
	assert_int_equal(r.exit.signal, 0);
	assert_false(r.interrupted || r.timed_out || r.killed);
	assert_true(r.started_ms > 0 && r.ended_ms >= r.started_ms);
	AUTO_FREE char *wanted = xasprintf("one\ntwo\n%s\n0077\n0\n", (char *)*state);
	assert_string_equal(out.data, wanted);
	/* Whoever comes later finds the same. */
	AUTO_STR again = STR_INIT;
	const struct job_result later = adopt(*state, &again);
	assert_int_equal(later.exit.code, 3);
	assert_string_equal(again.data, out.data);
}

static void test_no_secret_on_disk(void **state)
{
	AUTO_JOB job = JOB_NONE;
	start(*state, "test \"$TOKEN\" = hunter2-in-no-file", NULL, &job);
	assert_int_equal(wait_for(&job, NULL).exit.code, 0);
	DIR *dir = opendir(*state);
	assert_non_null(dir);
	int seen = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		AUTO_FREE char *path = path_join(*state, e->d_name);
		struct stat st;
		assert_int_equal(stat(path, &st), 0);
		if (!S_ISREG(st.st_mode))
			continue;
		AUTO_STR text = STR_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(st.st_mode & 077, 0);
		assert_int_equal(fs_read(path, 1 << 20, &text, &err), 0);
		if (!str_eq(e->d_name, "job.json")) /* holds the script, thus the word */
			assert_null(strstr(text.data, "hunter2"));
		assert_null(strstr(text.data, "PATH="));
		seen++;
	}
	(void)closedir(dir);
	assert_int_equal(seen, 5); /* job.json lock started output result.json */
}

static void test_all_of_much_output(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_STR out = STR_INIT;
	start(*state, "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end", NULL, &job);
	assert_int_equal(wait_for(&job, &out).exit.code, 0);
	assert_int_equal(out.len, 20000005);
	assert_true(str_ends(out.data, "x\nend\n"));
}

static void test_missing_program(void **state)
{
	const char *const argv[] = {"/nonexistent/terraform", NULL};
	const struct job_spec spec = {
		.dir = *state,
		.argv = argv,
		.envp = env,
		.cwd = *state,
		.owner = "a test",
		.outlives_us = true,
	};
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	AUTO_STR out = STR_INIT;
	assert_int_equal(job_start(&spec, &job, &err), 0);
	assert_int_equal(wait_for(&job, &out).exit.code, 127);
	assert_string_equal(
		out.data, "trueup: start /nonexistent/terraform: No such file or directory\n");
}

/* However often it is asked for, the program gets one SIGINT. */
static void test_one_interrupt_only(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	start(*state,
		"n=0; trap 'n=$((n+1)); echo int$n' INT; echo ready; mkfifo go;"
		"while ! read x <go; do :; done 2>/dev/null; echo $n interrupts",
		NULL, &job);
	await_output(*state, "ready");
	assert_int_equal(job_interrupt(*state, &err), 0);
	await_output(*state, "int1");
	assert_int_equal(job_interrupt(*state, &err), 0);
	child_signal(&job.supervisor, SIGINT);
	child_signal(&job.supervisor, SIGTERM);
	child_signal(&job.supervisor, SIGHUP);
	AUTO_FREE char *go = path_join(*state, "go");
	FILE *f = fopen(go, "w");
	assert_non_null(f);
	assert_true(fputs("go\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	const struct job_result r = wait_for(&job, &out);
	assert_true(r.interrupted);
	assert_int_equal(r.exit.code, 0);
	assert_true(str_ends(out.data, "\n1 interrupts\n"));
}

static void test_interrupt_nobody(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	assert_int_equal(job_interrupt(*state, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
	err_free(&err);
	start(*state, "exit 0", NULL, &job);
	(void)wait_for(&job, NULL);
	assert_int_equal(job_interrupt(*state, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
}

static void test_timeout(void **state)
{
	const struct job_spec spec = {.timeout_ms = 500, .grace_ms = 300, .outlives_us = true};
	static const struct {
		const char *script;
		int code, signal;
		bool killed;
	} rows[] = {
		{"trap 'exit 4' INT; while :; do sleep 0.05; done", 4, 0, false},
		{"trap '' INT TERM; while :; do sleep 0.05; done", -1, SIGKILL, true},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_JOB job = JOB_NONE;
		start(*state, rows[i].script, &spec, &job);
		const struct job_result r = wait_for(&job, NULL);
		assert_int_equal(r.exit.code, rows[i].code);
		assert_int_equal(r.exit.signal, rows[i].signal);
		assert_true(r.timed_out);
		assert_false(r.interrupted);
		assert_int_equal(r.killed, rows[i].killed);
	}
}

/* Starts a job in a process that is then killed with -9. */
static void start_and_die(const char *dir, const char *script, bool outlives_us, const char *sign)
{
	const pid_t front = fork();
	assert_true(front >= 0);
	if (front == 0) {
		const struct job_spec spec = {.outlives_us = outlives_us};
		struct job job = JOB_NONE;
		start(dir, script, &spec, &job);
		(void)pause();
		_exit(0);
	}
	await_output(dir, sign);
	assert_int_equal(kill(front, SIGKILL), 0);
	assert_int_equal(waitpid(front, NULL, 0), front);
}

static void test_outlives_the_front(void **state)
{
	AUTO_STR out = STR_INIT;
	start_and_die(
		*state, "mkfifo go; echo ready; read x <go; echo got $x; exit 5", true, "ready");
	assert_int_equal(phase_of(*state), JOB_RUNNING);
	AUTO_FREE char *go = path_join(*state, "go");
	FILE *f = fopen(go, "w");
	assert_non_null(f);
	assert_true(fputs("it\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	const struct job_result r = adopt(*state, &out);
	assert_int_equal(r.phase, JOB_ENDED);
	assert_int_equal(r.exit.code, 5);
	assert_string_equal(out.data, "ready\ngot it\n");
}

static void test_plan_dies_with_the_front(void **state)
{
	AUTO_STR out = STR_INIT;
	start_and_die(*state,
		"trap 'echo stopped; exit 6' INT; echo ready; while :; do sleep 0.05; done", false,
		"ready");
	const struct job_result r = adopt(*state, &out);
	assert_int_equal(r.phase, JOB_ENDED);
	assert_true(r.interrupted);
	assert_int_equal(r.exit.code, 6);
	assert_string_equal(out.data, "ready\nstopped\n");
}

/* The program keeps the lock: it is running until it ends, and then nobody knows how. */
static void test_supervisor_killed(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_STR out = STR_INIT;
	start(*state, "mkfifo go; echo ready; read x <go; echo end", NULL, &job);
	await_output(*state, "ready");
	child_signal(&job.supervisor, SIGKILL);
	struct child_exit e;
	AUTO_ERR err = NULL;
	assert_int_equal(child_wait(&job.supervisor, -1, &e, &err), 0);
	assert_int_equal(e.signal, SIGKILL);
	assert_int_equal(phase_of(*state), JOB_RUNNING);
	assert_int_equal(job_interrupt(*state, &err), -1);
	AUTO_FREE char *go = path_join(*state, "go");
	FILE *f = fopen(go, "w");
	assert_non_null(f);
	assert_true(fputs("on\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	const struct job_result r = adopt(*state, &out);
	assert_int_equal(r.phase, JOB_LOST);
	assert_string_equal(out.data, "ready\nend\n");
}

static void test_program_killed(void **state)
{
	AUTO_JOB job = JOB_NONE;
	start(*state, "kill -KILL $$", NULL, &job);
	const struct job_result r = wait_for(&job, NULL);
	assert_int_equal(r.phase, JOB_ENDED);
	assert_int_equal(r.exit.signal, SIGKILL);
	assert_false(r.killed); /* not by us */
}

static void test_folder_in_use(void **state)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	start(*state, "mkfifo go; echo ready; read x <go", NULL, &job);
	await_output(*state, "ready");
	const char *const argv[] = {"/bin/true", NULL};
	const struct job_spec spec = {
		.dir = *state, .argv = argv, .envp = env, .cwd = "/", .owner = "another"};
	AUTO_JOB second = JOB_NONE;
	assert_int_equal(job_start(&spec, &second, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_CONFLICT);
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	AUTO_FREE char *wanted = xasprintf("start a job in %s: held by a test", (char *)*state);
	assert_string_equal(text.data, wanted);
	assert_int_equal(phase_of(*state), JOB_RUNNING);
	AUTO_FREE char *go = path_join(*state, "go");
	FILE *f = fopen(go, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	(void)wait_for(&job, NULL);
}

static void test_second_wish_leaves(void **state)
{
	volatile sig_atomic_t wishes = 2;
	const struct job_watch watch = {.interrupts = &wishes};
	AUTO_JOB job = JOB_NONE;
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	struct job_result r;
	start(*state,
		"trap 'echo stopping' INT; mkfifo go; echo ready; while ! read x <go; do :; done "
		"2>/dev/null;"
		"echo end",
		NULL, &job);
	await_output(*state, "ready");
	assert_int_equal(job_wait(&job, &watch, &r, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_CANCELLED);
	await_output(*state, "stopping");
	assert_int_equal(phase_of(*state), JOB_RUNNING);
	AUTO_FREE char *go = path_join(*state, "go");
	FILE *f = fopen(go, "w");
	assert_non_null(f);
	assert_true(fputs("on\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	r = adopt(*state, &out);
	assert_true(r.interrupted);
	assert_string_equal(out.data, "ready\nstopping\nend\n");
}

static void test_reused_folder_starts_clean(void **state)
{
	AUTO_STR out = STR_INIT;
	for (int i = 0; i < 2; i++) {
		AUTO_JOB job = JOB_NONE;
		start(*state, "echo run", NULL, &job);
		str_clear(&out);
		assert_int_equal(wait_for(&job, &out).exit.code, 0);
		assert_string_equal(out.data, "run\n");
		await_phase(*state, JOB_ENDED);
	}
}

static void test_not_by_hand(void **state)
{
	assert_int_equal(job_main(*state), 64);
	assert_int_equal(phase_of(*state), JOB_NEVER_STARTED);
}

static void test_damaged_result(void **state)
{
	AUTO_FREE char *path = path_join(*state, "result.json");
	AUTO_ERR err = NULL;
	struct job_result r;
	assert_int_equal(fs_write_atomic(path, "{\"code\":", 8, 0600, &err), 0);
	assert_int_equal(job_state(*state, &r, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_CORRUPT);
}

#define JOB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	/* The executable that starts a job is also its supervisor. */
	if (argc == 3 && str_eq(argv[1], JOB_COMMAND))
		return job_main(argv[2]);
	const struct CMUnitTest tests[] = {
		JOB_TEST(test_runs_to_its_end),
		JOB_TEST(test_no_secret_on_disk),
		JOB_TEST(test_all_of_much_output),
		JOB_TEST(test_missing_program),
		JOB_TEST(test_one_interrupt_only),
		JOB_TEST(test_interrupt_nobody),
		JOB_TEST(test_timeout),
		JOB_TEST(test_outlives_the_front),
		JOB_TEST(test_plan_dies_with_the_front),
		JOB_TEST(test_supervisor_killed),
		JOB_TEST(test_program_killed),
		JOB_TEST(test_folder_in_use),
		JOB_TEST(test_second_wish_leaves),
		JOB_TEST(test_reused_folder_starts_clean),
		JOB_TEST(test_not_by_hand),
		JOB_TEST(test_damaged_result),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
