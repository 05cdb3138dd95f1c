/*
 * Protects: how a script asks for another runbook. What one side writes the other reads; what a
 * script may send instead is refused and never waited for without end.
 */
#include "check.h"

#include "../base/tempdir.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "runbook/call.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct heard {
	struct str out, errout;
};

static void hear(void *data, enum call_frame kind, const char *text, size_t len)
{
	struct heard *heard = data;
	str_addn(kind == CALL_OUT ? &heard->out : &heard->errout, text, len);
}

static struct call_request example(struct arena *arena)
{
	static const char *const environ[] = {"A=1", "B=two words", NULL};
	struct call_request r = {
		.token = "00ff",
		.runbook = "Child",
		.role = "sre",
		.environ = environ,
		.mode = CALL_CHECK,
		.timeout_ms = 1500,
		.json = true,
		.verbose = 1,
	};
	given_vars_put(arena, &r.vars, (struct given_var){"X", "v\n\"1\"", VALUE_PLAIN});
	given_vars_put(arena, &r.vars, (struct given_var){"Y", "name", VALUE_CREDENTIAL});
	return r;
}

/* The side of the supervisor for one call, in a process of its own. */
static void answer(int listener, const char *const *frames, int code)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct call_request got;
	int fd;
	do
		fd = accept(listener, NULL, NULL);
	while (fd < 0);
	const struct call_request want = example(&arena);
	if (call_read(fd, &arena, &got, &err) < 0 || strcmp(got.token, want.token) != 0 ||
		strcmp(got.runbook, want.runbook) != 0 || strcmp(got.role, want.role) != 0 ||
		got.vars.count != 2 || strcmp(got.vars.items[0].value, "v\n\"1\"") != 0 ||
		got.vars.items[1].kind != VALUE_CREDENTIAL ||
		strcmp(got.environ[1], "B=two words") || got.environ[2] || got.mode != CALL_CHECK ||
		got.timeout_ms != 1500 || !got.json || got.quiet || got.verbose != 1)
		_exit(1);
	for (size_t i = 0; frames[i]; i += 2)
		if (!call_write(fd, frames[i][0] == 'O' ? CALL_OUT : CALL_ERR, frames[i + 1],
			    strlen(frames[i + 1])))
			_exit(2);
	const char last = (char)code;
	if (code >= 0 && !call_write(fd, CALL_EXIT, &last, 1))
		_exit(3);
	_exit(0);
}

static int call_with(const char *folder, const char *const *frames, int code, struct heard *heard,
	int *ret_code, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_CLOSE listener = call_listen(folder, err);
	assert_true(listener >= 0);
	assert_int_equal(fcntl(listener, F_SETFL, 0), 0);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		answer(listener, frames, code);
	const struct call_request request = example(&arena);
	const int rc = call_send(folder, &request, hear, heard, ret_code, err);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return rc;
}

static void a_call_and_its_answer(void **state)
{
	static const char *const frames[] = {"O", "one", "E", "two", "O", "", "O", " three", NULL};
	AUTO_TEMPDIR dir = tempdir_new();
	/* Longer than the path of a socket may be. */
	AUTO_FREE char *folder = xasprintf("%s/%0200d", dir, 7);
	AUTO_ERR err = NULL;
	struct heard heard = {STR_INIT, STR_INIT};
	int code = -1;
	(void)state;
	assert_int_equal(call_with(folder, frames, 4, &heard, &code, &err), 0);
	assert_int_equal(code, 4);
	assert_string_equal(heard.out.data, "one three");
	assert_string_equal(heard.errout.data, "two");
	str_release(&heard.out);
	str_release(&heard.errout);
}

static void an_answer_that_breaks_off_is_an_error(void **state)
{
	static const char *const frames[] = {"O", "half", NULL};
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ERR err = NULL;
	struct heard heard = {STR_INIT, STR_INIT};
	int code = -1;
	(void)state;
	assert_int_equal(call_with(dir, frames, -1, &heard, &code, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_UNAVAILABLE);
	assert_string_equal(heard.out.data, "half");
	str_release(&heard.out);
	str_release(&heard.errout);
}

static void nobody_listens(void **state)
{
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	const struct call_request request = example(&arena);
	int code;
	(void)state;
	assert_int_equal(call_send(dir, &request, hear, NULL, &code, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_NOT_FOUND);
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"null",
		"{\"token\":\"a\"}",
		"{\"token\":1,\"runbook\":\"C\"}",
		"{\"token\":\"a\\u0000b\",\"runbook\":\"C\"}",
		"{\"token\":\"a\",\"runbook\":\"C\\u0000\"}",
		"{\"token\":\"a\",\"runbook\":\"C\",\"vars\":[{\"name\":\"1\",\"value\":\"\"}]}",
		"{\"token\":\"a\",\"runbook\":\"C\",\"vars\":[{\"name\":\"A\"}]}",
		"{\"token\":\"a\",\"runbook\":\"C\",\"vars\":[{\"name\":\"A\",\"value\":\"\","
		"\"kind\":1}]}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		struct call_request r;
		assert_int_equal(call_parse(&arena, texts[i], strlen(texts[i]), &r, &err), -1);
		assert_int_equal(err_kind_of(err), ERR_INVALID);
	}
}

static void numbers_out_of_range_are_nothing(void **state)
{
	static const char text[] = "{\"token\":\"a\",\"runbook\":\"C\",\"mode\":99,\"verbose\":-4,"
				   "\"timeoutMs\":-1,\"environ\":[1,\"A=b\"]}";
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct call_request r;
	(void)state;
	assert_int_equal(call_parse(&arena, text, sizeof text - 1, &r, &err), 0);
	assert_int_equal(r.mode, CALL_RUN);
	assert_int_equal(r.verbose, 0);
	assert_int_equal(r.timeout_ms, 0);
	assert_string_equal(r.environ[0], "A=b");
	assert_null(r.environ[1]);
}

static void a_request_that_ends_early_or_never_is_refused(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_STR large = STR_INIT;
	struct call_request r;
	(void)state;
	for (int i = 0; i < 2; i++) {
		AUTO_ERR err = NULL;
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		if (i == 1)
			while (large.len <= CALL_REQUEST_MAX)
				str_add(&large,
					"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		else
			str_add(&large, "{\"token\":");
		const pid_t pid = fork();
		if (pid == 0) {
			(void)close(pair[0]);
			for (size_t at = 0; at < large.len;) {
				const ssize_t n = write(pair[1], large.data + at, large.len - at);
				if (n <= 0)
					break;
				at += (size_t)n;
			}
			_exit(0);
		}
		(void)close(pair[1]);
		assert_int_equal(call_read(pair[0], &arena, &r, &err), -1);
		assert_int_equal(err_kind_of(err), ERR_INVALID);
		(void)close(pair[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_and_its_answer),
		cmocka_unit_test(an_answer_that_breaks_off_is_an_error),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(numbers_out_of_range_are_nothing),
		cmocka_unit_test(a_request_that_ends_early_or_never_is_refused),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
