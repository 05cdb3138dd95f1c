/*
 * trueup internal-pre-commit: what the hook of a working copy starts. It checks what is about to be
 * committed, which is the index and not the files: git itself writes it as a tree, because its
 * index has forms that only git reads, and the hook of `git commit -a` gets another one.
 */
#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/session.h"
#include "reconcile/load.h"
#include "report/diag_print.h"
#include "source/quarantine.h"

#include <unistd.h>

enum { GIT_LIMIT = 4096, GIT_TIMEOUT_MS = 60000 };

static int write_tree(struct str *out, struct err **err)
{
	AUTO_FREE char *git = fs_find_program("git");
	AUTO_STR said = STR_INIT;
	struct child_exit end;
	if (!git)
		return err_set(err, ERR_NOT_FOUND, "git is not on the PATH");
	const char *const argv[] = {git, "write-tree", NULL};
	const struct child_spec spec = {
		.argv = argv,
		.envp = (const char *const *)environ,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
	if (child_run(&spec, NULL, GIT_LIMIT, GIT_TIMEOUT_MS, out, &said, &end, err) < 0)
		return -1;
	while (out->len && out->data[out->len - 1] == '\n')
		str_truncate(out, out->len - 1);
	while (said.len && said.data[said.len - 1] == '\n')
		str_truncate(&said, said.len - 1);
	if (end.code != 0)
		return err_set(err, ERR_IO, "git write-tree: %s",
			said.len ? said.data : "failed without saying why");
	return 0;
}

/* Is any file that may be a spec different from HEAD's? Before the first commit all are. */
static int is_touched(struct session *s, const char *tree, bool *ret, struct err **err)
{
	AUTO_ARENA scratch = {0};
	AUTO_ERR none = NULL;
	struct source_rev head, next;
	struct source_changes changes;
	*ret = true;
	if (source_resolve(s->source, NULL, &head, &none) < 0)
		return 0;
	if (source_resolve_tree(s->source, tree, &next, err) < 0 ||
		source_diff(s->source, head.tree, next.tree, &load_spec_files, &scratch, &changes,
			err) < 0)
		return -1;
	*ret = changes.count > 0;
	return 0;
}

static int check(struct cli *cli, struct session *s, const char *tree, struct err **err)
{
	AUTO_DIAGS broken = {0};
	AUTO_LOAD load = {0};
	struct render_types *types = render_types_load(&broken);
	if (!types)
		return err_set(err, ERR_INTERNAL, "the built-in resource types are broken");
	const int rc = load_open(s, types, tree, LOAD_TREE, &load, err);
	if (rc == 0 && load.diags.count) {
		diag_print(cli->errout, "text", "validate", &load.diags);
		if (load.diags.errors)
			term_printf(cli->errout, STYLE_BOLD,
				"trueup: not committed; `git commit --no-verify` commits it "
				"as it is\n");
	}
	render_types_free(types);
	return rc < 0 ? -1 : load.diags.errors ? CLI_SPECS : CLI_DONE;
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_STR tree = STR_INIT;
	bool touched;
	if (write_tree(&tree, err) < 0 || cli_session(cli, NULL, SESSION_READ, &session, err) < 0 ||
		is_touched(&session, tree.data, &touched, err) < 0)
		return -1;
	return touched ? check(cli, &session, tree.data, err) : CLI_DONE;
}

const struct command cmd_internal_pre_commit = {
	.name = "internal-pre-commit",
	.summary = "check what is about to be committed; run by the hook that trueup installs",
	.formats = "text",
	.hidden = true,
	.run = run,
};
