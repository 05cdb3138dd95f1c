/*
 * What may be asked for. URLs are taken apart by libcurl itself: a second parser would one day
 * disagree with it about which host is meant.
 */
#include "net/http_internal.h"

#include "base/err.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_URL = 16384, MAX_METHOD = 16, LOOPBACK_NET = 127 };

const struct http_curl *http_curl_load(struct err **err)
{
	/* Libraries are loaded once for the process; nothing else is kept here. */
	static struct http_curl curl;
	static bool loaded;
#define SYMBOL(name) LIBRARY_SYMBOL(curl, name),
	static const struct library_symbol symbols[] = {HTTP_CURL_FUNCTIONS(SYMBOL)};
#undef SYMBOL
	if (loaded)
		return &curl;
	if (library_load("libcurl.so.4", "libcurl4", symbols, ARRAY_LEN(symbols), &curl, err) < 0)
		return NULL;
	if (curl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)err_set(err, ERR_UNAVAILABLE, "libcurl cannot be initialised");
		return NULL;
	}
	loaded = true;
	return &curl;
}

int http_load_ahead(struct err **err)
{
	return http_curl_load(err) ? 0 : -1;
}

static bool is_this_machine(const char *host)
{
	struct in_addr v4;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == LOOPBACK_NET;
	return str_eq(host, "localhost") || str_eq(host, "[::1]");
}

/* One part of the URL as libcurl has it; NULL if it has none. Heap-owned. */
static char *part(const struct http_curl *curl, CURLU *url, CURLUPart what, unsigned flags)
{
	char *text = NULL;
	if (curl->curl_url_get(url, what, &text, flags) != CURLUE_OK || !text)
		return NULL;
	char *own = xstrdup(text);
	curl->curl_free(text);
	return own;
}

static int target_of(
	const struct http_curl *curl, CURLU *url, struct http_target *ret, struct err **err)
{
	AUTO_FREE char *scheme = part(curl, url, CURLUPART_SCHEME, 0);
	AUTO_FREE char *user = part(curl, url, CURLUPART_USER, 0);
	AUTO_FREE char *host = part(curl, url, CURLUPART_HOST, 0);
	AUTO_FREE char *given_port = part(curl, url, CURLUPART_PORT, 0);
	AUTO_FREE char *port = part(curl, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	AUTO_FREE char *path = part(curl, url, CURLUPART_PATH, 0);
	if (!host || !scheme || !port)
		return err_set(err, ERR_INVALID, "the URL has no host");
	if (user)
		return err_set(err, ERR_INVALID,
			"a URL must not hold a user name or password: use a header or token file");
	ret->tls = str_eq(scheme, "https");
	if (!ret->tls && !str_eq(scheme, "http"))
		return err_set(err, ERR_INVALID,
			"a URL has to begin with https:// or http://, "
			"not %s://",
			scheme);
	for (char *p = host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	ret->this_machine = is_this_machine(host);
	ret->origin = xasprintf("%s://%s:%s", scheme, host, port);
	ret->shown_host = xasprintf(
		"%s://%s%s%s", scheme, host, given_port ? ":" : "", given_port ? given_port : "");
	ret->shown = xasprintf("%s%s", ret->shown_host, path ? path : "");
	return 0;
}

int http_target_parse(
	const struct http_curl *curl, const char *url, struct http_target *ret, struct err **err)
{
	*ret = (struct http_target){.origin = NULL};
	const size_t len = strlen(url);
	if (len > MAX_URL)
		return err_set(err, ERR_INVALID, "the URL is longer than %d bytes", MAX_URL);
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return err_set(err, ERR_INVALID,
				"the URL holds a blank or control character at byte %zu: "
				"percent-encode it",
				(size_t)(p - url) + 1);
	CURLU *parsed = curl->curl_url();
	if (!parsed)
		return err_set(err, ERR_INTERNAL, "no memory for a URL");
	int rc = 0;
	if (curl->curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		rc = err_set(err, ERR_INVALID,
			"the URL cannot be understood: it has to be absolute, such as "
			"https://host/path");
	else
		rc = target_of(curl, parsed, ret, err);
	curl->curl_url_cleanup(parsed);
	return rc;
}

void http_target_release(struct http_target *t)
{
	free(t->origin);
	free(t->shown);
	free(t->shown_host);
	*t = (struct http_target){.origin = NULL};
}

/* token of RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
	const char *p = text;
	while (*p && (isalnum((unsigned char)*p) || strchr("!#$%&'*+-.^_`|~", *p)))
		p++;
	return p != text && !*p;
}

static bool is_value(const char *text)
{
	const char *p = text;
	while (*p && ((unsigned char)*p >= ' ' || *p == '\t') && *p != 0x7f)
		p++;
	return !*p;
}

int http_check_request(const struct http_request *request, struct err **err)
{
	if (request->method && (!is_token(request->method) || strlen(request->method) > MAX_METHOD))
		return err_set(err, ERR_INVALID, "not an HTTP method");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];
		if (!is_token(h->name))
			return err_set(err, ERR_INVALID, "header %zu has no valid name", i + 1);
		if (!is_value(h->value))
			return err_set(err, ERR_INVALID,
				"the value of header %s holds a line break or control character",
				h->name);
	}
	return 0;
}
