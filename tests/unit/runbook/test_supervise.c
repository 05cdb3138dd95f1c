/*
 * Protects: a run as the one who ordered it sees it. What a script prints is kept within limits
 * and without secrets, its time and disk are bounded, its inputs come from the repository only,
 * its environment is built, and whoever is killed, nothing is left behind and nothing is forgotten.
 */
#include "runbook/supervise.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "check.h"
#include "runbook/execute.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, STEP_MS = 10, MIB = 1 << 20 };

struct place {
	char *dir, *repo, *run;
	char *id;
	int runs;
};

static void put(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_ERR err = NULL;
	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0644, &err), 0);
}

static int set_up(void **state)
{
	struct place *p = xcalloc(1, sizeof *p);
	AUTO_ERR err = NULL;
	p->dir = xstrdup("/tmp/trueup-supervise-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->repo = path_join(p->dir, "repo");
	p->run = path_join(p->dir, "run");
	p->id = xasprintf("test-%d", (int)getpid());
	AUTO_FREE char *books = path_join(p->repo, "runbooks/Book");
	assert_int_equal(fs_mkdirs(books, 0755, &err), 0);
	put(books, "a.txt", "input a\n");
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_remove_tree(p->dir, &err), 0);
	free(p->dir);
	free(p->repo);
	free(p->run);
	free(p->id);
	free(p);
	return 0;
}

static struct run_order order_of(const struct place *p, const char *script)
{
	struct run_order order = {
		.dir = p->run,
		.id = p->id,
		.owner = "a test",
		.script = script,
		.script_len = strlen(script),
		.inputs_root = p->repo,
		.inputs_base = "runbooks",
	};
	run_policy_default(&order.policy);
	order.policy.disk_bytes = 0;
	return order;
}

static void begin(const struct run_order *order, struct job *ret)
{
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	if (target_executor_find("local")->start(order, ret, &err) < 0)
		err_format(err, &text);
	assert_string_equal(text.data, "");
}

static void run(const struct run_order *order, struct run_result *ret)
{
	const struct job_watch watch = {0};
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	begin(order, &job);
	assert_int_equal(target_executor_find("local")->wait(&job, &watch, ret, &err), 0);
}

static void read_file(const char *dir, const char *name, struct str *out)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_ERR err = NULL;
	assert_int_equal(fs_read(path, (size_t)200 * MIB, out, &err), 0);
}

static void test_runs_to_its_end(void **state)
{
	const struct place *p = *state;
	const char *const inputs[] = {"Book", "Book/a.txt", NULL};
	const struct run_var vars[] = {{"NAME", "va\x01lue\nmore", false}};
	struct run_order order = order_of(p, "cat Book/a.txt a.txt\necho $NAME >&2\n"
					     "print -r -- $ZSH_NAME $0\nexit 3\n");
	order.inputs = inputs;
	order.vars = vars;
	order.n_vars = 1;
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	run(&order, &r);
	assert_string_equal(r.failure, "");
	assert_int_equal(r.phase, JOB_ENDED);
	assert_int_equal(r.code, 3);
	assert_string_equal(r.out.text.data, "input a\ninput a\nzsh temp.zsh\n");
	assert_string_equal(r.errout.text.data, "value\nmore\n");
	assert_non_null(strstr(r.interpreter, "zsh"));
	assert_non_null(strstr(r.measures, "limits"));
	assert_true(r.ended_ms >= r.started_ms && r.started_ms > 0);
	/* Its folder is gone, and whoever comes later finds the same. */
	AUTO_FREE char *work = path_join(p->run, "work");
	assert_false(fs_exists(work));
	const struct job_watch watch = {0};
	AUTO_RUN_RESULT later = RUN_RESULT_NONE;
	AUTO_ERR err = NULL;
	assert_int_equal(target_executor_find("local")->adopt(p->run, &watch, &later, &err), 0);
	assert_int_equal(later.code, 3);
	assert_string_equal(later.out.text.data, r.out.text.data);
}

static void test_exit_codes(void **state)
{
	static const struct {
		const char *script;
		int code, signal;
	} table[] = {
		{"true", 0, 0},
		{"exit 255", 255, 0},
		{"no-such-command-here", 127, 0},
		{"kill -TERM $$", -15, 15},
		{"kill -KILL $$", -9, 9},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		AUTO_RUN_RESULT r = RUN_RESULT_NONE;
		const struct run_order order = order_of(*state, table[i].script);
		run(&order, &r);
		/* The first process of a PID namespace child may be signalled by itself. */
		assert_int_equal(r.code, table[i].code);
		assert_int_equal(r.signal, table[i].signal);
	}
}

static void test_environment_is_built(void **state)
{
	assert_int_equal(setenv("LD_PRELOAD", "/no/such/library.so", 1), 0);
	assert_int_equal(setenv("INHERITED", "from the front", 1), 0);
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	struct run_order order =
		order_of(*state, "export -p | sed 's/^export //; s/=.*//' | sort | tr '\\n' ' '");
	order.shell = "sh";
	run(&order, &r);
	assert_int_equal(unsetenv("LD_PRELOAD"), 0);
	assert_int_equal(unsetenv("INHERITED"), 0);
	assert_string_equal(r.out.text.data, "HOME LC_ALL PATH PWD RUNBOOK_EXEC_DIR_HOST TERM "
					     "TMPDIR TMPPREFIX TRUEUP_RUN_ID ");
	assert_string_equal(r.errout.text.data, "");
}

static void test_refused_names(void **state)
{
	static const char *const refused[] = {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT",
		"DYLD_INSERT_LIBRARIES", "BASH_ENV", "ENV", "ZDOTDIR", "IFS", "PS4", "PATH",
		"FPATH", "SHELLOPTS", "GLIBC_TUNABLES", "GCONV_PATH", "PROMPT_COMMAND",
		"BASH_FUNC_ls", "1A", "", "A-B", "A B", "A=B"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		const struct run_var vars[] = {{refused[i], "x", false}};
		struct run_order order = order_of(*state, "true");
		AUTO_JOB job = JOB_NONE;
		AUTO_ERR err = NULL;
		order.vars = vars;
		order.n_vars = 1;
		assert_non_null(run_var_refused(refused[i]));
		assert_int_equal(target_executor_find("local")->start(&order, &job, &err), -1);
		assert_int_equal(err_kind_of(err), ERR_INVALID);
	}
	assert_null(run_var_refused("DEPLOY_ENV"));
	assert_null(run_var_refused("RUNBOOK_URL"));
	assert_null(run_var_refused("_x9"));
}

/* The script's folder is its HOME; a start-up file in it must not count. */
static void test_no_start_up_files(void **state)
{
	const struct place *p = *state;
	static const char *const files[] = {
		"runbooks/.zshenv", "runbooks/.zshrc", "runbooks/.bashrc", "runbooks/.profile"};
	static const char *const shells[] = {NULL, "bash", "sh"};
	const char *const inputs[] = {".zshenv", ".zshrc", ".bashrc", ".profile", NULL};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		put(p->repo, files[i], "echo start-up file\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct run_order order = order_of(p, "echo script");
		order.inputs = inputs;
		order.shell = shells[i];
		AUTO_RUN_RESULT r = RUN_RESULT_NONE;
		run(&order, &r);
		assert_string_equal(r.out.text.data, "script\n");
	}
	struct run_order order = order_of(p, "echo script");
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	order.shell = "fish";
	assert_int_equal(target_executor_find("local")->start(&order, &job, &err), -1);
	assert_non_null(strstr(err->message, "fish"));
}

static void test_inputs(void **state)
{
	const struct place *p = *state;
	static const struct {
		const char *input, *words; /* words: of the refusal */
	} table[] = {
		{"Book/out", "leads out"},
		{"Book", "leads out"},
		{"../../outside", "leads out"},
		{"/etc/passwd", "relative to the runbook"},
		{"..", "no name"},
		{"missing", "missing"},
		{"../.git/config", "own data"},
		{"pipe", "neither a file nor a folder"},
		{"loop", "folders deep"},
	};
	AUTO_FREE char *books = path_join(p->repo, "runbooks");
	AUTO_FREE char *out = path_join(books, "Book/out");
	AUTO_FREE char *pipe = path_join(books, "pipe");
	AUTO_FREE char *loop = path_join(books, "loop");
	AUTO_FREE char *again = path_join(books, "loop/again");
	AUTO_FREE char *git = path_join(p->repo, ".git");
	AUTO_FREE char *inside = path_join(books, "inside");
	assert_int_equal(symlink("/etc/passwd", out), 0);
	assert_int_equal(symlink("Book/a.txt", inside), 0);
	assert_int_equal(mkfifo(pipe, 0644), 0);
	assert_int_equal(mkdir(loop, 0755), 0);
	assert_int_equal(symlink(".", again), 0);
	assert_int_equal(mkdir(git, 0755), 0);
	put(git, "config", "token\n");
	put(p->dir, "outside", "outside\n");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *const inputs[] = {table[i].input, NULL};
		struct run_order order = order_of(p, "echo ran; cat * */*");
		AUTO_JOB job = JOB_NONE;
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		order.inputs = inputs;
		assert_int_equal(target_executor_find("local")->start(&order, &job, &err), -1);
		err_format(err, &text);
		if (!strstr(text.data, table[i].words))
			fail_msg("%s: %s", table[i].input, text.data);
	}
	/* A link that stays inside brings the file it names. */
	const char *const inputs[] = {"inside", NULL};
	struct run_order order = order_of(p, "cat inside; test -L inside || echo a copy");
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	order.inputs = inputs;
	run(&order, &r);
	assert_string_equal(r.out.text.data, "input a\na copy\n");
}

static void test_timeout(void **state)
{
	static const char *const scripts[] = {
		"echo before; sleep 1000",
		"trap '' TERM; echo before; while :; do sleep 1000; done",
	};
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct run_order order = order_of(*state, scripts[i]);
		AUTO_RUN_RESULT r = RUN_RESULT_NONE;
		order.policy.timeout_ms = 200;
		order.policy.grace_ms = 200;
		run(&order, &r);
		assert_true(r.timed_out);
		assert_int_equal(r.code, -9);
		assert_string_equal(r.out.text.data, "before\n");
		assert_true(r.duration_ms >= 200);
	}
}

static void test_much_output(void **state)
{
	struct run_order order =
		order_of(*state, "echo first\nhead -c 104857600 /dev/zero | tr '\\0' x\n"
				 "echo; echo last; yes é | head -c 3000001 >&2");
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	order.policy.output_bytes = MIB;
	run(&order, &r);
	assert_int_equal(r.code, 0);
	assert_int_equal(r.out.bytes, 104857600 + 12);
	assert_true(r.out.truncated && r.errout.truncated);
	assert_true(r.out.text.len <= MIB + 64);
	assert_true(str_starts(r.out.text.data, "first\nxxx"));
	assert_true(str_ends(r.out.text.data, "xxx\nlast\n"));
	assert_non_null(strstr(r.out.text.data, " bytes left out ...]\n"));
	assert_int_equal(
		utf8_valid(r.errout.text.data, r.errout.text.len - 1), r.errout.text.len - 1);
	AUTO_STR live = STR_INIT;
	read_file(((struct place *)*state)->run, "output", &live);
	assert_true(live.len < 2 * MIB + 4096);
}

static void test_full_disk(void **state)
{
	struct run_order order = order_of(*state,
		"for i in {1..100}; do head -c 1000000 /dev/zero >f$i; done; echo up; sleep 1000");
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	order.policy.disk_bytes = 10 * MIB;
	run(&order, &r);
	assert_true(r.over_disk);
	assert_int_equal(r.signal, SIGKILL);
}

/* Neither the state, nor what another run has, nor this run's own record. */
static void test_cannot_read_the_state(void **state)
{
	const struct place *p = *state;
	AUTO_FREE char *store = path_join(p->dir, "store");
	AUTO_FREE char *other = path_join(p->dir, "other");
	AUTO_ERR err = NULL;
	assert_int_equal(fs_mkdirs(store, 0755, &err), 0);
	assert_int_equal(fs_mkdirs(other, 0755, &err), 0);
	put(store, "state.db", "recorded");
	put(other, "file", "of another run");
	assert_int_equal(chmod(p->dir, 0755), 0);
	const char *const hide[] = {store, other, NULL};
	AUTO_FREE char *script = xasprintf("cat %s/state.db %s/file %s/run.json 2>/dev/null; ls "
					   "/var/lib/trueup-runs 2>/dev/null; echo end",
		store, other, p->run);
	struct run_order order = order_of(p, script);
	order.policy.hide = hide;
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	run(&order, &r);
	assert_string_equal(r.out.text.data, "end\n");
	order.policy.isolation = ISOLATION_NONE;
	AUTO_RUN_RESULT open = RUN_RESULT_NONE;
	run(&order, &open);
	assert_true(str_starts(open.out.text.data, "recordedof another run{"));
	assert_string_equal(open.level, "none");
}

static void test_refusal_is_a_result(void **state)
{
	struct run_order order = order_of(*state, "echo ran");
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	order.policy.isolation = ISOLATION_REQUIRED;
	order.policy.without = ISO_SECCOMP;
	run(&order, &r);
	assert_int_equal(r.code, 1);
	assert_non_null(strstr(r.failure, "isolation: required, but seccomp"));
	assert_non_null(strstr(r.errout.text.data, "isolation: required"));
	assert_string_equal(r.out.text.data, "");
}

#define SECRET "hunter2-Very/Secret+42"
#define PEM    "-----KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END-----"

/* Each prints one of the secrets in some form; both are in the environment. */
static const char *const ways_to_print[] = {
	"echo $TOKEN",
	"echo $TOKEN >&2",
	"print -rn -- $TOKEN",
	"printf '%s\\n' $TOKEN",
	"echo \"a${TOKEN}b\"",
	"env",
	"export -p",
	"typeset -p TOKEN",
	"set",
	"set -x; : $TOKEN",
	"set -v\n: " SECRET,
	"setopt xtrace; true $TOKEN",
	"cat /proc/self/environ",
	"tr '\\0' '\\n' </proc/$$/environ",
	"echo $TOKEN >f; cat f",
	"cat <<<$TOKEN",
	"cat <<E\n$TOKEN\nE",
	"x=$TOKEN; echo ${x[1,11]}${x[12,-1]}",
	"print -n ${TOKEN[1,9]}; sleep 0.05; print ${TOKEN[10,-1]}",
	"for c in ${(s::)TOKEN}; do print -n -- $c; done; echo",
	"print -n ${TOKEN[1,5]}; print -n ${TOKEN[6,-1]} >&2; sleep 0.05; print -n ${TOKEN[6,-1]}",
	"head -c 65530 /dev/zero | tr '\\0' x; echo $TOKEN",
	"print -n $TOKEN | base64",
	"print -n a$TOKEN | base64",
	"print -n aa$TOKEN | base64",
	"print -n aaa${TOKEN}bbbb | base64 -w0",
	"print -n $TOKEN | base64 | tr '+/' '-_'",
	"echo https://u:${${TOKEN//\\//%2F}//+/%2B}@h/",
	"echo ${${TOKEN//\\//%2f}//+/%2b}",
	"echo \"{\\\"t\\\":\\\"$TOKEN\\\"}\"",
	"echo \"{\\\"t\\\":\\\"${TOKEN//\\//\\\\/}\\\"}\"",
	"echo $TOKEN$TOKEN",
	"$TOKEN",
	"cd $TOKEN",
	"ls $TOKEN",
	"eval \"\\${NO:?$TOKEN}\"",
	"bash -xc 'echo $TOKEN' >/dev/null",
	"sh -c 'exit 1' $TOKEN || echo failed: $TOKEN",
	"kill -9 $(sh -c 'echo $PPID >&2; echo $TOKEN') ",
	"(echo $TOKEN &)\nsleep 0.05",
	"echo $KEY",
	"echo $KEY | tail -n 2",
	"echo $KEY | sed 's/^/  /'",
	"echo $KEY | while read -r l; do echo \"[$l]\"; done",
	"print -r -- ${(q)KEY}",
	"echo \"${KEY//$'\\n'/\\\\\\\\n}\"",
	"print -rn -- $KEY | sed -n 2p | tr -d '\\n'",
	"trap 'echo $TOKEN' EXIT",
	"trap 'echo $TOKEN; exit' TERM; kill -TERM $$; :",
};

/* What must not appear: the values, their lines, and the sure part of each encoding. */
static const char *const forbidden[] = {SECRET, "MIIEvQIBADANBg", "kqhkiG9w0BAQEF",
	"aHVudGVyMi1WZXJ5L1NlY3JldCs0M", "h1bnRlcjItVmVyeS9TZWNyZXQrND",
	"odW50ZXIyLVZlcnkvU2VjcmV0KzQy", "hunter2-Very%2FSecret%2B42", "hunter2-Very%2fSecret%2b42",
	"hunter2-Very\\/Secret+42"};

static bool leaks(const char *dir)
{
	static const char *const files[] = {"output", "stdout", "stderr", "run-result.json",
		"run.json", "job.json", "result.json"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_STR text = STR_INIT;
		read_file(dir, files[i], &text);
		for (size_t k = 0; k < ARRAY_LEN(forbidden); k++)
			if (memmem(text.data, text.len, forbidden[k], strlen(forbidden[k])))
				return true;
	}
	return false;
}

static void test_no_way_to_print_a_secret(void **state)
{
	const struct place *p = *state;
	int wrong = 0;
	assert_true(ARRAY_LEN(ways_to_print) >= 40);
	for (size_t i = 0; i < ARRAY_LEN(ways_to_print); i++) {
		struct run_var vars[] = {{"TOKEN", SECRET, false}, {"KEY", PEM, false}};
		struct run_order order = order_of(p, ways_to_print[i]);
		AUTO_RUN_RESULT open = RUN_RESULT_NONE;
		AUTO_RUN_RESULT masked = RUN_RESULT_NONE;
		order.vars = vars;
		order.n_vars = ARRAY_LEN(vars);
		run(&order, &open);
		if (!leaks(p->run) && ++wrong)
			print_error("prints nothing: %s\n%s%s", ways_to_print[i],
				open.out.text.data, open.errout.text.data);
		vars[0].secret = vars[1].secret = true;
		run(&order, &masked);
		if (leaks(p->run) && ++wrong)
			print_error("leaks: %s\n%s%s", ways_to_print[i], masked.out.text.data,
				masked.errout.text.data);
	}
	assert_int_equal(wrong, 0);
}

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

static void await(const char *mark, bool wanted)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
		if (somebody_runs(mark) == wanted)
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("'%s' %s", mark, wanted ? "never ran" : "still runs");
}

static char *sleeper(const char *number)
{
	return xasprintf("%s.%d", number, (int)getpid());
}

static void test_no_daemon_survives(void **state)
{
	AUTO_FREE char *mark = sleeper("57721");
	AUTO_FREE char *script = xasprintf("(setsid sh -c '(setsid sleep %s &)' &)\n"
					   "until grep -aqs %s /proc/[0-9]*/cmdline; do :; done",
		mark, mark);
	const struct run_order order = order_of(*state, script);
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	run(&order, &r);
	assert_int_equal(r.code, 0);
	assert_false(somebody_runs(mark));
}

/* The front is killed while the script runs. */
static void kill_the_front(const struct place *p, bool goes_on, const char *mark)
{
	AUTO_FREE char *script = xasprintf("trap '' TERM; echo up; (sleep %s &)\n"
					   "until [ -e /tmp/never ]; do sleep 0.1; n=$((n + 1)); "
					   "[ $n -gt 5 ] && break; done\n"
					   "%s; echo done",
		mark, goes_on ? ":" : "while :; do sleep 1000; done");
	const pid_t front = fork();
	if (front == 0) {
		struct run_order order = order_of(p, script);
		AUTO_JOB job = JOB_NONE;
		order.policy.finish = goes_on;
		begin(&order, &job);
		for (;;)
			(void)pause();
	}
	await(mark, true);
	assert_int_equal(kill(front, SIGKILL), 0);
	assert_int_equal(waitpid(front, NULL, 0), front);
}

static void test_ends_with_the_front(void **state)
{
	const struct place *p = *state;
	AUTO_FREE char *mark = sleeper("26149");
	kill_the_front(p, false, mark);
	await(mark, false);
	const struct job_watch watch = {0};
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	AUTO_ERR err = NULL;
	assert_int_equal(target_executor_find("local")->adopt(p->run, &watch, &r, &err), 0);
	assert_int_equal(r.phase, JOB_ENDED);
	assert_true(r.abandoned);
	assert_string_equal(r.out.text.data, "up\n");
}

static void test_is_adopted_and_finished(void **state)
{
	const struct place *p = *state;
	AUTO_FREE char *mark = sleeper("91596");
	kill_the_front(p, true, mark);
	const struct job_watch watch = {0};
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	AUTO_ERR err = NULL;
	assert_int_equal(target_executor_find("local")->adopt(p->run, &watch, &r, &err), 0);
	assert_int_equal(r.code, 0);
	assert_false(r.abandoned);
	assert_string_equal(r.out.text.data, "up\ndone\n");
	assert_false(somebody_runs(mark));
}

static void test_supervisor_killed(void **state)
{
	const struct place *p = *state;
	static const unsigned without[] = {0, ISO_PID | ISO_MOUNT | ISO_PROC | ISO_IPC | ISO_UTS};
	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		AUTO_FREE char *number = xasprintf("%zu11235", i + 1);
		AUTO_FREE char *mark = sleeper(number);
		AUTO_FREE char *script = xasprintf("(setsid sleep %s &); sleep 1000", mark);
		struct run_order order = order_of(p, script);
		AUTO_JOB job = JOB_NONE;
		order.policy.without = without[i];
		begin(&order, &job);
		await(mark, true);
		child_signal(&job.supervisor, SIGKILL);
		const struct job_watch watch = {0};
		AUTO_RUN_RESULT r = RUN_RESULT_NONE;
		AUTO_ERR err = NULL;
		assert_int_equal(target_executor_find("local")->wait(&job, &watch, &r, &err), 0);
		assert_int_equal(r.phase, JOB_LOST);
		assert_int_equal(r.code, -9);
		assert_non_null(strstr(r.failure, "supervisor was killed"));
		await(mark, false);
		AUTO_FREE char *work = path_join(
			getuid() ? p->run : "/var/lib/trueup-runs", getuid() ? "work" : p->id);
		assert_false(fs_exists(work));
	}
}

/* While it fills the run's folder, before there is a job. */
static void test_front_killed_before_the_start(void **state)
{
	const struct place *p = *state;
	const char *const inputs[] = {"large", NULL};
	struct run_order order = order_of(p, "echo ran");
	order.inputs = inputs;
	AUTO_FREE char *large = path_join(p->repo, "runbooks/large");
	AUTO_FREE char *work =
		path_join(getuid() ? p->run : "/var/lib/trueup-runs", getuid() ? "work" : p->id);
	AUTO_FREE char *copy = path_join(work, "large");
	put(p->repo, "runbooks/large", "");
	assert_int_equal(truncate(large, (int64_t)1000 * MIB), 0);
	const pid_t front = fork();
	if (front == 0) {
		AUTO_JOB job = JOB_NONE;
		AUTO_ERR err = NULL;
		_exit(target_executor_find("local")->start(&order, &job, &err) < 0);
	}
	for (int64_t until = clock_monotonic_ms() + PATIENCE_MS; !fs_exists(copy);) {
		assert_true(clock_monotonic_ms() < until);
		(void)poll(NULL, 0, 1);
	}
	assert_int_equal(kill(front, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(front, &status, 0), front);
	assert_true(WIFSIGNALED(status));
	const struct job_watch watch = {0};
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	AUTO_ERR err = NULL;
	assert_int_equal(target_executor_find("local")->adopt(p->run, &watch, &r, &err), 0);
	assert_int_equal(r.phase, JOB_NEVER_STARTED);
	assert_false(fs_exists(work));
}

static void test_cancel(void **state)
{
	const struct place *p = *state;
	AUTO_FREE char *mark = sleeper("69314");
	AUTO_FREE char *script =
		xasprintf("trap 'echo asked; exit 7' TERM; sleep %s & wait; wait", mark);
	const struct run_order order = order_of(p, script);
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR err = NULL;
	begin(&order, &job);
	await(mark, true);
	assert_int_equal(target_executor_find("local")->cancel(p->run, &err), 0);
	const struct job_watch watch = {0};
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	assert_int_equal(target_executor_find("local")->wait(&job, &watch, &r, &err), 0);
	assert_true(r.cancelled);
	assert_int_equal(r.code, 7);
	assert_string_equal(r.out.text.data, "asked\n");
}

static void test_leaves_no_locked_folder(void **state)
{
	const struct place *p = *state;
	const struct run_order order =
		order_of(p, "mkdir -p a/b/c; echo x >a/b/c/d; chmod 0 a/b/c a/b a; chmod 500 .");
	AUTO_RUN_RESULT r = RUN_RESULT_NONE;
	run(&order, &r);
	assert_int_equal(r.code, 0);
	AUTO_FREE char *work =
		path_join(getuid() ? p->run : "/var/lib/trueup-runs", getuid() ? "work" : p->id);
	assert_false(fs_exists(work));
}

#define RUN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	/* The executable that starts a run is also its supervisor. */
	if (argc == 3 && str_eq(argv[1], RUN_COMMAND))
		return supervise_main(argv[2]);
	const struct CMUnitTest tests[] = {
		RUN_TEST(test_runs_to_its_end),
		RUN_TEST(test_exit_codes),
		RUN_TEST(test_environment_is_built),
		RUN_TEST(test_refused_names),
		RUN_TEST(test_no_start_up_files),
		RUN_TEST(test_inputs),
		RUN_TEST(test_timeout),
		RUN_TEST(test_much_output),
		RUN_TEST(test_full_disk),
		RUN_TEST(test_cannot_read_the_state),
		RUN_TEST(test_refusal_is_a_result),
		RUN_TEST(test_no_way_to_print_a_secret),
		RUN_TEST(test_no_daemon_survives),
		RUN_TEST(test_ends_with_the_front),
		RUN_TEST(test_is_adopted_and_finished),
		RUN_TEST(test_supervisor_killed),
		RUN_TEST(test_front_killed_before_the_start),
		RUN_TEST(test_cancel),
		RUN_TEST(test_leaves_no_locked_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
