/*
 * Protects: what a template prints is one value of the target language whatever the data is; the
 * places where that cannot be promised are refused; every mistake has its place and its words;
 * nothing runs for ever. What Jinja2 defines is in test_template_jinja.c.
 */
#include "check.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/template.h"

static bool load(void *data, const char *name, const char **ret_text, size_t *ret_len)
{
	(void)data;
	static const struct {
		const char *name, *text;
	} files[] = {
		{"line", "x = {{ v }}\n"},
		{"open", "x = \"{% if v %}\n"},
		{"self", "{% include \"self\" %}"},
		{"1", "{% include '2' %}"},
		{"2", "{% include '3' %}"},
		{"3", "{% include '4' %}"},
		{"4", "{% include '5' %}"},
		{"5", "{% include '6' %}"},
		{"6", "{% include '7' %}"},
		{"7", "{% include '8' %}"},
		{"8", "{% include '9' %}"},
		{"9", "end"},
		{"bad", "a\n {{ nope }}"},
		{"macros", "{% macro tag(k, v) %}{{ k }} = {{ v }}{% endmacro %}"},
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (!strcmp(files[i].name, name)) {
			*ret_text = files[i].text;
			*ret_len = strlen(files[i].text);
			return true;
		}
	}
	return false;
}

static struct node *make_context(struct arena *a, const char *v, size_t len)
{
	struct node *map = node_new_map(a);
	struct node *list = node_new_seq(a);
	struct node *inner = node_new_map(a);
	struct node *ref = node_new_ref(a, "aws_instance.web");
	node_seq_add(a, list, node_new_string(a, "a\"b"));
	node_seq_add(a, list, node_new_int(a, 2));
	node_seq_add(a, list, ref);
	node_map_set(a, inner, "k", node_new_string(a, "x"));
	node_map_set(a, inner, "a b", node_new_null(a));
	node_map_set(a, map, "v", node_new_stringn(a, v, len));
	node_map_set(a, map, "d", node_new_string(a, "$"));
	node_map_set(a, map, "dd", node_new_string(a, "$$"));
	node_map_set(a, map, "p", node_new_string(a, "100%"));
	node_map_set(a, map, "brace", node_new_string(a, "{evil}"));
	node_map_set(a, map, "list", list);
	node_map_set(a, map, "map", inner);
	node_map_set(a, map, "ref", ref);
	node_map_set(a, map, "yes", node_new_bool(a, true));
	node_map_set(a, map, "nothing", node_new_null(a));
	node_map_set(a, map, "n", node_new_int(a, 7));
	node_map_set(a, map, "f", node_new_float(a, 0.5));
	return map;
}

/* Renders into out; the first error as "line:col: message" if there is one. */
static bool render(enum tmpl_escape escape, const char *text, const char *v, struct str *out)
{
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct src src = {"t.j2", text, strlen(text)};
	struct tmpl *t = tmpl_compile(&src, escape, load, NULL, &diags);
	const struct node *context = make_context(&arena, v, strlen(v));
	const int r = t ? tmpl_render(t, context, out, &diags) : -1;
	tmpl_free(t);
	if (r < 0) {
		assert_true(diags.count > 0);
		const struct diag *d = &diags.items[0];
		str_clear(out);
		str_addf(out, "%s:%u:%u: %s [%s]", d->path, d->line, d->col, d->message, d->rule);
		if (d->hint)
			str_addf(out, " (%s)", d->hint);
	} else {
		assert_int_equal(diags.count, 0);
	}
	return r == 0;
}

struct escape_case {
	enum tmpl_escape escape;
	const char *template, *v, *expected;
};

static const struct escape_case escapes[] = {
	/* HCL literals */
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "plain", "a = \"plain\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "", "a = \"\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "say \"hi\" \\", "a = \"say \\\"hi\\\" \\\\\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "l1\nl2\r\tx", "a = \"l1\\nl2\\r\\tx\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "${file(\"/etc/passwd\")}",
		"a = \"$${file(\\\"/etc/passwd\\\")}\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "%{ for x in y }", "a = \"%%{ for x in y }\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "$${x}", "a = \"$\\u0024{x}\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "$$${x}", "a = \"$$\\u0024{x}\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "%${x}%%{y}", "a = \"%$${x}%\\u0025{y}\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "$5 100% $", "a = \"$5 100% $\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "\x01\x1b\x7f", "a = \"\\u0001\\u001b\\u007f\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "EOT\nEOT", "a = \"EOT\\nEOT\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "`id` $(id)", "a = \"`id` $(id)\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "gr\xc3\xb6\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80",
		"a = \"gr\xc3\xb6\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80\""},
	{TMPL_ESCAPE_HCL, "a = {{ v }}", "\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf",
		"a = \"\\u202e\\u2028\\ufeff\""},
	{TMPL_ESCAPE_HCL, "a = {{ list }}", "", "a = [\"a\\\"b\", 2, aws_instance.web]"},
	{TMPL_ESCAPE_HCL, "a = {{ map }}", "", "a = { \"k\" = \"x\", \"a b\" = null }"},
	{TMPL_ESCAPE_HCL, "a = {{ {'${x}': v} }}", "y", "a = { \"$${x}\" = \"y\" }"},
	{TMPL_ESCAPE_HCL, "a = {{ [] }} {{ {} }}", "", "a = [] {}"},
	{TMPL_ESCAPE_HCL, "{{ n }} {{ f }} {{ yes }} {{ nothing }}", "", "7 0.5 true null"},
	{TMPL_ESCAPE_HCL, "a = {{ v ~ '}' }}", "${x", "a = \"$${x}\""},
	{TMPL_ESCAPE_HCL, "a = {{ v|upper }}", "${x}", "a = \"$${X}\""},
	{TMPL_ESCAPE_HCL, "a = {{ map|tojson }}", "",
		"a = \"{\\\"a b\\\": null, \\\"k\\\": \\\"x\\\"}\""},
	/* HCL inside quotes */
	{TMPL_ESCAPE_HCL, "a = \"x-{{ v }}-y\"", "b\"\n${c}", "a = \"x-b\\\"\\n$${c}-y\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ n }}{{ f }}{{ yes }}\"", "", "a = \"70.5true\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ d }}{{ brace }}\"", "", "a = \"\\u0024{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ dd }}{{ brace }}\"", "", "a = \"$\\u0024{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ d }}{evil}\"", "", "a = \"\\u0024{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ p }}{evil}\"", "", "a = \"100\\u0025{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ d }}{{ v }}{{ brace }}\"", "", "a = \"\\u0024{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ d }}{{ v }}\"", "${x}", "a = \"$\\u0024{x}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ d }}{% if yes %}{{ brace }}{% endif %}\"", "",
		"a = \"\\u0024{evil}\""},
	{TMPL_ESCAPE_HCL, "a = \"{{ p }}\" {{ d }}", "", "a = \"100%\" \"$\""},
	/* references */
	{TMPL_ESCAPE_HCL, "a = {{ ref }}", "", "a = aws_instance.web"},
	{TMPL_ESCAPE_HCL, "a = {{ ref.id }} {{ ref[0].id }} {{ ref['k\"${x}'] }}", "",
		"a = aws_instance.web.id aws_instance.web[0].id aws_instance.web[\"k\\\"$${x}\"]"},
	{TMPL_ESCAPE_HCL, "a = \"arn:{{ ref.id }}:x\"", "", "a = \"arn:${aws_instance.web.id}:x\""},
	{TMPL_ESCAPE_HCL, "a = {{ [ref.a, {'k': ref.b}] }}", "",
		"a = [aws_instance.web.a, { \"k\" = aws_instance.web.b }]"},
	{TMPL_ESCAPE_HCL,
		"{{ ref == ref }} {{ ref is defined }} {{ 1 if ref else 2 }} "
		"{{ ref is reference }}",
		"", "true true 1 true"},
	/* what is no place for output looks like one only outside quotes */
	{TMPL_ESCAPE_HCL, "a = \"# {{ n }}\"", "", "a = \"# 7\""},
	{TMPL_ESCAPE_HCL, "a = \"\\\" // {{ n }} \\\\\"", "", "a = \"\\\" // 7 \\\\\""},
	{TMPL_ESCAPE_HCL, "a = \"${f(\"x\", {{ v }})}\"", "q", "a = \"${f(\"x\", \"q\")}\""},
	{TMPL_ESCAPE_HCL, "a = \"${ { k = {{ v }} }[\"k\"] } {{ v }}\"", "q",
		"a = \"${ { k = \"q\" }[\"k\"] } q\""},
	{TMPL_ESCAPE_HCL, "a = \"$${x}{{ n }}\"", "", "a = \"$${x}7\""},
	{TMPL_ESCAPE_HCL, "a = <<-EOT\n  ${x} \" #\n  EOT\nb = {{ v }}", "q",
		"a = <<-EOT\n  ${x} \" #\n  EOT\nb = \"q\""},
	{TMPL_ESCAPE_HCL, "# it's \"x\nb = {{ v }}", "q", "# it's \"x\nb = \"q\""},
	{TMPL_ESCAPE_HCL, "/* \" */ b = {{ v }} // x\n", "q", "/* \" */ b = \"q\" // x\n"},
	{TMPL_ESCAPE_HCL, "a = 1 / {{ n }}", "", "a = 1 / 7"},
	{TMPL_ESCAPE_HCL, "a = {% if yes %}\"{{ v }}\"{% else %}null{% endif %}", "q", "a = \"q\""},
	{TMPL_ESCAPE_HCL,
		"a = \"{% for x in [1, 2] %}{{ x }}{{ ',' if not loop.last }}{% endfor %}\"", "",
		"a = \"1,2\""},
	/* macros and includes give code */
	{TMPL_ESCAPE_HCL, "{% macro m(x) %}k = {{ x }}{% endmacro %}{{ m(v) }}", "${e}",
		"k = \"$${e}\""},
	{TMPL_ESCAPE_HCL, "{% macro m(x) %}k = {{ x }}{% endmacro %}a = {{ m(v)|upper }}", "e",
		"a = \"K = \\\"E\\\"\""},
	{TMPL_ESCAPE_HCL, "{% from 'macros' import tag %}{{ tag(ref, v) }}", "e",
		"aws_instance.web = \"e\""},
	{TMPL_ESCAPE_HCL, "{% include 'line' %}y", "${q}", "x = \"$${q}\"\ny"},
	/* JSON and YAML */
	{TMPL_ESCAPE_JSON, "{\"a\": {{ v }}}", "q\"\\\n\x01", "{\"a\": \"q\\\"\\\\\\n\\u0001\"}"},
	{TMPL_ESCAPE_JSON, "{\"a-{{ v }}\": {{ map }}}", "q\"\n",
		"{\"a-q\\\"\\n\": {\"k\": \"x\", \"a b\": null}}"},
	{TMPL_ESCAPE_JSON, "{{ [1, 0.5, true, none, v] }}", "${x}",
		"[1, 0.5, true, null, \"${x}\"]"},
	{TMPL_ESCAPE_JSON, "a: {{ v|tojson }}", "<x>", "a: \"\\u003cx\\u003e\""},
	{TMPL_ESCAPE_JSON, "a: {{ v }} # {note}\nb: 'it''s'\nc: {{ n }}", "x: #y",
		"a: \"x: #y\" # {note}\nb: 'it''s'\nc: 7"},
	/* Markdown */
	{TMPL_ESCAPE_MARKDOWN, "# {{ v }}", "*a* _b_ [c](d) `e` |f|",
		"# \\*a\\* \\_b\\_ \\[c\\]\\(d\\) \\`e\\` \\|f\\|"},
	{TMPL_ESCAPE_MARKDOWN, "{{ v }}", "<img src=x> & \"y\"",
		"&lt;img src=x&gt; &amp; &quot;y&quot;"},
	{TMPL_ESCAPE_MARKDOWN, "{{ v }}", "a\n# b\n- c", "a # b - c"},
	{TMPL_ESCAPE_MARKDOWN, "{{ v }}", " 1. x", " 1\\. x"},
	{TMPL_ESCAPE_MARKDOWN, "{{ v }}", "- x +", "\\- x +"},
	{TMPL_ESCAPE_MARKDOWN, "`{{ v }}` {{ v }}", "a`b|c\nd",
		"`a\xcb\x8b"
		"b\\|c d` a\\`b\\|c d"},
	{TMPL_ESCAPE_MARKDOWN, "```\n{{ v }}\n```\n", "x\n```\n*y*",
		"```\nx\n\xcb\x8b\xcb\x8b\xcb\x8b\n*y*\n```\n"},
	{TMPL_ESCAPE_MARKDOWN, "{{ v }} {{ yes }}", "\x1b[31mhttps://x",
		"\xef\xbf\xbd\\[31mhttps\\://x true"},
	/* shell */
	{TMPL_ESCAPE_SHELL, "echo {{ v }}", "a b", "echo 'a b'"},
	{TMPL_ESCAPE_SHELL, "echo {{ v }}", "it's $(id) `id` \"x\" \\ \n;",
		"echo 'it'\\''s $(id) `id` \"x\" \\ \n;'"},
	{TMPL_ESCAPE_SHELL, "echo {{ v }}", "", "echo ''"},
	{TMPL_ESCAPE_SHELL, "x={{ n }} {{ yes }} # c\necho \"a\" 'b' {{ v }}", "q",
		"x='7' 'true' # c\necho \"a\" 'b' 'q'"},
	{TMPL_ESCAPE_SHELL, "{% for x in [1, 2] %}{{ x }} {% endfor %}", "", "'1' '2' "},
	/* none */
	{TMPL_ESCAPE_NONE, "{{ v }} {{ ref.x }} {{ list[:2] }} {{ nothing }}", "<${x}>",
		"<${x}> aws_instance.web.x ['a\"b', 2] None"},
};

static void escapes_for_the_place(void **state)
{
	(void)state;
	size_t failed = 0;
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		const struct escape_case *c = &escapes[i];
		AUTO_STR out = STR_INIT;
		(void)render(c->escape, c->template, c->v, &out);
		if (strcmp(out.data, c->expected) != 0) {
			failed++;
			print_error("%s\n  expected: %s\n  got:      %s\n", c->template,
				c->expected, out.data);
		}
	}
	assert_int_equal(failed, 0);
}

/* Text is "path:line:col: message [rule] (hint)". */
static const struct escape_case errors[] = {
	{TMPL_ESCAPE_HCL, "a = 1\n# x {{ v }}", "",
		"t.j2:2:8: no output inside a comment [template-escape] (a value with a newline "
		"would end it; use {# #} for notes)"},
	{TMPL_ESCAPE_HCL, "/* {{ v }} */", "",
		"t.j2:1:7: no output inside a comment [template-escape] (a value with a newline "
		"would end it; use {# #} for notes)"},
	{TMPL_ESCAPE_HCL, "a = <<EOT\n{{ v }}\nEOT\n", "",
		"t.j2:2:4: no output inside a heredoc [template-escape] (a heredoc has no escapes "
		"that hold for any text; use quotes)"},
	{TMPL_ESCAPE_HCL, "a = {% if yes %}\"{% endif %}{{ v }}", "",
		"t.j2:1:8: this if without else ends elsewhere than it begins [template-escape] "
		"(open and close quotes, comments and heredocs inside the same branch)"},
	{TMPL_ESCAPE_HCL, "a = {% if yes %}\"{% else %}x{% endif %}{{ v }}", "",
		"t.j2:1:8: the branches of this if end in different places [template-escape] "
		"(open and close quotes, comments and heredocs inside the same branch)"},
	{TMPL_ESCAPE_HCL, "{% for x in list %}\"{% endfor %}", "",
		"t.j2:1:4: this loop ends elsewhere than it begins [template-escape] (open and "
		"close quotes, comments and heredocs inside the same branch)"},
	{TMPL_ESCAPE_HCL, "a = \"x\ny\"", "",
		"t.j2:1:7: the line ends inside quotes [template-escape] (write \\n for a newline, "
		"or close the quotes)"},
	{TMPL_ESCAPE_HCL, "a = \"x", "",
		"t.j2:1:1: the template ends inside quotes or a heredoc [template-escape]"},
	{TMPL_ESCAPE_HCL, "a = 1 # x", "",
		"t.j2:1:1: the template ends inside a comment [template-escape] (end its last "
		"line)"},
	{TMPL_ESCAPE_HCL, "a = \"${{ v }}\"", "",
		"t.j2:1:10: the character in front of this tag would escape its value "
		"[template-escape] (put it into the tag: {{ '$' ~ value }})"},
	{TMPL_ESCAPE_HCL, "a = \"\\{{ v }}\"", "",
		"t.j2:1:10: the character in front of this tag would escape its value "
		"[template-escape] (put it into the tag: {{ '$' ~ value }})"},
	{TMPL_ESCAPE_HCL, "a = \"{{ list }}\"", "",
		"t.j2:1:9: a list cannot be printed inside a text [template-type]"},
	{TMPL_ESCAPE_HCL, "a = \"{{ nothing }}\"", "",
		"t.j2:1:9: a null cannot be printed inside a text [template-type]"},
	{TMPL_ESCAPE_HCL, "{% macro m() %}x{% endmacro %}a = \"{{ m() }}\"", "",
		"t.j2:1:39: a text cannot be printed inside quotes when a macro made it: it is "
		"code "
		"[template-type]"},
	{TMPL_ESCAPE_HCL, "a = \"{% include 'line' %}\"", "",
		"t.j2:1:9: include inside quotes, a comment or a heredoc [template-escape]"},
	{TMPL_ESCAPE_HCL, "a = {{ 'x' if not yes }}", "",
		"t.j2:1:8: no value: the condition is false and there is no else "
		"[template-undefined]"},
	{TMPL_ESCAPE_HCL, "{{ ref ~ 'x' }}", "",
		"t.j2:1:8: a reference has no text to join: print it by itself, also inside quotes "
		"[template-type]"},
	{TMPL_ESCAPE_HCL, "{{ ref|upper }}", "",
		"t.j2:1:8: 'upper' wants a value that has a text, this is a reference "
		"[template-type]"},
	{TMPL_ESCAPE_HCL, "{{ ref[-1] }}", "",
		"t.j2:1:7: a reference has no index of that kind [template-type]"},
	{TMPL_ESCAPE_HCL, "{{ v }}", "\xff\xfe",
		"t.j2:1:4: a text that is not valid UTF-8 cannot be printed [template-type]"},
	{TMPL_ESCAPE_JSON, "{{ ref }}", "",
		"t.j2:1:4: a reference cannot be printed as JSON [template-type]"},
	{TMPL_ESCAPE_JSON, "a: '{{ v }}'", "",
		"t.j2:1:8: no output inside single quotes [template-escape] (use double quotes, "
		"whose escapes can hold any text)"},
	{TMPL_ESCAPE_JSON, "# {{ v }}", "",
		"t.j2:1:6: no output inside a comment [template-escape] (a value with a newline "
		"would end it; use {# #} for notes)"},
	{TMPL_ESCAPE_SHELL, "echo \"{{ v }}\"", "",
		"t.j2:1:10: no output inside shell quotes [template-escape] (close the quotes: a "
		"value is one quoted word by itself)"},
	{TMPL_ESCAPE_SHELL, "echo '{{ v }}'", "",
		"t.j2:1:10: no output inside single quotes [template-escape] (close the quotes: a "
		"value is one quoted word by itself)"},
	{TMPL_ESCAPE_SHELL, "echo # {{ v }}", "",
		"t.j2:1:11: no output inside a comment [template-escape] (a value with a newline "
		"would end it; use {# #} for notes)"},
	{TMPL_ESCAPE_SHELL, "{{ list }}", "",
		"t.j2:1:4: a list cannot be printed inside a text [template-type]"},
	{TMPL_ESCAPE_SHELL, "{{ '\\x00' }}", "",
		"t.j2:1:4: a text with a NUL character cannot be a word of a shell command "
		"[template-type]"},
	{TMPL_ESCAPE_NONE, "a\n {{ nmae|d }} {{ lst }}", "",
		"t.j2:2:18: undefined name 'lst' [template-undefined] (did you mean 'list'?)"},
	{TMPL_ESCAPE_NONE, "{{ map.key }}", "",
		"t.j2:1:8: there is no 'key' here [template-undefined]"},
	{TMPL_ESCAPE_NONE, "{{ v|uper }}", "",
		"t.j2:1:6: no filter named 'uper' [template-syntax] (did you mean 'upper'?)"},
	{TMPL_ESCAPE_NONE, "{{ v is strng }}", "",
		"t.j2:1:9: no test named 'strng' [template-syntax] (did you mean 'string'?)"},
	{TMPL_ESCAPE_NONE, "{{ v|replace('a') }}", "",
		"t.j2:1:6: filter 'replace' needs the argument 'new' [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ v|upper(1) }}", "",
		"t.j2:1:12: filter 'upper' takes at most 0 arguments [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ v|round(precison=1) }}", "",
		"t.j2:1:12: filter 'round' has no argument 'precison' [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% raw %}{% endraw %}", "",
		"t.j2:1:4: 'raw' is not supported: there is no raw: write {{ '{{' }} for braces; "
		"references come as values [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% extends 'x' %}", "",
		"t.j2:1:4: 'extends' is not supported: there is no template inheritance: use "
		"include [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% esle %}", "",
		"t.j2:1:4: no statement 'esle' [template-syntax] (did you mean 'else'?)"},
	{TMPL_ESCAPE_NONE, "{% endif %}", "",
		"t.j2:1:4: 'endif' does not belong here [template-syntax]"},
	{TMPL_ESCAPE_NONE, "\n{% if v %}x", "",
		"t.j2:2:4: this block has no end: {% endif %} is missing [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ v", "",
		"t.j2:1:5: the template ends inside a tag: '}}' is missing [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{# v", "",
		"t.j2:1:1: comment has no end: '#}' is missing [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ 'v }}", "",
		"t.j2:1:4: text has no end: a ' is missing [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ 1 + }}", "",
		"t.j2:1:8: expected a value, found the end [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ 012 }}", "", "t.j2:1:4: '012' is no number [template-syntax]"},
	{TMPL_ESCAPE_NONE, "\xc3\xa9\xc3\xa9 {{ $ }}", "",
		"t.j2:1:7: unexpected character '$' [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{{ 1 / 0 }}", "", "t.j2:1:6: division by zero [template-type]"},
	{TMPL_ESCAPE_NONE, "{{ 9223372036854775807 + 1 }}", "",
		"t.j2:1:24: the result is too large a number [template-type]"},
	{TMPL_ESCAPE_NONE, "{% set map.x = 1 %}", "",
		"t.j2:1:12: only a namespace() can be changed, this is a map [template-type]"},
	{TMPL_ESCAPE_NONE, "{% include 'gone' %}", "",
		"t.j2:1:12: there is no template 'gone' [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% include 'self' %}", "",
		"self:1:12: template 'self' includes itself [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% include '1' %}", "",
		"8:1:12: includes are nested deeper than 8 [template-syntax]"},
	{TMPL_ESCAPE_NONE, "{% include 'bad' %}", "",
		"bad:2:5: undefined name 'nope' [template-undefined]"},
};

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	size_t failed = 0;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		const struct escape_case *c = &errors[i];
		AUTO_STR out = STR_INIT;
		const bool ok = render(c->escape, c->template, c->v, &out);
		if (ok || strcmp(out.data, c->expected) != 0) {
			failed++;
			print_error("%s\n  expected: %s\n  got:      %s\n", c->template,
				c->expected, out.data);
		}
	}
	assert_int_equal(failed, 0);
}

/* Templates that would run for ever, or fill the memory, end with an error. */
static void ends_within_limits(void **state)
{
	(void)state;
	static const char *const templates[] = {
		"{% for a in range(9000) %}{% for b in range(9000) %}x{% endfor %}{% endfor %}",
		"{{ range(10000000000)|length }}",
		"{{ 'x' * 1000000000000 }}",
		"{{ [1] * 1000000000 }}",
		"{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s "
		"~ ns.s %}"
		"{% endfor %}{{ ns.s }}",
		"{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
		"{% for a in range(9000) %}{{ 'xxxxxxxxxxxxxxxx' * 1000 }}{% endfor %}",
		"{{ 'a'|replace('', 'b' * 10000000)|replace('', 'c' * 1000000)|length }}",
		"{{ '%99999999999d'|format(1) }}",
	};
	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		AUTO_STR out = STR_INIT;
		assert_false(render(TMPL_ESCAPE_NONE, templates[i], "", &out));
	}
	static const struct {
		const char *piece, *middle, *end;
	} deep[] = {{"(", "1", ")"}, {"[", "", "]"}, {"not ", "1", ""}, {"-", "1", ""}};
	for (size_t i = 0; i < ARRAY_LEN(deep); i++) {
		AUTO_STR text = STR_INIT;
		AUTO_STR out = STR_INIT;
		str_add(&text, "{{ ");
		for (int n = 0; n < 10000; n++)
			str_add(&text, deep[i].piece);
		str_add(&text, deep[i].middle);
		for (int n = 0; n < 10000; n++)
			str_add(&text, deep[i].end);
		str_add(&text, " }}");
		assert_false(render(TMPL_ESCAPE_NONE, text.data, "", &out));
	}
}

/* Long chains are flat in the source and deep in the tree. */
static void long_chains_end_too(void **state)
{
	(void)state;
	static const char *const pieces[] = {" + 1", ".a", "|string", "[0]", " if 1 else 1"};
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		AUTO_STR text = STR_INIT;
		AUTO_STR out = STR_INIT;
		str_add(&text, "{{ 1");
		for (int n = 0; n < 20000; n++)
			str_add(&text, pieces[i]);
		str_add(&text, " }}");
		assert_false(render(TMPL_ESCAPE_NONE, text.data, "", &out));
	}
}

static void long_values_are_one_literal(void **state)
{
	(void)state;
	AUTO_STR value = STR_INIT;
	for (int i = 0; i < 64 * 1024 / 4; i++)
		str_add(&value, "${\"\n");
	AUTO_STR out = STR_INIT;
	assert_true(render(TMPL_ESCAPE_HCL, "{{ v }}", value.data, &out));
	assert_int_equal(out.len, 64 * 1024 / 4 * 7 + 2);
	str_clear(&out);
	AUTO_ARENA arena = {0};
	AUTO_DIAGS diags = {0};
	const struct src src = {"t", "{{ v }}", 7};
	struct tmpl *t = tmpl_compile(&src, TMPL_ESCAPE_HCL, NULL, NULL, &diags);
	assert_int_equal(tmpl_render(t, make_context(&arena, "a\0b", 3), &out, &diags), 0);
	assert_string_equal(out.data, "\"a\\u0000b\"");
	/* Again, appending: a template has no state. */
	assert_int_equal(tmpl_render(t, make_context(&arena, "c", 1), &out, &diags), 0);
	assert_string_equal(out.data, "\"a\\u0000b\"\"c\"");
	tmpl_free(t);
}

/* A name is looked for first where it stood the last time: also in a map that is made differently.
 */
static void finds_keys_wherever_they_stand(void **state)
{
	(void)state;
	static const char *const keys[][4] = {{"a", "x", "b", NULL}, {"x", "a", NULL},
		{"a", "b", NULL}, {NULL}, {"b", "a", "x", NULL}};
	const char *text =
		"{% for m in maps %}{{ m.x|default('-') }}{{ first.x }}{% endfor %}{{ x }}";
	const struct src src = {"t", text, strlen(text)};
	AUTO_DIAGS diags = {0};
	struct tmpl *t = tmpl_compile(&src, TMPL_ESCAPE_NONE, NULL, NULL, &diags);
	for (size_t round = 0; round < ARRAY_LEN(keys); round++) {
		AUTO_ARENA arena = {0};
		AUTO_STR out = STR_INIT;
		struct node *context = node_new_map(&arena), *maps = node_new_seq(&arena);
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			const char *const *key = keys[(round + i) % ARRAY_LEN(keys)];
			struct node *map = node_new_map(&arena);
			for (; *key; key++)
				node_map_set(&arena, map, *key, node_new_string(&arena, *key));
			node_seq_add(&arena, maps, map);
		}
		struct node *values[] = {node_new_string(&arena, "X"), maps, maps->seq.items[0]};
		static const char *const names[] = {"x", "maps", "first"};
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			const size_t k = (round + i) % ARRAY_LEN(names);
			node_map_set(&arena, context, names[k], values[k]);
		}
		const bool has_first = node_get(maps->seq.items[0], "x") != NULL;
		assert_int_equal(tmpl_render(t, context, &out, &diags), has_first ? 0 : -1);
		static const char *const expected[] = {
			"xxxx-x-xxxX", "xx-x-xxxxxX", NULL, NULL, "xxxxxx-x-xX"};
		if (has_first)
			assert_string_equal(out.data, expected[round]);
	}
	assert_int_equal(diags.errors, 2);
	tmpl_free(t);
}

static void evaluates_lone_expressions(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; /* NULL: an error */
	} cases[] = {
		{"n <= 7 and v == 'x'", "true"},
		{"n > 7 or v in ['y']", "false"},
		{"list|length", "3"},
		{" map.k ~ '-' ~ n ", "x-7"},
		{"map.get('zzz') is none", "true"},
		{"n >", NULL},
		{"n }}", NULL},
		{"", NULL},
		{"zzz == 1", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA arena = {0};
		AUTO_DIAGS diags = {0};
		const struct src src = {"type.yaml", cases[i].text, strlen(cases[i].text)};
		struct tmpl_expr *e = tmpl_expr_compile(&src, &diags);
		const struct node *v =
			e ? tmpl_expr_eval(e, make_context(&arena, "x", 1), &arena, &diags) : NULL;
		assert_int_equal(v == NULL, cases[i].expected == NULL);
		assert_int_equal(diags.errors, v ? 0 : 1);
		if (v && v->type == NODE_BOOL)
			assert_string_equal(v->boolean ? "true" : "false", cases[i].expected);
		else if (v && v->type == NODE_INT)
			assert_int_equal(v->integer, 3);
		else if (v)
			assert_string_equal(v->text, cases[i].expected);
		tmpl_expr_free(e);
	}
}

static void knows_escaping_by_name(void **state)
{
	(void)state;
	assert_int_equal(tmpl_escape_of("ec2/terraform.tf.j2"), TMPL_ESCAPE_HCL);
	assert_int_equal(tmpl_escape_of("cloudformation.yaml.j2"), TMPL_ESCAPE_JSON);
	assert_int_equal(tmpl_escape_of("x.json.j2"), TMPL_ESCAPE_JSON);
	assert_int_equal(tmpl_escape_of("comment.md.j2"), TMPL_ESCAPE_MARKDOWN);
	assert_int_equal(tmpl_escape_of("x.sh.j2"), TMPL_ESCAPE_SHELL);
	assert_int_equal(tmpl_escape_of("x.txt.j2"), TMPL_ESCAPE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_for_the_place),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(ends_within_limits),
		cmocka_unit_test(long_chains_end_too),
		cmocka_unit_test(long_values_are_one_literal),
		cmocka_unit_test(finds_keys_wherever_they_stand),
		cmocka_unit_test(evaluates_lone_expressions),
		cmocka_unit_test(knows_escaping_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
