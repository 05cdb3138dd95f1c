/* The field tables in words: one field for `trueup explain`, all of them for docs/specs.md. */
#include "spec/explain.h"

#include "spec/canonical.h"
#include "spec/field.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static void add_words(struct str *out, const char *const *words, const char *between)
{
	for (size_t i = 0; words[i]; i++)
		str_addf(out, "%s%s", i ? between : "", words[i]);
}

/* "a region" → "region" */
static const char *bare_noun(const char *what)
{
	static const char *const articles[] = {"an ", "a ", "the "};
	for (size_t i = 0; i < ARRAY_LEN(articles); i++)
		if (str_starts(what, articles[i]))
			return what + strlen(articles[i]);
	return what;
}

void field_type_words(const struct field *f, struct str *out)
{
	char low[CLOCK_TEXT_SIZE], high[CLOCK_TEXT_SIZE];
	const char *noun = f->grammar ? bare_noun(f->grammar->what) : "text";
	switch (f->type) {
	case FIELD_TEXT:
		str_add(out, noun);
		break;
	case FIELD_WORD:
		add_words(out, f->words, " | ");
		break;
	case FIELD_BOOL:
		str_add(out, "true | false");
		break;
	case FIELD_INT:
		str_addf(out, "whole number, %" PRId64 " to %" PRId64, f->min, f->max);
		break;
	case FIELD_DURATION:
		str_addf(out, "duration, at least %s", clock_format_duration(f->min, low));
		if (f->max)
			str_addf(out, ", at most %s", clock_format_duration(f->max, high));
		break;
	case FIELD_DECIMAL:
		str_add(out, "amount");
		break;
	case FIELD_TEXTS:
		str_addf(out, "list, each %s", f->grammar ? f->grammar->what : "text");
		break;
	case FIELD_ZONES:
		str_addf(out, "whole number, %" PRId64 " to %" PRId64 ", or list, each %s", f->min,
			f->max, f->grammar->what);
		break;
	case FIELD_TABLE:
		str_add(out, "map");
		if (f->table->word)
			str_addf(out, " | %s", f->table->word);
		break;
	case FIELD_TABLES:
		str_add(out, "list of maps");
		break;
	case FIELD_FREE:
		str_add(out, "map");
		break;
	case FIELD_LABELS:
		str_add(out, "map of text to text");
		break;
	case FIELD_CONST:
		str_add(out, f->words[0]);
		break;
	case FIELD_LAYOUT:
		str_add(out, "anything; never counts as a change");
		break;
	}
}

static void set_text(struct arena *a, struct node *map, const char *key, const char *text)
{
	if (text)
		node_map_set(a, map, key, node_new_string(a, text));
}

static void describe_field(struct arena *a, const struct field *f, struct node *map)
{
	AUTO_STR words = STR_INIT;
	field_type_words(f, &words);
	set_text(a, map, "type", words.data);
	if (f->grammar && !f->grammar->words)
		set_text(a, map, "form", f->grammar->expect);
	else if (f->grammar) {
		str_clear(&words);
		add_words(&words, f->grammar->words, ", ");
		set_text(a, map, "form", words.data);
	}
	set_text(a, map, "doc", f->doc);
	node_map_set(a, map, "required", node_new_bool(a, f->flags & FIELD_REQUIRED));
	set_text(a, map, "default", f->fallback ? f->fallback : f->default_doc);
	set_text(a, map, "example", f->example);
	set_text(a, map, "since", f->since ? f->since : "0.1");
	if (f->flags & FIELD_INERT)
		set_text(a, map, "note", "has no effect in this version of trueup");
}

static void describe_table(struct arena *a, const struct field_table *t, struct node *map)
{
	struct node *fields = node_new_seq(a);
	for (size_t i = 0; i < t->count; i++) {
		struct node *field = node_new_map(a);
		set_text(a, field, "name", t->fields[i].key);
		describe_field(a, &t->fields[i], field);
		node_seq_add(a, fields, field);
	}
	node_map_set(a, map, "fields", fields);
}

/* The next name of a dotted path, in arena; *path moves behind it. */
static const char *next_name(struct arena *a, const char **path)
{
	const size_t len = strcspn(*path, ".");
	const char *name = arena_memdup(a, *path, len);
	*path += len;
	if (**path == '.')
		(*path)++;
	return name;
}

static int unknown_kind(const char *name, struct err **err)
{
	AUTO_STR kinds = STR_INIT;
	for (enum spec_kind k = 0; k < KIND_COUNT; k++)
		if (spec_kind_supported(k))
			str_addf(&kinds, "%s, ", spec_kind_name(k));
	return err_set(err, ERR_NOT_FOUND,
		"there is nothing to explain by the name '%.64s': there are %sserver and the "
		"resource types, which `trueup explain` lists",
		name, kinds.data);
}

static int unknown_field(const struct field_table *t, const char *name, struct err **err)
{
	const char *near = field_nearest(t, name);
	return err_set(err, ERR_NOT_FOUND, "%s has no field '%.64s'%s%s%s", t->name, name,
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

struct node *spec_explain(struct arena *arena, const char *path, struct err **err)
{
	const char *rest = path;
	const char *name = next_name(arena, &rest);
	const bool server = strcasecmp(name, "server") == 0;
	const enum spec_kind kind = spec_kind_of(name);
	const struct field_table *t = server ? &table_server : field_table_of(kind);
	const struct field *f = NULL;
	struct node *map = node_new_map(arena);

	if (!t) {
		(void)unknown_kind(name, err);
		return NULL;
	}
	AUTO_STR full = STR_INIT;
	str_add(&full, server ? "server" : spec_kind_name(kind));
	if (str_eq(rest, "spec") || str_starts(rest, "spec."))
		(void)next_name(arena, &rest);
	else if (!server && (str_eq(rest, "metadata") || str_starts(rest, "metadata."))) {
		str_addf(&full, ".%s", next_name(arena, &rest));
		t = field_metadata(kind);
	}
	while (*rest) {
		name = next_name(arena, &rest);
		f = t ? field_find(t, name) : NULL;
		if (!f) {
			if (t)
				(void)unknown_field(t, name, err);
			else
				(void)err_set(err, ERR_NOT_FOUND, "%s has no fields", full.data);
			return NULL;
		}
		str_addf(&full, ".%s", f->key);
		t = f->table;
	}
	set_text(arena, map, "path", full.data);
	if (f)
		describe_field(arena, f, map);
	else
		set_text(arena, map, "doc", t->doc);
	if (t)
		describe_table(arena, t, map);
	return map;
}

/* Words of text in lines of at most width columns, each after indent blanks. */
static void wrap(struct str *out, const char *text, unsigned width, unsigned indent)
{
	unsigned col = 0;
	while (*text) {
		const size_t len = strcspn(text, " ");
		if (col && col + 1 + len > width - indent) {
			str_addc(out, '\n');
			col = 0;
		}
		if (!col)
			str_addf(out, "%*s", (int)indent, "");
		else
			str_addc(out, ' ');
		str_addn(out, text, len);
		col += (unsigned)len + (col ? 1 : 0);
		text += len + strspn(text + len, " ");
	}
	str_addc(out, '\n');
}

static void labelled(
	struct str *out, const struct node *map, const char *key, unsigned width, unsigned indent)
{
	const char *text = node_text(node_get(map, key));
	AUTO_STR line = STR_INIT;
	if (!text)
		return;
	str_addf(&line, "%s: %s", key, text);
	wrap(out, line.data, width, indent);
}

static void print_field(struct str *out, const struct node *field, unsigned width, unsigned indent)
{
	const struct node *required = node_get(field, "required");
	if (node_text(node_get(field, "doc")))
		wrap(out, node_text(node_get(field, "doc")), width, indent);
	labelled(out, field, "form", width, indent);
	if (required && required->boolean)
		wrap(out, "required", width, indent);
	labelled(out, field, "default", width, indent);
	labelled(out, field, "example", width, indent);
	labelled(out, field, "note", width, indent);
}

enum { WIDTH_MIN = 50, WIDTH_MAX = 100 };

void spec_explain_text(const struct node *explained, unsigned width, struct str *out)
{
	if (width < WIDTH_MIN || width > WIDTH_MAX)
		width = WIDTH_MAX;
	const char *type = node_text(node_get(explained, "type"));
	str_addf(out, "%s%s%s\n\n", node_text(node_get(explained, "path")), type ? "  " : "",
		type ? type : "");
	print_field(out, explained, width, 2);
	const struct node *fields = node_get(explained, "fields");
	SEQ_FOREACH (fields, i, field) {
		str_addf(out, "\n  %s  %s\n", node_text(node_get(field, "name")),
			node_text(node_get(field, "type")));
		print_field(out, field, width, 6);
	}
}

/* A cell of a Markdown table. */
static void cell(struct str *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '|')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
	str_add(out, " |");
}

static void docs_default(const struct field *f, struct str *out)
{
	AUTO_STR text = STR_INIT;
	if (f->flags & FIELD_REQUIRED)
		str_add(&text, "required");
	else if (f->fallback)
		str_addf(&text, "`%s`", f->fallback);
	else if (f->default_doc)
		str_add(&text, f->default_doc);
	cell(out, text.data);
}

static void docs_form(const struct field *f, struct str *out)
{
	AUTO_STR text = STR_INIT;
	field_type_words(f, &text);
	if (f->grammar && f->grammar->words) {
		str_add(&text, ": ");
		add_words(&text, f->grammar->words, ", ");
	} else if (f->grammar) {
		str_addf(&text, " (%s)", f->grammar->expect);
	}
	cell(out, text.data);
}

static void docs_layout(const struct field_table *t, struct str *out)
{
	size_t count = 0;
	for (size_t i = 0; i < t->count; i++)
		if (t->fields[i].type == FIELD_LAYOUT)
			str_addf(out, "%s`%s`",
				count++ ? ", " : "\nLayout, accepted and never a change: ",
				t->fields[i].key);
	if (count)
		str_add(out, ".\n");
}

static void docs_table(const struct field_table *t, const char *path, struct str *out)
{
	str_addf(out,
		"\n### %s\n\n%s\n\n| field | value | default | meaning |\n|---|---|---|---|\n",
		path, t->doc);
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		if (f->type == FIELD_LAYOUT)
			continue;
		str_addf(out, "| `%s` | ", f->key);
		docs_form(f, out);
		str_addc(out, ' ');
		docs_default(f, out);
		AUTO_STR doc = STR_INIT;
		str_addf(&doc, "%s%s As in `%s`.", f->doc,
			f->flags & FIELD_INERT ? " Without effect in this version." : "",
			f->example);
		str_addc(out, ' ');
		cell(out, doc.data);
		str_addc(out, '\n');
	}
	docs_layout(t, out);
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->fields[i];
		AUTO_STR nested = STR_INIT;
		str_addf(&nested, "%s.%s%s", path, f->key, f->type == FIELD_TABLES ? "[]" : "");
		if (f->table)
			docs_table(f->table, nested.data, out);
	}
}

static const char docs_head[] =
	"# Specs\n"
	"\n"
	"Made from the field tables in `src/spec/table_*.c`; do not edit by hand. The same tables "
	"give\n"
	"`trueup explain`, `schemas/*.json` and every message about a field.\n"
	"\n"
	"Every spec is one YAML or JSON document with the envelope\n"
	"\n"
	"```yaml\n"
	"apiVersion: " SPEC_API_VERSION "\n"
	"kind: Canvas\n"
	"metadata: {name: shop}\n"
	"spec: {}\n"
	"```\n"
	"\n"
	"`trueup.yaml` holds the Config; `.yaml`, `.yml` and `.json` files below `roles/`, "
	"`canvases/`,\n"
	"`runs/` and `requests/` have to be valid specs; elsewhere a file is a spec when it has a\n"
	"top-level `apiVersion: trueup/...`. A canvas exported as bare `{nodes, edges, viewport}` "
	"JSON\n"
	"below `canvases/` is accepted: the file name is its name, and fields of a Canvas "
	"(`role`,\n"
	"`region`, ...) may stand beside `nodes`. `trueup fmt` prints the canonical form.\n"
	"\n"
	"An unknown field is an error, and so is a scalar that YAML readers disagree about (`no`, "
	"`0777`,\n"
	"`1:30`, `2026-11-22` without quotes). Texts hold at most 64 KiB and no control "
	"characters\n"
	"beside newline and tab; a canvas holds at most 2,000 nodes and 10,000 edges.\n"
	"\n"
	"A value in a node's `config` may come from elsewhere: `{from: canvas/NAME/NODE.OUTPUT}`,\n"
	"`{fromEnv: NAME}`, `{fromFile: PATH}`, `{credential: NAME}`. Text is never searched for "
	"holes.\n";

void spec_docs(struct str *out)
{
	str_add(out, docs_head);
	for (enum spec_kind k = 0; k < KIND_COUNT; k++) {
		if (!spec_kind_supported(k))
			continue;
		str_addf(out, "\n## %s\n", spec_kind_title(k));
		AUTO_STR path = STR_INIT;
		str_addf(&path, "%s.metadata", spec_kind_name(k));
		docs_table(field_table_of(k), spec_kind_name(k), out);
		docs_table(field_metadata(k), path.data, out);
	}
	str_add(out, "\n## Server\n\nNot a spec but the file of `trueup serve --config`, with the "
		     "same envelope: see [daemon.md](daemon.md).\n");
	docs_table(&table_server, "server", out);
}
