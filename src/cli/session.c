#include "cli/session.h"

int cli_session(
	struct cli *cli, const char *dir, unsigned flags, struct session *ret, struct err **err)
{
	const struct session_options open = {
		.dir = dir ? dir : ".",
		.state_dir = cli->state_dir,
		.flags = flags,
		.lock_wait_ms = flags & SESSION_LOCK ? opt_duration(cli->opts, "lock-timeout") : 0,
		.what = cli->command->name,
	};
	return session_open(&open, ret, err);
}
