/*
 * jansson decides what is valid JSON and what it means; it keeps no positions. They come from a
 * second walk over the text, which needs no error handling any more: it runs beside jansson's
 * tree (whose maps keep the order of the text) and makes one node for each value.
 *
 * Before jansson a scan counts brackets and values, so that depth and size are refused while they
 * cost nothing yet.
 */
#include "format/json_problem.h"
#include "format/text.h"
#include "format/yaml.h"

#include <jansson.h>
#include <string.h>

static void report_limit(const struct src *src, size_t at, const char *message, const char *hint,
	struct diag_list *diags)
{
	struct diag *d = diag_error(diags, "json-limit", text_pos(src, at), "%s", message);
	diag_hint(diags, d, "%s", hint);
}

static bool check_limits(const struct src *src, size_t start, struct diag_list *diags)
{
	const char *end = src->data + src->len;
	int depth = 0;
	size_t values = 1;
	for (const char *p = src->data + start; p < end; p++) {
		switch (*p) {
		case '"':
			p = json_skip_string(p, end) - 1;
			continue;
		case '{':
		case '[':
			depth++;
			values++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		case ',':
		case ':':
			values++;
			break;
		default:
			continue;
		}
		const size_t at = (size_t)(p - src->data);
		if (depth > YAML_MAX_DEPTH)
			report_limit(
				src, at, "nested deeper than 64 levels", "nest less deeply", diags);
		else if (values > YAML_MAX_NODES)
			report_limit(src, at, "the file holds more than 200,000 values",
				"split it into several files", diags);
		else
			continue;
		return false;
	}
	return true;
}

/* An open list or map. */
struct frame {
	struct node *node;
	const json_t *json;
	void *iter; /* of a map: the next entry */
	size_t next;
	size_t count;
};

struct walk {
	struct arena *arena;
	const char *at, *end;
	struct pos pos; /* of at */
	struct frame frames[YAML_MAX_DEPTH];
	int depth;
};

static void advance(struct walk *w, const char *to)
{
	for (; w->at < to; w->at++) {
		if (*w->at == '\n') {
			w->pos.line++;
			w->pos.col = 1;
		} else {
			w->pos.col += ((unsigned char)*w->at & 0xc0) != 0x80;
		}
	}
}

static void skip_to_token(struct walk *w)
{
	while (w->at < w->end && strchr(" \t\r\n,:", *w->at))
		advance(w, w->at + 1);
}

/* Number, true, false or null: kept as written. */
static void take_word(struct walk *w, struct node *node)
{
	const char *p = w->at;
	while (p < w->end && !strchr(" \t\r\n,:]}", *p))
		p++;
	node->len = (size_t)(p - w->at);
	node->text = arena_memdup(w->arena, w->at, node->len);
	advance(w, p);
}

static void take_string(struct walk *w, struct node *node, const char *text, size_t len)
{
	node->type = NODE_STRING;
	node->len = len;
	node->text = arena_memdup(w->arena, text, len);
	advance(w, json_skip_string(w->at, w->end));
}

static void open_frame(struct walk *w, struct node *node, const json_t *json)
{
	struct frame f = {.node = node, .json = json};
	node->text = "";
	if (json_is_array(json)) {
		node->type = NODE_SEQ;
		f.count = json_array_size(json);
		node->seq.items = arena_array(w->arena, f.count, sizeof(struct node *));
		node->seq.count = node->seq.cap = f.count;
	} else {
		node->type = NODE_MAP;
		f.count = json_object_size(json);
		f.iter = json_object_iter((json_t *)json);
		node->map.pairs = arena_array(w->arena, f.count, sizeof(struct node_pair));
		node->map.count = node->map.cap = f.count;
	}
	advance(w, w->at + 1);
	w->frames[w->depth++] = f;
}

/* Makes the node for the value that starts at the next token. */
static struct node *take_value(struct walk *w, const json_t *json)
{
	skip_to_token(w);
	struct node *node = arena_alloc(w->arena, sizeof *node);
	node->pos = w->pos;
	switch (json_typeof(json)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		open_frame(w, node, json);
		return node;
	case JSON_STRING:
		take_string(w, node, json_string_value(json), json_string_length(json));
		return node;
	case JSON_INTEGER:
		node->type = NODE_INT;
		node->integer = json_integer_value(json);
		break;
	case JSON_REAL:
		node->type = NODE_FLOAT;
		node->real = json_real_value(json);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		node->type = NODE_BOOL;
		node->boolean = json_is_true(json);
		break;
	case JSON_NULL:
		break;
	}
	take_word(w, node);
	return node;
}

static void take_pair(struct walk *w, struct frame *f)
{
	struct node_pair *pair = &f->node->map.pairs[f->next++];
	const char *key = json_object_iter_key(f->iter);
	const json_t *value = json_object_iter_value(f->iter);
	f->iter = json_object_iter_next((json_t *)f->json, f->iter);
	skip_to_token(w);
	pair->key = arena_alloc(w->arena, sizeof *pair->key);
	pair->key->pos = w->pos;
	take_string(w, pair->key, key, strlen(key));
	pair->value = take_value(w, value);
}

static struct node *walk_tree(struct walk *w, const json_t *json)
{
	struct node *root = take_value(w, json);
	while (w->depth) {
		struct frame *f = &w->frames[w->depth - 1];
		if (f->next == f->count) {
			skip_to_token(w);
			advance(w, w->at + 1);
			w->depth--;
		} else if (f->node->type == NODE_MAP) {
			take_pair(w, f);
		} else {
			const size_t i = f->next++;
			f->node->seq.items[i] = take_value(w, json_array_get(f->json, i));
		}
	}
	return root;
}

struct node *json_parse(struct arena *arena, const struct src *src, struct diag_list *diags)
{
	const int bom = text_check(src, TEXT_JSON, diags);
	if (bom < 0 || !check_limits(src, (size_t)bom, diags))
		return NULL;
	json_error_t error;
	const char *text = src->data + bom;
	json_t *json = json_loadb(
		text, src->len - (size_t)bom, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json) {
		json_problem_report(src, (size_t)bom, &error, diags);
		return NULL;
	}
	struct walk w = {
		.arena = arena, .at = text, .end = src->data + src->len, .pos = {src, 1, 1}};
	struct node *root = walk_tree(&w, json);
	json_decref(json);
	return root;
}
