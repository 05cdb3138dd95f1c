/*
 * The decision table: what has to be done about one object, and why.
 *
 * A pure function of facts. The table in decide.c and the one in docs/reconcile.md have the same
 * rows in the same order (a unit test reads the page and compares); the first row that fits wins.
 */
#ifndef TRUEUP_PLAN_DECIDE_H
#define TRUEUP_PLAN_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

enum plan_action {
	PLAN_NONE,
	PLAN_CREATE,
	PLAN_UPDATE,
	PLAN_REPLACE, /* an update that destroys and recreates a resource: known by the preview */
	PLAN_DESTROY,
	PLAN_RETAIN, /* forget the object, leave what exists alone */
	PLAN_RUN, /* a Run only: its runbook is run */
	PLAN_RETRY, /* the same digest again, because the last attempt did not end well */
	PLAN_WAIT,
	PLAN_REFUSE,
};

/* How the last operation on the object ended. */
enum plan_last {
	LAST_NONE, /* there was none */
	LAST_DONE,
	LAST_FAILED,
	LAST_LOST, /* its process died without a result */
	LAST_RUNNING, /* it is still going on */
};

/* The stored plan of the object, judged against today's digest and engine state. */
enum plan_stored {
	STORED_NONE, /* none, or void because something it was bound to changed */
	STORED_WAITING,
	STORED_APPROVED,
	STORED_REJECTED,
};

struct plan_facts {
	bool desired; /* the spec is in the commit */
	bool recorded; /* it was applied, or tried: something of it may exist */
	bool same; /* today's digest is the applied one, and no drift is to be undone */
	bool suspended; /* by `suspend: true` or by `trueup suspend` */
	bool protect; /* `protect: true` in the recorded spec */
	bool retain; /* deletionPolicy: retain in the recorded spec */
	bool held; /* a pull request applied its change of it, which the branch does not have yet */
	bool moved; /* another account, region, engine or backend than the recorded one */
	enum plan_last last;
	enum plan_stored stored;
};

/* The reason of a decision that waits because of plan_facts.suspended. */
#define PLAN_SUSPENDED "suspended"

struct plan_decision {
	enum plan_action action;
	bool use_stored; /* go on with the stored plan instead of making a new one */
	const char *reason; /* static text, or of the one who decided without the table */
	size_t row; /* number in the table, from 1 */
};

struct plan_decision plan_decide(const struct plan_facts *facts);

/* "create", "update", ... */
const char *plan_action_name(enum plan_action action);
enum plan_action plan_action_of(const char *name); /* of no action: PLAN_NONE */

/*
 * The table as text, for the test that compares the page: the cells of row n (from 0) in the
 * order desired, recorded, same, suspended, protect, retain, moved, held, last, stored, action,
 * reason; "any" where the fact does not matter. False when there is no such row.
 */
enum { PLAN_TABLE_CELLS = 12 };
bool plan_table_row(size_t n, const char *ret_cells[PLAN_TABLE_CELLS]);

#endif
