/*
 * What was last done with an object: the spec, the role and the backend that it was applied with
 * or, when no apply ever ended well, those of the last attempt, which may have made resources too.
 * And the name that it was born with, which a rename leaves as it is.
 */
#ifndef TRUEUP_RECONCILE_PAST_H
#define TRUEUP_RECONCILE_PAST_H

#include "reconcile/session.h"
#include "store/objects.h"

struct arena;
struct err;
struct node;
struct spec_approval;

struct past {
	const struct node *spec; /* canonical; NULL: nothing was ever tried */
	const struct node *side; /* {role, backend, born}; NULL: unknown */
};

/* row is a full one; texts are in arena. */
MUST_CHECK int past_read(struct store *store, const struct object_row *row, struct arena *arena,
	struct past *ret, struct err **err);
/* The name that it was first applied under; name when it never was. */
const char *past_born(const struct past *past, const char *name);

/*
 * The rule of approval in force for a canvas that now asks for the given one (NULL: it goes). A
 * manual one stays in force until a change of it was applied: no change approves itself.
 */
const struct spec_approval *past_approval(
	const struct past *past, const struct spec_approval *now, struct arena *arena);

/*
 * Names of workspaces and of resources are made from the name that a canvas was born with, so a
 * renamed canvas keeps its old name occupied. past_note_rename() remembers that in
 * STATE/born/NAME, before the object gets its new key; past_taken() finds the key of another
 * object that was born as name and whose resources may still exist; *ret_key NULL: nobody.
 */
MUST_CHECK int past_note_rename(const struct session *session, const struct object_row *row,
	const char *new_key, struct err **err);
MUST_CHECK int past_taken(const struct session *session, const char *key, struct arena *arena,
	const char **ret_key, struct err **err);

#endif
