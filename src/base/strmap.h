/*
 * Map from string to pointer. Keys are copied, values are borrowed. Iteration is in order of
 * insertion. Zero-initialised is a valid empty map.
 */
#ifndef TRUEUP_BASE_STRMAP_H
#define TRUEUP_BASE_STRMAP_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct strmap_entry;

struct strmap {
	struct strmap_entry *head;
};

void strmap_release(struct strmap *map);
#define AUTO_STRMAP CLEANUP(strmap_release) struct strmap

/* NULL if the key is not there (or was put with NULL: see strmap_has). */
void *strmap_get(const struct strmap *map, const char *key);
bool strmap_has(const struct strmap *map, const char *key);
/* Sets or replaces. Returns the value that was there before, or NULL. */
void *strmap_put(struct strmap *map, const char *key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *strmap_remove(struct strmap *map, const char *key);
size_t strmap_count(const struct strmap *map);

/* Iteration: start with NULL; NULL at the end. The current entry may be removed on the way. */
struct strmap_entry *strmap_next(const struct strmap *map, struct strmap_entry *e);
const char *strmap_key(const struct strmap_entry *e);
void *strmap_value(const struct strmap_entry *e);

#define STRMAP_FOREACH(map, e)                                                                     \
	for (struct strmap_entry *e = strmap_next((map), NULL), *e##_next;                         \
		e && (e##_next = strmap_next((map), e), 1); e = e##_next)

#endif
