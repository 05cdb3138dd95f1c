/*
 * The terraform engine: what all its operations share, and its table.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "spec/spec.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 60 * 60 * 1000, MAX_ARGS = 16 };

char *engine_workspace(const struct engine_target *t)
{
	AUTO_FREE char *root = path_join(t->state_dir, "terraform");
	return path_join(root, t->name);
}

struct child_spec tf_child_spec(const struct tf *tf, const char *const *argv)
{
	return (struct child_spec){
		.argv = argv,
		.envp = (const char *const *)tf->envp,
		.dir = tf->dir,
		.stdin_fd = -1,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.die_with_parent = true,
	};
}

int64_t tf_timeout_ms(const struct engine_target *t)
{
	return t->config && t->config->terraform.timeout_ms > 0 ? t->config->terraform.timeout_ms
								: DEFAULT_TIMEOUT_MS;
}

void tf_open_offline(const struct engine_target *t, struct tf *ret)
{
	*ret = (struct tf){.t = t, .local = !(t->config && t->config->terraform.backend)};
	ret->dir = engine_workspace(t);
	ret->product = xstrdup("terraform");
	ret->data_dir = path_join(ret->dir, ".terraform");
}

int tf_open(const struct engine_target *t, struct tf *ret, struct err **err)
{
	tf_open_offline(t, ret);
	free_ptr(&ret->product);
	if (tf_find_binary(t, &ret->binary, &ret->product, &ret->version, err) < 0)
		return -1;
	if (ret->local)
		tf_find_data_dir(ret);
	return tf_env_build(t, ret->data_dir, &ret->envp, err);
}

void tf_release(struct tf *tf)
{
	free_ptr(&tf->dir);
	free_ptr(&tf->data_dir);
	free_ptr(&tf->binary);
	free_ptr(&tf->product);
	free_ptr(&tf->version);
	tf_env_free(tf->envp);
	tf->envp = NULL;
}

int tf_run(const struct tf *tf, const char *const *args, const char *job_dir, bool outlives_us,
	struct tf_events *events, struct job_result *ret, struct err **err)
{
	const char *argv[MAX_ARGS] = {tf->binary};
	size_t n = 1;
	for (; *args && n + 1 < MAX_ARGS; args++)
		argv[n++] = *args;
	const struct job_spec spec = {
		.dir = job_dir,
		.argv = argv,
		.envp = (const char *const *)tf->envp,
		.cwd = tf->dir,
		.owner = events->run->owner ? events->run->owner : tf->t->name,
		.timeout_ms = tf_timeout_ms(tf->t),
		.outlives_us = outlives_us,
	};
	const struct job_watch watch = {
		.on_output = tf_events_feed,
		.data = events,
		.interrupts = events->run->interrupts,
	};
	AUTO_JOB job = JOB_NONE;
	if (job_start(&spec, &job, err) < 0 || job_wait(&job, &watch, ret, err) < 0)
		return -1;
	tf_events_end(events);
	return 0;
}

int tf_run_error(const struct tf *tf, const char *verb, const struct tf_events *events,
	const struct job_result *r, struct err **err)
{
	AUTO_FREE char *what = xasprintf("%s %s of %s", tf->product, verb, tf->t->name);
	if (r->timed_out)
		return err_set(err, ERR_TIMEOUT, "%s took longer than %lld s and was stopped", what,
			(long long)(tf_timeout_ms(tf->t) / 1000));
	if (r->interrupted || (events->run->interrupts && *events->run->interrupts))
		return err_set(err, ERR_CANCELLED, "%s was interrupted", what);
	if (events->trouble == TF_TROUBLE_LOCKED)
		return err_set(err, ERR_CONFLICT, "%s: %s", what, events->errors.data);
	if (events->errors.len)
		return err_set(err, ERR_INVALID, "%s: %s", what, events->errors.data);
	if (r->phase == JOB_LOST)
		return err_set(err, ERR_UNAVAILABLE, "%s was killed from outside", what);
	if (r->exit.signal)
		return err_set(err, ERR_UNAVAILABLE, "%s was killed by signal %d (%s)", what,
			r->exit.signal, strsignal(r->exit.signal));
	return err_set(err, ERR_UNAVAILABLE, "%s ended with exit code %d%s%s", what, r->exit.code,
		events->last_text.len ? ": " : " and without a message", events->last_text.data);
}

static int version(
	const struct engine_target *t, struct arena *arena, const char **ret, struct err **err)
{
	AUTO_TF tf = {0};
	if (tf_find_binary(t, &tf.binary, &tf.product, &tf.version, err) < 0)
		return -1;
	*ret = arena_printf(arena, "%s %s", tf.product, tf.version);
	return 0;
}

static int prepare(const struct engine_target *t, bool initialise, const struct engine_run *run,
	struct err **err)
{
	AUTO_TF tf = {0};
	tf_open_offline(t, &tf);
	if (tf_write_files(&tf, err) < 0)
		return -1;
	if (!initialise)
		return 0;
	tf_release(&tf);
	if (tf_open(t, &tf, err) < 0)
		return -1;
	return tf_init(&tf, false, run, err);
}

static int open_for_state(const struct engine_target *t, struct tf *ret, struct err **err)
{
	tf_open_offline(t, ret);
	if (ret->local)
		return 0;
	tf_release(ret);
	return tf_open(t, ret, err);
}

static int observe(const struct engine_target *t, struct arena *arena, struct engine_state *ret,
	struct err **err)
{
	AUTO_TF tf = {0};
	AUTO_STR text = STR_INIT;
	if (open_for_state(t, &tf, err) < 0 || tf_state_load(&tf, &text, err) < 0)
		return -1;
	if (tf_state_parse(text.data, text.len, t->masker, arena, ret, err) < 0)
		return err_wrap(err, "read the state of %s", t->name);
	return 0;
}

static int state_id(const struct engine_target *t, struct arena *arena, const char **ret_lineage,
	int64_t *ret_serial, struct err **err)
{
	AUTO_TF tf = {0};
	AUTO_STR text = STR_INIT;
	struct engine_state head;
	if (open_for_state(t, &tf, err) < 0 || tf_state_load(&tf, &text, err) < 0 ||
		tf_state_head(text.data, text.len, arena, &head, err) < 0)
		return -1;
	*ret_lineage = head.lineage;
	*ret_serial = head.serial;
	return 0;
}

const struct engine *engine_terraform(void)
{
	static const struct engine terraform = {
		.name = "terraform",
		.version = version,
		.prepare = prepare,
		.plan = tf_plan,
		.apply = tf_apply,
		.adopt = tf_adopt,
		.observe = observe,
		.state_id = state_id,
	};
	return &terraform;
}

const struct engine *engine_find(const char *name)
{
	return str_eq(name, "terraform") ? engine_terraform() : NULL;
}

const char *engine_end_name(enum engine_end end)
{
	static const char *const names[] = {
		[ENGINE_DONE] = "done",
		[ENGINE_FAILED] = "failed",
		[ENGINE_INTERRUPTED] = "interrupted",
		[ENGINE_TIMED_OUT] = "timed-out",
		[ENGINE_PLAN_STALE] = "plan-stale",
		[ENGINE_NEVER_STARTED] = "never-started",
		[ENGINE_LOST] = "lost",
	};
	return names[end];
}
