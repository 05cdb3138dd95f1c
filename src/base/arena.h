/*
 * Arena: many small allocations with one lifetime. One arena per document load and per reconcile
 * run; tree, plan and diagnostics die together with it. Memory is zeroed.
 */
#ifndef TRUEUP_BASE_ARENA_H
#define TRUEUP_BASE_ARENA_H

#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(max_align_t) unsigned char data[];
};

/* Zero-initialised is a valid empty arena. */
struct arena {
	struct arena_block *head;
	struct arena_block *spare; /* kept by arena_reset() */
	bool fixed; /* made by arena_over() */
};

/* Releases everything; the arena is empty and usable again. Accepts NULL. */
void arena_release(struct arena *a);
/*
 * Releases everything but keeps the memory for what is allocated next: for work that is done again
 * and again, each time with an empty arena.
 */
void arena_reset(struct arena *a);

/*
 * Makes an arena of memory that is the caller's and stays so (size bytes, aligned as malloc's).
 * When it is full the process ends with exit code 0, as no allocation of an arena can fail: it is
 * for children that work into shared memory and whose parent does what they did not get to.
 */
void arena_over(struct arena *a, void *memory, size_t size);

/* size bytes as they are, aligned for any type. Never fails. */
void *arena_take(struct arena *a, size_t size);

/* size zeroed bytes, aligned for any type. Never fails. Here, so that a constant size is known. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->head;
	const size_t align = _Alignof(max_align_t), whole = (size + align - 1) / align * align;
	if (!b || whole < size || b->size - b->used < whole)
		return memset(arena_take(a, size), 0, size);
	void *p = b->data + b->used;
	b->used += whole;
	return memset(p, 0, size);
}

/* count * size zeroed bytes; aborts on overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strdup(struct arena *a, const char *text);
/* len bytes and a NUL; the bytes may hold NULs themselves. */
char *arena_memdup(struct arena *a, const void *data, size_t len);
/* Texts one behind the other; the last argument is NULL. */
char *arena_concat(struct arena *a, const char *first, ...) SENTINEL;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/* grow_array() inside an arena: the old array is left behind until the arena goes. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *cap, size_t size);

#define AUTO_ARENA CLEANUP(arena_release) struct arena

#endif
