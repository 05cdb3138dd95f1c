/*
 * Order of objects that need each other: what is needed comes first; what is destroyed goes in
 * the opposite order. Kahn's algorithm; ties are broken by the given order, so the same input
 * always gives the same result. Linear in objects and needs.
 */
#ifndef TRUEUP_PLAN_ORDER_H
#define TRUEUP_PLAN_ORDER_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct plan_need {
	size_t who; /* index of the object ... */
	size_t whom; /* ... and of the one that it needs */
};

/*
 * Writes the indexes 0..count-1 to ret_order, needed ones first. False if the needs form a cycle:
 * ret_order then holds only the *ret_done objects that do not hang on one.
 */
MUST_CHECK bool plan_order(size_t count, const struct plan_need *needs, size_t need_count,
	size_t *ret_order, size_t *ret_done);

#endif
