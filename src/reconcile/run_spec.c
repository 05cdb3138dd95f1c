/*
 * From what is true about a Run to a decision with its gates. What its runbook is, whether the
 * actor may run it and what its variables are is looked at only when that matters: when it is to be
 * run, or a plan waits that may hold for it.
 */
#include "reconcile/run_spec.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "base/zone.h"
#include "format/emit.h"
#include "plan/decide_run.h"
#include "reconcile/runbook_gate.h"
#include "spec/freeze.h"

#include <string.h>

void run_spec_digest(const struct spec *spec, char ret[DIGEST_HEX])
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	emit_canonical(
		node_get(spec_canonical(&arena, spec, SPEC_CANONICAL_DIGEST), "spec"), &text);
	digest_hex(text.data, text.len, ret);
}

/* --- the request ---------------------------------------------------------------------------- */

static void take_values(struct arena *arena, const struct run_spec *spec, struct runbook_request *r)
{
	struct given_var *vars = arena_array(arena, spec->env_count, sizeof *vars);
	for (size_t i = 0; i < spec->env_count; i++) {
		const struct run_spec_variable *v = &spec->env[i];
		vars[i] = v->text ? (struct given_var){v->name.text, v->text, VALUE_PLAIN}
				  : (struct given_var){v->name.text, v->ref.name, v->ref.kind};
	}
	r->vars = vars;
	r->var_count = spec->env_count;
}

static void make_request(struct run *run, struct item *item)
{
	struct run_item *ri = item->run;
	const struct run_spec *spec = ri->spec;
	const bool scheduled = ri->due.verdict == SCHEDULE_DUE;
	ri->request = (struct runbook_request){
		.runbook = spec->runbook.text,
		.rev = run->load.rev.commit[0] ? run->load.rev.commit : NULL,
		.worktree = run->load.flags & LOAD_WORKTREE,
		.environ = run->options->environ,
		.role = spec->as.text,
		.target = spec->targets.provider,
		.mode = RUN_MODE_RUN,
		.cause = ri->asked   ? RUN_AGAIN
			 : scheduled ? RUN_BY_SCHEDULE
				     : RUN_BY_SPEC,
		.object_key = item->key,
		.attempts = spec->retries < 0 ? 0 : spec->retries + 1,
		.timeout_ms = spec->timeout_ms,
		.approval = past_approval(&item->past, &spec->approval, &run->arena),
		.interrupts = run->options->interrupts,
	};
	take_values(&run->arena, spec, &ri->request);
}

static const struct spec_approval *no_rule(struct arena *arena)
{
	struct spec_approval *rule = arena_alloc(arena, sizeof *rule);
	rule->mode = APPROVAL_AUTO;
	return rule;
}

/* At its runbook, as it would be run now. */
static int look(struct run *run, struct item *item, struct err **err)
{
	struct run_item *ri = item->run;
	if (ri->looked)
		return 0;
	make_request(run, item);
	if (runbook_look(run->session, &ri->request, &ri->look, err) < 0)
		return err_wrap(err, "look at the runbook of %s", item->key);
	ri->looked = true;
	item->approval = ri->look.approval ? ri->look.approval : no_rule(&run->arena);
	return 0;
}

/* --- facts ---------------------------------------------------------------------------------- */

static int last_run(
	struct run *run, const struct item *item, struct schedule_facts *f, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct run_rows rows = {0};
	const struct run_filter filter = {.object_key = item->key, .limit = 1};
	if (store_runs(run->session->store, &filter, &scratch, &rows, err) < 0)
		return -1;
	if (rows.count) {
		f->begun_at = rows.items[0].intended_at;
		f->ended_at = rows.items[0].ended_at;
	}
	return 0;
}

/* Is it due, by the schedule that was recorded? One that says something else now is not. */
static int judge_schedule(struct run *run, struct item *item, struct err **err)
{
	struct run_item *ri = item->run;
	struct schedule_row *row = NULL;
	AUTO_ZONE *zone = NULL;
	if (!run->session->store || !ri->spec)
		return 0;
	if (store_schedule_get(run->session->store, item->key, &run->arena, &row, err) < 0)
		return -1;
	ri->schedule = row;
	if (!row || !ri->spec->schedule.cron.text ||
		!str_eq(row->definition, schedule_definition(ri->spec, &run->arena)))
		return 0;
	struct schedule_facts f = {
		.run = ri->spec, .next_at = row->next_at, .now = run->session->now_ms};
	if (zone_open(ri->spec->schedule.timezone.text, &zone, err) < 0 ||
		last_run(run, item, &f, err) < 0)
		return err_wrap(err, "look at the schedule of %s", item->key);
	f.zone = zone;
	ri->due = schedule_judge(&f);
	return 0;
}

/* Was it rejected, and is nothing new wanted since: neither another version nor another time? */
static int was_rejected(struct run *run, const struct item *item, bool *ret, struct err **err)
{
	const struct run_item *ri = item->run;
	struct plan_row *plan = NULL;
	*ret = false;
	if (!item->row || !item->row->plan_id)
		return 0;
	if (store_plan_get(run->session->store, item->row->plan_id, &run->arena, &plan, err) < 0)
		return -1;
	*ret = plan && plan->status == PLAN_REJECTED && str_eq(plan->object_digest, item->digest) &&
	       plan->created_at >= ri->due.due_at;
	return 0;
}

/* An open plan that is for what would be run now. */
static int judge_plan(struct run *run, struct item *item, struct plan_row *plan,
	enum plan_stored *ret, struct err **err)
{
	if (look(run, item, err) < 0)
		return -1;
	if (!str_eq(plan->sha256, item->run->look.identity))
		return 0;
	return item_take_plan(run, item, plan, ret, err);
}

/* The plan that the Run waits with, or that was rejected. */
static int stored_plan(struct run *run, struct item *item, enum plan_stored *ret, struct err **err)
{
	struct store *store = run->session->store;
	struct plan_row *plan = NULL;
	bool rejected = false;
	*ret = STORED_NONE;
	if (!store || !item->desired)
		return 0;
	if (was_rejected(run, item, &rejected, err) < 0 ||
		store_plan_open(store, item->key, &run->arena, &plan, err) < 0)
		return -1;
	if (rejected)
		*ret = STORED_REJECTED;
	if (!plan || !str_eq(plan->object_digest, item->digest) ||
		!str_eq(plan->engine, RUNBOOK_ENGINE))
		return 0;
	return judge_plan(run, item, plan, ret, err);
}

static bool is_named(const char *const *list, const char *key)
{
	for (; list && *list; list++)
		if (str_eq(*list, key))
			return true;
	return false;
}

static int gather(struct run *run, struct item *item, struct run_facts *f, struct err **err)
{
	const struct object_row *row = item->row;
	struct run_item *ri = item->run;
	ri->asked = is_named(run->options->rerun, item->key);
	if (judge_schedule(run, item, err) < 0)
		return -1;
	*f = (struct run_facts){
		.desired = item->desired != NULL,
		.recorded = item_is_recorded(row),
		.baseline = !run->load.recorded,
		.scheduled = ri->spec && ri->spec->schedule.cron.text,
		.due = ri->due.verdict == SCHEDULE_DUE,
		.asked = ri->asked,
		.suspended = row && row->suspended,
		.last = row && row->phase == PHASE_APPLYING ? LAST_RUNNING : item_last(row),
	};
	f->same = f->desired && f->recorded && str_eq(row->applied_digest, item->digest);
	return stored_plan(run, item, &f->stored, err);
}

/* --- gates and words ------------------------------------------------------------------------ */

/* As for canvases: only where there are freezes at all. */
static int ask_freeze(struct run *run, struct item *item, struct err **err)
{
	const struct config *config = run->load.config;
	const char *why = NULL;
	int64_t until = 0;
	if (!config->freeze_count)
		return 0;
	if (freeze_now(config, run->session->now_ms, &until, &why, err) < 0)
		return -1;
	gate_freeze(until, why, &run->arena, &item->out.gates);
	return 0;
}

static int ask_gates(struct run *run, struct item *item, struct err **err)
{
	const struct runbook_run *look = &item->run->look;
	const char *reason = look->reason ? look->reason : "";
	const char *line = arena_memdup(&run->arena, reason, strcspn(reason, "\n"));
	const bool invalid = look->fate == RUNBOOK_INVALID;
	/* That passes: it waits for it, as a Run does that is suspended itself. */
	const bool suspended = look->suspended;
	const bool refused = look->fate == RUNBOOK_REFUSED && !suspended;
	struct gate_answers *answers = &item->out.gates;
	*answers = (struct gate_answers){0};
	gate_add(answers, &run->arena, "claims", refused ? GATE_REFUSE : GATE_PASS,
		refused ? line : NULL);
	gate_add(answers, &run->arena, "runbook", invalid || suspended ? GATE_WAIT : GATE_PASS,
		invalid || suspended ? line : NULL);
	return ask_freeze(run, item, err);
}

/* "PatchPrep, new", "PatchPrep, due since 2026-11-28 02:30:00" (UTC). */
static void summarise(struct run *run, struct item *item)
{
	enum { WITHOUT_MILLISECONDS = 19 };
	const struct run_item *ri = item->run;
	char time[CLOCK_TEXT_SIZE];
	if (!ri->spec)
		return;
	const char *why = item->decision.reason;
	if (ri->due.verdict == SCHEDULE_DUE && !ri->asked)
		why = arena_printf(&run->arena, "due since %.*s UTC", WITHOUT_MILLISECONDS,
			clock_format(ri->due.due_at, time));
	item->out.summary = arena_printf(&run->arena, "%s, %s", ri->spec->runbook.text, why);
}

/* A time that is left out is said, whatever else is done. */
static void note_left_out(struct run *run, const struct item *item)
{
	char time[CLOCK_TEXT_SIZE];
	const struct schedule_answer *due = &item->run->due;
	if (due->verdict == SCHEDULE_LEFT_OUT && !item->aside)
		run_notice(run, "%s was due at %s and is left out: %s", item->key,
			clock_format(due->due_at, time), due->reason);
}

int run_item_decide(struct run *run, struct item *item, struct err **err)
{
	struct run_facts facts;
	run_item_release(item);
	item->run = arena_alloc(&run->arena, sizeof *item->run);
	*item->run = (struct run_item){.look = RUNBOOK_RUN_NONE};
	if (item->desired) {
		item->run->spec = item->desired->run;
		run_spec_digest(item->desired, item->digest);
	}
	if (gather(run, item, &facts, err) < 0)
		return -1;
	item->decision = plan_decide_run(&facts);
	item->run->baseline = facts.baseline && item->decision.action == PLAN_NONE;
	item_show_decision(item);
	note_left_out(run, item);
	summarise(run, item);
	if (item->decision.action != PLAN_RUN)
		return 0;
	if (look(run, item, err) < 0 || ask_gates(run, item, err) < 0)
		return -1;
	const struct gate_answer *first = NULL;
	if (gates_verdict(&item->out.gates, &first) == GATE_REFUSE)
		item_status(run, item, OBJECT_REFUSED, "%s", first->reason);
	return 0;
}

bool run_item_was_wanted(const struct item *item)
{
	return item->run->asked || item->run->due.verdict == SCHEDULE_DUE;
}

void run_spec_note_baseline(struct run *run)
{
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++)
		count += run->items[i]->run && run->items[i]->run->baseline;
	if (count)
		run_notice(run,
			"%zu Run%s there before anything was recorded: %s not run now "
			"(`trueup run rerun` does)",
			count, count == 1 ? " was" : "s were", count == 1 ? "it is" : "they are");
}

void run_item_release(struct item *item)
{
	if (item->run && item->run->looked)
		runbook_run_release(&item->run->look);
	item->run = NULL;
}
