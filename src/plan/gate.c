#include "plan/gate.h"

#include "base/clock.h"
#include "base/str.h"

static const char FREEZE[] = "freeze";

void gate_add(struct gate_answers *answers, struct arena *arena, const char *gate,
	enum gate_verdict verdict, const char *reason)
{
	answers->items = arena_grow(
		arena, answers->items, answers->count, &answers->cap, sizeof answers->items[0]);
	answers->items[answers->count++] = (struct gate_answer){gate, verdict, reason};
}

static bool lists(const struct spec_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (str_eq(texts->items[i].text, text))
			return true;
	return false;
}

static void gate_role(
	const struct gate_input *in, struct arena *arena, struct gate_answers *answers)
{
	const struct role *role = in->role;
	const char *why = NULL;
	if (in->role_change) {
		if (!in->may_manage_roles)
			why = arena_printf(arena,
				"%s is in no recorded role with permissions.manageRoles",
				in->actor);
	} else if (role && !role->active) {
		why = arena_printf(arena, "role/%s is not active", in->role_name);
	} else if (role && !role->permissions.deploy) {
		why = arena_printf(
			arena, "role/%s may not deploy (permissions.deploy)", in->role_name);
	} else if (role && role->members.count && !lists(&role->members, in->actor)) {
		why = arena_printf(
			arena, "%s is not a member of role/%s", in->actor, in->role_name);
	}
	gate_add(answers, arena, "role", why ? GATE_REFUSE : GATE_PASS, why);
}

/* The first resource type of the canvas that the role does not list. */
static const char *foreign_service(const struct canvas *canvas, const struct role *role)
{
	for (size_t i = 0; i < canvas->node_count; i++)
		if (!lists(&role->allowed_services, canvas->nodes[i].type.text))
			return canvas->nodes[i].type.text;
	return NULL;
}

static void gate_services(
	const struct gate_input *in, struct arena *arena, struct gate_answers *answers)
{
	/* What exists may be taken away even if its service is no longer allowed. */
	const bool asks = in->canvas && in->role && in->action != PLAN_DESTROY;
	const char *service = asks ? foreign_service(in->canvas, in->role) : NULL;
	const char *region = asks ? in->canvas->region.text : NULL;
	const char *why = NULL;
	if (service)
		why = arena_printf(arena, "role/%s may not use %s", in->role_name, service);
	else if (region && in->role->allowed_regions.count &&
		 !lists(&in->role->allowed_regions, region))
		why = arena_printf(
			arena, "role/%s may not use the region %s", in->role_name, region);
	gate_add(answers, arena, "services", why ? GATE_REFUSE : GATE_PASS, why);
}

static bool has_label(const struct gate_input *in, const char *key)
{
	for (size_t i = 0; i < in->label_count; i++)
		if (str_eq(in->labels[i].key, key))
			return true;
	return false;
}

static void gate_tags(
	const struct gate_input *in, struct arena *arena, struct gate_answers *answers)
{
	const bool asks = in->canvas && in->config && in->action != PLAN_DESTROY;
	const struct spec_texts *required = asks ? &in->config->required_tags : NULL;
	const char *why = NULL;
	for (size_t i = 0; required && !why && i < required->count; i++)
		if (!has_label(in, required->items[i].text))
			why = arena_printf(arena,
				"the label '%s' is required (policy.requiredTags)",
				required->items[i].text);
	gate_add(answers, arena, "tags", why ? GATE_REFUSE : GATE_PASS, why);
}

void gate_freeze(int64_t until, const char *why, struct arena *arena, struct gate_answers *answers)
{
	enum { WITHOUT_MILLISECONDS = 19 };
	char time[CLOCK_TEXT_SIZE];
	const char *text = NULL;
	if (until)
		text = arena_printf(arena, "frozen until %.*s UTC%s%s", WITHOUT_MILLISECONDS,
			clock_format(until, time), why ? ": " : "", why ? why : "");
	gate_add(answers, arena, FREEZE, text ? GATE_WAIT : GATE_PASS, text);
}

static void gate_dependencies(
	const struct gate_input *in, struct arena *arena, struct gate_answers *answers)
{
	AUTO_STR names = STR_INIT;
	for (size_t i = 0; i < in->waits_for_count; i++)
		str_addf(&names, "%s%s", i ? ", " : "", in->waits_for[i]);
	const char *how = in->action == PLAN_DESTROY ? "is used by" : "waits for";
	const char *why =
		in->waits_for_count ? arena_printf(arena, "%s %s", how, names.data) : NULL;
	gate_add(answers, arena, "dependencies", why ? GATE_WAIT : GATE_PASS, why);
}

void gates_policy(const struct gate_input *input, struct arena *arena, struct gate_answers *answers)
{
	gate_role(input, arena, answers);
	gate_services(input, arena, answers);
	gate_tags(input, arena, answers);
	/* Not asked where there are no freezes: most repositories have none. */
	if (input->config && input->config->freeze_count)
		gate_freeze(input->frozen_until, input->frozen_why, arena, answers);
	gate_dependencies(input, arena, answers);
}

void gate_name(const char *taken_by, struct arena *arena, struct gate_answers *answers)
{
	if (taken_by)
		gate_add(answers, arena, "name", GATE_REFUSE,
			arena_printf(arena,
				"the resources of %s have names made from this one, which it had "
				"before: choose another",
				taken_by));
}

void gate_protect(size_t replaced, struct arena *arena, struct gate_answers *answers)
{
	const char *why = NULL;
	if (replaced)
		why = arena_printf(arena,
			"protected, and %zu resource%s would be replaced: remove `protect: true` "
			"first",
			replaced, replaced == 1 ? "" : "s");
	gate_add(answers, arena, "protection", why ? GATE_REFUSE : GATE_PASS, why);
}

void gate_key(const char *key, const char *user, struct arena *arena, struct gate_answers *answers)
{
	gate_add(answers, arena, "keys", GATE_REFUSE,
		arena_printf(arena,
			"%s would be scheduled for deletion, and what %s wrote with it could not "
			"be read any more: remove the edges of the key first and apply that, "
			"rewrite what was encrypted with it, and remove the key then",
			key, user));
}

static const char *needed_text(const struct approval_request *request, enum approval_state state,
	int64_t missing, struct arena *arena)
{
	AUTO_STR from = STR_INIT;
	for (size_t i = 0; i < request->rule->roles.count; i++)
		str_addf(&from, "%srole/%s", i ? " or " : " from ",
			request->rule->roles.items[i].text);
	return arena_printf(arena, "%lld approval%s needed%s%s", (long long)missing,
		missing == 1 ? "" : "s", from.data,
		state == APPROVAL_EXPIRED ? " (the time for it ran out)" : "");
}

void gate_approval(const struct approval_request *request, enum approval_state state,
	int64_t missing, struct arena *arena, struct gate_answers *answers)
{
	switch (state) {
	case APPROVAL_NOT_NEEDED:
	case APPROVAL_GRANTED:
		gate_add(answers, arena, "approval", GATE_PASS, NULL);
		break;
	case APPROVAL_REJECTED:
		gate_add(answers, arena, "approval", GATE_REFUSE, "rejected");
		break;
	case APPROVAL_WAITING:
	case APPROVAL_EXPIRED:
		gate_add(answers, arena, "approval", GATE_WAIT,
			needed_text(request, state, missing, arena));
		break;
	}
}

static enum gate_verdict verdict_without(const char *left_out, const struct gate_answers *answers,
	const struct gate_answer **ret_first)
{
	enum gate_verdict worst = GATE_PASS;
	const struct gate_answer *first = NULL;
	for (size_t i = 0; i < answers->count; i++) {
		if (answers->items[i].verdict > worst &&
			!str_eq(answers->items[i].gate, left_out)) {
			worst = answers->items[i].verdict;
			first = &answers->items[i];
		}
	}
	if (ret_first)
		*ret_first = first;
	return worst;
}

enum gate_verdict gates_verdict(
	const struct gate_answers *answers, const struct gate_answer **ret_first)
{
	return verdict_without(NULL, answers, ret_first);
}

enum gate_verdict gates_plan_verdict(
	const struct gate_answers *answers, const struct gate_answer **ret_first)
{
	return verdict_without(FREEZE, answers, ret_first);
}

const char *gate_verdict_name(enum gate_verdict verdict)
{
	static const char *const names[] = {"pass", "wait", "refuse"};
	return names[verdict];
}
