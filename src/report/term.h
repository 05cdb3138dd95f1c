/*
 * A terminal, or the file or pipe in its place. Everything meant for people is printed through
 * it: text is made harmless first (control characters, C1, bidirectional overrides and invalid
 * UTF-8 are shown as \x1b, \u202e), colour appears only where it is wanted, and a progress line
 * is drawn only on a real terminal and taken away before anything else is printed.
 *
 * A write error is kept and not repeated: look at term_failed() at the end.
 */
#ifndef TRUEUP_REPORT_TERM_H
#define TRUEUP_REPORT_TERM_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct str;

enum term_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_RED,
	STYLE_GREEN,
	STYLE_YELLOW,
	STYLE_BLUE,
	STYLE_CYAN,
	STYLE_BOLD_RED,
	STYLE_BOLD_GREEN,
	STYLE_BOLD_YELLOW,
};

struct term {
	FILE *file; /* borrowed */
	bool tty; /* a person is looking */
	bool color; /* escape sequences for colour are wanted */
	bool quiet; /* term_note() and progress print nothing */
	unsigned width; /* columns; 0: no limit (not a terminal) */
	bool drawn; /* a progress line stands there now */
	int failure; /* errno of the first failed write, 0: none */
};

/*
 * Colour needs a terminal, allow_color, no NO_COLOR (when not empty) and a TERM that is neither
 * unset nor "dumb".
 */
void term_init(struct term *t, FILE *file, bool allow_color);

/* Prints text (newlines and tabs stay) in a style. */
void term_put(struct term *t, enum term_style style, const char *text);
/* The same, formatted; the result as a whole is made harmless. */
void term_printf(struct term *t, enum term_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Bytes as they are: for JSON and other machine formats. */
void term_write(struct term *t, const void *data, size_t len);
void term_newline(struct term *t);
/* Information that -q suppresses: one line, the newline is added. */
void term_note(struct term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Draws or replaces the progress line; nothing when not a terminal or quiet. */
void term_progress(struct term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void term_progress_clear(struct term *t);

/* Flushes. 0, or the errno of the first failed write. */
int term_failed(struct term *t);

/* Appends text with everything that could drive a terminal shown instead of sent. */
void text_harmless(const char *text, size_t len, struct str *out);
/* Columns that text takes: wide characters two, combining ones none. */
size_t text_width(const char *text);
/* Length in bytes of the longest prefix that takes at most width columns. */
size_t text_fit(const char *text, size_t width);

#endif
