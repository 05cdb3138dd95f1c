/* What the files forge*.c share: a connection, the table of calls, reading of JSON. */
#ifndef TRUEUP_REPORT_FORGE_INTERNAL_H
#define TRUEUP_REPORT_FORGE_INTERNAL_H

#include "base/arena.h"
#include "base/err.h"
#include "format/node.h"
#include "report/forge.h"
#include "report/forge_request.h"

struct forge_ops {
	int (*login)(struct forge *f, struct arena *arena, const char **ret, struct err **err);
	int (*status_set)(struct forge *f, const char *sha, const struct forge_status *status,
		struct err **err);
	int (*status_list)(struct forge *f, const char *sha, struct arena *arena,
		struct forge_statuses *ret, struct err **err);
	int (*comment_list)(struct forge *f, int64_t pull, int64_t since, struct arena *arena,
		struct forge_comments *ret, struct err **err);
	int (*comment_create)(struct forge *f, int64_t pull, const char *body, struct arena *arena,
		const char **ret_id, struct err **err);
	int (*comment_update)(
		struct forge *f, int64_t pull, const char *id, const char *body, struct err **err);
	int (*comment_delete)(struct forge *f, int64_t pull, const char *id, struct err **err);
	int (*react)(struct forge *f, int64_t pull, const char *comment_id,
		enum forge_reaction reaction, struct err **err);
	int (*pull_get)(struct forge *f, int64_t number, struct arena *arena,
		struct forge_pull *ret, struct err **err);
	/* since 0: the open ones. */
	int (*pull_list)(struct forge *f, int64_t since, struct arena *arena,
		struct forge_pulls *ret, struct err **err);
	int (*approval_list)(struct forge *f, int64_t pull, struct arena *arena,
		struct forge_approvals *ret, struct err **err);
	int (*behind)(struct forge *f, const char *base, const char *head, int64_t *ret_behind,
		struct err **err);
	int (*permission)(
		struct forge *f, const char *login, enum forge_permission *ret, struct err **err);
};

extern const struct forge_ops forge_hub_ops; /* GitHub and Gitea */
extern const struct forge_ops forge_lab_ops; /* GitLab */

struct forge {
	enum forge_kind kind;
	const struct forge_ops *ops;
	struct arena arena; /* of what follows */
	const char *api; /* "https://api.github.com", no slash at the end */
	const char *host; /* for messages: "api.github.com" */
	const char *repository;
	const char *repo_path; /* "/repos/owner/name", "/projects/group%2Fname" */
	struct http_client *client; /* NULL: a test's transport */
	struct forge_transport transport;
	char *token; /* heap; NULL: none yet */
	int64_t token_expires; /* wall clock; 0: never, or not known */
	const char *app_id;
	char *app_key; /* heap; PEM */
	int64_t installation;
	const char *login; /* NULL: not asked yet */
	struct forge_failure failure;
	bool once; /* the next call must not arrive twice */
	bool too_long; /* the last answer was more than can be read */
};

int64_t forge_now(const struct forge *f);

/* f->repo_path and what is formatted. In the arena. */
const char *forge_path(const struct forge *f, struct arena *arena, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * Sends "METHOD path" below the API's root; body NULL: none. Any 2xx is success and its JSON is in
 * *ret (NULL for an empty body; ret itself may be NULL when nobody reads it). Otherwise -1, with
 * f->failure set and the forge's own message in *err.
 */
MUST_CHECK int forge_call(struct forge *f, const char *method, const char *path,
	const struct node *body, struct arena *arena, struct node **ret, struct err **err);
/* The same with this credential instead of the forge's ("Bearer JWT"), and once. */
MUST_CHECK int forge_call_as(struct forge *f, const char *authorization, const char *method,
	const char *path, const struct node *body, struct arena *arena, struct node **ret,
	struct err **err);
/* An array that grows in the caller's arena while pages are read. */
struct forge_taken {
	struct forge *f;
	struct arena *arena;
	void *items;
	size_t count, cap;
	int64_t since; /* 0: no matter */
};
/* One more element of size bytes, zeroed. */
void *forge_taken_add(struct forge_taken *t, size_t size);

/*
 * Reads a list page by page: path gets the page's size and number behind what it has, each item is
 * handed to take until there is no more, take says so (returns false) or max items were seen. An
 * answer that is too long to be read is asked for again in smaller pages, from the start.
 */
struct forge_pages {
	const char *path;
	size_t max;
	bool single; /* the forge gives all of it in one answer */
	bool (*take)(struct forge_taken *t, const struct node *item);
	struct forge_taken *taken;
};
struct forge_pages forge_pages_of(struct forge_taken *t, const char *path, size_t max,
	bool (*take)(struct forge_taken *t, const struct node *item));
MUST_CHECK int forge_list(
	struct forge *f, const struct forge_pages *pages, struct arena *arena, struct err **err);

/*
 * forge_calls.c: what all forges have, under other paths and names.
 *
 * Whose credential it is: the text of key in the account.
 */
MUST_CHECK int forge_user(
	struct forge *f, const char *key, struct arena *arena, const char **ret, struct err **err);
/* The status under these names of its context and state. */
MUST_CHECK int forge_post_status(struct forge *f, const char *sha, const char *context_key,
	const char *state, const struct forge_status *status, struct err **err);
/* A new comment below path; its id is in the arena. */
MUST_CHECK int forge_post_comment(struct forge *f, const char *path, const char *body,
	struct arena *arena, const char **ret_id, struct err **err);
/* One item of a list of comments, whose author's name is below these two keys. */
bool forge_take_comment(struct forge_taken *t, const struct node *item, const char *author_key,
	const char *name_key);

/* forge_app.c: makes sure that f->token is there and does not expire within a minute. */
MUST_CHECK int forge_app_token(struct forge *f, struct err **err);
void forge_app_forget(struct forge *f); /* the token is of no use any more */
MUST_CHECK int forge_app_login(
	struct forge *f, struct arena *arena, const char **ret, struct err **err);

/* Sets key unless text is NULL. */
void forge_set_text(struct arena *a, struct node *map, const char *key, const char *text);
/* {"body": text} */
struct node *forge_body(struct arena *a, const char *text);

/* Reading. Texts are copied into the arena; what is not there is NULL, 0 or false. */
const char *forge_text(const struct node *map, const char *key, struct arena *arena);
int64_t forge_int(const struct node *map, const char *key);
bool forge_bool(const struct node *map, const char *key);
/* node_get() along names that end with NULL. */
const struct node *forge_at(const struct node *map, ...) __attribute__((sentinel));
/* A whole number or a text as text: ids are numbers here and texts there. */
const char *forge_id(const struct node *map, const char *key, struct arena *arena);
/* RFC 3339, and GitLab's "2026-11-22 08:01:02 UTC"; 0: none or not a time. */
int64_t forge_time(const struct node *map, const char *key);
/* A commit id: 40 or 64 hex digits that are not all 0; otherwise NULL. */
const char *forge_sha(const struct node *map, const char *key, struct arena *arena);

/* A pull request as GitHub and Gitea, and as GitLab's API shows it. False: it has no number. */
MUST_CHECK bool forge_hub_pull(
	const struct node *json, struct arena *arena, struct forge_pull *ret);
MUST_CHECK bool forge_lab_pull(const struct node *json, const char *repository, struct arena *arena,
	struct forge_pull *ret);

#endif
