/*
 * A forge: where pull requests live. One interface for GitHub (api.github.com and Enterprise
 * Server), GitLab, and Gitea or Forgejo, whose API is shaped like GitHub's. A struct forge is a
 * connection to one repository with one credential; it is not shared between processes.
 *
 * Words are GitHub's: a GitLab merge request is a pull request here, its iid the number, its note a
 * comment. Ids of comments are texts and mean something to the same repository only.
 *
 * Results live in the caller's arena and are hostile text: they come from whoever may write there.
 *
 * Failures. Every function returns 0, or -1 with *err, whose text never holds a credential, and
 * forge_failure() says what a program needs to know of the last one. Kinds of errors:
 *
 *	ERR_UNAVAILABLE, ERR_TIMEOUT  no answer, half an answer, 5xx, a rate limit: try again
 *	ERR_DENIED       the credential is refused, has expired or may not do this
 *	ERR_NOT_FOUND    the thing, or the repository for this credential, is not there
 *	ERR_INVALID      the forge refuses what was sent; sending it again is of no use
 *	ERR_CORRUPT      an answer that is not what its documentation promises
 *
 * Requests are not repeated here, with one exception: an expired installation token of a GitHub App
 * is obtained anew once. Repeating is the outbox's business.
 *
 * Sources: docs.github.com/rest, docs.gitlab.com/api, gitea.com's swagger; docs/forges.md has the
 * list of calls and the permissions that they need.
 */
#ifndef TRUEUP_REPORT_FORGE_H
#define TRUEUP_REPORT_FORGE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct forge;
struct forge_transport;

enum forge_kind { FORGE_GITHUB, FORGE_GITLAB, FORGE_GITEA };

const char *forge_kind_name(enum forge_kind kind); /* "github", "gitlab", "gitea" */
/* By name ("forgejo" is gitea); false: no such kind. */
MUST_CHECK bool forge_kind_parse(const char *name, enum forge_kind *ret);

/* All texts are borrowed and copied by forge_open(). */
struct forge_config {
	enum forge_kind kind;
	/*
	 * Root of the API: NULL is https://api.github.com or https://gitlab.com/api/v4; Gitea has
	 * no default. "https://git.example.org" is completed by the kind's usual path (/api/v3,
	 * /api/v4, /api/v1). http:// is for loopback only.
	 */
	const char *url;
	const char *repository; /* "owner/name"; GitLab: "group/subgroup/name" */
	/* A token, or a GitHub App: its id and its private key (PEM). */
	const char *token;
	const char *app_id; /* app or client id; NULL: token */
	const char *app_key_pem;
	int64_t installation; /* 0: asked for by the repository */
	const char *ca_file; /* NULL: the system's */
	const char *proxy; /* NULL: none */
	int64_t timeout_ms; /* of one request; 0: 30 s */
	/* For tests: answers in place of the network (forge_request.h). Borrowed; NULL: the
	 * network. */
	const struct forge_transport *transport;
};

MUST_CHECK int forge_open(const struct forge_config *config, struct forge **ret, struct err **err);
void forge_close(struct forge **forge); /* wipes the credential; accepts NULL inside */
#define AUTO_FORGE CLEANUP(forge_close) struct forge

enum forge_kind forge_kind_of(const struct forge *forge);
/* "github:alice": how an account of this forge is named as an actor. */
const char *forge_actor(const struct forge *forge, struct arena *arena, const char *login);

/* What a comment may hold at most, in bytes (a lower bound of the forge's limit in characters). */
size_t forge_comment_limit(enum forge_kind kind);

enum forge_fault {
	FORGE_OK,
	FORGE_NETWORK, /* not reached, timeout, a half or foreign answer */
	FORGE_SERVER, /* 5xx */
	FORGE_RATE_LIMIT, /* nothing before retry_at */
	FORGE_CREDENTIAL, /* 401: refused or expired */
	FORGE_FORBIDDEN, /* 403: may not do this */
	FORGE_MISSING, /* 404, 410 */
	FORGE_REFUSED, /* other 4xx */
};

struct forge_failure {
	enum forge_fault fault;
	long status; /* of HTTP; 0: there was no answer */
	int64_t retry_at; /* wall clock; 0: the forge did not say */
};

struct forge_failure forge_failure(const struct forge *forge);
/* The account that the credential belongs to ("trueup-bot", "trueup[bot]"), to know own comments.
 */
MUST_CHECK int forge_login(
	struct forge *forge, struct arena *arena, const char **ret, struct err **err);

/* Statuses of commits. */

enum forge_state {
	FORGE_PENDING,
	FORGE_SUCCESS,
	FORGE_FAILURE,
	FORGE_ERROR,
	/*
	 * It will not come to an end: GitLab's "canceled". The others have no such state, and get
	 * an error: success could let a commit be merged that was never looked at.
	 */
	FORGE_CANCELLED,
};

enum {
	FORGE_DESCRIPTION_MAX = 140, /* characters; cut at a border, with an ellipsis */
	FORGE_CONTEXT_MAX = 255, /* bytes; a longer one ends with a digest of the whole */
};

struct forge_status {
	const char *context; /* "trueup/plan: canvas/shop" */
	enum forge_state state;
	const char *description; /* NULL: none */
	const char *url; /* details; NULL: none */
};

struct forge_statuses {
	struct forge_status *items;
	size_t count;
};

const char *forge_state_name(enum forge_state state); /* "pending" */
MUST_CHECK bool forge_state_parse(const char *name, enum forge_state *ret);

/*
 * Sets one. Context and description are cut to the limits. Where the forge refuses to repeat a
 * state (GitLab: 400 "Cannot transition status"), success if it has the wanted one already.
 */
MUST_CHECK int forge_status_set(
	struct forge *forge, const char *sha, const struct forge_status *status, struct err **err);
/* The newest of each context of a commit. */
MUST_CHECK int forge_status_list(struct forge *forge, const char *sha, struct arena *arena,
	struct forge_statuses *ret, struct err **err);

/* Comments of pull requests. */

struct forge_comment {
	const char *id;
	const char *author; /* login */
	const char *body;
	int64_t created_at; /* 0: unknown */
	/*
	 * The body may be another one than its author wrote, and by somebody else: it changed
	 * since, or the forge does not say. A reaction counts as a change where it does at the
	 * forge (GitLab).
	 */
	bool edited;
};

struct forge_comments {
	struct forge_comment *items;
	size_t count;
};

/* Oldest first, at most the newest 1,000. since: only those changed after it; 0: all. */
MUST_CHECK int forge_comment_list(struct forge *forge, int64_t pull, int64_t since,
	struct arena *arena, struct forge_comments *ret, struct err **err);
/*
 * Those whose body starts with marker and that this credential's account wrote, oldest first: text
 * that somebody else put a marker into is not ours.
 */
MUST_CHECK int forge_comment_find(struct forge *forge, int64_t pull, const char *marker,
	struct arena *arena, struct forge_comments *ret, struct err **err);
MUST_CHECK int forge_comment_create(struct forge *forge, int64_t pull, const char *body,
	struct arena *arena, const char **ret_id, struct err **err);
/* ERR_NOT_FOUND: somebody deleted it. */
MUST_CHECK int forge_comment_update(
	struct forge *forge, int64_t pull, const char *id, const char *body, struct err **err);
/* One that is gone already is fine. */
MUST_CHECK int forge_comment_delete(
	struct forge *forge, int64_t pull, const char *id, struct err **err);

enum forge_reaction {
	FORGE_EYES,
	FORGE_THUMBS_UP,
	FORGE_THUMBS_DOWN,
	FORGE_ROCKET,
	FORGE_CONFUSED
};
const char *forge_reaction_name(enum forge_reaction reaction); /* "eyes", "+1", ... */
MUST_CHECK bool forge_reaction_parse(const char *name, enum forge_reaction *ret);

/* Reacts to a comment; one that is there already, or a comment that is gone, is fine. */
MUST_CHECK int forge_react(struct forge *forge, int64_t pull, const char *comment_id,
	enum forge_reaction reaction, struct err **err);

/* Pull requests. */

enum forge_pull_state { FORGE_PULL_OPEN, FORGE_PULL_CLOSED, FORGE_PULL_MERGED };
enum forge_answer { FORGE_UNKNOWN, FORGE_YES, FORGE_NO };

struct forge_pull {
	int64_t number;
	const char *title;
	const char *author; /* login */
	const char *url; /* for people */
	enum forge_pull_state state;
	bool draft;
	bool fork; /* its head is in another repository, or in none any more */
	const char *head_sha, *head_ref; /* ref: the branch's name */
	const char *head_repository; /* "owner/name"; NULL: deleted */
	const char *base_sha, *base_ref; /* base_sha NULL: the forge does not say (GitLab) */
	const char *merge_sha; /* of a merged one; NULL */
	enum forge_answer mergeable; /* UNKNOWN in lists, and while the forge computes it */
	int64_t updated_at; /* 0: unknown */
};

struct forge_pulls {
	struct forge_pull *items;
	size_t count;
};

MUST_CHECK int forge_pull_get(struct forge *forge, int64_t number, struct arena *arena,
	struct forge_pull *ret, struct err **err);
/* All that are open (up to 1,000), changed last first: what polling compares with. */
MUST_CHECK int forge_pull_open(
	struct forge *forge, struct arena *arena, struct forge_pulls *ret, struct err **err);
/* Open and closed ones that changed at or after since, changed last first. */
MUST_CHECK int forge_pull_changed(struct forge *forge, int64_t since, struct arena *arena,
	struct forge_pulls *ret, struct err **err);

enum forge_review { FORGE_COMMENTED, FORGE_APPROVED, FORGE_CHANGES_REQUESTED, FORGE_DISMISSED };

struct forge_approval {
	const char *author; /* login */
	enum forge_review review; /* the last of this person that says yes or no */
	const char *sha; /* the commit that was reviewed; NULL: the forge does not say */
};

struct forge_approvals {
	struct forge_approval *items;
	size_t count;
};

/* One for each person who approved or asked for changes; those who only commented are left out. */
MUST_CHECK int forge_approval_list(struct forge *forge, int64_t pull, struct arena *arena,
	struct forge_approvals *ret, struct err **err);

/* How many commits head lacks of base: 0 is up to date. Branch names or commits. */
MUST_CHECK int forge_behind(struct forge *forge, const char *base, const char *head,
	int64_t *ret_behind, struct err **err);

/* GitHub's maintain and GitLab's maintainer are ADMIN, triage and reporter are READ. */
enum forge_permission { FORGE_NO_PERMISSION, FORGE_READ, FORGE_WRITE, FORGE_ADMIN };
const char *forge_permission_name(enum forge_permission permission); /* "write" */

/* What an account may do in the repository; one that does not exist may do nothing. */
MUST_CHECK int forge_permission(
	struct forge *forge, const char *login, enum forge_permission *ret, struct err **err);

#endif
