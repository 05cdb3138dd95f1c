/* What the files pull_comment*.c share. */
#ifndef TRUEUP_REPORT_PULL_COMMENT_INTERNAL_H
#define TRUEUP_REPORT_PULL_COMMENT_INTERNAL_H

#include "base/str.h"
#include "report/pull_comment.h"

/* "+2 ~1 ±1 −0": what of it is not zero; "no changes" if all is. */
void pull_add_counts(struct str *out, const struct change_set *set);
/* The engine's changes if it planned, otherwise the preview's; NULL if there is neither. */
const struct change_set *pull_changes(const struct object_outcome *object);
/* Will an engine plan it, or has it? */
bool pull_has_engine(const struct object_outcome *object);
/* "1 object", "3 objects" */
void pull_add_number(struct str *out, size_t n, const char *noun);

/* Code inside of an HTML block, where Markdown is not read. */
void pull_add_code_tag(struct str *out, const char *text);
/* The folded parts: each object's changes, reasons and gates; of at most room bytes together. */
void pull_add_details(struct str *out, const struct pull_view *view, size_t room);

#endif
