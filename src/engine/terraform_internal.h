/* The parts of the terraform engine and what they hand each other. */
#ifndef TRUEUP_ENGINE_TERRAFORM_INTERNAL_H
#define TRUEUP_ENGINE_TERRAFORM_INTERNAL_H

#include "base/str.h"
#include "engine/engine.h"
#include "engine/job.h"

struct node;

/* One call on one target: where everything is. Owns its strings. */
struct tf {
	const struct engine_target *t;
	char *dir; /* the workspace */
	char *data_dir; /* TF_DATA_DIR */
	char *binary; /* full path */
	char *product; /* "terraform" or "tofu" */
	char *version; /* "1.11.4" */
	char **envp; /* what terraform is started with */
	bool local; /* local backend: the state is a file in the workspace */
};
void tf_release(struct tf *tf);
#define AUTO_TF CLEANUP(tf_release) struct tf

/* Finds the program and builds the environment. ERR_UNAVAILABLE: not installed. */
MUST_CHECK int tf_open(const struct engine_target *t, struct tf *ret, struct err **err);
/* Only what is known without the program: folders, and whether the backend is local. */
void tf_open_offline(const struct engine_target *t, struct tf *ret);

/* terraform_binary.c: path, product and version of the program to use, heap-owned. */
MUST_CHECK int tf_find_binary(const struct engine_target *t, char **ret_path, char **ret_product,
	char **ret_version, struct err **err);

/*
 * terraform_env.c: the environment, a heap-owned list that tf_env_free() releases. Secrets in it
 * are added to the target's masker. ERR_INVALID when the role's credentials are not there.
 */
MUST_CHECK int tf_env_build(
	const struct engine_target *t, const char *data_dir, char ***ret, struct err **err);
void tf_env_free(char **envp);
/* The value of name in a "K=V" list; NULL if it is not there. */
const char *tf_env_get(const char *const *environ, const char *name);

/* terraform_workspace.c */
MUST_CHECK int tf_write_files(const struct tf *tf, struct err **err);
/* With the local backend: the shared data folder that the workspace was initialised with. */
void tf_find_data_dir(struct tf *tf);
/* Runs init when what it reads changed; force: in any case. */
MUST_CHECK int tf_init(struct tf *tf, bool force, const struct engine_run *run, struct err **err);

enum tf_trouble {
	TF_TROUBLE_NONE,
	TF_TROUBLE_STALE, /* the saved plan no longer fits the state */
	TF_TROUBLE_INIT, /* init has to run (again) */
	TF_TROUBLE_LOCKED, /* another terraform holds the state */
};

/* What a run of terraform said, event by event. */
struct tf_events {
	const struct engine_run *run;
	const struct masker *masker;
	struct str line; /* what came of an unfinished line */
	struct str errors; /* one a line, masked */
	size_t error_count;
	struct str last_text; /* last line that was not JSON */
	struct arena arena; /* of warnings */
	const char **warnings;
	size_t warning_count, warning_cap;
	enum tf_trouble trouble;
	struct engine_counts counts; /* of the last summary */
	bool dropping; /* inside a line that is too long */
	bool finished; /* the summary of an apply was seen */
};
#define TF_EVENTS_INIT                                                                             \
	{                                                                                          \
		.line = STR_INIT, .errors = STR_INIT, .last_text = STR_INIT                        \
	}
void tf_events_release(struct tf_events *e);
#define AUTO_TF_EVENTS CLEANUP(tf_events_release) struct tf_events

/* terraform_events.c: a job_output_fn; data is a struct tf_events. */
void tf_events_feed(void *data, const char *text, size_t len);
/* A last line without its newline. */
void tf_events_end(struct tf_events *e);
void tf_events_step(struct tf_events *e, const char *step);
enum engine_action tf_action_parse(const char *word);

/*
 * terraform.c: runs `binary args...` as a job in the workspace and follows it to its end. 0 when
 * it was started and has ended, however; see *ret.
 */
MUST_CHECK int tf_run(const struct tf *tf, const char *const *args, const char *job_dir,
	bool outlives_us, struct tf_events *events, struct job_result *ret, struct err **err);
/* Why a run that did not succeed failed: sets *err from what it said. Always -1. */
int tf_run_error(const struct tf *tf, const char *verb, const struct tf_events *events,
	const struct job_result *r, struct err **err);
/* For a short question with child_run(): not a job, ends with us. argv[0] is tf->binary. */
struct child_spec tf_child_spec(const struct tf *tf, const char *const *argv);
int64_t tf_timeout_ms(const struct engine_target *t);

/* terraform_json.c: walks large JSON text without building it whole. */
struct tf_slice {
	const char *at;
	size_t len;
};
/*
 * The next member of the object (or element of the array) that *rest begins with; start with the
 * whole value. 1: found, 0: at the end, -1: not JSON. key may be NULL for arrays.
 */
int tf_json_next(struct tf_slice *rest, struct tf_slice *key, struct tf_slice *value);
/* Is it one object with nothing behind it? A text that was cut off is not. */
bool tf_json_is_whole(struct tf_slice text);
/* The member's value; at is NULL if it is not there. */
struct tf_slice tf_json_member(struct tf_slice object, const char *key);
/* Builds one value; NULL with *err if it is not JSON. name is for the message. */
struct node *tf_json_build(
	struct arena *arena, struct tf_slice text, const char *name, struct err **err);

/* terraform_show.c: fills ret from the JSON of `show -json PLANFILE`. */
MUST_CHECK int tf_plan_parse(const char *text, size_t len, const struct masker *masker,
	enum engine_plan_mode mode, struct arena *arena, struct engine_plan *ret, struct err **err);

/* terraform_state.c: fills ret from a state file (version 4). */
MUST_CHECK int tf_state_parse(const char *text, size_t len, const struct masker *masker,
	struct arena *arena, struct engine_state *ret, struct err **err);
/* Lineage and serial only. */
MUST_CHECK int tf_state_head(const char *text, size_t len, struct arena *arena,
	struct engine_state *ret, struct err **err);
/* The state as text; "" when there is none. */
MUST_CHECK int tf_state_load(const struct tf *tf, struct str *ret, struct err **err);

/* terraform_plan.c, terraform_apply.c: the operations of the vtable. */
int tf_plan(const struct engine_target *t, enum engine_plan_mode mode, const char *file,
	const struct engine_run *run, struct arena *arena, struct engine_plan *ret,
	struct err **err);
int tf_apply(const struct engine_target *t, const char *file, const char *sha256,
	const struct engine_run *run, struct arena *arena, struct engine_outcome *ret,
	struct err **err);
int tf_adopt(const struct engine_target *t, const struct engine_run *run, struct arena *arena,
	struct engine_outcome *ret, struct err **err);

#endif
