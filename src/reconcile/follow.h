/*
 * The log of an operation: masked lines, in the store when it has ended, in a file below the state
 * folder (logs/OPERATION.log) while it runs.
 */
#ifndef TRUEUP_RECONCILE_FOLLOW_H
#define TRUEUP_RECONCILE_FOLLOW_H

#include "reconcile/session.h"
#include "store/operations.h"

struct err;
struct str;

/* Absolute path of the file, heap-owned. */
char *follow_path(const struct session *session, const char *operation);

/*
 * Finds an operation: by id, by the start of it, or the newest of an object when what is
 * KIND/NAME. ERR_NOT_FOUND when there is none.
 */
MUST_CHECK int follow_find(struct session *session, const char *what, struct arena *arena,
	struct operation_row **ret, struct err **err);
/* Appends what there is of its log now. */
MUST_CHECK int follow_text(
	struct session *session, const struct operation_row *op, struct str *out, struct err **err);
/* Hands out the log as it grows, until the operation has ended. */
MUST_CHECK int follow_operation(struct session *session, const char *id,
	void (*on_text)(void *data, const char *text, size_t len), void *data, struct err **err);

#endif
