/* Protects: each policy gate refuses or waits for its reason, passes otherwise, and all answer. */
#include "check.h"

#include "plan/gate.h"

static struct spec_text ec2 = {.text = "EC2"}, alice = {.text = "os:alice"},
			frankfurt = {.text = "eu-central-1"}, team = {.text = "team"};

struct fixture {
	struct role role;
	struct canvas canvas;
	struct canvas_node node;
	struct config config;
	struct spec_label label;
	struct gate_input in;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){
		.role = {.active = true,
			.permissions = {.deploy = true},
			.allowed_services = {&ec2, 1},
			.allowed_regions = {&frankfurt, 1},
			.members = {&alice, 1}},
		.canvas = {.region = {.text = "eu-central-1"}, .node_count = 1},
		.node = {.id = "web", .type = {.text = "EC2"}},
		.config = {.required_tags = {&team, 1}},
		.label = {"team", "web"},
		.in = {.action = PLAN_UPDATE, .actor = "os:alice", .role_name = "web-team"},
	};
	f->canvas.nodes = &f->node;
	f->in.role = &f->role;
	f->in.canvas = &f->canvas;
	f->in.config = &f->config;
	f->in.labels = &f->label;
	f->in.label_count = 1;
}

static void expect(const struct gate_input *in, enum gate_verdict verdict, const char *gate,
	const char *reason)
{
	AUTO_ARENA arena = {0};
	struct gate_answers answers = {0};
	gates_policy(in, &arena, &answers);
	assert_int_equal(answers.count, 4);
	const struct gate_answer *first = NULL;
	assert_int_equal(gates_verdict(&answers, &first), verdict);
	if (verdict == GATE_PASS) {
		assert_null(first);
	} else {
		assert_string_equal(first->gate, gate);
		assert_string_equal(first->reason, reason);
	}
}

static void policy_gates(void **state)
{
	(void)state;
	struct fixture f;
	set_up(&f);
	expect(&f.in, GATE_PASS, NULL, NULL);

	f.role.active = false;
	expect(&f.in, GATE_REFUSE, "role", "role/web-team is not active");
	set_up(&f);
	f.role.permissions.deploy = false;
	expect(&f.in, GATE_REFUSE, "role", "role/web-team may not deploy (permissions.deploy)");
	set_up(&f);
	f.in.actor = "os:eve";
	expect(&f.in, GATE_REFUSE, "role", "os:eve is not a member of role/web-team");
	f.role.members.count = 0; /* a role without members is open to all */
	expect(&f.in, GATE_PASS, NULL, NULL);

	set_up(&f);
	f.node.type.text = "RDS";
	expect(&f.in, GATE_REFUSE, "services", "role/web-team may not use RDS");
	f.in.action = PLAN_DESTROY; /* taking away is allowed */
	expect(&f.in, GATE_PASS, NULL, NULL);
	set_up(&f);
	f.canvas.region.text = "us-east-1";
	expect(&f.in, GATE_REFUSE, "services", "role/web-team may not use the region us-east-1");

	set_up(&f);
	f.in.label_count = 0;
	expect(&f.in, GATE_REFUSE, "tags", "the label 'team' is required (policy.requiredTags)");

	set_up(&f);
	const char *const needs[] = {"canvas/core", "canvas/dns"};
	f.in.waits_for = needs;
	f.in.waits_for_count = 2;
	expect(&f.in, GATE_WAIT, "dependencies", "waits for canvas/core, canvas/dns");

	const struct gate_input role_change = {.role_change = true, .actor = "os:eve"};
	expect(&role_change, GATE_REFUSE, "role",
		"os:eve is in no recorded role with permissions.manageRoles");
}

static void approval_gate(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct spec_text roles[] = {{.text = "platform"}, {.text = "security"}};
	const struct spec_approval rule = {.mode = APPROVAL_MANUAL, .roles = {roles, 2}};
	const struct approval_request request = {.rule = &rule};
	struct gate_answers a = {0};
	gate_approval(&request, APPROVAL_GRANTED, 0, &arena, &a);
	gate_approval(&request, APPROVAL_WAITING, 2, &arena, &a);
	gate_approval(&request, APPROVAL_EXPIRED, 1, &arena, &a);
	gate_approval(&request, APPROVAL_REJECTED, 0, &arena, &a);
	assert_int_equal(a.items[0].verdict, GATE_PASS);
	assert_int_equal(a.items[1].verdict, GATE_WAIT);
	assert_string_equal(
		a.items[1].reason, "2 approvals needed from role/platform or role/security");
	assert_string_equal(a.items[2].reason,
		"1 approval needed from role/platform or role/security (the time for it ran out)");
	assert_int_equal(a.items[3].verdict, GATE_REFUSE);
	const struct gate_answer *first = NULL;
	assert_int_equal(gates_verdict(&a, &first), GATE_REFUSE);
	assert_ptr_equal(first, &a.items[3]);
}

static void a_freeze_holds_effects_and_no_plans(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	struct gate_answers a = {0};
	const struct gate_answer *first = NULL;
	gate_freeze(0, NULL, &arena, &a);
	assert_int_equal(gates_verdict(&a, &first), GATE_PASS);
	gate_freeze(1767225600000, "inventory", &arena, &a);
	assert_int_equal(gates_verdict(&a, &first), GATE_WAIT);
	assert_string_equal(first->reason, "frozen until 2026-01-01T00:00:00 UTC: inventory");
	assert_int_equal(gates_plan_verdict(&a, &first), GATE_PASS);
	assert_null(first);
	gate_add(&a, &arena, "dependencies", GATE_WAIT, "waits for canvas/core");
	assert_int_equal(gates_plan_verdict(&a, &first), GATE_WAIT);
	assert_string_equal(first->reason, "waits for canvas/core");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_gates),
		cmocka_unit_test(approval_gate),
		cmocka_unit_test(a_freeze_holds_effects_and_no_plans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
