/*
 * When Runs with a schedule are due, and what becomes of a due time. The store holds for each
 * scheduled Run the next time that nobody took yet; a reconcile takes it in the transaction that
 * records the intention to run, so that it is taken once however many look at it.
 *
 * Whoever sleeps until something is due (the daemon) asks schedule_next() when to wake, and then
 * reconciles. All times are wall-clock milliseconds.
 */
#ifndef TRUEUP_RECONCILE_SCHEDULE_H
#define TRUEUP_RECONCILE_SCHEDULE_H

#include "spec/run.h"
#include "store/objects.h"
#include "store/runs.h"

struct err;
struct zone;

/*
 * The soonest due time after `after` of any Run; 0: none. With after 0 it may lie in the past: a
 * time is in the store until its run begins, and that may wait for an approval or a resume. Who
 * has just reconciled asks for what comes after that, and so never turns in a circle.
 */
MUST_CHECK int schedule_next(
	struct store *store, int64_t after, int64_t *ret_next, struct err **err);
/* Keys of the objects ("run/backup") with a due time <= now, soonest first; in arena. */
MUST_CHECK int schedule_due(struct store *store, int64_t now, struct arena *arena,
	struct store_keys *ret, struct err **err);

/* A due time that came this much ago, and that nobody took, was missed. */
enum { SCHEDULE_MISSED_MS = 10 * 60 * 1000 };

enum schedule_verdict {
	SCHEDULE_NOT_DUE,
	SCHEDULE_DUE, /* run it now */
	SCHEDULE_LEFT_OUT, /* take the time, run nothing: see reason */
};

/* What is known of one scheduled Run. */
struct schedule_facts {
	const struct run_spec *run;
	const struct zone *zone;
	int64_t next_at; /* the first time that nobody took; 0: never */
	int64_t begun_at, ended_at; /* of the run before; 0: there was none */
	int64_t now;
};

struct schedule_answer {
	enum schedule_verdict verdict;
	/* The latest time that came: what is run, or left out, counts for it and all before it. */
	int64_t due_at;
	int64_t next_at; /* the first time after now; 0: never */
	const char *reason; /* static text */
};

/*
 * Judges by the policies for overlap and for missed times. Pure. However many times came, one run
 * makes up for them.
 */
struct schedule_answer schedule_judge(const struct schedule_facts *facts);

/* What a recorded time was computed from: "30 2 * * sun Europe/Berlin". NULL without a schedule. */
const char *schedule_definition(const struct run_spec *run, struct arena *arena);
/* The first due time after `after`; 0: never. ERR_UNAVAILABLE, ERR_INVALID: see zone_open(). */
MUST_CHECK int schedule_first(
	const struct run_spec *run, int64_t after, int64_t *ret, struct err **err);

#endif
