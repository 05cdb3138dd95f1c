/*
 * Apply exactly a stored plan file, as a job that outlives us; or take over one that an earlier
 * process began. Both end in the same place: what the job printed and how it ended decide the
 * outcome, and the state file says what exists.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/mem.h"

#include <string.h>

/*
 * A process that was killed says nothing more; but terraform writes its summary as the last
 * thing, after the state, so whoever printed it had finished.
 */
static enum engine_end end_of_lost(const struct tf_events *e)
{
	if (e->error_count)
		return ENGINE_FAILED;
	return e->finished ? ENGINE_DONE : ENGINE_LOST;
}

static enum engine_end end_of(const struct tf_events *e, const struct job_result *r)
{
	if (r->phase == JOB_NEVER_STARTED)
		return ENGINE_NEVER_STARTED;
	if (r->phase == JOB_LOST)
		return end_of_lost(e);
	if (r->exit.code == 0)
		return ENGINE_DONE;
	if (e->trouble == TF_TROUBLE_STALE)
		return ENGINE_PLAN_STALE;
	if (r->timed_out)
		return ENGINE_TIMED_OUT;
	return r->interrupted ? ENGINE_INTERRUPTED : ENGINE_FAILED;
}

static const char *error_text(const struct tf *tf, const struct tf_events *e,
	const struct job_result *r, enum engine_end end, struct arena *arena)
{
	switch (end) {
	case ENGINE_DONE:
		return "";
	case ENGINE_NEVER_STARTED:
		return "killed before the engine was started; nothing was done";
	case ENGINE_LOST:
		return "the engine and its supervisor were killed; how far it came is in the state";
	case ENGINE_FAILED:
	case ENGINE_INTERRUPTED:
	case ENGINE_TIMED_OUT:
	case ENGINE_PLAN_STALE:
		break;
	}
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	(void)tf_run_error(tf, "apply", e, r, &err);
	err_format(err, &text);
	/* An interrupt explains itself; what broke because of it follows. */
	if (e->errors.len && !strstr(text.data, e->errors.data))
		str_addf(&text, "\n%s", e->errors.data);
	return arena_strdup(arena, text.data);
}

/*
 * A program that ended by itself has written its state. One that was killed while it made
 * something has not: that thing may exist without being recorded.
 */
static bool needs_import_check(const struct tf_events *e, const struct job_result *r)
{
	if (r->phase == JOB_LOST)
		return !e->finished;
	return r->phase == JOB_ENDED && (r->killed || r->exit.signal != 0);
}

static int conclude(const struct tf *tf, struct tf_events *e, const struct job_result *r,
	struct arena *arena, struct engine_outcome *ret, struct err **err)
{
	AUTO_STR state = STR_INIT;
	*ret = (struct engine_outcome){
		.end = end_of(e, r),
		.counts = e->finished ? e->counts : (struct engine_counts){0},
		.needs_import_check = needs_import_check(e, r),
		.started_ms = r->started_ms,
		.ended_ms = r->ended_ms,
	};
	ret->error = error_text(tf, e, r, ret->end, arena);
	ret->state.lineage = "";
	AUTO_ERR unreadable = NULL;
	if (tf_state_load(tf, &state, &unreadable) < 0 ||
		tf_state_parse(state.data, state.len, tf->t->masker, arena, &ret->state,
			&unreadable) < 0) {
		/* What was applied is applied: that has to be recorded all the same. */
		if (ret->end != ENGINE_DONE)
			return 0;
		*err = steal_ptr(unreadable);
		return err_wrap(err, "%s was applied, but its state cannot be read", tf->t->name);
	}
	ret->state_known = true;
	return 0;
}

int tf_apply(const struct engine_target *t, const char *file, const char *sha256,
	const struct engine_run *run, struct arena *arena, struct engine_outcome *ret,
	struct err **err)
{
	AUTO_TF tf = {0};
	AUTO_TF_EVENTS events = TF_EVENTS_INIT;
	struct job_result r;
	char digest[DIGEST_HEX];
	if (tf_open(t, &tf, err) < 0 || digest_file(file, digest, err) < 0)
		return -1;
	if (!str_eq(digest, sha256))
		return err_set(err, ERR_CONFLICT,
			"the plan file %s is not the one that was reviewed: its SHA-256 is %.12s…, "
			"expected %.12s…",
			file, digest, sha256);
	const char *const args[] = {
		"apply", "-input=false", "-json", "-lock-timeout=30s", file, NULL};
	events.run = run;
	events.masker = t->masker;
	tf_events_step(&events, "apply");
	if (tf_run(&tf, args, run->job_dir, true, &events, &r, err) < 0)
		return -1;
	return conclude(&tf, &events, &r, arena, ret, err);
}

int tf_adopt(const struct engine_target *t, const struct engine_run *run, struct arena *arena,
	struct engine_outcome *ret, struct err **err)
{
	AUTO_TF tf = {0};
	AUTO_TF_EVENTS events = TF_EVENTS_INIT;
	struct job_result r;
	events.run = run;
	events.masker = t->masker;
	const struct job_watch watch = {
		.on_output = tf_events_feed,
		.data = &events,
		.interrupts = run->interrupts,
	};
	/* The program may be gone since; with a local state it is not needed for this. */
	tf_open_offline(t, &tf);
	if (!tf.local) {
		tf_release(&tf);
		if (tf_open(t, &tf, err) < 0)
			return -1;
	}
	if (job_adopt(run->job_dir, &watch, &r, err) < 0)
		return -1;
	tf_events_end(&events);
	return conclude(&tf, &events, &r, arena, ret, err);
}
