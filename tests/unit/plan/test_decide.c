/*
 * Protects: the decision table. Every combination of facts fits a row, every row is reachable,
 * the named cases decide as people expect, and docs/reconcile.md shows the same rows.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "plan/decide.h"

static struct plan_facts facts_of(unsigned bits, enum plan_last last, enum plan_stored stored)
{
	return (struct plan_facts){
		.desired = bits & 1,
		.recorded = bits & 2,
		.same = bits & 4,
		.suspended = bits & 8,
		.protect = bits & 16,
		.retain = bits & 32,
		.moved = bits & 64,
		.held = bits & 128,
		.last = last,
		.stored = stored,
	};
}

static void every_combination_fits_and_every_row_is_used(void **state)
{
	(void)state;
	bool used[64] = {false};
	const char *cells[PLAN_TABLE_CELLS];
	size_t rows = 0;
	while (plan_table_row(rows, cells))
		rows++;
	assert_true(rows > 0 && rows < 64);
	for (unsigned bits = 0; bits < 256; bits++) {
		for (int last = LAST_NONE; last <= LAST_RUNNING; last++) {
			for (int stored = STORED_NONE; stored <= STORED_REJECTED; stored++) {
				const struct plan_facts f = facts_of(
					bits, (enum plan_last)last, (enum plan_stored)stored);
				const struct plan_decision d = plan_decide(&f);
				assert_in_range(d.row, 1, rows);
				used[d.row] = true;
			}
		}
	}
	for (size_t i = 1; i <= rows; i++)
		assert_true(used[i]);
}

static void invariants_hold_for_every_combination(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		for (int last = LAST_NONE; last <= LAST_RUNNING; last++) {
			for (int stored = STORED_NONE; stored <= STORED_REJECTED; stored++) {
				const struct plan_facts f = facts_of(
					bits, (enum plan_last)last, (enum plan_stored)stored);
				const enum plan_action a = plan_decide(&f).action;
				const bool acts = a == PLAN_CREATE || a == PLAN_UPDATE ||
						  a == PLAN_DESTROY || a == PLAN_RETRY ||
						  a == PLAN_RETAIN;
				/* What is desired is never destroyed, what is not never made. */
				if (f.desired)
					assert_true(a != PLAN_DESTROY && a != PLAN_RETAIN);
				else
					assert_true(a != PLAN_CREATE && a != PLAN_UPDATE &&
						    a != PLAN_RETRY);
				if (acts) {
					assert_int_not_equal(f.last, LAST_RUNNING);
					assert_false(f.suspended);
					assert_false(f.held);
				}
				if (a == PLAN_DESTROY)
					assert_false(f.protect || f.retain);
			}
		}
	}
}

static void named_cases(void **state)
{
	(void)state;
	const struct {
		struct plan_facts facts;
		enum plan_action action;
		bool use_stored;
	} cases[] = {
		{{.desired = true}, PLAN_CREATE, false},
		{{.desired = true, .recorded = true, .same = true}, PLAN_NONE, false},
		{{.desired = true, .recorded = true, .same = true, .last = LAST_DONE}, PLAN_NONE,
			false},
		{{.desired = true, .recorded = true}, PLAN_UPDATE, false},
		{{.desired = true, .recorded = true, .same = true, .last = LAST_FAILED}, PLAN_RETRY,
			false},
		{{.desired = true, .recorded = true, .last = LAST_LOST}, PLAN_UPDATE, false},
		{{.desired = true, .recorded = true, .stored = STORED_WAITING}, PLAN_UPDATE, true},
		{{.desired = true, .stored = STORED_APPROVED}, PLAN_CREATE, true},
		{{.desired = true, .recorded = true, .moved = true}, PLAN_REFUSE, false},
		{{.desired = true, .recorded = true, .suspended = true}, PLAN_WAIT, false},
		{{.desired = true, .recorded = true, .held = true}, PLAN_WAIT, false},
		{{.desired = true, .recorded = true, .same = true, .held = true}, PLAN_NONE, false},
		{{.recorded = true, .held = true}, PLAN_WAIT, false},
		{{.desired = true, .recorded = true, .last = LAST_RUNNING}, PLAN_WAIT, false},
		{{.recorded = true}, PLAN_DESTROY, false},
		{{.recorded = true, .protect = true}, PLAN_REFUSE, false},
		{{.recorded = true, .retain = true}, PLAN_RETAIN, false},
		{{.recorded = true, .stored = STORED_REJECTED}, PLAN_REFUSE, false},
		{{.recorded = false}, PLAN_NONE, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct plan_decision d = plan_decide(&cases[i].facts);
		assert_int_equal(d.action, cases[i].action);
		assert_int_equal(d.use_stored, cases[i].use_stored);
	}
}

/* The cells of the next table line that starts with a number; false at the end of the page. */
static bool next_line(const char **at, char *line, size_t size)
{
	while (**at) {
		const size_t len = strcspn(*at, "\n");
		const bool fits = len < size && strncmp(*at, "| ", 2) == 0 && (*at)[2] >= '0' &&
				  (*at)[2] <= '9';
		if (fits) {
			memcpy(line, *at, len);
			line[len] = '\0';
		}
		*at += len + ((*at)[len] == '\n');
		if (fits)
			return true;
	}
	return false;
}

static void page_shows_the_same_rows(void **state)
{
	(void)state;
	AUTO_STR page = STR_INIT;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_read("docs/reconcile.md", 1 << 20, &page, &err), 0);
	const char *at = page.data, *cells[PLAN_TABLE_CELLS];
	char line[512];
	size_t n = 0;
	for (; plan_table_row(n, cells); n++) {
		AUTO_STR want = STR_INIT;
		str_addf(&want, "| %zu |", n + 1);
		for (size_t c = 0; c < PLAN_TABLE_CELLS; c++)
			str_addf(&want, " %s |", cells[c]);
		assert_true(next_line(&at, line, sizeof line));
		assert_string_equal(line, want.data);
	}
	assert_false(next_line(&at, line, sizeof line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_fits_and_every_row_is_used),
		cmocka_unit_test(invariants_hold_for_every_combination),
		cmocka_unit_test(named_cases),
		cmocka_unit_test(page_shows_the_same_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
