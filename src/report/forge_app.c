/*
 * GitHub Apps: a token of ten minutes signed with the App's key (JWT, RS256) gets an installation
 * token of an hour, for this repository alone. Source: docs.github.com/apps, "Authenticating as a
 * GitHub App" and "Generating an installation access token".
 *
 * The token is kept for as long as the connection and obtained anew a minute before it expires. It
 * is never stored.
 */
#include "base/mem.h"
#include "base/secret.h"
#include "net/jwt.h"
#include "report/forge_internal.h"

#include <string.h>

enum {
	SKEW_S = 60, /* GitHub advises to allow for clocks that differ */
	JWT_LIFE_S = 9 * 60, /* with the skew less than the ten minutes that it takes */
	RENEW_MS = 60 * 1000,
	TOKEN_LIFE_MS = 60 * 60 * 1000,
};

/* "Bearer JWT" */
static int sign(const struct forge *f, struct str *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	const int64_t now = forge_now(f) / 1000;
	struct node *claims = node_new_map(&a);
	node_map_set(&a, claims, "iat", node_new_int(&a, now - SKEW_S));
	node_map_set(&a, claims, "exp", node_new_int(&a, now + JWT_LIFE_S - SKEW_S));
	node_map_set(&a, claims, "iss", node_new_string(&a, f->app_id));
	str_add(ret, "Bearer ");
	if (jwt_sign_rs256(f->app_key, strlen(f->app_key), claims, ret, err) < 0)
		return err_wrap(err, "sign in as GitHub App %s", f->app_id);
	return 0;
}

static int find_installation(
	struct forge *f, const char *authorization, struct arena *arena, struct err **err)
{
	struct node *json;
	if (forge_call_as(f, authorization, "GET", forge_path(f, arena, "/installation"), NULL,
		    arena, &json, err) < 0)
		return f->failure.fault == FORGE_MISSING
			       ? err_wrap(err, "GitHub App %s is not installed in %s", f->app_id,
					 f->repository)
			       : -1;
	f->installation = forge_int(json, "id");
	if (f->installation <= 0)
		return err_set(
			err, ERR_CORRUPT, "%s does not name the App's installation", f->host);
	return 0;
}

/* Narrowed to this repository: what a leak would give away is then as little as can be. */
static struct node *wanted(const struct forge *f, struct arena *arena)
{
	struct node *body = node_new_map(arena), *list = node_new_seq(arena);
	node_seq_add(arena, list, node_new_string(arena, strchr(f->repository, '/') + 1));
	node_map_set(arena, body, "repositories", list);
	return body;
}

static int obtain(struct forge *f, const char *authorization, struct arena *arena, struct err **err)
{
	if (!f->installation && find_installation(f, authorization, arena, err) < 0)
		return -1;
	struct node *json;
	const char *path = arena_printf(
		arena, "/app/installations/%lld/access_tokens", (long long)f->installation);
	if (forge_call_as(f, authorization, "POST", path, wanted(f, arena), arena, &json, err) < 0)
		return -1;
	const struct node *token = node_get(json, "token");
	if (!node_text(token) || !token->len)
		return err_set(
			err, ERR_CORRUPT, "%s answers without an installation token", f->host);
	f->token = xstrdup(token->text);
	secret_wipe((char *)(uintptr_t)token->text, token->len);
	const int64_t expires = forge_time(json, "expires_at");
	f->token_expires = expires ? expires : forge_now(f) + TOKEN_LIFE_MS;
	return 0;
}

void forge_app_forget(struct forge *f)
{
	if (f->token)
		secret_wipe(f->token, strlen(f->token));
	free_ptr(&f->token);
	f->token = NULL;
}

int forge_app_token(struct forge *f, struct err **err)
{
	if (f->token && forge_now(f) < f->token_expires - RENEW_MS)
		return 0;
	forge_app_forget(f);
	AUTO_ARENA arena = {0};
	AUTO_STR authorization = STR_INIT;
	int rc = sign(f, &authorization, err);
	if (rc == 0)
		rc = obtain(f, authorization.data, &arena, err);
	secret_wipe(authorization.data, authorization.len);
	return rc;
}

int forge_app_login(struct forge *f, struct arena *arena, const char **ret, struct err **err)
{
	AUTO_STR authorization = STR_INIT;
	struct node *json = NULL;
	int rc = sign(f, &authorization, err);
	if (rc == 0)
		rc = forge_call_as(f, authorization.data, "GET", "/app", NULL, arena, &json, err);
	secret_wipe(authorization.data, authorization.len);
	if (rc < 0)
		return -1;
	const char *slug = forge_text(json, "slug", arena);
	*ret = slug ? arena_printf(arena, "%s[bot]", slug) : NULL;
	return 0;
}
