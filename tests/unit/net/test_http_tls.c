/*
 * Protects: over TLS nothing is said to a server whose certificate does not verify, or was made for
 * another name, and nothing below TLS 1.2. The server is `openssl s_server`.
 */
#include "check.h"

#include "base/child.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tempdir.h"
#include "net/http.h"

#include <signal.h>
#include <unistd.h>

struct world {
	char *dir, *openssl, *certificate;
};

static const char *const no_env[] = {NULL};

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);
	w->dir = tempdir_new();
	w->openssl = fs_find_program("openssl");
	w->certificate = path_join(w->dir, "cert.pem");
	*state = w;
	if (!w->openssl)
		return 0;
	const char *const argv[] = {w->openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
		"-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost", NULL};
	const struct child_spec spec = {.argv = argv,
		.envp = no_env,
		.dir = w->dir,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1};
	struct child_exit how;
	AUTO_ERR err = NULL;
	return child_run(&spec, NULL, 1000, 30000, NULL, NULL, &how, &err) == 0 && how.code == 0
		       ? 0
		       : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;
	tempdir_remove(&w->dir);
	free(w->openssl);
	free(w->certificate);
	free(w);
	return 0;
}

/* Starts a server with one more option of s_server; returns its port once it accepts. */
static int start(const struct world *w, const char *option, struct child *ret)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	const char *const argv[] = {w->openssl, "s_server", "-accept", "127.0.0.1:0", "-cert",
		"cert.pem", "-key", "key.pem", "-www", "-naccept", "1", option, NULL};
	const struct child_spec spec = {.argv = argv,
		.envp = no_env,
		.dir = w->dir,
		.stdin_fd = -1,
		.stdout_fd = fds[1],
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true};
	AUTO_ERR err = NULL;
	assert_int_equal(child_start(&spec, ret, &err), 0);
	(void)close(fds[1]);
	/* "ACCEPT 127.0.0.1:41234" */
	AUTO_STR out = STR_INIT;
	char c;
	while (!strstr(out.data, "ACCEPT ") || out.data[out.len - 1] != '\n') {
		assert_int_equal(read(fds[0], &c, 1), 1);
		str_addc(&out, c);
	}
	(void)close(fds[0]);
	return (int)strtol(strrchr(out.data, ':') + 1, NULL, 10);
}

static void test_tls(void **state)
{
	const struct world *w = *state;
	static const struct {
		const char *host, *option;
		bool trusted;
		enum err_kind kind; /* 0: it works */
	} rows[] = {
		{"localhost", NULL, true, 0},
		{"localhost", "-tls1_2", true, 0},
		{"localhost", NULL, false, ERR_DENIED}, /* nobody known vouches for it */
		{"127.0.0.1", NULL, true, ERR_DENIED}, /* made for another name */
		{"localhost", "-tls1_1", true, ERR_UNAVAILABLE},
	};
	if (!w->openssl)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child server = CHILD_NONE;
		const int port = start(w, rows[i].option, &server);
		AUTO_FREE char *url = xasprintf("https://%s:%d/", rows[i].host, port);
		const struct http_header secret = {"Authorization", "Bearer s3cret", true};
		const struct http_request request = {
			.url = url, .headers = &secret, .header_count = 1};
		const struct http_config config = {
			.ca_file = rows[i].trusted ? w->certificate : NULL};
		struct http_client *client = NULL;
		AUTO_ERR err = NULL;
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		assert_int_equal(http_client_new(&config, &client, &err), 0);
		const int rc = http_perform(client, &request, &r, &err);
		if (rows[i].kind == 0) {
			assert_int_equal(rc, 0);
			assert_int_equal(r.status, 200);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(err->kind, rows[i].kind);
		}
		http_client_free(client);
		child_signal(&server, SIGKILL);
		struct child_exit how;
		AUTO_ERR ignored = NULL;
		assert_int_equal(child_wait(&server, -1, &how, &ignored), 0);
		child_release(&server);
	}
}

static void test_missing_ca_file(void **state)
{
	(void)state;
	const struct http_config config = {.ca_file = "/nonexistent/ca.pem"};
	struct http_client *client = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(http_client_new(&config, &client, &err), -1);
	assert_int_equal(err->kind, ERR_NOT_FOUND);
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	assert_string_equal(text.data,
		"certificates that are trusted: open /nonexistent/ca.pem: No such file or "
		"directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
		cmocka_unit_test(test_missing_ca_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
