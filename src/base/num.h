/* Whole numbers from text, without the traps of strtol. */
#ifndef TRUEUP_BASE_NUM_H
#define TRUEUP_BASE_NUM_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The whole of text (len bytes) as a decimal number: an optional minus, then digits. False for
 * anything else (blanks, plus, empty, out of int64_t); *ret is then untouched.
 */
MUST_CHECK bool num_parse_i64(const char *text, size_t len, int64_t *ret);
/* The same for a decimal fraction with optional exponent, in any locale. */
MUST_CHECK bool num_parse_double(const char *text, size_t len, double *ret);

enum { NUM_DOUBLE_SIZE = 32 };
/* The shortest decimal text that reads back as value ("0.1", "1e+30"), in any locale. */
const char *num_format_double(double value, char buf[NUM_DOUBLE_SIZE]);

#endif
