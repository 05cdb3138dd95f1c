#include "base/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void diag_list_release(struct diag_list *list)
{
	arena_release(&list->arena);
	*list = (struct diag_list){0};
}

static struct diag *next_slot(struct diag_list *list)
{
	if (list->count >= DIAG_MAX) {
		list->dropped++;
		return arena_alloc(&list->arena, sizeof(struct diag));
	}
	list->items = arena_grow(
		&list->arena, list->items, list->count, &list->cap, sizeof list->items[0]);
	struct diag *d = &list->items[list->count++];
	*d = (struct diag){0};
	return d;
}

/* Longer lines are cut in what is kept: nobody reads a caret in column 4,000. */
enum { LINE_MAX_BYTES = 400 };

static const char *line_at(const struct src *src, uint32_t line, size_t *len)
{
	const char *p = src->data, *end = src->data + src->len;
	for (uint32_t n = 1; n < line && p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		p = nl ? nl + 1 : end;
	}
	/* A byte order mark is no column. */
	if (line == 1 && src->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	*len = (size_t)((nl ? nl : end) - p);
	if (*len && p[*len - 1] == '\r')
		(*len)--;
	return p;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The byte offset of a column, at most len. */
static size_t column_offset(const char *line, size_t len, uint32_t col)
{
	size_t i = 0;
	for (uint32_t at = 1; i < len && at < col; at++) {
		do
			i++;
		while (i < len && is_continuation(line[i]));
	}
	return i;
}

/* How far the word at col goes: up to white space or a YAML delimiter. */
static uint32_t word_width(const char *line, size_t len, uint32_t col)
{
	size_t i = column_offset(line, len, col);
	if (i >= len)
		return 1;
	uint32_t width = 0;
	if (line[i] == '"' || line[i] == '\'') {
		const char *close = memchr(line + i + 1, line[i], len - i - 1);
		for (const char *p = line + i; close && p <= close; p++)
			width += !is_continuation(*p);
		if (close)
			return width;
	}
	for (; i < len && !isspace((unsigned char)line[i]) && !strchr(",]}", line[i]); i++) {
		if (line[i] == ':' && (i + 1 == len || line[i + 1] == ' '))
			break;
		width += !is_continuation(line[i]);
	}
	return width ? width : 1;
}

static void locate(struct diag_list *list, struct diag *d, struct pos pos)
{
	d->width = 1;
	if (!pos.src)
		return;
	d->path = arena_strdup(&list->arena, pos.src->path);
	d->line = pos.line;
	d->col = pos.col;
	if (!pos.line || !pos.src->data)
		return;
	size_t len = 0;
	const char *line = line_at(pos.src, pos.line, &len);
	if (pos.col > LINE_MAX_BYTES)
		return;
	if (len > LINE_MAX_BYTES) {
		len = LINE_MAX_BYTES;
		while (len && ((unsigned char)line[len] & 0xc0) == 0x80)
			len--;
	}
	d->source_line = arena_memdup(&list->arena, line, len);
	d->width = word_width(line, len, pos.col);
}

static PRINTF_LIKE(2, 0) char *format(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	const int len = vsnprintf(NULL, 0, fmt, args);
	char *p = arena_alloc(a, (size_t)(len < 0 ? 0 : len) + 1);
	if (len > 0)
		(void)vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

struct diag *diag_add(struct diag_list *list, enum severity severity, const char *rule,
	struct pos pos, const char *fmt, ...)
{
	struct diag *d = next_slot(list);
	d->severity = severity;
	d->rule = rule;
	if (severity == SEVERITY_ERROR)
		list->errors++;
	if (!list->dropped) /* a line of a large file is not looked up for nothing */
		locate(list, d, pos);
	va_list args;
	va_start(args, fmt);
	d->message = format(&list->arena, fmt, args);
	va_end(args);
	return d;
}

void diag_hint(struct diag_list *list, struct diag *d, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	d->hint = format(&list->arena, fmt, args);
	va_end(args);
}

void diag_related(struct diag_list *list, struct diag *d, struct pos pos, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	d->related_message = format(&list->arena, fmt, args);
	va_end(args);
	if (pos.src) {
		d->related_path = arena_strdup(&list->arena, pos.src->path);
		d->related_line = pos.line;
		d->related_col = pos.col;
	}
}

static int compare(const void *a, const void *b)
{
	const struct diag *const *x = a, *const *y = b;
	const char *px = (*x)->path ? (*x)->path : "", *py = (*y)->path ? (*y)->path : "";
	const int by_path = strcmp(px, py);
	if (by_path)
		return by_path;
	if ((*x)->line != (*y)->line)
		return (*x)->line < (*y)->line ? -1 : 1;
	if ((*x)->col != (*y)->col)
		return (*x)->col < (*y)->col ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

void diag_sort(struct diag_list *list)
{
	if (list->count < 2)
		return;
	const struct diag **order = arena_array(&list->arena, list->count, sizeof *order);
	for (size_t i = 0; i < list->count; i++)
		order[i] = &list->items[i];
	qsort(order, list->count, sizeof *order, compare);
	struct diag *sorted = arena_array(&list->arena, list->cap, sizeof *sorted);
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = *order[i];
	list->items = sorted;
}

static const char *copy(struct diag_list *list, const char *text)
{
	return text ? arena_strdup(&list->arena, text) : NULL;
}

void diag_append(struct diag_list *list, const struct diag_list *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct diag *f = &from->items[i];
		struct diag *d = next_slot(list);
		*d = *f;
		d->path = copy(list, f->path);
		d->source_line = copy(list, f->source_line);
		d->message = copy(list, f->message);
		d->hint = copy(list, f->hint);
		d->related_path = copy(list, f->related_path);
		d->related_message = copy(list, f->related_message);
	}
	list->errors += from->errors;
	list->dropped += from->dropped;
}
