/*
 * Small JSON files that are ours on both sides: a map, written whole and atomically, and read back
 * with a default for what is missing.
 */
#ifndef TRUEUP_FORMAT_DOCUMENT_H
#define TRUEUP_FORMAT_DOCUMENT_H

#include "format/node.h"

struct err;

/* Writes DIR/NAME, readable by its owner only. */
MUST_CHECK int document_write(
	const char *dir, const char *name, const struct node *doc, struct err **err);
/* At most limit bytes; in arena. ERR_CORRUPT when it is no map. */
MUST_CHECK int document_read(const char *dir, const char *name, size_t limit, struct arena *arena,
	const struct node **ret, struct err **err);

/* 0 or false when it is not there or something else. */
int64_t document_int(const struct node *doc, const char *key);
bool document_bool(const struct node *doc, const char *key);

#endif
