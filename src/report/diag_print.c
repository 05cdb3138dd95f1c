#include "report/diag_print.h"

#include "base/str.h"
#include "base/strmap.h"
#include "report/term.h"

#include <string.h>

const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_ERROR:
		return "error";
	case SEVERITY_WARNING:
		return "warning";
	case SEVERITY_NOTE:
		return "note";
	}
	return "note";
}

static enum term_style severity_style(enum severity severity)
{
	return severity == SEVERITY_ERROR     ? STYLE_BOLD_RED
	       : severity == SEVERITY_WARNING ? STYLE_BOLD_YELLOW
					      : STYLE_BOLD;
}

static void add_place(struct str *out, const char *path, uint32_t line, uint32_t col)
{
	str_add(out, path);
	if (line)
		str_addf(out, ":%u", line);
	if (line && col)
		str_addf(out, ":%u", col);
}

static size_t char_len(const char *p)
{
	size_t n = 1;
	while (((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/*
 * Puts the caret under the character in column col of what is printed: a tab stays a tab, a
 * character that is shown escaped or wide takes as many columns as it is shown in.
 */
static void add_caret(struct str *out, const struct diag *d)
{
	const char *p = d->source_line;
	for (uint32_t col = 1; col < d->col && *p; col++) {
		const size_t n = char_len(p);
		AUTO_STR shown = STR_INIT;
		text_harmless(p, n, &shown);
		if (*p == '\t')
			str_addc(out, '\t');
		else
			str_addf(out, "%*s", (int)text_width(shown.data), "");
		p += n;
	}
	AUTO_STR marked = STR_INIT;
	for (uint32_t i = 0; i < d->width && *p; i++) {
		const size_t n = char_len(p);
		text_harmless(p, n, &marked);
		p += n;
	}
	const size_t width = text_width(marked.data);
	str_addc(out, '^');
	for (size_t i = 1; i < width; i++)
		str_addc(out, '~');
}

static void print_source(struct term *t, const struct diag *d, const char *line, uint32_t number)
{
	term_printf(t, STYLE_DIM, "%5u | ", number);
	term_printf(t, STYLE_PLAIN, "%s\n", line);
	AUTO_STR caret = STR_INIT;
	add_caret(&caret, d);
	term_printf(t, STYLE_DIM, "%5s | ", "");
	term_printf(t, severity_style(d->severity), "%s\n", caret.data);
}

/* Hints of several lines keep their lines, each indented; the place goes behind the last. */
static void print_hint(struct term *t, const char *text, const char *place)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");
		const bool last = !text[n] || !text[n + 1];
		term_printf(t, STYLE_PLAIN, "   %.*s", (int)n, text);
		if (last && place)
			term_printf(t, STYLE_DIM, "   (%s)", place);
		term_newline(t);
		text += n + (text[n] == '\n');
	}
}

static void print_related(struct term *t, const struct diag *d)
{
	AUTO_STR place = STR_INIT;
	if (d->related_path)
		add_place(&place, d->related_path, d->related_line, d->related_col);
	const bool has_text = d->related_message && *d->related_message;
	/* A place alone explains the hint and stands behind it. */
	if (d->hint)
		print_hint(t, d->hint, !has_text && place.len ? place.data : NULL);
	if (has_text && place.len)
		term_printf(t, STYLE_PLAIN, "   %s: %s\n", place.data, d->related_message);
	else if (has_text)
		term_printf(t, STYLE_PLAIN, "   %s\n", d->related_message);
	else if (!d->hint && place.len)
		term_printf(t, STYLE_PLAIN, "   see %s\n", place.data);
}

static void print_one(struct term *t, const struct diag *d)
{
	if (d->path) {
		AUTO_STR place = STR_INIT;
		add_place(&place, d->path, d->line, d->col);
		term_printf(t, STYLE_BOLD, "%s: ", place.data);
	}
	term_printf(t, severity_style(d->severity), "%s: ", severity_name(d->severity));
	term_put(t, STYLE_PLAIN, d->message);
	term_printf(t, STYLE_DIM, " [%s]", d->rule);
	term_newline(t);
	if (d->source_line && d->line)
		print_source(t, d, d->source_line, d->line);
	print_related(t, d);
}

void diag_print_text(struct term *t, const struct diag_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		print_one(t, &list->items[i]);
	if (list->dropped)
		term_printf(t, STYLE_PLAIN, "... and %zu more that are not shown\n", list->dropped);
}

static void add_count(struct str *out, size_t n, const char *one)
{
	if (n)
		str_addf(out, "%s%zu %s%s", out->len ? ", " : "", n, one, n == 1 ? "" : "s");
}

void diag_print_summary(struct term *t, const struct diag_list *list)
{
	size_t by_severity[SEVERITY_ERROR + 1] = {0};
	AUTO_STRMAP files = {0};
	for (size_t i = 0; i < list->count; i++) {
		by_severity[list->items[i].severity]++;
		if (list->items[i].path)
			(void)strmap_put(&files, list->items[i].path, NULL);
	}
	AUTO_STR text = STR_INIT;
	/* Errors are counted beyond what the list keeps. */
	add_count(&text, list->errors, "error");
	add_count(&text, by_severity[SEVERITY_WARNING], "warning");
	add_count(&text, by_severity[SEVERITY_NOTE], "note");
	if (!text.len)
		return;
	const size_t n = strmap_count(&files);
	if (n)
		str_addf(&text, " in %zu file%s", n, n == 1 ? "" : "s");
	term_printf(t, list->errors ? STYLE_BOLD_RED : STYLE_BOLD, "%s\n", text.data);
}

/* The two escapings of workflow commands: of the text, and of a property such as the file. */
static void add_github(struct str *out, const char *text, bool property)
{
	AUTO_STR safe = STR_INIT;
	text_harmless(text, strlen(text), &safe);
	for (const char *p = safe.data; *p; p++) {
		if (*p == '%' || *p == '\n' || (property && (*p == ':' || *p == ',')))
			str_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
		else
			str_addc(out, *p);
	}
}

void diag_print_github(struct term *t, const struct diag_list *list)
{
	static const char *const commands[] = {[SEVERITY_ERROR] = "error",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_NOTE] = "notice"};
	for (size_t i = 0; i < list->count; i++) {
		const struct diag *d = &list->items[i];
		AUTO_STR line = STR_INIT;
		str_addf(&line, "::%s ", commands[d->severity]);
		if (d->path) {
			str_add(&line, "file=");
			add_github(&line, d->path, true);
			str_addc(&line, ',');
		}
		if (d->line)
			str_addf(&line, "line=%u,col=%u,", d->line, d->col);
		str_add(&line, "title=");
		add_github(&line, d->rule, true);
		str_add(&line, "::");
		add_github(&line, d->message, false);
		if (d->hint) {
			str_add(&line, "%0A");
			add_github(&line, d->hint, false);
		}
		str_addc(&line, '\n');
		term_write(t, line.data, line.len);
	}
}
