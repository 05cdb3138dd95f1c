/* A place in a source text, for messages that point at what somebody wrote. */
#ifndef TRUEUP_BASE_POS_H
#define TRUEUP_BASE_POS_H

#include <stddef.h>
#include <stdint.h>

/* A text that was read. It outlives every position in it (usually: both in one arena). */
struct src {
	const char *path; /* as the user knows it: relative to the spec root */
	const char *data; /* NUL-terminated */
	size_t len;
};

/* line and col count from 1; col counts Unicode characters. line 0: the whole file. */
struct pos {
	const struct src *src; /* NULL: no place known */
	uint32_t line;
	uint32_t col;
};

#endif
