/*
 * Rules across files, one canvas at a time. What a rule needs of another spec comes from the
 * finder, so that one changed spec costs what that spec mentions.
 */
#include "spec/check_internal.h"
#include "spec/run.h"

#include "base/str.h"
#include "base/strmap.h"

#include <string.h>

static const char *key_for(struct arena *a, enum spec_kind kind, const char *name)
{
	return arena_printf(a, "%s/%s", spec_kind_name(kind), name);
}

static const char *name_of_key(const char *key)
{
	const char *slash = strchr(key, '/');
	return slash ? slash + 1 : key;
}

/* May one of the files that could not be read hold this name? */
static bool maybe_broken(const struct spec_finder *finder, const char *name)
{
	const size_t len = strlen(name);
	for (const char *const *path = finder->broken; path && *path; path++) {
		const char *slash = strrchr(*path, '/');
		const char *base = slash ? slash + 1 : *path;
		if (strncmp(base, name, len) == 0 && base[len] == '.')
			return true;
	}
	return false;
}

static const char *const *names_of(struct check *c, enum spec_kind kind)
{
	const char *const *keys = c->finder->keys(c->finder->data, kind);
	size_t count = 0;
	while (keys && keys[count])
		count++;
	const char **names = arena_array(c->arena, count + 1, sizeof names[0]);
	for (size_t i = 0; i < count; i++)
		names[i] = name_of_key(keys[i]);
	return names;
}

enum { NAMES_SHOWN = 8 };

static void hint_names(struct check *c, struct diag *d, enum spec_kind kind, const char *wrong)
{
	const char *const *names = names_of(c, kind);
	const char *near = str_nearest(wrong, names);
	if (near) {
		diag_hint(c->diags, d, "did you mean '%s'?", near);
		return;
	}
	AUTO_STR list = STR_INIT;
	size_t count = 0;
	for (; names[count]; count++)
		if (count < NAMES_SHOWN)
			str_addf(&list, "%s%s", count ? ", " : "", names[count]);
	if (count == 0 && kind == KIND_RUNBOOK)
		diag_hint(c->diags, d, "there is no runbook at all: write one, runbooks/NAME.md");
	else if (count == 0)
		diag_hint(c->diags, d, "there is no %s at all: write one with `kind: %s`",
			spec_kind_title(kind), spec_kind_title(kind));
	else
		diag_hint(c->diags, d, "there %s: %s%s", count == 1 ? "is" : "are", list.data,
			count > NAMES_SHOWN ? ", ..." : "");
}

const struct spec *check_find(
	struct check *c, enum spec_kind kind, const struct spec_text *name, const char *rule)
{
	const struct spec *found =
		c->finder->find(c->finder->data, key_for(c->arena, kind, name->text));
	if (found || maybe_broken(c->finder, name->text))
		return found;
	struct diag *d = diag_error(c->diags, rule, name->pos, "there is no %s '%.64s'",
		spec_kind_name(kind), name->text);
	hint_names(c, d, kind, name->text);
	return NULL;
}

const struct spec *spec_role_of(const struct spec *canvas, const struct spec_finder *finder)
{
	char key[80];
	const char *name = canvas->canvas->role.text;
	if (name) {
		if (strlen(name) > 63)
			return NULL;
		memcpy(key, "role/", 5);
		memcpy(key + 5, name, strlen(name) + 1);
		return finder->find(finder->data, key);
	}
	const char *const *keys = finder->keys(finder->data, KIND_ROLE);
	return keys && keys[0] && !keys[1] ? finder->find(finder->data, keys[0]) : NULL;
}

static const struct spec *check_role(struct check *c, const struct spec *spec)
{
	const struct canvas *canvas = spec->canvas;
	if (canvas->role.text)
		return check_find(c, KIND_ROLE, &canvas->role, "canvas-role");
	const struct spec *role = spec_role_of(spec, c->finder);
	/* A role that is written and could not be read is reported already. */
	if (role || node_get(node_get(spec->doc, "spec"), "role"))
		return role;
	struct diag *d = diag_error(c->diags, "canvas-role", spec->name_pos,
		"canvas '%s' names no role, and there is not just one to take", spec->name);
	const char *const *names = names_of(c, KIND_ROLE);
	const char *name = names[0] ? names[0] : "web-team";
	if (str_ends(spec->path, ".json"))
		diag_hint(c->diags, d, "add \"role\": \"%s\" beside \"nodes\"", name);
	else
		diag_hint(c->diags, d, "add `role: %s` below `spec:`", name);
	return NULL;
}

static void check_target(struct check *c, const struct spec *spec, const struct value_ref *ref)
{
	if (str_eq(ref->canvas, spec->name)) {
		struct diag *d = diag_error(c->diags, "canvas-from", ref->pos,
			"'%.64s' takes a value from its own canvas", ref->config_key);
		diag_hint(c->diags, d, "inside a canvas an edge between the two nodes does it");
		return;
	}
	const struct spec_text name = {ref->canvas, ref->pos};
	const struct spec *target = check_find(c, KIND_CANVAS, &name, "canvas-from");
	if (!target || !target->canvas)
		return;
	const char **ids = arena_array(c->arena, target->canvas->node_count + 1, sizeof ids[0]);
	size_t count = 0;
	for (size_t i = 0; i < target->canvas->node_count; i++) {
		if (str_eq(target->canvas->nodes[i].id, ref->node))
			return;
		if (target->canvas->nodes[i].id)
			ids[count++] = target->canvas->nodes[i].id;
	}
	struct diag *d = diag_error(c->diags, "canvas-from", ref->pos,
		"canvas '%s' has no node '%.64s'", ref->canvas, ref->node);
	const char *near = str_nearest(ref->node, ids);
	if (near)
		diag_hint(c->diags, d, "did you mean '%.64s'?", near);
	diag_related(c->diags, d, target->name_pos, "the canvas is here");
}

static void check_network(struct check *c, const struct spec *spec, const struct spec *role)
{
	const struct canvas *canvas = spec->canvas;
	if (canvas->network.mode != NETWORK_FROM || !canvas->network.from.text)
		return;
	const struct spec_text *from = &canvas->network.from;
	if (str_eq(from->text, spec->name)) {
		diag_error(c->diags, "canvas-network", from->pos,
			"a canvas cannot take the network from itself");
		return;
	}
	const struct spec *target = check_find(c, KIND_CANVAS, from, "canvas-network");
	if (!target || !target->canvas)
		return;
	if (target->canvas->network.mode == NETWORK_NONE) {
		struct diag *d = diag_error(c->diags, "canvas-network", from->pos,
			"canvas '%s' has no network to share", from->text);
		diag_related(c->diags, d, target->canvas->network.pos, "it says so here");
		return;
	}
	const struct spec *other = spec_role_of(target, c->finder);
	const char *here = check_region(spec, role), *there = check_region(target, other);
	if (here && there && !str_eq(here, there))
		diag_error(c->diags, "canvas-network", from->pos,
			"the network of canvas '%s' is in %s, this canvas in %s", from->text, there,
			here);
	else if (role && other && !str_eq(role->role->account.text, other->role->account.text))
		diag_error(c->diags, "canvas-network", from->pos,
			"the network of canvas '%s' is in another account than this canvas",
			from->text);
}

static void check_limits(struct check *c, const struct spec *spec)
{
	const struct spec *config = c->finder->find(c->finder->data, "config");
	if (!config || !config->config)
		return;
	const int64_t max = config->config->limits.max_nodes;
	if (max > 0 && spec->canvas->node_count > (size_t)max) {
		struct diag *d = diag_error(c->diags, "policy-limit", spec->name_pos,
			"canvas '%s' has %zu nodes, policy.limits.maxNodes allows %d", spec->name,
			spec->canvas->node_count, (int)max);
		diag_related(c->diags, d, config->name_pos, "the limit is set in this file");
	}
}

static void check_canvas(struct check *c, const struct spec *spec)
{
	const struct canvas *canvas = spec->canvas;
	const struct spec *role = check_role(c, spec);
	if (role && role->role)
		check_role_rules(c, spec, role);
	for (size_t i = 0; i < canvas->depends_on.count; i++) {
		const struct spec_text *name = &canvas->depends_on.items[i];
		if (str_eq(name->text, spec->name))
			diag_error(c->diags, "canvas-depends", name->pos,
				"a canvas cannot depend on itself");
		else
			(void)check_find(c, KIND_CANVAS, name, "canvas-depends");
	}
	for (size_t i = 0; i < canvas->approval.roles.count; i++)
		(void)check_find(c, KIND_ROLE, &canvas->approval.roles.items[i], "approval-role");
	check_network(c, spec, role);
	size_t count;
	const struct value_ref *refs = spec_canvas_refs(c->arena, canvas, &count);
	for (size_t i = 0; i < count; i++)
		if (refs[i].kind == VALUE_FROM)
			check_target(c, spec, &refs[i]);
	check_limits(c, spec);
}

static void check_renamed(struct check *c, const struct spec *spec)
{
	if (!spec->renamed_from.text)
		return;
	const char *key = key_for(c->arena, spec->kind, spec->renamed_from.text);
	const struct spec *old = c->finder->find(c->finder->data, key);
	if (!old || str_eq(old->name, spec->name))
		return;
	struct diag *d = diag_error(c->diags, "spec-renamed", spec->renamed_from.pos,
		"%s says it was renamed from %s, which is still there", spec->key, key);
	diag_hint(c->diags, d, "remove the old spec or 'renamedFrom'");
	diag_related(c->diags, d, old->name_pos, "the old one is here");
}

/* Any spec that comes may be the one too many. */
static void check_count(struct check *c)
{
	const struct spec *config = c->finder->find(c->finder->data, "config");
	const int64_t max = config && config->config ? config->config->limits.max_objects : 0;
	size_t count = 1;
	if (max < 1)
		return;
	for (enum spec_kind k = 0; k < KIND_COUNT; k++) {
		const char *const *keys =
			k == KIND_CONFIG ? NULL : c->finder->keys(c->finder->data, k);
		for (; keys && *keys; keys++)
			count++;
	}
	if (count > (size_t)max)
		diag_error(c->diags, "policy-limit", config->name_pos,
			"the repository has %zu specs, policy.limits.maxObjects allows %d", count,
			(int)max);
}

/* Which variables it wants and who may run it is the runbook's to say: runbook/validate.h. */
static void check_run(struct check *c, const struct run_spec *run)
{
	if (run->runbook.text)
		(void)check_find(c, KIND_RUNBOOK, &run->runbook, "run-runbook");
	if (run->as.text)
		(void)check_find(c, KIND_ROLE, &run->as, "run-role");
	for (size_t i = 0; i < run->approval.roles.count; i++)
		(void)check_find(c, KIND_ROLE, &run->approval.roles.items[i], "run-role");
}

void spec_check(const struct spec *const *specs, size_t count, const struct spec_finder *finder,
	struct diag_list *diags)
{
	AUTO_ARENA arena = {0};
	struct check c = {.finder = finder, .diags = diags, .arena = &arena};
	for (size_t i = 0; i < count; i++) {
		check_renamed(&c, specs[i]);
		if (specs[i]->kind == KIND_CANVAS && specs[i]->canvas)
			check_canvas(&c, specs[i]);
		else if (specs[i]->kind == KIND_RUN && specs[i]->run)
			check_run(&c, specs[i]->run);
	}
	if (count)
		check_count(&c);
	check_cycles(&c, specs, count);
	check_overlaps(&c, specs, count);
}

void spec_report_duplicate(
	const struct spec *first, const struct spec *second, struct diag_list *diags)
{
	struct diag *d;
	if (second->kind == KIND_CONFIG)
		d = diag_error(diags, "spec-duplicate", second->name_pos,
			"a repository has one Config, and this is a second one");
	else
		d = diag_error(diags, "spec-duplicate", second->name_pos,
			"there are two specs with the name %s", second->key);
	diag_related(diags, d, first->name_pos, "the first one is here");
}
