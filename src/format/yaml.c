/*
 * libyaml gives events; this file makes a tree of them. Open lists and maps are frames on an
 * explicit stack, so depth costs no C stack. Finished nodes wait on one shared stack until their
 * list or map ends and then move into the arena as an array of the exact size: one allocation a
 * node with its text, one a list.
 *
 * Mistakes that leave the structure readable (a duplicate key, a tag) are collected and parsing
 * goes on; syntax errors and limits end it.
 */
#include "format/yaml.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/strmap.h"
#include "format/scalar.h"
#include "format/text.h"
#include "format/yaml_problem.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* Of a name in a message: longer ones help nobody. */
enum { SHOWN_MAX = 80 };

/* What an alias stands for. */
struct anchor {
	struct node *node;
	size_t expanded; /* nodes, aliases followed */
	int height; /* levels: 0 for a scalar */
	bool open; /* its list or map is not finished yet */
};

struct frame {
	struct node *node;
	struct anchor *anchor; /* NULL: none */
	size_t first; /* its children on the stack of nodes */
	size_t expanded;
	int height;
};

struct loader {
	yaml_parser_t parser;
	struct arena *arena;
	const struct src *src;
	struct diag_list *diags;
	struct node **nodes; /* children of the open frames; keys and values take turns */
	size_t count, cap;
	struct frame frames[YAML_MAX_DEPTH];
	int depth;
	struct strmap anchors; /* name to struct anchor in arena */
	size_t written; /* nodes in the file */
	size_t expanded; /* the same with aliases followed */
	struct node *root;
	bool bad; /* an error was added */
	bool done; /* nothing more to read */
};

static struct pos at_mark(const struct loader *l, yaml_mark_t mark)
{
	return (struct pos){l->src, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static struct diag *refuse(
	struct loader *l, const char *rule, struct pos pos, const char *message, const char *hint)
{
	struct diag *d = diag_error(l->diags, rule, pos, "%s", message);
	if (hint)
		diag_hint(l->diags, d, "%s", hint);
	l->bad = true;
	return d;
}

/* A limit: no use to read on. */
static void stop(struct loader *l, struct pos pos, const char *message, const char *hint)
{
	refuse(l, "yaml-limit", pos, message, hint);
	l->done = true;
}

static struct frame *top_frame(struct loader *l)
{
	return l->depth ? &l->frames[l->depth - 1] : NULL;
}

/* Is the next node a key of the innermost map? */
static bool expects_key(struct loader *l)
{
	const struct frame *f = top_frame(l);
	return f && f->node->type == NODE_MAP && (l->count - f->first) % 2 == 0;
}

static void push_node(struct loader *l, struct node *node)
{
	if (!l->depth) {
		l->root = node;
		return;
	}
	l->nodes = grow_array(l->nodes, l->count, &l->cap, sizeof(struct node *));
	l->nodes[l->count++] = node;
}

/* Adds what a finished child (or an alias) weighs to the innermost open frame. */
static void weigh(struct loader *l, size_t expanded, int height)
{
	struct frame *f = top_frame(l);
	if (!f)
		return;
	f->expanded += expanded;
	if (f->height < height + 1)
		f->height = height + 1;
}

static struct anchor *add_anchor(struct loader *l, const yaml_char_t *name, struct node *node)
{
	if (!name)
		return NULL;
	struct anchor *a = arena_alloc(l->arena, sizeof *a);
	a->node = node;
	a->expanded = 1;
	strmap_put(&l->anchors, (const char *)name, a);
	return a;
}

/* With room bytes behind it. */
static struct node *new_node_with(
	struct loader *l, const yaml_event_t *event, enum node_type type, size_t room)
{
	struct node *node = arena_take(l->arena, sizeof *node + room);
	*node = (struct node){
		.type = (uint8_t)type, .pos = at_mark(l, event->start_mark), .text = ""};
	l->expanded++;
	if (++l->written > YAML_MAX_NODES)
		stop(l, node->pos, "the file holds more than 200,000 values",
			"split it into several files");
	else if (l->expanded > YAML_MAX_EXPANDED)
		stop(l, node->pos, "the aliases stand for more than 400,000 values",
			"write fewer aliases of aliases");
	return node;
}

static struct node *new_node(struct loader *l, const yaml_event_t *event, enum node_type type)
{
	return new_node_with(l, event, type, 0);
}

static void check_tag(struct loader *l, const yaml_char_t *tag, yaml_mark_t mark)
{
	if (!tag)
		return;
	struct diag *d = diag_error(
		l->diags, "yaml-tag", at_mark(l, mark), "tags ('!...') are not supported");
	diag_hint(l->diags, d, "delete the tag; put a text that starts with '!' in quotes");
	l->bad = true;
}

static void check_key(struct loader *l, struct node *key)
{
	if (!(key->flags & NODE_PLAIN))
		return;
	if (key->len == 0)
		refuse(l, "yaml-key", key->pos, "the key before this ':' is missing", NULL);
	else if (strcmp(key->text, "<<") == 0)
		refuse(l, "yaml-merge-key", key->pos, "merge keys ('<<') are not supported",
			"write the keys out, or use an alias for the whole value");
}

static void load_scalar(struct loader *l, const yaml_event_t *event)
{
	const bool is_key = expects_key(l);
	const size_t len = event->data.scalar.length;
	struct node *node = new_node_with(l, event, NODE_STRING, len + 1);
	char *text = (char *)(node + 1);
	memcpy(text, event->data.scalar.value, len);
	text[len] = '\0';
	node->text = text;
	node->len = len;
	check_tag(l, event->data.scalar.tag, event->start_mark);
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		node->flags = NODE_PLAIN;
		scalar_resolve(node);
	} else if (memchr(node->text, '\0', node->len)) {
		refuse(l, "yaml-encoding", node->pos, "the text holds a NUL character (\\0)",
			"delete the escape");
	}
	add_anchor(l, event->data.scalar.anchor, node);
	if (is_key) {
		check_key(l, node);
		node->type = NODE_STRING;
	}
	push_node(l, node);
	weigh(l, 1, 0);
}

static void load_alias(struct loader *l, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct pos pos = at_mark(l, event->start_mark);
	const bool is_key = expects_key(l);
	const struct anchor *a = strmap_get(&l->anchors, name);
	struct node *node = a ? a->node : NULL;
	if (is_key) {
		refuse(l, "yaml-alias", pos, "an alias cannot be a key", "write the key out");
	} else if (!a) {
		struct diag *d = diag_error(l->diags, "yaml-alias", pos,
			"alias '*%.*s' has no anchor above it", SHOWN_MAX, name);
		diag_hint(l->diags, d,
			"write '&%.*s' before the value it stands for; put a text that starts with "
			"'*' in quotes",
			SHOWN_MAX, name);
		l->bad = true;
	} else if (a->open) {
		struct diag *d = diag_error(l->diags, "yaml-alias", pos,
			"alias '*%.*s' stands inside the value it is an alias of", SHOWN_MAX, name);
		diag_related(l->diags, d, node->pos, "the anchor is here");
		l->bad = true;
	} else if (a->height + l->depth > YAML_MAX_DEPTH) {
		stop(l, pos, "the aliases make this deeper than 64 levels", "nest less deeply");
		return;
	} else {
		weigh(l, a->expanded, a->height);
		l->expanded += a->expanded;
		if (l->expanded > YAML_MAX_EXPANDED)
			stop(l, pos, "the aliases stand for more than 400,000 values",
				"write fewer aliases of aliases");
	}
	if (!node || is_key || a->open)
		node = new_node(l, event, is_key ? NODE_STRING : NODE_NULL);
	push_node(l, node);
}

static void open_frame(struct loader *l, const yaml_event_t *event, enum node_type type,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	const bool is_key = expects_key(l);
	struct node *node = new_node(l, event, type);
	check_tag(l, tag, event->start_mark);
	if (is_key) {
		refuse(l, "yaml-key", node->pos, "a key must be a text, not a list or map",
			"if this is a template placeholder such as {{ name }}, put it in quotes");
		l->done = true;
		return;
	}
	if (l->depth >= YAML_MAX_DEPTH) {
		stop(l, node->pos, "nested deeper than 64 levels", "nest less deeply");
		return;
	}
	push_node(l, node);
	struct anchor *a = add_anchor(l, anchor, node);
	if (a)
		a->open = true;
	l->frames[l->depth++] = (struct frame){node, a, l->count, 1, 0};
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	const int order = memcmp(x->text, y->text, x->len);
	if (order)
		return order;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	return (x->pos.col > y->pos.col) - (x->pos.col < y->pos.col);
}

static bool same_text(const struct node *a, const struct node *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void report_duplicate(struct loader *l, const struct node *first, const struct node *again)
{
	const int shown = (int)utf8_cut(again->text, again->len, SHOWN_MAX);
	struct diag *d = diag_error(l->diags, "yaml-duplicate-key", again->pos,
		"key '%.*s' is there twice", shown, again->text);
	diag_hint(l->diags, d, "delete one of the two");
	diag_related(l->diags, d, first->pos, "first given here");
	l->bad = true;
}

/* Few keys are compared with each other; many are sorted, which no choice of keys makes slow. */
static void check_duplicates(struct loader *l, const struct node *map)
{
	enum { FEW = 8 };
	const struct node_pair *pairs = map->map.pairs;
	const size_t count = map->map.count;
	if (count <= FEW) {
		for (size_t i = 1; i < count; i++)
			for (size_t j = 0; j < i; j++)
				if (same_text(pairs[i].key, pairs[j].key)) {
					report_duplicate(l, pairs[j].key, pairs[i].key);
					break;
				}
		return;
	}
	AUTO_FREE struct node **keys = xcalloc(count, sizeof(struct node *));
	for (size_t i = 0; i < count; i++)
		keys[i] = pairs[i].key;
	qsort(keys, count, sizeof(struct node *), compare_keys);
	for (size_t i = 1, first = 0; i < count; i++) {
		if (same_text(keys[first], keys[i]))
			report_duplicate(l, keys[first], keys[i]);
		else
			first = i;
	}
}

static void close_frame(struct loader *l)
{
	struct frame f = l->frames[--l->depth];
	const size_t count = l->count - f.first;
	/* nodes is NULL while no value was seen: an empty list is the whole document. */
	struct node *const *children = count ? l->nodes + f.first : NULL;
	if (f.node->type == NODE_SEQ) {
		f.node->seq.items = arena_array(l->arena, count, sizeof(struct node *));
		if (count)
			memcpy(f.node->seq.items, children, count * sizeof(struct node *));
		f.node->seq.count = f.node->seq.cap = count;
	} else {
		const size_t pairs = count / 2;
		f.node->map.pairs = arena_array(l->arena, pairs, sizeof(struct node_pair));
		for (size_t i = 0; i < pairs; i++)
			f.node->map.pairs[i] =
				(struct node_pair){children[2 * i], children[2 * i + 1]};
		f.node->map.count = f.node->map.cap = pairs;
		check_duplicates(l, f.node);
	}
	l->count = f.first;
	if (f.anchor) {
		f.anchor->open = false;
		f.anchor->expanded = f.expanded;
		f.anchor->height = f.height;
	}
	weigh(l, f.expanded, f.height);
}

static void load_event(struct loader *l, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		load_scalar(l, event);
		break;
	case YAML_ALIAS_EVENT:
		load_alias(l, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		open_frame(l, event, NODE_SEQ, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT:
		open_frame(l, event, NODE_MAP, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_frame(l);
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (l->root) {
			refuse(l, "yaml-documents", at_mark(l, event->start_mark),
				"a second document starts here",
				"put each document into its own file");
			l->done = true;
		}
		break;
	case YAML_STREAM_END_EVENT:
		l->done = true;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

struct node *yaml_parse(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	const int bom = text_check(src, TEXT_YAML, diags);
	if (bom < 0)
		return NULL;
	struct loader l = {.arena = arena, .src = src, .diags = diags};
	l.nodes = grow_array(NULL, 0, &l.cap, sizeof(struct node *));
	if (!yaml_parser_initialize(&l.parser))
		abort(); /* out of memory, as everywhere */
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&l.parser, (const yaml_char_t *)src->data + bom, src->len - (size_t)bom);
	while (!l.done) {
		yaml_event_t event;
		if (!yaml_parser_parse(&l.parser, &event)) {
			yaml_problem_report(&l.parser, src, diags);
			l.bad = true;
			break;
		}
		load_event(&l, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&l.parser);
	strmap_release(&l.anchors);
	free(l.nodes);
	if (l.bad)
		return NULL;
	if (!l.root) {
		l.root = node_new_null(arena);
		l.root->pos = (struct pos){src, 1, 1};
	}
	return l.root;
}

struct node *doc_parse(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	return src->path && str_ends(src->path, ".json") ? json_parse(arena, src, diags)
							 : yaml_parse(arena, src, diags);
}
