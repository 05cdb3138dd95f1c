/*
 * What turns one rendering into another, by attributes of blocks, before any engine starts.
 *
 * Changed text is a change; an attribute that the type lists under `replaces` makes it a
 * replacement. Then changes spread along references until nothing moves: what refers to an
 * attribute that is only known after the apply changes too, and is replaced itself if the
 * referring attribute forces that. An attribute that is written in the block keeps its value
 * through a replacement (a name, for instance); one that the cloud makes (an id) does not.
 */
#include "render/render.h"

#include "base/err.h"
#include "base/strmap.h"
#include "render/types.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN "(known after apply)"

/* An expression of an attribute names another resource's attribute. */
struct reference {
	size_t attr; /* in the block that refers */
	size_t target; /* index of the item referred to */
	const char *name; /* first part of the attribute, "id" */
};

struct item {
	const struct hcl_block *before, *after;
	const struct type_resource *type; /* NULL: unknown */
	bool changed, replaced;
	const char *why;
	struct preview_attr *attrs;
	size_t attr_count, attr_cap;
	struct reference *references;
	size_t reference_count, reference_cap;
};

struct diff {
	struct render_types *types;
	struct arena *arena;
	struct item *items;
	size_t count, cap;
	struct strmap by_address; /* to index + 1 */
	struct strmap resources; /* type name to struct type_resource */
};

const char *preview_action_name(enum preview_action action)
{
	static const char *const names[] = {"create", "update", "replace", "destroy"};
	return names[action];
}

/* --- paths ---------------------------------------------------------------------------------- */

/* Is path, without its indexes, listed or inside something that is listed? */
static bool path_listed(const char *const *list, const char *path)
{
	for (size_t i = 0; list && list[i]; i++) {
		const char *entry = list[i], *p = path;
		while (*entry && *p) {
			if (*p == '[') {
				p += strcspn(p, "]");
				p += *p == ']';
				continue;
			}
			if (*p != *entry)
				break;
			p++;
			entry++;
		}
		if (!*entry && (!*p || *p == '.' || *p == '['))
			return true;
	}
	return false;
}

/* Is the value that goes listed: "engine:valkey" for engine = "valkey"? */
static bool value_listed(
	struct diff *d, const char *const *list, const char *path, const char *before)
{
	const size_t len = before ? strlen(before) : 0;
	if (len < 2 || before[0] != '"')
		return false;
	const char *entry = arena_printf(d->arena, "%s:%.*s", path, (int)(len - 2), before + 1);
	for (size_t i = 0; list && list[i]; i++)
		if (str_eq(list[i], entry))
			return true;
	return false;
}

/* Does lifecycle.ignore_changes name it? The text is "[ami, tags]". */
static bool is_ignored(const struct hcl_block *b, const char *path)
{
	const struct hcl_attr *ignore = hcl_block_attr(b, "lifecycle.ignore_changes");
	const size_t len = strcspn(path, ".[");
	for (const char *p = ignore ? ignore->text : ""; (p = strpbrk(p, "[ ,")); p++) {
		if (strncmp(p + 1, path, len) == 0 && strchr(",]", p[1 + len]) && p[1 + len])
			return true;
	}
	return false;
}

static bool is_meta(const char *path)
{
	return str_eq(path, "depends_on") || str_starts(path, "lifecycle.") ||
	       str_starts(path, "timeouts.");
}

/* --- items ---------------------------------------------------------------------------------- */

static struct item *find_item(struct diff *d, const char *address)
{
	const size_t index = (size_t)strmap_get(&d->by_address, address);
	return index ? &d->items[index - 1] : NULL;
}

static const struct type_resource *find_resource(struct diff *d, const char *name)
{
	if (!strmap_has(&d->resources, name))
		strmap_put(&d->resources, name, (void *)types_find_resource(d->types, name));
	return strmap_get(&d->resources, name);
}

static void collect(struct diff *d, const struct rendering *r, bool is_after)
{
	for (size_t i = 0; r && i < r->blocks.count; i++) {
		const struct hcl_block *b = &r->blocks.items[i];
		if (!str_eq(b->type, "resource"))
			continue;
		struct item *item = find_item(d, b->address);
		if (!item) {
			d->items = arena_grow(
				d->arena, d->items, d->count, &d->cap, sizeof(*d->items));
			item = &d->items[d->count++];
			*item = (struct item){.type = find_resource(d, b->labels[0])};
			strmap_put(&d->by_address, b->address, (void *)d->count);
		}
		*(is_after ? &item->after : &item->before) = b;
	}
}

static void add_change(struct diff *d, struct item *item, const char *path, const char *before,
	const char *after, const char *cause)
{
	const bool forces =
		item->type && (path_listed(item->type->replaces, path) ||
				      value_listed(d, item->type->replaces, path, before));
	item->attrs = arena_grow(
		d->arena, item->attrs, item->attr_count, &item->attr_cap, sizeof(*item->attrs));
	item->attrs[item->attr_count++] = (struct preview_attr){path, before, after, forces};
	item->changed = true;
	if (forces && !item->replaced) {
		item->replaced = true;
		item->why = cause ? arena_printf(d->arena, "%s is replaced", cause)
				  : arena_printf(d->arena, "%s changes", path);
	}
}

/* Will the engine change it too? */
static bool counts(const struct hcl_block *after, const char *path)
{
	return !is_meta(path) && !is_ignored(after, path);
}

static void compare(struct diff *d, struct item *item)
{
	const struct hcl_block *before = item->before, *after = item->after;
	for (size_t i = 0; i < after->attr_count; i++) {
		const struct hcl_attr *a = &after->attrs[i];
		/* Nearly always the attributes stand in the same order. */
		const struct hcl_attr *b = i < before->attr_count ? &before->attrs[i] : NULL;
		if (!b || !str_eq(a->path, b->path))
			b = hcl_block_attr(before, a->path);
		if (b && str_eq(a->text, b->text))
			continue;
		if (counts(after, a->path))
			add_change(d, item, a->path, b ? b->text : NULL, a->text, NULL);
	}
	for (size_t i = 0; i < before->attr_count; i++) {
		const struct hcl_attr *b = &before->attrs[i];
		const bool kept = item->type && path_listed(item->type->keeps, b->path);
		if (!hcl_block_attr(after, b->path) && !kept && counts(after, b->path))
			add_change(d, item, b->path, b->text, NULL, NULL);
	}
}

/* --- references ----------------------------------------------------------------------------- */

static bool is_dot(const struct hcl_token *t)
{
	return t->op == '.';
}

/* References hide in the interpolations of texts, too: "${aws_s3_bucket.b.arn}/x". */
static void find_references(
	struct diff *d, struct item *item, size_t attr, const char *text, size_t len, int depth);

static void find_in_string(
	struct diff *d, struct item *item, size_t attr, const struct hcl_token *t, int depth)
{
	const char *end = t->text + t->len;
	for (const char *p = t->text; p + 1 < end; p++) {
		if (p[0] != '$' || p[1] != '{')
			continue;
		const char *stop = memchr(p, '}', (size_t)(end - p));
		if (!stop)
			return;
		find_references(d, item, attr, p + 2, (size_t)(stop - p) - 2, depth + 1);
		p = stop;
	}
}

static void find_references(
	struct diff *d, struct item *item, size_t attr, const char *text, size_t len, int depth)
{
	AUTO_ERR err = NULL;
	struct hcl_tokens tokens;
	if (depth > 2 || hcl_tokenise(text, len, d->arena, &tokens, &err) < 0)
		return;
	for (size_t i = 0; i < tokens.count; i++) {
		const struct hcl_token *t = &tokens.items[i];
		if (t->kind == HCL_STRING)
			find_in_string(d, item, attr, t, depth);
		if (i + 4 >= tokens.count || t->kind != HCL_IDENT || !is_dot(t + 1) ||
			!is_dot(t + 3) || (i > 0 && is_dot(t - 1)))
			continue;
		AUTO_STR address = STR_INIT;
		str_addn(&address, t[0].text, t[0].len);
		str_addc(&address, '.');
		str_addn(&address, t[2].text, t[2].len);
		struct item *target = find_item(d, address.data);
		if (!target || !target->after)
			continue;
		item->references = arena_grow(d->arena, item->references, item->reference_count,
			&item->reference_cap, sizeof(*item->references));
		item->references[item->reference_count++] = (struct reference){attr,
			(size_t)(target - d->items), arena_memdup(d->arena, t[4].text, t[4].len)};
	}
}

static bool has_change(const struct item *item, const char *path)
{
	for (size_t i = 0; i < item->attr_count; i++)
		if (str_eq(item->attrs[i].path, path))
			return true;
	return false;
}

/* Is the value that the reference gives another one, or not known yet? */
static bool reference_moves(const struct item *target, const char *name)
{
	if (!target->changed || !target->before)
		return false;
	if (hcl_block_attr(target->after, name))
		return has_change(target, name);
	return target->replaced || (target->type && path_listed(target->type->updates, name));
}

/* One round over what may still be touched; true if something new happened. */
static bool spread(struct diff *d)
{
	bool any = false;
	for (size_t i = 0; i < d->count; i++) {
		struct item *item = &d->items[i];
		if (!item->before || !item->after)
			continue;
		for (size_t k = 0; k < item->reference_count; k++) {
			const struct reference *r = &item->references[k];
			const struct hcl_attr *a = &item->after->attrs[r->attr];
			const struct item *target = &d->items[r->target];
			if (!reference_moves(target, r->name) || is_meta(a->path) ||
				has_change(item, a->path) || is_ignored(item->after, a->path))
				continue;
			add_change(d, item, a->path, a->text, UNKNOWN,
				target->replaced ? target->after->address : NULL);
			any = true;
		}
	}
	return any;
}

static void follow_references(struct diff *d)
{
	bool any = false;
	for (size_t i = 0; i < d->count; i++)
		any |= d->items[i].changed;
	if (!any)
		return;
	for (size_t i = 0; i < d->count; i++) {
		struct item *item = &d->items[i];
		if (!item->before || !item->after)
			continue;
		for (size_t k = 0; k < item->after->attr_count; k++) {
			const char *text = item->after->attrs[k].text;
			if (strchr(text, '.'))
				find_references(d, item, k, text, strlen(text), 0);
		}
	}
	/* Every round but the last changes an attribute, so this ends. */
	while (spread(d))
		;
}

/* Tags that every resource gets stand in the provider: those that show tags get them anew. */
static void compare_default_tags(
	struct diff *d, const struct rendering *before, const struct rendering *after)
{
	const struct hcl_attr *tags[2] = {NULL, NULL};
	const struct rendering *sides[2] = {before, after};
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; sides[s] && i < sides[s]->blocks.count; i++)
			if (str_eq(sides[s]->blocks.items[i].type, "provider"))
				tags[s] = hcl_block_attr(
					&sides[s]->blocks.items[i], "default_tags.tags");
	if (!tags[0] || !tags[1] || str_eq(tags[0]->text, tags[1]->text))
		return;
	for (size_t i = 0; i < d->count; i++) {
		struct item *item = &d->items[i];
		if (item->before && item->after && hcl_block_attr(item->after, "tags"))
			add_change(d, item, "tags_all", tags[0]->text, tags[1]->text, NULL);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct preview_change *x = a, *y = b;
	return strcmp(x->address, y->address);
}

static void report(struct diff *d, struct preview *ret)
{
	*ret = (struct preview){0};
	ret->changes = arena_array(d->arena, d->count + 1, sizeof(*ret->changes));
	for (size_t i = 0; i < d->count; i++) {
		const struct item *item = &d->items[i];
		const struct hcl_block *b = item->after ? item->after : item->before;
		struct preview_change c = {.address = b->address, .type = b->labels[0]};
		if (!item->before) {
			c.action = PREVIEW_CREATE;
			ret->create++;
		} else if (!item->after) {
			c.action = PREVIEW_DESTROY;
			ret->destroy++;
		} else if (!item->changed) {
			continue;
		} else {
			c.action = item->replaced ? PREVIEW_REPLACE : PREVIEW_UPDATE;
			c.attrs = item->attrs;
			c.attr_count = item->attr_count;
			c.why = item->why;
			*(item->replaced ? &ret->replace : &ret->update) += 1;
		}
		ret->changes[ret->count++] = c;
	}
	qsort(ret->changes, ret->count, sizeof(*ret->changes), by_address);
}

void render_preview(struct render_types *types, const struct rendering *before,
	const struct rendering *after, struct arena *arena, struct preview *ret)
{
	struct diff d = {.types = types, .arena = arena};
	collect(&d, before, false);
	collect(&d, after, true);
	for (size_t i = 0; i < d.count; i++)
		if (d.items[i].before && d.items[i].after)
			compare(&d, &d.items[i]);
	if (before && after)
		compare_default_tags(&d, before, after);
	follow_references(&d);
	report(&d, ret);
	strmap_release(&d.by_address);
	strmap_release(&d.resources);
}
