/* Protects: the exact message, place and hint for every kind of bad YAML. */
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
	{TEXT("a: 1\nb: [1,2\nc: 3\n"),
	 "3:2: [yaml-syntax] expected ',' or ']' in the list that starts with '[' (close the list with ']', and quote texts that contain , [ ] { } or ': ') <- 2:4 it belongs to what starts here\n"},
	{TEXT("a:\n\tb: 1\n"),
	 "2:1: [yaml-tab] a tab is used for indentation (indent with blanks)\n"},
	{TEXT("a: b: c\n"),
	 "1:5: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("a: \"x\nb: 1\n"),
	 "1:4: [yaml-syntax] this quote is never closed (add the closing quote; inside '...' a ' is written '')\n"},
	{TEXT("a: 1\na: 2\n<<: {}\n? [x]\n: 1\n"),
	 "3:1: [yaml-merge-key] merge keys ('<<') are not supported (write the keys out, or use an alias for the whole value)\n"
	 "4:3: [yaml-key] a key must be a text, not a list or map (if this is a template placeholder such as {{ name }}, put it in quotes)\n"},
	{TEXT("a: &x [*x]\nb: *y\nc: !foo x\n---\nz\n"),
	 "1:8: [yaml-alias] alias '*x' stands inside the value it is an alias of <- 1:4 the anchor is here\n"
	 "2:4: [yaml-alias] alias '*y' has no anchor above it (write '&y' before the value it stands for; put a text that starts with '*' in quotes)\n"
	 "3:4: [yaml-tag] tags ('!...') are not supported (delete the tag; put a text that starts with '!' in quotes)\n"
	 "4:1: [yaml-documents] a second document starts here (put each document into its own file)\n"},
	{TEXT("a: 1\n b: 2\n"),
	 "2:3: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("a:\n  - 1\n - 2\n"),
	 "3:2: [yaml-syntax] expected a key in the same column as the keys before it (check the indentation and the quotes of this line and the one above) <- 1:1 it belongs to what starts here\n"},
	{TEXT("key\nb: 1\n"),
	 "2:2: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("a: @x\n"),
	 "1:4: [yaml-syntax] a value cannot start with '@' (put the text in quotes)\n"},
	{TEXT("a: %x\n"),
	 "1:4: [yaml-syntax] a value cannot start with '%' (put the text in quotes)\n"},
	{TEXT("{{ x }}: 1\n"),
	 "1:1: [yaml-key] a key must be a text, not a list or map (if this is a template placeholder such as {{ name }}, put it in quotes)\n"},
	{TEXT("a: {{ x }}\n"),
	 "1:5: [yaml-key] a key must be a text, not a list or map (if this is a template placeholder such as {{ name }}, put it in quotes)\n"},
	{TEXT("\xff\xfe" "a"),
	 "0:0: [yaml-encoding] the file is encoded in UTF-16, not UTF-8 (save it again as UTF-8)\n"},
	{TEXT("a: \xe9\n"),
	 "1:4: [yaml-encoding] byte 0xe9 at offset 3 is not valid UTF-8 (save the file again as UTF-8)\n"},
	{TEXT("a\x00" "b"),
	 "1:2: [yaml-encoding] the file holds a NUL character: it is binary or was damaged (restore it from git or save it again as UTF-8 text)\n"},
	{TEXT("a: *\nb: c\n"),
	 "1:4: [yaml-syntax] the name of an alias '*' has letters, digits, '-' and '_' only (quote a text that starts with '*')\n"},
	{TEXT("a: - x\n"),
	 "1:4: [yaml-syntax] a list item '-' is not allowed here (start a new line for it, or quote a text that starts with '- ')\n"},
	{TEXT("a: `x`\n"),
	 "1:4: [yaml-syntax] a value cannot start with '`' (put the text in quotes)\n"},
	{TEXT("a: 1\nb 2\nc: 3\n"),
	 "2:1: [yaml-syntax] this line is neither 'key: value' nor a list item (add the ':', or indent the line if it continues the text above)\n"},
	{TEXT("a: \"\\q\"\n"),
	 "1:5: [yaml-syntax] unknown escape after '\\' inside double quotes (write \\\\ for a backslash, or use single quotes, where it has no meaning)\n"},
	{TEXT("a: |x\n  a\n"),
	 "1:5: [yaml-syntax] text is not allowed in the line of '|' or '>' (start the text in the next line, or quote it if the | or > belongs to it)\n"},
	{TEXT("a: [1,,2]\n"),
	 "1:7: [yaml-syntax] a value is missing here (write a value, or delete the ',' or ':' before it)\n"},
	{TEXT("a:\n  b: 1\n c: 2\n"),
	 "3:2: [yaml-syntax] expected a key in the same column as the keys before it (check the indentation and the quotes of this line and the one above) <- 1:1 it belongs to what starts here\n"},
	{TEXT("- a\nb: 1\n"),
	 "2:1: [yaml-syntax] expected a list item '-' in the same column as the items before it (check the indentation and the quotes of this line and the one above) <- 1:1 it belongs to what starts here\n"},
	{TEXT("a: &\nb: 1\n"),
	 "1:4: [yaml-syntax] the name of an anchor '&' has letters, digits, '-' and '_' only (quote a text that starts with '&')\n"},
	{TEXT("a: |\n\tx\n"),
	 "2:1: [yaml-tab] a tab is used for indentation (indent with blanks) <- 1:4 it belongs to what starts here\n"},
	{TEXT("%YAML 2.0\n---\na: 1\n"),
	 "1:1: [yaml-syntax] only YAML 1.1 and 1.2 are supported (delete the line '%YAML')\n"},
	{TEXT("a: it's\nb: 'it's'\n"),
	 "2:8: [yaml-syntax] text behind a closing quote (put all of it into one pair of quotes; inside '...' a ' is written '') <- 1:1 it belongs to what starts here\n"},
	{TEXT("a: \"x\" y\n"),
	 "1:8: [yaml-syntax] text behind a closing quote (put all of it into one pair of quotes; inside '...' a ' is written '')\n"},
	{TEXT("a: b\n\tc: d\n"),
	 "2:1: [yaml-tab] a tab is used for indentation (indent with blanks) <- 1:4 it belongs to what starts here\n"},
	{TEXT("a: ]\n"),
	 "1:4: [yaml-syntax] this closing bracket has no opening one (delete it, or quote a text that ends with it)\n"},
	{TEXT("a: x]\nb: \"a\n---\n"),
	 "2:4: [yaml-syntax] this quote is not closed before the line '---' or '...' (add the closing quote)\n"},
	{TEXT("a: [1, 2]]\n"),
	 "1:10: [yaml-syntax] this closing bracket has no opening one (delete it, or quote a text that ends with it)\n"},
	{TEXT("a: !<x y\n"),
	 "1:4: [yaml-tag] tags ('!...') are not supported (quote a text that starts with '!')\n"},
	{TEXT("---\na: 1\n...\nb: 2\n"),
	 "4:1: [yaml-syntax] text after the end of the document (check that the whole file is indented as one list or one map)\n"},
	{TEXT("%FOO\n---\na: 1\n"),
	 "1:1: [yaml-syntax] a line that starts with '%' must be a %YAML directive (delete the line, or quote a text that starts with '%')\n"},
	{TEXT("a: !x\n"),
	 "1:4: [yaml-tag] tags ('!...') are not supported (delete the tag; put a text that starts with '!' in quotes)\n"},
	{TEXT("!!map {a: 1}\n"),
	 "1:1: [yaml-tag] tags ('!...') are not supported (delete the tag; put a text that starts with '!' in quotes)\n"},
	{TEXT("a: x\xe2\x80\xa8y\n"),
	 "1:5: [yaml-encoding] an invisible line separator (U+2028) (delete it, or write it as an escape inside double quotes)\n"},
	{TEXT("a: 1\r\nb: \r\n  - c: \xc3\xa9: \xc3\xb6\r\n"),
	 "3:9: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("a: \"\\ud83d\\ude00\"\n"),
	 "1:7: [yaml-syntax] this escape stands for no character (write characters above U+FFFF as one \\U escape of 8 digits, not as two \\u)\n"},
	{TEXT("a: \"\\0\"\n"),
	 "1:4: [yaml-encoding] the text holds a NUL character (\\0) (delete the escape)\n"},
	{TEXT("\xef\xbb\xbf" "a: b: c\n"),
	 "1:5: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("x: !\n"),
	 "1:4: [yaml-tag] tags ('!...') are not supported (delete the tag; put a text that starts with '!' in quotes)\n"},
	{TEXT(": 1\n"),
	 "1:1: [yaml-key] the key before this ':' is missing (write the key, or quote a text that starts with ':')\n"},
	{TEXT("? [a]\n: 2\n"),
	 "1:3: [yaml-key] a key must be a text, not a list or map (if this is a template placeholder such as {{ name }}, put it in quotes)\n"},
	{TEXT("a: 1\n? *x\n: 2\n"),
	 "2:3: [yaml-alias] an alias cannot be a key (write the key out)\n"},
	{TEXT("- a\n -b\n-c\n"),
	 "3:1: [yaml-syntax] this line is neither 'key: value' nor a list item (add the ':', or indent the line if it continues the text above)\n"},
	{TEXT("a: \"x\" # c\nb: \"y\" \"z\"\nc: [a, \"b\" \"c\"]\n"),
	 "2:8: [yaml-syntax] text behind a closing quote (put all of it into one pair of quotes; inside '...' a ' is written '') <- 1:1 it belongs to what starts here\n"},
	{TEXT("a:\n- b\n  c: d\n"),
	 "3:4: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("a: {b: 1\nc: 2\n"),
	 "2:2: [yaml-syntax] expected ',' or '}' in the map that starts with '{' (close the map with '}', and quote texts that contain , [ ] { } or ': ') <- 1:4 it belongs to what starts here\n"},
	{TEXT("\"a: 1\n"),
	 "1:1: [yaml-syntax] this quote is never closed (add the closing quote; inside '...' a ' is written '')\n"},
	{TEXT("a: 'don't'\n"),
	 "1:9: [yaml-syntax] text behind a closing quote (put all of it into one pair of quotes; inside '...' a ' is written '')\n"},
	{TEXT("%YAML 1.2\n%YAML 1.2\n---\n"),
	 "2:1: [yaml-syntax] a second %YAML directive (delete the line)\n"},
	{TEXT("a: |0\n x\n"),
	 "1:5: [yaml-syntax] the number after '|' or '>' must be 1 to 9 (delete it: the indentation is found by itself)\n"},
	{TEXT("a: !<tag:x> y\n"),
	 "1:4: [yaml-tag] tags ('!...') are not supported (delete the tag; put a text that starts with '!' in quotes)\n"},
	{TEXT("a: !y!z q\n"),
	 "1:4: [yaml-tag] tags ('!...') are not supported (quote a text that starts with '!')\n"},
	{TEXT("aa: bb\n? x y\n? : z\n- q\n"),
	 "3:3: [yaml-key] a key must be a text, not a list or map (if this is a template placeholder such as {{ name }}, put it in quotes)\n"},
	{TEXT("{a: 1, b: 2, a: 3}\n"),
	 "1:14: [yaml-duplicate-key] key 'a' is there twice (delete one of the two) <- 1:2 first given here\n"},
	{TEXT("a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8\nb: 9\ni: 10\nb: 11\n"),
	 "9:1: [yaml-duplicate-key] key 'b' is there twice (delete one of the two) <- 2:1 first given here\n"
	 "11:1: [yaml-duplicate-key] key 'b' is there twice (delete one of the two) <- 2:1 first given here\n"},
	{TEXT("a: 1\n\"a\": 2\n"),
	 "2:1: [yaml-duplicate-key] key 'a' is there twice (delete one of the two) <- 1:1 first given here\n"},
	{TEXT("x: {a: 1, a: 2}\nx: 3\n"),
	 "1:11: [yaml-duplicate-key] key 'a' is there twice (delete one of the two) <- 1:5 first given here\n"
	 "2:1: [yaml-duplicate-key] key 'x' is there twice (delete one of the two) <- 1:1 first given here\n"},
	{TEXT("a: \x1b[31m\n"),
	 "1:4: [yaml-encoding] a control character (U+001B) (delete it, or write it as an escape inside double quotes)\n"},
	{TEXT("a: b\rc: d\n"),
	 "1:5: [yaml-encoding] a carriage return without a line feed (U+000D) (save the file with LF or CRLF line ends)\n"},
	{TEXT("a: \xc2\x85\n"),
	 "1:4: [yaml-encoding] an invisible line separator (U+0085) (delete it, or write it as an escape inside double quotes)\n"},
	{TEXT("a: \x7f\n"),
	 "1:4: [yaml-encoding] a control character (U+007F) (delete it, or write it as an escape inside double quotes)\n"},
	{TEXT("a: \xef\xbb\xbf" "b\n"),
	 "1:4: [yaml-encoding] a byte order mark inside the text (U+FEFF) (two files were joined here; delete the invisible character)\n"},
	{TEXT("a: \xef\xbf\xbf\n"),
	 "1:4: [yaml-encoding] a code that is no character (U+FFFF) (delete it, or write it as an escape inside double quotes)\n"},
	{TEXT("\xef\xbb\xbf\xff\n"),
	 "1:1: [yaml-encoding] byte 0xff at offset 3 is not valid UTF-8 (save the file again as UTF-8)\n"},
	{TEXT("\xff\xfe\x00\x00" "a\x00\x00\x00"),
	 "0:0: [yaml-encoding] the file is encoded in UTF-32, not UTF-8 (save it again as UTF-8)\n"},
	{TEXT("\xfe\xff\x00" "a"),
	 "0:0: [yaml-encoding] the file is encoded in UTF-16, not UTF-8 (save it again as UTF-8)\n"},
	{TEXT("a: \xed\xa0\x80\n"),
	 "1:4: [yaml-encoding] byte 0xed at offset 3 is not valid UTF-8 (save the file again as UTF-8)\n"},
	{TEXT("\xc3\xa9\xc3\xa9: \xc3\xa9: x\n"),
	 "1:6: [yaml-syntax] a ':' is not allowed here (put a text that contains ': ' in quotes; if this is a key, check the indentation here and above)\n"},
	{TEXT("- &a 1\n- &a 2\n- *b\n"),
	 "3:3: [yaml-alias] alias '*b' has no anchor above it (write '&b' before the value it stands for; put a text that starts with '*' in quotes)\n"},
	{TEXT("a: &a {b: *a}\n"),
	 "1:11: [yaml-alias] alias '*a' stands inside the value it is an alias of <- 1:4 the anchor is here\n"},
	{TEXT("a: \"\\xg\"\n"),
	 "1:7: [yaml-syntax] an escape \\x, \\u or \\U needs 2, 4 or 8 hexadecimal digits (write \\\\ for a backslash, or use single quotes, where it has no meaning)\n"},
	{TEXT("a: &x-\xc3\xa9 b\n"),
	 "1:4: [yaml-syntax] the name of an anchor '&' has letters, digits, '-' and '_' only (quote a text that starts with '&')\n"},
	{TEXT("<<: *x\n"),
	 "1:1: [yaml-merge-key] merge keys ('<<') are not supported (write the keys out, or use an alias for the whole value)\n"
	 "1:5: [yaml-alias] alias '*x' has no anchor above it (write '&x' before the value it stands for; put a text that starts with '*' in quotes)\n"},
	{TEXT("a: ? b\n"),
	 "1:4: [yaml-syntax] a key is not allowed here (start a new line for it, or quote a text that starts with '?')\n"},
	{TEXT("a: [1, 2\n"),
	 "2:1: [yaml-syntax] expected ',' or ']' in the list that starts with '[' (close the list with ']', and quote texts that contain , [ ] { } or ': ') <- 1:4 it belongs to what starts here\n"},
	{TEXT("a: {b: [c}\n"),
	 "1:10: [yaml-syntax] expected ',' or ']' in the list that starts with '[' (close the list with ']', and quote texts that contain , [ ] { } or ': ')\n"},
	{TEXT("a: 1\n: 2\n"),
	 "2:1: [yaml-key] the key before this ':' is missing (write the key, or quote a text that starts with ':') <- 1:1 it belongs to what starts here\n"},
	{TEXT("- ]\n"),
	 "1:3: [yaml-syntax] this closing bracket has no opening one (delete it, or quote a text that ends with it)\n"},
	{TEXT("a: >1x\n b\n"),
	 "1:6: [yaml-syntax] text is not allowed in the line of '|' or '>' (start the text in the next line, or quote it if the | or > belongs to it)\n"},
};
/* clang-format on */

static void says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
		AUTO_PARSED p = {0};
		AUTO_STR messages = STR_INIT;
		assert_null(parse_bytes(&p, "x.yaml", bads[i].text, bads[i].len));
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
