/*
 * libyaml drops comments, so they are found here: a '#' at a line's start or after a blank,
 * outside quotes and block scalars. Where this reading and the parser's could differ, fmt.c
 * notices by comparing, and leaves the file alone.
 */
#include "spec/comments.h"

#include <string.h>

struct reader {
	struct arena *arena;
	struct comments *out;
	size_t cap;
	char quote; /* open quote from an earlier line, or 0 */
	bool block; /* inside a block scalar */
	size_t block_indent; /* indentation of the line that opened it */
};

static size_t indent_of(const char *line, size_t len)
{
	size_t n = 0;
	while (n < len && line[n] == ' ')
		n++;
	return n;
}

/* May a quoted scalar start at i? */
static bool starts_token(const char *line, size_t i)
{
	return i == 0 || strchr(" \t[{,", line[i - 1]);
}

/* One step inside quotes: how many bytes it took. */
static size_t quoted_step(struct reader *r, const char *at, size_t left)
{
	if (*at == '\\' && r->quote == '"')
		return 2;
	if (*at != r->quote)
		return 1;
	if (*at == '\'' && left > 1 && at[1] == '\'')
		return 2;
	r->quote = 0;
	return 1;
}

/* Offset of the comment's '#', or len. Follows quotes, also into the next line. */
static size_t find_comment(struct reader *r, const char *line, size_t len)
{
	size_t i = 0;
	while (i < len) {
		const char c = line[i];
		if (r->quote) {
			i += quoted_step(r, line + i, len - i);
			continue;
		}
		if ((c == '"' || c == '\'') && starts_token(line, i))
			r->quote = c;
		else if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
			return i;
		i++;
	}
	return len;
}

static size_t trimmed(const char *line, size_t len)
{
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
		len--;
	return len;
}

/* Does this line (without its comment) end with a block scalar's header? */
static bool opens_block(const char *line, size_t len)
{
	len = trimmed(line, len);
	while (len && strchr("+-0123456789", line[len - 1]))
		len--;
	if (len < 2 || (line[len - 1] != '|' && line[len - 1] != '>'))
		return false;
	const size_t before = trimmed(line, len - 1);
	return before < len - 1 && (line[before - 1] == ':' || line[before - 1] == '-');
}

static void add(struct reader *r, uint32_t number, const char *line, size_t at, size_t len)
{
	struct comments *c = r->out;
	c->items = arena_grow(r->arena, c->items, c->count, &r->cap, sizeof c->items[0]);
	c->items[c->count++] = (struct comment){
		.line = number,
		.own_line = indent_of(line, at) == at,
		.text = arena_memdup(r->arena, line + at, trimmed(line + at, len - at)),
	};
}

static void read_line(struct reader *r, uint32_t number, const char *line, size_t len)
{
	const size_t text = trimmed(line, len);
	if (r->block && (text == 0 || indent_of(line, len) > r->block_indent))
		return;
	r->block = false;
	const size_t at = find_comment(r, line, len);
	if (at < len)
		add(r, number, line, at, len);
	if (!r->quote && opens_block(line, at)) {
		r->block = true;
		r->block_indent = indent_of(line, len);
	}
}

void comments_read(struct arena *arena, const struct src *src, struct comments *ret)
{
	struct reader r = {.arena = arena, .out = ret};
	const char *p = src->data, *end = p + src->len;
	uint32_t number = 0;
	*ret = (struct comments){0};
	for (const char *q = p; q < end; q++)
		ret->lines += *q == '\n';
	ret->blank_before = arena_array(arena, ret->lines + 3, sizeof *ret->blank_before);
	if (src->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const size_t len = (size_t)((nl ? nl : end) - p);
		read_line(&r, ++number, p, len);
		ret->blank_before[number] = trimmed(p, len) == 0;
		p += len + 1;
	}
}
