/* The order of the steps; each of them is a file of its own. */
#include "reconcile/runbook_run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "reconcile/runbook_internal.h"
#include "reconcile/runbook_history.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CODE_OK, CODE_FAILED, CODE_INVALID = 3, CODE_GATE = 4 };

/* ---- validation ---- */

struct surroundings {
	const struct runbook_request *request;
	const struct runbook_run *run;
	const struct runbook_inputs *inputs;
	int folder;
};

/* One that was given and is not to be had is not missing: why it is not was said already. */
static bool variable(void *data, const char *name)
{
	const struct surroundings *s = data;
	const struct runbook_run *run = s->run;
	for (size_t i = 0; run->fate == RUNBOOK_INVALID && i < s->request->var_count; i++)
		if (str_eq(s->request->vars[i].name, name))
			return true;
	for (size_t i = 0; i < run->var_count; i++)
		if (str_eq(run->vars[i].name, name))
			return true;
	return false;
}

static enum runbook_path path_there(void *data, const char *path)
{
	struct surroundings *s = data;
	return s->inputs ? runbook_inputs_at(s->inputs, path)
			 : runbook_path_on_disk(&s->folder, path);
}

static int validate(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	struct runbook_inputs inputs;
	AUTO_CLOSE folder = -1;
	if (runbook_inputs_find(session, run, &inputs, err) < 0)
		return -1;
	if (run->on_disk) {
		AUTO_FREE char *path = path_join(source_dir(session->source), RUNBOOK_FOLDER);
		folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	struct surroundings data = {request, run, run->on_disk ? NULL : &inputs, folder};
	const struct runbook_world world = {variable, path_there, &data};
	if (runbook_validate(run->runbook, &world, &run->diags) || run->fate != RUNBOOK_FINE)
		return 0;
	run->fate = RUNBOOK_INVALID;
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; i < run->diags.count; i++)
		if (run->diags.items[i].severity == SEVERITY_ERROR)
			str_addf(&text, "%s%s", text.len ? "\n" : "", run->diags.items[i].message);
	run->reason = arena_strdup(&run->arena, text.data);
	return 0;
}

/* ---- the chain of callers ---- */

static void check_chain(const struct runbook_request *request, struct runbook_run *run)
{
	enum { MAX_DEPTH = 50 };
	AUTO_STR names = STR_INIT;
	bool again = false;
	for (size_t i = 0; i < request->chain_count; i++) {
		str_addf(&names, "%s%s", i ? ", " : "", request->chain[i].runbook);
		again = again || str_eq(request->chain[i].runbook, run->name);
	}
	if (again)
		run->reason = arena_printf(&run->arena,
			"Recursion detected: Runbook %s already in execution chain: %s", run->name,
			names.data);
	else if (request->chain_count >= MAX_DEPTH)
		run->reason =
			arena_printf(&run->arena, "Recursion depth limit exceeded: %zu (max: %d)",
				request->chain_count, MAX_DEPTH);
	if (run->reason)
		run->fate = RUNBOOK_REFUSED;
}

/* ---- looking ---- */

static const char *first_error(const struct runbook_run *run)
{
	for (size_t i = 0; i < run->diags.count; i++)
		if (run->diags.items[i].severity == SEVERITY_ERROR)
			return run->diags.items[i].message;
	return "the file cannot be read";
}

static int look(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	if (runbook_load(session, request, run, err) < 0)
		return -1;
	run->env_names_json = "[]";
	if (!run->runbook) {
		run->fate = RUNBOOK_INVALID;
		run->reason = first_error(run);
		return 0;
	}
	check_chain(request, run);
	if (run->fate == RUNBOOK_FINE && runbook_claims_check(session, request, run, err) < 0)
		return -1;
	if (run->fate == RUNBOOK_REFUSED)
		return 0;
	if (runbook_values_resolve(session, request, run, err) < 0 ||
		validate(session, request, run, err) < 0)
		return -1;
	const struct spec_approval *own = &run->runbook->execution.approval;
	run->approval = runbook_approval_both(&run->arena, own, request->approval);
	if (run->base)
		run->approval = runbook_approval_both(
			&run->arena, run->approval, &run->base->execution.approval);
	return run->fate == RUNBOOK_FINE ? runbook_suspension_check(session, run, err) : 0;
}

int runbook_look(struct session *session, const struct runbook_request *request,
	struct runbook_run *ret, struct err **err)
{
	*ret = (struct runbook_run)RUNBOOK_RUN_NONE;
	if (look(session, request, ret, err) == 0)
		return 0;
	runbook_run_release(ret);
	return -1;
}

/* ---- running ---- */

struct run_row runbook_row(const struct session *session, const struct runbook_request *request,
	const struct runbook_run *run)
{
	return (struct run_row){
		.runbook = run->name,
		.path = run->path,
		.mode = request->mode,
		.cause = request->cause,
		.object_key = request->object_key,
		.parent_id = request->chain_count ? request->chain[request->chain_count - 1].run_id
						  : NULL,
		.attempt = 1,
		.target = request->target ? request->target : "local",
		.actor = runbook_actor(session, request),
		.role = run->role,
		.commit_id = run->commit[0] ? run->commit : NULL,
		.content_digest = run->runbook ? run->runbook->digest : "",
		.env_names_json = run->env_names_json,
		.env_digest = run->env_digest,
		.exit_code = -1,
	};
}

/* A run that never starts, or a look that is to be remembered. */
static int record_only(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	static const enum run_state states[] = {
		[RUNBOOK_FINE] = RUN_DONE,
		[RUNBOOK_RAN] = RUN_FAILED,
		[RUNBOOK_INVALID] = RUN_INVALID,
		[RUNBOOK_REFUSED] = RUN_REFUSED,
		[RUNBOOK_WAITS] = RUN_REFUSED,
	};
	struct run_row row = runbook_row(session, request, run);
	const int64_t now = clock_now_ms();
	char *id = arena_alloc(&run->arena, ULID_SIZE);
	row.id = ulid_new(now, id);
	row.state = states[run->fate];
	row.intended_at = row.ended_at = now;
	row.exit_code = run->fate == RUNBOOK_FINE ? CODE_OK : CODE_FAILED;
	row.error = run->reason;
	row.history = run->fate == RUNBOOK_REFUSED && request->mode == RUN_MODE_RUN
			      ? runbook_history_wanted(run)
			      : RUN_HISTORY_OFF;
	if (store_run_record(session->store, &row, err) < 0)
		return -1;
	run->row = row;
	return 0;
}

static int run_it(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	if (look(session, request, run, err) < 0)
		return -1;
	if (run->fate == RUNBOOK_FINE && request->mode != RUN_MODE_VALIDATE &&
		runbook_gate(session, request, run, err) < 0)
		return -1;
	if (run->fate == RUNBOOK_WAITS)
		return 0;
	if (run->fate != RUNBOOK_FINE || request->mode == RUN_MODE_VALIDATE)
		return record_only(session, request, run, err);
	return runbook_execute(session, request, run, err);
}

int runbook_run(struct session *session, const struct runbook_request *request,
	struct runbook_run *ret, struct err **err)
{
	*ret = (struct runbook_run)RUNBOOK_RUN_NONE;
	if (run_it(session, request, ret, err) < 0) {
		runbook_run_release(ret);
		return -1;
	}
	if (ret->row.id)
		runbook_history_drain(session, request->listener, request->data);
	return 0;
}

void runbook_run_release(struct runbook_run *run)
{
	for (size_t i = 0; i < run->var_count; i++)
		if (run->vars[i].secret)
			secret_wipe(
				(char *)(uintptr_t)run->vars[i].value, strlen(run->vars[i].value));
	diag_list_release(&run->diags);
	run_result_release(&run->result);
	arena_release(&run->arena);
	*run = (struct runbook_run)RUNBOOK_RUN_NONE;
}

int runbook_exit_code(const struct runbook_run *run)
{
	switch (run->fate) {
	case RUNBOOK_FINE:
		return CODE_OK;
	case RUNBOOK_RAN:
		return run->row.state == RUN_DONE ? CODE_OK : CODE_FAILED;
	case RUNBOOK_INVALID:
		return CODE_INVALID;
	case RUNBOOK_REFUSED:
	case RUNBOOK_WAITS:
		break;
	}
	return CODE_GATE;
}
