/*
 * Each value is turned into the forms in which it may show up ("needles"). Every needle has at
 * least four bytes, so a scan hashes the four bytes at each position, looks into a bitmap that
 * stays in the first-level cache, and compares needles only where that hits: the cost hardly
 * depends on how many there are.
 *
 * A stream and a whole text go through the same scan. It stops at the first position where what
 * has come so far could still become a needle, and goes on from there with the next chunk.
 */
#include "base/secret.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	MIN_LENGTH = 4, /* also what the hash reads */
	HASHES = 1 << 16,
	BUCKETS = 1 << 12,
	WORD = 64,
};

static const char mask[] = "***";

struct needle {
	char *data;
	size_t len;
	uint32_t next; /* in its bucket: number + 1; 0: last */
};

struct masker {
	struct needle *needles;
	size_t count, cap;
	uint64_t hashes[HASHES / WORD]; /* of the first four bytes of all needles */
	uint64_t firsts[256 / WORD]; /* their first bytes */
	uint32_t buckets[BUCKETS]; /* number + 1 of the first needle; 0: none */
};

struct mask_stream {
	const struct masker *masker;
	struct str held; /* came, but not decided yet */
	size_t masked; /* so many bytes of what follows belong to a mask that is printed already */
};

void secret_wipe(void *data, size_t len)
{
	explicit_bzero(data, len);
}

static void wipe_str(struct str *s)
{
	if (s->cap)
		secret_wipe(s->data, s->cap);
	str_release(s);
}

struct masker *masker_new(void)
{
	return xcalloc(1, sizeof(struct masker));
}

void masker_free(struct masker *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++) {
		secret_wipe(m->needles[i].data, m->needles[i].len);
		free(m->needles[i].data);
	}
	free(m->needles);
	secret_wipe(m, sizeof *m);
	free(m);
}

bool masker_active(const struct masker *m)
{
	return m && m->count > 0;
}

static bool has_bit(const uint64_t *set, uint32_t bit)
{
	return set[bit / WORD] >> (bit % WORD) & 1;
}

static void set_bit(uint64_t *set, uint32_t bit)
{
	set[bit / WORD] |= (uint64_t)1 << (bit % WORD);
}

/* Knuth's multiplicative hash of four bytes. */
static uint32_t hash_at(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof word);
	return (word * 2654435761u) >> 16;
}

static void add_needle(struct masker *m, const char *data, size_t len)
{
	if (len < MIN_LENGTH)
		return;
	const uint32_t hash = hash_at(data);
	uint32_t *bucket = &m->buckets[hash % BUCKETS];
	for (uint32_t n = *bucket; n; n = m->needles[n - 1].next)
		if (m->needles[n - 1].len == len && memcmp(m->needles[n - 1].data, data, len) == 0)
			return;
	m->needles = grow_array(m->needles, m->count, &m->cap, sizeof(struct needle));
	struct needle *needle = &m->needles[m->count++];
	needle->data = xmalloc(len);
	memcpy(needle->data, data, len);
	needle->len = len;
	needle->next = *bucket;
	*bucket = (uint32_t)m->count;
	set_bit(m->hashes, hash);
	set_bit(m->firsts, (unsigned char)data[0]);
}

/* Base64 (RFC 4648) of value behind `before` other bytes: the characters it decides alone. */
static void add_base64(struct masker *m, const char *value, size_t len, size_t before,
	const char *alphabet, struct str *scratch)
{
	str_clear(scratch);
	const size_t first = (8 * before + 5) / 6, last = 8 * (before + len) / 6;
	for (size_t i = first; i < last; i++) {
		/* Six bits from bit 6 * i on, counted from the start of the other bytes. */
		const size_t bit = 6 * i - 8 * before;
		const unsigned high = (unsigned char)value[bit / 8];
		const unsigned low = bit / 8 + 1 < len ? (unsigned char)value[bit / 8 + 1] : 0;
		const unsigned both = high << 8 | low;
		str_addc(scratch, alphabet[both >> (10 - bit % 8) & 63]);
	}
	add_needle(m, scratch->data, scratch->len);
}

static void add_all_base64(struct masker *m, const char *value, size_t len, struct str *scratch)
{
	static const char common[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char *const ends[] = {"+/", "-_"};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char alphabet[65];
		memcpy(alphabet, common, 62);
		memcpy(alphabet + 62, ends[i], 3);
		for (size_t before = 0; before < 3; before++)
			add_base64(m, value, len, before, alphabet, scratch);
	}
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void add_url(struct masker *m, const char *value, size_t len, struct str *scratch)
{
	static const struct {
		const char *kept; /* beside letters and digits */
		const char *blank; /* what a blank becomes */
	} forms[] = {
		{"-_.~", NULL}, /* RFC 3986 */
		{"-_.~", "+"}, /* Python's quote_plus, Go's QueryEscape */
		{"-_.*", "+"}, /* form data */
		{"-_.~!'()*", NULL}, /* JavaScript */
		{"-_.~/", NULL}, /* a path */
	};
	for (size_t i = 0; i < 2 * ARRAY_LEN(forms); i++) {
		str_clear(scratch);
		for (const char *p = value; p < value + len; p++) {
			if (is_alnum(*p) || strchr(forms[i / 2].kept, *p))
				str_addc(scratch, *p);
			else if (*p == ' ' && forms[i / 2].blank)
				str_add(scratch, forms[i / 2].blank);
			else
				str_addf(scratch, i % 2 ? "%%%02x" : "%%%02X",
					(unsigned)(unsigned char)*p);
		}
		add_needle(m, scratch->data, scratch->len);
	}
}

enum json_form {
	JSON_SLASH = 1 << 0, /* "/" as "\/": PHP */
	JSON_HTML = 1 << 1, /* <, > and & as \u003c ...: Go */
	JSON_ASCII = 1 << 2, /* all but ASCII as \uXXXX: Python */
	JSON_HCL = 1 << 3, /* "${" as "$${", "%{" as "%%{" */
	JSON_UPPER = 1 << 4, /* upper-case hex digits */
	JSON_FORMS = 1 << 5,
};

/* The code point at *p, which moves behind it. The text may be anything: bad bytes are U+FFFD. */
static uint32_t next_code_point(const char **p, const char *end)
{
	const unsigned char *s = (const unsigned char *)*p;
	const size_t width = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if ((size_t)(end - *p) < width || utf8_valid(*p, width) < width) {
		++*p;
		return 0xfffd;
	}
	uint32_t c = width == 1 ? s[0] : s[0] & (0x7fu >> width);
	for (size_t i = 1; i < width; i++)
		c = c << 6 | (s[i] & 0x3fu);
	*p += width;
	return c;
}

static void put_unit(uint32_t unit, unsigned form, struct str *out)
{
	str_addf(out, form & JSON_UPPER ? "\\u%04X" : "\\u%04x", (unsigned)unit);
}

static void put_utf16(uint32_t c, unsigned form, struct str *out)
{
	if (c >= 0x10000) {
		put_unit(0xd800 + ((c - 0x10000) >> 10), form, out);
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	put_unit(c, form, out);
}

/* Does a program of this form write the code point as a number? */
static bool is_numbered(uint32_t c, unsigned form)
{
	if (c < 0x20)
		return true;
	if (c >= 0x80)
		return form & JSON_ASCII;
	return form & JSON_HTML && strchr("<>&", (char)c);
}

static void add_json(
	struct masker *m, const char *value, size_t len, unsigned form, struct str *scratch)
{
	static const char letters[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	str_clear(scratch);
	for (const char *p = value, *end = value + len; p < end;) {
		const char *start = p;
		const uint32_t c = next_code_point(&p, end);
		if (c < sizeof letters && letters[c])
			str_addf(scratch, "\\%c", letters[c]);
		else if (is_numbered(c, form))
			put_utf16(c, form, scratch);
		else if (c == '"' || c == '\\' || (form & JSON_SLASH && c == '/'))
			str_addf(scratch, "\\%c", (char)c);
		else if (form & JSON_HCL && (c == '$' || c == '%') && *p == '{')
			str_addf(scratch, "%c%c", (char)c, (char)c);
		else
			str_addn(scratch, start, (size_t)(p - start));
	}
	add_needle(m, scratch->data, scratch->len);
}

static void add_lines(struct masker *m, const char *value, size_t len)
{
	for (const char *p = value, *end = value + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end, *next = nl ? nl + 1 : end;
		while (p < stop && strchr(" \t\r", *p))
			p++;
		while (stop > p && strchr(" \t\r", stop[-1]))
			stop--;
		add_needle(m, p, (size_t)(stop - p));
		p = next;
	}
}

bool masker_add(struct masker *m, const char *value)
{
	const size_t len = strlen(value);
	if (len < MIN_LENGTH)
		return false;
	struct str scratch = STR_INIT;
	str_reserve(&scratch, 6 * len); /* the longest form: nothing is left behind by growing */
	add_needle(m, value, len);
	add_all_base64(m, value, len, &scratch);
	add_url(m, value, len, &scratch);
	for (unsigned form = 0; form < JSON_FORMS; form++)
		add_json(m, value, len, form, &scratch);
	if (memchr(value, '\n', len))
		add_lines(m, value, len);
	wipe_str(&scratch);
	return true;
}

struct found {
	size_t longest; /* of the needles that are here; 0: none */
	bool maybe; /* a longer one is here as far as the text goes */
};

static void try_needle(const struct needle *n, const char *p, size_t left, struct found *found)
{
	if (n->len <= found->longest)
		return;
	if (n->len <= left) {
		if (memcmp(n->data, p, n->len) == 0)
			found->longest = n->len;
	} else if (!found->maybe) {
		found->maybe = memcmp(n->data, p, left) == 0;
	}
}

static struct found find_at(const struct masker *m, const char *p, size_t left)
{
	struct found found = {0, false};
	if (left < MIN_LENGTH) {
		if (has_bit(m->firsts, (unsigned char)*p))
			for (size_t i = 0; i < m->count && !found.maybe; i++)
				try_needle(&m->needles[i], p, left, &found);
		return found;
	}
	const uint32_t hash = hash_at(p);
	if (has_bit(m->hashes, hash))
		for (uint32_t n = m->buckets[hash % BUCKETS]; n; n = m->needles[n - 1].next)
			try_needle(&m->needles[n - 1], p, left, &found);
	return found;
}

/* The first position from i on where a needle may start. */
static size_t skip_clean(const struct masker *m, const char *data, size_t i, size_t len)
{
	while (i + MIN_LENGTH <= len && !has_bit(m->hashes, hash_at(data + i)))
		i++;
	return i;
}

/*
 * Masks data into out and returns how many bytes are done: all of them if last, otherwise up to
 * where a needle may have begun. *masked: see struct mask_stream.
 */
static size_t scan(const struct masker *m, const char *data, size_t len, bool last, size_t *masked,
	struct str *out)
{
	size_t i = 0, clean = 0; /* [clean, i) is to be printed */
	while (i < len) {
		if (!*masked) {
			i = skip_clean(m, data, i, len);
			if (i == len)
				break;
		}
		const struct found found = find_at(m, data + i, len - i);
		if (found.maybe && !last)
			break;
		if (found.longest && !*masked) {
			str_addn(out, data + clean, i - clean);
			str_addn(out, mask, sizeof mask - 1);
		}
		if (found.longest > *masked)
			*masked = found.longest;
		i++;
		if (*masked) {
			--*masked;
			clean = i;
		}
	}
	str_addn(out, data + clean, i - clean);
	return i;
}

void masker_apply(const struct masker *m, const char *text, size_t len, struct str *out)
{
	size_t masked = 0;
	(void)scan(m, text, len, true, &masked, out);
}

struct mask_stream *mask_stream_new(const struct masker *m)
{
	struct mask_stream *s = xcalloc(1, sizeof *s);
	s->masker = m;
	s->held = (struct str)STR_INIT;
	return s;
}

void mask_stream_free(struct mask_stream *s)
{
	if (!s)
		return;
	wipe_str(&s->held);
	free(s);
}

void mask_stream_feed(struct mask_stream *s, const char *data, size_t len, struct str *out)
{
	if (!s->held.len) {
		const size_t done = scan(s->masker, data, len, false, &s->masked, out);
		str_addn(&s->held, data + done, len - done);
		return;
	}
	str_addn(&s->held, data, len);
	const size_t done = scan(s->masker, s->held.data, s->held.len, false, &s->masked, out);
	memmove(s->held.data, s->held.data + done, s->held.len - done);
	str_truncate(&s->held, s->held.len - done);
}

void mask_stream_flush(struct mask_stream *s, struct str *out)
{
	(void)scan(s->masker, s->held.data, s->held.len, true, &s->masked, out);
	str_clear(&s->held);
	s->masked = 0;
}
