/*
 * Identifiers of plans and operations: ULIDs (github.com/ulid/spec), 26 characters of Crockford's
 * base 32, sorted by time when sorted as text.
 */
#ifndef TRUEUP_BASE_ULID_H
#define TRUEUP_BASE_ULID_H

#include <stdint.h>

enum { ULID_SIZE = 27 }; /* 26 characters and a NUL */

/* 48 bits of milliseconds since 1970, then 80 random bits; returns ret. */
const char *ulid_new(int64_t now_ms, char ret[ULID_SIZE]);

#endif
