/*
 * What a pull request is told: the Markdown of its comment and the statuses of its head commit,
 * made from what a run found (plan/plan.h); commits of the branch have such statuses too. Pure.
 *
 * Every text that comes from specs, plans or people is made harmless: it cannot mention anybody,
 * link, open or close a tag, a comment or a fence, nor leave its table cell or list item. The
 * hidden marker is put in front by the outbox.
 */
#ifndef TRUEUP_REPORT_PULL_COMMENT_H
#define TRUEUP_REPORT_PULL_COMMENT_H

#include "plan/plan.h"
#include "report/forge.h"

struct str;

/* How far the work on a pull request is. */
enum pull_view_phase {
	PULL_VIEW_PREVIEW, /* the specs were read; engines are still planning */
	PULL_VIEW_PLANNED, /* all plans that were to be made are there (or failed) */
	PULL_VIEW_APPLYING,
	PULL_VIEW_APPLIED, /* whatever came of it: see each object's status */
};

/* A line of its own with a sign: what people must know before they go on. */
enum pull_view_note_kind { PULL_NOTE_INFO, PULL_NOTE_WARNING, PULL_NOTE_BLOCKED };

struct pull_view_note {
	enum pull_view_note_kind kind;
	const char *text; /* plain text */
};

struct pull_view {
	const struct run_outcome *run; /* objects are those that the pull request touches */
	enum pull_view_phase phase;
	const char *commit; /* head, whole */
	const char *word; /* of commands: "trueup" */
	/* Beyond what the gates say: locks, forks, requirements, voided plans. */
	const struct pull_view_note *notes;
	size_t note_count;
	/* Whether `apply` would do something now, and otherwise why not; NULL: nothing to say. */
	bool may_apply;
	const char *why_not;
	/*
	 * It is applied once it is merged: trueup/apply then does not wait for that, since a
	 * required status that waits would keep it from being merged.
	 */
	bool apply_after_merge;
	/*
	 * The pull request came to its end: nothing can be asked for any more, specs are not looked
	 * at, and trueup/validate stays.
	 */
	bool is_end;
	/*
	 * Not of a pull request: the commit is the branch's, and a status is pending until what it
	 * tells about is done.
	 */
	bool is_branch;
	const char *details_url; /* target of the statuses; NULL: none */
};

/* Appends the comment. Never longer than 1 MiB: long lists and diffs are cut, and that is said. */
void pull_comment_format(const struct pull_view *view, struct str *out);

enum { PULL_OBJECT_STATUSES = 20 };

/*
 * The statuses: trueup/validate, trueup/plan, trueup/apply, and one for each object while there are
 * at most PULL_OBJECT_STATUSES. In arena.
 */
struct forge_statuses pull_statuses(const struct pull_view *view, struct arena *arena);

/*
 * Splits Markdown into parts of at most limit bytes (at least PULL_PART_MIN), each whole by itself:
 * a fence, a table or a <details> that is cut is closed and opened again, and every part of several
 * says which it is. At most PULL_PARTS_MAX parts; what is beyond is left out, and the last part
 * says so. Parts are in the arena.
 */
enum { PULL_PARTS_MAX = 10, PULL_PART_MIN = 4096 };
const char *const *pull_comment_split(
	const char *text, size_t limit, struct arena *arena, size_t *ret_count);

/* Text made harmless for a place in Markdown. All of them append. */
void markdown_text(struct str *out, const char *text); /* running text, in one line */
void markdown_cell(struct str *out, const char *text); /* a table's cell */
void markdown_code(struct str *out, const char *text); /* `text`, with backticks that suffice */
/* A fenced block of a language ("diff", ""), whatever text holds; ends with a newline. */
void markdown_fence(struct str *out, const char *language, const char *text, size_t len);

/* At most max characters (code points), cut with "…" at a border of characters. */
void text_cut(struct str *out, const char *text, size_t max);

#endif
