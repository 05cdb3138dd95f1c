/*
 * A token is taken apart, its signature verified, and only then are its claims looked at. What the
 * header says decides nothing but which of the keys are tried.
 */
#include "net/jwt_internal.h"

#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/node.h"
#include "net/base64.h"
#include "net/hmac.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { HALF = 32, SIGNATURE_ES256 = 2 * HALF, MS_PER_SECOND = 1000 };

struct parts {
	const char *token;
	size_t signed_len; /* header and payload with the dot between */
	struct str header, payload, signature; /* decoded */
};

static void parts_release(struct parts *p)
{
	str_release(&p->header);
	str_release(&p->payload);
	str_release(&p->signature);
}

static int take_apart(const char *token, struct parts *ret, struct err **err)
{
	const size_t len = strlen(token);
	if (len > JWT_MAX_LEN)
		return err_set(err, ERR_SYNTAX, "the token is longer than %d bytes", JWT_MAX_LEN);
	const char *first = strchr(token, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strchr(second + 1, '.'))
		return err_set(err, ERR_SYNTAX, "a token has three parts with dots between them");
	ret->token = token;
	ret->signed_len = (size_t)(second - token);
	if (!base64url_decode(token, (size_t)(first - token), &ret->header) ||
		!base64url_decode(first + 1, (size_t)(second - first - 1), &ret->payload) ||
		!base64url_decode(second + 1, strlen(second + 1), &ret->signature))
		return err_set(err, ERR_SYNTAX, "a part of the token is not base64url");
	return 0;
}

static enum jwt_algorithm algorithm_of(const char *name)
{
	if (str_eq(name, "HS256"))
		return JWT_HS256;
	if (str_eq(name, "RS256"))
		return JWT_RS256;
	if (str_eq(name, "ES256"))
		return JWT_ES256;
	return JWT_NO_ALGORITHM;
}

/* Two numbers of 32 bytes each (RFC 7518, 3.4) as OpenSSL wants them, or NULL. */
static unsigned char *signature_to_der(const struct str *raw, int *ret_len)
{
	unsigned char *der = NULL;
	if (raw->len != SIGNATURE_ES256)
		return NULL;
	const unsigned char *bytes = (const unsigned char *)raw->data;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, HALF, NULL), *s = BN_bin2bn(bytes + HALF, HALF, NULL);
	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else {
		*ret_len = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	return der;
}

static bool verify_public(const struct jwt_key *key, const struct parts *p)
{
	const unsigned char *signature = (const unsigned char *)p->signature.data;
	size_t len = p->signature.len;
	unsigned char *der = NULL;
	if (key->algorithm == JWT_ES256) {
		int der_len = 0;
		der = signature_to_der(&p->signature, &der_len);
		if (!der || der_len <= 0)
			return false;
		signature = der;
		len = (size_t)der_len;
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool good =
		ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->public_key) == 1 &&
		EVP_DigestVerify(
			ctx, signature, len, (const unsigned char *)p->token, p->signed_len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	jwt_forget_errors();
	return good;
}

static bool verify_secret(const struct jwt_key *key, const struct parts *p)
{
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(key->secret, key->secret_len, p->token, p->signed_len, mac);
	return p->signature.len == HMAC_SIZE &&
	       equal_constant_time(mac, p->signature.data, HMAC_SIZE);
}

/* Keys with another id are not tried; a key or token without one goes with any. */
static bool fits(const struct jwt_key *key, enum jwt_algorithm algorithm, const char *id)
{
	return key->algorithm == algorithm && (!id || !key->id || str_eq(id, key->id));
}

static int check_signature(const struct jwt_keys *keys, const struct node *header,
	const struct parts *p, struct err **err)
{
	if (node_get(header, "crit"))
		return err_set(err, ERR_DENIED, "the token demands extensions that are not known");
	const struct node *id_node = node_get(header, "kid");
	const char *id = node_text(id_node);
	if (id_node && !id)
		return err_set(err, ERR_SYNTAX, "the token's key id is no text");
	const enum jwt_algorithm algorithm = algorithm_of(node_text(node_get(header, "alg")));
	bool of_algorithm = false, of_id = false;
	for (size_t i = 0; i < keys->count && algorithm; i++) {
		const struct jwt_key *key = &keys->items[i];
		of_algorithm = of_algorithm || key->algorithm == algorithm;
		if (!fits(key, algorithm, id))
			continue;
		of_id = true;
		if (key->secret ? verify_secret(key, p) : verify_public(key, p))
			return 0;
	}
	if (!of_algorithm)
		return err_set(err, ERR_DENIED,
			"the token's algorithm is none that the configured keys are for");
	if (!of_id)
		return err_set(err, ERR_DENIED,
			"none of the configured keys has the id that the token names");
	return err_set(err, ERR_DENIED, "the token's signature does not verify");
}

/* NumericDate (RFC 7519, 2) in milliseconds; false if it is no number. */
static bool numeric_date(const struct node *node, double *ret_ms)
{
	if (node->type == NODE_INT)
		*ret_ms = (double)node->integer * MS_PER_SECOND;
	else if (node->type == NODE_FLOAT)
		*ret_ms = node->real * MS_PER_SECOND;
	else
		return false;
	return true;
}

static int check_times(const struct node *claims, const struct jwt_rules *rules, struct err **err)
{
	const struct node *exp = node_get(claims, "exp"), *nbf = node_get(claims, "nbf");
	const double now = (double)rules->now_ms, leeway = (double)rules->leeway_ms;
	double at = 0;
	if (!exp)
		return err_set(err, ERR_DENIED, "the token has no end (exp)");
	if (!numeric_date(exp, &at))
		return err_set(err, ERR_DENIED, "the token's exp is no number");
	/* Written so that what is not a number does not pass. */
	if (!(now - leeway < at))
		return err_set(err, ERR_DENIED, "the token has expired (exp)");
	if (nbf && !numeric_date(nbf, &at))
		return err_set(err, ERR_DENIED, "the token's nbf is no number");
	if (nbf && !(at <= now + leeway))
		return err_set(err, ERR_DENIED, "the token is not valid yet (nbf)");
	return 0;
}

/* A text of all its length: "a\0b" is not "a". */
static bool is_text(const struct node *node, const char *text)
{
	return node && node->type == NODE_STRING && node->len == strlen(text) &&
	       memcmp(node->text, text, node->len) == 0;
}

static bool names_audience(const struct node *aud, const char *audience)
{
	if (is_text(aud, audience))
		return true;
	SEQ_FOREACH (aud, i, item)
		if (is_text(item, audience))
			return true;
	return false;
}

static int check_claims(const struct node *claims, const struct jwt_rules *rules, struct err **err)
{
	if (check_times(claims, rules, err) < 0)
		return -1;
	if (rules->issuer && !is_text(node_get(claims, "iss"), rules->issuer))
		return err_set(
			err, ERR_DENIED, "the token's issuer (iss) is not %s", rules->issuer);
	if (rules->audience && !names_audience(node_get(claims, "aud"), rules->audience))
		return err_set(
			err, ERR_DENIED, "the token is not meant for %s (aud)", rules->audience);
	return 0;
}

int jwt_verify(const struct jwt_keys *keys, const struct jwt_rules *rules, const char *token,
	struct arena *arena, const struct node **ret_claims, struct err **err)
{
	CLEANUP(parts_release)
	struct parts p = {.header = STR_INIT, .payload = STR_INIT, .signature = STR_INIT};
	if (take_apart(token, &p, err) < 0)
		return -1;
	const struct node *header = jwt_parse_json(arena, p.header.data, p.header.len);
	if (!header || header->type != NODE_MAP)
		return err_set(err, ERR_SYNTAX, "the token's header is no JSON object");
	if (check_signature(keys, header, &p, err) < 0)
		return -1;
	const struct node *claims = jwt_parse_json(arena, p.payload.data, p.payload.len);
	if (!claims || claims->type != NODE_MAP)
		return err_set(err, ERR_SYNTAX, "the token's claims are no JSON object");
	if (check_claims(claims, rules, err) < 0)
		return -1;
	*ret_claims = claims;
	return 0;
}

/* Instead of a question on the terminal. */
static int no_password(char *buf, int size, int writing, void *data)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

static EVP_PKEY *read_private(const char *pem, size_t len)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	return key;
}

/* Appends the signature of the whole of out. */
static bool sign(EVP_PKEY *key, struct str *out)
{
	AUTO_STR raw = STR_INIT;
	size_t len = 0;
	const unsigned char *data = (const unsigned char *)out->data;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestSign(ctx, NULL, &len, data, out->len) == 1;
	if (good) {
		str_reserve(&raw, len + 1);
		good = EVP_DigestSign(ctx, (unsigned char *)raw.data, &len, data, out->len) == 1;
	}
	EVP_MD_CTX_free(ctx);
	if (good) {
		str_addc(out, '.');
		base64url_encode(raw.data, len, out);
	}
	return good;
}

int jwt_sign_rs256(const char *pem, size_t pem_len, const struct node *claims, struct str *out,
	struct err **err)
{
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	EVP_PKEY *key = read_private(pem, pem_len);
	int rc = 0;
	if (!key)
		rc = err_set(err, ERR_INVALID,
			"no private key in PEM without a password (PRIVATE KEY, RSA PRIVATE KEY)");
	else if (!EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < JWT_MIN_RSA_BITS)
		rc = err_set(err, ERR_INVALID, "RS256 needs a private RSA key of at least %d bits",
			JWT_MIN_RSA_BITS);
	if (rc == 0) {
		AUTO_STR token = STR_INIT, payload = STR_INIT;
		emit_canonical(claims, &payload);
		base64url_encode(header, strlen(header), &token);
		str_addc(&token, '.');
		base64url_encode(payload.data, payload.len, &token);
		if (sign(key, &token))
			str_addn(out, token.data, token.len);
		else
			rc = err_set(err, ERR_INTERNAL, "OpenSSL could not sign");
	}
	EVP_PKEY_free(key);
	jwt_forget_errors();
	return rc;
}
