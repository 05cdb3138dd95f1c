/* The supervisor's part in calls of other runbooks (runbook/call.h): it starts who answers them. */
#ifndef TRUEUP_RUNBOOK_SUPERVISE_CALLS_H
#define TRUEUP_RUNBOOK_SUPERVISE_CALLS_H

#include "base/arena.h"
#include "base/child.h"

struct err;

enum { CALLS_AT_ONCE = 16 };

struct supervise_calls {
	int listen_fd; /* -1: this script may call nothing */
	struct child answering[CALLS_AT_ONCE]; /* pid -1: free */
	const char *dir; /* of the run; borrowed, as is env */
	const char *const *env; /* of those that answer */
};

void calls_init(struct supervise_calls *calls);
/* Listens in work; before the folder is given away. */
MUST_CHECK int calls_open(struct supervise_calls *calls, const char *dir, const char *work,
	const char *const *env, struct err **err);
/* envp with what the script needs to find us. */
const char *const *calls_environment(
	struct arena *arena, const char *const *envp, const char *work);
/* Takes connections; call it when listen_fd is readable. */
void calls_accept(struct supervise_calls *calls);
/* The script has ended: asks those that still answer to stop, waits, kills. */
void calls_close(struct supervise_calls *calls);

#endif
