/* The shapes of texts in specs, for the tables (field.h) and for checks across fields. */
#ifndef TRUEUP_SPEC_GRAMMAR_H
#define TRUEUP_SPEC_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IPv4 block "10.0.0.0/16". False unless both parts are valid; host bits may be set. */
bool cidr_parse(const char *text, uint32_t *ret_address, int *ret_prefix);
/* Does one of two blocks hold the other? */
bool cidr_overlap(const char *a, const char *b);

/* RFC 1123 label in lower case, at most 63. */
bool name_ok(const char *text, size_t len);

#endif
