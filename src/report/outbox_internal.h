/* What the files outbox*.c share. */
#ifndef TRUEUP_REPORT_OUTBOX_INTERNAL_H
#define TRUEUP_REPORT_OUTBOX_INTERNAL_H

#include "format/node.h"
#include "report/outbox.h"
#include "store/outbox.h"

/* A row on its way to its forge. */
struct outbox_attempt {
	struct store *store;
	struct forge *forge;
	const struct outbox_row *row;
	const struct node *payload;
	struct arena *arena;
	int64_t (*now)(void);
	const char *remote; /* what is known now; NULL: as recorded */
};

/* JSON that this program wrote; NULL if it is damaged. */
struct node *outbox_parse(const char *json, struct arena *arena);

/*
 * Makes the comments of one name agree with the text: edits, makes and removes as needed. Each
 * comment that was made is recorded before the next effect.
 */
MUST_CHECK int outbox_send_comment(struct outbox_attempt *attempt, struct err **err);

#endif
