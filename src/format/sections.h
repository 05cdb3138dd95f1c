/*
 * Markdown as a list of sections, for documents whose first-level headings carry meaning. This is
 * a scanner of lines and no Markdown parser: emphasis, lists and the like are just text.
 *
 * A heading is a line that begins in column 1 with one '#', blanks, and a name that does not begin
 * with '#'. Headings inside fenced blocks are text. A fence opens with three or more backticks or
 * tildes, indented or not, and closes with a line of at least as many of the same character and
 * nothing else (CommonMark 0.31.2, section 4.5, without its limits on indentation); an info string
 * behind backticks holds no backtick. One section may be named as the last one: all text behind
 * its heading belongs to it, whatever it looks like.
 *
 * Names and info strings live in the arena, everything else is offsets into src, which has to
 * outlive the result. Any bytes are fine. CRLF ends a line as LF does.
 */
#ifndef TRUEUP_FORMAT_SECTIONS_H
#define TRUEUP_FORMAT_SECTIONS_H

#include "base/diag.h"
#include "format/node.h"

/* More than these are refused (rule markdown-limit). */
enum { SECTIONS_MAX = 1000, SECTIONS_MAX_FENCES = 10000 };

struct fence {
	struct pos pos; /* of its first mark */
	char mark; /* '`' or '~' */
	size_t width; /* how many of them */
	bool glued; /* the info string follows without a blank */
	const char *info; /* trimmed; "" if there is none */
	size_t start, end; /* the text inside: from the start of a line to that of another */
	uint32_t line; /* of start */
	bool closed; /* false: it runs to the end of the file */
};

struct section {
	const char *name; /* trimmed */
	struct pos pos; /* of the '#' */
	size_t heading; /* where its heading's line starts */
	size_t start, end; /* the text below the heading */
	uint32_t line; /* of start */
	struct fence *fences; /* in the order of the text */
	size_t fence_count, fence_cap;
};

struct sections {
	const struct src *src;
	struct section *items; /* in the order of the text; what stands above the first is none */
	size_t count, cap;
	const struct fence *unclosed; /* the text ends inside of it; NULL: none */
};

/*
 * Splits src. last (may be NULL) names the section that nothing follows; fences in it are not
 * looked for. 0, or -1 after adding an error.
 */
MUST_CHECK int sections_parse(struct arena *arena, const struct src *src, const char *last,
	struct sections *ret, struct diag_list *diags);

/* The first section of that exact name at or after items[from]; NULL if there is none. */
const struct section *sections_find(const struct sections *s, const char *name, size_t from);
/* Is there nothing but white space below the heading? */
bool section_blank(const struct sections *s, const struct section *section);
/*
 * The first fence of backticks whose info string is exactly info, written without a blank before
 * it; NULL if there is none. It may be unclosed.
 */
const struct fence *section_fence(const struct section *section, const char *info);

/*
 * The YAML inside a fence, with places in src. NULL after errors, NODE_NULL when there is nothing
 * but comments: as yaml_parse().
 */
struct node *fence_yaml(struct arena *arena, const struct sections *s, const struct fence *fence,
	struct diag_list *diags);
/* The lines inside a fence with LF as line end, in arena. */
const char *fence_text(struct arena *arena, const struct sections *s, const struct fence *fence);

/* Bytes of white space that text (len bytes) starts with, the blanks of Unicode included. */
size_t blank_prefix(const char *text, size_t len);
/* Drops the white space at both ends of *text. */
void blank_trim(const char **text, size_t *len);

#endif
