/* trueup fmt [--check] [FILE...] */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "reconcile/worktree.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "spec/fmt.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fmt_run {
	struct cli *cli;
	struct worktree *worktree;
	struct arena *arena;
	bool check;
	struct node *changed, *left; /* lists of paths */
};

static bool is_text(const struct fmt_run *r)
{
	return str_eq(r->cli->format, "text");
}

static int write_back(struct fmt_run *r, const char *path, const struct str *text, struct err **err)
{
	AUTO_FREE char *full = path_join(source_dir(r->worktree->source), path);
	struct stat st;
	const mode_t mode = stat(full, &st) == 0 ? st.st_mode & 0777 : 0644;
	return fs_write_atomic(full, text->data, text->len, mode, err);
}

static int format_one(struct fmt_run *r, const char *path, struct err **err)
{
	AUTO_STR text = STR_INIT;
	const struct src *src;
	const char *why = NULL;
	if (worktree_read(r->worktree, path, &src, err) < 0)
		return -1;
	if (!src)
		return 0;
	const enum fmt_result result = spec_format(src, &text, &why, &r->worktree->diags);
	if (result == FMT_LEFT) {
		node_seq_add(r->arena, r->left, node_new_string(r->arena, path));
		if (is_text(r))
			term_note(r->cli->errout, "%s is left as it is: %s", path, why);
	}
	if (result != FMT_DONE || (text.len == src->len && !memcmp(text.data, src->data, text.len)))
		return 0;
	node_seq_add(r->arena, r->changed, node_new_string(r->arena, path));
	if (is_text(r))
		term_printf(r->cli->out, STYLE_PLAIN, "%s\n", path);
	return r->check ? 0 : write_back(r, path, &text, err);
}

/* A file that the user named, as a path below the spec root. NULL with *err set if it is none. */
static const char *below_root(struct fmt_run *r, const char *name, struct err **err)
{
	char full[PATH_MAX], root[PATH_MAX];
	const char *dir = source_dir(r->worktree->source);
	if (fs_is_dir(name)) {
		(void)err_set(err, ERR_INVALID,
			"%s is a folder: name the files in it, or none for every spec of the spec "
			"root",
			name);
		return NULL;
	}
	if (!realpath(name, full) || !realpath(dir, root)) {
		(void)err_errno(err, errno, "%s", name);
		return NULL;
	}
	const size_t len = strlen(root);
	if (strncmp(full, root, len) != 0 || full[len] != '/') {
		(void)err_set(err, ERR_INVALID, "%s is not below the spec root %s", name, root);
		return NULL;
	}
	return arena_strdup(r->arena, full + len + 1);
}

static int format_all(struct fmt_run *r, struct err **err)
{
	const size_t named = operand_count(r->cli->opts);
	for (size_t i = 0; i < named; i++) {
		const char *path = below_root(r, operand(r->cli->opts, i), err);
		if (!path || format_one(r, path, err) < 0)
			return -1;
	}
	for (size_t i = 0; named == 0 && i < r->worktree->path_count; i++) {
		const char *path = r->worktree->paths[i];
		if (spec_path_class(path) != SPEC_PATH_RUNBOOKS && format_one(r, path, err) < 0)
			return -1;
	}
	return 0;
}

static void print_result(struct fmt_run *r)
{
	struct diag_list *diags = &r->worktree->diags;
	diag_sort(diags);
	if (is_text(r)) {
		diag_print(r->cli->errout, "text", "fmt", diags);
		return;
	}
	struct node *document = report_document(r->arena, "fmt");
	node_map_set(r->arena, document, "changed", r->changed);
	node_map_set(r->arena, document, "left", r->left);
	node_map_set(r->arena, document, "diagnostics", diag_to_node(r->arena, diags));
	report_print_json(r->cli->out, document);
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_WORKTREE w = {0};
	AUTO_ARENA arena = {0};
	struct fmt_run r = {.cli = cli,
		.worktree = &w,
		.arena = &arena,
		.check = opt_flag(cli->opts, "check"),
		.changed = node_new_seq(&arena),
		.left = node_new_seq(&arena)};
	if (worktree_open(".", &w, err) < 0 || format_all(&r, err) < 0)
		return -1;
	print_result(&r);
	if (w.diags.errors)
		return CLI_SPECS;
	return r.check && r.changed->seq.count ? CLI_FAILED : CLI_DONE;
}

const struct command cmd_fmt = {
	.name = "fmt",
	.summary = "write specs in their canonical form",
	.operands = "[FILE...]",
	.max_operands = -1,
	.operand_kind = OPERAND_FILE,
	.description = (const char *const
			[]){"Rewrites specs with their keys in the documented order, two blanks of "
			    "indentation and quotes where a text needs them, and prints the names "
			    "of the "
			    "files that changed. Comments stay above or behind what they stood at. "
			    "Without "
			    "FILE: every spec of the spec root in the current folder.",
		"A file with mistakes is reported and not touched; one that uses anchors is left "
		"as it is. The bare JSON of a canvas gets its envelope.",
		NULL},
	.options =
		(const struct option_spec[]){
			{.name = "check",
				.type = OPT_FLAG,
				.help = "change nothing, exit 1 if a file would change"},
			{0}},
	.exits = (const struct exit_doc[]){{CLI_FAILED, "a file would change (with --check)"},
		{CLI_SPECS, "at least one file has mistakes"}, {0}},
	.examples = (const struct example_doc[]){{"trueup fmt", "Format every spec."},
		{"trueup fmt --check", "For a hook or CI: list what is not formatted."}, {0}},
	.run = run,
};
