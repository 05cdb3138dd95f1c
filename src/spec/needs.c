/* What a spec refers to, as keys: for ordering, and for finding what a change concerns. */
#include "spec/check_internal.h"
#include "spec/run.h"

#include "base/strmap.h"

struct keys {
	struct arena *arena;
	struct strmap seen;
	const char **items;
	size_t count, cap;
};

static void keys_release(struct keys *k)
{
	strmap_release(&k->seen);
}

static void keys_add(struct keys *k, const char *key)
{
	if (strmap_has(&k->seen, key))
		return;
	(void)strmap_put(&k->seen, key, NULL);
	k->items = arena_grow(k->arena, k->items, k->count, &k->cap, sizeof k->items[0]);
	k->items[k->count++] = key;
}

/* Room for the end was not asked for while adding. */
static const char *const *keys_end(struct keys *k)
{
	k->items = arena_grow(k->arena, k->items, k->count, &k->cap, sizeof k->items[0]);
	k->items[k->count] = NULL;
	return k->items;
}

struct wait *check_waits(struct arena *arena, const struct spec *spec, size_t *ret_count)
{
	size_t refs_count, cap = 0;
	struct wait *waits = NULL;
	*ret_count = 0;
	if (spec->kind != KIND_CANVAS || !spec->canvas)
		return NULL;
	const struct canvas *canvas = spec->canvas;
	const struct value_ref *refs = spec_canvas_refs(arena, canvas, &refs_count);
	const size_t max = canvas->depends_on.count + refs_count + 1;
	for (size_t i = 0; i < max; i++) {
		struct spec_text name = {0};
		if (i < canvas->depends_on.count)
			name = canvas->depends_on.items[i];
		else if (i - canvas->depends_on.count < refs_count)
			name = (struct spec_text){refs[i - canvas->depends_on.count].canvas,
				refs[i - canvas->depends_on.count].pos};
		else if (canvas->network.mode == NETWORK_FROM)
			name = canvas->network.from;
		if (!name.text)
			continue;
		waits = arena_grow(arena, waits, *ret_count, &cap, sizeof waits[0]);
		waits[(*ret_count)++] =
			(struct wait){arena_printf(arena, "canvas/%s", name.text), name.pos};
	}
	return waits;
}

const char *const *spec_waits_for(struct arena *arena, const struct spec *spec)
{
	CLEANUP(keys_release) struct keys keys = {.arena = arena};
	size_t count;
	const struct wait *waits = check_waits(arena, spec, &count);
	for (size_t i = 0; i < count; i++)
		keys_add(&keys, waits[i].key);
	return keys_end(&keys);
}

static void add_run(struct keys *keys, const struct run_spec *run)
{
	if (run->runbook.text)
		keys_add(keys, arena_printf(keys->arena, "runbook/%s", run->runbook.text));
	if (run->as.text)
		keys_add(keys, arena_printf(keys->arena, "role/%s", run->as.text));
	for (size_t i = 0; i < run->approval.roles.count; i++)
		keys_add(keys,
			arena_printf(keys->arena, "role/%s", run->approval.roles.items[i].text));
}

const char *const *spec_needs(struct arena *arena, const struct spec *spec)
{
	CLEANUP(keys_release) struct keys keys = {.arena = arena};
	size_t count;
	const struct wait *waits = check_waits(arena, spec, &count);
	if (spec->kind == KIND_CANVAS && spec->canvas) {
		const struct canvas *canvas = spec->canvas;
		keys_add(&keys, arena_printf(arena, "role/%s",
					canvas->role.text ? canvas->role.text : "*"));
		for (size_t i = 0; i < canvas->approval.roles.count; i++)
			keys_add(&keys, arena_printf(arena, "role/%s",
						canvas->approval.roles.items[i].text));
	}
	if (spec->kind == KIND_RUN && spec->run)
		add_run(&keys, spec->run);
	for (size_t i = 0; i < count; i++)
		keys_add(&keys, waits[i].key);
	if (spec->renamed_from.text)
		keys_add(&keys, arena_printf(arena, "%s/%s", spec_kind_name(spec->kind),
					spec->renamed_from.text));
	return keys_end(&keys);
}
