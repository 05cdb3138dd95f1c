/*
 * JSON documents of `-o json`. Every command prints exactly one, and all have one shape:
 *
 *	{"version": 1, "command": "plan", ...}
 *
 * "version" counts up when a field changes its meaning or goes; new fields do not change it.
 * docs/output.md lists the fields of each command. Durations end in Ms, sizes in Bytes, times are
 * RFC 3339 text; what is not known or not there is left out, not null.
 */
#ifndef TRUEUP_REPORT_JSON_H
#define TRUEUP_REPORT_JSON_H

#include "format/node.h"

struct term;

enum { REPORT_JSON_VERSION = 1 };

/* A new document of this command. */
struct node *report_document(struct arena *a, const char *command);
/* Sets key to text unless that is NULL. */
void report_set_text(struct arena *a, struct node *map, const char *key, const char *text);
/* Prints the document and a newline. */
void report_print_json(struct term *t, const struct node *document);

#endif
