/*
 * Protects: the plan as people read it. Columns stay aligned, every gate that objects is shown,
 * what is destroyed is never cut from a list, and the same run gives JSON with the same facts.
 */
#include "check.h"

#include "base/str.h"
#include "format/emit.h"
#include "format/node.h"
#include "report/json.h"
#include "report/plan_print.h"
#include "report/table.h"
#include "unit/report/capture.h"

static const struct change_attr size_attr = {
	"instance_class", "db.t3.micro", "db.t3.medium", false};
static const struct change_attr type_attr = {"instance_type", NULL, "t3.medium", false};
static const struct change changes[] = {
	{CHANGE_CREATE, "aws_instance.web2", "aws_instance", &type_attr, 1, NULL},
	{CHANGE_UPDATE, "aws_db_instance.db", "aws_db_instance", &size_attr, 1, NULL},
};
static const struct change_set set = {.items = changes, .count = 2, .create = 1, .update = 1};

static struct gate_answer objections[] = {
	{"role", GATE_PASS, NULL},
	{"protection", GATE_REFUSE, "protected: remove `protect: true` first"},
	{"approval", GATE_WAIT, "1 approval needed from role/platform"},
};

static struct run_outcome shop(const struct object_outcome *objects, size_t count)
{
	struct run_outcome run = {
		.command = "plan",
		.root = "examples/shop",
		.branch = "main",
		.commit = "3f2a9c1d00000000000000000000000000000000",
		.objects = objects,
		.object_count = count,
		.unchanged = 4,
		.load_ms = 14,
	};
	run.kind_counts[KIND_ROLE] = 1;
	run.kind_counts[KIND_CANVAS] = 3;
	return run;
}

static void aligns_the_overview(void **state)
{
	(void)state;
	const struct object_outcome objects[] = {
		{.key = "role/web-team",
			.action = PLAN_CREATE,
			.summary = "5 services",
			.status = OBJECT_PENDING},
		{.key = "canvas/shop",
			.action = PLAN_UPDATE,
			.has_preview = true,
			.preview = set,
			.status = OBJECT_PENDING},
		{.key = "canvas/old-blog",
			.action = PLAN_DESTROY,
			.gates = {objections, 3, 3},
			.status = OBJECT_REFUSED},
	};
	const struct run_outcome run = shop(objects, 3);
	AUTO_CAPTURE c;
	capture_begin(&c);
	plan_print_overview(&c.term, &run);
	assert_string_equal(captured(&c),
		"examples/shop  main@3f2a9c1  1 role \xc2\xb7 3 canvases"
		"                                           14 ms\n"
		"\n"
		"  + role/web-team    create   5 services\n"
		"  ~ canvas/shop      update   +1 aws_instance  ~1 aws_db_instance\n"
		"  - canvas/old-blog  destroy  protected: remove `protect: true` first  refused\n"
		"        protection: refuse: protected: remove `protect: true` first\n"
		"        approval: wait: 1 approval needed from role/platform\n");
}

static void prints_the_engines_plan(void **state)
{
	(void)state;
	const char *const surprises[] = {"aws_instance.web2 is created twice"};
	const struct object_plan plan = {
		.engine = "terraform",
		.id = "01JD3",
		.sha256 = "9f2c0123456789abcdef",
		.changes = set,
		.duration_ms = 7100,
		.surprises = surprises,
		.surprise_count = 1,
	};
	const struct object_outcome object = {
		.key = "canvas/shop", .has_preview = true, .preview = set, .plan = &plan};
	AUTO_CAPTURE c;
	capture_begin(&c);
	plan_print_object(&c.term, &object, false);
	assert_string_equal(captured(&c),
		"\ncanvas/shop  terraform  planned in 7.1 s   1 to add, 1 to change, 0 to destroy\n"
		"  + aws_instance.web2   t3.medium\n"
		"  ~ aws_db_instance.db  instance_class  db.t3.micro \xe2\x86\x92 db.t3.medium\n"
		"  ! not as the preview said: aws_instance.web2 is created twice\n"
		"plan 01JD3 sha256:9f2c01234567\xe2\x80\xa6\n");
}

static void never_cuts_a_loss(void **state)
{
	(void)state;
	enum { MANY = 100 };
	static struct change many[MANY];
	for (size_t i = 0; i < MANY; i++)
		many[i] = (struct change){CHANGE_CREATE, "a.new", "a", NULL, 0, NULL};
	many[MANY - 1] = (struct change){CHANGE_DESTROY, "a.gone", "a", NULL, 0, NULL};
	const struct object_outcome object = {.key = "canvas/big",
		.has_preview = true,
		.preview = {.items = many, .count = MANY, .create = MANY - 1, .destroy = 1}};
	AUTO_CAPTURE c;
	capture_begin(&c);
	plan_print_object(&c.term, &object, false);
	assert_non_null(strstr(captured(&c), "- a.gone\n"));
	assert_non_null(strstr(captured(&c), "... and 70 more; -v shows them all\n"));

	AUTO_CAPTURE all;
	capture_begin(&all);
	plan_print_object(&all.term, &object, true);
	assert_null(strstr(captured(&all), "more;"));
}

static void cuts_long_values(void **state)
{
	(void)state;
	static const struct change_attr attr = {
		"user_data", "0123456789012345678901234567890123456789-more", "short", false};
	static const struct change change = {CHANGE_UPDATE, "a.b", "a", &attr, 1, NULL};
	const struct object_outcome object = {.key = "canvas/x",
		.has_preview = true,
		.preview = {.items = &change, .count = 1, .update = 1}};
	AUTO_CAPTURE c;
	capture_begin(&c);
	plan_print_object(&c.term, &object, false);
	assert_non_null(strstr(captured(&c),
		"  ~ a.b  user_data  0123456789012345678901234567890123456789\xe2\x80\xa6 "
		"\xe2\x86\x92 short\n"));

	AUTO_CAPTURE all;
	capture_begin(&all);
	plan_print_object(&all.term, &object, true);
	assert_non_null(strstr(captured(&all), "-more \xe2\x86\x92 short\n"));
}

static void says_when_there_is_nothing_to_do(void **state)
{
	(void)state;
	const struct run_outcome run = shop(NULL, 0);
	AUTO_CAPTURE c;
	capture_begin(&c);
	plan_print_summary(&c.term, &run);
	assert_string_equal(captured(&c), "\nnothing to do: 4 objects are as recorded\n");
}

static void gives_the_same_facts_as_json(void **state)
{
	(void)state;
	const struct object_outcome objects[] = {
		{.key = "canvas/shop",
			.kind = KIND_CANVAS,
			.action = PLAN_UPDATE,
			.reason = "the spec changed",
			.gates = {objections, 3, 3},
			.has_preview = true,
			.preview = set,
			.status = OBJECT_WAITING},
	};
	const struct run_outcome run = shop(objects, 1);
	AUTO_ARENA arena = {0};
	struct node *document = report_document(&arena, run.command);
	plan_to_node(&arena, document, &run);
	assert_int_equal(node_get(document, "version")->integer, 1);
	assert_string_equal(node_text(node_get(document, "command")), "plan");
	const struct node *object = node_get(document, "objects")->seq.items[0];
	assert_string_equal(node_text(node_get(object, "action")), "update");
	assert_string_equal(node_text(node_get(object, "status")), "waiting");
	assert_int_equal(node_get(object, "gates")->seq.count, 3);
	const struct node *preview = node_get(object, "preview");
	assert_int_equal(node_get(preview, "create")->integer, 1);
	assert_int_equal(node_get(preview, "resources")->seq.count, 2);
	assert_null(node_get(object, "plan"));
}

static void tables_fit_the_terminal(void **state)
{
	(void)state;
	AUTO_TABLE table = table_new(3);
	table_shrink(table, 1);
	table_align_right(table, 2);
	table_cell(table, STYLE_PLAIN, "\xe4\xb8\xad");
	table_cell(table, STYLE_PLAIN, "a text that is much too long for this\nterminal");
	table_cell(table, STYLE_PLAIN, "1");
	table_cell(table, STYLE_PLAIN, "abc");
	table_cell(table, STYLE_PLAIN, "b");
	table_cell(table, STYLE_PLAIN, "100");
	table_cell(table, STYLE_PLAIN, "d");
	table_end_row(table);
	AUTO_CAPTURE c;
	capture_begin(&c);
	c.term.width = 30;
	table_print(table, &c.term, 0);
	assert_string_equal(captured(&c), "\xe4\xb8\xad   a text that is much\xe2\x80\xa6    1\n"
					  "abc  b                     100\n"
					  "d\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligns_the_overview),
		cmocka_unit_test(prints_the_engines_plan),
		cmocka_unit_test(never_cuts_a_loss),
		cmocka_unit_test(cuts_long_values),
		cmocka_unit_test(says_when_there_is_nothing_to_do),
		cmocka_unit_test(gives_the_same_facts_as_json),
		cmocka_unit_test(tables_fit_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
