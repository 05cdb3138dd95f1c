/* The wishes: what each kind's key, lane and payload are. */
#include "report/outbox.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"
#include "report/outbox_internal.h"

#include <string.h>

#define MARKER "<!-- trueup:"

void outbox_marker(struct str *out, const char *name, size_t part)
{
	str_addf(out, MARKER "%s:", name);
	if (part)
		str_addf(out, "%zu -->\n", part);
}

bool outbox_is_ours(const char *body)
{
	return str_starts(body, MARKER);
}

struct node *outbox_parse(const char *json, struct arena *arena)
{
	if (!json)
		return NULL;
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){.path = "outbox", .data = json, .len = strlen(json)};
	AUTO_DIAGS diags = {0};
	return json_parse(arena, src, &diags);
}

static void set(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

static int put(struct store *store, struct outbox_row *row, const struct node *payload, int64_t now,
	struct err **err)
{
	AUTO_STR text = STR_INIT;
	emit_canonical(payload, &text);
	row->channel = OUTBOX_FORGE;
	row->payload = text.data;
	return store_outbox_put(store, row, now, NULL, err);
}

static const char *commit_lane(struct arena *a, const char *sha)
{
	return arena_printf(a, "commit/%s", sha);
}

int outbox_put_status(struct store *store, const char *target, const char *sha,
	const struct forge_status *status, int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *payload = node_new_map(&a);
	set(&a, payload, "sha", sha);
	set(&a, payload, "context", status->context);
	set(&a, payload, "state", forge_state_name(status->state));
	set(&a, payload, "description", status->description);
	set(&a, payload, "url", status->url);
	struct outbox_row row = {
		.target = target,
		.key = arena_printf(&a, "status/%s/%s", sha, status->context),
		.lane = commit_lane(&a, sha),
		.kind = "status",
	};
	return put(store, &row, payload, now, err);
}

/* The wish as it stands; false if it is damaged or not pending. */
static bool read_pending(const char *payload, struct arena *a, struct forge_status *ret)
{
	const struct node *wish = outbox_parse(payload, a);
	const char *state = node_text(node_get(wish, "state"));
	*ret = (struct forge_status){.context = node_text(node_get(wish, "context")),
		.url = node_text(node_get(wish, "url"))};
	return ret->context && forge_state_parse(state, &ret->state) && ret->state == FORGE_PENDING;
}

int outbox_end_statuses(struct store *store, const char *target, const char *sha, const char *text,
	int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	const struct outbox_row like = {
		.channel = OUTBOX_FORGE, .target = target, .lane = commit_lane(&a, sha)};
	struct outbox_rows rows;
	if (store_outbox_lane(store, &like, &a, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		struct outbox_row *row = NULL;
		struct forge_status status;
		if (store_outbox_get(store, &rows.items[i], &a, &row, err) < 0)
			return -1;
		if (!row || !str_eq(row->kind, "status") ||
			!read_pending(row->payload, &a, &status))
			continue;
		status.state = FORGE_CANCELLED;
		status.description = text;
		if (outbox_put_status(store, target, sha, &status, now, err) < 0)
			return -1;
	}
	return 0;
}

/* Names go into the marker: what could end it must not be in them. */
static const char *safe_name(struct arena *a, const char *name)
{
	char *copy = arena_strdup(a, name);
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._";
	for (char *p = copy; *p; p++)
		if (!strchr(allowed, *p))
			*p = '_';
	return copy;
}

static struct node *comment(struct arena *a, int64_t pull, const char *name, const char *text)
{
	struct node *payload = node_new_map(a);
	node_map_set(a, payload, "pull", node_new_int(a, pull));
	set(a, payload, "name", name);
	set(a, payload, "text", text);
	return payload;
}

static const char *pull_lane(struct arena *a, int64_t pull)
{
	return arena_printf(a, "pull/%lld", (long long)pull);
}

int outbox_put_comment(struct store *store, const char *target, int64_t pull, const char *name,
	const char *text, int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	struct outbox_row row = {
		.target = target,
		.key = arena_printf(&a, "comment/%lld/%s", (long long)pull, name),
		.lane = pull_lane(&a, pull),
		.kind = "comment",
	};
	return put(store, &row, comment(&a, pull, safe_name(&a, name), text), now, err);
}

static const char *reply_key(struct arena *a, int64_t pull, const char *id)
{
	return arena_printf(a, "reply/%lld/%s", (long long)pull, id);
}

int outbox_has_reply(struct store *store, const char *target, int64_t pull, const char *id,
	bool *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	struct outbox_row *row = NULL;
	const struct outbox_row like = {
		.channel = OUTBOX_FORGE, .target = target, .key = reply_key(&a, pull, id)};
	*ret = false;
	if (store_outbox_get(store, &like, &a, &row, err) < 0)
		return -1;
	*ret = row != NULL;
	return 0;
}

int outbox_put_reply(struct store *store, const char *target, int64_t pull, const char *id,
	const char *text, int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	struct outbox_row row = {
		.target = target,
		.key = reply_key(&a, pull, id),
		.lane = pull_lane(&a, pull),
		.kind = "reply",
	};
	const char *name = arena_printf(&a, "reply_%s", safe_name(&a, id));
	return put(store, &row, comment(&a, pull, name, text), now, err);
}

int outbox_put_reaction(struct store *store, const char *target, int64_t pull,
	const char *comment_id, enum forge_reaction reaction, int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	const char *name = forge_reaction_name(reaction);
	struct node *payload = node_new_map(&a);
	node_map_set(&a, payload, "pull", node_new_int(&a, pull));
	set(&a, payload, "comment", comment_id);
	set(&a, payload, "reaction", name);
	struct outbox_row row = {
		.target = target,
		.key = arena_printf(&a, "reaction/%lld/%s/%s", (long long)pull, comment_id, name),
		.lane = arena_printf(&a, "reactions/%lld", (long long)pull),
		.kind = "reaction",
	};
	return put(store, &row, payload, now, err);
}

/* Takes the comment with this id out of what is known; false if it is not in it. */
static bool take_out(const char *remote, const char *id, struct arena *a, struct str *out)
{
	struct node *known = outbox_parse(remote, a);
	struct node *rest = node_new_map(a);
	bool found = false;
	MAP_FOREACH (known, pair) {
		if (str_eq(node_text(node_get(pair->value, "id")), id))
			found = true;
		else
			node_map_set(a, rest, pair->key->text, pair->value);
	}
	emit_canonical(rest, out);
	return found;
}

int outbox_comment_deleted(struct store *store, const char *target, int64_t pull,
	const char *comment_id, int64_t now, struct err **err)
{
	AUTO_ARENA a = {0};
	const struct outbox_row like = {
		.channel = OUTBOX_FORGE, .target = target, .lane = pull_lane(&a, pull)};
	struct outbox_rows rows;
	if (store_outbox_lane(store, &like, &a, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		const struct outbox_row *row = &rows.items[i];
		AUTO_STR rest = STR_INIT;
		/* An answer that somebody takes away stays away. */
		if (!str_eq(row->kind, "comment") || !row->remote ||
			!take_out(row->remote, comment_id, &a, &rest))
			continue;
		if (store_outbox_remote(store, row, rest.data, now, err) < 0 ||
			store_outbox_again(store, row, now, NULL, err) < 0)
			return -1;
	}
	return 0;
}
