/* trueup runbook run NAME */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/runbook_files.h"
#include "cli/runbook_front.h"
#include "cli/runbook_token.h"
#include "cli/signals.h"
#include "runbook/call.h"

#include <stdio.h>
#include <stdlib.h>

extern char **environ;

/* ---- inside of another run ---- */

static void print_frame(void *data, enum call_frame kind, const char *text, size_t len)
{
	struct cli *cli = data;
	struct term *t = kind == CALL_OUT ? cli->out : cli->errout;
	/* It was made harmless by who sent it. */
	term_write(t, text, len);
	(void)fflush(t->file);
}

/* What is ours in the script's environment is nothing for the child. */
static const char *const *script_environment(struct arena *arena)
{
	size_t count = 0, n = 0;
	while (environ[count])
		count++;
	const char **list = arena_array(arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++)
		if (!str_starts(environ[i], "TRUEUP_") && !str_starts(environ[i], "RUNBOOK_"))
			list[n++] = environ[i];
	return list;
}

/* References to our own environment mean that of the script. */
static int resolve_own(struct given_vars *vars, struct err **err)
{
	for (size_t i = 0; i < vars->count; i++) {
		struct given_var *var = &vars->items[i];
		if (var->kind != VALUE_FROM_ENV)
			continue;
		const char *value = getenv(var->value);
		if (!value)
			return err_set(err, ERR_INVALID,
				"no value for '%s': the environment variable %s is not set",
				var->name, var->value);
		var->value = value;
		var->kind = VALUE_PLAIN;
	}
	return 0;
}

static int call(struct cli *cli, const char *folder, struct arena *arena, struct given_vars *vars,
	struct err **err)
{
	const struct opts *o = cli->opts;
	const char *token = getenv(CALL_ENV_TOKEN);
	if (opt_given(o, "rev") || opt_given(o, "worktree"))
		return err_set(err, ERR_INVALID,
			"--rev and --worktree mean nothing inside of a run: the runbook is taken "
			"from where the calling one is");
	if (opt_given(o, "token-file"))
		return err_set(err, ERR_INVALID,
			"--token-file means nothing inside of a run: who runs it is who runs the "
			"calling one");
	if (resolve_own(vars, err) < 0)
		return -1;
	const struct call_request request = {
		.token = token ? token : "",
		.runbook = operand(o, 0),
		.role = opt_text(o, "as"),
		.vars = *vars,
		.environ = script_environment(arena),
		.mode = opt_flag(o, "dry-run") ? CALL_DRY_RUN
			: opt_flag(o, "check") ? CALL_CHECK
					       : CALL_RUN,
		.timeout_ms = opt_duration(o, "timeout"),
		.json = str_eq(cli->format, "json"),
		.quiet = cli->quiet,
		.verbose = cli->verbose,
	};
	int code;
	if (call_send(folder, &request, print_frame, cli, &code, err) < 0)
		return -1;
	return code;
}

/* ---- the command ---- */

static int take_token(
	struct cli *cli, struct arena *arena, struct runbook_request *request, struct err **err)
{
	const char *token = opt_text(cli->opts, "token-file");
	if (!token)
		return 0;
	if (request->role)
		return err_set(err, ERR_INVALID,
			"--as is for Roles; with --token-file the claims of the token count");
	return runbook_token_read(cli, token, opt_text(cli->opts, "config"), arena, request, err);
}

static int run_runbook(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct given_vars vars;
	const bool dry = opt_flag(cli->opts, "dry-run"), check = opt_flag(cli->opts, "check");
	const char *folder = getenv(CALL_ENV_FOLDER);
	if (runbook_variables_given(cli, &arena, &vars, err) < 0)
		return -1;
	if (folder)
		return call(cli, folder, &arena, &vars, err);
	const struct session_options open = {
		.dir = ".",
		.state_dir = cli->state_dir,
		.flags = SESSION_WRITE,
		.what = cli->command->name,
	};
	struct runbook_request request = {
		.runbook = operand(cli->opts, 0),
		.rev = opt_text(cli->opts, "rev"),
		.worktree = opt_flag(cli->opts, "worktree"),
		.vars = vars.items,
		.var_count = vars.count,
		.environ = (const char *const *)environ,
		.role = opt_text(cli->opts, "as"),
		.mode = dry     ? RUN_MODE_VALIDATE
			: check ? RUN_MODE_CHECK
				: RUN_MODE_RUN,
		.cause = RUN_BY_HAND,
		.timeout_ms = opt_duration(cli->opts, "timeout"),
	};
	if (take_token(cli, &arena, &request, err) < 0)
		return -1;
	request.interrupts = signals_catch(false);
	return runbook_front(cli, &open, &request, err);
}

const struct command cmd_runbook_run = {
	.name = "runbook run",
	.summary = "run a runbook's script, guarded and recorded",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_RUNBOOK,
	.description =
		(const char *const[]){
			"Runs the script of runbooks/NAME.md as it is committed, shut in as far "
			"as this machine allows (docs/isolation.md), shows what it prints, and "
			"records the run. Who may is decided by '# Required Claims' and the Roles "
			"as they were last reconciled; every refusal is recorded.",
			"Values of variables come from --env, --env-file and, for variables that "
			"the runbook declares, the environment of this command. --env "
			"'TOKEN={fromEnv: X}', '{fromFile: PATH}' (a file of the repository) and "
			"'{credential: NAME}' (of systemd's LoadCredential=) say where a secret is "
			"instead of showing it in the list of processes. Secrets are masked in "
			"everything that is shown or kept.",
			"A runbook with an approval waits (exit 4) for 'trueup approve "
			"runbook/NAME'; the same command again then runs it, once.",
			"With --token-file a JSON Web Token says who it is and what is claimed, "
			"instead of the Roles. Which tokens are believed stands in the server's "
			"file (`tokens:`, docs/runbooks.md) and never in the repository.",
			"Ctrl-C once ends the script in order; twice leaves at once.", NULL},
	.options = (const struct option_spec[]){RUNBOOK_VARIABLE_OPTIONS,
		{.name = "as",
			.type = OPT_TEXT,
			.arg = "ROLE",
			.help = "act in this role only, of which you are a member"},
		{.name = "token-file",
			.type = OPT_TEXT,
			.arg = "FILE",
			.help = "act by the claims of the token in FILE, which others may not "
				"read"},
		{.name = "config",
			.type = OPT_TEXT,
			.arg = "FILE",
			.fallback = "/etc/trueup/server.yaml",
			.help = "the server's file, which says what tokens are believed"},
		{.name = "dry-run",
			.letter = 'n',
			.type = OPT_FLAG,
			.help = "check claims, variables and inputs and show what would "
				"run"},
		{.name = "check",
			.type = OPT_FLAG,
			.help = "run it with DRY_RUN=1 and without a network"},
		{.name = "rev",
			.type = OPT_TEXT,
			.arg = "REV",
			.help = "the runbook of this revision instead of HEAD"},
		{.name = "worktree",
			.excludes = "rev",
			.type = OPT_FLAG,
			.help = "the file as it lies on disk; the claims of the committed "
				"one have to be met as well"},
		{.name = "timeout",
			.type = OPT_DURATION,
			.arg = "TIME",
			.help = "end an attempt after TIME, whatever the runbook says"},
		{0}},
	.exits = (const struct exit_doc[]){{0, "the script's exit code was 0"},
		{1, "the script failed, was ended, or could not be started"},
		{3, "the runbook, its variables or its inputs are wrong; nothing was run"},
		{4, "it waits for an approval, or was refused"}, {0}},
	.examples = (const struct example_doc[]){{"trueup runbook run DiskCheck -e HOST=web-1",
							 "Run it."},
		{"trueup runbook run PatchPrep -n --env-file prod.env", "Would it run, and what?"},
		{"trueup runbook run Deploy -e 'TOKEN={fromEnv: DEPLOY_TOKEN}' --as sre",
			"A secret that no list of processes shows."},
		{0}},
	.run = run_runbook,
};
