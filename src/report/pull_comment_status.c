/*
 * The statuses of the head commit. Their names are fixed, so that branch protection can ask for
 * them; an object has its own only while there are few enough to be looked at.
 */
#include "base/clock.h"
#include "report/pull_comment_internal.h"

struct tally {
	size_t engines, planning, failed, refused, waiting, applied, applying, cancelled, later;
	const struct object_outcome *first_failed, *first_refused, *first_waiting, *first_cancelled,
		*first_later;
};

static struct tally count(const struct run_outcome *run)
{
	struct tally t = {0};
	for (size_t i = 0; i < run->object_count; i++) {
		const struct object_outcome *o = &run->objects[i];
		t.engines += pull_has_engine(o);
		if (o->status == OBJECT_FAILED && t.failed++ == 0)
			t.first_failed = o;
		if (o->status == OBJECT_REFUSED && t.refused++ == 0)
			t.first_refused = o;
		if (o->status == OBJECT_WAITING && t.waiting++ == 0)
			t.first_waiting = o;
		if (o->status == OBJECT_CANCELLED && t.cancelled++ == 0)
			t.first_cancelled = o;
		if (o->planned_later && t.later++ == 0)
			t.first_later = o;
		t.planning += pull_has_engine(o) && o->status == OBJECT_PENDING;
		t.applied += o->status == OBJECT_APPLIED || o->status == OBJECT_RECORDED;
		t.applying += o->status == OBJECT_APPLYING;
	}
	return t;
}

static struct forge_status status(struct arena *arena, const char *context, enum forge_state state,
	const struct str *text, const struct pull_view *view)
{
	AUTO_STR cut = STR_INIT;
	text_cut(&cut, text->data, FORGE_DESCRIPTION_MAX);
	return (struct forge_status){.context = context,
		.state = state,
		.description = arena_memdup(arena, cut.data, cut.len),
		.url = view->details_url};
}

static const char *why(const struct object_outcome *object)
{
	const struct gate_answer *objection = NULL;
	if (gates_verdict(&object->gates, &objection) != GATE_PASS && objection->reason)
		return objection->reason;
	if (object->status_text)
		return object->status_text;
	return object->reason ? object->reason : object_status_name(object->status);
}

static bool is_invalid(const struct pull_view *view)
{
	return view->run->diags && view->run->diags->errors;
}

static struct forge_status validate(const struct pull_view *view, struct arena *arena)
{
	AUTO_STR text = STR_INIT;
	enum forge_state state = FORGE_SUCCESS;
	if (is_invalid(view)) {
		state = FORGE_FAILURE;
		pull_add_number(&text, view->run->diags->errors, "error");
		const struct diag *d = view->run->diags->items;
		while (d->severity != SEVERITY_ERROR)
			d++;
		str_addf(
			&text, ": %s%s%s", d->path ? d->path : "", d->path ? ": " : "", d->message);
	} else {
		size_t specs = 0;
		for (size_t i = 0; i < KIND_COUNT; i++)
			specs += view->run->kind_counts[i];
		pull_add_number(&text, specs, "spec");
		str_add(&text, specs == 1 ? " is valid" : " are valid");
	}
	return status(arena, "trueup/validate", state, &text, view);
}

static void add_first(
	struct str *text, const struct object_outcome *object, size_t n, const char *what)
{
	str_addf(text, "%zu %s: %s: %s", n, what, object->key, why(object));
}

static struct forge_status plan(
	const struct pull_view *view, const struct tally *t, struct arena *arena)
{
	AUTO_STR text = STR_INIT;
	enum forge_state state = FORGE_SUCCESS;
	if (is_invalid(view)) {
		state = FORGE_FAILURE;
		str_add(&text, "the specs are not valid");
	} else if (t->failed) {
		state = FORGE_FAILURE;
		add_first(&text, t->first_failed, t->failed, "failed");
	} else if (t->refused) {
		state = FORGE_FAILURE;
		add_first(&text, t->first_refused, t->refused, "refused");
	} else if (view->phase == PULL_VIEW_PREVIEW && t->planning) {
		state = FORGE_PENDING;
		str_addf(&text, "planning %zu of %zu", t->planning, view->run->object_count);
	} else if (t->later) {
		state = FORGE_PENDING;
		add_first(&text, t->first_later, t->later, "waiting");
	} else if (!view->run->object_count) {
		str_add(&text, "nothing would change");
	} else {
		pull_add_number(&text, view->run->object_count, "object");
		str_add(&text, " planned");
	}
	return status(arena, "trueup/plan", state, &text, view);
}

/* What came of the apply; false: it did not come to its end. */
static bool apply_ended(const struct tally *t, enum forge_state *ret, struct str *text)
{
	*ret = FORGE_FAILURE;
	if (t->failed) {
		add_first(text, t->first_failed, t->failed, "failed");
	} else if (t->refused) {
		add_first(text, t->first_refused, t->refused, "refused");
	} else if (t->cancelled) {
		add_first(text, t->first_cancelled, t->cancelled, "stopped");
	} else if (t->waiting || t->applying) {
		*ret = FORGE_PENDING;
		return false;
	} else {
		*ret = FORGE_SUCCESS;
		str_addf(text, "%zu applied", t->applied);
	}
	return true;
}

static struct forge_status apply(
	const struct pull_view *view, const struct tally *t, struct arena *arena)
{
	AUTO_STR text = STR_INIT;
	enum forge_state state = FORGE_PENDING;
	const bool done = view->phase == PULL_VIEW_APPLIED;
	if (is_invalid(view)) {
		state = FORGE_FAILURE;
		str_add(&text, "the specs are not valid");
	} else if (!view->run->object_count) {
		state = FORGE_SUCCESS;
		str_add(&text, "nothing to apply");
	} else if (done && apply_ended(t, &state, &text)) {
		/* says it all */
	} else if (view->phase == PULL_VIEW_APPLYING || (done && t->applying)) {
		str_addf(&text, "applying, %zu of %zu done", t->applied, view->run->object_count);
	} else if (view->apply_after_merge) {
		state = FORGE_SUCCESS;
		str_add(&text, "is applied after the merge");
	} else if (view->may_apply) {
		str_addf(&text, "comment \"%s apply\" to apply", view->word);
	} else if (view->why_not) {
		str_add(&text, view->why_not);
	} else if (t->waiting) {
		add_first(&text, t->first_waiting, t->waiting, "waiting");
	} else {
		str_add(&text, "waits for the plans");
	}
	return status(arena, "trueup/apply", state, &text, view);
}

static bool is_done(const struct object_outcome *o)
{
	return o->status == OBJECT_APPLIED || o->status == OBJECT_RECORDED;
}

static enum forge_state object_state(const struct object_outcome *o, const struct pull_view *view)
{
	if (o->status == OBJECT_FAILED || o->status == OBJECT_REFUSED)
		return FORGE_FAILURE;
	/* Stopped on request: the branch's next run goes on with it. */
	const bool goes_on = view->is_branch && view->phase != PULL_VIEW_APPLIED;
	if (o->status == OBJECT_CANCELLED && !goes_on)
		return FORGE_ERROR;
	if (o->status == OBJECT_APPLYING || (view->is_branch && !is_done(o)))
		return FORGE_PENDING;
	/* Only an engine that is still at it, or will be, keeps the plan from being there. */
	if (o->planned_later)
		return FORGE_PENDING;
	return view->phase == PULL_VIEW_PREVIEW && o->status == OBJECT_PENDING && pull_has_engine(o)
		       ? FORGE_PENDING
		       : FORGE_SUCCESS;
}

/* What is going on with a pending one. */
static const char *progress(const struct object_outcome *o, const struct pull_view *view)
{
	if (o->status == OBJECT_APPLYING)
		return "applying";
	if (o->status == OBJECT_PLANNED)
		return "planned";
	return view->phase == PULL_VIEW_PREVIEW && pull_has_engine(o) ? "planning" : "pending";
}

static struct forge_status object(
	const struct object_outcome *o, const struct pull_view *view, struct arena *arena)
{
	AUTO_STR text = STR_INIT;
	const enum forge_state state = object_state(o, view);
	str_add(&text, plan_action_name(o->action));
	const struct change_set *set = pull_has_engine(o) ? pull_changes(o) : NULL;
	if (set) {
		str_add(&text, ", ");
		pull_add_counts(&text, set);
	}
	if (is_done(o))
		str_addf(&text, ", %s", object_status_name(o->status));
	else if (o->status == OBJECT_WAITING || (state != FORGE_SUCCESS && state != FORGE_PENDING))
		str_addf(&text, ", %s: %s", object_status_name(o->status), why(o));
	else if (state == FORGE_PENDING)
		str_addf(&text, ", %s", progress(o, view));
	return status(arena, arena_printf(arena, "trueup/plan: %s", o->key), state, &text, view);
}

struct forge_statuses pull_statuses(const struct pull_view *view, struct arena *arena)
{
	const struct tally t = count(view->run);
	const size_t objects = view->run->object_count;
	struct forge_statuses ret = {
		.items = arena_array(arena, PULL_OBJECT_STATUSES + 3, sizeof *ret.items)};
	if (!view->is_end)
		ret.items[ret.count++] = validate(view, arena);
	ret.items[ret.count++] = plan(view, &t, arena);
	ret.items[ret.count++] = apply(view, &t, arena);
	for (size_t i = 0; objects <= PULL_OBJECT_STATUSES && i < objects; i++)
		ret.items[ret.count++] = object(&view->run->objects[i], view, arena);
	return ret;
}
