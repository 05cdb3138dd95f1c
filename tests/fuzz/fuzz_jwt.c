/*
 * First line: keys. The rest: a token, which these keys verify or not; then claims, in a token that
 * is signed correctly. What is accepted has claims that are a map and an end that has not come.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/node.h"
#include "net/base64.h"
#include "net/hmac.h"
#include "net/jwt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "0123456789abcdef0123456789abcdef";

static void verify(const struct jwt_keys *keys, const char *token)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	const struct node *claims = NULL;
	const struct jwt_rules rules = {.now_ms = 1000000, .leeway_ms = 1000};
	if (jwt_verify(keys, &rules, token, &arena, &claims, &err) < 0) {
		if (claims || !*err->message)
			abort();
		return;
	}
	if (claims->type != NODE_MAP || !node_get(claims, "exp"))
		abort();
}

static char *sign(const char *payload, size_t len)
{
	AUTO_STR token = STR_INIT;
	str_add(&token, "eyJhbGciOiJIUzI1NiJ9.");
	base64url_encode(payload, len, &token);
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(secret, strlen(secret), token.data, token.len, mac);
	str_addc(&token, '.');
	base64url_encode(mac, sizeof mac, &token);
	return str_detach(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	const char *end = strchr(text, '\n');
	const size_t keys_len = end ? (size_t)(end - text) : strlen(text);
	const char *rest = end ? end + 1 : "";
	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	if (jwt_keys_parse(text, keys_len, "input", &keys, &err) == 0)
		verify(keys, rest);
	jwt_keys_free(keys);
	/* PEM has several lines. */
	struct jwt_keys *pem = NULL;
	AUTO_ERR ignored = NULL;
	if (jwt_keys_parse(text, strlen(text), "input", &pem, &ignored) == 0)
		jwt_keys_free(pem);

	struct jwt_keys *own = NULL;
	AUTO_ERR never = NULL;
	if (jwt_keys_secret(secret, strlen(secret), &own, &never) < 0)
		abort();
	AUTO_FREE char *token = sign(rest, strlen(rest));
	verify(own, token);
	jwt_keys_free(own);
	return 0;
}
