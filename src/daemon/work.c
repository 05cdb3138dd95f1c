/*
 * The frame of every piece of work: read what the daemon has in force, take the claim, do it,
 * record its end. The end is recorded here, in the same process that did the work, so that nothing
 * has to be carried back and no daemon has to be there to hear it.
 */
#include "daemon/work_internal.h"

#include "base/clock.h"
#include "base/child.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/backoff.h"
#include "format/node.h"
#include "format/yaml.h"
#include "net/http.h"
#include "reconcile/session.h"
#include "render/render.h"
#include "source/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CONFIG_MAX = 4 * 1024 * 1024, ORDER_FD = 3, ORDER_PART = 4096 };

extern char **environ;

const char *work_kind_name(enum work_kind kind)
{
	static const char *const names[] = {
		[WORK_FETCH] = "fetch",
		[WORK_PULL] = "pull",
		[WORK_COMMENT] = "command",
		[WORK_RECONCILE] = "reconcile",
		[WORK_DRIFT] = "drift",
		[WORK_DELIVER] = "deliver",
	};
	return names[kind];
}

/* --- signals -------------------------------------------------------------------------------- */

static volatile sig_atomic_t stops, parks;

static void on_signal(int signo)
{
	stops++;
	/* The second SIGTERM: what is recorded is enough for the next one to go on from. */
	if (signo == SIGTERM && ++parks > 1)
		_exit(WORK_PARKED);
}

static bool is_told_to_stop(void)
{
	return stops > 0;
}

static void catch_signals(void)
{
	static const int caught[] = {SIGUSR1, SIGTERM, SIGINT};
	struct sigaction act = {.sa_handler = on_signal};
	(void)sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		(void)sigaction(caught[i], &act, NULL);
	act.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
	/* A dump of memory could hold a credential. */
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	/* What came before now was meant for us too: a request may be outdated that soon. */
	child_let_signals();
}

/* --- small things that all kinds use -------------------------------------------------------- */

void work_poke(struct work *w)
{
	AUTO_ERR err = NULL;
	if (queue_wake(w->place.state_dir, &err) < 0)
		log_debug("%s", err->message); /* the daemon looks when we have ended */
}

int work_store(struct work *w, struct store **ret, struct err **err)
{
	if (!w->store && store_open(w->place.state_dir, 0, &w->store, err) < 0)
		return -1;
	*ret = w->store;
	return 0;
}

static int ask(
	struct store *store, const struct queue_request *requests, size_t count, struct err **err)
{
	int64_t id;
	for (size_t i = 0; i < count; i++)
		if (store_queue_add(store, &requests[i], clock_now_ms(), &id, err) < 0)
			return -1;
	return 0;
}

int work_ask(struct work *w, const struct queue_request *requests, size_t count, struct err **err)
{
	struct store *store;
	if (!count)
		return 0;
	if (work_store(w, &store, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (ask(store, requests, count, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	work_poke(w);
	return 0;
}

int work_payload(struct work *w, const struct node **ret, struct err **err)
{
	AUTO_DIAGS diags = {0};
	const char *json = w->request->payload_json;
	struct src *src = arena_alloc(&w->arena, sizeof *src);
	*src = (struct src){"request", json, strlen(json)};
	*ret = json_parse(&w->arena, src, &diags);
	if (!*ret || (*ret)->type != NODE_MAP)
		return err_set(err, ERR_INVALID, "the request cannot be read");
	return 0;
}

enum work_end work_end_of(const struct err *err)
{
	switch (err_kind_of(err)) {
	case ERR_CANCELLED:
		return WORK_END_PARKED;
	case ERR_SYNTAX:
	case ERR_INVALID:
	case ERR_DENIED:
		return WORK_END_FAILED;
	case ERR_INTERNAL:
	case ERR_IO:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_TIMEOUT:
	case ERR_UNAVAILABLE:
	case ERR_CORRUPT:
		break;
	}
	return WORK_END_RETRY;
}

void work_sooner(int64_t *at, int64_t time)
{
	if (time && (!*at || time < *at))
		*at = time;
}

/* --- the end of a claim --------------------------------------------------------------------- */

/* Comments are given up after this many attempts; a repository is tried for ever. */
enum { ATTEMPTS_MAX = 8 };

static bool is_hopeless(const struct queue_row *r, enum work_end end)
{
	const bool asked_once = r->kind == QUEUE_PULL || r->kind == QUEUE_COMMAND;
	return asked_once && (end == WORK_END_FAILED || r->attempts >= ATTEMPTS_MAX);
}

/* After the end is recorded: this one must not be taken for outdated by what follows it. */
static int remind(
	struct work *w, struct store *store, enum queue_kind kind, int64_t at, struct err **err)
{
	int64_t id;
	const struct queue_request reminder = {.kind = kind,
		.subject = QUEUE_BRANCH,
		.actor = w->actor,
		.not_before = at,
		.reminder = true};
	return at ? store_queue_add(store, &reminder, clock_now_ms(), &id, err) : 0;
}

static int record(struct work *w, struct store *store, enum work_end end, const char *why,
	bool *ret_recorded, struct err **err)
{
	const struct queue_row *r = w->request;
	const int64_t now = clock_now_ms();
	struct queue_failure failure = {.id = r->id, .claim = r->claim, .error = why, .now = now};
	switch (end) {
	case WORK_END_DONE:
		return store_queue_finish(store, r->id, r->claim, ret_recorded, err);
	case WORK_END_PARKED:
		return store_queue_release(store, r->id, r->claim, now, ret_recorded, err);
	case WORK_END_RETRY:
	case WORK_END_FAILED:
		break;
	}
	if (is_hopeless(r, end))
		return store_queue_dead(store, &failure, ret_recorded, err);
	failure.not_before = now + backoff_ms(r->attempts, some_chance());
	return store_queue_retry(store, &failure, ret_recorded, err);
}

static int end_claim(struct work *w, enum work_end end, const char *why, struct err **err)
{
	struct store *store;
	bool recorded = false;
	if (work_store(w, &store, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (record(w, store, end, why, &recorded, err) < 0 ||
		remind(w, store, QUEUE_RECONCILE, w->reconcile_at, err) < 0 ||
		remind(w, store, QUEUE_DRIFT, w->drift_at, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* --- the frame ------------------------------------------------------------------------------ */

static int read_config(struct work *w, struct err **err)
{
	AUTO_STR text = STR_INIT;
	AUTO_DIAGS diags = {0};
	/* By its path, for an offset of our own: other workers read the same file. */
	if (fs_read("/proc/self/fd/0", CONFIG_MAX, &text, err) < 0)
		return err_wrap(err, "read the configuration from standard input");
	struct src *src = arena_alloc(&w->arena, sizeof *src);
	*src = (struct src){"server.yaml", arena_memdup(&w->arena, text.data, text.len), text.len};
	w->config = server_load(&w->arena, src, &diags);
	if (!w->config)
		return err_set(err, ERR_INVALID, "the configuration has mistakes: %s",
			diags.count ? diags.items[0].message : "it is not there");
	log_setup((enum log_level)w->config->log_level, w->config->log_json ? LOG_JSON : LOG_TEXT);
	return 0;
}

static bool has_order(void)
{
	return poll(&(struct pollfd){.fd = ORDER_FD, .events = POLLIN}, 1, 0) != 0;
}

/*
 * What is only needed for some work, and is read when that needs it: while nobody waits. What is
 * missing is an error of the work that needs it.
 */
static void load_ahead(struct work *w)
{
	AUTO_ERR err = NULL;
	AUTO_DIAGS ignored = {0};
	if (has_order())
		return;
	source_load_ahead();
	if (http_load_ahead(&err) < 0)
		log_debug("%s", err->message);
	w->types = render_types_load(&ignored);
	if (w->types)
		render_types_read_all(w->types);
}

/*
 * Waits for the order. *ret false: there will be none. A SIGTERM before it came ends the wait;
 * one that just misses the read is found when the order, or the end of the pipe, comes.
 */
static int await_order(struct work *w, bool *ret, struct err **err)
{
	AUTO_STR text = STR_INIT;
	char part[ORDER_PART];
	ssize_t n;
	*ret = false;
	while ((n = read(ORDER_FD, part, sizeof part)) != 0) {
		if (n > 0)
			str_addn(&text, part, (size_t)n);
		else if (errno != EINTR)
			return err_errno(err, errno, "read the order");
		else if (is_told_to_stop() && !text.len)
			return 0;
	}
	(void)close(ORDER_FD);
	if (!text.len)
		return 0;
	*ret = true;
	return work_order_read(text.data, text.len, &w->arena, &w->order, err);
}

/* What the order adds comes first: it is found first. */
static void set_environment(struct work *w)
{
	size_t added = 0, had = 0;
	while (w->order.environ[added])
		added++;
	while (environ[had])
		had++;
	const char **all = arena_array(&w->arena, added + had + 1, sizeof *all);
	memcpy(all, w->order.environ, added * sizeof *all);
	memcpy(all + added, environ, had * sizeof *all);
	environ = (char **)(uintptr_t)all;
	w->environ = all;
}

static int take_order(struct work *w, struct err **err)
{
	set_environment(w);
	/* For `ps`: whose it is. */
	AUTO_FREE char *title = xasprintf("trueup:%s", w->order.repository);
	(void)prctl(PR_SET_NAME, title);
	w->repository = server_repository(w->config, w->order.repository);
	if (!w->repository)
		return err_set(err, ERR_NOT_FOUND, "the configuration has no repository '%s'",
			w->order.repository);
	return place_find(w->config, w->repository, &w->place, err);
}

/* Says in the store that this process works on the claim. *ret_mine false: it does not. */
static int take_claim(struct work *w, bool *ret_mine, struct err **err)
{
	struct store *store;
	struct queue_row *row = NULL;
	const struct work_order *o = &w->order;
	*ret_mine = true;
	if (!o->id)
		return 0;
	if (work_store(w, &store, err) < 0 ||
		store_queue_get(store, o->id, &w->arena, &row, err) < 0)
		return -1;
	*ret_mine = row && row->claim == o->claim && row->state == QUEUE_RUNNING;
	if (*ret_mine && store_queue_started(store, o->id, o->claim, getpid(),
				 process_start_time(getpid()), err) < 0)
		return -1;
	w->request = row;
	return 0;
}

static enum work_end do_request(struct work *w, struct err **err)
{
	switch (w->request->kind) {
	case QUEUE_FETCH:
		return work_fetch(w, err);
	case QUEUE_RECONCILE:
		return work_reconcile(w, err);
	case QUEUE_DRIFT:
		return work_drift(w, err);
	case QUEUE_PULL:
		return work_pull(w, err);
	case QUEUE_COMMAND:
		return work_comment(w, err);
	case QUEUE_UNKNOWN:
		break;
	}
	(void)err_set(err, ERR_INVALID, "this trueup does not know what to do");
	return WORK_END_FAILED;
}

static void tell(const struct work *w, enum work_end end, const char *why, int64_t ms)
{
	char took[CLOCK_TEXT_SIZE];
	const char *name = w->repository->name.text;
	AUTO_STR what = STR_INIT;
	queue_describe(w->request, &what);
	clock_format_duration(ms, took);
	if (end == WORK_END_DONE)
		log_at(LOG_LEVEL_INFO, "%s: %s done in %s", name, what.data, took);
	else if (end == WORK_END_PARKED)
		log_at(LOG_LEVEL_INFO, "%s: %s stopped on request after %s, put back", name,
			what.data, took);
	else
		log_at(LOG_LEVEL_ERROR, "%s: %s failed, attempt %lld: %s", name, what.data,
			(long long)w->request->attempts, why);
}

static int do_claim(struct work *w, struct err **err)
{
	const int64_t started = clock_monotonic_ms();
	AUTO_ERR why = NULL;
	AUTO_STR text = STR_INIT;
	const enum work_end end = do_request(w, &why);
	if (why)
		err_format(why, &text);
	tell(w, end, text.data, clock_monotonic_ms() - started);
	if (end_claim(w, end, text.len ? text.data : NULL, err) < 0)
		return err_wrap(err, "record the end of %s", queue_kind_name(w->request->kind));
	return end == WORK_END_DONE     ? WORK_DONE
	       : end == WORK_END_PARKED ? WORK_PARKED
					: WORK_FAILED;
}

static int do_work(struct work *w, struct err **err)
{
	bool ordered = false, mine = false;
	if (read_config(w, err) < 0)
		return -1;
	load_ahead(w);
	if (await_order(w, &ordered, err) < 0)
		return -1;
	if (!ordered)
		return WORK_DONE;
	if (take_order(w, err) < 0 || take_claim(w, &mine, err) < 0)
		return -1;
	if (!mine)
		return WORK_NOT_MINE;
	if (w->request)
		return do_claim(w, err);
	/* Somebody who says something at once is waited for: being started again and again
	 * meanwhile would be all that the machine does. */
	return work_deliver(w, w->config->timeouts.deliver_ms / 2, err) < 0 ? -1 : WORK_DONE;
}

static void complain(const struct work *w, const struct err *why)
{
	AUTO_STR text = STR_INIT;
	err_format(why, &text);
	log_at(LOG_LEVEL_ERROR, "%s: %s", w->order.repository ? w->order.repository : "a worker",
		text.data);
}

int work_main(void)
{
	struct work w = {.stops = &stops, .actor = session_actor()};
	AUTO_ERR err = NULL;
	char **inherited = environ;
	catch_signals();
	int code = do_work(&w, &err);
	if (code < 0) {
		complain(&w, err);
		code = WORK_BROKEN;
	}
	store_close(&w.store);
	render_types_free(w.types);
	place_release(&w.place);
	free(w.actor);
	environ = inherited;
	arena_release(&w.arena);
	return code;
}
