/*
 * A webhook delivery: verified on its raw bytes, then read into one typed event. What is not
 * interesting is FORGE_EVENT_IGNORED and no error; what is not verified is never parsed.
 *
 * Signatures:
 *	GitHub        X-Hub-Signature-256: sha256=HEX, HMAC-SHA256 of the body
 *	Gitea/Forgejo X-Gitea-Signature, X-Forgejo-Signature: bare HEX; or X-Hub-Signature-256
 *	GitLab        webhook-signature: v1,BASE64 over "id.timestamp.body" (webhook-id,
 *	              webhook-timestamp; at most five minutes old; a secret "whsec_..." is base64),
 *	              otherwise X-Gitlab-Token: the secret itself
 *
 * All comparisons take the same time whatever differs. No configured secret refuses everything.
 */
#ifndef TRUEUP_REPORT_FORGE_EVENT_H
#define TRUEUP_REPORT_FORGE_EVENT_H

#include "report/forge.h"

enum forge_event_kind {
	FORGE_EVENT_IGNORED, /* why says what it was */
	FORGE_EVENT_PING,
	FORGE_EVENT_PUSH, /* a branch was pushed, made or deleted */
	FORGE_EVENT_PULL, /* opened, its head or base changed, ready, reopened, closed, merged */
	FORGE_EVENT_COMMENT, /* on a pull request: a command, perhaps */
	FORGE_EVENT_COMMENT_DELETED,
	FORGE_EVENT_REVIEW, /* approved, changes requested, dismissed: look at the approvals anew */
};

const char *forge_event_kind_name(enum forge_event_kind kind); /* "pull" */

enum { FORGE_BODY_MAX = 4 * 1024 * 1024 }; /* of a delivery; more is refused before it is read */

struct forge_event {
	enum forge_event_kind kind;
	const char *delivery; /* id to deduplicate by; NULL: the sender gave none */
	const char *event; /* as the sender names it: "pull_request" */
	const char *action; /* "opened"; NULL */
	const char *why; /* it is ignored; NULL */
	const char *repository; /* "owner/name"; NULL: none is named */
	const char *sender; /* login of who did it; NULL */
	/* PUSH */
	const char *ref; /* "refs/heads/main" */
	const char *before, *after; /* commits; NULL: the branch is new, or deleted */
	bool forced; /* only when the sender says so */
	/* PULL, COMMENT, COMMENT_DELETED, REVIEW */
	int64_t pull;
	/* PULL: as it was when it was sent; deliveries arrive out of order, so ask before acting.
	 */
	const struct forge_pull *details; /* NULL for other kinds */
	bool head_changed; /* opened, reopened, new commits, other base, ready: preview it */
	/* COMMENT, COMMENT_DELETED */
	const char *comment_id;
	const char *comment_body; /* NULL when deleted */
	const char *comment_author; /* who wrote it, not who changed or deleted it */
	bool comment_edited; /* edits are no commands */
};

/* A request's header by name, whatever the case; NULL if it is not there. */
typedef const char *forge_header_fn(void *data, const char *name);

struct forge_delivery {
	enum forge_kind kind;
	forge_header_fn *header;
	void *header_data;
	const void *body; /* raw */
	size_t len;
	/* All that are in force (while one is exchanged, two). */
	const char *const *secrets;
	size_t secret_count;
	int64_t now; /* wall clock, for signatures with a time */
};

/* ERR_DENIED: no secret, no signature or a wrong one. The text says which, and no secret. */
MUST_CHECK int forge_verify(const struct forge_delivery *delivery, struct err **err);
/* The delivery id alone, without reading the body; NULL if there is none. In the arena. */
const char *forge_delivery_id(const struct forge_delivery *delivery, struct arena *arena);
/*
 * Verifies and reads. ERR_DENIED as above; ERR_SYNTAX: verified, but not what the sender's
 * documentation promises. Everything in the event lives in arena.
 */
MUST_CHECK int forge_event_read(const struct forge_delivery *delivery, struct arena *arena,
	struct forge_event *ret, struct err **err);

#endif
