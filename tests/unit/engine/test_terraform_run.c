/*
 * Protects: terraform gets the environment that was built and no other, init runs only when it
 * has to, whatever goes wrong is one readable error of the right kind, and nothing hangs.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "check.h"
#include "spec/spec.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const char show_json[] =
	"{\"format_version\":\"1.2\",\"resource_changes\":[{\"address\":\"aws_vpc.a\","
	"\"type\":\"aws_vpc\",\"name\":\"a\",\"change\":{\"actions\":[\"create\"]}}],"
	"\"applyable\":true,\"complete\":true,\"errored\":false}";
static const char state_json[] =
	"{\"version\":4,\"serial\":1,\"lineage\":\"l\",\"outputs\":{},\"resources\":[]}";

static const char *const own_env[] = {"PATH=/usr/bin:/bin", "HOME=/nowhere", "TF_CLI_ARGS=-destroy",
	"TF_VAR_leak=1", "TF_LOG=trace", "UNRELATED=secret",
	"AWS_ENDPOINT_URL_S3=http://127.0.0.1:9", "AWS_ACCESS_KEY_ID=AKIDFORTEST",
	"AWS_SECRET_ACCESS_KEY=hunter2-secret", "AWS_PROFILE=mine",
	"SHOP_AWS_ACCESS_KEY_ID=SHOPKEY", "SHOP_AWS_SECRET_ACCESS_KEY=shop-secret",
	"TF_CLI_CONFIG_FILE=/nonexistent/rc", "https_proxy=http://proxy:1", "PGPASSWORD=pg-secret",
	NULL};

/* Everything one test needs, in a folder of its own. */
struct bench {
	char *state_dir;
	char *fake;
	char *mode; /* text of mode.tf */
	struct engine_file files[4];
	struct config config;
	struct role role;
	struct masker *masker;
	struct engine_target target;
	struct engine_run run;
	char *job_dir, *plan_file;
	struct str events;
	struct arena arena;
};

static void note_event(void *data, const struct engine_event *e)
{
	struct bench *b = data;
	if (b->events.len < 100000)
		str_addf(&b->events, "%d %s %s\n", (int)e->type, e->address ? e->address : "-",
			e->message);
}

static void set_mode(struct bench *b, const char *mode)
{
	free_ptr(&b->mode);
	b->mode = xasprintf("terraform {\n  required_version = \"1\"\n}\n%s", mode);
	b->files[0] = (struct engine_file){"mode.tf", b->mode, strlen(b->mode)};
	b->target.file_count = 3;
}

static int set_up(void **state)
{
	struct bench *b = xcalloc(1, sizeof *b);
	char fake[PATH_MAX];
	assert_non_null(realpath("tests/tools/fake-terraform", fake));
	b->state_dir = xstrdup("/tmp/trueup-engine-XXXXXX");
	assert_non_null(mkdtemp(b->state_dir));
	b->fake = xstrdup(fake);
	b->job_dir = path_join(b->state_dir, "job");
	b->plan_file = path_join(b->state_dir, "plan");
	b->masker = masker_new();
	b->config.terraform.binary = b->fake;
	b->files[1] = (struct engine_file){"show.json", show_json, strlen(show_json)};
	b->files[2] = (struct engine_file){"state.json", state_json, strlen(state_json)};
	b->events = (struct str)STR_INIT;
	b->target = (struct engine_target){
		.state_dir = b->state_dir,
		.name = "shop",
		.config = &b->config,
		.role = &b->role,
		.files = b->files,
		.environ = own_env,
		.masker = b->masker,
	};
	b->run = (struct engine_run){
		.job_dir = b->job_dir, .owner = "a test", .on_event = note_event, .data = b};
	set_mode(b, "");
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	assert_int_equal(fs_remove_tree(b->state_dir, &err), 0);
	masker_free(b->masker);
	str_release(&b->events);
	arena_release(&b->arena);
	free(b->state_dir);
	free(b->fake);
	free(b->mode);
	free(b->job_dir);
	free(b->plan_file);
	free(b);
	return 0;
}

/* Text of a file of the workspace; NULL if it is not there. */
static char *in_workspace(struct bench *b, const char *name)
{
	AUTO_FREE char *dir = engine_workspace(&b->target);
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	return fs_read(path, 1 << 20, &text, &err) == 0 ? str_detach(&text) : NULL;
}

static int prepare(struct bench *b, struct err **err)
{
	return engine_terraform()->prepare(&b->target, true, &b->run, err);
}

static int plan(struct bench *b, struct engine_plan *ret, struct err **err)
{
	if (prepare(b, err) < 0)
		return -1;
	return engine_terraform()->plan(
		&b->target, ENGINE_PLAN_NORMAL, b->plan_file, &b->run, &b->arena, ret, err);
}

static void plan_and_apply(struct bench *b, struct engine_outcome *ret)
{
	AUTO_ERR err = NULL;
	struct engine_plan p;
	assert_int_equal(plan(b, &p, &err), 0);
	assert_int_equal(engine_terraform()->apply(
				 &b->target, b->plan_file, p.sha256, &b->run, &b->arena, ret, &err),
		0);
}

static void test_plan_and_apply(void **state)
{
	struct bench *b = *state;
	struct engine_outcome o;
	plan_and_apply(b, &o);
	assert_int_equal(o.end, ENGINE_DONE);
	assert_string_equal(o.error, "");
	assert_int_equal(o.counts.destroy, 3);
	assert_true(o.state_known);
	assert_string_equal(o.state.lineage, "l");
	assert_non_null(strstr(b->events.data, "4 aws_vpc.a aws_vpc.a\n"));
	assert_non_null(strstr(b->events.data, "5 aws_vpc.a aws_vpc.a\n"));
	assert_non_null(strstr(b->events.data, "6 aws_vpc.a aws_vpc.a\n"));
}

static void test_environment(void **state)
{
	struct bench *b = *state;
	const struct engine_variable secret = {"password", "variable-secret"};
	AUTO_ERR err = NULL;
	struct engine_plan p;
	b->target.secrets = &secret;
	b->target.secret_count = 1;
	assert_int_equal(plan(b, &p, &err), 0);
	AUTO_FREE char *got = in_workspace(b, "env-plan");
	static const char *const absent[] = {"TF_CLI_ARGS", "TF_VAR_leak", "TF_LOG", "UNRELATED",
		"SHOP_", "TF_CLI_CONFIG_FILE", "PGPASSWORD"};
	static const char *const present[] = {"PATH=/usr/bin:/bin\n", "HOME=/nowhere\n",
		"LANG=C.UTF-8\n", "TF_IN_AUTOMATION=1\n", "TF_INPUT=0\n", "CHECKPOINT_DISABLE=1\n",
		"AWS_ENDPOINT_URL_S3=http://127.0.0.1:9\n", "AWS_ACCESS_KEY_ID=AKIDFORTEST\n",
		"AWS_SECRET_ACCESS_KEY=hunter2-secret\n", "AWS_PROFILE=mine\n",
		"https_proxy=http://proxy:1\n", "TF_VAR_password=variable-secret\n",
		"TF_PLUGIN_CACHE_DIR=/tmp/"};
	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		assert_null(strstr(got, absent[i]));
	for (size_t i = 0; i < ARRAY_LEN(present); i++)
		assert_non_null(strstr(got, present[i]));
	AUTO_STR masked = STR_INIT;
	static const char text[] = "hunter2-secret variable-secret AKIDFORTEST";
	masker_apply(b->masker, text, strlen(text), &masked);
	assert_string_equal(masked.data, "*** *** AKIDFORTEST");
}

static void test_credentials(void **state)
{
	struct bench *b = *state;
	static const struct {
		unsigned from;
		const char *name;
		const char *key, *profile; /* NULL: not set */
		const char *error; /* "" when it works */
	} rows[] = {
		{CREDENTIALS_DEFAULT, NULL, "AKIDFORTEST", "mine", ""},
		{CREDENTIALS_ASSUME_ROLE, NULL, "AKIDFORTEST", "mine", ""},
		{CREDENTIALS_PROFILE, "other", NULL, "other", ""},
		{CREDENTIALS_ENVIRONMENT, "SHOP_", "SHOPKEY", NULL, ""},
		{CREDENTIALS_ENVIRONMENT, "NONE_", NULL, NULL,
			"the role takes its credentials from NONE_AWS_ACCESS_KEY_ID, which is not "
			"set in the environment of trueup"},
		{CREDENTIALS_STORED, "vault", NULL, NULL,
			"the role wants the stored credentials 'vault', but this machine has no "
			"credential store; use profile, environment or assumeRole"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		char **envp = NULL;
		b->role.credentials.from = rows[i].from;
		b->role.credentials.name = rows[i].name;
		if (tf_env_build(&b->target, "/data", &envp, &err) < 0)
			err_format(err, &text);
		assert_string_equal(text.data, rows[i].error);
		const char *const *env = (const char *const *)envp;
		assert_true(str_eq(tf_env_get(env, "AWS_ACCESS_KEY_ID"), rows[i].key));
		assert_true(str_eq(tf_env_get(env, "AWS_PROFILE"), rows[i].profile));
		tf_env_free(envp);
	}
}

static size_t count_init(struct bench *b)
{
	AUTO_FREE char *calls = in_workspace(b, "calls");
	size_t n = 0;
	for (const char *p = calls; p && (p = strstr(p, "init -input")); p++)
		n++;
	return n;
}

static void test_init_only_when_needed(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(count_init(b), 1);
	set_mode(b, "# something else of the file\n");
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(count_init(b), 1);
	set_mode(b, "terraform {\n  required_version = \"2\"\n}\n");
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(count_init(b), 2);
	/* A neighbour with the same needs takes the lock file and starts nothing. */
	b->target.name = "blog";
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(count_init(b), 0);
	AUTO_FREE char *lock = in_workspace(b, ".terraform.lock.hcl");
	assert_true(str_starts(lock, "# lock of "));
}

static void test_init_upgrades_after_a_changed_constraint(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	set_mode(b, "# init: upgrade\n");
	assert_int_equal(prepare(b, &err), 0);
	assert_int_equal(count_init(b), 2);
}

static void test_plan_repairs_a_lost_init(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	struct engine_plan p;
	set_mode(b, "# plan: want-init\n");
	assert_int_equal(plan(b, &p, &err), 0);
	assert_int_equal(count_init(b), 2);
	assert_int_equal(p.item_count, 1);
}

static void test_stale_files_go(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	b->files[3] = (struct engine_file){"node.tf", "", 0};
	b->target.file_count = 4;
	assert_int_equal(prepare(b, &err), 0);
	AUTO_FREE char *before = in_workspace(b, "node.tf");
	assert_non_null(before);
	b->target.file_count = 3;
	assert_int_equal(prepare(b, &err), 0);
	AUTO_FREE char *after = in_workspace(b, "node.tf");
	assert_null(after);
	AUTO_FREE char *kept = in_workspace(b, "show.json");
	assert_non_null(kept);
}

static void test_plan_failures(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *mode;
		int64_t timeout_ms;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{"# plan: two-errors\n", 0, ERR_INVALID,
			"terraform plan of shop: aws_vpc.a: creating VPC: limit exceeded, token "
			"***\nsecond"},
		{"# plan: locked\n", 0, ERR_CONFLICT,
			"terraform plan of shop: another terraform holds the lock of the state: "
			"eve@host, OperationTypePlan, since 2026-01-02 03:04:05 UTC"},
		{"# plan: panic\n", 0, ERR_UNAVAILABLE,
			"terraform plan of shop ended with exit code 11: panic: runtime error: "
			"index out of range"},
		{"# plan: silent\n", 0, ERR_UNAVAILABLE,
			"terraform plan of shop ended with exit code 1 and without a message"},
		{"# plan: die\n", 0, ERR_UNAVAILABLE,
			"terraform plan of shop was killed by signal 9 (Killed)"},
		{"# plan: hang\n", 1000, ERR_TIMEOUT,
			"terraform plan of shop took longer than 1 s and was stopped"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		struct engine_plan p;
		set_mode(b, rows[i].mode);
		b->config.terraform.timeout_ms = rows[i].timeout_ms;
		assert_int_equal(plan(b, &p, &err), -1);
		err_format(err, &text);
		assert_string_equal(text.data, rows[i].text);
		assert_int_equal(err_kind_of(err), rows[i].kind);
		assert_false(fs_exists(b->plan_file));
	}
}

static void test_much_output(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	struct engine_plan p;
	set_mode(b, "# plan: chatty\n");
	assert_int_equal(plan(b, &p, &err), 0);
	assert_non_null(strstr(b->events.data, "(a line of more than 1 MiB is not shown)"));
}

static void test_apply_ends(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *mode;
		enum engine_end end;
		bool import_check;
		const char *error; /* its beginning */
	} rows[] = {
		{"# apply: stale\n", ENGINE_PLAN_STALE, false,
			"terraform apply of shop: Saved plan is stale: the state was changed"},
		{"# apply: two-errors\n", ENGINE_FAILED, false,
			"terraform apply of shop: aws_vpc.a: creating VPC"},
		{"# apply: die\n", ENGINE_FAILED, true,
			"terraform apply of shop was killed by signal 9"},
		{"# apply: silent\n", ENGINE_FAILED, false,
			"terraform apply of shop ended with exit code 1"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct engine_outcome o;
		set_mode(b, rows[i].mode);
		plan_and_apply(b, &o);
		assert_int_equal(o.end, rows[i].end);
		assert_int_equal(o.needs_import_check, rows[i].import_check);
		assert_true(str_starts(o.error, rows[i].error));
	}
}

static void test_adopt_what_never_began(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	struct engine_outcome o;
	assert_int_equal(engine_terraform()->adopt(&b->target, &b->run, &b->arena, &o, &err), 0);
	assert_int_equal(o.end, ENGINE_NEVER_STARTED);
	assert_false(o.needs_import_check);
}

static void test_missing_program(void **state)
{
	struct bench *b = *state;
	AUTO_ERR err = NULL;
	const char *version;
	b->config.terraform.binary = "/nonexistent/terraform";
	assert_int_equal(engine_terraform()->version(&b->target, &b->arena, &version, &err), -1);
	assert_int_equal(err_kind_of(err), ERR_UNAVAILABLE);
	/* The files are written all the same. */
	err_free(&err);
	assert_int_equal(engine_terraform()->prepare(&b->target, false, &b->run, &err), 0);
	AUTO_FREE char *mode = in_workspace(b, "mode.tf");
	assert_non_null(mode);
	b->config.terraform.binary = b->fake;
	assert_int_equal(engine_terraform()->version(&b->target, &b->arena, &version, &err), 0);
	assert_string_equal(version, "terraform 9.9.9");
}

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	if (argc == 3 && str_eq(argv[1], JOB_COMMAND))
		return job_main(argv[2]);
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_plan_and_apply),
		ENGINE_TEST(test_environment),
		ENGINE_TEST(test_credentials),
		ENGINE_TEST(test_init_only_when_needed),
		ENGINE_TEST(test_init_upgrades_after_a_changed_constraint),
		ENGINE_TEST(test_plan_repairs_a_lost_init),
		ENGINE_TEST(test_stale_files_go),
		ENGINE_TEST(test_plan_failures),
		ENGINE_TEST(test_much_output),
		ENGINE_TEST(test_apply_ends),
		ENGINE_TEST(test_adopt_what_never_began),
		ENGINE_TEST(test_missing_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
