/*
 * What is recorded of Runs beside their runs. The end of an operation is worked out of the rows of
 * its runs each time, so that it does not matter who saw the script end and who was killed then.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/runbook_adopt.h"
#include "reconcile/runbook_history.h"
#include "reconcile/run_spec.h"
#include "store/audit.h"

#include <string.h>

/* --- schedules ------------------------------------------------------------------------------ */

static int put_schedule(struct store *store, const char *key, const struct run_spec *spec,
	int64_t now, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct schedule_row *old = NULL;
	const char *definition = schedule_definition(spec, &scratch);
	if (!definition)
		return store_schedule_remove(store, key, err);
	if (store_schedule_get(store, key, &scratch, &old, err) < 0)
		return -1;
	/* A time that has come stays, whatever else of the Run was changed. */
	if (old && str_eq(old->definition, definition))
		return 0;
	struct schedule_row row = {.key = key, .definition = definition, .updated_at = now};
	if (schedule_first(spec, now, &row.next_at, err) < 0)
		return -1;
	return store_schedule_put(store, &row, err);
}

int run_item_record_schedule(
	struct store *store, const struct item *item, int64_t now, struct err **err)
{
	if (!item->desired)
		return store_schedule_remove(store, item->key, err);
	return put_schedule(store, item->key, item->desired->run, now, err);
}

int run_spec_baseline(struct load *l, const struct spec *spec, const char *digest, struct err **err)
{
	AUTO_ARENA scratch = {0};
	AUTO_STR json = STR_INIT;
	const struct session *s = l->session;
	emit_canonical(spec_canonical(&scratch, spec, SPEC_CANONICAL_PLAIN), &json);
	const struct object_row row = {
		.key = spec->key,
		.applied_digest = digest,
		.applied_revision = l->revision,
		.applied_spec_json = json.data,
		.applied_renderer = RENDER_VERSION,
	};
	if (store_object_applied(s->store, &row, s->now_ms, err) < 0)
		return -1;
	return put_schedule(s->store, spec->key, spec->run, s->now_ms, err);
}

/* --- what is not run ------------------------------------------------------------------------ */

static int leave_out(struct run *run, const struct item *item, struct err **err)
{
	struct session *s = run->session;
	const struct run_item *ri = item->run;
	struct schedule_row row = *ri->schedule;
	bool taken = false;
	row.next_at = ri->due.next_at;
	row.updated_at = s->now_ms;
	const struct audit_row audit = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = "leave out",
		.subject = item->key,
		.detail_json = arena_printf(&run->arena, "{\"due\":%lld,\"why\":\"%s\"}",
			(long long)ri->due.due_at, ri->due.reason),
	};
	if (store_begin(s->store, err) < 0)
		return -1;
	if (store_schedule_take(s->store, &row, ri->schedule->next_at, &taken, err) < 0 ||
		(taken && store_audit_append(s->store, &audit, err) < 0)) {
		store_rollback(s->store);
		return -1;
	}
	return store_commit(s->store, err);
}

/* Who was refused, and why, is recorded once: until somebody else is, or for another reason. */
static int record_refusal(struct run *run, const struct item *item, struct err **err)
{
	struct session *s = run->session;
	const struct runbook_run *look = &item->run->look;
	char id[ULID_SIZE];
	const bool known = item->row && item->row->phase == PHASE_REFUSED &&
			   str_eq(item->row->reason, item->out.status_text);
	if (known || !item->run->looked || look->fate != RUNBOOK_REFUSED)
		return 0;
	const struct run_row row = {
		.id = ulid_new(s->now_ms, id),
		.runbook = look->name,
		.path = look->path,
		.mode = RUN_MODE_RUN,
		.cause = item->run->request.cause,
		.object_key = item->key,
		.attempt = 1,
		.target = item->run->request.target,
		.actor = s->actor,
		.commit_id = look->commit[0] ? look->commit : NULL,
		.content_digest = look->runbook ? look->runbook->digest : "",
		.env_names_json = "[]",
		.env_digest = look->env_digest,
		.state = RUN_REFUSED,
		.intended_at = s->now_ms,
		.ended_at = s->now_ms,
		.exit_code = -1,
		.error = look->reason,
		.history = RUN_HISTORY_OFF,
	};
	return store_run_record(s->store, &row, err);
}

int run_item_record_rest(struct run *run, struct item *item, struct err **err)
{
	/* The Role that was missing may have been recorded just now: it comes first. */
	if (item->out.status == OBJECT_REFUSED && item->run->looked &&
		run_item_decide(run, item, err) < 0)
		return -1;
	if (item->run->due.verdict == SCHEDULE_LEFT_OUT && leave_out(run, item, err) < 0)
		return err_wrap(err, "leave out a due time of %s", item->key);
	if (item->out.status == OBJECT_REFUSED && record_refusal(run, item, err) < 0)
		return err_wrap(err, "record the refusal of %s", item->key);
	return 0;
}

/* --- ends ----------------------------------------------------------------------------------- */

struct settling {
	struct session *session;
	const struct operation_row *op;
	const struct run_row *row; /* of the last attempt; NULL: none was recorded */
	struct arena *arena;
	struct run_settled *out;
	int64_t now;
};

/*
 * Was a script started? One that could not be (no interpreter, no place in its group, a wrong
 * order) has neither a start nor an isolation. Where the supervisor died before its script there is
 * a start, but nobody saw in which isolation.
 */
static bool has_run(const struct run_row *row)
{
	switch (row->state) {
	case RUN_INVALID:
	case RUN_REFUSED:
		return false;
	case RUN_FAILED:
		return row->started_at || row->isolation;
	case RUN_CANCELLED:
		return row->isolation;
	case RUN_INTENDED:
	case RUN_RUNNING:
	case RUN_DONE:
	case RUN_TIMED_OUT:
	case RUN_KILLED:
	case RUN_LOST:
		break;
	}
	return true;
}

static enum operation_state state_of(const struct run_settled *s)
{
	switch (s->state) {
	case RUN_DONE:
		return OPERATION_DONE;
	case RUN_LOST:
		return OPERATION_LOST;
	case RUN_TIMED_OUT:
	case RUN_KILLED:
	case RUN_CANCELLED:
		return OPERATION_INTERRUPTED;
	case RUN_INTENDED:
	case RUN_RUNNING:
	case RUN_FAILED:
	case RUN_INVALID:
	case RUN_REFUSED:
		break;
	}
	return OPERATION_FAILED;
}

/* The version that was planned was carried out, well or not: it is not run again by itself. */
static int record_carried_out(struct settling *s, struct err **err)
{
	struct plan_row *plan = NULL;
	AUTO_STR spec = STR_INIT;
	if (store_plan_get(s->session->store, s->op->plan_id, s->arena, &plan, err) < 0)
		return -1;
	const struct node *node =
		plan ? node_get(recorded_json(s->arena, plan->summary_json), "spec") : NULL;
	if (node)
		emit_canonical(node, &spec);
	const struct object_row row = {
		.key = s->op->object_key,
		.applied_digest = plan ? plan->object_digest : NULL,
		.applied_revision = s->op->commit_id,
		.applied_spec_json = node ? spec.data : NULL,
		.applied_renderer = RENDER_VERSION,
	};
	return store_object_applied(s->session->store, &row, s->now, err);
}

/* Nothing was run: the due time that was taken for it is there again. */
static int give_back(struct settling *s, struct err **err)
{
	struct schedule_row *row = NULL;
	if (store_schedule_get(s->session->store, s->op->object_key, s->arena, &row, err) < 0)
		return -1;
	if (!row || !str_eq(row->last_run_id, s->op->id))
		return 0;
	row->next_at = row->last_at;
	row->updated_at = s->now;
	return store_schedule_put(s->session->store, row, err);
}

static int record_object(struct settling *s, struct err **err)
{
	const struct run_settled *out = s->out;
	const bool waits = out->state == RUN_REFUSED || out->state == RUN_INVALID;
	const bool untouched = !out->ran && out->state == RUN_CANCELLED;
	const struct object_step step = {
		.phase = untouched ? PHASE_NEW
			 : waits   ? PHASE_WAITING
				   : PHASE_FAILED,
		.outcome = !out->ran && (waits || untouched) ? NULL
			   : out->state == RUN_LOST          ? "lost"
							     : "failed",
		.reason = out->error,
	};
	if (out->ran && record_carried_out(s, err) < 0)
		return -1;
	if (untouched && give_back(s, err) < 0)
		return -1;
	return out->state == RUN_DONE ? 0
				      : store_object_step(s->session->store, s->op->object_key,
						&step, s->now, err);
}

static int add_log(struct settling *s, struct err **err)
{
	static const char *const streams[] = {"stdout", "stderr"};
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; s->row && i < ARRAY_LEN(streams); i++) {
		struct run_output out;
		if (store_run_output(
			    s->session->store, s->row->id, streams[i], s->arena, &out, err) < 0)
			return -1;
		str_addn(&text, out.head_len ? out.head : "", out.head_len);
		if (out.total > (int64_t)(out.head_len + out.tail_len))
			str_add(&text, "\n...\n");
		str_addn(&text, out.tail_len ? out.tail : "", out.tail_len);
		if (text.len && text.data[text.len - 1] != '\n')
			str_addc(&text, '\n');
	}
	return text.len ? store_log_add(
				  s->session->store, s->op->id, text.data, text.len, s->now, err)
			: 0;
}

static int record_all(struct settling *s, struct err **err)
{
	struct store *store = s->session->store;
	const struct run_settled *out = s->out;
	bool recorded = false;
	const struct operation_row end = {
		.id = s->op->id,
		.state = state_of(out),
		.ended_at = s->row && s->row->ended_at ? s->row->ended_at : s->now,
		.exit_code = out->exit_code,
		.error = out->error,
	};
	if (store_operation_finish(store, &end, &recorded, err) < 0)
		return -1;
	if (!recorded)
		return 0;
	const struct audit_row audit = {
		.at = s->now,
		.actor = s->op->actor,
		.action = arena_printf(
			s->arena, RUN_SPEC_OPERATION " %s", run_state_name(out->state)),
		.subject = s->op->object_key,
		.detail_json = arena_printf(
			s->arena, "{\"operation\":\"%s\",\"run\":\"%s\"}", s->op->id, out->run_id),
	};
	if (record_object(s, err) < 0 || add_log(s, err) < 0)
		return -1;
	return store_audit_append(store, &audit, err);
}

/* The newest of its runs: that of its last attempt. */
static int find_row(struct settling *s, struct err **err)
{
	struct run_rows rows = {0};
	const struct run_filter filter = {.object_key = s->op->object_key, .limit = 1};
	if (store_runs(s->session->store, &filter, s->arena, &rows, err) < 0)
		return -1;
	if (rows.count && strcmp(rows.items[0].id, s->op->id) >= 0)
		s->row = &rows.items[0];
	return 0;
}

/* Was it stopped because its next time had come? */
static int find_replaced(struct settling *s, bool *ret, struct err **err)
{
	struct schedule_row *schedule = NULL;
	struct plan_row *plan = NULL;
	*ret = false;
	if (!s->row || s->row->state != RUN_CANCELLED)
		return 0;
	if (store_schedule_get(s->session->store, s->op->object_key, s->arena, &schedule, err) <
			0 ||
		store_plan_get(s->session->store, s->op->plan_id, s->arena, &plan, err) < 0)
		return -1;
	const struct node *node =
		plan ? node_get(recorded_json(s->arena, plan->summary_json), "spec") : NULL;
	const struct spec *spec = recorded_spec(s->arena, node);
	*ret = schedule && schedule->next_at && schedule->next_at <= s->row->ended_at && spec &&
	       spec->kind == KIND_RUN && spec->run->schedule.overlap == OVERLAP_REPLACE;
	return 0;
}

static const char *error_of(struct settling *s, bool replaced)
{
	const struct run_row *row = s->row;
	if (row->state == RUN_DONE)
		return NULL;
	if (replaced)
		return "stopped because it was due again (overlap: replace)";
	if (row->error)
		return row->error;
	if (row->signal)
		return arena_printf(s->arena, "ended by signal %lld", (long long)row->signal);
	return arena_printf(s->arena, "exit code %lld", (long long)row->exit_code);
}

int run_spec_settle(struct session *session, const struct operation_row *op, struct arena *arena,
	struct run_settled *ret, struct err **err)
{
	struct settling s = {session, op, NULL, arena, ret, clock_now_ms()};
	*ret = (struct run_settled){
		.state = RUN_LOST, .ran = true, .run_id = op->id, .exit_code = -1};
	bool replaced;
	if (find_row(&s, err) < 0 || find_replaced(&s, &replaced, err) < 0)
		return -1;
	ret->open = s.row && run_is_open(s.row);
	if (ret->open)
		return 0;
	ret->error = "nothing is recorded of its run";
	if (s.row) {
		ret->state = s.row->state;
		ret->ran = has_run(s.row);
		ret->exit_code = s.row->exit_code;
		ret->run_id = s.row->id;
		ret->attempts = s.row->attempt;
		ret->error = error_of(&s, replaced);
	}
	if (store_begin(session->store, err) < 0)
		return -1;
	if (record_all(&s, err) < 0) {
		store_rollback(session->store);
		return -1;
	}
	return store_commit(session->store, err);
}

/* --- adopting ------------------------------------------------------------------------------- */

static void on_adopted(void *data, const struct runbook_event *event)
{
	struct run *run = data;
	if (event->kind == RUNBOOK_EVENT_NOTICE)
		run_notice(run, "%.*s", (int)event->len, event->text);
}

int run_spec_adopt(struct run *run, struct err **err)
{
	struct operation_rows open = {0};
	const struct runbook_adoption how = {
		.wait = true,
		.listener = on_adopted,
		.data = run,
		.interrupts = run->options->interrupts,
	};
	if (runbook_adopt(run->session, &how, NULL, err) < 0)
		return -1;
	runbook_history_drain(run->session, on_adopted, run);
	if (store_operations_open(run->session->store, &run->arena, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.count; i++) {
		struct run_settled settled;
		if (!str_eq(open.items[i].kind, RUN_SPEC_OPERATION))
			continue;
		if (run_spec_settle(run->session, &open.items[i], &run->arena, &settled, err) < 0)
			return err_wrap(err, "record the end of %s", open.items[i].id);
	}
	return 0;
}
