/*
 * Protects: the statuses of the branch's commit at a forge. They are pending while something is
 * done, say what came of it, and for what it waits; a process that dies anywhere, an approval
 * between two runs or a newer commit leaves none that stays pending; without a forge there are
 * none.
 */
#include "run_test.h"

#include "reconcile/actions.h"
#include "report/outbox.h"
#include "store/outbox.h"
#include "store/told.h"

#define MANUAL "  approval: {mode: manual, min: 1, notSelf: false}\n"

static const char *commit_of(struct fixture *f, const char *rev)
{
	AUTO_FREE char *script = xasprintf("git -C repo rev-parse %s >commit", rev);
	sh(f, script);
	const char *text = get(f, "commit");
	return arena_memdup(&f->arena, text, strlen(text) - 1);
}

static const struct outbox_row *wish(struct fixture *f, const char *commit, const char *context)
{
	struct outbox_row *row = NULL;
	const struct outbox_row like = {.channel = OUTBOX_FORGE,
		.target = "r",
		.key = arena_printf(&f->arena, "status/%s/%s", commit, context)};
	ok(f, store_outbox_get(f->session.store, &like, &f->arena, &row, &f->err));
	return row;
}

/* "STATE DESCRIPTION"; "" when there is none. */
static const char *status_at(struct fixture *f, const char *commit, const char *context)
{
	const struct outbox_row *row = wish(f, commit, context);
	char description[400] = "", state[40] = "";
	if (!row)
		return "";
	const char *d = strstr(row->payload, "\"description\":\"");
	const char *s = strstr(row->payload, "\"state\":\"");
	assert_true(d && s);
	(void)sscanf(d + strlen("\"description\":\""), "%399[^\"]", description);
	(void)sscanf(s + strlen("\"state\":\""), "%39[^\"]", state);
	return arena_printf(&f->arena, "%s %s", state, description);
}

static const char *status(struct fixture *f, const char *context)
{
	return status_at(f, commit_of(f, "HEAD"), context);
}

#define says(f, context, text) assert_string_equal(status((f), (context)), (text))

static void with_forge(struct fixture *f)
{
	f->options.statuses = "r";
}

/* --- what is seen while it goes on ------------------------------------------------------------ */

static const char *head; /* git is not asked in the middle of a run */

static void while_planning_and_applying(void *data, const struct run_event *event)
{
	struct fixture *f = data;
	if (event->kind == RUN_PLANNING) {
		assert_string_equal(status_at(f, head, "trueup/plan"), "pending planning 1 of 2");
		assert_string_equal(
			status_at(f, head, "trueup/apply"), "pending waits for the plans");
		assert_string_equal(status_at(f, head, "trueup/plan: canvas/shop"),
			"pending create, +7, planning");
		f->asked |= 0x100;
	}
	if (event->kind == RUN_APPLIED && str_eq(event->object->key, "canvas/shop")) {
		assert_string_equal(status_at(f, head, "trueup/plan"), "success 2 objects planned");
		assert_string_equal(
			status_at(f, head, "trueup/apply"), "pending applying, 1 of 2 done");
		assert_string_equal(status_at(f, head, "trueup/plan: canvas/shop"),
			"pending create, +1, applying");
		f->asked |= 0x200;
	}
}

static void pending_while_it_works_and_then_the_end(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	put_canvas(f, "shop", "");
	commit(f);
	head = commit_of(f, "HEAD");
	f->options.listener = while_planning_and_applying;
	reconcile(f, 0);
	assert_int_equal(f->asked & 0x300, 0x300);
	says(f, "trueup/validate", "success 2 specs are valid");
	says(f, "trueup/plan", "success 2 objects planned");
	says(f, "trueup/apply", "success 2 applied");
	says(f, "trueup/plan: canvas/shop", "success create, +1, applied");
	says(f, "trueup/plan: role/web", "success create, recorded");
	/* A commit that touches nothing has its answer too. */
	f->options.listener = NULL;
	commit(f);
	reconcile(f, 0);
	says(f, "trueup/validate", "success 2 specs are valid");
	says(f, "trueup/plan", "success nothing would change");
	says(f, "trueup/apply", "success nothing to apply");
	says(f, "trueup/plan: canvas/shop", "");
}

/* --- waiting, failing --------------------------------------------------------------------------
 */

static void a_waiting_approval_is_pending_and_says_for_what(void **state)
{
	struct fixture *f = *state;
	struct decided decided;
	with_forge(f);
	put_canvas(f, "shop", MANUAL);
	commit(f);
	reconcile(f, 4);
	says(f, "trueup/plan", "success 2 objects planned");
	says(f, "trueup/apply", "pending 1 waiting: canvas/shop: 1 approval needed");
	says(f, "trueup/plan: canvas/shop", "pending create, +1, waiting: 1 approval needed");
	/* Looked at again, nothing is said anew. */
	const int64_t version = wish(f, commit_of(f, "HEAD"), "trueup/apply")->version;
	reconcile(f, 4);
	assert_int_equal(wish(f, commit_of(f, "HEAD"), "trueup/apply")->version, version);
	ok(f, action_decide(&f->session, "canvas/shop", true, NULL, &f->arena, &decided, &f->err));
	/* By somebody at a terminal, who does not know of the forge. */
	f->options.statuses = NULL;
	reconcile(f, 0);
	says(f, "trueup/apply", "success 2 applied");
	says(f, "trueup/plan: canvas/shop", "success create, +1, applied");
}

static void what_failed_does_not_blink(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	put(f, "cloud/shop.fail", "it is full");
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 1);
	says(f, "trueup/plan", "failure 1 failed: canvas/shop: it is full");
	says(f, "trueup/apply", "failure 1 failed: canvas/shop: it is full");
	assert_true(str_starts(status(f, "trueup/plan: canvas/shop"), "failure create, "));
	const int64_t version = wish(f, commit_of(f, "HEAD"), "trueup/apply")->version;
	reconcile(f, 1);
	assert_int_equal(wish(f, commit_of(f, "HEAD"), "trueup/apply")->version, version);
	sh(f, "rm cloud/shop.fail");
	reconcile(f, 0);
	says(f, "trueup/plan", "success 2 objects planned");
	says(f, "trueup/apply", "success 2 applied");
}

static void an_invalid_commit_fails(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	put_canvas(f, "shop", "  nonsense: 1\n");
	commit(f);
	reconcile(f, 3);
	assert_true(str_starts(status(f, "trueup/validate"), "failure 1 error: canvases/"));
	says(f, "trueup/plan", "failure the specs are not valid");
	says(f, "trueup/apply", "failure the specs are not valid");
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	says(f, "trueup/apply", "success 2 applied");
}

static void a_commit_that_is_refused_as_a_whole_fails(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	sh(f, "rm repo/canvases/shop.yaml");
	commit(f);
	fails(f, run_again(f), ERR_DENIED, "would be destroyed");
	assert_true(str_starts(status(f, "trueup/plan"), "failure the revision has no canvas"));
	assert_true(str_starts(status(f, "trueup/apply"), "failure the revision has no canvas"));
	f->options.allow_empty = true;
	reconcile(f, 0);
	says(f, "trueup/validate", "success 1 spec is valid");
	says(f, "trueup/plan", "success 1 object planned");
	says(f, "trueup/plan: canvas/shop",
		"success destroy, \xe2\x88\x92"
		"1, applied");
}

static void a_run_by_name_tells_what_it_changed_of_the_commit(void **state)
{
	struct fixture *f = *state;
	const char *const shop[] = {"canvas/shop", NULL};
	with_forge(f);
	f->answer = -1;
	put_canvas(f, "shop", "");
	put_canvas(f, "news", "");
	commit(f);
	reconcile(f, 4);
	says(f, "trueup/apply", "pending 2 waiting: canvas/news: its plan waits for a yes");
	f->options.targets = shop;
	f->answer = 1;
	reconcile(f, 0);
	says(f, "trueup/plan: canvas/shop", "success create, +1, applied");
	says(f, "trueup/apply", "pending 1 waiting: canvas/news: its plan waits for a yes");
	f->options.targets = NULL;
	reconcile(f, 0);
	says(f, "trueup/apply", "success 3 applied");
}

/* --- a newer commit ----------------------------------------------------------------------------
 */

static void an_older_commit_does_not_stay_pending(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	f->answer = -1;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 4);
	const char *old = commit_of(f, "HEAD");
	put_canvas(f, "news", "");
	commit(f);
	f->answer = 1;
	reconcile(f, 0);
	const char *ended =
		arena_printf(&f->arena, "cancelled superseded by %.7s", commit_of(f, "HEAD"));
	assert_string_equal(status_at(f, old, "trueup/apply"), ended);
	assert_string_equal(status_at(f, old, "trueup/plan: canvas/shop"), ended);
	/* What came to its end stays. */
	assert_string_equal(status_at(f, old, "trueup/plan"), "success 2 objects planned");
	says(f, "trueup/plan: canvas/shop", "success create, +1, applied");
	says(f, "trueup/apply", "success 2 applied");
}

/* Died when all was done and not said yet, and then the branch went on. */
static void an_older_commit_that_is_done_is_not_superseded(void **state)
{
	struct fixture *f = *state;
	const struct forge_status pending = {"trueup/apply", FORGE_PENDING, "applying", NULL};
	with_forge(f);
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	const char *old = commit_of(f, "HEAD");
	ok(f, store_told_progress(f->session.store, TOLD_WORKING, &f->err));
	ok(f, outbox_put_status(f->session.store, "r", old, &pending, 1, &f->err));
	commit(f);
	reconcile(f, 0);
	assert_string_equal(status_at(f, old, "trueup/apply"), "success 2 applied");
	says(f, "trueup/apply", "success nothing to apply");
}

/* --- dying -------------------------------------------------------------------------------------
 */

static enum run_event_kind dies_at;

static void die(void *data, const struct run_event *event)
{
	(void)data;
	if (event->kind == dies_at && (!event->object || event->object->kind == KIND_CANVAS))
		_exit(42);
}

static void reconcile_and_die(struct fixture *f, enum run_event_kind at)
{
	int got;
	session_end(f); /* a store is not used on both sides of a fork */
	const pid_t pid = fork();
	if (pid == 0) {
		dies_at = at;
		f->options.listener = die;
		(void)run_again(f);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &got, 0), pid);
	assert_true(WIFEXITED(got) && WEXITSTATUS(got) == 42);
}

static void whoever_comes_after_a_crash_tells_the_whole(void **state)
{
	struct fixture *f = *state;
	static const enum run_event_kind kinds[] = {
		RUN_LOADED, RUN_PLANNING, RUN_PLANNED, RUN_APPLIED};
	with_forge(f);
	f->options.parallel = 1;
	put_canvas(f, "shop", "");
	put_canvas(f, "news", "");
	commit(f);
	reconcile(f, 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO_FREE char *tag = xasprintf("tag %zu", i);
		put_bucket(f, "shop", "", tag);
		put_bucket(f, "news", "", tag);
		AUTO_FREE char *role = xasprintf("sed -i '/description/d; s/spec:/&\\n"
						 "  description: x%zu/' repo/roles/web.yaml",
			i);
		sh(f, role);
		commit(f);
		reconcile_and_die(f, kinds[i]);
		reconcile(f, 0);
		says(f, "trueup/plan", "success 3 objects planned");
		says(f, "trueup/apply", "success 3 applied");
		says(f, "trueup/plan: canvas/shop", "success update, ~1, applied");
		says(f, "trueup/plan: canvas/news", "success update, ~1, applied");
		says(f, "trueup/plan: role/web", "success update, recorded");
	}
}

/* --- none --------------------------------------------------------------------------------------
 */

static size_t wishes(struct fixture *f)
{
	struct outbox_rows rows;
	ok(f, store_outbox_list(f->session.store, OUTBOX_DUE, 1000, &f->arena, &rows, &f->err));
	return rows.count;
}

static void without_a_forge_there_is_none(void **state)
{
	struct fixture *f = *state;
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(wishes(f), 0);
	with_forge(f);
	put_canvas(f, "news", "");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(wishes(f), 4);
	/* Another branch is the business of its pull request. */
	sh(f, "git -C repo switch -qc topic");
	put_canvas(f, "more", "");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(wishes(f), 4);
	put_canvas(f, "more", "  nonsense: 1\n");
	commit(f);
	reconcile(f, 3);
	assert_int_equal(wishes(f), 4);
	/* The forge is gone from the server's file. */
	sh(f, "git -C repo switch -q main");
	f->options.statuses = "";
	put_canvas(f, "less", "");
	commit(f);
	reconcile(f, 0);
	f->options.statuses = NULL;
	put_canvas(f, "least", "");
	commit(f);
	reconcile(f, 0);
	assert_int_equal(wishes(f), 4);
}

static void many_objects_are_an_aggregate(void **state)
{
	struct fixture *f = *state;
	with_forge(f);
	f->options.parallel = 8;
	for (int i = 0; i < 20; i++) {
		AUTO_FREE char *name = xasprintf("c%d", i);
		put_canvas(f, name, "");
	}
	commit(f);
	reconcile(f, 0);
	says(f, "trueup/apply", "success 21 applied");
	assert_int_equal(wishes(f), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(pending_while_it_works_and_then_the_end),
		pipeline_test(a_waiting_approval_is_pending_and_says_for_what),
		pipeline_test(what_failed_does_not_blink),
		pipeline_test(an_invalid_commit_fails),
		pipeline_test(a_commit_that_is_refused_as_a_whole_fails),
		pipeline_test(a_run_by_name_tells_what_it_changed_of_the_commit),
		pipeline_test(an_older_commit_does_not_stay_pending),
		pipeline_test(an_older_commit_that_is_done_is_not_superseded),
		pipeline_test(whoever_comes_after_a_crash_tells_the_whole),
		pipeline_test(without_a_forge_there_is_none),
		pipeline_test(many_objects_are_an_aggregate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
