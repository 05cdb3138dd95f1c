/* Scalars of known type: value or a diagnostic that shows the right form. Used inside spec/. */
#ifndef TRUEUP_SPEC_SCALAR_H
#define TRUEUP_SPEC_SCALAR_H

#include "spec/decode.h"

/* Each returns false after an error and leaves *ret alone. */
bool scalar_bool(struct decoder *d, const struct field *f, const struct node *n, bool *ret);
bool scalar_int(struct decoder *d, const struct field *f, const struct node *n, int64_t *ret);
bool scalar_duration(struct decoder *d, const struct field *f, const struct node *n, int64_t *ret);
/* Index into f->words. */
bool scalar_word(struct decoder *d, const struct field *f, const struct node *n, int *ret);
/* An amount of 0 or more with at most two decimals, as text; NULL after an error. */
const char *scalar_decimal(struct decoder *d, const struct field *f, const struct node *n);

/* An ambiguous plain scalar is reported (rule yaml-ambiguous) and true returned. */
bool scalar_ambiguous(struct decoder *d, const char *key, const struct node *n);
/* Length and control characters of a text; false after an error. */
bool scalar_text_limits(struct decoder *d, const char *key, const struct node *n);

#endif
