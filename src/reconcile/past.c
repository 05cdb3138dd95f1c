/*
 * The applied side of an object's row is the whole truth after an apply that ended well. After a
 * failed first one it is empty; then the plan of the last operation says what was tried.
 */
#include "reconcile/past.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/node.h"
#include "reconcile/recorded.h"
#include "spec/run.h"
#include "store/operations.h"
#include "store/plans.h"

#include <string.h>

enum { NOTE_MAX = 1 << 20 };

int past_read(struct store *store, const struct object_row *row, struct arena *arena,
	struct past *ret, struct err **err)
{
	*ret = (struct past){0};
	if (row->applied_spec_json) {
		ret->spec = recorded_json(arena, row->applied_spec_json);
		ret->side = recorded_json(arena, row->applied_role_json);
		return 0;
	}
	struct operation_row *op = NULL;
	struct plan_row *plan = NULL;
	if (!row->outcome || row->phase == PHASE_DESTROYED)
		return 0;
	if (store_operation_last(store, row->key, "apply", arena, &op, err) < 0 ||
		(op && op->plan_id && store_plan_get(store, op->plan_id, arena, &plan, err) < 0))
		return -1;
	const struct node *summary = plan ? recorded_json(arena, plan->summary_json) : NULL;
	ret->spec = node_get(summary, "spec");
	ret->side = node_get(summary, "side");
	return 0;
}

const char *past_born(const struct past *past, const char *name)
{
	const char *born = node_text(node_get(past->side, "born"));
	return born ? born : name;
}

const struct spec_approval *past_approval(
	const struct past *past, const struct spec_approval *now, struct arena *arena)
{
	const struct spec *spec = recorded_spec(arena, past->spec);
	const struct spec_approval *then = NULL;
	if (spec && spec->kind == KIND_CANVAS)
		then = &spec->canvas->approval;
	else if (spec && spec->kind == KIND_RUN)
		then = &spec->run->approval;
	return then && (then->mode == APPROVAL_MANUAL || !now) ? then : now;
}

static char *note_path(const struct session *session, const char *name)
{
	return xasprintf("%s/born/%s", session->state_dir, name);
}

int past_note_rename(const struct session *session, const struct object_row *row,
	const char *new_key, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	struct past past;
	if (past_read(session->store, row, &arena, &past, err) < 0)
		return -1;
	if (!past.spec) /* nothing was made under any name */
		return 0;
	AUTO_FREE char *path = note_path(session, past_born(&past, row->name));
	AUTO_FREE char *dir = path_join(session->state_dir, "born");
	if (fs_read(path, NOTE_MAX, &text, &none) < 0 && err_kind_of(none) != ERR_NOT_FOUND) {
		*err = steal_ptr(none);
		return -1;
	}
	str_addf(&text, "%s\n", new_key);
	if (fs_mkdirs(dir, 0700, err) < 0)
		return -1;
	return fs_write_atomic(path, text.data, text.len, 0600, err);
}

/* Does this object hold the name? */
static int holds(const struct session *session, const char *key, const char *name,
	struct arena *arena, bool *ret, struct err **err)
{
	struct object_row *row = NULL;
	struct past past;
	*ret = false;
	if (store_object_get(session->store, key, OBJECT_FULL, arena, &row, err) < 0)
		return -1;
	if (!row || row->phase == PHASE_DESTROYED)
		return 0;
	if (past_read(session->store, row, arena, &past, err) < 0)
		return -1;
	*ret = past.spec && str_eq(past_born(&past, row->name), name);
	return 0;
}

int past_taken(const struct session *session, const char *key, struct arena *arena,
	const char **ret_key, struct err **err)
{
	const char *slash = strchr(key, '/');
	*ret_key = NULL;
	if (!session->store || !slash)
		return 0;
	AUTO_FREE char *path = note_path(session, slash + 1);
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	if (fs_read(path, NOTE_MAX, &text, &none) < 0)
		return 0; /* nobody who was called so was renamed */
	for (const char *line = text.data; *line && !*ret_key;) {
		const size_t len = strcspn(line, "\n");
		const char *other = arena_memdup(arena, line, len);
		bool taken = false;
		if (!str_eq(other, key) && holds(session, other, slash + 1, arena, &taken, err) < 0)
			return -1;
		if (taken)
			*ret_key = other;
		line += len + (line[len] == '\n');
	}
	return 0;
}
