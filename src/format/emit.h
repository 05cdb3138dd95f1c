/* Nodes to text. */
#ifndef TRUEUP_FORMAT_EMIT_H
#define TRUEUP_FORMAT_EMIT_H

#include "base/str.h"
#include "format/node.h"

/*
 * All three: trees are at most NODE_MAX_DEPTH deep. A NODE_REF is written as the map
 * {"$ref": "..."}. Bytes that are not UTF-8 become U+FFFD. JSON has no infinity and no NaN: they
 * are written as the texts ".inf", "-.inf" and ".nan".
 */

/*
 * Canonical JSON: keys sorted by bytes, no blanks, no newline at the end, shortest numbers (1.0 as
 * 1), UTF-8 as is, control characters as \u00XX. Equal values give equal bytes; digests are taken
 * over it.
 */
void emit_canonical(const struct node *node, struct str *out);

/* JSON for people and programs: two-space indentation, keys in their order, newline at the end. */
void emit_json(const struct node *node, struct str *out);
/* The same in one line without blanks or newline: for logs and JSON lines. */
void emit_json_line(const struct node *node, struct str *out);
/* len bytes as a JSON string with its quotes. */
void emit_json_string(const char *text, size_t len, struct str *out);

/*
 * YAML in block style, two-space indentation, keys in their order; scalars are quoted whenever
 * YAML 1.1 or 1.2 could read them as something else. Parsing the result gives an equal tree; only
 * a text that holds NUL does not parse again.
 */
void emit_yaml(const struct node *node, struct str *out);

#endif
