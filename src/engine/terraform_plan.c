/*
 * plan -out, then show -json of that file. The plan runs as a job that dies with us (it can be
 * made again); what is kept of it is the plan file, its digest, and what people review. The raw
 * JSON is never stored, since it holds sensitive values in clear text.
 */
#include "engine/terraform_internal.h"

#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SHOW_LIMIT = 512 << 20 };

static int run_plan(struct tf *tf, enum engine_plan_mode mode, const char *file,
	struct tf_events *events, struct job_result *ret, struct err **err)
{
	AUTO_FREE char *out = xasprintf("-out=%s", file);
	const char *const args[] = {"plan", "-input=false", "-json", "-lock-timeout=30s", out,
		mode == ENGINE_PLAN_DESTROY ? "-destroy"
		: mode == ENGINE_PLAN_DRIFT ? "-refresh-only"
					    : NULL,
		NULL};
	tf_events_step(events, "plan");
	return tf_run(tf, args, events->run->job_dir, false, events, ret, err);
}

static void keep_warnings(
	const struct tf_events *events, struct arena *arena, struct engine_plan *ret)
{
	ret->warnings = arena_array(arena, events->warning_count, sizeof *ret->warnings);
	ret->warning_count = events->warning_count;
	for (size_t i = 0; i < events->warning_count; i++)
		ret->warnings[i] = arena_strdup(arena, events->warnings[i]);
}

/* ret_init: it failed for want of an init, and nothing else. */
static int plan_once(struct tf *tf, enum engine_plan_mode mode, const char *file,
	const struct engine_run *run, struct arena *arena, struct engine_plan *ret, bool *ret_init,
	struct err **err)
{
	AUTO_TF_EVENTS events = TF_EVENTS_INIT;
	struct job_result r;
	events.run = run;
	events.masker = tf->t->masker;
	*ret_init = false;
	if (run_plan(tf, mode, file, &events, &r, err) < 0)
		return -1;
	if (r.phase != JOB_ENDED || r.exit.code != 0) {
		*ret_init = events.trouble == TF_TROUBLE_INIT && !r.interrupted;
		return tf_run_error(tf, "plan", &events, &r, err);
	}
	keep_warnings(&events, arena, ret);
	return 0;
}

static int show(const struct tf *tf, const char *file, const struct engine_run *run,
	struct str *ret, struct err **err)
{
	const char *const argv[] = {tf->binary, "show", "-json", file, NULL};
	const struct child_spec spec = tf_child_spec(tf, argv);
	AUTO_STR errors = STR_INIT;
	struct child_exit e;
	if (child_run(&spec, NULL, SHOW_LIMIT, tf_timeout_ms(tf->t), ret, &errors, &e, err) < 0)
		return err_wrap(err, "read the plan of %s", tf->t->name);
	if (run->interrupts && *run->interrupts)
		return err_set(err, ERR_CANCELLED, "%s plan of %s was interrupted", tf->product,
			tf->t->name);
	if (e.code != 0)
		return err_set(err, ERR_UNAVAILABLE, "read the plan of %s: %s show: %.500s",
			tf->t->name, tf->product, errors.data);
	return 0;
}

static int read_plan(struct tf *tf, enum engine_plan_mode mode, const char *file,
	const struct engine_run *run, struct arena *arena, struct engine_plan *ret,
	struct err **err)
{
	AUTO_STR json = STR_INIT;
	AUTO_STR state = STR_INIT;
	struct engine_state head;
	AUTO_TF_EVENTS events = TF_EVENTS_INIT;
	events.run = run;
	tf_events_step(&events, "show");
	if (digest_file(file, ret->sha256, err) < 0 || show(tf, file, run, &json, err) < 0)
		return -1;
	if (tf_plan_parse(json.data, json.len, tf->t->masker, mode, arena, ret, err) < 0)
		return err_wrap(err, "%s plan of %s", tf->product, tf->t->name);
	if (tf_state_load(tf, &state, err) < 0 ||
		tf_state_head(state.data, state.len, arena, &head, err) < 0)
		return err_wrap(err, "read the state of %s", tf->t->name);
	ret->lineage = head.lineage;
	ret->serial = head.serial;
	ret->file = arena_strdup(arena, file);
	ret->engine_version = arena_printf(arena, "%s %s", tf->product, tf->version);
	return 0;
}

int tf_plan(const struct engine_target *t, enum engine_plan_mode mode, const char *file,
	const struct engine_run *run, struct arena *arena, struct engine_plan *ret,
	struct err **err)
{
	AUTO_TF tf = {0};
	bool init_wanted;
	*ret = (struct engine_plan){.lineage = ""};
	if (tf_open(t, &tf, err) < 0)
		return -1;
	int failed = plan_once(&tf, mode, file, run, arena, ret, &init_wanted, err);
	/* The plugin folder was emptied or moved since: what was prepared no longer is. */
	if (failed && init_wanted && t->file_count) {
		err_free(err);
		failed = tf_init(&tf, true, run, err);
		if (!failed)
			failed = plan_once(&tf, mode, file, run, arena, ret, &init_wanted, err);
	}
	if (!failed)
		failed = read_plan(&tf, mode, file, run, arena, ret, err);
	/* terraform writes a plan file even with errors; nobody may find that one. */
	if (failed && unlink(file) < 0 && errno != ENOENT)
		return err_wrap(err, "and the useless plan file %s could not be removed", file);
	return failed;
}
