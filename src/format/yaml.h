/*
 * YAML (and JSON) text to nodes with positions, by libyaml's events.
 *
 * Accepted: YAML 1.1/1.2 block and flow style, a BOM, CRLF, anchors and aliases (shared, not
 * copied, within the expansion limit). Refused with a diagnostic in plain words: tabs as
 * indentation, duplicate keys, NUL, bad UTF-8, more than one document, non-scalar keys, tags,
 * merge keys, characters that nobody can see (control characters, Unicode's line separators, a
 * carriage return alone), and anything over the limits.
 *
 * Rule ids: yaml-syntax, yaml-tab, yaml-encoding, yaml-limit, yaml-documents, yaml-duplicate-key,
 * yaml-key (missing, or a list or map), yaml-merge-key, yaml-alias, yaml-tag; json-syntax,
 * json-encoding, json-limit, json-duplicate-key. A syntax error or a limit ends the parse, the
 * others are collected.
 */
#ifndef TRUEUP_FORMAT_YAML_H
#define TRUEUP_FORMAT_YAML_H

#include "base/diag.h"
#include "format/node.h"

enum {
	YAML_MAX_BYTES = 4 * 1024 * 1024,
	YAML_MAX_DEPTH = 64,
	YAML_MAX_NODES = 200000, /* written in the file */
	YAML_MAX_EXPANDED = 400000, /* counting what each alias stands for */
};

/*
 * Parses one document. src and the text behind it must outlive the result, which lives in arena.
 * Returns the root, or NULL after adding at least one error to diags. An empty document is a
 * NODE_NULL.
 */
struct node *yaml_parse(struct arena *arena, const struct src *src, struct diag_list *diags);

/*
 * The same for JSON (RFC 8259): jansson decides what is valid and gives the values, positions
 * are those of the text. Duplicate keys are refused.
 */
struct node *json_parse(struct arena *arena, const struct src *src, struct diag_list *diags);

/* json_parse for a path that ends in ".json", otherwise yaml_parse. */
struct node *doc_parse(struct arena *arena, const struct src *src, struct diag_list *diags);

#endif
