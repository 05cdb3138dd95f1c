#include "reconcile/parse_ahead.h"

#include "base/err.h"
#include "base/str.h"
#include "base/workers.h"
#include "runbook/object.h"

#include <stdint.h>
#include <sys/mman.h>

/*
 * Address space, not memory: pages come when they are written. A child that fills its part stops,
 * and the rest of its files is parsed by the caller.
 */
#define PART_SIZE ((size_t)256 * 1024 * 1024)

struct parser {
	struct source *source;
	const struct source_changes *changes;
	struct parsed_ahead *ret;
	struct arena *arena; /* of the process that works */
	struct arena part; /* a child's */
};

static void begin_child(void *data, size_t child)
{
	struct parser *p = data;
	unsigned char *parts = p->ret->memory;
	arena_over(&p->part, parts + child * PART_SIZE, PART_SIZE);
	p->arena = &p->part;
}

/*
 * A child reads git objects by the handle that it was forked with: libgit2 maps packs and opens
 * loose objects, and nothing that two processes would have to agree on is written.
 */
static bool parse(void *data, size_t i)
{
	const struct parser *p = data;
	const struct source_change *c = &p->changes->items[i];
	const enum spec_path_class class = spec_path_class(c->path);
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	AUTO_DIAGS diags = {0};
	if (c->op == SOURCE_REMOVED || c->entry != SOURCE_FILE || class == SPEC_PATH_ELSEWHERE ||
		source_read_change(p->source, c, spec_file_limit(c->path), &text, &err) < 0)
		return false;
	struct src *src = arena_alloc(p->arena, sizeof *src);
	src->path = c->path;
	src->data = arena_memdup(p->arena, text.data, text.len);
	src->len = text.len;
	struct spec *spec = spec_file_load(p->arena, src, &diags);
	if (!spec || diags.count)
		return false;
	spec_keep_json(p->arena, spec);
	p->ret->specs[i] = spec;
	return true;
}

static void *map_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void parse_ahead(struct source *source, const struct source_changes *changes, struct arena *arena,
	struct parsed_ahead *ret)
{
	*ret = (struct parsed_ahead){0};
	const size_t count = changes->count;
	if (count < WORKERS_MIN_ITEMS)
		return;
	const size_t table = (count * sizeof ret->specs[0] + 4095) / 4096 * 4096;
	ret->size = WORKERS_MOST * PART_SIZE + table;
	ret->memory = map_shared(ret->size);
	if (!ret->memory)
		return;
	ret->specs = (const struct spec **)(void *)((unsigned char *)ret->memory +
						    WORKERS_MOST * PART_SIZE);
	ret->count = count;
	struct parser p = {source, changes, ret, arena, {0}};
	bool *fine = arena_array(arena, count, sizeof *fine);
	const struct workers_job job = {count, begin_child, parse, &p};
	workers_run(&job, fine);
	/* A pointer that a killed child left half-way counts for nothing. */
	for (size_t i = 0; i < count; i++)
		if (!fine[i])
			ret->specs[i] = NULL;
}

void parsed_ahead_release(struct parsed_ahead *p)
{
	if (p->memory)
		(void)munmap(p->memory, p->size);
	*p = (struct parsed_ahead){0};
}
