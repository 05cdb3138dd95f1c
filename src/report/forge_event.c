/*
 * Verifying a delivery and handing it to the reader of its forge. Nothing of the body is looked at
 * before its signature was.
 */
#include "report/forge_event.h"

#include "base/num.h"
#include "base/secret.h"
#include "format/yaml.h"
#include "net/base64.h"
#include "net/hmac.h"
#include "report/forge_event_internal.h"

#include <string.h>

enum {
	DELIVERY_ID_MAX = 200,
	/* Standard Webhooks (standardwebhooks.com) advise it against replays. */
	SIGNED_TIME_MS = 5 * 60 * 1000,
	SIGNATURES_MAX = 8,
};

static const char *const kind_names[] = {
	[FORGE_EVENT_IGNORED] = "ignored",
	[FORGE_EVENT_PING] = "ping",
	[FORGE_EVENT_PUSH] = "push",
	[FORGE_EVENT_PULL] = "pull",
	[FORGE_EVENT_COMMENT] = "comment",
	[FORGE_EVENT_COMMENT_DELETED] = "comment-deleted",
	[FORGE_EVENT_REVIEW] = "review",
};

const char *forge_event_kind_name(enum forge_event_kind kind)
{
	return kind_names[kind];
}

static const char *header(const struct forge_delivery *d, const char *name)
{
	const char *value = d->header(d->header_data, name);
	return value && *value ? value : NULL;
}

/* The first of these headers that is there. names ends with NULL. */
static const char *first_header(const struct forge_delivery *d, const char *const *names)
{
	const char *value = NULL;
	for (; *names && !value; names++)
		value = header(d, *names);
	return value;
}

/* Does hex, behind prefix, sign the body with any of the secrets? All of them are tried. */
static bool signs_body(const struct forge_delivery *d, const char *prefix, const char *hex)
{
	if (!hex || !str_starts(hex, prefix))
		return false;
	bool good = false;
	for (size_t i = 0; i < d->secret_count; i++) {
		unsigned char mac[HMAC_SIZE];
		hmac_sha256(d->secrets[i], strlen(d->secrets[i]), d->body, d->len, mac);
		good |= hmac_equals_hex(mac, hex + strlen(prefix));
	}
	return good;
}

static bool verify_github(const struct forge_delivery *d, const char **ret_wanted)
{
	*ret_wanted = "X-Hub-Signature-256";
	return signs_body(d, "sha256=", header(d, "X-Hub-Signature-256"));
}

static bool verify_gitea(const struct forge_delivery *d, const char **ret_wanted)
{
	static const char *const bare[] = {"X-Forgejo-Signature", "X-Gitea-Signature", NULL};
	*ret_wanted = "X-Gitea-Signature";
	bool good = signs_body(d, "", first_header(d, bare));
	good |= signs_body(d, "sha256=", header(d, "X-Hub-Signature-256"));
	return good;
}

/* "whsec_BASE64" stands for bytes, anything else for itself. */
static void signing_key(const char *secret, struct str *out)
{
	static const char prefix[] = "whsec_";
	const char *coded = secret + strlen(prefix);
	if (!str_starts(secret, prefix) || !base64_decode(coded, strlen(coded), out))
		str_add(out, secret);
}

static void sign_lab(const struct forge_delivery *d, const char *secret, const char *id,
	const char *time, unsigned char ret[HMAC_SIZE])
{
	AUTO_STR key = STR_INIT;
	signing_key(secret, &key);
	struct hmac *h = hmac_begin(key.data, key.len);
	hmac_add(h, id, strlen(id));
	hmac_add(h, ".", 1);
	hmac_add(h, time, strlen(time));
	hmac_add(h, ".", 1);
	hmac_add(h, d->body, d->len);
	hmac_end(h, ret);
	secret_wipe(key.data, key.len);
}

/* Is the MAC one of the signatures "v1,BASE64 v1,BASE64"? */
static bool among(const unsigned char mac[HMAC_SIZE], const char *signatures)
{
	bool good = false;
	size_t count = 0;
	for (const char *at = signatures; *at && count < SIGNATURES_MAX; count++) {
		const size_t len = strcspn(at, " ");
		AUTO_STR one = STR_INIT;
		str_addn(&one, at, len);
		if (str_starts(one.data, "v1,"))
			good |= hmac_equals_base64(mac, one.data + 3);
		at += len + (at[len] == ' ');
	}
	return good;
}

static bool is_recent(const char *seconds, int64_t now)
{
	int64_t at;
	if (!num_parse_i64(seconds, strlen(seconds), &at) || at < 0 || at > INT64_MAX / 2000)
		return false;
	const int64_t apart = now - at * 1000;
	return apart <= SIGNED_TIME_MS && apart >= -SIGNED_TIME_MS;
}

static bool verify_gitlab(const struct forge_delivery *d, const char **ret_wanted)
{
	const char *signatures = header(d, "webhook-signature");
	bool good = false;
	if (signatures) {
		*ret_wanted = "webhook-signature (with webhook-id and a webhook-timestamp of the "
			      "last five minutes)";
		const char *id = header(d, "webhook-id"), *time = header(d, "webhook-timestamp");
		if (!id || !time || !is_recent(time, d->now))
			return false;
		for (size_t i = 0; i < d->secret_count; i++) {
			unsigned char mac[HMAC_SIZE];
			sign_lab(d, d->secrets[i], id, time, mac);
			good |= among(mac, signatures);
		}
		return good;
	}
	*ret_wanted = "X-Gitlab-Token";
	const char *token = header(d, "X-Gitlab-Token");
	for (size_t i = 0; token && i < d->secret_count; i++)
		good |= equal_text_constant_time(d->secrets[i], token);
	return good;
}

static bool any_secret(const struct forge_delivery *d)
{
	for (size_t i = 0; i < d->secret_count; i++)
		if (!d->secrets[i] || !*d->secrets[i])
			return false; /* an empty one would let everybody in */
	return d->secret_count > 0;
}

int forge_verify(const struct forge_delivery *delivery, struct err **err)
{
	if (!any_secret(delivery))
		return err_set(err, ERR_DENIED,
			"no secret is configured for these webhooks: all of them are refused");
	const char *wanted = NULL;
	bool good = false;
	switch (delivery->kind) {
	case FORGE_GITHUB:
		good = verify_github(delivery, &wanted);
		break;
	case FORGE_GITLAB:
		good = verify_gitlab(delivery, &wanted);
		break;
	case FORGE_GITEA:
		good = verify_gitea(delivery, &wanted);
		break;
	}
	if (good)
		return 0;
	return err_set(err, ERR_DENIED,
		"the delivery is not signed with this server's webhook secret (%s is missing or "
		"wrong)",
		wanted);
}

/* Printable, no longer than an id is: it becomes a key in the store and a word in the log. */
static const char *good_id(const char *text, struct arena *arena)
{
	if (!text || strlen(text) > DELIVERY_ID_MAX)
		return NULL;
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return NULL;
	return arena_strdup(arena, text);
}

const char *forge_delivery_id(const struct forge_delivery *delivery, struct arena *arena)
{
	static const char *const names[][5] = {
		[FORGE_GITHUB] = {"X-GitHub-Delivery"},
		[FORGE_GITLAB] = {"Idempotency-Key", "webhook-id", "X-Gitlab-Webhook-UUID",
			"X-Gitlab-Event-UUID"},
		[FORGE_GITEA] = {"X-Forgejo-Delivery", "X-Gitea-Delivery", "X-GitHub-Delivery"},
	};
	return good_id(first_header(delivery, names[delivery->kind]), arena);
}

static const char *event_name(const struct forge_delivery *d, struct arena *arena)
{
	static const char *const names[][4] = {
		[FORGE_GITHUB] = {"X-GitHub-Event"},
		[FORGE_GITLAB] = {"X-Gitlab-Event"},
		[FORGE_GITEA] = {"X-Forgejo-Event", "X-Gitea-Event", "X-GitHub-Event"},
	};
	const char *name = first_header(d, names[d->kind]);
	return name ? arena_memdup(arena, name, strnlen(name, DELIVERY_ID_MAX)) : NULL;
}

/* "application/json", in any case, also with parameters: "; charset=utf-8". */
static bool says_json(const char *type)
{
	static const char json[] = "application/json";
	if (!type || strncasecmp(type, json, strlen(json)) != 0)
		return false;
	const char *rest = type + strlen(json);
	rest += strspn(rest, " \t");
	return !*rest || *rest == ';';
}

static struct node *parse(const struct forge_delivery *d, struct arena *arena, struct err **err)
{
	if (!says_json(header(d, "Content-Type"))) {
		(void)err_set(err, ERR_SYNTAX,
			"the delivery does not come as JSON: set the webhook's content type to "
			"application/json");
		return NULL;
	}
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){
		.path = "body", .data = arena_memdup(arena, d->body, d->len), .len = d->len};
	AUTO_DIAGS diags = {0};
	struct node *json = json_parse(arena, src, &diags);
	if (!json)
		(void)err_set(err, ERR_SYNTAX, "the delivery is not JSON: %s",
			diags.count ? diags.items[0].message : "it is empty");
	else if (json->type != NODE_MAP)
		(void)err_set(err, ERR_SYNTAX, "the delivery is JSON, but no map");
	return json && json->type == NODE_MAP ? json : NULL;
}

int forge_event_ignore(struct forge_event *event, const char *why)
{
	event->kind = FORGE_EVENT_IGNORED;
	event->why = why;
	return 0;
}

int forge_event_lacks(const struct forge_event *event, const char *what, struct err **err)
{
	return err_set(err, ERR_SYNTAX, "a delivery of '%s' lacks %s", event->event, what);
}

int forge_event_push(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	ret->ref = forge_text(body, "ref", arena);
	if (!ret->ref)
		return forge_event_lacks(ret, "ref", err);
	if (!str_starts(ret->ref, "refs/heads/"))
		return forge_event_ignore(ret, "it is no branch that was pushed");
	ret->kind = FORGE_EVENT_PUSH;
	ret->before = forge_sha(body, "before", arena);
	ret->after = forge_sha(body, "after", arena);
	ret->forced = forge_bool(body, "forced"); /* GitLab does not say */
	return 0;
}

int forge_event_read(const struct forge_delivery *delivery, struct arena *arena,
	struct forge_event *ret, struct err **err)
{
	*ret = (struct forge_event){0};
	if (forge_verify(delivery, err) < 0)
		return -1;
	ret->delivery = forge_delivery_id(delivery, arena);
	ret->event = event_name(delivery, arena);
	if (!ret->event)
		return err_set(err, ERR_SYNTAX, "the delivery does not say which event it is");
	const struct node *body = parse(delivery, arena, err);
	if (!body)
		return -1;
	if (delivery->kind == FORGE_GITLAB)
		return forge_event_lab(body, arena, ret, err);
	return forge_event_hub(body, arena, ret, err);
}
