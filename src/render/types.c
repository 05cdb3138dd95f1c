/*
 * The table of resource types: which there are is known from the folder names, what they say is
 * read when first asked for, since most runs use few of them.
 */
#include "render/types.h"

#include "base/mem.h"
#include "base/strmap.h"
#include "render/builtin.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER    "resources/"
#define TYPE_FILE "/type.yaml"
#define HCL_FILE  "/terraform.tf.j2"

bool types_include(void *data, const char *name, const char **ret_text, size_t *ret_len)
{
	(void)data;
	const struct builtin *file = builtin_file(name);
	if (!file)
		return false;
	*ret_text = file->data;
	*ret_len = file->len;
	return true;
}

struct render_types *render_types_load(struct diag_list *diags)
{
	struct render_types *types = xcalloc(1, sizeof(*types));
	size_t cap = 0;
	for (const struct builtin *f = builtin_files; f->name; f++) {
		if (!str_starts(f->name, FOLDER) || !str_ends(f->name, TYPE_FILE))
			continue;
		size_t len = strlen(f->name) - strlen(TYPE_FILE);
		struct render_type type = {0};
		type.folder = arena_memdup(&types->arena, f->name, len);
		char *name = arena_strdup(&types->arena, type.folder + strlen(FOLDER));
		for (char *p = name; *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
		type.name = name;
		types->items = arena_grow(
			&types->arena, types->items, types->count, &cap, sizeof(*types->items));
		types->items[types->count++] = type;
	}
	if (types->count == 0) {
		diag_error(diags, "type-internal", (struct pos){0},
			"no resource type is built into this executable");
		render_types_free(types);
		return NULL;
	}
	return types;
}

void render_types_free(struct render_types *types)
{
	if (!types)
		return;
	for (size_t i = 0; i < types->count; i++)
		type_release(&types->items[i]);
	STRMAP_FOREACH (&types->files, e)
		tmpl_free(strmap_value(e));
	strmap_release(&types->files);
	STRMAP_FOREACH (&types->lists, e)
		strmap_release(&((struct value_list *)strmap_value(e))->words);
	strmap_release(&types->lists);
	arena_release(&types->arena);
	arena_release(&types->scratch);
	free(types);
}

/* Folder order is name order, but for "_", which is not below every capital letter. */
static struct render_type *find(const struct render_types *types, const char *name)
{
	for (size_t i = 0; name && i < types->count; i++)
		if (strcmp(types->items[i].name, name) == 0)
			return &types->items[i];
	return NULL;
}

const char *render_type_name(const struct render_types *types, size_t i)
{
	return i < types->count ? types->items[i].name : NULL;
}

struct render_type *types_find(
	struct render_types *types, const char *name, struct diag_list *diags)
{
	struct render_type *type = find(types, name);
	if (!type)
		return NULL;
	if (!type->loaded) {
		type->loaded = true;
		type->broken = !type_read(type, &types->arena, diags);
	}
	return type->broken ? NULL : type;
}

/* A source text for the compiler: it keeps pointing at it. */
static const struct src *builtin_src(struct arena *arena, const char *name, struct diag_list *diags)
{
	const struct builtin *file = builtin_file(name);
	if (!file) {
		diag_error(diags, "type-internal", (struct pos){0},
			"templates/%s is not built into this executable", name);
		return NULL;
	}
	struct src *src = arena_alloc(arena, sizeof(*src));
	*src = (struct src){arena_printf(arena, "templates/%s", name), file->data, file->len};
	return src;
}

const struct tmpl *types_template(
	struct render_types *types, struct render_type *type, struct diag_list *diags)
{
	if (type->hcl)
		return type->hcl;
	AUTO_STR name = STR_INIT;
	str_addf(&name, "%s%s", type->folder, HCL_FILE);
	const struct src *src = builtin_src(&types->arena, name.data, diags);
	if (src)
		type->hcl = tmpl_compile(src, TMPL_ESCAPE_HCL, types_include, NULL, diags);
	return type->hcl;
}

const struct tmpl *types_shared_template(
	struct render_types *types, const char *name, struct diag_list *diags)
{
	struct tmpl *t = strmap_get(&types->files, name);
	if (t)
		return t;
	const struct src *src = builtin_src(&types->arena, name, diags);
	if (src)
		t = tmpl_compile(src, tmpl_escape_of(name), types_include, NULL, diags);
	if (t)
		strmap_put(&types->files, name, t);
	return t;
}

const struct value_list *types_list(
	struct render_types *types, const char *name, struct diag_list *diags)
{
	struct value_list *list = strmap_get(&types->lists, name);
	if (list)
		return list;
	AUTO_STR path = STR_INIT;
	str_addf(&path, "data/%s.txt", name);
	const struct src *src = builtin_src(&types->arena, path.data, diags);
	if (!src)
		return NULL;
	size_t lines = 1, count = 0;
	for (size_t i = 0; i < src->len; i++)
		lines += src->data[i] == '\n';
	list = arena_alloc(&types->arena, sizeof(*list));
	const char **items = arena_array(&types->arena, lines + 1, sizeof(*items));
	list->items = items;
	for (const char *p = src->data, *end = p + src->len; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);
		if (len > 0 && *p != '#') {
			items[count] = arena_memdup(&types->arena, p, len);
			strmap_put(&list->words, items[count++], NULL);
		}
		p += len + 1;
	}
	strmap_put(&types->lists, name, list);
	return list;
}

const struct type_key *type_find_key(const struct render_type *type, const char *name)
{
	for (size_t i = 0; i < type->key_count; i++)
		if (strcmp(type->keys[i].name, name) == 0)
			return &type->keys[i];
	return NULL;
}

static const struct type_resource *resource_of(const struct render_type *type, const char *name)
{
	for (size_t i = 0; i < type->resource_count; i++)
		if (strcmp(type->resources[i].name, name) == 0)
			return &type->resources[i];
	return NULL;
}

/* To read all types takes longer than most plans: only those that have the word are read. */
static bool mentions(const struct render_type *type, const char *word)
{
	AUTO_STR name = STR_INIT;
	str_addf(&name, "%s%s", type->folder, TYPE_FILE);
	const struct builtin *file = builtin_file(name.data);
	return file && memmem(file->data, file->len, word, strlen(word));
}

const struct type_resource *types_find_resource(struct render_types *types, const char *resource)
{
	/* A mistake in a built-in type is reported where the type is used. */
	AUTO_DIAGS ignored = {0};
	if (!types->shared.loaded) {
		types->shared.loaded = true;
		if (!type_read_resources(
			    &types->shared, "shared/resources.yaml", &types->arena, &ignored))
			return NULL;
	}
	const struct type_resource *found = resource_of(&types->shared, resource);
	for (size_t i = 0; !found && i < types->count; i++) {
		if (!types->items[i].loaded && !mentions(&types->items[i], resource))
			continue;
		const struct render_type *type = types_find(types, types->items[i].name, &ignored);
		if (type)
			found = resource_of(type, resource);
	}
	return found;
}

void render_types_read_all(struct render_types *types)
{
	AUTO_DIAGS ignored = {0};
	for (size_t i = 0; i < types->count; i++) {
		struct render_type *type = types_find(types, types->items[i].name, &ignored);
		if (type)
			(void)types_template(types, type, &ignored);
	}
	(void)types_find_resource(types, "");
}
