/*
 * Looking at the forge without being told: what a lost webhook would have said. Pull requests are
 * compared with what is recorded of them; comments that came since the last look, and that nobody
 * edited, are taken as if they had been delivered. What was seen already is answered once anyway.
 */
#include "daemon/work_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "daemon/ask.h"
#include "daemon/connect.h"
#include "report/outbox.h"
#include "store/pulls.h"

#include <stdlib.h>

/*
 * Clocks differ, and a list is older than its arrival; what is seen twice does no harm. Comments
 * of more pull requests than these are looked for at the next turn.
 */
enum { OVERLAP_MS = 2 * 60 * 1000, REQUESTS_MAX = 500, PULLS_MAX = 50 };

struct poll {
	struct work *w;
	struct forge *forge;
	int64_t since; /* 0: the first look */
	struct queue_request *requests;
	size_t count;
};

static const char *polled_path(struct work *w)
{
	return arena_printf(&w->arena, "%s/forge-polled", w->place.state_dir);
}

static int64_t read_since(struct work *w)
{
	AUTO_STR text = STR_INIT;
	AUTO_ERR ignored = NULL; /* not there: the first look */
	int64_t at = 0;
	if (fs_read(polled_path(w), 64, &text, &ignored) < 0 ||
		!num_parse_i64(text.data, text.len, &at))
		return 0;
	return at;
}

static int write_since(struct work *w, int64_t at, struct err **err)
{
	const char *text = arena_printf(&w->arena, "%lld", (long long)at);
	return fs_write_atomic(polled_path(w), text, strlen(text), 0600, err);
}

static void ask(struct poll *p, const struct queue_request *request)
{
	if (p->count < REQUESTS_MAX)
		p->requests[p->count++] = *request;
}

static int look_at_comments(struct poll *p, int64_t number, struct err **err)
{
	struct forge_comments list = {0};
	if (forge_comment_list(p->forge, number, p->since, &p->w->arena, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		const struct forge_comment *c = &list.items[i];
		/* What is there now may not be what the author wrote: edits are no commands. */
		if (outbox_is_ours(c->body) || !c->author || c->created_at < p->since || c->edited)
			continue;
		ask(p, &(struct queue_request){.kind = QUEUE_COMMAND,
			       .subject = ask_pull_subject(&p->w->arena, number),
			       .part = c->id,
			       .payload_json = ask_comment_payload(&p->w->arena,
				       &(struct ask_comment){c->id, c->author, c->body, false}),
			       .actor = forge_actor(p->forge, &p->w->arena, c->author)});
	}
	return 0;
}

static const struct pull_row *recorded(const struct pull_rows *rows, int64_t number)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].number == number)
			return &rows->items[i];
	return NULL;
}

static bool has_news(
	const struct poll *p, const struct forge_pull *pull, const struct pull_row *row)
{
	return !row || row->state != PULL_OPEN || !str_eq(row->head_sha, pull->head_sha) ||
	       !str_eq(row->base_branch, pull->base_ref) || pull->updated_at >= p->since;
}

/* The same until it has another head or base branch: failing does not begin anew at every look. */
static void ask_pull(struct poll *p, int64_t number, const char *actor, const char *about)
{
	ask(p, &(struct queue_request){.kind = QUEUE_PULL,
		       .subject = ask_pull_subject(&p->w->arena, number),
		       .actor = actor,
		       .about = about});
}

static int compare(struct poll *p, const struct forge_pulls *open, const struct pull_rows *rows,
	struct err **err)
{
	size_t commented = 0;
	for (size_t i = 0; i < open->count; i++) {
		const struct forge_pull *pull = &open->items[i];
		if (!has_news(p, pull, recorded(rows, pull->number)))
			continue;
		ask_pull(p, pull->number, forge_actor(p->forge, &p->w->arena, pull->author),
			arena_printf(&p->w->arena, "%s into %s", pull->head_sha, pull->base_ref));
		const bool later = pull->updated_at && pull->updated_at < p->since;
		if (p->since && !later && commented++ < PULLS_MAX &&
			look_at_comments(p, pull->number, err) < 0)
			return -1;
	}
	/* Those that are open here and not there were closed or merged. */
	for (size_t i = 0; i < rows->count; i++) {
		bool there = rows->items[i].state != PULL_OPEN;
		for (size_t k = 0; k < open->count; k++)
			there = there || open->items[k].number == rows->items[i].number;
		if (!there)
			ask_pull(p, rows->items[i].number, p->w->actor, "its end");
	}
	return 0;
}

static int look(struct poll *p, struct err **err)
{
	struct work *w = p->w;
	struct store *store;
	struct pull_rows rows = {0};
	struct forge_pulls open = {0};
	const struct pull_filter all = {0};
	if (work_store(w, &store, err) < 0 || store_pulls(store, &all, &w->arena, &rows, err) < 0 ||
		forge_pull_open(p->forge, &w->arena, &open, err) < 0 ||
		compare(p, &open, &rows, err) < 0)
		return -1;
	return work_ask(w, p->requests, p->count, err);
}

int work_poll(struct work *w, struct err **err)
{
	AUTO_FORGE *forge = NULL;
	const int64_t started = clock_now_ms() - OVERLAP_MS;
	struct poll p = {.w = w, .since = read_since(w)};
	p.requests = arena_array(&w->arena, REQUESTS_MAX, sizeof *p.requests);
	if (connect_forge(w->repository, &forge, err) < 0)
		return -1;
	p.forge = forge;
	if (look(&p, err) < 0)
		return err_wrap(err, "look at pull requests");
	return write_since(w, started, err);
}
