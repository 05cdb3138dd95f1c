/*
 * jansson stops behind the token that it does not like and says what it would have liked. People
 * make a few mistakes again and again (a comma too many, single quotes, comments, Python's words);
 * the table names those by the token that stands there.
 */
#include "format/json_problem.h"

#include "base/str.h"
#include "format/text.h"
#include "format/yaml.h"

#include <string.h>

struct problem {
	const char *text; /* how jansson's message starts; NULL: any */
	const char *token; /* how the token starts; NULL: any */
	const char *rule;
	const char *message;
	const char *hint;
};

#define SYNTAX "json-syntax"

/* Of a key in a message: longer ones help nobody. */
enum { SHOWN_MAX = 80 };

/* clang-format off */
static const struct problem problems[] = {
	{"too big", NULL, SYNTAX, "the number is too large", "write it as text, in quotes"},
	{"too small", NULL, SYNTAX, "the number is too small", "write it as text, in quotes"},
	{"real number overflow", NULL, SYNTAX, "the number is too large", "write it as text, in quotes"},
	{"\\u0000", NULL, "json-encoding", "the text holds a NUL character (\\u0000)", "delete the escape"},
	{"NUL byte", NULL, "json-encoding", "the key holds a NUL character (\\u0000)", "delete the escape"},
	{"end of file expected", NULL, SYNTAX, "text after the end of the document",
	 "a JSON file holds one value: delete the rest"},
	{"invalid escape", NULL, SYNTAX, "the text holds an escape that JSON does not know",
	 "write \\\\ for a backslash"},
	{"invalid Unicode", NULL, SYNTAX, "the text holds half of a surrogate pair",
	 "characters above U+FFFF are two \\u escapes, or the character itself"},
	{"unexpected newline", NULL, SYNTAX, "the text is not closed in its line",
	 "add the closing quote; a line break inside a text is written \\n"},
	{"control character", NULL, SYNTAX, "the text holds a control character",
	 "write it as an escape; a tab is \\t"},
	{NULL, "'", SYNTAX, "text in single quotes", "JSON takes double quotes only"},
	{NULL, "/", SYNTAX, "JSON has no comments", "delete the comment, or write the file as YAML"},
	{NULL, "#", SYNTAX, "JSON has no comments", "delete the comment, or write the file as YAML"},
	{"':' expected", NULL, SYNTAX, "expected ':' behind the key", "write \"key\": value"},
	{"string or '}' expected", "}", SYNTAX, "'}' is not expected here", "delete the comma before it"},
	{"string or '}' expected", ",", SYNTAX, "',' is not expected here", "delete it"},
	{"string or '}' expected", NULL, SYNTAX, "expected a key in double quotes", "write \"key\": value"},
	{"'}' expected", NULL, SYNTAX, "expected ',' or '}'", "add the ',' between the entries or the '}' at the end"},
	{"']' expected", NULL, SYNTAX, "expected ',' or ']'", "add the ',' between the items or the ']' at the end"},
	{NULL, "]", SYNTAX, "']' is not expected here", "delete the comma before it, or add the value that is missing"},
	{NULL, "}", SYNTAX, "'}' is not expected here", "add the value that is missing"},
	{NULL, ",", SYNTAX, "',' is not expected here", "delete it, or add the value that is missing"},
	{NULL, ":", SYNTAX, "':' is not expected here", "a ':' stands between a key and its value only"},
	{NULL, "NaN", SYNTAX, "JSON has no NaN", "write null or a number"},
	{NULL, "Infinity", SYNTAX, "JSON has no infinity", "write null or a number"},
	{NULL, "-Infinity", SYNTAX, "JSON has no infinity", "write null or a number"},
	{NULL, "True", SYNTAX, "only true, false and null stand without quotes", "write true"},
	{NULL, "False", SYNTAX, "only true, false and null stand without quotes", "write false"},
	{NULL, "None", SYNTAX, "only true, false and null stand without quotes", "write null"},
	{NULL, "0", SYNTAX, "a number has no leading zeros", "write it in quotes if the zeros matter"},
	{NULL, "-", SYNTAX, "this is no number", "write digits behind the '-' (no leading zeros), or quote the text"},
	{NULL, NULL, SYNTAX, "this is neither a number nor true, false or null", "write texts in double quotes"},
};
/* clang-format on */

const char *json_skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

static const char *skip_token(const char *p, const char *end)
{
	if (*p == '"')
		return json_skip_string(p, end);
	if (strchr("{}[],:", *p))
		return p + 1;
	while (p < end && !strchr("{}[],:\" \t\r\n", *p))
		p++;
	return p;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p))
		p++;
	return p;
}

/* The start of the last token before stop. */
static const char *last_token(const char *p, const char *end, const char *stop)
{
	const char *token = p;
	while ((p = skip_blanks(p, end)) < stop) {
		token = p;
		p = skip_token(p, end);
	}
	return token;
}

static bool same_key(const char *a, const char *b, const char *end)
{
	json_t *x = json_loadb(a, (size_t)(json_skip_string(a, end) - a), JSON_DECODE_ANY, NULL);
	json_t *y = json_loadb(b, (size_t)(json_skip_string(b, end) - b), JSON_DECODE_ANY, NULL);
	const bool same = x && y && json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return same;
}

/* The first key in the object that opens at p and that equals the one at again. */
static const char *first_key(const char *p, const char *again, const char *end)
{
	int depth = 0;
	while ((p = skip_blanks(p, end)) < again) {
		const char *next = skip_token(p, end);
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		else if (*p == '"' && depth == 1 && *skip_blanks(next, end) == ':' &&
			 same_key(p, again, end))
			return p;
		p = next;
	}
	return again;
}

static void report_duplicate(
	const struct src *src, const char *begin, const char *again, struct diag_list *diags)
{
	const char *end = src->data + src->len;
	const char *open[YAML_MAX_DEPTH + 1] = {begin};
	int depth = 0;
	for (const char *p = begin; (p = skip_blanks(p, end)) < again; p = skip_token(p, end)) {
		if ((*p == '{' || *p == '[') && depth < YAML_MAX_DEPTH)
			open[++depth] = p;
		else if ((*p == '}' || *p == ']') && depth)
			depth--;
	}
	const char *first = first_key(open[depth], again, end);
	const size_t len = (size_t)(json_skip_string(again, end) - again);
	const int shown = (int)utf8_cut(again, len, SHOWN_MAX);
	struct diag *d =
		diag_error(diags, "json-duplicate-key", text_pos(src, (size_t)(again - src->data)),
			"key %.*s is there twice", shown, again);
	diag_hint(diags, d, "delete one of the two");
	diag_related(diags, d, text_pos(src, (size_t)(first - src->data)), "first given here");
}

static void report_early_end(const struct src *src, const char *begin, const char *token,
	const json_error_t *error, struct diag_list *diags)
{
	const char *end = src->data + src->len;
	const char *message = "the file ends too early";
	const char *hint = "a '}' or ']' is missing at the end";
	struct pos pos = text_pos(src, src->len);
	if (skip_blanks(begin, end) == end) {
		message = "the file is empty";
		hint = "write {} for an empty map";
	} else if (*token == '"' && str_starts(error->text, "premature")) {
		message = "this quote is never closed";
		hint = "add the closing quote";
		pos = text_pos(src, (size_t)(token - src->data));
	}
	struct diag *d = diag_error(diags, "json-syntax", pos, "%s", message);
	diag_hint(diags, d, "%s", hint);
}

void json_problem_report(
	const struct src *src, size_t start, const json_error_t *error, struct diag_list *diags)
{
	const char *begin = src->data + start, *end = src->data + src->len;
	const char *stop = begin + (error->position > 0 ? error->position : 0);
	const char *token = last_token(begin, end, stop < end ? stop : end);
	const enum json_error_code code = json_error_code(error);
	if (code == json_error_duplicate_key) {
		report_duplicate(src, begin, token, diags);
		return;
	}
	if (code == json_error_premature_end_of_input) {
		report_early_end(src, begin, token, error, diags);
		return;
	}
	const struct problem *p = problems;
	while ((p->text && !str_starts(error->text, p->text)) ||
		(p->token && !str_starts(token, p->token)))
		p++; /* the last one takes everything */
	struct diag *d = diag_error(
		diags, p->rule, text_pos(src, (size_t)(token - src->data)), "%s", p->message);
	diag_hint(diags, d, "%s", p->hint);
}
