/*
 * The calls of GitHub and of Gitea and Forgejo, which took GitHub's API for a model. Where they
 * differ stands beside the call. Sources: docs.github.com/rest, Gitea's templates/swagger.
 */
#include "base/clock.h"
#include "report/forge_internal.h"

#include <string.h>

enum { COMMENTS_MAX = 1000, PULLS_MAX = 1000, REVIEWS_MAX = 1000, STATUSES_MAX = 500 };

static int hub_login(struct forge *f, struct arena *arena, const char **ret, struct err **err)
{
	return forge_user(f, "login", arena, ret, err);
}

static const char *hub_state_name(enum forge_state state)
{
	return forge_state_name(state == FORGE_CANCELLED ? FORGE_ERROR : state);
}

static int hub_status_set(
	struct forge *f, const char *sha, const struct forge_status *status, struct err **err)
{
	return forge_post_status(f, sha, "context", hub_state_name(status->state), status, err);
}

static enum forge_state state_of(const char *name)
{
	enum forge_state state;
	if (name && forge_state_parse(name, &state) && state != FORGE_CANCELLED)
		return state;
	/* Gitea has these too, and lets both pass. */
	const bool good = str_eq(name, "warning") || str_eq(name, "skipped");
	return good ? FORGE_SUCCESS : FORGE_ERROR;
}

/* The combined status has the newest of each context; Gitea calls the state "status". */
static int hub_status_list(struct forge *f, const char *sha, struct arena *arena,
	struct forge_statuses *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	for (int page = 1; t.count < STATUSES_MAX; page++) {
		struct node *json;
		const char *path = forge_path(f, arena, "/commits/%s/status?%s=50&page=%d", sha,
			f->kind == FORGE_GITEA ? "limit" : "per_page", page);
		if (forge_call(f, "GET", path, NULL, arena, &json, err) < 0)
			return -1;
		const struct node *list = node_get(json, "statuses");
		SEQ_FOREACH (list, i, item) {
			const char *context = forge_text(item, "context", arena);
			if (!context)
				continue;
			struct forge_status *s = forge_taken_add(&t, sizeof *s);
			s->context = context;
			const char *state = forge_text(item, "state", arena);
			s->state = state_of(state ? state : forge_text(item, "status", arena));
			s->description = forge_text(item, "description", arena);
			s->url = forge_text(item, "target_url", arena);
		}
		if (!list || list->type != NODE_SEQ || list->seq.count < 50)
			break;
	}
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

static bool take_comment(struct forge_taken *t, const struct node *item)
{
	return forge_take_comment(t, item, "user", "login");
}

/* "2026-11-22T08:01:02Z": GitHub takes no fractions here. */
static const char *time_text(struct arena *arena, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];
	return arena_printf(arena, "%.19sZ", clock_format(ms, text));
}

static int hub_comment_list(struct forge *f, int64_t pull, int64_t since, struct arena *arena,
	struct forge_comments *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	const char *path = forge_path(f, arena, "/issues/%lld/comments", (long long)pull);
	if (since)
		path = arena_printf(arena, "%s?since=%s", path, time_text(arena, since));
	struct forge_pages pages = forge_pages_of(&t, path, COMMENTS_MAX, take_comment);
	pages.single = f->kind == FORGE_GITEA;
	if (forge_list(f, &pages, arena, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

static int hub_comment_create(struct forge *f, int64_t pull, const char *body, struct arena *arena,
	const char **ret_id, struct err **err)
{
	const char *path = forge_path(f, arena, "/issues/%lld/comments", (long long)pull);
	return forge_post_comment(f, path, body, arena, ret_id, err);
}

static int hub_comment_update(
	struct forge *f, int64_t pull, const char *id, const char *body, struct err **err)
{
	(void)pull; /* ids of comments are the repository's */
	AUTO_ARENA a = {0};
	return forge_call(f, "PATCH", forge_path(f, &a, "/issues/comments/%s", id),
		forge_body(&a, body), &a, NULL, err);
}

static int hub_comment_delete(struct forge *f, int64_t pull, const char *id, struct err **err)
{
	(void)pull;
	AUTO_ARENA a = {0};
	return forge_call(
		f, "DELETE", forge_path(f, &a, "/issues/comments/%s", id), NULL, &a, NULL, err);
}

/* A reaction that is there already is 200 instead of 201. */
static int hub_react(struct forge *f, int64_t pull, const char *comment_id,
	enum forge_reaction reaction, struct err **err)
{
	(void)pull;
	AUTO_ARENA a = {0};
	struct node *body = node_new_map(&a);
	forge_set_text(&a, body, "content", forge_reaction_name(reaction));
	return forge_call(f, "POST", forge_path(f, &a, "/issues/comments/%s/reactions", comment_id),
		body, &a, NULL, err);
}

static int hub_pull_get(struct forge *f, int64_t number, struct arena *arena,
	struct forge_pull *ret, struct err **err)
{
	struct node *json;
	const char *path = forge_path(f, arena, "/pulls/%lld", (long long)number);
	if (forge_call(f, "GET", path, NULL, arena, &json, err) < 0)
		return -1;
	if (!forge_hub_pull(json, arena, ret))
		return err_set(err, ERR_CORRUPT, "%s: GET %s: the answer is no pull request",
			f->host, path);
	return 0;
}

static bool take_pull(struct forge_taken *t, const struct node *item)
{
	struct forge_pull pull;
	if (!forge_hub_pull(item, t->arena, &pull))
		return true;
	if (t->since && pull.updated_at && pull.updated_at < t->since)
		return false; /* the list goes back in time */
	/* A list does not know; only asking for the one makes the forge compute it. */
	pull.mergeable = FORGE_UNKNOWN;
	struct forge_pull *to = forge_taken_add(t, sizeof *to);
	*to = pull;
	return true;
}

static int hub_pull_list(struct forge *f, int64_t since, struct arena *arena,
	struct forge_pulls *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena, .since = since};
	const struct forge_pages pages = forge_pages_of(&t,
		forge_path(f, arena, "/pulls?state=%s&sort=%s", since ? "all" : "open",
			f->kind == FORGE_GITEA ? "recentupdate" : "updated&direction=desc"),
		PULLS_MAX, take_pull);
	if (forge_list(f, &pages, arena, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

/* GitHub: APPROVED, CHANGES_REQUESTED, DISMISSED; Gitea: REQUEST_CHANGES and a flag dismissed. */
static enum forge_review review_of(const struct node *item, struct arena *arena)
{
	const char *state = forge_text(item, "state", arena);
	if (forge_bool(item, "dismissed") || str_eq(state, "DISMISSED"))
		return FORGE_DISMISSED;
	if (str_eq(state, "APPROVED"))
		return FORGE_APPROVED;
	if (str_eq(state, "CHANGES_REQUESTED") || str_eq(state, "REQUEST_CHANGES"))
		return FORGE_CHANGES_REQUESTED;
	return FORGE_COMMENTED;
}

/* Reviews come in the order of time: the last of a person that is no mere comment counts. */
static bool take_review(struct forge_taken *t, const struct node *item)
{
	const char *author = forge_text(node_get(item, "user"), "login", t->arena);
	const enum forge_review review = review_of(item, t->arena);
	if (!author || review == FORGE_COMMENTED)
		return true;
	struct forge_approval *list = t->items, *entry = NULL;
	for (size_t i = 0; i < t->count && !entry; i++)
		if (strcasecmp(list[i].author, author) == 0)
			entry = &list[i];
	if (!entry)
		entry = forge_taken_add(t, sizeof *entry);
	entry->author = author;
	entry->review = review;
	entry->sha = forge_sha(item, "commit_id", t->arena);
	return true;
}

static int hub_approval_list(struct forge *f, int64_t pull, struct arena *arena,
	struct forge_approvals *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	const struct forge_pages pages =
		forge_pages_of(&t, forge_path(f, arena, "/pulls/%lld/reviews", (long long)pull),
			REVIEWS_MAX, take_review);
	if (forge_list(f, &pages, arena, err) < 0)
		return -1;
	struct forge_approval *list = t.items;
	size_t kept = 0;
	for (size_t i = 0; i < t.count; i++)
		if (list[i].review != FORGE_DISMISSED)
			list[kept++] = list[i];
	ret->items = list;
	ret->count = kept;
	return 0;
}

/*
 * GitHub counts for us; page 2 leaves out the files and their diffs. Gitea counts the commits that
 * its second side has and its first has not.
 */
static int hub_behind(
	struct forge *f, const char *base, const char *head, int64_t *ret_behind, struct err **err)
{
	AUTO_ARENA a = {0};
	AUTO_STR range = STR_INIT;
	const bool gitea = f->kind == FORGE_GITEA;
	http_add_encoded(&range, gitea ? head : base);
	str_add(&range, "...");
	http_add_encoded(&range, gitea ? base : head);
	struct node *json;
	const char *path =
		forge_path(f, &a, "/compare/%s%s", range.data, gitea ? "" : "?per_page=1&page=2");
	if (forge_call(f, "GET", path, NULL, &a, &json, err) < 0)
		return -1;
	const char *key = gitea ? "total_commits" : "behind_by";
	const struct node *count = node_get(json, key);
	if (!count || count->type != NODE_INT)
		return err_set(
			err, ERR_CORRUPT, "%s: GET %s: the answer lacks %s", f->host, path, key);
	*ret_behind = count->integer;
	return 0;
}

static int hub_permission(
	struct forge *f, const char *login, enum forge_permission *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	AUTO_STR user = STR_INIT;
	http_add_encoded(&user, login);
	struct node *json;
	if (forge_call(f, "GET", forge_path(f, &a, "/collaborators/%s/permission", user.data), NULL,
		    &a, &json, err) < 0)
		return -1;
	/* GitHub says here what maintain and triage come down to: write and read. */
	const char *name = forge_text(json, "permission", &a);
	const char *role = forge_text(json, "role_name", &a);
	if (str_eq(name, "admin") || str_eq(name, "owner") || str_eq(role, "maintain"))
		*ret = FORGE_ADMIN;
	else if (str_eq(name, "write"))
		*ret = FORGE_WRITE;
	else if (str_eq(name, "read"))
		*ret = FORGE_READ;
	return 0;
}

const struct forge_ops forge_hub_ops = {
	.login = hub_login,
	.status_set = hub_status_set,
	.status_list = hub_status_list,
	.comment_list = hub_comment_list,
	.comment_create = hub_comment_create,
	.comment_update = hub_comment_update,
	.comment_delete = hub_comment_delete,
	.react = hub_react,
	.pull_get = hub_pull_get,
	.pull_list = hub_pull_list,
	.approval_list = hub_approval_list,
	.behind = hub_behind,
	.permission = hub_permission,
};
