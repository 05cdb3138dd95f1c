/* Building the canonical tree from a written document. Used inside spec/ only. */
#ifndef TRUEUP_SPEC_CANONICAL_H
#define TRUEUP_SPEC_CANONICAL_H

#include "spec/field.h"

/* bare: doc is a canvas without its envelope. digest: see SPEC_CANONICAL_DIGEST. */
struct node *canonical_of(
	struct arena *a, const struct spec *spec, const struct node *doc, bool bare, bool digest);

#endif
