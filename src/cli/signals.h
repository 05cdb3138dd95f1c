/* Signals of commands that work for a while: they become a count, and the work goes on. */
#ifndef TRUEUP_CLI_SIGNALS_H
#define TRUEUP_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * From now on SIGINT and SIGTERM only count; SIGPIPE and SIGHUP are ignored: who reads our output
 * may go, the work is recorded all the same. detached: SIGINT is ignored, too. Returns how often
 * SIGINT or SIGTERM came.
 */
const volatile sig_atomic_t *signals_catch(bool detached);

#endif
