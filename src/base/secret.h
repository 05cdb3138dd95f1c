/*
 * Secrets and masking. A masker holds values that must never be shown or stored; text that
 * passes through it has them replaced by "***". Beside the value itself that finds
 *
 *	its base64 and base64url encoding at any of the three alignments: the characters that do not
 *	depend on the bytes before and after it (what remains gives away at most 4 bits at each
 *end); its URL encodings (RFC 3986, form data with "+", JavaScript's), hex in either case; the
 *inside of a JSON or HCL string that holds it, as different programs escape it; for a value of
 *several lines each line, without the blanks around it.
 *
 * Values and lines shorter than 4 bytes are not masked (masking "a" destroys the log): masker_add
 * says so. Secrets that overlap in the text become one "***".
 */
#ifndef TRUEUP_BASE_SECRET_H
#define TRUEUP_BASE_SECRET_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct str;
struct masker;

struct masker *masker_new(void);
void masker_free(struct masker *m); /* wipes; accepts NULL */
/* False if value is too short to be masked. */
bool masker_add(struct masker *m, const char *value);
/* Does it hold any value? */
bool masker_active(const struct masker *m);

/* Appends text to out with all secrets masked: for a text that is whole. */
void masker_apply(const struct masker *m, const char *text, size_t len, struct str *out);

/*
 * A stream in chunks: a secret that is split between two chunks is found too, because the end of
 * each chunk that could be the start of one is held back until more comes. Flush at the end.
 */
struct mask_stream;
struct mask_stream *mask_stream_new(const struct masker *m); /* m is borrowed */
void mask_stream_free(struct mask_stream *s);
void mask_stream_feed(struct mask_stream *s, const char *data, size_t len, struct str *out);
void mask_stream_flush(struct mask_stream *s, struct str *out);

/* Overwrites memory in a way the compiler does not remove. */
void secret_wipe(void *data, size_t len);

#endif
