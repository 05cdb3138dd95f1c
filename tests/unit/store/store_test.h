/* A store in a temporary folder, for the tests of src/store. */
#ifndef TRUEUP_TESTS_STORE_TEST_H
#define TRUEUP_TESTS_STORE_TEST_H

#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store.h"

#include <stdio.h>
#include <unistd.h>

struct fixture {
	char dir[64]; /* the state folder */
	char db[96];
	struct store *store;
	struct arena arena;
	struct err *err;
};

/* Fails the test with the error's text when rc is not 0. */
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

/* The call fails with this kind, and text is in the message. */
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

static inline int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	(void)snprintf(f->dir, sizeof f->dir, "/tmp/trueup-store-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	(void)snprintf(f->db, sizeof f->db, "%s/trueup.db", f->dir);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	store_close(&f->store);
	arena_release(&f->arena);
	err_free(&f->err);
	struct err *err = NULL;
	const int rc = fs_remove_tree(f->dir, &err);
	err_free(&err);
	free(f);
	return rc;
}

#define store_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
