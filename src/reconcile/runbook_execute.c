/*
 * From a run that may be to one that was: intended, executed by its target, recorded. Everything a
 * later process needs to take over lies in the row and in STATE/runs/ID; what it must not find
 * twice is decided by two locks there. `front` is held by this process until the end is recorded,
 * `lock` by the supervisor until nothing of the script is left.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "reconcile/runbook_adopt.h"
#include "reconcile/runbook_call.h"
#include "reconcile/runbook_group.h"
#include "reconcile/runbook_history.h"
#include "reconcile/runbook_internal.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { HIDE_MAX = 8, PIECE_MS = 50 };

struct attempt {
	struct session *session;
	const struct runbook_request *request;
	struct runbook_run *run;
	const struct target_executor *executor;
	struct run_row row;
	char *dir; /* absolute, in the run's arena */
	struct lock front;
	struct lock place; /* in the concurrency group */
	bool first;
};

static void emit(
	const struct attempt *a, enum runbook_event_kind kind, const char *text, size_t len)
{
	const struct runbook_event event = {kind, &a->row, text, len};
	if (a->request->listener)
		a->request->listener(a->request->data, &event);
}

static bool interrupted(const struct attempt *a)
{
	return a->request->interrupts && *a->request->interrupts;
}

/* ---- intention ---- */

static int record_intention(struct attempt *a, struct err **err)
{
	struct store *store = a->session->store;
	const struct plan_row *plan = a->run->plan;
	bool moved = true;
	if (store_run_intend(store, &a->row, err) < 0)
		return -1;
	if (!a->first)
		return 0;
	if (plan && store_plan_move(store, plan->id, PLAN_APPLIED, a->row.id, &moved, err) < 0)
		return -1;
	if (!moved)
		return err_set(err, ERR_CONFLICT,
			"the approval %s was used by another run or is void", plan->id);
	if (a->request->on_intend)
		return a->request->on_intend(a->request->data, store, &a->row, err);
	return 0;
}

static int intend(struct attempt *a, int64_t number, struct err **err)
{
	struct runbook_run *run = a->run;
	const int64_t now = clock_now_ms();
	const bool given = number == 1 && a->request->run_id;
	char *fresh = arena_alloc(&run->arena, ULID_SIZE);
	a->first = number == 1;
	a->row = runbook_row(a->session, a->request, run);
	a->row.id = given ? a->request->run_id : ulid_new(now, fresh);
	a->row.attempt = number;
	a->row.state = RUN_INTENDED;
	a->row.intended_at = now;
	a->row.dir = arena_printf(&run->arena, "runs/%s", a->row.id);
	a->row.history =
		a->request->mode == RUN_MODE_RUN ? runbook_history_wanted(run) : RUN_HISTORY_OFF;
	a->dir = arena_printf(&run->arena, "%s/%s", a->session->state_dir, a->row.dir);
	AUTO_FREE char *front = path_join(a->dir, RUNBOOK_FRONT);
	AUTO_FREE char *owner = xasprintf("pid %ld", (long)getpid());
	if (fs_mkdirs(a->dir, 0700, err) < 0 || lock_take(front, owner, 0, &a->front, err) < 0 ||
		store_begin(a->session->store, err) < 0)
		return -1;
	if (record_intention(a, err) == 0)
		return store_commit(a->session->store, err);
	AUTO_ERR left = NULL;
	store_rollback(a->session->store);
	(void)!fs_remove_tree(a->dir, &left);
	return -1;
}

/* ---- ends without a start ---- */

static int end_unstarted(struct attempt *a, enum run_state state, const char *why, struct err **err)
{
	bool recorded;
	a->row.state = state;
	a->row.ended_at = clock_now_ms();
	a->row.exit_code = 1;
	a->row.error = arena_strdup(&a->run->arena, why);
	if (store_run_finish(a->session->store, &a->row, NULL, NULL, &recorded, err) < 0)
		return -1;
	a->run->reason = a->row.error;
	emit(a, RUNBOOK_EVENT_ENDED, NULL, 0);
	return 0;
}

/* The order could not be carried out: a mistake in it, or something that broke. */
static int end_by_error(struct attempt *a, const struct err *why, struct err **err)
{
	AUTO_STR text = STR_INIT;
	const enum err_kind kind = err_kind_of(why);
	const bool wrong = kind == ERR_INVALID || kind == ERR_DENIED;
	if (wrong)
		str_add(&text, "Failed to ");
	err_format(why, &text);
	a->run->fate = wrong ? RUNBOOK_INVALID : RUNBOOK_RAN;
	return end_unstarted(a, wrong ? RUN_INVALID : RUN_FAILED, text.data, err);
}

/* ---- the concurrency group ---- */

static void on_wait(void *data)
{
	struct attempt *a = data;
	const char *group = runbook_group_name(a->run->runbook);
	const char *text = arena_printf(
		&a->run->arena, "waits for its turn in the concurrency group '%s'", group);
	emit(a, RUNBOOK_EVENT_WAITS, text, strlen(text));
}

/* Would it wait for a run that waits for it? */
static const char *waits_for_caller(const struct attempt *a, const char *group)
{
	for (size_t i = 0; i < a->request->chain_count; i++)
		if (str_eq(a->request->chain[i].group, group))
			return arena_printf(&a->run->arena,
				"the run of %s that calls it is in the same concurrency group "
				"'%s' and would wait for itself",
				a->request->chain[i].runbook, group);
	return NULL;
}

/* *ret_go false: it ended here. */
static int enter_group(struct attempt *a, bool *ret_go, struct err **err)
{
	const struct spec_execution *e = &a->run->runbook->execution;
	enum group_answer answer;
	*ret_go = true;
	if (!e->concurrency.written)
		return 0;
	const struct group_wish wish = {
		.state_dir = a->session->state_dir,
		.group = runbook_group_name(a->run->runbook),
		.limit = e->concurrency.limit,
		.policy = e->concurrency.policy,
		.run_id = a->row.id,
		.interrupts = a->request->interrupts,
		.on_wait = on_wait,
		.data = a,
	};
	const char *why = waits_for_caller(a, wish.group);
	if (!why && group_enter(&wish, &answer, &a->place, err) < 0)
		return -1;
	if (!why && answer == GROUP_ENTERED)
		return 0;
	*ret_go = false;
	const bool refused = why || answer == GROUP_FULL;
	a->run->fate = refused ? RUNBOOK_REFUSED : RUNBOOK_RAN;
	if (!why)
		why = answer == GROUP_FULL ? "as many runs of its concurrency group go on as may"
		      : answer == GROUP_REPLACED
			      ? "a newer run of its concurrency group took its place"
			      : "stopped while it waited for its turn";
	return end_unstarted(a, refused ? RUN_REFUSED : RUN_CANCELLED, why, err);
}

/* ---- the order ---- */

static enum isolation isolation_of(const struct config *config, const struct spec_execution *e)
{
	if (e->isolation == EXEC_ISOLATION_REQUIRED || config->runbooks.isolation_required)
		return ISOLATION_REQUIRED;
	return e->isolation == EXEC_ISOLATION_OFF ? ISOLATION_NONE : ISOLATION_BEST_EFFORT;
}

/* What a script has no business in. */
static const char *const *hidden(const struct attempt *a)
{
	struct source *source = a->session->source;
	const char **list = arena_array(&a->run->arena, HIDE_MAX, sizeof *list);
	const struct passwd *pw = getpwuid(geteuid());
	const char *const all[] = {a->session->state_dir, source_git_dir(source),
		source_dir(source), "/home", "/root", pw ? pw->pw_dir : NULL};
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i])
			list[n++] = arena_strdup(&a->run->arena, all[i]);
	return list;
}

static struct run_policy policy_of(const struct attempt *a)
{
	const struct spec_execution *e = &a->run->runbook->execution;
	const struct config *config = a->run->config;
	struct run_policy policy;
	run_policy_default(&policy);
	policy.isolation = isolation_of(config, e);
	policy.network_none = e->network == NETWORK_OFF || a->request->mode == RUN_MODE_CHECK;
	policy.allow_bash = config->runbooks.allow_bash;
	policy.timeout_ms = a->request->timeout_ms ? a->request->timeout_ms : e->timeout_ms;
	policy.finish = config->runbooks.finish;
	policy.hide = hidden(a);
	return policy;
}

/* The run's own names, for scripts that look for them. They stand in for what was given. */
static const struct run_var *with_own_variables(const struct attempt *a, size_t *ret_count)
{
	static const char *const own[] = {"RUNBOOK_CORRELATION_ID", "RUNBOOK_RECURSION_STACK"};
	const struct runbook_run *run = a->run;
	struct run_var *vars =
		arena_array(&a->run->arena, run->var_count + ARRAY_LEN(own), sizeof *vars);
	AUTO_STR stack = STR_INIT;
	size_t n = 0;
	for (size_t i = 0; i < run->var_count; i++)
		if (!str_eq(run->vars[i].name, own[0]) && !str_eq(run->vars[i].name, own[1]))
			vars[n++] = run->vars[i];
	str_addc(&stack, '[');
	for (size_t i = 0; i < a->request->chain_count; i++)
		str_addf(&stack, "\"%s\", ", a->request->chain[i].runbook);
	str_addf(&stack, "\"%s\"]", run->name);
	vars[n++] = (struct run_var){own[0], a->row.id, false};
	vars[n++] = (struct run_var){own[1], arena_strdup(&a->run->arena, stack.data), false};
	*ret_count = n;
	return vars;
}

/* Where the inputs are: the folder itself, or copies out of the commit. */
static int find_inputs(struct attempt *a, const char **ret_root, struct err **err)
{
	struct runbook_inputs inputs;
	*ret_root = NULL;
	if (!a->run->runbook->inputs.count)
		return 0;
	if (a->run->on_disk) {
		*ret_root = source_dir(a->session->source);
		return 0;
	}
	*ret_root = arena_printf(&a->run->arena, "%s/inputs", a->dir);
	AUTO_FREE char *folder = path_join(*ret_root, RUNBOOK_FOLDER);
	if (runbook_inputs_find(a->session, a->run, &inputs, err) < 0 ||
		fs_mkdirs(folder, 0700, err) < 0)
		return -1;
	return runbook_inputs_write(a->session, &inputs, *ret_root, err);
}

static const char *const *input_list(struct runbook_run *run)
{
	const struct spec_texts *inputs = &run->runbook->inputs;
	const char **list = arena_array(&run->arena, inputs->count + 1, sizeof *list);
	for (size_t i = 0; i < inputs->count; i++)
		list[i] = inputs->items[i].text;
	return list;
}

static int start(struct attempt *a, struct job *job, struct err **err)
{
	struct runbook_run *run = a->run;
	const char *script = run->runbook->script_text.text;
	size_t var_count;
	const char *root;
	struct runbook_call call;
	if (find_inputs(a, &root, err) < 0 ||
		runbook_call_prepare(a->session, a->request, run, &a->row, a->dir, &call, err) < 0)
		return -1;
	const struct run_var *vars = with_own_variables(a, &var_count);
	const struct run_order order = {
		.dir = a->dir,
		.id = a->row.id,
		.owner = arena_printf(&run->arena, "runbook %s by %s", run->name, a->row.actor),
		.target = a->request->target,
		.shell = run->runbook->execution.shell,
		.script = script,
		.script_len = strlen(script),
		.inputs_root = root,
		.inputs_base = RUNBOOK_FOLDER,
		.inputs = input_list(run),
		.vars = vars,
		.n_vars = var_count,
		.call_token = call.token,
		.call_env = call.env,
		.mask = a->request->mask,
		.policy = policy_of(a),
	};
	if (a->executor->start(&order, job, err) < 0)
		return -1;
	AUTO_FREE char *copies = path_join(a->dir, "inputs");
	return fs_remove_tree(copies, err);
}

/* ---- following ---- */

static void on_output(void *data, const char *text, size_t len)
{
	emit(data, RUNBOOK_EVENT_OUTPUT, text, len);
}

static int record_started(struct attempt *a, const struct job *job, struct err **err)
{
	a->row.started_at = clock_now_ms();
	a->row.pid = job->supervisor.pid;
	a->row.pid_start = process_start_time(job->supervisor.pid);
	if (store_run_started(a->session->store, &a->row, err) < 0)
		return -1;
	a->row.state = RUN_RUNNING;
	emit(a, RUNBOOK_EVENT_STARTED, NULL, 0);
	return 0;
}

static int follow(struct attempt *a, struct job *job, struct err **err)
{
	const struct job_watch watch = {on_output, a, a->request->interrupts};
	bool recorded;
	if (record_started(a, job, err) < 0 ||
		a->executor->wait(job, &watch, &a->run->result, err) < 0)
		return -1;
	if (runbook_record_end(a->session, &a->row, &a->run->result, &recorded, err) < 0)
		return -1;
	if (a->row.error)
		a->row.error = arena_strdup(&a->run->arena, a->row.error);
	a->row.isolation = arena_strdup(&a->run->arena, a->run->result.level);
	a->run->reason = a->row.error;
	emit(a, RUNBOOK_EVENT_ENDED, NULL, 0);
	return 0;
}

/* One attempt after its intention: until its end is recorded. */
static int carry_out(struct attempt *a, struct err **err)
{
	AUTO_JOB job = JOB_NONE;
	AUTO_ERR why = NULL;
	bool go = true;
	if (a->first && enter_group(a, &go, err) < 0)
		return -1;
	if (!go)
		return 0;
	if (interrupted(a))
		return end_unstarted(a, RUN_CANCELLED, "stopped before its script started", err);
	if (start(a, &job, &why) < 0)
		return end_by_error(a, why, err);
	return follow(a, &job, err);
}

/* ---- again ---- */

static bool try_again(const struct attempt *a)
{
	const unsigned on = a->run->runbook->execution.retry.on;
	if (interrupted(a))
		return false;
	if (a->row.state == RUN_FAILED)
		return on & RETRY_ON_FAILURE && !a->row.error;
	if (a->row.state == RUN_TIMED_OUT)
		return on & RETRY_ON_TIMEOUT;
	return a->row.state == RUN_KILLED && on & RETRY_ON_SIGNAL && !a->run->result.abandoned;
}

/* False: the user does not want to wait for it. */
static bool wait_for_retry(const struct attempt *a, int64_t attempts)
{
	const struct spec_execution *e = &a->run->runbook->execution;
	int64_t delay = e->retry.delay_ms;
	char time[CLOCK_TEXT_SIZE];
	for (int64_t i = 1; e->retry.backoff == BACKOFF_EXPONENTIAL && i < a->row.attempt &&
			    delay < e->retry.max_delay_ms;
		i++)
		delay *= 2;
	if (e->retry.backoff == BACKOFF_EXPONENTIAL && delay > e->retry.max_delay_ms)
		delay = e->retry.max_delay_ms;
	const char *text = arena_printf(&a->run->arena, "attempt %lld of %lld in %s",
		(long long)a->row.attempt + 1, (long long)attempts,
		clock_format_duration(delay, time));
	emit(a, RUNBOOK_EVENT_RETRY, text, strlen(text));
	const int64_t until = clock_monotonic_ms() + delay;
	while (!interrupted(a)) {
		const int64_t left = until - clock_monotonic_ms();
		if (left <= 0)
			return true;
		/* A signal ends it; one that came just before is seen after a moment. */
		(void)poll(NULL, 0, left < PIECE_MS ? (int)left : PIECE_MS);
	}
	return false;
}

static int run_attempts(struct attempt *a, struct err **err)
{
	const struct spec_execution *e = &a->run->runbook->execution;
	const int64_t attempts = a->request->attempts ? a->request->attempts : e->retry.attempts;
	for (int64_t number = 1;; number++) {
		if (intend(a, number, err) < 0 || carry_out(a, err) < 0)
			return -1;
		/* The end is recorded: the folder holds nothing that anybody needs. */
		AUTO_ERR left = NULL;
		(void)!fs_remove_tree(a->dir, &left);
		lock_release(&a->front);
		if (a->run->fate != RUNBOOK_RAN || number >= attempts || !try_again(a) ||
			!wait_for_retry(a, attempts))
			return 0;
	}
}

int runbook_execute(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	const char *target = request->target ? request->target : "local";
	struct attempt a = {
		.session = session,
		.request = request,
		.run = run,
		.executor = target_executor_find(target),
		.front = LOCK_NONE,
		.place = LOCK_NONE,
	};
	if (!a.executor)
		return err_set(
			err, ERR_INVALID, "there is no kind of target '%s'; 'local' is", target);
	run->fate = RUNBOOK_RAN;
	const int failed = run_attempts(&a, err);
	run->row = a.row;
	lock_release(&a.front);
	lock_release(&a.place);
	return failed;
}
