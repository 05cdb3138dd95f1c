/*
 * One easy handle for a client, reset before each exchange (which keeps its connections). Redirects
 * are followed here and not by libcurl: it would decide by its own rules which headers go along.
 */
#include "net/http_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MS_PER_SECOND = 1000,
	DEFAULT_CONNECT_MS = 10 * MS_PER_SECOND,
	DEFAULT_TOTAL_MS = 60 * MS_PER_SECOND,
	DEFAULT_STALL_MS = 20 * MS_PER_SECOND,
	DEFAULT_MAX_BODY = 16 << 20,
	MAX_HEADER_BYTES = 256 << 10,
	MAX_CA_BYTES = 4 << 20,
	MAX_REDIRECTS = 5,
};

struct http_client {
	const struct http_curl *curl;
	CURL *easy;
	struct http_config config; /* its proxy is ours, its ca_file unused */
	char *ca; /* certificates in PEM; NULL: the system's */
	size_t ca_len;
	char error[CURL_ERROR_SIZE];
};

/* One exchange: what libcurl's callbacks fill. */
struct exchange {
	struct http_client *client;
	const char *method;
	const struct http_target *target;
	struct http_response *response;
	size_t header_cap;
	size_t header_bytes;
	bool body_too_large, headers_too_large;
};

static int64_t or_default(int64_t value, int64_t instead)
{
	return value > 0 ? value : instead;
}

int http_client_new(const struct http_config *config, struct http_client **ret, struct err **err)
{
	/* Said now and not with the first request, where it would look like the server's fault. */
	AUTO_STR ca = STR_INIT;
	if (config->ca_file && fs_read(config->ca_file, MAX_CA_BYTES, &ca, err) < 0)
		return err_wrap(err, "certificates that are trusted");
	const struct http_curl *curl = http_curl_load(err);
	if (!curl)
		return -1;
	struct http_client *client = xcalloc(1, sizeof *client);
	client->curl = curl;
	client->easy = curl->curl_easy_init();
	struct http_config *own = &client->config;
	*own = *config;
	own->connect_ms = or_default(config->connect_ms, DEFAULT_CONNECT_MS);
	own->total_ms = or_default(config->total_ms, DEFAULT_TOTAL_MS);
	own->stall_ms = or_default(config->stall_ms, DEFAULT_STALL_MS);
	if (own->max_body == 0)
		own->max_body = DEFAULT_MAX_BODY;
	client->ca_len = ca.len;
	client->ca = config->ca_file ? str_detach(&ca) : NULL;
	/* An empty text switches proxies off; NULL would ask the environment. */
	own->proxy = xstrdup(config->proxy ? config->proxy : "");
	if (!client->easy) {
		http_client_free(client);
		return err_set(err, ERR_UNAVAILABLE, "libcurl cannot be initialised");
	}
	*ret = client;
	return 0;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	if (client->easy)
		client->curl->curl_easy_cleanup(client->easy);
	free(client->ca);
	/* It may hold a password. */
	char *proxy = (char *)client->config.proxy;
	secret_wipe(proxy, strlen(proxy));
	free(proxy);
	free(client);
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
	struct exchange *x = userdata;
	const size_t len = size * count;
	if (len > x->client->config.max_body - x->response->body.len) {
		x->body_too_large = true;
		return 0;
	}
	str_addn(&x->response->body, data, len);
	return len;
}

static void keep_header(struct exchange *x, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (!colon)
		return;
	const char *value = colon + 1, *end = line + len;
	while (value < end && isspace((unsigned char)*value))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	struct http_response *r = x->response;
	char *name = xstrndup(line, (size_t)(colon - line));
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	r->headers = grow_array(r->headers, r->header_count, &x->header_cap, sizeof *r->headers);
	r->headers[r->header_count++] =
		(struct http_header){.name = name, .value = xstrndup(value, (size_t)(end - value))};
}

/* Called with each line. A status line begins the answer anew: after "100 Continue", a proxy's. */
static size_t on_header(char *data, size_t size, size_t count, void *userdata)
{
	struct exchange *x = userdata;
	const size_t len = size * count;
	x->header_bytes += len;
	if (x->header_bytes > MAX_HEADER_BYTES) {
		x->headers_too_large = true;
		return 0;
	}
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		http_forget_headers(x->response);
	else
		keep_header(x, data, len);
	return len;
}

static int on_progress(
	void *userdata, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	const struct http_config *config = userdata;
	return config->cancelled && config->cancelled(config->cancelled_data);
}

/* Sets the options that are the same for every exchange. */
static CURLcode set_common(struct http_client *client, int64_t left_ms)
{
	const struct http_curl *c = client->curl;
	const struct http_config *config = &client->config;
	CURL *e = client->easy;
	const int64_t stall = (config->stall_ms + MS_PER_SECOND - 1) / MS_PER_SECOND;
	CURLcode rc = c->curl_easy_setopt(e, CURLOPT_ERRORBUFFER, client->error);
#define SET(option, value) rc = rc ? rc : c->curl_easy_setopt(e, option, value)
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, config->proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	struct curl_blob ca = {.data = client->ca, .len = client->ca_len};
	if (client->ca) {
		SET(CURLOPT_CAINFO_BLOB, &ca);
		SET(CURLOPT_CAPATH, (char *)NULL);
	}
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms);
	SET(CURLOPT_TIMEOUT_MS, (long)left_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(CURLOPT_LOW_SPEED_TIME, (long)stall);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, (void *)config);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_USERAGENT, "trueup");
	return rc;
}

/* Method and body. */
static CURLcode set_request(
	struct http_client *client, const struct http_request *request, const char *method)
{
	const struct http_curl *c = client->curl;
	CURL *e = client->easy;
	CURLcode rc = CURLE_OK;
	if (str_eq(method, "HEAD")) {
		SET(CURLOPT_NOBODY, 1L);
		return rc;
	}
	if (request->body || str_eq(method, "POST") || str_eq(method, "PUT")) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	}
	SET(CURLOPT_CUSTOMREQUEST, method);
	SET(CURLOPT_FRESH_CONNECT, (long)request->once);
	return rc;
}
#undef SET

static bool add_line(struct http_client *client, struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = client->curl->curl_slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer != NULL;
}

/* Headers as libcurl wants them. What it would add by itself to a body is taken out. */
static struct curl_slist *header_lines(
	struct http_client *client, const struct http_request *request, bool with_secrets)
{
	struct curl_slist *list = NULL;
	bool has_type = false;
	bool ok = add_line(client, &list, "Expect:");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *h = &request->headers[i];
		has_type = has_type || strcasecmp(h->name, "content-type") == 0;
		if (h->secret && !with_secrets)
			continue;
		/* "Name;" is how libcurl spells a header without value. */
		AUTO_FREE char *line = *h->value ? xasprintf("%s: %s", h->name, h->value)
						 : xasprintf("%s;", h->name);
		ok = ok && add_line(client, &list, line);
		secret_wipe(line, strlen(line));
	}
	if (!has_type)
		ok = ok && add_line(client, &list, "Content-Type:");
	if (!ok)
		abort(); /* out of memory: mem.h's policy */
	return list;
}

static void wipe_lines(struct http_client *client, struct curl_slist *list)
{
	for (struct curl_slist *line = list; line; line = line->next)
		secret_wipe(line->data, strlen(line->data));
	client->curl->curl_slist_free_all(list);
}

static enum err_kind kind_of(CURLcode rc)
{
	/* The others all mean that the other side was not reached, or not to the end. */
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return ERR_TIMEOUT;
	if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_ISSUER_ERROR)
		return ERR_DENIED;
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return ERR_CANCELLED;
	if (rc == CURLE_URL_MALFORMAT || rc == CURLE_SSL_CACERT_BADFILE)
		return ERR_INVALID;
	return ERR_UNAVAILABLE;
}

static int explain(const struct exchange *x, CURLcode rc, struct err **err)
{
	const struct http_client *client = x->client;
	if (x->body_too_large)
		return err_set(err, ERR_INVALID, "the answer is larger than %zu bytes",
			client->config.max_body);
	if (x->headers_too_large)
		return err_set(err, ERR_INVALID, "the answer's headers are larger than %d bytes",
			MAX_HEADER_BYTES);
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (rc == CURLE_GOT_NOTHING)
		return err_set(err, ERR_UNAVAILABLE, "the connection was closed without an answer");
	/* libcurl's own texts name hosts, ports and what TLS said; no header and no query. */
	const char *text = client->error[0] ? client->error : client->curl->curl_easy_strerror(rc);
	return err_set(err, kind_of(rc), "%s", text);
}

/* One request to one place and its answer. */
static int exchange(struct exchange *x, const struct http_request *request, const char *url,
	bool with_secrets, int64_t deadline, struct err **err)
{
	struct http_client *client = x->client;
	const struct http_curl *c = client->curl;
	const int64_t left = deadline - clock_monotonic_ms();
	if (left <= 0)
		return err_set(err, ERR_TIMEOUT, "no answer in time");
	c->curl_easy_reset(client->easy);
	client->error[0] = '\0';
	struct curl_slist *lines = header_lines(client, request, with_secrets);
	CURLcode rc = set_common(client, left);
	rc = rc ? rc : set_request(client, request, x->method);
	rc = rc ? rc : c->curl_easy_setopt(client->easy, CURLOPT_URL, url);
	rc = rc ? rc : c->curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, lines);
	rc = rc ? rc : c->curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, x);
	rc = rc ? rc : c->curl_easy_setopt(client->easy, CURLOPT_HEADERDATA, x);
	rc = rc ? rc : c->curl_easy_perform(client->easy);
	wipe_lines(client, lines);
	if (rc != CURLE_OK)
		return explain(x, rc, err);
	long status = 0;
	(void)c->curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	x->response->status = (int)status;
	x->response->received_ms = clock_now_ms();
	return 0;
}

/*
 * Where to go next: NULL if the answer is no redirect, or one that may not be followed. Whether the
 * place is the same decides what goes along.
 */
static char *next_place(
	const struct exchange *x, const struct http_target *first, bool *ret_same_place)
{
	const struct http_curl *c = x->client->curl;
	const int status = x->response->status;
	const bool keeps_method = status == 307 || status == 308;
	const bool reads = str_eq(x->method, "GET") || str_eq(x->method, "HEAD");
	if (!keeps_method && !(reads && (status == 301 || status == 302 || status == 303)))
		return NULL;
	char *place = NULL;
	if (c->curl_easy_getinfo(x->client->easy, CURLINFO_REDIRECT_URL, &place) != CURLE_OK ||
		!place)
		return NULL;
	AUTO_HTTP_TARGET next = {.origin = NULL};
	AUTO_ERR unusable = NULL;
	if (http_target_parse(c, place, &next, &unusable) < 0)
		return NULL;
	*ret_same_place = str_eq(next.origin, first->origin);
	if ((x->target->tls && !next.tls) || (!reads && !*ret_same_place))
		return NULL;
	return xstrdup(place);
}

/* Requests until an answer is one to give back. */
static int follow(struct http_client *client, const struct http_request *request,
	const struct http_target *first, struct exchange *x, struct err **err)
{
	const int64_t deadline = clock_monotonic_ms() + client->config.total_ms;
	AUTO_FREE char *url = xstrdup(request->url);
	bool same_place = true;
	for (int hops = 0;; hops++) {
		AUTO_HTTP_TARGET target = {.origin = NULL};
		if (http_target_parse(client->curl, url, &target, err) < 0)
			return -1;
		x->target = &target;
		if (exchange(x, request, url, same_place, deadline, err) < 0)
			return -1;
		/* Once elsewhere, secrets stay out, also on a way back that somebody else chose. */
		bool same = true;
		AUTO_FREE char *next = request->follow ? next_place(x, first, &same) : NULL;
		if (!next)
			return 0;
		if (hops == MAX_REDIRECTS)
			return err_set(err, ERR_INVALID, "more than %d redirects", MAX_REDIRECTS);
		same_place = same_place && same;
		free_ptr(&url);
		url = steal_ptr(next);
		str_clear(&x->response->body);
		x->header_bytes = 0;
	}
}

static bool has_secret(const struct http_request *request)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (request->headers[i].secret)
			return true;
	return request->secret_url;
}

int http_perform(struct http_client *client, const struct http_request *request,
	struct http_response *ret, struct err **err)
{
	AUTO_HTTP_TARGET target = {.origin = NULL};
	if (http_check_request(request, err) < 0 ||
		http_target_parse(client->curl, request->url, &target, err) < 0)
		return err_wrap(err, "HTTP request");
	if (has_secret(request) && !target.tls && !target.this_machine &&
		!client->config.clear_secrets)
		return err_set(err, ERR_INVALID,
			"%s: credentials are not sent over http:// to another machine: use "
			"https://",
			target.shown_host);
	struct exchange x = {
		.client = client,
		.method = request->method ? request->method
			  : request->body ? "POST"
					  : "GET",
		.response = ret,
	};
	http_response_release(ret);
	if (follow(client, request, &target, &x, err) < 0) {
		http_response_release(ret);
		return err_wrap(err, "%s %s", x.method,
			request->secret_url ? target.shown_host : target.shown);
	}
	return 0;
}
