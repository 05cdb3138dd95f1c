/* Shared by the files that read a runbook, and by nobody else. */
#ifndef TRUEUP_RUNBOOK_PARSE_INTERNAL_H
#define TRUEUP_RUNBOOK_PARSE_INTERNAL_H

#include "format/sections.h"
#include "runbook/parse.h"

struct reader {
	struct arena *arena;
	struct diag_list *diags;
	struct sections sections;
	size_t first; /* index of the first section behind the title */
	bool claims_doubtful; /* somebody may have asked for claims that could not be found */
	struct runbook *runbook;
};

/* The names that mean something, in the order of this enumeration. */
enum runbook_section {
	SECTION_DOCUMENTATION,
	SECTION_ENVIRONMENT,
	SECTION_FILES,
	SECTION_CLAIMS,
	SECTION_EXECUTION,
	SECTION_SCRIPT,
	SECTION_HISTORY,
	SECTION_COUNT,
};
extern const char *const runbook_sections[SECTION_COUNT + 1]; /* ends with NULL */

/*
 * The fence of language info in a section, and the state of the part; NULL unless there is one
 * that can be read.
 */
const struct fence *read_fence(
	struct reader *r, enum runbook_section which, const char *info, struct runbook_part *part);

/* What each section's YAML block says. */
void read_environment(struct reader *r);
void read_files(struct reader *r);
void read_claims(struct reader *r);
void read_execution(struct reader *r);

#endif
