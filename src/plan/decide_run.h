/*
 * The decision table for Runs: whether a runbook is to be run now, and why. Other objects have
 * theirs in plan/decide.h; what is said there about tables holds here too (docs/reconcile.md has
 * the same rows).
 *
 * A Run differs from them in one thing: an attempt is never made a second time by itself, however
 * it ended, because a script that was half done is nothing that can be compared with what is
 * wanted. Somebody has to ask (`trueup run rerun`), the Run has to change, or its time to come.
 */
#ifndef TRUEUP_PLAN_DECIDE_RUN_H
#define TRUEUP_PLAN_DECIDE_RUN_H

#include "plan/decide.h"

struct run_facts {
	bool desired; /* the spec is in the commit */
	bool recorded; /* it was run, or recorded to be run when it is due */
	bool same; /* this version of it was: nothing but a due time is left */
	bool baseline; /* nothing was recorded of the repository before */
	bool scheduled; /* it has a schedule */
	bool due; /* and a time of it has come that nobody took */
	bool asked; /* `trueup run rerun` names it */
	bool suspended;
	enum plan_last last;
	enum plan_stored stored; /* a plan that waits or was decided, for these values and now */
};

struct plan_decision plan_decide_run(const struct run_facts *facts);

/*
 * The table as text: the cells of row n in the order of the facts, then action and reason. False
 * when there is no such row.
 */
enum { RUN_TABLE_CELLS = 12 };
bool run_table_row(size_t n, const char *ret_cells[RUN_TABLE_CELLS]);

#endif
