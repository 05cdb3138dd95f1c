/*
 * Deliveries of GitLab. Source: docs.gitlab.com/user/project/integrations/webhook_events. What a
 * delivery is stands in its body (object_kind); the header says "System Hook" for all of them when
 * a hook is set up for the whole server.
 */
#include "report/forge_event_internal.h"

#include <string.h>

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(*list, text))
			return true;
	return false;
}

static int read_pull(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	static const char *const reviews[] = {
		"approved", "unapproved", "approval", "unapproval", NULL};
	static const char *const ends[] = {"close", "merge", NULL};
	static const char *const starts[] = {"open", "reopen", NULL};
	const struct node *attributes = node_get(body, "object_attributes");
	const struct node *changes = node_get(body, "changes");
	ret->action = forge_text(attributes, "action", arena);
	ret->pull = forge_int(attributes, "iid");
	if (ret->pull <= 0)
		return forge_event_lacks(ret, "the number of the merge request", err);
	if (is_one_of(ret->action, reviews)) {
		ret->kind = FORGE_EVENT_REVIEW;
		return 0;
	}
	/* An update has oldrev when commits were pushed. */
	const bool updated =
		str_eq(ret->action, "update") &&
		(node_get(attributes, "oldrev") || node_get(changes, "target_branch") ||
			node_get(changes, "draft"));
	ret->head_changed = updated || is_one_of(ret->action, starts);
	if (!ret->head_changed && !is_one_of(ret->action, ends))
		return forge_event_ignore(ret, "nothing about the merge request that matters");
	struct forge_pull *pull = arena_alloc(arena, sizeof *pull);
	if (!forge_lab_pull(attributes, ret->repository, arena, pull))
		return forge_event_lacks(ret, "branch or commit of the merge request", err);
	ret->kind = FORGE_EVENT_PULL;
	ret->details = pull;
	return 0;
}

static int read_note(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	const struct node *attributes = node_get(body, "object_attributes");
	ret->action = forge_text(attributes, "action", arena);
	if (!str_eq(forge_text(attributes, "noteable_type", arena), "MergeRequest"))
		return forge_event_ignore(ret, "a comment on something else");
	if (forge_bool(attributes, "system"))
		return forge_event_ignore(ret, "a note that GitLab wrote");
	ret->pull = forge_int(node_get(body, "merge_request"), "iid");
	ret->comment_id = forge_id(attributes, "id", arena);
	if (ret->pull <= 0 || !ret->comment_id)
		return forge_event_lacks(ret, "the number of the merge request or note", err);
	ret->kind = FORGE_EVENT_COMMENT;
	ret->comment_body = forge_text(attributes, "note", arena);
	ret->comment_author = ret->sender;
	ret->comment_edited = str_eq(ret->action, "update");
	return 0;
}

int forge_event_lab(
	const struct node *body, struct arena *arena, struct forge_event *ret, struct err **err)
{
	const char *kind = forge_text(body, "object_kind", arena);
	ret->repository = forge_text(node_get(body, "project"), "path_with_namespace", arena);
	ret->sender = forge_text(node_get(body, "user"), "username", arena);
	if (str_eq(kind, "push")) {
		ret->sender = forge_text(body, "user_username", arena);
		return forge_event_push(body, arena, ret, err);
	}
	if (str_eq(kind, "merge_request"))
		return read_pull(body, arena, ret, err);
	if (str_eq(kind, "note"))
		return read_note(body, arena, ret, err);
	return forge_event_ignore(ret, "nothing is done about this event");
}
