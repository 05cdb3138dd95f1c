/*
 * Gates: what stands between a wish and its effect. Each answers pass, wait or refuse with a
 * reason in words; all of them are asked and shown, not only the first that objects.
 *
 * Policy gates are asked before an engine starts; all of them again, with approval, before an
 * effect. Roles are those last recorded (of the base branch), so that no change approves itself.
 */
#ifndef TRUEUP_PLAN_GATE_H
#define TRUEUP_PLAN_GATE_H

#include "plan/approval.h"
#include "plan/decide.h"
#include "spec/spec.h"

enum gate_verdict { GATE_PASS, GATE_WAIT, GATE_REFUSE };

struct gate_answer {
	/*
	 * "role", "services", "tags", "freeze", "dependencies", "name", "protection", "keys",
	 * "claims", "runbook", "pull request", "lock", "approval"
	 */
	const char *gate;
	enum gate_verdict verdict;
	const char *reason; /* NULL when it passes */
};

struct gate_answers {
	struct gate_answer *items;
	size_t count, cap;
};

/* What the policy gates look at. Absent parts are NULL, and what would look at them passes. */
struct gate_input {
	enum plan_action action;
	const char *actor; /* who asked: "os:alice" */
	const struct canvas *canvas;
	const struct role
		*role; /* of the canvas, as last recorded; if never recorded, as desired */
	const char *role_name;
	const struct spec_label *labels;
	size_t label_count;
	const struct config *config;
	int64_t frozen_until; /* wall clock; 0: nothing is frozen now */
	const char *frozen_why; /* NULL: no reason was given */
	const char *const *waits_for; /* keys of dependencies that are not ready */
	size_t waits_for_count;
	bool role_change; /* the object is a Role ... */
	bool may_manage_roles; /* ... and the actor may change those */
};

/* Appends one answer; reason (NULL when it passes) is borrowed. */
void gate_add(struct gate_answers *answers, struct arena *arena, const char *gate,
	enum gate_verdict verdict, const char *reason);
/* Appends the answers of the policy gates, in their fixed order. Texts live in arena. */
void gates_policy(
	const struct gate_input *input, struct arena *arena, struct gate_answers *answers);
/* Appends the answer of policy.freeze: until when (wall clock; 0: now is free), and why (or NULL).
 */
void gate_freeze(int64_t until, const char *why, struct arena *arena, struct gate_answers *answers);
/* Appends an answer when the object's name is still in use by another one (NULL: it is not). */
void gate_name(const char *taken_by, struct arena *arena, struct gate_answers *answers);
/* Appends an answer for a protected object: how many of its resources would be replaced. */
void gate_protect(size_t replaced, struct arena *arena, struct gate_answers *answers);
/* Appends an answer when key (an address) would go while user, which stays, was written with it. */
void gate_key(const char *key, const char *user, struct arena *arena, struct gate_answers *answers);
/* Appends the answer of the approval gate. */
void gate_approval(const struct approval_request *request, enum approval_state state,
	int64_t missing, struct arena *arena, struct gate_answers *answers);

/* The strictest of all answers, and the first one that gave it (NULL if all pass). */
enum gate_verdict gates_verdict(
	const struct gate_answers *answers, const struct gate_answer **ret_first);
/* As gates_verdict(), about making a plan: a freeze keeps effects away, and plans are made in it.
 */
enum gate_verdict gates_plan_verdict(
	const struct gate_answers *answers, const struct gate_answer **ret_first);
const char *gate_verdict_name(enum gate_verdict verdict); /* "pass", "wait", "refuse" */

#endif
