/*
 * A value with the place where it was written: what YAML and JSON documents parse to, what
 * templates compute with, what canonical JSON is made from. Nodes live in an arena and are
 * never changed once the document is built; builders below are for new trees.
 *
 * A scalar keeps its text as written beside its resolved type, so that a decoder that expects a
 * string can say "quote it" instead of guessing.
 */
#ifndef TRUEUP_FORMAT_NODE_H
#define TRUEUP_FORMAT_NODE_H

#include "base/arena.h"
#include "base/pos.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum node_type {
	NODE_NULL,
	NODE_BOOL,
	NODE_INT,
	NODE_FLOAT,
	NODE_STRING,
	NODE_SEQ,
	NODE_MAP,
	/*
	 * An expression of the target language (aws_vpc.main.id) made in C, never from a spec.
	 * Templates print it bare; attribute and index access on it give longer expressions.
	 */
	NODE_REF,
};

enum node_flags {
	NODE_PLAIN = 1 << 0, /* a YAML scalar written without quotes */
	/*
	 * A plain scalar that YAML 1.1 and 1.2 read differently, or that people read
	 * differently: yes/no/on/off/y/n, 0777, 0o17, 0x1f, 1_000, 1:30, 2026-11-22, .inf.
	 * type is what YAML 1.2's core schema says.
	 */
	NODE_AMBIGUOUS = 1 << 1,
};

struct node;

struct node_pair {
	struct node *key; /* always a NODE_STRING, text as written */
	struct node *value;
};

struct node {
	uint8_t type; /* enum node_type */
	uint8_t flags; /* enum node_flags */
	struct pos pos;
	/* Scalars: the text (for strings the value). NUL-terminated; may hold NULs: use len. */
	const char *text;
	size_t len;
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct {
			struct node **items;
			size_t count, cap;
		} seq;
		struct {
			struct node_pair *pairs; /* in the order of the document */
			size_t count, cap;
		} map;
	};
};

/* Lookup by key; NULL if node is NULL, no map, or has no such key. */
struct node *node_getn(const struct node *map, const char *key, size_t len);
static inline struct node *node_get(const struct node *map, const char *key)
{
	return node_getn(map, key, strlen(key));
}
/* The key's own node, for positions; NULL as above. */
struct node *node_get_key(const struct node *map, const char *key);
/* The text of a string scalar, or NULL if node is NULL or anything else. */
const char *node_text(const struct node *node);
/* "null", "true or false", "whole number", "number", "text", "list", "map": for messages. */
const char *node_type_name(enum node_type type);
/*
 * By value: key order is ignored, 1 equals 1.0, a reference equals the same reference. Two nodes
 * are equal exactly when emit_canonical() prints the same for both.
 */
bool node_equal(const struct node *a, const struct node *b);

/*
 * Trees are walked by recursion. The parsers refuse more than YAML_MAX_DEPTH levels, aliases
 * followed; code that builds a tree deeper than this is wrong and is stopped by abort().
 */
enum { NODE_MAX_DEPTH = 256 };

/* The pairs in the byte order of their keys; count + 1 entries, freed by the caller. */
const struct node_pair **node_sorted_pairs(const struct node *map);
/* The same into an array of the caller's with room for all of them. */
void node_sort_pairs(const struct node *map, const struct node_pair **ret);
/* The whole number that value is exactly; false if it is none or outside of int64_t. */
bool node_float_as_int(double value, int64_t *ret);
enum { NODE_FLOAT_SIZE = 40 };
/*
 * The shortest text that reads back as value, always with a point or exponent ("1.0", "2.5",
 * "1.0e+30"), in any locale; ".inf", "-.inf" or ".nan" if it has no digits. Returns buf.
 */
const char *node_format_float(double value, char buf[NODE_FLOAT_SIZE]);

/* Builders. pos of a built node is empty. Text is copied into the arena. */
struct node *node_new_null(struct arena *a);
struct node *node_new_bool(struct arena *a, bool value);
struct node *node_new_int(struct arena *a, int64_t value);
struct node *node_new_float(struct arena *a, double value);
struct node *node_new_string(struct arena *a, const char *text);
struct node *node_new_stringn(struct arena *a, const char *text, size_t len);
struct node *node_new_ref(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Of a text that lives as long as the arena. */
struct node *node_ref_of(struct arena *a, const char *text);
struct node *node_new_seq(struct arena *a);
struct node *node_new_map(struct arena *a);
void node_seq_add(struct arena *a, struct node *seq, struct node *item);
/* Sets or replaces key. Linear: meant for maps of tens of keys. */
void node_map_set(struct arena *a, struct node *map, const char *key, struct node *value);
/*
 * For maps that code builds with keys of its own: room for count pairs, and a pair with a key that
 * is not there yet and outlives the map.
 */
struct node *node_new_map_of(struct arena *a, size_t count);
void node_map_add(struct arena *a, struct node *map, const char *key, struct node *value);

#define SEQ_FOREACH(list, i, item)                                                                 \
	for (size_t i = 0; (list) && (list)->type == NODE_SEQ && i < (list)->seq.count; i++)       \
		for (struct node *item = (list)->seq.items[i], *item##_once = item; item##_once;   \
			item##_once = NULL)
#define MAP_FOREACH(node, pair)                                                                    \
	for (struct node_pair *pair = (node) && (node)->type == NODE_MAP ? (node)->map.pairs       \
									 : NULL,                   \
			      *pair##_end = pair ? pair + (node)->map.count : NULL;                \
		pair != pair##_end; pair++)

#endif
