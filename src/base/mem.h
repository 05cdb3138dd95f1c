/*
 * Allocation that cannot fail. Running out of memory ends the process (as in git and crun): state
 * is transactional, work runs in jobs, and a half-handled ENOMEM is worse than a clean end.
 *
 * Everything returned is owned by the caller and released with free().
 */
#ifndef TRUEUP_BASE_MEM_H
#define TRUEUP_BASE_MEM_H

#include "base/macros.h"

#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Resizes to count * size bytes; the product is checked for overflow. */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list args) PRINTF_LIKE(1, 0);

/*
 * Makes room for one more element: grows array (of size-byte elements, *cap of them allocated,
 * count in use) to at least count + 1 and returns the possibly moved array.
 */
void *grow_array(void *array, size_t count, size_t *cap, size_t size);

void free_ptr(void *at); /* for AUTO_FREE: frees *(void **)at */

/* A local pointer that is freed when it leaves its scope. */
#define AUTO_FREE CLEANUP(free_ptr)

#endif
