/* Runs of runbooks as people and programs see them. */
#ifndef TRUEUP_CLI_RUNBOOK_REPORT_H
#define TRUEUP_CLI_RUNBOOK_REPORT_H

#include "reconcile/runbook_run.h"
#include "report/term.h"

struct node;

/* "PatchPrep done in 1.2 s, exit code 0, isolation full, run 01J..." */
void runbook_print_end(struct term *t, const struct run_row *row);
enum term_style runbook_state_style(enum run_state state);
/* "exit code 3", "signal 9", "" while nothing is known. */
const char *runbook_code_text(struct arena *arena, const struct run_row *row);

/* A run as it is recorded, without its output. */
struct node *runbook_row_node(struct arena *a, const struct run_row *row);
/* Fills document with what came of a request: outcome, row, output, problems. */
void runbook_run_node(struct arena *a, struct node *document, const struct runbook_run *run);

#endif
