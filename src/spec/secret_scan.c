/*
 * Secrets in specs are found in the raw text and not in values, so that comments, keys and files
 * that do not parse are covered. Shapes: AWS access key ids (AKIA or ASIA and 16 capital letters
 * and digits; docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html), secret keys
 * (40 characters of base64) beside an access key or on a line that speaks of a secret, and the
 * first line of a PEM private key.
 */
#include "spec/spec.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

enum {
	ID_LEN = 20,
	SECRET_LEN = 40,
	NEAR_LINES = 3, /* a secret this near to its access key needs no name */
};

struct scan {
	const struct src *src;
	struct diag_list *diags;
	size_t found;
	uint32_t first_key, last_key; /* lines of access keys; 0: none */
};

static void report(struct scan *s, uint32_t line, size_t col, const char *what)
{
	struct diag *d = diag_error(s->diags, "secret-literal",
		((struct pos){s->src, line, (uint32_t)col + 1}), "%s is written in this file",
		what);
	d->source_line = NULL;
	diag_hint(s->diags, d,
		"revoke it, remove it from the history, and name a source of credentials instead "
		"(`trueup explain role.credentials`)");
	s->found++;
}

static bool is_id_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '/' || c == '+';
}

/* Does an access key id start at p, and end after its 20 characters? */
static bool is_access_key(const char *line, const char *p, const char *end)
{
	if (end - p < ID_LEN || (p > line && isalnum((unsigned char)p[-1])))
		return false;
	if (memcmp(p, "AKIA", 4) != 0 && memcmp(p, "ASIA", 4) != 0)
		return false;
	for (int i = 4; i < ID_LEN; i++)
		if (!is_id_char(p[i]))
			return false;
	return end - p == ID_LEN || !isalnum((unsigned char)p[ID_LEN]);
}

/*
 * How far the end of a window over the text may move on from this letter: to where it would meet
 * the next equal letter of "secret" (Horspool's algorithm).
 */
static size_t skip_of(char c)
{
	switch (c | 0x20) {
	case 's':
		return 5;
	case 'e':
		return 1;
	case 'c':
		return 3;
	case 'r':
		return 2;
	default:
		return 6;
	}
}

static bool mentions_secret(const char *line, size_t len)
{
	for (size_t i = 5; i < len; i += skip_of(line[i]))
		if ((line[i] | 0x20) == 't' && strncasecmp(line + i - 5, "secret", 6) == 0)
			return true;
	return false;
}

/* These marks begin with letters that are rare in specs, which memmem() does not know. */
static bool has_mark(const char *text, size_t len, const char *mark)
{
	const size_t n = strlen(mark);
	const char *end = text + len;
	for (const char *p = text; (p = memchr(p, *mark, (size_t)(end - p))); p++)
		if ((size_t)(end - p) >= n && memcmp(p, mark, n) == 0)
			return true;
	return false;
}

/* Column of a run of just 40 base64 characters that mixes cases, as random text does; or len. */
static size_t find_secret(const char *line, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t run = 0;
		bool upper = false, lower = false, digit = false;
		for (; i + run < len && is_base64(line[i + run]); run++) {
			const unsigned char c = (unsigned char)line[i + run];
			upper = upper || isupper(c);
			lower = lower || islower(c);
			digit = digit || isdigit(c);
		}
		if (run == SECRET_LEN && upper && lower && digit)
			return i;
		i += run + 1;
	}
	return len;
}

/* First pass of a line: access keys and PEM headers. */
static void scan_keys(struct scan *s, const char *line, size_t len, uint32_t number)
{
	const char *end = line + len;
	for (const char *p = line; p < end && (p = memchr(p, 'A', (size_t)(end - p))); p++) {
		if (!is_access_key(line, p, end))
			continue;
		report(s, number, (size_t)(p - line), "an AWS access key");
		s->first_key = s->first_key ? s->first_key : number;
		s->last_key = number;
	}
	const char *pem = memmem(line, len, "-----BEGIN ", 11);
	if (pem && memmem(pem, (size_t)(end - pem), "PRIVATE KEY-----", 16))
		report(s, number, (size_t)(pem - line), "a private key");
}

static bool could_hold_any(const struct src *src)
{
	return has_mark(src->data, src->len, "AKIA") || has_mark(src->data, src->len, "ASIA") ||
	       has_mark(src->data, src->len, "PRIVATE KEY") || mentions_secret(src->data, src->len);
}

static size_t line_length(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	return (size_t)((nl ? nl : end) - p);
}

size_t spec_scan_secrets(const struct src *src, struct diag_list *diags)
{
	struct scan s = {.src = src, .diags = diags};
	if (!could_hold_any(src))
		return 0;
	const char *end = src->data + src->len;
	uint32_t number = 1;
	for (const char *p = src->data; p < end; number++) {
		const size_t len = line_length(p, end);
		scan_keys(&s, p, len, number);
		p += len + 1;
	}
	/* The secret may stand above its key, so it is looked for when the keys are known. */
	number = 1;
	for (const char *p = src->data; p < end; number++) {
		const size_t len = line_length(p, end);
		const bool near = s.first_key && number + NEAR_LINES >= s.first_key &&
				  number <= s.last_key + NEAR_LINES;
		const size_t col = near || mentions_secret(p, len) ? find_secret(p, len) : len;
		if (col < len)
			report(&s, number, col, "an AWS secret key");
		p += len + 1;
	}
	return s.found;
}
