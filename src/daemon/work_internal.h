/* What the files of a worker share. Nothing outside of daemon/ includes it. */
#ifndef TRUEUP_DAEMON_WORK_INTERNAL_H
#define TRUEUP_DAEMON_WORK_INTERNAL_H

#include "base/arena.h"
#include "daemon/place.h"
#include "daemon/work.h"
#include "source/append.h"
#include "spec/server.h"
#include "store/queue.h"

#include <signal.h>

struct forge;
struct node;
struct render_types;

struct work {
	struct work_order order;
	struct arena arena;
	struct store *store; /* work_store() */
	struct render_types *types; /* read ahead; NULL: there was no time */
	const struct server_config *config;
	const struct server_repository *repository;
	struct place place;
	struct source_upstream upstream;
	const struct queue_row *request; /* NULL: deliver */
	/*
	 * When to come back although nobody asks: the soonest of what the work found (a schedule,
	 * the end of a freeze, a look for drift); 0: never.
	 */
	int64_t reconcile_at, drift_at;
	char *actor; /* of what no person asked for */
	const char *const *environ;
	/* How often it was told to stop planning, by SIGUSR1, SIGINT or SIGTERM. */
	const volatile sig_atomic_t *stops;
};

/* How a piece of work went. */
enum work_end {
	WORK_END_DONE,
	WORK_END_PARKED, /* stopped on request: put it back */
	WORK_END_RETRY, /* *err or the text says why; try again later */
	WORK_END_FAILED, /* it will never work: give it up */
};

/* Each does the work of its kind. With RETRY and FAILED *err says why. */
enum work_end work_fetch(struct work *w, struct err **err);
enum work_end work_reconcile(struct work *w, struct err **err);
enum work_end work_drift(struct work *w, struct err **err);
enum work_end work_pull(struct work *w, struct err **err);
enum work_end work_comment(struct work *w, struct err **err);
/* The outbox: no request, and so no end to be recorded. Waits so long for one that delivers. */
MUST_CHECK int work_deliver(struct work *w, int64_t wait_ms, struct err **err);
/* Compares the forge's pull requests with what is known, and asks for what follows. */
MUST_CHECK int work_poll(struct work *w, struct err **err);

struct pull_result;
struct pull_work;
/* forge NULL: there is none, and nothing is said. */
void work_pull_setup(struct work *w, struct forge *forge, struct pull_work *ret);
/* The repository's store, opened when it is first asked for; it stays the work's. */
MUST_CHECK int work_store(struct work *w, struct store **ret, struct err **err);
/* Asks for what follows from what was done. */
MUST_CHECK int work_pull_follow(
	struct work *w, const struct pull_result *result, bool news, struct err **err);

/* In a payload: true when a reconcile is due although the branch may not have moved. */
#define WORK_RECONCILE_DUE "reconcile"
/* What whoever asked wanted to be known: a map, in the work's arena. */
MUST_CHECK int work_payload(struct work *w, const struct node **ret, struct err **err);
/* Adds the requests in one transaction and wakes the daemon. */
MUST_CHECK int work_ask(
	struct work *w, const struct queue_request *requests, size_t count, struct err **err);
/* The daemon is to look: there is something in the outbox or the queue. Never fails visibly. */
void work_poke(struct work *w);
/* What an error means for the request. */
enum work_end work_end_of(const struct err *err);
/* *at is the earlier of itself and time, where 0 is never. */
void work_sooner(int64_t *at, int64_t time);

/*
 * Brings refs into the mirror by git(1). refspecs end with NULL. ERR_UNAVAILABLE with git's last
 * words when it failed, masked.
 */
MUST_CHECK int work_git_fetch(struct work *w, const char *const *refspecs, struct err **err);
/* Where a mirror's branches come from; NULL: the repository is its own. Lives as long as w. */
const struct source_upstream *work_upstream(struct work *w);

#endif
