/* trueup log: what an operation printed, masked. */
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/session.h"
#include "reconcile/follow.h"
#include "report/json.h"
#include "store/operations.h"

#include <string.h>

static void on_text(void *data, const char *text, size_t len)
{
	struct cli *cli = data;
	AUTO_STR copy = STR_INIT;
	str_addn(&copy, text, len);
	term_put(cli->out, STYLE_PLAIN, copy.data);
	(void)term_failed(cli->out);
}

static int print_json(struct cli *cli, const struct operation_row *op, const char *text)
{
	AUTO_ARENA arena = {0};
	struct node *doc = report_document(&arena, "log");
	report_set_text(&arena, doc, "operation", op->id);
	report_set_text(&arena, doc, "object", op->object_key);
	report_set_text(&arena, doc, "state", operation_state_name(op->state));
	report_set_text(&arena, doc, "error", op->error);
	report_set_text(&arena, doc, "log", text);
	report_print_json(cli->out, doc);
	return CLI_DONE;
}

static int run(struct cli *cli, struct err **err)
{
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	struct operation_row *op = NULL;
	const char *what = operand(cli->opts, 0);
	if (cli_session(cli, NULL, SESSION_READ, &session, err) < 0 ||
		follow_find(&session, what, &arena, &op, err) < 0)
		return -1;
	if (opt_flag(cli->opts, "follow"))
		return follow_operation(&session, op->id, on_text, cli, err) < 0 ? -1 : CLI_DONE;
	AUTO_STR text = STR_INIT;
	if (follow_text(&session, op, &text, err) < 0)
		return -1;
	if (cli->format[0] != 't')
		return print_json(cli, op, text.data);
	term_put(cli->out, STYLE_PLAIN, text.data);
	if (op->error)
		term_printf(cli->out, STYLE_RED, "%s\n", op->error);
	return CLI_DONE;
}

const struct command cmd_log = {
	.name = "log",
	.summary = "print what an operation printed",
	.operands = "OPERATION|KIND/NAME",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_OBJECT,
	.description =
		(const char *const[]){
			"Prints the log of an operation, named by its id (or the start of it, 8 "
			"characters or more), or of the newest operation of an object. Secrets "
			"are masked.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "follow",
				.letter = 'f',
				.type = OPT_FLAG,
				.help = "print what comes until the operation ends"},
			{0}},
	.examples =
		(const struct example_doc[]){
			{"trueup log -f canvas/shop", "Look over its shoulder."}, {0}},
	.run = run,
};
