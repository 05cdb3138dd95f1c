/*
 * Protects: schemas/ and docs/specs.md are what the field tables say (run with TRUEUP_REGEN=1 to
 * write them anew), the tables are whole, `explain` finds every field, patterns agree with checks.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "format/emit.h"
#include "spec/explain.h"
#include "spec/field.h"

#include <regex.h>

static void compare_file(const char *path, const struct str *text)
{
	AUTO_ERR err = NULL;
	AUTO_STR have = STR_INIT;
	if (getenv("TRUEUP_REGEN"))
		assert_int_equal(
			fs_write_if_changed(path, text->data, text->len, 0644, NULL, &err), 0);
	if (fs_read(path, 4 * 1024 * 1024, &have, &err) < 0)
		fail_msg("%s", err->message);
	if (strcmp(have.data, text->data) != 0)
		fail_msg("%s is not what the field tables give: run this test with TRUEUP_REGEN=1",
			path);
}

static void schema_file(const char *path, const struct node *schema)
{
	AUTO_STR text = STR_INIT;
	emit_json(schema, &text);
	if (text.len && text.data[text.len - 1] != '\n')
		str_addc(&text, '\n');
	compare_file(path, &text);
}

static void schemas_have_not_drifted(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	schema_file("schemas/config.json", spec_schema(&arena, KIND_CONFIG));
	schema_file("schemas/role.json", spec_schema(&arena, KIND_ROLE));
	schema_file("schemas/canvas.json", spec_schema(&arena, KIND_CANVAS));
	schema_file("schemas/server.json", spec_schema_server(&arena));
	schema_file("schemas/trueup.json", spec_schema_all(&arena));
}

static void docs_have_not_drifted(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	spec_docs(&text);
	compare_file("docs/specs.md", &text);
}

static void check_table(struct arena *arena, const struct field_table *t, const char *path)
{
	assert_true(t->count <= 64);
	assert_non_null(t->doc);
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		AUTO_STR full = STR_INIT;
		AUTO_ERR err = NULL;
		str_addf(&full, "%s.%s", path, f->key);
		assert_non_null(f->doc);
		assert_ptr_equal(field_find(t, f->key), f);
		if (f->type != FIELD_LAYOUT)
			assert_non_null(f->example);
		const struct node *explained = spec_explain(arena, full.data, &err);
		assert_non_null(explained);
		assert_string_equal(node_text(node_get(explained, "path")), full.data);
		if (f->table)
			check_table(arena, f->table, full.data);
	}
}

static void every_field_is_explained(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	for (enum spec_kind k = 0; k < KIND_COUNT; k++) {
		if (!spec_kind_supported(k))
			continue;
		AUTO_STR metadata = STR_INIT;
		str_addf(&metadata, "%s.metadata", spec_kind_name(k));
		check_table(&arena, field_table_of(k), spec_kind_name(k));
		check_table(&arena, field_metadata(k), metadata.data);
	}
}

static void explains_in_words(void **state)
{
	(void)state;
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	spec_explain_text(spec_explain(&arena, "Role.spec.account", &err), 80, &text);
	assert_string_equal(text.data,
		"role.account  account id\n"
		"\n"
		"  The AWS account that canvases of this role live in. In quotes: an account id\n"
		"  without them is a number and loses its zeros.\n"
		"  form: 12 digits in quotes, as in \"123456789012\"\n"
		"  required\n"
		"  example: \"123456789012\"\n");
	assert_null(spec_explain(&arena, "canvas.networks", &err));
	assert_string_equal(
		err->message, "Canvas has no field 'networks': did you mean 'network'?");
}

static void patterns_agree_with_checks(void **state)
{
	(void)state;
	static const struct grammar *const grammars[] = {&grammar_name, &grammar_account,
		&grammar_region, &grammar_zone, &grammar_arn_role, &grammar_vpc, &grammar_subnet,
		&grammar_actor, &grammar_canvas, &grammar_role, &grammar_glob, &grammar_currency,
		&grammar_external_id, &grammar_session, &grammar_env_prefix, &grammar_word};
	static const char *const texts[] = {"", "a", "-", "a-", "-a", "a-b", "A", "a_b", "7",
		"web-team", "123456789012", "12345678901", "1234567890123", "12345678901a",
		"eu-west-1", "eu-west-", "eu-west", "eu--1", "us-gov-east-1", "e-west-1",
		"euwe-west-1", "eu-west-123", "eu-west-1a", "eu-west-1A", "eu-west-1ab",
		"cn-north-1", "arn:aws:iam::123456789012:role/x",
		"arn:aws:iam::123456789012:role/a/b", "arn:aws:iam::123456789012:role/",
		"arn:aws:iam::123456789012:role/a/", "arn:aws-cn:iam::123456789012:role/x",
		"arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x", "vpc-01234567",
		"vpc-0123456789abcdef0", "vpc-0123456", "vpc-0123456789ABCDEF0", "subnet-01234567",
		"subnet-0123456g", "os:alice", "os:", "github:a-b", "ldap:x",
		"github:dependabot[bot]", "canvas/core", "canvas/", "canvas/A", "role/web-team",
		"role/", "t3.*", "t3 *", "m5.[l]arge", "USD", "usd", "USDX", "ab", "a b", "x=y",
		"a:b/c", "_x", "9x", "A_1", "a.b@c", "a\nb"};
	for (size_t g = 0; g < ARRAY_LEN(grammars); g++) {
		regex_t re;
		assert_int_equal(regcomp(&re, grammars[g]->pattern, REG_EXTENDED | REG_NOSUB), 0);
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			const bool by_pattern = regexec(&re, texts[i], 0, NULL, 0) == 0;
			const bool by_check = grammars[g]->ok(texts[i], strlen(texts[i]));
			if (by_pattern != by_check)
				fail_msg("%s: '%s': pattern %d, check %d", grammars[g]->what,
					texts[i], by_pattern, by_check);
		}
		regfree(&re);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemas_have_not_drifted),
		cmocka_unit_test(docs_have_not_drifted),
		cmocka_unit_test(every_field_is_explained),
		cmocka_unit_test(explains_in_words),
		cmocka_unit_test(patterns_agree_with_checks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
