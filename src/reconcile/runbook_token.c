#include "reconcile/runbook_token.h"

#include "base/err.h"
#include "base/str.h"
#include "format/node.h"
#include "net/jwt.h"
#include "reconcile/runbook_run.h"

enum { ACTOR_MAX = 200 };

/* NULL: nothing that could be compared with the text of a runbook. */
static const char *value_text(struct arena *arena, const struct node *n)
{
	if (n->type == NODE_BOOL)
		return n->boolean ? "True" : "False";
	if (n->type == NODE_INT)
		return arena_printf(arena, "%lld", (long long)n->integer);
	if (n->type == NODE_FLOAT) {
		char text[NODE_FLOAT_SIZE];
		return arena_strdup(arena, node_format_float(n->real, text));
	}
	return n->type == NODE_STRING && strlen(n->text) == n->len ? n->text : NULL;
}

static struct actor_claim claim_of(struct arena *arena, const char *name, const struct node *value)
{
	struct actor_claim claim = {.name = name};
	const char *text = value_text(arena, value);
	if (value->type == NODE_SEQ) {
		const char **values = arena_array(arena, value->seq.count + 1, sizeof *values);
		SEQ_FOREACH (value, i, item) {
			const char *one = value_text(arena, item);
			if (one)
				values[claim.count++] = one;
		}
		claim.values = values;
	} else if (text) {
		claim.values = runbook_claim_values(arena, text, &claim.count);
	}
	return claim;
}

/* Fills claims, with room for one more: every actor has roles, if only none. */
static void set_claims(struct arena *arena, const struct node *map, struct runbook_request *ret)
{
	struct actor_claim *claims = arena_array(arena, map->map.count + 1, sizeof *claims);
	size_t n = 0;
	MAP_FOREACH (map, pair)
		if (pair->value->type != NODE_MAP && pair->value->type != NODE_NULL &&
			strlen(pair->key->text) == pair->key->len)
			claims[n++] = claim_of(arena, pair->key->text, pair->value);
	if (!node_get(map, "roles"))
		claims[n++] = (struct actor_claim){.name = "roles"};
	ret->claims = claims;
	ret->claim_count = n;
}

/* It is written into terminals, files and commits. */
static bool is_name(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return *text && strlen(text) <= ACTOR_MAX;
}

void runbook_token_apply(const struct token_trust *trust, const char *token, int64_t now,
	struct arena *arena, struct runbook_request *ret)
{
	const struct jwt_rules rules = {
		.issuer = trust->issuer,
		.audience = trust->audience,
		.now_ms = now,
		.leeway_ms = trust->leeway_ms,
	};
	const struct node *claims;
	AUTO_ERR err = NULL;
	AUTO_STR why = STR_INIT;
	if (jwt_verify(trust->keys, &rules, token, arena, &claims, &err) < 0) {
		err_format(err, &why);
		ret->denied = arena_printf(arena, "Invalid token: %s", why.data);
		return;
	}
	const struct node *who = node_get(claims, trust->actor_claim);
	const char *name = who && who->type == NODE_STRING ? value_text(arena, who) : NULL;
	if (!name || !is_name(name)) {
		ret->denied = arena_printf(arena,
			"Invalid token: the claim '%s' does not name anybody (1 to %d characters "
			"without blanks)",
			trust->actor_claim, ACTOR_MAX);
		return;
	}
	ret->actor = arena_printf(arena, "token:%s", name);
	set_claims(arena, claims, ret);
}
