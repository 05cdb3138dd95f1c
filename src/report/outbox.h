/*
 * What is said to forges, by way of the outbox (store/outbox.h): the wishes, and their delivery.
 *
 * outbox_put_* record a wish and return; call them in the transaction that records what they tell
 * about. outbox_deliver() makes the forges agree: it is run by the daemon's delivery job and at the
 * end of one-shot commands. All of it can be repeated at will: a comment that may have been made by
 * an attempt that died is found by its hidden marker, a status that stands is not set again.
 */
#ifndef TRUEUP_REPORT_OUTBOX_H
#define TRUEUP_REPORT_OUTBOX_H

#include "report/forge.h"

struct store;
struct str;

/* The channel of everything here. */
#define OUTBOX_FORGE "forge"

/*
 * Wishes. target is the name of the connection (the repository's name in the server's file): the
 * opener below gets it. Texts are copied. Statuses of one commit are delivered in order, and so is
 * what concerns one pull request.
 */
MUST_CHECK int outbox_put_status(struct store *store, const char *target, const char *sha,
	const struct forge_status *status, int64_t now, struct err **err);
/*
 * Nobody works on the commit any more: what is pending of its statuses is cancelled, and text says
 * why ("superseded by 1234567"). What came to an end stays.
 */
MUST_CHECK int outbox_end_statuses(struct store *store, const char *target, const char *sha,
	const char *text, int64_t now, struct err **err);

/*
 * The one comment of a pull request with this name ("plan"), edited in place. text is Markdown of
 * any length; it is split at the forge's limit when it is delivered. Text that is empty removes it.
 */
MUST_CHECK int outbox_put_comment(struct store *store, const char *target, int64_t pull,
	const char *name, const char *text, int64_t now, struct err **err);
/* Somebody deleted it: make it again. Nothing happens if there never was one. */
MUST_CHECK int outbox_comment_deleted(struct store *store, const char *target, int64_t pull,
	const char *comment_id, int64_t now, struct err **err);

/*
 * A comment that is made once and never changed: the answer to something. id names what it answers
 * (a comment's id, an operation's): for the same id there is one answer.
 */
MUST_CHECK int outbox_put_reply(struct store *store, const char *target, int64_t pull,
	const char *id, const char *text, int64_t now, struct err **err);
/* Was it answered, delivered or not? */
MUST_CHECK int outbox_has_reply(struct store *store, const char *target, int64_t pull,
	const char *id, bool *ret, struct err **err);
MUST_CHECK int outbox_put_reaction(struct store *store, const char *target, int64_t pull,
	const char *comment_id, enum forge_reaction reaction, int64_t now, struct err **err);

/*
 * The hidden first line of a comment of ours, by which it is found again. name is "plan" or
 * "reply_ID", part counts from 1. Of a comment's body: is it one of ours?
 */
void outbox_marker(struct str *out, const char *name, size_t part);
bool outbox_is_ours(const char *body);

/* Delivery. */

/* Opens the forge of a target; *ret is closed by the delivery. */
typedef int outbox_open_fn(void *data, const char *target, struct forge **ret, struct err **err);

struct outbox_delivery {
	struct store *store;
	outbox_open_fn *open;
	void *data;
	int64_t (*now)(void); /* wall clock; NULL: clock_now_ms */
	int64_t wait_ms; /* for another process that delivers; 0: not at all */
	/* Told about every row that failed or was given up; NULL: nobody. No secret is in error. */
	void (*failed)(void *data, const char *target, const char *key, const char *error,
		int64_t next_at);
};

struct outbox_result {
	size_t delivered;
	size_t failed; /* will be tried again */
	size_t dead; /* given up in this run */
	int64_t next_at; /* when to come again; -1: nothing is due */
};

/*
 * Delivers all that is due. Waits for nobody: what cannot be delivered now gets a time to be tried
 * again (the forge's own if it named one, otherwise 2 s doubling up to 15 min, with jitter). Given
 * up: what the forge refuses as such at once, the rest after three days. ERR_CONFLICT: another
 * process is delivering for this store, after wait_ms still; it will do. A failed delivery is no
 * error of this function.
 */
MUST_CHECK int outbox_deliver(
	const struct outbox_delivery *delivery, struct outbox_result *ret, struct err **err);

#endif
