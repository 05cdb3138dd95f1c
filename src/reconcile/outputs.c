#include "reconcile/outputs.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/recorded.h"
#include "store/operations.h"

const struct node *outputs_find(
	void *data, const char *canvas, const char *key, bool *ret_sensitive)
{
	const struct outputs *o = data;
	*ret_sensitive = false;
	AUTO_FREE char *object = xasprintf("canvas/%s", canvas);
	struct output_rows rows = {0};
	AUTO_ERR err = NULL;
	if (!o->store || store_outputs(o->store, object, o->arena, &rows, &err) < 0)
		return NULL;
	for (size_t i = 0; i < rows.count; i++) {
		if (!str_eq(rows.items[i].name, key))
			continue;
		*ret_sensitive = rows.items[i].sensitive;
		struct node *value =
			(struct node *)(uintptr_t)recorded_json(o->arena, rows.items[i].value_json);
		if (value && o->used)
			node_map_set(o->arena, o->used,
				arena_printf(o->arena, "%s/%s", object, key), value);
		return value;
	}
	return NULL;
}
