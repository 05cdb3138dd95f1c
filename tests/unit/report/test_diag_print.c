/*
 * Protects: the form of diagnostics that editors, GitHub and code scanning read, and that the
 * caret stands under what it means whatever the line holds.
 */
#include "check.h"

#include "base/str.h"
#include "format/emit.h"
#include "format/node.h"
#include "report/diag_print.h"
#include "unit/report/capture.h"

static struct diag *add(
	struct diag_list *list, const char *text, uint32_t line, uint32_t col, const char *message)
{
	const struct src src = {"canvases/shop.yaml", text, strlen(text)};
	return diag_error(list, "role-service", ((struct pos){&src, line, col}), "%s", message);
}

static void prints_as_compilers_do(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	const struct src roles = {"roles/web-team.yaml", "", 0};
	struct diag *d = add(&list, "a:\n        resourceType: ELASTICACHE\n", 2, 23,
		"role 'web-team' may not use ELASTICACHE");
	diag_hint(&list, d, "allowed: %s", "ALB, EC2");
	diag_related(&list, d, (struct pos){&roles, 9, 20}, "%s", "");
	AUTO_CAPTURE c;
	capture_begin(&c);
	diag_print(&c.term, "text", "validate", &list);
	assert_string_equal(captured(&c),
		"canvases/shop.yaml:2:23: error: role 'web-team' may not use ELASTICACHE "
		"[role-service]\n"
		"    2 |         resourceType: ELASTICACHE\n"
		"      |                       ^~~~~~~~~~~\n"
		"   allowed: ALB, EC2   (roles/web-team.yaml:9:20)\n"
		"1 error in 1 file\n");
}

static void puts_the_caret_right(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		uint32_t col;
		const char *source, *caret;
	} rows[] = {
		{"\tkey: value", 7, "\tkey: value", "\t     ^~~~~"},
		{"\xe4\xb8\xad: bad", 4, "\xe4\xb8\xad: bad", "    ^~~"},
		{"a: \xe4\xb8\xad\xe6\x96\x87", 4, "a: \xe4\xb8\xad\xe6\x96\x87", "   ^~~~"},
		{"a: \x1b[2J b", 9, "a: \\x1b[2J b", "           ^"},
		{"a", 1, "a", "^"},
		{"a", 9, "a", " ^"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_DIAGS list = {0};
		(void)add(&list, rows[i].line, 1, rows[i].col, "wrong");
		AUTO_CAPTURE c;
		capture_begin(&c);
		diag_print_text(&c.term, &list);
		AUTO_STR wanted = STR_INIT;
		str_addf(&wanted,
			"canvases/shop.yaml:1:%u: error: wrong [role-service]\n    1 | %s\n      | "
			"%s\n",
			rows[i].col, rows[i].source, rows[i].caret);
		assert_string_equal(captured(&c), wanted.data);
	}
}

static void sums_up(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	const struct src a = {"a.yaml", "x", 1}, b = {"b.yaml", "x", 1};
	(void)diag_error(&list, "r", ((struct pos){&a, 1, 1}), "one");
	(void)diag_error(&list, "r", ((struct pos){&b, 1, 1}), "two");
	(void)diag_warning(&list, "r", ((struct pos){&a, 1, 1}), "three");
	AUTO_CAPTURE c;
	capture_begin(&c);
	diag_print_summary(&c.term, &list);
	assert_string_equal(captured(&c), "2 errors, 1 warning in 2 files\n");

	AUTO_DIAGS none = {0};
	AUTO_CAPTURE empty;
	capture_begin(&empty);
	diag_print(&empty.term, "text", "validate", &none);
	assert_string_equal(captured(&empty), "");
}

static void counts_what_it_does_not_keep(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	for (int i = 0; i < DIAG_MAX + 5; i++)
		(void)diag_error(&list, "r", ((struct pos){0}), "m");
	AUTO_CAPTURE c;
	capture_begin(&c);
	diag_print(&c.term, "text", "validate", &list);
	assert_non_null(strstr(captured(&c), "... and 5 more that are not shown\n1005 errors\n"));
}

static void annotates_for_github(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	const struct src src = {"a,b:c%.yaml", "x", 1};
	struct diag *d = diag_warning(&list, "r", ((struct pos){&src, 1, 1}), "100%%\n::error::x");
	diag_hint(&list, d, "do: this");
	AUTO_CAPTURE c;
	capture_begin(&c);
	diag_print(&c.term, "github", "validate", &list);
	assert_string_equal(captured(&c), "::warning file=a%2Cb%3Ac%25.yaml,line=1,col=1,title=r::"
					  "100%25%0A::error::x%0Ado: this\n");
}

static void is_json(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	struct diag *d = add(&list, "a: b\n", 1, 4, "wrong \x1b");
	diag_hint(&list, d, "right");
	AUTO_ARENA arena = {0};
	AUTO_STR out = STR_INIT;
	emit_canonical(diag_to_node(&arena, &list), &out);
	assert_string_equal(out.data,
		"[{\"column\":4,\"hint\":\"right\",\"line\":1,\"message\":\"wrong \\u001b\","
		"\"path\":\"canvases/shop.yaml\",\"rule\":\"role-service\",\"severity\":\"error\","
		"\"width\":1}]");
}

static void is_sarif(void **state)
{
	(void)state;
	AUTO_DIAGS list = {0};
	(void)add(&list, "a: b\n", 1, 4, "wrong");
	(void)add(&list, "a: b\n", 1, 1, "again");
	list.items[0].path = "with blank/\xc3\xa9.yaml";
	AUTO_ARENA arena = {0};
	const struct node *log = diag_to_sarif(&arena, &list);
	assert_string_equal(node_text(node_get(log, "version")), "2.1.0");
	const struct node *run = node_get(log, "runs")->seq.items[0];
	const struct node *rules = node_get(node_get(node_get(run, "tool"), "driver"), "rules");
	assert_int_equal(rules->seq.count, 1); /* each rule once */
	const struct node *result = node_get(run, "results")->seq.items[0];
	const struct node *place =
		node_get(node_get(result, "locations")->seq.items[0], "physicalLocation");
	assert_string_equal(node_text(node_get(node_get(place, "artifactLocation"), "uri")),
		"with%20blank/%C3%A9.yaml");
	assert_int_equal(node_get(node_get(place, "region"), "endColumn")->integer, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_compilers_do),
		cmocka_unit_test(puts_the_caret_right),
		cmocka_unit_test(sums_up),
		cmocka_unit_test(counts_what_it_does_not_keep),
		cmocka_unit_test(annotates_for_github),
		cmocka_unit_test(is_json),
		cmocka_unit_test(is_sarif),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
