/* What the commands share that work on a spec root: its session, and options of the same meaning.
 */
#ifndef TRUEUP_CLI_SESSION_H
#define TRUEUP_CLI_SESSION_H

#include "cli/command.h"
#include "reconcile/session.h"

/*
 * Opens the session of dir (NULL: here) for the command that runs, with flags as in
 * enum session_flags. One that takes the lock waits as long as the command's --lock-timeout says.
 */
MUST_CHECK int cli_session(
	struct cli *cli, const char *dir, unsigned flags, struct session *ret, struct err **err);

/* Entries of an option table. */
#define OPTION_LOCK_TIMEOUT(otherwise)                                                             \
	{                                                                                          \
		.name = "lock-timeout", .type = OPT_DURATION, .arg = "TIME",                       \
		.fallback = (otherwise),                                                           \
		.help = "how long to wait for another trueup on this repository"                   \
	}
#define OPTION_NEW_ROOT                                                                            \
	{                                                                                          \
		.name = "new-root", .type = OPT_FLAG,                                              \
		.help = "this spec root is new, and none that is recorded by another path"         \
	}
#define OPTION_TARGET                                                                              \
	{                                                                                          \
		.name = "target", .type = OPT_LIST, .arg = "KIND/NAME",                            \
		.help = "only this object; may be given several times"                             \
	}

#endif
