/* trueup status: every object on one screen, from what is recorded. Reads no spec. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/session.h"
#include "reconcile/known_root.h"
#include "reconcile/session.h"
#include "report/json.h"
#include "report/table.h"
#include "store/drift.h"
#include "store/objects.h"
#include "store/operations.h"
#include "store/plans.h"
#include "store/queue.h"
#include "store/revisions.h"
#include "store/runs.h"

#include <string.h>

struct overview {
	struct object_rows objects;
	struct operation_rows open;
	struct schedule_rows schedules;
	struct object_lives lives;
	struct drift_rows drift;
	struct queue_rows queue;
	struct plan_rows asked; /* runbooks that somebody wants to run and that wait for a yes */
	struct run_rows runs; /* scripts of runbooks that go on, but for those of Runs */
	char *daemon; /* its owner text; "" when none serves the repository */
	const struct revision_row *revision;
	struct source_roots others; /* while nothing is recorded for this one */
	char *lock_owner; /* "" when nobody works on it */
};

/*
 * The specs ask for something else than was applied, and nobody has decided about it yet: what a
 * reconcile of the next moment will do, or one that somebody has to start.
 */
static bool is_pending(const struct object_row *row)
{
	return row->phase == PHASE_APPLIED &&
	       (!row->present || !str_eq(row->applied_digest, row->seen_digest));
}

/* Suspended, and nothing else to be told first: it may be so while it is destroyed, or had failed.
 */
static bool is_still(const struct object_row *row)
{
	return row->suspended && row->phase != PHASE_DESTROYING && row->phase != PHASE_APPLYING &&
	       row->phase != PHASE_FAILED;
}

static enum term_style phase_style(const struct object_row *row)
{
	if (is_still(row) || is_pending(row))
		return STYLE_YELLOW;
	switch (row->phase) {
	case PHASE_APPLIED:
		return STYLE_GREEN;
	case PHASE_FAILED:
	case PHASE_REFUSED:
		return STYLE_RED;
	case PHASE_WAITING:
	case PHASE_PLANNED:
	case PHASE_NEW:
		return STYLE_YELLOW;
	case PHASE_APPLYING:
	case PHASE_DESTROYING:
		return STYLE_CYAN;
	case PHASE_DESTROYED:
	case PHASE_ORPHANED:
		break;
	}
	return STYLE_DIM;
}

static const char *phase_text(const struct object_row *row)
{
	if (is_still(row))
		return "suspended";
	return is_pending(row) ? "pending" : object_phase_name(row->phase);
}

static const char *ago(struct arena *arena, int64_t now, int64_t then)
{
	char text[CLOCK_TEXT_SIZE];
	if (!then)
		return "";
	return arena_printf(
		arena, "%s ago", clock_format_duration(now > then ? now - then : 0, text));
}

/* When a Run is due next; 0: it has no schedule, or no time left. */
static int64_t next_of(const struct overview *o, const char *key)
{
	for (size_t i = 0; i < o->schedules.count; i++)
		if (str_eq(o->schedules.items[i].key, key))
			return o->schedules.items[i].next_at;
	return 0;
}

/* When the ttl of a canvas is over; 0: it has none, or does not live. */
static int64_t end_of(const struct overview *o, const char *key)
{
	for (size_t i = 0; i < o->lives.count; i++) {
		const struct object_life *life = &o->lives.items[i];
		AUTO_ERR unreadable = NULL; /* it was valid when it was recorded */
		int64_t ttl;
		if (str_eq(life->key, key))
			return life->applied_at && clock_parse_duration(
							   life->ttl, &ttl, &unreadable) == 0
				       ? life->applied_at + ttl
				       : 0;
	}
	return 0;
}

/* "next 2026-11-29T02:30:00 UTC"; "" for time 0. */
static const char *time_text(struct arena *arena, const char *what, int64_t time)
{
	enum { WITHOUT_MILLISECONDS = 19 };
	char text[CLOCK_TEXT_SIZE];
	if (!time)
		return "";
	return arena_printf(
		arena, "%s %.*s UTC", what, WITHOUT_MILLISECONDS, clock_format(time, text));
}

/* What the last look at the resources of an object found; NULL: nothing. */
static const struct drift_row *drift_of(const struct overview *o, const char *key)
{
	for (size_t i = 0; i < o->drift.count; i++)
		if (str_eq(o->drift.items[i].object_key, key))
			return &o->drift.items[i];
	return NULL;
}

/* Why it is where it is, what differs, when it is next: what is known of them, with "; " between.
 */
static const char *remarks(
	struct arena *arena, const struct overview *o, const struct object_row *row)
{
	const char *why = is_still(row) ? row->suspended_reason : row->reason;
	const struct drift_row *drift = drift_of(o, row->key);
	const char *suspended = NULL;
	if (row->suspended && !is_still(row))
		suspended = arena_printf(arena, "suspended%s%s", row->suspended_reason ? ": " : "",
			row->suspended_reason ? row->suspended_reason : "");
	const char *parts[] = {why, suspended, drift ? drift->summary : NULL,
		time_text(arena, "next", next_of(o, row->key)),
		time_text(arena, "ends", end_of(o, row->key))};
	AUTO_STR text = STR_INIT;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i] && *parts[i])
			str_addf(&text, "%s%s", text.len ? "; " : "", parts[i]);
	return arena_strdup(arena, text.data);
}

/* "given up", "to be tried again in 8.1 s" */
static const char *failed_text(struct arena *arena, int64_t now, const struct queue_row *row)
{
	char wait[CLOCK_TEXT_SIZE];
	if (row->state == QUEUE_DEAD)
		return "given up";
	if (row->not_before <= now)
		return "to be tried again now";
	return arena_printf(arena, "to be tried again in %s",
		clock_format_duration(row->not_before - now, wait));
}

/* What a daemon works on and what waits for it; later requests, such as reminders, are not told. */
static void print_queue(struct term *t, const struct session *s, const struct overview *o)
{
	AUTO_ARENA arena = {0};
	size_t queued = 0;
	if (*o->daemon)
		term_printf(t, STYLE_CYAN, "served: %s\n", o->daemon);
	for (size_t i = 0; i < o->queue.count; i++) {
		const struct queue_row *row = &o->queue.items[i];
		AUTO_STR what = STR_INIT;
		queue_describe(row, &what);
		queued += row->state == QUEUE_QUEUED && row->not_before <= s->now_ms;
		if (row->state == QUEUE_RUNNING)
			term_printf(t, STYLE_CYAN, "working: %s for %s since %s\n", what.data,
				row->actor, ago(&arena, s->now_ms, row->changed_at));
		else if (row->state == QUEUE_DEAD || row->error)
			term_printf(t, STYLE_RED, "%s: %s for %s, attempt %lld: %s\n",
				failed_text(&arena, s->now_ms, row), what.data, row->actor,
				(long long)row->attempts, row->error ? row->error : "");
	}
	if (queued)
		term_printf(
			t, STYLE_CYAN, "queued: %zu request%s\n", queued, queued == 1 ? "" : "s");
}

static bool is_over(const struct session *s, const struct plan_row *plan)
{
	return plan->expires_at && plan->expires_at <= s->now_ms;
}

/* A Run that runs or waits is an object; these are runbooks that somebody runs. */
static void print_runbooks(struct term *t, const struct session *s, const struct overview *o)
{
	AUTO_ARENA arena = {0};
	for (size_t i = 0; i < o->runs.count; i++) {
		const struct run_row *row = &o->runs.items[i];
		if (!row->object_key)
			term_printf(t, STYLE_CYAN, "running: %s by %s since %s (run %s)\n",
				row->runbook, row->actor, ago(&arena, s->now_ms, row->intended_at),
				row->id);
	}
	for (size_t i = 0; i < o->asked.count; i++) {
		const struct plan_row *plan = &o->asked.items[i];
		if (is_over(s, plan))
			continue;
		term_printf(t, STYLE_YELLOW, "waiting: %s for %s since %s, ", plan->object_key,
			plan->requester, ago(&arena, s->now_ms, plan->created_at));
		term_printf(t, STYLE_YELLOW, "trueup approve %s\n", plan->object_key);
	}
}

/* Whether this root is a new one, or has a new name, is for the reader to know. */
static void print_nothing(struct cli *cli, const struct session *s, const struct overview *o)
{
	AUTO_ARENA arena = {0};
	struct term *t = cli->out;
	const char *here = source_subtree(s->source);
	if (!o->others.count) {
		term_note(t, "nothing is recorded yet: `trueup reconcile` begins");
		return;
	}
	term_printf(t, STYLE_YELLOW, "nothing is recorded for the spec root '%s'; others are:\n",
		*here ? here : ".");
	for (size_t i = 0; i < o->others.count; i++) {
		const struct source_root *r = &o->others.items[i];
		if (!r->path)
			term_printf(t, STYLE_PLAIN, "  unknown, in %s\n", r->state_dir);
		else
			term_printf(t, STYLE_PLAIN, "  %s%s\n", *r->path ? r->path : ".",
				r->gone ? "  (HEAD does not have it)" : "");
	}
	for (size_t i = 0; i < o->others.count; i++)
		if (o->others.items[i].gone)
			term_note(t, "if '%s' has this name now, its state follows by: %s",
				o->others.items[i].path,
				known_root_move(s->source, &o->others.items[i], &arena));
}

static void print_text(struct cli *cli, const struct session *s, const struct overview *o)
{
	AUTO_ARENA arena = {0};
	struct term *t = cli->out;
	if (o->revision) {
		term_printf(t, STYLE_BOLD, "%s", source_name(s->source));
		term_printf(t, STYLE_PLAIN, "  %s%s%.7s  %s\n",
			o->revision->branch ? o->revision->branch : "",
			o->revision->branch ? "@" : "",
			o->revision->commit_id ? o->revision->commit_id : o->revision->tree_id,
			ago(&arena, s->now_ms, o->revision->recorded_at));
	}
	if (*o->lock_owner)
		term_printf(t, STYLE_CYAN, "at work: %s\n", o->lock_owner);
	AUTO_TABLE table = table_new(5);
	table_shrink(table, 4);
	for (size_t i = 0; i < o->objects.count; i++) {
		const struct object_row *row = &o->objects.items[i];
		table_cell(table, STYLE_PLAIN, row->key);
		table_cell(table, phase_style(row), phase_text(row));
		table_cell(table, STYLE_DIM, ago(&arena, s->now_ms, row->phase_since));
		table_cellf(table, STYLE_DIM, "%.7s",
			row->applied_revision ? row->applied_revision : "");
		table_cell(table, STYLE_PLAIN, remarks(&arena, o, row));
		table_end_row(table);
	}
	table_print(table, t, 2);
	for (size_t i = 0; i < o->open.count; i++)
		term_printf(t, STYLE_CYAN, "running: %s of %s by %s since %s (trueup log %s)\n",
			o->open.items[i].kind, o->open.items[i].object_key, o->open.items[i].actor,
			ago(&arena, s->now_ms, o->open.items[i].intended_at), o->open.items[i].id);
	print_runbooks(t, s, o);
	print_queue(t, s, o);
	if (!o->objects.count)
		print_nothing(cli, s, o);
}

static void set_time(struct arena *a, struct node *map, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	if (ms)
		report_set_text(a, map, key, clock_format(ms, text));
}

static void add_drift(struct arena *a, struct node *object, const struct drift_row *drift)
{
	if (!drift)
		return;
	struct node *n = node_new_map(a);
	report_set_text(a, n, "state", drift_state_name(drift->state));
	report_set_text(a, n, "summary", drift->summary);
	set_time(a, n, "since", drift->since);
	set_time(a, n, "checkedAt", drift->checked_at);
	node_map_set(a, n, "heal", node_new_bool(a, drift->heal));
	node_map_set(a, object, "drift", n);
}

static struct node *queue_node(struct arena *a, const struct overview *o)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < o->queue.count; i++) {
		const struct queue_row *row = &o->queue.items[i];
		struct node *n = node_new_map(a);
		report_set_text(a, n, "kind", queue_kind_name(row->kind));
		report_set_text(a, n, "subject", row->subject);
		report_set_text(a, n, "actor", row->actor);
		report_set_text(a, n, "state", queue_state_name(row->state));
		set_time(a, n, "askedAt", row->asked_at);
		set_time(a, n, "notBefore", row->not_before);
		node_map_set(a, n, "attempts", node_new_int(a, row->attempts));
		report_set_text(a, n, "error", row->error);
		node_seq_add(a, seq, n);
	}
	return seq;
}

static void add_runbooks(
	struct arena *a, struct node *doc, const struct session *s, const struct overview *o)
{
	struct node *runs = node_new_seq(a), *waiting = node_new_seq(a);
	for (size_t i = 0; i < o->runs.count; i++) {
		const struct run_row *row = &o->runs.items[i];
		struct node *n = node_new_map(a);
		report_set_text(a, n, "id", row->id);
		report_set_text(a, n, "runbook", row->runbook);
		report_set_text(a, n, "object", row->object_key);
		report_set_text(a, n, "actor", row->actor);
		set_time(a, n, "intendedAt", row->intended_at);
		node_seq_add(a, runs, n);
	}
	for (size_t i = 0; i < o->asked.count; i++) {
		const struct plan_row *plan = &o->asked.items[i];
		if (is_over(s, plan))
			continue;
		struct node *n = node_new_map(a);
		report_set_text(a, n, "object", plan->object_key);
		report_set_text(a, n, "plan", plan->id);
		report_set_text(a, n, "requester", plan->requester);
		set_time(a, n, "requestedAt", plan->created_at);
		node_seq_add(a, waiting, n);
	}
	node_map_set(a, doc, "runs", runs);
	node_map_set(a, doc, "waiting", waiting);
}

static void add_others(struct arena *a, struct node *doc, const struct source_roots *others)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < others->count; i++) {
		const struct source_root *r = &others->items[i];
		struct node *n = node_new_map(a);
		report_set_text(a, n, "path", r->path);
		report_set_text(a, n, "state", r->state_dir);
		node_map_set(a, n, "gone", node_new_bool(a, r->gone));
		node_seq_add(a, seq, n);
	}
	if (others->count)
		node_map_set(a, doc, "otherRoots", seq);
}

static void print_json(struct cli *cli, const struct session *s, const struct overview *o)
{
	AUTO_ARENA arena = {0};
	struct arena *a = &arena;
	struct node *doc = report_document(a, "status");
	if (o->revision) {
		report_set_text(a, doc, "branch", o->revision->branch);
		report_set_text(a, doc, "commit", o->revision->commit_id);
		set_time(a, doc, "recordedAt", o->revision->recorded_at);
	}
	if (*o->lock_owner)
		report_set_text(a, doc, "atWork", o->lock_owner);
	struct node *objects = node_new_seq(a);
	for (size_t i = 0; i < o->objects.count; i++) {
		const struct object_row *row = &o->objects.items[i];
		struct node *n = node_new_map(a);
		report_set_text(a, n, "key", row->key);
		report_set_text(a, n, "path", row->path);
		report_set_text(a, n, "phase", object_phase_name(row->phase));
		node_map_set(a, n, "pending", node_new_bool(a, is_pending(row)));
		node_map_set(a, n, "suspended", node_new_bool(a, row->suspended));
		set_time(a, n, "since", row->phase_since);
		report_set_text(a, n, "outcome", row->outcome);
		report_set_text(
			a, n, "reason", is_still(row) ? row->suspended_reason : row->reason);
		report_set_text(a, n, "appliedRevision", row->applied_revision);
		set_time(a, n, "appliedAt", row->applied_at);
		report_set_text(a, n, "plan", row->plan_id);
		add_drift(a, n, drift_of(o, row->key));
		set_time(a, n, "nextAt", next_of(o, row->key));
		set_time(a, n, "endsAt", end_of(o, row->key));
		node_seq_add(a, objects, n);
	}
	node_map_set(a, doc, "objects", objects);
	struct node *running = node_new_seq(a);
	for (size_t i = 0; i < o->open.count; i++) {
		struct node *n = node_new_map(a);
		report_set_text(a, n, "operation", o->open.items[i].id);
		report_set_text(a, n, "object", o->open.items[i].object_key);
		report_set_text(a, n, "kind", o->open.items[i].kind);
		report_set_text(a, n, "actor", o->open.items[i].actor);
		set_time(a, n, "intendedAt", o->open.items[i].intended_at);
		node_seq_add(a, running, n);
	}
	node_map_set(a, doc, "running", running);
	add_runbooks(a, doc, s, o);
	if (*o->daemon)
		report_set_text(a, doc, "servedBy", o->daemon);
	node_map_set(a, doc, "queue", queue_node(a, o));
	add_others(a, doc, &o->others);
	report_print_json(cli->out, doc);
}

static int read_rows(struct cli *cli, struct session *s, struct arena *arena, struct overview *o,
	struct err **err)
{
	const struct object_filter filter = {.all = opt_flag(cli->opts, "all")};
	struct revision_row *revision = NULL;
	if (store_objects(s->store, &filter, OBJECT_BRIEF, arena, &o->objects, err) < 0 ||
		store_operations_open(s->store, arena, &o->open, err) < 0 ||
		store_schedules_due(s->store, 0, arena, &o->schedules, err) < 0 ||
		store_object_lives(s->store, arena, &o->lives, err) < 0 ||
		store_drift_list(s->store, arena, &o->drift, err) < 0 ||
		store_queue_list(s->store, arena, &o->queue, err) < 0 ||
		store_plans_open_of(s->store, "runbook", arena, &o->asked, err) < 0 ||
		store_runs_open(s->store, arena, &o->runs, err) < 0 ||
		store_revision_last(s->store, arena, &revision, err) < 0)
		return -1;
	o->revision = revision;
	return 0;
}

/* Of one moment: a new revision beside the objects of the old one would look as if it were done. */
static int read_overview(struct cli *cli, struct session *s, struct arena *arena,
	struct overview *o, struct err **err)
{
	if (!s->store)
		return 0;
	if (store_begin_reading(s->store, err) < 0)
		return -1;
	const int got = read_rows(cli, s, arena, o, err);
	store_rollback(s->store);
	return got;
}

/* A state that --state names goes by no path. */
static int read_others(struct cli *cli, const struct session *s, struct arena *arena,
	struct overview *o, struct err **err)
{
	if (o->revision || cli->state_dir)
		return 0;
	if (source_roots_other(s->source, arena, &o->others, err) < 0)
		return -1;
	return source_roots_find_gone(s->source, &o->others, err);
}

/* Who holds a lock of the state folder; "" when nobody does. Heap-owned. */
static int read_owner(const struct session *s, const char *name, char **ret, struct err **err)
{
	AUTO_FREE char *lock = path_join(s->state_dir, name);
	bool held = false;
	if (lock_is_held(lock, &held, err) < 0)
		return -1;
	*ret = held ? lock_owner(lock) : xstrdup("");
	return 0;
}

static int run(struct cli *cli, struct err **err)
{
	const char *dir = operand(cli->opts, 0);
	AUTO_SESSION session = SESSION_NONE;
	AUTO_ARENA arena = {0};
	if (cli_session(cli, dir, SESSION_READ, &session, err) < 0)
		return -1;
	AUTO_FREE char *owner = NULL, *daemon = NULL;
	if (read_owner(&session, "lock", &owner, err) < 0 ||
		read_owner(&session, QUEUE_DAEMON_LOCK, &daemon, err) < 0)
		return -1;
	struct overview overview = {.lock_owner = owner, .daemon = daemon};
	if (read_overview(cli, &session, &arena, &overview, err) < 0 ||
		read_others(cli, &session, &arena, &overview, err) < 0)
		return -1;
	if (cli->format[0] == 't')
		print_text(cli, &session, &overview);
	else
		print_json(cli, &session, &overview);
	return CLI_DONE;
}

const struct command cmd_status = {
	.name = "status",
	.summary = "show where every object is",
	.operands = "[DIR]",
	.max_operands = 1,
	.operand_kind = OPERAND_DIR,
	.description =
		(const char *const[]){
			"Lists every recorded object with its phase, since when, the commit that "
			"it "
			"was last applied from, and why it is not further. Also who works on the "
			"repository now and which operations run.",
			"Looks at the record only: what a commit would change is said by "
			"`trueup plan`. `pending` is what was applied before and is asked for "
			"differently by now.",
			NULL},
	.options =
		(const struct option_spec[]){
			{.name = "all",
				.letter = 'a',
				.type = OPT_FLAG,
				.help = "destroyed and retained objects as well"},
			{0}},
	.run = run,
};
