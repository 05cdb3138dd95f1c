/*
 * Decoding by field tables: what field.h describes, applied to a document. Used inside spec/ only.
 */
#ifndef TRUEUP_SPEC_DECODE_H
#define TRUEUP_SPEC_DECODE_H

#include "spec/field.h"

struct decoder {
	struct arena *arena;
	struct diag_list *diags;
};

/*
 * Decodes map by t into obj, defaults first. where is the place of what is missing: the key that
 * holds the map.
 */
void decode_table(struct decoder *d, const struct field_table *t, const struct node *map,
	struct pos where, void *obj);

/* One scalar as text by grammar g (NULL: any). NULL after an error. key names it in messages. */
const char *decode_text(
	struct decoder *d, const char *key, const struct grammar *g, const struct node *n);

/* Error for a value of the wrong type, returned so that a hint may be added. */
struct diag *decode_wrong_type(
	struct decoder *d, const char *key, const char *expected, const struct node *n);

/*
 * What holds for every value of a document, known or free: lengths of texts, control characters,
 * ambiguous scalars, numbers of items. Fields of known type report ambiguity themselves.
 */
void decode_free(struct decoder *d, const char *key, const struct node *n, bool values);

#endif
