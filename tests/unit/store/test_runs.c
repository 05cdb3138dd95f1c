/*
 * Protects: what is recorded of a run, its end once, its output whole, the entries that are still
 * to be written, due times that one process gets, and a database of version 1 with its data.
 */
#include "store_test.h"

#include "store/migrations.h"
#include "store/objects.h"
#include "store/operations.h"
#include "store/runs.h"

#include <sqlite3.h>
#include <sys/wait.h>

#define FIRST  "01KAMY0000000000000000000A"
#define SECOND "01KAMY0000000000000000000B"
#define THIRD  "01KAMY0000000000000000000C"

static struct run_row run_of(const char *id)
{
	return (struct run_row){
		.id = id,
		.runbook = "PatchPrep",
		.path = "runbooks/PatchPrep.md",
		.mode = RUN_MODE_RUN,
		.cause = RUN_BY_SPEC,
		.object_key = "run/patch",
		.attempt = 2,
		.target = "local",
		.actor = "os:alice",
		.role = "role/ops",
		.commit_id = "c0ffee",
		.content_digest = "digest",
		.env_names_json = "[\"HOST\",\"TOKEN\"]",
		.env_digest = "values",
		.intended_at = 100,
		.dir = "jobs/1",
		.history = RUN_HISTORY_LATER,
	};
}

static void open_store(struct fixture *f)
{
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
}

static void intend(struct fixture *f, const char *id)
{
	const struct run_row row = run_of(id);
	ok(f, store_run_intend(f->store, &row, &f->err));
}

static const struct run_row *get(struct fixture *f, const char *id)
{
	struct run_row *row;
	ok(f, store_run_get(f->store, id, &f->arena, &row, &f->err));
	assert_non_null(row);
	return row;
}

static void records_a_run(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	intend(f, FIRST);
	const struct run_row *row = get(f, FIRST);
	assert_int_equal(row->state, RUN_INTENDED);
	assert_true(run_is_open(row));
	assert_string_equal(row->path, "runbooks/PatchPrep.md");
	assert_int_equal(row->cause, RUN_BY_SPEC);
	assert_string_equal(row->object_key, "run/patch");
	assert_null(row->parent_id);
	assert_int_equal(row->attempt, 2);
	assert_string_equal(row->role, "role/ops");
	assert_string_equal(row->env_names_json, "[\"HOST\",\"TOKEN\"]");
	assert_int_equal(row->exit_code, -1);

	struct run_row change = {
		.id = FIRST, .started_at = 110, .pid = 7, .pid_start = 77, .isolation = "full"};
	ok(f, store_run_started(f->store, &change, &f->err));
	fails(f, store_run_started(f->store, &change, &f->err), ERR_CONFLICT, "not waiting");
	row = get(f, "01kamy0000000000000000000a");
	assert_int_equal(row->state, RUN_RUNNING);
	assert_int_equal(row->pid, 7);
	assert_int_equal(row->pid_start, 77);

	const char nul[] = {'a', '\0', 'b'};
	const struct run_output out = {nul, "end", sizeof nul, 3, 1000};
	const struct run_output none = {NULL, NULL, 0, 0, 0};
	change = (struct run_row){.id = FIRST,
		.state = RUN_KILLED,
		.ended_at = 200,
		.exit_code = -1,
		.signal = 9,
		.error = "killed"};
	bool recorded;
	ok(f, store_run_finish(f->store, &change, &out, &none, &recorded, &f->err));
	assert_true(recorded);
	row = get(f, FIRST);
	assert_int_equal(row->state, RUN_KILLED);
	assert_false(run_is_open(row));
	assert_int_equal(row->signal, 9);
	assert_int_equal(row->ended_at - row->started_at, 90);
	assert_string_equal(row->isolation, "full");
	assert_string_equal(row->error, "killed");
	assert_int_equal(row->history, RUN_HISTORY_DUE);

	struct run_output kept;
	ok(f, store_run_output(f->store, FIRST, "stdout", &f->arena, &kept, &f->err));
	assert_int_equal(kept.total, 1000);
	assert_int_equal(kept.head_len, 3);
	assert_memory_equal(kept.head, nul, 3);
	assert_memory_equal(kept.tail, "end", 3);
	ok(f, store_run_output(f->store, FIRST, "stderr", &f->arena, &kept, &f->err));
	assert_int_equal(kept.total + (int64_t)kept.head_len + (int64_t)kept.tail_len, 0);
	ok(f, store_run_output(f->store, SECOND, "stdout", &f->arena, &kept, &f->err));
	assert_int_equal(kept.total, 0);
}

static void ends_once(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	intend(f, FIRST);
	struct run_row end = {.id = FIRST, .state = RUN_DONE, .ended_at = 5, .exit_code = 0};
	const struct run_output out = {"x", NULL, 1, 0, 1};
	bool recorded;
	ok(f, store_run_finish(f->store, &end, &out, NULL, &recorded, &f->err));
	assert_true(recorded);
	end.state = RUN_LOST;
	end.exit_code = 3;
	ok(f, store_run_finish(f->store, &end, &out, &out, &recorded, &f->err));
	assert_false(recorded);
	assert_int_equal(get(f, FIRST)->state, RUN_DONE);
	struct run_output kept;
	ok(f, store_run_output(f->store, FIRST, "stderr", &f->arena, &kept, &f->err));
	assert_int_equal(kept.total, 0);
	end.state = RUN_RUNNING;
	fails(f, store_run_finish(f->store, &end, NULL, NULL, &recorded, &f->err), ERR_INTERNAL,
		"'running' is not an end");
	fails(f, store_run_intend(f->store, &end, &f->err), ERR_INTERNAL, "not intended");
	/* A stream that cannot be kept leaves the end unrecorded, too. */
	intend(f, SECOND);
	const struct run_output wrong = {"xx", NULL, 2, 0, 1};
	end = (struct run_row){.id = SECOND, .state = RUN_DONE};
	fails(f, store_run_finish(f->store, &end, &wrong, NULL, &recorded, &f->err), ERR_INVALID,
		"CHECK constraint");
	assert_int_equal(get(f, SECOND)->state, RUN_INTENDED);
}

static void ends_once_for_two_processes(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	intend(f, FIRST);
	store_close(&f->store);
	pid_t pids[8];
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		struct err *err = NULL;
		struct store *store = NULL;
		const struct run_row end = {.id = FIRST, .state = RUN_LOST, .ended_at = 9};
		bool recorded = false;
		const int rc = store_open(f->dir, 0, &store, &err) < 0 ||
			       store_run_finish(store, &end, NULL, NULL, &recorded, &err) < 0;
		store_close(&store);
		_exit(rc ? 2 : recorded);
	}
	int winners = 0;
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		winners += WEXITSTATUS(status);
	}
	assert_int_equal(winners, 1);
}

/* The ids of the newest runs first, by their last letter. */
static const char *found(struct fixture *f, const struct run_filter *filter)
{
	struct run_rows rows;
	ok(f, store_runs(f->store, filter, &f->arena, &rows, &f->err));
	AUTO_STR out = STR_INIT;
	for (size_t i = 0; i < rows.count; i++)
		str_addc(&out, rows.items[i].id[ULID_SIZE - 2]);
	return arena_strdup(&f->arena, out.data);
}

static void finds_runs(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	intend(f, FIRST);
	struct run_row row = run_of(SECOND);
	row.parent_id = FIRST;
	row.cause = RUN_BY_SCRIPT;
	row.runbook = "Child";
	row.object_key = NULL;
	row.state = RUN_REFUSED;
	row.error = "os:bob has no role of [ops]";
	row.actor = "os:bob";
	row.ended_at = 100;
	ok(f, store_run_record(f->store, &row, &f->err));
	intend(f, THIRD);
	static const struct {
		struct run_filter filter;
		const char *ids;
	} rows[] = {
		{{0}, "CBA"},
		{{.limit = 2}, "CB"},
		{{.before = THIRD}, "BA"},
		{{.runbook = "PatchPrep"}, "CA"},
		{{.object_key = "run/patch"}, "CA"},
		{{.actor = "os:bob"}, "B"},
		{{.parent_id = FIRST}, "B"},
		{{.state = "refused"}, "B"},
		{{.state = "intended", .before = THIRD}, "A"},
		{{.runbook = "None"}, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(found(f, &rows[i].filter), rows[i].ids);
	struct run_rows open;
	ok(f, store_runs_open(f->store, &f->arena, &open, &f->err));
	assert_int_equal(open.count, 2);
	assert_string_equal(open.items[0].id, FIRST);
	struct run_row *none;
	ok(f, store_run_get(f->store, "01KAMY", &f->arena, &none, &f->err));
	assert_null(none);
	ok(f, store_run_get(f->store, "01KAMZ000000", &f->arena, &none, &f->err));
	assert_null(none);
	fails(f, store_run_get(f->store, "01KAMY00", &f->arena, &none, &f->err), ERR_INVALID,
		"several runs begin with");
	row = run_of("01KAMY0000000000000000000D");
	row.parent_id = "01KAMY0000000000000000000X";
	fails(f, store_run_intend(f->store, &row, &f->err), ERR_INVALID, "FOREIGN KEY");
}

static void keeps_entries_until_they_are_written(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	intend(f, FIRST);
	intend(f, SECOND);
	struct run_row row = run_of(THIRD);
	row.history = RUN_HISTORY_OFF;
	row.state = RUN_INVALID;
	ok(f, store_run_record(f->store, &row, &f->err));
	struct run_rows due;
	ok(f, store_runs_history_due(f->store, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 0);
	/* The second ends first: so is the order in the file. */
	bool recorded;
	row = (struct run_row){.id = SECOND, .state = RUN_DONE, .ended_at = 300};
	ok(f, store_run_finish(f->store, &row, NULL, NULL, &recorded, &f->err));
	row = (struct run_row){.id = FIRST, .state = RUN_FAILED, .ended_at = 400};
	ok(f, store_run_finish(f->store, &row, NULL, NULL, &recorded, &f->err));
	ok(f, store_runs_history_due(f->store, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 2);
	assert_string_equal(due.items[0].id, SECOND);
	ok(f, store_run_history_set(
		      f->store, SECOND, RUN_HISTORY_DUE, NULL, "uncommitted changes", &f->err));
	assert_string_equal(get(f, SECOND)->history_reason, "uncommitted changes");
	ok(f, store_run_history_set(f->store, SECOND, RUN_HISTORY_WRITTEN, "abc", NULL, &f->err));
	assert_string_equal(get(f, SECOND)->history_commit, "abc");
	assert_null(get(f, SECOND)->history_reason);
	fails(f, store_run_history_set(f->store, SECOND, RUN_HISTORY_DEAD, NULL, "x", &f->err),
		ERR_NOT_FOUND, SECOND);
	ok(f, store_runs_history_due(f->store, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 1);
	assert_string_equal(due.items[0].id, FIRST);
}

static void gives_a_due_time_to_one(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	const struct schedule_row rows[] = {
		{.key = "run/b", .definition = "0 3 * * * UTC", .next_at = 200, .updated_at = 1},
		{.key = "run/a", .definition = "0 2 * * * UTC", .next_at = 100, .updated_at = 1},
		{.key = "run/never", .definition = "x", .next_at = 0, .updated_at = 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ok(f, store_schedule_put(f->store, &rows[i], &f->err));
	struct schedule_rows due;
	ok(f, store_schedules_due(f->store, 99, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 0);
	ok(f, store_schedules_due(f->store, 0, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 3);
	ok(f, store_schedules_due(f->store, 200, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 2);
	assert_string_equal(due.items[0].key, "run/a");
	struct schedule_row take = due.items[0];
	take.next_at = 500;
	take.last_run_id = FIRST;
	take.updated_at = 101;
	bool taken;
	ok(f, store_schedule_take(f->store, &take, 100, &taken, &f->err));
	assert_true(taken);
	ok(f, store_schedule_take(f->store, &take, 100, &taken, &f->err));
	assert_false(taken);
	/* Edited meanwhile: what was due by the old words is not. */
	struct schedule_row edited = rows[0];
	edited.definition = "0 4 * * * UTC";
	ok(f, store_schedule_put(f->store, &edited, &f->err));
	take = due.items[1];
	ok(f, store_schedule_take(f->store, &take, 200, &taken, &f->err));
	assert_false(taken);
	/* An edit keeps what ran last. */
	edited = rows[1];
	edited.next_at = 700;
	ok(f, store_schedule_put(f->store, &edited, &f->err));
	ok(f, store_schedule_remove(f->store, "run/b", &f->err));
	ok(f, store_schedules_due(f->store, 700, &f->arena, &due, &f->err));
	assert_int_equal(due.count, 1);
	assert_int_equal(due.items[0].last_at, 100);
	assert_string_equal(due.items[0].last_run_id, FIRST);
}

static void raw_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void brings_version_1_up_with_its_data(void **state)
{
	struct fixture *f = *state;
	int count;
	raw_sql(f, "PRAGMA application_id = 1414681936; PRAGMA journal_mode = WAL");
	raw_sql(f, migrations(&count)[0].sql);
	raw_sql(f, "PRAGMA user_version = 1;"
		   "INSERT INTO objects (key, kind, name, path, blob_id, present, seen_digest,"
		   " seen_revision, phase, phase_since, updated_at, spec_json) VALUES ('run/old',"
		   " 'run', 'old', 'runs/old.yaml', 'b', 1, 'd', 'r', 'refused', 1, 1, '{}');"
		   "INSERT INTO operations (id, object_key, kind, actor, state, intended_at)"
		   " VALUES ('01KAMY0000000000000000000Z', 'canvas/shop', 'apply', 'os:a',"
		   " 'running', 1)");
	open_store(f);
	struct operation_rows operations;
	ok(f, store_operations_open(f->store, &f->arena, &operations, &f->err));
	assert_int_equal(operations.count, 1);
	intend(f, FIRST);
	struct run_row row = run_of(SECOND);
	row.object_key = "run/old";
	ok(f, store_run_intend(f->store, &row, &f->err));
	const struct schedule_row schedule = {.key = "run/old", .definition = "x", .next_at = 5};
	ok(f, store_schedule_put(f->store, &schedule, &f->err));
	/* A rename takes runs and schedule along. */
	ok(f, store_object_rename(f->store, "run/old", "run/new", 9, &f->err));
	assert_string_equal(get(f, SECOND)->object_key, "run/new");
	struct schedule_rows due;
	ok(f, store_schedules_due(f->store, 0, &f->arena, &due, &f->err));
	assert_string_equal(due.items[0].key, "run/new");
	struct store_check check;
	ok(f, store_check(f->store, &f->arena, &check, &f->err));
	assert_int_equal(check.count, 0);
}

static const struct run_output *output_of(struct fixture *f, const char *id)
{
	struct run_output *kept = arena_alloc(&f->arena, sizeof *kept);
	ok(f, store_run_output(f->store, id, "stdout", &f->arena, kept, &f->err));
	return kept;
}

static void forgets_what_old_runs_printed(void **state)
{
	struct fixture *f = *state;
	const struct run_output out = {"start", "end", 5, 3, 1000};
	char id[ULID_SIZE] = "";
	bool recorded;
	open_store(f);
	ok(f, store_begin(f->store, &f->err));
	for (int i = 0; i < RUN_OUTPUTS_KEPT + 3; i++) {
		(void)snprintf(id, sizeof id, "01KAMY0000000000000000%04d", i);
		intend(f, id);
		const struct run_row end = {.id = id, .state = RUN_DONE, .ended_at = 200 + i};
		ok(f, store_run_finish(f->store, &end, &out, NULL, &recorded, &f->err));
		/* The second one's entry cannot be written. */
		if (i != 1)
			ok(f, store_run_history_set(
				      f->store, id, RUN_HISTORY_WRITTEN, "c", NULL, &f->err));
	}
	ok(f, store_commit(f->store, &f->err));
	const char *const old[] = {"01KAMY00000000000000000000", "01KAMY00000000000000000002"};
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		assert_int_equal(output_of(f, old[i])->total, 1000);
		assert_int_equal(
			output_of(f, old[i])->head_len + output_of(f, old[i])->tail_len, 0);
		assert_int_equal(get(f, old[i])->state, RUN_DONE);
	}
	assert_int_equal(output_of(f, "01KAMY00000000000000000001")->head_len, 5);
	assert_int_equal(output_of(f, "01KAMY00000000000000000003")->head_len, 5);
	assert_int_equal(output_of(f, id)->tail_len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(records_a_run),
		store_test(ends_once),
		store_test(ends_once_for_two_processes),
		store_test(finds_runs),
		store_test(keeps_entries_until_they_are_written),
		store_test(forgets_what_old_runs_printed),
		store_test(gives_a_due_time_to_one),
		store_test(brings_version_1_up_with_its_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
