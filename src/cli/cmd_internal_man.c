/* trueup internal-man DIR: writes the man pages; used by `make man`. */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/help.h"

static int write_page(const char *dir, const struct command *command, struct err **err)
{
	AUTO_FREE char *key = command ? command_key(command) : NULL;
	AUTO_FREE char *name = key ? xasprintf("trueup-%s.1", key) : xstrdup("trueup.1");
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_STR page = STR_INIT;
	man_page(command, &page);
	return fs_write_atomic(path, page.data, page.len, 0644, err);
}

static int run(struct cli *cli, struct err **err)
{
	const char *dir = operand(cli->opts, 0);
	if (write_page(dir, NULL, err))
		return -1;
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden && write_page(dir, commands[i], err))
			return -1;
	return CLI_DONE;
}

const struct command cmd_internal_man = {
	.name = "internal-man",
	.summary = "write the man pages into a folder",
	.operands = "DIR",
	.min_operands = 1,
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.formats = "text",
	.hidden = true,
	.run = run,
};
