/* Protects: canonical text: order, comments kept, idempotence, and that nothing changes meaning. */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "spec/fmt.h"

#include <dirent.h>

static enum fmt_result format(const char *path, const char *text, struct str *out)
{
	AUTO_DIAGS diags = {0};
	const char *why = NULL;
	const struct src src = {path, text, strlen(text)};
	return spec_format(&src, out, &why, &diags);
}

static const char before[] =
	"# About the shop\n"
	"kind: Canvas   # what\n"
	"apiVersion:   'trueup/v1'\n"
	"metadata: { name: \"shop\" }\n"
	"\n"
	"\n"
	"spec:\n"
	"    nodes:\n"
	"    # the web server\n"
	"    - data:\n"
	"        config: {userData: \"a # no comment\", list: [1,  2] } # sizes\n"
	"        resourceType: EC2\n"
	"      id: web\n"
	"    - id: db # data\n"
	"      data:\n"
	"        resourceType: RDS\n"
	"        config:\n"
	"          script: |\n"
	"            #!/bin/sh\n"
	"            echo 'x'\n"
	"          mode: \"0644\"\n"
	"\n"
	"    role: web-team\n"
	"# the end\n";

static const char after[] =
	"apiVersion: trueup/v1\n"
	"# About the shop\n"
	"kind: Canvas  # what\n"
	"metadata: {name: shop}\n"
	"\n"
	"spec:\n"
	"  role: web-team\n"
	"  nodes:\n"
	"    # the web server\n"
	"    - id: web\n"
	"      data:\n"
	"        resourceType: EC2\n"
	"        config: {userData: \"a # no comment\", list: [1, 2]}  # sizes\n"
	"    - id: db  # data\n"
	"      data:\n"
	"        resourceType: RDS\n"
	"        config:\n"
	"          script: |\n"
	"            #!/bin/sh\n"
	"            echo 'x'\n"
	"          mode: \"0644\"\n"
	"# the end\n";

static void orders_and_keeps_comments(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	assert_int_equal(format("canvases/shop.yaml", before, &out), FMT_DONE);
	assert_string_equal(out.data, after);
	AUTO_STR again = STR_INIT;
	assert_int_equal(format("canvases/shop.yaml", out.data, &again), FMT_DONE);
	assert_string_equal(again.data, after);
}

static void leaves_what_it_cannot_keep(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	assert_int_equal(format("roles/r.yaml",
				 "apiVersion: trueup/v1\nkind: Role\nmetadata: {name: r}\nspec:\n"
				 "  account: &a \"123456789012\"\n  region: eu-west-1\n"
				 "  allowedServices: [EC2]\n  description: *a\n",
				 &out),
		FMT_LEFT);
	assert_int_equal(format("roles/r.yaml", "kind: Role\n", &out), FMT_INVALID);
	assert_int_equal(out.len, 0);
}

static int is_spec(const struct dirent *e)
{
	return str_ends(e->d_name, ".yaml") || str_ends(e->d_name, ".json");
}

/* Every good golden spec: formatting twice gives the same as once. */
static void is_idempotent(void **state)
{
	(void)state;
	struct dirent **entries;
	const int count = scandir("tests/golden/specs/good", &entries, is_spec, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		AUTO_ERR err = NULL;
		AUTO_STR text = STR_INIT;
		AUTO_STR once = STR_INIT;
		AUTO_STR twice = STR_INIT;
		AUTO_FREE char *path = path_join("tests/golden/specs/good", entries[i]->d_name);
		assert_int_equal(fs_read(path, 1024 * 1024, &text, &err), 0);
		if (format(path, text.data, &once) == FMT_DONE) {
			assert_int_equal(format(path, once.data, &twice), FMT_DONE);
			assert_string_equal(once.data, twice.data);
		}
		free(entries[i]);
	}
	free((void *)entries);
}

static void json_gets_its_envelope(void **state)
{
	(void)state;
	AUTO_STR out = STR_INIT;
	assert_int_equal(format("canvases/b.json", "{\"edges\":[],\"nodes\":[]}", &out), FMT_DONE);
	assert_string_equal(out.data,
		"{\n  \"apiVersion\": \"trueup/v1\",\n  \"kind\": \"Canvas\",\n"
		"  \"metadata\": {\n    \"name\": \"b\"\n  },\n"
		"  \"spec\": {\n    \"nodes\": [],\n    \"edges\": []\n  }\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_and_keeps_comments),
		cmocka_unit_test(leaves_what_it_cannot_keep),
		cmocka_unit_test(is_idempotent),
		cmocka_unit_test(json_gets_its_envelope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
