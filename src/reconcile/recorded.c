#include "reconcile/recorded.h"

#include "base/err.h"
#include "base/str.h"
#include "format/yaml.h"
#include "store/audit.h"
#include "store/objects.h"
#include "store/revisions.h"

#include <string.h>

const struct node *recorded_json(struct arena *arena, const char *json)
{
	if (!json)
		return NULL;
	AUTO_DIAGS ignored = {0};
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){"recorded", json, strlen(json)};
	return json_parse(arena, src, &ignored);
}

const struct spec *recorded_spec(struct arena *arena, const struct node *doc)
{
	if (!doc)
		return NULL;
	AUTO_DIAGS ignored = {0};
	struct src *src = arena_alloc(arena, sizeof *src);
	*src = (struct src){"recorded", "", 0};
	return spec_decode(arena, src, doc, &ignored);
}

/* As it was last applied. */
static const struct spec *applied_spec(struct store *store, struct arena *arena, const char *key)
{
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	if (!store || store_object_get(store, key, OBJECT_FULL, arena, &row, &err) < 0 || !row)
		return NULL;
	return recorded_spec(arena, recorded_json(arena, row->applied_spec_json));
}

/* From the one that last gave this name up, through all names that it got after that. */
static const char *follow_renames(
	const struct audit_rows *rows, struct arena *arena, const char *key)
{
	const char *now = NULL;
	size_t i = 0;
	while (i < rows->count && !now) {
		const struct node *detail = recorded_json(arena, rows->items[i++].detail_json);
		if (str_eq(node_text(node_get(detail, "from")), key))
			now = rows->items[i - 1].subject;
	}
	for (size_t k = now ? i - 1 : 0; k > 0; k--) {
		const struct node *detail = recorded_json(arena, rows->items[k - 1].detail_json);
		if (str_eq(node_text(node_get(detail, "from")), now))
			now = rows->items[k - 1].subject;
	}
	return now ? now : key;
}

const char *recorded_key_now(struct store *store, struct arena *arena, const char *key)
{
	AUTO_ERR err = NULL;
	struct object_row *row = NULL;
	struct audit_rows rows = {0};
	const struct audit_filter renames = {.action = "rename", .limit = INT64_MAX};
	if (!store || store_object_get(store, key, OBJECT_BRIEF, arena, &row, &err) < 0 || row ||
		store_audit_list(store, &renames, arena, &rows, &err) < 0)
		return key;
	return follow_renames(&rows, arena, key);
}

const struct spec_approval *recorded_approval_now(
	struct store *store, struct arena *arena, const struct spec_approval *rule)
{
	struct spec_approval *ret = arena_alloc(arena, sizeof *ret);
	*ret = *rule;
	ret->roles.items = arena_array(arena, rule->roles.count + 1, sizeof *ret->roles.items);
	for (size_t i = 0; i < rule->roles.count; i++) {
		const char *key = arena_printf(arena, "role/%s", rule->roles.items[i].text);
		ret->roles.items[i] = rule->roles.items[i];
		ret->roles.items[i].text = strchr(recorded_key_now(store, arena, key), '/') + 1;
	}
	return ret;
}

const struct role *recorded_role(struct store *store, struct arena *arena, const char *key)
{
	const struct spec *spec = applied_spec(store, arena, recorded_key_now(store, arena, key));
	return spec && spec->kind == KIND_ROLE ? spec->role : NULL;
}

const struct spec *recorded_config_spec(struct store *store, struct arena *arena)
{
	const struct spec *spec = applied_spec(store, arena, "config");
	return spec && spec->kind == KIND_CONFIG ? spec : NULL;
}

const struct config *recorded_config(struct store *store, struct arena *arena)
{
	const struct spec *spec = recorded_config_spec(store, arena);
	return spec ? spec->config : NULL;
}

const struct config *recorded_config_or_default(struct store *store, struct arena *arena)
{
	const struct config *config = store ? recorded_config(store, arena) : NULL;
	return config ? config : spec_config_default(arena);
}

int recorded_branch(struct store *store, struct arena *arena, const char **ret, struct err **err)
{
	const struct config *config = recorded_config(store, arena);
	struct revision_row *last = NULL;
	*ret = config ? config->branch : NULL;
	if (config || !store)
		return 0;
	if (store_revision_last(store, arena, &last, err) < 0)
		return -1;
	if (last)
		*ret = spec_config_default(arena)->branch;
	return 0;
}

bool role_has_member(const struct role *role, const char *actor)
{
	for (size_t i = 0; i < role->members.count; i++)
		if (str_eq(role->members.items[i].text, actor))
			return true;
	return false;
}
