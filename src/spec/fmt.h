/*
 * The canonical text of a spec file: keys in the order of the field tables, two blanks of
 * indentation, quotes only where a text needs them, one blank line at most. Whether a map or list
 * is written in braces stays as its author chose, unless it is longer than a line.
 *
 * Comments are kept: a comment on a line of its own stays above the key or item it stood above, a
 * comment behind a value stays behind it. Formatting what was formatted changes nothing, and the
 * result is read again and compared before it is handed out.
 */
#ifndef TRUEUP_SPEC_FMT_H
#define TRUEUP_SPEC_FMT_H

#include "base/diag.h"
#include "base/str.h"

enum fmt_result {
	FMT_DONE, /* out holds the canonical text, which may be the present one */
	FMT_LEFT, /* the file is left as it is; *ret_why says why */
	FMT_INVALID, /* errors were added to diags */
};

/* A file with mistakes is not formatted: canonical form has no place for what is unknown. */
enum fmt_result spec_format(
	const struct src *src, struct str *out, const char **ret_why, struct diag_list *diags);

#endif
