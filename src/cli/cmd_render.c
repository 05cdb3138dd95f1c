/* trueup render canvas/NAME [-o DIR] */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "format/yaml.h"
#include "reconcile/load.h"
#include "render/render.h"
#include "report/diag_print.h"
#include "store/operations.h"

#include <string.h>

struct recorded {
	struct store *store;
	struct arena *arena;
	struct diag_list *diags;
};

static const struct node *find_output(
	void *data, const char *canvas, const char *key, bool *ret_sensitive)
{
	const struct recorded *r = data;
	struct output_rows rows = {0};
	AUTO_ERR err = NULL;
	*ret_sensitive = false;
	const char *object = arena_printf(r->arena, "canvas/%s", canvas);
	if (!r->store || store_outputs(r->store, object, r->arena, &rows, &err) < 0)
		return NULL;
	for (size_t i = 0; i < rows.count; i++) {
		if (!str_eq(rows.items[i].name, key))
			continue;
		*ret_sensitive = rows.items[i].sensitive;
		const char *json = rows.items[i].value_json;
		if (!json)
			return NULL;
		struct src *src = arena_alloc(r->arena, sizeof *src);
		*src = (struct src){"output", json, strlen(json)};
		return json_parse(r->arena, src, r->diags);
	}
	return NULL;
}

static int write_files(const struct rendering *r, const char *dir, struct err **err)
{
	if (fs_mkdirs(dir, 0777, err) < 0)
		return -1;
	for (size_t i = 0; i < r->file_count; i++) {
		const struct render_file *f = &r->files[i];
		bool changed;
		AUTO_FREE char *path = path_join(dir, f->name);
		if (fs_write_if_changed(path, f->data, f->len, 0666, &changed, err) < 0)
			return -1;
	}
	return 0;
}

static void print_files(struct cli *cli, const struct rendering *r)
{
	for (size_t i = 0; i < r->file_count; i++)
		term_printf(cli->out, STYLE_PLAIN, "%s# %s\n\n%s", i ? "\n" : "", r->files[i].name,
			r->files[i].data);
}

static void note_missing(struct cli *cli, const struct rendering *r)
{
	for (size_t i = 0; i < r->missing_count; i++)
		term_note(cli->errout,
			"canvas/%s/%s is not recorded yet: known_after_apply stands for it",
			r->missing[i].canvas, r->missing[i].key);
}

static const struct spec *find_canvas(struct load *l, const char *name, struct err **err)
{
	const struct spec *spec = str_starts(name, "canvas/") ? load_spec(l, name) : NULL;
	if (!spec)
		err_set(err, ERR_NOT_FOUND,
			"there is no %s here: name a canvas as canvas/NAME; `trueup plan "
			"--spec-only` lists them",
			name);
	return spec;
}

static int render(struct cli *cli, struct load *l, struct render_types *types,
	const struct spec *spec, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	struct recorded recorded = {l->session->store, &arena, &diags};
	const struct spec *role = load_role_of(l, spec);
	const struct render_input input = {
		.name = spec->name,
		.canvas = spec->canvas,
		.role = role ? role->role : NULL,
		.config = l->config,
		.repository = l->session->repository,
		.pos = spec->name_pos,
		.output = find_output,
		.output_data = &recorded,
	};
	struct rendering r;
	if (render_canvas(types, &input, &arena, &r, &diags) < 0) {
		diag_print(cli->errout, "text", "render", &diags);
		return CLI_SPECS;
	}
	const char *dir = opt_text(cli->opts, "out");
	if (!dir)
		print_files(cli, &r);
	else if (write_files(&r, dir, err) < 0)
		return -1;
	note_missing(cli, &r);
	return CLI_DONE;
}

static int run(struct cli *cli, struct err **err)
{
	const struct opts *o = cli->opts;
	const struct session_options options = {
		.dir = operand(o, 1) ? operand(o, 1) : ".",
		.state_dir = cli->state_dir,
		.flags = SESSION_READ,
		.what = "render",
	};
	AUTO_SESSION session = SESSION_NONE;
	AUTO_LOAD l = {0};
	AUTO_DIAGS internal = {0};
	struct render_types *types = render_types_load(&internal);
	if (!types)
		return err_set(err, ERR_INTERNAL, "%s", internal.items[0].message);
	int result = -1;
	const unsigned flags = LOAD_ALL | (opt_flag(o, "worktree") ? LOAD_WORKTREE : 0);
	if (session_open(&options, &session, err) == 0 &&
		load_open(&session, types, opt_text(o, "rev"), flags, &l, err) == 0) {
		const struct spec *spec = NULL;
		if (l.diags.errors) {
			diag_print(cli->errout, "text", "render", &l.diags);
			result = CLI_SPECS;
		} else if ((spec = find_canvas(&l, operand(o, 0), err))) {
			result = render(cli, &l, types, spec, err);
		}
	}
	load_close(&l);
	render_types_free(types);
	return result;
}

const struct command cmd_render = {
	.name = "render",
	.summary = "print the Terraform files of a canvas",
	.operands = "canvas/NAME [DIR]",
	.min_operands = 1,
	.max_operands = 2,
	.operand_kind = OPERAND_OBJECT,
	.formats = "text",
	.description =
		(const char *const[]){
			"Renders the canvas of the specs in DIR (default: the current folder) at "
			"HEAD: one file a node, and network, provider, variables and outputs. The "
			"same canvas gives the same bytes, and these are the files that a plan is "
			"made from.",
			"Values of other canvases that are not recorded yet are printed as "
			"known_after_apply. Secrets are variables: their values are not looked at.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "out",
				.letter = 'o',
				.type = OPT_TEXT,
				.arg = "FOLDER",
				.help = "write the files into FOLDER instead of printing them"},
			{.name = "rev",
				.type = OPT_TEXT,
				.arg = "REV",
				.help = "render this revision instead of HEAD"},
			{.name = "worktree",
				.type = OPT_FLAG,
				.help = "render the files as they lie on disk, uncommitted edits "
					"included"},
			{0}},
	.exits = (const struct exit_doc[]){{CLI_SPECS, "the specs are invalid"}, {0}},
	.examples = (const struct example_doc[]){{"trueup render canvas/shop",
							 "What would Terraform be given?"},
		{"trueup render canvas/shop -o build/shop", "The same as files, for other tools."},
		{0}},
	.run = run,
};
