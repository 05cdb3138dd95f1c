/*
 * A connection: what is configured, checked and completed, the names of things, and the door to
 * each forge's own calls, behind which nothing has to be cut or checked any more.
 */
#include "report/forge.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"
#include "report/forge_internal.h"
#include "report/pull_comment.h"

#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 30 * 1000, URL_MAX = 2000 };

static const char *const kind_names[] = {
	[FORGE_GITHUB] = "github",
	[FORGE_GITLAB] = "gitlab",
	[FORGE_GITEA] = "gitea",
};
static const char *const state_names[] = {
	[FORGE_PENDING] = "pending",
	[FORGE_SUCCESS] = "success",
	[FORGE_FAILURE] = "failure",
	[FORGE_ERROR] = "error",
	[FORGE_CANCELLED] = "cancelled",
};
static const char *const reaction_names[] = {
	[FORGE_EYES] = "eyes",
	[FORGE_THUMBS_UP] = "+1",
	[FORGE_THUMBS_DOWN] = "-1",
	[FORGE_ROCKET] = "rocket",
	[FORGE_CONFUSED] = "confused",
};
static const char *const permission_names[] = {
	[FORGE_NO_PERMISSION] = "none",
	[FORGE_READ] = "read",
	[FORGE_WRITE] = "write",
	[FORGE_ADMIN] = "admin",
};

/* Index of name, or -1. */
static int find(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(names[i], name))
			return (int)i;
	return -1;
}

const char *forge_kind_name(enum forge_kind kind)
{
	return kind_names[kind];
}

bool forge_kind_parse(const char *name, enum forge_kind *ret)
{
	const int i = find(kind_names, ARRAY_LEN(kind_names), name);
	if (i < 0 && !str_eq(name, "forgejo"))
		return false;
	*ret = i < 0 ? FORGE_GITEA : (enum forge_kind)i;
	return true;
}

const char *forge_state_name(enum forge_state state)
{
	return state_names[state];
}

bool forge_state_parse(const char *name, enum forge_state *ret)
{
	const int i = find(state_names, ARRAY_LEN(state_names), name);
	if (i >= 0)
		*ret = (enum forge_state)i;
	return i >= 0;
}

const char *forge_reaction_name(enum forge_reaction reaction)
{
	return reaction_names[reaction];
}

bool forge_reaction_parse(const char *name, enum forge_reaction *ret)
{
	const int i = find(reaction_names, ARRAY_LEN(reaction_names), name);
	if (i >= 0)
		*ret = (enum forge_reaction)i;
	return i >= 0;
}

const char *forge_permission_name(enum forge_permission permission)
{
	return permission_names[permission];
}

/* GitHub and Gitea 65,536, GitLab 1,000,000 characters; room is left for the marker. */
size_t forge_comment_limit(enum forge_kind kind)
{
	return kind == FORGE_GITLAB ? 900000 : 65000;
}

static bool is_loopback(const char *host, size_t len)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (len == strlen(names[i]) && strncmp(host, names[i], len) == 0)
			return true;
	return false;
}

static const char *default_url(enum forge_kind kind)
{
	switch (kind) {
	case FORGE_GITHUB:
		return "https://api.github.com/";
	case FORGE_GITLAB:
		return "https://gitlab.com";
	case FORGE_GITEA:
		break;
	}
	return NULL;
}

static const char *usual_path(enum forge_kind kind)
{
	return kind == FORGE_GITHUB ? "/api/v3" : kind == FORGE_GITLAB ? "/api/v4" : "/api/v1";
}

static int set_url(struct forge *f, const char *given, struct err **err)
{
	const char *url = given ? given : default_url(f->kind);
	if (!url)
		return err_set(err, ERR_INVALID, "a %s needs the URL of its server",
			forge_kind_name(f->kind));
	if (str_eq(url, "https://github.com") || str_eq(url, "https://github.com/"))
		url = default_url(FORGE_GITHUB);
	const bool plain = str_starts(url, "http://");
	if (!plain && !str_starts(url, "https://"))
		return err_set(err, ERR_INVALID, "'%s': a forge's URL begins with https://", url);
	const char *host = strstr(url, "//") + 2;
	const size_t host_len = strcspn(host, "/");
	const size_t name_len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	if (!host_len || strlen(url) > URL_MAX || strpbrk(url, "@?# \t\r\n\\"))
		return err_set(err, ERR_INVALID,
			"the forge's URL must be https://HOST[:PORT][/PATH] and hold no account, "
			"query or blank");
	if (plain && !is_loopback(host, name_len))
		return err_set(err, ERR_INVALID,
			"'%s' would send the credential in clear: use https://", url);
	f->host = arena_memdup(&f->arena, host, host_len);
	size_t len = strlen(url);
	const char *path = host[host_len] ? "" : usual_path(f->kind);
	while (url[len - 1] == '/')
		len--;
	f->api = arena_printf(&f->arena, "%.*s%s", (int)len, url, path);
	return 0;
}

static bool good_segment(const char *text, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	return len && strspn(text, allowed) >= len && text[strspn(text, ".")] != '\0' &&
	       strspn(text, ".") < len;
}

static int set_repository(struct forge *f, const char *repository, struct err **err)
{
	size_t segments = 0;
	bool good = repository && *repository;
	for (const char *at = repository; good; segments++) {
		const size_t len = strcspn(at, "/");
		good = good_segment(at, len);
		if (!at[len]) {
			segments++;
			break;
		}
		at += len + 1;
	}
	if (f->kind == FORGE_GITLAB ? segments < 2 : segments != 2)
		good = false;
	if (!good)
		return err_set(err, ERR_INVALID, "'%s' is no repository of a %s: write %s",
			repository ? repository : "", forge_kind_name(f->kind),
			f->kind == FORGE_GITLAB ? "GROUP/NAME" : "OWNER/NAME");
	f->repository = arena_strdup(&f->arena, repository);
	AUTO_STR path = STR_INIT;
	if (f->kind == FORGE_GITLAB) {
		str_add(&path, "/projects/");
		http_add_encoded(&path, repository);
	} else {
		str_addf(&path, "/repos/%s", repository);
	}
	f->repo_path = arena_memdup(&f->arena, path.data, path.len);
	return 0;
}

static int set_credential(struct forge *f, const struct forge_config *c, struct err **err)
{
	if (c->app_id) {
		if (f->kind != FORGE_GITHUB)
			return err_set(err, ERR_INVALID, "only GitHub has Apps: give a token");
		if (!c->app_key_pem || !*c->app_key_pem || !*c->app_id)
			return err_set(
				err, ERR_INVALID, "a GitHub App needs its id and its private key");
		f->app_id = arena_strdup(&f->arena, c->app_id);
		f->app_key = xstrdup(c->app_key_pem);
		f->installation = c->installation;
		return 0;
	}
	if (!c->token || !*c->token)
		return err_set(err, ERR_INVALID, "there is no credential for %s at %s",
			f->repository, f->host);
	for (const char *p = c->token; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return err_set(err, ERR_INVALID,
				"the token for %s holds a blank, a line end or a character that no "
				"token has",
				f->host);
	f->token = xstrdup(c->token);
	return 0;
}

static int perform(
	void *data, const struct http_request *request, struct http_response *ret, struct err **err)
{
	return http_perform(data, request, ret, err);
}

static int64_t wall_clock(void *data)
{
	(void)data;
	return clock_now_ms();
}

static int set_transport(struct forge *f, const struct forge_config *c, struct err **err)
{
	if (c->transport) {
		f->transport = *c->transport;
		return 0;
	}
	const struct http_config http = {
		.total_ms = c->timeout_ms ? c->timeout_ms : DEFAULT_TIMEOUT_MS,
		.ca_file = c->ca_file,
		.proxy = c->proxy,
	};
	if (http_client_new(&http, &f->client, err) < 0)
		return -1;
	f->transport = (struct forge_transport){perform, wall_clock, f->client};
	return 0;
}

int forge_open(const struct forge_config *config, struct forge **ret, struct err **err)
{
	AUTO_FORGE *f = xcalloc(1, sizeof *f);
	f->kind = config->kind;
	f->ops = f->kind == FORGE_GITLAB ? &forge_lab_ops : &forge_hub_ops;
	if (set_url(f, config->url, err) < 0 || set_repository(f, config->repository, err) < 0 ||
		set_credential(f, config, err) < 0 || set_transport(f, config, err) < 0)
		return -1;
	*ret = steal_ptr(f);
	return 0;
}

void forge_close(struct forge **forge)
{
	struct forge *f = *forge;
	if (!f)
		return;
	if (f->token)
		secret_wipe(f->token, strlen(f->token));
	if (f->app_key)
		secret_wipe(f->app_key, strlen(f->app_key));
	free_ptr(&f->token);
	free_ptr(&f->app_key);
	http_client_free(f->client);
	arena_release(&f->arena);
	free_ptr(forge);
	*forge = NULL;
}

enum forge_kind forge_kind_of(const struct forge *forge)
{
	return forge->kind;
}

const char *forge_actor(const struct forge *forge, struct arena *arena, const char *login)
{
	return arena_printf(arena, "%s:%s", forge_kind_name(forge->kind), login);
}

struct forge_failure forge_failure(const struct forge *forge)
{
	return forge->failure;
}

int forge_login(struct forge *forge, struct arena *arena, const char **ret, struct err **err)
{
	if (!forge->login) {
		const char *login = NULL;
		const int rc = forge->app_id ? forge_app_login(forge, arena, &login, err)
					     : forge->ops->login(forge, arena, &login, err);
		if (rc < 0)
			return -1;
		if (!login)
			return err_set(err, ERR_CORRUPT, "%s does not say whose the credential is",
				forge->host);
		forge->login = arena_strdup(&forge->arena, login);
	}
	*ret = forge->login;
	return 0;
}

/* A context that is too long ends with a digest of the whole, so that two stay two. */
static const char *fit_context(struct arena *arena, const char *context)
{
	enum { TAIL = 12 };
	const size_t len = strlen(context);
	if (len <= FORGE_CONTEXT_MAX)
		return context;
	char digest[DIGEST_HEX];
	digest_hex(context, len, digest);
	const size_t keep = utf8_cut(context, len, FORGE_CONTEXT_MAX - TAIL - 1);
	return arena_printf(arena, "%.*s~%.*s", (int)keep, context, (int)TAIL, digest);
}

int forge_status_set(
	struct forge *forge, const char *sha, const struct forge_status *status, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STR description = STR_INIT;
	if (status->description)
		text_cut(&description, status->description, FORGE_DESCRIPTION_MAX);
	struct forge_status fit = *status;
	fit.context = fit_context(&arena, status->context);
	fit.description = status->description ? description.data : NULL;
	return forge->ops->status_set(forge, sha, &fit, err);
}

int forge_status_list(struct forge *forge, const char *sha, struct arena *arena,
	struct forge_statuses *ret, struct err **err)
{
	*ret = (struct forge_statuses){0};
	return forge->ops->status_list(forge, sha, arena, ret, err);
}

int forge_comment_list(struct forge *forge, int64_t pull, int64_t since, struct arena *arena,
	struct forge_comments *ret, struct err **err)
{
	*ret = (struct forge_comments){0};
	return forge->ops->comment_list(forge, pull, since, arena, ret, err);
}

int forge_comment_find(struct forge *forge, int64_t pull, const char *marker, struct arena *arena,
	struct forge_comments *ret, struct err **err)
{
	*ret = (struct forge_comments){0};
	struct forge_comments all;
	if (forge_comment_list(forge, pull, 0, arena, &all, err) < 0)
		return -1;
	ret->items = arena_array(arena, all.count, sizeof *ret->items);
	for (size_t i = 0; i < all.count; i++)
		if (str_starts(all.items[i].body, marker))
			ret->items[ret->count++] = all.items[i];
	if (!ret->count)
		return 0;
	const char *login;
	if (forge_login(forge, arena, &login, err) < 0)
		return -1;
	size_t ours = 0;
	for (size_t i = 0; i < ret->count; i++)
		if (strcasecmp(ret->items[i].author, login) == 0)
			ret->items[ours++] = ret->items[i];
	ret->count = ours;
	return 0;
}

int forge_comment_create(struct forge *forge, int64_t pull, const char *body, struct arena *arena,
	const char **ret_id, struct err **err)
{
	*ret_id = NULL;
	forge->once = true; /* a second one would stand there */
	if (forge->ops->comment_create(forge, pull, body, arena, ret_id, err) < 0)
		return -1;
	if (!*ret_id)
		return err_set(
			err, ERR_CORRUPT, "%s made a comment and does not say which", forge->host);
	return 0;
}

int forge_comment_update(
	struct forge *forge, int64_t pull, const char *id, const char *body, struct err **err)
{
	return forge->ops->comment_update(forge, pull, id, body, err);
}

int forge_comment_delete(struct forge *forge, int64_t pull, const char *id, struct err **err)
{
	struct err *failed = NULL;
	if (forge->ops->comment_delete(forge, pull, id, &failed) == 0)
		return 0;
	if (forge->failure.fault != FORGE_MISSING) {
		*err = failed;
		return -1;
	}
	err_free(&failed);
	return 0;
}

int forge_react(struct forge *forge, int64_t pull, const char *comment_id,
	enum forge_reaction reaction, struct err **err)
{
	struct err *failed = NULL;
	if (forge->ops->react(forge, pull, comment_id, reaction, &failed) == 0)
		return 0;
	if (forge->failure.fault != FORGE_MISSING) {
		*err = failed;
		return -1;
	}
	err_free(&failed);
	return 0;
}

int forge_pull_get(struct forge *forge, int64_t number, struct arena *arena, struct forge_pull *ret,
	struct err **err)
{
	*ret = (struct forge_pull){0};
	return forge->ops->pull_get(forge, number, arena, ret, err);
}

int forge_pull_open(
	struct forge *forge, struct arena *arena, struct forge_pulls *ret, struct err **err)
{
	*ret = (struct forge_pulls){0};
	return forge->ops->pull_list(forge, 0, arena, ret, err);
}

int forge_pull_changed(struct forge *forge, int64_t since, struct arena *arena,
	struct forge_pulls *ret, struct err **err)
{
	*ret = (struct forge_pulls){0};
	return forge->ops->pull_list(forge, since > 0 ? since : 1, arena, ret, err);
}

int forge_approval_list(struct forge *forge, int64_t pull, struct arena *arena,
	struct forge_approvals *ret, struct err **err)
{
	*ret = (struct forge_approvals){0};
	return forge->ops->approval_list(forge, pull, arena, ret, err);
}

int forge_behind(struct forge *forge, const char *base, const char *head, int64_t *ret_behind,
	struct err **err)
{
	return forge->ops->behind(forge, base, head, ret_behind, err);
}

int forge_permission(
	struct forge *forge, const char *login, enum forge_permission *ret, struct err **err)
{
	*ret = FORGE_NO_PERMISSION;
	struct err *failed = NULL;
	if (forge->ops->permission(forge, login, ret, &failed) == 0)
		return 0;
	*ret = FORGE_NO_PERMISSION;
	if (forge->failure.fault != FORGE_MISSING) {
		*err = failed;
		return -1;
	}
	err_free(&failed);
	return 0;
}
