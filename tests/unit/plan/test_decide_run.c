/*
 * Protects: the decision table for Runs. Every combination of facts fits a row, every row is
 * reachable, nothing is run twice by itself, and docs/reconcile.md shows the same rows.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "plan/decide_run.h"

enum { FLAGS = 8 };

static struct run_facts facts_of(unsigned bits, int last, int stored)
{
	return (struct run_facts){
		.desired = bits & 1,
		.recorded = bits & 2,
		.same = bits & 4,
		.baseline = bits & 8,
		.scheduled = bits & 16,
		.due = bits & 32,
		.asked = bits & 64,
		.suspended = bits & 128,
		.last = (enum plan_last)last,
		.stored = (enum plan_stored)stored,
	};
}

/* Calls fn for every combination of facts. */
static void each(void (*fn)(const struct run_facts *f, void *data), void *data)
{
	for (unsigned bits = 0; bits < 1u << FLAGS; bits++) {
		for (int last = LAST_NONE; last <= LAST_RUNNING; last++) {
			for (int stored = STORED_NONE; stored <= STORED_REJECTED; stored++) {
				const struct run_facts f = facts_of(bits, last, stored);
				fn(&f, data);
			}
		}
	}
}

struct used {
	bool rows[64];
	size_t count;
};

static void note_row(const struct run_facts *f, void *data)
{
	struct used *used = data;
	/* One that is not scheduled is never due. */
	if (f->due && !f->scheduled)
		return;
	const struct plan_decision d = plan_decide_run(f);
	assert_in_range(d.row, 1, used->count);
	used->rows[d.row] = true;
}

static void every_combination_fits_and_every_row_is_used(void **state)
{
	(void)state;
	const char *cells[RUN_TABLE_CELLS];
	struct used used = {0};
	while (run_table_row(used.count, cells))
		used.count++;
	assert_in_range(used.count, 1, 63);
	each(note_row, &used);
	for (size_t i = 1; i <= used.count; i++)
		assert_true(used.rows[i]);
}

static void check_invariants(const struct run_facts *f, void *data)
{
	(void)data;
	const struct plan_decision d = plan_decide_run(f);
	const bool runs = d.action == PLAN_RUN;
	if (!runs) {
		assert_false(d.use_stored);
		return;
	}
	assert_true(f->desired);
	assert_false(f->suspended);
	assert_int_not_equal(f->last, LAST_RUNNING);
	/* The baseline is run only when somebody asks. */
	assert_true(!f->baseline || f->asked);
	/* A second time only for a reason: its time came, somebody asked, now or before. */
	if (f->recorded && f->same && !f->due && !f->asked)
		assert_true(f->stored == STORED_WAITING || f->stored == STORED_APPROVED);
	if (f->stored == STORED_REJECTED)
		assert_true(f->asked);
	assert_int_equal(d.use_stored, f->stored == STORED_WAITING || f->stored == STORED_APPROVED);
}

static void nothing_is_run_twice_by_itself(void **state)
{
	(void)state;
	each(check_invariants, NULL);
}

static void named_cases(void **state)
{
	(void)state;
	const struct {
		struct run_facts facts;
		enum plan_action action;
	} cases[] = {
		{{.desired = true}, PLAN_RUN},
		{{.desired = true, .baseline = true}, PLAN_NONE},
		{{.desired = true, .baseline = true, .scheduled = true}, PLAN_NONE},
		{{.desired = true, .baseline = true, .asked = true}, PLAN_RUN},
		{{.desired = true, .recorded = true, .same = true, .last = LAST_DONE}, PLAN_NONE},
		{{.desired = true, .recorded = true, .same = true, .last = LAST_FAILED}, PLAN_NONE},
		{{.desired = true, .recorded = true, .same = true, .last = LAST_LOST}, PLAN_NONE},
		{{.desired = true,
			 .recorded = true,
			 .same = true,
			 .last = LAST_LOST,
			 .asked = true},
			PLAN_RUN},
		/* It could not even be started. */
		{{.desired = true, .recorded = true, .last = LAST_FAILED}, PLAN_RUN},
		{{.desired = true, .recorded = true}, PLAN_RUN},
		{{.desired = true, .recorded = true, .suspended = true}, PLAN_WAIT},
		{{.desired = true, .recorded = true, .stored = STORED_REJECTED}, PLAN_REFUSE},
		{{.desired = true, .recorded = true, .last = LAST_RUNNING}, PLAN_WAIT},
		{{.desired = true, .scheduled = true}, PLAN_CREATE},
		{{.desired = true, .recorded = true, .scheduled = true}, PLAN_UPDATE},
		{{.desired = true, .recorded = true, .same = true, .scheduled = true}, PLAN_NONE},
		{{.desired = true, .recorded = true, .same = true, .scheduled = true, .due = true},
			PLAN_RUN},
		{{.desired = true,
			 .recorded = true,
			 .same = true,
			 .scheduled = true,
			 .due = true,
			 .last = LAST_FAILED},
			PLAN_RUN},
		{{.recorded = true}, PLAN_DESTROY},
		{{.recorded = true, .suspended = true}, PLAN_DESTROY},
		{{.recorded = false}, PLAN_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(plan_decide_run(&cases[i].facts).action, cases[i].action);
}

static void page_shows_the_same_rows(void **state)
{
	(void)state;
	AUTO_STR page = STR_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_read("docs/reconcile.md", 1 << 20, &page, &err), 0);
	const char *cells[RUN_TABLE_CELLS];
	const char *at = strstr(page.data, "\n| R1 |");
	assert_non_null(at);
	for (size_t n = 0; run_table_row(n, cells); n++) {
		AUTO_STR want = STR_INIT;
		str_addf(&want, "\n| R%zu |", n + 1);
		for (size_t c = 0; c < RUN_TABLE_CELLS; c++)
			str_addf(&want, " %s |", cells[c]);
		AUTO_STR line = STR_INIT;
		str_addn(&line, at, want.len);
		assert_string_equal(line.data, want.data);
		at += want.len;
	}
	assert_int_equal(strncmp(at, "\n| R", 4) == 0, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_fits_and_every_row_is_used),
		cmocka_unit_test(nothing_is_run_twice_by_itself),
		cmocka_unit_test(named_cases),
		cmocka_unit_test(page_shows_the_same_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
