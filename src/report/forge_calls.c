/* The calls that forges have in common but for paths and names. */
#include "report/forge_internal.h"

int forge_user(
	struct forge *f, const char *key, struct arena *arena, const char **ret, struct err **err)
{
	struct node *json;
	if (forge_call(f, "GET", "/user", NULL, arena, &json, err) < 0)
		return -1;
	*ret = forge_text(json, key, arena);
	return 0;
}

int forge_post_status(struct forge *f, const char *sha, const char *context_key, const char *state,
	const struct forge_status *status, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *body = node_new_map(&a);
	forge_set_text(&a, body, "state", state);
	forge_set_text(&a, body, context_key, status->context);
	forge_set_text(&a, body, "description", status->description);
	forge_set_text(&a, body, "target_url", status->url);
	return forge_call(f, "POST", forge_path(f, &a, "/statuses/%s", sha), body, &a, NULL, err);
}

int forge_post_comment(struct forge *f, const char *path, const char *body, struct arena *arena,
	const char **ret_id, struct err **err)
{
	struct node *json;
	if (forge_call(f, "POST", path, forge_body(arena, body), arena, &json, err) < 0)
		return -1;
	*ret_id = forge_id(json, "id", arena);
	return 0;
}

bool forge_take_comment(struct forge_taken *t, const struct node *item, const char *author_key,
	const char *name_key)
{
	const char *id = forge_id(item, "id", t->arena);
	if (!id)
		return true;
	struct forge_comment *c = forge_taken_add(t, sizeof *c);
	const char *author = forge_text(node_get(item, author_key), name_key, t->arena);
	const char *body = forge_text(item, "body", t->arena);
	c->id = id;
	c->author = author ? author : "";
	c->body = body ? body : "";
	c->created_at = forge_time(item, "created_at");
	/* All forges give both times, under these names, and the same where nothing was changed. */
	c->edited = !c->created_at || forge_time(item, "updated_at") != c->created_at;
	return true;
}
