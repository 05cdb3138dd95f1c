/*
 * Runbooks among the other specs: which loader a file needs, and a runbook as an object that is
 * recorded like a Role, without any effect of its own.
 */
#ifndef TRUEUP_RUNBOOK_OBJECT_H
#define TRUEUP_RUNBOOK_OBJECT_H

#include "runbook/parse.h"

/* Bytes that a file at path may have, and what is said of a larger one. */
size_t spec_file_limit(const char *path);
const char *spec_file_too_large(const char *path);

/*
 * A spec of any kind from its file: spec_load(), or for a runbook: secret scan, parse, and every
 * check that the file alone allows. The spec of a runbook has spec->runbook, is named after the
 * file, and its document holds the title and the digest of what stands above the history, so that
 * an entry in the history is no change. NULL after errors that leave nothing to look at.
 */
struct spec *spec_file_load(struct arena *arena, const struct src *src, struct diag_list *diags);

#endif
