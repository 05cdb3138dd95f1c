/* What a role does not allow its canvases: resource types, regions, sizes. */
#include "spec/check_internal.h"

#include "base/str.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/*
 * Config keys of any resource type that name a size. A size left out is the default of the type,
 * which render/ fills in and checks by spec_role_allows_size().
 */
static const char *const size_keys[] = {"instanceType", "instanceClass", "nodeType"};

static bool lists(const struct spec_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (str_eq(texts->items[i].text, text))
			return true;
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "allowed: ALB, EC2   (roles/web-team.yaml:9:20)" */
static void hint_allowed(struct check *c, struct diag *d, const struct spec *role,
	const struct spec_texts *texts, const char *field)
{
	AUTO_STR list = STR_INIT;
	const char **sorted = arena_array(c->arena, texts->count + 1, sizeof sorted[0]);
	for (size_t i = 0; i < texts->count; i++)
		sorted[i] = texts->items[i].text;
	if (texts->count > 1)
		qsort(sorted, texts->count, sizeof sorted[0], compare_texts);
	for (size_t i = 0; i < texts->count; i++)
		str_addf(&list, "%s%s", i ? ", " : "", sorted[i]);
	const struct node *at = node_get(node_get(role->doc, "spec"), field);
	if (at && at->pos.line)
		diag_hint(c->diags, d, "allowed: %s   (%s:%u:%u)",
			texts->count ? list.data : "none", role->path, at->pos.line, at->pos.col);
	else
		diag_hint(c->diags, d, "allowed: %s   (%s)", texts->count ? list.data : "none",
			role->path);
}

const char *check_region(const struct spec *canvas, const struct spec *role)
{
	if (canvas->canvas->region.text)
		return canvas->canvas->region.text;
	return role && role->role ? role->role->region.text : NULL;
}

static void check_regions(struct check *c, const struct spec *canvas, const struct spec *role)
{
	const struct role *r = role->role;
	const struct spec_text *region = &canvas->canvas->region;
	const struct spec_texts own = {(struct spec_text *)&r->region, 1};
	const bool by_list = r->allowed_regions.count > 0;
	const struct spec_texts *allowed = by_list ? &r->allowed_regions : &own;
	if (!region->text || !r->region.text || lists(allowed, region->text))
		return;
	struct diag *d = diag_error(c->diags, "role-region", region->pos,
		"role '%s' may not use the region %s", role->name, region->text);
	hint_allowed(c, d, role, allowed, by_list ? "allowedRegions" : "region");
}

static void check_zones(struct check *c, const struct spec *canvas, const struct spec *role)
{
	const struct spec_texts *zones = &canvas->canvas->network.zones;
	const char *region = check_region(canvas, role);
	for (size_t i = 0; region && i < zones->count; i++)
		if (!str_starts(zones->items[i].text, region) ||
			strlen(zones->items[i].text) != strlen(region) + 1)
			diag_error(c->diags, "spec-zone", zones->items[i].pos,
				"the zone %s is not in the canvas's region %s",
				zones->items[i].text, region);
}

bool spec_role_allows_size(const struct role *role, const char *size)
{
	const struct spec_texts *globs = &role->allowed_instance_types;
	for (size_t i = 0; i < globs->count; i++)
		if (fnmatch(globs->items[i].text, size, FNM_NOESCAPE) == 0)
			return true;
	return globs->count == 0;
}

static void check_sizes(struct check *c, const struct canvas_node *node, const struct spec *role)
{
	for (size_t i = 0; i < ARRAY_LEN(size_keys); i++) {
		const struct node *value = node_get(node->config, size_keys[i]);
		const char *size = node_text(value);
		if (!size || spec_role_allows_size(role->role, size))
			continue;
		struct diag *d = diag_error(c->diags, "role-size", value->pos,
			"role '%s' may not use the size %.64s", role->name, size);
		hint_allowed(
			c, d, role, &role->role->allowed_instance_types, "allowedInstanceTypes");
	}
}

void check_role_rules(struct check *c, const struct spec *canvas, const struct spec *role)
{
	check_regions(c, canvas, role);
	check_zones(c, canvas, role);
	for (size_t i = 0; i < canvas->canvas->node_count; i++) {
		const struct canvas_node *node = &canvas->canvas->nodes[i];
		if (!node->type.text)
			continue;
		check_sizes(c, node, role);
		if (lists(&role->role->allowed_services, node->type.text))
			continue;
		struct diag *d = diag_error(c->diags, "role-service", node->type.pos,
			"role '%s' may not use %s", role->name, node->type.text);
		hint_allowed(c, d, role, &role->role->allowed_services, "allowedServices");
	}
}
