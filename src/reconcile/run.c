/*
 * The pipeline from end to end. Left of run_execute() nothing is written but the revision, and
 * that only by a reconcile whose specs are valid.
 */
#include "reconcile/run.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run_spec.h"
#include "reconcile/wanted_rev.h"
#include "store/audit.h"
#include "store/pulls.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_SPECS = 3, EXIT_WAITING = 4 };

/* --- telling -------------------------------------------------------------------------------- */

void run_emit(struct run *run, enum run_event_kind kind, const struct item *item, const char *text)
{
	const struct run_event event = {kind, &run->outcome, item ? &item->out : NULL, text};
	if (run->options->listener)
		run->options->listener(run->options->data, &event);
}

static PRINTF_LIKE(2, 0) const char *format(struct arena *arena, const char *fmt, va_list args)
{
	AUTO_FREE char *text = xvasprintf(fmt, args);
	return arena_strdup(arena, text);
}

void run_notice(struct run *run, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	const char *text = format(&run->arena, fmt, args);
	va_end(args);
	run->notices = arena_grow(&run->arena, run->notices, run->notice_count, &run->notice_cap,
		sizeof run->notices[0]);
	run->notices[run->notice_count++] = text;
	run->outcome.notices = run->notices;
	run->outcome.notice_count = run->notice_count;
	run_emit(run, RUN_NOTICE, NULL, text);
}

void item_status(
	struct run *run, struct item *item, enum object_status status, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	item->out.status_text = format(&run->arena, fmt, args);
	va_end(args);
	item->out.status = status;
}

/*
 * What is not among the items is as recorded, unless the user named what to look at: then nothing
 * is known of the rest, and of those that only stand beside what was named.
 */
static void count_rest(struct run *run)
{
	const bool by_name = run_is_by_name(run);
	size_t total = 0, looked = 0, unchanged = 0;
	for (int k = 0; k < KIND_COUNT; k++)
		total += run->outcome.kind_counts[k];
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (item->aside)
			continue;
		looked += load_spec(&run->load, item->key) != NULL;
		unchanged += item->desired && item->out.status == OBJECT_UNCHANGED;
	}
	const size_t rest = total > looked ? total - looked : 0;
	run->outcome.unseen = by_name ? rest : 0;
	run->outcome.unchanged = unchanged + (by_name ? 0 : rest);
}

void run_publish(struct run *run)
{
	struct object_outcome *list = arena_array(&run->arena, run->item_count, sizeof *list);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (item->out.status == OBJECT_UNCHANGED || item->aside)
			continue;
		list[count++] = item->out;
	}
	run->outcome.objects = list;
	run->outcome.object_count = count;
	count_rest(run);
}

const struct engine *run_engine(const struct run *run, const char *name)
{
	return run->options->engine ? run->options->engine : engine_find(name);
}

/* --- preview against plan ------------------------------------------------------------------- */

static const struct change *find_change(const struct change_set *set, const char *address)
{
	for (size_t i = 0; i < set->count; i++)
		if (str_eq(set->items[i].address, address))
			return &set->items[i];
	return NULL;
}

static void surprise(struct run *run, struct item *item, size_t *cap, const char *text)
{
	const char **list = arena_grow(&run->arena, (void *)(uintptr_t)item->plan.surprises,
		item->plan.surprise_count, cap, sizeof *list);
	list[item->plan.surprise_count++] = text;
	item->plan.surprises = list;
}

void item_surprises(struct run *run, struct item *item)
{
	const struct change_set *seen = &item->out.preview, *real = &item->plan.changes;
	size_t cap = 0;
	for (size_t i = 0; item->out.has_preview && i < real->count; i++) {
		const struct change *r = &real->items[i];
		const struct change *p = find_change(seen, r->address);
		if (p && p->kind == r->kind)
			continue;
		surprise(run, item, &cap,
			arena_printf(&run->arena, "%s: the specs say %s, %s says %s", r->address,
				p ? change_kind_name(p->kind) : "no change", item->engine->name,
				change_kind_name(r->kind)));
	}
	for (size_t i = 0; item->out.has_preview && i < seen->count; i++)
		if (!find_change(real, seen->items[i].address))
			surprise(run, item, &cap,
				arena_printf(&run->arena,
					"%s: the specs say %s, %s has nothing to do",
					seen->items[i].address,
					change_kind_name(seen->items[i].kind), item->engine->name));
}

/* --- recording what needs no engine --------------------------------------------------------- */

static int record_plain(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	AUTO_STR json = STR_INIT;
	if (item->decision.action == PLAN_DESTROY || item->decision.action == PLAN_RETAIN) {
		const struct object_step step = {.phase = PHASE_ORPHANED, .reason = "retained"};
		if (item->decision.action == PLAN_RETAIN)
			return store_object_step(s->store, item->key, &step, s->now_ms, err);
		if (item->kind == KIND_RUN &&
			run_item_record_schedule(s->store, item, s->now_ms, err) < 0)
			return -1;
		return store_object_destroyed(s->store, item->key, s->now_ms, err);
	}
	emit_canonical(spec_canonical(&run->arena, item->desired, SPEC_CANONICAL_PLAIN), &json);
	const struct object_row row = {
		.key = item->key,
		.applied_digest = item->digest,
		.applied_revision = run->load.revision,
		.applied_spec_json = json.data,
		.applied_renderer = RENDER_VERSION,
	};
	if (item->kind == KIND_RUN && run_item_record_schedule(s->store, item, s->now_ms, err) < 0)
		return -1;
	return store_object_applied(s->store, &row, s->now_ms, err);
}

static int record_with_audit(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	const struct audit_row audit = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = plan_action_name(item->decision.action),
		.subject = item->key,
		.detail_json =
			arena_printf(&run->arena, "{\"revision\":\"%s\"}", run->load.revision),
	};
	if (store_begin(s->store, err) < 0)
		return -1;
	if (record_plain(run, item, err) < 0 || store_audit_append(s->store, &audit, err) < 0) {
		store_rollback(s->store);
		return -1;
	}
	return store_commit(s->store, err);
}

/* Is recording all there is to do? */
static bool is_plain(const struct item *item)
{
	const enum plan_action action = item->decision.action;
	return (item->kind != KIND_CANVAS && action != PLAN_RUN) || action == PLAN_RETAIN;
}

/* Roles, Config, Runs that are not to be run now, and canvases whose resources are retained. */
static int record_objects(struct run *run, struct err **err)
{
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (item->kind == KIND_RUN && !item->aside &&
			run_item_record_rest(run, item, err) < 0)
			return -1;
		const bool plain = is_plain(item);
		if (!plain || item->aside || !item_acts(item) || item->out.status != OBJECT_PENDING)
			continue;
		if (record_with_audit(run, item, err) < 0)
			return err_wrap(err, "record %s", item->key);
		item->out.status = OBJECT_RECORDED;
		run_emit(run, RUN_APPLIED, item, NULL);
	}
	return 0;
}

/* What waits or is refused is visible in `trueup status` too. */
static int record_phases(struct run *run, struct err **err)
{
	struct session *s = run->session;
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		const enum object_status status = item->out.status;
		if (item->aside || item->stuck || item->planned || item->begun ||
			!item->row_there ||
			(status != OBJECT_WAITING && status != OBJECT_REFUSED &&
				status != OBJECT_FAILED))
			continue;
		const struct object_step step = {
			.phase = status == OBJECT_WAITING   ? PHASE_WAITING
				 : status == OBJECT_REFUSED ? PHASE_REFUSED
							    : PHASE_FAILED,
			.reason = item->out.status_text ? item->out.status_text : item->out.reason,
			.plan_id = item->row ? item->row->plan_id : NULL,
		};
		if (store_object_step(s->store, item->key, &step, s->now_ms, err) < 0)
			return -1;
	}
	return 0;
}

/* Is there an open plan that goes on mattering? One to destroy by name is a wish of its own. */
static int void_stale_plan(struct run *run, const struct item *item, struct err **err)
{
	struct store *store = run->session->store;
	struct plan_row *plan = NULL;
	if (store_plan_open(store, item->key, &run->arena, &plan, err) < 0)
		return -1;
	int64_t of = 0;
	if (!plan || (item->desired && str_eq(plan->action, plan_action_name(PLAN_DESTROY))))
		return 0;
	if (store_pull_of_plan(store, plan->id, &of, err) < 0)
		return -1;
	if (of) /* it is about what comes after the merge */
		return 0;
	return store_plan_move(store, plan->id, PLAN_VOID, "nothing is left to do", NULL, err);
}

/* What is as it should be does not wait for anything, whatever it waited for before. */
static int settle(struct run *run, struct err **err)
{
	struct session *s = run->session;
	for (size_t i = 0; i < run->item_count; i++) {
		const struct item *item = run->items[i];
		if (item->aside || item->decision.action != PLAN_NONE)
			continue;
		if (void_stale_plan(run, item, err) < 0)
			return -1;
		const struct object_step step = {.phase = PHASE_APPLIED};
		/* A Run that did not end well is left at that, for people to see. */
		const bool failed = item->kind == KIND_RUN && item_last(item->row) != LAST_DONE &&
				    item->row && item->row->phase == PHASE_FAILED;
		if (item->desired && item->row && !failed && item->row->phase != PHASE_APPLIED &&
			store_object_step(s->store, item->key, &step, s->now_ms, err) < 0)
			return -1;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

static const char *plain_digest(struct run *run, const struct item *item)
{
	char digest[DIGEST_HEX];
	spec_digest_plain(load_spec(&run->load, item->key), digest);
	return arena_strdup(&run->arena, digest);
}

static int record_revision(struct run *run, struct err **err)
{
	struct load_seen *seen = arena_array(&run->arena, run->item_count, sizeof *seen);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		item->row_there = item->desired || item->row;
		if (item->desired)
			seen[count++] = (struct load_seen){item->key, item->digest};
		else if (load_spec(&run->load, item->key)) /* to be destroyed by name */
			seen[count++] = (struct load_seen){item->key, plain_digest(run, item)};
	}
	return load_record(&run->load, seen, count, &run->revision_id, err);
}

static int exit_code(const struct run *run)
{
	int code = EXIT_DONE;
	for (size_t i = 0; i < run->item_count; i++) {
		if (run->items[i]->aside)
			continue;
		switch (run->items[i]->out.status) {
		case OBJECT_FAILED:
		case OBJECT_CANCELLED:
			return EXIT_FAILED;
		case OBJECT_WAITING:
		case OBJECT_REFUSED:
		case OBJECT_APPLYING:
			if (run->items[i]->engine_missing)
				return EXIT_FAILED;
			code = EXIT_WAITING;
			break;
		case OBJECT_UNCHANGED:
		case OBJECT_PENDING:
		case OBJECT_PLANNED:
		case OBJECT_APPLIED:
		case OBJECT_RECORDED:
			break;
		}
	}
	return code;
}

/* Everything else was done and is to be reported; the next run finds it pending and tries again. */
static void note_failed(struct run *run, struct err **err)
{
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	err_free(err);
	run_notice(run, "%s; the next reconcile tries again", text.data);
	if (run->outcome.exit_code == EXIT_DONE)
		run->outcome.exit_code = EXIT_FAILED;
}

static int end_revision(struct run *run, struct err **err)
{
	struct store *store = run->session->store;
	const enum revision_status status =
		run->outcome.exit_code ? REVISION_PENDING : REVISION_DONE;
	if (store_begin(store, err) < 0)
		return -1;
	if (run_tell_end(run, err) < 0 ||
		store_revision_status(store, run->revision_id, status, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	run_tell_wake(run);
	return 0;
}

static int finish(struct run *run, struct err **err)
{
	run_publish(run);
	run->outcome.exit_code = exit_code(run);
	if (run->options->stop != RUN_STOP_NEVER || run->options->pull)
		return 0;
	/* Done is last: a run that finds the revision done looks no further. */
	if (!run->plan_only &&
		(record_phases(run, err) < 0 || settle(run, err) < 0 || pull_let_go(run, err) < 0))
		return -1;
	if (run_write_note(run, err) < 0)
		note_failed(run, err);
	return run->plan_only ? 0 : end_revision(run, err);
}

/*
 * What is not part of Config's branch is planned and not applied: HEAD on another branch, a
 * revision asked for that the branch does not hold. The branch is the one in the Config that was
 * last recorded, so that no commit makes itself part of it.
 */
static int find_plan_only(struct run *run, const char **ret_branch, struct err **err)
{
	const struct source_rev *rev = &run->load.rev;
	const char *want;
	*ret_branch = NULL;
	if (source_kind(run->session->source) != SOURCE_GIT)
		return 0;
	if (recorded_branch(run->session->store, &run->arena, &want, err) < 0)
		return -1;
	if (!want)
		want = run->load.config->branch;
	bool part = str_eq(rev->branch, want);
	if (run->options->rev &&
		source_contains(run->session->source, want, rev->commit, &part, err) < 0)
		return -1;
	run->plan_only = !part;
	*ret_branch = want;
	return 0;
}

static void tell_plan_only(struct run *run, const char *want)
{
	const struct source_rev *rev = &run->load.rev;
	if (!run->plan_only)
		return;
	if (run->options->rev)
		run_notice(run,
			"%.10s is not part of the branch '%s' of Config: planned, not applied",
			rev->commit, want);
	else
		run_notice(run, "%s%s is not the branch '%s' of Config: planned, not applied",
			*rev->branch ? "branch " : "a detached HEAD", rev->branch, want);
}

static void name_revision(struct run *run, const struct source_rev *rev)
{
	struct run_outcome *out = &run->outcome;
	out->branch = rev->branch[0] ? arena_strdup(&run->arena, rev->branch) : NULL;
	out->rev = run->options->rev;
	out->commit = rev->commit[0] ? arena_strdup(&run->arena, rev->commit) : NULL;
}

static void tell_loaded(struct run *run, int64_t started)
{
	run->outcome.load_ms = clock_monotonic_ms() - started;
	run_publish(run);
	run_emit(run, RUN_LOADED, NULL, NULL);
}

/*
 * The answer of most runs, that there is nothing to do, without libgit2 and without a spec. Who
 * looks on is told about uncommitted edits, which takes a look at every file.
 */
static int find_settled(struct run *run, int64_t started, bool *ret_settled, struct err **err)
{
	const struct run_options *o = run->options;
	bool needed = true;
	struct source_rev head;
	*ret_settled = false;
	if (o->stop != RUN_STOP_NEVER || o->pull || o->rev || o->worktree || o->notice ||
		(o->targets && *o->targets) || (o->destroy && *o->destroy) ||
		(o->rerun && *o->rerun))
		return 0;
	if (load_needed(run->session, &needed, &head, err) < 0)
		return -1;
	if (needed)
		return 0;
	if (load_recorded_counts(run->session, run->outcome.kind_counts, err) < 0)
		return -1;
	run->outcome.diags = &run->load.diags;
	name_revision(run, &head);
	tell_loaded(run, started);
	*ret_settled = true;
	return 0;
}

static int load_types(struct run *run, struct err **err)
{
	AUTO_DIAGS diags = {0};
	run->types = run->options->types;
	if (!run->types)
		run->types = run->own_types = render_types_load(&diags);
	if (run->types)
		return 0;
	return err_set(err, ERR_INTERNAL, "the built-in resource types are broken: %s",
		diags.count ? diags.items[0].message : "no reason was given");
}

/* Reads and checks the specs; what is wrong with them is in run->load.diags. */
static int read_specs(struct run *run, struct err **err)
{
	const struct run_options *o = run->options;
	unsigned flags;
	if (wanted_rev_flags(run->session->source, o->rev, o->worktree, &flags, err) < 0)
		return -1;
	flags |= o->notice ? LOAD_NOTICE : 0;
	const int got =
		o->pull ? load_open_merge(run->session, run->types, o->pull->merge, &run->load, err)
			: load_open(run->session, run->types, o->rev, flags, &run->load, err);
	if (got < 0)
		return -1;
	run->loaded = true;
	run->outcome.diags = &run->load.diags;
	name_revision(run, &run->load.rev);
	if (o->pull)
		run->outcome.branch =
			arena_printf(&run->arena, "#%lld", (long long)o->pull->number);
	if (run->load.uncommitted && !run->load.diags.errors)
		run_notice(run,
			"%zu uncommitted spec file%s not counted: commit, or try "
			"`trueup plan --worktree`",
			run->load.uncommitted, run->load.uncommitted == 1 ? " is" : "s are");
	run->parallel = o->parallel ? o->parallel : (size_t)run->load.config->parallel;
	return 0;
}

/* Everything after the decisions: records, plans, gates, applies. */
static int carry_out(struct run *run, struct err **err)
{
	if (run->options->pull) /* its caller records, and then tidies */
		return run_execute(run, err);
	if (run->options->stop == RUN_STOP_NEVER) {
		const char *branch = NULL;
		if (find_plan_only(run, &branch, err) < 0)
			return -1;
		tell_plan_only(run, branch);
		if (!run->plan_only &&
			(run_tell_begin(run, err) < 0 || record_revision(run, err) < 0 ||
				record_objects(run, err) < 0))
			return -1;
	}
	if (run->options->stop == RUN_STOP_DRIFT)
		return run_drift(run, err);
	if (run_execute(run, err) < 0)
		return -1;
	return run_tidy(run, err);
}

/* Who asks to destroy what is not there may have meant another one. */
static void tell_nothing_to_destroy(struct run *run)
{
	for (const char *const *key = run->options->destroy; key && *key; key++) {
		const struct item *item = item_find(run, *key);
		if (!item || item->decision.action != PLAN_NONE)
			continue;
		const enum object_phase phase = item->row ? item->row->phase : PHASE_NEW;
		run_notice(run, "%s %s", *key,
			phase == PHASE_DESTROYED ? "is destroyed already"
			: phase == PHASE_ORPHANED
				? "was let go: what it made is not looked after"
				: "was never applied: there is nothing to destroy");
	}
}

static int decide(struct run *run, int64_t started, struct err **err)
{
	const struct run_options *o = run->options;
	if ((run->session->store && store_data_version(run->session->store, &run->seen, err) < 0) ||
		load_counts(&run->load, run->outcome.kind_counts, err) < 0 ||
		items_build(run, err) < 0 || (o->pull && pull_take_locks(run, err) < 0))
		return -1;
	tell_loaded(run, started);
	tell_nothing_to_destroy(run);
	if (!o->pull)
		run_spec_note_baseline(run);
	return 0;
}

/* Asks engines for a pull request's plans, beside whoever holds the lock? */
bool run_is_beside(const struct run *run)
{
	return run->options->pull && run->options->stop == RUN_STOP_PLAN;
}

/*
 * Who plans beside others cleans up when nobody else is there to do it. To take over what was left
 * running is for those who apply: it can take an hour.
 */
static int tidy_beside(struct run *run, struct err **err)
{
	struct session *s = run->session;
	struct operation_rows open = {0};
	AUTO_LOCK lock = LOCK_NONE;
	if (session_lock_if_free(s, &lock, err) < 0)
		return -1;
	if (lock.fd < 0)
		return 0;
	if (store_operations_open(s->store, &run->arena, &open, err) < 0)
		return -1;
	return open.count ? 0 : run_tidy(run, err);
}

/* What an earlier process left, by those who are about to use it. */
static int take_over(struct run *run, struct err **err)
{
	if (run_is_beside(run))
		return tidy_beside(run, err);
	if (run->options->stop != RUN_STOP_NEVER)
		return 0;
	return run_adopt(run, err) < 0 ? -1 : run_tidy(run, err);
}

static int refuse(struct run *run, struct err **err)
{
	const struct run_options *o = run->options;
	const char *branch = NULL;
	run->outcome.exit_code = EXIT_SPECS;
	if (o->stop != RUN_STOP_NEVER || o->pull)
		return 0;
	if (run_write_note(run, err) < 0)
		note_failed(run, err);
	if (find_plan_only(run, &branch, err) < 0)
		return -1;
	return run_tell_invalid(run, err);
}

static int work(struct run *run, struct err **err)
{
	int64_t started = clock_monotonic_ms();
	bool settled;
	if (find_settled(run, started, &settled, err) < 0)
		return -1;
	if (settled)
		return 0;
	if (load_types(run, err) < 0)
		return -1;
	run->load.config = spec_config_default(&run->arena);
	if (run_tell_open(run, err) < 0 || take_over(run, err) < 0)
		return -1;
	started = clock_monotonic_ms(); /* what was taken over is not counted */
	if (read_specs(run, err) < 0)
		return -1;
	if (run->load.diags.errors)
		return refuse(run, err);
	if (decide(run, started, err) < 0 ||
		(run->options->stop != RUN_STOP_SPEC && carry_out(run, err) < 0))
		return -1;
	return finish(run, err);
}

/* What no other try of the same commit would change is told; the rest is tried again. */
static void tell_failed(struct run *run, const struct err *why)
{
	AUTO_ERR err = NULL;
	const char *branch;
	const enum err_kind kind = err_kind_of(why);
	if (!run->told.target || !run->loaded || (kind != ERR_DENIED && kind != ERR_INVALID))
		return;
	if (find_plan_only(run, &branch, &err) < 0 || run_tell_failed(run, why->message, &err) < 0)
		log_debug("%s", err->message);
}

int run_pipeline(struct session *session, const struct run_options *options, struct run **ret,
	struct err **err)
{
	struct run *run = xcalloc(1, sizeof *run);
	run->session = session;
	run->options = options;
	run->masker = masker_new();
	run->locks = (struct locks)LOCKS_NONE;
	run->outcome = (struct run_outcome){
		.command = options->command,
		.root = str_eq(session->dir, ".") ? session->repository : session->dir,
		.dry_run = options->stop != RUN_STOP_NEVER,
	};
	*ret = run;
	if (work(run, err) < 0) {
		tell_failed(run, *err);
		run_free(ret);
		return -1;
	}
	return 0;
}

const struct run_outcome *run_result(const struct run *run)
{
	return &run->outcome;
}

void run_free(struct run **at)
{
	struct run *run = *at;
	if (!run)
		return;
	for (size_t i = 0; i < run->item_count; i++)
		run_item_release(run->items[i]);
	locks_release(&run->locks);
	if (run->loaded)
		load_close(&run->load);
	strmap_release(&run->by_key);
	strmap_release(&run->renamed);
	strmap_release(&run->stuck);
	render_types_free(run->own_types);
	masker_free(run->masker);
	err_free(&run->failure);
	arena_release(&run->arena);
	free(run);
	*at = NULL;
}
