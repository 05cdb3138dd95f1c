#include "base/str.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char str_empty[1];

void str_release(struct str *s)
{
	if (s->cap)
		free(s->data);
	*s = (struct str)STR_INIT;
}

void str_clear(struct str *s)
{
	if (s->cap)
		s->data[0] = '\0';
	s->len = 0;
}

void str_reserve(struct str *s, size_t extra)
{
	if (extra > SIZE_MAX / 4 || s->len > SIZE_MAX / 4)
		abort();
	const size_t need = s->len + extra + 1;
	if (need <= s->cap)
		return;
	size_t cap = s->cap ? s->cap * 2 : 64;
	if (cap < need)
		cap = need;
	char *old = s->cap ? s->data : NULL;
	s->data = xreallocarray(old, cap, 1);
	s->data[s->len] = '\0';
	s->cap = cap;
}

void str_addi(struct str *s, int64_t value)
{
	char digits[20]; /* of the largest magnitude, 2^63 */
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	str_addn(s, digits + at, sizeof digits - at);
}

void str_vaddf(struct str *s, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	str_reserve(s, 32); /* fits nearly always: then it is formatted once */
	const int len = vsnprintf(s->data + s->len, s->cap - s->len, fmt, args);
	if (len < 0)
		abort();
	if ((size_t)len >= s->cap - s->len) {
		str_reserve(s, (size_t)len);
		(void)vsnprintf(s->data + s->len, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	s->len += (size_t)len;
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_vaddf(s, fmt, args);
	va_end(args);
}

void str_add_shell(struct str *s, const char *text)
{
	str_addc(s, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_add(s, "'\\''");
		else
			str_addc(s, *text);
	}
	str_addc(s, '\'');
}

void str_truncate(struct str *s, size_t len)
{
	if (len < s->len) {
		s->len = len;
		s->data[len] = '\0';
	}
}

char *str_detach(struct str *s)
{
	char *out = s->cap ? s->data : xstrdup("");
	*s = (struct str)STR_INIT;
	return out;
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	const size_t n = strlen(text), m = strlen(suffix);
	return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

bool str_copy(char *to, size_t size, const char *text)
{
	const size_t len = strlen(text), fits = len < size ? len : size - 1;
	memcpy(to, text, fits);
	to[fits] = '\0';
	return fits == len;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Levenshtein distance with two rows; words longer than the row are never near anything. */
static size_t edit_distance(const char *a, const char *b)
{
	enum { MAX = 63 };
	const size_t n = strlen(a), m = strlen(b);
	if (n > MAX || m > MAX)
		return SIZE_MAX;
	size_t row[MAX + 1];
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			const size_t above = row[j];
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[m];
}

const char *str_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3 + 1;
	for (; *candidates; candidates++) {
		const size_t d = edit_distance(word, *candidates);
		if (d <= limit && d < strlen(*candidates)) {
			limit = d ? d - 1 : 0;
			best = *candidates;
			if (d == 0)
				break;
		}
	}
	return best;
}

/*
 * How many bytes follow the first byte c of a sequence, and the range of the first of them, which
 * is what excludes overlong forms, surrogates and all above U+10FFFF. -1: no sequence starts so.
 */
static int utf8_following(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 0;
	if (c < 0xc2 || c > 0xf4)
		return -1;
	return c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
}

/* Past eight ASCII characters at a time. */
static size_t skip_ascii(const char *text, size_t i, size_t len)
{
	for (; len - i >= 8; i += 8) {
		uint64_t w;
		memcpy(&w, text + i, 8);
		if (w & UINT64_C(0x8080808080808080))
			break;
	}
	return i;
}

size_t utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	for (size_t i = skip_ascii(text, 0, len); i < len; i = skip_ascii(text, i, len)) {
		unsigned char low, high;
		const int more = utf8_following(p[i], &low, &high);
		if (more < 0 || (size_t)more >= len - i)
			return i;
		if (more > 0 && (p[i + 1] < low || p[i + 1] > high))
			return i;
		for (int k = 2; k <= more; k++)
			if ((p[i + (size_t)k] & 0xc0) != 0x80)
				return i;
		i += (size_t)more + 1;
	}
	return len;
}

size_t utf8_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}
