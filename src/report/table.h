/*
 * Text tables: columns aligned by what characters take on a terminal, no lines around them, no
 * blanks at the end of a line. Cells are copied and made harmless; line breaks in them become
 * blanks. A column in which every cell is empty is left out.
 */
#ifndef TRUEUP_REPORT_TABLE_H
#define TRUEUP_REPORT_TABLE_H

#include "base/macros.h"
#include "report/term.h"

struct table;

struct table *table_new(size_t columns);
void table_free(struct table **t); /* accepts NULL inside */
#define AUTO_TABLE CLEANUP(table_free) struct table *

void table_align_right(struct table *t, size_t column);
/* The column that is cut (with an ellipsis) when a line would be wider than the terminal. */
void table_shrink(struct table *t, size_t column);

/* Fills the next cell of the row, or begins the next row. NULL is an empty cell. */
void table_cell(struct table *t, enum term_style style, const char *text);
void table_cellf(struct table *t, enum term_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Leaves the rest of the row empty. */
void table_end_row(struct table *t);
/* A line of its own between the rows; it does not count for the columns. */
void table_line(struct table *t, enum term_style style, const char *text);

/* Prints all rows, each after indent blanks, columns two blanks apart. */
void table_print(const struct table *t, struct term *term, size_t indent);

#endif
