#include "plan/decide_run.h"

#include "base/macros.h"
#include "plan/decide_table.h"

struct row {
	enum want desired, recorded, same, baseline, scheduled, due, asked, suspended;
	unsigned last, stored; /* sets */
	enum plan_action action;
	bool use_stored;
	const char *reason;
};

/* clang-format off */
static const struct row table[] = {
	/* desired recorded same baseline scheduled due asked suspended last stored */
	{NO,  NO,  ANY, ANY, ANY, ANY, ANY, ANY, 0, 0, PLAN_NONE, false, "not there and never was"},
	{ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY, L(RUNNING), 0, PLAN_WAIT, false,
		"a run of it is still going on"},
	{NO,  YES, ANY, ANY, ANY, ANY, ANY, ANY, 0, 0, PLAN_DESTROY, false,
		"removed; what it ran stays in the history"},
	{YES, ANY, ANY, YES, ANY, ANY, NO,  ANY, 0, 0, PLAN_NONE, false,
		"was there before anything was recorded: not run"},
	{YES, YES, YES, NO,  ANY, NO,  NO,  ANY, WELL, S(NONE) | S(REJECTED), PLAN_NONE, false,
		"unchanged"},
	{YES, YES, YES, NO,  ANY, NO,  NO,  ANY, BADLY, S(NONE) | S(REJECTED), PLAN_NONE, false,
		"its run did not end well: `trueup run rerun` runs it again"},
	{YES, ANY, ANY, ANY, ANY, ANY, ANY, YES, 0, 0, PLAN_WAIT, false, PLAN_SUSPENDED},
	{YES, ANY, ANY, ANY, ANY, ANY, NO,  NO,  0, S(REJECTED), PLAN_REFUSE, false,
		"it was rejected: change the Run, or ask again with `trueup run rerun`"},
	{YES, ANY, ANY, ANY, ANY, ANY, ANY, NO,  0, S(APPROVED), PLAN_RUN, true, "approved"},
	{YES, ANY, ANY, ANY, ANY, ANY, ANY, NO,  0, S(WAITING), PLAN_RUN, true, "waits for a yes"},
	{YES, ANY, ANY, ANY, ANY, ANY, YES, NO,  0, 0, PLAN_RUN, false, "asked to run again"},
	{YES, ANY, ANY, NO,  YES, YES, NO,  NO,  0, S(NONE), PLAN_RUN, false, "due"},
	{YES, NO,  ANY, NO,  YES, NO,  NO,  NO,  0, S(NONE), PLAN_CREATE, false,
		"new: runs when it is due"},
	{YES, YES, NO,  NO,  YES, NO,  NO,  NO,  0, S(NONE), PLAN_UPDATE, false,
		"changed: runs when it is due"},
	{YES, NO,  ANY, NO,  NO,  ANY, NO,  NO,  0, S(NONE), PLAN_RUN, false, "new"},
	{YES, YES, ANY, NO,  NO,  ANY, NO,  NO,  0, S(NONE), PLAN_RUN, false, "changed"},
};
/* clang-format on */

static bool row_fits(const struct row *r, const struct run_facts *f)
{
	return want_fits(r->desired, f->desired) && want_fits(r->recorded, f->recorded) &&
	       want_fits(r->same, f->same) && want_fits(r->baseline, f->baseline) &&
	       want_fits(r->scheduled, f->scheduled) && want_fits(r->due, f->due) &&
	       want_fits(r->asked, f->asked) && want_fits(r->suspended, f->suspended) &&
	       set_fits(r->last, f->last) && set_fits(r->stored, f->stored);
}

struct plan_decision plan_decide_run(const struct run_facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (row_fits(&table[i], facts))
			return (struct plan_decision){
				table[i].action, table[i].use_stored, table[i].reason, i + 1};
	/* The unit test proves by enumeration that every combination fits a row. */
	return (struct plan_decision){PLAN_REFUSE, false, "no row of the decision table fits", 0};
}

bool run_table_row(size_t n, const char *ret_cells[RUN_TABLE_CELLS])
{
	if (n >= ARRAY_LEN(table))
		return false;
	const struct row *r = &table[n];
	const char *const cells[RUN_TABLE_CELLS] = {want_text(r->desired), want_text(r->recorded),
		want_text(r->same), want_text(r->baseline), want_text(r->scheduled),
		want_text(r->due), want_text(r->asked), want_text(r->suspended), last_text(r->last),
		stored_text(r->stored), plan_action_name(r->action), r->reason};
	for (size_t i = 0; i < RUN_TABLE_CELLS; i++)
		ret_cells[i] = cells[i];
	return true;
}
