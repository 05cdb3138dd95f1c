/*
 * The field tables for people and editors: `trueup explain`, docs/specs.md and schemas/.
 */
#ifndef TRUEUP_SPEC_EXPLAIN_H
#define TRUEUP_SPEC_EXPLAIN_H

#include "format/node.h"
#include "spec/spec.h"

struct err;
struct str;

/*
 * What `path` is: "canvas", "canvas.network.cidr", "role.metadata.labels"; the kind in any case,
 * "spec." may be left out. A map
 *
 *	{path, type, doc, required, default, example, fields: [{name, type, ...}]}
 *
 * where absent keys mean none. NULL with *err set (ERR_NOT_FOUND, with the nearest name) when there
 * is no such field.
 */
struct node *spec_explain(struct arena *arena, const char *path, struct err **err);
/* The same for a terminal, at most width columns wide. */
void spec_explain_text(const struct node *explained, unsigned width, struct str *out);

/* docs/specs.md, whole. */
void spec_docs(struct str *out);

/* JSON Schema (draft 2020-12) of a supported kind, as kept in schemas/. */
struct node *spec_schema(struct arena *arena, enum spec_kind kind);
/* schemas/server.json: the server's own file (spec/server.h). */
struct node *spec_schema_server(struct arena *arena);
/* schemas/trueup.json: a spec of any kind. */
struct node *spec_schema_all(struct arena *arena);

#endif
