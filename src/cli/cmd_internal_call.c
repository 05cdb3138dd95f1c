/* trueup internal-call DIR: answers a script that runs another runbook; started by its supervisor.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/runbook_front.h"
#include "cli/signals.h"
#include "reconcile/runbook_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A stream whose bytes become frames (fopencookie(3)). */
struct sink {
	enum call_frame kind;
	bool *gone; /* who asked does not listen any more */
};

static ssize_t write_frame(void *cookie, const char *data, size_t len)
{
	const struct sink *sink = cookie;
	/* The run goes on, and its supervisor stops it with the script that asked. */
	if (!*sink->gone && !call_write(STDIN_FILENO, sink->kind, data, len))
		*sink->gone = true;
	return (ssize_t)len;
}

static FILE *open_sink(struct sink *sink)
{
	const cookie_io_functions_t functions = {.write = write_frame};
	return fopencookie(sink, "w", functions);
}

/* Secrets of the caller; a child that is given one has to mask it whatever it is called there. */
static const char *const *inherited_secrets(struct arena *arena)
{
	size_t count = 0, n = 0;
	while (environ[count])
		count++;
	const char **list = arena_array(arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++)
		if (str_starts(environ[i], RUN_MASK_PREFIX) && strchr(environ[i], '='))
			list[n++] = strchr(environ[i], '=') + 1;
	return list;
}

static int answer(struct cli *cli, struct arena *arena, struct err **err)
{
	struct call_request call;
	struct runbook_inherited from;
	if (call_read(STDIN_FILENO, arena, &call, err) < 0 ||
		runbook_call_accept(operand(cli->opts, 0), &call, arena, &from, err) < 0)
		return -1;
	cli->format = call.json ? "json" : "text";
	cli->verbose = call.verbose;
	cli->out->quiet = cli->errout->quiet = call.quiet;
	from.request.runbook = call.runbook;
	from.request.vars = call.vars.items;
	from.request.var_count = call.vars.count;
	from.request.environ = call.environ;
	from.request.mask = inherited_secrets(arena);
	from.request.interrupts = signals_catch(true);
	const struct session_options open = {
		.dir = from.spec_root,
		.state_dir = from.state_dir,
		.flags = SESSION_WRITE,
		.what = "runbook run",
	};
	return runbook_front(cli, &open, &from.request, err);
}

static void print_error(struct term *t, const struct err *err)
{
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	term_printf(t, STYLE_PLAIN, "trueup: %s\n", text.data);
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR why = NULL;
	bool gone = false;
	struct sink sinks[] = {{CALL_OUT, &gone}, {CALL_ERR, &gone}};
	FILE *out = open_sink(&sinks[0]), *errout = open_sink(&sinks[1]);
	struct term terms[2];
	struct cli inner = *cli;
	if (!out || !errout)
		return err_errno(err, errno, "open the streams of a call");
	term_init(&terms[0], out, false);
	term_init(&terms[1], errout, false);
	inner.out = &terms[0];
	inner.errout = &terms[1];
	const int result = answer(&inner, &arena, &why);
	if (result < 0)
		print_error(&terms[1], why);
	(void)fclose(out);
	(void)fclose(errout);
	const char code = (char)(result < 0 ? CLI_FAILED : result);
	(void)!call_write(STDIN_FILENO, CALL_EXIT, &code, 1);
	return CLI_DONE;
}

const struct command cmd_internal_call = {
	.name = CALL_COMMAND,
	.summary = "answer a script that runs a runbook; run by trueup itself",
	.operands = "DIR",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.hidden = true,
	.run = run,
};
