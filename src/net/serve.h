/*
 * HTTP/1.1 server inside a loop (base/loop.h), by libmicrohttpd, which is loaded with the first
 * server and not before (docs/decisions/0015). It is meant for few routes and short exchanges:
 * webhooks, health, metrics. TLS is the business of a proxy in front.
 *
 * A handler is called when the whole request is there, with the body's bytes as they came. It
 * answers with serve_respond() at once or later; until then the connection waits.
 *
 * What is refused before a handler sees it: unknown paths (404), other methods (405 with Allow), a
 * body longer than the route allows (413, by Content-Length, before a byte of it is read), a body
 * of unannounced length (411), more bodies at once than there is room for (503 with Retry-After),
 * headers that do not fit (431), requests that are no HTTP/1.x. A connection that takes longer than
 * request_ms to send its request or to take its answer is cut, however busily it trickles. Beyond
 * max_connections new ones wait until others end, beyond max_per_address they are closed at once.
 */
#ifndef TRUEUP_NET_SERVE_H
#define TRUEUP_NET_SERVE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct loop;
struct serve_request;
struct server;

struct serve_route {
	const char *method; /* "GET" (serves HEAD as well), "POST", ... */
	const char *path; /* "/hook/github": just this path; "/hook/" + "*": all below it */
	size_t max_body; /* bytes; 0: no body allowed */
	void (*fn)(struct serve_request *rq, void *data);
	void *data;
};

/* Zero takes the default. */
struct serve_config {
	/*
	 * "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080", port 0: any free one; or
	 * "unix:/run/trueup/http.sock" (mode 0660; a socket that nobody listens on is replaced).
	 */
	const char *listen;
	const struct serve_route *routes; /* borrowed, with all their texts */
	size_t route_count;
	unsigned max_connections; /* 256 */
	unsigned max_per_address; /* 64; of no effect on a unix socket. Mind a proxy in front */
	size_t max_headers; /* bytes of request line and headers: 32 KiB */
	size_t max_bodies; /* bytes of all bodies being read or handled: 64 MiB; beyond it 503 */
	int64_t request_ms; /* to send a whole request, to take an answer, between two: 15 s */
};

/* Listens from the return on; requests are handled when the loop turns. */
MUST_CHECK int serve_open(struct loop *loop, const struct serve_config *config, struct server **ret,
	struct err **err);
/* "http://127.0.0.1:41234" or "unix:/run/...", with the port that was found. */
const char *serve_address(const struct server *server);
/*
 * Takes no more connections and closes idle ones; calls done (may be NULL) from the loop once the
 * last request has been answered. A deadline for that is the caller's, who then frees the server.
 */
void serve_stop(struct server *server, void (*done)(void *data), void *data);
/*
 * Closes everything. Requests that still wait are cut off; their handles stay valid for the one
 * serve_respond() that is due. Accepts NULL. Not to be called from a handler.
 */
void serve_free(struct server *server);

/* The request. Everything returned is borrowed from it and gone after serve_respond(). */
const char *serve_method(const struct serve_request *rq);
const char *serve_path(const struct serve_request *rq); /* decoded, without query */
/* What the path has beyond a route's star; "" for other routes. */
const char *serve_rest(const struct serve_request *rq);
/* A header by name in any case; NULL if there is none. Of several the first. */
const char *serve_header(const struct serve_request *rq, const char *name);
/* How many headers of this name: what is signed should come once. */
size_t serve_header_count(const struct serve_request *rq, const char *name);
/* A query parameter, decoded; NULL if there is none. */
const char *serve_query(const struct serve_request *rq, const char *name);
/* The body as it came, and a NUL behind it that does not count. */
const char *serve_body(const struct serve_request *rq, size_t *ret_len);
/* "192.0.2.1", "::1", "unix": who connected (a proxy, perhaps), for logs. */
const char *serve_peer(const struct serve_request *rq);

/* Adds a header to the coming answer. Line breaks end the program: names and values are ours. */
void serve_add_header(struct serve_request *rq, const char *name, const char *value);
/*
 * Answers, and lets go of the request; just once for each. type: "application/json", ...; the body
 * is copied.
 */
void serve_respond(
	struct serve_request *rq, int status, const char *type, const char *body, size_t len);
/* The same with a line of text/plain. */
void serve_respond_text(struct serve_request *rq, int status, const char *text);

#endif
