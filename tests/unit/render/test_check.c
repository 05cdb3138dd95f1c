/*
 * Protects: every mistake in a canvas is found in one run, at its place, in words that say what
 * to do; the order of nodes and edges changes nothing; values from elsewhere.
 */
#include "check.h"
#include "golden.h"

#define HEAD                                                                                       \
	"apiVersion: trueup/v1\nkind: Canvas\nmetadata: {name: shop}\nspec:\n  role: web-team\n"   \
	"  engine: terraform\n"
#define NODE(id, type, config)                                                                     \
	"    - {id: " id ", type: resource, data: {resourceType: " type ", config: {" config "}}}" \
	"\n"

struct found {
	const char *canvas;
	const char *want; /* "line rule: message (hint)" a line */
};

static const struct found cases[] = {
	{HEAD "  nodes:\n" NODE("a", "S3", ""), ""},
	{HEAD "  nodes:\n" NODE("a", "EC2", "instanceTipe: t3.micro"),
		"8 config-key: EC2 has no config key 'instanceTipe' (did you mean "
		"'instanceType'?)\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "instanceType: t3.mikro"),
		"8 config-value: 't3.mikro' is no value of 'instanceType' (did you mean "
		"'t3.micro'? (newer than this trueup? add it to knownValues.instanceTypes in "
		"trueup.yaml))\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "count: 0"),
		"8 config-range: 'count' must be from 1 to 50 ()\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "count: \"2\""),
		"8 config-type: 'count' must be a whole number, not text (write it without "
		"quotes)\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "ami: ami-xyz"),
		"8 config-pattern: 'ami-xyz' does not have the form of 'ami' (it must match "
		"ami-[0-9a-f]{8}([0-9a-f]{9})?)\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "publicIp: true"),
		"8 config-check: a public address needs 'subnet: public' ()\n"},
	{HEAD "  nodes:\n" NODE("a", "ALB", "internal: false"),
		"8 config-check: an ALB that the internet can reach needs certificateArn: without "
		"one it may only be internal ()\n"},
	{HEAD "  nodes:\n" NODE("a", "SECURITY_GROUP", ""),
		"8 config-required: SECURITY_GROUP 'a' needs 'description': What the group is "
		"for. ()\n"},
	{HEAD "  network: none\n  nodes:\n" NODE("a", "EC2", ""),
		"9 network-none: EC2 'a' needs a network, and the canvas has 'network: none' "
		"(remove 'network: none' or the node)\n"},
	{HEAD "  network: {availabilityZones: 1}\n  nodes:\n" NODE("a", "RDS", ""),
		"9 network-zones: RDS 'a' needs private subnets in 2 availability zones, the "
		"network has 1 ()\n"},
	{HEAD "  nodes:\n" NODE("a", "S3", "")
			NODE("b", "RDS", "") "  edges:\n    - {id: e, source: a, target: b}\n",
		"11 edge-meaning: an edge from S3 'a' to RDS 'b' has no meaning (S3 -> SQS, SNS, "
		"LAMBDA)\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "")
			NODE("b", "RDS", "") "  edges:\n    - {id: e, source: b, target: a}\n",
		"11 edge-meaning: an edge from RDS 'b' to EC2 'a' has no meaning (the other way "
		"round it has one: EC2 -> RDS)\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "keyName: {from: canvas/shop/x.y}"),
		"8 value-from: a canvas cannot take a value from itself: draw an edge instead "
		"()\n"},
	{HEAD "  nodes:\n" NODE("a", "EC2", "count: x") NODE("b", "EC2", "nope: 1")
			NODE("c", "S3", "lifecycleDays: 0"),
		"8 config-type: 'count' must be a whole number, not text ()\n"
		"9 config-key: EC2 has no config key 'nope' (keys: instanceType, count, ami, arch, "
		"rootVolumeGb, rootVolumeType, rootVolumeIops, subnet, publicIp, keyName, "
		"detailedMonitoring, hoursPerMonth, userData, instanceProfile, egress, tags)\n"
		"10 config-range: 'lifecycleDays' must be from 1 to 36500 days ()\n"},
};

static struct render_input input_of(const struct spec *canvas)
{
	return (struct render_input){
		.name = canvas->name, .canvas = canvas->canvas, .repository = "example/specs"};
}

static void diagnostics(void **state)
{
	AUTO_DIAGS internal = {0};
	struct render_types *types = render_types_load(&internal);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		AUTO_STR got = STR_INIT;
		const struct spec *canvas =
			golden_spec(&arena, "canvas.yaml", cases[i].canvas, &diags);
		golden_print(&diags);
		assert_int_equal(diags.errors, 0);
		const struct render_input input = input_of(canvas);
		render_check_canvas(types, &input, &diags);
		diag_sort(&diags);
		for (size_t k = 0; k < diags.count; k++)
			str_addf(&got, "%u %s: %s (%s)\n", diags.items[k].line, diags.items[k].rule,
				diags.items[k].message,
				diags.items[k].hint ? diags.items[k].hint : "");
		if (!str_eq(got.data, cases[i].want))
			fail_msg("case %zu:\n%swanted:\n%s", i, got.data, cases[i].want);
	}
	render_types_free(types);
}

/* How many values are refused that Config may allow. */
static size_t count_values(struct render_types *types, const struct render_input *input)
{
	AUTO_DIAGS diags = {0};
	size_t count = 0;
	render_check_canvas(types, input, &diags);
	for (size_t i = 0; i < diags.count; i++)
		count += str_eq(diags.items[i].rule, "config-value") &&
			 strstr(diags.items[i].hint, "add it to knownValues.") != NULL;
	return count;
}

/* AWS gets new sizes and versions every month; nobody waits for a new trueup. */
static void values_that_config_knows(void **state)
{
	(void)state;
	static const char *const nodes[][3] = {
		{"EC2", "instanceType: m99g.large, arch: arm64", "instanceTypes: [m99g.large]"},
		{"ASG", "instanceType: m99g.large, arch: arm64", "instanceTypes: [m99g.large]"},
		{"RDS", "instanceClass: db.m99g.large", "instanceClasses: [db.m99g.large]"},
		{"ELASTICACHE", "nodeType: cache.m99g.large", "nodeTypes: [cache.m99g.large]"},
		{"EKS", "version: \"1.99\"", "eksVersions: [\"1.99\"]"},
		{"LAMBDA",
			"source: \"s3://shop-code/fn.zip\", handler: app.run, runtime: python3.99",
			"lambdaRuntimes: [python3.98, python3.99]"},
		{"S3", "notifyEvents: [\"s3:ObjectAcl:New\"]", "s3Events: [\"s3:ObjectAcl:New\"]"},
	};
	AUTO_DIAGS internal = {0};
	struct render_types *types = render_types_load(&internal);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		const char *const text = arena_printf(
			&arena, HEAD "  nodes:\n" NODE("a", "%s", "%s"), nodes[i][0], nodes[i][1]);
		const struct spec *canvas = golden_spec(&arena, "canvas.yaml", text, &diags);
		const struct spec *config = golden_spec(&arena, "trueup.yaml",
			arena_printf(&arena,
				"apiVersion: trueup/v1\nkind: Config\nspec:\n  knownValues: {%s}\n",
				nodes[i][2]),
			&diags);
		golden_print(&diags);
		assert_int_equal(diags.count, 0);
		struct render_input input = input_of(canvas);
		assert_int_equal(count_values(types, &input), 1);
		input.config = config->config;
		assert_int_equal(count_values(types, &input), 0);
	}
	render_types_free(types);
}

static void digest_of(struct render_types *types, const char *text, char ret[65])
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	struct rendering r;
	const struct spec *canvas = golden_spec(&arena, "canvas.yaml", text, &diags);
	golden_print(&diags);
	assert_int_equal(diags.errors, 0);
	const struct render_input input = input_of(canvas);
	assert_int_equal(render_canvas(types, &input, &arena, &r, &diags), 0);
	memcpy(ret, r.digest, 65);
}

static void order_changes_nothing(void **state)
{
	static const char *const same[] = {
		HEAD
		"  nodes:\n" NODE("a", "EC2", "") NODE("b", "RDS", "") NODE("c", "ALB", "") NODE(
			"d", "EC2", "") "  edges:\n    - {source: a, target: b}\n    - {source: "
					"c, target: a}\n    - {source: c, target: d}\n",
		HEAD
		"  nodes:\n" NODE("d", "EC2", "") NODE("c", "ALB", "") NODE("b", "RDS", "") NODE(
			"a", "EC2", "") "  edges:\n    - {source: c, target: d}\n    - {source: "
					"c, target: a}\n    - {source: a, target: b}\n",
	};
	AUTO_DIAGS internal = {0};
	struct render_types *types = render_types_load(&internal);
	char first[65], second[65];
	(void)state;
	digest_of(types, same[0], first);
	digest_of(types, same[1], second);
	assert_string_equal(first, second);
	digest_of(types, HEAD "  nodes:\n" NODE("a", "EC2", ""), second);
	assert_string_not_equal(first, second);
	render_types_free(types);
}

struct outputs {
	struct arena *arena;
	const char *asked_canvas, *asked_key;
	const char *value; /* NULL: not recorded */
	bool sensitive;
};

static const struct node *recorded(
	void *data, const char *canvas, const char *key, bool *ret_sensitive)
{
	struct outputs *o = data;
	o->asked_canvas = canvas;
	o->asked_key = key;
	*ret_sensitive = o->sensitive;
	return o->value && !o->sensitive ? node_new_string(o->arena, o->value) : NULL;
}

static const char *file_text(const struct rendering *r, const char *name)
{
	for (size_t i = 0; i < r->file_count; i++)
		if (str_eq(r->files[i].name, name))
			return r->files[i].data;
	return "";
}

static void values_from_other_canvases(void **state)
{
	static const char text[] =
		HEAD "  nodes:\n" NODE("a", "EC2", "keyName: {from: canvas/core/keys.name}");
	AUTO_DIAGS internal = {0};
	struct render_types *types = render_types_load(&internal);
	(void)state;
	for (int i = 0; i < 3; i++) {
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		struct rendering r;
		const struct spec *canvas = golden_spec(&arena, "canvas.yaml", text, &diags);
		struct outputs o = {&arena, NULL, NULL, i == 0 ? "shared-key" : NULL, i == 2};
		struct render_input input = input_of(canvas);
		input.output = recorded;
		input.output_data = &o;
		int result = render_canvas(types, &input, &arena, &r, &diags);
		assert_string_equal(o.asked_canvas, "core");
		assert_string_equal(o.asked_key, "keys.name");
		if (i == 2) {
			assert_int_equal(result, -1);
			assert_string_equal(diags.items[0].rule, "value-from");
			continue;
		}
		assert_int_equal(result, 0);
		const char *want = i == 0 ? "= \"shared-key\"\n" : "= known_after_apply\n";
		assert_non_null(strstr(file_text(&r, "node-a.tf"), want));
		assert_int_equal(r.missing_count, i);
		if (i == 1)
			assert_string_equal(r.missing[0].key, "keys.name");
	}
	render_types_free(types);
}

static void secrets_are_variables(void **state)
{
	static const char text[] = HEAD "  nodes:\n" NODE(
		"a", "EC2", "userData: {fromFile: boot.sh}, keyName: {fromEnv: K}");
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	struct rendering r;
	struct render_types *types = render_types_load(&diags);
	const struct spec *canvas = golden_spec(&arena, "canvas.yaml", text, &diags);
	const struct render_input input = input_of(canvas);
	(void)state;
	assert_int_equal(render_canvas(types, &input, &arena, &r, &diags), 0);
	assert_int_equal(r.variable_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const bool file = r.variables[i].source == VARIABLE_FILE;
		assert_string_equal(r.variables[i].name, file ? "a__userData" : "a__keyName");
		assert_string_equal(r.variables[i].text, file ? "boot.sh" : "K");
	}
	assert_non_null(strstr(file_text(&r, "node-a.tf"), "= var.a__userData\n"));
	assert_non_null(strstr(file_text(&r, "variables.tf"), "variable \"a__keyName\""));
	render_types_free(types);
}

static void addresses_that_meet(void **state)
{
	static const char text[] =
		HEAD "  nodes:\n" NODE("a", "EC2", "count: 2") NODE("a__2", "EC2", "");
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	struct rendering r;
	struct render_types *types = render_types_load(&diags);
	const struct spec *canvas = golden_spec(&arena, "canvas.yaml", text, &diags);
	const struct render_input input = input_of(canvas);
	(void)state;
	assert_int_equal(render_canvas(types, &input, &arena, &r, &diags), -1);
	assert_string_equal(diags.items[0].rule, "resource-address");
	assert_string_equal(
		diags.items[0].message, "two resources would have the address aws_instance.a__2");
	render_types_free(types);
}

/* Every key of every type has a doc, every expression compiles, every template too. */
static void built_in_types_are_sound(void **state)
{
	AUTO_DIAGS diags = {0};
	struct render_types *types = render_types_load(&diags);
	size_t count = 0;
	(void)state;
	for (const char *name; (name = render_type_name(types, count)); count++) {
		AUTO_ARENA arena = {0};
		AUTO_STR text = STR_INIT;
		AUTO_DIAGS spec_diags = {0};
		AUTO_DIAGS found = {0};
		str_addf(&text,
			HEAD "  nodes:\n    - {id: a, type: resource, data: {resourceType: "
			     "%s}}\n",
			name);
		const struct spec *canvas =
			golden_spec(&arena, "canvas.yaml", text.data, &spec_diags);
		golden_print(&spec_diags);
		const struct render_input input = input_of(canvas);
		render_check_canvas(types, &input, &found);
		for (size_t i = 0; i < found.count; i++)
			if (!str_eq(found.items[i].rule, "config-required") &&
				!str_eq(found.items[i].rule, "config-check"))
				fail_msg("%s alone: %s [%s]", name, found.items[i].message,
					found.items[i].rule);
	}
	assert_int_equal(diags.count, 0);
	assert_true(count >= 5);
	render_types_free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagnostics),
		cmocka_unit_test(values_that_config_knows),
		cmocka_unit_test(order_changes_nothing),
		cmocka_unit_test(values_from_other_canvases),
		cmocka_unit_test(secrets_are_variables),
		cmocka_unit_test(addresses_that_meet),
		cmocka_unit_test(built_in_types_are_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
