/*
 * Keys from PEM and JWK. Each key knows the one algorithm that it is for, so that whatever a token
 * says about itself cannot make a public key into a secret.
 */
#include "net/jwt_internal.h"

#include "base/diag.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "format/node.h"
#include "format/yaml.h"
#include "net/base64.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { MAX_FILE = 1 << 20, COORDINATE = 32, POINT = 1 + 2 * COORDINATE };

/* An uncompressed point begins with this byte (SEC 1, 2.3.3). */
static const unsigned char uncompressed = 4;

void jwt_forget_errors(void)
{
	ERR_clear_error();
}

void jwt_keys_free(struct jwt_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++) {
		struct jwt_key *key = &keys->items[i];
		EVP_PKEY_free(key->public_key);
		if (key->secret)
			secret_wipe(key->secret, key->secret_len);
		free(key->secret);
		free(key->id);
	}
	free(keys->items);
	free(keys);
}

static struct jwt_key *add_key(struct jwt_keys *keys, enum jwt_algorithm algorithm, const char *id)
{
	keys->items = grow_array(keys->items, keys->count, &keys->cap, sizeof *keys->items);
	struct jwt_key *key = &keys->items[keys->count++];
	*key = (struct jwt_key){.algorithm = algorithm, .id = id ? xstrdup(id) : NULL};
	return key;
}

static void add_secret(struct jwt_keys *keys, const void *secret, size_t len, const char *id)
{
	struct jwt_key *key = add_key(keys, JWT_HS256, id);
	key->secret = xmalloc(len);
	key->secret_len = len;
	memcpy(key->secret, secret, len);
}

int jwt_keys_secret(const void *secret, size_t len, struct jwt_keys **ret, struct err **err)
{
	if (len < JWT_MIN_SECRET)
		return err_set(err, ERR_INVALID,
			"a secret for tokens needs at least %d bytes, this one has %zu",
			JWT_MIN_SECRET, len);
	*ret = xcalloc(1, sizeof **ret);
	add_secret(*ret, secret, len, NULL);
	return 0;
}

static bool is_p256(const EVP_PKEY *key)
{
	char group[64];
	size_t len = 0;
	return EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
	       (str_eq(group, "prime256v1") || str_eq(group, "P-256"));
}

/* Takes over key. What is wrong with it, or NULL. */
static const char *add_public(struct jwt_keys *keys, EVP_PKEY *key, const char *id)
{
	const char *wrong = NULL;
	enum jwt_algorithm algorithm = JWT_NO_ALGORITHM;
	if (EVP_PKEY_is_a(key, "RSA"))
		algorithm = JWT_RS256;
	else if (EVP_PKEY_is_a(key, "EC"))
		algorithm = JWT_ES256;
	if (algorithm == JWT_RS256 && EVP_PKEY_get_bits(key) < JWT_MIN_RSA_BITS)
		wrong = "an RSA key of less than 2048 bits";
	else if (algorithm == JWT_ES256 && !is_p256(key))
		wrong = "an elliptic curve other than P-256";
	else if (algorithm == JWT_NO_ALGORITHM)
		wrong = "a key that is neither RSA nor P-256";
	if (wrong)
		EVP_PKEY_free(key);
	else
		add_key(keys, algorithm, id)->public_key = key;
	return wrong;
}

/* PEM */

static EVP_PKEY *decode_block(const char *label, const unsigned char *data, long len)
{
	if (str_eq(label, "PUBLIC KEY"))
		return d2i_PUBKEY(NULL, &data, len);
	if (str_eq(label, "RSA PUBLIC KEY"))
		return d2i_PublicKey(EVP_PKEY_RSA, NULL, &data, len);
	if (!str_eq(label, "CERTIFICATE"))
		return NULL;
	X509 *certificate = d2i_X509(NULL, &data, len);
	EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	return key;
}

/* What is wrong with a block, or NULL when its key was added. */
static const char *add_block(
	struct jwt_keys *keys, const char *label, const unsigned char *data, long len)
{
	if (str_ends(label, "PRIVATE KEY"))
		return "a private key: whoever only verifies needs the public one";
	EVP_PKEY *key = decode_block(label, data, len);
	return key ? add_public(keys, key, NULL)
		   : "a PEM block that is no public key and no certificate";
}

static const char *add_pem(struct jwt_keys *keys, const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	char *label = NULL, *header = NULL;
	unsigned char *data = NULL;
	long data_len = 0;
	const char *wrong = bio ? NULL : "nothing that can be read";
	while (!wrong && PEM_read_bio(bio, &label, &header, &data, &data_len) == 1) {
		wrong = add_block(keys, label, data, data_len);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)data_len);
	}
	if (!wrong && !keys->count)
		wrong = "a PEM block that cannot be read";
	BIO_free(bio);
	return wrong;
}

/* JWK (RFC 7517; the members of each type: RFC 7518, 6) */

static bool member_bytes(const struct node *jwk, const char *name, struct str *out)
{
	const char *text = node_text(node_get(jwk, name));
	return text && base64url_decode(text, strlen(text), out) && out->len > 0;
}

static EVP_PKEY *key_of_params(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *rsa_of(const struct node *jwk)
{
	AUTO_STR n_bytes = STR_INIT, e_bytes = STR_INIT;
	if (!member_bytes(jwk, "n", &n_bytes) || !member_bytes(jwk, "e", &e_bytes) ||
		n_bytes.len > INT_MAX || e_bytes.len > INT_MAX)
		return NULL;
	BIGNUM *n = BN_bin2bn((const unsigned char *)n_bytes.data, (int)n_bytes.len, NULL);
	BIGNUM *e = BN_bin2bn((const unsigned char *)e_bytes.data, (int)e_bytes.len, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = key_of_params("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *p256_of(const struct node *jwk)
{
	AUTO_STR x = STR_INIT, y = STR_INIT;
	if (!str_eq(node_text(node_get(jwk, "crv")), "P-256") || !member_bytes(jwk, "x", &x) ||
		!member_bytes(jwk, "y", &y) || x.len != COORDINATE || y.len != COORDINATE)
		return NULL;
	unsigned char point[POINT] = {uncompressed};
	memcpy(point + 1, x.data, COORDINATE);
	memcpy(point + 1 + COORDINATE, y.data, COORDINATE);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	if (builder &&
		OSSL_PARAM_BLD_push_utf8_string(
			builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(
			builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
		key = key_of_params("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return key;
}

/* Is the member absent, or just this text? */
static bool absent_or(const struct node *jwk, const char *name, const char *text)
{
	const struct node *member = node_get(jwk, name);
	return !member || str_eq(node_text(member), text);
}

/* Adds the key unless it is for something else; what is wrong with it, or NULL. */
static const char *add_jwk(struct jwt_keys *keys, const struct node *jwk)
{
	const char *type = node_text(node_get(jwk, "kty"));
	const char *id = node_text(node_get(jwk, "kid"));
	if (!absent_or(jwk, "use", "sig"))
		return NULL;
	if (str_eq(type, "oct") && absent_or(jwk, "alg", "HS256")) {
		AUTO_STR secret = STR_INIT;
		if (!member_bytes(jwk, "k", &secret) || secret.len < JWT_MIN_SECRET)
			return "a secret (kty oct) of less than 32 bytes";
		add_secret(keys, secret.data, secret.len, id);
		secret_wipe(secret.data, secret.len);
		return NULL;
	}
	const bool rsa = str_eq(type, "RSA") && absent_or(jwk, "alg", "RS256");
	const bool ec = str_eq(type, "EC") && absent_or(jwk, "alg", "ES256") &&
			absent_or(jwk, "crv", "P-256");
	if (!rsa && !ec)
		return NULL;
	EVP_PKEY *key = rsa ? rsa_of(jwk) : p256_of(jwk);
	return key ? add_public(keys, key, id) : "a key whose numbers make no key";
}

const struct node *jwt_parse_json(struct arena *arena, const char *text, size_t len)
{
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){.path = "", .data = arena_memdup(arena, text, len), .len = len};
	AUTO_DIAGS ignored = {0};
	const struct node *node = json_parse(arena, src, &ignored);
	return ignored.errors ? NULL : node;
}

static const char *add_json(struct jwt_keys *keys, const char *text, size_t len)
{
	AUTO_ARENA arena = {0};
	const struct node *doc = jwt_parse_json(&arena, text, len);
	if (!doc || doc->type != NODE_MAP)
		return "text that is not valid JSON";
	const struct node *list = node_get(doc, "keys");
	if (!list)
		return add_jwk(keys, doc);
	const char *wrong = NULL;
	SEQ_FOREACH (list, i, jwk)
		wrong = wrong ? wrong : add_jwk(keys, jwk);
	return wrong;
}

int jwt_keys_parse(
	const char *text, size_t len, const char *name, struct jwt_keys **ret, struct err **err)
{
	if (len > MAX_FILE)
		return err_set(err, ERR_INVALID, "%s: more than %d bytes", name, MAX_FILE);
	struct jwt_keys *keys = xcalloc(1, sizeof *keys);
	const char *wrong;
	if (memmem(text, len, "-----BEGIN ", strlen("-----BEGIN ")))
		wrong = add_pem(keys, text, len);
	else
		wrong = add_json(keys, text, len);
	jwt_forget_errors();
	if (wrong || !keys->count) {
		jwt_keys_free(keys);
		if (wrong)
			return err_set(err, ERR_INVALID, "%s holds %s", name, wrong);
		return err_set(err, ERR_INVALID,
			"%s holds no key for RS256, ES256 or HS256: a PEM public key, certificate "
			"or JWKS is expected",
			name);
	}
	*ret = keys;
	return 0;
}
