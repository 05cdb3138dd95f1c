/*
 * What a canvas is worked with. To create or change it that is what the revision says; to destroy
 * it, what was recorded when it was last applied, because spec, role and files may have left the
 * repository in the same commit.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/outputs.h"
#include "reconcile/run_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 16 * 1024 * 1024, SECRET_MAX = 64 * 1024 };

char *outcome_rendered_dir(const struct session *session, const char *plan_id)
{
	return xasprintf("%s/rendered/%s", session->state_dir, plan_id);
}

char *outcome_applied_dir(const struct session *session, const char *born)
{
	return xasprintf("%s/applied/%s", session->state_dir, born);
}

static struct render_input make_input(
	struct run *run, const struct item *item, struct outputs *outputs)
{
	return (struct render_input){
		.name = item->name,
		.born = item->born,
		.canvas = item->canvas,
		.role = item->role,
		.config = run->load.config,
		.repository = run->session->repository,
		.pos = item->desired ? item->desired->name_pos : (struct pos){0},
		.output = outputs_find,
		.output_data = outputs,
	};
}

/* --- secrets ------------------------------------------------------------------------------ */

static const char *environment_value(const char *const *variables, const char *name)
{
	const size_t len = strlen(name);
	for (; variables && *variables; variables++)
		if (strncmp(*variables, name, len) == 0 && (*variables)[len] == '=')
			return *variables + len + 1;
	return NULL;
}

/* The value of a variable, in the arena; NULL with *ret_why when it is not to be had. */
static const char *variable_value(
	struct run *run, const struct render_variable *v, const char **ret_why)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	struct load *l = &run->load;
	switch (v->source) {
	case VARIABLE_ENV: {
		const char *value = environment_value(run->options->environ, v->text);
		if (!value)
			*ret_why = arena_printf(
				&run->arena, "the environment variable %s is not set", v->text);
		return value;
	}
	case VARIABLE_FILE: {
		struct source *s = l->session->source;
		const bool disk = source_kind(s) == SOURCE_FOLDER || l->flags & LOAD_WORKTREE;
		const int got =
			disk ? source_read_disk(s, v->text, SECRET_MAX, &text, &err)
			     : source_read_path(s, l->tree, v->text, SECRET_MAX, &text, &err);
		if (got == 0)
			return arena_memdup(&run->arena, text.data, text.len);
		AUTO_STR why = STR_INIT;
		err_format(err, &why);
		*ret_why = arena_printf(&run->arena, "cannot read %s: %s", v->text, why.data);
		return NULL;
	}
	case VARIABLE_CREDENTIAL:
		*ret_why = arena_printf(&run->arena,
			"the credential '%s' is not stored: use {fromEnv: NAME} or {fromFile: "
			"PATH}",
			v->text);
		return NULL;
	}
	return NULL;
}

/*
 * To destroy, terraform wants every declared variable and looks at none; where a value came from
 * may be gone.
 */
static void secrets_to_destroy(struct run *run, struct item *item)
{
	const struct hcl_blocks *blocks = &item->rendering.blocks;
	item->secrets = arena_array(&run->arena, blocks->count, sizeof *item->secrets);
	item->secret_count = 0;
	for (size_t i = 0; i < blocks->count; i++)
		if (str_eq(blocks->items[i].type, "variable") && blocks->items[i].labels[0])
			item->secrets[item->secret_count++] = (struct engine_variable){
				blocks->items[i].labels[0], "not-needed-to-destroy"};
}

/* False (and the item waits) when one is missing. */
bool item_secrets(struct run *run, struct item *item)
{
	if (!item->desired) {
		secrets_to_destroy(run, item);
		return true;
	}
	const struct rendering *r = &item->rendering;
	item->secrets = arena_array(&run->arena, r->variable_count, sizeof *item->secrets);
	item->secret_count = 0;
	for (size_t i = 0; i < r->variable_count; i++) {
		const char *why = NULL;
		const char *value = variable_value(run, &r->variables[i], &why);
		if (!value) {
			item_status(run, item, OBJECT_WAITING, "%s", why);
			return false;
		}
		(void)masker_add(run->masker, value);
		item->secrets[item->secret_count++] =
			(struct engine_variable){r->variables[i].name, value};
	}
	return true;
}

/* --- the desired side --------------------------------------------------------------------- */

/* What is wrong, and where, for one line of a report. */
static const char *first_error(struct arena *arena, const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		if (d->severity != SEVERITY_ERROR)
			continue;
		return d->path && d->line ? arena_printf(arena, "%s:%u:%u: %s", d->path,
						    (unsigned)d->line, (unsigned)d->col, d->message)
					  : arena_strdup(arena, d->message);
	}
	return "no reason was given";
}

void item_use_desired(struct run *run, struct item *item)
{
	const struct spec *spec = item->desired;
	item->canvas = spec->canvas;
	item->approval = past_approval(&item->past, &spec->canvas->approval, &run->arena);
	item->labels = spec->labels;
	item->label_count = spec->label_count;
	item->engine = run_engine(run, spec->canvas->engine);
	item->waits_for = spec_waits_for(&run->arena, spec);
	const struct spec *role = load_role_of(&run->load, spec);
	item->role = role ? role->role : NULL;
	item->role_name = role ? role->name : spec->canvas->role.text;

	struct outputs outputs = {run->session->store, &run->arena, node_new_map(&run->arena)};
	const struct render_input input = make_input(run, item, &outputs);
	AUTO_DIAGS diags = {0};
	/* Only recorded values can make it so now: what the spec itself says was checked. */
	if (render_canvas(run->types, &input, &run->arena, &item->rendering, &diags) < 0)
		item->problem = arena_concat(&run->arena,
			"cannot be rendered: ", first_error(&run->arena, &diags), NULL);
	item->rendered = !item->problem;
	const struct spec_digest_input digest = {
		.spec = spec,
		.role = item->role,
		.config = run->load.config,
		.outputs = outputs.used,
		.renderer = RENDER_VERSION,
	};
	spec_digest(&digest, item->digest);
}

/* --- the recorded side -------------------------------------------------------------------- */

/* Terraform files in a folder; none when it is not there. */
static int read_files(struct run *run, const char *dir, struct render_file **ret_files,
	size_t *ret_count, struct err **err)
{
	DIR *d = opendir(dir);
	size_t count = 0, cap = 0;
	struct render_file *files = NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!str_ends(e->d_name, ".tf"))
			continue;
		AUTO_FREE char *path = path_join(dir, e->d_name);
		AUTO_STR text = STR_INIT;
		if (fs_read(path, FILE_MAX, &text, err) < 0) {
			(void)closedir(d);
			return -1;
		}
		files = arena_grow(&run->arena, files, count, &cap, sizeof *files);
		files[count++] = (struct render_file){
			.name = arena_strdup(&run->arena, e->d_name),
			.data = arena_memdup(&run->arena, text.data, text.len),
			.len = text.len,
		};
	}
	if (d)
		(void)closedir(d);
	*ret_files = files;
	*ret_count = count;
	return 0;
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct render_file *)a)->name, ((const struct render_file *)b)->name);
}

/* The rendering that was last applied; *ret_found false when there is none. */
static int read_applied(struct run *run, const struct item *item, struct rendering *ret,
	bool *ret_found, struct err **err)
{
	AUTO_FREE char *dir = outcome_applied_dir(run->session, item->born);
	struct render_file *files = NULL;
	size_t count = 0;
	*ret_found = false;
	if (read_files(run, dir, &files, &count, err) < 0)
		return -1;
	if (!count)
		return 0;
	qsort(files, count, sizeof *files, compare_files);
	*ret_found = true;
	return rendering_from_files(files, count, &run->arena, ret, err);
}

int item_use_recorded(struct run *run, struct item *item, struct err **err)
{
	const struct object_row *row = item->row;
	const struct node *doc =
		item->past.spec ? item->past.spec : recorded_json(&run->arena, row->spec_json);
	const struct spec *spec = recorded_spec(&run->arena, doc);
	if (!spec || spec->kind != KIND_CANVAS)
		return err_set(
			err, ERR_CORRUPT, "the recorded spec of %s cannot be read", item->key);
	const struct spec *role = recorded_spec(&run->arena, node_get(item->past.side, "role"));
	item->canvas = spec->canvas;
	item->approval = past_approval(&item->past, &spec->canvas->approval, &run->arena);
	item->labels = spec->labels;
	item->label_count = spec->label_count;
	item->role_name = spec->canvas->role.text;
	item->role = role ? role->role : NULL;
	if (role)
		item->role_name = role->name;
	item->engine = run_engine(run, spec->canvas->engine);
	bool found = false;
	if (read_applied(run, item, &item->rendering, &found, err) < 0)
		return -1;
	if (!found) {
		struct outputs outputs = {run->session->store, &run->arena, NULL};
		const struct render_input input = make_input(run, item, &outputs);
		AUTO_DIAGS diags = {0};
		if (render_canvas(run->types, &input, &run->arena, &item->rendering, &diags) < 0)
			return err_set(err, ERR_INVALID, "render the recorded %s: %s", item->key,
				first_error(&run->arena, &diags));
	}
	item->rendered = true;
	return 0;
}

/* --- preview ------------------------------------------------------------------------------ */

static enum change_kind kind_of(enum preview_action action)
{
	switch (action) {
	case PREVIEW_CREATE:
		return CHANGE_CREATE;
	case PREVIEW_REPLACE:
		return CHANGE_REPLACE;
	case PREVIEW_DESTROY:
		return CHANGE_DESTROY;
	case PREVIEW_UPDATE:
		break;
	}
	return CHANGE_UPDATE;
}

static void convert_preview(const struct preview *p, struct arena *arena, struct change_set *ret)
{
	struct change *items = arena_array(arena, p->count, sizeof *items);
	for (size_t i = 0; i < p->count; i++) {
		const struct preview_change *c = &p->changes[i];
		struct change_attr *attrs = arena_array(arena, c->attr_count, sizeof *attrs);
		for (size_t k = 0; k < c->attr_count; k++)
			attrs[k] = (struct change_attr){c->attrs[k].path, c->attrs[k].before,
				c->attrs[k].after, c->attrs[k].forces_replacement};
		items[i] = (struct change){
			kind_of(c->action), c->address, c->type, attrs, c->attr_count, c->why};
	}
	*ret = (struct change_set){items, p->count, p->create, p->update, p->replace, p->destroy};
}

int item_preview(struct run *run, struct item *item, struct err **err)
{
	const bool destroys = item->decision.action == PLAN_DESTROY;
	struct rendering applied;
	bool found = false;
	/* Files of an attempt that failed say what was wanted, not what there is. */
	const bool was_applied = item->row && item->row->applied_digest;
	if (!destroys && was_applied && read_applied(run, item, &applied, &found, err) < 0)
		return -1;
	const struct rendering *before = destroys ? &item->rendering : found ? &applied : NULL;
	const struct rendering *after = destroys ? NULL : &item->rendering;
	struct preview preview;
	render_preview(run->types, before, after, &run->arena, &preview);
	item->lost_key = (struct render_lost_key){0};
	if (before && after)
		item->lost_key = render_find_lost_key(before, after);
	convert_preview(&preview, &run->arena, &item->out.preview);
	item->out.has_preview = true;
	if (item->out.action == PLAN_UPDATE && item->out.preview.replace)
		item->out.action = PLAN_REPLACE;
	return 0;
}

void item_target(
	struct run *run, const struct item *item, struct arena *arena, struct engine_target *ret)
{
	const struct rendering *r = &item->rendering;
	struct engine_file *files = arena_array(arena, r->file_count, sizeof *files);
	for (size_t i = 0; i < r->file_count; i++)
		files[i] =
			(struct engine_file){r->files[i].name, r->files[i].data, r->files[i].len};
	*ret = (struct engine_target){
		.state_dir = run->session->state_dir,
		.name = item->born,
		.region = item->canvas->region.text,
		.config = run->load.config,
		.role = item->role,
		.files = files,
		.file_count = r->file_count,
		.secrets = item->secrets,
		.secret_count = item->secret_count,
		.environ = run->options->environ,
		.masker = run->masker,
	};
}
