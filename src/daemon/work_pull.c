/*
 * Pull requests: asks the forge what is true, fetches what is needed, and has reconcile/pull do its
 * part. The engines' plans are requests of their own, so that a preview waits for nobody; they are
 * made one pull request at a time, beside the branch's work.
 */
#include "daemon/work_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/ask.h"
#include "daemon/connect.h"
#include "format/node.h"
#include "reconcile/pull.h"
#include "report/outbox.h"

#include <string.h>

enum { LOCK_WAIT_MS = 60 * 1000, REQUESTS_MAX = 200 };

static void on_said(void *data)
{
	work_poke(data);
}

void work_pull_setup(struct work *w, struct forge *forge, struct pull_work *ret)
{
	*ret = (struct pull_work){
		.dir = w->place.dir,
		.upstream = work_upstream(w),
		.store = w->store,
		.types = w->types,
		.lock_wait_ms = LOCK_WAIT_MS,
		.forge = forge,
		.target = forge ? w->repository->name.text : NULL,
		.actor = w->request->actor,
		.environ = w->environ,
		.said = on_said,
		.data = w,
	};
}

/*
 * The line of the engines' plans. Without news (the same head, looked at again) one that is under
 * way goes on, and this is for afterwards.
 */
static struct queue_request plan_request(struct work *w, int64_t number, bool news)
{
	return (struct queue_request){.kind = QUEUE_PULL,
		.subject = QUEUE_PLANS,
		.part = ask_pull_subject(&w->arena, number),
		.actor = news ? w->request->actor : w->actor,
		.reminder = !news};
}

int work_pull_follow(struct work *w, const struct pull_result *result, bool news, struct err **err)
{
	struct queue_request *list = arena_array(&w->arena, REQUESTS_MAX + 2, sizeof *list);
	size_t count = 0;
	const struct pull_row *pull = result->pull;
	if (result->plan_due && pull) {
		list[count++] = plan_request(w, pull->number, news);
	} else if (result->again_ms && pull) {
		list[count] = plan_request(w, pull->number, false);
		list[count++].not_before = clock_now_ms() + result->again_ms;
	}
	/* A mirror learns about a merge by fetching; the reconcile follows from that. */
	if (result->reconcile_due)
		list[count++] = (struct queue_request){
			.kind = w->place.mirror ? QUEUE_FETCH : QUEUE_RECONCILE,
			.subject = w->place.mirror ? "fetch" : QUEUE_BRANCH,
			.payload_json = "{\"" WORK_RECONCILE_DUE "\":true}",
			.actor = w->request->actor};
	/* Each is looked at in the line of plans, once: looking at one may name the others again.
	 */
	for (size_t i = 0; i < result->refresh.count && i < REQUESTS_MAX; i++)
		if (!pull || result->refresh.items[i] != pull->number)
			list[count++] = plan_request(w, result->refresh.items[i], false);
	return work_ask(w, list, count, err);
}

static int fetch_head(struct work *w, const struct forge_pull *pull, struct err **err)
{
	const char *theirs = w->repository->forge.kind == SERVER_GITLAB ? "merge-requests" : "pull";
	const long long n = (long long)pull->number;
	const char *const specs[] = {
		arena_printf(&w->arena, "+refs/%s/%lld/head:refs/trueup/pull/%lld", theirs, n, n),
		arena_printf(
			&w->arena, "+refs/heads/%s:refs/heads/%s", pull->base_ref, pull->base_ref),
		NULL};
	if (!w->place.mirror || pull->state != FORGE_PULL_OPEN)
		return 0;
	return work_git_fetch(w, specs, err);
}

static int note(struct work *w, struct forge *forge, const struct forge_pull *pull,
	bool *ret_changed, struct err **err)
{
	struct pull_work work;
	struct pull_result result = {0};
	struct pull_row facts;
	pull_facts(forge, pull, &w->arena, &facts);
	work_pull_setup(w, forge, &work);
	if (pull_note(&work, &facts, ret_changed, &w->arena, &result, err) < 0)
		return -1;
	return work_pull_follow(w, &result, *ret_changed, err);
}

/*
 * What people wait for: the start of a process for it takes longer than the preview. The forge just
 * answered, and no lock of the repository is held; whatever goes wrong is left to a delivery of its
 * own, which the daemon starts when it finds the outbox due.
 */
static void say_at_once(struct work *w)
{
	AUTO_ERR err = NULL;
	if (work_deliver(w, 0, &err) == 0)
		return;
	log_debug("%s: %s", w->repository->name.text, err->message);
	work_poke(w);
}

/* The first step: what the forge says now, the head's objects, the preview. */
static int preview(struct work *w, struct forge *forge, int64_t number, struct err **err)
{
	struct pull_work work;
	struct pull_result result = {0};
	struct forge_pull pull;
	bool changed = false;
	work_pull_setup(w, forge, &work);
	if (forge_pull_get(forge, number, &w->arena, &pull, err) < 0 ||
		fetch_head(w, &pull, err) < 0 || note(w, forge, &pull, &changed, err) < 0)
		return -1;
	if (pull.state != FORGE_PULL_OPEN)
		return 0;
	work.said = NULL;
	if (pull_preview(&work, number, &w->arena, &result, err) < 0)
		return -1;
	say_at_once(w);
	return work_pull_follow(w, &result, changed, err);
}

static int is_blocked(struct work *w, int64_t number, bool *ret, struct err **err)
{
	struct store *store;
	struct pull_row *row = NULL;
	if (work_store(w, &store, err) < 0 ||
		store_pull_get(store, number, &w->arena, &row, err) < 0)
		return -1;
	*ret = row && row->progress == PULL_IS_BLOCKED;
	return 0;
}

/*
 * The second step. One that the branch has by now, and of which we have not heard that it was
 * merged, must not be looked at as if it changed nothing; and one that was unlocked while this
 * stood in line is not planned until somebody asks for it.
 */
static int plan(struct work *w, struct forge *forge, int64_t number, struct err **err)
{
	struct pull_work work;
	struct pull_result result = {0};
	struct forge_pull pull;
	bool changed = false, blocked = false;
	work_pull_setup(w, forge, &work);
	work.interrupts = w->stops;
	if (forge_pull_get(forge, number, &w->arena, &pull, err) < 0)
		return -1;
	if (pull.state != FORGE_PULL_OPEN)
		return note(w, forge, &pull, &changed, err);
	if (is_blocked(w, number, &blocked, err) < 0)
		return -1;
	if (blocked)
		return 0;
	if (pull_refresh(&work, number, &w->arena, &result, err) < 0)
		return -1;
	/* What it planned itself is not due again. */
	result.plan_due = false;
	return work_pull_follow(w, &result, false, err);
}

enum work_end work_pull(struct work *w, struct err **err)
{
	AUTO_FORGE *forge = NULL;
	const bool second = *w->request->part; /* in whichever line it stands */
	const int64_t number = ask_pull_number(second ? w->request->part : w->request->subject);
	if (!number) {
		(void)err_set(err, ERR_INVALID, "'%s' names no pull request", w->request->subject);
		return WORK_END_FAILED;
	}
	if (connect_forge(w->repository, &forge, err) < 0)
		return work_end_of(*err);
	const int rc = second ? plan(w, forge, number, err) : preview(w, forge, number, err);
	if (rc == 0)
		return WORK_END_DONE;
	/* The forge's word, also "not found": it may know better in a moment. */
	return err_kind_of(*err) == ERR_CANCELLED ? WORK_END_PARKED : WORK_END_RETRY;
}

/* --- comments ------------------------------------------------------------------------------- */

static int remark(struct work *w, struct forge *forge, const struct node *payload, int64_t number,
	struct err **err)
{
	struct pull_work work;
	struct pull_result result = {0};
	const char *author = node_text(node_get(payload, "author"));
	const struct pull_remark r = {
		.number = number,
		.id = node_text(node_get(payload, "id")),
		.body = node_text(node_get(payload, "body")),
	};
	if (!r.id || !r.body || !author)
		return err_set(err, ERR_INVALID, "the request lacks the comment");
	work_pull_setup(w, forge, &work);
	work.actor = forge_actor(forge, &w->arena, author);
	if (pull_remark(&work, &r, &w->arena, &result, err) < 0) {
		if (err_kind_of(*err) != ERR_NOT_FOUND)
			return -1;
		/* Webhooks come in any order: what opened the pull request is still to come. */
		err_free(err);
		if (preview(w, forge, number, err) < 0 ||
			pull_remark(&work, &r, &w->arena, &result, err) < 0)
			return -1;
	}
	/* Its first line: what was asked for. The rest stands at the forge. */
	if (result.text && *result.text)
		log_at(LOG_LEVEL_INFO, "%s: pull/%lld: answered %.*s", w->repository->name.text,
			(long long)number, (int)strcspn(result.text, "\n"), result.text);
	return work_pull_follow(w, &result, true, err);
}

static int forget_comment(
	struct work *w, const struct node *payload, int64_t number, struct err **err)
{
	struct store *store;
	const char *id = node_text(node_get(payload, "id"));
	if (!id)
		return err_set(err, ERR_INVALID, "the request lacks the comment");
	if (work_store(w, &store, err) < 0 ||
		outbox_comment_deleted(
			store, w->repository->name.text, number, id, clock_now_ms(), err) < 0)
		return -1;
	work_poke(w);
	return 0;
}

enum work_end work_comment(struct work *w, struct err **err)
{
	AUTO_FORGE *forge = NULL;
	const struct node *payload = NULL;
	const int64_t number = ask_pull_number(w->request->subject);
	if (work_payload(w, &payload, err) < 0 || connect_forge(w->repository, &forge, err) < 0)
		return work_end_of(*err);
	const int rc = node_get(payload, "deleted") ? forget_comment(w, payload, number, err)
						    : remark(w, forge, payload, number, err);
	if (rc == 0)
		return WORK_END_DONE;
	return work_end_of(*err);
}
