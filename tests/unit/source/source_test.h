/* A temporary folder and the real git, for the tests of src/source. */
#ifndef TRUEUP_TESTS_SOURCE_TEST_H
#define TRUEUP_TESTS_SOURCE_TEST_H

#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "source/source.h"

#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[PATH_MAX]; /* real path */
	struct source *source;
	struct arena arena;
	struct err *err;
};

static inline void ok_(struct fixture *f, int rc, const char *file, int line)
{
	if (rc == 0)
		return;
	AUTO_STR text = STR_INIT;
	err_format(f->err, &text);
	print_error("%s:%d: %s\n", file, line, text.data);
	_fail(file, line);
}
#define ok(f, call) ok_((f), (call), __FILE__, __LINE__)

static inline void fails_(
	struct fixture *f, int rc, enum err_kind kind, const char *text, const char *file, int line)
{
	AUTO_STR message = STR_INIT;
	err_format(f->err, &message);
	const bool good = rc == -1 && err_kind_of(f->err) == kind && strstr(message.data, text);
	if (!good)
		print_error("%s:%d: kind %s: %s\n", file, line,
			f->err ? err_kind_name(f->err->kind) : "none", message.data);
	err_free(&f->err);
	if (!good)
		_fail(file, line);
}
#define fails(f, call, kind, text) fails_((f), (call), (kind), (text), __FILE__, __LINE__)

/* Runs a shell script in the temporary folder, with a git that knows nobody's configuration. */
static inline void sh_(struct fixture *f, const char *script, const char *file, int line)
{
	const pid_t pid = fork();
	if (pid == 0) {
		if (chdir(f->dir) < 0 || setenv("HOME", f->dir, 1) < 0 ||
			setenv("GIT_CONFIG_NOSYSTEM", "1", 1) < 0 ||
			setenv("GIT_AUTHOR_NAME", "a", 1) < 0 ||
			setenv("GIT_AUTHOR_EMAIL", "a@b", 1) < 0 ||
			setenv("GIT_COMMITTER_NAME", "a", 1) < 0 ||
			setenv("GIT_COMMITTER_EMAIL", "a@b", 1) < 0)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-euc", script, (char *)NULL);
		_exit(127);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		print_error("%s:%d: the script failed (%d): %s\n", file, line, status, script);
		_fail(file, line);
	}
}
#define sh(f, script) sh_((f), (script), __FILE__, __LINE__)

/* Opens a path below the temporary folder. */
static inline void open_at_(
	struct fixture *f, const char *path, const char *root, const char *file, int line)
{
	source_close(&f->source);
	AUTO_FREE char *full = path_join(f->dir, path);
	ok_(f, source_open(full, root, &f->source, &f->err), file, line);
}
#define open_at(f, path, root) open_at_((f), (path), (root), __FILE__, __LINE__)

/* "+a.yaml ~b.yaml -c.yaml", with "@" behind a link, "%" a submodule, "!" what is on disk. */
static inline const char *shown(struct fixture *f, const struct source_changes *changes)
{
	AUTO_STR out = STR_INIT;
	for (size_t i = 0; i < changes->count; i++) {
		const struct source_change *c = &changes->items[i];
		str_addf(&out, "%s%c%s%s%s", i ? " " : "", "+~-"[c->op], c -> path,
			c -> entry == SOURCE_SYMLINK        ? "@"
			     : c->entry == SOURCE_SUBMODULE ? "%"
							    : "",
			c->on_disk ? "!" : "");
	}
	return arena_strdup(&f->arena, out.data);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	char name[] = "/tmp/trueup-source-XXXXXX";
	if (!mkdtemp(name) || !realpath(name, f->dir))
		return -1;
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	source_close(&f->source);
	arena_release(&f->arena);
	err_free(&f->err);
	struct err *err = NULL;
	const int rc = fs_remove_tree(f->dir, &err);
	err_free(&err);
	free(f);
	return rc;
}

#define source_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
