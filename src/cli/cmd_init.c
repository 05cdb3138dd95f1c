/* trueup init [DIR]: a starting repository, or one more runbook. */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "format/node.h"
#include "reconcile/session.h"
#include "report/json.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char config_text[] =
	"# Settings of this repository; `trueup explain config` lists them all.\n"
	"apiVersion: trueup/v1\n"
	"kind: Config\n"
	"spec:\n"
	"  branch: main\n"
	"  apply: manual\n";

/* %s: the actor. */
static const char role_text[] =
	"# Who may do what; `trueup explain role` lists the fields.\n"
	"apiVersion: trueup/v1\n"
	"kind: Role\n"
	"metadata: {name: operators}\n"
	"spec:\n"
	"  description: May run the runbooks that ask for this role.\n"
	"  account: \"000000000000\"   # the AWS account that canvases of this role live in\n"
	"  region: eu-central-1\n"
	"  allowedServices: []\n"
	"  permissions: {deploy: true, manageRoles: true}\n"
	"  members:\n"
	"    - \"%s\"\n";

/* %s: the name, once. */
static const char runbook_text[] =
	"# %s\n"
	"Says what this is for, when to run it, and what to look at afterwards.\n"
	"\n"
	"# Environment Requirements\n"
	"```yaml\n"
	"MOUNT: File system to look at, such as /\n"
	"```\n"
	"\n"
	"# File System Requirements\n"
	"```yaml\n"
	"Input:\n"
	"```\n"
	"\n"
	"# Required Claims\n"
	"```yaml\n"
	"roles: operators\n"
	"```\n"
	"\n"
	"# Execution\n"
	"```yaml\n"
	"timeout: 10m\n"
	"network: none\n"
	"```\n"
	"\n"
	"# Script\n"
	"```sh\n"
	"#!/bin/zsh\n"
	"set -eu\n"
	"if [[ ${DRY_RUN:-} == 1 ]]; then\n"
	"\techo \"would look at $MOUNT\"\n"
	"\texit 0\n"
	"fi\n"
	"df -h -- \"$MOUNT\"\n"
	"```\n"
	"\n"
	"# History\n";

struct init {
	struct cli *cli;
	const char *dir;
	struct arena arena;
	struct node *made, *kept; /* lists of paths */
};

/* What is there already stays as it is. */
static int write_new(struct init *init, const char *path, const char *text, struct err **err)
{
	AUTO_FREE char *full = path_join(init->dir, path);
	struct stat st;
	struct arena *a = &init->arena;
	if (lstat(full, &st) == 0) {
		node_seq_add(a, init->kept, node_new_string(a, arena_strdup(a, path)));
		return 0;
	}
	if (errno != ENOENT)
		return err_errno(err, errno, "look at %s", full);
	AUTO_FREE char *folder = xstrndup(full, (size_t)(strrchr(full, '/') - full));
	if (fs_mkdirs(folder, 0755, err) < 0 ||
		fs_write_atomic(full, text, strlen(text), 0644, err) < 0)
		return -1;
	node_seq_add(a, init->made, node_new_string(a, arena_strdup(a, path)));
	return 0;
}

static int write_runbook(struct init *init, const char *name, struct err **err)
{
	enum { NAME_MAX_LEN = 64 };
	static const char good[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	if (!*name || name[strspn(name, good)] || strlen(name) > NAME_MAX_LEN)
		return err_set(err, ERR_INVALID,
			"'%.64s' is no good name of a runbook: letters, digits, '-' and '_', as "
			"in DiskCheck",
			name);
	AUTO_FREE char *path = xasprintf("runbooks/%s.md", name);
	AUTO_STR text = STR_INIT;
	const char *hole = strstr(runbook_text, "%s");
	str_addn(&text, runbook_text, (size_t)(hole - runbook_text));
	str_addf(&text, "%s%s", name, hole + 2);
	return write_new(init, path, text.data, err);
}

static int write_repository(struct init *init, struct err **err)
{
	AUTO_FREE char *actor = session_actor();
	AUTO_STR role = STR_INIT;
	const char *hole = strstr(role_text, "%s");
	str_addn(&role, role_text, (size_t)(hole - role_text));
	str_addf(&role, "%s%s", actor, hole + 2);
	if (write_new(init, "trueup.yaml", config_text, err) < 0 ||
		write_new(init, "roles/operators.yaml", role.data, err) < 0)
		return -1;
	return write_runbook(init, "DiskCheck", err);
}

static void print_result(struct init *init)
{
	struct term *t = init->cli->out;
	if (str_eq(init->cli->format, "json")) {
		struct node *document = report_document(&init->arena, "init");
		node_map_set(&init->arena, document, "made", init->made);
		node_map_set(&init->arena, document, "kept", init->kept);
		report_print_json(t, document);
		return;
	}
	for (size_t i = 0; i < init->made->seq.count; i++)
		term_printf(t, STYLE_GREEN, "+ %s\n", init->made->seq.items[i]->text);
	for (size_t i = 0; i < init->kept->seq.count; i++)
		term_printf(
			t, STYLE_DIM, "= %s is there already\n", init->kept->seq.items[i]->text);
	if (!init->made->seq.count)
		return;
	AUTO_FREE char *git = path_join(init->dir, ".git");
	term_note(t, "next: `trueup validate`, %scommit, `trueup reconcile`",
		fs_exists(git) ? "" : "`git init -b main`, ");
}

static void release(struct init *init)
{
	arena_release(&init->arena);
}

static int run(struct cli *cli, struct err **err)
{
	CLEANUP(release) struct init init = {.cli = cli};
	const char *dir = operand(cli->opts, 0), *runbook = opt_text(cli->opts, "runbook");
	init.dir = dir ? dir : ".";
	init.made = node_new_seq(&init.arena);
	init.kept = node_new_seq(&init.arena);
	const int failed =
		runbook ? write_runbook(&init, runbook, err) : write_repository(&init, err);
	if (failed)
		return -1;
	print_result(&init);
	return CLI_DONE;
}

const struct command cmd_init = {
	.name = "init",
	.summary = "write a starting repository, or the template of a runbook",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"Writes trueup.yaml, a Role with you as its member and a runbook into DIR "
			"(default: the current folder), which is made. What is there already is "
			"never touched, and git is left alone.",
			NULL},
	.options = (const struct option_spec[]){{.name = "runbook",
							.type = OPT_TEXT,
							.arg = "NAME",
							.help = "only the template "
								"runbooks/NAME.md"},
		{0}},
	.examples =
		(const struct example_doc[]){
			{"trueup init ops", "A new folder with something to start from."},
			{"trueup init --runbook PatchPrep", "One more runbook here."}, {0}},
	.run = run,
};
