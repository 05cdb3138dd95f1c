/*
 * Running a runbook: found at a commit (or as its file lies on disk), checked, authorised, gated,
 * recorded as intended, executed on its target, recorded as what it was, and entered in the
 * runbook's history. The one way to do that, for commands, Runs, comments and the daemon.
 *
 *	look      read, claims, variables, inputs, suspended? No effect; the answer to --dry-run
 *	record    a run that may not be (invalid, refused) is recorded as that, with who and why
 *	gate      approval, bound to the content up to `# History`, the names of the variables and a
 *	          keyed digest of their values; each approval is for one run
 *	group     the runbook's concurrency group (reconcile/runbook_group.h)
 *	intend    a row in the store, before anything happens; STATE/runs/ID is the run's folder
 *	execute   by the target's table of functions (runbook/execute.h), as often as retries say
 *	finish    one UPDATE; then the entry in the file is due (reconcile/runbook_history.h)
 *
 * The process that runs this holds STATE/runs/ID/front. A run whose front is gone is adopted by
 * the next command (reconcile/runbook_adopt.h); nothing is started a second time.
 *
 * Claims. An actor has the claim `roles` with the names of the active Roles, as last recorded,
 * whose member it is, and for every label of such a Role a claim of the label's name. All claims
 * of a runbook have to be met by one Role (or by the verified claims of a token). When the
 * runbook's version on Config's branch differs from the one to be run, the claims of both have to
 * be met and the stricter approval counts, so that no change opens itself.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_RUN_H
#define TRUEUP_RECONCILE_RUNBOOK_RUN_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/digest.h"
#include "reconcile/session.h"
#include "runbook/execute.h"
#include "runbook/validate.h"
#include "runbook/variables.h"
#include "source/source.h"
#include "store/plans.h"
#include "store/runs.h"

#include <signal.h>

struct err;

enum runbook_event_kind {
	RUNBOOK_EVENT_WAITS, /* for its turn in the group: text says for what */
	RUNBOOK_EVENT_STARTED, /* the script runs; row has id, attempt, pid */
	RUNBOOK_EVENT_OUTPUT, /* text of len bytes, masked, not yet harmless for a terminal */
	RUNBOOK_EVENT_ENDED, /* row is the recorded end of one attempt */
	RUNBOOK_EVENT_RETRY, /* text says when it is tried again */
	RUNBOOK_EVENT_NOTICE, /* text is a line for people */
};

struct runbook_event {
	enum runbook_event_kind kind;
	const struct run_row *row; /* NULL: none yet */
	const char *text; /* NULL */
	size_t len; /* of text */
};

typedef void runbook_listener(void *data, const struct runbook_event *event);

/* The run whose script asks for this one, the outermost first; made by runbook_call.c only. */
struct runbook_link {
	const char *run_id;
	const char *runbook;
	const char *group; /* concurrency group that it holds a place in; NULL */
};

struct runbook_request {
	const char *runbook; /* "PatchPrep", "PatchPrep.md", "runbook/PatchPrep" */
	const char *rev; /* commit or other revision; NULL: HEAD. Ignored in a plain folder */
	bool worktree; /* the file as it lies on disk, not a commit */

	const struct given_var *vars;
	size_t var_count;
	/*
	 * "K=V", NULL-terminated: where fromEnv looks, and the variables that the runbook declares
	 * and nobody gave. NULL: nowhere (a server's own environment is nobody's business).
	 */
	const char *const *environ;

	const char *actor; /* "github:alice"; NULL: the session's */
	const char *role; /* without "role/": only this one, and the actor has to be a member */
	/* Verified claims of a token; they count instead of Roles. NULL: Roles. */
	const struct actor_claim *claims;
	size_t claim_count;
	/* A token was shown and not believed, for this reason: the run is refused. NULL: none. */
	const char *denied;

	const char *target; /* NULL: "local" */
	enum run_mode mode; /* CHECK: with DRY_RUN=1 and no network. VALIDATE: only look, record */
	enum run_cause cause;
	const char *object_key; /* "run/patch-2026-11"; NULL: no Run wants it */
	int64_t attempts; /* in all; 0: as the runbook says */
	int64_t timeout_ms; /* of one attempt; 0: as the runbook says */
	/* Asked for beside the runbook's own approval (of a Run); NULL: none. */
	const struct spec_approval *approval;
	/* The caller asked the gate itself: an identity (see below) that is approved; NULL. */
	const char *approved;
	/* The id to record the first attempt with; NULL: a new one. For callers that record
	 * their own intention together with the run's, see on_intend. */
	const char *run_id;
	/* Called inside the transaction that records the intention of the first attempt: what it
	 * writes is recorded with the intention or not at all. NULL: nothing. */
	int (*on_intend)(
		void *data, struct store *store, const struct run_row *row, struct err **err);

	const struct runbook_link *chain;
	size_t chain_count;
	const char *const *mask; /* more values to be masked; NULL-terminated or NULL */

	runbook_listener *listener; /* NULL: nobody listens */
	void *data; /* of listener and on_intend */
	/* As in struct job_watch: 1 stops the script in order, 2 leaves it to that. NULL: never. */
	const volatile sig_atomic_t *interrupts;
};

enum runbook_fate {
	RUNBOOK_FINE, /* nothing speaks against it; also the end of mode VALIDATE */
	RUNBOOK_RAN, /* an attempt was made: see row and result */
	RUNBOOK_INVALID, /* the file, its variables or its inputs: see diags and reason */
	/* claims, recursion, suspended, a full group, a rejection: see reason */
	RUNBOOK_REFUSED,
	RUNBOOK_WAITS, /* for approvals: see plan and missing */
};

struct runbook_run {
	enum runbook_fate fate;
	const char *reason; /* in words; NULL when fine */
	bool suspended; /* REFUSED: for as long as the runbook is suspended */
	const char *hint; /* what to do about it; NULL: nothing to add. Not recorded */
	struct diag_list diags; /* of the file and its surroundings */

	const char *name; /* "PatchPrep" */
	const char *path; /* "runbooks/PatchPrep.md" */
	const struct runbook *runbook; /* NULL: could not be read */
	char commit[SOURCE_ID_SIZE]; /* "" for a file on disk */
	const char *role; /* in which the claims were met; NULL: none were asked, or a token's */
	const struct run_var *vars; /* resolved, with DRY_RUN of a check; holds secrets */
	size_t var_count;
	const char *env_names_json;
	char env_digest[DIGEST_HEX];
	char identity[DIGEST_HEX]; /* what an approval is bound to */
	const struct spec_approval *approval; /* needed for this run; NULL: none */
	const struct plan_row *plan; /* WAITS: what `trueup approve` decides about */
	int64_t missing; /* WAITS: approvals still needed */

	struct run_row row; /* of the last attempt as recorded; id NULL: nothing was recorded */
	struct run_result result; /* RAN */

	/* The rest is private. */
	struct arena arena;
	struct source_rev rev;
	bool on_disk;
	const struct config *config; /* that counts for the run */
	const struct runbook *base; /* its other version on Config's branch; NULL */
};
#define RUNBOOK_RUN_NONE                                                                           \
	{                                                                                          \
		.result = RUN_RESULT_NONE                                                          \
	}

/*
 * Looks only: fate FINE, INVALID or REFUSED. The session may be one for reading. ERR_NOT_FOUND: no
 * such runbook, with the nearest name.
 */
MUST_CHECK int runbook_look(struct session *session, const struct runbook_request *request,
	struct runbook_run *ret, struct err **err);
/*
 * Does it all. 0 whatever its fate; -1 only when something broke (store, disk) or the user left it
 * (ERR_CANCELLED: it goes on or ends as configured, and is adopted). The session has to be one for
 * writing; the repository's lock is not needed.
 */
MUST_CHECK int runbook_run(struct session *session, const struct runbook_request *request,
	struct runbook_run *ret, struct err **err);
/* Wipes the values of variables, too. */
void runbook_run_release(struct runbook_run *run);
#define AUTO_RUNBOOK_RUN CLEANUP(runbook_run_release) struct runbook_run

/* Exit code of a command with this end: 0 done, 1 failed, 3 invalid, 4 refused or waiting. */
int runbook_exit_code(const struct runbook_run *run);

#endif
