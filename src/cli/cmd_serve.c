/* trueup serve: the daemon. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "daemon/daemon.h"
#include "report/diag_print.h"

#include <errno.h>
#include <stdlib.h>

static void show(void *data, const struct diag_list *diags)
{
	struct cli *cli = data;
	diag_print(cli->errout, "text", "serve", diags);
}

static int run(struct cli *cli, struct err **err)
{
	const char *given = opt_text(cli->opts, "config");
	AUTO_FREE char *path = realpath(given, NULL);
	if (!path)
		return err_errno(err, errno, "read the server's file %s", given);
	const struct daemon_options options = {
		.config_path = path, .executable = cli->executable, .show = show, .data = cli};
	int code = CLI_DONE;
	return daemon_run(&options, &code, err) < 0 ? -1 : code;
}

const struct command cmd_serve = {
	.name = "serve",
	.summary = "serve repositories: webhooks, polling, schedules, drift",
	.description =
		(const char *const[]){
			"Serves the repositories that FILE names until it is told to stop: takes "
			"webhooks and looks for changes itself, reconciles branches, previews "
			"pull requests, keeps schedules, tries again what failed, and says on "
			"/healthz, /readyz and /metrics how it does. docs/daemon.md describes the "
			"file; `trueup explain server` its fields.",
			"SIGHUP reads FILE again; with mistakes in it the old configuration "
			"stays. SIGTERM stops: plans are put back, an apply comes to its end if "
			"it does within timeouts.stop. A second SIGTERM does not wait. What goes "
			"on then is taken over by the next server, or by the next `trueup "
			"reconcile`.",
			NULL},
	.options = (const struct option_spec[]){{.name = "config",
							.type = OPT_TEXT,
							.arg = "FILE",
							.fallback = "/etc/trueup/server.yaml",
							.help = "the server's own file"},
		{0}},
	.exits = (const struct exit_doc[]){{3, "the server's file has mistakes"}, {0}},
	.examples = (const struct example_doc[]){{"trueup serve --config server.yaml",
							 "Log on the terminal; Ctrl-C stops it."},
		{0}},
	.formats = "text",
	.run = run,
};
