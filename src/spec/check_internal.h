/* What the rules across files share. Used by check*.c only. */
#ifndef TRUEUP_SPEC_CHECK_INTERNAL_H
#define TRUEUP_SPEC_CHECK_INTERNAL_H

#include "spec/check.h"
#include "spec/value.h"

struct check {
	const struct spec_finder *finder;
	struct diag_list *diags;
	struct arena *arena; /* of this run */
};

/* One mention of a canvas that has to be there first. */
struct wait {
	const char *key; /* "canvas/core" */
	struct pos pos;
};

/* dependsOn, network from, outputs used: each mention, in the order of the document. */
struct wait *check_waits(struct arena *arena, const struct spec *spec, size_t *ret_count);

/* NULL after an error that names the nearest ("unknown canvas 'cor'"). what: "canvas", "role". */
const struct spec *check_find(
	struct check *c, enum spec_kind kind, const struct spec_text *name, const char *rule);

/* The region that a canvas is built in; NULL if neither it nor its role could say. */
const char *check_region(const struct spec *canvas, const struct spec *role);

/* What the role of a canvas does not allow (check_role.c). */
void check_role_rules(struct check *c, const struct spec *canvas, const struct spec *role);
/* Cycles over all given canvases and what they wait for (check_cycle.c). */
void check_cycles(struct check *c, const struct spec *const *specs, size_t count);
/* Address blocks that were written and overlap (check_cidr.c). */
void check_overlaps(struct check *c, const struct spec *const *specs, size_t count);

#endif
