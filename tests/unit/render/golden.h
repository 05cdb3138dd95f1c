/* What the tests of render/ share: a canvas and a role from a golden folder, rendered. */
#ifndef TRUEUP_TESTS_RENDER_GOLDEN_H
#define TRUEUP_TESTS_RENDER_GOLDEN_H

#include "base/diag.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "render/render.h"
#include "spec/spec.h"

#include <stdio.h>

#define GOLDEN "tests/golden/render"

/* Decodes a spec; prints what is wrong with it. */
static inline struct spec *golden_spec(
	struct arena *arena, const char *path, const char *text, struct diag_list *diags)
{
	struct src *src = arena_alloc(arena, sizeof(*src));
	*src = (struct src){path, text, strlen(text)};
	return spec_load(arena, src, diags);
}

static inline char *golden_read(struct arena *arena, const char *dir, const char *name)
{
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	char *path = arena_printf(arena, "%s/%s", dir, name);
	if (fs_read(path, 1 << 22, &text, &err) < 0)
		return NULL;
	return arena_memdup(arena, text.data, text.len);
}

static inline void golden_print(const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		fprintf(stderr, "%s:%u:%u: %s [%s] (%s)\n",
			diags->items[i].path ? diags->items[i].path : "-", diags->items[i].line,
			diags->items[i].col, diags->items[i].message, diags->items[i].rule,
			diags->items[i].hint ? diags->items[i].hint : "");
}

#endif
