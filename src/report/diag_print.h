/*
 * Diagnostics (base/diag.h) in the forms that people and programs read. The list is sorted
 * before by the caller (diag_sort).
 *
 * Text, as gcc and clang taught editors to read it:
 *
 *	canvases/shop.yaml:14:23: error: role 'web-team' may not use ELASTICACHE [role-service]
 *	   14 |         resourceType: ELASTICACHE
 *	      |                       ^~~~~~~~~~~
 *	   allowed: ALB, EC2   (roles/web-team.yaml:9:20)
 *
 * SARIF is version 2.1.0 (OASIS standard), "github" is the workflow command syntax of GitHub
 * Actions (::error file=,line=,col=,title=::text).
 */
#ifndef TRUEUP_REPORT_DIAG_PRINT_H
#define TRUEUP_REPORT_DIAG_PRINT_H

#include "base/diag.h"

struct term;
struct arena;
struct node;
struct str;

/* All entries, without the summary. */
void diag_print_text(struct term *t, const struct diag_list *list);
/* "2 errors, 1 warning in 2 files"; nothing when the list is empty. */
void diag_print_summary(struct term *t, const struct diag_list *list);
/* GitHub annotations, one line each. */
void diag_print_github(struct term *t, const struct diag_list *list);

/*
 * Prints the list in format ("text", "github"; "json" and "sarif" as whole documents of command).
 * Text gets the summary as well.
 */
void diag_print(
	struct term *t, const char *format, const char *command, const struct diag_list *list);

/* The array that stands under "diagnostics" in every JSON document of trueup. */
struct node *diag_to_node(struct arena *a, const struct diag_list *list);
/* A whole SARIF log with one run. */
struct node *diag_to_sarif(struct arena *a, const struct diag_list *list);

const char *severity_name(enum severity severity); /* "error", "warning", "note" */

#endif
