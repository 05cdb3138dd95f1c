/*
 * Protects: a script sees, reaches, uses up and leaves behind no more than it may. Every measure
 * is tried with and without: a case whose result does not change would protect nothing.
 *
 * The program runs as root and as an ordinary user (tests/e2e/t0400-isolation.sh runs it again
 * with another user). What the kernel does not have is skipped by name.
 */
#include "runbook/isolate.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NAMESPACES = ISO_PID | ISO_MOUNT | ISO_PROC | ISO_IPC | ISO_UTS | ISO_NETNS,
	PATIENCE_MS = 30000,
	STEP_MS = 10,
	OUTPUT_LIMIT = 1 << 20,
};

static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};

/* A folder that everybody may walk through, with work/, hidden/ and open/ in it. */
struct place {
	char *dir, *work, *hidden, *open;
};

static void make_dir(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof *p);
	p->dir = xstrdup("/tmp/trueup-isolate-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chmod(p->dir, 0755), 0);
	p->work = path_join(p->dir, "work");
	p->hidden = path_join(p->dir, "hidden");
	p->open = path_join(p->dir, "open");
	make_dir(p->work, 0700);
	make_dir(p->hidden, 0755);
	make_dir(p->open, 0777);
	AUTO_FREE char *secret = path_join(p->hidden, "store");
	AUTO_ERR err = NULL;
	assert_int_equal(fs_write_atomic(secret, "recorded\n", 9, 0644, &err), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_remove_tree(p->dir, &err), 0);
	free(p->dir);
	free(p->work);
	free(p->hidden);
	free(p->open);
	free(p);
	return 0;
}

static struct isolate_spec spec_of(const struct place *p)
{
	return (struct isolate_spec){
		.envp = env,
		.work = p->work,
		.lock_fd = -1,
		.limits = {.open_files = 256, .processes = 200, .tmp_bytes = 16 << 20},
	};
}

/* What came of a script. */
struct outcome {
	struct str out;
	struct child_exit exit;
	unsigned measures;
	enum isolation_level level;
};

static void outcome_release(struct outcome *o)
{
	str_release(&o->out);
}
#define AUTO_OUTCOME CLEANUP(outcome_release) struct outcome

/* Starts the script; both streams go to *ret_out. */
static void start(struct isolate_spec *spec, const char *script, int *ret_out, struct isolated *ret)
{
	const char *const argv[] = {"/bin/bash", "-c", script, NULL};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	spec->argv = argv;
	spec->out_fd = spec->err_fd = ends[1];
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	if (isolate_start(spec, ret, &err) < 0)
		err_format(err, &text);
	assert_string_equal(text.data, "");
	(void)close(ends[1]);
	*ret_out = ends[0];
	spec->argv = NULL;
}

static struct outcome run(struct isolate_spec spec, const char *script)
{
	struct outcome o = {.out = STR_INIT};
	CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
	AUTO_CLOSE out = -1;
	AUTO_ERR err = NULL;
	start(&spec, script, &out, &run);
	assert_int_equal(fs_read_fd(out, "output", OUTPUT_LIMIT, &o.out, &err), 0);
	assert_int_equal(isolate_wait(&run, PATIENCE_MS, &o.exit, &err), 0);
	o.measures = run.measures;
	o.level = run.level;
	return o;
}

/* The set of measures this machine gives at best; found once per test, it costs a process. */
static unsigned offered(const struct place *p)
{
	AUTO_OUTCOME o = run(spec_of(p), ":");
	return o.measures;
}

static bool lacks(unsigned have, unsigned need)
{
	if ((have & need) == need)
		return false;
	AUTO_STR names = STR_INIT;
	isolate_measures_text(need & ~have, &names);
	print_message("# this machine has no %s\n", names.data);
	return true;
}

/* A measure: the script's output with it, and when the named ones are left out. */
struct probe {
	const char *name;
	const char *script;
	unsigned needs;
	const char *with;
	unsigned without;
	const char *otherwise; /* NULL: not tried */
};

static const struct probe probes[] = {
	{"reads no hidden folder, by namespace", "cat ../hidden/store 2>/dev/null || echo refused",
		ISO_MOUNT, "refused\n", ISO_MOUNT | ISO_LANDLOCK, "recorded\n"},
	{"nothing is written outside", "{ echo x >../open/x; } 2>/dev/null || echo refused",
		ISO_MOUNT, "refused\n", ISO_MOUNT | ISO_LANDLOCK, ""},
	{"is the second process of its world", "echo $$", ISO_PID, "2\n", 0, NULL},
	{"sees its own processes only", "set -- /proc/[0-9]*; echo $#", ISO_PROC, "2\n", 0, NULL},
	{"has a host name of its own", "cat /proc/sys/kernel/hostname", ISO_UTS, "run\n", 0, NULL},
	{"makes no namespaces", "unshare -U true 2>/dev/null && echo made || echo refused",
		ISO_SECCOMP, "refused\n", ISO_SECCOMP | NAMESPACES, "made\n"},
	{"traces nobody",
		"sleep 9 & strace -p $! -o trace 2>&1 | grep -q 'not permitted' "
		"&& echo refused; kill $!",
		ISO_SECCOMP, "refused\n", 0, NULL},
	{"gains no privileges", "grep ^NoNewPrivs /proc/self/status", ISO_NO_NEW_PRIVS,
		"NoNewPrivs:\t1\n", ISO_NO_NEW_PRIVS, "NoNewPrivs:\t0\n"},
	{"has no capabilities", "grep ^CapEff /proc/self/status", ISO_USER,
		"CapEff:\t0000000000000000\n", 0, NULL},
	{"forks until its limit", "for i in {1..500}; do sleep 100 & done 2>/dev/null; echo all",
		ISO_PROCESSES, "", ISO_PROCESSES | ISO_CGROUP, "all\n"},
};

static void test_each_measure(void **state)
{
	struct place *p = *state;
	const unsigned have = offered(p);
	const char *const hide[] = {p->hidden, NULL};
	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		const struct probe *probe = &probes[i];
		if (lacks(have, probe->needs))
			continue;
		print_message("# %s\n", probe->name);
		struct isolate_spec spec = spec_of(p);
		spec.hide = hide;
		AUTO_OUTCOME with = run(spec, probe->script);
		assert_string_equal(with.out.data, probe->with);
		if (!probe->otherwise)
			continue;
		spec.without = probe->without;
		AUTO_OUTCOME without = run(spec, probe->script);
		assert_string_equal(without.out.data, probe->otherwise);
	}
}

/* Without any namespace the file system is shut by Landlock alone. */
static void test_landlock_alone(void **state)
{
	struct place *p = *state;
	if (lacks(offered(p), ISO_LANDLOCK | ISO_USER))
		skip();
	const char *const hide[] = {p->hidden, NULL};
	struct isolate_spec spec = spec_of(p);
	spec.hide = hide;
	spec.without = NAMESPACES;
	AUTO_OUTCOME o =
		run(spec, "cat ../hidden/store 2>/dev/null || echo unread\n"
			  "ls ../hidden 2>/dev/null || echo unlisted\n"
			  "{ echo x >../open/x; } 2>/dev/null || echo unwritten\n"
			  "ln ../hidden/store s 2>/dev/null; cat s 2>/dev/null || echo unlinked\n"
			  "mkdir -p a/b && echo fine >a/b/c && mv a/b/c d && cat d\n"
			  "echo gone >/dev/null && echo null\n"
			  "ls /usr/bin/env");
	assert_string_equal(
		o.out.data, "unread\nunlisted\nunwritten\nunlinked\nfine\nnull\n/usr/bin/env\n");
	assert_int_equal(o.level, LEVEL_RESTRICTED);
}

static void test_levels(void **state)
{
	struct place *p = *state;
	const unsigned have = offered(p);
	struct isolate_spec spec = spec_of(p);
	spec.wanted = ISOLATION_NONE;
	AUTO_OUTCOME none = run(spec, "id -u");
	AUTO_FREE char *me = xasprintf("%u\n", getuid());
	assert_int_equal(none.level, LEVEL_NONE);
	assert_string_equal(none.out.data, me);
	spec.wanted = ISOLATION_BEST_EFFORT;
	spec.without = ISO_LANDLOCK | NAMESPACES;
	AUTO_OUTCOME basic = run(spec, ":");
	assert_int_equal(basic.level, LEVEL_BASIC);
	if (!lacks(have, ISO_USER | ISO_LANDLOCK | ISO_SECCOMP | ISO_PID | ISO_MOUNT | ISO_PROC |
				 ISO_UTS)) {
		spec.wanted = ISOLATION_REQUIRED;
		spec.without = 0;
		AUTO_OUTCOME full = run(spec, "id -u");
		assert_int_equal(full.level, LEVEL_FULL);
		/* Root runs nothing as root, and nobody's user changes. */
		assert_int_equal(strcmp(full.out.data, me) != 0, getuid() == 0);
	}
}

static void refused(struct isolate_spec spec, const char *words)
{
	const char *const argv[] = {"/bin/true", NULL};
	CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	spec.argv = argv;
	spec.out_fd = spec.err_fd = STDERR_FILENO;
	assert_int_equal(isolate_start(&spec, &run, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_DENIED);
	err_format(err, &text);
	assert_non_null(strstr(text.data, words));
}

static void test_demands_are_kept(void **state)
{
	struct isolate_spec spec = spec_of(*state);
	spec.wanted = ISOLATION_REQUIRED;
	spec.without = ISO_LANDLOCK;
	refused(spec, "isolation: required, but landlock");
	spec.wanted = ISOLATION_BEST_EFFORT;
	spec.network_none = true;
	spec.without = ISO_NETNS | ISO_NETFILTER;
	refused(spec, "network: none cannot be kept");
}

static void test_missing_interpreter(void **state)
{
	struct isolate_spec spec = spec_of(*state);
	const char *const argv[] = {"/no/such/shell", NULL};
	CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
	AUTO_ERR err = NULL;
	spec.argv = argv;
	spec.out_fd = spec.err_fd = STDERR_FILENO;
	assert_int_equal(isolate_start(&spec, &run, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
	assert_non_null(strstr(err->message, "/no/such/shell"));
}

/* Nothing of ours is there: not the environment, the descriptors, the terminal, the signals. */
static void test_nothing_is_inherited(void **state)
{
	AUTO_OUTCOME o = run(spec_of(*state),
		"compgen -e | grep -vE '^(PWD|SHLVL|OLDPWD|_)$'\n"
		"read -r x || echo no input\n"
		"for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done\n"
		"{ : >/dev/tty; } 2>/dev/null || echo no terminal\n"
		"grep SigBlk /proc/$$/status; umask; ulimit -c; ulimit -n; pwd -P");
	AUTO_FREE char *wanted = xasprintf("LC_ALL\nPATH\nno input\n0\n1\n2\nno terminal\n"
					   "SigBlk:\t0000000000010000\n0077\n0\n256\n%s\n",
		((struct place *)*state)->work);
	/* bash blocks SIGCHLD while it starts a program, grep inherits nothing of that. */
	AUTO_STR got = STR_INIT;
	str_add(&got, o.out.data);
	char *blocked = strstr(got.data, "SigBlk:\t");
	assert_non_null(blocked);
	memcpy(blocked + 8, "0000000000010000", 16);
	assert_string_equal(got.data, wanted);
}

static void test_private_tmp(void **state)
{
	struct place *p = *state;
	if (lacks(offered(p), ISO_MOUNT))
		skip();
	AUTO_FREE char *name = xasprintf("/tmp/trueup-private-%d", (int)getpid());
	AUTO_FREE char *script = xasprintf("echo x >%s && cat %s", name, name);
	AUTO_OUTCOME o = run(spec_of(p), script);
	assert_string_equal(o.out.data, "x\n");
	assert_false(fs_exists(name));
	/* And limited. */
	AUTO_OUTCOME full =
		run(spec_of(p), "head -c 32M /dev/zero 2>/dev/null >/tmp/big || echo full");
	assert_string_equal(full.out.data, "full\n");
}

static void test_limits(void **state)
{
	struct isolate_spec spec = spec_of(*state);
	spec.limits.file_bytes = 1 << 20;
	AUTO_OUTCOME o = run(spec, "(head -c 2M /dev/zero >big; :) 2>/dev/null; stat -c %s big");
	assert_string_equal(o.out.data, "1048576\n");
	spec.limits.cpu_s = 1;
	AUTO_OUTCOME busy = run(spec, "while :; do :; done");
	assert_true(busy.exit.signal == SIGKILL || busy.exit.signal == SIGXCPU);
	/* The address sanitizer itself needs more than any limit that would show. */
#ifndef __SANITIZE_ADDRESS__
	spec.limits = (struct isolate_limits){.memory_bytes = 64 << 20};
	AUTO_OUTCOME large = run(
		spec, "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null || echo refused");
	assert_string_equal(large.out.data, "refused\n");
#endif
}

/* A listening socket of this machine, which a script without a network cannot reach. */
static void test_network_none(void **state)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	AUTO_FREE char *script = xasprintf(
		"{ : >/dev/tcp/127.0.0.1/%d; } 2>/dev/null && echo reached || echo refused",
		ntohs(at.sin_port));
	static const unsigned left_out[] = {0, ISO_NETNS, NAMESPACES};
	struct isolate_spec spec = spec_of(*state);
	AUTO_OUTCOME open = run(spec, script);
	assert_string_equal(open.out.data, "reached\n");
	spec.network_none = true;
	for (size_t i = 0; i < ARRAY_LEN(left_out); i++) {
		spec.without = left_out[i];
		AUTO_OUTCOME shut = run(spec, script);
		assert_string_equal(shut.out.data, "refused\n");
		assert_true(shut.measures & (ISO_NETNS | ISO_NETFILTER));
	}
	spec.wanted = ISOLATION_NONE;
	AUTO_OUTCOME none = run(spec, script);
	assert_string_equal(none.out.data, "refused\n");
	(void)close(fd);
}

/* Is a process with this in its command line alive? */
static bool somebody_runs(const char *mark)
{
	DIR *dir = opendir("/proc");
	assert_non_null(dir);
	bool found = false;
	for (struct dirent *e; !found && (e = readdir(dir));) {
		int64_t pid;
		if (!num_parse_i64(e->d_name, strlen(e->d_name), &pid))
			continue;
		AUTO_FREE char *path = xasprintf("/proc/%s/cmdline", e->d_name);
		AUTO_STR line = STR_INIT;
		AUTO_ERR err = NULL;
		if (fs_read(path, 4096, &line, &err) == 0)
			found = memmem(line.data, line.len, mark, strlen(mark)) != NULL;
	}
	(void)closedir(dir);
	return found;
}

static void await_end_of(const char *mark)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (!somebody_runs(mark))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("'%s' still runs", mark);
}

static const unsigned ways[] = {0, ISO_CGROUP, ISO_PID, NAMESPACES | ISO_CGROUP,
	NAMESPACES | ISO_CGROUP | ISO_USER | ISO_LANDLOCK};

/* A daemon by the book: forked twice, a session of its own, no output held open. */
static void test_no_daemon_survives(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO_FREE char *mark = xasprintf("31415.%d%zu", (int)getpid(), i);
		AUTO_FREE char *script = xasprintf(
			"(setsid bash -c '(setsid sleep %s </dev/null >/dev/null 2>&1 &)' &)\n"
			"until grep -aqs %s /proc/[0-9]*/cmdline; do :; done; echo up",
			mark, mark);
		struct isolate_spec spec = spec_of(*state);
		spec.without = ways[i];
		AUTO_OUTCOME o = run(spec, script);
		assert_string_equal(o.out.data, "up\n");
		assert_int_equal(o.exit.code, 0);
		assert_false(somebody_runs(mark));
	}
}

static void test_stop_and_kill(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO_FREE char *mark = xasprintf("27182.%d%zu", (int)getpid(), i);
		AUTO_FREE char *script = xasprintf(
			"trap 'echo asked' TERM; (trap '' TERM; exec sleep %s) & echo up; "
			"while :; do wait; done",
			mark);
		struct isolate_spec spec = spec_of(*state);
		spec.without = ways[i];
		CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
		AUTO_CLOSE out = -1;
		start(&spec, script, &out, &run);
		char text[16] = "";
		assert_int_equal(read(out, text, sizeof text - 1), 3);
		isolate_ask_to_stop(&run);
		memset(text, 0, sizeof text);
		assert_int_equal(read(out, text, sizeof text - 1), 6);
		assert_string_equal(text, "asked\n");
		isolate_kill(&run);
		struct child_exit exit;
		AUTO_ERR err = NULL;
		assert_int_equal(isolate_wait(&run, PATIENCE_MS, &exit, &err), 0);
		assert_int_equal(exit.signal, SIGKILL);
		assert_false(somebody_runs(mark));
	}
}

/* Whoever started it is killed: nothing goes on without a supervisor. */
static void test_dies_with_its_starter(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO_FREE char *mark = xasprintf("16180.%d%zu", (int)getpid(), i);
		AUTO_FREE char *script =
			xasprintf("(setsid sleep %s &) ; echo up; sleep 1000", mark);
		struct isolate_spec spec = spec_of(*state);
		spec.without = ways[i];
		const pid_t starter = fork();
		if (starter == 0) {
			struct isolated run = ISOLATED_NONE;
			int out;
			start(&spec, script, &out, &run);
			for (;;)
				(void)pause();
		}
		for (int waited = 0; !somebody_runs(mark); waited += STEP_MS) {
			assert_true(waited < PATIENCE_MS);
			(void)poll(NULL, 0, STEP_MS);
		}
		(void)kill(starter, SIGKILL);
		(void)waitpid(starter, NULL, 0);
		await_end_of(mark);
	}
}

/* The guard cannot be got at from inside, and when it dies all the same nothing stays. */
static void test_guard_is_safe(void **state)
{
	const unsigned have = offered(*state);
	for (size_t i = 0; i < 4; i++) {
		struct isolate_spec spec = spec_of(*state);
		spec.without = ways[i];
		if (lacks(have, ISO_LANDLOCK) && ways[i])
			continue;
		AUTO_OUTCOME o = run(spec, "kill -9 $PPID 2>/dev/null; cat /proc/$PPID/environ "
					   "2>/dev/null; echo alive");
		/* Where the user is the same and the kernel cannot scope signals it may die. */
		if (o.exit.signal == 0)
			assert_string_equal(o.out.data, "alive\n");
	}
	struct isolate_spec spec = spec_of(*state);
	spec.without = NAMESPACES | ISO_CGROUP;
	CLEANUP(isolate_release) struct isolated run = ISOLATED_NONE;
	AUTO_CLOSE out = -1;
	AUTO_FREE char *mark = xasprintf("14142.%d", (int)getpid());
	AUTO_FREE char *script = xasprintf("(setsid sleep %s &); echo up; sleep 1000", mark);
	start(&spec, script, &out, &run);
	char text[4];
	assert_int_equal(read(out, text, sizeof text), 3);
	child_signal(&run.guard, SIGKILL);
	struct child_exit exit;
	AUTO_ERR err = NULL;
	assert_int_equal(isolate_wait(&run, PATIENCE_MS, &exit, &err), 0);
	assert_int_equal(exit.signal, SIGKILL);
	assert_false(somebody_runs(mark));
}

static void test_runs_have_different_users(void **state)
{
	if (getuid() != 0 || lacks(offered(*state), ISO_USER))
		skip();
	CLEANUP(isolate_release) struct isolated run_a = ISOLATED_NONE;
	AUTO_CLOSE out = -1;
	struct isolate_spec spec = spec_of(*state);
	start(&spec, "id -u; sleep 1000", &out, &run_a);
	char text[32] = "";
	assert_true(read(out, text, sizeof text - 1) > 0);
	AUTO_OUTCOME other = run(spec_of(*state), "id -u; id -g; id -G");
	assert_null(strstr(other.out.data, text));
	assert_string_not_equal(text, "0\n");
	isolate_kill(&run_a);
}

static void test_probe(void **state)
{
	AUTO_OUTCOME o = run(spec_of(*state), ":");
	enum isolation_level level;
	AUTO_FREE char *missing = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(isolate_probe(&level, &missing, &err), 0);
	assert_int_equal(level, o.level);
	assert_int_equal(missing != NULL, level != LEVEL_FULL);
}

static void test_names(void **state)
{
	(void)state;
	enum isolation wanted;
	assert_true(isolation_parse("required", &wanted));
	assert_int_equal(wanted, ISOLATION_REQUIRED);
	assert_false(isolation_parse("full", &wanted));
	assert_string_equal(isolation_name(ISOLATION_BEST_EFFORT), "best_effort");
	assert_string_equal(isolation_level_name(LEVEL_RESTRICTED), "restricted");
	AUTO_STR text = STR_INIT;
	isolate_measures_text(ISO_LANDLOCK | ISO_PID, &text);
	assert_string_equal(text.data, "landlock, pid-namespace");
	assert_null(isolate_measure_name(1u << 30));
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(test_each_measure),
		PLACE_TEST(test_landlock_alone),
		PLACE_TEST(test_levels),
		PLACE_TEST(test_demands_are_kept),
		PLACE_TEST(test_missing_interpreter),
		PLACE_TEST(test_nothing_is_inherited),
		PLACE_TEST(test_private_tmp),
		PLACE_TEST(test_limits),
		PLACE_TEST(test_network_none),
		PLACE_TEST(test_no_daemon_survives),
		PLACE_TEST(test_stop_and_kill),
		PLACE_TEST(test_dies_with_its_starter),
		PLACE_TEST(test_guard_is_safe),
		PLACE_TEST(test_runs_have_different_users),
		PLACE_TEST(test_probe),
		cmocka_unit_test(test_names),
	};
	/* As every caller should be: what a killed guard leaves comes to us. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
