/*
 * The bytes are Markdown that is split, and text that is made harmless. Parts are no longer than
 * allowed, whole UTF-8 if the text is, and close every fence and fold that they open; what is
 * escaped holds nothing that could mention, link, or end what it stands in.
 */
#include "base/arena.h"
#include "base/str.h"
#include "report/pull_comment.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static size_t ticks_at(const char *line, size_t len)
{
	size_t n = 0;
	while (n < len && line[n] == '`')
		n++;
	return n;
}

/* Does a fenced block that markdown_fence() made end only with its last line? */
static void check_fence(const char *text)
{
	const size_t ticks = ticks_at(text, strlen(text));
	require(ticks >= 3);
	const char *at = strchr(text, '\n') + 1;
	size_t closings = 0;
	while (*at) {
		const size_t len = strcspn(at, "\n");
		const char *start = at + strspn(at, " ");
		if (ticks_at(start, len - (size_t)(start - at)) >= ticks)
			closings++;
		at += len + 1;
	}
	require(closings == 1);
}

static void check_harmless(const char *text)
{
	AUTO_STR out = STR_INIT;
	markdown_text(&out, text);
	require(!strpbrk(out.data, "<>`|[]()*_~@\n\r"));
	for (const char *p = out.data; (p = strchr(p, '&')); p++)
		require(p[1] == '#' && p[2] >= '0' && p[2] <= '9');
	str_clear(&out);
	markdown_cell(&out, text);
	require(!strpbrk(out.data, "|\n"));
	str_clear(&out);
	text_cut(&out, text, 140);
	size_t characters = 0;
	for (const char *p = out.data; *p; p++)
		characters += ((unsigned char)*p & 0xc0) != 0x80;
	require(characters <= 140);
	require(utf8_valid(out.data, out.len) == out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA arena = {0};
	const char *text = arena_memdup(&arena, data, size);
	const size_t len = strlen(text);
	check_harmless(text);
	AUTO_STR fence = STR_INIT;
	markdown_fence(&fence, "diff", text, len);
	check_fence(fence.data);

	size_t count;
	const char *const *parts = pull_comment_split(text, PULL_PART_MIN, &arena, &count);
	require(count >= 1 && count <= PULL_PARTS_MAX);
	const bool valid = utf8_valid(text, len) == len;
	for (size_t i = 0; i < count; i++) {
		const size_t part = strlen(parts[i]);
		require(part <= PULL_PART_MIN);
		require(!valid || utf8_valid(parts[i], part) == part);
	}
	if (count == 1 && len < 3000)
		require(str_starts(parts[0], text));
	return 0;
}
