/*
 * Protects: how a forge is signed in to. An App's token is signed right, asked for once, renewed in
 * time and after it was revoked; credentials are marked as secret in every request and are in no
 * error; texts are cut to what a forge takes; what must not arrive twice is sent so.
 */
#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/node.h"
#include "net/http.h"
#include "net/jwt.h"
#include "report/forge.h"
#include "report/forge_request.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SHA "0123456789abcdef0123456789abcdef01234567"

#define START_MS INT64_C(1795334400000) /* 2026-11-22T08:00:00Z */

/* A forge that gives the answers of a script. */
struct script {
	int64_t now;
	struct {
		int status;
		const char *body;
	} answers[12];
	size_t next;
	struct str log; /* "METHOD URL\n" */
	struct str authorization; /* of the last request */
	struct str body; /* of the last request */
	bool once;
};

static int perform(
	void *data, const struct http_request *request, struct http_response *ret, struct err **err)
{
	(void)err;
	struct script *s = data;
	str_addf(&s->log, "%s %s\n", request->method, request->url);
	str_clear(&s->body);
	str_addn(&s->body, request->body ? request->body : "", request->body_len);
	s->once = request->once;
	size_t secrets = 0;
	for (size_t i = 0; i < request->header_count; i++) {
		if (strcasecmp(request->headers[i].name, "Authorization") != 0)
			continue;
		secrets++;
		assert_true(request->headers[i].secret);
		str_clear(&s->authorization);
		str_add(&s->authorization, request->headers[i].value);
	}
	assert_int_equal(secrets, 1);
	assert_null(strstr(request->url, "tok3n"));
	assert_true(s->next < ARRAY_LEN(s->answers) && s->answers[s->next].status);
	ret->status = s->answers[s->next].status;
	ret->received_ms = s->now;
	if (s->answers[s->next].body)
		str_add(&ret->body, s->answers[s->next].body);
	s->next++;
	return 0;
}

static int64_t now(void *data)
{
	return ((struct script *)data)->now;
}

static void script_release(struct script *s)
{
	str_release(&s->log);
	str_release(&s->authorization);
	str_release(&s->body);
}
#define SCRIPT(...)                                                                                \
	CLEANUP(script_release)                                                                    \
	struct script s = {.now = START_MS,                                                        \
		.answers = __VA_ARGS__,                                                            \
		.log = STR_INIT,                                                                   \
		.authorization = STR_INIT,                                                         \
		.body = STR_INIT};                                                                 \
	const struct forge_transport transport = {perform, now, &s}

static char *pem_of(EVP_PKEY *key, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
				 : PEM_write_bio_PUBKEY(bio, key),
		1);
	char *data;
	const long len = BIO_get_mem_data(bio, &data);
	char *copy = xstrndup(data, (size_t)len);
	BIO_free(bio);
	return copy;
}

static EVP_PKEY *key;
static char *private_pem, *public_pem;

static int make_key(void **state)
{
	(void)state;
	key = EVP_RSA_gen(2048);
	private_pem = pem_of(key, true);
	public_pem = pem_of(key, false);
	return key ? 0 : -1;
}

static int drop_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	free(private_pem);
	free(public_pem);
	return 0;
}

static void must_(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err ? err->message : "no error");
}
/* The call succeeds; it fills the local err. */
#define must(call)                                                                                 \
	do {                                                                                       \
		const int must_rc = (call);                                                        \
		must_(must_rc, err);                                                               \
	} while (0)

static int64_t number_of(const struct node *map, const char *name)
{
	const struct node *n = node_get(map, name);
	return n ? n->integer : 0;
}

static void check_jwt(const char *authorization, int64_t now_ms)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct jwt_keys *keys = NULL;
	const struct node *claims;
	const struct jwt_rules rules = {.issuer = "12345", .now_ms = now_ms};
	assert_true(str_starts(authorization, "Bearer "));
	must(jwt_keys_parse(public_pem, strlen(public_pem), "test", &keys, &err));
	must(jwt_verify(keys, &rules, authorization + 7, &arena, &claims, &err));
	const int64_t expires = number_of(claims, "exp"), issued = number_of(claims, "iat");
	assert_true(expires - issued <= 600 && issued > 0 && issued <= now_ms / 1000);
	jwt_keys_free(keys);
}

#define TOKEN(name, time) "{\"token\":\"" name "\",\"expires_at\":\"" time "\"}"

static void an_app_gets_a_token_and_keeps_it(void **state)
{
	(void)state;
	SCRIPT({{200, "{\"id\":77}"}, {201, TOKEN("tok3n-1", "2026-11-22T09:00:00Z")}, {201, "{}"},
		{201, "{}"}, {201, TOKEN("tok3n-2", "2026-11-22T10:00:00Z")}, {201, "{}"}});
	AUTO_ERR err = NULL;
	AUTO_FORGE *forge = NULL;
	const struct forge_config config = {.kind = FORGE_GITHUB,
		.repository = "octo/shop",
		.app_id = "12345",
		.app_key_pem = private_pem,
		.transport = &transport};
	const struct forge_status status = {.context = "trueup/plan", .state = FORGE_SUCCESS};
	must(forge_open(&config, &forge, &err));
	must(forge_status_set(forge, SHA, &status, &err));
	assert_string_equal(s.authorization.data, "Bearer tok3n-1");
	must(forge_status_set(forge, SHA, &status, &err));
	assert_string_equal(s.log.data,
		"GET https://api.github.com/repos/octo/shop/installation\n"
		"POST https://api.github.com/app/installations/77/access_tokens\n"
		"POST https://api.github.com/repos/octo/shop/statuses/" SHA "\n"
		"POST https://api.github.com/repos/octo/shop/statuses/" SHA "\n");
	/* A minute before it expires it is renewed; the installation is known. */
	s.now += 59 * 60 * 1000 + 1;
	str_clear(&s.log);
	must(forge_status_set(forge, SHA, &status, &err));
	assert_string_equal(s.authorization.data, "Bearer tok3n-2");
	assert_string_equal(s.log.data,
		"POST https://api.github.com/app/installations/77/access_tokens\n"
		"POST https://api.github.com/repos/octo/shop/statuses/" SHA "\n");
}

static void an_app_signs_with_its_key(void **state)
{
	(void)state;
	SCRIPT({{200, "{\"slug\":\"trueup-app\"}"}, {404, "{\"message\":\"Not Found\"}"}});
	AUTO_ERR err = NULL;
	AUTO_ARENA arena = {0};
	AUTO_FORGE *forge = NULL;
	const struct forge_config config = {.kind = FORGE_GITHUB,
		.repository = "octo/shop",
		.app_id = "12345",
		.app_key_pem = private_pem,
		.transport = &transport};
	must(forge_open(&config, &forge, &err));
	const char *login;
	must(forge_login(forge, &arena, &login, &err));
	assert_string_equal(login, "trueup-app[bot]");
	check_jwt(s.authorization.data, s.now);
	const struct forge_status status = {.context = "x", .state = FORGE_SUCCESS};
	assert_int_equal(forge_status_set(forge, SHA, &status, &err), -1);
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	assert_non_null(strstr(text.data, "App 12345 is not installed in octo/shop"));
}

static void a_revoked_token_is_obtained_anew_once(void **state)
{
	(void)state;
	SCRIPT({{201, TOKEN("tok3n-1", "2026-11-22T09:00:00Z")},
		{401, "{\"message\":\"Bad credentials tok3n-1\"}"},
		{201, TOKEN("tok3n-2", "2026-11-22T09:00:00Z")}, {201, "{\"id\":5}"},
		{401, "{\"message\":\"Bad credentials\"}"},
		{201, TOKEN("tok3n-3", "2026-11-22T09:00:00Z")},
		{401, "{\"message\":\"Bad tok3n-3\"}"}});
	AUTO_ERR err = NULL;
	AUTO_ARENA arena = {0};
	AUTO_FORGE *forge = NULL;
	const struct forge_config config = {.kind = FORGE_GITHUB,
		.repository = "octo/shop",
		.app_id = "12345",
		.app_key_pem = private_pem,
		.installation = 77,
		.transport = &transport};
	must(forge_open(&config, &forge, &err));
	const char *id;
	must(forge_comment_create(forge, 1, "body", &arena, &id, &err));
	assert_string_equal(id, "5");
	assert_string_equal(s.authorization.data, "Bearer tok3n-2");
	assert_true(s.once); /* also the second time */
	assert_int_equal(forge_comment_create(forge, 1, "body", &arena, &id, &err), -1);
	assert_int_equal(err->kind, ERR_DENIED);
	assert_int_equal(forge_failure(forge).fault, FORGE_CREDENTIAL);
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	assert_null(strstr(text.data, "tok3n"));
}

static void sends_what_a_forge_takes(void **state)
{
	(void)state;
	SCRIPT({{201, "{}"}});
	AUTO_ERR err = NULL;
	AUTO_FORGE *forge = NULL;
	const struct forge_config config = {.kind = FORGE_GITEA,
		.url = "https://git.example.org",
		.repository = "octo/shop",
		.token = "tok3n",
		.transport = &transport};
	must(forge_open(&config, &forge, &err));
	char context[400];
	memset(context, 'c', sizeof context - 1);
	context[sizeof context - 1] = '\0';
	const struct forge_status status = {
		.context = context, .state = FORGE_FAILURE, .description = "one\n\"two\""};
	must(forge_status_set(forge, SHA, &status, &err));
	assert_string_equal(s.authorization.data, "token tok3n");
	assert_string_equal(s.log.data,
		"POST https://git.example.org/api/v1/repos/octo/shop/statuses/" SHA "\n");
	assert_non_null(strstr(s.body.data, "\"description\":\"one\\u000a\\\"two\\\"\""));
	const char *start = strstr(s.body.data, "\"context\":\"");
	assert_non_null(start);
	if (start)
		assert_int_equal(
			strcspn(start + strlen("\"context\":\""), "\""), FORGE_CONTEXT_MAX);
}

static void refuses_what_is_configured_wrong(void **state)
{
	(void)state;
	static const struct {
		struct forge_config config;
		const char *text;
	} cases[] = {
		{{.kind = FORGE_GITEA, .repository = "a/b", .token = "t"}, "needs the URL"},
		{{.kind = FORGE_GITHUB, .url = "ftp://x", .repository = "a/b", .token = "t"},
			"https://"},
		{{.kind = FORGE_GITHUB, .url = "http://x", .repository = "a/b", .token = "t"},
			"in clear"},
		{{.kind = FORGE_GITHUB,
			 .url = "http://127.0.0.1.evil.example",
			 .repository = "a/b",
			 .token = "t"},
			"in clear"},
		{{.kind = FORGE_GITHUB, .url = "https://u:p@x", .repository = "a/b", .token = "t"},
			"no account"},
		{{.kind = FORGE_GITHUB, .repository = "a", .token = "t"}, "OWNER/NAME"},
		{{.kind = FORGE_GITHUB, .repository = "a/b/c", .token = "t"}, "OWNER/NAME"},
		{{.kind = FORGE_GITHUB, .repository = "../b", .token = "t"}, "OWNER/NAME"},
		{{.kind = FORGE_GITHUB, .repository = "a/b?x", .token = "t"}, "OWNER/NAME"},
		{{.kind = FORGE_GITLAB, .repository = "a", .token = "t"}, "GROUP/NAME"},
		{{.kind = FORGE_GITHUB, .repository = "a/b"}, "no credential"},
		{{.kind = FORGE_GITHUB, .repository = "a/b", .token = "a\nX: y"}, "line end"},
		{{.kind = FORGE_GITLAB, .repository = "a/b", .app_id = "1", .app_key_pem = "k"},
			"only GitHub has Apps"},
		{{.kind = FORGE_GITHUB, .repository = "a/b", .app_id = "1"}, "private key"},
	};
	SCRIPT({{0, NULL}});
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ERR err = NULL;
		AUTO_FORGE *forge = NULL;
		struct forge_config config = cases[i].config;
		config.transport = &transport;
		assert_int_equal(forge_open(&config, &forge, &err), -1);
		if (!strstr(err->message, cases[i].text))
			fail_msg("%zu: %s", i, err->message);
	}
}

static void finishes_urls(void **state)
{
	(void)state;
	static const struct {
		enum forge_kind kind;
		const char *url, *root;
	} cases[] = {
		{FORGE_GITHUB, NULL, "https://api.github.com/user"},
		{FORGE_GITHUB, "https://github.com/", "https://api.github.com/user"},
		{FORGE_GITHUB, "https://ghe.example.org", "https://ghe.example.org/api/v3/user"},
		{FORGE_GITHUB, "https://ghe.example.org/x/", "https://ghe.example.org/x/user"},
		{FORGE_GITLAB, NULL, "https://gitlab.com/api/v4/user"},
		{FORGE_GITEA, "http://[::1]:3000", "http://[::1]:3000/api/v1/user"},
		{FORGE_GITEA, "http://localhost:3000/", "http://localhost:3000/user"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		SCRIPT({{200, "{\"login\":\"bot\",\"username\":\"bot\"}"}});
		AUTO_ERR err = NULL;
		AUTO_ARENA arena = {0};
		AUTO_FORGE *forge = NULL;
		const struct forge_config config = {.kind = cases[i].kind,
			.url = cases[i].url,
			.repository = "a/b",
			.token = "t",
			.transport = &transport};
		must(forge_open(&config, &forge, &err));
		const char *login;
		must(forge_login(forge, &arena, &login, &err));
		AUTO_STR expect = STR_INIT;
		str_addf(&expect, "GET %s\n", cases[i].root);
		assert_string_equal(s.log.data, expect.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_app_gets_a_token_and_keeps_it),
		cmocka_unit_test(an_app_signs_with_its_key),
		cmocka_unit_test(a_revoked_token_is_obtained_anew_once),
		cmocka_unit_test(sends_what_a_forge_takes),
		cmocka_unit_test(refuses_what_is_configured_wrong),
		cmocka_unit_test(finishes_urls),
	};
	return cmocka_run_group_tests(tests, make_key, drop_key);
}
