/* Resource types in words, for `trueup explain EC2` and `trueup explain EC2.instanceType`. */
#ifndef TRUEUP_RENDER_EXPLAIN_H
#define TRUEUP_RENDER_EXPLAIN_H

#include "base/diag.h"
#include "format/node.h"
#include "render/render.h"

struct err;

/*
 * "TYPE" or "TYPE.KEY", the type in any case, as a map in the shape of spec_explain()
 * (spec/explain.h); for a type also `outputs` and `edges`. NULL with *err set if there is no such
 * type or key.
 */
struct node *render_type_explain(
	struct render_types *types, const char *path, struct arena *arena, struct err **err);

#endif
