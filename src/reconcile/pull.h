/*
 * Pull requests: what a daemon's workers, and `trueup pull` at a terminal, call.
 *
 * What is looked at is what the base branch would be after the merge: head merged into the tip of
 * the base branch, in memory. The changes considered are those that this merge brings, and only
 * they: what the base branch itself has not reconciled yet is waited for. Config, the Roles that
 * gates ask, and policy are those of the base branch as last recorded.
 *
 * A refresh has two steps. The preview takes no lock and starts no engine: specs, decisions,
 * resources, gates. Then the engines' plans of what the pull request holds, also while the branch
 * is reconciled: each canvas that is planned is locked until its plan is recorded, and one that
 * somebody works on waits. They are stored as plans, so that after the merge the branch's reconcile
 * finds the very plan that was shown still valid, and applies it. Nothing else of what is recorded
 * changes.
 *
 * Every function opens the sessions that it needs, and may be killed anywhere: what it says
 * (statuses, the comment) is put into the outbox in the transaction that records what it tells, and
 * calling it again converges. Which of them a person may ask for is decided here; where they come
 * from (webhook, polling, terminal) is the caller's business.
 */
#ifndef TRUEUP_RECONCILE_PULL_H
#define TRUEUP_RECONCILE_PULL_H

#include "plan/plan.h"
#include "reconcile/session.h"
#include "store/pulls.h"

#include <signal.h>

struct engine;
struct err;
struct forge;
struct render_types;
struct source_upstream;
struct store;
struct forge_pull;

/* How and for whom. Everything is borrowed. */
struct pull_work {
	const char *dir; /* the repository, as in session_options */
	const char *state_dir; /* NULL: the default */
	const struct source_upstream *upstream; /* as in session_options, as is store */
	struct store *store;
	int64_t lock_wait_ms; /* for a lock: the repository's, or of those who plan */
	/*
	 * Asked for what only a forge knows: reviews, mergeable, permissions. NULL: there is none;
	 * then what is required of a forge is not met, and whoever asks is an operator.
	 */
	struct forge *forge;
	/* The forge's name for the outbox; NULL: statuses and comments go nowhere. */
	const char *target;
	const char *actor; /* who asks: "github:alice"; NULL: the operator, "os:..." */
	bool never_forks; /* the server forbids what Config may allow */
	struct render_types *types; /* as in run_options */
	size_t parallel; /* 0: as Config says */
	const struct engine *engine; /* NULL: the one that a canvas names; for tests */
	const char *const *environ;
	const volatile sig_atomic_t *interrupts; /* as in run_options; NULL: never */
	const volatile sig_atomic_t *stop_plans; /* the same: an apply goes on to its end */
	void (*said)(void *data); /* something was put into the outbox; may be NULL */
	run_listener *listener; /* may be NULL */
	/* What a step found, at its end; may be NULL. outcome lives until it returns. */
	void (*found)(void *data, const struct run_outcome *outcome);
	void *data;
};

/* What follows from what was done, for a queue. Texts and lists are in the arena handed in. */
struct pull_result {
	const struct pull_row *pull; /* as it is recorded now; NULL: not known */
	const char *text; /* one sentence for people */
	bool applied; /* pull_apply() applied something, and nothing failed */
	bool plan_due; /* pull_plan() has something to do */
	bool busy; /* somebody was at work on something of it, which is planned after that */
	int64_t again_ms; /* for that or another reason pull_plan() is due after so long; 0: not */
	bool reconcile_due; /* the base branch has to be reconciled: a way back, a merge */
	struct pull_numbers refresh; /* other pull requests whose turn it is now */
};

/* What a forge said of one, as it is noted. Borrows pull's texts; the rest is in arena. */
void pull_facts(const struct forge *forge, const struct forge_pull *pull, struct arena *arena,
	struct pull_row *ret);
/* The tip of a base branch, here or as origin's; ERR_NOT_FOUND. */
MUST_CHECK int pull_base_tip(
	struct source *source, const char *branch, struct source_rev *ret, struct err **err);

/*
 * Notes facts as a forge stated them (see store_pull_note(); a head that is not fetched yet is
 * fine). One that was closed or merged lets go of its objects; plans of one that was closed are
 * void. *ret_changed: the head, base branch or state is new, and pull_refresh() is due if it is
 * open.
 */
MUST_CHECK int pull_note(const struct pull_work *work, const struct pull_row *facts,
	bool *ret_changed, struct arena *arena, struct pull_result *ret, struct err **err);

/* The first step: no lock, no engine. ERR_NOT_FOUND: the number is not known, or no such commit. */
MUST_CHECK int pull_preview(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);
/*
 * The second step, beside whoever holds the repository's lock, and one at a time: ERR_CONFLICT when
 * another process plans for longer than lock_wait_ms. ERR_CANCELLED after an interrupt; then, or
 * when a newer head is recorded at the end, nothing of it is shown.
 */
MUST_CHECK int pull_plan(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);
/* The first and, when there is something for it to do, the second. */
MUST_CHECK int pull_refresh(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);

/*
 * After one that was busy: waits a moment, and then until nobody holds the repository's lock, at
 * most for so long. *ret_free false: somebody still does, or work->interrupts says stop.
 */
MUST_CHECK int pull_wait(
	const struct pull_work *work, int64_t ms, bool *ret_free, struct err **err);

/*
 * Applies what was shown, if Config says so (pullRequests.apply: before), every requirement is met
 * and each plan is still the one that was shown, by id, SHA-256 and identity. Otherwise nothing is
 * applied, and text says why; a plan that is void is made again and shown.
 */
MUST_CHECK int pull_apply(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);
/* Lets go of the objects and voids the plans. What was applied already is held until the end. */
MUST_CHECK int pull_unlock(const struct pull_work *work, int64_t number, struct arena *arena,
	struct pull_result *ret, struct err **err);

/*
 * Carries out the commands in a comment (reconcile/pull_command.h) by work->actor, in order, and
 * puts one combined answer into the outbox. id is the comment's at the forge, and a comment is
 * answered once.
 */
struct pull_remark {
	int64_t number;
	const char *id;
	const char *body;
};
MUST_CHECK int pull_remark(const struct pull_work *work, const struct pull_remark *remark,
	struct arena *arena, struct pull_result *ret, struct err **err);

/*
 * After the base branch was reconciled, or its tip moved: tells merged pull requests what became of
 * their plans, lets go of what the branch has now, and lists in ret->refresh those that have to be
 * looked at again because the base moved, a plan of theirs is void, or it is their turn.
 */
MUST_CHECK int pull_settle(const struct pull_work *work, struct arena *arena,
	struct pull_result *ret, struct err **err);

#endif
