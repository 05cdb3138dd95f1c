/*
 * Address blocks that overlap inside one account and region: two such networks can never be
 * connected. Blocks are sorted by place and first address, so that one pass finds them.
 */
#include "spec/check_internal.h"
#include "spec/grammar.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct block {
	const char *account, *region;
	uint32_t first, last;
	const struct spec *spec;
};

static int compare_blocks(const void *a, const void *b)
{
	const struct block *x = a, *y = b;
	int order = strcmp(x->account, y->account);
	if (order == 0)
		order = strcmp(x->region, y->region);
	if (order == 0)
		order = (x->first > y->first) - (x->first < y->first);
	return order ? order : strcmp(x->spec->key, y->spec->key);
}

static bool block_of(struct check *c, const struct spec *spec, struct block *ret)
{
	int prefix;
	if (spec->kind != KIND_CANVAS || !spec->canvas ||
		spec->canvas->network.mode != NETWORK_NEW || !spec->canvas->network.cidr_pos.src ||
		!spec->canvas->network.cidr)
		return false;
	const struct spec *role = spec_role_of(spec, c->finder);
	if (!role || !role->role || !role->role->account.text || !check_region(spec, role) ||
		!cidr_parse(spec->canvas->network.cidr, &ret->first, &prefix))
		return false;
	ret->account = role->role->account.text;
	ret->region = check_region(spec, role);
	ret->last = ret->first | (prefix ? (UINT32_C(1) << (32 - prefix)) - 1 : UINT32_MAX);
	ret->spec = spec;
	return true;
}

static void report(struct check *c, const struct block *wide, const struct block *b)
{
	struct diag *d =
		diag_warning(c->diags, "canvas-cidr-overlap", b->spec->canvas->network.cidr_pos,
			"%s overlaps %s of %s in %s", b->spec->canvas->network.cidr,
			wide->spec->canvas->network.cidr, wide->spec->key, b->region);
	diag_hint(c->diags, d, "two networks with common addresses can never be connected");
	diag_related(c->diags, d, wide->spec->canvas->network.cidr_pos, "the other block is here");
}

void check_overlaps(struct check *c, const struct spec *const *specs, size_t count)
{
	struct block *blocks = arena_array(c->arena, count, sizeof blocks[0]);
	size_t used = 0, wide = 0;
	for (size_t i = 0; i < count; i++)
		if (block_of(c, specs[i], &blocks[used]))
			used++;
	if (used > 1)
		qsort(blocks, used, sizeof blocks[0], compare_blocks);
	/* wide: of the blocks so far in this place, the one that reaches furthest. */
	for (size_t i = 1; i < used; i++) {
		const bool same = str_eq(blocks[i].account, blocks[wide].account) &&
				  str_eq(blocks[i].region, blocks[wide].region);
		if (same && blocks[i].first <= blocks[wide].last)
			report(c, &blocks[wide], &blocks[i]);
		if (!same || blocks[i].last > blocks[wide].last)
			wide = i;
	}
}
