/*
 * Protects: who may run what (claims of Roles, labels, tokens, the version on the branch), what an
 * approval is bound to, and how an end is recorded. Nothing is executed here; the end-to-end tests
 * do that.
 */
#include "reconcile/run_test.h"
#include "reconcile/runbook_gate.h"
#include "reconcile/runbook_internal.h"

#define HEAD(claims)                                                                               \
	"# Book\n# Environment Requirements\n```yaml\n```\n# File System "                         \
	"Requirements\n```yaml\n```\n" claims "# Script\n```sh\ntrue\n```\n# History\n"
#define CLAIMS(text) "# Required Claims\n```yaml\n" text "```\n"

static void put_role(struct fixture *f, const char *name, const char *labels, const char *rest)
{
	AUTO_FREE char *path = xasprintf("repo/roles/%s.yaml", name);
	AUTO_FREE char *text = xasprintf("apiVersion: trueup/v1\nkind: Role\n"
					 "metadata: {name: %s, labels: {%s}}\nspec:\n"
					 "  account: \"123456789012\"\n  region: eu-central-1\n"
					 "  allowedServices: [S3]\n%s",
		name, labels, rest);
	put(f, path, text);
}

/* Commits what lies there and records it. */
static void record(struct fixture *f)
{
	commit(f);
	f->answer = -1;
	reconcile(f, 0);
}

static enum runbook_fate look_as(
	struct fixture *f, struct runbook_request request, const char *reason)
{
	AUTO_RUNBOOK_RUN run = RUNBOOK_RUN_NONE;
	request.runbook = "Book";
	ok(f, runbook_look(&f->session, &request, &run, &f->err));
	if (reason && (!run.reason || !strstr(run.reason, reason))) {
		print_error("reason: %s\n", run.reason ? run.reason : "none");
		fail();
	}
	return run.fate;
}

static void claims_are_those_of_one_role(void **state)
{
	struct fixture *f = *state;
	put_role(f, "sre", "stage: dev", "  members: [\"github:ann\"]\n");
	put_role(f, "api", "stage: prod", "  members: [\"github:ann\", \"github:bob\"]\n");
	put_role(f, "old", "stage: prod", "  members: [\"github:cat\"]\n  active: false\n");
	put(f, "repo/runbooks/Book.md", HEAD(CLAIMS("roles: sre, old\nstage: prod\n")));
	record(f);
	struct runbook_request ann = {.actor = "github:ann"}, cat = {.actor = "github:cat"};
	/* sre has the name and api the stage: no Role has both. */
	assert_int_equal(look_as(f, ann, "stage"), RUNBOOK_REFUSED);
	assert_int_equal(look_as(f, cat, "roles="), RUNBOOK_REFUSED);
	put(f, "repo/runbooks/Book.md", HEAD(CLAIMS("roles: api, sre\nstage: prod\n")));
	record(f);
	assert_int_equal(look_as(f, ann, NULL), RUNBOOK_FINE);
	ann.role = "sre";
	assert_int_equal(look_as(f, ann, "stage=dev"), RUNBOOK_REFUSED);
	ann.role = "role/api";
	assert_int_equal(look_as(f, ann, NULL), RUNBOOK_FINE);
	ann.role = "old";
	assert_int_equal(look_as(f, ann, "not a member of an active role 'old'"), RUNBOOK_REFUSED);
}

static void a_token_counts_instead_of_roles(void **state)
{
	struct fixture *f = *state;
	static const char *const roles[] = {"sre", NULL};
	static const struct actor_claim good[] = {{"roles", roles, 1}},
					none[] = {{"roles", NULL, 0}};
	put_role(f, "sre", "", "  members: [\"github:ann\"]\n");
	put(f, "repo/runbooks/Book.md", HEAD(CLAIMS("roles: sre\n")));
	record(f);
	struct runbook_request r = {.actor = "token:ci", .claims = good, .claim_count = 1};
	assert_int_equal(look_as(f, r, NULL), RUNBOOK_FINE);
	r = (struct runbook_request){.actor = "github:ann", .claims = none, .claim_count = 1};
	assert_int_equal(look_as(f, r, "github:ann"), RUNBOOK_REFUSED);
}

static void the_version_on_the_branch_has_a_say(void **state)
{
	struct fixture *f = *state;
	put_role(f, "sre", "", "  members: [\"github:ann\"]\n");
	put(f, "repo/runbooks/Book.md", HEAD(CLAIMS("roles: sre\n")));
	record(f);
	put(f, "repo/runbooks/Book.md", HEAD(""));
	const struct runbook_request bob = {.actor = "github:bob", .worktree = true};
	const struct runbook_request ann = {.actor = "github:ann", .worktree = true};
	assert_int_equal(look_as(f, bob, "version on the branch"), RUNBOOK_REFUSED);
	assert_int_equal(look_as(f, ann, NULL), RUNBOOK_FINE);
}

static const char *identity(struct fixture *f, const char *name, const char *value)
{
	AUTO_RUNBOOK_RUN run = RUNBOOK_RUN_NONE;
	const struct given_var var = {name, value, VALUE_PLAIN};
	const struct runbook_request request = {.runbook = "Book", .vars = &var, .var_count = 1};
	ok(f, runbook_look(&f->session, &request, &run, &f->err));
	assert_int_equal(run.fate, RUNBOOK_FINE);
	return arena_strdup(&f->arena, run.identity);
}

static void an_identity_is_content_names_and_values(void **state)
{
	struct fixture *f = *state;
	put(f, "repo/runbooks/Book.md", HEAD(""));
	record(f);
	const char *first = identity(f, "A", "1");
	assert_string_equal(identity(f, "A", "1"), first);
	assert_string_not_equal(identity(f, "A", "2"), first);
	assert_string_not_equal(identity(f, "B", "1"), first);
	put(f, "repo/runbooks/Book.md", HEAD("") "\nnote\n");
	commit(f);
	assert_string_equal(identity(f, "A", "1"), first);
	put(f, "repo/runbooks/Book.md", HEAD("Text.\n"));
	commit(f);
	assert_string_not_equal(identity(f, "A", "1"), first);
	/* In another repository the same values have another digest. */
	sh(f, "rm state/run-key");
	put(f, "repo/runbooks/Book.md", HEAD(""));
	commit(f);
	assert_string_not_equal(identity(f, "A", "1"), first);
}

static void the_stricter_approval_counts(void **state)
{
	AUTO_ARENA arena = {0};
	struct spec_text lead = {.text = "lead"};
	const struct spec_approval none = {.mode = APPROVAL_AUTO, .min = 9},
				   one = {.mode = APPROVAL_MANUAL, .min = 1, .expires_ms = 500},
				   two = {.mode = APPROVAL_MANUAL,
					   .min = 2,
					   .not_self = true,
					   .roles = {&lead, 1}};
	(void)state;
	assert_null(runbook_approval_both(&arena, NULL, &none));
	assert_ptr_equal(runbook_approval_both(&arena, &none, &one), &one);
	assert_ptr_equal(runbook_approval_both(&arena, &two, NULL), &two);
	const struct spec_approval *both = runbook_approval_both(&arena, &one, &two);
	assert_int_equal(both->min, 2);
	assert_true(both->not_self);
	assert_int_equal(both->expires_ms, 500);
	assert_int_equal(both->roles.count, 1);
}

static void a_damaged_rule_approves_nothing(void **state)
{
	AUTO_ARENA arena = {0};
	static const char *const texts[] = {"{}", "[]", "x", "{\"approval\":{\"min\":1}}",
		"{\"approval\":{\"min\":\"1\",\"roles\":[],\"notSelf\":true,\"expiresMs\":0}}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct plan_row plan = {.summary_json = texts[i]};
		assert_null(runbook_plan_rule(&arena, &plan));
	}
	const struct plan_row good = {
		.summary_json = "{\"approval\":{\"min\":2,\"roles\":[\"lead\"],\"notSelf\":true,"
				"\"expiresMs\":7}}"};
	const struct spec_approval *rule = runbook_plan_rule(&arena, &good);
	assert_non_null(rule);
	assert_int_equal(rule->min, 2);
	assert_string_equal(rule->roles.items[0].text, "lead");
}

static void ends_are_recorded_as_what_they_were(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct run_result result;
		enum run_state state;
		int64_t exit_code, signal;
		bool failed;
	} cases[] = {
		{{.phase = JOB_ENDED}, RUN_DONE, 0, 0, false},
		{{.phase = JOB_ENDED, .code = 3, false}, RUN_FAILED, 3, 0, false},
		{{.phase = JOB_ENDED, .code = -11, .signal = 11, false}, RUN_KILLED, -1, 11, false},
		{{.phase = JOB_ENDED, .code = -9, .timed_out = true}, RUN_TIMED_OUT, -1, 0, false},
		{{.phase = JOB_ENDED, .code = -15, .signal = 15, .cancelled = true}, RUN_CANCELLED,
			-1, 15, false},
		{{.phase = JOB_ENDED, .code = -9, .signal = 9, .abandoned = true}, RUN_KILLED, -1,
			9, false},
		{{.phase = JOB_ENDED, .code = -9, .signal = 9, .over_disk = true}, RUN_FAILED, -1,
			9, false},
		{{.phase = JOB_ENDED, .code = 1, false}, RUN_FAILED, 1, 0, true},
		{{.phase = JOB_LOST, .code = -9, false}, RUN_LOST, -1, 0, false},
		{{.phase = JOB_NEVER_STARTED}, RUN_CANCELLED, -1, 0, false},
	};
	put(f, "repo/runbooks/Book.md", HEAD(""));
	record(f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *id = xasprintf("01M8J3CY6NAC89J5JWPM65%04zu", i);
		struct run_row row = {.id = id,
			.runbook = "Book",
			.path = "runbooks/Book.md",
			.attempt = 1,
			.target = "local",
			.actor = "os:a",
			.content_digest = "",
			.env_names_json = "[]",
			.env_digest = "",
			.intended_at = 1};
		struct run_row *got;
		bool recorded;
		struct run_result result = cases[i].result;
		AUTO_FREE char *failure = xstrdup(cases[i].failed ? "it could not" : "");
		result.failure = failure;
		result.out.text = (struct str)STR_INIT;
		result.errout.text = (struct str)STR_INIT;
		ok(f, store_run_intend(f->session.store, &row, &f->err));
		ok(f, runbook_record_end(&f->session, &row, &result, &recorded, &f->err));
		assert_true(recorded);
		ok(f, store_run_get(f->session.store, id, &f->arena, &got, &f->err));
		assert_int_equal(got->state, cases[i].state);
		assert_int_equal(got->exit_code, cases[i].exit_code);
		assert_int_equal(got->signal, cases[i].signal);
		ok(f, runbook_record_end(&f->session, &row, &result, &recorded, &f->err));
		assert_false(recorded);
	}
}

static void long_output_keeps_head_and_tail(void **state)
{
	struct fixture *f = *state;
	struct run_row row = {.id = "01M8J3CY6NAC89J5JWPM650000",
		.runbook = "Book",
		.path = "runbooks/Book.md",
		.attempt = 1,
		.target = "local",
		.actor = "os:a",
		.content_digest = "",
		.env_names_json = "[]",
		.env_digest = "",
		.intended_at = 1};
	struct run_result result = {.phase = JOB_ENDED,
		.failure = (char *)(uintptr_t) "",
		.out = {.text = STR_INIT},
		.errout = {.text = STR_INIT}};
	struct run_output kept;
	bool recorded;
	put(f, "repo/runbooks/Book.md", HEAD(""));
	record(f);
	for (int i = 0; i < 1000000; i++)
		str_add(&result.out.text, "\xc3\xa4x");
	str_add(&result.out.text, "end");
	ok(f, store_run_intend(f->session.store, &row, &f->err));
	ok(f, runbook_record_end(&f->session, &row, &result, &recorded, &f->err));
	ok(f, store_run_output(f->session.store, row.id, "stdout", &f->arena, &kept, &f->err));
	assert_int_equal(kept.total, 3000003);
	assert_true(kept.head_len <= RUN_OUTPUT_PART_MAX && kept.head_len > 1000000);
	assert_true(kept.tail_len <= RUN_OUTPUT_PART_MAX && kept.tail_len > 1000000);
	assert_int_equal(utf8_valid(kept.head, kept.head_len), kept.head_len);
	assert_int_equal(utf8_valid(kept.tail, kept.tail_len), kept.tail_len);
	str_release(&result.out.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(claims_are_those_of_one_role),
		pipeline_test(a_token_counts_instead_of_roles),
		pipeline_test(the_version_on_the_branch_has_a_say),
		pipeline_test(an_identity_is_content_names_and_values),
		cmocka_unit_test(the_stricter_approval_counts),
		cmocka_unit_test(a_damaged_rule_approves_nothing),
		pipeline_test(ends_are_recorded_as_what_they_were),
		pipeline_test(long_output_keeps_head_and_tail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
