/* Pull requests as forges show them: in answers and in deliveries alike. */
#include "report/forge_internal.h"

static enum forge_pull_state hub_state(const struct node *json, struct arena *arena)
{
	if (forge_bool(json, "merged") || forge_time(json, "merged_at"))
		return FORGE_PULL_MERGED;
	const char *state = forge_text(json, "state", arena);
	return str_eq(state, "closed") ? FORGE_PULL_CLOSED : FORGE_PULL_OPEN;
}

static enum forge_answer answer_of(const struct node *n)
{
	if (!n || n->type != NODE_BOOL)
		return FORGE_UNKNOWN;
	return n->boolean ? FORGE_YES : FORGE_NO;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

bool forge_hub_pull(const struct node *json, struct arena *arena, struct forge_pull *ret)
{
	*ret = (struct forge_pull){.number = forge_int(json, "number")};
	const struct node *head = node_get(json, "head"), *base = node_get(json, "base");
	ret->title = text_or_empty(forge_text(json, "title", arena));
	ret->author = text_or_empty(forge_text(node_get(json, "user"), "login", arena));
	ret->url = forge_text(json, "html_url", arena);
	ret->state = hub_state(json, arena);
	ret->draft = forge_bool(json, "draft");
	ret->head_sha = forge_sha(head, "sha", arena);
	ret->head_ref = forge_text(head, "ref", arena);
	ret->base_sha = forge_sha(base, "sha", arena);
	ret->base_ref = forge_text(base, "ref", arena);
	ret->head_repository = forge_text(node_get(head, "repo"), "full_name", arena);
	const char *into = forge_text(node_get(base, "repo"), "full_name", arena);
	/* Deleted, or not said: nobody can vouch for where it comes from. */
	ret->fork = !ret->head_repository || !into || strcasecmp(ret->head_repository, into) != 0;
	ret->mergeable = answer_of(node_get(json, "mergeable"));
	if (ret->state == FORGE_PULL_MERGED)
		ret->merge_sha = forge_sha(json, "merge_commit_sha", arena);
	ret->updated_at = forge_time(json, "updated_at");
	return ret->number > 0 && ret->head_sha && ret->base_ref;
}

static enum forge_pull_state lab_state(const char *state)
{
	if (str_eq(state, "merged"))
		return FORGE_PULL_MERGED;
	return str_eq(state, "closed") ? FORGE_PULL_CLOSED : FORGE_PULL_OPEN;
}

static enum forge_answer lab_mergeable(const struct node *json, struct arena *arena)
{
	if (forge_bool(json, "has_conflicts"))
		return FORGE_NO;
	const char *status = forge_text(json, "merge_status", arena);
	if (str_eq(status, "can_be_merged"))
		return FORGE_YES;
	return str_eq(status, "cannot_be_merged") ? FORGE_NO : FORGE_UNKNOWN;
}

bool forge_lab_pull(const struct node *json, const char *repository, struct arena *arena,
	struct forge_pull *ret)
{
	*ret = (struct forge_pull){.number = forge_int(json, "iid")};
	ret->title = text_or_empty(forge_text(json, "title", arena));
	ret->author = text_or_empty(forge_text(node_get(json, "author"), "username", arena));
	const char *url = forge_text(json, "web_url", arena);
	ret->url = url ? url : forge_text(json, "url", arena);
	ret->state = lab_state(forge_text(json, "state", arena));
	ret->draft = forge_bool(json, "draft") || forge_bool(json, "work_in_progress");
	ret->head_sha = forge_sha(json, "sha", arena);
	if (!ret->head_sha)
		ret->head_sha = forge_sha(node_get(json, "last_commit"), "id", arena);
	ret->head_ref = forge_text(json, "source_branch", arena);
	ret->base_ref = forge_text(json, "target_branch", arena);
	const int64_t source = forge_int(json, "source_project_id");
	ret->fork = !source || source != forge_int(json, "target_project_id");
	ret->head_repository = forge_text(node_get(json, "source"), "path_with_namespace", arena);
	if (!ret->head_repository && !ret->fork && repository)
		ret->head_repository = arena_strdup(arena, repository);
	ret->mergeable = lab_mergeable(json, arena);
	if (ret->state == FORGE_PULL_MERGED) {
		ret->merge_sha = forge_sha(json, "merge_commit_sha", arena);
		if (!ret->merge_sha)
			ret->merge_sha = forge_sha(json, "squash_commit_sha", arena);
	}
	ret->updated_at = forge_time(json, "updated_at");
	return ret->number > 0 && ret->head_sha && ret->base_ref;
}
