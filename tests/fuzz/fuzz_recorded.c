/*
 * Any text as a JSON column of the store and as a message between processes: a spec, the changes
 * of a plan, the end of an apply. Damaged rows are read as nothing, never as a crash, and what was
 * read is written and read again as the same.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/message.h"
#include "reconcile/recorded.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_changes(struct arena *arena, const struct change_set *set, struct str *out)
{
	emit_canonical(message_changes(arena, set), out);
}

static void check_changes(struct arena *arena, const struct node *doc)
{
	AUTO_STR once = STR_INIT, twice = STR_INIT;
	struct change_set changes, again;
	message_read_changes(doc, arena, &changes);
	if (changes.create + changes.update + changes.replace + changes.destroy > changes.count)
		abort();
	write_changes(arena, &changes, &once);
	message_read_changes(message_changes(arena, &changes), arena, &again);
	write_changes(arena, &again, &twice);
	if (!str_eq(once.data ? once.data : "", twice.data ? twice.data : ""))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	AUTO_FREE char *json = xstrndup((const char *)data, size);
	const struct node *doc = recorded_json(&arena, json);
	struct finished finished;
	message_read_finished(doc, &arena, &finished);
	if (!finished.error || (finished.resource_count && !finished.resources[0].address))
		abort();
	check_changes(&arena, node_get(doc, "changes"));
	check_changes(&arena, doc);
	const struct spec *spec = recorded_spec(&arena, doc);
	if (spec)
		(void)spec_canonical(&arena, spec, SPEC_CANONICAL_PLAIN);
	return 0;
}
