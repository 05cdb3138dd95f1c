/*
 * Protects: Runs in the pipeline. Each version is run once, what was there before is not run, what
 * failed is not repeated, a yes is for exactly what was looked at, due times are taken once, and
 * nothing of that depends on how often somebody reconciles.
 */
#include "reconcile/run_test.h"

#include "base/clock.h"
#include "base/ulid.h"
#include "reconcile/actions.h"
#include "reconcile/run_spec.h"
#include "runbook/supervise.h"

#include <pwd.h>

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static const char *const environment[] = {"TOKEN=abcdefgh", NULL};

static void put_runbook(struct fixture *f, const char *claims, const char *script)
{
	AUTO_FREE char *text = xasprintf("# Job\n"
					 "# Environment Requirements\n```yaml\n```\n"
					 "# File System Requirements\n```yaml\nInput:\n```\n"
					 "%s"
					 "# Script\n```sh\n%s\n```\n"
					 "# History\n",
		claims, script);
	put(f, "repo/runbooks/Job.md", text);
}

static void put_run(struct fixture *f, const char *name, const char *spec)
{
	AUTO_FREE char *path = xasprintf("repo/runs/%s.yaml", name);
	AUTO_FREE char *text = xasprintf("apiVersion: trueup/v1\n"
					 "kind: Run\n"
					 "metadata: {name: %s}\n"
					 "spec:\n"
					 "  runbook: Job\n"
					 "%s",
		name, spec);
	put(f, path, text);
}

static void put_ops(struct fixture *f, const char *member)
{
	AUTO_FREE char *text = xasprintf("apiVersion: trueup/v1\n"
					 "kind: Role\n"
					 "metadata: {name: ops}\n"
					 "spec: {account: \"123456789012\", region: us-east-1, "
					 "allowedServices: [S3], members: [\"%s\"]}\n",
		member);
	put(f, "repo/roles/ops.yaml", text);
}

static char *own_actor(void)
{
	const struct passwd *pw = getpwuid(getuid());
	return xasprintf("os:%s", pw ? pw->pw_name : "nobody");
}

/* The repository is known, so that what comes now is new. */
static void begin(struct fixture *f, const char *script)
{
	f->options.environ = environment;
	put_runbook(f, "", script);
	commit(f);
	reconcile(f, 0);
}

/* How often something of it was run, refusals not counted. */
static size_t runs_of(struct fixture *f, const char *key)
{
	struct run_rows rows;
	size_t count = 0;
	const struct run_filter filter = {.object_key = key};
	ok(f, store_runs(f->session.store, &filter, &f->arena, &rows, &f->err));
	for (size_t i = 0; i < rows.count; i++)
		count += rows.items[i].state != RUN_REFUSED;
	return count;
}

static const struct run_row *last_of(struct fixture *f, const char *key)
{
	struct run_rows rows;
	const struct run_filter filter = {.object_key = key, .limit = 1};
	ok(f, store_runs(f->session.store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	return &rows.items[0];
}

static const struct schedule_row *schedule_of(struct fixture *f, const char *key)
{
	struct schedule_row *row = NULL;
	ok(f, store_schedule_get(f->session.store, key, &f->arena, &row, &f->err));
	return row;
}

static void rerun(struct fixture *f, const char *key, int code)
{
	const char *const keys[] = {key, NULL};
	f->options.rerun = keys;
	reconcile(f, code);
	f->options.rerun = NULL;
}

static void each_version_is_run_once(void **state)
{
	struct fixture *f = *state;
	begin(f, "echo hello; exit $CODE");
	put_run(f, "a", "  env: {CODE: \"0\"}\n");
	commit(f);
	/* A look does nothing. */
	f->options.stop = RUN_STOP_PLAN;
	reconcile(f, 0);
	assert_int_equal(outcome_of(f, "run/a")->action, PLAN_RUN);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_PLANNED);
	assert_int_equal(runs_of(f, "run/a"), 0);
	f->options.stop = RUN_STOP_NEVER;
	reconcile(f, 0);
	assert_int_equal(f->asked, 1);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_APPLIED);
	assert_int_equal(runs_of(f, "run/a"), 1);
	const struct run_row *row = last_of(f, "run/a");
	assert_int_equal(row->state, RUN_DONE);
	assert_int_equal(row->cause, RUN_BY_SPEC);
	assert_true(is_settled(f));
	/* Its operation has the same id, its plan is used up, and what it printed is in the log. */
	struct operation_row *op = NULL;
	int64_t seq = 0;
	AUTO_STR log = STR_INIT;
	ok(f, store_operation_get(f->session.store, row->id, &f->arena, &op, &f->err));
	assert_non_null(op);
	assert_int_equal(op->state, OPERATION_DONE);
	ok(f, store_log_read(f->session.store, op->id, &seq, &log, &f->err));
	assert_string_equal(log.data, "hello\n");
	assert_null(open_plan_of(f, "run/a"));
	reconcile(f, 0);
	/* Another runbook, other names and labels of the Run: nothing of it is run. */
	put_runbook(f, "", "echo other; exit $CODE");
	sh(f, "cd repo/runs && sed 's/name: a/name: b, renamedFrom: a, labels: {x: z}/' a.yaml "
	      ">b.yaml && rm a.yaml");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/b"), 1);
	assert_true(is_settled(f));
	/* Another version of it is. */
	put_run(f, "b", "  env: {CODE: \"0\", MORE: x}\n");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/b"), 2);
	/* It goes, and what it ran stays. */
	sh(f, "rm -r repo/runs");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(row_of(f, "run/b")->phase, PHASE_DESTROYED);
	assert_int_equal(runs_of(f, "run/b"), 2);
	assert_true(is_settled(f));
}

static void what_was_there_before_is_not_run(void **state)
{
	struct fixture *f = *state;
	put_run(f, "a", "  env: {X: \"1\"}\n");
	put_run(f, "b", "  schedule: {cron: \"0 * * * *\"}\n");
	begin(f, "true");
	assert_int_equal(runs_of(f, "run/a"), 0);
	assert_true(is_settled(f));
	assert_string_equal(run_result(f->run)->notices[0],
		"2 Runs were there before anything was recorded: they are not run now "
		"(`trueup run rerun` does)");
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 0);
	/* One with a schedule is run when it is due, as any other. */
	assert_non_null(schedule_of(f, "run/b"));
	f->later_ms = HOUR;
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 0);
	assert_int_equal(runs_of(f, "run/b"), 1);
	/* Somebody asks. */
	rerun(f, "run/a", 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	assert_int_equal(last_of(f, "run/a")->cause, RUN_AGAIN);
	put_run(f, "a", "  env: {X: \"2\"}\n");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
}

static void what_failed_is_not_repeated(void **state)
{
	struct fixture *f = *state;
	begin(f, "exit 3");
	put_run(f, "a", "");
	commit(f);
	reconcile(f, 1);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_FAILED);
	assert_string_equal(outcome_of(f, "run/a")->status_text, "exit code 3");
	assert_int_equal(row_of(f, "run/a")->phase, PHASE_FAILED);
	reconcile(f, 0);
	assert_false(is_shown(f, "run/a"));
	assert_int_equal(row_of(f, "run/a")->phase, PHASE_FAILED);
	assert_string_equal(row_of(f, "run/a")->reason, "exit code 3");
	assert_int_equal(runs_of(f, "run/a"), 1);
	/* Not even when the runbook is better now: somebody has to ask. */
	put_runbook(f, "", "true");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	rerun(f, "run/a", 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
	assert_int_equal(row_of(f, "run/a")->phase, PHASE_APPLIED);
	reconcile(f, 0);
	assert_true(is_settled(f));
}

static void is_tried_as_often_as_it_says(void **state)
{
	struct fixture *f = *state;
	begin(f, "exit 3");
	/* The delay between attempts is the runbook's. */
	sh(f, "cd repo/runbooks && sed -i 's/^# History/# Execution\\n```yaml\\nretry: {attempts: "
	      "1, delay: 1s, backoff: constant}\\n```\\n# History/' Job.md");
	put_run(f, "a", "  retries: 1\n");
	commit(f);
	reconcile(f, 1);
	assert_int_equal(runs_of(f, "run/a"), 2);
	assert_int_equal(last_of(f, "run/a")->attempt, 2);
	assert_string_equal(outcome_of(f, "run/a")->status_text, "exit code 3 (attempt 2)");
	assert_int_equal(row_of(f, "run/a")->phase, PHASE_FAILED);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
}

static void what_could_not_be_started_is_tried_again(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "  env: {T: {fromEnv: NOT_THERE}}\n");
	commit(f);
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_WAITING);
	assert_non_null(strstr(outcome_of(f, "run/a")->status_text, "NOT_THERE"));
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 0);
	static const char *const there_now[] = {"NOT_THERE=value", NULL};
	f->options.environ = there_now;
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	assert_true(is_settled(f));
}

static void claims_are_asked_and_a_refusal_is_recorded_once(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *actor = own_actor();
	begin(f, "true");
	put_runbook(f, "# Required Claims\n```yaml\nroles: ops\n```\n", "true");
	put_ops(f, "os:somebody-else");
	put_run(f, "a", "  as: ops\n");
	commit(f);
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_REFUSED);
	reconcile(f, 4);
	reconcile(f, 4);
	struct run_rows rows;
	const struct run_filter filter = {.object_key = "run/a"};
	ok(f, store_runs(f->session.store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.items[0].state, RUN_REFUSED);
	assert_string_equal(rows.items[0].actor, actor);
	assert_non_null(strstr(rows.items[0].error, "not a member"));
	/* A Role of the same commit counts: it is recorded first, if it may be. */
	put_ops(f, actor);
	put_run(f, "b", "  as: ops\n");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	assert_int_equal(runs_of(f, "run/b"), 1);
	assert_string_equal(last_of(f, "run/b")->role, "ops");
}

static void decide_as(struct fixture *f, const char *actor, bool approve)
{
	struct decided d;
	free(f->session.actor);
	f->session.actor = xstrdup(actor);
	ok(f, action_decide(&f->session, "run/a", approve, NULL, &f->arena, &d, &f->err));
}

static void a_yes_is_for_what_was_looked_at(void **state)
{
	struct fixture *f = *state;
	static const char *const other_value[] = {"TOKEN=ijklmnop", NULL};
	begin(f, "true");
	put_run(f, "a",
		"  env: {T: {fromEnv: TOKEN}}\n"
		"  approval: {mode: manual, min: 1}\n");
	commit(f);
	f->options.auto_approve = true; /* is no yes to what asks for one */
	reconcile(f, 4);
	const char *first = open_plan_of(f, "run/a")->id;
	reconcile(f, 4);
	assert_string_equal(open_plan_of(f, "run/a")->id, first);
	decide_as(f, "os:bob", true);
	/* Another value. */
	f->options.environ = other_value;
	reconcile(f, 4);
	assert_string_not_equal(open_plan_of(f, "run/a")->id, first);
	f->options.environ = environment;
	reconcile(f, 4);
	decide_as(f, "os:bob", true);
	/* Another script. */
	put_runbook(f, "", "true; true");
	commit(f);
	reconcile(f, 4);
	decide_as(f, "os:bob", true);
	/* Another version of the Run, and one that wants no yes any more: the old rule stands. */
	put_run(f, "a", "  env: {T: {fromEnv: TOKEN}, U: x}\n  approval: {mode: manual, min: 1}\n");
	commit(f);
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 0);
	decide_as(f, "os:bob", true);
	/* The history is no part of what was looked at. */
	sh(f, "echo '### text' >>repo/runbooks/Job.md");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	/* Once. */
	rerun(f, "run/a", 4);
	assert_int_equal(runs_of(f, "run/a"), 1);
	decide_as(f, "os:bob", false);
	reconcile(f, 0);
	rerun(f, "run/a", 4);
	decide_as(f, "os:bob", true);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
	assert_true(is_settled(f));
	/* A change that takes the rule away is judged by it. */
	put_run(f, "a", "  env: {T: {fromEnv: TOKEN}}\n");
	commit(f);
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 2);
}

static void nothing_is_run_in_a_freeze(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put(f, "repo/trueup.yaml",
		"apiVersion: trueup/v1\nkind: Config\nspec:\n  policy:\n    freeze:\n"
		"      - {from: '2020-01-01T00:00:00Z', until: '2099-01-01T00:00:00Z', reason: "
		"audit}\n");
	put_run(f, "a", "");
	commit(f);
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 0);
	assert_string_equal(
		outcome_of(f, "run/a")->status_text, "frozen until 2099-01-01T00:00:00 UTC: audit");
	sh(f, "rm repo/trueup.yaml");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
}

static void nobody_to_ask_means_waiting(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "");
	commit(f);
	f->answer = -1;
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 0);
	decide_as(f, "os:bob", false);
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_REFUSED);
	/* Who asks by name has said yes. */
	rerun(f, "run/a", 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
}

/* --- schedules ----------------------------------------------------------------------------- */

static void due_times_are_taken_once(void **state)
{
	struct fixture *f = *state;
	begin(f, "exit 1");
	f->answer = -1;
	put_run(f, "a", "  schedule: {cron: \"0 * * * *\"}\n");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(outcome_of(f, "run/a")->action, PLAN_CREATE);
	assert_int_equal(runs_of(f, "run/a"), 0);
	const int64_t first = schedule_of(f, "run/a")->next_at;
	assert_in_range(first, clock_now_ms() - MINUTE, clock_now_ms() + HOUR);
	assert_true(is_settled(f));
	reconcile(f, 0);
	/* Three of them have come: one run, also after one that failed. */
	f->later_ms = first + 2 * HOUR + MINUTE - clock_now_ms();
	reconcile(f, 1);
	assert_int_equal(runs_of(f, "run/a"), 1);
	assert_int_equal(last_of(f, "run/a")->cause, RUN_BY_SCHEDULE);
	assert_int_equal(schedule_of(f, "run/a")->next_at, first + 3 * HOUR);
	assert_string_equal(schedule_of(f, "run/a")->last_run_id, last_of(f, "run/a")->id);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
	f->later_ms += HOUR;
	reconcile(f, 1);
	assert_int_equal(runs_of(f, "run/a"), 2);
	/* Something else of it changed: the next time stays. */
	put_run(f, "a", "  env: {X: z}\n  schedule: {cron: \"0 * * * *\"}\n");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(schedule_of(f, "run/a")->next_at, first + 4 * HOUR);
	/* Another schedule counts from now on. */
	put_run(f, "a", "  schedule: {cron: \"30 * * * *\"}\n");
	commit(f);
	f->later_ms += HOUR;
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 2);
	assert_true(schedule_of(f, "run/a")->next_at > f->session.now_ms);
	sh(f, "rm -r repo/runs");
	commit(f);
	reconcile(f, 0);
	assert_null(schedule_of(f, "run/a"));
}

static void a_missed_time_is_left_out_when_asked(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "  schedule: {cron: \"0 0 * * *\", missed: skip}\n");
	commit(f);
	reconcile(f, 0);
	const int64_t first = schedule_of(f, "run/a")->next_at;
	f->later_ms = first + HOUR - clock_now_ms();
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 0);
	assert_non_null(strstr(run_result(f->run)->notices[0], "missed: skip"));
	assert_int_equal(schedule_of(f, "run/a")->next_at, first + 24 * HOUR);
	assert_true(is_settled(f));
}

static void a_due_time_waits_while_suspended(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "  schedule: {cron: \"0 * * * *\"}\n");
	commit(f);
	reconcile(f, 0);
	ok(f, action_suspend(&f->session, "run/a", true, NULL, &f->err));
	f->later_ms = 2 * HOUR;
	reconcile(f, 4);
	assert_int_equal(runs_of(f, "run/a"), 0);
	ok(f, action_suspend(&f->session, "run/a", false, NULL, &f->err));
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
}

static void a_rejected_time_does_not_keep_the_next_one(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "  schedule: {cron: \"0 * * * *\"}\n  approval: {mode: manual}\n");
	commit(f);
	reconcile(f, 0);
	const int64_t first = schedule_of(f, "run/a")->next_at;
	f->later_ms = first + MINUTE - clock_now_ms();
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_WAITING);
	decide_as(f, "os:bob", false);
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_REFUSED);
	f->later_ms += HOUR;
	reconcile(f, 4);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_WAITING);
	decide_as(f, "os:bob", true);
	reconcile(f, 0);
	assert_int_equal(runs_of(f, "run/a"), 1);
}

/* --- what a process that died leaves ---------------------------------------------------------- */

/* An operation as the child's intention leaves it, with its run in this state. */
static struct operation_row *left_over(
	struct fixture *f, enum run_state state, bool started, const char *isolation)
{
	static char id[ULID_SIZE];
	const char *plan = row_of(f, "run/a")->plan_id;
	ulid_new(clock_now_ms(), id);
	struct run_row row = {
		.id = id,
		.runbook = "Job",
		.path = "runbooks/Job.md",
		.object_key = "run/a",
		.attempt = 1,
		.target = "local",
		.actor = "os:x",
		.content_digest = "",
		.env_names_json = "[]",
		.env_digest = "",
		.intended_at = clock_now_ms(),
		.dir = arena_printf(&f->arena, "runs/%s", id),
	};
	const struct operation_row op = {.id = id,
		.object_key = "run/a",
		.kind = RUN_SPEC_OPERATION,
		.plan_id = plan,
		.actor = "os:x",
		.intended_at = row.intended_at,
		.dir = row.dir};
	const struct object_step step = {.phase = PHASE_APPLYING, .plan_id = plan};
	struct store *s = f->session.store;
	bool moved;
	ok(f, store_run_intend(s, &row, &f->err));
	ok(f, store_operation_intend(s, &op, &f->err));
	ok(f, store_plan_move(s, plan, PLAN_APPLIED, NULL, &moved, &f->err));
	ok(f, store_object_step(s, "run/a", &step, row.intended_at, &f->err));
	row.started_at = clock_now_ms();
	if (started)
		ok(f, store_run_started(s, &row, &f->err));
	row.state = state;
	row.isolation = isolation;
	row.exit_code = state == RUN_DONE ? 0 : -1;
	if (state != RUN_INTENDED && state != RUN_RUNNING)
		ok(f, store_run_finish(s, &row, NULL, NULL, &moved, &f->err));
	struct operation_row *ret = NULL;
	ok(f, store_operation_get(s, id, &f->arena, &ret, &f->err));
	return ret;
}

static void what_is_left_is_ended_as_it_was(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum run_state run;
		bool started;
		const char *isolation;
		enum operation_state operation;
		enum object_phase phase;
		size_t runs_after; /* of the next reconcile */
	} cases[] = {
		/* Nobody knows how far it got: not again by itself. */
		{RUN_LOST, true, NULL, OPERATION_LOST, PHASE_FAILED, 0},
		{RUN_KILLED, true, "full", OPERATION_INTERRUPTED, PHASE_FAILED, 0},
		{RUN_KILLED, false, NULL, OPERATION_INTERRUPTED, PHASE_FAILED, 0},
		{RUN_FAILED, true, "full", OPERATION_FAILED, PHASE_FAILED, 0},
		{RUN_DONE, true, "full", OPERATION_DONE, PHASE_APPLIED, 0},
		{RUN_CANCELLED, true, "full", OPERATION_INTERRUPTED, PHASE_FAILED, 0},
		/* The script was not started: as if nothing had been. */
		{RUN_CANCELLED, true, NULL, OPERATION_INTERRUPTED, PHASE_NEW, 1},
		{RUN_CANCELLED, false, NULL, OPERATION_INTERRUPTED, PHASE_NEW, 1},
		{RUN_FAILED, false, NULL, OPERATION_FAILED, PHASE_FAILED, 1},
	};
	begin(f, "true");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO_FREE char *spec = xasprintf("  env: {N: \"%zu\"}\n", i);
		put_run(f, "a", spec);
		commit(f);
		f->answer = -1;
		reconcile(f, 4);
		const struct operation_row *op =
			left_over(f, cases[i].run, cases[i].started, cases[i].isolation);
		struct run_settled end;
		const size_t before = runs_of(f, "run/a");
		ok(f, run_spec_settle(&f->session, op, &f->arena, &end, &f->err));
		assert_false(end.open);
		struct operation_row *now = NULL;
		ok(f, store_operation_get(f->session.store, op->id, &f->arena, &now, &f->err));
		assert_int_equal(now->state, cases[i].operation);
		assert_int_equal(row_of(f, "run/a")->phase, cases[i].phase);
		/* Again, as a second process would: nothing changes. */
		ok(f, run_spec_settle(&f->session, op, &f->arena, &end, &f->err));
		f->answer = 1;
		reconcile(f, 0);
		assert_int_equal(runs_of(f, "run/a"), before + cases[i].runs_after);
	}
}

static void one_that_never_began_is_run_and_gets_its_time_back(void **state)
{
	struct fixture *f = *state;
	begin(f, "true");
	put_run(f, "a", "  schedule: {cron: \"0 * * * *\"}\n  approval: {mode: manual}\n");
	commit(f);
	reconcile(f, 0);
	const int64_t first = schedule_of(f, "run/a")->next_at;
	f->later_ms = first + MINUTE - clock_now_ms();
	reconcile(f, 4);
	const struct operation_row *op = left_over(f, RUN_INTENDED, false, NULL);
	struct schedule_row row = *schedule_of(f, "run/a");
	bool taken;
	row.next_at = first + HOUR;
	row.last_run_id = op->id;
	ok(f, store_schedule_take(f->session.store, &row, first, &taken, &f->err));
	assert_true(taken);
	/* The next run finds it open, its job never started. */
	reconcile(f, 4);
	assert_int_equal(schedule_of(f, "run/a")->next_at, first);
	assert_int_equal(outcome_of(f, "run/a")->status, OBJECT_WAITING);
	decide_as(f, "os:bob", true);
	reconcile(f, 0);
	assert_int_equal(last_of(f, "run/a")->state, RUN_DONE);
	assert_int_equal(schedule_of(f, "run/a")->next_at, first + HOUR);
}

int main(int argc, char **argv)
{
	/* The executable that starts a run is also its supervisor. */
	if (argc == 3 && str_eq(argv[1], RUN_COMMAND))
		return supervise_main(argv[2]);
	const struct CMUnitTest tests[] = {
		pipeline_test(each_version_is_run_once),
		pipeline_test(what_was_there_before_is_not_run),
		pipeline_test(what_failed_is_not_repeated),
		pipeline_test(is_tried_as_often_as_it_says),
		pipeline_test(what_could_not_be_started_is_tried_again),
		pipeline_test(claims_are_asked_and_a_refusal_is_recorded_once),
		pipeline_test(a_yes_is_for_what_was_looked_at),
		pipeline_test(nothing_is_run_in_a_freeze),
		pipeline_test(nobody_to_ask_means_waiting),
		pipeline_test(due_times_are_taken_once),
		pipeline_test(a_missed_time_is_left_out_when_asked),
		pipeline_test(a_due_time_waits_while_suspended),
		pipeline_test(a_rejected_time_does_not_keep_the_next_one),
		pipeline_test(what_is_left_is_ended_as_it_was),
		pipeline_test(one_that_never_began_is_run_and_gets_its_time_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
