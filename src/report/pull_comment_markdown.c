/*
 * Text made harmless for Markdown (GitHub's dialect, which GitLab's and Gitea's contain). A forge
 * looks for mentions, references and links after Markdown was rendered, so backslashes do not keep
 * "@alice" from being told about it: a zero-width space behind the sign does, in all three. Signs
 * that Markdown or HTML could read are written as character references, which neither reads.
 */
#include "base/str.h"
#include "report/pull_comment_internal.h"
#include "report/term.h"

#include <string.h>

/* One line without anything that a reader cannot see. */
static void one_line(struct str *out, const char *text)
{
	AUTO_STR flat = STR_INIT;
	str_add(&flat, text);
	for (size_t i = 0; i < flat.len; i++)
		if (strchr("\r\n\t", flat.data[i]))
			flat.data[i] = ' ';
	text_harmless(flat.data, flat.len, out);
}

static void escape(struct str *out, const char *text)
{
	static const char marks[] = "\\`*_{}[]()<>|~&$:/\"'=^%";
	for (const char *p = text; *p; p++) {
		if (strchr("@#!", *p))
			str_addf(out, "&#%d;&#8203;", *p);
		else if (strchr(marks, *p))
			str_addf(out, "&#%d;", *p);
		else if (*p == '.' && p - text >= 3 && strncasecmp(p - 3, "www", 3) == 0)
			str_add(out, "&#46;");
		/* What begins a list or a rule at the start of a line, and nowhere else. */
		else if ((p == text && strchr("+-", *p)) ||
			 (*p == '.' && p == text + strspn(text, "0123456789")))
			str_addf(out, "&#%d;", *p);
		else
			str_addc(out, *p);
	}
}

void markdown_text(struct str *out, const char *text)
{
	AUTO_STR line = STR_INIT;
	one_line(&line, text);
	escape(out, line.data);
}

void markdown_cell(struct str *out, const char *text)
{
	markdown_text(out, text); /* "|" is escaped everywhere */
}

/* Backticks where nothing in between needs care, in the tag's content character references. */
void markdown_code(struct str *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/:+, ";
	AUTO_STR line = STR_INIT;
	one_line(&line, text);
	const size_t len = line.len;
	const bool bare = len && strspn(line.data, plain) == len && line.data[0] != ' ' &&
			  line.data[len - 1] != ' ';
	if (bare)
		str_addf(out, "`%s`", line.data);
	else
		pull_add_code_tag(out, text);
}

void pull_add_code_tag(struct str *out, const char *text)
{
	AUTO_STR line = STR_INIT;
	one_line(&line, text);
	str_add(out, "<code>");
	escape(out, line.data);
	str_add(out, "</code>");
}

/* A fence must be longer than any run of backticks in it; nobody needs runs of more than this. */
enum { TICKS_MAX = 30 };

/* Copies text and breaks runs that are too long; returns the longest that is left. */
static size_t tame_ticks(const char *text, size_t len, struct str *out)
{
	size_t longest = 0, run = 0;
	for (size_t i = 0; i < len; i++) {
		if (run == TICKS_MAX && text[i] == '`') {
			str_add(out, "\xe2\x80\x8b");
			run = 0;
		}
		run = text[i] == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
		str_addc(out, text[i]);
	}
	return longest;
}

void markdown_fence(struct str *out, const char *language, const char *text, size_t len)
{
	AUTO_STR harmless = STR_INIT, clean = STR_INIT;
	text_harmless(text, len, &harmless);
	const size_t longest = tame_ticks(harmless.data, harmless.len, &clean);
	const size_t ticks = longest < 3 ? 3 : longest + 1;
	for (size_t i = 0; i < ticks; i++)
		str_addc(out, '`');
	str_addf(out, "%s\n", language);
	str_addn(out, clean.data, clean.len);
	if (clean.len && clean.data[clean.len - 1] != '\n')
		str_addc(out, '\n');
	for (size_t i = 0; i < ticks; i++)
		str_addc(out, '`');
	str_addc(out, '\n');
}

void text_cut(struct str *out, const char *text, size_t max)
{
	size_t characters = 0, bytes = 0, before_last = 0;
	const size_t valid = utf8_valid(text, strlen(text));
	while (bytes < valid && characters < max) {
		before_last = bytes;
		do
			bytes++;
		while (((unsigned char)text[bytes] & 0xc0) == 0x80);
		characters++;
	}
	if (bytes == valid) {
		str_addn(out, text, bytes);
		return;
	}
	str_addn(out, text, before_last);
	str_add(out, "\xe2\x80\xa6");
}
