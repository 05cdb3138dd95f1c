/* Diagnostics as documents: JSON of our own shape, and SARIF 2.1.0 (OASIS). */
#include "base/arena.h"
#include "base/str.h"
#include "base/strmap.h"
#include "report/diag_print.h"
#include "report/json.h"
#include "report/term.h"

#include <string.h>

static struct node *number(struct arena *a, size_t n)
{
	return node_new_int(a, (int64_t)n);
}

static void set_place(
	struct arena *a, struct node *map, const char *path, uint32_t line, uint32_t col)
{
	report_set_text(a, map, "path", path);
	if (line) {
		node_map_set(a, map, "line", number(a, line));
		node_map_set(a, map, "column", number(a, col));
	}
}

static struct node *one_to_node(struct arena *a, const struct diag *d)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, "severity", severity_name(d->severity));
	report_set_text(a, map, "rule", d->rule);
	set_place(a, map, d->path, d->line, d->col);
	if (d->line)
		node_map_set(a, map, "width", number(a, d->width));
	report_set_text(a, map, "message", d->message);
	report_set_text(a, map, "hint", d->hint);
	if (d->related_path || d->related_message) {
		struct node *related = node_new_map(a);
		set_place(a, related, d->related_path, d->related_line, d->related_col);
		report_set_text(a, related, "message", d->related_message);
		node_map_set(a, map, "related", related);
	}
	return map;
}

struct node *diag_to_node(struct arena *a, const struct diag_list *list)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; i < list->count; i++)
		node_seq_add(a, seq, one_to_node(a, &list->items[i]));
	return seq;
}

static struct node *text_map(struct arena *a, const char *key, const char *text)
{
	struct node *map = node_new_map(a);
	report_set_text(a, map, key, text);
	return map;
}

/* A path as a URI reference (RFC 3986): everything but unreserved characters and "/" escaped. */
static const char *path_to_uri(struct arena *a, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	AUTO_STR out = STR_INIT;
	for (const char *p = path; *p; p++) {
		if (strchr(plain, *p))
			str_addc(&out, *p);
		else
			str_addf(&out, "%%%02X", (unsigned)(unsigned char)*p);
	}
	return arena_strdup(a, out.data);
}

static struct node *sarif_location(struct arena *a, const char *path, uint32_t line, uint32_t col,
	uint32_t width, const char *message)
{
	struct node *physical = node_new_map(a);
	if (path)
		node_map_set(
			a, physical, "artifactLocation", text_map(a, "uri", path_to_uri(a, path)));
	if (line) {
		struct node *region = node_new_map(a);
		node_map_set(a, region, "startLine", number(a, line));
		if (col) {
			node_map_set(a, region, "startColumn", number(a, col));
			if (width)
				node_map_set(a, region, "endColumn", number(a, col + width));
		}
		node_map_set(a, physical, "region", region);
	}
	struct node *location = node_new_map(a);
	node_map_set(a, location, "physicalLocation", physical);
	if (message)
		node_map_set(a, location, "message", text_map(a, "text", message));
	return location;
}

static struct node *one_element(struct arena *a, struct node *item)
{
	struct node *seq = node_new_seq(a);
	node_seq_add(a, seq, item);
	return seq;
}

static struct node *sarif_result(struct arena *a, const struct diag *d)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, d->message);
	if (d->hint)
		str_addf(&text, "\n%s", d->hint);

	struct node *result = node_new_map(a);
	report_set_text(a, result, "ruleId", d->rule);
	report_set_text(a, result, "level", severity_name(d->severity));
	node_map_set(a, result, "message", text_map(a, "text", text.data));
	if (d->path)
		node_map_set(a, result, "locations",
			one_element(
				a, sarif_location(a, d->path, d->line, d->col, d->width, NULL)));
	if (d->related_path)
		node_map_set(a, result, "relatedLocations",
			one_element(a, sarif_location(a, d->related_path, d->related_line,
					       d->related_col, 0, d->related_message)));
	return result;
}

struct node *diag_to_sarif(struct arena *a, const struct diag_list *list)
{
	struct node *rules = node_new_seq(a), *results = node_new_seq(a);
	AUTO_STRMAP seen = {0};
	for (size_t i = 0; i < list->count; i++) {
		const struct diag *d = &list->items[i];
		node_seq_add(a, results, sarif_result(a, d));
		if (strmap_has(&seen, d->rule))
			continue;
		(void)strmap_put(&seen, d->rule, NULL);
		node_seq_add(a, rules, text_map(a, "id", d->rule));
	}
	struct node *driver = text_map(a, "name", "trueup");
	node_map_set(a, driver, "rules", rules);
	struct node *tool = node_new_map(a);
	node_map_set(a, tool, "driver", driver);
	struct node *run = node_new_map(a);
	node_map_set(a, run, "tool", tool);
	/* Columns count characters, as ours do. */
	report_set_text(a, run, "columnKind", "unicodeCodePoints");
	node_map_set(a, run, "results", results);

	struct node *log = node_new_map(a);
	report_set_text(a, log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	report_set_text(a, log, "version", "2.1.0");
	node_map_set(a, log, "runs", one_element(a, run));
	return log;
}

void diag_print(
	struct term *t, const char *format, const char *command, const struct diag_list *list)
{
	AUTO_ARENA arena = {0};
	if (str_eq(format, "github")) {
		diag_print_github(t, list);
	} else if (str_eq(format, "sarif")) {
		report_print_json(t, diag_to_sarif(&arena, list));
	} else if (str_eq(format, "json")) {
		struct node *document = report_document(&arena, command);
		node_map_set(&arena, document, "errors", number(&arena, list->errors));
		node_map_set(&arena, document, "diagnostics", diag_to_node(&arena, list));
		report_print_json(t, document);
	} else {
		diag_print_text(t, list);
		diag_print_summary(t, list);
	}
}
