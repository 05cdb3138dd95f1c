/*
 * Protects: what the server's file may say and what it means, each mistake in it with its place,
 * and secrets that come from where the file points to and are never in it.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "spec/server.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	struct arena arena;
	struct diag_list diags;
	struct src src;
};

static void fixture_release(struct fixture *f)
{
	diag_list_release(&f->diags);
	arena_release(&f->arena);
}
#define AUTO_FIXTURE CLEANUP(fixture_release) struct fixture

#define HEAD "apiVersion: trueup/v1\nkind: Server\nspec:\n"

static const struct server_config *load(struct fixture *f, const char *text)
{
	f->src = (struct src){"server.yaml", text, strlen(text)};
	return server_load(&f->arena, &f->src, &f->diags);
}

static void takes_all_that_it_says(void **state)
{
	(void)state;
	AUTO_FIXTURE f = {0};
	const struct server_config *c = load(&f,
		HEAD "  dataDir: /srv/trueup\n"
		     "  listen: {webhooks: \"0.0.0.0:8080\", status: \"unix:/run/trueup/status\"}\n"
		     "  workers: 8\n"
		     "  timeouts: {fetch: 1m, stop: 5s}\n"
		     "  log: {format: json, level: debug}\n"
		     "  poll: {every: 10m, jitter: 1m}\n"
		     "  environment: [AWS_PROFILE]\n"
		     "  tokens: {issuer: i, audience: a, keys: /etc/k, actor: email}\n"
		     "  repositories:\n"
		     "  - name: shop\n"
		     "    url: https://git.example.org/acme/shop.git\n"
		     "    branch: trunk\n"
		     "    git: {username: bot, password: {credential: token}}\n"
		     "    forge: {kind: forgejo, baseUrl: \"https://git.example.org\","
		     " repository: acme/shop, token: {fromEnv: TOKEN}}\n"
		     "    webhook: {secret: {fromFile: /etc/trueup/secret}, oldSecret: {fromEnv: "
		     "OLD}}\n"
		     "    poll: {every: 0s}\n"
		     "  - name: local\n"
		     "    path: /srv/git/local.git\n");
	assert_int_equal(f.diags.count, 0);
	assert_non_null(c);
	assert_string_equal(c->data_dir, "/srv/trueup");
	assert_string_equal(c->listen.webhooks.text, "0.0.0.0:8080");
	assert_int_equal(c->workers, 8);
	assert_int_equal(c->timeouts.fetch_ms, 60000);
	assert_int_equal(c->timeouts.deliver_ms, 120000);
	assert_true(c->log_json);
	assert_int_equal(c->log_level, 3);
	assert_string_equal(c->tokens.issuer, "i");
	assert_string_equal(c->tokens.audience, "a");
	assert_string_equal(c->tokens.keys, "/etc/k");
	assert_string_equal(c->tokens.actor, "email");
	assert_int_equal(c->tokens.leeway_ms, 30000);
	assert_int_equal(c->repository_count, 2);
	const struct server_repository *r = server_repository(c, "shop");
	assert_string_equal(r->branch, "trunk");
	assert_string_equal(r->git.username, "bot");
	assert_string_equal(r->git.password.credential, "token");
	assert_int_equal(r->forge.kind, SERVER_GITEA);
	assert_string_equal(r->forge.token.from_env, "TOKEN");
	assert_true(server_secret_given(&r->webhook_secret));
	assert_string_equal(r->webhook_old_secret.from_env, "OLD");
	assert_int_equal(r->poll.every_ms, 0);
	assert_int_equal(r->poll.jitter_ms, 30000);
	r = server_repository(c, "local");
	assert_int_equal(r->poll.every_ms, 600000);
	assert_null(r->forge.repository);
	assert_string_equal(r->branch, "main");
	assert_null(server_repository(c, "other"));
}

/* The text is refused, with this at this place. */
static void refuses(const char *text, unsigned line, unsigned col, const char *message)
{
	AUTO_FIXTURE f = {0};
	assert_null(load(&f, text));
	for (size_t i = 0; i < f.diags.count; i++) {
		const struct diag *d = &f.diags.items[i];
		if (d->line == line && d->col == col && strstr(d->message, message))
			return;
		print_error("%u:%u: %s\n", d->line, d->col, d->message);
	}
	print_error("expected %u:%u: %s\n", line, col, message);
	fail();
}

#define REPOSITORY HEAD "  repositories:\n  - {name: a, path: /a}\n"

static void refuses_mistakes_at_their_place(void **state)
{
	(void)state;
	refuses("kind: Server\nspec: {}\n", 1, 1, "no 'apiVersion'");
	refuses("apiVersion: trueup/v1\nkind: Canvas\nspec: {}\n", 2, 7, "not Server");
	refuses("apiVersion: trueup/v1\nkind: Server\n", 1, 1, "needs the field 'spec'");
	refuses(HEAD "  repositories: []\n", 4, 17, "nothing to serve");
	refuses(HEAD "  repositories:\n  - {name: a}\n", 5, 5, "path, url");
	refuses(HEAD "  repositories:\n  - {name: a, path: srv}\n", 5, 21, "path");
	refuses(HEAD "  repositories:\n  - {name: a, path: /a, url: \"https://x/y\"}\n", 5, 25,
		"exclude");
	refuses(HEAD "  repositories:\n  - {name: a, url: \"https://u:p@x/y\"}\n", 5, 20, "url");
	refuses(HEAD "  repositories:\n  - {name: a, url: \"--upload-pack=x\"}\n", 5, 20, "url");
	refuses(REPOSITORY "  - {name: a, path: /b}\n", 6, 12, "two repositories");
	refuses(REPOSITORY "  - {name: b, path: /a}\n", 6, 21, "serves this path already");
	refuses(REPOSITORY "  worker: 3\n", 6, 3, "unknown field 'worker'");
	refuses(REPOSITORY "  tokens: {issuer: i, keys: /k}\n", 6, 3, "audience");
	refuses(REPOSITORY "  tokens: {issuer: i, audience: a}\n", 6, 3, "keys, secret");
	refuses(REPOSITORY "  tokens: {issuer: i, audience: a, keys: k}\n", 6, 42, "keys");
	refuses(REPOSITORY "  listen: {webhooks: \"8080\"}\n", 6, 22, "webhooks");
	refuses(REPOSITORY "  listen: {webhooks: \"h:1\", status: \"h:1\"}\n", 6, 37, "the same");
	refuses(REPOSITORY "  - name: c\n    path: /c\n"
			   "    webhook: {secret: {fromEnv: S}}\n",
		8, 5, "needs 'forge'");
	refuses(REPOSITORY "  - name: c\n    path: /c\n"
			   "    forge: {kind: gitea, repository: a/b, token: {fromEnv: S}}\n",
		8, 12, "baseUrl");
	refuses(REPOSITORY "  - name: c\n    path: /c\n"
			   "    forge: {kind: github, repository: a/b, token: secret}\n",
		8, 51, "a map");
	refuses(REPOSITORY "  - name: c\n    path: /c\n"
			   "    forge: {kind: github, repository: a/b, token: {fromEnv: A, "
			   "fromFile: /b}}\n",
		8, 64, "exclude");
}

static void knows_addresses(void **state)
{
	(void)state;
	static const char *const good[] = {
		"127.0.0.1:8080", "[::1]:0", "localhost:65535", "unix:/run/x", "0.0.0.0:1"};
	static const char *const bad[] = {"", ":80", "8080", "host:", "host:65536", "host:x",
		"::1:80", "[::1:80", "unix:x", "unix:", "a b:1", "host:-1"};
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(server_address_ok(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (server_address_ok(bad[i], strlen(bad[i])))
			fail_msg("'%s' was taken for an address", bad[i]);
}

static void secret_fails(const struct server_secret *secret, const char *text)
{
	AUTO_STR out = STR_INIT;
	AUTO_ERR err = NULL;
	AUTO_STR message = STR_INIT;
	assert_int_equal(server_secret_read(secret, &out, &err), -1);
	err_format(err, &message);
	if (!strstr(message.data, text))
		fail_msg("'%s' does not say '%s'", message.data, text);
	assert_null(strstr(message.data, "hunter2"));
}

static void reads_secrets_from_where_they_are(void **state)
{
	(void)state;
	char dir[] = "/tmp/trueup-server-XXXXXX";
	assert_non_null(mkdtemp(dir));
	AUTO_ERR err = NULL;
	AUTO_STR out = STR_INIT;
	char path[64];
	(void)snprintf(path, sizeof path, "%s/token", dir);
	assert_int_equal(fs_write_atomic(path, "hunter2\n", 8, 0600, &err), 0);
	const struct server_secret file = {.from_file = path};
	assert_int_equal(server_secret_read(&file, &out, &err), 0);
	assert_string_equal(out.data, "hunter2");
	assert_int_equal(chmod(path, 0644), 0);
	secret_fails(&file, "read by everybody");
	assert_int_equal(fs_write_atomic(path, "\n", 1, 0600, &err), 0);
	secret_fails(&file, "empty");
	secret_fails(&(struct server_secret){.from_file = dir}, "is not a file");
	assert_int_equal(setenv("TEST_SECRET", "hunter2", 1), 0);
	str_clear(&out);
	assert_int_equal(
		server_secret_read(&(struct server_secret){.from_env = "TEST_SECRET"}, &out, &err),
		0);
	assert_string_equal(out.data, "hunter2");
	secret_fails(&(struct server_secret){.from_env = "TEST_SECRET_NONE"}, "is not set");
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	secret_fails(&(struct server_secret){.credential = "token"}, "LoadCredential");
	assert_int_equal(fs_write_atomic(path, "hunter2", 7, 0400, &err), 0);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	str_clear(&out);
	assert_int_equal(
		server_secret_read(&(struct server_secret){.credential = "token"}, &out, &err), 0);
	assert_string_equal(out.data, "hunter2");
	assert_int_equal(fs_remove_tree(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_all_that_it_says),
		cmocka_unit_test(refuses_mistakes_at_their_place),
		cmocka_unit_test(knows_addresses),
		cmocka_unit_test(reads_secrets_from_where_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
