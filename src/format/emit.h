/* Nodes to text. */
#ifndef TRUEUP_FORMAT_EMIT_H
#define TRUEUP_FORMAT_EMIT_H

#include "base/str.h"
#include "format/node.h"

/*
 * Canonical JSON: keys sorted by bytes, no blanks, shortest numbers, UTF-8 as is, control
 * characters as \u00XX. Equal values give equal bytes; digests are taken over it. A NODE_REF is
 * written as {"$ref":"..."}.
 */
void emit_canonical(const struct node *node, struct str *out);

/* JSON for people and programs: two-space indentation, keys in their order. */
void emit_json(const struct node *node, struct str *out);

/*
 * YAML in block style, two-space indentation, keys in their order; scalars are quoted whenever
 * YAML 1.1 or 1.2 could read them as something else. Parsing the result gives an equal tree.
 */
void emit_yaml(const struct node *node, struct str *out);

#endif
