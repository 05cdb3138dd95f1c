/* trueup render */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/options.h"
#include "cli/session.h"
#include "reconcile/rendered.h"
#include "report/diag_print.h"
#include "report/json.h"

static int write_files(const struct rendering *r, const char *dir, struct err **err)
{
	if (fs_mkdirs(dir, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < r->file_count; i++) {
		AUTO_FREE char *path = path_join(dir, r->files[i].name);
		if (fs_write_if_changed(path, r->files[i].data, r->files[i].len, 0644, NULL, err) <
			0)
			return -1;
	}
	return 0;
}

static void print_files(struct cli *cli, const struct rendering *r)
{
	for (size_t i = 0; i < r->file_count; i++) {
		term_printf(cli->out, STYLE_BOLD, "%s# %s\n", i ? "\n" : "", r->files[i].name);
		term_put(cli->out, STYLE_PLAIN, r->files[i].data);
	}
}

static void print_json(struct cli *cli, const char *key, const struct rendering *r)
{
	AUTO_ARENA arena = {0};
	struct node *doc = report_document(&arena, "render");
	report_set_text(&arena, doc, "object", key);
	report_set_text(&arena, doc, "digest", r->digest);
	struct node *files = node_new_map(&arena);
	for (size_t i = 0; i < r->file_count; i++)
		node_map_set(&arena, files, r->files[i].name,
			node_new_stringn(&arena, r->files[i].data, r->files[i].len));
	node_map_set(&arena, doc, "files", files);
	report_print_json(cli->out, doc);
}

static void note_missing(struct cli *cli, const struct rendering *r)
{
	for (size_t i = 0; i < r->missing_count; i++)
		term_note(cli->errout,
			"canvas/%s/%s is not recorded yet: known_after_apply stands for it",
			r->missing[i].canvas, r->missing[i].key);
}

/* Of every other command -o is the format. */
static int check_out(const char *dir, struct err **err)
{
	if (!dir || !words_have("text json", dir))
		return 0;
	return err_set(err, ERR_INVALID,
		"-o is the folder to write into: for the format say --output %s, for a folder of "
		"that name -o ./%s",
		dir, dir);
}

static int run(struct cli *cli, struct err **err)
{
	const struct opts *o = cli->opts;
	const char *dir = opt_text(o, "out");
	const struct rendered_options options = {
		.key = operand(o, 0),
		.rev = opt_text(o, "rev"),
		.worktree = opt_flag(o, "worktree"),
	};
	AUTO_SESSION session = SESSION_NONE;
	AUTO_RENDERED rendered = {0};
	if (check_out(dir, err) < 0)
		return -1;
	if (cli_session(cli, operand(o, 1), SESSION_READ, &session, err) < 0 ||
		rendered_open(&session, &options, &rendered, err) < 0)
		return -1;
	if (rendered.diags.errors) {
		diag_print(cli->errout, "text", "render", &rendered.diags);
		return CLI_SPECS;
	}
	if (dir && write_files(&rendered.rendering, dir, err) < 0)
		return -1;
	if (cli->format[0] != 't')
		print_json(cli, options.key, &rendered.rendering);
	else if (dir)
		term_note(cli->out, "%zu files in %s", rendered.rendering.file_count, dir);
	else
		print_files(cli, &rendered.rendering);
	note_missing(cli, &rendered.rendering);
	return CLI_DONE;
}

const struct command cmd_render = {
	.name = "render",
	.summary = "print the Terraform files of a canvas",
	.operands = "canvas/NAME [DIR]",
	.min_operands = 1,
	.max_operands = 2,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Renders the canvas of the specs in DIR (default: the current folder) at "
			"HEAD: one file a node, and network, provider, variables and outputs. The "
			"same canvas gives the same bytes, and these are the files that a plan is "
			"made from. No engine is started and nothing is recorded.",
			"Values of other canvases that are not recorded yet are printed as "
			"known_after_apply. Secrets are variables: their values are not looked at.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "out",
				.letter = 'o',
				.type = OPT_TEXT,
				.arg = "FOLDER",
				.help = "write the files into FOLDER instead of printing them; the "
					"format of the output is --output alone"},
			{.name = "rev",
				.type = OPT_TEXT,
				.arg = "REV",
				.help = "render this revision instead of HEAD"},
			{.name = "worktree",
				.excludes = "rev",
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
