/*
 * Protects: what people review of a plan is what terraform will do, without a sensitive value in
 * it; broken, foreign and half-made plans are refused.
 */
#include "engine/terraform_internal.h"

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "check.h"

#define HEAD "{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\","
#define TAIL "\"applyable\":true,\"complete\":true,\"errored\":false}"

static int parse(const char *text, enum engine_plan_mode mode, const struct masker *masker,
	struct arena *arena, struct engine_plan *ret, struct str *ret_error)
{
	AUTO_ERR err = NULL;
	*ret = (struct engine_plan){0};
	const int failed = tf_plan_parse(text, strlen(text), masker, mode, arena, ret, &err);
	if (failed)
		err_format(err, ret_error);
	return failed;
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", "the plan is not a whole JSON object"},
		{"[]", "the plan is not a whole JSON object"},
		{"not json", "the plan is not a whole JSON object"},
		{"{\"format_version\":\"1.2\"", "the plan is not a whole JSON object"},
		{"{}", "the plan has no format_version"},
		{"{\"format_version\":\"2.0\"}",
			"the plan has the format version \"2.0\"; this trueup knows 1.x"},
		{"{\"format_version\":\"10.0\"}",
			"the plan has the format version \"10.0\"; this trueup knows 1.x"},
		{"{\"format_version\":\"1.2\",\"errored\":true}",
			"the plan was made with errors and cannot be applied"},
		{"{\"format_version\":\"1.2\",\"complete\":false}",
			"the plan is not complete: some changes would be left for a later plan"},
		{HEAD "\"resource_changes\":[{\"address\":\"a.b\"}]," TAIL,
			"the plan holds a change without an address"},
		{HEAD "\"resource_changes\":[{]," TAIL, "the plan is not a whole JSON object"},
		{HEAD "\"resource_changes\":{\"a\":1}," TAIL,
			"the plan holds a change without an address"},
		{HEAD "\"output_changes\":{\"a\"}," TAIL, "the plan: 'output_changes' is damaged"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA arena = {0};
		AUTO_STR error = STR_INIT;
		struct engine_plan plan;
		assert_int_equal(
			parse(rows[i].text, ENGINE_PLAN_NORMAL, NULL, &arena, &plan, &error), -1);
		assert_string_equal(error.data, rows[i].error);
	}
}

/* One change with these actions. */
static char *one(struct arena *arena, const char *actions, const char *rest)
{
	return arena_printf(arena,
		HEAD "\"resource_changes\":[{\"address\":\"aws_vpc.a\",\"mode\":\"managed\","
		     "\"type\":\"aws_vpc\",\"name\":\"a\",\"change\":{\"actions\":[%s]%s}}]," TAIL,
		actions, rest);
}

static void test_actions(void **state)
{
	(void)state;
	static const struct {
		const char *actions;
		enum engine_action action;
		int add, change, destroy;
		bool changes;
	} rows[] = {
		{"\"create\"", ENGINE_CREATE, 1, 0, 0, true},
		{"\"update\"", ENGINE_UPDATE, 0, 1, 0, true},
		{"\"delete\"", ENGINE_DELETE, 0, 0, 1, true},
		{"\"delete\",\"create\"", ENGINE_REPLACE, 1, 0, 1, true},
		{"\"create\",\"delete\"", ENGINE_REPLACE, 1, 0, 1, true},
		{"\"read\"", ENGINE_READ, 0, 0, 0, false},
		{"\"forget\"", ENGINE_FORGET, 0, 0, 0, true},
		{"\"no-op\"", ENGINE_NO_OP, 0, 0, 0, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA arena = {0};
		AUTO_STR error = STR_INIT;
		struct engine_plan plan;
		assert_int_equal(parse(one(&arena, rows[i].actions, ""), ENGINE_PLAN_NORMAL, NULL,
					 &arena, &plan, &error),
			0);
		assert_int_equal(plan.item_count, rows[i].action != ENGINE_NO_OP);
		if (plan.item_count)
			assert_int_equal(plan.items[0].action, rows[i].action);
		assert_int_equal(plan.counts.add, rows[i].add);
		assert_int_equal(plan.counts.change, rows[i].change);
		assert_int_equal(plan.counts.destroy, rows[i].destroy);
		assert_int_equal(plan.changes, rows[i].changes);
	}
}

static void test_attributes(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after, *more; /* members of the change */
		const char *shown; /* name before after flags; "" when it is not listed */
	} rows[] = {
		{"\"x\":1", "\"x\":2", "", "x 1 2"},
		{"\"x\":1", "\"x\":1", "", ""},
		{"\"x\":\"a\"", "\"x\":null", "", "x \"a\" -"},
		{"\"x\":1", "", ",\"after_unknown\":{\"x\":true}", "x 1 - unknown"},
		{"\"x\":[{\"y\":1}]", "\"x\":[{}]", ",\"after_unknown\":{\"x\":[{\"y\":true}]}",
			"x [{\"y\":1}] - unknown"},
		{"\"x\":1", "\"x\":2", ",\"replace_paths\":[[\"x\"]]", "x 1 2 replaces"},
		{"\"x\":{\"k\":1}", "\"x\":{\"k\":2}", ",\"replace_paths\":[[\"x\",\"k\"]]",
			"x {\"k\":1} {\"k\":2} replaces"},
		{"\"x\":\"s1\"", "\"x\":\"s2\"", ",\"after_sensitive\":{\"x\":true}",
			"x - - sensitive"},
		{"\"x\":\"s1\"", "\"x\":\"s2\"", ",\"before_sensitive\":{\"x\":true}",
			"x - - sensitive"},
		{"\"x\":[\"s1\"]", "\"x\":[\"s2\"]", ",\"after_sensitive\":{\"x\":[true]}",
			"x - - sensitive"},
		{"\"x\":\"s1\"", "\"x\":\"s2\"", ",\"after_sensitive\":true", "x - - sensitive"},
		{"\"x\":\"hunter2-old\"", "\"x\":\"hunter2-new\"", "", "x \"***-old\" \"***-new\""},
		{"\"tags\":{},\"tags_all\":{}", "\"tags\":{},\"tags_all\":{\"a\":\"b\"}", "", ""},
		{"\"tags_all\":{}", "\"tags_all\":{\"a\":\"b\"}", "", "tags_all {} {\"a\":\"b\"}"},
	};
	struct masker *masker = masker_new();
	assert_true(masker_add(masker, "hunter2"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA arena = {0};
		AUTO_STR text = STR_INIT;
		struct engine_plan plan;
		const char *rest = arena_printf(&arena, ",\"before\":{%s},\"after\":{%s}%s",
			rows[i].before, rows[i].after, rows[i].more);
		assert_int_equal(parse(one(&arena, "\"update\"", rest), ENGINE_PLAN_NORMAL, masker,
					 &arena, &plan, &text),
			0);
		for (size_t k = 0; k < plan.items[0].attribute_count; k++) {
			const struct engine_attribute *a = &plan.items[0].attributes[k];
			str_addf(&text, "%s %s %s%s%s%s", a->name, a->before ? a->before : "-",
				a->after ? a->after : "-", a->unknown ? " unknown" : "",
				a->replaces ? " replaces" : "", a->sensitive ? " sensitive" : "");
		}
		assert_string_equal(text.data, rows[i].shown);
	}
	masker_free(masker);
}

static void test_creation_lists_what_is_set(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR error = STR_INIT;
	struct engine_plan plan;
	const char *text = one(&arena, "\"create\"",
		",\"before\":null,\"after\":{\"cidr\":\"10.0.0.0/16\",\"tags\":null,\"list\":[],"
		"\"tags_all\":{\"a\":\"b\"}},\"after_unknown\":{\"id\":true}");
	assert_int_equal(parse(text, ENGINE_PLAN_NORMAL, NULL, &arena, &plan, &error), 0);
	assert_int_equal(plan.items[0].attribute_count, 1);
	assert_string_equal(plan.items[0].attributes[0].name, "cidr");
	assert_null(plan.items[0].attributes[0].before);
}

static void test_long_values_are_cut(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR error = STR_INIT;
	struct engine_plan plan;
	AUTO_STR rest = STR_INIT;
	str_add(&rest, ",\"before\":{\"x\":1},\"after\":{\"x\":\"");
	for (int i = 0; i < 5000; i++)
		str_add(&rest, "ä");
	str_add(&rest, "\"}");
	const char *text = one(&arena, "\"update\"", rest.data);
	assert_int_equal(parse(text, ENGINE_PLAN_NORMAL, NULL, &arena, &plan, &error), 0);
	const char *after = plan.items[0].attributes[0].after;
	assert_true(strlen(after) < 210);
	assert_int_equal(utf8_valid(after, strlen(after)), strlen(after));
	assert_true(str_ends(after, "ä…"));
}

static const char drifting[] = HEAD
	"\"resource_drift\":["
	"{\"address\":\"a.gone\",\"type\":\"a\",\"name\":\"gone\",\"change\":{\"actions\":["
	"\"delete\"]}},"
	"{\"address\":\"a.noise\",\"type\":\"a\",\"name\":\"noise\",\"change\":{\"actions\":["
	"\"update\"],"
	"\"before\":{\"tags\":null,\"s\":\"\"},\"after\":{\"tags\":{},\"s\":null}}},"
	/* Another default tag: the old one counts as the resource's own, and nothing happened. */
	"{\"address\":\"a.tags\",\"type\":\"a\",\"name\":\"tags\",\"change\":{\"actions\":["
	"\"update\"],\"before\":{\"tags\":{\"n\":\"x\"},\"tags_all\":{\"n\":\"x\",\"c\":\"shop\"}},"
	"\"after\":{\"tags\":{\"n\":\"x\",\"c\":\"shop\"},\"tags_all\":{\"n\":\"x\",\"c\":\"shop\"}"
	"}}},"
	"{\"address\":\"a.nested\",\"type\":\"a\",\"name\":\"nested\",\"change\":{"
	"\"actions\":[\"update\"],"
	"\"before\":{\"d\":[{\"tags\":null,\"n\":{\"x\":\"\"},\"v\":1}]},"
	"\"after\":{\"d\":[{\"tags\":{},\"n\":{},\"v\":1,\"new\":[]}]}}},"
	"{\"address\":\"a.deep\",\"type\":\"a\",\"name\":\"deep\",\"change\":{"
	"\"actions\":[\"update\"],"
	"\"before\":{\"d\":[{\"tags\":null,\"v\":{}}]},"
	"\"after\":{\"d\":[{\"tags\":{},\"v\":{\"x\":1}}]}}},"
	"{\"address\":\"a.retagged\",\"type\":\"a\",\"name\":\"retagged\",\"change\":{"
	"\"actions\":[\"update\"],"
	"\"before\":{\"tags\":{\"n\":\"x\"},\"tags_all\":{\"n\":\"x\",\"c\":\"shop\"}},"
	"\"after\":{\"tags\":{\"n\":\"y\"},\"tags_all\":{\"n\":\"y\",\"c\":\"shop\"}}}},"
	"{\"address\":\"a.inert\",\"type\":\"a\",\"name\":\"inert\",\"change\":{\"actions\":["
	"\"update\"],"
	"\"before\":{\"r\":1},\"after\":{\"r\":2}}}],"
	"\"resource_changes\":["
	"{\"address\":\"a.gone\",\"type\":\"a\",\"name\":\"gone\",\"change\":{\"actions\":["
	"\"create\"]}},"
	"{\"address\":\"a.inert\",\"type\":\"a\",\"name\":\"inert\",\"change\":{\"actions\":["
	"\"no-op\"]}}"
	"]," TAIL;

static void test_drift(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR error = STR_INIT;
	struct engine_plan plan;
	assert_int_equal(parse(drifting, ENGINE_PLAN_NORMAL, NULL, &arena, &plan, &error), 0);
	assert_int_equal(plan.drift_count, 1);
	assert_string_equal(plan.drift[0].address, "a.gone");
	assert_int_equal(parse(drifting, ENGINE_PLAN_DRIFT, NULL, &arena, &plan, &error), 0);
	assert_int_equal(plan.drift_count, 4);
	assert_string_equal(plan.drift[1].address, "a.deep");
	assert_string_equal(plan.drift[2].address, "a.retagged");
	assert_int_equal(plan.drift[2].attribute_count, 1);
	assert_string_equal(plan.drift[3].address, "a.inert");
}

static void test_outputs_alone_are_a_change(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR error = STR_INIT;
	struct engine_plan plan;
	const char *text = HEAD "\"output_changes\":{\"a\":{\"actions\":[\"no-op\"]},\"b\":{"
				"\"actions\":[\"create\"]}}," TAIL;
	assert_int_equal(parse(text, ENGINE_PLAN_NORMAL, NULL, &arena, &plan, &error), 0);
	assert_true(plan.changes);
	assert_int_equal(plan.item_count, 0);
}

static const char recorded[] =
	"{\"version\":4,\"serial\":7,\"lineage\":\"l-1\",\"outputs\":{"
	"\"vpc\":{\"value\":\"vpc-1\",\"type\":\"string\"},"
	"\"key\":{\"value\":\"hunter2\",\"type\":\"string\"},"
	"\"pw\":{\"value\":\"s3cret\",\"type\":\"string\",\"sensitive\":true}},"
	"\"resources\":["
	"{\"mode\":\"data\",\"type\":\"aws_region\",\"name\":\"r\",\"instances\":[{}]},"
	"{\"mode\":\"managed\",\"type\":\"aws_vpc\",\"name\":\"a\",\"instances\":"
	"[{\"attributes\":{\"id\":\"vpc-1\"}}]},"
	"{\"module\":\"module.m\",\"mode\":\"managed\",\"type\":\"t\",\"name\":\"b\",\"instances\":"
	"[{\"index_key\":0,\"attributes\":{\"id\":\"i0\"}},{\"index_key\":\"k\",\"attributes\":{}}]"
	"}]}";

static void test_state_file(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	AUTO_STR text = STR_INIT;
	struct engine_state s;
	struct masker *masker = masker_new();
	assert_true(masker_add(masker, "hunter2"));
	assert_int_equal(tf_state_parse(recorded, strlen(recorded), masker, &arena, &s, &err), 0);
	assert_int_equal(s.serial, 7);
	assert_string_equal(s.lineage, "l-1");
	for (size_t i = 0; i < s.resource_count; i++)
		str_addf(&text, "%s=%s ", s.resources[i].address, s.resources[i].id);
	for (size_t i = 0; i < s.output_count; i++)
		str_addf(&text, "%s:%s ", s.outputs[i].name,
			s.outputs[i].json ? s.outputs[i].json : "-");
	assert_string_equal(text.data, "aws_vpc.a=vpc-1 module.m.t.b[0]=i0 module.m.t.b[\"k\"]= "
				       "vpc:\"vpc-1\" key:\"***\" pw:- ");
	masker_free(masker);
}

static void test_state_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *error; /* "" when it is no error */
	} rows[] = {
		{"", ""},
		{" \n", ""},
		{"{\"version\":5,\"serial\":1,\"lineage\":\"l\"}",
			"the state file has a format other than version 4; this trueup cannot read "
			"it"},
		{"{\"version\":4,\"serial\":\"1\",\"lineage\":\"l\"}",
			"the state file has no serial or no lineage"},
		{"{\"version\":4,\"serial\":1,\"lineage\":\"l\",\"resources\":[{}]}",
			"the state file holds a resource without type or name"},
		{"{\"version\":4,\"serial\":1,\"lineage\":\"l\",\"resources\":[{\"type\":1",
			"the state file is not a whole JSON object"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_ARENA arena = {0};
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		struct engine_state s;
		const int failed =
			tf_state_parse(rows[i].text, strlen(rows[i].text), NULL, &arena, &s, &err);
		if (failed)
			err_format(err, &text);
		assert_string_equal(text.data, rows[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_creation_lists_what_is_set),
		cmocka_unit_test(test_long_values_are_cut),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_outputs_alone_are_a_change),
		cmocka_unit_test(test_state_file),
		cmocka_unit_test(test_state_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
