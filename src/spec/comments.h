/* The comments of a YAML text, by line. Used by fmt.c only. */
#ifndef TRUEUP_SPEC_COMMENTS_H
#define TRUEUP_SPEC_COMMENTS_H

#include "base/arena.h"
#include "base/pos.h"

#include <stdbool.h>

struct comment {
	uint32_t line;
	uint32_t target; /* line of the key or item it belongs to; UINT32_MAX: the end */
	bool own_line; /* nothing stands before it */
	const char *text; /* from "#" on, without blanks at the end */
	bool printed;
};

struct comments {
	struct comment *items;
	size_t count;
	bool *blank_before; /* by line - 1: is the line before this one blank? */
	uint32_t lines;
};

/* Finds all comments; texts in arena. Targets are not set. */
void comments_read(struct arena *arena, const struct src *src, struct comments *ret);

#endif
