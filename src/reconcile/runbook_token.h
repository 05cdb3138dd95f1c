/*
 * Who a JSON Web Token stands for: from a token to the actor and the claims of a request.
 *
 * As in the tools that the format comes from, a claim that is a text counts as its parts between
 * commas, a list as its items, a number or truth value as its text; a token without `roles` has
 * the claim with nothing in it. Maps count for nothing, and so do texts with a NUL.
 */
#ifndef TRUEUP_RECONCILE_RUNBOOK_TOKEN_H
#define TRUEUP_RECONCILE_RUNBOOK_TOKEN_H

#include "base/macros.h"

#include <stdint.h>

struct arena;
struct jwt_keys;
struct runbook_request;

struct token_trust {
	const struct jwt_keys *keys;
	const char *issuer, *audience; /* has to be these */
	const char *actor_claim; /* "sub" */
	int64_t leeway_ms;
};

/*
 * Verifies token at now (milliseconds since 1970) and fills ret's actor ("token:alice") and claims,
 * which live in arena. When it is not to be believed, ret->denied says why: runbook_run() records
 * the refusal. Neither the token nor a claim's value is in that text.
 */
void runbook_token_apply(const struct token_trust *trust, const char *token, int64_t now,
	struct arena *arena, struct runbook_request *ret);

#endif
