/* trueup internal-worker REPOSITORY ID CLAIM: one piece of work, started by the daemon only. */
#include "base/err.h"
#include "base/num.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "daemon/work.h"

static int number(const char *text, int64_t *ret, struct err **err)
{
	if (num_parse_i64(text, strlen(text), ret))
		return 0;
	return err_set(err, ERR_INVALID, "'%s' is no number", text);
}

static int run(struct cli *cli, struct err **err)
{
	struct work_order order = {
		.repository = operand(cli->opts, 0), .executable = cli->executable};
	if (number(operand(cli->opts, 1), &order.id, err) < 0 ||
		number(operand(cli->opts, 2), &order.claim, err) < 0)
		return -1;
	AUTO_ERR why = NULL;
	const int code = work_main(&order, &why);
	if (code >= 0)
		return code;
	AUTO_STR text = STR_INIT;
	err_format(why, &text);
	log_at(LOG_LEVEL_ERROR, "%s: %s", order.repository, text.data);
	return 77; /* no end was recorded: the daemon does */
}

const struct command cmd_internal_worker = {
	.name = WORK_COMMAND,
	.summary = "do one piece of work; run by trueup serve",
	.operands = "REPOSITORY ID CLAIM",
	.min_operands = 3,
	.max_operands = 3,
	.operand_kind = OPERAND_TEXT,
	.formats = "text",
	.hidden = true,
	.run = run,
};
