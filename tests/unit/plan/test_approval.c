/*
 * Protects: who may approve, that approvals count for one digest only, that distinct actors are
 * counted, that a rejection decides, and that both the request and a decision expire.
 */
#include "check.h"

#include "base/str.h"
#include "plan/approval.h"

static struct spec_text platform = {.text = "platform"};

static struct spec_approval rule(int64_t min)
{
	return (struct spec_approval){
		.mode = APPROVAL_MANUAL,
		.min = min,
		.roles = {&platform, 1},
		.not_self = true,
		.expires_ms = 1000,
	};
}

static bool bob_is_member(const void *data, const char *role, const char *actor)
{
	(void)data;
	return str_eq(role, "platform") && str_eq(actor, "os:bob");
}

static enum approval_state judge(const struct spec_approval *r,
	const struct approval_decision *decisions, size_t count, int64_t now, int64_t *missing)
{
	const struct approval_request request = {
		.rule = r, .digest = "d1", .requester = "os:alice", .requested_ms = 100};
	return approval_judge(&request, decisions, count, now, missing);
}

static void counts_distinct_actors_for_this_digest(void **state)
{
	(void)state;
	const struct spec_approval two = rule(2);
	const struct approval_decision decisions[] = {
		{"os:bob", "d1", true, 200},
		{"os:bob", "d1", true, 210},
		{"os:carol", "d0", true, 220}, /* something else was reviewed */
		{"os:carol", "d1", true, 230},
	};
	int64_t missing = 0;
	assert_int_equal(judge(&two, decisions, 0, 300, &missing), APPROVAL_WAITING);
	assert_int_equal(missing, 2);
	assert_int_equal(judge(&two, decisions, 3, 300, &missing), APPROVAL_WAITING);
	assert_int_equal(missing, 1);
	assert_int_equal(judge(&two, decisions, 4, 300, &missing), APPROVAL_GRANTED);
	assert_int_equal(missing, 0);
}

static void a_rejection_decides_and_a_last_word_counts(void **state)
{
	(void)state;
	const struct spec_approval one = rule(1);
	const struct approval_decision rejected[] = {
		{"os:bob", "d1", true, 200}, {"os:carol", "d1", false, 210}};
	const struct approval_decision changed_mind[] = {
		{"os:bob", "d1", false, 200}, {"os:bob", "d1", true, 210}};
	int64_t missing = 0;
	assert_int_equal(judge(&one, rejected, 2, 300, &missing), APPROVAL_REJECTED);
	assert_int_equal(judge(&one, changed_mind, 2, 300, &missing), APPROVAL_GRANTED);
}

static void time_runs_out(void **state)
{
	(void)state;
	const struct spec_approval one = rule(1);
	const struct approval_decision old[] = {{"os:bob", "d1", true, 200}};
	int64_t missing = 0;
	assert_int_equal(judge(&one, NULL, 0, 1099, &missing), APPROVAL_WAITING);
	assert_int_equal(judge(&one, NULL, 0, 1100, &missing), APPROVAL_EXPIRED);
	assert_int_equal(judge(&one, old, 1, 1199, &missing), APPROVAL_GRANTED);
	assert_int_equal(judge(&one, old, 1, 1200, &missing), APPROVAL_EXPIRED);
	const struct spec_approval automatic = {.mode = APPROVAL_AUTO};
	assert_int_equal(judge(&automatic, NULL, 0, 9999, &missing), APPROVAL_NOT_NEEDED);
	assert_int_equal(judge(NULL, NULL, 0, 9999, &missing), APPROVAL_NOT_NEEDED);
}

static void who_may_decide(void **state)
{
	(void)state;
	struct spec_approval r = rule(1);
	const struct approval_request request = {.rule = &r, .requester = "os:bob"};
	const struct approval_request other = {.rule = &r, .requester = "os:alice"};
	const char *why = NULL;
	assert_false(approval_may_decide(&request, "os:bob", bob_is_member, NULL, &why));
	assert_string_equal(why,
		"who asked for it may not decide (approval.notSelf): somebody else has to; where "
		"one person works alone, `approval: {mode: manual, notSelf: false}` in the spec "
		"lets "
		"them");
	assert_true(approval_may_decide(&other, "os:bob", bob_is_member, NULL, &why));
	assert_false(approval_may_decide(&other, "os:eve", bob_is_member, NULL, &why));
	assert_string_equal(why, "not a member of a role that approves it (approval.roles)");
	r.roles.count = 0;
	assert_true(approval_may_decide(&other, "os:eve", bob_is_member, NULL, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_distinct_actors_for_this_digest),
		cmocka_unit_test(a_rejection_decides_and_a_last_word_counts),
		cmocka_unit_test(time_runs_out),
		cmocka_unit_test(who_may_decide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
