/*
 * The folded part of each object: why, gates, and its changes as a diff, in which GitHub and GitLab
 * colour lines by their first sign. Everything from specs and plans stands inside a fence or is
 * escaped.
 */
#include "report/pull_comment_internal.h"

#include <string.h>

enum {
	OBJECT_MAX = 200 * 1024, /* of one object's diff */
	VALUE_MAX = 200, /* characters of one value */
};

#define ARROW " \xe2\x86\x92 "

static const char *sign(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_CREATE:
		return "+";
	case CHANGE_UPDATE:
		return "!";
	case CHANGE_REPLACE:
		return "-/+";
	case CHANGE_DESTROY:
		break;
	}
	return "-";
}

/* Values are one line each, whatever they hold. */
static void add_value(struct str *out, const char *value)
{
	AUTO_STR cut = STR_INIT;
	text_cut(&cut, value, VALUE_MAX);
	for (size_t i = 0; i < cut.len; i++)
		if (strchr("\r\n", cut.data[i]))
			cut.data[i] = ' ';
	str_addn(out, cut.data, cut.len);
}

static void add_change(struct str *out, const struct change *change)
{
	str_addf(out, "%s ", sign(change->kind));
	add_value(out, change->address);
	str_addc(out, '\n');
	for (size_t i = 0; i < change->attr_count; i++) {
		const struct change_attr *attr = &change->attrs[i];
		str_addf(out, "%s   ", change->kind == CHANGE_REPLACE ? "!" : sign(change->kind));
		add_value(out, attr->name);
		str_add(out, "  ");
		if (attr->before)
			add_value(out, attr->before);
		if (attr->before && attr->after)
			str_add(out, ARROW);
		if (attr->after)
			add_value(out, attr->after);
		if (attr->forces_replacement)
			str_add(out, "  # forces replacement");
		str_addc(out, '\n');
	}
	if (change->why) {
		str_add(out, "#   ");
		add_value(out, change->why);
		str_addc(out, '\n');
	}
}

static void add_changes(struct str *out, const struct change_set *set)
{
	AUTO_STR diff = STR_INIT;
	size_t i = 0;
	for (; i < set->count && diff.len < OBJECT_MAX; i++)
		add_change(&diff, &set->items[i]);
	if (i < set->count)
		str_addf(&diff, "# %zu more are not shown\n", set->count - i);
	if (!diff.len)
		return;
	str_addc(out, '\n');
	markdown_fence(out, "diff", diff.data, diff.len);
}

static void add_gates(struct str *out, const struct gate_answers *gates)
{
	for (size_t i = 0; i < gates->count; i++) {
		const struct gate_answer *g = &gates->items[i];
		str_addf(out, "%s- %s: %s", i ? "" : "\n", g->gate, gate_verdict_name(g->verdict));
		if (g->reason) {
			str_add(out, ", ");
			markdown_text(out, g->reason);
		}
		str_addc(out, '\n');
	}
}

static void add_summary(struct str *out, const struct object_outcome *object)
{
	str_add(out, "<details><summary>");
	pull_add_code_tag(out, object->key);
	if (object->plan) {
		str_addf(out, ": %s plan, ", object->plan->engine);
		pull_add_counts(out, &object->plan->changes);
	} else if (object->has_preview) {
		str_add(out, ": preview from the specs, ");
		pull_add_counts(out, &object->preview);
	} else {
		str_addf(out, ": %s", plan_action_name(object->action));
	}
	str_add(out, "</summary>\n");
}

static void add_object(struct str *out, const struct object_outcome *object)
{
	str_addc(out, '\n');
	add_summary(out, object);
	if (object->path) {
		str_addc(out, '\n');
		markdown_code(out, object->path);
		if (object->reason) {
			str_add(out, ": ");
			markdown_text(out, object->reason);
		}
		str_addc(out, '\n');
	}
	add_gates(out, &object->gates);
	const struct change_set *set = pull_changes(object);
	if (set)
		add_changes(out, set);
	if (object->plan && object->plan->drift.count) {
		str_add(out, "\nChanged outside of trueup since the last apply:\n");
		add_changes(out, &object->plan->drift);
	}
	str_add(out, "\n</details>\n");
}

void pull_add_details(struct str *out, const struct pull_view *view, size_t room)
{
	const size_t start = out->len;
	const struct run_outcome *run = view->run;
	size_t i = 0;
	for (; i < run->object_count && out->len - start < room; i++) {
		AUTO_STR one = STR_INIT;
		add_object(&one, &run->objects[i]);
		if (out->len - start + one.len > room)
			break;
		str_addn(out, one.data, one.len);
	}
	if (i < run->object_count) {
		str_add(out, "\nDetails of ");
		pull_add_number(out, run->object_count - i, "more object");
		str_add(out, " are not shown here.\n");
	}
}
