/*
 * The daemon behind `trueup serve`: one thread around an event loop that does nothing heavy
 * itself. It takes requests (webhooks, polls, timers, push hooks that hand over) into the queue of
 * the repository's store, starts workers for what is due, and answers health and metrics.
 *
 * A worker is this executable again with a hidden command (work.h): a child with a deadline, its
 * own session and a built environment. It records the end of its claim itself; the daemon only
 * notes what a worker could not: that it crashed or had to be killed.
 *
 * Nothing is kept in memory that matters: what was asked for is in the queue, what is to be said in
 * the outbox, both of which the next daemon finds.
 */
#ifndef TRUEUP_DAEMON_DAEMON_H
#define TRUEUP_DAEMON_DAEMON_H

#include "base/macros.h"

struct err;
struct diag_list;

struct daemon_options {
	const char *config_path; /* absolute */
	const char *executable; /* full path of this program */
	/* Shows what is wrong with the configuration, now or at a reload. */
	void (*show)(void *data, const struct diag_list *diags);
	void *data;
};

/*
 * Serves until it is told to stop (SIGTERM, SIGINT). Returns the exit code of the process, or -1
 * with *err when it could not start. A configuration with mistakes was shown: exit code 3.
 *
 * SIGHUP reads the configuration again; an invalid one is shown and the old one stays. The first
 * SIGTERM lets work end or park within timeouts.stop, the second parks it at once.
 */
MUST_CHECK int daemon_run(const struct daemon_options *options, int *ret_code, struct err **err);

#endif
