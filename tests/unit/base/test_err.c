/* Protects: the chain of errors, its text, and which kind an errno becomes. */
#include "check.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>

static void check_text(const struct err *err, const char *expected)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	assert_string_equal(text.data, expected);
}

static void chains(void **state)
{
	(void)state;
	AUTO_ERR err = NULL;
	assert_int_equal(err_set(&err, ERR_CONFLICT, "held by %s", "pid 1"), -1);
	assert_int_equal(err_wrap(&err, "take the lock"), -1);
	assert_int_equal(err_wrap(&err, "reconcile %d", 7), -1);
	check_text(err, "reconcile 7: take the lock: held by pid 1");
	assert_int_equal(err_kind_of(err), ERR_CONFLICT);
	assert_string_equal(err->cause->message, "take the lock");
	err_free(&err);
	assert_null(err);
	err_free(&err);
}

static void uses_its_own_message(void **state)
{
	(void)state;
	AUTO_ERR err = NULL;
	(void)err_set(&err, ERR_IO, "first");
	(void)err_set(&err, ERR_INVALID, "second after %s", err->message);
	check_text(err, "second after first");
	assert_null(err->cause);
	check_text(NULL, "");
	assert_int_equal(err_kind_of(NULL), ERR_INTERNAL);
}

static void knows_errno(void **state)
{
	(void)state;
	static const struct {
		int os_errno;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{ENOENT, ERR_NOT_FOUND, "open x: No such file or directory"},
		{EACCES, ERR_DENIED, "open x: Permission denied"},
		{EPERM, ERR_DENIED, "open x: Operation not permitted"},
		{EROFS, ERR_DENIED, "open x: Read-only file system"},
		{ETIMEDOUT, ERR_TIMEOUT, "open x: Connection timed out"},
		{EMFILE, ERR_UNAVAILABLE, "open x: Too many open files"},
		{ENOSPC, ERR_IO, "open x: No space left on device"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ERR err = NULL;
		assert_int_equal(err_errno(&err, rows[i].os_errno, "open %s", "x"), -1);
		assert_int_equal(err->kind, rows[i].kind);
		check_text(err, rows[i].text);
		(void)err_wrap(&err, "load");
		assert_int_equal(err->os_errno, rows[i].os_errno);
		assert_int_equal(err->kind, rows[i].kind);
	}
}

static void names_kinds(void **state)
{
	(void)state;
	assert_string_equal(err_kind_name(ERR_INTERNAL), "internal");
	assert_string_equal(err_kind_name(ERR_NOT_FOUND), "not-found");
	assert_string_equal(err_kind_name(ERR_CORRUPT), "corrupt");
	assert_string_equal(err_kind_name((enum err_kind)0), "internal");
	assert_string_equal(err_kind_name((enum err_kind)99), "internal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(uses_its_own_message),
		cmocka_unit_test(knows_errno),
		cmocka_unit_test(names_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
