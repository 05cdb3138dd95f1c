/*
 * What has to hold for any text before a parser sees it: size, encoding, no characters that
 * nobody can see or that parsers count differently.
 */
#ifndef TRUEUP_FORMAT_TEXT_H
#define TRUEUP_FORMAT_TEXT_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

/* What the rule ids start with, and which characters the format takes. */
enum text_format { TEXT_YAML, TEXT_JSON };

/*
 * Length of the byte order mark that src starts with (0 or 3). -1 after adding an error: too
 * large, not UTF-8, NUL, control characters.
 */
int text_check(const struct src *src, enum text_format format, struct diag_list *diags);

/* Why YAML cannot hold the code point c bare, for messages; NULL if it can. Not for NUL, CR. */
const char *text_unprintable(uint32_t c);

/*
 * The code point at text, which has len > 0 bytes, and how many it takes. Bytes that are not valid
 * UTF-8 give U+FFFD, one at a time.
 */
uint32_t text_code_point(const char *text, size_t len, size_t *ret_width);

/* The place of a byte offset. A byte order mark counts as no column. */
struct pos text_pos(const struct src *src, size_t offset);

#endif
