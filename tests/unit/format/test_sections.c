/*
 * Protects: which lines are headings and which are fences, to the line and column, in any bytes;
 * that nothing behind the last section is looked at; that YAML in a block has the places of its
 * file.
 */
#include "check.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/sections.h"

#include <stdio.h>

/* "Name@line[start,end)" of each section, with "{info start,end}" of each fence. */
static char *outline(const char *text, const char *last)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_STR out = STR_INIT;
	const struct src src = {"a.md", text, strlen(text)};
	struct sections s;
	assert_int_equal(sections_parse(&arena, &src, last, &s, &diags), 0);
	for (size_t i = 0; i < s.count; i++) {
		const struct section *x = &s.items[i];
		str_addf(&out, "%s%s@%u[%zu,%zu)", i ? " " : "", x->name, x->pos.line, x->start,
			x->end);
		for (size_t k = 0; k < x->fence_count; k++) {
			const struct fence *f = &x->fences[k];
			str_addf(&out, "{%c%zu%s%s@%u:%u %zu,%zu%s}", f->mark, f->width,
				f->glued ? "" : " ", f->info, f->pos.line, f->pos.col, f->start,
				f->end, f->closed ? "" : " open");
		}
	}
	if (s.unclosed)
		str_addf(&out, " unclosed@%u", s.unclosed->pos.line);
	return str_detach(&out);
}

static void headings_and_fences_are_found(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"no heading\n", ""},
		{"# A\n", "A@1[4,4)"},
		{"# A", "A@1[3,3)"},
		{"# A\nx\n# B\ny\n", "A@1[4,6) B@3[10,12)"},
		{"#\tA \t\r\nx", "A@1[7,8)"},
		{"# A b  c\n", "A b  c@1[9,9)"},
		{"#A\n## B\n # C\n#\n# \n# # x\n#  ## y\n", ""},
		{"# A #\n", "A #@1[6,6)"},
		{"#\xc2\xa0"
		 "A\xe2\x80\x83\n",
			"A@1[8,8)"},
		{"# A\n```\n# B\n```\n# C\n", "A@1[4,16){`3 @2:1 8,12} C@5[20,20)"},
		{"# A\n```yaml\nx\n```\n", "A@1[4,18){`3yaml@2:1 12,14}"},
		{"# A\n``` yaml x \nx\n```\n", "A@1[4,22){`3 yaml x@2:1 16,18}"},
		{"# A\n````sh\n```\nx\n```\n````\n", "A@1[4,26){`4sh@2:1 11,21}"},
		{"# A\n```sh\nx\n`````\n", "A@1[4,18){`3sh@2:1 10,12}"},
		{"# A\n```sh\nx\n``` y\n# B\n```\n", "A@1[4,26){`3sh@2:1 10,22}"},
		{"# A\n~~~sh\n```\n# B\n~~~\n", "A@1[4,22){~3sh@2:1 10,18}"},
		{"# A\n```\n~~~\n# B\n```\n# C\n", "A@1[4,20){`3 @2:1 8,16} C@6[24,24)"},
		{"# A\n``x``\n```a`b\n# B\n", "A@1[4,17) B@4[21,21)"},
		{"# A\n\t ```sh\n x\n  ```  \n", "A@1[4,23){`3sh@2:3 12,15}"},
		{"# A\n```sh\n# B\n", "A@1[4,14){`3sh@2:1 10,14 open} unclosed@2"},
		{"```\n# A\n", " unclosed@1"},
		{"```\n# A\n```\n# B\n", "B@4[16,16)"},
		{"# A\r\n```\r\nx\r\n```\r\n# B\r\n", "A@1[5,18){`3 @2:1 10,13} B@5[23,23)"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *got = outline(cases[i].text, NULL);
		assert_string_equal(got, cases[i].want);
	}
}

static void nothing_follows_the_last_section(void **state)
{
	static const char text[] = "# A\n# End\n```\n# B\n# End\n";
	(void)state;
	AUTO_FREE char *got = outline(text, "End");
	assert_string_equal(got, "A@1[4,4) End@2[10,24)");
	AUTO_FREE char *fenced = outline("# A\n```\n# End\n```\n# B\n# End\n# C\n", "End");
	assert_string_equal(fenced, "A@1[4,18){`3 @2:1 8,14} B@5[22,22) End@6[28,32)");
	/* The first line is the document's title, whatever it says. */
	AUTO_FREE char *title = outline("# End\n# B\n", "End");
	assert_string_equal(title, "End@1[6,6) B@2[10,10)");
}

static void sections_are_found_by_exact_name(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	static const char text[] = "# A\n# B\n \t\xc2\xa0\r\n# b\nx\n# B\ny\n";
	const struct src src = {"a.md", text, sizeof text - 1};
	struct sections s;
	(void)state;
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), 0);
	assert_ptr_equal(sections_find(&s, "B", 0), &s.items[1]);
	assert_ptr_equal(sections_find(&s, "B", 2), &s.items[3]);
	assert_null(sections_find(&s, "C", 0));
	assert_null(sections_find(&s, "B", 9));
	assert_true(section_blank(&s, &s.items[1]));
	assert_false(section_blank(&s, &s.items[2]));
}

static void blocks_go_by_their_info(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	static const char text[] = "# A\n~~~sh\n1\n~~~\n``` sh\n2\n```\n```SH\n3\n```\n"
				   "```sh {x}\n4\n```\n```sh  \n5\r\n6\r7\n```\n```sh\n8\n```\n";
	const struct src src = {"a.md", text, sizeof text - 1};
	struct sections s;
	(void)state;
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), 0);
	const struct fence *f = section_fence(&s.items[0], "sh");
	assert_non_null(f);
	assert_int_equal(f->pos.line, 14);
	assert_string_equal(fence_text(&arena, &s, f), "5\n6\r7\n");
	assert_null(section_fence(&s.items[0], "yaml"));
}

static void yaml_has_the_places_of_its_file(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	static const char text[] =
		"# A\n\n  ```yaml\n  a: 1\n  b: [x, y]\n  ```\n```yaml\na: 1\na: 2\n```\n";
	const struct src src = {"a.md", text, sizeof text - 1};
	struct sections s;
	(void)state;
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), 0);
	const struct node *map = fence_yaml(&arena, &s, &s.items[0].fences[0], &diags);
	assert_non_null(map);
	const struct node *y = node_get(map, "b")->seq.items[1];
	assert_string_equal(y->text, "y");
	assert_int_equal(y->pos.line, 5);
	assert_int_equal(y->pos.col, 10);
	assert_null(fence_yaml(&arena, &s, &s.items[0].fences[1], &diags));
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].path, "a.md");
	assert_int_equal(diags.items[0].line, 9);
	assert_string_equal(diags.items[0].source_line, "a: 2");
	assert_int_equal(diags.items[0].related_line, 8);
}

static void too_many_sections_are_refused(void **state)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	AUTO_STR text = STR_INIT;
	struct sections s;
	(void)state;
	for (int i = 0; i < SECTIONS_MAX; i++)
		str_add(&text, "# A\n");
	struct src src = {"a.md", text.data, text.len};
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), 0);
	str_add(&text, "# A\n");
	src = (struct src){"a.md", text.data, text.len};
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), -1);
	assert_string_equal(diags.items[0].rule, "markdown-limit");
	assert_int_equal(diags.items[0].line, SECTIONS_MAX + 1);

	str_clear(&text);
	for (int i = 0; i <= SECTIONS_MAX_FENCES; i++)
		str_add(&text, "```\n```\n");
	src = (struct src){"a.md", text.data, text.len};
	assert_int_equal(sections_parse(&arena, &src, NULL, &s, &diags), -1);
}

static void blanks_of_unicode_are_trimmed(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{" \t\v\f\r\n", ""},
		{"a", "a"},
		{"\xc2\x85 a b\xe2\x80\xa8\xe3\x80\x80", "a b"},
		{"\xc3\xa9", "\xc3\xa9"},
		{" \xff\xfe ", "\xff\xfe"},
		{"\x80\xa0 x \xa0", "\x80\xa0 x \xa0"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = cases[i].text;
		size_t len = strlen(text);
		blank_trim(&text, &len);
		assert_int_equal(len, strlen(cases[i].want));
		assert_memory_equal(text, cases[i].want, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_and_fences_are_found),
		cmocka_unit_test(nothing_follows_the_last_section),
		cmocka_unit_test(sections_are_found_by_exact_name),
		cmocka_unit_test(blocks_go_by_their_info),
		cmocka_unit_test(yaml_has_the_places_of_its_file),
		cmocka_unit_test(too_many_sections_are_refused),
		cmocka_unit_test(blanks_of_unicode_are_trimmed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
