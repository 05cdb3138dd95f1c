/*
 * Entries of runs in the files of runbooks. The store is the record; a file gets an excerpt, as
 * Config's `history` says: by a commit to the branch (the default), by a commit to the branch
 * trueup/history, or not at all. In a plain folder the file itself is written.
 *
 * One process writes at a time, oldest entry first, one commit for each run (source/append.h). An
 * entry that cannot be written now stays due, with the reason, until a later command writes it.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_HISTORY_H
#define TRUEUP_RECONCILE_RUNBOOK_HISTORY_H

#include "reconcile/runbook_run.h"
#include "runbook/history.h"

/* Is an entry to be written for this run? RUN_HISTORY_LATER or RUN_HISTORY_OFF. */
enum run_history runbook_history_wanted(const struct runbook_run *run);

/* The entry of a recorded run, with its output; texts in arena. */
MUST_CHECK int runbook_history_entry(struct store *store, const struct run_row *row,
	struct arena *arena, struct history_entry *ret, struct err **err);

/*
 * Writes what is due. Nothing here fails the run that was: what cannot be written is said to the
 * listener (may be NULL) and stays due.
 */
void runbook_history_drain(struct session *session, runbook_listener *listener, void *data);

#endif
