/* What the files of one run share. Nothing outside of reconcile/ includes it. */
#ifndef TRUEUP_RECONCILE_RUN_INTERNAL_H
#define TRUEUP_RECONCILE_RUN_INTERNAL_H

#include "base/locks.h"
#include "base/secret.h"
#include "base/strmap.h"
#include "engine/engine.h"
#include "format/emit.h"
#include "reconcile/load.h"
#include "reconcile/past.h"
#include "reconcile/recorded.h"
#include "reconcile/run.h"
#include "reconcile/message.h"
#include "store/operations.h"
#include "store/plans.h"
#include "store/told.h"

/* One object on its way through the run. out is what reports see of it. */
struct item {
	struct object_outcome out;
	const char *key, *name;
	/*
	 * The name that it was first applied under: of its workspace, of the files that were
	 * applied, in physical names. A rename changes the name and leaves this.
	 */
	const char *born;
	const char *taken_by; /* key of the renamed object that was born with this name; NULL */
	enum spec_kind kind;
	const struct spec *desired; /* NULL: not in the revision (or to be destroyed) */
	const struct object_row *row; /* NULL: never recorded */
	struct past past; /* what row says was applied, or tried */
	char digest[DIGEST_HEX]; /* of desired; "" without one */
	struct plan_decision decision;

	struct run_item *run; /* of a Run: see run_spec.h; NULL */

	/* Canvases only, but for approval. What is worked with: the desired side, or the recorded
	 * one to destroy. */
	const struct canvas *canvas;
	const struct spec_approval *approval; /* the rule in force, see past_approval() */
	const struct role *role;
	const char *role_name;
	const struct spec_label *labels;
	size_t label_count;
	struct rendering rendering;
	bool rendered;
	struct render_lost_key lost_key; /* set by item_preview() */
	/*
	 * Keys of canvases that come first: what it needs has to be ready; to destroy it, what
	 * needed it has to be done.
	 */
	const char *const *waits_for;
	const struct engine *engine;
	struct engine_variable *secrets;
	size_t secret_count;

	const char *seen_plan; /* id of the plan that was open when it was decided; NULL: none */
	const struct plan_row *stored; /* the open plan that goes on; NULL: none */
	struct object_plan plan; /* what the engine said, now or when it was stored */
	char plan_id[ULID_SIZE];
	const char *plan_path; /* of the plan file, relative to the state folder */
	char plan_sha256[DIGEST_HEX];
	char identity[DIGEST_HEX];
	const char *lineage; /* of the engine's state that was planned from */
	int64_t serial;
	/*
	 * Why nothing can be done about it alone, in arena; NULL: nothing stands in the way. It is
	 * refused then, and the others go on.
	 */
	const char *problem;
	bool busy; /* somebody else was at work on it when it was looked at */
	bool behind; /* of a pull request: what the base branch has to do with it comes first */
	bool stuck; /* an operation on it is open and could not be taken over */
	bool heals; /* its drift is to be undone */
	int64_t kept_by; /* number of the pull request that applied it before its merge; 0: none */
	bool aside; /* not one of the targets: decided and recorded, not worked on */
	bool row_there; /* the store has a row of it */
	bool planned; /* plan is there */
	bool no_changes; /* and changes nothing */
	bool engine_missing; /* the engine is not installed */
	bool waits; /* for a gate: look again when something was applied */
	bool go; /* all gates passed and somebody said yes */
	bool locked; /* item_lock() */
	bool begun; /* recorded as intended in this run */
	bool left_running; /* the user left, the job goes on */
	bool has_finished;
	struct finished finished;
	const char *log; /* masked lines of the apply */
	char operation[ULID_SIZE];
	int64_t started_ms; /* monotonic */
};

struct run {
	struct session *session;
	const struct run_options *options;
	struct arena arena;
	struct render_types *types, *own_types;
	struct load load;
	bool loaded;
	struct item **items; /* in order of work */
	size_t item_count, item_cap;
	struct strmap by_key;
	struct strmap renamed; /* old key -> item that has its row now */
	struct strmap stuck; /* key -> why its open operation could not be taken over */
	struct masker *masker;
	struct locks locks; /* on the objects that are worked on: see item_lock.c */
	int64_t seen; /* store_data_version() before the items were read */
	size_t parallel;
	int64_t revision_id;
	struct err *failure; /* of recording in a callback; owned */
	bool plan_only; /* nothing is stored or applied: a dry run, or another branch */
	struct told told; /* what a forge was told; target NULL: there is none */
	struct run_outcome outcome;
	const char **notices;
	size_t notice_count, notice_cap;
};

/* The engine with this name, or the one that the options ask for. NULL: there is none. */
const struct engine *run_engine(const struct run *run, const char *name);
/* Does it ask engines for a pull request's plans, beside whoever holds the repository's lock? */
bool run_is_beside(const struct run *run);
/* Tells the listener. */
void run_emit(struct run *run, enum run_event_kind kind, const struct item *item, const char *text);
void run_notice(struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Copies the items' outcomes to run->outcome, leaving out what is unchanged. */
void run_publish(struct run *run);
/* Sets status and text (kept in the run's arena). */
void item_status(struct run *run, struct item *item, enum object_status status, const char *fmt,
	...) PRINTF_LIKE(4, 5);

/* --- items.c: which objects, and what is to be done about each ----------------------------- */

/* Makes the items of the run: what changed, went, hangs on those, or is not settled. */
MUST_CHECK int items_build(struct run *run, struct err **err);
/* Adds the canvases that use key and are not items yet. */
MUST_CHECK int items_add_dependants(struct run *run, const char *key, struct err **err);
/* Reads what is recorded of it again: somebody else may have changed it. */
MUST_CHECK int item_read_again(struct run *run, struct item *item, struct err **err);
struct item *item_find(const struct run *run, const char *key);
/* Did the user name the objects that it is about? */
bool run_is_by_name(const struct run *run);
/* May something of it exist that is ours to change? */
bool item_is_recorded(const struct object_row *row);
/* How the last operation on it ended. */
enum plan_last item_last(const struct object_row *row);
/* Action, reason and status of the report, from the decision. */
void item_show_decision(struct item *item);
/* Facts, decision, rendering, preview and policy gates of one item, from what is true now. */
MUST_CHECK int item_decide(struct run *run, struct item *item, struct err **err);
/* The same in the middle of a run, with what is recorded of it brought up to date. */
MUST_CHECK int item_decide_again(struct run *run, struct item *item, struct err **err);
/* The Role that gates look at: as last recorded; as desired when it never was. NULL: none. */
const struct role *run_gate_role(struct run *run, const char *key);
/* The decisions about a plan with this identity, judged. */
struct item_approval {
	struct approval_request request;
	enum approval_state state;
	int64_t missing;
	bool any; /* somebody who may approved it */
};
MUST_CHECK int item_approval(struct run *run, const struct item *item, const struct plan_row *plan,
	struct item_approval *ret, struct err **err);
/*
 * Asks what has to be asked of a plan of the item's: approval, and whether what it would replace is
 * protected. The answers join item->out.gates.
 */
MUST_CHECK int item_ask_approval(struct run *run, struct item *item, const struct plan_row *plan,
	struct item_approval *ret, struct err **err);
/*
 * Takes an open plan that is valid as the item's, and says in *ret how it was decided about. One
 * whose time to be decided is over is not taken, and *ret stays.
 */
MUST_CHECK int item_take_plan(struct run *run, struct item *item, struct plan_row *plan,
	enum plan_stored *ret, struct err **err);
/* Is it an object with `protect: true`, of which no resource may be replaced? */
bool item_protected(const struct item *item);
/* The kind in a key such as "canvas/shop". */
enum spec_kind kind_of_key(const char *key);
/* Is it part of what people are told about this run? */
bool item_is_told(const struct item *item);
/* Is there something for the engine (or for a plain record) to do? */
bool item_acts(const struct item *item);

/* --- desired.c: what a canvas is worked with ----------------------------------------------- */

/* The desired side: role, rendering, digest. Sets item->problem when it cannot be rendered. */
void item_use_desired(struct run *run, struct item *item);
/* The recorded side, to destroy: spec and role as they were applied, the files of that time. */
MUST_CHECK int item_use_recorded(struct run *run, struct item *item, struct err **err);
/* The preview: what was applied against the rendering. */
MUST_CHECK int item_preview(struct run *run, struct item *item, struct err **err);
/* Values that are not in the files. False, and the item waits, when one is not to be had. */
bool item_secrets(struct run *run, struct item *item);
/* What the engine is given; lives as long as arena and item. */
void item_target(
	struct run *run, const struct item *item, struct arena *arena, struct engine_target *ret);

/* --- drift.c: do resources differ from what was applied? ------------------------------------- */

/* Looks at every canvas that is as its spec wants it, and records what it finds. */
MUST_CHECK int run_drift(struct run *run, struct err **err);
/* Is the recorded drift of the item to be undone? */
MUST_CHECK int item_heals(struct run *run, struct item *item, struct err **err);

/* --- execute.c: plan, gate, apply ---------------------------------------------------------- */

MUST_CHECK int run_execute(struct run *run, struct err **err);
/* Did the user ask to stop? */
bool run_is_stopped(const struct run *run);
/* What plans heed: see run_options. */
const volatile sig_atomic_t *run_plan_interrupts(const struct run *run);

/* --- item_lock.c: one engine at a time on a canvas -------------------------------------------- */

/*
 * Takes the canvas's lock, which keeps an engine that plans for a pull request and one that works
 * for the branch apart, waiting for it if so asked. *ret_mine false: somebody else has it still.
 * With it, the item is decided about again if anybody else recorded anything since.
 */
MUST_CHECK int item_lock(
	struct run *run, struct item *item, bool waits, bool *ret_mine, struct err **err);
/* By a task's child that only looks: for as long as it lives. */
MUST_CHECK int item_lock_in_child(
	const struct run *run, const struct item *item, bool *ret_mine, struct err **err);
/* Gives it up. Accepts one that is not held. */
void item_unlock(struct run *run, struct item *item);

/* --- wave_plan.c, wave_gate.c, wave_apply.c: the steps of a wave ------------------------------ */

/* Is it to be planned, as far as its decision goes? The gates are asked after that. */
bool item_wants_plan(const struct item *item);
/* Takes the stored plan as the item's. */
void item_use_stored(struct run *run, struct item *item);
/* Plans what can be planned. *ret_any: there is a plan, new or stored. */
struct tasks;
/* Adds the task that plans the item; its outcome is in item->plan and item->out afterwards. */
void plan_task_add(struct run *run, struct tasks *tasks, struct item *item);
MUST_CHECK int plan_wave(struct run *run, bool *ret_any, struct err **err);
/* Stores new plans and sets item->go where all gates are passed. */
MUST_CHECK int gate_wave(struct run *run, struct err **err);
/* Applies what may go. *ret_any: something was applied. */
MUST_CHECK int apply_wave(struct run *run, bool *ret_any, struct err **err);
/* Puts the item into PHASE_WAITING or PHASE_REFUSED, in the store and in the report. */
MUST_CHECK int item_wait(struct run *run, struct item *item, enum object_phase phase,
	const char *why, struct err **err);

/* --- outcome.c: recording what an apply did ------------------------------------------------- */

/*
 * Records the end of operation op and all that follows from it, in one transaction, once: false
 * in *ret_recorded when another process did before. The plan row says what was applied.
 */
MUST_CHECK int outcome_record(struct session *session, const struct operation_row *op,
	const struct finished *finished, const char *log, bool *ret_recorded, struct err **err);

/* What a plan has to remember so that anybody can record its end: spec, role, outputs, changes. */
char *outcome_summary(struct arena *arena, const struct run *run, const struct item *item);
/* The name that the plan's object was born with: of its workspace and its files. */
const char *outcome_born(const struct plan_row *plan, struct arena *arena);
/* The changes in a summary, for reports. */
void outcome_changes(const char *summary_json, struct arena *arena, struct change_set *ret);
/* What a stored plan says, for reports; in arena. */
struct object_plan *outcome_plan(const struct plan_row *plan, struct arena *arena);
/* Says in words where the engine's plan differs from the preview. */
void item_surprises(struct run *run, struct item *item);
/* Folder of the files that a plan was made from, absolute, heap-owned: STATE/rendered/PLAN. */
char *outcome_rendered_dir(const struct session *session, const char *plan_id);
/* Folder of the files that were last applied: STATE/applied/BORN. */
char *outcome_applied_dir(const struct session *session, const char *born);

/* --- pull_item.c: what is different when it is a pull request's ------------------------------- */

/* Appends what a pull request has to wait for beside the policy gates. */
MUST_CHECK int pull_gates(struct run *run, struct item *item, struct err **err);
/* Is an operation on the object going on, as far as is recorded? row may be NULL. */
bool pull_is_under_way(const struct object_row *row);
/* Somebody else's engine works on the item: the pull request waits for that. */
void pull_stand_aside(struct run *run, struct item *item);
/* What is as it should be because the pull request applied it is shown as that. */
MUST_CHECK int pull_mark_applied(struct run *run, struct item *item, struct err **err);
/* What people were shown of the object; NULL: nothing. */
struct pull_object;
const struct pull_object *pull_shown(const struct run *run, const char *key);
/* Is the plan that would be applied the one that people were shown? */
bool pull_is_as_shown(const struct run *run, const struct item *item);
/* Asks for the objects that it changes, and says who holds them otherwise. */
MUST_CHECK int pull_take_locks(struct run *run, struct err **err);
/*
 * Of a branch's run: does a pull request that applied its change of the object keep it as it is?
 * *ret its number; 0: none does.
 */
MUST_CHECK int pull_keeps(struct run *run, const struct item *item, int64_t *ret, struct err **err);
/* Of a branch's run, at its end: merged ones let go of what they applied once the branch has it. */
MUST_CHECK int pull_let_go(struct run *run, struct err **err);
/* gate_wave() of a pull request: sets item->go for all that were shown, or for none. */
MUST_CHECK int pull_gate_wave(struct run *run, struct err **err);
/* Notes in the transaction of the intention that the object is the pull request's from now on. */
MUST_CHECK int pull_intend(struct run *run, struct item *item, struct err **err);

/* wave_gate.c: the row of a plan that was just made, with its files written. In run's arena. */
MUST_CHECK int plan_row_of(
	struct run *run, struct item *item, struct plan_row *ret, struct err **err);

/* --- adopt.c: what an earlier process left running ------------------------------------------ */

/*
 * Follows and records every open operation. One that cannot be taken over (its state cannot be
 * read) stays open and is noted in run->stuck; its object is left alone.
 */
MUST_CHECK int run_adopt(struct run *run, struct err **err);

/* --- tidy.c: what an earlier process left lying ---------------------------------------------- */

/* Removes plan files, rendered files, jobs and logs that nobody needs. After run_adopt(). */
MUST_CHECK int run_tidy(struct run *run, struct err **err);

/* --- status_note.c: the commit's note ------------------------------------------------------- */

MUST_CHECK int run_write_note(struct run *run, struct err **err);

/* --- commit_status.c: the commit's statuses at a forge, by way of the outbox -------------------
 */

/* Finds out whether there is a forge. Without one, and in what is no reconcile, the others do
 * nothing. */
MUST_CHECK int run_tell_open(struct run *run, struct err **err);
/* Objects are decided and nothing is done yet: what is to be done, and that it is pending. */
MUST_CHECK int run_tell_begin(struct run *run, struct err **err);
/* In the transaction that records the intention to apply item. */
MUST_CHECK int run_tell_intended(struct run *run, const struct item *item, struct err **err);
/* Applies began, or one of them came to its end. */
MUST_CHECK int run_tell_progress(struct run *run, bool one, struct err **err);
/* In the transaction that ends the revision; then wake, once it is committed. */
MUST_CHECK int run_tell_end(struct run *run, struct err **err);
void run_tell_wake(struct run *run);
/* The specs are invalid and nothing is done. */
MUST_CHECK int run_tell_invalid(struct run *run, struct err **err);
/* Something else than an object keeps the commit from being dealt with. */
MUST_CHECK int run_tell_failed(struct run *run, const char *why, struct err **err);

#endif
