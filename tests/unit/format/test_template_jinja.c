/*
 * Protects: the template language gives what Jinja2 gives on the same input, character by
 * character, and fails where Jinja2 fails. The table is made by tests/data/jinja/generate.py.
 */
#include "check.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "format/template.h"
#include "format/yaml.h"

static bool load(void *data, const char *name, const char **ret_text, size_t *ret_len)
{
	const struct node *text = node_get(data, name);
	if (!text)
		return false;
	*ret_text = text->text;
	*ret_len = text->len;
	return true;
}

static bool run_case(const struct node *table, const struct node *one, struct str *why)
{
	const struct node *template = node_get(one, "template");
	const struct src src = {"case", template->text, template->len};
	AUTO_DIAGS diags = {0};
	AUTO_STR out = STR_INIT;
	struct tmpl *t =
		tmpl_compile(&src, TMPL_ESCAPE_NONE, load, node_get(table, "includes"), &diags);
	const int r = t ? tmpl_render(t, node_get(table, "context"), &out, &diags) : -1;
	tmpl_free(t);
	const struct node *expected = node_get(one, "expected");
	str_addf(why, "%s: %s\n", node_text(node_get(one, "group")), template->text);
	if (diags.count)
		str_addf(why, "  %u:%u: %s\n", diags.items[0].line, diags.items[0].col,
			diags.items[0].message);
	if (!expected) {
		str_addf(why, "  no error, but: %s\n", out.data);
		return r < 0 && diags.errors == 1 && out.len == 0;
	}
	str_addf(why, "  expected: %s\n  got:      %s\n", expected->text, out.data);
	return r == 0 && diags.count == 0 && out.len == expected->len &&
	       !memcmp(out.data, expected->text, out.len);
}

static void gives_what_jinja2_gives(void **state)
{
	(void)state;
	AUTO_STR text = STR_INIT;
	AUTO_ERR err = NULL;
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	assert_int_equal(fs_read("tests/data/jinja/cases.json", 1 << 22, &text, &err), 0);
	const struct src src = {"cases.json", text.data, text.len};
	const struct node *table = json_parse(&arena, &src, &diags);
	assert_non_null(table);
	const struct node *cases = node_get(table, "cases");
	size_t failed = 0, ran = 0;
	SEQ_FOREACH (cases, i, one) {
		AUTO_STR why = STR_INIT;
		ran++;
		if (!run_case(table, one, &why)) {
			failed++;
			print_error("%s", why.data);
		}
	}
	assert_int_equal(failed, 0);
	assert_true(ran >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_jinja2_gives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
