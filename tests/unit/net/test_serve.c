/*
 * Protects: requests reach their handler whole and unchanged and get one answer, at once or later;
 * what is too large, too slow or too much is refused before it costs anything; stopping loses no
 * request that was taken.
 */
#include "net/serve.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/loop.h"
#include "net/http.h"
#include "net/peer.h"

#include "base/tempdir.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

struct world {
	struct loop *loop;
	struct server *server;
	struct serve_request *kept[4]; /* requests of /later, not yet answered */
	size_t kept_count;
	int calls;
	bool stopped;
	char peer[64];
};

/* Gives back what it got. */
static void on_echo(struct serve_request *rq, void *data)
{
	struct world *w = data;
	w->calls++;
	(void)str_copy(w->peer, sizeof w->peer, serve_peer(rq));
	size_t len = 0;
	const char *body = serve_body(rq, &len);
	AUTO_STR out = STR_INIT;
	const char *thing = serve_header(rq, "x-thing");
	const char *query = serve_query(rq, "q");
	str_addf(&out, "%s %s rest=%s q=%s thing=%s*%zu body=", serve_method(rq), serve_path(rq),
		serve_rest(rq), query ? query : "-", thing ? thing : "-",
		serve_header_count(rq, "X-Thing"));
	str_addn(&out, body, len);
	serve_add_header(rq, "X-Answer", "yes");
	serve_respond(rq, 200, "text/plain", out.data, out.len);
}

static void on_later(struct serve_request *rq, void *data)
{
	struct world *w = data;
	w->calls++;
	w->kept[w->kept_count++] = rq;
}

static struct serve_route routes[] = {
	{"GET", "/echo", 0, on_echo, NULL},
	{"POST", "/echo", 20, on_echo, NULL},
	{"POST", "/hook/*", 1 << 20, on_echo, NULL},
	{"GET", "/later", 0, on_later, NULL},
};

static void open_world(struct world *w, struct serve_config config)
{
	AUTO_ERR err = NULL;
	*w = (struct world){.calls = 0};
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		routes[i].data = w;
	config.routes = routes;
	config.route_count = ARRAY_LEN(routes);
	if (!config.listen)
		config.listen = "127.0.0.1:0";
	assert_int_equal(loop_new(&w->loop, &err), 0);
	assert_int_equal(serve_open(w->loop, &config, &w->server, &err), 0);
}

static void close_world(struct world *w)
{
	serve_free(w->server);
	loop_free(w->loop);
}

static void turn(struct world *w)
{
	AUTO_ERR err = NULL;
	assert_int_equal(loop_step(w->loop, 10, NULL, &err), 0);
}

static int dial(const struct world *w)
{
	const char *colon = strrchr(serve_address(w->server), ':');
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Turns the loop until the other side closes or a whole answer is there. */
static void hear(struct world *w, int fd, struct str *ret)
{
	for (;;) {
		char buf[4096];
		const ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return;
		if (n > 0)
			str_addn(ret, buf, (size_t)n);
		const char *end = strstr(ret->data, "\r\n\r\n");
		const char *length = strcasestr(ret->data, "content-length: ");
		if (end && length &&
			ret->len >= (size_t)(end - ret->data) + 4 + strtoul(length + 16, NULL, 10))
			return;
		turn(w);
	}
}

/* One request on a connection of its own; the answer's body comes back, its status in *status. */
static char *ask(struct world *w, const char *text, int *status)
{
	const int fd = dial(w);
	say(fd, text);
	AUTO_STR answer = STR_INIT;
	hear(w, fd, &answer);
	(void)close(fd);
	*status = str_starts(answer.data, "HTTP/1.1 ") ? (int)strtol(answer.data + 9, NULL, 10) : 0;
	const char *end = strstr(answer.data, "\r\n\r\n");
	return xstrdup(end ? end + 4 : "");
}

static void test_routes(void **state)
{
	(void)state;
	static const struct {
		const char *request;
		int status;
		const char *body;
	} rows[] = {
		{"GET /echo?q=a%20b&x=1 HTTP/1.1\r\nHost: h\r\nX-Thing: 1\r\nx-thing: 2\r\n\r\n",
			200, "GET /echo rest= q=a b thing=1*2 body="},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na\r\nbc", 200,
			"POST /echo rest= q=- thing=-*0 body=a\r\nbc"},
		{"POST /hook/git%2Fhub HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200,
			"POST /hook/git/hub rest=git/hub q=- thing=-*0 body="},
		{"POST /hook/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200,
			"POST /hook/ rest= q=- thing=-*0 body="},
		{"GET /echo/ HTTP/1.1\r\nHost: h\r\n\r\n", 404, "there is nothing here\n"},
		{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 404, "there is nothing here\n"},
		{"DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n", 405, "not with this method\n"},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\n", 413,
			"the body is too large\n"},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n",
			413, NULL},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400, NULL},
		{"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "1\r\na\r\n0\r\n\r\n",
			411, "a body needs a Content-Length\n"},
		{"GET /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na", 413,
			"the body is too large\n"},
		{"GET /echo HTTP/1.1\r\n\r\n", 400, NULL}, /* no Host */
		{"GET /echo HTTP/9.9\r\nHost: h\r\n\r\n", 505, NULL},
	};
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = 0;
		AUTO_FREE char *body = ask(&w, rows[i].request, &status);
		assert_int_equal(status, rows[i].status);
		if (rows[i].body)
			assert_string_equal(body, rows[i].body);
	}
	assert_int_equal(w.calls, 4);
	assert_string_equal(w.peer, "127.0.0.1");
	close_world(&w);
}

static void test_head_and_headers(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	const int fd = dial(&w);
	say(fd, "HEAD /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	AUTO_STR answer = STR_INIT;
	while (!strstr(answer.data, "\r\n\r\n"))
		hear(&w, fd, &answer);
	assert_true(str_ends(answer.data, "\r\n\r\n"));
	assert_non_null(strstr(answer.data, "\r\nX-Answer: yes\r\n"));
	assert_non_null(strstr(answer.data, "\r\nContent-Type: text/plain\r\n"));
	assert_null(strstr(answer.data, "Server:"));
	(void)close(fd);

	int status = 0;
	const int other = dial(&w);
	say(other, "PUT /echo HTTP/1.1\r\nHost: h\r\n\r\n");
	str_clear(&answer);
	hear(&w, other, &answer);
	assert_non_null(strstr(answer.data, "\r\nAllow: GET, POST\r\n"));
	(void)close(other);
	(void)status;
	close_world(&w);
}

/* Two requests in one packet, on a connection that stays. */
static void test_pipeline(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	const int fd = dial(&w);
	say(fd, "GET /echo?q=1 HTTP/1.1\r\nHost: h\r\n\r\n"
		"GET /echo?q=2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
	AUTO_STR answer = STR_INIT;
	while (!strstr(answer.data, "q=2")) {
		turn(&w);
		hear(&w, fd, &answer);
	}
	assert_non_null(strstr(answer.data, "q=1 "));
	assert_int_equal(w.calls, 2);
	(void)close(fd);
	close_world(&w);
}

static void test_later(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL, .request_ms = 40});
	const int fd = dial(&w);
	say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	while (w.kept_count == 0)
		turn(&w);
	/* Thinking is not limited by request_ms; others are served meanwhile. */
	const int64_t until = clock_monotonic_ms() + 120;
	while (clock_monotonic_ms() < until)
		turn(&w);
	int status = 0;
	AUTO_FREE char *body = ask(&w, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n", &status);
	assert_int_equal(status, 200);
	serve_respond_text(w.kept[0], 202, "done");
	AUTO_STR answer = STR_INIT;
	hear(&w, fd, &answer);
	assert_true(str_starts(answer.data, "HTTP/1.1 202 "));
	assert_true(str_ends(answer.data, "\r\n\r\ndone\n"));
	(void)close(fd);
	close_world(&w);
}

/* Cut after request_ms, however busily they trickle. */
static void test_slow(void **state)
{
	(void)state;
	static const char *const begun[] = {
		"GET /echo HTTP/1.1\r\nHost: h\r\nX-Long: ",
		"POST /hook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n",
		"",
	};
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL, .request_ms = 100});
	for (size_t i = 0; i < ARRAY_LEN(begun); i++) {
		const int fd = dial(&w);
		const int64_t start = clock_monotonic_ms();
		say(fd, begun[i]);
		for (;;) {
			turn(&w);
			char buf[512];
			const ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
			if (n == 0 || (n < 0 && errno != EAGAIN))
				break;
			assert_true(n < 0);
			/* A byte for each turn, until it is refused. */
			if (*begun[i])
				(void)send(fd, "x", 1, MSG_NOSIGNAL);
		}
		assert_true(clock_monotonic_ms() - start >= 100);
		(void)close(fd);
	}
	assert_int_equal(w.calls, 0);
	close_world(&w);
}

static void test_header_limit(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL, .max_headers = 4096});
	AUTO_STR text = STR_INIT;
	str_add(&text, "GET /echo HTTP/1.1\r\nHost: h\r\nX-Long: ");
	for (int i = 0; i < 5000; i++)
		str_addc(&text, 'x');
	str_add(&text, "\r\n\r\n");
	int status = 0;
	AUTO_FREE char *body = ask(&w, text.data, &status);
	assert_int_equal(status, 431);
	assert_int_equal(w.calls, 0);
	close_world(&w);
}

static void test_connection_limits(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL, .max_per_address = 2});
	const int first = dial(&w), second = dial(&w);
	say(first, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
	say(second, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
	AUTO_STR answer = STR_INIT;
	hear(&w, first, &answer);
	str_clear(&answer);
	hear(&w, second, &answer);
	const int third = dial(&w);
	str_clear(&answer);
	hear(&w, third, &answer);
	assert_int_equal(answer.len, 0);
	(void)close(third);
	/* When one goes, another may come. */
	(void)close(first);
	int status = 0;
	for (int i = 0; i < 100 && status != 200; i++) {
		turn(&w);
		const int fd = dial(&w);
		static const char get[] = "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";
		(void)send(fd, get, strlen(get), MSG_NOSIGNAL);
		str_clear(&answer);
		hear(&w, fd, &answer);
		status = str_starts(answer.data, "HTTP/1.1 200") ? 200 : 0;
		(void)close(fd);
	}
	assert_int_equal(status, 200);
	(void)close(second);
	close_world(&w);
}

/* Bodies that are announced take room; what does not fit is told to come again. */
static void test_body_budget(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL, .max_bodies = 1000});
	const int fd = dial(&w);
	say(fd, "POST /hook/a HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
	for (int i = 0; i < 5; i++)
		turn(&w);
	int status = 0;
	static const char second[] =
		"POST /hook/b HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n";
	AUTO_FREE char *body = ask(&w, second, &status);
	assert_int_equal(status, 503);
	char text[900];
	memset(text, 'a', sizeof text);
	assert_int_equal(send(fd, text, sizeof text, MSG_NOSIGNAL), sizeof text);
	AUTO_STR answer = STR_INIT;
	hear(&w, fd, &answer);
	assert_true(str_starts(answer.data, "HTTP/1.1 200 "));
	(void)close(fd);
	AUTO_FREE char *again =
		ask(&w, "POST /hook/b HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789",
			&status);
	assert_int_equal(status, 200);
	close_world(&w);
}

static void on_stopped(void *data)
{
	((struct world *)data)->stopped = true;
}

static void test_stop(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	const int idle = dial(&w), busy = dial(&w);
	say(busy, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	while (w.kept_count == 0)
		turn(&w);
	serve_stop(w.server, on_stopped, &w);
	AUTO_STR answer = STR_INIT;
	hear(&w, idle, &answer);
	assert_int_equal(answer.len, 0); /* closed */
	assert_false(w.stopped);
	/* Nobody listens any more. */
	const char *colon = strrchr(serve_address(w.server), ':');
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int late = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&at, sizeof at), -1);
	(void)close(late);

	serve_respond_text(w.kept[0], 200, "finished");
	hear(&w, busy, &answer);
	assert_true(str_ends(answer.data, "finished\n"));
	assert_non_null(strcasestr(answer.data, "\r\nConnection: close\r\n"));
	while (!w.stopped)
		turn(&w);
	(void)close(idle);
	(void)close(busy);
	close_world(&w);

	/* With nothing to wait for it is said in the loop as well, not inside of the call. */
	open_world(&w, (struct serve_config){.listen = NULL});
	serve_stop(w.server, on_stopped, &w);
	assert_false(w.stopped);
	while (!w.stopped)
		turn(&w);
	close_world(&w);
}

/* A handler may answer after the server is gone. */
static void test_free_while_waiting(void **state)
{
	(void)state;
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	const int fd = dial(&w), gone = dial(&w);
	say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	while (w.kept_count < 1)
		turn(&w);
	say(gone, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
	while (w.kept_count < 2)
		turn(&w);
	/* A client that leaves while its request is handled. That does not keep the loop busy. */
	(void)close(gone);
	bool busy = true;
	AUTO_ERR err = NULL;
	for (int i = 0; i < 20 && busy; i++)
		assert_int_equal(loop_step(w.loop, 0, &busy, &err), 0);
	assert_false(busy);
	serve_respond_text(w.kept[1], 200, "nobody");
	for (int i = 0; i < 3; i++)
		turn(&w);
	serve_free(w.server);
	assert_string_equal(serve_path(w.kept[0]), "/later");
	assert_null(serve_header(w.kept[0], "host"));
	serve_respond_text(w.kept[0], 200, "too late");
	(void)close(fd);
	loop_free(w.loop);
}

static void test_unix_socket(void **state)
{
	(void)state;
	AUTO_TEMPDIR dir = tempdir_new();
	AUTO_FREE char *path = path_join(dir, "http.sock");
	AUTO_FREE char *listen_at = xasprintf("unix:%s", path);
	struct world w;
	open_world(&w, (struct serve_config){.listen = listen_at});
	assert_string_equal(serve_address(w.server), listen_at);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);

	struct sockaddr_un at = {.sun_family = AF_UNIX};
	assert_true(str_copy(at.sun_path, sizeof at.sun_path, path));
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
	AUTO_STR answer = STR_INIT;
	hear(&w, fd, &answer);
	assert_true(str_starts(answer.data, "HTTP/1.1 200 "));
	assert_string_equal(w.peer, "unix");
	(void)close(fd);

	/* A second server is told so and takes nothing away. */
	struct server *second = NULL;
	AUTO_ERR err = NULL;
	const struct serve_config config = {.listen = listen_at};
	assert_int_equal(serve_open(w.loop, &config, &second, &err), -1);
	assert_int_equal(err->kind, ERR_CONFLICT);
	close_world(&w);
	assert_false(fs_exists(path));

	/* What a killed process left is replaced. */
	const int left = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(left, (struct sockaddr *)&at, sizeof at), 0);
	(void)close(left);
	assert_true(fs_exists(path));
	open_world(&w, (struct serve_config){.listen = listen_at});
	close_world(&w);
}

static void test_listen_errors(void **state)
{
	(void)state;
	static const struct {
		const char *listen, *message;
	} rows[] = {
		{"8080", "listen on 8080: write an address and a port, such as 127.0.0.1:8080 or "
			 "[::1]:8080, or unix:/path"},
		{"localhost:8080",
			"listen on localhost:8080: localhost is no IP address (names are "
			"not looked up; an IPv6 address stands in brackets)"},
		{"127.0.0.1:65536",
			"listen on 127.0.0.1:65536: write an address and a port, such as "
			"127.0.0.1:8080 or [::1]:8080, or unix:/path"},
		{"::1:80",
			"listen on ::1:80: ::1 is no IP address (names are not looked up; an IPv6 "
			"address stands in brackets)"},
		{"192.0.2.1:0", "listen on 192.0.2.1:0: this machine has no such address"},
		{"unix:relative", "listen on unix:relative: the path has to begin with /"},
	};
	struct loop *loop = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(loop_new(&loop, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct serve_config config = {.listen = rows[i].listen};
		struct server *server = NULL;
		AUTO_ERR failure = NULL;
		assert_int_equal(serve_open(loop, &config, &server, &failure), -1);
		assert_string_equal(failure->message, rows[i].message);
	}
	int port = 0;
	const int taken = peer_listen(&port);
	AUTO_FREE char *text = xasprintf("127.0.0.1:%d", port);
	const struct serve_config config = {.listen = text};
	struct server *server = NULL;
	assert_int_equal(serve_open(loop, &config, &server, &err), -1);
	assert_int_equal(err->kind, ERR_CONFLICT);
	(void)close(taken);
	loop_free(loop);
}

/* Our client against our server: many requests over connections that are kept. */
static void test_with_client(void **state)
{
	(void)state;
	enum { REQUESTS = 200, BODY = 300000 };
	struct world w;
	open_world(&w, (struct serve_config){.listen = NULL});
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		AUTO_STR body = STR_INIT;
		for (int i = 0; i < BODY; i++)
			str_addc(&body, (char)i);
		AUTO_FREE char *url = xasprintf("%s/hook/x", serve_address(w.server));
		struct http_client *client = NULL;
		AUTO_ERR err = NULL;
		const struct http_config config = {.connect_ms = 0};
		bool ok = http_client_new(&config, &client, &err) == 0;
		for (int i = 0; ok && i < REQUESTS; i++) {
			const struct http_request request = {
				.url = url, .body = body.data, .body_len = body.len};
			AUTO_HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
			ok = http_perform(client, &request, &r, &err) == 0 && r.status == 200 &&
			     r.body.len > body.len &&
			     memcmp(r.body.data + r.body.len - body.len, body.data, body.len) == 0;
		}
		_exit(ok ? 0 : 1);
	}
	int status = -1;
	while (waitpid(pid, &status, WNOHANG) == 0)
		turn(&w);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(w.calls, REQUESTS);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_head_and_headers),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_header_limit),
		cmocka_unit_test(test_connection_limits),
		cmocka_unit_test(test_body_budget),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_free_while_waiting),
		cmocka_unit_test(test_unix_socket),
		cmocka_unit_test(test_listen_errors),
		cmocka_unit_test(test_with_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
