/*
 * What a run found and did, object by object: filled by reconcile/ from left to right, printed by
 * report/ as terminal text, JSON, notes and comments. Plain data; borrowed or in the run's arena.
 */
#ifndef TRUEUP_PLAN_PLAN_H
#define TRUEUP_PLAN_PLAN_H

#include "base/diag.h"
#include "plan/decide.h"
#include "plan/gate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum change_kind { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REPLACE, CHANGE_DESTROY };

/* One attribute of a resource; texts are as they should be shown (secrets masked). */
struct change_attr {
	const char *name;
	const char *before, *after; /* NULL: not there */
	bool forces_replacement;
};

/* One resource that comes, changes or goes. */
struct change {
	enum change_kind kind;
	const char *address; /* aws_instance.web */
	const char *type; /* aws_instance */
	const struct change_attr *attrs;
	size_t attr_count;
	const char *why; /* "refers to aws_instance.web, which is replaced"; NULL: obvious */
};

struct change_set {
	const struct change *items;
	size_t count;
	size_t create, update, replace, destroy; /* how many of each kind */
};

enum object_status {
	OBJECT_UNCHANGED,
	OBJECT_PENDING, /* would be done: dry run, or not reached yet */
	OBJECT_PLANNED, /* the engine's plan is there */
	OBJECT_WAITING,
	OBJECT_REFUSED,
	OBJECT_APPLYING,
	OBJECT_APPLIED,
	OBJECT_RECORDED, /* nothing to apply: a role, a retained canvas */
	OBJECT_FAILED,
	OBJECT_CANCELLED,
};

/* What the engine's plan says. */
struct object_plan {
	const char *engine; /* "terraform" */
	const char *id; /* NULL when the plan was not stored (plan, --dry-run) */
	const char *sha256; /* of the plan file */
	const char *detail; /* in words, of what has no resources; NULL: changes says it */
	struct change_set changes;
	struct change_set drift; /* changed outside of trueup since the last apply */
	int64_t duration_ms;
	/* What the engine sees otherwise than the preview did, in words. */
	const char *const *surprises;
	size_t surprise_count;
};

struct object_outcome {
	const char *key; /* "canvas/shop" */
	enum spec_kind kind;
	const char *path;
	enum plan_action action;
	const char *reason; /* why this action */
	const char *summary; /* "5 services, 2 members"; NULL: the counts of preview say it */
	struct gate_answers gates;
	bool has_preview;
	struct change_set preview; /* from the specs alone */
	const struct object_plan *plan; /* NULL: no engine was asked */
	enum object_status status;
	/* Of a pull request: it is planned when work that is under way has come to its end. */
	bool planned_later;
	const char *status_text; /* "planned in 7.1 s", the error, what it waits for; NULL: none */
	const char *operation; /* id of the operation, for `trueup log`; NULL: none */
	int64_t apply_ms; /* duration of the apply, 0: none */
	const char *hint; /* what to do now; NULL: nothing */
};

struct run_outcome {
	const char *command; /* "plan", "reconcile" */
	const char *root; /* as the user named it */
	const char *branch; /* NULL in a plain folder, for a tag or an id, and without a branch */
	const char *rev; /* the revision that was asked for, as it was named; NULL: HEAD */
	const char *commit; /* NULL in a plain folder, and before the first commit */
	bool dry_run;
	size_t kind_counts[KIND_COUNT]; /* specs in the revision */
	const struct object_outcome *objects; /* those that are not unchanged, in order of work */
	size_t object_count;
	size_t unchanged;
	size_t unseen; /* not looked at, because the user named others */
	const char *const *notices; /* uncommitted edits, another branch than Config's, ... */
	size_t notice_count;
	const struct diag_list *diags; /* NULL: none */
	int64_t load_ms; /* until the spec-level plan was ready */
	int exit_code;
};

/* What happens while it happens. key is NULL for the run itself. */
enum run_event_kind {
	RUN_LOADED, /* the spec-level plan is ready: outcome is filled up to previews */
	RUN_PLANNING, /* the engine starts to plan key */
	RUN_PLANNED, /* object is the outcome with its plan */
	RUN_APPLYING,
	RUN_PROGRESS, /* text is one line of the engine's progress */
	RUN_APPLIED, /* applied, recorded or failed: see object->status */
	RUN_ADOPTED, /* an operation of an earlier process is followed: text says which */
	RUN_NOTICE,
};

struct run_event {
	enum run_event_kind kind;
	const struct run_outcome *outcome;
	const struct object_outcome *object;
	const char *text;
};

typedef void run_listener(void *data, const struct run_event *event);

const char *change_kind_name(enum change_kind kind); /* "create" */
const char *object_status_name(enum object_status status); /* "applied" */

#endif
