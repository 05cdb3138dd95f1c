/*
 * Canvases that wait for each other in a circle: a depth-first walk with its own stack, since a
 * chain may be as long as the repository is large. Each canvas is entered once; a mention of one
 * that is still on the stack closes a circle.
 */
#include "spec/check_internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"

#include <stdlib.h>
#include <string.h>

struct frame {
	const struct spec *spec;
	const struct wait *waits;
	size_t count, next;
};

struct walk {
	struct check *c;
	struct strmap state; /* key → &on_stack or &finished */
	struct frame *stack;
	size_t depth, cap;
};

static char on_stack, finished;

static void walk_release(struct walk *w)
{
	strmap_release(&w->state);
	free(w->stack);
}

static void enter(struct walk *w, const struct spec *spec)
{
	w->stack = grow_array(w->stack, w->depth, &w->cap, sizeof w->stack[0]);
	struct frame *f = &w->stack[w->depth++];
	*f = (struct frame){.spec = spec};
	f->waits = check_waits(w->c->arena, spec, &f->count);
	(void)strmap_put(&w->state, spec->key, &on_stack);
}

/* Longer circles are shown by their ends. */
enum { SHOWN = 12 };

static void report(struct walk *w, size_t from, const char *key)
{
	AUTO_STR path = STR_INIT;
	for (size_t i = from; i < w->depth; i++) {
		if (i - from == SHOWN / 2 && w->depth - from > SHOWN) {
			str_addf(&path, "... (%zu more) → ", w->depth - from - SHOWN);
			i = w->depth - SHOWN / 2;
		}
		str_addf(&path, "%s → ", w->stack[i].spec->key);
	}
	/* The place is where the first canvas of the circle mentions the second. */
	const struct frame *first = &w->stack[from];
	struct diag *d = diag_error(w->c->diags, "canvas-cycle", first->waits[first->next - 1].pos,
		"canvases wait for each other: %s%s", path.data, key);
	diag_hint(w->c->diags, d, "remove one of these dependencies");
	if (w->depth - from > 1) {
		const struct frame *last = &w->stack[w->depth - 1];
		diag_related(w->c->diags, d, last->waits[last->next - 1].pos, "%s needs %s here",
			last->spec->key, key);
	}
}

static void step(struct walk *w)
{
	struct frame *f = &w->stack[w->depth - 1];
	if (f->next == f->count) {
		(void)strmap_put(&w->state, f->spec->key, &finished);
		w->depth--;
		return;
	}
	const char *key = f->waits[f->next++].key;
	const char *state = strmap_get(&w->state, key);
	if (state == &finished || str_eq(key, f->spec->key))
		return; /* a canvas that waits for itself is reported where it says so */
	if (state == &on_stack) {
		size_t from = w->depth - 1;
		while (from > 0 && !str_eq(w->stack[from].spec->key, key))
			from--;
		report(w, from, key);
		return;
	}
	const struct spec *next = w->c->finder->find(w->c->finder->data, key);
	if (next && next->canvas)
		enter(w, next);
	else
		(void)strmap_put(&w->state, key, &finished);
}

void check_cycles(struct check *c, const struct spec *const *specs, size_t count)
{
	CLEANUP(walk_release) struct walk w = {.c = c};
	for (size_t i = 0; i < count; i++) {
		if (specs[i]->kind != KIND_CANVAS || !specs[i]->canvas ||
			strmap_has(&w.state, specs[i]->key))
			continue;
		enter(&w, specs[i]);
		while (w.depth > 0)
			step(&w);
	}
}
