/*
 * Diagnostics: what is wrong in the files that people wrote. All of them are collected in one
 * run and printed as
 *
 *	path:line:col: error: message [rule-id]
 *	   14 |         resourceType: ELASTICACHE
 *	      |                       ^~~~~~~~~~~
 *	   hint
 *
 * A list owns copies of everything it prints (path, message, source line), so it may outlive the
 * documents.
 */
#ifndef TRUEUP_BASE_DIAG_H
#define TRUEUP_BASE_DIAG_H

#include "base/arena.h"
#include "base/pos.h"

#include <stdbool.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

struct diag {
	enum severity severity;
	const char *rule; /* stable id in kebab-case, e.g. "role-service" */
	const char *path; /* NULL: no file */
	uint32_t line, col;
	uint32_t width; /* characters to underline; at least 1 */
	const char *source_line; /* without the newline; NULL if unknown */
	const char *message;
	const char *hint; /* NULL: none */
	/* A second place that belongs to the message ("first defined here"). */
	const char *related_path; /* NULL: none */
	uint32_t related_line, related_col;
	const char *related_message;
};

struct diag_list {
	struct arena arena;
	struct diag *items;
	size_t count, cap;
	size_t errors;
	size_t dropped; /* beyond DIAG_MAX: counted, not kept */
};

/* More than these help nobody and cost memory on a hostile repository. */
enum { DIAG_MAX = 1000 };

void diag_list_release(struct diag_list *list);
#define AUTO_DIAGS CLEANUP(diag_list_release) struct diag_list

/*
 * Adds a diagnostic at pos and returns it, so that the caller may set hint (with diag_hint) and
 * the related place. Beyond DIAG_MAX a scratch entry is returned. Never NULL.
 */
struct diag *diag_add(struct diag_list *list, enum severity severity, const char *rule,
	struct pos pos, const char *fmt, ...) PRINTF_LIKE(5, 6);
void diag_hint(struct diag_list *list, struct diag *d, const char *fmt, ...) PRINTF_LIKE(3, 4);
void diag_related(struct diag_list *list, struct diag *d, struct pos pos, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Shorthands for the two common severities. */
#define diag_error(list, rule, pos, ...)                                                           \
	diag_add((list), SEVERITY_ERROR, (rule), (pos), __VA_ARGS__)
#define diag_warning(list, rule, pos, ...)                                                         \
	diag_add((list), SEVERITY_WARNING, (rule), (pos), __VA_ARGS__)

/* Sorts by path, line and column; the order of equal ones is kept. */
void diag_sort(struct diag_list *list);
/* Appends copies of all entries of from. */
void diag_append(struct diag_list *list, const struct diag_list *from);

#endif
