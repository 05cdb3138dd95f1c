/* Attributes and small helpers that every file may use. */
#ifndef TRUEUP_BASE_MACROS_H
#define TRUEUP_BASE_MACROS_H

#include <stddef.h>

/* The caller has to look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Format string at argument f, its values from argument a on. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Variable arguments end with NULL. */
#define SENTINEL __attribute__((sentinel))

/* Runs fn(&variable) when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Hands a pointer over: yields it and leaves NULL behind, so that a CLEANUP finds nothing. */
#define steal_ptr(p)                                                                               \
	__extension__({                                                                            \
		__typeof__(p) *steal_at = &(p);                                                    \
		__typeof__(p) steal_value = *steal_at;                                             \
		*steal_at = NULL;                                                                  \
		steal_value;                                                                       \
	})

#endif
