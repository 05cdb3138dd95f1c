/*
 * A printer for the canonical tree that knows where each key stood, and with that, which comments
 * and blank lines belong to it.
 */
#include "spec/fmt.h"

#include "spec/comments.h"
#include "spec/spec.h"

#include "format/emit.h"
#include "format/yaml.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 100, STEP = 2 };

struct printer {
	struct arena *arena;
	const struct src *src;
	const char **lines; /* start of each line, by number - 1 */
	struct comments comments;
	struct str *out;
};

/* --- the written text ---------------------------------------------------------------------- */

static void find_lines(struct printer *p)
{
	const char *at = p->src->data, *end = at + p->src->len;
	p->lines = arena_array(p->arena, (size_t)p->comments.lines + 2, sizeof p->lines[0]);
	for (uint32_t n = 0; n <= p->comments.lines; n++) {
		p->lines[n] = at;
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		at = nl ? nl + 1 : end;
	}
}

/* Was this map or list written in braces? */
static bool written_flow(const struct printer *p, const struct node *n)
{
	if (!n->pos.src || n->pos.line == 0 || n->pos.line > p->comments.lines + 1)
		return false;
	const char *c = p->lines[n->pos.line - 1], *end = p->src->data + p->src->len;
	if (n->pos.line == 1 && str_starts(c, "\xef\xbb\xbf"))
		c += 3;
	for (uint32_t col = 1; col < n->pos.col && c < end; col++)
		do
			c++;
		while (c < end && ((unsigned char)*c & 0xc0) == 0x80);
	return *c == '{' || *c == '[';
}

/* --- comments ------------------------------------------------------------------------------ */

struct line_set {
	bool *starts; /* by line: does a key or an item start there? */
	uint32_t max;
	unsigned depth;
};

static void mark(struct line_set *s, const struct node *n)
{
	if (n->pos.src && n->pos.line <= s->max)
		s->starts[n->pos.line] = true;
}

static void mark_lines(struct line_set *s, const struct node *n)
{
	if (s->depth >= YAML_MAX_DEPTH + 4)
		return;
	s->depth++;
	for (size_t i = 0; n->type == NODE_SEQ && i < n->seq.count; i++) {
		mark(s, n->seq.items[i]);
		mark_lines(s, n->seq.items[i]);
	}
	MAP_FOREACH (n, pair) {
		mark(s, pair->key);
		mark_lines(s, pair->value);
	}
	s->depth--;
}

static void attach_comments(struct printer *p, const struct node *doc)
{
	struct line_set s = {.max = p->comments.lines + 1};
	s.starts = arena_array(p->arena, (size_t)s.max + 2, sizeof s.starts[0]);
	mark_lines(&s, doc);
	for (size_t i = 0; i < p->comments.count; i++) {
		struct comment *c = &p->comments.items[i];
		c->target = UINT32_MAX;
		/* Behind a closing bracket: nothing starts on that line, so it goes to the next. */
		if (!c->own_line && !s.starts[c->line])
			c->own_line = true;
		for (uint32_t line = c->line; line <= s.max; line++) {
			if (s.starts[line]) {
				c->target = line;
				break;
			}
		}
	}
}

/* The first comment whose target is line or later; targets grow with the comments' lines. */
static size_t first_comment(const struct printer *p, uint32_t line)
{
	size_t low = 0, high = p->comments.count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (p->comments.items[middle].target < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Loops over the comments that belong to the line of n and were not printed yet. */
#define COMMENTS_OF(p, n, i, c)                                                                    \
	for (size_t i = (n)->pos.src ? first_comment((p), (n)->pos.line) : (p)->comments.count;    \
		i < (p)->comments.count && (p)->comments.items[i].target == (n)->pos.line; i++)    \
		for (struct comment *c = &(p)->comments.items[i]; c && !c->printed; c = NULL)

static bool blank_wanted(const struct printer *p, const struct node *n)
{
	if (!n->pos.src || n->pos.line == 0 || n->pos.line > p->comments.lines + 1)
		return false;
	uint32_t first = n->pos.line;
	COMMENTS_OF (p, n, i, c)
		if (c->own_line && c->line < first)
			first = c->line;
	return first > 1 && p->comments.blank_before[first - 1];
}

/* What stands above a key or an item that starts a line of output. */
static void print_above(struct printer *p, const struct node *n, unsigned indent)
{
	if (p->out->len && blank_wanted(p, n) && !str_ends(p->out->data, "\n\n") &&
		!str_ends(p->out->data, ":\n"))
		str_addc(p->out, '\n');
	COMMENTS_OF (p, n, i, c) {
		if (!c->own_line)
			continue;
		str_addf(p->out, "%*s%s\n", (int)indent, "", c->text);
		c->printed = true;
	}
}

/* Ends a line, with the comment that stood behind n. */
static void end_line(struct printer *p, const struct node *n)
{
	COMMENTS_OF (p, n, i, c) {
		if (c->own_line)
			continue;
		str_addf(p->out, "  %s", c->text);
		c->printed = true;
	}
	str_addc(p->out, '\n');
}

static uint32_t last_line(const struct node *n, unsigned depth)
{
	uint32_t last = n->pos.src ? n->pos.line : 0;
	if (depth > YAML_MAX_DEPTH)
		return last;
	for (size_t i = 0; n->type == NODE_SEQ && i < n->seq.count; i++) {
		const uint32_t line = last_line(n->seq.items[i], depth + 1);
		last = line > last ? line : last;
	}
	MAP_FOREACH (n, pair) {
		const uint32_t line = last_line(pair->value, depth + 1);
		last = line > last ? line : last;
	}
	return last;
}

/* Comments inside a map or list in braces would have no place there. */
static bool has_comment_within(const struct printer *p, const struct node *n)
{
	if (!p->comments.count || !n->pos.src)
		return false;
	const size_t i = first_comment(p, n->pos.line + 1);
	return i < p->comments.count && p->comments.items[i].target <= last_line(n, 0);
}

/* --- values -------------------------------------------------------------------------------- */

static void scalar_text(const struct node *n, bool flow, struct str *out)
{
	AUTO_STR text = STR_INIT;
	if (n->type == NODE_NULL) {
		str_add(out, "null");
		return;
	}
	if (n->type != NODE_STRING) {
		str_add(out, n->text);
		return;
	}
	if (!memchr(n->text, '\n', n->len))
		emit_yaml(n, &text);
	while (text.len && text.data[text.len - 1] == '\n')
		str_truncate(&text, text.len - 1);
	const bool quoted = text.len && (text.data[0] == '"' || text.data[0] == '\'');
	if (text.len == 0 || memchr(text.data, '\n', text.len) || text.data[0] == '|' ||
		(flow && !quoted && strpbrk(text.data, ",[]{}")))
		emit_json_string(n->text, n->len, out);
	else
		str_add(out, text.data);
}

static void key_text(const struct node *key, struct str *out)
{
	/* An empty key or one with a colon needs quotes, as a value would. */
	scalar_text(key, true, out);
}

static void flow_text(const struct node *n, struct str *out, unsigned depth)
{
	if (out->len > LINE_WIDTH || depth > YAML_MAX_DEPTH)
		return; /* too long already */
	if (n->type == NODE_SEQ) {
		str_addc(out, '[');
		for (size_t i = 0; i < n->seq.count && out->len <= LINE_WIDTH; i++) {
			str_add(out, i ? ", " : "");
			flow_text(n->seq.items[i], out, depth + 1);
		}
		str_addc(out, ']');
	} else if (n->type == NODE_MAP) {
		str_addc(out, '{');
		for (size_t i = 0; i < n->map.count && out->len <= LINE_WIDTH; i++) {
			str_add(out, i ? ", " : "");
			key_text(n->map.pairs[i].key, out);
			str_add(out, ": ");
			flow_text(n->map.pairs[i].value, out, depth + 1);
		}
		str_addc(out, '}');
	} else {
		scalar_text(n, true, out);
	}
}

static bool is_empty(const struct node *n)
{
	return (n->type == NODE_SEQ && n->seq.count == 0) ||
	       (n->type == NODE_MAP && n->map.count == 0);
}

static size_t last_line_length(const struct str *out)
{
	const char *nl = memrchr(out->data, '\n', out->len);
	return out->len - (nl ? (size_t)(nl - out->data) + 1 : 0);
}

/* Prints n behind what stands on the line already, if it is to be written in one line. */
static bool print_inline(struct printer *p, const struct node *n)
{
	AUTO_STR text = STR_INIT;
	if (n->type != NODE_SEQ && n->type != NODE_MAP) {
		if (n->type == NODE_STRING && memchr(n->text, '\n', n->len))
			return false;
		scalar_text(n, false, p->out);
		return true;
	}
	if (!is_empty(n) && (!written_flow(p, n) || has_comment_within(p, n)))
		return false;
	flow_text(n, &text, 0);
	if (!is_empty(n) && last_line_length(p->out) + text.len > LINE_WIDTH)
		return false;
	str_addn(p->out, text.data, text.len);
	return true;
}

/* Text of several lines as a literal block, where a block can hold it; otherwise in quotes. */
static void print_lines(
	struct printer *p, const struct node *n, const struct node *owner, unsigned indent)
{
	const size_t len = n->len;
	if (strchr(" \t\n", n->text[0])) {
		emit_json_string(n->text, len, p->out);
		end_line(p, owner);
		return;
	}
	const bool ends = n->text[len - 1] == '\n';
	const bool many = ends && len > 1 && n->text[len - 2] == '\n';
	str_add(p->out, many ? "|+" : ends ? "|" : "|-");
	end_line(p, owner);
	const char *line = n->text, *end = n->text + len;
	while (line < end) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const size_t size = (size_t)((nl ? nl : end) - line);
		if (size)
			str_addf(p->out, "%*s", (int)indent, "");
		str_addn(p->out, line, size);
		str_addc(p->out, '\n');
		line += size + 1;
	}
}

static void print_map(
	struct printer *p, const struct node *map, unsigned indent, bool first_inline);

static void print_item(struct printer *p, const struct node *item, unsigned indent)
{
	print_above(p, item, indent);
	str_addf(p->out, "%*s- ", (int)indent, "");
	if (print_inline(p, item))
		end_line(p, item);
	else if (item->type == NODE_MAP)
		print_map(p, item, indent + STEP, true);
	else if (item->type == NODE_SEQ) {
		/* A list in a list: in braces, whatever its length. */
		AUTO_STR text = STR_INIT;
		emit_json_line(item, &text);
		str_add(p->out, text.data);
		end_line(p, item);
	} else {
		print_lines(p, item, item, indent + STEP);
	}
}

static void print_pair(struct printer *p, const struct node_pair *pair, unsigned indent)
{
	const struct node *value = pair->value;
	key_text(pair->key, p->out);
	str_add(p->out, ": ");
	if (print_inline(p, value)) {
		end_line(p, pair->key);
	} else if (value->type == NODE_STRING) {
		print_lines(p, value, pair->key, indent + STEP);
	} else {
		str_truncate(p->out, p->out->len - 1);
		end_line(p, pair->key);
		if (value->type == NODE_MAP)
			print_map(p, value, indent + STEP, false);
		else
			for (size_t i = 0; i < value->seq.count; i++)
				print_item(p, value->seq.items[i], indent + STEP);
	}
}

static void print_map(struct printer *p, const struct node *map, unsigned indent, bool first_inline)
{
	for (size_t i = 0; i < map->map.count; i++) {
		const struct node_pair *pair = &map->map.pairs[i];
		if (i || !first_inline) {
			print_above(p, pair->key, indent);
			str_addf(p->out, "%*s", (int)indent, "");
		}
		print_pair(p, pair, indent);
	}
}

/* --- the whole ----------------------------------------------------------------------------- */

/* Shared nodes come from anchors, which printing would write out. */
static bool uses_aliases(const struct src *src)
{
	for (const char *p = src->data; (p = strchr(p, '*')); p++)
		if ((p == src->data || strchr(" [{,\n", p[-1])) && p[1] > ' ')
			return true;
	return false;
}

static void print_rest(struct printer *p)
{
	for (size_t i = 0; i < p->comments.count; i++)
		if (!p->comments.items[i].printed)
			str_addf(p->out, "%s\n", p->comments.items[i].text);
}

static int compare_comments(const void *a, const void *b)
{
	return strcmp(((const struct comment *)a)->text, ((const struct comment *)b)->text);
}

/* Does the new text say the same, with the same comments? */
static bool same(struct arena *arena, const struct spec *spec, const struct comments *before,
	const struct src *after)
{
	AUTO_DIAGS ignored = {0};
	struct comments now;
	const struct spec *again = spec_load(arena, after, &ignored);
	if (!again || ignored.errors || !node_equal(spec->doc, again->doc))
		return false;
	comments_read(arena, after, &now);
	if (now.count != before->count)
		return false;
	if (now.count == 0)
		return true;
	qsort(now.items, now.count, sizeof now.items[0], compare_comments);
	qsort(before->items, before->count, sizeof before->items[0], compare_comments);
	for (size_t i = 0; i < now.count; i++)
		if (!str_eq(now.items[i].text, before->items[i].text))
			return false;
	return true;
}

enum fmt_result spec_format(
	const struct src *src, struct str *out, const char **ret_why, struct diag_list *diags)
{
	AUTO_ARENA arena = {0};
	AUTO_STR text = STR_INIT;
	const size_t errors = diags->errors;
	if (spec_path_class(src->path) == SPEC_PATH_RUNBOOKS) {
		*ret_why = "it is a runbook";
		return FMT_LEFT;
	}
	const struct spec *spec = spec_load(&arena, src, diags);
	if (!spec || diags->errors > errors)
		return FMT_INVALID;
	if (str_ends(src->path, ".json")) {
		emit_json(spec->doc, out);
		return FMT_DONE;
	}
	if (uses_aliases(src)) {
		*ret_why = "it uses anchors and aliases";
		return FMT_LEFT;
	}
	struct printer p = {.arena = &arena, .src = src, .out = &text};
	comments_read(&arena, src, &p.comments);
	find_lines(&p);
	attach_comments(&p, spec->doc);
	print_map(&p, spec->doc, 0, false);
	print_rest(&p);
	const struct src after = {src->path, text.data, text.len};
	if (!same(&arena, spec, &p.comments, &after)) {
		*ret_why = "its comments stand where they cannot be kept";
		return FMT_LEFT;
	}
	str_addn(out, text.data, text.len);
	return FMT_DONE;
}
