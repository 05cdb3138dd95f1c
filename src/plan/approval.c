#include "plan/approval.h"

#include "base/str.h"

bool approval_may_decide(const struct approval_request *request, const char *actor,
	approval_member *is_member, const void *data, const char **ret_why)
{
	const struct spec_approval *rule = request->rule;
	if (rule && rule->not_self && str_eq(actor, request->requester)) {
		*ret_why = "who asked for it may not decide (approval.notSelf): somebody else has "
			   "to; where one person works alone, `approval: {mode: manual, notSelf: "
			   "false}` in the spec lets them";
		return false;
	}
	if (!rule || !rule->roles.count)
		return true;
	for (size_t i = 0; i < rule->roles.count; i++)
		if (is_member(data, rule->roles.items[i].text, actor))
			return true;
	*ret_why = "not a member of a role that approves it (approval.roles)";
	return false;
}

/* Did the actor of decision i say something later about the same digest? */
static bool is_overridden(
	const struct approval_decision *decisions, size_t count, size_t i, const char *digest)
{
	for (size_t k = i + 1; k < count; k++)
		if (str_eq(decisions[k].actor, decisions[i].actor) &&
			str_eq(decisions[k].digest, digest))
			return true;
	return false;
}

enum approval_state approval_judge(const struct approval_request *request,
	const struct approval_decision *decisions, size_t count, int64_t now_ms,
	int64_t *ret_missing)
{
	const struct spec_approval *rule = request->rule;
	*ret_missing = 0;
	if (!rule || rule->mode == APPROVAL_AUTO)
		return APPROVAL_NOT_NEEDED;
	int64_t granted = 0;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(decisions[i].digest, request->digest) ||
			is_overridden(decisions, count, i, request->digest))
			continue;
		if (!decisions[i].approve)
			return APPROVAL_REJECTED;
		if (!rule->expires_ms || decisions[i].at_ms + rule->expires_ms > now_ms)
			granted++;
	}
	if (granted >= rule->min)
		return APPROVAL_GRANTED;
	*ret_missing = rule->min - granted;
	if (rule->expires_ms && request->requested_ms + rule->expires_ms <= now_ms)
		return APPROVAL_EXPIRED;
	return APPROVAL_WAITING;
}
