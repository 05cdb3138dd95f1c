/*
 * Running the pipeline for somebody at a terminal or in a script: signals become a count that the
 * pipeline looks at, events are printed as they come, and a question is asked only when there is
 * somebody to answer.
 */
#include "cli/pipeline.h"

#include "base/err.h"
#include "base/str.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/plan_print.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct front {
	struct cli *cli;
	struct plan_listener printer;
	bool prints; /* text, as it happens */
};

static void on_event(void *data, const struct run_event *event)
{
	struct front *front = data;
	if (front->prints)
		plan_listen(&front->printer, event);
}

/* Is it "y" or "yes", in any case, and nothing else? */
static bool is_yes(const char *line)
{
	line += strspn(line, " \t");
	size_t len = strcspn(line, "\r\n");
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return (len == 1 && strncasecmp(line, "y", len) == 0) ||
	       (len == 3 && strncasecmp(line, "yes", len) == 0);
}

bool pipeline_read_answer(int fd, bool *ret_yes)
{
	char line[64] = "";
	size_t len = 0;
	*ret_yes = false;
	/* read() and not stdio: Ctrl-C has to end it, and what follows belongs to others. */
	while (len < sizeof line - 1 && !memchr(line, '\n', len)) {
		const ssize_t n = read(fd, line + len, sizeof line - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
	}
	*ret_yes = memchr(line, '\n', len) && is_yes(line);
	return true;
}

static bool ask(void *data, const struct object_outcome *const *planned, size_t count)
{
	struct front *front = data;
	struct term *t = front->cli->errout;
	term_progress_clear(t);
	if (count == 1)
		term_printf(t, STYLE_BOLD, "Apply the plan of %s? [y/N] ", planned[0]->key);
	else
		term_printf(t, STYLE_BOLD, "Apply these %zu plans? [y/N] ", count);
	(void)fflush(t->file);
	bool yes = false;
	if (!pipeline_read_answer(STDIN_FILENO, &yes))
		term_newline(t);
	return yes;
}

static int print_result(struct front *front, const struct run_outcome *outcome)
{
	struct cli *cli = front->cli;
	if (!front->prints) {
		AUTO_ARENA arena = {0};
		struct node *document = report_document(&arena, outcome->command);
		plan_to_node(&arena, document, outcome);
		report_print_json(cli->out, document);
		return outcome->exit_code;
	}
	if (outcome->diags && outcome->diags->count)
		diag_print(cli->errout, "text", outcome->command, outcome->diags);
	if (outcome->exit_code != CLI_SPECS)
		plan_print_summary(cli->out, outcome);
	return outcome->exit_code;
}

static bool changes_pending(const struct run_outcome *outcome)
{
	for (size_t i = 0; i < outcome->object_count; i++)
		if (outcome->objects[i].status == OBJECT_PENDING ||
			outcome->objects[i].status == OBJECT_PLANNED)
			return true;
	return false;
}

extern char **environ;

static int run_in_session(struct cli *cli, struct session *session, struct run_options *options,
	bool detached, bool *ret_pending, struct err **err)
{
	struct front front = {
		.cli = cli,
		.prints = str_eq(cli->format, "text"),
		.printer = {.out = cli->out,
			.progress = cli->errout,
			.verbose = detached || cli->verbose > 0},
	};
	options->interrupts = signals_catch(detached);
	options->environ = (const char *const *)environ;
	options->listener = on_event;
	options->data = &front;
	options->notice = cli->errout->tty;
	if (options->stop == RUN_STOP_NEVER && !options->auto_approve && front.prints &&
		!detached && isatty(STDIN_FILENO) && cli->errout->tty)
		options->ask = ask;
	AUTO_RUN run = NULL;
	if (run_pipeline(session, options, &run, err) < 0)
		return -1;
	const struct run_outcome *outcome = run_result(run);
	*ret_pending = changes_pending(outcome);
	return print_result(&front, outcome);
}

int pipeline_in_session(struct cli *cli, struct session *session, struct run_options *options,
	bool detached, struct err **err)
{
	bool pending;
	return run_in_session(cli, session, options, detached, &pending, err);
}

int pipeline_command(
	struct cli *cli, const char *dir, struct run_options *options, struct err **err)
{
	const unsigned flags =
		(options->stop == RUN_STOP_SPEC ? SESSION_READ | SESSION_STRICT : SESSION_LOCK) |
		(options->new_root ? SESSION_NEW_ROOT : 0);
	AUTO_SESSION session = SESSION_NONE;
	if (cli_session(cli, dir, flags, &session, err) < 0)
		return -1;
	bool pending;
	const int code = run_in_session(cli, &session, options, false, &pending, err);
	if (code == CLI_DONE && pending && opt_flag(cli->opts, "detailed-exitcode"))
		return CLI_CHANGES;
	return code;
}
