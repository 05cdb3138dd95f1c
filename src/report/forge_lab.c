/*
 * The calls of GitLab: merge requests, notes, award emoji. Source: docs.gitlab.com/api.
 */
#include "base/clock.h"
#include "report/forge_internal.h"

#include <string.h>

enum {
	NOTES_MAX = 1000,
	PULLS_MAX = 1000,
	STATUSES_MAX = 500,
	BEHIND_MAX = 100, /* more than that is "many" to anybody */
	LEVEL_GUEST = 10, /* docs.gitlab.com/user/permissions */
	LEVEL_DEVELOPER = 30,
	LEVEL_MAINTAINER = 40,
};

static int lab_login(struct forge *f, struct arena *arena, const char **ret, struct err **err)
{
	return forge_user(f, "username", arena, ret, err);
}

static const char *lab_state_name(enum forge_state state)
{
	switch (state) {
	case FORGE_PENDING:
		return "pending";
	case FORGE_SUCCESS:
		return "success";
	case FORGE_CANCELLED:
		return "canceled";
	case FORGE_FAILURE:
	case FORGE_ERROR:
		break;
	}
	return "failed";
}

static enum forge_state lab_state_of(const char *name)
{
	if (str_eq(name, "success") || str_eq(name, "skipped"))
		return FORGE_SUCCESS;
	if (str_eq(name, "failed"))
		return FORGE_FAILURE;
	return str_eq(name, "canceled") ? FORGE_CANCELLED : FORGE_PENDING;
}

/* What stands at a commit, in GitLab's words. */
struct standing {
	const char *context, *state, *description;
};

static bool take_standing(struct forge_taken *t, const struct node *item)
{
	const char *context = forge_text(item, "name", t->arena);
	if (!context)
		return true;
	struct standing *s = forge_taken_add(t, sizeof *s);
	s->context = context;
	s->state = forge_text(item, "status", t->arena);
	s->description = forge_text(item, "description", t->arena);
	return true;
}

static int list_statuses(struct forge *f, const char *sha, struct forge_taken *t,
	bool (*take)(struct forge_taken *t, const struct node *item), struct err **err)
{
	const struct forge_pages pages =
		forge_pages_of(t, forge_path(f, t->arena, "/repository/commits/%s/statuses", sha),
			STATUSES_MAX, take);
	return forge_list(f, &pages, t->arena, err);
}

static const struct standing *standing_of(
	struct forge *f, const char *sha, const char *context, struct arena *arena)
{
	AUTO_ERR ignored = NULL;
	struct forge_taken t = {.f = f, .arena = arena};
	if (list_statuses(f, sha, &t, take_standing, &ignored) < 0)
		return NULL;
	const struct standing *list = t.items, *found = NULL;
	for (size_t i = 0; i < t.count; i++)
		if (str_eq(list[i].context, context))
			found = &list[i];
	return found;
}

/* "Cannot transition status via :run from :running" */
static bool is_refused_transition(const struct forge *f, const struct err *failed)
{
	AUTO_STR text = STR_INIT;
	err_format(failed, &text);
	return f->failure.status == 400 && strcasestr(text.data, "cannot transition status");
}

/*
 * GitLab's statuses are jobs of a pipeline. One that is pending or running is moved on and takes
 * its new text with it, but cannot be moved to where it is: 400. That is what was wanted if it
 * stands there. Other words for a pending one are brought by moving it to running; what is said
 * after that while it runs is not shown: only its end is, beside which the next one is a new job.
 * (lib/api/ commit_statuses.rb, app/services/ci/create_commit_status_service.rb)
 */
static int lab_status_set(
	struct forge *f, const char *sha, const struct forge_status *status, struct err **err)
{
	AUTO_ARENA a = {0};
	struct err *failed = NULL;
	const char *state = lab_state_name(status->state);
	if (forge_post_status(f, sha, "name", state, status, &failed) == 0)
		return 0;
	const struct forge_failure failure = f->failure;
	const struct standing *now = NULL;
	if (is_refused_transition(f, failed))
		now = standing_of(f, sha, status->context, &a);
	if (!now || lab_state_of(now->state) != lab_state_of(state)) {
		f->failure = failure;
		*err = failed;
		return -1;
	}
	err_free(&failed);
	if (!str_eq(now->state, "pending") || !status->description ||
		str_eq(now->description, status->description))
		return 0;
	if (forge_post_status(f, sha, "name", "running", status, &failed) == 0)
		return 0;
	if (is_refused_transition(f, failed)) {
		err_free(&failed); /* somebody else moved it on */
		return 0;
	}
	*err = failed;
	return -1;
}

static bool take_status(struct forge_taken *t, const struct node *item)
{
	const char *context = forge_text(item, "name", t->arena);
	if (!context)
		return true;
	struct forge_status *s = forge_taken_add(t, sizeof *s);
	s->context = context;
	s->state = lab_state_of(forge_text(item, "status", t->arena));
	s->description = forge_text(item, "description", t->arena);
	s->url = forge_text(item, "target_url", t->arena);
	return true;
}

static int lab_status_list(struct forge *f, const char *sha, struct arena *arena,
	struct forge_statuses *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	if (list_statuses(f, sha, &t, take_status, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

static bool take_note(struct forge_taken *t, const struct node *item)
{
	/* With since the list goes back in time. */
	if (t->since && forge_time(item, "updated_at") < t->since)
		return false;
	return forge_bool(item, "system") || forge_take_comment(t, item, "author", "username");
}

static void reverse(struct forge_comment *items, size_t count)
{
	for (size_t i = 0; i + 1 < count - i; i++) {
		const struct forge_comment c = items[i];
		items[i] = items[count - 1 - i];
		items[count - 1 - i] = c;
	}
}

static int lab_comment_list(struct forge *f, int64_t pull, int64_t since, struct arena *arena,
	struct forge_comments *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena, .since = since};
	const char *path = forge_path(f, arena, "/merge_requests/%lld/notes?%s", (long long)pull,
		since ? "order_by=updated_at&sort=desc" : "order_by=created_at&sort=asc");
	const struct forge_pages pages = forge_pages_of(&t, path, NOTES_MAX, take_note);
	if (forge_list(f, &pages, arena, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	if (since && ret->count)
		reverse(ret->items, ret->count);
	return 0;
}

static const char *note_path(struct forge *f, struct arena *a, int64_t pull, const char *id)
{
	return forge_path(f, a, "/merge_requests/%lld/notes/%s", (long long)pull, id);
}

static int lab_comment_create(struct forge *f, int64_t pull, const char *body, struct arena *arena,
	const char **ret_id, struct err **err)
{
	const char *path = forge_path(f, arena, "/merge_requests/%lld/notes", (long long)pull);
	return forge_post_comment(f, path, body, arena, ret_id, err);
}

static int lab_comment_update(
	struct forge *f, int64_t pull, const char *id, const char *body, struct err **err)
{
	AUTO_ARENA a = {0};
	return forge_call(
		f, "PUT", note_path(f, &a, pull, id), forge_body(&a, body), &a, NULL, err);
}

static int lab_comment_delete(struct forge *f, int64_t pull, const char *id, struct err **err)
{
	AUTO_ARENA a = {0};
	return forge_call(f, "DELETE", note_path(f, &a, pull, id), NULL, &a, NULL, err);
}

static const char *emoji_name(enum forge_reaction reaction)
{
	switch (reaction) {
	case FORGE_THUMBS_UP:
		return "thumbsup";
	case FORGE_THUMBS_DOWN:
		return "thumbsdown";
	case FORGE_EYES:
	case FORGE_ROCKET:
	case FORGE_CONFUSED:
		break;
	}
	return forge_reaction_name(reaction);
}

/* One that is there already is refused in words: 400 or 404 "has already been taken". */
static int lab_react(struct forge *f, int64_t pull, const char *comment_id,
	enum forge_reaction reaction, struct err **err)
{
	AUTO_ARENA a = {0};
	struct node *body = node_new_map(&a);
	forge_set_text(&a, body, "name", emoji_name(reaction));
	const char *path = arena_printf(&a, "%s/award_emoji", note_path(f, &a, pull, comment_id));
	struct err *failed = NULL;
	if (forge_call(f, "POST", path, body, &a, NULL, &failed) == 0)
		return 0;
	AUTO_STR text = STR_INIT;
	err_format(failed, &text);
	if (strstr(text.data, "already been taken")) {
		err_free(&failed);
		return 0;
	}
	*err = failed;
	return -1;
}

static int lab_pull_get(struct forge *f, int64_t number, struct arena *arena,
	struct forge_pull *ret, struct err **err)
{
	struct node *json;
	const char *path = forge_path(f, arena, "/merge_requests/%lld", (long long)number);
	if (forge_call(f, "GET", path, NULL, arena, &json, err) < 0)
		return -1;
	if (!forge_lab_pull(json, f->repository, arena, ret))
		return err_set(err, ERR_CORRUPT, "%s: GET %s: the answer is no merge request",
			f->host, path);
	return 0;
}

static bool take_pull(struct forge_taken *t, const struct node *item)
{
	struct forge_pull pull;
	if (!forge_lab_pull(item, t->f->repository, t->arena, &pull))
		return true;
	struct forge_pull *to = forge_taken_add(t, sizeof *to);
	*to = pull;
	return true;
}

static int lab_pull_list(struct forge *f, int64_t since, struct arena *arena,
	struct forge_pulls *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	const char *after = "";
	if (since) {
		char text[CLOCK_TEXT_SIZE];
		after = arena_printf(arena, "&updated_after=%s", clock_format(since, text));
	}
	const struct forge_pages pages = forge_pages_of(&t,
		forge_path(f, arena, "/merge_requests?state=%s&order_by=updated_at&sort=desc%s",
			since ? "all" : "opened", after),
		PULLS_MAX, take_pull);
	if (forge_list(f, &pages, arena, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

static void note_review(struct forge_taken *t, const char *author, enum forge_review review)
{
	struct forge_approval *list = t->items;
	for (size_t i = 0; i < t->count; i++)
		if (strcasecmp(list[i].author, author) == 0) {
			list[i].review = review;
			return;
		}
	struct forge_approval *entry = forge_taken_add(t, sizeof *entry);
	entry->author = author;
	entry->review = review;
}

/* Who asked for changes stands with the reviewers, since GitLab 16; older ones do not say. */
static int add_requested_changes(
	struct forge *f, int64_t pull, struct forge_taken *t, struct err **err)
{
	struct node *json;
	struct err *failed = NULL;
	const char *path =
		forge_path(f, t->arena, "/merge_requests/%lld/reviewers", (long long)pull);
	if (forge_call(f, "GET", path, NULL, t->arena, &json, &failed) < 0) {
		if (f->failure.fault != FORGE_MISSING) {
			*err = failed;
			return -1;
		}
		err_free(&failed);
		return 0;
	}
	SEQ_FOREACH (json, i, item) {
		const char *who = forge_text(node_get(item, "user"), "username", t->arena);
		if (who && str_eq(forge_text(item, "state", t->arena), "requested_changes"))
			note_review(t, who, FORGE_CHANGES_REQUESTED);
	}
	return 0;
}

static int lab_approval_list(struct forge *f, int64_t pull, struct arena *arena,
	struct forge_approvals *ret, struct err **err)
{
	struct forge_taken t = {.f = f, .arena = arena};
	struct node *json;
	const char *path = forge_path(f, arena, "/merge_requests/%lld/approvals", (long long)pull);
	if (forge_call(f, "GET", path, NULL, arena, &json, err) < 0)
		return -1;
	SEQ_FOREACH (node_get(json, "approved_by"), i, item) {
		const char *who = forge_text(node_get(item, "user"), "username", arena);
		if (who)
			note_review(&t, who, FORGE_APPROVED);
	}
	if (add_requested_changes(f, pull, &t, err) < 0)
		return -1;
	ret->items = t.items;
	ret->count = t.count;
	return 0;
}

static bool count_item(struct forge_taken *t, const struct node *item)
{
	(void)item;
	t->count++;
	return true;
}

/* The commits of a range are listed and counted: no call says the number. */
static int lab_behind(
	struct forge *f, const char *base, const char *head, int64_t *ret_behind, struct err **err)
{
	AUTO_ARENA a = {0};
	AUTO_STR range = STR_INIT;
	http_add_encoded(&range, head);
	str_add(&range, "..");
	http_add_encoded(&range, base);
	struct forge_taken t = {.f = f, .arena = &a};
	const struct forge_pages pages =
		forge_pages_of(&t, forge_path(f, &a, "/repository/commits?ref_name=%s", range.data),
			BEHIND_MAX, count_item);
	if (forge_list(f, &pages, &a, err) < 0)
		return -1;
	*ret_behind = (int64_t)t.count;
	return 0;
}

/* The account's number by its name, then its membership, inherited ones included. */
static int lab_permission(
	struct forge *f, const char *login, enum forge_permission *ret, struct err **err)
{
	AUTO_ARENA a = {0};
	AUTO_STR name = STR_INIT;
	http_add_encoded(&name, login);
	struct node *json;
	if (forge_call(f, "GET", arena_printf(&a, "/users?username=%s", name.data), NULL, &a, &json,
		    err) < 0)
		return -1;
	int64_t id = 0;
	SEQ_FOREACH (json, i, item) {
		const char *username = forge_text(item, "username", &a);
		if (username && strcasecmp(username, login) == 0)
			id = forge_int(item, "id");
	}
	if (!id)
		return 0;
	if (forge_call(f, "GET", forge_path(f, &a, "/members/all/%lld", (long long)id), NULL, &a,
		    &json, err) < 0)
		return -1;
	const char *state = forge_text(json, "state", &a);
	if (state && !str_eq(state, "active"))
		return 0;
	const int64_t level = forge_int(json, "access_level");
	if (level >= LEVEL_MAINTAINER)
		*ret = FORGE_ADMIN;
	else if (level >= LEVEL_DEVELOPER)
		*ret = FORGE_WRITE;
	else if (level >= LEVEL_GUEST)
		*ret = FORGE_READ;
	return 0;
}

const struct forge_ops forge_lab_ops = {
	.login = lab_login,
	.status_set = lab_status_set,
	.status_list = lab_status_list,
	.comment_list = lab_comment_list,
	.comment_create = lab_comment_create,
	.comment_update = lab_comment_update,
	.comment_delete = lab_comment_delete,
	.react = lab_react,
	.pull_get = lab_pull_get,
	.pull_list = lab_pull_list,
	.approval_list = lab_approval_list,
	.behind = lab_behind,
	.permission = lab_permission,
};
