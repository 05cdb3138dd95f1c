#include "reconcile/rendered.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/outputs.h"
#include "reconcile/wanted_rev.h"

static int render(struct session *session, struct load *l, const struct rendered_options *options,
	struct rendered *ret, struct err **err)
{
	diag_append(&ret->diags, &l->diags);
	if (ret->diags.errors)
		return 0;
	const struct spec *spec = load_spec(l, options->key);
	if (!spec || spec->kind != KIND_CANVAS) {
		AUTO_STR names = STR_INIT;
		const char *const *keys = load_keys(l, KIND_CANVAS);
		for (size_t i = 0; keys[i]; i++)
			str_addf(&names, "%s%s", i ? ", " : "", keys[i]);
		return err_set(err, ERR_NOT_FOUND, "there is no %s here; the canvases are: %s",
			options->key, names.len ? names.data : "none");
	}
	const struct spec *role = load_role_of(l, spec);
	struct outputs outputs = {.store = session->store, .arena = &ret->arena};
	const struct render_input input = {
		.name = spec->name,
		.canvas = spec->canvas,
		.role = role ? role->role : NULL,
		.config = l->config,
		.repository = session->repository,
		.pos = spec->name_pos,
		.output = outputs_find,
		.output_data = &outputs,
	};
	/* Mistakes are in ret->diags, where the caller looks; a failure without one is ours. */
	if (render_canvas(l->types, &input, &ret->arena, &ret->rendering, &ret->diags) < 0 &&
		!ret->diags.errors)
		return err_set(err, ERR_INTERNAL, "%s was not rendered", options->key);
	return 0;
}

int rendered_open(struct session *session, const struct rendered_options *options,
	struct rendered *ret, struct err **err)
{
	*ret = (struct rendered){0};
	AUTO_LOAD load = {0};
	unsigned flags;
	if (wanted_rev_flags(session->source, options->rev, options->worktree, &flags, err) < 0)
		return -1;
	struct render_types *types = render_types_load(&ret->diags);
	if (!types)
		return 0;
	int result = load_open(session, types, options->rev, flags, &load, err);
	if (result == 0)
		result = render(session, &load, options, ret, err);
	load_close(&load);
	render_types_free(types);
	if (result < 0)
		rendered_close(ret);
	return result;
}

void rendered_close(struct rendered *r)
{
	diag_list_release(&r->diags);
	arena_release(&r->arena);
	*r = (struct rendered){0};
}
