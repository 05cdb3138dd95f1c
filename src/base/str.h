/*
 * Growing byte string. data is always NUL-terminated (also when empty) and may hold NULs; len
 * does not count the terminator. Zero-initialise with STR_INIT, release with str_release().
 */
#ifndef TRUEUP_BASE_STR_H
#define TRUEUP_BASE_STR_H

#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	char *data;
	size_t len;
	size_t cap; /* 0: data is the shared empty string and not ours */
};

extern char str_empty[];
#define STR_INIT                                                                                   \
	{                                                                                          \
		str_empty, 0, 0                                                                    \
	}

void str_release(struct str *s); /* frees and leaves it empty */
void str_clear(struct str *s); /* empties, keeps the memory */
void str_reserve(struct str *s, size_t extra);

/* Here so that the usual case, a few bytes into memory that is there, costs no call. */
static inline void str_addn(struct str *s, const void *data, size_t len)
{
	if (len >= s->cap - s->len)
		str_reserve(s, len);
	if (len)
		memcpy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

static inline void str_addc(struct str *s, char c)
{
	if (s->cap - s->len < 2)
		str_reserve(s, 1);
	s->data[s->len++] = c;
	s->data[s->len] = '\0';
}

static inline void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

/* The number in decimal. */
void str_addi(struct str *s, int64_t value);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
/* The text as one word for a POSIX shell, in single quotes. */
void str_add_shell(struct str *s, const char *text);
/* Cuts to len bytes; len must not be larger than s->len. */
void str_truncate(struct str *s, size_t len);

/* The bytes as a heap string owned by the caller; s is empty afterwards. */
char *str_detach(struct str *s);

/* A local struct str that is released when it leaves its scope. */
#define AUTO_STR CLEANUP(str_release) struct str

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* Copies text into an array of size bytes, cut if need be; false if it was. */
bool str_copy(char *to, size_t size, const char *text);
/* strcmp() == 0, where NULL equals only NULL. */
bool str_eq(const char *a, const char *b);

/*
 * The candidate nearest to word by edit distance, for "did you mean"; NULL if none is near
 * (more than a third of the word's letters differ). candidates ends with NULL.
 */
const char *str_nearest(const char *word, const char *const *candidates);

/* Length of the longest prefix of text, at most max bytes, that ends at a UTF-8 border. */
size_t utf8_cut(const char *text, size_t len, size_t max);
/* Offset of the first byte that is not valid UTF-8 (RFC 3629), or len. */
size_t utf8_valid(const char *text, size_t len);

#endif
