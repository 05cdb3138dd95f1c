/*
 * An own scanner of lines and not a Markdown library: the grammar of the sections is given to the
 * byte by files that exist (docs/decisions/0011-runbook-sections.md), and a library's tree would
 * have to be mapped back to lines, columns and raw text anyway.
 *
 * One pass from top to bottom with two states, inside and outside of a fence.
 */
#include "format/sections.h"

#include "base/str.h"
#include "format/text.h"
#include "format/yaml.h"

#include <string.h>

/* One line, without its end. */
struct line {
	size_t offset, len;
	size_t next; /* where the following line starts */
	uint32_t number;
};

struct scanner {
	struct arena *arena;
	struct sections *out;
	struct diag_list *diags;
	struct line line;
	struct fence *open; /* the fence that the line stands in */
	size_t fences;
};

/* The white space of Unicode beyond ASCII: what editors and web pages put where a blank was. */
static bool is_wide_blank(uint32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

size_t blank_prefix(const char *text, size_t len)
{
	size_t i = 0;
	while (i < len) {
		size_t width = 1;
		if ((unsigned char)text[i] < 0x80) {
			if (!is_blank(text[i]))
				break;
		} else if (!is_wide_blank(text_code_point(text + i, len - i, &width))) {
			break;
		}
		i += width;
	}
	return i;
}

/* Bytes of the character that ends at len. */
static size_t last_width(const char *text, size_t len)
{
	size_t width = 1;
	while (width < len && width < 4 && ((unsigned char)text[len - width] & 0xc0) == 0x80)
		width++;
	return width;
}

void blank_trim(const char **text, size_t *len)
{
	const size_t skip = blank_prefix(*text, *len);
	*text += skip;
	*len -= skip;
	while (*len) {
		const size_t width = last_width(*text, *len);
		if (blank_prefix(*text + *len - width, width) < width)
			break;
		*len -= width;
	}
}

static struct line line_at(const struct src *src, size_t offset, uint32_t number)
{
	const char *nl = memchr(src->data + offset, '\n', src->len - offset);
	const size_t end = nl ? (size_t)(nl - src->data) : src->len;
	struct line line = {offset, end - offset, nl ? end + 1 : src->len, number};
	if (line.len && src->data[end - 1] == '\r')
		line.len--;
	return line;
}

static bool limit(struct scanner *s, const char *what, int max)
{
	const struct pos pos = {s->out->src, s->line.number, 1};
	struct diag *d = diag_error(
		s->diags, "markdown-limit", pos, "the file has more than %d %s", max, what);
	diag_hint(s->diags, d, "split it into several files");
	return false;
}

/* How many of mark the line has behind its indentation of *ret_indent bytes. */
static size_t count_marks(const char *text, size_t len, char mark, size_t *ret_indent)
{
	size_t i = 0;
	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	*ret_indent = i;
	while (i < len && text[i] == mark)
		i++;
	return i - *ret_indent;
}

static bool closes(const char *text, size_t len, const struct fence *fence)
{
	size_t indent;
	const size_t width = count_marks(text, len, fence->mark, &indent);
	const size_t used = indent + width;
	return width >= fence->width && used + blank_prefix(text + used, len - used) == len;
}

/* Fills *ret if the line opens a fence. */
static bool opens(struct scanner *s, const char *text, size_t len, struct fence *ret)
{
	enum { FENCE_MIN = 3 };
	size_t indent;
	char mark = '`';
	size_t width = count_marks(text, len, mark, &indent);
	if (!width)
		width = count_marks(text, len, mark = '~', &indent);
	if (width < FENCE_MIN)
		return false;
	const char *info = text + indent + width;
	size_t info_len = len - indent - width;
	if (mark == '`' && memchr(info, '`', info_len))
		return false;
	const bool glued = info_len && !blank_prefix(info, info_len);
	blank_trim(&info, &info_len);
	*ret = (struct fence){
		.pos = {s->out->src, s->line.number, (uint32_t)indent + 1},
		.mark = mark,
		.width = width,
		.glued = glued,
		.info = arena_memdup(s->arena, info, info_len),
		.start = s->line.next,
		.end = s->out->src->len,
		.line = s->line.number + 1,
	};
	return true;
}

static bool open_fence(struct scanner *s, const struct fence *fence)
{
	if (++s->fences > SECTIONS_MAX_FENCES)
		return limit(s, "fenced blocks", SECTIONS_MAX_FENCES);
	if (!s->out->count) {
		s->open = arena_alloc(s->arena, sizeof *fence);
		*s->open = *fence;
		return true;
	}
	struct section *section = &s->out->items[s->out->count - 1];
	section->fences = arena_grow(s->arena, section->fences, section->fence_count,
		&section->fence_cap, sizeof *fence);
	section->fences[section->fence_count] = *fence;
	s->open = &section->fences[section->fence_count++];
	return true;
}

/* The name of a heading, or NULL if the line is none. */
static const char *heading_name(struct scanner *s, const char *text, size_t len)
{
	if (!len || text[0] != '#' || !blank_prefix(text + 1, len - 1))
		return NULL;
	const char *name = text + 1;
	size_t name_len = len - 1;
	blank_trim(&name, &name_len);
	if (!name_len || name[0] == '#')
		return NULL;
	return arena_memdup(s->arena, name, name_len);
}

static bool add_section(struct scanner *s, const char *name)
{
	struct sections *out = s->out;
	if (out->count >= SECTIONS_MAX)
		return limit(s, "sections", SECTIONS_MAX);
	if (out->count)
		out->items[out->count - 1].end = s->line.offset;
	out->items = arena_grow(s->arena, out->items, out->count, &out->cap, sizeof out->items[0]);
	out->items[out->count++] = (struct section){
		.name = name,
		.pos = {out->src, s->line.number, 1},
		.heading = s->line.offset,
		.start = s->line.next,
		.end = out->src->len,
		.line = s->line.number + 1,
	};
	return true;
}

/* False after an error; *ret_last says that the last section was reached. */
static bool scan_line(struct scanner *s, const char *last, bool *ret_last)
{
	const char *text = s->out->src->data + s->line.offset;
	const size_t len = s->line.len;
	if (s->open) {
		if (closes(text, len, s->open)) {
			s->open->end = s->line.offset;
			s->open->closed = true;
			s->open = NULL;
		}
		return true;
	}
	struct fence fence;
	if (opens(s, text, len, &fence))
		return open_fence(s, &fence);
	const char *name = heading_name(s, text, len);
	if (!name)
		return true;
	/* The first line is the title: it names the document and is never its last section. */
	*ret_last = s->line.offset > 0 && str_eq(name, last);
	return add_section(s, name);
}

int sections_parse(struct arena *arena, const struct src *src, const char *last,
	struct sections *ret, struct diag_list *diags)
{
	*ret = (struct sections){.src = src};
	struct scanner s = {.arena = arena, .out = ret, .diags = diags};
	bool at_last = false;
	size_t offset = 0;
	for (uint32_t number = 1; offset < src->len && !at_last; number++) {
		s.line = line_at(src, offset, number);
		if (!scan_line(&s, last, &at_last))
			return -1;
		offset = s.line.next;
	}
	ret->unclosed = s.open;
	return 0;
}

const struct section *sections_find(const struct sections *s, const char *name, size_t from)
{
	for (size_t i = from; i < s->count; i++)
		if (str_eq(s->items[i].name, name))
			return &s->items[i];
	return NULL;
}

bool section_blank(const struct sections *s, const struct section *section)
{
	const size_t len = section->end - section->start;
	return blank_prefix(s->src->data + section->start, len) == len;
}

const struct fence *section_fence(const struct section *section, const char *info)
{
	for (size_t i = 0; i < section->fence_count; i++) {
		const struct fence *f = &section->fences[i];
		if (f->mark == '`' && f->glued && str_eq(f->info, info))
			return f;
	}
	return NULL;
}

/*
 * The parser sees as many empty lines as there are lines above the block, so that its places are
 * those of the file without any of them having to be moved afterwards.
 */
struct node *fence_yaml(struct arena *arena, const struct sections *s, const struct fence *fence,
	struct diag_list *diags)
{
	const size_t len = fence->end - fence->start;
	const size_t above = fence->line - 1;
	char *text = arena_alloc(arena, above + len + 1);
	memset(text, '\n', above);
	memcpy(text + above, s->src->data + fence->start, len);
	struct src *block = arena_alloc(arena, sizeof *block);
	*block = (struct src){s->src->path, text, above + len};
	return yaml_parse(arena, block, diags);
}

const char *fence_text(struct arena *arena, const struct sections *s, const struct fence *fence)
{
	const char *from = s->src->data + fence->start;
	const size_t len = fence->end - fence->start;
	char *text = arena_alloc(arena, len + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; i++)
		if (from[i] != '\r' || i + 1 == len || from[i + 1] != '\n')
			text[used++] = from[i];
	return text;
}
