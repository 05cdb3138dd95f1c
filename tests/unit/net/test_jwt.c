/*
 * Protects: only a token that was signed with a configured key, for us, and that is valid now is
 * believed; the token itself never chooses how it is verified.
 */
#include "net/jwt.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "check.h"
#include "format/node.h"
#include "net/base64.h"
#include "net/hmac.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* The example of RFC 7515, appendix A (and RFC 7519, 3.1): three signatures of the same claims. */
#define CLAIMS                                                                                     \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"
static const char hs256_token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." CLAIMS
				  ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char hs256_key[] =
	"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj"
	"0iPS4hcgUuTwjAzZr1Z9CAow\"}";
static const char rs256_token[] =
	"eyJhbGciOiJSUzI1NiJ9." CLAIMS
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
	"2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSj"
	"tQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh"
	"6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char rs256_key[] =
	"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
	"-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzj"
	"b_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZl"
	"xvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54"
	"h4FRWyuXpoQ\",\"e\":\"AQAB\"}";
static const char es256_token[] =
	"eyJhbGciOiJFUzI1NiJ9." CLAIMS
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char es256_key[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

enum { BEFORE_END = 1300819379, END = 1300819380 };

static struct jwt_keys *keys_of(const char *text)
{
	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_keys_parse(text, strlen(text), "test", &keys, &err), 0);
	return keys;
}

/* NULL when the token is good, otherwise why not. */
static char *verdict(const struct jwt_keys *keys, const char *token, const struct jwt_rules *rules)
{
	AUTO_ARENA arena = {0};
	const struct node *claims = NULL;
	AUTO_ERR err = NULL;
	if (jwt_verify(keys, rules, token, &arena, &claims, &err) == 0) {
		assert_non_null(claims);
		return NULL;
	}
	assert_null(claims);
	assert_true(err->kind == ERR_DENIED || err->kind == ERR_SYNTAX);
	return xstrdup(err->message);
}

static void expect(const struct jwt_keys *keys, const char *token, const struct jwt_rules *rules,
	const char *expected)
{
	AUTO_FREE char *why = verdict(keys, token, rules);
	if (expected)
		assert_string_equal(why, expected);
	else
		assert_null(why);
}

static const struct jwt_rules in_time = {.now_ms = INT64_C(1000) * BEFORE_END};

static void test_rfc_vectors(void **state)
{
	(void)state;
	static const struct {
		const char *token, *key;
	} rows[] = {
		{hs256_token, hs256_key},
		{rs256_token, rs256_key},
		{es256_token, es256_key},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwt_keys *keys = keys_of(rows[i].key);
		AUTO_ARENA arena = {0};
		const struct node *claims = NULL;
		AUTO_ERR err = NULL;
		const struct jwt_rules rules = {.issuer = "joe", .now_ms = in_time.now_ms};
		assert_int_equal(jwt_verify(keys, &rules, rows[i].token, &arena, &claims, &err), 0);
		assert_string_equal(node_text(node_get(claims, "iss")), "joe");
		assert_true(node_get(claims, "http://example.com/is_root")->boolean);

		/* Any other byte of it makes it invalid. */
		AUTO_FREE char *changed = xstrdup(rows[i].token);
		const size_t len = strlen(changed);
		for (size_t k = 0; k < len; k += 7) {
			const char before = changed[k];
			changed[k] = before == 'A' ? 'B' : 'A';
			AUTO_FREE char *why = verdict(keys, changed, &in_time);
			assert_non_null(why);
			changed[k] = before;
		}
		/* Another key of the same kind, or of another, verifies nothing. */
		for (size_t k = 0; k < ARRAY_LEN(rows); k++)
			if (k != i)
				expect(keys, rows[k].token, &in_time,
					"the token's algorithm is none that the configured keys "
					"are for");
		jwt_keys_free(keys);
	}
}

static void test_set(void **state)
{
	(void)state;
	AUTO_FREE char *set =
		xasprintf("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"},"
			  "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AA\",\"e\":\"AQAB\"},"
			  "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"},%s,%s,%s]}",
			hs256_key, rs256_key, es256_key);
	struct jwt_keys *keys = keys_of(set);
	expect(keys, hs256_token, &in_time, NULL);
	expect(keys, rs256_token, &in_time, NULL);
	expect(keys, es256_token, &in_time, NULL);
	jwt_keys_free(keys);
}

/* Tokens of our own, signed with a secret. */
static const char secret[] = "0123456789abcdef0123456789abcdef";

static char *signed_token(const char *header, const char *payload)
{
	AUTO_STR token = STR_INIT;
	base64url_encode(header, strlen(header), &token);
	str_addc(&token, '.');
	base64url_encode(payload, strlen(payload), &token);
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(secret, strlen(secret), token.data, token.len, mac);
	str_addc(&token, '.');
	base64url_encode(mac, sizeof mac, &token);
	return str_detach(&token);
}

static void test_claims(void **state)
{
	(void)state;
	static const struct {
		const char *payload, *expected;
	} rows[] = {
		{"{\"exp\":1001,\"iss\":\"i\",\"aud\":\"a\"}", NULL},
		{"{\"exp\":1000.5,\"iss\":\"i\",\"aud\":[\"b\",\"a\"]}", NULL},
		{"{\"exp\":1000,\"iss\":\"i\",\"aud\":\"a\"}", NULL}, /* within the leeway */
		{"{\"exp\":995,\"iss\":\"i\",\"aud\":\"a\"}", "the token has expired (exp)"},
		{"{\"exp\":-1,\"iss\":\"i\",\"aud\":\"a\"}", "the token has expired (exp)"},
		{"{\"iss\":\"i\",\"aud\":\"a\"}", "the token has no end (exp)"},
		{"{\"exp\":\"1001\",\"iss\":\"i\",\"aud\":\"a\"}", "the token's exp is no number"},
		{"{\"exp\":null,\"iss\":\"i\",\"aud\":\"a\"}", "the token's exp is no number"},
		{"{\"exp\":1e300,\"iss\":\"i\",\"aud\":\"a\"}", NULL},
		{"{\"exp\":2000,\"nbf\":1005,\"iss\":\"i\",\"aud\":\"a\"}", NULL},
		{"{\"exp\":2000,\"nbf\":1006,\"iss\":\"i\",\"aud\":\"a\"}",
			"the token is not valid yet (nbf)"},
		{"{\"exp\":2000,\"nbf\":\"0\",\"iss\":\"i\",\"aud\":\"a\"}",
			"the token's nbf is no number"},
		{"{\"exp\":2000,\"aud\":\"a\"}", "the token's issuer (iss) is not i"},
		{"{\"exp\":2000,\"iss\":\"I\",\"aud\":\"a\"}", "the token's issuer (iss) is not i"},
		{"{\"exp\":2000,\"iss\":[\"i\"],\"aud\":\"a\"}",
			"the token's issuer (iss) is not i"},
		{"{\"exp\":2000,\"iss\":\"i\\u0000x\",\"aud\":\"a\"}",
			"the token's claims are no JSON object"},
		{"{\"exp\":2000,\"iss\":\"i\"}", "the token is not meant for a (aud)"},
		{"{\"exp\":2000,\"iss\":\"i\",\"aud\":[]}", "the token is not meant for a (aud)"},
		{"{\"exp\":2000,\"iss\":\"i\",\"aud\":{\"a\":\"a\"}}",
			"the token is not meant for a (aud)"},
		{"{\"exp\":2000,\"exp\":1,\"iss\":\"i\",\"aud\":\"a\"}",
			"the token's claims are no JSON object"},
		{"[]", "the token's claims are no JSON object"},
		{"", "the token's claims are no JSON object"},
	};
	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_keys_secret(secret, strlen(secret), &keys, &err), 0);
	const struct jwt_rules rules = {
		.issuer = "i", .audience = "a", .now_ms = 1000000, .leeway_ms = 5000};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *token = signed_token("{\"alg\":\"HS256\"}", rows[i].payload);
		expect(keys, token, &rules, rows[i].expected);
	}
	jwt_keys_free(keys);
}

static void test_headers(void **state)
{
	(void)state;
	static const char wrong_algorithm[] =
		"the token's algorithm is none that the configured keys are for";
	static const struct {
		const char *header, *expected;
	} rows[] = {
		{"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jwk\":{},\"jku\":\"http://127.0.0.1/\"}",
			NULL},
		{"{\"alg\":\"none\"}", wrong_algorithm},
		{"{\"alg\":\"None\"}", wrong_algorithm},
		{"{\"alg\":\"hs256\"}", wrong_algorithm},
		{"{\"alg\":\"HS512\"}", wrong_algorithm},
		{"{\"alg\":\"RS256\"}", wrong_algorithm},
		{"{\"alg\":256}", wrong_algorithm},
		{"{}", wrong_algorithm},
		{"{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}",
			"the token demands extensions that are not known"},
		{"{\"alg\":\"HS256\",\"kid\":\"any\"}", NULL}, /* our key has no id */
		{"{\"alg\":\"HS256\",\"kid\":1}", "the token's key id is no text"},
		{"{\"alg\":\"none\",\"alg\":\"HS256\"}", "the token's header is no JSON object"},
		{"\"HS256\"", "the token's header is no JSON object"},
	};
	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_keys_secret(secret, strlen(secret), &keys, &err), 0);
	const struct jwt_rules rules = {.now_ms = 1000000};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *token = signed_token(rows[i].header, "{\"exp\":2000}");
		expect(keys, token, &rules, rows[i].expected);
	}

	static const struct {
		const char *token, *expected;
	} texts[] = {
		{"", "a token has three parts with dots between them"},
		{"a.b", "a token has three parts with dots between them"},
		{"a.b.c.d", "a token has three parts with dots between them"},
		{"e30.e30.c", "a part of the token is not base64url"},
		{"e30=.e30.", "a part of the token is not base64url"},
		{"..", "the token's header is no JSON object"},
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect(keys, texts[i].token, &rules, texts[i].expected);
	AUTO_STR shorter = STR_INIT;
	AUTO_FREE char *good = signed_token("{\"alg\":\"HS256\"}", "{\"exp\":2000}");
	str_addn(&shorter, good, strlen(good) - 2);
	AUTO_FREE char *why = verdict(keys, shorter.data, &rules);
	assert_non_null(why);
	/* "none" with no signature at all. */
	AUTO_STR bare = STR_INIT;
	str_add(&bare, "eyJhbGciOiJub25lIn0.eyJleHAiOjIwMDB9.");
	expect(keys, bare.data, &rules, wrong_algorithm);
	AUTO_STR long_one = STR_INIT;
	for (int i = 0; i <= JWT_MAX_LEN; i++)
		str_addc(&long_one, 'a');
	expect(keys, long_one.data, &rules, "the token is longer than 16384 bytes");
	jwt_keys_free(keys);
}

static char *pem_of(EVP_PKEY *key, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_non_null(bio);
	assert_int_equal(private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
				 : PEM_write_bio_PUBKEY(bio, key),
		1);
	char *data = NULL;
	const long len = BIO_get_mem_data(bio, &data);
	char *text = xstrndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

/* The classic: a token that is signed with the public key's text as the secret of HS256. */
static void test_confusion(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_RSA_gen(2048);
	AUTO_FREE char *public = pem_of(key, false);
	AUTO_STR token = STR_INIT;
	base64url_encode("{\"alg\":\"HS256\"}", 15, &token);
	str_addc(&token, '.');
	base64url_encode("{\"exp\":2000}", 12, &token);
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(public, strlen(public), token.data, token.len, mac);
	str_addc(&token, '.');
	base64url_encode(mac, sizeof mac, &token);
	struct jwt_keys *keys = keys_of(public);
	const struct jwt_rules rules = {.now_ms = 1000000};
	expect(keys, token.data, &rules,
		"the token's algorithm is none that the configured keys are for");
	jwt_keys_free(keys);
	EVP_PKEY_free(key);
}

static void test_sign(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_RSA_gen(2048), *other = EVP_RSA_gen(2048);
	AUTO_FREE char *private = pem_of(key, true), *public = pem_of(key, false),
		       *other_public = pem_of(other, false);
	AUTO_ARENA arena = {0};
	struct node *claims = node_new_map(&arena);
	node_map_set(&arena, claims, "iss", node_new_string(&arena, "12345"));
	node_map_set(&arena, claims, "exp", node_new_int(&arena, 2000));
	AUTO_STR token = STR_INIT;
	str_add(&token, "Bearer ");
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_sign_rs256(private, strlen(private), claims, &token, &err), 0);
	assert_true(str_starts(token.data, "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."));

	struct jwt_keys *keys = keys_of(public);
	const struct jwt_rules rules = {.issuer = "12345", .now_ms = 1000000};
	expect(keys, token.data + 7, &rules, NULL);
	jwt_keys_free(keys);
	keys = keys_of(other_public);
	expect(keys, token.data + 7, &rules, "the token's signature does not verify");
	jwt_keys_free(keys);
	/* Of several keys the right one is found. */
	AUTO_FREE char *both = xasprintf("%s%s", other_public, public);
	keys = keys_of(both);
	expect(keys, token.data + 7, &rules, NULL);
	jwt_keys_free(keys);

	EVP_PKEY *curve = EVP_EC_gen("P-256");
	AUTO_FREE char *curve_private = pem_of(curve, true);
	const char *const refused[] = {public, curve_private, "", "text"};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		AUTO_ERR failure = NULL;
		AUTO_STR out = STR_INIT;
		assert_int_equal(
			jwt_sign_rs256(refused[i], strlen(refused[i]), claims, &out, &failure), -1);
		assert_int_equal(failure->kind, ERR_INVALID);
		assert_int_equal(out.len, 0);
	}
	EVP_PKEY_free(curve);
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
}

static void test_key_ids(void **state)
{
	(void)state;
	AUTO_STR k = STR_INIT;
	base64url_encode(secret, strlen(secret), &k);
	AUTO_FREE char *set = xasprintf("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"%s\"},"
					"{\"kty\":\"oct\",\"kid\":\"two\",\"k\":\"%s\"}]}",
		k.data, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	struct jwt_keys *keys = keys_of(set);
	static const struct {
		const char *header, *expected;
	} rows[] = {
		{"{\"alg\":\"HS256\",\"kid\":\"one\"}", NULL},
		{"{\"alg\":\"HS256\"}", NULL},
		{"{\"alg\":\"HS256\",\"kid\":\"two\"}", "the token's signature does not verify"},
		{"{\"alg\":\"HS256\",\"kid\":\"three\"}",
			"none of the configured keys has the id that the token names"},
	};
	const struct jwt_rules rules = {.now_ms = 1000000};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *token = signed_token(rows[i].header, "{\"exp\":2000}");
		expect(keys, token, &rules, rows[i].expected);
	}
	jwt_keys_free(keys);
}

static void expect_no_keys(const char *text, const char *expected)
{
	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_keys_parse(text, strlen(text), "keys.pem", &keys, &err), -1);
	assert_null(keys);
	assert_string_equal(err->message, expected);
}

static void test_bad_keys(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"", "keys.pem holds text that is not valid JSON"},
		{"ssh-rsa AAAA", "keys.pem holds text that is not valid JSON"},
		{"{}", "keys.pem holds no key for RS256, ES256 or HS256: a PEM public key, "
		       "certificate or JWKS is expected"},
		{"{\"keys\":[]}", "keys.pem holds no key for RS256, ES256 or HS256: a PEM public "
				  "key, certificate or JWKS is expected"},
		{"{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}",
			"keys.pem holds a secret (kty oct) of less than 32 bytes"},
		{"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
			"keys.pem holds an RSA key of less than 2048 bits"},
		{"{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}",
			"keys.pem holds a key whose numbers make no key"},
		/* Not on the curve. */
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		 "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
		 "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
			"keys.pem holds a key whose numbers make no key"},
		{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
			"keys.pem holds a PEM block that is no public key and no certificate"},
		{"-----BEGIN PUBLIC KEY-----\n", "keys.pem holds a PEM block that cannot be read"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_no_keys(rows[i].text, rows[i].expected);

	EVP_PKEY *small = EVP_RSA_gen(1024), *curve = EVP_EC_gen("P-384"),
		 *good = EVP_EC_gen("P-256");
	AUTO_FREE char *small_text = pem_of(small, false), *curve_text = pem_of(curve, false),
		       *private = pem_of(good, true);
	expect_no_keys(small_text, "keys.pem holds an RSA key of less than 2048 bits");
	expect_no_keys(curve_text, "keys.pem holds an elliptic curve other than P-256");
	expect_no_keys(private, "keys.pem holds a private key: whoever only verifies needs the "
				"public one");
	EVP_PKEY_free(small);
	EVP_PKEY_free(curve);
	EVP_PKEY_free(good);

	struct jwt_keys *keys = NULL;
	AUTO_ERR err = NULL;
	assert_int_equal(jwt_keys_secret("short", 5, &keys, &err), -1);
	assert_string_equal(
		err->message, "a secret for tokens needs at least 32 bytes, this one has 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_vectors),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_confusion),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_key_ids),
		cmocka_unit_test(test_bad_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
