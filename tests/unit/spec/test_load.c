/* Protects: decoding of good specs into structures: values, defaults, places, canonical form. */
#include "check.h"

#include "base/str.h"
#include "format/emit.h"
#include "spec/spec.h"
#include "spec/value.h"

struct fixture {
	struct arena arena;
	struct diag_list diags;
	struct src src;
};

static struct spec *load(struct fixture *f, const char *path, const char *text)
{
	f->src = (struct src){path, text, strlen(text)};
	struct spec *spec = spec_load(&f->arena, &f->src, &f->diags);
	for (size_t i = 0; i < f->diags.count; i++)
		print_message("# %s:%u:%u: %s [%s]\n", path, f->diags.items[i].line,
			f->diags.items[i].col, f->diags.items[i].message, f->diags.items[i].rule);
	return spec;
}

static void done(struct fixture *f)
{
	diag_list_release(&f->diags);
	arena_release(&f->arena);
}

static const char role_text[] = "apiVersion: trueup/v1\n"
				"kind: Role\n"
				"metadata: {name: web-team, labels: {team: web}}\n"
				"spec:\n"
				"  account: \"012345678901\"\n"
				"  region: eu-west-1\n"
				"  allowedServices: [EC2, RDS]\n"
				"  allowedInstanceTypes: [t3.*]\n"
				"  permissions: {manageRoles: true}\n"
				"  members: [os:alice, github:bob]\n"
				"  credentials:\n"
				"    assumeRole:\n"
				"      roleArn: arn:aws:iam::012345678901:role/deploy\n"
				"      externalId: shop-1\n"
				"      duration: 30m\n";

static void reads_role(void **state)
{
	(void)state;
	struct fixture f = {0};
	struct spec *spec = load(&f, "roles/web-team.yaml", role_text);
	assert_int_equal(f.diags.count, 0);
	assert_non_null(spec);
	assert_int_equal(spec->kind, KIND_ROLE);
	assert_string_equal(spec->key, "role/web-team");
	assert_int_equal(spec->label_count, 1);
	assert_string_equal(spec->labels[0].value, "web");
	const struct role *role = spec->role;
	assert_string_equal(role->account.text, "012345678901");
	assert_int_equal(role->account.pos.line, 5);
	assert_string_equal(role->partition, "aws");
	assert_int_equal(role->allowed_services.count, 2);
	assert_int_equal(role->allowed_services.items[1].pos.col, 26);
	assert_true(role->permissions.deploy);
	assert_true(role->permissions.view_cost);
	assert_true(role->permissions.manage_roles);
	assert_int_equal(role->credentials.from, CREDENTIALS_ASSUME_ROLE);
	assert_string_equal(role->credentials.external_id, "shop-1");
	assert_int_equal(role->credentials.duration_s, 1800);
	assert_true(role->active);
	done(&f);
}

static const char canvas_text[] =
	"apiVersion: trueup/v1\n"
	"kind: Canvas\n"
	"metadata: {name: shop}\n"
	"spec:\n"
	"  nodes:\n"
	"    - id: web\n"
	"      type: resource\n"
	"      position: {x: 1, y: 2}\n"
	"      data:\n"
	"        config: {instanceType: t3.small, subnet: {from: canvas/core/a.b.id}}\n"
	"        resourceType: EC2\n"
	"    - {id: db, data: {resourceType: RDS, label: Database}}\n"
	"  edges: [{source: web, target: db}]\n"
	"  role: web-team\n"
	"  dependsOn: [canvas/core]\n"
	"  approval: {mode: manual, roles: [role/platform]}\n"
	"  deletionPolicy: retain\n"
	"  viewport: {zoom: 1}\n";

static void reads_canvas(void **state)
{
	(void)state;
	struct fixture f = {0};
	struct spec *spec = load(&f, "canvases/shop.yaml", canvas_text);
	assert_int_equal(f.diags.count, 0);
	const struct canvas *c = spec->canvas;
	assert_string_equal(c->engine, "terraform");
	assert_string_equal(c->environment, "default");
	assert_null(c->region.text);
	assert_int_equal(c->network.mode, NETWORK_NEW);
	assert_string_equal(c->network.cidr, "10.0.0.0/16");
	assert_int_equal(c->network.zone_count, 2);
	assert_string_equal(c->depends_on.items[0].text, "core");
	assert_int_equal(c->approval.mode, APPROVAL_MANUAL);
	assert_string_equal(c->approval.roles.items[0].text, "platform");
	assert_true(c->approval.not_self);
	assert_int_equal(c->approval.expires_ms, INT64_C(7) * 86400000);
	assert_int_equal(c->deletion, DELETION_RETAIN);
	assert_int_equal(c->node_count, 2);
	assert_string_equal(c->nodes[0].label, "web");
	assert_int_equal(c->nodes[0].config_pos.line, 10);
	assert_string_equal(c->nodes[1].label, "Database");
	assert_null(c->nodes[1].config);
	assert_string_equal(c->edges[0].target.text, "db");

	size_t count;
	struct value_ref *refs = spec_canvas_refs(&f.arena, c, &count);
	assert_int_equal(count, 1);
	assert_int_equal(refs[0].kind, VALUE_FROM);
	assert_string_equal(refs[0].canvas, "core");
	assert_string_equal(refs[0].node, "a.b");
	assert_string_equal(refs[0].output, "id");
	assert_string_equal(refs[0].config_key, "subnet");
	assert_ptr_equal(refs[0].owner, &c->nodes[0]);
	done(&f);
}

/* Order of keys, nodes and edges, and layout do not count; a value does. */
static void digest_form_ignores_layout(void **state)
{
	(void)state;
	static const char same[] = "apiVersion: trueup/v1\n"
				   "kind: Canvas\n"
				   "metadata: {name: shop, renamedFrom: blog}\n"
				   "spec:\n"
				   "  role: web-team\n"
				   "  deletionPolicy: retain\n"
				   "  approval: {roles: [role/platform], mode: manual}\n"
				   "  dependsOn: [canvas/core]\n"
				   "  nodes:\n"
				   "    - {data: {label: Database, resourceType: RDS}, id: db}\n"
				   "    - id: web\n"
				   "      position: {x: 7, y: 2}\n"
				   "      data:\n"
				   "        resourceType: EC2\n"
				   "        config: {subnet: {from: canvas/core/a.b.id}, "
				   "instanceType: t3.small}\n"
				   "  edges: [{target: db, source: web}]\n";
	struct fixture f = {0}, g = {0};
	AUTO_STR a = STR_INIT;
	AUTO_STR b = STR_INIT;
	struct spec *one = load(&f, "canvases/shop.yaml", canvas_text);
	struct spec *two = load(&g, "canvases/shop.yaml", same);
	emit_canonical(spec_canonical(&f.arena, one, SPEC_CANONICAL_DIGEST), &a);
	emit_canonical(spec_canonical(&g.arena, two, SPEC_CANONICAL_DIGEST), &b);
	assert_string_equal(a.data, b.data);
	str_clear(&a);
	emit_canonical(one->doc, &a);
	assert_non_null(strstr(a.data, "\"viewport\""));
	/* Kept or made when asked for: the same texts. */
	assert_string_equal(spec_json(&f.arena, one, SPEC_CANONICAL_PLAIN), a.data);
	spec_keep_json(&f.arena, one);
	assert_string_equal(one->json, a.data);
	assert_string_equal(one->digest_json, b.data);
	assert_ptr_equal(spec_json(&f.arena, one, SPEC_CANONICAL_DIGEST), one->digest_json);
	done(&f);
	done(&g);
}

static void reads_bare_canvas(void **state)
{
	(void)state;
	struct fixture f = {0};
	struct spec *spec = load(&f, "canvases/blog.json",
		"{\"nodes\":[{\"id\":\"n1\",\"type\":\"resource\",\"position\":{\"x\":0,\"y\":0},"
		"\"data\":{\"resourceType\":\"S3\",\"label\":\"Files\",\"config\":{}}}],"
		"\"edges\":[],\"viewport\":{\"x\":0,\"y\":0,\"zoom\":1}}");
	assert_int_equal(f.diags.count, 0);
	assert_string_equal(spec->key, "canvas/blog");
	assert_null(spec->canvas->role.text);
	AUTO_STR out = STR_INIT;
	emit_canonical(spec->doc, &out);
	assert_non_null(strstr(out.data, "\"apiVersion\":\"trueup/v1\""));
	/* What is stored can be decoded again. */
	done(&f);
}

static void classes_paths(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum spec_path_class class;
	} cases[] = {
		{"trueup.yaml", SPEC_PATH_CONFIG},
		{"roles/web-team.yaml", SPEC_PATH_ROLES},
		{"roles/a/b.yml", SPEC_PATH_ROLES},
		{"canvases/shop.json", SPEC_PATH_CANVASES},
		{"canvases/README.md", SPEC_PATH_IGNORED},
		{"canvases/.hidden.yaml", SPEC_PATH_IGNORED},
		{"runbooks/PatchPrep.md", SPEC_PATH_RUNBOOKS},
		{"runbooks/PatchPrep/notes.md", SPEC_PATH_IGNORED},
		{"runbooks/PatchPrep.yaml", SPEC_PATH_ELSEWHERE},
		{"runbooks/.draft.md", SPEC_PATH_IGNORED},
		{"runs/x.yaml", SPEC_PATH_RUNS},
		{"requests/x.yaml", SPEC_PATH_REQUESTS},
		{"templates/x/type.yaml", SPEC_PATH_ELSEWHERE},
		{"other/roles/x.yaml", SPEC_PATH_ELSEWHERE},
		{"main.tf", SPEC_PATH_IGNORED},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(spec_path_class(cases[i].path), cases[i].class);
}

static void sniffs(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool spec;
	} cases[] = {
		{"apiVersion: trueup/v1\nkind: Role\n", true},
		{"\xef\xbb\xbf"
		 "apiVersion: trueup/v1\n",
			true},
		{"# c\nkind: Role\r\napiVersion:   'trueup/v2'\r\n", true},
		{"{\"kind\": \"Role\", \"apiVersion\":\n \"trueup/v1\"}", true},
		{"apiVersion: apps/v1\nkind: Deployment\n", false},
		{"data:\n  apiVersion: trueup/v1\n", false},
		{"text: about apiVersion: trueup/v1\n", false},
		{"", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(spec_sniff(cases[i].text, strlen(cases[i].text)), cases[i].spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_role),
		cmocka_unit_test(reads_canvas),
		cmocka_unit_test(digest_form_ignores_layout),
		cmocka_unit_test(reads_bare_canvas),
		cmocka_unit_test(classes_paths),
		cmocka_unit_test(sniffs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
