/*
 * The gates of a wave: new plans are stored, each with the files that it was made from, the
 * approval gate judges them, and whoever runs us is asked about the rest.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/approval.h"
#include "reconcile/run_spec.h"

static int write_rendered(struct run *run, const struct item *item, struct err **err)
{
	AUTO_FREE char *dir = outcome_rendered_dir(run->session, item->plan_id);
	if (fs_mkdirs(dir, 0700, err) < 0)
		return -1;
	for (size_t i = 0; i < item->rendering.file_count; i++) {
		const struct render_file *f = &item->rendering.files[i];
		AUTO_FREE char *path = path_join(dir, f->name);
		if (fs_write_atomic(path, f->data, f->len, 0600, err) < 0)
			return -1;
	}
	return 0;
}

int plan_row_of(struct run *run, struct item *item, struct plan_row *ret, struct err **err)
{
	plan_identity(item->digest, item->lineage, item->serial, item->plan_sha256, item->identity);
	const struct spec_approval *rule = item->approval;
	*ret = (struct plan_row){
		.id = item->plan_id,
		.object_key = item->key,
		.object_digest = item->digest,
		.action = plan_action_name(item->out.action),
		.engine = item->engine->name,
		.state_lineage = item->lineage,
		.state_serial = item->serial,
		.path = item->plan_path,
		.sha256 = item->plan_sha256,
		.summary_json = outcome_summary(&run->arena, run, item),
		.identity = item->identity,
		.renderer = RENDER_VERSION,
		.commit_id = run->load.rev.commit[0] ? run->load.rev.commit : NULL,
		.requester = run->session->actor,
		.created_at = run->session->now_ms,
		.expires_at = rule->mode == APPROVAL_MANUAL && rule->expires_ms
				      ? run->session->now_ms + rule->expires_ms
				      : 0,
		.status = PLAN_WAITING,
	};
	item->plan.id = item->plan_id;
	return write_rendered(run, item, err);
}

static int store_plan(struct run *run, struct item *item, struct err **err)
{
	struct store *store = run->session->store;
	struct plan_row row;
	const struct object_step step = {
		.phase = PHASE_PLANNED, .reason = item->decision.reason, .plan_id = item->plan_id};
	if (item->kind == KIND_RUN)
		return run_item_store_plan(run, item, err);
	if (plan_row_of(run, item, &row, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (store_plan_add(store, &row, err) < 0 ||
		store_object_step(store, item->key, &step, run->session->now_ms, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

int item_wait(struct run *run, struct item *item, enum object_phase phase, const char *why,
	struct err **err)
{
	const struct object_step step = {.phase = phase, .reason = why, .plan_id = item->plan_id};
	item_status(run, item, phase == PHASE_REFUSED ? OBJECT_REFUSED : OBJECT_WAITING, "%s", why);
	item->waits = true;
	if (run->options->pull)
		return 0;
	return store_object_step(run->session->store, item->key, &step, run->session->now_ms, err);
}

static bool lacks_approval(const struct gate_answers *gates)
{
	for (size_t i = 0; i < gates->count; i++)
		if (str_eq(gates->items[i].gate, "approval") &&
			gates->items[i].verdict != GATE_PASS)
			return true;
	return false;
}

/* Does the approval gate let the item through? *ret_ask: only a question is left. */
static int gate_item(struct run *run, struct item *item, bool *ret_ask, struct err **err)
{
	const struct plan_row plan = {
		.identity = item->identity,
		.requester = item->stored ? item->stored->requester : run->session->actor,
		.created_at = item->stored ? item->stored->created_at : run->session->now_ms,
	};
	struct item_approval approval;
	*ret_ask = false;
	if (item_ask_approval(run, item, &plan, &approval, err) < 0)
		return -1;
	const struct gate_answer *first = NULL;
	const enum gate_verdict verdict = gates_verdict(&item->out.gates, &first);
	if (verdict != GATE_PASS) {
		if (lacks_approval(&item->out.gates))
			item->out.hint = arena_printf(&run->arena, "trueup approve %s", item->key);
		return item_wait(run, item, verdict == GATE_REFUSE ? PHASE_REFUSED : PHASE_WAITING,
			first->reason, err);
	}
	item->go = approval.any || approval.state == APPROVAL_GRANTED ||
		   run->options->auto_approve || run->load.config->apply_auto || item->no_changes ||
		   (item->run && run_item_was_wanted(item));
	*ret_ask = !item->go;
	return 0;
}

static int ask_user(struct run *run, struct item **asked, size_t count, struct err **err)
{
	const struct run_options *o = run->options;
	const struct object_outcome **list = arena_array(&run->arena, count, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = &asked[i]->out;
	const bool stopped = run_is_stopped(run);
	const bool by_name = o->destroy && *o->destroy;
	const bool yes = count && o->ask && !stopped && o->ask(o->data, list, count);
	for (size_t i = 0; i < count; i++) {
		asked[i]->go = yes;
		if (yes)
			continue;
		asked[i]->out.hint = arena_printf(&run->arena,
			"trueup approve %s, then trueup %s%s%s", asked[i]->key, o->command,
			by_name ? " " : "", by_name ? asked[i]->key : "");
		if (item_wait(run, asked[i], PHASE_WAITING, "its plan waits for a yes", err) < 0)
			return -1;
	}
	return 0;
}

int gate_wave(struct run *run, struct err **err)
{
	if (run->options->pull)
		return pull_gate_wave(run, err);
	struct item **asked = arena_array(&run->arena, run->item_count, sizeof *asked);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		bool ask = false;
		if (item->out.status != OBJECT_PLANNED || item->go)
			continue;
		if (!item->stored && store_plan(run, item, err) < 0)
			return -1;
		if (gate_item(run, item, &ask, err) < 0)
			return -1;
		if (ask)
			asked[count++] = item;
	}
	return ask_user(run, asked, count, err);
}
