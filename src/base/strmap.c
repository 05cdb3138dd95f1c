#include "base/strmap.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The only place that sees uthash: its macros stay here. */
#define uthash_fatal(msg) abort()
#include <uthash.h>

struct strmap_entry {
	void *value;
	UT_hash_handle hh;
	char key[];
};

void strmap_release(struct strmap *map)
{
	struct strmap_entry *e, *next;
	HASH_ITER(hh, map->head, e, next)
	{
		HASH_DEL(map->head, e);
		free(e);
	}
	map->head = NULL;
}

static struct strmap_entry *find(const struct strmap *map, const char *key)
{
	struct strmap_entry *e = NULL;
	HASH_FIND(hh, map->head, key, strlen(key), e);
	return e;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	const struct strmap_entry *e = find(map, key);
	return e ? e->value : NULL;
}

bool strmap_has(const struct strmap *map, const char *key)
{
	return find(map, key) != NULL;
}

void *strmap_put(struct strmap *map, const char *key, void *value)
{
	struct strmap_entry *e = find(map, key);
	if (e) {
		void *old = e->value;
		e->value = value;
		return old;
	}
	const size_t len = strlen(key);
	e = xcalloc(1, sizeof *e + len + 1);
	memcpy(e->key, key, len + 1);
	e->value = value;
	HASH_ADD_KEYPTR(hh, map->head, e->key, len, e);
	return NULL;
}

void *strmap_remove(struct strmap *map, const char *key)
{
	struct strmap_entry *e = find(map, key);
	if (!e)
		return NULL;
	void *value = e->value;
	HASH_DEL(map->head, e);
	free(e);
	return value;
}

size_t strmap_count(const struct strmap *map)
{
	return HASH_COUNT(map->head);
}

struct strmap_entry *strmap_next(const struct strmap *map, struct strmap_entry *e)
{
	return e ? e->hh.next : map->head;
}

const char *strmap_key(const struct strmap_entry *e)
{
	return e->key;
}

void *strmap_value(const struct strmap_entry *e)
{
	return e->value;
}
