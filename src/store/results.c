/* What an apply left behind: resources and outputs, replaced as a whole each time. */
#include "base/arena.h"
#include "store/internal.h"
#include "store/operations.h"

static int clear(struct store *store, enum sql_id id, const char *key, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	sql_text(&q, key);
	return sql_run(&q, err);
}

static int replace_resources(struct store *store, const char *key, const struct resource_row *rows,
	size_t count, struct err **err)
{
	if (clear(store, SQL_RESOURCES_CLEAR, key, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		AUTO_SQL q = SQL_NONE;
		if (sql_start(store, SQL_RESOURCE_ADD, &q, err) < 0)
			return -1;
		sql_text(&q, key);
		sql_text(&q, rows[i].address);
		sql_text(&q, rows[i].type);
		sql_text(&q, rows[i].provider_id);
		sql_text(&q, rows[i].attributes_digest);
		if (sql_run(&q, err) < 0)
			return err_wrap(err, "record resource %s of %s", rows[i].address, key);
	}
	return 0;
}

int store_resources_put(struct store *store, const char *object_key,
	const struct resource_row *rows, size_t count, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, replace_resources(store, object_key, rows, count, err), err);
}

int store_resources(struct store *store, const char *object_key, struct arena *arena,
	struct resource_rows *ret, struct err **err)
{
	*ret = (struct resource_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_RESOURCES, &q, err) < 0)
		return -1;
	sql_text(&q, object_key);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct resource_row *row = &ret->items[ret->count++];
		row->address = sql_get_text(&q, arena);
		row->type = sql_get_text(&q, arena);
		row->provider_id = sql_get_text(&q, arena);
		row->attributes_digest = sql_get_text(&q, arena);
	}
	return rc;
}

static int replace_outputs(struct store *store, const char *key, const struct output_row *rows,
	size_t count, struct err **err)
{
	if (clear(store, SQL_OUTPUTS_CLEAR, key, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		AUTO_SQL q = SQL_NONE;
		if (sql_start(store, SQL_OUTPUT_ADD, &q, err) < 0)
			return -1;
		sql_text(&q, key);
		sql_text(&q, rows[i].name);
		sql_text(&q, rows[i].sensitive ? NULL : rows[i].value_json);
		sql_int(&q, rows[i].sensitive);
		if (sql_run(&q, err) < 0)
			return err_wrap(err, "record output %s of %s", rows[i].name, key);
	}
	return 0;
}

int store_outputs_put(struct store *store, const char *object_key, const struct output_row *rows,
	size_t count, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	return sql_leave(store, own, replace_outputs(store, object_key, rows, count, err), err);
}

int store_outputs(struct store *store, const char *object_key, struct arena *arena,
	struct output_rows *ret, struct err **err)
{
	*ret = (struct output_rows){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_OUTPUTS, &q, err) < 0)
		return -1;
	sql_text(&q, object_key);
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->items = arena_grow(arena, ret->items, ret->count, &cap, sizeof *ret->items);
		struct output_row *row = &ret->items[ret->count++];
		row->name = sql_get_text(&q, arena);
		row->value_json = sql_get_text(&q, arena);
		row->sensitive = sql_get_int(&q) != 0;
	}
	return rc;
}
