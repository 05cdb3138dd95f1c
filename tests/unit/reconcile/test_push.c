/*
 * Protects: what git tells a hook is read exactly: refs, ids of zeros, push options, who pushes;
 * anything else is refused.
 */
#include "check.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/push.h"
#include "source/quarantine.h"

#define ZERO "0000000000000000000000000000000000000000"
#define ID1  "1111111111111111111111111111111111111111"
#define ID2  "abcdefabcdefabcdefabcdefabcdefabcdefabcd"

static void refs(void **state)
{
	static const char input[] = ZERO " " ID1 " refs/heads/main\n" ID1 " " ID2
					 " refs/heads/a/b\n" ID2 " " ZERO " refs/tags/v1\n";
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct push push = {0};
	(void)state;
	assert_int_equal(push_parse(input, sizeof input - 1, &arena, &push, &err), 0);
	assert_int_equal(push.count, 3);
	assert_null(push.refs[0].old_id);
	assert_string_equal(push.refs[0].new_id, ID1);
	assert_string_equal(push.refs[0].branch, "main");
	assert_string_equal(push.refs[1].old_id, ID1);
	assert_string_equal(push.refs[1].branch, "a/b");
	assert_null(push.refs[2].branch);
	assert_null(push.refs[2].new_id);
	assert_string_equal(push.refs[2].name, "refs/tags/v1");
	assert_int_equal(push_parse("", 0, &arena, &push, &err), 0);
	assert_int_equal(push.count, 0);
}

static void not_refs(void **state)
{
	static const char *const bad[] = {
		"hello\n",
		ID1 " " ID2 "\n",
		ID1 " " ID2 " main\n",
		ID1 " " ID2 " refs/heads/a b\n",
		ID1 " " ID2 " refs/heads/../../etc\n",
		ID1 " " ID2 " refs/heads/\n",
		ID1 " " ID2 " refs/heads/\x1b[2J\n",
		ID1 "  " ID2 " refs/heads/x\n",
		"g" ID1 " " ID2 " refs/heads/x\n",
		ZERO " 111111111111111111111111111111111111111G refs/heads/x\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct push push = {0};
		if (push_parse(bad[i], strlen(bad[i]), &arena, &push, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err_kind_of(err), ERR_SYNTAX);
	}
}

static void options(void **state)
{
	static const char *const known[] = {"GIT_PUSH_OPTION_COUNT=3", "GIT_PUSH_OPTION_0=ci.skip",
		"GIT_PUSH_OPTION_1=trueup.skip", "GIT_PUSH_OPTION_2=trueup.allow-empty", NULL};
	static const char *const near[] = {
		"GIT_PUSH_OPTION_COUNT=1", "GIT_PUSH_OPTION_0=trueup.skp", NULL};
	static const char *const far[] = {
		"GIT_PUSH_OPTION_COUNT=1", "GIT_PUSH_OPTION_0=trueup.", NULL};
	static const char *const broken[] = {"GIT_PUSH_OPTION_COUNT=many", NULL};
	struct push push = {0};
	AUTO_ERR err = NULL;
	(void)state;
	assert_int_equal(push_options(known, &push, &err), 0);
	assert_true(push.skip && push.allow_empty);
	assert_int_equal(push_options(near, &push, &err), -1);
	assert_string_equal(
		err->message, "there is no push option 'trueup.skp'; did you mean 'trueup.skip'?");
	err_free(&err);
	assert_int_equal(push_options(far, &push, &err), -1);
	assert_string_equal(err->message, "there is no push option 'trueup.'; trueup knows "
					  "trueup.skip and trueup.allow-empty");
	err_free(&err);
	assert_int_equal(push_options(broken, &push, &err), -1);
}

static void actors(void **state)
{
	static const struct {
		const char *environ[4], *want;
	} cases[] = {
		{{"PATH=/bin"}, "git:account"},
		{{"REMOTE_USER=web", "GL_USER=dora"}, "git:dora"},
		{{"REMOTE_USER=a@example.com"}, "git:a@example.com"},
		{{"GL_USER=", "REMOTE_USER=web"}, "git:web"},
		{{"GL_USER=no name", "GITEA_PUSHER_NAME=kit"}, "git:kit"},
		{{"GL_USER=x\ny"}, "git:account"},
		{{"GL_USERS=x"}, "git:account"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *actor = push_actor(cases[i].environ, "account");
		assert_string_equal(actor, cases[i].want);
	}
}

/* Lists as git writes them for folders with a colon, a quote or bytes beyond ASCII in their names.
 */
static void object_dirs(void **state)
{
	static const char list[] = "/a/objects:\"/b:c/\\\"q\\\\\\303\\251\\n\":/d";
	static const char *const want[] = {"/a/objects", "/b:c/\"q\\\xc3\xa9\n", "/d"};
	const char *rest = list;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		AUTO_STR dir = STR_INIT;
		rest = source_next_object_dir(rest, &dir);
		assert_non_null(rest);
		assert_string_equal(dir.data, want[i]);
	}
	AUTO_STR none = STR_INIT;
	assert_null(source_next_object_dir(rest, &none));
	assert_null(source_next_object_dir(NULL, &none));
	assert_non_null(source_next_object_dir("\"cut", &none));
	assert_string_equal(none.data, "cut");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refs),
		cmocka_unit_test(not_refs),
		cmocka_unit_test(options),
		cmocka_unit_test(actors),
		cmocka_unit_test(object_dirs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
