/*
 * Protects: what counts as a change of an object (the digest), what a spec refers to, and that
 * checks across files stay linear and use no stack on long chains. Messages are in test_golden.c.
 */
#include "check.h"
#include "tree.h"

#include "base/mem.h"

#define ROLE(more)                                                                                 \
	"=== roles/web.yaml\napiVersion: trueup/v1\nkind: Role\nmetadata: {name: web}\nspec:\n"    \
	"  account: \"123456789012\"\n  region: eu-west-1\n  allowedServices: [EC2, S3]\n" more
#define CANVAS(more)                                                                               \
	"=== canvases/shop.yaml\napiVersion: trueup/v1\nkind: Canvas\nmetadata: {name: shop}\n"    \
	"spec:\n  role: web\n  nodes:\n    - {id: a, data: {resourceType: EC2}}\n" more
#define CONFIG(more)                                                                               \
	"=== trueup.yaml\napiVersion: trueup/v1\nkind: Config\nspec:\n  apply: auto\n" more

static void digest_of(const char *text, const char *renderer, char ret[DIGEST_HEX])
{
	AUTO_TREE t = {0};
	tree_load(&t, "x.yaml", text, strlen(text));
	const struct spec *config = tree_find(&t, "config");
	const struct spec_digest_input input = {
		.spec = tree_find(&t, "canvas/shop"),
		.role = ((const struct spec *)tree_find(&t, "role/web"))->role,
		.config = config ? config->config : NULL,
		.renderer = renderer,
	};
	spec_digest(&input, ret);
}

/* The document that a digest is taken over, byte by byte: another one would plan everything anew.
 */
static void digest_is_of_one_document(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_TREE t = {0};
	static const char text[] = ROLE("") CANVAS("");
	tree_load(&t, "x.yaml", text, strlen(text));
	const struct spec *spec = tree_find(&t, "canvas/shop");
	const char *whole = arena_concat(&arena,
		"{\"config\":{\"providerVersion\":\"~> 5.100\"},\"files\":{},\"renderer\":\"7\","
		"\"role\":{\"account\":\"123456789012\",\"credentials\":\"default\","
		"\"partition\":\"aws\",\"region\":\"eu-west-1\"},\"spec\":",
		spec_json(&arena, spec, SPEC_CANONICAL_DIGEST), "}", NULL);
	char want[DIGEST_HEX], got[DIGEST_HEX];
	digest_hex(whole, strlen(whole), want);
	digest_of(text, "7", got);
	assert_string_equal(got, want);
}

static void digest_counts_what_matters(void **state)
{
	(void)state;
	static const struct {
		const char *text, *renderer;
		bool same;
	} cases[] = {
		{ROLE("") CANVAS("  engine: terraform\n"), "1",
			false}, /* written is not left out */
		{ROLE("  description: x\n  members: [os:a]\n") CANVAS(""), "1", true},
		{ROLE("  active: false\n  allowedInstanceTypes: [t3.*]\n") CANVAS(""), "1", true},
		{ROLE("") CANVAS("  viewport: {x: 1}\n"), "1", true},
		{ROLE("") CANVAS("  # a comment\n"), "1", true},
		{ROLE("") CANVAS("") CONFIG(""), "1", true},
		{ROLE("") CANVAS("") CONFIG("  engines: {terraform: {timeout: 2h}}\n"), "1", true},
		{ROLE("") CANVAS("") CONFIG("  engines: {terraform: {providerVersion: 5.101.0}}\n"),
			"1", false},
		{ROLE("  credentials: {profile: p}\n") CANVAS(""), "1", false},
		{ROLE("") CANVAS("  protect: true\n"), "1", false},
		{ROLE("") CANVAS("  region: eu-central-1\n"), "1", false},
		{ROLE("") CANVAS(""), "2", false},
	};
	char base[DIGEST_HEX], other[DIGEST_HEX];
	digest_of(ROLE("") CANVAS(""), "1", base);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		digest_of(cases[i].text, cases[i].renderer, other);
		if (str_eq(base, other) != cases[i].same)
			fail_msg("case %zu: the digest should %s", i,
				cases[i].same ? "stay" : "change");
	}
}

static void assert_keys(const char *const *keys, const char *want)
{
	AUTO_STR text = STR_INIT;
	for (; *keys; keys++)
		str_addf(&text, "%s ", *keys);
	assert_string_equal(text.data, want);
}

static void lists_what_is_referred_to(void **state)
{
	(void)state;
	static const char text[] = ROLE("") CANVAS(
		"  dependsOn: [core, canvas/dns]\n  network: {from: core}\n"
		"  approval: {mode: manual, roles: [web, ops]}\n") "=== "
								   "canvases/"
								   "bare.json\n{\"nodes\": []}\n";
	AUTO_TREE t = {0};
	tree_load(&t, "x", text, strlen(text));
	const struct spec *shop = tree_find(&t, "canvas/shop"),
			  *bare = tree_find(&t, "canvas/bare");
	assert_keys(spec_needs(&t.arena, shop), "role/web role/ops canvas/core canvas/dns ");
	assert_keys(spec_waits_for(&t.arena, shop), "canvas/core canvas/dns ");
	assert_keys(spec_needs(&t.arena, bare), "role/* ");
	assert_keys(spec_waits_for(&t.arena, tree_find(&t, "role/web")), "");
	assert_string_equal(spec_role_of(bare, &t.finder)->key, "role/web");
}

/* A chain of canvases, each waiting for the next; the last for the first closes a circle. */
static void walks_long_chains(void **state)
{
	(void)state;
	enum { LENGTH = 5000 };
	AUTO_STR text = STR_INIT;
	AUTO_TREE t = {0};
	str_add(&text, ROLE(""));
	for (int i = 0; i < LENGTH; i++)
		str_addf(&text,
			"=== canvases/c%d.yaml\napiVersion: trueup/v1\nkind: Canvas\n"
			"metadata: {name: c%d}\nspec: {role: web, nodes: [], dependsOn: [c%d]}\n",
			i, i, (i + 1) % LENGTH);
	tree_load(&t, "x", text.data, text.len);
	assert_int_equal(t.diags.count, 1);
	assert_string_equal(t.diags.items[0].rule, "canvas-cycle");
	assert_non_null(strstr(t.diags.items[0].message, "(4988 more)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_is_of_one_document),
		cmocka_unit_test(digest_counts_what_matters),
		cmocka_unit_test(lists_what_is_referred_to),
		cmocka_unit_test(walks_long_chains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
