/*
 * Protects: limits on reading, atomic writing with its mode, making and removing trees without
 * following links, and that nothing outside of a folder is opened from within.
 */
#include "check.h"

#include "base/str.h"
#include "base/tempdir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_ERR err = NULL;
	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0644, &err), 0);
}

static void make_dir(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_ERR err = NULL;
	assert_int_equal(fs_mkdirs(path, 0755, &err), 0);
}

static void make_link(const char *dir, const char *name, const char *target)
{
	AUTO_FREE char *path = path_join(dir, name);
	assert_int_equal(symlink(target, path), 0);
}

static void joins_paths(void **state)
{
	(void)state;
	static const char *const rows[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"},
		{NULL, "b", "b"}, {"/", "b", "/b"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *path = path_join(rows[i][0], rows[i][1]);
		assert_string_equal(path, rows[i][2]);
	}
}

static void reads_within_the_limit(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "f");
	AUTO_ERR err = NULL;
	AUTO_STR out = STR_INIT;
	str_add(&out, "before ");
	write_file(dir, "f", "12345");
	assert_int_equal(fs_read(path, 5, &out, &err), 0);
	assert_string_equal(out.data, "before 12345");
	assert_int_equal(fs_read(path, 4, &out, &err), -1);
	assert_int_equal(err->kind, ERR_INVALID);
	assert_string_equal(out.data, "before 12345");
	err_free(&err);
	assert_int_equal(fs_read(dir, 100, &out, &err), -1);
	err_free(&err);
	AUTO_FREE char *none = path_join(dir, "none");
	assert_int_equal(fs_read(none, 100, &out, &err), -1);
	assert_int_equal(err->kind, ERR_NOT_FOUND);
}

/* A pipe has no size to go by. */
static void reads_pipes_to_their_end(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	AUTO_CLOSE in = fds[0];
	AUTO_FREE char *data = xcalloc(1, 40000);
	memset(data, 'x', 40000);
	assert_int_equal(write(fds[1], data, 40000), 40000);
	close(fds[1]);
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_read_fd(in, "the pipe", 40000, &out, &err), 0);
	assert_int_equal(out.len, 40000);
	assert_memory_equal(out.data, data, 40000);
}

static void writes_atomically(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "f");
	AUTO_ERR err = NULL;
	struct stat first, second;
	const mode_t mask = umask(077); /* the mode is exact, whatever the umask */
	assert_int_equal(fs_write_atomic(path, "one", 3, 0644, &err), 0);
	(void)umask(mask);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(first.st_mode & 07777, 0644);
	AUTO_CLOSE old = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fs_write_atomic(path, "two", 3, 0600, &err), 0);
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(second.st_mode & 07777, 0600);
	assert_int_not_equal(first.st_ino, second.st_ino);
	/* Who had it open still reads what was there. */
	AUTO_STR before = STR_INIT, after = STR_INIT;
	assert_int_equal(fs_read_fd(old, "old", 100, &before, &err), 0);
	assert_string_equal(before.data, "one");
	assert_int_equal(fs_read(path, 100, &after, &err), 0);
	assert_string_equal(after.data, "two");
}

static void a_failed_write_leaves_nothing(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "sub");
	AUTO_FREE char *none = path_join(dir, "none/f");
	AUTO_ERR err = NULL;
	make_dir(dir, "sub/full");
	assert_int_equal(fs_write_atomic(path, "x", 1, 0600, &err), -1);
	err_free(&err);
	assert_int_equal(fs_write_atomic(none, "x", 1, 0600, &err), -1);
	assert_int_equal(err->kind, ERR_NOT_FOUND);
	err_free(&err);
	/* No temporary file is left: the folder can be removed once "sub" is gone. */
	assert_int_equal(fs_remove_tree(path, &err), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void writes_only_changes(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "f");
	AUTO_ERR err = NULL;
	static const struct {
		const char *text;
		bool changed;
	} rows[] = {{"one", true}, {"one", false}, {"onetwo", true}, {"one", true}, {"", true},
		{"", false}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool changed = !rows[i].changed;
		AUTO_STR now = STR_INIT;
		assert_int_equal(fs_write_if_changed(path, rows[i].text, strlen(rows[i].text), 0600,
					 &changed, &err),
			0);
		assert_int_equal(changed, rows[i].changed);
		assert_int_equal(fs_read(path, 100, &now, &err), 0);
		assert_string_equal(now.data, rows[i].text);
	}
}

static void makes_folders(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *deep = path_join(dir, "a/b//c/");
	AUTO_ERR err = NULL;
	assert_int_equal(fs_mkdirs(deep, 0700, &err), 0);
	assert_int_equal(fs_mkdirs(deep, 0700, &err), 0);
	assert_true(fs_is_dir(deep));
	write_file(dir, "a/f", "x");
	AUTO_FREE char *file = path_join(dir, "a/f");
	AUTO_FREE char *below = path_join(dir, "a/f/g");
	assert_int_equal(fs_mkdirs(file, 0700, &err), -1);
	err_free(&err);
	assert_int_equal(fs_mkdirs(below, 0700, &err), -1);
	err_free(&err);
	assert_int_equal(fs_mkdirs("", 0700, &err), -1);
	assert_false(fs_is_dir(file));
	assert_true(fs_exists(file));
	assert_false(fs_exists(below));
}

static void removes_trees_but_not_what_links_point_to(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ERR err = NULL;
	make_dir(dir, "keep");
	write_file(dir, "keep/f", "x");
	make_dir(dir, "tree/a/b");
	write_file(dir, "tree/a/b/f", "x");
	make_link(dir, "tree/a/folder", "../../keep");
	make_link(dir, "tree/dangling", "nowhere");
	make_link(dir, "link", "keep");
	AUTO_FREE char *tree = path_join(dir, "tree");
	AUTO_FREE char *link = path_join(dir, "link");
	AUTO_FREE char *kept = path_join(dir, "keep/f");
	assert_int_equal(fs_remove_tree(tree, &err), 0);
	assert_int_equal(fs_remove_tree(tree, &err), 0);
	assert_int_equal(fs_remove_tree(link, &err), 0);
	assert_false(fs_exists(tree));
	assert_false(fs_exists(link));
	assert_true(fs_exists(kept));
}

static void opens_only_beneath(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	make_dir(dir, "root/sub");
	write_file(dir, "secret", "s");
	write_file(dir, "root/file", "content");
	make_link(dir, "root/inside", "sub/../file");
	make_link(dir, "root/outside", "../secret");
	make_link(dir, "root/absolute", "/etc/passwd");
	make_link(dir, "root/up", "..");
	make_link(dir, "root/loop", "loop");
	make_link(dir, "root/proc", "/proc/self/fd/0");
	AUTO_FREE char *root = path_join(dir, "root");
	AUTO_CLOSE fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	static const char *const good[] = {"file", "inside", "sub/../file", "./file"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		AUTO_CLOSE file = fs_open_beneath(fd, good[i], &err);
		assert_true(file >= 0);
		assert_int_equal(fs_read_fd(file, good[i], 100, &text, &err), 0);
		assert_string_equal(text.data, "content");
	}
	static const char *const bad[] = {"../secret", "outside", "absolute", "/etc/passwd",
		"up/secret", "sub/../../secret", "loop", "proc"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ERR err = NULL;
		AUTO_CLOSE file = fs_open_beneath(fd, bad[i], &err);
		assert_int_equal(file, -1);
		assert_int_equal(err->kind, ERR_DENIED);
	}
	AUTO_ERR err = NULL;
	assert_int_equal(fs_open_beneath(fd, "none", &err), -1);
	assert_int_equal(err->kind, ERR_NOT_FOUND);
}

static void does_not_wait_for_a_pipe(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	AUTO_CLOSE fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_ERR err = NULL;
	AUTO_CLOSE fifo = fs_open_beneath(fd, "fifo", &err);
	assert_true(fifo >= 0);
}

static void finds_programs(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	make_dir(dir, "first/tool"); /* a folder is no program */
	make_dir(dir, "second");
	AUTO_FREE char *tool = path_join(dir, "second/tool");
	AUTO_FREE char *plain = path_join(dir, "second/plain");
	AUTO_ERR err = NULL;
	assert_int_equal(fs_write_atomic(tool, "", 0, 0755, &err), 0);
	assert_int_equal(fs_write_atomic(plain, "", 0, 0644, &err), 0);
	const char *path = getenv("PATH");
	AUTO_FREE char *before = path ? xstrdup(path) : NULL;
	AUTO_FREE char *search = xasprintf("::relative:%s/first:%s/second:", dir, dir);
	assert_int_equal(setenv("PATH", search, 1), 0);
	AUTO_FREE char *found = fs_find_program("tool");
	AUTO_FREE char *not_executable = fs_find_program("plain");
	AUTO_FREE char *missing = fs_find_program("missing");
	assert_int_equal(before ? setenv("PATH", before, 1) : unsetenv("PATH"), 0);
	assert_string_equal(found, tool);
	assert_null(not_executable);
	assert_null(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_paths),
		cmocka_unit_test(reads_within_the_limit),
		cmocka_unit_test(reads_pipes_to_their_end),
		cmocka_unit_test(writes_atomically),
		cmocka_unit_test(a_failed_write_leaves_nothing),
		cmocka_unit_test(writes_only_changes),
		cmocka_unit_test(makes_folders),
		cmocka_unit_test(removes_trees_but_not_what_links_point_to),
		cmocka_unit_test(opens_only_beneath),
		cmocka_unit_test(does_not_wait_for_a_pipe),
		cmocka_unit_test(finds_programs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
