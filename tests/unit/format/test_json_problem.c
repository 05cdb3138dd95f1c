/* Protects: the exact message, place and hint for every kind of bad JSON. */
#include "check.h"

#include "format/parse.h"

#define TEXT(literal) literal, sizeof literal - 1

struct bad {
	const char *text;
	size_t len;
	const char *messages;
};

/* clang-format off */
static const struct bad bads[] = {
	{TEXT("{'a':1}"),
	 "1:2: [json-syntax] text in single quotes (JSON takes double quotes only)\n"},
	{TEXT("{\"a\":1,}"),
	 "1:8: [json-syntax] '}' is not expected here (delete the comma before it)\n"},
	{TEXT("[1,]"),
	 "1:4: [json-syntax] ']' is not expected here (delete the comma before it, or add the value that is missing)\n"},
	{TEXT("[1 2]"),
	 "1:4: [json-syntax] expected ',' or ']' (add the ',' between the items or the ']' at the end)\n"},
	{TEXT("{\"a\" 1}"),
	 "1:6: [json-syntax] expected ':' behind the key (write \"key\": value)\n"},
	{TEXT("{a:1}"),
	 "1:2: [json-syntax] expected a key in double quotes (write \"key\": value)\n"},
	{TEXT("// x\n{}"),
	 "1:1: [json-syntax] JSON has no comments (delete the comment, or write the file as YAML)\n"},
	{TEXT("{\"a\":\"x\ny\"}"),
	 "1:6: [json-syntax] the text is not closed in its line (add the closing quote; a line break inside a text is written \\n)\n"},
	{TEXT("{\"a\":\"\\q\"}"),
	 "1:6: [json-syntax] the text holds an escape that JSON does not know (write \\\\ for a backslash)\n"},
	{TEXT("{\"a\":\"\\u0000\"}"),
	 "1:6: [json-encoding] the text holds a NUL character (\\u0000) (delete the escape)\n"},
	{TEXT("{\"\\u0000\":1}"),
	 "1:2: [json-encoding] the key holds a NUL character (\\u0000) (delete the escape)\n"},
	{TEXT("{\"a\":99999999999999999999}"),
	 "1:6: [json-syntax] the number is too large (write it as text, in quotes)\n"},
	{TEXT("[1e999]"),
	 "1:2: [json-syntax] the number is too large (write it as text, in quotes)\n"},
	{TEXT("{\"a\":1,\"a\":2}"),
	 "1:8: [json-duplicate-key] key \"a\" is there twice (delete one of the two) <- 1:2 first given here\n"},
	{TEXT("{} x"),
	 "1:4: [json-syntax] text after the end of the document (a JSON file holds one value: delete the rest)\n"},
	{TEXT("{\"a\":"),
	 "1:6: [json-syntax] the file ends too early (a '}' or ']' is missing at the end)\n"},
	{TEXT("["),
	 "1:2: [json-syntax] the file ends too early (a '}' or ']' is missing at the end)\n"},
	{TEXT("\"abc"),
	 "1:1: [json-syntax] this quote is never closed (add the closing quote)\n"},
	{TEXT(""),
	 "1:1: [json-syntax] the file is empty (write {} for an empty map)\n"},
	{TEXT("nul"),
	 "1:1: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("[01]"),
	 "1:2: [json-syntax] a number has no leading zeros (write it in quotes if the zeros matter)\n"},
	{TEXT("[.5]"),
	 "1:2: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("[1.]"),
	 "1:2: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("[-]"),
	 "1:2: [json-syntax] this is no number (write digits behind the '-' (no leading zeros), or quote the text)\n"},
	{TEXT("{\"a\":\"\\ud800\"}"),
	 "1:6: [json-syntax] the text holds half of a surrogate pair (characters above U+FFFF are two \\u escapes, or the character itself)\n"},
	{TEXT("[tru]"),
	 "1:2: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("{\"a\":NaN}"),
	 "1:6: [json-syntax] JSON has no NaN (write null or a number)\n"},
	{TEXT("[\"\\u12\"]"),
	 "1:2: [json-syntax] the text holds an escape that JSON does not know (write \\\\ for a backslash)\n"},
	{TEXT("[\"a\tb\"]"),
	 "1:2: [json-syntax] the text holds a control character (write it as an escape; a tab is \\t)\n"},
	{TEXT("{\"k\":1,\n \"b\":[1,\n {\"c\":2,\"\\u0063\":1}]}"),
	 "3:9: [json-duplicate-key] key \"\\u0063\" is there twice (delete one of the two) <- 3:3 first given here\n"},
	{TEXT("[\xc3\xa9]"),
	 "1:2: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("{1:2}"),
	 "1:2: [json-syntax] expected a key in double quotes (write \"key\": value)\n"},
	{TEXT("{\"a\":1 \"b\":2}"),
	 "1:8: [json-syntax] expected ',' or '}' (add the ',' between the entries or the '}' at the end)\n"},
	{TEXT("{\"a\":True}"),
	 "1:6: [json-syntax] only true, false and null stand without quotes (write true)\n"},
	{TEXT("\x01"),
	 "1:1: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" 1}"),
	 "1:51: [json-syntax] expected ':' behind the key (write \"key\": value)\n"},
	{TEXT("{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": \"x"),
	 "1:55: [json-syntax] this quote is never closed (add the closing quote)\n"},
	{TEXT("[{},,]"),
	 "1:5: [json-syntax] ',' is not expected here (delete it, or add the value that is missing)\n"},
	{TEXT("[1"),
	 "1:3: [json-syntax] the file ends too early (a '}' or ']' is missing at the end)\n"},
	{TEXT("{\"a\":1"),
	 "1:7: [json-syntax] the file ends too early (a '}' or ']' is missing at the end)\n"},
	{TEXT("{\"a\""),
	 "1:5: [json-syntax] the file ends too early (a '}' or ']' is missing at the end)\n"},
	{TEXT("[-1, 99999999999999999999999999999999]"),
	 "1:6: [json-syntax] the number is too large (write it as text, in quotes)\n"},
	{TEXT("\xef\xbb\xbf{\"\xc3\xa9\": tru}"),
	 "1:7: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("{\"a\":\x00}"),
	 "1:6: [json-encoding] the file holds a NUL character: it is binary or was damaged (restore it from git or save it again as UTF-8 text)\n"},
	{TEXT("\xff\xfe{"),
	 "0:0: [json-encoding] the file is encoded in UTF-16, not UTF-8 (save it again as UTF-8)\n"},
	{TEXT("{\"a\": \"\xff\"}"),
	 "1:8: [json-encoding] byte 0xff at offset 7 is not valid UTF-8 (save the file again as UTF-8)\n"},
	{TEXT("{\"a\": {\"x\": 1, \"y\": {\"x\": 2}, \"x\": 3}}"),
	 "1:31: [json-duplicate-key] key \"x\" is there twice (delete one of the two) <- 1:8 first given here\n"},
	{TEXT("{\"a\": 0x1f}"),
	 "1:7: [json-syntax] expected ',' or '}' (add the ',' between the entries or the '}' at the end)\n"},
	{TEXT("{\"a\": -Infinity}"),
	 "1:7: [json-syntax] JSON has no infinity (write null or a number)\n"},
	{TEXT("[1,\n 2,\n]\n"),
	 "3:1: [json-syntax] ']' is not expected here (delete the comma before it, or add the value that is missing)\n"},
	{TEXT("{\"a\": 'b'}"),
	 "1:7: [json-syntax] text in single quotes (JSON takes double quotes only)\n"},
	{TEXT("{\"a\": 1, # x\n}"),
	 "1:10: [json-syntax] JSON has no comments (delete the comment, or write the file as YAML)\n"},
	{TEXT("{\"a\"; 1}"),
	 "1:5: [json-syntax] expected ':' behind the key (write \"key\": value)\n"},
	{TEXT("{,}"),
	 "1:2: [json-syntax] ',' is not expected here (delete it)\n"},
	{TEXT("[:]"),
	 "1:2: [json-syntax] ':' is not expected here (a ':' stands between a key and its value only)\n"},
	{TEXT("{\"a\": undefined}"),
	 "1:7: [json-syntax] this is neither a number nor true, false or null (write texts in double quotes)\n"},
	{TEXT("{\"a\": -9223372036854775809}"),
	 "1:7: [json-syntax] the number is too large (write it as text, in quotes)\n"},
	{TEXT("{\"a\":}"),
	 "1:6: [json-syntax] '}' is not expected here (add the value that is missing)\n"},
};
/* clang-format on */

static void says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
		AUTO_PARSED p = {0};
		AUTO_STR messages = STR_INIT;
		assert_null(parse_bytes(&p, "x.json", bads[i].text, bads[i].len));
		diag_sort(&p.diags);
		for (size_t k = 0; k < p.diags.count; k++)
			diag_line(&p.diags.items[k], &messages);
		assert_string_equal(messages.data, bads[i].messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
