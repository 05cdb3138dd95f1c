/*
 * HTTP client, blocking, for worker processes and one-shot commands; libcurl, which is loaded with
 * the first client and not before (docs/decisions/0015).
 *
 * What is refused or left out on purpose: other schemes than http and https, user names in URLs,
 * line breaks in header values, the environment's proxy settings, .netrc, cookies, TLS below 1.2,
 * certificates that do not verify. Headers marked secret are sent over TLS (or to this machine)
 * only, and never to another host or port than the request's own. Neither they, nor a URL's query,
 * nor bodies are in an error or a log.
 *
 * A status such as 404 or 503 is an answer, not an error; see http_retry_at() for when to come
 * again. Errors are of these kinds:
 *	ERR_INVALID      the request cannot be made like this, or the answer is too large
 *	ERR_DENIED       the server's certificate does not verify
 *	ERR_TIMEOUT      no connection, no answer, or too little of it in time
 *	ERR_UNAVAILABLE  no such host, nobody listens, the connection broke, half an answer; libcurl
 *	                 is not installed
 *	ERR_CANCELLED    the caller's `cancelled` said so
 * After all but the first two it may work later; whether the server acted on the request is not
 * known then.
 */
#ifndef TRUEUP_NET_HTTP_H
#define TRUEUP_NET_HTTP_H

#include "base/macros.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct http_client;

/* Zero (NULL, 0, false) takes the default. */
struct http_config {
	int64_t connect_ms; /* until connected, TLS included: 10 s */
	int64_t total_ms; /* for one request, redirects included: 60 s */
	int64_t stall_ms; /* less than a byte a second for so long ends it (whole seconds): 20 s */
	size_t max_body; /* bytes of an answer's body: 16 MiB */
	const char *ca_file; /* PEM certificates that are trusted, instead of the system's */
	const char *proxy; /* "http://proxy:3128"; none by default, whatever the environment says */
	bool clear_secrets; /* secret headers may be sent over http:// to other machines */
	/* Asked about once a second: true ends the request. */
	bool (*cancelled)(void *data);
	void *cancelled_data;
};

/* Connections are kept and used again for as long as the client lives. config is copied. */
MUST_CHECK int http_client_new(
	const struct http_config *config, struct http_client **ret, struct err **err);
void http_client_free(struct http_client *client); /* accepts NULL */

/* Loads what the first client would load, for a process that has the time now and not later. */
MUST_CHECK int http_load_ahead(struct err **err);

struct http_header {
	const char *name;
	const char *value;
	bool secret; /* Authorization, Private-Token, ...: stays with the request's own host */
};

struct http_request {
	const char *method; /* NULL: GET, or POST if there is a body */
	const char *url; /* absolute; spaces and the like already encoded */
	const struct http_header *headers;
	size_t header_count;
	const char *body; /* NULL: none */
	size_t body_len;
	/*
	 * Must not arrive twice: takes a new connection, since libcurl sends a request again by
	 * itself when a kept one was closed by the server, perhaps after it had acted on it.
	 */
	bool once;
	bool secret_url; /* the path itself is a secret (chat webhooks): errors show the host only
			  */
	/*
	 * Follow at most five redirects: of GET and HEAD anywhere but from https to http, leaving
	 * secret headers behind when host, port or scheme differ; of other methods only 307 and 308
	 * to the same host, port and scheme. What may not be followed is the answer itself.
	 */
	bool follow;
};

struct http_response {
	int status; /* 100 to 599 */
	struct http_header *headers; /* names in lower case, in the order they came; owned */
	size_t header_count;
	struct str body;
	int64_t received_ms; /* clock_now_ms() when it came, for http_retry_at() */
};
#define HTTP_RESPONSE_INIT                                                                         \
	{                                                                                          \
		.body = STR_INIT                                                                   \
	}

MUST_CHECK int http_perform(struct http_client *client, const struct http_request *request,
	struct http_response *ret, struct err **err);
void http_response_release(struct http_response *r);
#define AUTO_HTTP_RESPONSE CLEANUP(http_response_release) struct http_response

/* The value of the first header of this name (any case), or NULL. */
const char *http_header(const struct http_response *r, const char *name);

/*
 * The earliest time (milliseconds since 1970) at which the server wants to be asked again, 0 if it
 * does not say: Retry-After, whatever the status; when nothing remains of a rate limit, its reset.
 * Never more than a day after the answer.
 */
int64_t http_retry_at(const struct http_response *r);
/* x-ratelimit-remaining, ratelimit-remaining; -1 if the server does not say. */
int64_t http_rate_remaining(const struct http_response *r);

/* Appends text with all but unreserved characters percent-encoded: a path segment or query value.
 */
void http_add_encoded(struct str *url, const char *text);

#endif
