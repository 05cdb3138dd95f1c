/* One door for all spec files, so that nobody who reads specs has to know of their formats. */
#include "runbook/object.h"

#include "base/str.h"
#include "format/yaml.h"
#include "runbook/validate.h"

static bool is_runbook(const char *path)
{
	return spec_path_class(path) == SPEC_PATH_RUNBOOKS;
}

size_t spec_file_limit(const char *path)
{
	return is_runbook(path) ? RUNBOOK_MAX_BYTES : YAML_MAX_BYTES;
}

const char *spec_file_too_large(const char *path)
{
	return is_runbook(path) ? "the file is larger than 64 MiB"
				: "the file is larger than 4 MiB";
}

static void set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	node_map_set(a, map, key, node_new_string(a, text));
}

static struct node *document(struct arena *a, const struct runbook *rb)
{
	struct node *doc = node_new_map(a), *metadata = node_new_map(a), *body = node_new_map(a);
	set_text(a, metadata, "name", rb->name);
	if (rb->title.text)
		set_text(a, body, "title", rb->title.text);
	set_text(a, body, "digest", rb->digest);
	set_text(a, doc, "apiVersion", SPEC_API_VERSION);
	set_text(a, doc, "kind", spec_kind_title(KIND_RUNBOOK));
	node_map_set(a, doc, "metadata", metadata);
	node_map_set(a, doc, "spec", body);
	return doc;
}

struct spec *spec_file_load(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	if (!is_runbook(src->path))
		return spec_load(arena, src, diags);
	/* Nothing more is said about a file with a secret: every further line could show it. */
	if (spec_scan_secrets(src, diags))
		return NULL;
	struct runbook *rb = runbook_parse(arena, src, diags);
	if (!rb)
		return NULL;
	(void)runbook_validate(rb, NULL, diags);
	struct spec *spec = arena_alloc(arena, sizeof *spec);
	spec->kind = KIND_RUNBOOK;
	spec->name = rb->name;
	spec->key = arena_printf(arena, "%s/%s", spec_kind_name(KIND_RUNBOOK), rb->name);
	spec->name_pos = rb->title.text ? rb->title.pos : (struct pos){src, 1, 1};
	spec->path = src->path;
	spec->runbook = rb;
	spec->doc = document(arena, rb);
	return spec;
}
