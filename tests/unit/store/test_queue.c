/*
 * Protects: a request is never lost and never worked on by two: replacement, order within a
 * subject, claims that only their owner ends, retries, and what a killed daemon leaves behind.
 */
#include "store_test.h"

#include "base/child.h"
#include "base/lock.h"
#include "store/queue.h"

#include <sys/wait.h>

static void open_store(struct fixture *f)
{
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
}

static int64_t ask(
	struct fixture *f, enum queue_kind kind, const char *subject, const char *part, int64_t now)
{
	const struct queue_request request = {
		.kind = kind,
		.subject = subject,
		.part = part,
		.payload_json = part ? "{\"n\":1}" : NULL,
		.actor = "github:alice",
	};
	int64_t id;
	ok(f, store_queue_add(f->store, &request, now, &id, &f->err));
	return id;
}

static struct queue_row *claim(struct fixture *f, int64_t now)
{
	struct queue_row *row;
	ok(f, store_queue_claim(f->store, now, 0, &f->arena, &row, &f->err));
	return row;
}

static struct queue_row *get(struct fixture *f, int64_t id)
{
	struct queue_row *row;
	ok(f, store_queue_get(f->store, id, &f->arena, &row, &f->err));
	return row;
}

static void ask_knowing(struct fixture *f, const char *payload, int64_t now)
{
	const struct queue_request request = {.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.payload_json = payload,
		.actor = "os:trueup"};
	int64_t id;
	ok(f, store_queue_add(f->store, &request, now, &id, &f->err));
}

/* Whoever asks anew does not know what the one before had to say. */
static void what_a_request_knows_is_not_lost_with_it(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	ask_knowing(f, "{\"a\":1}", 100);
	ask_knowing(f, NULL, 110);
	const struct queue_row *running = claim(f, 120);
	assert_string_equal(running->payload_json, "{\"a\":1}");
	/* It may be interrupted for the newer one, which then stands for both. */
	ask_knowing(f, "{\"b\":2}", 130);
	ask_knowing(f, "{\"a\":3}", 140);
	bool recorded;
	ok(f, store_queue_release(f->store, running->id, running->claim, 150, &recorded, &f->err));
	running = claim(f, 160);
	assert_string_equal(running->payload_json, "{\"a\":3,\"b\":2}");
	ok(f, store_queue_finish(f->store, running->id, running->claim, &recorded, &f->err));
	ask_knowing(f, NULL, 170);
	assert_string_equal(claim(f, 180)->payload_json, "{}");
}

static void takes_a_request_through_its_life(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	assert_null(claim(f, 100));
	const int64_t id = ask(f, QUEUE_PULL, "pull/7", "x", 100);
	const struct queue_row *row = get(f, id);
	assert_int_equal(row->state, QUEUE_QUEUED);
	assert_int_equal(row->asked_at, 100);
	assert_int_equal(row->not_before, 100);
	row = claim(f, 110);
	assert_int_equal(row->id, id);
	assert_int_equal(row->kind, QUEUE_PULL);
	assert_string_equal(row->subject, "pull/7");
	assert_string_equal(row->payload_json, "{\"n\":1}");
	assert_string_equal(row->actor, "github:alice");
	assert_int_equal(row->attempts, 1);
	assert_int_equal(row->state, QUEUE_RUNNING);
	assert_null(claim(f, 120));
	ok(f, store_queue_started(f->store, id, row->claim, 42, 4242, &f->err));
	fails(f, store_queue_started(f->store, id, row->claim, 43, 1, &f->err), ERR_CONFLICT,
		"no longer");
	assert_int_equal(get(f, id)->pid, 42);
	bool recorded;
	ok(f, store_queue_finish(f->store, id, row->claim + 1, &recorded, &f->err));
	assert_false(recorded);
	ok(f, store_queue_finish(f->store, id, row->claim, &recorded, &f->err));
	assert_true(recorded);
	assert_null(get(f, id));
}

static void newest_replaces_what_is_queued(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	const int64_t first = ask(f, QUEUE_RECONCILE, QUEUE_BRANCH, NULL, 100);
	ask(f, QUEUE_PULL, "pull/1", NULL, 101);
	/* It keeps its place, and waits no longer than the shorter of the two. */
	struct queue_request later = {.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.payload_json = "{\"new\":1}",
		.actor = "git:bob",
		.not_before = 900};
	int64_t id;
	ok(f, store_queue_add(f->store, &later, 102, &id, &f->err));
	assert_int_equal(id, first);
	const struct queue_row *row = claim(f, 200);
	assert_int_equal(row->id, first);
	assert_string_equal(row->payload_json, "{\"new\":1}");
	assert_string_equal(row->actor, "git:bob");
	/* While it runs a newer one waits for it and marks it outdated. */
	assert_false(get(f, first)->outdated);
	later.not_before = 0;
	ok(f, store_queue_add(f->store, &later, 210, &id, &f->err));
	assert_int_not_equal(id, first);
	assert_true(get(f, first)->outdated);
	assert_string_equal(claim(f, 220)->subject, "pull/1");
	assert_null(claim(f, 220));
	struct queue_counts counts;
	ok(f, store_queue_counts(f->store, &counts, &f->err));
	assert_int_equal(counts.queued, 1);
	assert_int_equal(counts.running, 2);
	assert_int_equal(counts.dead, 0);
	/* Given up for the newer one, it is gone and not queued twice. */
	bool recorded;
	ok(f, store_queue_release(f->store, first, row->claim, 230, &recorded, &f->err));
	assert_true(recorded);
	assert_null(get(f, first));
	assert_int_equal(claim(f, 240)->id, id);
}

static void a_reminder_changes_nothing_but_the_time(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	struct queue_request request = {.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.payload_json = "{\"a\":1}",
		.actor = "git:bob",
		.not_before = 500};
	int64_t first, id;
	ok(f, store_queue_add(f->store, &request, 100, &first, &f->err));
	struct queue_request reminder = {.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.actor = "trueup",
		.not_before = 300,
		.reminder = true};
	ok(f, store_queue_add(f->store, &reminder, 110, &id, &f->err));
	assert_int_equal(id, first);
	assert_string_equal(get(f, id)->actor, "git:bob");
	assert_string_equal(get(f, id)->payload_json, "{\"a\":1}");
	assert_int_equal(get(f, id)->not_before, 300);
	reminder.not_before = 900;
	ok(f, store_queue_add(f->store, &reminder, 120, &id, &f->err));
	assert_int_equal(get(f, id)->not_before, 300);
	/* What runs is not outdated by it; the reminder waits on its own. */
	assert_int_equal(claim(f, 300)->id, first);
	ok(f, store_queue_add(f->store, &reminder, 310, &id, &f->err));
	assert_int_not_equal(id, first);
	assert_false(get(f, first)->outdated);
	assert_int_equal(get(f, id)->not_before, 900);
}

static int64_t ask_about(struct fixture *f, const char *about, int64_t now)
{
	const struct queue_request request = {.kind = QUEUE_PULL,
		.subject = "pull/7",
		.payload_json = "{\"n\":1}",
		.actor = "github:alice",
		.about = about};
	int64_t id;
	ok(f, store_queue_add(f->store, &request, now, &id, &f->err));
	return id;
}

/* Who looks again and again finds the same: it waits its time, and what was given up stays so. */
static void what_is_about_the_same_changes_nothing(void **state)
{
	struct fixture *f = *state;
	bool recorded;
	open_store(f);
	const int64_t id = ask_about(f, "abc", 100);
	const struct queue_row *row = claim(f, 110);
	assert_int_equal(ask_about(f, "abc", 120), id);
	assert_false(get(f, id)->outdated);
	struct queue_failure failure = {
		.id = id, .claim = row->claim, .error = "no", .not_before = 900, .now = 130};
	ok(f, store_queue_retry(f->store, &failure, &recorded, &f->err));
	assert_int_equal(ask_about(f, "abc", 140), id);
	assert_int_equal(get(f, id)->not_before, 900);
	assert_int_equal(get(f, id)->attempts, 1);
	row = claim(f, 900);
	failure.claim = row->claim;
	ok(f, store_queue_dead(f->store, &failure, &recorded, &f->err));
	assert_int_equal(ask_about(f, "abc", 910), id);
	assert_int_equal(get(f, id)->state, QUEUE_DEAD);
	/* Something else, and somebody who means it, count. */
	const int64_t other = ask_about(f, "def", 920);
	assert_null(get(f, id));
	row = claim(f, 930);
	assert_int_equal(row->attempts, 1);
	assert_string_equal(row->payload_json, "{\"n\":1,\"about\":\"def\"}");
	assert_int_not_equal(ask_about(f, NULL, 940), other);
	assert_true(get(f, other)->outdated);
}

static void parts_do_not_replace_each_other(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	const int64_t a = ask(f, QUEUE_COMMAND, "pull/1", "c1", 100);
	const int64_t b = ask(f, QUEUE_COMMAND, "pull/1", "c2", 101);
	ask(f, QUEUE_COMMAND, "pull/2", "c3", 102);
	assert_int_not_equal(a, b);
	/* In the order of their subject, while another subject goes ahead. */
	const struct queue_row *row = claim(f, 200);
	assert_int_equal(row->id, a);
	assert_string_equal(claim(f, 200)->subject, "pull/2");
	assert_null(claim(f, 200));
	assert_false(get(f, a)->outdated);
	bool recorded;
	ok(f, store_queue_finish(f->store, a, row->claim, &recorded, &f->err));
	assert_int_equal(claim(f, 200)->id, b);
}

static void retries_later_and_gives_up(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	const int64_t id = ask(f, QUEUE_DRIFT, QUEUE_BRANCH, NULL, 100);
	struct queue_failure failure = {
		.id = id, .error = "no network", .not_before = 500, .now = 150};
	failure.claim = claim(f, 110)->claim;
	bool recorded;
	ok(f, store_queue_retry(f->store, &failure, &recorded, &f->err));
	assert_true(recorded);
	assert_string_equal(get(f, id)->error, "no network");
	assert_null(claim(f, 499));
	int64_t at;
	ok(f, store_queue_next_at(f->store, &at, &f->err));
	assert_int_equal(at, 500);
	const struct queue_row *row = claim(f, 500);
	assert_int_equal(row->attempts, 2);
	ok(f, store_queue_next_at(f->store, &at, &f->err));
	assert_int_equal(at, 0);
	/* The old claim ends nothing. */
	ok(f, store_queue_dead(f->store, &failure, &recorded, &f->err));
	assert_false(recorded);
	failure.claim = row->claim;
	ok(f, store_queue_dead(f->store, &failure, &recorded, &f->err));
	assert_true(recorded);
	assert_int_equal(get(f, id)->state, QUEUE_DEAD);
	assert_null(claim(f, 10000));
	/* Asked for again, it starts anew. */
	const int64_t again = ask(f, QUEUE_DRIFT, QUEUE_BRANCH, NULL, 600);
	assert_null(get(f, id));
	assert_int_equal(claim(f, 600)->id, again);
	assert_int_equal(get(f, again)->attempts, 1);
}

static void claims_only_the_wanted_kinds(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	ask(f, QUEUE_RECONCILE, QUEUE_BRANCH, NULL, 100);
	const int64_t pull = ask(f, QUEUE_PULL, "pull/3", NULL, 101);
	struct queue_row *row;
	ok(f, store_queue_claim(f->store, 200, 1U << QUEUE_PULL | 1U << QUEUE_COMMAND, &f->arena,
		      &row, &f->err));
	assert_int_equal(row->id, pull);
	ok(f, store_queue_claim(f->store, 200, 1U << QUEUE_FETCH, &f->arena, &row, &f->err));
	assert_null(row);
}

static void remembers_deliveries_and_forgets_old_ones(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	bool first;
	ok(f, store_queue_deliver_once(f->store, "d-1", 100, &first, &f->err));
	assert_true(first);
	ok(f, store_queue_deliver_once(f->store, "d-1", 101, &first, &f->err));
	assert_false(first);
	ok(f, store_begin(f->store, &f->err));
	for (int i = 0; i < QUEUE_DELIVERIES_KEPT; i++) {
		char id[32];
		(void)snprintf(id, sizeof id, "n-%d", i);
		ok(f, store_queue_deliver_once(f->store, id, 200 + i, &first, &f->err));
		assert_true(first);
	}
	ok(f, store_commit(f->store, &f->err));
	ok(f, store_queue_deliver_once(f->store, "n-1", 99999, &first, &f->err));
	assert_false(first);
	ok(f, store_queue_deliver_once(f->store, "d-1", 99999, &first, &f->err));
	assert_true(first); /* the oldest was forgotten: there are only so many */
}

/* A process claims, says that it works, and is killed. */
static pid_t killed_worker(struct fixture *f, int64_t id, int64_t claim_number)
{
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *store = NULL;
		struct err *err = NULL;
		if (store_open(f->dir, 0, &store, &err) < 0 ||
			store_queue_started(store, id, claim_number, getpid(),
				process_start_time(getpid()), &err) < 0)
			_exit(1);
		(void)raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return pid;
}

static void puts_back_what_dead_workers_had(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	const int64_t killed = ask(f, QUEUE_PULL, "pull/1", NULL, 100);
	const int64_t unstarted = ask(f, QUEUE_PULL, "pull/2", NULL, 101);
	const int64_t alive = ask(f, QUEUE_PULL, "pull/3", NULL, 102);
	const int64_t old_claim = claim(f, 200)->claim;
	claim(f, 200);
	const struct queue_row *row = claim(f, 200);
	ok(f, store_queue_started(f->store, alive, row->claim, getpid(),
		      process_start_time(getpid()), &f->err));
	killed_worker(f, killed, old_claim);
	struct queue_rows rows;
	ok(f, store_queue_recover(f->store, 300, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.items[0].id, alive);
	assert_int_equal(get(f, killed)->state, QUEUE_QUEUED);
	assert_int_equal(get(f, killed)->attempts, 0);
	assert_int_equal(get(f, unstarted)->state, QUEUE_QUEUED);
	assert_int_equal(get(f, alive)->state, QUEUE_RUNNING);
	/* A worker of the old claim that comes late does nothing. */
	row = claim(f, 310);
	assert_int_equal(row->id, killed);
	assert_int_not_equal(row->claim, old_claim);
	fails(f, store_queue_started(f->store, killed, old_claim, 1, 1, &f->err), ERR_CONFLICT,
		"no longer");
}

static void one_of_two_claimers_gets_it(void **state)
{
	struct fixture *f = *state;
	open_store(f);
	enum { REQUESTS = 40, CLAIMERS = 4 };
	for (int i = 0; i < REQUESTS; i++) {
		char subject[32];
		(void)snprintf(subject, sizeof subject, "pull/%d", i);
		ask(f, QUEUE_PULL, subject, NULL, 100);
	}
	store_close(&f->store);
	pid_t pids[CLAIMERS];
	for (int c = 0; c < CLAIMERS; c++) {
		pids[c] = fork();
		assert_true(pids[c] >= 0);
		if (pids[c])
			continue;
		struct store *store = NULL;
		struct err *err = NULL;
		struct arena arena = {0};
		struct queue_row *row;
		int count = 0;
		if (store_open(f->dir, 0, &store, &err) < 0)
			_exit(255);
		while (store_queue_claim(store, 200, 0, &arena, &row, &err) == 0 && row)
			count++;
		store_close(&store);
		arena_release(&arena);
		_exit(err ? 255 : count);
	}
	int total = 0;
	for (int c = 0; c < CLAIMERS; c++) {
		int status;
		assert_int_equal(waitpid(pids[c], &status, 0), pids[c]);
		assert_true(WIFEXITED(status));
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, REQUESTS);
}

static void says_what_it_is(void **state)
{
	static const struct {
		struct queue_row row;
		const char *text;
	} cases[] = {
		{{.kind = QUEUE_FETCH, .subject = "fetch", .part = ""}, "fetch"},
		{{.kind = QUEUE_PULL, .subject = "pull/9", .part = ""}, "preview of pull/9"},
		{{.kind = QUEUE_PULL, .subject = QUEUE_PLANS, .part = "pull/9"}, "plan of pull/9"},
		{{.kind = QUEUE_COMMAND, .subject = "pull/9", .part = "77"}, "command of pull/9"},
		{{.kind = QUEUE_RECONCILE, .subject = QUEUE_BRANCH, .part = ""},
			"reconcile of branch"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STR text = STR_INIT;
		queue_describe(&cases[i].row, &text);
		assert_string_equal(text.data, cases[i].text);
	}
}

static void knows_whether_a_daemon_serves(void **state)
{
	struct fixture *f = *state;
	bool served;
	ok(f, queue_has_daemon(f->dir, &served, &f->err));
	assert_false(served);
	char path[128];
	(void)snprintf(path, sizeof path, "%s/" QUEUE_DAEMON_LOCK, f->dir);
	AUTO_LOCK lock = LOCK_NONE;
	ok(f, lock_take(path, "test", 0, &lock, &f->err));
	/* The holder's own question is answered from another open file description. */
	ok(f, queue_has_daemon(f->dir, &served, &f->err));
	assert_true(served);
	ok(f, queue_wake(f->dir, &f->err));
	(void)snprintf(path, sizeof path, "%s/" QUEUE_WAKE, f->dir);
	assert_true(fs_exists(path));
	fails(f, queue_wake("/nonexistent/state", &f->err), ERR_NOT_FOUND, "wake");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(what_a_request_knows_is_not_lost_with_it),
		store_test(takes_a_request_through_its_life),
		store_test(newest_replaces_what_is_queued),
		store_test(a_reminder_changes_nothing_but_the_time),
		store_test(what_is_about_the_same_changes_nothing),
		store_test(parts_do_not_replace_each_other),
		store_test(retries_later_and_gives_up),
		store_test(claims_only_the_wanted_kinds),
		store_test(remembers_deliveries_and_forgets_old_ones),
		store_test(puts_back_what_dead_workers_had),
		store_test(one_of_two_claimers_gets_it),
		store_test(says_what_it_is),
		store_test(knows_whether_a_daemon_serves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
