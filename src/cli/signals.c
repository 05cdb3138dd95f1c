#include "cli/signals.h"

#include <stddef.h>

/* The only state of this kind: a handler has nothing else. */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupts++;
}

const volatile sig_atomic_t *signals_catch(bool detached)
{
	struct sigaction act = {.sa_handler = on_interrupt};
	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	act.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
	if (detached)
		(void)sigaction(SIGINT, &act, NULL);
	return &interrupts;
}
