/*
 * A runbook file, read once: Markdown whose first-level sections say what a script needs, who may
 * run it and how it is run (docs/runbooks.md). All generations of the format give the same
 * structure; what a generation does not have is empty.
 *
 * Reading never stops at the first mistake. What the text alone shows to be wrong and the format
 * has no message of its own for (a block that does not parse, a fence that is never closed) is
 * reported here; the format's own messages, in its own order, come from runbook_validate().
 */
#ifndef TRUEUP_RUNBOOK_PARSE_H
#define TRUEUP_RUNBOOK_PARSE_H

#include "base/digest.h"
#include "spec/execution.h"

enum {
	RUNBOOK_MAX_CONTENT = 1024 * 1024, /* bytes up to `# History` */
	RUNBOOK_MAX_BYTES = 64 * 1024 * 1024, /* bytes of a file, its history included */
};

/* How much of a section is there. */
enum runbook_state {
	RUNBOOK_NO_SECTION,
	RUNBOOK_EMPTY_SECTION, /* nothing but white space below the heading */
	RUNBOOK_NO_BLOCK, /* text, but no block of the right language */
	RUNBOOK_BAD_BLOCK, /* a block that cannot be used; said in the diagnostics */
	RUNBOOK_READ,
};

struct runbook_part {
	enum runbook_state state;
	struct pos pos; /* of the block, else of the heading, else of the file's first line */
	const char *hint; /* what to write instead; NULL: nothing to say */
};

struct runbook_variable {
	struct spec_text name;
	const char *description; /* "" if there is none */
};

struct runbook_claim {
	struct spec_text name;
	struct spec_texts values; /* any of them will do */
};

struct runbook {
	const struct src *src; /* borrowed */
	const char *file; /* "PatchPrep.md": the last part of the path */
	const char *name; /* "PatchPrep": the file's name without ".md" */
	struct spec_text title; /* NULL: the file does not begin with one */

	struct runbook_part environment;
	struct runbook_variable *variables; /* in the order of the file */
	size_t variable_count;

	struct runbook_part files;
	struct spec_texts inputs; /* relative to the runbook's folder, as written */
	struct spec_texts outputs; /* of early generations; nothing is done with them */

	/*
	 * Who may run it. NO_SECTION, EMPTY_SECTION and READ without claims mean everybody, the
	 * other states nobody: see runbook_authorize(). BAD_BLOCK is also the state when claims
	 * may be meant by something that does not count, such as a section in another spelling.
	 */
	struct runbook_part claims;
	struct runbook_claim *claim; /* all of them have to pass */
	size_t claim_count;

	struct runbook_part script;
	struct spec_text script_text; /* trimmed, LF; pos is of its first line */

	struct runbook_part execution_part;
	struct spec_execution execution;

	struct runbook_part history; /* READ or NO_SECTION */
	size_t content_len; /* bytes up to the heading of the history, or all */
	size_t history_start; /* offset of the text below that heading, or src->len */
	uint32_t history_line; /* of history_start */
	/* Of the bytes up to content_len: what an approval is bound to. */
	char digest[DIGEST_HEX];
};

/*
 * Reads src, which has to outlive the result. NULL after an error that leaves nothing to look at
 * (too large, not UTF-8); otherwise the runbook, possibly with errors in diags.
 *
 * Rule ids: runbook-limit, runbook-encoding, runbook-fence, runbook-section, runbook-claims,
 * runbook-environment, runbook-files, runbook-script, and those of YAML and of field tables.
 */
struct runbook *runbook_parse(struct arena *arena, const struct src *src, struct diag_list *diags);

#endif
