#include "report/table.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NO_COLUMN = -1 };

struct cell {
	const char *text; /* harmless */
	size_t width;
	enum term_style style;
};

struct row {
	struct cell *cells; /* one per column; for a line of its own only the first counts */
	bool line;
};

struct table {
	struct arena arena;
	size_t columns;
	bool *right;
	int shrink;
	struct row *rows;
	size_t count, cap;
	size_t next; /* cell to fill in the last row; columns: the row is full */
};

struct table *table_new(size_t columns)
{
	struct table *t = xcalloc(1, sizeof *t);
	t->columns = columns;
	t->next = columns;
	t->right = arena_array(&t->arena, columns, sizeof *t->right);
	t->shrink = NO_COLUMN;
	return t;
}

void table_free(struct table **at)
{
	struct table *t = *at;
	if (!t)
		return;
	arena_release(&t->arena);
	free(t);
	*at = NULL;
}

void table_align_right(struct table *t, size_t column)
{
	assert(column < t->columns);
	t->right[column] = true;
}

void table_shrink(struct table *t, size_t column)
{
	assert(column < t->columns);
	t->shrink = (int)column;
}

static struct row *add_row(struct table *t)
{
	t->rows = arena_grow(&t->arena, t->rows, t->count, &t->cap, sizeof *t->rows);
	struct row *row = &t->rows[t->count++];
	*row = (struct row){.cells = arena_array(&t->arena, t->columns, sizeof *row->cells)};
	for (size_t i = 0; i < t->columns; i++)
		row->cells[i].text = "";
	return row;
}

static void fill(struct table *t, struct cell *cell, enum term_style style, const char *text)
{
	AUTO_STR safe = STR_INIT;
	if (text)
		text_harmless(text, strlen(text), &safe);
	for (size_t i = 0; i < safe.len; i++)
		if (safe.data[i] == '\n' || safe.data[i] == '\t')
			safe.data[i] = ' ';
	cell->text = arena_strdup(&t->arena, safe.data);
	cell->width = text_width(cell->text);
	cell->style = style;
}

void table_cell(struct table *t, enum term_style style, const char *text)
{
	if (t->next == t->columns) {
		(void)add_row(t);
		t->next = 0;
	}
	fill(t, &t->rows[t->count - 1].cells[t->next++], style, text);
}

void table_cellf(struct table *t, enum term_style style, const char *fmt, ...)
{
	AUTO_STR text = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_vaddf(&text, fmt, args);
	va_end(args);
	table_cell(t, style, text.data);
}

void table_end_row(struct table *t)
{
	t->next = t->columns;
}

void table_line(struct table *t, enum term_style style, const char *text)
{
	struct row *row = add_row(t);
	row->line = true;
	fill(t, &row->cells[0], style, text);
	t->next = t->columns;
}

/* Widths of all columns; cuts the one that may shrink so that the rows fit. */
static void measure(const struct table *t, size_t limit, size_t indent, size_t *widths)
{
	size_t total = indent;
	for (size_t c = 0; c < t->columns; c++) {
		widths[c] = 0;
		for (size_t r = 0; r < t->count; r++)
			if (!t->rows[r].line && t->rows[r].cells[c].width > widths[c])
				widths[c] = t->rows[r].cells[c].width;
		total += widths[c] ? widths[c] + GAP : 0;
	}
	total -= total > indent ? GAP : 0;
	if (!limit || total <= limit || t->shrink == NO_COLUMN)
		return;
	enum { LEAST = 12 };
	size_t *w = &widths[t->shrink];
	const size_t over = total - limit;
	if (*w > LEAST)
		*w = *w - LEAST > over ? *w - over : LEAST;
}

/* Prints one cell; *owed are the blanks that stand between it and what was printed before. */
static void print_cell(
	struct term *term, const struct cell *cell, size_t width, bool right, size_t *owed)
{
	const bool cut = cell->width > width;
	const size_t bytes = cut ? text_fit(cell->text, width - 1) : strlen(cell->text);
	const size_t taken = cut ? width : cell->width;
	if (right)
		*owed += width - taken;
	if (taken) {
		term_printf(term, STYLE_PLAIN, "%*s", (int)*owed, "");
		term_printf(term, cell->style, "%.*s%s", (int)bytes, cell->text,
			cut ? "\xe2\x80\xa6" : "");
		*owed = 0;
	}
	*owed += (right ? 0 : width - taken) + GAP;
}

void table_print(const struct table *t, struct term *term, size_t indent)
{
	AUTO_FREE size_t *widths = xcalloc(t->columns + 1, sizeof *widths);
	measure(t, term->width, indent, widths);
	for (size_t r = 0; r < t->count; r++) {
		const struct row *row = &t->rows[r];
		size_t owed = indent;
		if (row->line)
			print_cell(term, &row->cells[0], row->cells[0].width, false, &owed);
		for (size_t c = 0; !row->line && c < t->columns; c++)
			if (widths[c])
				print_cell(term, &row->cells[c], widths[c], t->right[c], &owed);
		term_newline(term);
	}
}
