/*
 * Protects: whoever saves a file, in whatever way an editor does it, in whatever folder, is noticed
 * once; nothing is lost when the kernel loses events, grants no watches, or the folder goes away.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QUIET_MS = 20, SCAN_MS = 20, PATIENCE_MS = 20000 };

struct world {
	char dir[64];
	struct loop *loop;
	struct watch *watch;
	struct watch_options options;
	int changes, states;
	enum watch_state state;
	char why[512];
};

static void on_changed(void *data)
{
	((struct world *)data)->changes++;
}

static void on_state(void *data, enum watch_state state, const char *why)
{
	struct world *w = data;
	w->states++;
	w->state = state;
	(void)str_copy(w->why, sizeof w->why, why ? why : "");
}

static bool is_yaml(void *ctx, const char *path, bool is_dir)
{
	(void)ctx;
	return is_dir ? !str_ends(path, "skipped") : str_ends(path, ".yaml");
}

static void begin(struct world *w)
{
	AUTO_ERR err = NULL;
	w->options.dir = w->dir;
	w->options.filter.wanted = is_yaml;
	w->options.changed = on_changed;
	w->options.state = on_state;
	w->options.data = w;
	w->options.quiet_ms = QUIET_MS;
	w->options.scan_ms = SCAN_MS;
	assert_int_equal(loop_new(&w->loop, &err), 0);
	if (watch_start(w->loop, &w->options, &w->watch, &err) < 0)
		fail_msg("%s", err->message);
}

static void make_world(struct world *w)
{
	(void)str_copy(w->dir, sizeof w->dir, "/tmp/trueup-watch.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
}

static void end(struct world *w)
{
	AUTO_ERR err = NULL;
	watch_stop(&w->watch);
	loop_free(w->loop);
	assert_int_equal(fs_remove_tree(w->dir, &err), 0);
}

static char *at(const struct world *w, const char *name)
{
	return path_join(w->dir, name);
}

static void put(const struct world *w, const char *name, const char *text)
{
	AUTO_FREE char *path = at(w, name);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void make_dir(const struct world *w, const char *name)
{
	AUTO_FREE char *path = at(w, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void move(const struct world *w, const char *from, const char *to)
{
	AUTO_FREE char *a = at(w, from), *b = at(w, to);
	assert_int_equal(rename(a, b), 0);
}

/* Turns the loop until there were so many callbacks. */
static void expect(struct world *w, int changes)
{
	AUTO_ERR err = NULL;
	for (int turns = 0; w->changes < changes; turns++) {
		bool did;
		assert_int_equal(loop_step(w->loop, PATIENCE_MS, &did, &err), 0);
		if (!did)
			fail_msg("nothing was noticed: %d of %d", w->changes, changes);
	}
	assert_int_equal(w->changes, changes);
}

static void expect_state(struct world *w, enum watch_state state)
{
	AUTO_ERR err = NULL;
	while (w->state != state) {
		bool did;
		assert_int_equal(loop_step(w->loop, PATIENCE_MS, &did, &err), 0);
		assert_true(did);
	}
}

/*
 * What happened before this is not noticed: a change that is, made after it, is the only one. All
 * events come in order.
 */
static void expect_silence(struct world *w)
{
	const int before = w->changes;
	put(w, "probe.yaml", "x");
	expect(w, before + 1);
	AUTO_FREE char *probe = at(w, "probe.yaml");
	assert_int_equal(unlink(probe), 0);
	expect(w, before + 2);
}

static void saves(void **state)
{
	struct world w = {0};
	(void)state;
	make_world(&w);
	make_dir(&w, "canvases");
	put(&w, "canvases/a.yaml", "one");
	begin(&w);
	assert_int_equal(watch_folders(w.watch), 2);

	put(&w, "canvases/a.yaml", "two"); /* truncated and written */
	expect(&w, 1);
	put(&w, "canvases/a.yaml.new", "three"); /* written beside, moved over: vim, VS Code */
	move(&w, "canvases/a.yaml.new", "canvases/a.yaml");
	expect(&w, 2);
	move(&w, "canvases/a.yaml", "canvases/a.yaml~"); /* moved aside, written anew: emacs */
	put(&w, "canvases/a.yaml", "four");
	expect(&w, 3);
	AUTO_FREE char *path = at(&w, "canvases/a.yaml");
	assert_int_equal(unlink(path), 0);
	expect(&w, 4);
	AUTO_FREE char *backup = at(&w, "canvases/a.yaml~");
	assert_int_equal(link(backup, path), 0);
	expect(&w, 5);
	end(&w);
}

static void what_does_not_count(void **state)
{
	struct world w = {0};
	(void)state;
	make_world(&w);
	make_dir(&w, "skipped");
	make_dir(&w, ".git");
	make_dir(&w, "hidden");
	put(&w, ".trueupignore", "hidden/\nout-*.yaml\n");
	begin(&w);
	assert_int_equal(watch_folders(w.watch), 1);
	put(&w, "README.md", "text");
	put(&w, "skipped/a.yaml", "x");
	put(&w, ".git/a.yaml", "x");
	put(&w, "hidden/a.yaml", "x");
	put(&w, "out-1.yaml", "x");
	put(&w, ".a.yaml.swp", "x");
	expect_silence(&w);
	/* The rules change: what they hid is watched from now on. */
	put(&w, ".trueupignore", "");
	expect(&w, 3);
	assert_int_equal(watch_folders(w.watch), 2);
	put(&w, "hidden/b.yaml", "x");
	expect(&w, 4);
	end(&w);
}

static void folders(void **state)
{
	struct world w = {0};
	(void)state;
	make_world(&w);
	begin(&w);
	make_dir(&w, "a");
	make_dir(&w, "a/b");
	make_dir(&w, "a/b/c");
	put(&w, "a/b/c/x.yaml", "x");
	expect(&w, 1);
	assert_int_equal(watch_folders(w.watch), 4);
	put(&w, "a/b/c/x.yaml", "y");
	expect(&w, 2);
	move(&w, "a/b", "moved");
	expect(&w, 3);
	put(&w, "moved/c/x.yaml", "z");
	expect(&w, 4);
	/* Moved out: what happens there is somebody else's. */
	AUTO_FREE char *outside = xasprintf("%s-outside", w.dir);
	AUTO_FREE char *moved = at(&w, "moved");
	assert_int_equal(rename(moved, outside), 0);
	expect(&w, 5);
	assert_int_equal(watch_folders(w.watch), 2);
	AUTO_FREE char *elsewhere = path_join(outside, "c/x.yaml");
	assert_int_equal(unlink(elsewhere), 0);
	expect_silence(&w);
	/* And back, with what is in it. */
	assert_int_equal(rename(outside, moved), 0);
	expect(&w, 8);
	assert_int_equal(watch_folders(w.watch), 4);
	put(&w, "moved/c/x.yaml", "again");
	expect(&w, 9);
	AUTO_ERR err = NULL;
	assert_int_equal(fs_remove_tree(moved, &err), 0);
	expect(&w, 10);
	assert_int_equal(watch_folders(w.watch), 2);
	end(&w);
}

static void one_callback_for_many(void **state)
{
	struct world w = {.options.quiet_ms = 200};
	(void)state;
	make_world(&w);
	begin(&w);
	for (int i = 0; i < 500; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "%d.yaml", i);
		put(&w, name, "x");
	}
	expect(&w, 1);
	expect_silence(&w);
	end(&w);
}

static int64_t queue_limit(void)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	if (fs_read("/proc/sys/fs/inotify/max_queued_events", 64, &text, &err) < 0)
		return 0;
	return strtol(text.data, NULL, 10);
}

/* More events than the kernel keeps, and then a new folder, of which it does not tell any more. */
static void overflow(void **state)
{
	struct world w = {0};
	const int64_t limit = queue_limit();
	(void)state;
	if (!limit || limit > 200000)
		skip();
	make_world(&w);
	put(&w, "a.yaml", "x");
	put(&w, "b.yaml", "x");
	begin(&w);
	AUTO_FREE char *a = at(&w, "a.yaml"), *b = at(&w, "b.yaml");
	const int fds[] = {open(a, O_WRONLY | O_CLOEXEC), open(b, O_WRONLY | O_CLOEXEC)};
	/* In turn, because the same event twice in a row is kept once. */
	for (int64_t i = 0; i <= limit; i++)
		assert_int_equal(pwrite(fds[i % 2], "y", 1, 0), 1);
	(void)close(fds[0]);
	(void)close(fds[1]);
	make_dir(&w, "late");
	expect(&w, 1);
	assert_int_equal(watch_folders(w.watch), 2);
	put(&w, "late/x.yaml", "x");
	expect(&w, 2);
	end(&w);
}

static void no_more_watches(void **state)
{
	struct world w = {.options.max_watches = 2};
	(void)state;
	make_world(&w);
	make_dir(&w, "a");
	begin(&w);
	assert_int_equal(watch_state(w.watch), WATCH_EVENTS);
	make_dir(&w, "b");
	expect(&w, 1);
	assert_int_equal(watch_state(w.watch), WATCH_SCANS);
	assert_non_null(strstr(w.why, "the kernel grants no more watches "
				      "(fs.inotify.max_user_watches"));
	assert_int_equal(watch_folders(w.watch), 0);
	put(&w, "b/x.yaml", "x");
	expect(&w, 2);
	put(&w, "b/x.yaml", "other");
	expect(&w, 3);
	AUTO_FREE char *path = at(&w, "b/x.yaml");
	assert_int_equal(unlink(path), 0);
	expect(&w, 4);
	end(&w);
}

static void scanning_as_asked(void **state)
{
	struct world w = {.options.scan = true};
	(void)state;
	make_world(&w);
	put(&w, "a.yaml", "x");
	begin(&w);
	assert_int_equal(w.state, WATCH_SCANS);
	assert_string_equal(w.why, "");
	put(&w, "b.txt", "x");
	put(&w, "b.yaml", "x");
	expect(&w, 1);
	move(&w, "b.yaml", "c.yaml");
	expect(&w, 2);
	end(&w);
}

static void the_top_goes(void **state)
{
	struct world w = {0};
	AUTO_ERR err = NULL;
	(void)state;
	make_world(&w);
	put(&w, "a.yaml", "x");
	begin(&w);
	assert_int_equal(fs_remove_tree(w.dir, &err), 0);
	expect_state(&w, WATCH_GONE);
	assert_non_null(strstr(w.why, "No such file or directory; waiting for it"));
	while (w.changes < 1)
		assert_int_equal(loop_step(w.loop, PATIENCE_MS, NULL, &err), 0);
	const int before = w.changes;
	assert_int_equal(mkdir(w.dir, 0755), 0);
	put(&w, "a.yaml", "x");
	expect_state(&w, WATCH_EVENTS);
	expect(&w, before + 1);
	put(&w, "b.yaml", "x");
	expect(&w, before + 2);
	/* Replaced by another in one go. */
	AUTO_FREE char *old = xasprintf("%s-old", w.dir), *new = xasprintf("%s-new", w.dir);
	assert_int_equal(mkdir(new, 0755), 0);
	assert_int_equal(rename(w.dir, old), 0);
	assert_int_equal(rename(new, w.dir), 0);
	expect(&w, before + 3);
	put(&w, "c.yaml", "x");
	expect(&w, before + 4);
	assert_int_equal(fs_remove_tree(old, &err), 0);
	end(&w);
}

static void not_a_folder(void **state)
{
	struct world w = {0};
	AUTO_ERR err = NULL;
	(void)state;
	assert_int_equal(loop_new(&w.loop, &err), 0);
	const struct watch_options options = {.dir = "/dev/null", .changed = on_changed};
	assert_int_equal(watch_start(w.loop, &options, &w.watch, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
	err_free(&err);
	const struct watch_options none = {.dir = "/nowhere/at/all", .changed = on_changed};
	assert_int_equal(watch_start(w.loop, &none, &w.watch, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
	loop_free(w.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saves),
		cmocka_unit_test(what_does_not_count),
		cmocka_unit_test(folders),
		cmocka_unit_test(one_callback_for_many),
		cmocka_unit_test(overflow),
		cmocka_unit_test(no_more_watches),
		cmocka_unit_test(scanning_as_asked),
		cmocka_unit_test(the_top_goes),
		cmocka_unit_test(not_a_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
