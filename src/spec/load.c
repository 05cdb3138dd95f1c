/*
 * From a file to a spec. The envelope is read first and by hand: it decides which tables apply,
 * and its mistakes (a kind of a later version, a foreign apiVersion) deserve their own words.
 */
#include "spec/canonical.h"
#include "spec/decode.h"
#include "spec/run.h"
#include "spec/grammar.h"
#include "spec/spec.h"

#include "base/str.h"
#include "format/yaml.h"

#include <string.h>

static const char *const envelope_keys[] = {"apiVersion", "kind", "metadata", "spec", NULL};

static struct pos start_of(const struct src *src)
{
	return (struct pos){src, 1, 1};
}

/* "canvases/shop.json" → "shop" */
static const char *stem_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	return arena_memdup(a, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

static bool check_version(struct decoder *d, const struct node *doc, struct pos start)
{
	const struct node *n = node_get(doc, "apiVersion");
	if (!n) {
		struct diag *e = diag_error(
			d->diags, "spec-api-version", start, "this spec has no 'apiVersion'");
		diag_hint(
			d->diags, e, "write `apiVersion: " SPEC_API_VERSION "` as its first line");
		return false;
	}
	const char *text = node_text(n);
	if (str_eq(text, SPEC_API_VERSION))
		return true;
	struct diag *e = diag_error(d->diags, "spec-api-version", n->pos,
		text ? "apiVersion '%.64s' is not supported" : "'apiVersion' must be text",
		text ? text : "");
	diag_hint(d->diags, e, "this version of trueup reads " SPEC_API_VERSION);
	return false;
}

static void unknown_kind(struct decoder *d, const struct node *n, const char *text)
{
	const char *titles[KIND_COUNT + 1] = {0};
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		titles[k] = spec_kind_title(k);
	struct diag *e =
		diag_error(d->diags, "spec-kind", n->pos, "there is no kind '%.64s'", text);
	const char *near = str_nearest(text, titles);
	const enum spec_kind other_case = spec_kind_of(text);
	if (other_case != KIND_UNKNOWN)
		near = spec_kind_title(other_case);
	if (near)
		diag_hint(d->diags, e, "did you mean '%s'?", near);
	else
		diag_hint(d->diags, e, "this version of trueup reads Canvas, Config, Role and Run");
}

static enum spec_kind read_kind(struct decoder *d, const struct node *doc, struct pos start)
{
	const struct node *n = node_get(doc, "kind");
	if (!n) {
		struct diag *e =
			diag_error(d->diags, "spec-kind", start, "this spec has no 'kind'");
		diag_hint(d->diags, e, "one of Canvas, Config, Role, Run");
		return KIND_UNKNOWN;
	}
	const char *text = node_text(n);
	if (!text) {
		(void)decode_wrong_type(d, "kind", "text", n);
		return KIND_UNKNOWN;
	}
	for (enum spec_kind k = 0; k < KIND_COUNT; k++) {
		if (!str_eq(spec_kind_title(k), text))
			continue;
		if (spec_kind_supported(k))
			return k;
		if (k == KIND_RUNBOOK) {
			struct diag *e = diag_error(d->diags, "spec-kind", n->pos,
				"a runbook is no YAML or JSON document");
			diag_hint(d->diags, e, "write it as Markdown, runbooks/NAME.md");
			return KIND_UNKNOWN;
		}
		struct diag *e = diag_error(d->diags, "spec-kind", n->pos,
			"kind '%s' is not supported by this version of trueup", text);
		diag_hint(d->diags, e,
			"it reads Canvas, Config, Role and Run; remove the file from the "
			"repository or list it in .trueupignore");
		return KIND_UNKNOWN;
	}
	unknown_kind(d, n, text);
	return KIND_UNKNOWN;
}

static void check_envelope_keys(struct decoder *d, const struct node *doc)
{
	MAP_FOREACH (doc, pair) {
		bool known = false;
		for (size_t i = 0; envelope_keys[i]; i++)
			known = known || str_eq(envelope_keys[i], pair->key->text);
		if (known)
			continue;
		struct diag *e = diag_error(d->diags, "spec-unknown-field", pair->key->pos,
			"unknown field '%.64s' beside apiVersion, kind, metadata and spec",
			pair->key->text);
		const char *near = str_nearest(pair->key->text, envelope_keys);
		if (near)
			diag_hint(d->diags, e, "did you mean '%s'?", near);
		else
			diag_hint(d->diags, e, "fields of the kind stand below `spec:`");
	}
}

static void *body_new(struct decoder *d, struct spec *spec)
{
	switch (spec->kind) {
	case KIND_CONFIG:
		return spec->config = arena_alloc(d->arena, sizeof *spec->config);
	case KIND_ROLE:
		return spec->role = arena_alloc(d->arena, sizeof *spec->role);
	case KIND_CANVAS:
		return spec->canvas = arena_alloc(d->arena, sizeof *spec->canvas);
	case KIND_RUN:
		spec->run = arena_alloc(d->arena, sizeof *spec->run);
		spec->run->retries = -1;
		return spec->run;
	case KIND_RUNBOOK:
	case KIND_REQUEST:
	case KIND_TEMPLATE:
	case KIND_COUNT:
		break;
	}
	return NULL;
}

static const char *key_of(struct arena *a, const struct spec *spec)
{
	if (spec->kind == KIND_CONFIG)
		return "config";
	return arena_printf(a, "%s/%s", spec_kind_name(spec->kind), spec->name);
}

static void read_metadata(
	struct decoder *d, struct spec *spec, const struct node *doc, struct pos start)
{
	const struct node *metadata = node_get(doc, "metadata");
	const struct node *key = node_get_key(doc, "metadata");
	spec->name_pos = start;
	if (!metadata) {
		if (spec->kind == KIND_CONFIG)
			return;
		struct diag *e = diag_error(d->diags, "spec-required", start,
			"%s needs the field 'metadata'", spec_kind_title(spec->kind));
		diag_hint(d->diags, e, "as in `metadata: {name: %s}`",
			spec->kind == KIND_ROLE ? "web-team" : "shop");
		return;
	}
	decode_table(d, field_metadata(spec->kind), metadata, key->pos, spec);
	const struct node *name = node_get(metadata, "name");
	if (name)
		spec->name_pos = name->pos;
	if (spec->renamed_from.text && str_eq(spec->renamed_from.text, spec->name))
		diag_error(d->diags, "spec-renamed", spec->renamed_from.pos,
			"'renamedFrom' is the name that the spec has now");
}

static bool is_bare_canvas(const struct src *src, const struct node *doc)
{
	return doc->type == NODE_MAP && !node_get(doc, "apiVersion") && !node_get(doc, "kind") &&
	       node_get(doc, "nodes") && spec_path_class(src->path) == SPEC_PATH_CANVASES;
}

static struct spec *decode_bare(
	struct decoder *d, struct spec *spec, const struct src *src, const struct node *doc)
{
	spec->kind = KIND_CANVAS;
	spec->name = stem_of(d->arena, src->path);
	spec->name_pos = start_of(src);
	if (!name_ok(spec->name, strlen(spec->name))) {
		struct diag *e = diag_error(d->diags, "spec-name", spec->name_pos,
			"the file name gives this canvas its name, and '%.64s' is not one",
			spec->name);
		diag_hint(d->diags, e, "%s", grammar_name.expect);
		return NULL;
	}
	decode_table(d, &table_canvas, doc, spec->name_pos, body_new(d, spec));
	spec->key = key_of(d->arena, spec);
	spec->doc = canonical_of(d->arena, spec, doc, true, false);
	return spec;
}

struct spec *spec_decode(
	struct arena *arena, const struct src *src, const struct node *doc, struct diag_list *diags)
{
	struct decoder d = {.arena = arena, .diags = diags};
	struct spec *spec = arena_alloc(arena, sizeof *spec);
	const struct pos start = start_of(src);

	spec->path = src->path;
	if (doc->type != NODE_MAP) {
		struct diag *e = diag_error(diags, "spec-kind", start, "this file is not a spec");
		diag_hint(diags, e,
			"a spec is a map with apiVersion, kind, metadata and spec; other files do "
			"not "
			"belong into this folder");
		return NULL;
	}
	if (is_bare_canvas(src, doc))
		return decode_bare(&d, spec, src, doc);
	const bool version_ok = check_version(&d, doc, start);
	spec->kind = version_ok || !node_get(doc, "apiVersion") ? read_kind(&d, doc, start)
								: KIND_UNKNOWN;
	if (spec->kind == KIND_UNKNOWN)
		return NULL;
	check_envelope_keys(&d, doc);
	if (spec->kind == KIND_CONFIG)
		spec->name = "config";
	read_metadata(&d, spec, doc, start);
	const struct node *body = node_get(doc, "spec");
	static const struct node none = {.type = NODE_MAP};
	if (body)
		decode_table(&d, field_table_of(spec->kind), body, node_get_key(doc, "spec")->pos,
			body_new(&d, spec));
	else if (spec->kind == KIND_CONFIG)
		decode_table(&d, &table_config, &none, start, body_new(&d, spec));
	else
		diag_error(diags, "spec-required", start, "%s needs the field 'spec'",
			spec_kind_title(spec->kind));
	if (!spec->name || (!body && spec->kind != KIND_CONFIG))
		return NULL;
	spec->key = key_of(arena, spec);
	spec->doc = canonical_of(arena, spec, doc, false, false);
	return spec;
}

struct spec *spec_load(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	/* Nothing more is said about a file with a secret: every further line could show it. */
	if (spec_scan_secrets(src, diags))
		return NULL;
	const struct node *doc = doc_parse(arena, src, diags);
	return doc ? spec_decode(arena, src, doc, diags) : NULL;
}

const struct config *spec_config_default(struct arena *arena)
{
	struct diag_list none = {0};
	struct decoder d = {.arena = arena, .diags = &none};
	static const struct node empty = {.type = NODE_MAP};
	struct config *config = arena_alloc(arena, sizeof *config);
	decode_table(&d, &table_config, &empty, (struct pos){0}, config);
	return config;
}
