/*
 * Approval: the one mechanism for all kinds. A request is bound to the digest of what was
 * reviewed; decisions given for another digest do not count.
 */
#ifndef TRUEUP_PLAN_APPROVAL_H
#define TRUEUP_PLAN_APPROVAL_H

#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct approval_decision {
	const char *actor;
	const char *digest; /* what it was given for */
	bool approve; /* false: reject */
	int64_t at_ms;
};

enum approval_state {
	APPROVAL_NOT_NEEDED,
	APPROVAL_WAITING,
	APPROVAL_GRANTED,
	APPROVAL_REJECTED,
	APPROVAL_EXPIRED, /* nobody decided in time: a new plan is needed */
};

struct approval_request {
	const struct spec_approval *rule; /* NULL: none needed */
	const char *digest;
	const char *requester;
	int64_t requested_ms;
};

/* Is the actor a member of the role? */
typedef bool approval_member(const void *data, const char *role, const char *actor);

/*
 * May this actor decide? The roles named in the rule (with none named: anybody) must have the
 * actor as a member, and with notSelf the requester may not. *ret_why says why not (static text).
 */
bool approval_may_decide(const struct approval_request *request, const char *actor,
	approval_member *is_member, const void *data, const char **ret_why);

/*
 * Judges. Decisions come oldest first; an actor's last word counts. One rejection decides;
 * otherwise distinct approving actors are counted. *ret_missing is how many are still needed.
 */
enum approval_state approval_judge(const struct approval_request *request,
	const struct approval_decision *decisions, size_t count, int64_t now_ms,
	int64_t *ret_missing);

#endif
