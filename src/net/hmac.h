/*
 * HMAC-SHA-256 (RFC 2104, FIPS 198-1) and comparing in constant time, for webhook signatures.
 */
#ifndef TRUEUP_NET_HMAC_H
#define TRUEUP_NET_HMAC_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

enum { HMAC_SIZE = 32 };

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
	unsigned char ret[HMAC_SIZE]);

/*
 * The same in pieces, so that nothing has to be copied together to be signed: begin, add any number
 * of times, end (which also frees).
 */
struct hmac;
struct hmac *hmac_begin(const void *key, size_t key_len);
void hmac_add(struct hmac *h, const void *data, size_t len);
void hmac_end(struct hmac *h, unsigned char ret[HMAC_SIZE]);

/* Are the bytes equal? Takes the same time wherever they differ. */
bool equal_constant_time(const void *a, const void *b, size_t len);
/* The same for texts such as tokens; the time depends on the length of `given` only. */
bool equal_text_constant_time(const char *secret, const char *given);

/*
 * Is `given` the MAC in hex (either case), with nothing before or behind it? NULL and any other
 * text are just not.
 */
bool hmac_equals_hex(const unsigned char mac[HMAC_SIZE], const char *given);
/* The same in base64 (RFC 4648, 4). */
bool hmac_equals_base64(const unsigned char mac[HMAC_SIZE], const char *given);

#endif
