/*
 * The commit status of a repository without a forge: a git note on the reconciled commit, one
 * line a context, "CONTEXT<tab>STATE<tab>DESCRIPTION", and the head of the audit chain. Contexts
 * that this run says nothing about stay as they are.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/run_internal.h"
#include "store/audit.h"

#include <string.h>

/* Like the forges: more objects than these get the aggregate only. */
enum { OBJECTS_MAX = 20, DESCRIPTION_MAX = 140 };

struct note {
	struct strmap lines; /* context -> "STATE\tDESCRIPTION", in the order of the note */
	struct arena arena;
};

static void set_line(struct note *n, const char *context, const char *state, const char *text)
{
	const size_t len = strcspn(text, "\n");
	const size_t fits = utf8_cut(text, len, DESCRIPTION_MAX);
	(void)strmap_put(
		&n->lines, context, arena_printf(&n->arena, "%s\t%.*s", state, (int)fits, text));
}

static const char *state_of(enum object_status status)
{
	switch (status) {
	case OBJECT_UNCHANGED:
	case OBJECT_APPLIED:
	case OBJECT_RECORDED:
		return "success";
	case OBJECT_REFUSED:
	case OBJECT_FAILED:
	case OBJECT_CANCELLED:
		return "failure";
	case OBJECT_PENDING:
	case OBJECT_PLANNED:
	case OBJECT_WAITING:
	case OBJECT_APPLYING:
		break;
	}
	return "pending";
}

static const char *worst(const char *a, const char *b)
{
	if (str_eq(a, "failure") || str_eq(b, "failure"))
		return "failure";
	return str_eq(a, "pending") || str_eq(b, "pending") ? "pending" : "success";
}

/*
 * One line for each object that has something to say; and what an earlier run on this commit said
 * of an object, which is settled now or one of too many, does not stay as it was.
 */
static void describe_object(const struct run *run, struct note *n, const struct item *item)
{
	const struct object_outcome *obj = &item->out;
	const char *context = arena_printf(&n->arena, "trueup/apply: %s", obj->key);
	const bool shows =
		obj->status != OBJECT_UNCHANGED && run->outcome.object_count <= OBJECTS_MAX;
	if (!item->aside && (shows || strmap_has(&n->lines, context)))
		set_line(n, context, state_of(obj->status),
			obj->status_text ? obj->status_text : object_status_name(obj->status));
}

static void describe_invalid(const struct run *run, struct note *n)
{
	const size_t errors = run->load.diags.errors;
	set_line(n, "trueup/validate", "failure",
		arena_printf(&n->arena, "%zu error%s", errors, errors == 1 ? "" : "s"));
}

static void describe(const struct run *run, struct note *n)
{
	const struct run_outcome *o = &run->outcome;
	const char *plan = "success", *apply = "success";
	size_t done = 0;
	for (size_t i = 0; i < o->object_count; i++) {
		const struct object_outcome *obj = &o->objects[i];
		const char *state = state_of(obj->status);
		apply = worst(apply, state);
		if (obj->status == OBJECT_FAILED && !obj->operation)
			plan = "failure";
		done += str_eq(state, "success");
	}
	set_line(n, "trueup/validate", "success", "all specs are valid");
	set_line(n, "trueup/plan", plan,
		arena_printf(&n->arena, "%zu object%s to change", o->object_count,
			o->object_count == 1 ? "" : "s"));
	if (run->plan_only)
		return;
	set_line(n, "trueup/apply", apply,
		o->object_count
			? arena_printf(&n->arena, "%zu of %zu objects done", done, o->object_count)
			: "nothing to do");
	for (size_t i = 0; i < run->item_count; i++)
		describe_object(run, n, run->items[i]);
}

static void read_lines(struct note *n, const char *old)
{
	while (old && *old) {
		const size_t len = strcspn(old, "\n");
		const char *line = arena_memdup(&n->arena, old, len);
		const char *tab = strchr(line, '\t');
		if (tab)
			(void)strmap_put(&n->lines,
				arena_memdup(&n->arena, line, (size_t)(tab - line)),
				(void *)(uintptr_t)(tab + 1));
		old += len + (old[len] == '\n');
	}
}

static int merge(void *ctx, const char *old, struct str *out, struct err **err)
{
	struct run *run = ctx;
	struct note n = {0};
	struct audit_head head;
	int result = store_audit_head(run->session->store, &head, err);
	if (result == 0) {
		read_lines(&n, old);
		if (run->load.diags.errors)
			describe_invalid(run, &n);
		else
			describe(run, &n);
		set_line(&n, "audit", arena_printf(&n.arena, "%lld", (long long)head.seq),
			head.seq ? head.hash : "empty");
		STRMAP_FOREACH (&n.lines, e)
			str_addf(out, "%s\t%s\n", strmap_key(e), (char *)strmap_value(e));
	}
	strmap_release(&n.lines);
	arena_release(&n.arena);
	return result;
}

int run_write_note(struct run *run, struct err **err)
{
	if (source_kind(run->session->source) != SOURCE_GIT)
		return 0;
	return source_note_write(run->session->source, run->load.rev.commit, merge, run, err);
}
