/*
 * libmicrohttpd is driven from outside: its epoll descriptor is one descriptor of the loop, and
 * MHD_run() does what is due. It parses and sends; routes, limits and time are here.
 *
 * A connection has a deadline for each thing that the other side has to do: sending a request,
 * taking an answer. While a handler thinks there is none. One timer looks over all connections; it
 * rests when there are none.
 *
 * A request is held by two sides, the connection and the handler, and goes when both are done:
 * MHD_suspend_connection() holds the connection while the handler has not answered, and a handler
 * may answer after the server is gone.
 */
#include "net/serve.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "net/serve_listen.h"
#include "net/serve_mhd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	DEFAULT_CONNECTIONS = 256,
	DEFAULT_PER_ADDRESS = 64,
	DEFAULT_HEADERS = 32 << 10,
	DEFAULT_BODIES = 64 << 20,
	DEFAULT_REQUEST_MS = 15000,
	LONGEST_LOOK_MS = 1000, /* between two looks at the deadlines */
	LOOKS_PER_DEADLINE = 8,
};

struct connection {
	struct connection *next, *prev;
	struct MHD_Connection *mhd;
	int fd;
	int64_t deadline; /* clock_monotonic_ms(); 0: it is our turn */
	bool in_request; /* its headers were read, its answer is not yet sent */
};

struct server {
	const struct mhd *mhd;
	struct MHD_Daemon *daemon;
	struct listener listener;
	struct serve_config config; /* with defaults filled in */
	struct loop_source *events, *again, *look, *stopped;
	struct connection *connections;
	struct serve_request *requests;
	size_t body_bytes; /* announced by all requests that are here */
	bool stopping;
	void (*done)(void *data);
	void *done_data;
};

struct serve_request {
	struct serve_request *next, *prev;
	struct server *server; /* NULL: it is gone */
	struct MHD_Connection *mhd; /* NULL: the connection is done with it */
	const struct serve_route *route;
	char *method, *path, *peer;
	size_t announced; /* bytes of body */
	struct str body;
	struct header {
		char *name, *value;
	} * headers; /* of the answer */
	size_t header_count, header_cap;
	struct MHD_Response *response;
	int status;
	bool handled; /* the handler has been called */
	bool answered; /* and has let go of it */
	bool in_call; /* we are inside libmicrohttpd's call about this request */
	bool suspended;
};

/* Requests */

static struct serve_request *request_new(struct server *s, struct MHD_Connection *c)
{
	struct serve_request *rq = xcalloc(1, sizeof *rq);
	rq->server = s;
	rq->mhd = c;
	rq->body = (struct str)STR_INIT;
	rq->next = s->requests;
	if (rq->next)
		rq->next->prev = rq;
	s->requests = rq;
	return rq;
}

static void request_unlink(struct serve_request *rq)
{
	if (!rq->server)
		return;
	rq->server->body_bytes -= rq->announced;
	if (rq->next)
		rq->next->prev = rq->prev;
	if (rq->prev)
		rq->prev->next = rq->next;
	else
		rq->server->requests = rq->next;
	rq->server = NULL;
}

/* Frees it when neither side holds it any more. */
static void request_let_go(struct serve_request *rq)
{
	if (rq->mhd || (rq->handled && !rq->answered))
		return;
	request_unlink(rq);
	for (size_t i = 0; i < rq->header_count; i++) {
		free(rq->headers[i].name);
		free(rq->headers[i].value);
	}
	free(rq->headers);
	free(rq->method);
	free(rq->path);
	free(rq->peer);
	str_release(&rq->body);
	free(rq);
}

static struct connection *connection_of(const struct server *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		s->mhd->MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (!info || !info->socket_context)
		abort(); /* each connection was announced to on_connection() */
	return info->socket_context;
}

/* From now on the other side has so long for its part. */
static void your_turn(const struct server *s, struct MHD_Connection *c, bool in_request)
{
	struct connection *connection = connection_of(s, c);
	connection->deadline = clock_monotonic_ms() + s->config.request_ms;
	connection->in_request = in_request;
}

/* Routes */

static bool path_matches(const char *route, const char *path)
{
	const size_t len = strlen(route);
	if (len && route[len - 1] == '*')
		return strncmp(route, path, len - 1) == 0;
	return strcmp(route, path) == 0;
}

static bool method_matches(const char *route, const char *method)
{
	return strcmp(route, method) == 0 ||
	       (strcmp(route, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* The route, or NULL; then *ret_allow (heap-owned) is "GET, POST" if only the method is wrong. */
static const struct serve_route *find_route(
	const struct server *s, const struct serve_request *rq, char **ret_allow)
{
	AUTO_STR allow = STR_INIT;
	for (size_t i = 0; i < s->config.route_count; i++) {
		const struct serve_route *route = &s->config.routes[i];
		if (!path_matches(route->path, rq->path))
			continue;
		if (method_matches(route->method, rq->method))
			return route;
		str_addf(&allow, "%s%s", allow.len ? ", " : "", route->method);
	}
	*ret_allow = allow.len ? str_detach(&allow) : NULL;
	return NULL;
}

/* Answers */

static void build_response(
	struct serve_request *rq, int status, const char *type, const char *body, size_t len)
{
	const struct server *s = rq->server;
	struct MHD_Response *response =
		s->mhd->MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
	if (!response)
		abort(); /* out of memory: mem.h's policy */
	bool ok = s->mhd->MHD_add_response_header(response, "Content-Type", type) == MHD_YES;
	for (size_t i = 0; i < rq->header_count; i++)
		ok = ok && s->mhd->MHD_add_response_header(
				   response, rq->headers[i].name, rq->headers[i].value) == MHD_YES;
	if (s->stopping)
		ok = ok &&
		     s->mhd->MHD_add_response_header(response, "Connection", "close") == MHD_YES;
	if (!ok)
		abort(); /* names and values are our own: see serve_add_header() */
	rq->response = response;
	rq->status = status;
}

/* Hands the response over; to be called from inside libmicrohttpd's call only. */
static enum MHD_Result send_response(struct serve_request *rq, struct MHD_Connection *c)
{
	const struct server *s = rq->server;
	your_turn(s, c, true);
	const enum MHD_Result rc =
		s->mhd->MHD_queue_response(c, (unsigned)rq->status, rq->response);
	s->mhd->MHD_destroy_response(rq->response);
	rq->response = NULL;
	return rc;
}

static enum MHD_Result refuse(
	struct serve_request *rq, struct MHD_Connection *c, int status, const char *text)
{
	AUTO_FREE char *line = xasprintf("%s\n", text);
	build_response(rq, status, "text/plain; charset=utf-8", line, strlen(line));
	return send_response(rq, c);
}

/* What is announced about the body, before any of it is read. 0: accepted. */
static int check_body(struct serve_request *rq, const char **ret_text)
{
	struct server *s = rq->server;
	const char *length = serve_header(rq, "Content-Length");
	int64_t announced = 0;
	if (serve_header(rq, "Transfer-Encoding")) {
		*ret_text = "a body needs a Content-Length";
		return MHD_HTTP_LENGTH_REQUIRED;
	}
	if (serve_header_count(rq, "Content-Length") > 1 ||
		(length && (!num_parse_i64(length, strlen(length), &announced) || announced < 0))) {
		*ret_text = "Content-Length is no number";
		return MHD_HTTP_BAD_REQUEST;
	}
	if ((uint64_t)announced > rq->route->max_body) {
		*ret_text = "the body is too large";
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	if ((size_t)announced > s->config.max_bodies - s->body_bytes) {
		serve_add_header(rq, "Retry-After", "5");
		*ret_text = "too many requests are being read";
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	rq->announced = (size_t)announced;
	s->body_bytes += rq->announced;
	return 0;
}

/* The headers are there. */
static enum MHD_Result begin(struct serve_request *rq, struct MHD_Connection *c)
{
	const struct server *s = rq->server;
	AUTO_FREE char *allow = NULL;
	connection_of(s, c)->in_request = true;
	rq->route = find_route(s, rq, &allow);
	if (!rq->route && !allow)
		return refuse(rq, c, MHD_HTTP_NOT_FOUND, "there is nothing here");
	if (!rq->route) {
		serve_add_header(rq, "Allow", allow);
		return refuse(rq, c, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method");
	}
	const char *text = NULL;
	const int status = check_body(rq, &text);
	if (status)
		return refuse(rq, c, status, text);
	const union MHD_ConnectionInfo *info =
		s->mhd->MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	rq->peer = peer_name(info ? info->client_addr : NULL);
	return MHD_YES;
}

/* The whole request is there, or it was resumed because its answer is. */
static enum MHD_Result finish(struct serve_request *rq, struct MHD_Connection *c)
{
	const struct server *s = rq->server;
	if (!rq->handled) {
		connection_of(s, c)->deadline = 0;
		rq->handled = true;
		rq->in_call = true;
		rq->route->fn(rq, rq->route->data);
		rq->in_call = false;
	}
	if (rq->response) {
		rq->suspended = false;
		return send_response(rq, c);
	}
	rq->suspended = true;
	s->mhd->MHD_suspend_connection(c);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len, void **context)
{
	(void)version;
	struct serve_request *rq = *context;
	if (!rq) {
		rq = request_new(cls, c);
		rq->method = xstrdup(method);
		rq->path = xstrdup(url);
		*context = rq;
		return begin(rq, c);
	}
	if (*data_len == 0)
		return finish(rq, c);
	if (*data_len > rq->announced - rq->body.len)
		return MHD_NO; /* cannot be: libmicrohttpd counts as well */
	str_addn(&rq->body, data, *data_len);
	*data_len = 0;
	return MHD_YES;
}

static void on_completed(
	void *cls, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode how)
{
	(void)how;
	struct serve_request *rq = *context;
	*context = NULL;
	your_turn(cls, c, false);
	if (!rq)
		return;
	rq->mhd = NULL;
	request_let_go(rq);
}

/* Connections */

static void look_soon(struct server *s)
{
	const int64_t ms = s->config.request_ms / LOOKS_PER_DEADLINE + 1;
	if (s->connections && !loop_timer_armed(s->look))
		loop_timer_in(s->look, ms > LONGEST_LOOK_MS ? LONGEST_LOOK_MS : ms);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct server *s = cls;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		struct connection *connection = xcalloc(1, sizeof *connection);
		connection->mhd = c;
		connection->fd =
			s->mhd->MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		connection->deadline = clock_monotonic_ms() + s->config.request_ms;
		connection->next = s->connections;
		if (connection->next)
			connection->next->prev = connection;
		s->connections = connection;
		*context = connection;
		look_soon(s);
		return;
	}
	struct connection *connection = *context;
	*context = NULL;
	if (connection->next)
		connection->next->prev = connection->prev;
	if (connection->prev)
		connection->prev->next = connection->next;
	else
		s->connections = connection->next;
	free(connection);
	if (s->stopping && !s->connections)
		loop_defer(s->stopped);
}

/* libmicrohttpd reads the end of it and tidies up. */
static void cut(const struct connection *connection)
{
	(void)shutdown(connection->fd, SHUT_RDWR);
}

static void on_look(void *data)
{
	struct server *s = data;
	const int64_t now = clock_monotonic_ms();
	for (const struct connection *c = s->connections; c; c = c->next)
		if (c->deadline && now >= c->deadline)
			cut(c);
	look_soon(s);
}

static void run(void *data)
{
	struct server *s = data;
	(void)s->mhd->MHD_run(s->daemon);
	/* Zero: there is work left that no descriptor will announce (requests read ahead). */
	MHD_UNSIGNED_LONG_LONG wait = 1;
	if (s->mhd->MHD_get_timeout(s->daemon, &wait) == MHD_YES && wait == 0)
		loop_defer(s->again);
}

static void on_events(uint32_t events, void *data)
{
	(void)events;
	run(data);
}

static void on_stopped(void *data)
{
	struct server *s = data;
	void (*done)(void *) = s->done;
	s->done = NULL;
	if (done && !s->connections)
		done(s->done_data);
}

/* Opening and closing */

static int start(struct server *s, struct loop *loop, struct err **err)
{
	const struct serve_config *config = &s->config;
	const struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, s->listener.fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->max_connections, NULL},
		{MHD_OPTION_PER_IP_CONNECTION_LIMIT,
			s->listener.socket_path ? 0 : (intptr_t)config->max_per_address, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)config->max_headers, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s},
		{MHD_OPTION_END, 0, NULL},
	};
	s->daemon = s->mhd->MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, on_request, s, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!s->daemon)
		return err_set(err, ERR_INTERNAL, "libmicrohttpd cannot be started");
	/* The listening socket is its own now. */
	s->listener.fd = -1;
	s->again = loop_add_defer(loop, run, s);
	s->stopped = loop_add_defer(loop, on_stopped, s);
	s->look = loop_add_timer(loop, LOOP_MONOTONIC, on_look, s);
	const int fd = s->mhd->MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return loop_add_fd(loop, fd, EPOLLIN, on_events, s, &s->events, err);
}

int serve_open(
	struct loop *loop, const struct serve_config *config, struct server **ret, struct err **err)
{
	const struct mhd *mhd = mhd_load(err);
	if (!mhd)
		return -1;
	struct server *s = xcalloc(1, sizeof *s);
	s->mhd = mhd;
	s->listener.fd = -1;
	s->config = *config;
	if (!s->config.max_connections)
		s->config.max_connections = DEFAULT_CONNECTIONS;
	if (!s->config.max_per_address)
		s->config.max_per_address = DEFAULT_PER_ADDRESS;
	if (!s->config.max_headers)
		s->config.max_headers = DEFAULT_HEADERS;
	if (!s->config.max_bodies)
		s->config.max_bodies = DEFAULT_BODIES;
	if (s->config.request_ms <= 0)
		s->config.request_ms = DEFAULT_REQUEST_MS;
	if (listener_open(config->listen, &s->listener, err) < 0 || start(s, loop, err) < 0) {
		serve_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

const char *serve_address(const struct server *server)
{
	return server->listener.address;
}

void serve_stop(struct server *s, void (*done)(void *data), void *data)
{
	s->done = done;
	s->done_data = data;
	if (s->stopping)
		return;
	s->stopping = true;
	s->listener.fd = s->mhd->MHD_quiesce_daemon(s->daemon);
	listener_close(&s->listener);
	for (const struct connection *c = s->connections; c; c = c->next) {
		int waiting = 0;
		/* One whose request is on its way gets its answer. */
		if (!c->in_request && ioctl(c->fd, FIONREAD, &waiting) == 0 && waiting == 0)
			cut(c);
	}
	if (!s->connections)
		loop_defer(s->stopped);
}

void serve_free(struct server *s)
{
	if (!s)
		return;
	loop_source_free(s->events);
	loop_source_free(s->again);
	loop_source_free(s->look);
	if (s->daemon) {
		/* It does not stop with connections that are suspended. */
		for (struct serve_request *rq = s->requests; rq; rq = rq->next)
			if (rq->suspended)
				s->mhd->MHD_resume_connection(rq->mhd);
		s->mhd->MHD_stop_daemon(s->daemon);
	}
	/* Those that a handler still holds. */
	while (s->requests)
		request_unlink(s->requests);
	loop_source_free(s->stopped);
	listener_release(&s->listener);
	free(s);
}

/* What handlers see */

const char *serve_method(const struct serve_request *rq)
{
	return rq->method;
}

const char *serve_path(const struct serve_request *rq)
{
	return rq->path;
}

const char *serve_rest(const struct serve_request *rq)
{
	const size_t len = strlen(rq->route->path);
	return len && rq->route->path[len - 1] == '*' ? rq->path + len - 1 : "";
}

static const char *value(const struct serve_request *rq, enum MHD_ValueKind kind, const char *name)
{
	return rq->server && rq->mhd
		       ? rq->server->mhd->MHD_lookup_connection_value(rq->mhd, kind, name)
		       : NULL;
}

const char *serve_header(const struct serve_request *rq, const char *name)
{
	return value(rq, MHD_HEADER_KIND, name);
}

struct counting {
	const char *name;
	size_t count;
};

static enum MHD_Result count_value(
	void *cls, enum MHD_ValueKind kind, const char *key, const char *text)
{
	(void)kind;
	(void)text;
	struct counting *counting = cls;
	if (strcasecmp(key, counting->name) == 0)
		counting->count++;
	return MHD_YES;
}

size_t serve_header_count(const struct serve_request *rq, const char *name)
{
	struct counting counting = {.name = name};
	if (rq->server && rq->mhd)
		(void)rq->server->mhd->MHD_get_connection_values(
			rq->mhd, MHD_HEADER_KIND, count_value, &counting);
	return counting.count;
}

const char *serve_query(const struct serve_request *rq, const char *name)
{
	return value(rq, MHD_GET_ARGUMENT_KIND, name);
}

const char *serve_body(const struct serve_request *rq, size_t *ret_len)
{
	*ret_len = rq->body.len;
	return rq->body.data;
}

const char *serve_peer(const struct serve_request *rq)
{
	return rq->peer;
}

void serve_add_header(struct serve_request *rq, const char *name, const char *text)
{
	if (strpbrk(name, "\r\n:") || strpbrk(text, "\r\n"))
		abort();
	rq->headers =
		grow_array(rq->headers, rq->header_count, &rq->header_cap, sizeof *rq->headers);
	rq->headers[rq->header_count++] =
		(struct header){.name = xstrdup(name), .value = xstrdup(text)};
}

void serve_respond(
	struct serve_request *rq, int status, const char *type, const char *body, size_t len)
{
	rq->answered = true;
	if (!rq->server || !rq->mhd) {
		request_let_go(rq);
		return;
	}
	build_response(rq, status, type, body, len);
	if (rq->in_call)
		return;
	struct server *s = rq->server;
	s->mhd->MHD_resume_connection(rq->mhd);
	loop_defer(s->again);
}

void serve_respond_text(struct serve_request *rq, int status, const char *text)
{
	AUTO_FREE char *line = xasprintf("%s\n", text);
	serve_respond(rq, status, "text/plain; charset=utf-8", line, strlen(line));
}
