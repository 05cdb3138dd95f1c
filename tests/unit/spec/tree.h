/*
 * A spec repository as one text, for tests: files one after the other, each after a line
 * "=== path". A text without such a first line is one file with the path given by the caller.
 */
#ifndef TRUEUP_TESTS_SPEC_TREE_H
#define TRUEUP_TESTS_SPEC_TREE_H

#include "base/str.h"
#include "base/strmap.h"
#include "spec/check.h"

#include <string.h>

struct tree {
	struct arena arena;
	struct diag_list diags;
	struct strmap by_key;
	const struct spec **specs;
	size_t count, cap;
	const char *broken[16]; /* ends with NULL */
	size_t broken_count;
	struct spec_finder finder;
};

static void tree_release(struct tree *t)
{
	strmap_release(&t->by_key);
	diag_list_release(&t->diags);
	arena_release(&t->arena);
}
#define AUTO_TREE CLEANUP(tree_release) struct tree

static const struct spec *tree_find(void *data, const char *key)
{
	return strmap_get(&((struct tree *)data)->by_key, key);
}

static const char *const *tree_keys(void *data, enum spec_kind kind)
{
	struct tree *t = data;
	const char **keys = arena_array(&t->arena, t->count + 1, sizeof keys[0]);
	size_t n = 0;
	for (size_t i = 0; i < t->count; i++)
		if (t->specs[i]->kind == kind)
			keys[n++] = t->specs[i]->key;
	return keys;
}

static void tree_file(struct tree *t, const char *path, const char *text, size_t len)
{
	struct src *src = arena_alloc(&t->arena, sizeof *src);
	src->path = arena_strdup(&t->arena, path);
	src->data = arena_memdup(&t->arena, text, len);
	src->len = len;
	const struct spec *spec = spec_load(&t->arena, src, &t->diags);
	if (!spec) {
		t->broken[t->broken_count++] = src->path;
		return;
	}
	const struct spec *first = strmap_get(&t->by_key, spec->key);
	if (first) {
		spec_report_duplicate(first, spec, &t->diags);
		return;
	}
	(void)strmap_put(&t->by_key, spec->key, (void *)spec);
	t->specs = arena_grow(&t->arena, t->specs, t->count, &t->cap, sizeof t->specs[0]);
	t->specs[t->count++] = spec;
}

/* Loads everything, and checks a tree across files; diagnostics are sorted. */
static void tree_load(struct tree *t, const char *path, const char *text, size_t len)
{
	const char *end = text + len;
	if (len < 4 || memcmp(text, "=== ", 4) != 0) {
		tree_file(t, path, text, len);
		diag_sort(&t->diags);
		return;
	}
	for (const char *p = text; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *name = arena_memdup(&t->arena, p + 4, (size_t)(nl - p) - 4);
		const char *next = memmem(nl, (size_t)(end - nl), "\n=== ", 5);
		next = next ? next + 1 : end;
		tree_file(t, name, nl + 1, (size_t)(next - nl) - 1);
		p = next;
	}
	t->finder = (struct spec_finder){tree_find, tree_keys, t, t->broken};
	spec_check(t->specs, t->count, &t->finder, &t->diags);
	diag_sort(&t->diags);
}

#endif
