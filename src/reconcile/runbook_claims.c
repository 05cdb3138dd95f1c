/*
 * May the actor run it? Fails closed: what cannot be read lets nobody in, and a Role that was
 * never recorded has no members.
 */
#include "reconcile/runbook_internal.h"

#include "base/err.h"
#include "base/str.h"
#include "format/node.h"
#include "reconcile/recorded.h"
#include "store/objects.h"

/* A Role of the actor, as claims. */
struct membership {
	const char *role;
	struct actor_claim *claims;
	size_t count;
};

struct memberships {
	struct membership *items;
	size_t count, cap;
	const char **names; /* of all of them, ending with NULL */
	bool none_recorded; /* there is no Role at all, of anybody */
};

const char *runbook_actor(const struct session *session, const struct runbook_request *request)
{
	return request->actor ? request->actor : session->actor;
}

static struct actor_claim one_value(struct arena *arena, const char *name, const char *value)
{
	const char **values = arena_array(arena, 2, sizeof *values);
	values[0] = value;
	return (struct actor_claim){name, values, 1};
}

/* `roles`, and a claim for each label; a label cannot stand for `roles`. */
static void add_membership(struct arena *arena, struct memberships *list, const struct spec *spec)
{
	struct membership m = {.role = spec->name};
	m.claims = arena_array(arena, spec->label_count + 1, sizeof *m.claims);
	m.claims[m.count++] = one_value(arena, "roles", spec->name);
	for (size_t i = 0; i < spec->label_count; i++)
		if (!str_eq(spec->labels[i].key, "roles"))
			m.claims[m.count++] =
				one_value(arena, spec->labels[i].key, spec->labels[i].value);
	list->items = arena_grow(arena, list->items, list->count, &list->cap, sizeof *list->items);
	list->items[list->count++] = m;
}

static int find_memberships(struct session *session, const char *actor, const char *only,
	struct arena *arena, struct memberships *ret, struct err **err)
{
	struct object_rows rows = {0};
	const struct object_filter filter = {.kind = "role"};
	if (session->store &&
		store_objects(session->store, &filter, OBJECT_FULL, arena, &rows, err) < 0)
		return -1;
	ret->none_recorded = !rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		const struct spec *spec =
			recorded_spec(arena, recorded_json(arena, rows.items[i].applied_spec_json));
		if (!spec || spec->kind != KIND_ROLE || (only && !str_eq(spec->name, only)) ||
			!spec->role->active || !role_has_member(spec->role, actor))
			continue;
		add_membership(arena, ret, spec);
	}
	ret->names = arena_array(arena, ret->count + 1, sizeof *ret->names);
	for (size_t i = 0; i < ret->count; i++)
		ret->names[i] = ret->items[i].role;
	return 0;
}

static const char *operation(const struct runbook_request *request)
{
	return request->mode == RUN_MODE_VALIDATE ? "validate" : "execute";
}

static void refuse(struct runbook_run *run, const char *actor, const char *why)
{
	AUTO_STR text = STR_INIT;
	runbook_refusal(actor, why, &text);
	run->fate = RUNBOOK_REFUSED;
	run->reason = arena_strdup(&run->arena, text.data);
}

/* The message is the format's own and says nothing of where roles come from. */
static const char *hint(struct arena *arena, const struct memberships *list, const char *actor)
{
	if (list->none_recorded)
		return "no Role is recorded yet: `trueup reconcile` records those of the branch";
	if (!list->count)
		return arena_printf(arena,
			"%s is a member of no active Role as they were last reconciled", actor);
	return NULL;
}

/* With both versions: the one to be run and the one on the branch. */
static bool authorised(const struct runbook_request *request, const struct runbook_run *run,
	const struct actor_claim *claims, size_t count, struct str *why)
{
	str_clear(why);
	if (!runbook_authorize(run->runbook, claims, count, operation(request), why))
		return false;
	if (!run->base || runbook_authorize(run->base, claims, count, operation(request), why))
		return true;
	str_add(why, " (asked for by the version on the branch)");
	return false;
}

static void check_roles(const struct runbook_request *request, struct runbook_run *run,
	const struct memberships *list, const char *actor)
{
	AUTO_STR why = STR_INIT;
	for (size_t i = 0; i < list->count; i++) {
		const struct membership *m = &list->items[i];
		if (!authorised(request, run, m->claims, m->count, &why))
			continue;
		/* Who was asked for nothing acts in no Role, unless in the one that was named. */
		if (run->runbook->claim_count || run->base || request->role)
			run->role = m->role;
		return;
	}
	/* For the message, and for runbooks that ask for nothing: everything the actor has. */
	struct actor_claim all = {"roles", list->names, list->count};
	const struct membership *only = list->count == 1 ? &list->items[0] : NULL;
	if (!authorised(request, run, only ? only->claims : &all, only ? only->count : 1, &why)) {
		refuse(run, actor, why.data);
		run->hint = hint(&run->arena, list, actor);
	}
}

int runbook_claims_check(struct session *session, const struct runbook_request *request,
	struct runbook_run *run, struct err **err)
{
	const char *actor = runbook_actor(session, request);
	AUTO_STR why = STR_INIT;
	if (request->denied) {
		refuse(run, actor, request->denied);
		return 0;
	}
	if (request->claims) {
		if (!authorised(request, run, request->claims, request->claim_count, &why))
			refuse(run, actor, why.data);
		return 0;
	}
	struct memberships list = {0};
	const char *only = request->role;
	if (only && str_starts(only, "role/"))
		only += strlen("role/");
	if (find_memberships(session, actor, only, &run->arena, &list, err) < 0)
		return -1;
	if (only && !list.count) {
		refuse(run, actor,
			arena_printf(&run->arena,
				"%s is not a member of an active role '%s' as it was last "
				"reconciled",
				actor, only));
		if (list.none_recorded)
			run->hint = hint(&run->arena, &list, actor);
		return 0;
	}
	check_roles(request, run, &list, actor);
	return 0;
}
