/*
 * `kind: Run`: a wish to run a runbook, once for each version of the Run or by a schedule. It is
 * carried out by reconcile/run_spec.h.
 */
#ifndef TRUEUP_SPEC_RUN_H
#define TRUEUP_SPEC_RUN_H

#include "format/cron.h"
#include "spec/spec.h"
#include "spec/value.h"

/* A variable: a text of the spec, or where its value comes from when the run starts. */
struct run_spec_variable {
	struct spec_text name;
	const char *text; /* NULL: ref */
	struct value_ref ref; /* FROM_ENV, FROM_FILE or CREDENTIAL */
};

/* What becomes of a due time while the run before it goes on. */
enum run_overlap { OVERLAP_SKIP, OVERLAP_QUEUE, OVERLAP_REPLACE };
/* What becomes of times that were due while nobody could start anything. */
enum run_missed { MISSED_SKIP, MISSED_RUN_ONCE };

struct run_spec {
	struct spec_text runbook; /* name without "runbook/" */
	struct spec_text as; /* role without "role/" */
	const struct node *env_map; /* as written; NULL */
	struct run_spec_variable *env; /* in the order of the spec */
	size_t env_count;
	struct {
		const char *provider; /* "local" */
	} targets;
	struct {
		int64_t max_concurrency, max_errors; /* defaults: 1, 0 */
	} rate;
	int64_t retries; /* attempts beyond the first; -1: as the runbook says */
	int64_t timeout_ms; /* 0: as the runbook says */
	struct {
		struct spec_text cron; /* NULL: once, not by a schedule */
		struct spec_text timezone; /* default: UTC */
		struct cron due; /* zeros after an error */
		enum run_overlap overlap; /* default: SKIP */
		enum run_missed missed; /* default: RUN_ONCE */
	} schedule;
	struct spec_approval approval;
};

/* Decodes what stands below `spec:`; where is the place of what is missing. Mistakes: in diags. */
void spec_run_decode(struct arena *arena, const struct node *n, struct pos where,
	struct run_spec *ret, struct diag_list *diags);

#endif
