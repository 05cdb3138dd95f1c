/*
 * Approval of a run by the mechanism that all kinds share: what is to be approved is a plan without
 * a file, its identity the digest over content, names and values. The rule travels in the plan,
 * since the runbook may have changed by the time somebody decides.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_GATE_H
#define TRUEUP_RECONCILE_RUNBOOK_GATE_H

#include "format/node.h"
#include "spec/spec.h"
#include "store/plans.h"

/* The engine of such plans. */
#define RUNBOOK_ENGINE "runbook"

/* A rule as it stands in the summary of a plan of RUNBOOK_ENGINE, under "approval". */
struct node *runbook_rule_node(struct arena *arena, const struct spec_approval *rule);
/* The rule that a plan of RUNBOOK_ENGINE was made under; NULL: damaged, nobody may decide. */
const struct spec_approval *runbook_plan_rule(struct arena *arena, const struct plan_row *plan);

#endif
