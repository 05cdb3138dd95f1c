#include "format/document.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/yaml.h"

int document_write(const char *dir, const char *name, const struct node *doc, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_STR text = STR_INIT;
	emit_json(doc, &text);
	return fs_write_atomic(path, text.data, text.len, 0600, err);
}

int document_read(const char *dir, const char *name, size_t limit, struct arena *arena,
	const struct node **ret, struct err **err)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_STR text = STR_INIT;
	if (fs_read(path, limit, &text, err) < 0)
		return -1;
	AUTO_DIAGS diags = {0};
	struct src *src = arena_alloc(arena, sizeof *src);
	src->path = arena_strdup(arena, path);
	src->data = arena_memdup(arena, text.data, text.len);
	src->len = text.len;
	*ret = json_parse(arena, src, &diags);
	if (!*ret || (*ret)->type != NODE_MAP)
		return err_set(err, ERR_CORRUPT, "%s is damaged: %s", path,
			diags.count ? diags.items[0].message : "it is no JSON object");
	return 0;
}

int64_t document_int(const struct node *doc, const char *key)
{
	const struct node *n = node_get(doc, key);
	return n && n->type == NODE_INT ? n->integer : 0;
}

bool document_bool(const struct node *doc, const char *key)
{
	const struct node *n = node_get(doc, key);
	return n && n->type == NODE_BOOL && n->boolean;
}
