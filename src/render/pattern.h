/*
 * A pattern of type.yaml: a POSIX extended regular expression over the whole text. It is compiled
 * when the first text is compared with it. One that only limits the length, `.{1,8192}` or
 * `[a-z_]{1,255}`, is never compiled: the library writes a counted repetition out, which takes
 * seconds for the first and is slow for the second.
 */
#ifndef TRUEUP_RENDER_PATTERN_H
#define TRUEUP_RENDER_PATTERN_H

#include "base/macros.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct pattern {
	const char *text; /* borrowed; NULL: there is none */
	enum pattern_state { PATTERN_NEW, PATTERN_LENGTH, PATTERN_REGEX, PATTERN_BROKEN } state;
	size_t min, max; /* PATTERN_LENGTH: in characters */
	bool listed; /* PATTERN_LENGTH: of these characters only */
	bool allowed[256];
	regex_t regex; /* PATTERN_REGEX */
};

/* Compiles it if that has not been done. False: it is not a valid expression. */
MUST_CHECK bool pattern_prepare(struct pattern *p);
/* Does the text (len bytes of UTF-8) match? Never with a broken pattern or a NUL in the text. */
bool pattern_matches(struct pattern *p, const char *text, size_t len);
void pattern_release(struct pattern *p);

#endif
