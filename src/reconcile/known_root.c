#include "reconcile/known_root.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "spec/spec.h"
#include "store/objects.h"
#include "store/revisions.h"

const char *known_root_move(
	const struct source *source, const struct source_root *other, struct arena *arena)
{
	const char *state = source_state_dir(source);
	AUTO_STR from = STR_INIT;
	AUTO_STR to = STR_INIT;
	str_add_shell(&from, other->state_dir);
	str_add_shell(&to, state);
	/* The state of the top holds the folder "roots" of all others, and cannot be replaced. */
	if (!*source_subtree(source))
		return arena_printf(arena, "mv %s/* %s", from.data, to.data);
	if (!fs_exists(state))
		return arena_printf(arena, "mv %s %s", from.data, to.data);
	return arena_printf(
		arena, "mv %s %s.unused && mv %s %s", to.data, to.data, from.data, to.data);
}

/* How many canvases of the root were applied and not destroyed. */
static int count_living(const struct source_root *root, size_t *ret, struct err **err)
{
	const struct object_filter canvases = {.kind = spec_kind_name(KIND_CANVAS)};
	struct object_rows rows = {0};
	AUTO_ARENA arena = {0};
	AUTO_STORE *store = NULL;
	*ret = 0;
	if (store_open(root->state_dir, STORE_READ_ONLY, &store, err) < 0 ||
		store_objects(store, &canvases, OBJECT_BRIEF, &arena, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++)
		*ret += rows.items[i].phase != PHASE_DESTROYED &&
			rows.items[i].phase != PHASE_ORPHANED &&
			(rows.items[i].applied_digest || rows.items[i].outcome);
	return 0;
}

static int is_recorded(struct source *source, struct store *store, bool *ret, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_STORE *own = NULL;
	struct revision_row *last = NULL;
	if (!store && store_open(source_state_dir(source), STORE_READ_ONLY, &own, err) < 0) {
		if (err_kind_of(*err) != ERR_NOT_FOUND)
			return -1;
		err_free(err);
	}
	store = store ? store : own;
	if (store && store_revision_last(store, &arena, &last, err) < 0)
		return -1;
	*ret = last != NULL;
	return 0;
}

int known_root_check(struct source *source, struct store *store, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct source_roots roots;
	const char *here = source_subtree(source);
	bool recorded;
	/* Few repositories have several roots: what costs something is asked of those alone. */
	if (source_roots_other(source, &arena, &roots, err) < 0)
		return -1;
	if (!roots.count)
		return 0;
	if (is_recorded(source, store, &recorded, err) < 0)
		return -1;
	if (recorded)
		return 0;
	if (source_roots_find_gone(source, &roots, err) < 0)
		return -1;
	for (size_t i = 0; i < roots.count; i++) {
		const struct source_root *other = &roots.items[i];
		size_t living;
		if (!other->gone)
			continue;
		if (count_living(other, &living, err) < 0)
			return err_wrap(err, "look at the state of '%s'", other->path);
		if (living)
			return err_set(err, ERR_DENIED,
				"nothing is recorded for the spec root '%s', but %zu canvas%s for "
				"'%s', which HEAD does not have: if that is its old name, give it "
				"the state that is there (%s), or everything is made a second "
				"time; if it is another root, begin with `trueup reconcile "
				"--new-root`",
				*here ? here : ".", living, living == 1 ? "" : "es", other->path,
				known_root_move(source, other, &arena));
	}
	return 0;
}
