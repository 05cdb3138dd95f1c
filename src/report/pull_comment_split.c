/*
 * Splitting at line ends. What is open there (a fence, folds, a table) is a small value that is
 * followed line by line; closing and opening it again is known in length before a line is taken, so
 * that no part comes out longer than it may be.
 */
#include "base/arena.h"
#include "base/str.h"
#include "report/pull_comment.h"

#include <string.h>

enum {
	NOTE_ROOM = 160, /* for what a part says about itself */
	FOLDS_MAX = 4,
	FENCE_MAX = 64, /* signs; longer ones are not repaired */
	OPEN_MAX = 300, /* bytes of a line that opens something again */
};

struct piece {
	const char *at;
	size_t len; /* 0: none */
};

/* What is open between two lines. */
struct open {
	struct piece fence; /* the line that opened it, without its end */
	size_t ticks; /* signs of the fence */
	struct piece folds[FOLDS_MAX];
	size_t fold_count;
	struct piece table; /* its first line, with the separator behind it */
	bool in_table;
};

struct splitter {
	struct arena *arena;
	size_t budget; /* of a part, without its note */
	struct open open;
	struct str part;
	size_t fresh; /* length of the part when nothing but what was opened again is in it */
	const char *parts[PULL_PARTS_MAX];
	size_t count;
	bool full;
};

/* The length of a fence at the start of line; 0 if there is none. */
static size_t fence_of(const char *line, size_t len, size_t *ret_indent)
{
	size_t i = 0;
	while (i < len && i < 3 && line[i] == ' ')
		i++;
	const char c = i < len ? line[i] : '\0';
	*ret_indent = i;
	size_t n = 0;
	while (i + n < len && (c == '`' || c == '~') && line[i + n] == c)
		n++;
	return n >= 3 ? n : 0;
}

static bool only_blanks(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t')
			return false;
	return true;
}

static bool begins(const char *line, size_t len, const char *what)
{
	return len >= strlen(what) && strncasecmp(line, what, strlen(what)) == 0;
}

static void follow_fence(struct open *o, const char *line, size_t len)
{
	size_t indent;
	const size_t n = fence_of(line, len, &indent);
	if (!o->fence.len) {
		/* An info string of backticks holds no backtick: that would be inline code. */
		const char *info = line + indent + n;
		const size_t info_len = len - indent - n;
		if (n && n <= FENCE_MAX && len <= OPEN_MAX &&
			!(line[indent] == '`' && memchr(info, '`', info_len))) {
			o->fence = (struct piece){line, len};
			o->ticks = n;
		}
		return;
	}
	const char sign = o->fence.at[strspn(o->fence.at, " ")];
	if (n >= o->ticks && line[indent] == sign &&
		only_blanks(line + indent + n, len - indent - n))
		o->fence.len = 0;
}

static void follow_table(struct open *o, const char *line, size_t len)
{
	if (!len || line[0] != '|') {
		o->in_table = false;
		o->table.len = 0;
		return;
	}
	if (o->in_table && o->table.len && line == o->table.at + o->table.len + 1 &&
		begins(line, len, "|--"))
		o->table.len += 1 + len;
	else if (!o->in_table)
		o->table = (struct piece){line, len};
	o->in_table = true;
}

/* line without its end. */
static void follow(struct open *o, const char *line, size_t len)
{
	const bool was_in_fence = o->fence.len > 0;
	follow_fence(o, line, len);
	if (was_in_fence || o->fence.len)
		return;
	follow_table(o, line, len);
	if (begins(line, len, "<details") && o->fold_count < FOLDS_MAX)
		o->folds[o->fold_count++] = (struct piece){line, len};
	else if (begins(line, len, "</details>") && o->fold_count)
		o->fold_count--;
}

static void add_close(struct str *out, const struct open *o)
{
	if (o->fence.len) {
		const char sign = o->fence.at[strspn(o->fence.at, " ")];
		if (out->len && out->data[out->len - 1] != '\n')
			str_addc(out, '\n');
		for (size_t i = 0; i < o->ticks; i++)
			str_addc(out, sign);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < o->fold_count; i++)
		str_add(out, "\n</details>\n");
}

static void add_open(struct str *out, const struct open *o)
{
	for (size_t i = 0; i < o->fold_count; i++) {
		if (o->folds[i].len <= OPEN_MAX)
			str_addn(out, o->folds[i].at, o->folds[i].len);
		else
			str_add(out, "<details><summary>continued</summary>");
		str_add(out, "\n\n");
	}
	if (o->fence.len) {
		str_addn(out, o->fence.at, o->fence.len);
		str_addc(out, '\n');
	} else if (o->in_table && o->table.len <= OPEN_MAX &&
		   memchr(o->table.at, '\n', o->table.len)) {
		str_addn(out, o->table.at, o->table.len);
		str_addc(out, '\n');
	}
}

static size_t close_length(const struct open *o)
{
	return (o->fence.len ? o->ticks + 2 : 0) + o->fold_count * strlen("\n</details>\n");
}

static void end_part(struct splitter *s)
{
	add_close(&s->part, &s->open);
	s->parts[s->count++] = arena_memdup(s->arena, s->part.data, s->part.len);
	str_clear(&s->part);
	s->full = s->count == PULL_PARTS_MAX;
	if (s->full)
		return;
	add_open(&s->part, &s->open);
	s->fresh = s->part.len;
}

/* Takes one line of len bytes, its end included if it has one. */
static void take(struct splitter *s, const char *line, size_t len)
{
	const bool ended = len && line[len - 1] == '\n';
	struct open next = s->open;
	follow(&next, line, len - ended);
	const size_t closing = close_length(&next) > close_length(&s->open)
				       ? close_length(&next)
				       : close_length(&s->open);
	if (s->part.len + len + closing > s->budget && s->part.len > s->fresh)
		end_part(s);
	/* A line that no part can hold is cut into several. */
	while (!s->full && s->part.len + len + closing > s->budget) {
		const size_t room = s->budget - s->part.len - closing;
		size_t piece = utf8_cut(line, len, room);
		if (!piece)
			piece = room;
		str_addn(&s->part, line, piece);
		line += piece;
		len -= piece;
		end_part(s);
	}
	if (s->full)
		return;
	str_addn(&s->part, line, len);
	s->open = next;
}

static const char *with_note(const struct splitter *s, size_t i, bool cut)
{
	const char *rest = "";
	if (cut && i + 1 == s->count)
		rest = "\n**The rest is left out: it would take too many comments.**\n";
	if (s->count == 1)
		return arena_printf(s->arena, "%s%s", s->parts[i], rest);
	return arena_printf(
		s->arena, "*part %zu of %zu*\n\n%s%s", i + 1, s->count, s->parts[i], rest);
}

const char *const *pull_comment_split(
	const char *text, size_t limit, struct arena *arena, size_t *ret_count)
{
	if (limit < PULL_PART_MIN)
		limit = PULL_PART_MIN;
	struct splitter s = {.arena = arena, .budget = limit - NOTE_ROOM, .part = STR_INIT};
	const char *at = text;
	while (*at && !s.full) {
		const size_t len = strcspn(at, "\n");
		const size_t whole = len + (at[len] == '\n');
		take(&s, at, whole);
		at += whole;
	}
	const bool cut = s.full;
	if (!s.full && (s.part.len > s.fresh || !s.count))
		end_part(&s);
	str_release(&s.part);
	const char **parts = arena_array(arena, s.count, sizeof *parts);
	for (size_t i = 0; i < s.count; i++)
		parts[i] = with_note(&s, i, cut);
	*ret_count = s.count;
	return parts;
}
