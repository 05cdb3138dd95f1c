/*
 * trueup watch: shows what each save would change, and reconciles what counts. One small process
 * that waits: everything that reads specs or a repository is done by a child, this executable
 * again, so that what a large repository takes is gone when it was looked at.
 */
#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/notify.h"
#include "base/str.h"
#include "cli/command.h"
#include "spec/spec.h"
#include "source/watch.h"
#include "store/queue.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FIRST_RETRY_MS = 30 * 1000,
	LAST_RETRY_MS = 10 * 60 * 1000,
	MAX_ARGS = 16,
};

struct watcher;

/* A command that is run again and again, one at a time. */
struct task {
	struct watcher *watcher;
	const char *const *args; /* after the global options, before the folder */
	void (*ended)(struct watcher *w, int code);
	struct child child;
	struct loop_source *source;
	bool running, again;
};

struct watcher {
	struct cli *cli;
	struct loop *loop;
	struct source *source;
	const char *dir; /* the spec root */
	struct watch *files, *git, *state;
	struct task preview, reconcile;
	struct loop_source *retry;
	struct loop_source *signals[3];
	int64_t retry_ms;
	struct source_rev head; /* the last one that was reconciled */
	bool shows_only;
	bool ending;
};

static void note(struct watcher *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct watcher *w, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	term_note(w->cli->errout, "trueup: %s", text);
}

static void complain(struct watcher *w, struct err *err)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	term_printf(w->cli->errout, STYLE_PLAIN, "trueup: %s\n", text.data);
}

/* --- running commands -------------------------------------------------------------------- */

static void end_if_done(struct watcher *w)
{
	if (w->ending && !w->preview.running && !w->reconcile.running)
		loop_exit(w->loop, CLI_DONE);
}

static void task_start(struct task *t);

static void on_ended(const struct child_exit *how, void *data)
{
	struct task *t = data;
	struct watcher *w = t->watcher;
	const bool again = t->again;
	loop_source_cleanup(&t->source);
	child_release(&t->child);
	t->running = t->again = false;
	if (how->signal && !w->ending)
		note(w, "%s was ended by signal %d", t->args[0], how->signal);
	if (!w->ending && !again)
		t->ended(w, how->signal ? CLI_FAILED : how->code);
	else if (!w->ending)
		task_start(t);
	end_if_done(w);
}

static size_t fill_args(const struct task *t, const char *args[MAX_ARGS])
{
	const struct watcher *w = t->watcher;
	size_t n = 0;
	args[n++] = w->cli->executable;
	if (w->cli->state_dir) {
		args[n++] = "--state";
		args[n++] = w->cli->state_dir;
	}
	if (w->cli->quiet)
		args[n++] = "-q";
	if (w->cli->verbose)
		args[n++] = "-v";
	if (opt_flag(w->cli->opts, "no-color"))
		args[n++] = "--no-color";
	for (size_t i = 0; t->args[i]; i++)
		args[n++] = t->args[i];
	args[n++] = w->dir;
	args[n] = NULL;
	return n;
}

/*
 * In a session of its own, so that Ctrl-C comes to it by us and once; it stops in order when we
 * die.
 */
static void task_start(struct task *t)
{
	struct watcher *w = t->watcher;
	const char *args[MAX_ARGS];
	AUTO_ERR err = NULL;
	if (w->ending)
		return;
	if (t->running) {
		t->again = true;
		return;
	}
	(void)fill_args(t, args);
	const struct child_spec spec = {
		.argv = args,
		.envp = (const char *const *)environ,
		.stdin_fd = -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.keep_fd = -1,
		.new_session = true,
		.die_with_parent = true,
	};
	if (child_start(&spec, &t->child, &err) < 0) {
		complain(w, err);
		return;
	}
	t->running = true;
	if (loop_add_child(w->loop, &t->child, on_ended, t, &t->source, &err) < 0)
		loop_fail(w->loop, &err);
}

/* --- what follows what ------------------------------------------------------------------- */

static void start_reconcile(struct watcher *w)
{
	if (w->shows_only)
		return;
	loop_timer_off(w->retry);
	task_start(&w->reconcile);
}

/* In a plain folder the files are what is wanted; in git it is what is committed. */
static void preview_ended(struct watcher *w, int code)
{
	if (source_kind(w->source) == SOURCE_FOLDER && (code == CLI_CHANGES || code == CLI_WAITING))
		start_reconcile(w);
}

static void reconcile_ended(struct watcher *w, int code)
{
	if (code != CLI_FAILED) {
		w->retry_ms = 0;
		return;
	}
	w->retry_ms = !w->retry_ms ? FIRST_RETRY_MS : w->retry_ms * 2;
	if (w->retry_ms > LAST_RETRY_MS)
		w->retry_ms = LAST_RETRY_MS;
	char text[CLOCK_TEXT_SIZE];
	note(w, "tries again in %s, and with the next change",
		clock_format_duration(w->retry_ms, text));
	loop_timer_in(w->retry, w->retry_ms);
}

static void on_retry(void *data)
{
	start_reconcile(data);
}

static void on_files(void *data)
{
	struct watcher *w = data;
	if (watch_state(w->files) != WATCH_GONE)
		task_start(&w->preview);
}

static void on_git(void *data)
{
	struct watcher *w = data;
	struct source_rev head;
	const bool known = source_head_fast(w->source, &head);
	if (known && str_eq(head.commit, w->head.commit) && str_eq(head.branch, w->head.branch))
		return;
	if (known)
		w->head = head;
	start_reconcile(w);
}

static void on_wake(void *data)
{
	start_reconcile(data);
}

static void on_state(void *data, enum watch_state state, const char *why)
{
	struct watcher *w = data;
	if (why)
		note(w, "%s", why);
	else if (state == WATCH_EVENTS)
		note(w, "%s is watched again", w->dir);
}

static void on_signal(int signo, void *data)
{
	struct watcher *w = data;
	(void)signo;
	if (!w->ending) {
		w->ending = true;
		notify_stopping();
		if (w->reconcile.running)
			note(w, "stops in order; once more leaves what runs to the next trueup");
	}
	/* The first is a wish, the second one more urgent: both are passed on. */
	if (w->preview.running)
		child_signal(&w->preview.child, SIGTERM);
	if (w->reconcile.running)
		child_signal(&w->reconcile.child, SIGTERM);
	end_if_done(w);
}

/* --- what is watched --------------------------------------------------------------------- */

static bool wants_spec(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir || spec_path_class(path) != SPEC_PATH_IGNORED;
}

/* gitrepository-layout(5): HEAD, branches as files or packed, and HEAD of linked worktrees. */
static bool wants_ref(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	if (is_dir)
		return str_eq(path, "refs") || str_starts(path, "refs/heads") ||
		       str_starts(path, "worktrees");
	return !str_ends(path, ".lock") &&
	       (str_eq(path, "HEAD") || str_eq(path, "packed-refs") ||
		       str_starts(path, "refs/heads/") || str_ends(path, "/HEAD"));
}

static bool wants_wake(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return !is_dir && str_eq(path, QUEUE_WAKE);
}

static int watch_files(struct watcher *w, struct err **err)
{
	const struct watch_options options = {
		.dir = w->dir,
		.filter = {wants_spec, NULL},
		.changed = on_files,
		.state = on_state,
		.data = w,
		.scan = opt_given(w->cli->opts, "poll"),
		.scan_ms = opt_duration(w->cli->opts, "poll"),
	};
	return watch_start(w->loop, &options, &w->files, err);
}

static int watch_git(struct watcher *w, struct err **err)
{
	if (source_kind(w->source) != SOURCE_GIT)
		return 0;
	const struct watch_options options = {
		.dir = source_git_dir(w->source),
		.filter = {wants_ref, NULL},
		.changed = on_git,
		.data = w,
		.scan = opt_given(w->cli->opts, "poll"),
		.scan_ms = opt_duration(w->cli->opts, "poll"),
	};
	return watch_start(w->loop, &options, &w->git, err);
}

/* Approvals are decided elsewhere and poke the state folder. */
static int watch_decisions(struct watcher *w, struct err **err)
{
	const char *dir = w->cli->state_dir ? w->cli->state_dir : source_state_dir(w->source);
	const struct watch_options options = {
		.dir = dir,
		.filter = {wants_wake, NULL},
		.changed = on_wake,
		.data = w,
	};
	if (w->shows_only)
		return 0;
	if (fs_mkdirs(dir, 0700, err) < 0)
		return err_wrap(err, "make the state folder");
	return watch_start(w->loop, &options, &w->state, err);
}

static int catch_signals(struct watcher *w, struct err **err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (loop_add_signal(w->loop, signals[i], on_signal, w, &w->signals[i], err) < 0)
			return -1;
	return 0;
}

static int begin(struct watcher *w, struct err **err)
{
	if (catch_signals(w, err) < 0 || watch_files(w, err) < 0 || watch_git(w, err) < 0 ||
		watch_decisions(w, err) < 0)
		return -1;
	w->retry = loop_add_timer(w->loop, LOOP_MONOTONIC, on_retry, w);
	if (!source_head_fast(w->source, &w->head))
		w->head = (struct source_rev){0};
	if (watch_state(w->files) == WATCH_EVENTS)
		note(w, "watching %s (%zu folder%s)", w->dir, watch_folders(w->files),
			watch_folders(w->files) == 1 ? "" : "s");
	else if (opt_given(w->cli->opts, "poll"))
		note(w, "looking at all files of %s from time to time", w->dir);
	notify_ready();
	task_start(w->shows_only ? &w->preview : &w->reconcile);
	return loop_watchdog(w->loop, err);
}

static void watcher_release(struct watcher *w)
{
	loop_source_free(w->preview.source);
	loop_source_free(w->reconcile.source);
	child_release(&w->preview.child);
	child_release(&w->reconcile.child);
	loop_source_free(w->retry);
	for (size_t i = 0; i < ARRAY_LEN(w->signals); i++)
		loop_source_free(w->signals[i]);
	watch_stop(&w->files);
	watch_stop(&w->git);
	watch_stop(&w->state);
	loop_free(w->loop);
	source_close(&w->source);
}

static int run(struct cli *cli, struct err **err)
{
	static const char *const preview[] = {
		"plan", "--worktree", "--spec-only", "--detailed-exitcode", NULL};
	static const char *const reconcile[] = {"reconcile", "--lock-timeout", "1h", NULL};
	CLEANUP(watcher_release)
	struct watcher w = {
		.cli = cli,
		.preview = {.args = preview, .ended = preview_ended, .child = CHILD_NONE},
		.reconcile = {.args = reconcile, .ended = reconcile_ended, .child = CHILD_NONE},
		.shows_only = opt_flag(cli->opts, "plan-only"),
	};
	w.preview.watcher = w.reconcile.watcher = &w;
	const char *dir = operand(cli->opts, 0);
	if (source_open(dir ? dir : ".", NULL, &w.source, err) < 0)
		return -1;
	w.dir = source_dir(w.source);
	if (!w.dir)
		return err_set(err, ERR_INVALID,
			"%s is a bare repository: there are no files to watch; `trueup hook "
			"install` reconciles what is pushed to it",
			dir ? dir : ".");
	if (!cli->executable)
		return err_set(err, ERR_INTERNAL, "the kernel does not tell where trueup lies");
	int code;
	if (loop_new(&w.loop, err) < 0 || begin(&w, err) < 0 || loop_run(w.loop, &code, err) < 0)
		return -1;
	return code;
}

const struct command cmd_watch = {
	.name = "watch",
	.summary = "show what each save would change, and reconcile what counts",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.description =
		(const char *const[]){
			"Watches the specs of DIR (default: the current folder) and everything "
			"below. At each save it shows what the files as they lie there would "
			"change, from the specs alone and in milliseconds, or what is wrong "
			"with them.",
			"In a git repository each new commit at HEAD is reconciled; in a plain "
			"folder, in which the files are what is wanted, each valid save is. "
			"Whether a plan is applied or waits for `trueup approve` is what Config "
			"says (`apply`), and an approval is acted upon at once. What failed is "
			"tried again after 30 s, later less often, and with the next change.",
			"Where the kernel grants no more watches all files are looked at every "
			"two seconds instead, which is said. Ctrl-C stops in order, as in "
			"`trueup reconcile`.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "plan-only",
				.type = OPT_FLAG,
				.help = "show what saves would change, and reconcile nothing"},
			{.name = "poll",
				.type = OPT_DURATION,
				.arg = "TIME",
				.help = "look at all files this often instead of waiting for the "
					"kernel: for network file systems"},
			{0}},
	.examples = (const struct example_doc[]){{"trueup watch",
							 "In a terminal beside the editor."},
		{"trueup watch --plan-only infra", "Look, but do nothing."},
		{"trueup watch --poll 5s /mnt/share/infra", "On a network file system."}, {0}},
	.run = run,
};
