/*
 * SHA-256 (FIPS 180-4), by OpenSSL. Digests are shown and stored as 64 lower-case hex digits.
 */
#ifndef TRUEUP_BASE_DIGEST_H
#define TRUEUP_BASE_DIGEST_H

#include "base/macros.h"

#include <stddef.h>

struct err;

enum { DIGEST_HEX = 65 }; /* 64 digits and a NUL */

void digest_hex(const void *data, size_t len, char ret[DIGEST_HEX]);

/* Piece by piece: begin, add any number of times, end (which also frees). */
struct digest;
struct digest *digest_begin(void);
void digest_add(struct digest *d, const void *data, size_t len);
/* Adds text and its terminating NUL, so that "ab","c" differs from "a","bc". NULL adds \1. */
void digest_add_text(struct digest *d, const char *text);
void digest_end(struct digest *d, char ret[DIGEST_HEX]);

/* Digest of a file's content; of an open one, from where it stands. path is for messages. */
MUST_CHECK int digest_file(const char *path, char ret[DIGEST_HEX], struct err **err);
MUST_CHECK int digest_fd(int fd, const char *path, char ret[DIGEST_HEX], struct err **err);

/* len random bytes as 2 * len hex digits and a NUL, from the kernel. */
void random_hex(size_t len, char *ret);

#endif
