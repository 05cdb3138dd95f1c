/*
 * Field tables: what a kind consists of, written once. The same tables drive decoding and its
 * messages (decode.h), canonical form, schemas/, `trueup explain` and docs/specs.md.
 *
 * A table describes one map. Its fields say where in a C structure the value goes; nested tables
 * of single maps have their own base offset, lists of maps have items of item_size bytes.
 */
#ifndef TRUEUP_SPEC_FIELD_H
#define TRUEUP_SPEC_FIELD_H

#include "spec/spec.h"

enum field_type {
	FIELD_TEXT, /* const char *, or struct spec_text with FIELD_PLACED */
	FIELD_WORD, /* one of words: enum value as int, or const char * with FIELD_AS_TEXT */
	FIELD_BOOL, /* bool */
	FIELD_INT, /* int64_t within min..max */
	FIELD_DURATION, /* int64_t milliseconds within min..max, "15m" */
	FIELD_DECIMAL, /* const char *: an amount, number or text, kept as written */
	FIELD_TEXTS, /* struct spec_texts, each by grammar */
	FIELD_ZONES, /* a count or names: int64_t, followed through offset2 by spec_texts */
	FIELD_TABLE, /* a map by table */
	FIELD_TABLES, /* a list of maps by table: pointer, size_t count at offset2 */
	FIELD_FREE, /* struct node *: a map whose keys are not known here */
	FIELD_LABELS, /* struct spec_label *, size_t count at offset2: map of text to text */
	FIELD_LAYOUT, /* any value; never counts as a change, not decoded */
	FIELD_CONST, /* the one word in words; not stored */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0,
	FIELD_PLACED = 1 << 1, /* stored with its place: struct spec_text */
	FIELD_AS_TEXT = 1 << 2, /* a word kept as text */
	FIELD_STRIP = 1 << 3, /* "canvas/shop" or "shop": stored without the prefix */
	FIELD_INERT = 1 << 4, /* accepted, but nothing in this version acts on it: a warning */
	FIELD_VALUES = 1 << 5, /* a free map that may hold values from elsewhere */
	FIELD_AS_BOOL = 1 << 7, /* a word kept as bool: the second one is true */
	FIELD_SECONDS = 1 << 6, /* a duration kept in seconds */
};

/* The shape of a text: one function that checks, one pattern for JSON Schema that agrees. */
struct grammar {
	const char *what; /* "an account id" */
	const char *expect; /* "12 digits, as in \"123456789012\"" */
	const char *rule; /* rule id of the diagnostic */
	const char *pattern; /* ECMA 262; NULL: none */
	bool (*ok)(const char *text, size_t len);
	const char *const *words; /* a closed list instead of ok; NULL: none */
	const char *prefix; /* for FIELD_STRIP: "canvas/" */
};

struct field_table;
struct str;

struct field {
	const char *key;
	enum field_type type;
	unsigned flags;
	size_t offset, offset2;
	const struct grammar *grammar; /* texts; NULL: any text */
	const char *const *words; /* FIELD_WORD, FIELD_CONST; ends with NULL */
	const struct field_table *table; /* FIELD_TABLE, FIELD_TABLES */
	int64_t min, max; /* numbers, durations (ms), items of a list; max 0: none */
	/* Fields of different groups of one table exclude each other; 0: goes with all. */
	int group;
	const char *fallback; /* default, as it would be written; NULL: none */
	const char *default_doc; /* default in words, where fallback cannot say it */
	const char *since; /* version that brought it; NULL: 0.1 */
	const char *doc; /* one or two sentences for people */
	const char *example; /* a value as written in YAML */
};

struct decoder;

struct field_table {
	const char *name; /* "Canvas", "network": for messages */
	const char *doc;
	const struct field *fields;
	size_t count;
	size_t item_size; /* of FIELD_TABLES' items */
	const char *word; /* a word that may stand instead of the map ("none"); NULL: none */
	bool one_group; /* just one of the groups has to be there */
	const char *const *later; /* names that later versions know; ends with NULL; or NULL */
	/* Runs after the fields: rules between them. map is the written node (or the word). */
	void (*check)(struct decoder *d, const struct node *map, void *obj);
};

/* The table of a supported kind's `spec:`; NULL otherwise. */
const struct field_table *field_table_of(enum spec_kind kind);
/* The table of its `metadata:` (offsets into struct spec). */
const struct field_table *field_metadata(enum spec_kind kind);

const struct field *field_find(const struct field_table *t, const char *key);
/* The key nearest to a misspelt one; NULL if none is near. */
const char *field_nearest(const struct field_table *t, const char *key);
/* "text", "list of regions", "true or false", "auto or manual"…, appended for people. */
void field_type_words(const struct field *f, struct str *out);

extern const struct field_table table_config, table_role, table_canvas, table_approval,
	table_metadata, table_config_metadata, table_pulls, table_execution, table_run,
	table_server;

extern const struct grammar grammar_name, grammar_account, grammar_region, grammar_zone,
	grammar_arn_role, grammar_cidr, grammar_vpc, grammar_subnet, grammar_actor, grammar_canvas,
	grammar_role, grammar_service, grammar_glob, grammar_known_value, grammar_currency,
	grammar_external_id, grammar_session, grammar_env_prefix, grammar_word, grammar_branch,
	grammar_tag_key, grammar_version, grammar_node_id, grammar_program;

#endif
