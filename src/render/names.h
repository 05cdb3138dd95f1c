/*
 * Names of resources, made from node ids by pure functions.
 *
 * The Terraform name addresses a resource and is never shown to the cloud. A physical name is
 * what the cloud sees: readable as far as the service's limit allows, unique by a digest.
 */
#ifndef TRUEUP_RENDER_NAMES_H
#define TRUEUP_RENDER_NAMES_H

#include "base/str.h"

/*
 * Appends the Terraform name of a node id (UTF-8). An id of the shape [A-Za-z_][A-Za-z0-9_-]{0,62}
 * is its own name. In any other every byte outside [A-Za-z0-9_-] becomes U+00B7 and two hex
 * digits (U+00B7 may stand inside an HCL identifier, and cannot stand in an id of that shape);
 * one that does not start with a letter or "_" gets "_", U+00B7, "_" in front. Different ids
 * give different names.
 */
void name_terraform(const char *id, struct str *out);

/* The id that has this Terraform name; false if no id has it. Appends to out. */
bool name_terraform_decode(const char *name, struct str *out);

/* Whom a physical name belongs to; digested so that equal names elsewhere do not meet. */
struct name_scope {
	const char *account, *region, *repository, *canvas;
};

enum { NAME_DIGEST = 8, NAME_LIMIT_MIN = 12 };

/*
 * Appends the physical name of node in scope, at most limit (>= NAME_LIMIT_MIN) bytes:
 * "canvas-node-1a2b3c4d" in lower-case letters, digits and single hyphens, starting with a
 * letter. canvas and node are cut to fit, the longer one first.
 */
void name_physical(const struct name_scope *scope, const char *node, size_t limit, struct str *out);

/* Appends id as one DNS label: lower case, other characters as hyphens, at most 63 bytes. */
void name_dns_label(const char *id, struct str *out);

#endif
