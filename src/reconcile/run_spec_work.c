/*
 * Runs in the waves of a run. Planning is looking, which is done already. Running is a task whose
 * child has a store of its own: the machinery that runs a runbook records each attempt itself, for
 * everybody who uses it, and what belongs to the object is recorded in the same transaction. This
 * process then reads how it ended.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/follow.h"
#include "reconcile/run_spec.h"
#include "reconcile/runbook_gate.h"
#include "reconcile/work.h"
#include "store/audit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_LEN = 64 * 1024 };

/* --- planning ------------------------------------------------------------------------------- */

const char *run_item_detail(struct run *run, const struct item *item)
{
	const struct runbook_run *look = &item->run->look;
	const char *as = item->run->spec->as.text;
	AUTO_STR text = STR_INIT;
	str_addf(&text, "runs %s%s%s", look->name, as ? " as role/" : "", as ? as : "");
	if (!str_eq(item->run->request.target, "local"))
		str_addf(&text, " on %s", item->run->request.target);
	for (size_t i = 0; i < look->var_count; i++)
		str_addf(&text, "%s%s", i ? ", " : " with ", look->vars[i].name);
	return arena_strdup(&run->arena, text.data);
}

void run_item_plan(struct run *run, struct item *item)
{
	(void)str_copy(item->plan_sha256, sizeof item->plan_sha256, item->run->look.identity);
	ulid_new(clock_now_ms(), item->plan_id);
	item->plan = (struct object_plan){.engine = RUNBOOK_ENGINE, .sha256 = item->plan_sha256};
	item->plan.detail = run_item_detail(run, item);
	item->planned = true;
	item->out.plan = &item->plan;
	item->out.status = OBJECT_PLANNED;
	run_emit(run, RUN_PLANNED, item, NULL);
}

/* What is to be known of it when somebody decides, or records its end: no values. */
static const char *summary(struct run *run, const struct item *item)
{
	struct arena *a = &run->arena;
	const struct runbook_run *look = &item->run->look;
	struct node *map = node_new_map(a), *names = node_new_seq(a);
	AUTO_STR json = STR_INIT;
	for (size_t i = 0; i < look->var_count; i++)
		node_seq_add(a, names, node_new_string(a, look->vars[i].name));
	message_set(a, map, "runbook", look->name);
	message_set(a, map, "actor", run->session->actor);
	node_map_set(a, map, "variables", names);
	node_map_set(a, map, "spec", spec_canonical(a, item->desired, SPEC_CANONICAL_PLAIN));
	node_map_set(a, map, "approval", runbook_rule_node(a, item->approval));
	emit_canonical(map, &json);
	return arena_strdup(a, json.data);
}

int run_item_store_plan(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	const struct spec_approval *rule = item->approval;
	/* With its own id, so that a yes is for one run and not for the next one that is alike. */
	plan_identity(item->digest, item->plan_id, 0, item->plan_sha256, item->identity);
	const struct plan_row row = {
		.id = item->plan_id,
		.object_key = item->key,
		.object_digest = item->digest,
		.action = plan_action_name(item->out.action),
		.engine = RUNBOOK_ENGINE,
		.sha256 = item->plan_sha256,
		.summary_json = summary(run, item),
		.identity = item->identity,
		.renderer = RENDER_VERSION,
		.commit_id = run->load.rev.commit[0] ? run->load.rev.commit : NULL,
		.requester = s->actor,
		.created_at = s->now_ms,
		.expires_at = rule->mode == APPROVAL_MANUAL && rule->expires_ms
				      ? s->now_ms + rule->expires_ms
				      : 0,
		.status = PLAN_WAITING,
	};
	const struct object_step step = {
		.phase = PHASE_PLANNED, .reason = item->decision.reason, .plan_id = item->plan_id};
	item->plan.id = item->plan_id;
	if (store_begin(s->store, err) < 0)
		return -1;
	if (store_plan_add(s->store, &row, err) < 0 ||
		store_object_step(s->store, item->key, &step, s->now_ms, err) < 0) {
		store_rollback(s->store);
		return -1;
	}
	return store_commit(s->store, err);
}

/* --- in the child: the intention ------------------------------------------------------------ */

struct run_child {
	const struct work *w;
	const struct task_port *port;
	struct str line; /* of the script, not at its end yet */
};

static int take_due(
	const struct work *w, struct store *store, const struct run_row *row, struct err **err)
{
	const struct run_item *ri = w->item->run;
	struct schedule_row next;
	bool taken = false;
	if (ri->due.verdict != SCHEDULE_DUE)
		return 0;
	next = *ri->schedule;
	next.next_at = ri->due.next_at;
	next.last_run_id = row->id;
	next.updated_at = row->intended_at;
	if (store_schedule_take(store, &next, ri->schedule->next_at, &taken, err) < 0)
		return -1;
	if (!taken)
		return err_set(err, ERR_CONFLICT,
			"another trueup took the due time of %s, or its schedule was changed",
			w->item->key);
	return 0;
}

static int record_intention(
	const struct work *w, struct store *store, const struct run_row *row, struct err **err)
{
	const struct item *item = w->item;
	AUTO_ARENA arena = {0};
	bool moved = false;
	const struct operation_row op = {
		.id = row->id,
		.object_key = item->key,
		.kind = RUN_SPEC_OPERATION,
		.plan_id = item->plan_id,
		.actor = row->actor,
		.commit_id = row->commit_id,
		.intended_at = row->intended_at,
		.dir = row->dir,
	};
	const struct object_step step = {.phase = PHASE_APPLYING, .plan_id = item->plan_id};
	const struct audit_row audit = {
		.at = row->intended_at,
		.actor = row->actor,
		.action = RUN_SPEC_OPERATION,
		.subject = item->key,
		.detail_json = arena_printf(&arena,
			"{\"operation\":\"%s\",\"plan\":\"%s\",\"sha256\":\"%s\"}", row->id,
			item->plan_id, item->plan_sha256),
	};
	if (store_plan_move(store, item->plan_id, PLAN_APPLIED, NULL, &moved, err) < 0)
		return -1;
	if (!moved)
		return err_set(err, ERR_CONFLICT, "the plan %s of %s is used or void",
			item->plan_id, item->key);
	if (take_due(w, store, row, err) < 0 || store_operation_intend(store, &op, err) < 0 ||
		store_object_step(store, item->key, &step, row->intended_at, err) < 0)
		return -1;
	return store_audit_append(store, &audit, err);
}

static int on_intend(void *data, struct store *store, const struct run_row *row, struct err **err)
{
	const struct run_child *c = data;
	if (record_intention(c->w, store, row, err) < 0 ||
		run_item_record_schedule(store, c->w->item, row->intended_at, err) < 0)
		return -1;
	return 0;
}

/* --- in the child: what happens ------------------------------------------------------------- */

static void send_line(const struct run_child *c, const char *text, bool show)
{
	AUTO_ARENA arena = {0};
	struct node *map = node_new_map(&arena);
	message_set(&arena, map, "log", text);
	node_map_set(&arena, map, "show", node_new_bool(&arena, show));
	(void)task_send(c->port, map);
}

/* A script may print for ever without an end of line; what is sent is held in memory. */
static void send_long(struct run_child *c)
{
	while (c->line.len > LINE_MAX_LEN) {
		const size_t border = utf8_cut(c->line.data, c->line.len, LINE_MAX_LEN);
		const size_t cut = border ? border : LINE_MAX_LEN;
		AUTO_STR rest = STR_INIT;
		str_addn(&rest, c->line.data + cut, c->line.len - cut);
		str_truncate(&c->line, cut);
		send_line(c, c->line.data, true);
		str_clear(&c->line);
		str_addn(&c->line, rest.data, rest.len);
	}
}

static void send_output(struct run_child *c, const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t n = end ? (size_t)(end - text) : len;
		str_addn(&c->line, text, n);
		send_long(c);
		text += n + (end != NULL);
		len -= n + (end != NULL);
		if (!end)
			break;
		send_line(c, c->line.data, true);
		str_clear(&c->line);
	}
}

static void on_event(void *data, const struct runbook_event *event)
{
	struct run_child *c = data;
	AUTO_STR text = STR_INIT;
	if (event->text)
		str_addn(&text, event->text, event->len);
	switch (event->kind) {
	case RUNBOOK_EVENT_OUTPUT:
		send_output(c, text.data, text.len);
		break;
	case RUNBOOK_EVENT_WAITS:
	case RUNBOOK_EVENT_RETRY:
	case RUNBOOK_EVENT_NOTICE:
		send_line(c, text.data, true);
		break;
	case RUNBOOK_EVENT_STARTED:
	case RUNBOOK_EVENT_ENDED:
		break;
	}
}

/*
 * `overlap: replace`: this process is asked to stop, as a user would, when the next time comes.
 * That time then waits for the next reconcile.
 */
static int stop_when_due(const struct item *item, int64_t next_at, struct err **err)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGINT};
	const struct itimerspec when = {.it_value = {next_at / 1000, next_at % 1000 * 1000000}};
	if (timer_create(CLOCK_REALTIME, &event, &timer) < 0 ||
		timer_settime(timer, TIMER_ABSTIME, &when, NULL) < 0)
		return err_errno(err, errno, "set the timer of %s", item->key);
	return 0;
}

static int prepare(struct run_child *c, struct runbook_request *request, struct err **err)
{
	const struct item *item = c->w->item;
	const struct run_spec *spec = item->run->spec;
	int64_t next_at = 0;
	request->approved = item->plan_sha256;
	request->run_id = item->operation;
	request->on_intend = on_intend;
	request->listener = on_event;
	request->data = c;
	if (!spec->schedule.cron.text || spec->schedule.overlap != OVERLAP_REPLACE ||
		!request->interrupts)
		return 0;
	if (schedule_first(spec, clock_now_ms(), &next_at, err) < 0)
		return -1;
	return next_at ? stop_when_due(item, next_at, err) : 0;
}

static int run_in_child(void *data, const struct task_port *port)
{
	const struct work *w = data;
	struct run_child c = {w, port, STR_INIT};
	const struct session *ours = w->run->session;
	struct runbook_request request = w->item->run->request;
	const struct session_options options = {
		.dir = ours->dir,
		.state_dir = ours->state_dir,
		.flags = SESSION_WRITE,
		.what = RUN_SPEC_OPERATION,
	};
	AUTO_SESSION session = SESSION_NONE;
	AUTO_RUNBOOK_RUN result = RUNBOOK_RUN_NONE;
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	if (session_open(&options, &session, &err) < 0 || prepare(&c, &request, &err) < 0 ||
		runbook_run(&session, &request, &result, &err) < 0) {
		work_send_error(port, err);
	} else {
		struct node *map = node_new_map(&arena);
		if (c.line.len)
			send_line(&c, c.line.data, true);
		message_set(&arena, map, "reason", result.reason);
		node_map_set(&arena, map, "ended", node_new_bool(&arena, true));
		(void)task_send(port, map);
	}
	str_release(&c.line);
	return 0;
}

/* --- in the parent -------------------------------------------------------------------------- */

static void on_message(void *data, const struct node *message)
{
	struct work *w = data;
	struct item *item = w->item;
	if (work_take_log(w, message))
		return;
	w->heard = true;
	const bool ended = message_bool(message, "ended");
	const bool left = str_eq(message_text(message, "kind"), "cancelled");
	item->left_running = left;
	if (left)
		item_status(w->run, item, OBJECT_APPLYING,
			"goes on without us; the next trueup takes it over");
	else
		item_status(w->run, item, OBJECT_FAILED, "%s",
			message_text(message, ended ? "reason" : "error"));
}

static void show_end(struct run *run, struct item *item, const struct run_settled *end)
{
	const char *attempts = end->attempts > 1 ? arena_printf(&run->arena, " (attempt %lld)",
							   (long long)end->attempts)
						 : "";
	const char *error = end->error ? end->error : "";
	item->out.apply_ms = clock_monotonic_ms() - item->started_ms;
	item->finished.end = end->state == RUN_DONE ? ENGINE_DONE : ENGINE_FAILED;
	switch (end->state) {
	case RUN_DONE:
		item_status(run, item, OBJECT_APPLIED, "exit code 0%s", attempts);
		return;
	case RUN_CANCELLED:
		item_status(run, item, OBJECT_CANCELLED, "%s%s", error, attempts);
		return;
	case RUN_REFUSED:
	case RUN_INVALID:
		item_status(run, item, OBJECT_WAITING, "%s", error);
		return;
	case RUN_INTENDED:
	case RUN_RUNNING:
	case RUN_FAILED:
	case RUN_TIMED_OUT:
	case RUN_KILLED:
	case RUN_LOST:
		item_status(run, item, OBJECT_FAILED, "%s%s", error, attempts);
		item->out.hint = arena_printf(&run->arena,
			"trueup log %s, then trueup run rerun %s", item->operation, item->name);
	}
}

/* Nothing was recorded as intended: it is where it was, and why is said. */
static int record_not_begun(struct run *run, struct item *item, struct err **err)
{
	const struct object_step step = {
		.phase = PHASE_FAILED, .reason = item->out.status_text, .plan_id = item->plan_id};
	item->out.operation = NULL;
	return store_object_step(run->session->store, item->key, &step, run->session->now_ms, err);
}

static int record_end(struct run *run, struct item *item, struct err **err)
{
	struct operation_row *op = NULL;
	struct run_settled end;
	if (store_operation_get(run->session->store, item->operation, &run->arena, &op, err) < 0)
		return -1;
	if (!op)
		return record_not_begun(run, item, err);
	if (run_spec_settle(run->session, op, &run->arena, &end, err) < 0)
		return err_wrap(err, "record the end of %s", item->operation);
	item->has_finished = !end.open;
	if (!end.open)
		show_end(run, item, &end);
	return 0;
}

static void on_end(void *data, const char *failure)
{
	struct work *w = data;
	struct run *run = w->run;
	struct item *item = w->item;
	if (failure == TASK_NOT_BEGUN)
		item_status(run, item, OBJECT_CANCELLED, "%s", failure);
	else if (!w->heard)
		item_status(run, item, OBJECT_FAILED, "running it stopped: %s",
			failure ? failure : "it said nothing");
	if (w->log_file)
		(void)fclose(w->log_file);
	str_release(&w->log);
	AUTO_FREE char *log = follow_path(run->session, item->operation);
	if (!run->failure && !item->left_running)
		(void)(record_end(run, item, &run->failure) < 0);
	if (!run->failure && item->has_finished)
		(void)(fs_remove_tree(log, &run->failure) < 0);
	run_emit(run, RUN_APPLIED, item, NULL);
}

void run_item_start(struct run *run, struct tasks *tasks, struct item *item)
{
	struct work *w = arena_alloc(&run->arena, sizeof *w);
	*w = (struct work){.run = run, .item = item, .log = STR_INIT, .apply = true};
	ulid_new(clock_now_ms(), item->operation);
	item->out.operation = item->operation;
	AUTO_FREE char *log = follow_path(run->session, item->operation);
	w->log_file = fopen(log, "we");
	item->started_ms = clock_monotonic_ms();
	item->out.status = OBJECT_APPLYING;
	run_emit(run, RUN_APPLYING, item, NULL);
	tasks_add(tasks, &(struct task){.run = run_in_child,
				 .on_message = on_message,
				 .on_end = on_end,
				 .data = w});
}
