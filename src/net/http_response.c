/* Reading an answer: its headers, and when the server wants to be asked again. */
#include "net/http_internal.h"

#include "base/num.h"
#include "net/http_date.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum {
	MS_PER_SECOND = 1000,
	LONGEST_WAIT_MS = 24 * 3600 * MS_PER_SECOND,
	/* A reset smaller than this counts seconds from now, a larger one those since 1970. */
	RELATIVE_BELOW = 1000000000,
};

void http_forget_headers(struct http_response *r)
{
	for (size_t i = 0; i < r->header_count; i++) {
		free((char *)r->headers[i].name);
		free((char *)r->headers[i].value);
	}
	r->header_count = 0;
}

void http_response_release(struct http_response *r)
{
	http_forget_headers(r);
	free(r->headers);
	str_release(&r->body);
	*r = (struct http_response)HTTP_RESPONSE_INIT;
}

const char *http_header(const struct http_response *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* The number in one of two headers that mean the same; -1 if there is none. */
static int64_t number_in(const struct http_response *r, const char *name, const char *other)
{
	const char *text = http_header(r, name);
	if (!text)
		text = http_header(r, other);
	int64_t value = -1;
	if (!text || !num_parse_i64(text, strlen(text), &value) || value < 0)
		return -1;
	return value;
}

int64_t http_rate_remaining(const struct http_response *r)
{
	return number_in(r, "x-ratelimit-remaining", "ratelimit-remaining");
}

int64_t http_retry_at(const struct http_response *r)
{
	const int64_t latest = r->received_ms + LONGEST_WAIT_MS;
	int64_t at = 0;
	const char *retry_after = http_header(r, "retry-after");
	if (retry_after && !http_retry_after_parse(retry_after, r->received_ms, &at))
		at = 0;
	if (at == 0 && http_rate_remaining(r) == 0) {
		int64_t reset = number_in(r, "x-ratelimit-reset", "ratelimit-reset");
		if (reset >= 0 && reset < RELATIVE_BELOW)
			reset += r->received_ms / MS_PER_SECOND;
		if (reset > latest / MS_PER_SECOND)
			at = latest;
		else if (reset >= 0)
			at = reset * MS_PER_SECOND;
	}
	return at > latest ? latest : at;
}

void http_add_encoded(struct str *url, const char *text)
{
	for (const char *p = text; *p; p++) {
		const unsigned char c = (unsigned char)*p;
		if (isalnum(c) || strchr("-._~", c))
			str_addc(url, *p);
		else
			str_addf(url, "%%%02X", c);
	}
}
