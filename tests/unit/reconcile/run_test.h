/*
 * A spec repository, its state and an engine whose cloud is a folder, for the tests of
 * src/reconcile. The pipeline is the real one, children and git included; only the engine is not.
 *
 * The engine keeps, for each workspace W, in CLOUD/: W.tf, the files as last applied; W.serial;
 * W.output, when a test puts it there, the JSON of its one output, bucket__arn. What it is asked to
 * do is a line in CLOUD/log. A test makes it fail with CLOUD/W.fail (the apply fails half way, with
 * its text), CLOUD/W.crash (the child dies in the apply) or CLOUD/W.stale.
 */
#ifndef TRUEUP_TESTS_RUN_TEST_H
#define TRUEUP_TESTS_RUN_TEST_H

#include "check.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/engine.h"
#include "reconcile/run.h"
#include "store/objects.h"
#include "store/operations.h"
#include "store/plans.h"
#include "store/revisions.h"

#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[PATH_MAX]; /* holds repo/, state/, cloud/ */
	struct session session;
	struct arena arena;
	struct err *err;
	struct run *run; /* the last one */
	struct run_options options; /* of the next runs */
	int answer; /* 1: yes, 0: no, -1: there is nobody to ask */
	size_t asked;
	int64_t later_ms; /* added to the clock of the next sessions */
};

static inline void ok_(struct fixture *f, int rc, const char *file, int line)
{
	if (rc == 0)
		return;
	AUTO_STR text = STR_INIT;
	err_format(f->err, &text);
	print_error("%s:%d: %s\n", file, line, text.data);
	_fail(file, line);
}
#define ok(f, call) ok_((f), (call), __FILE__, __LINE__)

static inline void fails_(
	struct fixture *f, int rc, enum err_kind kind, const char *text, const char *file, int line)
{
	AUTO_STR message = STR_INIT;
	err_format(f->err, &message);
	const bool good = rc == -1 && err_kind_of(f->err) == kind && strstr(message.data, text);
	if (!good)
		print_error("%s:%d: kind %s: %s\n", file, line,
			f->err ? err_kind_name(f->err->kind) : "none", message.data);
	err_free(&f->err);
	if (!good)
		_fail(file, line);
}
#define fails(f, call, kind, text) fails_((f), (call), (kind), (text), __FILE__, __LINE__)

/* Runs a shell script in the temporary folder, with a git that knows nobody's configuration. */
static inline void sh_(struct fixture *f, const char *script, const char *file, int line)
{
	const pid_t pid = fork();
	if (pid == 0) {
		if (chdir(f->dir) < 0 || setenv("HOME", f->dir, 1) < 0 ||
			setenv("GIT_CONFIG_NOSYSTEM", "1", 1) < 0 ||
			setenv("GIT_AUTHOR_NAME", "a", 1) < 0 ||
			setenv("GIT_AUTHOR_EMAIL", "a@b", 1) < 0 ||
			setenv("GIT_COMMITTER_NAME", "a", 1) < 0 ||
			setenv("GIT_COMMITTER_EMAIL", "a@b", 1) < 0)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-euc", script, (char *)NULL);
		_exit(127);
	}
	int status;
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		print_error("%s:%d: the script failed (%d): %s\n", file, line, status, script);
		_fail(file, line);
	}
}
#define sh(f, script) sh_((f), (script), __FILE__, __LINE__)

/* Writes a file below the temporary folder. */
static inline void put(struct fixture *f, const char *path, const char *text)
{
	AUTO_FREE char *full = path_join(f->dir, path);
	AUTO_FREE char *dir = xstrndup(full, (size_t)(strrchr(full, '/') - full));
	assert_int_equal(fs_mkdirs(dir, 0700, &f->err), 0);
	assert_int_equal(fs_write_atomic(full, text, strlen(text), 0600, &f->err), 0);
}

/* The text of a file below the temporary folder; "" when there is none. */
static inline const char *get(struct fixture *f, const char *path)
{
	AUTO_FREE char *full = path_join(f->dir, path);
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	if (fs_read(full, 1 << 24, &text, &none) < 0)
		return "";
	return arena_strdup(&f->arena, text.data);
}

static inline bool there(struct fixture *f, const char *path)
{
	AUTO_FREE char *full = path_join(f->dir, path);
	return fs_exists(full);
}

/* A canvas with one bucket. spec is further YAML of its spec, each line indented by two. */
static inline void put_bucket(
	struct fixture *f, const char *name, const char *spec, const char *tag)
{
	AUTO_FREE char *path = xasprintf("repo/canvases/%s.yaml", name);
	AUTO_FREE char *text =
		xasprintf("apiVersion: trueup/v1\n"
			  "kind: Canvas\n"
			  "metadata: {name: %s}\n"
			  "spec:\n"
			  "  role: web\n"
			  "  network: none\n"
			  "%s"
			  "  nodes:\n"
			  "    - id: bucket\n"
			  "      data: {resourceType: S3, config: {tags: {is: \"%s\"}}}\n",
			name, spec, tag);
	put(f, path, text);
}

static inline void put_canvas(struct fixture *f, const char *name, const char *spec)
{
	put_bucket(f, name, spec, "one");
}

static inline void commit(struct fixture *f)
{
	sh(f, "cd repo && git add -A && git commit -qm x --allow-empty");
}

/* --- the engine --------------------------------------------------------------------------- */

static inline char *cloud_path(const struct engine_target *t, const char *suffix)
{
	return xasprintf("%s/../cloud/%s%s", t->state_dir, t->name, suffix);
}

static inline void cloud_log(const struct engine_target *t, const char *what)
{
	AUTO_FREE char *path = xasprintf("%s/../cloud/log", t->state_dir);
	FILE *file = fopen(path, "ae");
	if (!file || fprintf(file, "%s %s\n", what, t->name) < 0 || fclose(file) != 0)
		abort();
}

static inline int fake_version(
	const struct engine_target *t, struct arena *arena, const char **ret, struct err **err)
{
	(void)t;
	(void)arena;
	(void)err;
	*ret = "terraform 1.0.0";
	return 0;
}

static inline int fake_prepare(const struct engine_target *t, bool initialise,
	const struct engine_run *run, struct err **err)
{
	(void)t;
	(void)initialise;
	(void)run;
	(void)err;
	return 0;
}

static inline int fake_state_id(const struct engine_target *t, struct arena *arena,
	const char **ret_lineage, int64_t *ret_serial, struct err **err)
{
	AUTO_FREE char *path = cloud_path(t, ".serial");
	AUTO_STR text = STR_INIT;
	(void)arena;
	(void)err;
	AUTO_ERR none = NULL;
	const bool is = fs_read(path, 100, &text, &none) == 0;
	*ret_lineage = is ? "lineage" : "";
	*ret_serial = is ? (int64_t)text.len : 0; /* one byte more with each apply */
	return 0;
}

/* Plans are texts: the files wanted, "" to destroy. */
static inline int fake_plan(const struct engine_target *t, enum engine_plan_mode mode,
	const char *file, const struct engine_run *run, struct arena *arena,
	struct engine_plan *ret, struct err **err)
{
	AUTO_STR want = STR_INIT, have = STR_INIT;
	AUTO_FREE char *path = cloud_path(t, ".tf");
	AUTO_ERR none = NULL;
	const bool exists = fs_read(path, 1 << 24, &have, &none) == 0;
	cloud_log(t, mode == ENGINE_PLAN_DESTROY ? "plan-destroy" : "plan");
	const struct engine_event event = {.type = ENGINE_EVENT_STEP, .message = "plan"};
	run->on_event(run->data, &event);
	for (size_t i = 0; i < t->file_count && mode == ENGINE_PLAN_NORMAL; i++)
		str_addn(&want, t->files[i].text, t->files[i].len);
	if (fs_write_atomic(file, want.data, want.len, 0600, err) < 0)
		return -1;
	*ret = (struct engine_plan){.file = file, .engine_version = "terraform 1.0.0"};
	ret->changes = mode == ENGINE_PLAN_DESTROY ? exists : !str_eq(want.data, have.data);
	if (ret->changes) {
		ret->items = arena_alloc(arena, sizeof *ret->items);
		ret->item_count = 1;
		ret->items[0] = (struct engine_change){.address = "aws_s3_bucket.bucket",
			.type = "aws_s3_bucket",
			.name = "bucket",
			.action = mode == ENGINE_PLAN_DESTROY ? ENGINE_DELETE
				  : exists                    ? ENGINE_UPDATE
							      : ENGINE_CREATE};
	}
	if (digest_file(file, ret->sha256, err) < 0)
		return -1;
	return fake_state_id(t, arena, &ret->lineage, &ret->serial, err);
}

static inline int fake_observe(const struct engine_target *t, struct arena *arena,
	struct engine_state *ret, struct err **err)
{
	AUTO_FREE char *path = cloud_path(t, ".output");
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	*ret = (struct engine_state){0};
	if (fs_read(path, 1000, &text, &none) == 0) {
		ret->outputs = arena_alloc(arena, sizeof *ret->outputs);
		ret->output_count = 1;
		ret->outputs[0] = (struct engine_output){
			"bucket__arn", arena_strdup(arena, text.data), false};
	}
	return fake_state_id(t, arena, &ret->lineage, &ret->serial, err);
}

static inline int fake_finish(const struct engine_target *t, const char *plan, struct arena *arena,
	struct engine_outcome *ret, struct err **err)
{
	AUTO_FREE char *path = cloud_path(t, ".tf");
	AUTO_FREE char *serial = cloud_path(t, ".serial");
	AUTO_STR text = STR_INIT;
	AUTO_ERR none = NULL;
	if (fs_read(serial, 100, &text, &none) < 0 && err_kind_of(none) != ERR_NOT_FOUND)
		return -1;
	str_addc(&text, 'i');
	if (fs_write_atomic(serial, text.data, text.len, 0600, err) < 0)
		return -1;
	if (*plan ? fs_write_atomic(path, plan, strlen(plan), 0600, err) < 0
		  : fs_remove_tree(path, err) < 0)
		return -1;
	ret->state_known = true;
	return fake_observe(t, arena, &ret->state, err);
}

static inline int fake_apply(const struct engine_target *t, const char *file, const char *sha256,
	const struct engine_run *run, struct arena *arena, struct engine_outcome *ret,
	struct err **err)
{
	char digest[DIGEST_HEX];
	AUTO_STR plan = STR_INIT;
	AUTO_FREE char *fail = cloud_path(t, ".fail");
	AUTO_FREE char *crash = cloud_path(t, ".crash");
	AUTO_FREE char *stale = cloud_path(t, ".stale");
	(void)run;
	if (digest_file(file, digest, err) < 0)
		return -1;
	if (!str_eq(digest, sha256))
		return err_set(err, ERR_CONFLICT, "the plan file is not the one that was reviewed");
	cloud_log(t, "apply");
	if (fs_exists(crash))
		raise(SIGKILL);
	*ret = (struct engine_outcome){.end = ENGINE_DONE, .error = ""};
	if (fs_exists(stale)) {
		ret->end = ENGINE_PLAN_STALE;
		ret->error = "stale";
		return 0;
	}
	if (fs_exists(fail)) {
		ret->end = ENGINE_FAILED;
		AUTO_STR text = STR_INIT;
		if (fs_read(fail, 10000, &text, err) < 0)
			return -1;
		ret->error = text.len ? arena_strdup(arena, text.data) : "half of it failed";
		return fake_finish(t, "half", arena, ret, err);
	}
	if (fs_read(file, 1 << 24, &plan, err) < 0)
		return -1;
	return fake_finish(t, plan.data, arena, ret, err);
}

static inline int fake_adopt(const struct engine_target *t, const struct engine_run *run,
	struct arena *arena, struct engine_outcome *ret, struct err **err)
{
	AUTO_FREE char *ended = cloud_path(t, ".ended");
	(void)run;
	cloud_log(t, t->config->terraform.backend ? "adopt-remote" : "adopt");
	*ret = (struct engine_outcome){.end = ENGINE_NEVER_STARTED, .error = "never began"};
	if (!fs_exists(ended))
		return 0;
	ret->end = ENGINE_DONE;
	return fake_finish(t, "adopted", arena, ret, err);
}

static const struct engine fake_engine = {.name = "terraform",
	.version = fake_version,
	.prepare = fake_prepare,
	.plan = fake_plan,
	.apply = fake_apply,
	.adopt = fake_adopt,
	.observe = fake_observe,
	.state_id = fake_state_id};

/* --- running ------------------------------------------------------------------------------ */

static inline bool fake_ask(void *data, const struct object_outcome *const *planned, size_t count)
{
	struct fixture *f = data;
	(void)planned;
	f->asked += count;
	return f->answer == 1;
}

static inline void session_begin(struct fixture *f)
{
	AUTO_FREE char *repo = path_join(f->dir, "repo");
	AUTO_FREE char *state = path_join(f->dir, "state");
	const struct session_options o = {
		.dir = repo, .state_dir = state, .flags = SESSION_LOCK, .what = "test"};
	ok(f, session_open(&o, &f->session, &f->err));
	f->session.now_ms += f->later_ms;
}

static inline void session_end(struct fixture *f)
{
	run_free(&f->run);
	session_close(&f->session);
}

/* One run of the pipeline in a session of its own; the session stays open for looking. */
static inline int run_again(struct fixture *f)
{
	if (f->session.source)
		session_end(f);
	session_begin(f);
	f->options.engine = &fake_engine;
	f->options.data = f;
	if (!f->options.command)
		f->options.command = "reconcile";
	f->options.ask = f->answer >= 0 ? fake_ask : NULL;
	return run_pipeline(&f->session, &f->options, &f->run, &f->err);
}

/* Runs, and wants this exit code. */
static inline void reconcile_(struct fixture *f, int code, const char *file, int line)
{
	ok_(f, run_again(f), file, line);
	const struct run_outcome *o = run_result(f->run);
	if (o->exit_code == code)
		return;
	print_error("%s:%d: exit code %d\n", file, line, o->exit_code);
	for (size_t i = 0; o->diags && i < o->diags->count; i++)
		print_error("  %s\n", o->diags->items[i].message);
	for (size_t i = 0; i < o->object_count; i++)
		print_error("  %s: %s: %s\n", o->objects[i].key,
			object_status_name(o->objects[i].status),
			o->objects[i].status_text ? o->objects[i].status_text
						  : o->objects[i].reason);
	_fail(file, line);
}
#define reconcile(f, code) reconcile_((f), (code), __FILE__, __LINE__)

/* Of the last run; an empty one when the object was not shown. */
static inline const struct object_outcome *outcome_of(struct fixture *f, const char *key)
{
	const struct run_outcome *o = run_result(f->run);
	for (size_t i = 0; i < o->object_count; i++)
		if (str_eq(o->objects[i].key, key))
			return &o->objects[i];
	static const struct object_outcome none = {.key = "", .status_text = ""};
	return &none;
}

static inline bool is_shown(struct fixture *f, const char *key)
{
	return *outcome_of(f, key)->key;
}

static inline const struct object_row *row_of(struct fixture *f, const char *key)
{
	struct object_row *row = NULL;
	ok(f, store_object_get(f->session.store, key, OBJECT_FULL, &f->arena, &row, &f->err));
	return row;
}

static inline const struct plan_row *open_plan_of(struct fixture *f, const char *key)
{
	struct plan_row *plan = NULL;
	ok(f, store_plan_open(f->session.store, key, &f->arena, &plan, &f->err));
	return plan;
}

/* Is there nothing left to do, as the fast path sees it? */
static inline bool is_settled(struct fixture *f)
{
	struct store_pending p;
	ok(f, store_pending(f->session.store, &p, &f->err));
	return !p.unsettled && !p.operations && !p.revision;
}

/* What the engine was asked since the last look. */
static inline const char *engine_log(struct fixture *f)
{
	const char *log = get(f, "cloud/log");
	put(f, "cloud/log", "");
	return log;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	char name[] = "/tmp/trueup-run-XXXXXX";
	if (!mkdtemp(name) || !realpath(name, f->dir))
		return -1;
	*state = f;
	f->session = (struct session)SESSION_NONE;
	f->answer = 1;
	f->options.stop = RUN_STOP_NEVER;
	put(f, "repo/roles/web.yaml",
		"apiVersion: trueup/v1\n"
		"kind: Role\n"
		"metadata: {name: web}\n"
		"spec:\n"
		"  account: \"123456789012\"\n"
		"  region: us-east-1\n"
		"  allowedServices: [S3, EC2]\n"
		"  permissions: {deploy: true}\n");
	put(f, "cloud/log", "");
	sh(f, "git init -q -b main repo");
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	session_end(f);
	arena_release(&f->arena);
	err_free(&f->err);
	struct err *err = NULL;
	const int rc = fs_remove_tree(f->dir, &err);
	err_free(&err);
	free(f);
	return rc;
}

#define pipeline_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
