/* Keys as the files of net/jwt share them. */
#ifndef TRUEUP_NET_JWT_INTERNAL_H
#define TRUEUP_NET_JWT_INTERNAL_H

#include "net/jwt.h"

#include <openssl/types.h>

/* What a key is for; the names are those of RFC 7518, 3.1. */
enum jwt_algorithm { JWT_NO_ALGORITHM, JWT_HS256, JWT_RS256, JWT_ES256 };

enum {
	JWT_MIN_SECRET = 32, /* bytes: as long as the digest (RFC 7518, 3.2) */
	JWT_MIN_RSA_BITS = 2048, /* RFC 7518, 3.3 */
};

struct jwt_key {
	enum jwt_algorithm algorithm;
	char *id; /* "kid"; NULL: it has none */
	EVP_PKEY *public_key; /* RS256, ES256 */
	unsigned char *secret; /* HS256 */
	size_t secret_len;
};

struct jwt_keys {
	struct jwt_key *items;
	size_t count, cap;
};

/* Parses JSON that somebody else wrote into the arena; NULL if it is none. */
const struct node *jwt_parse_json(struct arena *arena, const char *text, size_t len);
/* OpenSSL keeps errors in a queue of the thread; nobody else looks at it. */
void jwt_forget_errors(void);

#endif
