/*
 * libyaml names its grammar rule, not the mistake. The mistakes behind each problem are few: an
 * unclosed quote or bracket, a tab, an unquoted ": ", a line indented too little or too much. The
 * table below maps a problem to the sentence for the mistake and to where it most likely is:
 * where parsing stopped or where the construct that it stopped in began.
 */
#include "format/yaml_problem.h"

#include "base/str.h"

#include <string.h>

enum place { AT_PROBLEM, AT_CONTEXT };

struct problem {
	const char *context; /* NULL: any */
	const char *text;
	enum place place;
	const char *rule;
	const char *message;
	const char *hint;
};

/* clang-format off */
static const struct problem problems[] = {
	{"quoted scalar", "found unexpected end of stream", AT_CONTEXT, "yaml-syntax",
	 "this quote is never closed", "add the closing quote; inside '...' a ' is written ''"},
	{"quoted scalar", "found unexpected document indicator", AT_CONTEXT, "yaml-syntax",
	 "this quote is not closed before the line '---' or '...'", "add the closing quote"},
	{NULL, "found unknown escape character", AT_PROBLEM, "yaml-syntax",
	 "unknown escape after '\\' inside double quotes",
	 "write \\\\ for a backslash, or use single quotes, where it has no meaning"},
	{NULL, "did not find expected hexdecimal number", AT_PROBLEM, "yaml-syntax",
	 "an escape \\x, \\u or \\U needs 2, 4 or 8 hexadecimal digits",
	 "write \\\\ for a backslash, or use single quotes, where it has no meaning"},
	{NULL, "found invalid Unicode character escape code", AT_PROBLEM, "yaml-syntax",
	 "this escape stands for no character",
	 "write characters above U+FFFF as one \\U escape of 8 digits, not as two \\u"},
	{NULL, "found a tab character where an indentation space is expected", AT_PROBLEM, "yaml-tab",
	 "a tab is used for indentation", "indent with blanks"},
	{NULL, "found a tab character that violates indentation", AT_PROBLEM, "yaml-tab",
	 "a tab is used for indentation", "indent with blanks"},
	{NULL, "mapping values are not allowed in this context", AT_PROBLEM, "yaml-syntax",
	 "a ':' is not allowed here",
	 "put a text that contains ': ' in quotes; if this is a key, check the indentation here and above"},
	{NULL, "could not find expected ':'", AT_CONTEXT, "yaml-syntax",
	 "this line is neither 'key: value' nor a list item",
	 "add the ':', or indent the line if it continues the text above"},
	{NULL, "mapping keys are not allowed in this context", AT_PROBLEM, "yaml-syntax",
	 "a key is not allowed here", "start a new line for it, or quote a text that starts with '?'"},
	{NULL, "block sequence entries are not allowed in this context", AT_PROBLEM, "yaml-syntax",
	 "a list item '-' is not allowed here", "start a new line for it, or quote a text that starts with '- '"},
	{"block mapping", "did not find expected key", AT_PROBLEM, "yaml-syntax",
	 "expected a key in the same column as the keys before it",
	 "check the indentation and the quotes of this line and the one above"},
	{"block collection", "did not find expected '-' indicator", AT_PROBLEM, "yaml-syntax",
	 "expected a list item '-' in the same column as the items before it",
	 "check the indentation and the quotes of this line and the one above"},
	{NULL, "did not find expected ',' or ']'", AT_PROBLEM, "yaml-syntax",
	 "expected ',' or ']' in the list that starts with '['",
	 "close the list with ']', and quote texts that contain , [ ] { } or ': '"},
	{NULL, "did not find expected ',' or '}'", AT_PROBLEM, "yaml-syntax",
	 "expected ',' or '}' in the map that starts with '{'",
	 "close the map with '}', and quote texts that contain , [ ] { } or ': '"},
	{NULL, "did not find expected node content", AT_PROBLEM, "yaml-syntax",
	 "a value is missing here", "write a value, or delete the ',' or ':' before it"},
	{NULL, "did not find expected <document start>", AT_PROBLEM, "yaml-syntax",
	 "text after the end of the document",
	 "check that the whole file is indented as one list or one map"},
	{NULL, "found an indentation indicator equal to 0", AT_PROBLEM, "yaml-syntax",
	 "the number after '|' or '>' must be 1 to 9", "delete it: the indentation is found by itself"},
	{"block scalar", "did not find expected comment or line break", AT_PROBLEM, "yaml-syntax",
	 "text is not allowed in the line of '|' or '>'",
	 "start the text in the next line, or quote it if the | or > belongs to it"},
	{"an anchor", "did not find expected alphabetic or numeric character", AT_CONTEXT, "yaml-syntax",
	 "the name of an anchor '&' has letters, digits, '-' and '_' only", "quote a text that starts with '&'"},
	{"an alias", "did not find expected alphabetic or numeric character", AT_CONTEXT, "yaml-syntax",
	 "the name of an alias '*' has letters, digits, '-' and '_' only", "quote a text that starts with '*'"},
	{"tag", NULL, AT_CONTEXT, "yaml-tag",
	 "tags ('!...') are not supported", "quote a text that starts with '!'"},
	{NULL, "found undefined tag handle", AT_CONTEXT, "yaml-tag",
	 "tags ('!...') are not supported", "quote a text that starts with '!'"},
	{NULL, "found incompatible YAML document", AT_PROBLEM, "yaml-syntax",
	 "only YAML 1.1 and 1.2 are supported", "delete the line '%YAML'"},
	{"directive", NULL, AT_CONTEXT, "yaml-syntax",
	 "a line that starts with '%' must be a %YAML directive", "delete the line, or quote a text that starts with '%'"},
	{NULL, "found duplicate %YAML directive", AT_PROBLEM, "yaml-syntax",
	 "a second %YAML directive", "delete the line"},
	{NULL, "found duplicate %TAG directive", AT_PROBLEM, "yaml-syntax",
	 "a second %TAG directive", "delete the line"},
};

/* What the text around the place says, whatever libyaml calls it. */
static const struct problem tab_at_problem = {NULL, NULL, AT_PROBLEM, "yaml-tab",
	"a tab is used for indentation", "indent with blanks"};
static const struct problem tab_at_context = {NULL, NULL, AT_CONTEXT, "yaml-tab",
	"a tab is used for indentation", "indent with blanks"};
static const struct problem behind_quote = {NULL, NULL, AT_PROBLEM, "yaml-syntax",
	"text behind a closing quote", "put all of it into one pair of quotes; inside '...' a ' is written ''"};
static const struct problem missing_key = {NULL, NULL, AT_PROBLEM, "yaml-key",
	"the key before this ':' is missing", "write the key, or quote a text that starts with ':'"};
static const struct problem stray_bracket = {NULL, NULL, AT_PROBLEM, "yaml-syntax",
	"this closing bracket has no opening one", "delete it, or quote a text that ends with it"};
static const struct problem unknown = {NULL, NULL, AT_PROBLEM, "yaml-syntax",
	"this is not YAML", "check the indentation and the quotes of this line and the one above"};
/* clang-format on */

static const struct problem *find_problem(const char *context, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		const struct problem *p = &problems[i];
		if ((!p->context || strstr(context, p->context)) &&
			(!p->text || strcmp(p->text, text) == 0))
			return p;
	}
	return NULL;
}

static struct pos at_mark(const struct src *src, yaml_mark_t mark)
{
	return (struct pos){src, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml's index counts characters, after a byte order mark. */
static const char *at_index(const struct src *src, size_t index)
{
	const char *p = src->data, *end = src->data + src->len;
	if (src->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (size_t n = 0; p < end; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && n++ == index)
			break;
	return p;
}

/* A line that starts with a tab is the usual reason for whatever libyaml stumbles over. */
static bool tab_indents(const struct src *src, size_t line)
{
	const char *p = src->data, *end = src->data + src->len;
	for (size_t n = 0; n < line && p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : end;
	}
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

static void report_bad_start(
	const yaml_parser_t *parser, const struct src *src, struct diag_list *diags)
{
	const char c = *at_index(src, parser->problem_mark.index);
	struct diag *d = diag_error(diags, c == '\t' ? "yaml-tab" : "yaml-syntax",
		at_mark(src, parser->problem_mark),
		c == '\t' ? "a tab is used for indentation" : "a value cannot start with '%c'", c);
	diag_hint(diags, d, c == '\t' ? "indent with blanks" : "put the text in quotes");
}

/* Is the last character before the mark, in its line, the end of a quoted text? */
static bool follows_quote(const struct src *src, yaml_mark_t mark)
{
	const char *p = at_index(src, mark.index);
	const char *start = p;
	while (p > src->data && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	return start > src->data && start < src->data + src->len && *start != '\n' &&
	       p > src->data && (p[-1] == '"' || p[-1] == '\'');
}

/* The problem by what stands in the text; NULL: nothing that says more than libyaml does. */
static const struct problem *look_at_text(const yaml_parser_t *parser, const struct src *src)
{
	const char c = *at_index(src, parser->problem_mark.index);
	if (follows_quote(src, parser->problem_mark))
		return &behind_quote;
	if (str_eq(parser->problem, "did not find expected key") && c == ':')
		return &missing_key;
	if (!parser->flow_level && (c == ']' || c == '}'))
		return &stray_bracket;
	return NULL;
}

static const struct problem *choose_problem(const yaml_parser_t *parser, const struct src *src)
{
	const char *text = parser->problem ? parser->problem : "";
	const struct problem *p = find_problem(parser->context ? parser->context : "", text);
	if (!p)
		p = &unknown;
	if (tab_indents(src,
		    p->place == AT_CONTEXT ? parser->context_mark.line : parser->problem_mark.line))
		return p->place == AT_CONTEXT ? &tab_at_context : &tab_at_problem;
	const struct problem *seen = NULL;
	if (p->place == AT_PROBLEM && str_starts(text, "did not find expected"))
		seen = look_at_text(parser, src);
	return seen ? seen : p;
}

void yaml_problem_report(
	const yaml_parser_t *parser, const struct src *src, struct diag_list *diags)
{
	if (str_eq(parser->problem, "found character that cannot start any token")) {
		report_bad_start(parser, src, diags);
		return;
	}
	const struct problem *p = choose_problem(parser, src);
	const bool at_context = p->place == AT_CONTEXT;
	const struct pos pos =
		at_mark(src, at_context ? parser->context_mark : parser->problem_mark);
	struct diag *d = diag_error(diags, p->rule, pos, "%s", p->message);
	diag_hint(diags, d, "%s", p->hint);
	/* Where the list, map or text began that parsing stopped in. */
	if (!at_context && parser->context &&
		parser->context_mark.line != parser->problem_mark.line)
		diag_related(diags, d, at_mark(src, parser->context_mark),
			"it belongs to what starts here");
}
