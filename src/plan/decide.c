/*
 * One array is the whole decision: a row is a pattern over the facts, an action and a reason.
 * Rows are tried from the top.
 */
#include "plan/decide.h"

#include "base/str.h"

#include "base/macros.h"
#include "plan/decide_table.h"

struct row {
	enum want desired, recorded, same, suspended, protect, retain, moved, held;
	unsigned last, stored; /* sets */
	enum plan_action action;
	bool use_stored;
	const char *reason;
};

/* clang-format off */
static const struct row table[] = {
	/* desired recorded same suspended protect retain moved held last stored */
	{NO,  NO,  ANY, ANY, ANY, ANY, ANY, ANY, 0, 0, PLAN_NONE, false, "not there and never was"},
	{ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY, L(RUNNING), 0, PLAN_WAIT, false,
		"an operation on it is still running"},
	{YES, YES, YES, ANY, ANY, ANY, ANY, ANY, WELL, 0, PLAN_NONE, false, "unchanged"},
	{ANY, ANY, ANY, ANY, ANY, ANY, ANY, YES, 0, 0, PLAN_WAIT, false,
		"held by a pull request that applied it before its merge"},
	{ANY, ANY, ANY, YES, ANY, ANY, ANY, ANY, 0, 0, PLAN_WAIT, false, PLAN_SUSPENDED},
	{NO,  YES, ANY, NO,  YES, ANY, ANY, ANY, 0, 0, PLAN_REFUSE, false,
		"protected: remove `protect: true` first"},
	{NO,  YES, ANY, NO,  NO,  YES, ANY, ANY, 0, 0, PLAN_RETAIN, false,
		"removed; deletionPolicy: retain leaves its resources alone"},
	{YES, YES, NO,  NO,  ANY, ANY, YES, ANY, 0, 0, PLAN_REFUSE, false,
		"another account, region, engine or backend: destroy it first, or give it a new name"},
	{ANY, ANY, ANY, NO,  ANY, ANY, ANY, ANY, 0, S(REJECTED), PLAN_REFUSE, false,
		"its plan was rejected: change the spec, or void the plan with `trueup unlock`"},
	{NO,  YES, ANY, NO,  NO,  NO,  ANY, ANY, 0, S(APPROVED), PLAN_DESTROY, true, "removed; approved"},
	{NO,  YES, ANY, NO,  NO,  NO,  ANY, ANY, 0, S(WAITING), PLAN_DESTROY, true, "removed; its plan waits"},
	{NO,  YES, ANY, NO,  NO,  NO,  ANY, ANY, 0, S(NONE), PLAN_DESTROY, false, "removed"},
	{YES, NO,  ANY, NO,  ANY, ANY, ANY, ANY, 0, S(APPROVED), PLAN_CREATE, true, "new; approved"},
	{YES, NO,  ANY, NO,  ANY, ANY, ANY, ANY, 0, S(WAITING), PLAN_CREATE, true, "new; its plan waits"},
	{YES, NO,  ANY, NO,  ANY, ANY, ANY, ANY, 0, S(NONE), PLAN_CREATE, false, "new"},
	{YES, YES, ANY, NO,  ANY, ANY, ANY, ANY, 0, S(APPROVED), PLAN_UPDATE, true, "changed; approved"},
	{YES, YES, ANY, NO,  ANY, ANY, ANY, ANY, 0, S(WAITING), PLAN_UPDATE, true, "changed; its plan waits"},
	{YES, YES, YES, NO,  ANY, ANY, ANY, ANY, BADLY, S(NONE), PLAN_RETRY, false,
		"the last attempt did not end well"},
	{YES, YES, NO,  NO,  ANY, ANY, NO,  ANY, BADLY, S(NONE), PLAN_UPDATE, false,
		"changed since an attempt that did not end well"},
	{YES, YES, NO,  NO,  ANY, ANY, NO,  ANY, 0, S(NONE), PLAN_UPDATE, false, "changed"},
};
/* clang-format on */

static bool row_fits(const struct row *r, const struct plan_facts *f)
{
	return want_fits(r->desired, f->desired) && want_fits(r->recorded, f->recorded) &&
	       want_fits(r->same, f->same) && want_fits(r->suspended, f->suspended) &&
	       want_fits(r->protect, f->protect) && want_fits(r->retain, f->retain) &&
	       want_fits(r->moved, f->moved) && want_fits(r->held, f->held) &&
	       set_fits(r->last, f->last) && set_fits(r->stored, f->stored);
}

struct plan_decision plan_decide(const struct plan_facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (row_fits(&table[i], facts))
			return (struct plan_decision){
				table[i].action, table[i].use_stored, table[i].reason, i + 1};
	/* The unit test proves by enumeration that every combination fits a row. */
	return (struct plan_decision){PLAN_REFUSE, false, "no row of the decision table fits", 0};
}

const char *plan_action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_NONE] = "none",
		[PLAN_CREATE] = "create",
		[PLAN_UPDATE] = "update",
		[PLAN_REPLACE] = "replace",
		[PLAN_DESTROY] = "destroy",
		[PLAN_RETAIN] = "retain",
		[PLAN_RUN] = "run",
		[PLAN_RETRY] = "retry",
		[PLAN_WAIT] = "wait",
		[PLAN_REFUSE] = "refuse",
	};
	return names[action];
}

enum plan_action plan_action_of(const char *name)
{
	for (int a = PLAN_NONE; a <= PLAN_REFUSE; a++)
		if (str_eq(plan_action_name((enum plan_action)a), name))
			return (enum plan_action)a;
	return PLAN_NONE;
}

bool plan_table_row(size_t n, const char *ret_cells[PLAN_TABLE_CELLS])
{
	if (n >= ARRAY_LEN(table))
		return false;
	const struct row *r = &table[n];
	const char *const cells[PLAN_TABLE_CELLS] = {want_text(r->desired), want_text(r->recorded),
		want_text(r->same), want_text(r->suspended), want_text(r->protect),
		want_text(r->retain), want_text(r->moved), want_text(r->held), last_text(r->last),
		stored_text(r->stored), plan_action_name(r->action), r->reason};
	for (size_t i = 0; i < PLAN_TABLE_CELLS; i++)
		ret_cells[i] = cells[i];
	return true;
}
