/*
 * Deliveries of GitHub, Gitea and Forgejo. Sources: docs.github.com/webhooks, "Webhook events and
 * payloads"; Gitea's modules/structs/hook.go for what it calls otherwise (synchronized, is_pull,
 * pull_request_approved).
 */
#include "report/forge_event_internal.h"

#include <string.h>

typedef int reader(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err);

static int read_ping(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	(void)body;
	(void)arena;
	(void)err;
	ret->kind = FORGE_EVENT_PING;
	return 0;
}

/* What about a pull request calls for a look at it; changed: the preview is not right any more. */
static bool pull_action(const struct node *body, const char *action, bool *ret_changed)
{
	static const struct {
		const char *action;
		bool changed;
	} known[] = {
		{"opened", true},
		{"reopened", true},
		{"synchronize", true}, /* GitHub */
		{"synchronized", true}, /* Gitea */
		{"ready_for_review", true},
		{"converted_to_draft", false},
		{"closed", false},
		{"merged", false},
	};
	*ret_changed = false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(known[i].action, action)) {
			*ret_changed = known[i].changed;
			return true;
		}
	/* Of edits the base branch alone matters (Gitea: ref). */
	const struct node *changes = node_get(body, "changes");
	*ret_changed =
		str_eq(action, "edited") && (node_get(changes, "base") || node_get(changes, "ref"));
	return *ret_changed;
}

static int read_pull(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	if (!ret->action || !pull_action(body, ret->action, &ret->head_changed))
		return forge_event_ignore(ret, "nothing about the pull request that matters");
	struct forge_pull *pull = arena_alloc(arena, sizeof *pull);
	if (!forge_hub_pull(node_get(body, "pull_request"), arena, pull))
		return forge_event_lacks(ret, "the pull request", err);
	ret->kind = FORGE_EVENT_PULL;
	ret->pull = pull->number;
	ret->details = pull;
	return 0;
}

static bool is_pull(const struct node *body)
{
	const struct node *pull = forge_at(body, "issue", "pull_request", NULL);
	return (pull && pull->type == NODE_MAP) || forge_bool(body, "is_pull");
}

static int read_comment(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	if (!is_pull(body))
		return forge_event_ignore(ret, "a comment on an issue");
	const struct node *comment = node_get(body, "comment");
	const bool deleted = str_eq(ret->action, "deleted");
	ret->comment_edited = str_eq(ret->action, "edited");
	if (!deleted && !ret->comment_edited && !str_eq(ret->action, "created"))
		return forge_event_ignore(ret, "nothing about the comment that matters");
	ret->pull = forge_int(node_get(body, "issue"), "number");
	ret->comment_id = forge_id(comment, "id", arena);
	if (ret->pull <= 0 || !ret->comment_id)
		return forge_event_lacks(ret, "the number of the pull request or comment", err);
	ret->kind = deleted ? FORGE_EVENT_COMMENT_DELETED : FORGE_EVENT_COMMENT;
	ret->comment_author = forge_text(node_get(comment, "user"), "login", arena);
	if (!deleted)
		ret->comment_body = forge_text(comment, "body", arena);
	return 0;
}

static int read_review(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	(void)arena;
	/* GitHub says what was done, Gitea that it was "reviewed" and how in the event's name. */
	static const char *const actions[] = {"submitted", "dismissed", "reviewed", "edited"};
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		known = known || str_eq(actions[i], ret->action);
	if (!known)
		return forge_event_ignore(ret, "nothing about the review that matters");
	ret->pull = forge_int(node_get(body, "pull_request"), "number");
	if (ret->pull <= 0)
		return forge_event_lacks(ret, "the number of the pull request", err);
	ret->kind = FORGE_EVENT_REVIEW;
	return 0;
}

/* Gitea: a comment on the whole, or one that is part of a review and no command. */
static int read_gitea_comment(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	if (node_get(body, "comment"))
		return read_comment(body, arena, ret, err);
	return forge_event_ignore(ret, "comments of a review are no commands");
}

int forge_event_hub(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	static const struct {
		const char *event;
		reader *read;
	} readers[] = {
		{"ping", read_ping},
		{"push", forge_event_push},
		{"pull_request", read_pull},
		{"pull_request_sync", read_pull}, /* Gitea, this one and those below */
		{"issue_comment", read_comment},
		{"pull_request_review", read_review},
		{"pull_request_approved", read_review},
		{"pull_request_rejected", read_review},
		{"pull_request_review_approved", read_review},
		{"pull_request_review_rejected", read_review},
		{"pull_request_comment", read_gitea_comment},
	};
	ret->action = forge_text(body, "action", arena);
	ret->repository = forge_text(node_get(body, "repository"), "full_name", arena);
	ret->sender = forge_text(node_get(body, "sender"), "login", arena);
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (str_eq(readers[i].event, ret->event))
			return readers[i].read(body, arena, ret, err);
	return forge_event_ignore(ret, "nothing is done about this event");
}
