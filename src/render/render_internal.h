/* Shared by the files that make a rendering; inside render/ only. */
#ifndef TRUEUP_RENDER_RENDER_INTERNAL_H
#define TRUEUP_RENDER_RENDER_INTERNAL_H

#include "render/wire.h"

/*
 * What shared/providers.tf.j2 prints: version, backend, region, account, role, default tags. NULL
 * after adding an error (a backend that cannot be used).
 */
struct node *render_provider_context(struct wiring *w);

#endif
