#include "base/clock.h"
#include "base/str.h"
#include "report/plan_print.h"
#include "report/table.h"
#include "report/term.h"

#include <string.h>

struct mark {
	const char *text;
	enum term_style style;
};

static struct mark action_mark(enum plan_action action)
{
	switch (action) {
	case PLAN_CREATE:
		return (struct mark){"+", STYLE_GREEN};
	case PLAN_UPDATE:
	case PLAN_RETRY:
		return (struct mark){"~", STYLE_YELLOW};
	case PLAN_RUN:
		return (struct mark){">", STYLE_CYAN};
	case PLAN_REPLACE:
		return (struct mark){"\xc2\xb1", STYLE_RED};
	case PLAN_DESTROY:
	case PLAN_RETAIN:
		return (struct mark){"-", STYLE_RED};
	case PLAN_WAIT:
	case PLAN_REFUSE:
		return (struct mark){"!", STYLE_BOLD_YELLOW};
	case PLAN_NONE:
		break;
	}
	return (struct mark){" ", STYLE_PLAIN};
}

static struct mark change_mark(enum change_kind kind)
{
	static const enum plan_action actions[] = {
		[CHANGE_CREATE] = PLAN_CREATE,
		[CHANGE_UPDATE] = PLAN_UPDATE,
		[CHANGE_REPLACE] = PLAN_REPLACE,
		[CHANGE_DESTROY] = PLAN_DESTROY,
	};
	return action_mark(actions[kind]);
}

static enum term_style status_style(enum object_status status)
{
	switch (status) {
	case OBJECT_APPLIED:
	case OBJECT_RECORDED:
		return STYLE_GREEN;
	case OBJECT_WAITING:
	case OBJECT_CANCELLED:
		return STYLE_YELLOW;
	case OBJECT_REFUSED:
	case OBJECT_FAILED:
		return STYLE_BOLD_RED;
	case OBJECT_UNCHANGED:
	case OBJECT_PENDING:
	case OBJECT_PLANNED:
	case OBJECT_APPLYING:
		break;
	}
	return STYLE_PLAIN;
}

/* "+1 aws_instance  ~1 aws_db_instance", or counts alone when there are many types. */
enum { TYPE_GROUPS = 3 };

static bool same_group(const struct change *a, const struct change *b)
{
	return a->kind == b->kind && str_eq(a->type, b->type);
}

static size_t count_groups(const struct change_set *set)
{
	size_t groups = 0;
	for (size_t i = 0; i < set->count && groups <= TYPE_GROUPS; i++) {
		size_t j = 0;
		while (j < i && !same_group(&set->items[j], &set->items[i]))
			j++;
		groups += j == i;
	}
	return groups;
}

static void add_groups(struct str *out, const struct change_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		size_t n = 0;
		bool first = true;
		for (size_t j = 0; j < set->count; j++) {
			if (!same_group(&set->items[i], &set->items[j]))
				continue;
			first = first && j >= i;
			n++;
		}
		if (first)
			str_addf(out, "%s%s%zu %s", out->len ? "  " : "",
				change_mark(set->items[i].kind).text, n,
				set->items[i].type ? set->items[i].type : "resource");
	}
}

static void add_totals(struct str *out, const struct change_set *set)
{
	const struct {
		enum change_kind kind;
		size_t n;
	} totals[] = {
		{CHANGE_CREATE, set->create},
		{CHANGE_UPDATE, set->update},
		{CHANGE_REPLACE, set->replace},
		{CHANGE_DESTROY, set->destroy},
	};
	size_t sum = 0;
	for (size_t i = 0; i < ARRAY_LEN(totals); i++) {
		sum += totals[i].n;
		if (totals[i].n)
			str_addf(out, "%s%s%zu", out->len ? " " : "",
				change_mark(totals[i].kind).text, totals[i].n);
	}
	str_addf(out, " resource%s", sum == 1 ? "" : "s");
}

/* What stands in the middle of an object's row. */
static void add_summary(struct str *out, const struct object_outcome *object)
{
	const struct gate_answer *objection = NULL;
	if (gates_verdict(&object->gates, &objection) != GATE_PASS && objection->reason)
		str_add(out, objection->reason);
	else if (object->action == PLAN_WAIT || object->action == PLAN_REFUSE)
		str_add(out, object->reason ? object->reason : "");
	else if (object->summary)
		str_add(out, object->summary);
	else if (object->has_preview && object->preview.count) {
		if (count_groups(&object->preview) <= TYPE_GROUPS)
			add_groups(out, &object->preview);
		else
			add_totals(out, &object->preview);
	} else if (object->reason)
		str_add(out, object->reason);
}

/* Every gate that objects has its line, unless it is alone: then the row says it. */
static void add_gate_lines(struct table *table, const struct object_outcome *object)
{
	size_t objections = 0;
	for (size_t i = 0; i < object->gates.count; i++)
		objections += object->gates.items[i].verdict != GATE_PASS;
	for (size_t i = 0; objections > 1 && i < object->gates.count; i++) {
		const struct gate_answer *g = &object->gates.items[i];
		if (g->verdict == GATE_PASS)
			continue;
		AUTO_STR line = STR_INIT;
		str_addf(&line, "      %s: %s%s%s", g->gate, gate_verdict_name(g->verdict),
			g->reason ? ": " : "", g->reason ? g->reason : "");
		table_line(table, STYLE_DIM, line.data);
	}
}

static void add_object_row(struct table *table, const struct object_outcome *object)
{
	const struct mark mark = action_mark(object->action);
	AUTO_STR summary = STR_INIT;
	add_summary(&summary, object);
	table_cellf(table, mark.style, "%s %s", mark.text, object->key);
	table_cell(table, STYLE_PLAIN, plan_action_name(object->action));
	table_cell(table, STYLE_PLAIN, summary.data);
	table_cell(table, status_style(object->status),
		object->status == OBJECT_PENDING ? NULL : object_status_name(object->status));
	add_gate_lines(table, object);
}

static void add_kind_counts(struct str *out, const struct run_outcome *run)
{
	static const struct {
		const char *one, *many;
	} names[KIND_COUNT] = {
		[KIND_ROLE] = {"role", "roles"},
		[KIND_CANVAS] = {"canvas", "canvases"},
		[KIND_RUNBOOK] = {"runbook", "runbooks"},
		[KIND_RUN] = {"run", "runs"},
		[KIND_REQUEST] = {"request", "requests"},
		[KIND_TEMPLATE] = {"template", "templates"},
	};
	const size_t before = out->len;
	for (size_t k = 0; k < KIND_COUNT; k++) {
		const size_t n = run->kind_counts[k];
		if (n && names[k].one)
			str_addf(out, "%s%zu %s", out->len > before ? " \xc2\xb7 " : "", n,
				n == 1 ? names[k].one : names[k].many);
	}
	if (out->len == before)
		str_add(out, "no specs");
}

enum { SHORT_COMMIT = 7, LINE_WIDTH = 96 };

/* "main@1234567", "v1@1234567"; a revision that is an id by itself stands alone. */
static void add_revision(struct str *out, const struct run_outcome *run)
{
	if (!run->commit)
		return;
	const char *name = run->branch ? run->branch : run->rev ? run->rev : "HEAD";
	str_add(out, "  ");
	if (!str_starts(run->commit, name))
		str_addf(out, "%s@", name);
	str_addf(out, "%.*s", SHORT_COMMIT, run->commit);
}

static void print_first_line(struct term *t, const struct run_outcome *run)
{
	term_put(t, STYLE_BOLD, run->root);
	AUTO_STR rest = STR_INIT;
	add_revision(&rest, run);
	str_add(&rest, "  ");
	add_kind_counts(&rest, run);
	char buf[CLOCK_TEXT_SIZE];
	const char *took = clock_format_duration(run->load_ms, buf);
	const size_t limit = t->width && t->width < LINE_WIDTH ? t->width : LINE_WIDTH;
	const size_t used = text_width(run->root) + text_width(rest.data) + strlen(took);
	str_addf(&rest, "%*s", (int)(used + 2 < limit ? limit - used : 2), "");
	term_put(t, STYLE_PLAIN, rest.data);
	term_printf(t, STYLE_DIM, "%s\n", took);
}

void plan_print_overview(struct term *t, const struct run_outcome *run)
{
	print_first_line(t, run);
	if (!run->object_count)
		return;
	AUTO_TABLE table = table_new(4);
	table_shrink(table, 2);
	for (size_t i = 0; i < run->object_count; i++)
		add_object_row(table, &run->objects[i]);
	term_newline(t);
	table_print(table, t, 2);
}

enum { VALUE_WIDTH = 40 };

/* A value, cut unless all of it is wanted. */
static void add_value(struct str *out, const char *value, bool all)
{
	const size_t fit = all ? strlen(value) : text_fit(value, VALUE_WIDTH);
	str_addf(out, "%.*s%s", (int)fit, value, value[fit] ? "\xe2\x80\xa6" : "");
}

/* "a → b"; what is not there is left out. */
static void add_attr_value(struct str *out, const struct change_attr *attr, bool all)
{
	if (attr->before)
		add_value(out, attr->before, all);
	if (attr->before && attr->after)
		str_add(out, " \xe2\x86\x92 ");
	if (attr->after)
		add_value(out, attr->after, all);
	if (attr->before && !attr->after)
		str_add(out, " \xe2\x86\x92 (none)");
	if (attr->forces_replacement)
		str_add(out, "   forces replacement");
}

static void add_change_rows(struct table *table, const struct change *change, bool all)
{
	const struct mark mark = change_mark(change->kind);
	table_cellf(table, mark.style, "%s %s", mark.text, change->address);
	/* What is new or gone as a whole needs no names: the telling value is enough. */
	const bool whole = change->kind == CHANGE_CREATE || change->kind == CHANGE_DESTROY;
	const size_t shown = whole && change->attr_count > 1 ? 1 : change->attr_count;
	for (size_t i = 0; i < shown; i++) {
		const struct change_attr *attr = &change->attrs[i];
		AUTO_STR text = STR_INIT;
		if (!whole)
			str_addf(&text, "%s  ", attr->name);
		add_attr_value(&text, attr, all);
		if (i > 0)
			table_cell(table, STYLE_PLAIN, NULL);
		table_cell(table, attr->forces_replacement ? STYLE_RED : STYLE_PLAIN, text.data);
	}
	if (!shown)
		table_end_row(table);
	if (change->why) {
		table_cell(table, STYLE_PLAIN, NULL);
		table_cell(table, STYLE_DIM, change->why);
	}
}

enum { CHANGES_SHOWN = 30 };

/* What is destroyed or replaced is never cut from the list: those come first. */
static void print_changes(struct term *t, const struct change_set *set, bool all)
{
	if (!set->count)
		return;
	const size_t limit = all || set->count <= CHANGES_SHOWN ? set->count : CHANGES_SHOWN;
	AUTO_TABLE table = table_new(2);
	table_shrink(table, 1);
	size_t shown = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < set->count; i++) {
			const enum change_kind kind = set->items[i].kind;
			const bool loss = kind == CHANGE_DESTROY || kind == CHANGE_REPLACE;
			if (loss != (pass == 0) || (!loss && shown >= limit))
				continue;
			add_change_rows(table, &set->items[i], all);
			shown++;
		}
	}
	table_print(table, t, 2);
	if (shown < set->count)
		term_printf(t, STYLE_DIM, "  ... and %zu more; -v shows them all\n",
			set->count - shown);
}

static void print_counts(struct term *t, const struct change_set *set)
{
	if (!set->count) {
		term_put(t, STYLE_PLAIN, "   no changes");
		return;
	}
	/* A replacement adds one and destroys one, as terraform counts. */
	term_printf(t, STYLE_PLAIN, "   %zu to add, %zu to change, ", set->create + set->replace,
		set->update);
	const size_t destroyed = set->destroy + set->replace;
	term_printf(t, destroyed ? STYLE_BOLD_RED : STYLE_PLAIN, "%zu to destroy", destroyed);
}

enum { SHORT_DIGEST = 12 };

static void print_engine_plan(struct term *t, const struct object_outcome *object, bool all)
{
	const struct object_plan *plan = object->plan;
	char buf[CLOCK_TEXT_SIZE];
	term_put(t, STYLE_BOLD, object->key);
	if (plan->detail)
		term_printf(t, STYLE_PLAIN, "  %s", plan->detail);
	else if (plan->duration_ms)
		term_printf(t, STYLE_PLAIN, "  %s  planned in %s", plan->engine,
			clock_format_duration(plan->duration_ms, buf));
	else
		term_printf(t, STYLE_PLAIN, "  %s  planned earlier", plan->engine);
	if (!plan->detail)
		print_counts(t, &plan->changes);
	term_newline(t);
	print_changes(t, &plan->changes, all);
	if (plan->drift.count) {
		term_put(t, STYLE_YELLOW, "  changed outside of trueup since the last apply:\n");
		print_changes(t, &plan->drift, all);
	}
	for (size_t i = 0; i < plan->surprise_count; i++)
		term_printf(
			t, STYLE_YELLOW, "  ! not as the preview said: %s\n", plan->surprises[i]);
	if (plan->id && plan->sha256)
		term_printf(t, STYLE_DIM, "plan %s sha256:%.*s\xe2\x80\xa6\n", plan->id,
			SHORT_DIGEST, plan->sha256);
}

void plan_print_object(struct term *t, const struct object_outcome *object, bool all)
{
	if (object->plan) {
		term_newline(t);
		print_engine_plan(t, object, all);
	} else if (object->has_preview && object->preview.count) {
		term_newline(t);
		term_put(t, STYLE_BOLD, object->key);
		term_put(t, STYLE_PLAIN, "  preview");
		print_counts(t, &object->preview);
		term_newline(t);
		print_changes(t, &object->preview, all);
	}
}

static size_t count_status(const struct run_outcome *run, enum object_status status)
{
	size_t n = 0;
	for (size_t i = 0; i < run->object_count; i++)
		n += run->objects[i].status == status;
	return n;
}

static void print_hints(struct term *t, const struct run_outcome *run)
{
	for (size_t i = 0; i < run->object_count; i++) {
		const struct object_outcome *o = &run->objects[i];
		const bool waits = o->status == OBJECT_WAITING && o->status_text;
		/* The line of a failed operation has said where its log is. */
		if ((!o->hint && !waits) || (o->status == OBJECT_FAILED && o->operation))
			continue;
		term_put(t, STYLE_BOLD, o->key);
		if (o->status_text && o->status != OBJECT_FAILED)
			term_printf(t, STYLE_YELLOW, "  %s, %s", object_status_name(o->status),
				o->status_text);
		if (o->hint)
			term_printf(t, STYLE_PLAIN, ": %s", o->hint);
		term_newline(t);
	}
}

static void print_nothing_to_do(struct term *t, const struct run_outcome *run)
{
	AUTO_STR text = STR_INIT;
	str_add(&text, "nothing to do");
	if (run->unchanged || !run->unseen)
		str_addf(&text, ": %zu object%s as recorded", run->unchanged,
			run->unchanged == 1 ? " is" : "s are");
	if (run->unseen)
		str_addf(&text, "%s %zu not looked at", run->unchanged ? "," : ":", run->unseen);
	term_printf(t, STYLE_GREEN, "%s\n", text.data);
}

void plan_print_summary(struct term *t, const struct run_outcome *run)
{
	term_newline(t);
	print_hints(t, run);
	if (!run->object_count) {
		print_nothing_to_do(t, run);
		return;
	}
	AUTO_STR text = STR_INIT;
	for (int s = OBJECT_PENDING; s <= OBJECT_CANCELLED; s++) {
		const size_t n = count_status(run, (enum object_status)s);
		if (n)
			str_addf(&text, "%s%zu %s", text.len ? ", " : "", n,
				object_status_name((enum object_status)s));
	}
	const size_t unchanged = run->unchanged + count_status(run, OBJECT_UNCHANGED);
	if (unchanged)
		str_addf(&text, "%s%zu unchanged", text.len ? ", " : "", unchanged);
	if (run->unseen)
		str_addf(&text, "%s%zu not looked at", text.len ? ", " : "", run->unseen);
	const bool bad = count_status(run, OBJECT_FAILED) || count_status(run, OBJECT_REFUSED);
	term_printf(t, bad ? STYLE_BOLD_RED : STYLE_BOLD, "%s\n", text.data);
}
