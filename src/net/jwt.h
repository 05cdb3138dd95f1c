/*
 * JSON Web Tokens (RFC 7519) in compact form (RFC 7515): verified for runbook requests from other
 * systems, signed for GitHub Apps.
 *
 * The algorithm is decided by the key and never by the token: a secret verifies HS256, an RSA key
 * RS256, a P-256 key ES256, and nothing else is known; "none" is refused like any other. A public
 * key is never used as a secret. Tokens with "crit" (RFC 7515, 4.1.11) are refused; keys named in
 * the token itself ("jwk", "jku", "x5u", "x5c") are not looked at.
 */
#ifndef TRUEUP_NET_JWT_H
#define TRUEUP_NET_JWT_H

#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct jwt_keys;
struct node;
struct str;

/* The longest token that is looked at, in bytes. */
enum { JWT_MAX_LEN = 16384 };

/*
 * Public keys from the content of a file: one or several PEM blocks (PUBLIC KEY, RSA PUBLIC KEY,
 * CERTIFICATE) or a JWKS or single JWK (RFC 7517; members of other types, uses or algorithms are
 * skipped, "oct" members become secrets). name is for messages. ERR_SYNTAX or ERR_INVALID when it
 * holds no usable key, a private PEM key, an RSA key of less than 2048 bits.
 */
MUST_CHECK int jwt_keys_parse(
	const char *text, size_t len, const char *name, struct jwt_keys **ret, struct err **err);
/* A secret for HS256: at least 32 bytes (RFC 7518, 3.2), or ERR_INVALID. */
MUST_CHECK int jwt_keys_secret(
	const void *secret, size_t len, struct jwt_keys **ret, struct err **err);
void jwt_keys_free(struct jwt_keys *keys); /* wipes; accepts NULL */

struct jwt_rules {
	const char *issuer; /* "iss" has to be just this; NULL: any */
	const char *audience; /* "aud" has to be or to contain just this; NULL: any */
	int64_t now_ms; /* milliseconds since 1970 */
	int64_t leeway_ms; /* how far clocks may differ, for "exp" and "nbf" */
};

/*
 * Verifies signature, "exp" (has to be there), "nbf", "iss" and "aud". Returns the claims as a tree
 * in the arena. ERR_SYNTAX: no token; ERR_DENIED: any other reason. The message says which one and
 * holds neither the token nor its claims, but the names of the rule that failed.
 */
MUST_CHECK int jwt_verify(const struct jwt_keys *keys, const struct jwt_rules *rules,
	const char *token, struct arena *arena, const struct node **ret_claims, struct err **err);

/*
 * Signs claims (a map) with RS256 and a private RSA key in PEM (PKCS #1 or #8, not encrypted);
 * appends the token to out. ERR_INVALID if the key is none. Wiping pem and out is the caller's.
 */
MUST_CHECK int jwt_sign_rs256(const char *pem, size_t pem_len, const struct node *claims,
	struct str *out, struct err **err);

#endif
