/*
 * What an engine can do for one canvas, whichever engine it is: prepare a workspace, plan, apply
 * exactly that plan, say what exists. Today: terraform (or tofu).
 *
 * A caller makes a target, asks `prepare` (ERR_UNAVAILABLE: the engine is not installed), then
 * `plan`, and after all gates `apply` with the plan's file and digest. An apply that an earlier
 * process began is taken over with `adopt`. Destroying is a plan with ENGINE_PLAN_DESTROY and the
 * apply of that plan.
 *
 * Results live in the arena that is handed in. Secrets never come out: values that the engine
 * marks sensitive are not kept, everything else has passed the masker.
 */
#ifndef TRUEUP_ENGINE_ENGINE_H
#define TRUEUP_ENGINE_ENGINE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/macros.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct err;
struct masker;
struct role;

struct engine_file {
	const char *name; /* no folder in it: "network.tf" */
	const char *text;
	size_t len;
};

struct engine_variable {
	const char *name; /* becomes TF_VAR_<name> */
	const char *value;
};

/* One canvas as an engine sees it. Everything is borrowed. */
struct engine_target {
	const char *state_dir; /* absolute: STATE */
	const char *name; /* of the canvas */
	const char *region; /* NULL: as rendered */
	const struct config *config; /* NULL: defaults */
	const struct role *role; /* whose credentials; NULL: our own environment's */
	const struct engine_file *files;
	size_t file_count;
	const struct engine_variable *secrets; /* all of them are masked */
	size_t secret_count;
	const char *const *environ; /* what to build the environment from; usually our own */
	struct masker *masker; /* secrets of the environment are added; NULL: no masking */
};

enum engine_event_type {
	ENGINE_EVENT_STEP, /* message: "init", "plan", "show", "apply" begins */
	ENGINE_EVENT_PLANNED_CHANGE, /* address, action */
	ENGINE_EVENT_DRIFT, /* address, action: changed outside of trueup */
	ENGINE_EVENT_SUMMARY, /* counts */
	ENGINE_EVENT_APPLY_START, /* address, action */
	ENGINE_EVENT_APPLY_PROGRESS, /* address, action, elapsed_s */
	ENGINE_EVENT_APPLY_COMPLETE, /* address, action, elapsed_s */
	ENGINE_EVENT_APPLY_ERRORED, /* address, action, elapsed_s */
	ENGINE_EVENT_WARNING, /* message, address or NULL */
	ENGINE_EVENT_ERROR, /* message, address or NULL */
	ENGINE_EVENT_LOG, /* message: anything else that was printed, for the log */
};

enum engine_action {
	ENGINE_NO_OP,
	ENGINE_CREATE,
	ENGINE_READ,
	ENGINE_UPDATE,
	ENGINE_REPLACE,
	ENGINE_DELETE,
	ENGINE_FORGET,
};
/* "create", "update", ... */
const char *engine_action_name(enum engine_action action);

struct engine_counts {
	int64_t add, change, destroy; /* a replacement is one add and one destroy */
};

/* Valid during the callback only. Texts are masked. */
struct engine_event {
	enum engine_event_type type;
	const char *address; /* "aws_vpc.main"; NULL: none */
	enum engine_action action;
	const char *message; /* never NULL, one line */
	int64_t elapsed_s;
	struct engine_counts counts;
};

/* How one call is run and watched. */
struct engine_run {
	/*
	 * Folder of the job, e.g. STATE/jobs/<operation>; recorded by the caller before an apply,
	 * so that the job can be adopted. Must not exist, or hold a job that has ended.
	 */
	const char *job_dir;
	const char *owner; /* for people who find the lock held: "apply by os:alice" */
	void (*on_event)(void *data, const struct engine_event *event); /* may be NULL */
	void *data;
	const volatile sig_atomic_t *interrupts; /* see job.h; NULL: never */
};

/* One attribute at the top of a resource that differs. */
struct engine_attribute {
	const char *name;
	const char *before; /* compact JSON, cut; NULL: absent or sensitive */
	const char *after; /* the same; NULL also when known only after apply */
	bool sensitive;
	bool unknown; /* known after apply */
	bool replaces; /* the change of this one forces the replacement */
};

struct engine_change {
	const char *address, *type, *name;
	enum engine_action action;
	const char *reason; /* why so, in the engine's word ("replace_because_tainted"); NULL */
	struct engine_attribute *attributes;
	size_t attribute_count;
};

enum engine_plan_mode {
	ENGINE_PLAN_NORMAL,
	ENGINE_PLAN_DESTROY,
	ENGINE_PLAN_DRIFT, /* what differs outside; changes nothing when applied but the state */
};

struct engine_plan {
	const char *file; /* absolute, 0600 */
	char sha256[DIGEST_HEX]; /* of that file */
	const char *lineage; /* of the state it was made from; "" when there was none */
	int64_t serial;
	const char *engine_version; /* "terraform 1.11.4" */
	struct engine_counts counts;
	bool changes; /* anything to apply, outputs included */
	struct engine_change *items; /* without no-ops; in the engine's order (by address) */
	size_t item_count;
	struct engine_change *drift; /* changed outside of trueup; noise taken out */
	size_t drift_count;
	const char **warnings;
	size_t warning_count;
};

struct engine_resource {
	const char *address, *type, *id; /* id "" when there is none */
};

struct engine_output {
	const char *name;
	const char *json; /* compact JSON; NULL when sensitive */
	bool sensitive;
};

/* What exists, as the engine recorded it. */
struct engine_state {
	const char *lineage; /* "" when there is no state */
	int64_t serial;
	struct engine_resource *resources; /* managed ones, in the order of the state */
	size_t resource_count;
	struct engine_output *outputs;
	size_t output_count;
};

enum engine_end {
	ENGINE_DONE,
	ENGINE_FAILED, /* see error; some resources may have been made */
	ENGINE_INTERRUPTED, /* stopped in order: state saved, lock released */
	ENGINE_TIMED_OUT,
	ENGINE_PLAN_STALE, /* nothing was done: plan again */
	ENGINE_NEVER_STARTED, /* nothing was done (adopt only) */
	ENGINE_LOST, /* killed without a trace of its end: plan from what is true */
};
/* "done", "failed", "interrupted", ... for the store and JSON */
const char *engine_end_name(enum engine_end end);

struct engine_outcome {
	enum engine_end end;
	const char *error; /* first error first, one a line; "" with ENGINE_DONE */
	struct engine_counts counts; /* what was applied, as far as reported */
	/*
	 * The engine was killed while it worked: a resource that it was making may exist without
	 * being recorded and may have to be imported.
	 */
	bool needs_import_check;
	int64_t started_ms, ended_ms; /* 0: unknown */
	bool state_known; /* state below was read */
	struct engine_state state;
};

struct engine {
	const char *name;

	/* "terraform 1.11.4" (in arena); ERR_UNAVAILABLE with how to get it. */
	int (*version)(const struct engine_target *t, struct arena *arena, const char **ret,
		struct err **err);
	/*
	 * Writes the files that changed, removes those that went, initialises what needs it.
	 * With initialise false only the files are written (works without the engine).
	 */
	int (*prepare)(const struct engine_target *t, bool initialise, const struct engine_run *run,
		struct err **err);
	/* Plans into file (absolute). The job dies with us. */
	int (*plan)(const struct engine_target *t, enum engine_plan_mode mode, const char *file,
		const struct engine_run *run, struct arena *arena, struct engine_plan *ret,
		struct err **err);
	/*
	 * Applies the plan in file if its digest is sha256 (otherwise ERR_CONFLICT, nothing was
	 * started). 0 whenever the engine was started and ended: see ret->end. ERR_CANCELLED when
	 * we left it running at the second interrupt.
	 */
	int (*apply)(const struct engine_target *t, const char *file, const char *sha256,
		const struct engine_run *run, struct arena *arena, struct engine_outcome *ret,
		struct err **err);
	/* Waits for the end of an apply that another process began in run->job_dir. */
	int (*adopt)(const struct engine_target *t, const struct engine_run *run,
		struct arena *arena, struct engine_outcome *ret, struct err **err);
	/* What exists now, from the recorded state; no cloud call. Needs `prepare` before. */
	int (*observe)(const struct engine_target *t, struct arena *arena, struct engine_state *ret,
		struct err **err);
	/*
	 * Lineage and serial only, cheap: decides whether a waiting plan is still valid. With the
	 * local backend no process is started.
	 */
	int (*state_id)(const struct engine_target *t, struct arena *arena,
		const char **ret_lineage, int64_t *ret_serial, struct err **err);
};

/* Never NULL for the names that spec/ accepts and that are built in; otherwise NULL. */
const struct engine *engine_find(const char *name);
const struct engine *engine_terraform(void);

/* Absolute folder of a canvas's workspace, heap-owned: STATE/terraform/<name>. */
char *engine_workspace(const struct engine_target *t);

#endif
