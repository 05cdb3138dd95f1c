/*
 * Protects: requests arrive as they were meant, answers come back whole or as an error that says
 * what happened; credentials stay with the host they were given for and out of every message.
 */
#include "net/http.h"

#include "base/clock.h"
#include "base/err.h"
#include "net/peer.h"

#include <fcntl.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body

static const struct http_config defaults;

static struct http_client *new_client(const struct http_config *config)
{
	struct http_client *client = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(http_client_new(config, &client, &err), 0);
	return client;
}

/* One request of a client of its own. */
static int perform(const struct http_config *config, const struct http_request *request,
	struct http_response *ret, struct err **err)
{
	struct http_client *client = new_client(config);
	const int rc = http_perform(client, request, ret, err);
	http_client_free(client);
	return rc;
}

static void expect_message(struct err *err, const char *expected)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	assert_string_equal(text.data, expected);
}

static void test_request(void **state)
{
	(void)state;
	static const char *const answers[] = {
		"HTTP/1.1 201 Created\r\nX-Thing:  a b \r\nx-thing: second\r\nEmpty:\r\n"
		"Content-Length: 5\r\n\r\nhello",
		NULL};
	struct peer peer = peer_start(answers);
	AUTO_FREE char *url = xasprintf("%s/a%%20b?q=1", peer.url);
	const struct http_header headers[] = {
		{"Content-Type", "application/json", false},
		{"Authorization", "Bearer s3cret", true},
		{"X-Empty", "", false},
	};
	const struct http_request request = {.method = "PATCH",
		.url = url,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.body = "{\"a\":1}",
		.body_len = 7};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), 0);
	assert_int_equal(r.status, 201);
	assert_string_equal(r.body.data, "hello");
	assert_string_equal(http_header(&r, "X-THING"), "a b");
	assert_string_equal(http_header(&r, "empty"), "");
	assert_null(http_header(&r, "absent"));
	assert_int_equal(r.header_count, 4);
	AUTO_STR sent = STR_INIT;
	peer_stop(&peer, &sent);
	AUTO_FREE char *expected = xasprintf("PATCH /a%%20b?q=1 HTTP/1.1\r\n"
					     "Host: 127.0.0.1:%d\r\n"
					     "User-Agent: trueup\r\n"
					     "Accept: */*\r\n"
					     "Content-Type: application/json\r\n"
					     "Authorization: Bearer s3cret\r\n"
					     "X-Empty:\r\n"
					     "Content-Length: 7\r\n\r\n{\"a\":1}",
		peer.port);
	assert_string_equal(sent.data, expected);
}

static void test_methods(void **state)
{
	(void)state;
	static const struct {
		const char *method, *body, *line, *length;
	} rows[] = {
		{NULL, NULL, "GET /", NULL},
		{NULL, "x", "POST /", "Content-Length: 1\r\n"},
		{"POST", NULL, "POST /", "Content-Length: 0\r\n"},
		{"DELETE", NULL, "DELETE /", NULL},
		{"DELETE", "x", "DELETE /", "Content-Length: 1\r\n"},
		{"HEAD", NULL, "HEAD /", NULL},
		{"PUT", "xy", "PUT /", "Content-Length: 2\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		static const char *const answers[] = {OK("7\r\n\r\n{\"a\":1}"), NULL};
		struct peer peer = peer_start(answers);
		const struct http_request request = {.method = rows[i].method,
			.url = peer.url,
			.body = rows[i].body,
			.body_len = rows[i].body ? strlen(rows[i].body) : 0};
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(perform(&defaults, &request, &r, &err), 0);
		assert_string_equal(r.body.data, str_eq(rows[i].method, "HEAD") ? "" : "{\"a\":1}");
		AUTO_STR sent = STR_INIT;
		peer_stop(&peer, &sent);
		assert_true(str_starts(sent.data, rows[i].line));
		assert_null(strstr(sent.data, "Content-Type"));
		assert_null(strstr(sent.data, "Expect"));
		if (rows[i].length)
			assert_non_null(strstr(sent.data, rows[i].length));
		else
			assert_null(strstr(sent.data, "Content-Length"));
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *method, *url, *name, *value, *message;
	} rows[] = {
		{NULL, "ftp://127.0.0.1/x", NULL, NULL,
			"HTTP request: a URL has to begin with https:// or http://, not ftp://"},
		{NULL, "file:///etc/passwd", NULL, NULL, "HTTP request: the URL has no host"},
		{NULL, "/only/a/path", NULL, NULL,
			"HTTP request: the URL cannot be understood: it has to be absolute, such "
			"as "
			"https://host/path"},
		{NULL, "https://user:pass@host/", NULL, NULL,
			"HTTP request: a URL must not hold a user name or password: use a header "
			"or "
			"token file"},
		{NULL, "https://host/a b", NULL, NULL,
			"HTTP request: the URL holds a blank or control character at byte 15: "
			"percent-encode it"},
		{NULL, "https://host/a\r\nX: y", NULL, NULL,
			"HTTP request: the URL holds a blank or control character at byte 15: "
			"percent-encode it"},
		{"GET /x HTTP/1.1\r\n", "http://127.0.0.1/", NULL, NULL,
			"HTTP request: not an HTTP method"},
		{NULL, "http://127.0.0.1/", "X-A", "1\r\nX-B: 2",
			"HTTP request: the value of header X-A holds a line break or control "
			"character"},
		{NULL, "http://127.0.0.1/", "X-A\n", "1",
			"HTTP request: header 1 has no valid name"},
		{NULL, "http://127.0.0.1/", "X A", "1", "HTTP request: header 1 has no valid name"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct http_header header = {rows[i].name, rows[i].value, false};
		const struct http_request request = {.method = rows[i].method,
			.url = rows[i].url,
			.headers = &header,
			.header_count = rows[i].name ? 1 : 0};
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(perform(&defaults, &request, &r, &err), -1);
		assert_int_equal(err->kind, ERR_INVALID);
		expect_message(err, rows[i].message);
	}
}

static void test_secrets_in_the_clear(void **state)
{
	(void)state;
	const struct http_header secret = {"Authorization", "Bearer s3cret", true};
	const struct http_request request = {.url = "http://forge.example/api?token=s3cret",
		.headers = &secret,
		.header_count = 1};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), -1);
	expect_message(err, "http://forge.example: credentials are not sent over http:// to "
			    "another machine: use https://");
}

static void test_broken_answers(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		enum err_kind kind;
		const char *message; /* behind "GET URL: " */
	} rows[] = {
		{OK("100\r\n\r\nhalf"), ERR_UNAVAILABLE,
			"transfer closed with 96 bytes remaining to read"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", ERR_UNAVAILABLE,
			"transfer closed with outstanding read data remaining"},
		{"", ERR_UNAVAILABLE, "the connection was closed without an answer"},
		{"SSH-2.0-OpenSSH_9.2\r\n", ERR_UNAVAILABLE, "Received HTTP/0.9 when not allowed"},
		{OK("1001\r\n\r\n"), ERR_INVALID, NULL},
		{"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n", ERR_UNAVAILABLE,
			"Invalid Content-Length: value"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STR answer = STR_INIT;
		str_add(&answer, rows[i].answer);
		if (!rows[i].message)
			for (int k = 0; k < 1001; k++)
				str_addc(&answer, 'x');
		const char *const answers[] = {answer.data, NULL};
		struct peer peer = peer_start(answers);
		AUTO_FREE char *url = xasprintf("%s/x?token=s3cret", peer.url);
		const struct http_request request = {.url = url};
		const struct http_config config = {.max_body = 1000};
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(perform(&config, &request, &r, &err), -1);
		AUTO_FREE char *expected = xasprintf("GET %s/x: %s", peer.url,
			rows[i].message ? rows[i].message : "the answer is larger than 1000 bytes");
		expect_message(err, expected);
		assert_int_equal(err->kind, rows[i].kind);
		assert_int_equal(r.body.len, 0);
		peer_stop(&peer, NULL);
	}
}

static void test_chunked_and_continue(void **state)
{
	(void)state;
	static const char *const answers[] = {"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
					      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
					      "\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
		NULL};
	struct peer peer = peer_start(answers);
	const struct http_request request = {.url = peer.url};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), 0);
	assert_string_equal(r.body.data, "hello world");
	assert_null(http_header(&r, "x-early"));
	peer_stop(&peer, NULL);
}

static bool say_yes(void *data)
{
	(*(int *)data)++;
	return true;
}

static void test_time_limits(void **state)
{
	(void)state;
	static const char *const silent[] = {"@", "@" OK("10\r\n\r\nhalf"), "@", NULL};
	struct peer peer = peer_start(silent);
	const struct http_request request = {.url = peer.url};
	for (int i = 0; i < 2; i++) {
		const struct http_config config = {.total_ms = 150};
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(perform(&config, &request, &r, &err), -1);
		assert_int_equal(err->kind, ERR_TIMEOUT);
	}
	int asked = 0;
	const struct http_config config = {.cancelled = say_yes, .cancelled_data = &asked};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&config, &request, &r, &err), -1);
	assert_int_equal(err->kind, ERR_CANCELLED);
	assert_int_equal(asked, 1);
	peer_stop(&peer, NULL);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	int port = 0;
	const int fd = peer_listen(&port);
	(void)close(fd);
	AUTO_FREE char *url = xasprintf("http://127.0.0.1:%d/secret-path", port);
	const struct http_request request = {.url = url, .secret_url = true};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), -1);
	assert_int_equal(err->kind, ERR_UNAVAILABLE);
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	AUTO_FREE char *start = xasprintf("GET http://127.0.0.1:%d: Failed to connect", port);
	assert_true(str_starts(text.data, start));
	assert_null(strstr(text.data, "secret-path"));
}

/* The environment's proxy would swallow the request: nobody listens there. */
static void test_no_proxy_from_environment(void **state)
{
	(void)state;
	static const char *const answers[] = {OK("2\r\n\r\nok"), NULL};
	struct peer peer = peer_start(answers);
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	const struct http_request request = {.url = peer.url};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), 0);
	assert_string_equal(r.body.data, "ok");
	peer_stop(&peer, NULL);
	(void)unsetenv("http_proxy");
	(void)unsetenv("ALL_PROXY");

	/* One that is configured is used, also where the environment would make an exception. */
	(void)setenv("no_proxy", "*", 1);
	struct peer proxy = peer_start(answers);
	const struct http_config config = {.proxy = proxy.url};
	const struct http_request through = {.url = "http://forge.invalid/x"};
	assert_int_equal(perform(&config, &through, &r, &err), 0);
	AUTO_STR sent = STR_INIT;
	peer_stop(&proxy, &sent);
	assert_true(str_starts(sent.data, "GET http://forge.invalid/x HTTP/1.1\r\n"));
	(void)unsetenv("no_proxy");
}

static void redirect(struct str *answer, int status, const char *to)
{
	str_addf(answer, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nmoved", status,
		to);
}

static void test_redirects(void **state)
{
	(void)state;
	static const struct {
		const char *method;
		int status;
		bool elsewhere, follow;
		int expect; /* status of the answer */
		bool secret_arrives;
	} rows[] = {
		{"GET", 302, false, true, 200, true},
		{"GET", 301, true, true, 200, false},
		{"GET", 302, false, false, 302, false},
		{"HEAD", 307, true, true, 200, false},
		{"POST", 302, false, true, 302, false},
		{"POST", 307, false, true, 200, true},
		{"POST", 308, true, true, 308, false},
		{"GET", 300, false, true, 300, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		static const char *const last[] = {OK("0\r\n\r\n"), NULL};
		struct peer target = peer_start(last);
		int port = 0;
		const int fd = peer_listen(&port);
		AUTO_STR first = STR_INIT;
		AUTO_FREE char *away = xasprintf("%s/next", target.url);
		redirect(&first, rows[i].status, rows[i].elsewhere ? away : "/next");
		const char *const answers[] = {first.data, last[0], NULL};
		struct peer peer = peer_start_on(fd, port, answers);
		const struct http_header headers[] = {
			{"Authorization", "s3cret", true}, {"X-Plain", "p", false}};
		const struct http_request request = {.method = rows[i].method,
			.url = peer.url,
			.headers = headers,
			.header_count = 2,
			.body = str_eq(rows[i].method, "POST") ? "b" : NULL,
			.body_len = str_eq(rows[i].method, "POST"),
			.follow = rows[i].follow};
		AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		AUTO_ERR err = NULL;
		assert_int_equal(perform(&defaults, &request, &r, &err), 0);
		assert_int_equal(r.status, rows[i].expect);
		assert_string_equal(r.body.data,
			rows[i].expect == 200 || str_eq(rows[i].method, "HEAD") ? "" : "moved");
		AUTO_STR here = STR_INIT, there = STR_INIT;
		peer_stop(&peer, &here);
		peer_stop(&target, &there);
		const char *second = rows[i].elsewhere ? there.data : here.data + strlen(here.data);
		const size_t left = rows[i].elsewhere ? there.len : here.len - strlen(here.data);
		const bool arrived = memmem(second, left, "s3cret", 6) != NULL;
		assert_int_equal(arrived, rows[i].secret_arrives);
		assert_int_equal(memmem(second, left, "X-Plain", 7) != NULL, rows[i].expect == 200);
	}
}

static void test_endless_redirects(void **state)
{
	(void)state;
	AUTO_STR answer = STR_INIT;
	redirect(&answer, 302, "/again?token=s3cret");
	const char *answers[8] = {NULL};
	for (int i = 0; i < 7; i++)
		answers[i] = answer.data;
	struct peer peer = peer_start(answers);
	const struct http_request request = {.url = peer.url, .follow = true};
	AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(perform(&defaults, &request, &r, &err), -1);
	AUTO_FREE char *expected = xasprintf("GET %s/: more than 5 redirects", peer.url);
	expect_message(err, expected);
	peer_stop(&peer, NULL);
}

static void test_retry_at(void **state)
{
	(void)state;
	const int64_t now = 1700000000000;
	static const struct {
		const char *name[3], *value[3];
		int64_t expect;
	} rows[] = {
		{{NULL}, {NULL}, 0},
		{{"retry-after"}, {"120"}, 1700000120000},
		{{"retry-after"}, {"Tue, 14 Nov 2023 22:15:20 GMT"}, 1700000120000},
		{{"retry-after"}, {"Tue, 14 Nov 2000 22:15:20 GMT"}, 1700000000000},
		{{"retry-after"}, {"soon"}, 0},
		{{"retry-after"}, {"-5"}, 0},
		/* Never longer than a day. */
		{{"retry-after"}, {"99999999"}, 1700086400000},
		{{"retry-after"}, {"99999999999999999999"}, 0},
		{{"x-ratelimit-remaining", "x-ratelimit-reset"}, {"0", "1700000060"},
			1700000060000},
		{{"x-ratelimit-remaining", "x-ratelimit-reset"}, {"1", "1700000060"}, 0},
		{{"x-ratelimit-remaining", "x-ratelimit-reset"}, {"0", "9223372036854775807"},
			1700086400000},
		{{"x-ratelimit-remaining"}, {"0"}, 0},
		/* GitLab spells it without the x; others count from now. */
		{{"ratelimit-remaining", "ratelimit-reset"}, {"0", "1700000060"}, 1700000060000},
		{{"ratelimit-remaining", "ratelimit-reset"}, {"0", "30"}, 1700000030000},
		{{"x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"},
			{"0", "1700000060", "5"}, 1700000005000},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_header headers[3];
		struct http_response r = {.headers = headers, .received_ms = now};
		for (int k = 0; k < 3 && rows[i].name[k]; k++)
			headers[r.header_count++] =
				(struct http_header){rows[i].name[k], rows[i].value[k], false};
		assert_int_equal(http_retry_at(&r), rows[i].expect);
	}
}

static void test_encoding(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	http_add_encoded(&out, "a/b c%~\xc3\xa9?&#");
	assert_string_equal(out.data, "a%2Fb%20c%25~%C3%A9%3F%26%23");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_secrets_in_the_clear),
		cmocka_unit_test(test_broken_answers),
		cmocka_unit_test(test_chunked_and_continue),
		cmocka_unit_test(test_time_limits),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_no_proxy_from_environment),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_endless_redirects),
		cmocka_unit_test(test_retry_at),
		cmocka_unit_test(test_encoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
