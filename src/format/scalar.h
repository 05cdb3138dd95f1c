/*
 * What an unquoted YAML scalar means: YAML 1.2's core schema (yaml.org/spec/1.2.2, 10.3.2), and
 * whether YAML 1.1's types (yaml.org/type) make something else of it.
 */
#ifndef TRUEUP_FORMAT_SCALAR_H
#define TRUEUP_FORMAT_SCALAR_H

#include "format/node.h"

/*
 * Sets type, flags and value of node from its text, as for a plain scalar. A number that fits
 * neither int64_t nor double becomes an ambiguous text.
 */
void scalar_resolve(struct node *node);

#endif
