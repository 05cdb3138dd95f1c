/*
 * Built on OpenSSL's EVP_MAC. Comparing combines the differences of all bytes before it looks at
 * the result, through CRYPTO_memcmp, which compilers cannot shorten.
 */
#include "net/hmac.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "net/base64.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

struct hmac {
	EVP_MAC_CTX *ctx;
};

/* These fail when memory runs out or the library is broken: mem.h's policy. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

struct hmac *hmac_begin(const void *key, size_t key_len)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	must(mac);
	struct hmac *h = xcalloc(1, sizeof *h);
	h->ctx = EVP_MAC_CTX_new(mac);
	must(h->ctx);
	EVP_MAC_free(mac);
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	/* No key at all would mean "keep the last one". */
	must(EVP_MAC_init(h->ctx, key_len ? key : (const void *)"", key_len, params) == 1);
	return h;
}

void hmac_add(struct hmac *h, const void *data, size_t len)
{
	must(EVP_MAC_update(h->ctx, data, len) == 1);
}

void hmac_end(struct hmac *h, unsigned char ret[HMAC_SIZE])
{
	size_t len = 0;
	must(EVP_MAC_final(h->ctx, ret, &len, HMAC_SIZE) == 1 && len == HMAC_SIZE);
	EVP_MAC_CTX_free(h->ctx);
	free(h);
}

void hmac_sha256(
	const void *key, size_t key_len, const void *data, size_t len, unsigned char ret[HMAC_SIZE])
{
	struct hmac *h = hmac_begin(key, key_len);
	hmac_add(h, data, len);
	hmac_end(h, ret);
}

bool equal_constant_time(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

bool equal_text_constant_time(const char *secret, const char *given)
{
	/* MACs under a key of this process are equal when the texts are, and of equal length. */
	unsigned char key[HMAC_SIZE], a[HMAC_SIZE], b[HMAC_SIZE];
	hmac_sha256(given, strlen(given), "compare", strlen("compare"), key);
	hmac_sha256(key, sizeof key, secret, strlen(secret), a);
	hmac_sha256(key, sizeof key, given, strlen(given), b);
	const bool equal = equal_constant_time(a, b, HMAC_SIZE);
	secret_wipe(a, sizeof a);
	return equal;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hmac_equals_hex(const unsigned char mac[HMAC_SIZE], const char *given)
{
	unsigned char bytes[HMAC_SIZE];
	if (!given || strlen(given) != 2 * (size_t)HMAC_SIZE)
		return false;
	for (size_t i = 0; i < HMAC_SIZE; i++) {
		const int high = hex_value(given[2 * i]), low = hex_value(given[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return equal_constant_time(mac, bytes, HMAC_SIZE);
}

bool hmac_equals_base64(const unsigned char mac[HMAC_SIZE], const char *given)
{
	AUTO_STR bytes = STR_INIT;
	return given && base64_decode(given, strlen(given), &bytes) && bytes.len == HMAC_SIZE &&
	       equal_constant_time(mac, bytes.data, HMAC_SIZE);
}
