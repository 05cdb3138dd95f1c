/*
 * Shared by the files of the HTTP client: libcurl's functions, and URLs as libcurl reads them, so
 * that what is checked is what is used.
 */
#ifndef TRUEUP_NET_HTTP_INTERNAL_H
#define TRUEUP_NET_HTTP_INTERNAL_H

#include "net/http.h"
#include "base/library.h"

/* Through a struct of pointers the macros that check types only get in the way. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define HTTP_CURL_FUNCTIONS(X)                                                                     \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_init)                                                                          \
	X(curl_easy_perform)                                                                       \
	X(curl_easy_reset)                                                                         \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_strerror)                                                                      \
	X(curl_free)                                                                               \
	X(curl_global_init)                                                                        \
	X(curl_slist_append)                                                                       \
	X(curl_slist_free_all)                                                                     \
	X(curl_url)                                                                                \
	X(curl_url_cleanup)                                                                        \
	X(curl_url_get)                                                                            \
	X(curl_url_set)

struct http_curl {
	HTTP_CURL_FUNCTIONS(LIBRARY_POINTER)
};

/* libcurl, loaded and initialised on the first call; NULL with *err. It is never unloaded. */
const struct http_curl *http_curl_load(struct err **err);

/* What a URL is made of. */
struct http_target {
	char *origin; /* "https://api.github.com:443" */
	char *shown; /* scheme, host, a port that was given, path; for messages */
	char *shown_host; /* the same without the path */
	bool tls;
	bool this_machine; /* localhost, 127.0.0.0/8, ::1 */
};
MUST_CHECK int http_target_parse(
	const struct http_curl *curl, const char *url, struct http_target *ret, struct err **err);
void http_target_release(struct http_target *t);
#define AUTO_HTTP_TARGET CLEANUP(http_target_release) struct http_target

void http_forget_headers(struct http_response *r);

/* Method, headers: nothing in them that would end a line. */
MUST_CHECK int http_check_request(const struct http_request *request, struct err **err);

#endif
