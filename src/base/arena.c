#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)32 * 1024)

static void free_blocks(struct arena_block **list)
{
	while (*list) {
		struct arena_block *next = (*list)->next;
		free(*list);
		*list = next;
	}
}

void arena_release(struct arena *a)
{
	if (!a)
		return;
	if (a->fixed)
		a->head = NULL;
	a->fixed = false;
	free_blocks(&a->head);
	free_blocks(&a->spare);
}

void arena_reset(struct arena *a)
{
	while (a->head && !a->fixed) {
		struct arena_block *b = a->head;
		a->head = b->next;
		b->next = NULL;
		if (b->size != BLOCK_SIZE) {
			free(b);
			continue;
		}
		b->used = 0;
		b->next = a->spare;
		a->spare = b;
	}
	if (a->fixed)
		a->head->used = 0;
}

void arena_over(struct arena *a, void *memory, size_t size)
{
	struct arena_block *b = memory;
	b->next = NULL;
	b->used = 0;
	b->size = size - sizeof *b;
	*a = (struct arena){.head = b, .fixed = true};
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	if (a->fixed)
		_exit(0);
	const size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *b = room == BLOCK_SIZE ? a->spare : NULL;
	if (b)
		a->spare = b->next;
	else
		b = xmalloc(sizeof *b + room);
	b->used = 0;
	b->size = room;
	/* A large block goes behind the current one, whose rest stays usable. */
	if (a->head && size > BLOCK_SIZE / 4 && a->head->size - a->head->used > size / 8) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b;
}

void *arena_take(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX - align)
		abort();
	size = (size + align - 1) / align * align;
	struct arena_block *b = a->head;
	if (!b || b->size - b->used < size)
		b = add_block(a, size);
	void *p = b->data + b->used;
	b->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		abort();
	return arena_alloc(a, count * size);
}

char *arena_memdup(struct arena *a, const void *data, size_t len)
{
	char *p = arena_take(a, len + 1);
	if (len)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_memdup(a, text, strlen(text));
}

char *arena_concat(struct arena *a, const char *first, ...)
{
	va_list args;
	size_t len = 0;
	va_start(args, first);
	for (const char *text = first; text; text = va_arg(args, const char *))
		len += strlen(text);
	va_end(args);
	char *all = arena_take(a, len + 1), *end = all;
	va_start(args, first);
	for (const char *text = first; text; text = va_arg(args, const char *))
		end = mempcpy(end, text, strlen(text));
	va_end(args);
	*end = '\0';
	return all;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *p = arena_vprintf(a, fmt, args);
	va_end(args);
	return p;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	char most[256]; /* long enough nearly always: then it is formatted once */
	va_list again;
	va_copy(again, args);
	const int len = vsnprintf(most, sizeof most, fmt, args);
	if (len < 0)
		abort();
	char *p;
	if ((size_t)len < sizeof most) {
		p = arena_memdup(a, most, (size_t)len);
	} else {
		p = arena_take(a, (size_t)len + 1);
		(void)vsnprintf(p, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	return p;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	void *bigger = arena_array(a, *cap, size);
	if (count)
		memcpy(bigger, array, count * size);
	return bigger;
}
