/*
 * Base64 and base64url (RFC 4648, sections 4 and 5).
 */
#ifndef TRUEUP_NET_BASE64_H
#define TRUEUP_NET_BASE64_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct str;

void base64_encode(const void *data, size_t len, struct str *out); /* with padding */
void base64url_encode(const void *data, size_t len, struct str *out); /* without */

/*
 * Strict: no blanks, no line breaks, padding just as the encoder makes it, unused bits zero, so
 * that one sequence of bytes has one text. False, with out as it was, for anything else.
 */
MUST_CHECK bool base64_decode(const char *text, size_t len, struct str *out);
MUST_CHECK bool base64url_decode(const char *text, size_t len, struct str *out);

#endif
