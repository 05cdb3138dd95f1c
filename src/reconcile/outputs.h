/* Recorded outputs of other canvases, for the renderer. */
#ifndef TRUEUP_RECONCILE_OUTPUTS_H
#define TRUEUP_RECONCILE_OUTPUTS_H

#include "reconcile/load.h"

struct outputs {
	struct store *store; /* NULL: nothing is recorded */
	struct arena *arena; /* where values are put */
	struct node *used; /* NODE_MAP "canvas/core/vpc.id" -> value of what was asked; or NULL */
};

/* A render_output_fn; data is a struct outputs. */
const struct node *outputs_find(
	void *data, const char *canvas, const char *key, bool *ret_sensitive);

#endif
