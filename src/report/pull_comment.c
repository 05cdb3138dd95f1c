/*
 * The comment from top to bottom: counts, table, what has to be known, details, plans, what can be
 * done now. The order is that of how many people read on.
 */
#include "report/pull_comment.h"

#include "base/clock.h"
#include "report/pull_comment_internal.h"

#include <string.h>

enum {
	COMMENT_MAX = 1024 * 1024,
	CUT_NOTE = 100, /* room to say that something was cut */
	ROWS_MAX = 200,
	WARNINGS_MAX = 50,
	DIAGS_MAX = 50,
	LINE_MAX_CHARACTERS = 500,
	FAILURES_MAX = 20,
	FAILURE_MAX = 8 * 1024, /* bytes */
	PLANS_MAX = 50,
	SHORT_COMMIT = 7,
	CELL_MAX = 80, /* characters */
};

#define MINUS       "\xe2\x88\x92"
#define PLUS_MINUS  "\xc2\xb1"
#define DOT         " \xc2\xb7 "
#define ARROW       " \xe2\x86\x92 "
#define CHECK       "\xe2\x9c\x93"
#define CROSS       "\xe2\x9c\x97"
#define HOURGLASS   "\xe2\x8f\xb3"
#define NO_ENTRY    "\xe2\x9b\x94"
#define WARNING     "\xe2\x9a\xa0\xef\xb8\x8f"
#define INFORMATION "\xe2\x84\xb9\xef\xb8\x8f"

void pull_add_number(struct str *out, size_t n, const char *noun)
{
	str_addf(out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

const struct change_set *pull_changes(const struct object_outcome *object)
{
	if (object->plan)
		return &object->plan->changes;
	return object->has_preview ? &object->preview : NULL;
}

bool pull_has_engine(const struct object_outcome *object)
{
	return object->kind == KIND_CANVAS;
}

void pull_add_counts(struct str *out, const struct change_set *set)
{
	const struct {
		const char *sign;
		size_t n;
	} counts[] = {
		{"+", set->create},
		{"~", set->update},
		{PLUS_MINUS, set->replace},
		{MINUS, set->destroy},
	};
	const size_t before = out->len;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i].n)
			str_addf(out, "%s%s%zu", out->len > before ? " " : "", counts[i].sign,
				counts[i].n);
	if (out->len == before)
		str_add(out, "no changes");
}

static struct change_set sum(const struct run_outcome *run)
{
	struct change_set total = {0};
	for (size_t i = 0; i < run->object_count; i++) {
		const struct change_set *set = pull_changes(&run->objects[i]);
		if (!set)
			continue;
		total.create += set->create;
		total.update += set->update;
		total.replace += set->replace;
		total.destroy += set->destroy;
	}
	return total;
}

static bool has_begun(const struct run_outcome *run)
{
	for (size_t i = 0; i < run->object_count; i++)
		if (run->objects[i].status == OBJECT_APPLIED ||
			run->objects[i].status == OBJECT_FAILED)
			return true;
	return false;
}

static const char *title(const struct pull_view *view)
{
	if (view->is_end)
		return has_begun(view->run) ? "apply" : "plan";
	return view->phase == PULL_VIEW_APPLYING || view->phase == PULL_VIEW_APPLIED ? "apply"
										     : "plan";
}

static bool is_invalid(const struct run_outcome *run)
{
	return run->diags && run->diags->errors;
}

static void add_head(struct str *out, const struct pull_view *view)
{
	const struct run_outcome *run = view->run;
	str_addf(out, "### %s %s", view->word, title(view));
	if (view->commit)
		str_addf(out, " `%.*s`", SHORT_COMMIT, view->commit);
	str_add(out, "\n\n");
	if (is_invalid(run)) {
		str_add(out, CROSS " The specs are not valid: ");
		pull_add_number(out, run->diags->errors, "error");
		str_add(out, ". Nothing is planned or applied.\n");
		return;
	}
	if (!run->object_count) {
		str_add(out, view->is_end ? "" : CHECK " Nothing would change.\n");
		return;
	}
	pull_add_number(out, run->object_count, "object");
	const struct change_set total = sum(run);
	const size_t changes = total.create + total.update + total.replace + total.destroy;
	if (changes) {
		str_add(out, DOT);
		pull_add_counts(out, &total);
		str_add(out, changes == 1 ? " resource" : " resources");
	}
	if (view->phase == PULL_VIEW_PREVIEW)
		str_add(out, DOT "from the specs alone, the engine's plans follow here");
	str_addc(out, '\n');
}

/* Cut to a cell and made harmless. */
static void add_cell(struct str *out, const char *text)
{
	AUTO_STR cut = STR_INIT;
	text_cut(&cut, text, CELL_MAX);
	markdown_cell(out, cut.data);
}

static void add_gates_cell(struct str *out, const struct object_outcome *object)
{
	size_t objections = 0;
	for (size_t i = 0; i < object->gates.count; i++) {
		const struct gate_answer *g = &object->gates.items[i];
		if (g->verdict == GATE_PASS)
			continue;
		str_addf(out, "%s%s ", objections++ ? "<br>" : "",
			g->verdict == GATE_WAIT ? HOURGLASS : NO_ENTRY);
		add_cell(out, g->reason ? g->reason : g->gate);
	}
	if (!objections && object->gates.count)
		str_add(out, CHECK);
}

static void add_duration(struct str *out, const char *sign, int64_t ms)
{
	char buf[CLOCK_TEXT_SIZE];
	str_addf(out, "%s %s", sign, clock_format_duration(ms, buf));
}

static void add_plan_cell(
	struct str *out, const struct object_outcome *object, const struct pull_view *view)
{
	switch (object->status) {
	case OBJECT_FAILED:
		str_add(out, CROSS " failed");
		return;
	case OBJECT_REFUSED:
		str_add(out, NO_ENTRY " refused");
		return;
	case OBJECT_CANCELLED:
		str_add(out, "cancelled");
		return;
	case OBJECT_APPLYING:
		str_add(out, HOURGLASS " applying");
		return;
	case OBJECT_APPLIED:
		if (object->apply_ms)
			add_duration(out, CHECK " applied in", object->apply_ms);
		else
			str_add(out, CHECK " applied");
		return;
	case OBJECT_RECORDED:
		str_add(out, CHECK);
		return;
	case OBJECT_UNCHANGED:
	case OBJECT_PENDING:
	case OBJECT_PLANNED:
	case OBJECT_WAITING:
		break;
	}
	if (view->is_end)
		add_cell(out, object->status_text                ? object->status_text
			      : object->status == OBJECT_WAITING ? "waiting"
								 : "");
	else if (object->plan)
		add_duration(out, CHECK, object->plan->duration_ms);
	else if (pull_has_engine(object) && view->phase == PULL_VIEW_PREVIEW)
		str_add(out, HOURGLASS);
}

static void add_row(struct str *out, const struct object_outcome *object, const struct pull_view *v)
{
	str_add(out, "| ");
	markdown_code(out, object->key);
	str_addf(out, " | %s | ", plan_action_name(object->action));
	const struct change_set *set = pull_changes(object);
	if (set)
		pull_add_counts(out, set);
	else if (object->summary)
		add_cell(out, object->summary);
	/* Cost joins the table when there is an estimate. */
	str_add(out, " |  | ");
	add_gates_cell(out, object);
	str_add(out, " | ");
	add_plan_cell(out, object, v);
	str_add(out, " |\n");
}

static void add_table(struct str *out, const struct pull_view *view)
{
	const struct run_outcome *run = view->run;
	if (!run->object_count)
		return;
	str_add(out, "\n| object | change | resources | cost | gates | plan |\n"
		     "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < run->object_count && i < ROWS_MAX; i++)
		add_row(out, &run->objects[i], view);
	if (run->object_count > ROWS_MAX)
		str_addf(out, "\n%zu more objects are not listed here.\n",
			run->object_count - ROWS_MAX);
}

/* What goes with whatever it holds, said outside of all folds. */
static void add_loss(
	struct str *out, const struct object_outcome *object, const struct change *change)
{
	str_add(out, "- " WARNING " ");
	markdown_code(out, object->key);
	str_add(out, change->kind == CHANGE_DESTROY ? " destroys " : " replaces ");
	markdown_code(out, change->address);
	bool first = true;
	for (size_t i = 0; i < change->attr_count; i++) {
		const struct change_attr *attr = &change->attrs[i];
		if (!attr->forces_replacement)
			continue;
		str_add(out, first ? " (" : ", ");
		first = false;
		markdown_text(out, attr->name);
		if (attr->before && attr->after) {
			str_addc(out, ' ');
			add_cell(out, attr->before);
			str_add(out, ARROW);
			add_cell(out, attr->after);
		}
	}
	str_add(out, first ? "" : ")");
	str_add(out, ": what it holds goes with it\n");
}

static void add_losses(struct str *out, const struct run_outcome *run)
{
	size_t found = 0;
	for (size_t i = 0; i < run->object_count; i++) {
		const struct change_set *set = pull_changes(&run->objects[i]);
		for (size_t j = 0; set && j < set->count; j++) {
			const struct change *c = &set->items[j];
			if (c->kind != CHANGE_REPLACE && c->kind != CHANGE_DESTROY)
				continue;
			if (found++ == 0)
				str_addc(out, '\n');
			if (found <= WARNINGS_MAX)
				add_loss(out, &run->objects[i], c);
		}
	}
	if (found > WARNINGS_MAX)
		str_addf(out, "- " WARNING " and %zu more that are replaced or destroyed\n",
			found - WARNINGS_MAX);
}

/* What the engine sees otherwise than the specs say. */
static void add_surprises(struct str *out, const struct run_outcome *run)
{
	for (size_t i = 0; i < run->object_count; i++) {
		const struct object_outcome *object = &run->objects[i];
		const struct object_plan *plan = object->plan;
		for (size_t j = 0; plan && j < plan->surprise_count && j < WARNINGS_MAX; j++) {
			str_add(out, "\n" WARNING " ");
			markdown_code(out, object->key);
			str_add(out, ": ");
			markdown_text(out, plan->surprises[j]);
			str_addc(out, '\n');
		}
	}
}

static void add_notes(struct str *out, const struct pull_view *view)
{
	static const char *const signs[] = {
		[PULL_NOTE_INFO] = INFORMATION,
		[PULL_NOTE_WARNING] = WARNING,
		[PULL_NOTE_BLOCKED] = NO_ENTRY,
	};
	for (size_t i = 0; i < view->note_count; i++) {
		str_addf(out, "\n%s ", signs[view->notes[i].kind]);
		markdown_text(out, view->notes[i].text);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < view->run->notice_count; i++) {
		str_add(out, "\n" INFORMATION " ");
		markdown_text(out, view->run->notices[i]);
		str_addc(out, '\n');
	}
}

static void add_failure(struct str *out, const struct object_outcome *object)
{
	str_add(out, "\n" CROSS " ");
	markdown_code(out, object->key);
	str_add(out, " failed:\n\n");
	AUTO_STR text = STR_INIT;
	const size_t len = strlen(object->status_text);
	str_addn(&text, object->status_text, utf8_cut(object->status_text, len, FAILURE_MAX));
	if (text.len < len)
		str_add(&text, "\n\xe2\x80\xa6");
	markdown_fence(out, "", text.data, text.len);
}

static void add_failures(struct str *out, const struct run_outcome *run)
{
	size_t found = 0;
	for (size_t i = 0; i < run->object_count; i++) {
		const struct object_outcome *object = &run->objects[i];
		if (object->status != OBJECT_FAILED || !object->status_text)
			continue;
		if (++found <= FAILURES_MAX)
			add_failure(out, object);
	}
	if (found > FAILURES_MAX)
		str_addf(out, "\n" CROSS " %zu more failed\n", found - FAILURES_MAX);
}

/* "path:3:7: error: message [rule]", the line and the hint. */
static void add_diag(struct str *out, const struct diag *d)
{
	static const char *const names[] = {
		[SEVERITY_NOTE] = "note",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};
	if (d->path)
		str_addf(out, "%s:%u:%u: ", d->path, d->line, d->col);
	str_addf(out, "%s: ", names[d->severity]);
	text_cut(out, d->message, LINE_MAX_CHARACTERS);
	str_addf(out, " [%s]\n", d->rule);
	const char *const more[] = {d->source_line, d->hint};
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		if (!more[i])
			continue;
		str_add(out, "    ");
		text_cut(out, more[i], LINE_MAX_CHARACTERS);
		str_addc(out, '\n');
	}
}

static void add_diags(struct str *out, const struct diag_list *diags)
{
	AUTO_STR text = STR_INIT;
	const size_t shown = diags->count < DIAGS_MAX ? diags->count : DIAGS_MAX;
	for (size_t i = 0; i < shown; i++)
		add_diag(&text, &diags->items[i]);
	const size_t more = diags->count + diags->dropped - shown;
	if (more)
		str_addf(&text, "and %zu more\n", more);
	if (!text.len)
		return;
	str_addc(out, '\n');
	markdown_fence(out, "", text.data, text.len);
}

/* The whole id and digest: what was shown is what will be applied. */
static void add_plans(struct str *out, const struct run_outcome *run)
{
	size_t listed = 0;
	for (size_t i = 0; i < run->object_count; i++) {
		const struct object_plan *plan = run->objects[i].plan;
		if (!plan || !plan->id || !plan->sha256 || ++listed > PLANS_MAX)
			continue;
		if (listed == 1)
			str_addc(out, '\n');
		str_add(out, "- ");
		markdown_code(out, run->objects[i].key);
		str_addf(out, ": plan `%s` sha256:`%s`\n", plan->id, plan->sha256);
	}
	if (listed > PLANS_MAX)
		str_addf(out, "- and %zu more plans\n", listed - PLANS_MAX);
}

/* A reason stands alone elsewhere; here it becomes a sentence among others. */
static void add_sentence(struct str *out, const char *reason)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, reason);
	if (*reason >= 'a' && *reason <= 'z')
		text.data[0] = (char)(*reason - 'a' + 'A');
	if (!str_ends(reason, "."))
		str_addc(&text, '.');
	markdown_text(out, text.data);
}

static void add_next(struct str *out, const struct pull_view *view)
{
	if (is_invalid(view->run) && !view->is_end)
		return; /* what is to be done stands above */
	if (view->may_apply) {
		str_addf(out, "\nComment `%s apply` to apply exactly %s.", view->word,
			view->run->object_count == 1 ? "this plan" : "these plans");
	} else if (view->why_not) {
		str_add(out, "\n");
		add_sentence(out, view->why_not);
	} else if (view->is_end) {
		return;
	} else {
		str_addc(out, '\n');
	}
	if (view->is_end) {
		str_addc(out, '\n');
		return;
	}
	str_addf(out, "%s`%s help` lists what can be asked for.\n",
		view->may_apply || view->why_not ? " " : "", view->word);
}

void pull_comment_format(const struct pull_view *view, struct str *out)
{
	const struct run_outcome *run = view->run;
	const size_t start = out->len;
	add_head(out, view);
	if (run->diags && !is_invalid(run))
		add_diags(out, run->diags);
	if (is_invalid(run)) {
		add_diags(out, run->diags);
	} else {
		add_table(out, view);
		add_losses(out, run);
		add_surprises(out, run);
		add_failures(out, run);
	}
	add_notes(out, view);
	if (!is_invalid(run))
		add_plans(out, run);
	add_next(out, view);
	/* Last, since they are what is cut. */
	const size_t used = out->len - start + CUT_NOTE;
	if (!is_invalid(run))
		pull_add_details(out, view, used < COMMENT_MAX ? COMMENT_MAX - used : 0);
}
