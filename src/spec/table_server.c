/* The fields of the server's file, and the rules between them. */
#include "spec/decode.h"
#include "spec/grammar.h"
#include "spec/server.h"

#include "base/log.h"
#include "base/num.h"
#include "base/str.h"

#include <string.h>

#define AT(member)     offsetof(struct server_config, member)
#define REPO(member)   offsetof(struct server_repository, member)
#define SECRET(member) offsetof(struct server_secret, member)

/* --- shapes --------------------------------------------------------------------------------- */

static bool plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return len > 0;
}

static bool path_ok(const char *text, size_t len)
{
	return len > 1 && len < 4096 && text[0] == '/' && !memchr(text, '\n', len);
}

static const struct grammar grammar_path = {.what = "a path",
	.expect = "absolute, as in \"/srv/git/shop.git\"",
	.rule = "server-path",
	.pattern = "^/[^\\n]+$",
	.ok = path_ok};

/* Of the forms that git takes; a password in it would be shown by every list of processes. */
static bool url_ok(const char *text, size_t len)
{
	static const char *const schemes[] = {"https://", "http://", "ssh://", "file:///"};
	if (!plain(text, len) || len > 2048 || text[0] == '-')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!str_starts(text, schemes[i]))
			continue;
		const char *rest = text + strlen(schemes[i]);
		const char *at = memchr(rest, '@', strcspn(rest, "/"));
		return *rest && *rest != '-' && (!at || !memchr(rest, ':', (size_t)(at - rest)));
	}
	const char *colon = strchr(text, ':');
	return colon && colon > text && colon[1] && !strstr(text, "://") &&
	       !memchr(text, '/', (size_t)(colon - text));
}

static const struct grammar grammar_url = {.what = "a URL of a repository",
	.expect = "https://, ssh://, file:/// or user@host:path, without a password in it",
	.rule = "server-url",
	.pattern = "^[^\\s-][^\\s]*$",
	.ok = url_ok};

static bool http_ok(const char *text, size_t len)
{
	return plain(text, len) && len < 2048 && !memchr(text, '@', len) &&
	       (str_starts(text, "https://") || str_starts(text, "http://"));
}

static const struct grammar grammar_http = {.what = "a URL",
	.expect = "as in \"https://git.example.org\"",
	.rule = "server-url",
	.pattern = "^https?://[^\\s@]+$",
	.ok = http_ok};

bool server_address_ok(const char *text, size_t len)
{
	if (str_starts(text, "unix:"))
		return path_ok(text + 5, len - 5) && len - 5 < 104;
	const char *colon = memrchr(text, ':', len);
	int64_t port;
	if (!plain(text, len) || !colon || colon == text ||
		!num_parse_i64(colon + 1, strlen(colon + 1), &port) || port < 0 || port > 65535)
		return false;
	const size_t host = (size_t)(colon - text);
	return text[0] == '[' ? text[host - 1] == ']' : !memchr(text, ':', host);
}

static const struct grammar grammar_address = {.what = "an address to listen at",
	.expect = "as in \"127.0.0.1:8080\", \"[::1]:8080\" or \"unix:/run/trueup/hooks\"",
	.rule = "server-address",
	.pattern = "^(unix:/.{1,103}|[^\\s]+:[0-9]{1,5})$",
	.ok = server_address_ok};

static bool env_ok(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];
		const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return len > 0 && len < 256;
}

static const struct grammar grammar_env = {.what = "the name of a variable",
	.expect = "letters, digits and '_', as in \"AWS_PROFILE\"",
	.rule = "server-variable",
	.pattern = "^[A-Za-z_][A-Za-z0-9_]{0,254}$",
	.ok = env_ok};

static bool file_name_ok(const char *text, size_t len)
{
	return plain(text, len) && len < 256 && !memchr(text, '/', len) && text[0] != '.';
}

static const struct grammar grammar_credential = {.what = "the name of a credential",
	.expect = "as in LoadCredential= of the unit, without '/'",
	.rule = "server-credential",
	.pattern = "^[^\\s/.][^\\s/]{0,254}$",
	.ok = file_name_ok};

static bool full_name_ok(const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	return plain(text, len) && len < 512 && slash && slash > text && text[len - 1] != '/' &&
	       !strstr(text, "//") && !strstr(text, "..");
}

static const struct grammar grammar_full_name = {.what = "the name of a repository at its forge",
	.expect = "as in \"acme/infra\"",
	.rule = "server-repository",
	.pattern = "^[^\\s/]+(/[^\\s/]+)+$",
	.ok = full_name_ok};

/* --- secrets -------------------------------------------------------------------------------- */

static const struct field secret_fields[] = {
	{.key = "fromFile",
		.type = FIELD_TEXT,
		.group = 1,
		.offset = SECRET(from_file),
		.grammar = &grammar_path,
		.doc = "A file that holds the secret and that nobody else may read.",
		.example = "/etc/trueup/webhook-secret"},
	{.key = "fromEnv",
		.type = FIELD_TEXT,
		.group = 2,
		.offset = SECRET(from_env),
		.grammar = &grammar_env,
		.doc = "A variable of the server's environment.",
		.example = "WEBHOOK_SECRET"},
	{.key = "credential",
		.type = FIELD_TEXT,
		.group = 3,
		.offset = SECRET(credential),
		.grammar = &grammar_credential,
		.doc = "A credential that systemd hands to the unit (LoadCredential=).",
		.example = "webhook-secret"},
};
static const struct field_table table_secret = {.name = "a secret",
	.doc = "Where a secret is: it never stands in this file.",
	.fields = secret_fields,
	.count = ARRAY_LEN(secret_fields),
	.one_group = true};

#define SECRET_EXAMPLE "{fromFile: /etc/trueup/secret}"

/* --- repositories --------------------------------------------------------------------------- */

static const struct field app_fields[] = {
	{.key = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = REPO(forge.app.id),
		.doc = "The App's id or client id, as text.",
		.example = "\"123456\""},
	{.key = "installation",
		.type = FIELD_INT,
		.offset = REPO(forge.app.installation),
		.max = INT64_MAX,
		.default_doc = "asked for by the repository's name",
		.doc = "Number of the installation.",
		.example = "987654"},
	{.key = "key",
		.type = FIELD_TABLE,
		.flags = FIELD_REQUIRED,
		.offset = REPO(forge.app.key),
		.table = &table_secret,
		.doc = "Its private key (PEM).",
		.example = SECRET_EXAMPLE},
};

static const struct field_table table_app = {.name = "app",
	.doc = "A GitHub App, instead of a token.",
	.fields = app_fields,
	.count = ARRAY_LEN(app_fields)};

/* "forgejo" is Gitea to everything else: see check_forge(). */
static const char *const forge_words[] = {"github", "gitlab", "gitea", "forgejo", NULL};
enum { WORD_FORGEJO = SERVER_GITEA + 1 };

static const struct field forge_fields[] = {
	{.key = "kind",
		.type = FIELD_WORD,
		.flags = FIELD_REQUIRED,
		.offset = REPO(forge.kind),
		.words = forge_words,
		.doc = "What kind of forge it is.",
		.example = "github"},
	{.key = "baseUrl",
		.type = FIELD_TEXT,
		.offset = REPO(forge.base_url),
		.grammar = &grammar_http,
		.default_doc = "https://api.github.com, https://gitlab.com; Gitea needs it",
		.doc = "Where the forge is.",
		.example = "https://git.example.org"},
	{.key = "repository",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = REPO(forge.repository),
		.grammar = &grammar_full_name,
		.doc = "The repository's full name there.",
		.example = "acme/infra"},
	{.key = "token",
		.type = FIELD_TABLE,
		.group = 1,
		.offset = REPO(forge.token),
		.table = &table_secret,
		.doc = "An access token.",
		.example = SECRET_EXAMPLE},
	{.key = "app",
		.type = FIELD_TABLE,
		.group = 2,
		.table = &table_app,
		.doc = "A GitHub App.",
		.example = "{id: \"123456\", key: {fromFile: /etc/trueup/app.pem}}"},
	{.key = "caFile",
		.type = FIELD_TEXT,
		.offset = REPO(forge.ca_file),
		.grammar = &grammar_path,
		.default_doc = "the system's",
		.doc = "Certificates that the forge's is checked against.",
		.example = "/etc/trueup/ca.pem"},
	{.key = "proxy",
		.type = FIELD_TEXT,
		.offset = REPO(forge.proxy),
		.grammar = &grammar_http,
		.default_doc = "none",
		.doc = "A proxy for requests to the forge.",
		.example = "http://proxy.example.org:3128"},
};

static void check_forge(struct decoder *d, const struct node *map, void *obj)
{
	struct server_repository *r = obj;
	if ((int)r->forge.kind == WORD_FORGEJO)
		r->forge.kind = SERVER_GITEA;
	const struct node *key = node_get_key(map, "app");
	if (key && r->forge.kind != SERVER_GITHUB)
		diag_error(d->diags, "server-forge", key->pos,
			"'app' is for GitHub; give this forge a 'token'");
	if (r->forge.kind == SERVER_GITEA && !r->forge.base_url && map->type == NODE_MAP)
		diag_error(d->diags, "server-forge", map->pos,
			"this kind of forge has no public address: it needs 'baseUrl'");
}

static const struct field_table table_forge = {.name = "forge",
	.doc = "Where pull requests and statuses of the repository live.",
	.fields = forge_fields,
	.count = ARRAY_LEN(forge_fields),
	.one_group = true,
	.check = check_forge};

static const struct field webhook_fields[] = {
	{.key = "secret",
		.type = FIELD_TABLE,
		.flags = FIELD_REQUIRED,
		.offset = REPO(webhook_secret),
		.table = &table_secret,
		.doc = "What the forge signs its webhooks with.",
		.example = SECRET_EXAMPLE},
	{.key = "oldSecret",
		.type = FIELD_TABLE,
		.offset = REPO(webhook_old_secret),
		.table = &table_secret,
		.doc = "What it signed them with before; counts too, while the secret is "
		       "exchanged.",
		.example = "{fromFile: /etc/trueup/old-secret}"},
};
static const struct field_table table_webhook = {.name = "webhook",
	.doc = "Webhooks, at POST /hooks/NAME. Without it none are accepted.",
	.fields = webhook_fields,
	.count = ARRAY_LEN(webhook_fields)};

static const struct field git_fields[] = {
	{.key = "username",
		.type = FIELD_TEXT,
		.offset = REPO(git.username),
		.fallback = "trueup",
		.doc = "User name for https. GitHub takes any with a token, for Apps "
		       "x-access-token.",
		.example = "x-access-token"},
	{.key = "password",
		.type = FIELD_TABLE,
		.offset = REPO(git.password),
		.table = &table_secret,
		.doc = "Password or token for https.",
		.example = SECRET_EXAMPLE},
	{.key = "sshKey",
		.type = FIELD_TEXT,
		.offset = REPO(git.ssh_key),
		.grammar = &grammar_path,
		.default_doc = "what ssh finds itself",
		.doc = "Private key for ssh.",
		.example = "/etc/trueup/deploy-key"},
};
static const struct field_table table_git = {.name = "git",
	.doc = "How the repository is fetched.",
	.fields = git_fields,
	.count = ARRAY_LEN(git_fields)};

/* Relative to a struct server_poll. */
static const struct field poll_fields[] = {
	{.key = "every",
		.type = FIELD_DURATION,
		.offset = offsetof(struct server_poll, every_ms),
		.fallback = "5m",
		.max = 86400000,
		.doc = "How often to look for what no webhook told; 0s: never.",
		.example = "5m"},
	{.key = "jitter",
		.type = FIELD_DURATION,
		.offset = offsetof(struct server_poll, jitter_ms),
		.fallback = "30s",
		.max = 86400000,
		.doc = "At most this much is added to each wait, at random.",
		.example = "30s"},
};
static const struct field_table table_poll = {.name = "poll",
	.doc = "Looking for changes without being told.",
	.fields = poll_fields,
	.count = ARRAY_LEN(poll_fields)};

static const struct field repository_fields[] = {
	{.key = "name",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_PLACED,
		.offset = REPO(name),
		.grammar = &grammar_name,
		.doc = "How it is called here, in URLs and metrics.",
		.example = "shop"},
	{.key = "path",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.group = 1,
		.offset = REPO(path),
		.grammar = &grammar_path,
		.doc = "A repository or folder on this machine.",
		.example = "/srv/git/shop.git"},
	{.key = "url",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.group = 2,
		.offset = REPO(url),
		.grammar = &grammar_url,
		.doc = "A repository to be fetched; its mirror is kept in the data folder.",
		.example = "https://github.com/acme/infra.git"},
	{.key = "branch",
		.type = FIELD_TEXT,
		.offset = REPO(branch),
		.grammar = &grammar_branch,
		.fallback = "main",
		.doc = "The branch of url that is reconciled.",
		.example = "main"},
	{.key = "git",
		.type = FIELD_TABLE,
		.table = &table_git,
		.doc = "How it is fetched.",
		.example = "{password: {fromFile: /etc/trueup/token}}"},
	{.key = "forge",
		.type = FIELD_TABLE,
		.table = &table_forge,
		.doc = "Where its pull requests and statuses live.",
		.example = "{kind: github, repository: acme/infra, token: {fromFile: "
			   "/etc/trueup/token}}"},
	{.key = "webhook",
		.type = FIELD_TABLE,
		.table = &table_webhook,
		.doc = "Webhooks from the forge.",
		.example = "{secret: {fromFile: /etc/trueup/webhook-secret}}"},
	{.key = "poll",
		.type = FIELD_TABLE,
		.offset = REPO(poll),
		.table = &table_poll,
		.default_doc = "the server's",
		.doc = "Looking for changes without being told.",
		.example = "{every: 2m}"},
	{.key = "environment",
		.type = FIELD_TEXTS,
		.offset = REPO(environment),
		.grammar = &grammar_env,
		.doc = "Variables of the server's environment that its workers get.",
		.example = "[AWS_PROFILE]"},
};

static void check_repository(struct decoder *d, const struct node *map, void *obj)
{
	struct server_repository *r = obj;
	r->poll_written = node_get(map, "poll") != NULL;
	const struct node *key = node_get_key(map, "webhook");
	if (key && !r->forge.repository && !node_get(map, "forge"))
		diag_error(d->diags, "server-webhook", key->pos,
			"'webhook' needs 'forge': it says who sends them and how they are signed");
}

static const struct field_table table_repository = {.name = "repositories",
	.doc = "A repository that is served.",
	.fields = repository_fields,
	.count = ARRAY_LEN(repository_fields),
	.item_size = sizeof(struct server_repository),
	.one_group = true,
	.check = check_repository};

/* --- the server ----------------------------------------------------------------------------- */

static const struct field listen_fields[] = {
	{.key = "webhooks",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(listen.webhooks),
		.grammar = &grammar_address,
		.default_doc = "nowhere: changes are found by polling and by push hooks",
		.doc = "Where webhooks arrive: POST /hooks/NAME.",
		.example = "127.0.0.1:8080"},
	{.key = "status",
		.type = FIELD_TEXT,
		.flags = FIELD_PLACED,
		.offset = AT(listen.status),
		.grammar = &grammar_address,
		.default_doc = "health beside the webhooks, metrics nowhere",
		.doc = "Where /healthz, /readyz and /metrics are.",
		.example = "127.0.0.1:9101"},
};
static const struct field_table table_listen = {.name = "listen",
	.doc = "Addresses. TLS is the business of a proxy in front.",
	.fields = listen_fields,
	.count = ARRAY_LEN(listen_fields)};

#define TIMEOUT(name, member, standard, text)                                                      \
	{                                                                                          \
		.key = (name), .type = FIELD_DURATION, .offset = AT(timeouts.member),              \
		.fallback = (standard), .min = 1000, .max = 604800000, .doc = (text),              \
		.example = (standard)                                                              \
	}
static const struct field timeout_fields[] = {
	TIMEOUT("fetch", fetch_ms, "10m", "The longest that one fetch may take."),
	TIMEOUT("job", job_ms, "6h",
		"The longest that one piece of work may take. An apply that is going on is not "
		"stopped by it: the next piece of work takes it over."),
	TIMEOUT("deliver", deliver_ms, "2m",
		"The longest that one delivery of statuses and comments may take."),
	TIMEOUT("stop", stop_ms, "20s",
		"How long work may take to end when the server is told to stop."),
};
static const struct field_table table_timeouts = {.name = "timeouts",
	.doc = "Deadlines of what workers do.",
	.fields = timeout_fields,
	.count = ARRAY_LEN(timeout_fields)};

static const char *const format_words[] = {"text", "json", NULL};
static const char *const level_words[] = {"error", "warning", "info", "debug", NULL};
static const struct field log_fields[] = {
	{.key = "format",
		.type = FIELD_WORD,
		.flags = FIELD_AS_BOOL,
		.offset = AT(log_json),
		.words = format_words,
		.fallback = "text",
		.doc = "Lines for people or for machines.",
		.example = "json"},
	{.key = "level",
		.type = FIELD_WORD,
		.offset = AT(log_level),
		.words = level_words,
		.fallback = "info",
		.doc = "What is written.",
		.example = "info"},
};
static const struct field_table table_log = {.name = "log",
	.doc = "The log, on standard error.",
	.fields = log_fields,
	.count = ARRAY_LEN(log_fields)};

static const struct field limit_fields[] = {
	{.key = "body",
		.type = FIELD_INT,
		.offset = AT(limits.body),
		.min = 1024,
		.max = 26214400,
		.fallback = "2097152",
		.doc = "The largest request that is read, in bytes.",
		.example = "2097152"},
	{.key = "connections",
		.type = FIELD_INT,
		.offset = AT(limits.connections),
		.min = 1,
		.max = 10000,
		.fallback = "256",
		.doc = "The most connections at once, at each address.",
		.example = "256"},
	{.key = "connectionsPerClient",
		.type = FIELD_INT,
		.offset = AT(limits.per_client),
		.min = 0,
		.max = 10000,
		.fallback = "0",
		.doc = "The most connections at once from one client's address; 0: as many as "
		       "connections. A proxy in front is one client.",
		.example = "16"},
};
static const struct field_table table_limits = {.name = "limits",
	.doc = "Limits on what comes from outside.",
	.fields = limit_fields,
	.count = ARRAY_LEN(limit_fields)};

static const struct field token_fields[] = {
	{.key = "issuer",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = AT(tokens.issuer),
		.doc = "Who has to have made them (iss), to the letter.",
		.example = "https://id.example.org"},
	{.key = "audience",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		.offset = AT(tokens.audience),
		.doc = "Whom they have to be meant for (aud), to the letter.",
		.example = "trueup"},
	{.key = "keys",
		.type = FIELD_TEXT,
		.group = 1,
		.offset = AT(tokens.keys),
		.grammar = &grammar_path,
		.doc = "A file of public keys (PEM, JWK or JWKS): RS256 and ES256.",
		.example = "/etc/trueup/jwks.json"},
	{.key = "secret",
		.type = FIELD_TABLE,
		.group = 2,
		.offset = AT(tokens.secret),
		.table = &table_secret,
		.doc = "A shared secret of at least 32 bytes: HS256.",
		.example = SECRET_EXAMPLE},
	{.key = "actor",
		.type = FIELD_TEXT,
		.offset = AT(tokens.actor),
		.fallback = "sub",
		.doc = "The claim that says who it is; recorded as `token:` and its text.",
		.example = "sub"},
	{.key = "leeway",
		.type = FIELD_DURATION,
		.offset = AT(tokens.leeway_ms),
		.fallback = "30s",
		.max = 600000,
		.doc = "How far clocks may differ (exp, nbf).",
		.example = "30s"},
};
static const struct field_table table_tokens = {.name = "tokens",
	.doc = "JSON Web Tokens by which a runbook may be run. Without it none are accepted.",
	.fields = token_fields,
	.count = ARRAY_LEN(token_fields),
	.one_group = true};

static const struct field server_fields[] = {
	{.key = "dataDir",
		.type = FIELD_TEXT,
		.offset = AT(data_dir),
		.grammar = &grammar_path,
		.fallback = "/var/lib/trueup",
		.doc = "Mirrors of repositories, and the lock that keeps a second server away.",
		.example = "/var/lib/trueup"},
	{.key = "listen",
		.type = FIELD_TABLE,
		.table = &table_listen,
		.doc = "Addresses.",
		.example = "{webhooks: \"127.0.0.1:8080\", status: \"127.0.0.1:9101\"}"},
	{.key = "workers",
		.type = FIELD_INT,
		.offset = AT(workers),
		.min = 1,
		.max = 256,
		.fallback = "4",
		.doc = "How many pieces of work are done at once, in all repositories. As many "
		       "deliveries may be made beside them.",
		.example = "4"},
	{.key = "timeouts",
		.type = FIELD_TABLE,
		.table = &table_timeouts,
		.doc = "Deadlines.",
		.example = "{fetch: 10m}"},
	{.key = "log",
		.type = FIELD_TABLE,
		.table = &table_log,
		.doc = "The log.",
		.example = "{format: json}"},
	{.key = "poll",
		.type = FIELD_TABLE,
		.offset = AT(poll),
		.table = &table_poll,
		.doc = "Looking for changes, for repositories that do not say it themselves.",
		.example = "{every: 5m, jitter: 30s}"},
	{.key = "limits",
		.type = FIELD_TABLE,
		.table = &table_limits,
		.doc = "Limits.",
		.example = "{body: 2097152}"},
	{.key = "environment",
		.type = FIELD_TEXTS,
		.offset = AT(environment),
		.grammar = &grammar_env,
		.doc = "Variables of the server's environment that all workers get, beside PATH, "
		       "HOME, LANG and their like.",
		.example = "[AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]"},
	{.key = "tokens",
		.type = FIELD_TABLE,
		.table = &table_tokens,
		.doc = "Tokens by which a runbook may be run (`trueup runbook run --token-file`).",
		.example = "{issuer: \"https://id.example.org\", audience: trueup, keys: "
			   "/etc/trueup/jwks.json}"},
	{.key = "repositories",
		.type = FIELD_TABLES,
		.flags = FIELD_REQUIRED,
		.offset = AT(repositories),
		.offset2 = AT(repository_count),
		.table = &table_repository,
		.max = 1000,
		.doc = "What is served.",
		.example = "[{name: shop, path: /srv/git/shop.git}]"},
};

static void check_server(struct decoder *d, const struct node *map, void *obj)
{
	struct server_config *c = obj;
	const struct node *list = node_get(map, "repositories");
	if (list && list->type == NODE_SEQ && !list->seq.count)
		diag_error(d->diags, "server-repositories", list->pos, "there is nothing to serve");
	for (size_t i = 0; i < c->repository_count; i++) {
		struct server_repository *r = &c->repositories[i];
		if (!r->poll_written)
			r->poll = c->poll;
		for (size_t k = 0; k < i && r->name.text; k++) {
			const struct server_repository *other = &c->repositories[k];
			if (str_eq(r->name.text, other->name.text))
				diag_error(d->diags, "server-repositories", r->name.pos,
					"there are two repositories with the name '%s'",
					r->name.text);
			if (r->path.text && str_eq(r->path.text, other->path.text))
				diag_error(d->diags, "server-repositories", r->path.pos,
					"'%s' serves this path already", other->name.text);
		}
	}
	/* Port 0 is another one each time. */
	const char *address = c->listen.webhooks.text;
	if (address && !str_ends(address, ":0") && str_eq(address, c->listen.status.text))
		diag_error(d->diags, "server-address", c->listen.status.pos,
			"both addresses are the same; without 'status' health is answered beside "
			"the webhooks");
}

const struct field_table table_server = {.name = "Server",
	.doc = "What `trueup serve` serves and where it listens: its own file, which no push can "
	       "change. Secrets are not in it, only where they are.",
	.fields = server_fields,
	.count = ARRAY_LEN(server_fields),
	.check = check_server};
