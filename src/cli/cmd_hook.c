/* trueup hook install, remove, status: git hooks of a repository. */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/command.h"
#include "report/json.h"
#include "report/table.h"
#include "source/hooks.h"

#include <stdlib.h>

struct target {
	struct source *source;
	char *folder; /* of the hooks */
	bool shared; /* it serves other repositories too */
	char *state_dir; /* full path; NULL: the default */
	enum hook_kind kinds[HOOK_COUNT];
	size_t count;
	bool bare;
	struct hook_program program;
};

static void target_release(struct target *t)
{
	source_close(&t->source);
	free(t->folder);
	free(t->state_dir);
}

static int open_target(struct cli *cli, struct target *ret, struct err **err)
{
	const char *dir = operand(cli->opts, 0) ? operand(cli->opts, 0) : ".";
	if (source_open(dir, NULL, &ret->source, err) < 0)
		return -1;
	if (source_kind(ret->source) != SOURCE_GIT)
		return err_set(err, ERR_INVALID, "%s is not in a git repository", dir);
	if (!cli->executable)
		return err_set(err, ERR_INTERNAL, "the kernel does not tell where trueup lies");
	if (hooks_folder(ret->source, &ret->folder, &ret->shared, err) < 0)
		return -1;
	if (cli->state_dir) {
		ret->state_dir = realpath(cli->state_dir, NULL);
		if (!ret->state_dir)
			return err_set(err, ERR_NOT_FOUND, "there is no folder %s: make it first",
				cli->state_dir);
	}
	ret->program =
		(struct hook_program){cli->executable, ret->state_dir, source_subtree(ret->source)};
	ret->bare = !source_dir(ret->source);
	if (ret->bare) {
		ret->kinds[ret->count++] = HOOK_PRE_RECEIVE;
		ret->kinds[ret->count++] = HOOK_POST_RECEIVE;
	} else {
		ret->kinds[ret->count++] = HOOK_PRE_COMMIT;
	}
	return 0;
}

static const char *change_word(enum hook_change change)
{
	static const char *const words[] = {
		[HOOK_LEFT] = "unchanged",
		[HOOK_WRITTEN] = "installed",
		[HOOK_RENEWED] = "renewed",
		[HOOK_CHAINED] = "chained",
		[HOOK_TAKEN_AWAY] = "removed",
		[HOOK_PUT_BACK] = "restored",
	};
	return words[change];
}

static const char *state_word(const struct hook_status *s)
{
	switch (s->state) {
	case HOOK_NONE:
		return "none";
	case HOOK_OURS:
		return s->off ? "off" : "installed";
	case HOOK_OTHER_VERSION:
		return s->off ? "off" : "outdated";
	case HOOK_OTHER_ROOT:
		return s->off ? "off" : "other-root";
	case HOOK_FOREIGN:
		return "foreign";
	}
	return "none";
}

/* In arena, where it is not a constant. */
static const char *state_note(struct arena *arena, const struct hook_status *s)
{
	const bool ours = s->state == HOOK_OURS || s->state == HOOK_OTHER_VERSION;
	if (s->state == HOOK_OTHER_ROOT)
		return arena_printf(arena,
			"checks the spec root '%s' and not this one: `trueup hook remove` first",
			*s->root ? s->root : ".");
	if (ours && s->off)
		return "the file is not executable, so git does not run it: `trueup hook install`";
	if (s->state == HOOK_OTHER_VERSION)
		return "written by or for another trueup: `trueup hook install` renews it";
	if (s->state == HOOK_FOREIGN)
		return "somebody else's: `trueup hook install` keeps it and asks it first";
	if (s->state == HOOK_NONE)
		return "`trueup hook install` puts it there";
	return s->chained ? "after the hook that was there before" : "";
}

/* What is there, and what was done to it. */
struct line {
	struct hook_status status;
	enum hook_change change;
};

struct lines {
	struct line items[HOOK_COUNT];
};

static void lines_release(struct lines *l)
{
	for (size_t i = 0; i < HOOK_COUNT; i++)
		hook_status_release(&l->items[i].status);
}

static void print_text(struct cli *cli, const struct target *t, const struct line *lines, bool did)
{
	AUTO_ARENA arena = {0};
	AUTO_TABLE table = table_new(3);
	term_printf(cli->out, STYLE_BOLD, "%s\n", t->folder);
	for (size_t i = 0; i < t->count; i++) {
		const struct line *l = &lines[i];
		const char *word = did ? change_word(l->change) : state_word(&l->status);
		const char *note = did && l->status.state == HOOK_FOREIGN
					   ? "this is somebody else's hook and stays as it is"
				   : did && l->status.state == HOOK_NONE
					   ? ""
					   : state_note(&arena, &l->status);
		table_cell(table, STYLE_PLAIN, hook_name(t->kinds[i]));
		table_cell(table, STYLE_PLAIN, word);
		table_cell(table, STYLE_DIM, note);
		table_end_row(table);
	}
	table_print(table, cli->out, 2);
}

static void print_json(struct cli *cli, const struct target *t, const struct line *lines, bool did)
{
	AUTO_ARENA arena = {0};
	struct node *doc = report_document(&arena, cli->command->name);
	struct node *list = node_new_seq(&arena);
	report_set_text(&arena, doc, "folder", t->folder);
	for (size_t i = 0; i < t->count; i++) {
		struct node *n = node_new_map(&arena);
		report_set_text(&arena, n, "hook", hook_name(t->kinds[i]));
		report_set_text(&arena, n, "state", state_word(&lines[i].status));
		report_set_text(&arena, n, "root", lines[i].status.root);
		node_map_set(&arena, n, "chained", node_new_bool(&arena, lines[i].status.chained));
		if (did)
			report_set_text(&arena, n, "result", change_word(lines[i].change));
		node_seq_add(&arena, list, n);
	}
	node_map_set(&arena, doc, "hooks", list);
	report_print_json(cli->out, doc);
}

static int report(
	struct cli *cli, const struct target *t, struct line *lines, bool did, struct err **err)
{
	for (size_t i = 0; i < t->count; i++)
		if (hook_look(t->folder, t->kinds[i], &t->program, &lines[i].status, err) < 0)
			return -1;
	(cli->format[0] == 't' ? print_text : print_json)(cli, t, lines, did);
	return CLI_DONE;
}

static int check_shared(struct cli *cli, const struct target *t, struct err **err)
{
	if (!t->shared || opt_flag(cli->opts, "shared"))
		return 0;
	return err_set(err, ERR_INVALID,
		"core.hooksPath is set for all repositories, to %s: give this one hooks of its own "
		"(git config core.hooksPath hooks), or mean all of them with --shared",
		t->folder);
}

static int run_install(struct cli *cli, struct err **err)
{
	CLEANUP(target_release) struct target t = {0};
	CLEANUP(lines_release) struct lines lines = {0};
	bool options = false;
	if (open_target(cli, &t, err) < 0 || check_shared(cli, &t, err) < 0)
		return -1;
	for (size_t i = 0; i < t.count; i++)
		if (hook_install(t.folder, t.kinds[i], &t.program, &lines.items[i].change, err) < 0)
			return -1;
	if (t.bare && hooks_offer_options(t.source, true, &options, err) < 0)
		return -1;
	if (report(cli, &t, lines.items, true, err) < 0)
		return -1;
	if (options && cli->format[0] == 't')
		term_note(cli->out,
			"receive.advertisePushOptions is on: pushers may say -o trueup.skip");
	return CLI_DONE;
}

static int run_remove(struct cli *cli, struct err **err)
{
	CLEANUP(target_release) struct target t = {0};
	CLEANUP(lines_release) struct lines lines = {0};
	bool options;
	if (open_target(cli, &t, err) < 0 || check_shared(cli, &t, err) < 0)
		return -1;
	for (size_t i = 0; i < t.count; i++)
		if (hook_remove(t.folder, t.kinds[i], &lines.items[i].change, err) < 0)
			return -1;
	if (hooks_offer_options(t.source, false, &options, err) < 0)
		return -1;
	return report(cli, &t, lines.items, true, err);
}

static int run_status(struct cli *cli, struct err **err)
{
	CLEANUP(target_release) struct target t = {0};
	CLEANUP(lines_release) struct lines lines = {0};
	if (open_target(cli, &t, err) < 0)
		return -1;
	return report(cli, &t, lines.items, false, err);
}

static const struct option_spec options[] = {
	{.name = "shared",
		.type = OPT_FLAG,
		.help = "also where core.hooksPath serves other repositories"},
	{0},
};

const struct command cmd_hook_install = {
	.name = "hook install",
	.summary = "let a repository check and reconcile what is pushed to it",
	.operands = "[REPO]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"In a bare repository: pre-receive refuses a push with invalid specs or "
			"with a literal secret and shows the pusher why; post-receive reconciles "
			"Config's branch and shows the pusher the plan, the progress and the "
			"result. In a working copy: pre-commit checks what is about to be "
			"committed; it checks one spec root, and is refused where the hook "
			"checks another.",
			"A hook that is there already is kept, as NAME.before-trueup, and asked "
			"first with the same input; when it refuses, the push is refused. Run it "
			"again after an upgrade or after trueup moved. core.hooksPath is "
			"obeyed.",
			"The hooks run as the user that receives the push. That user needs the "
			"engine on its PATH and credentials in its environment.",
			NULL},
	.options = options,
	.examples = (const struct example_doc[]){{"trueup hook install /srv/git/infra.git",
							 "On the server, as the user that owns "
							 "the repository."},
		{"trueup hook install", "Check each commit in this working copy."}, {0}},
	.run = run_install,
};

const struct command cmd_hook_remove = {
	.name = "hook remove",
	.summary = "take the hooks away again",
	.operands = "[REPO]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"Removes what `trueup hook install` wrote and puts back the hooks that "
			"were there before. Hooks of somebody else and everything that trueup "
			"recorded stay.",
			NULL},
	.options = options,
	.run = run_remove,
};

const struct command cmd_hook_status = {
	.name = "hook status",
	.summary = "show which hooks a repository has",
	.operands = "[REPO]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"For each hook: installed, none, foreign (somebody else's), outdated "
			"(written by or for another trueup), other-root (it checks another spec "
			"root of the same working copy), or off (not executable).",
			NULL},
	.run = run_status,
};
