/*
 * What is asked for about pull requests, in one form for whoever asks (webhooks, polling) and for
 * the workers that read it.
 */
#ifndef TRUEUP_DAEMON_ASK_H
#define TRUEUP_DAEMON_ASK_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* "pull/12", and back; 0 if it is none. */
const char *ask_pull_subject(struct arena *arena, int64_t number);
int64_t ask_pull_number(const char *subject);

/* A comment that may hold commands, or that was deleted. NULL: not known. */
struct ask_comment {
	const char *id, *author, *body;
	bool deleted;
};
/* The payload of its QUEUE_COMMAND: a map with "id", "author", "body" and "deleted". */
const char *ask_comment_payload(struct arena *arena, const struct ask_comment *comment);

#endif
