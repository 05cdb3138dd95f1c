/*
 * Drift: do the resources differ from what was applied? Each canvas that is as its spec wants it is
 * planned by its engine in a mode that changes nothing; others will be planned anyway, and their
 * plans show it. What is found is one row of the store for each canvas, told once.
 *
 * Where the policy is to heal, the row says so, and the next reconcile takes the canvas for
 * changed: its plan goes through the same gates as any other.
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "reconcile/run_internal.h"
#include "reconcile/tasks.h"
#include "store/audit.h"
#include "store/drift.h"

/* What the canvas says or, where it says nothing, Config. */
static enum drift_policy policy_of(const struct run *run, const struct item *item)
{
	const struct node *spec = node_get(item->desired->doc, "spec");
	const bool written = spec && node_get(spec, "drift");
	if (!written && run->load.config->drift.heal)
		return DRIFT_HEAL;
	return item->desired->canvas->drift;
}

int item_heals(struct run *run, struct item *item, struct err **err)
{
	struct drift_row *row = NULL;
	item->heals = false;
	if (item->kind != KIND_CANVAS || !item->desired || !run->session->store ||
		run->options->stop == RUN_STOP_DRIFT)
		return 0;
	if (store_drift_get(run->session->store, item->key, &run->arena, &row, err) < 0)
		return -1;
	/* Judged again: the policy may have changed since. */
	item->heals = row && row->heal && policy_of(run, item) == DRIFT_HEAL;
	return 0;
}

/* Is it as its spec wants it, as far as is recorded, and to be looked at? */
static bool is_wanted(const struct run *run, const struct item *item)
{
	return item->kind == KIND_CANVAS && item->desired && item->row && !item->aside &&
	       item->row->phase == PHASE_APPLIED && item->decision.action == PLAN_NONE &&
	       item->rendered && !item->row->suspended && item->engine &&
	       policy_of(run, item) != DRIFT_IGNORE;
}

static void describe(struct run *run, const struct item *item, struct drift_row *ret)
{
	const struct change_set *drift = &item->plan.drift;
	AUTO_STR json = STR_INIT;
	char digest[DIGEST_HEX];
	emit_canonical(message_changes(&run->arena, drift), &json);
	digest_hex(json.data, json.len, digest);
	ret->state = DRIFT_FOUND;
	ret->heal = policy_of(run, item) == DRIFT_HEAL;
	ret->digest = arena_strdup(&run->arena, digest);
	ret->changes_json = arena_strdup(&run->arena, json.data);
	ret->summary = arena_printf(&run->arena, "%zu resource%s differ%s: %s%s", drift->count,
		drift->count == 1 ? "" : "s", drift->count == 1 ? "s" : "", drift->items[0].address,
		drift->count > 1 ? ", ..." : "");
}

static struct drift_row row_of(struct run *run, const struct item *item)
{
	struct drift_row row = {.object_key = item->key,
		.state = DRIFT_NONE,
		.digest = "",
		.checked_at = run->session->now_ms};
	if (!item->planned) {
		row.state = DRIFT_UNKNOWN;
		row.summary = item->out.status_text;
	} else if (item->plan.drift.count) {
		describe(run, item, &row);
	}
	return row;
}

static int record(struct run *run, struct item *item, struct err **err)
{
	struct session *s = run->session;
	const struct drift_row row = row_of(run, item);
	bool changed = false;
	if (store_drift_put(s->store, &row, &changed, err) < 0)
		return -1;
	if (row.state == DRIFT_FOUND)
		item_status(run, item, OBJECT_PENDING, "%s", row.summary);
	else if (row.state == DRIFT_NONE)
		item->out.status = OBJECT_UNCHANGED;
	if (!changed || row.state == DRIFT_UNKNOWN)
		return 0;
	run_notice(run, "%s: %s", item->key,
		row.state == DRIFT_FOUND ? row.summary : "its resources are as they were applied");
	const struct audit_row audit = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = row.state == DRIFT_FOUND ? "drift" : "drift-gone",
		.subject = item->key,
		.detail_json = arena_printf(&run->arena, "{\"digest\":\"%s\",\"heal\":%s}",
			row.digest, row.heal ? "true" : "false"),
	};
	return store_audit_append(s->store, &audit, err);
}

/* In a transaction of its own, so that the first canvas's finding is there after an hour too. */
static int record_one(struct run *run, struct item *item, struct err **err)
{
	if (store_begin(run->session->store, err) < 0)
		return -1;
	if (record(run, item, err) < 0) {
		store_rollback(run->session->store);
		return -1;
	}
	return store_commit(run->session->store, err);
}

int run_drift(struct run *run, struct err **err)
{
	AUTO_FREE char *plans = path_join(run->session->state_dir, "plans");
	if (fs_mkdirs(plans, 0700, err) < 0)
		return -1;
	struct tasks *tasks = tasks_new(run->parallel);
	struct item **looked = arena_array(&run->arena, run->item_count + 1, sizeof *looked);
	size_t count = 0;
	for (size_t i = 0; i < run->item_count; i++) {
		struct item *item = run->items[i];
		if (!is_wanted(run, item) || !item_secrets(run, item)) {
			item->aside = true;
			continue;
		}
		looked[count++] = item;
		plan_task_add(run, tasks, item);
	}
	int rc = tasks_run(tasks, run_plan_interrupts(run), err);
	tasks_free(tasks);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *file = path_join(run->session->state_dir, looked[i]->plan_path);
		/* Somebody plans it for a pull request just now: the next look is for it. */
		looked[i]->aside = looked[i]->busy;
		if (rc == 0 && !looked[i]->busy && looked[i]->out.status != OBJECT_CANCELLED)
			rc = record_one(run, looked[i], err);
		AUTO_ERR litter = NULL; /* it holds values: gone, or the next run tidies it */
		if (fs_remove_tree(file, &litter) < 0)
			log_debug("%s", litter->message);
	}
	return rc;
}
