/* Reading back what was recorded as JSON: specs as they were applied, roles, summaries of plans. */
#ifndef TRUEUP_RECONCILE_RECORDED_H
#define TRUEUP_RECONCILE_RECORDED_H

#include "spec/spec.h"
#include "store/store.h"

/* JSON text to nodes in arena; NULL for NULL or for damaged text. json must outlive the result. */
const struct node *recorded_json(struct arena *arena, const char *json);
/* A recorded spec. It was valid then and is not judged again; NULL if it cannot be read. */
const struct spec *recorded_spec(struct arena *arena, const struct node *doc);
/*
 * The key that an object has now which was recorded as key: another one when it was renamed since
 * (metadata.renamedFrom) and nothing else was recorded under key.
 */
const char *recorded_key_now(struct store *store, struct arena *arena, const char *key);
/* A recorded rule of approval, with the names that its roles have now. */
const struct spec_approval *recorded_approval_now(
	struct store *store, struct arena *arena, const struct spec_approval *rule);
/*
 * The Role with this key as it was last recorded; NULL if it never was. What was recorded before a
 * Role was renamed speaks of it by its old name, so the key may be that one too.
 */
const struct role *recorded_role(struct store *store, struct arena *arena, const char *key);

/* The Config that was last applied; NULL if none ever was. */
const struct spec *recorded_config_spec(struct store *store, struct arena *arena);
const struct config *recorded_config(struct store *store, struct arena *arena);
/* The same, or the defaults; store may be NULL. */
const struct config *recorded_config_or_default(struct store *store, struct arena *arena);

/*
 * The branch that is applied by what is recorded: the one in the recorded Config, the default's
 * when something is recorded and there was no Config. *ret NULL when nothing is recorded, and the
 * first commit to be reconciled says which.
 */
MUST_CHECK int recorded_branch(
	struct store *store, struct arena *arena, const char **ret, struct err **err);

bool role_has_member(const struct role *role, const char *actor);

#endif
