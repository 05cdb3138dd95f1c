/*
 * Usage: render_all DIR : renders every canvas of the spec root DIR, wiring and layout included,
 * and prints how many there were, the bytes they gave, and in microseconds the processor time that
 * rendering took and the part of it that the templates took: specs are read and templates compiled
 * before. What asking for the time takes, for each of the ten templates of a canvas, is taken off.
 *
 *	render_all --contexts FILE COUNT DIR
 *
 * writes, for the first COUNT canvases, each template that is rendered and its context as a line
 * of JSON: what tests/bench/jinja.py gives to Jinja2. References become plain texts.
 */
#include "base/err.h"
#include "base/mem.h"
#include "format/emit.h"
#include "format/template_internal.h"
#include "reconcile/worktree.h"
#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The renderer under measurement calls this one instead of tmpl_render(). */
static int observed_render(
	const struct tmpl *t, const struct node *context, struct str *out, struct diag_list *diags);
#define tmpl_render observed_render
#include "../../src/render/render.c" /* NOLINT: the only way to see its contexts */
#undef tmpl_render

static FILE *contexts;
static int64_t template_ns, template_count;

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct node *without_references(struct arena *a, const struct node *n)
{
	switch ((int)n->type) {
	case NODE_REF:
		return node_new_stringn(a, n->text, n->len);
	case NODE_SEQ: {
		struct node *copy = node_new_seq(a);
		for (size_t i = 0; i < n->seq.count; i++)
			node_seq_add(a, copy, without_references(a, n->seq.items[i]));
		return copy;
	}
	case NODE_MAP: {
		struct node *copy = node_new_map(a);
		for (size_t i = 0; i < n->map.count; i++)
			node_map_set(a, copy, n->map.pairs[i].key->text,
				without_references(a, n->map.pairs[i].value));
		return copy;
	}
	default:
		return (struct node *)(uintptr_t)n;
	}
}

static int observed_render(
	const struct tmpl *t, const struct node *context, struct str *out, struct diag_list *diags)
{
	if (contexts) {
		AUTO_ARENA arena = {0};
		AUTO_STR json = STR_INIT;
		emit_json_line(without_references(&arena, context), &json);
		(void)fprintf(contexts, "%s\t%s\n", t->main->src.path, json.data);
	}
	const int64_t started = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	const int result = tmpl_render(t, context, out, diags);
	template_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - started;
	template_count++;
	return result;
}

/*
 * Processor time is asked for by a system call, which takes as long as a small template. *ret_whole
 * is what a measurement of nothing takes, the result what it measures.
 */
static int64_t cost_of_asking(int64_t *ret_whole)
{
	enum { TIMES = 100000 };
	int64_t measured = 0;
	const int64_t began = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < TIMES; i++) {
		const int64_t started = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		measured += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - started;
	}
	*ret_whole = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / TIMES;
	return measured / TIMES;
}

struct totals {
	size_t canvases, bytes;
};

static int render_all(struct worktree *w, struct render_types *types, size_t most,
	const struct config *config, struct totals *ret)
{
	for (size_t i = 0; i < w->count && ret->canvases < most; i++) {
		const struct spec *spec = w->specs[i];
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		struct rendering rendering;
		if (spec->kind != KIND_CANVAS)
			continue;
		AUTO_FREE char *key = NULL;
		if (asprintf(&key, "role/%s", spec->canvas->role.text) < 0)
			abort();
		const struct spec *role = strmap_get(&w->by_key, key);
		const struct render_input input = {
			.name = spec->name,
			.canvas = spec->canvas,
			.role = role ? role->role : NULL,
			.config = config,
			.repository = "bench",
			.pos = spec->name_pos,
		};
		if (render_canvas(types, &input, &arena, &rendering, &diags) < 0) {
			(void)fprintf(stderr, "render_all: %s: %s\n", spec->key,
				diags.count ? diags.items[0].message : "failed");
			return -1;
		}
		ret->canvases++;
		for (size_t k = 0; k < rendering.file_count; k++)
			ret->bytes += rendering.files[k].len;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const bool writes = argc == 5 && strcmp(argv[1], "--contexts") == 0;
	if (argc != 2 && !writes) {
		(void)fprintf(stderr, "usage: render_all [--contexts FILE COUNT] DIR\n");
		return 2;
	}
	AUTO_WORKTREE w = {0};
	AUTO_ERR err = NULL;
	AUTO_DIAGS diags = {0};
	AUTO_ARENA arena = {0};
	struct totals warm = {0}, all = {0};
	if (worktree_open(argv[argc - 1], &w, &err) < 0 || worktree_check(&w, &err) < 0 ||
		w.diags.errors) {
		(void)fprintf(stderr, "render_all: the specs cannot be read\n");
		return 1;
	}
	struct render_types *types = render_types_load(&diags);
	const struct config *config = spec_config_default(&arena);
	int result = types ? render_all(&w, types, 1, config, &warm) : -1;
	contexts = result == 0 && writes ? fopen(argv[2], "w") : NULL;
	int64_t asking_whole;
	const int64_t asking = cost_of_asking(&asking_whole);
	const int64_t started = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	template_ns = template_count = 0;
	if (result == 0)
		result = render_all(
			&w, types, writes ? strtoul(argv[3], NULL, 10) : SIZE_MAX, config, &all);
	int64_t took = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - started;
	took -= template_count * asking_whole;
	template_ns -= template_count * asking;
	if (contexts && fclose(contexts) != 0)
		result = -1;
	render_types_free(types);
	if (result == 0)
		(void)printf("%zu %zu %lld %lld\n", all.canvases, all.bytes, (long long)took / 1000,
			(long long)template_ns / 1000);
	return result < 0;
}
