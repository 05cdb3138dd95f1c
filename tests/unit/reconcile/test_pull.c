/*
 * Protects: what a comment may bring about and who may ask for it; that nothing is applied which
 * was not shown, reviewed and asked for; what is said of it; and that a newer head wins.
 */
#include "run_test.h"

#include "reconcile/pull.h"
#include "report/forge.h"
#include "report/forge_request.h"
#include "report/outbox.h"
#include "store/outbox.h"

#include <stdlib.h>

/* --- a forge that answers what the test says ----------------------------------------------------
 */

static struct {
	const char *permission; /* of everybody but mallory, who may read */
	const char *reviews; /* JSON list */
	const char *head; /* of pull request 12 */
	int behind;
	bool down;
} hub;

static int perform(
	void *data, const struct http_request *request, struct http_response *ret, struct err **err)
{
	(void)data;
	if (hub.down)
		return err_set(err, ERR_UNAVAILABLE, "the forge is down");
	*ret = (struct http_response)HTTP_RESPONSE_INIT;
	ret->status = 200;
	if (strstr(request->url, "/permission"))
		str_addf(&ret->body, "{\"permission\":\"%s\"}",
			strstr(request->url, "/mallory/") ? "read" : hub.permission);
	else if (strstr(request->url, "/reviews"))
		str_addf(&ret->body, "%s", strstr(request->url, "page=2") ? "[]" : hub.reviews);
	else if (strstr(request->url, "/compare/"))
		str_addf(&ret->body, "{\"behind_by\":%d}", hub.behind);
	else if (strstr(request->url, "/pulls/12"))
		str_addf(&ret->body,
			"{\"number\":12,\"state\":\"open\",\"mergeable\":true,\"user\":{\"login\":"
			"\"alice\"},\"head\":{\"sha\":\"%s\",\"repo\":{\"full_name\":\"o/r\"}},"
			"\"base\":{\"ref\":\"main\",\"repo\":{\"full_name\":\"o/r\"}}}",
			hub.head);
	else
		ret->status = 404;
	return 0;
}

static int64_t wall(void *data)
{
	(void)data;
	return 1000;
}

static const struct forge_transport transport = {perform, wall, NULL};

/* --- a pull request
 * -------------------------------------------------------------------------------- */

struct test {
	struct fixture *f;
	char *repo, *state;
	struct forge *forge;
	struct pull_work work;
	struct pull_result result;
	int comments; /* made so far: each has an id of its own */
};

/* Leaves the session of the fixture closed: what is tested opens its own. */
static void open_test(struct test *t, struct fixture *f, const char *config)
{
	static const struct forge_config forge = {.kind = FORGE_GITHUB,
		.repository = "o/r",
		.token = "token",
		.transport = &transport};
	AUTO_FREE char *text =
		xasprintf("apiVersion: trueup/v1\nkind: Config\nspec: {%s}\n", config);
	*t = (struct test){
		.f = f, .repo = path_join(f->dir, "repo"), .state = path_join(f->dir, "state")};
	put(f, "repo/trueup.yaml", text);
	put_canvas(f, "shop", "");
	commit(f);
	reconcile(f, 0);
	session_end(f);
	ok(f, forge_open(&forge, &t->forge, &f->err));
	t->work = (struct pull_work){.dir = t->repo,
		.state_dir = t->state,
		.lock_wait_ms = 1000,
		.forge = t->forge,
		.target = "r",
		.engine = &fake_engine};
	hub.permission = "write";
	hub.reviews = "[{\"user\":{\"login\":\"bob\"},\"state\":\"APPROVED\"}]";
	hub.behind = 0;
	hub.down = false;
	engine_log(f);
}

static void close_test(struct test *t)
{
	forge_close(&t->forge);
	free(t->repo);
	free(t->state);
}

static const char *head_of(struct test *t, const char *branch)
{
	AUTO_FREE char *script = xasprintf("git -C repo rev-parse %s >head", branch);
	sh(t->f, script);
	const char *text = get(t->f, "head");
	return arena_memdup(&t->f->arena, text, strlen(text) - 1);
}

static struct pull_row facts(struct test *t, const char *branch)
{
	return (struct pull_row){.number = 12,
		.author = "github:alice",
		.head_sha = hub.head = head_of(t, branch),
		.base_branch = "main"};
}

static void note(struct test *t, const struct pull_row *row)
{
	bool changed;
	ok(t->f, pull_note(&t->work, row, &changed, &t->f->arena, &t->result, &t->f->err));
}

/* A branch with another tag in the canvas, as pull request 12. */
static void push(struct test *t, const char *branch)
{
	AUTO_FREE char *there = xasprintf("git -C repo switch -qc %s main", branch);
	sh(t->f, there);
	AUTO_FREE char *tag = xasprintf("of %s", branch);
	put_bucket(t->f, "shop", "", tag);
	commit(t->f);
	sh(t->f, "git -C repo switch -q main");
	const struct pull_row row = facts(t, branch);
	note(t, &row);
}

static void refresh(struct test *t)
{
	ok(t->f, pull_refresh(&t->work, 12, &t->f->arena, &t->result, &t->f->err));
}

/* Markdown with its entities put back, which keep names from being mentioned. */
static const char *plain(struct test *t, const char *text)
{
	AUTO_STR out = STR_INIT;
	for (; *text; text++) {
		int code = 0, len = 0;
		if (sscanf(text, "&#%d;%n", &code, &len) == 1 && len) {
			str_addc(&out, (char)code);
			text += len - 1;
		} else {
			str_addc(&out, *text);
		}
	}
	return arena_strdup(&t->f->arena, out.data);
}

/* A comment by this person; the answer. */
static const char *say(struct test *t, const char *actor, const char *body)
{
	AUTO_FREE char *id = xasprintf("c%d", ++t->comments);
	const struct pull_remark remark = {12, id, body};
	t->work.actor = actor;
	ok(t->f, pull_remark(&t->work, &remark, &t->f->arena, &t->result, &t->f->err));
	t->work.actor = NULL;
	return plain(t, t->result.text);
}

static struct store *look(struct test *t)
{
	struct store *store = NULL;
	ok(t->f, store_open(t->state, STORE_READ_ONLY, &store, &t->f->err));
	return store;
}

static const char *payload(struct test *t, const char *key)
{
	struct store *store = look(t);
	struct outbox_row *row = NULL;
	const struct outbox_row like = {.channel = OUTBOX_FORGE, .target = "r", .key = key};
	ok(t->f, store_outbox_get(store, &like, &t->f->arena, &row, &t->f->err));
	store_close(&store);
	return row ? row->payload : "";
}

static const char *status(struct test *t, const char *context)
{
	return payload(t, arena_printf(&t->f->arena, "status/%s/%s", hub.head, context));
}

static const char *progress(struct test *t)
{
	struct store *store = look(t);
	struct pull_row *row = NULL;
	ok(t->f, store_pull_get(store, 12, &t->f->arena, &row, &t->f->err));
	store_close(&store);
	return pull_progress_name(row->progress);
}

static void has_(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part))
		return;
	print_error("%s:%d: '%s' is not in:\n%s\n", file, line, part, text);
	_fail(file, line);
}
#define has(text, part) has_((text), (part), __FILE__, __LINE__)

/* --- the tests
 * --------------------------------------------------------------------------------------- */

static void shows_first_the_specs_then_the_plan(void **state)
{
	struct test t;
	open_test(&t, *state, "");
	push(&t, "one");
	ok(t.f, pull_preview(&t.work, 12, &t.f->arena, &t.result, &t.f->err));
	assert_true(t.result.plan_due);
	assert_string_equal(progress(&t), "previewed");
	assert_string_equal(engine_log(t.f), "");
	has(status(&t, "trueup/validate"), "success");
	has(status(&t, "trueup/plan"), "pending");
	has(status(&t, "trueup/plan: canvas/shop"), "update");
	ok(t.f, pull_plan(&t.work, 12, &t.f->arena, &t.result, &t.f->err));
	assert_string_equal(engine_log(t.f), "plan shop\n");
	has(status(&t, "trueup/plan"), "success");
	/* A required status that waits for the merge would keep it from being merged. */
	has(status(&t, "trueup/apply"), "success");
	has(payload(&t, "comment/12/plan"), "aws_s3_bucket.bucket");
	close_test(&t);
}

static void applies_what_was_approved_and_shown(void **state)
{
	struct test t;
	const char *text;
	open_test(&t, *state, "pullRequests: {apply: before}");
	push(&t, "one");
	refresh(&t);
	assert_string_equal(engine_log(t.f), "plan shop\n");
	hub.reviews = "[]";
	has(say(&t, "github:bob", "trueup apply"), "it is not approved");
	hub.reviews = "[{\"user\":{\"login\":\"alice\"},\"state\":\"APPROVED\"}]";
	has(say(&t, "github:bob", "trueup apply"), "it is not approved");
	hub.reviews = "[{\"user\":{\"login\":\"bob\"},\"state\":\"APPROVED\",\"commit_id\":"
		      "\"0123456789012345678901234567890123456789\"}]";
	has(say(&t, "github:bob", "trueup apply"), "approved before its newest commit");
	hub.reviews = "[{\"user\":{\"login\":\"bob\"},\"state\":\"APPROVED\"},"
		      "{\"user\":{\"login\":\"carol\"},\"state\":\"CHANGES_REQUESTED\"}]";
	has(say(&t, "github:bob", "trueup apply"), "carol asks for changes");
	/* At a public repository anybody may review. */
	hub.reviews = "[{\"user\":{\"login\":\"mallory\"},\"state\":\"APPROVED\"}]";
	has(say(&t, "github:bob", "trueup apply"), "not approved by anybody who may write");
	hub.reviews = "[{\"user\":{\"login\":\"bob\"},\"state\":\"APPROVED\"},"
		      "{\"user\":{\"login\":\"mallory\"},\"state\":\"CHANGES_REQUESTED\"}]";
	hub.behind = 2;
	text = say(&t, "github:bob", "trueup apply");
	has(text, "it lacks 2 commits of main");
	assert_null(strstr(text, "asks for changes"));
	hub.behind = 0;
	hub.reviews = "[{\"user\":{\"login\":\"bob\"},\"state\":\"APPROVED\"}]";
	hub.behind = 2;
	has(say(&t, "github:bob", "trueup apply"), "it lacks 2 commits of main");
	hub.behind = 0;
	assert_string_equal(engine_log(t.f), "");
	has(say(&t, "github:bob", "Fine.\n\ntrueup apply"), "1 applied");
	assert_string_equal(engine_log(t.f), "apply shop\n");
	assert_string_equal(progress(&t), "applied");
	has(status(&t, "trueup/apply"), "success");
	has(say(&t, "github:bob", "trueup apply"), "everything of it was applied already");
	assert_string_equal(engine_log(t.f), "");
	close_test(&t);
}

static void does_nothing_for_those_who_may_not(void **state)
{
	struct test t;
	open_test(&t, *state, "pullRequests: {apply: before}");
	push(&t, "one");
	refresh(&t);
	engine_log(t.f);
	hub.permission = "read";
	has(say(&t, "github:mallory", "trueup apply\ntrueup unlock"),
		"github:mallory may not do this");
	assert_string_equal(progress(&t), "planned");
	has(say(&t, "github:mallory", "trueup help"), "| command |");
	has(say(&t, "github:mallory", "trueup aply"), "did you mean");
	assert_string_equal(say(&t, "github:mallory", "nothing to see"), "");
	assert_string_equal(engine_log(t.f), "");
	/* No answer is not a yes, and the comment is read again later. */
	hub.down = true;
	const struct pull_remark remark = {12, "later", "trueup apply"};
	t.work.actor = "github:bob";
	fails(t.f, pull_remark(&t.work, &remark, &t.f->arena, &t.result, &t.f->err),
		ERR_UNAVAILABLE, "ask the forge what github:bob may do");
	hub.down = false;
	hub.permission = "write";
	ok(t.f, pull_remark(&t.work, &remark, &t.f->arena, &t.result, &t.f->err));
	assert_string_equal(engine_log(t.f), "apply shop\n");
	has(payload(&t, "reply/12/later"), "1 applied");
	close_test(&t);
}

static void answers_a_comment_once(void **state)
{
	struct test t;
	open_test(&t, *state, "pullRequests: {apply: before}");
	push(&t, "one");
	refresh(&t);
	engine_log(t.f);
	const struct pull_remark remark = {12, "c1", "trueup unlock"};
	t.comments = 1;
	t.work.actor = "github:bob";
	ok(t.f, pull_remark(&t.work, &remark, &t.f->arena, &t.result, &t.f->err));
	has(plain(&t, t.result.text), "unlocked by github:bob");
	has(say(&t, "github:bob", "trueup plan"), "1 plan shown");
	assert_string_equal(engine_log(t.f), "plan shop\n");
	t.comments = 0;
	assert_string_equal(say(&t, "github:bob", "trueup unlock"), "");
	assert_string_equal(progress(&t), "planned");
	close_test(&t);
}

static void decides_about_the_plans_that_are_shown(void **state)
{
	struct test t;
	open_test(&t, *state, "pullRequests: {apply: before}");
	sh(t.f, "git -C repo switch -qc one main");
	put_canvas(t.f, "new", "  approval: {mode: manual, min: 1, notSelf: true}\n");
	commit(t.f);
	sh(t.f, "git -C repo switch -q main");
	const struct pull_row row = facts(&t, "one");
	note(&t, &row);
	refresh(&t);
	assert_string_equal(engine_log(t.f), "plan new\n");
	has(say(&t, "github:bob", "trueup apply"), "approval");
	has(say(&t, "github:alice", "trueup approve"), "may not approve");
	has(say(&t, "github:bob", "trueup approve CHG-1"), "approved canvas/new");
	has(say(&t, "github:alice", "trueup apply"), "1 applied");
	assert_string_equal(engine_log(t.f), "apply new\n");
	close_test(&t);
}

static void a_rejected_plan_is_not_made_again(void **state)
{
	struct test t;
	open_test(&t, *state, "");
	push(&t, "one");
	refresh(&t);
	has(say(&t, "github:bob", "trueup reject too large"), "rejected canvas/shop");
	engine_log(t.f);
	refresh(&t);
	assert_string_equal(engine_log(t.f), "");
	has(status(&t, "trueup/plan"), "rejected");
	push(&t, "two");
	refresh(&t);
	assert_string_equal(engine_log(t.f), "plan shop\n");
	close_test(&t);
}

static void a_member_lets_a_fork_be_planned(void **state)
{
	struct test t;
	open_test(&t, *state, "");
	push(&t, "one");
	struct pull_row row = facts(&t, "one");
	row.fork = true;
	row.author = "github:mallory";
	note(&t, &row);
	refresh(&t);
	assert_string_equal(progress(&t), "blocked");
	has(status(&t, "trueup/plan"), "from a fork");
	hub.permission = "read";
	has(say(&t, "github:mallory", "trueup plan"), "may not do this");
	assert_string_equal(engine_log(t.f), "");
	hub.permission = "write";
	has(say(&t, "github:bob", "trueup plan"), "1 plan shown");
	assert_string_equal(engine_log(t.f), "plan shop\n");
	/* What the server forbids nobody allows. */
	t.work.never_forks = true;
	push(&t, "two");
	row.head_sha = hub.head;
	note(&t, &row);
	refresh(&t);
	assert_string_equal(progress(&t), "blocked");
	assert_string_equal(engine_log(t.f), "");
	close_test(&t);
}

/* The engine that is planning while somebody pushes: in a child, with a store of its own. */
static const char *pushed;

static int slow_plan(const struct engine_target *target, enum engine_plan_mode mode,
	const char *file, const struct engine_run *run, struct arena *arena,
	struct engine_plan *ret, struct err **err)
{
	struct store *store = NULL;
	const struct pull_row row = {
		.number = 12, .author = "github:alice", .head_sha = pushed, .base_branch = "main"};
	if (store_open(target->state_dir, 0, &store, err) < 0 ||
		store_pull_note(store, &row, 2000, NULL, err) < 0)
		return -1;
	store_close(&store);
	return fake_plan(target, mode, file, run, arena, ret, err);
}

static void a_newer_head_wins(void **state)
{
	struct test t;
	struct engine slow = fake_engine;
	slow.plan = slow_plan;
	open_test(&t, *state, "");
	push(&t, "two");
	pushed = hub.head;
	push(&t, "one");
	t.work.engine = &slow;
	fails(t.f, pull_refresh(&t.work, 12, &t.f->arena, &t.result, &t.f->err), ERR_CANCELLED,
		"has a newer head");
	assert_string_equal(progress(&t), "new");
	sh(t.f, "test -z \"$(ls state/plans)\"");
	t.work.engine = &fake_engine;
	refresh(&t);
	assert_string_equal(progress(&t), "planned");
	assert_string_equal(t.result.pull->head_sha, pushed);
	close_test(&t);
}

static void stops_when_it_is_told_to(void **state)
{
	static volatile sig_atomic_t stops = 1;
	struct test t;
	open_test(&t, *state, "");
	push(&t, "one");
	t.work.stop_plans = &stops;
	fails(t.f, pull_refresh(&t.work, 12, &t.f->arena, &t.result, &t.f->err), ERR_CANCELLED,
		"stopped on request");
	assert_string_equal(progress(&t), "previewed");
	t.work.stop_plans = NULL;
	refresh(&t);
	assert_string_equal(progress(&t), "planned");
	close_test(&t);
}

static void a_failed_plan_is_said(void **state)
{
	struct test t;
	open_test(&t, *state, "");
	sh(t.f, "git -C repo switch -qc one main; git -C repo rm -q canvases/shop.yaml");
	commit(t.f);
	sh(t.f, "git -C repo switch -q main");
	const struct pull_row row = facts(&t, "one");
	note(&t, &row);
	refresh(&t);
	assert_string_equal(progress(&t), "failed");
	has(status(&t, "trueup/plan"), "would be destroyed");
	assert_string_equal(engine_log(t.f), "");
	close_test(&t);
}

static const char *status_of(struct test *t, const char *sha, const char *context)
{
	return payload(t, arena_printf(&t->f->arena, "status/%s/%s", sha, context));
}

static void lacks_(const char *text, const char *part, const char *file, int line)
{
	if (!strstr(text, part))
		return;
	print_error("%s:%d: '%s' is in:\n%s\n", file, line, part, text);
	_fail(file, line);
}
#define lacks(text, part) lacks_((text), (part), __FILE__, __LINE__)

/* Merged as the script does it: the branch applies the very plan that was shown. */
static void merge_and_apply(struct test *t, const char *script)
{
	push(t, "one");
	refresh(t);
	assert_string_equal(engine_log(t->f), "plan shop\n");
	const char *plan = strstr(payload(t, "comment/12/plan"), ": plan `");
	assert_non_null(plan);
	plan = arena_memdup(&t->f->arena, plan + strlen(": plan `"), ULID_SIZE - 1);
	sh(t->f, script);
	/* Looked at before the forge's word arrives: what was shown stays. */
	refresh(t);
	has(t->result.text, "main has it already");
	struct pull_row row = facts(t, "one");
	row.state = PULL_MERGED;
	row.merge_sha = head_of(t, "main");
	note(t, &row);
	assert_true(t->result.reconcile_due);
	const char *comment = plain(t, payload(t, "comment/12/plan"));
	has(comment, "the reconcile of main applies what is planned here");
	has(comment, plan);
	lacks(comment, "trueup apply");
	lacks(comment, "help");
	ok(t->f, pull_settle(&t->work, &t->f->arena, &t->result, &t->f->err));
	has(payload(t, "comment/12/plan"), "the reconcile of main");
	engine_log(t->f);
	t->f->options.statuses = "r";
	reconcile(t->f, 0);
	assert_string_equal(engine_log(t->f), "apply shop\n");
	struct plan_row *applied = NULL;
	ok(t->f, store_plan_get(t->f->session.store, plan, &t->f->arena, &applied, &t->f->err));
	assert_non_null(applied);
	assert_int_equal(applied->status, PLAN_APPLIED);
	session_end(t->f);
	ok(t->f, pull_settle(&t->work, &t->f->arena, &t->result, &t->f->err));
	comment = payload(t, "comment/12/plan");
	has(comment, "merged into main as ");
	lacks(comment, "the reconcile of");
	lacks(comment, "Comment `trueup apply");
	has(status(t, "trueup/apply"), "1 applied");
	has(status_of(t, row.merge_sha, "trueup/apply"), "1 applied");
	has(status_of(t, row.merge_sha, "trueup/plan: canvas/shop"), "update, ~1, applied");
}

static void tells_a_merged_one_what_became_of_it(void **state)
{
	struct test t;
	open_test(&t, *state, "apply: auto, pullRequests: {apply: before}");
	merge_and_apply(&t, "git -C repo merge -q --no-ff --no-edit one");
	close_test(&t);
}

static void a_squash_applies_the_plan_that_was_shown(void **state)
{
	struct test t;
	open_test(&t, *state, "apply: auto");
	merge_and_apply(&t, "cd repo && git merge -q --squash one && git commit -qm squashed");
	close_test(&t);
}

/* Onto a base that went on with something else: every commit is another one. */
static void a_rebase_applies_the_plan_that_was_shown(void **state)
{
	struct test t;
	open_test(&t, *state, "apply: auto");
	merge_and_apply(&t, "cd repo && echo x >README && git add . && git commit -qm readme &&"
			    "git switch -qc copy one && git rebase -q main && git switch -q main &&"
			    "git merge -q --ff-only copy");
	close_test(&t);
}

/* The head is the branch's commit then, and its statuses are those of the branch. */
static void a_fast_forward_has_the_statuses_of_the_branch(void **state)
{
	struct test t;
	open_test(&t, *state, "apply: auto");
	merge_and_apply(&t, "git -C repo merge -q --ff-only one");
	has(status(&t, "trueup/apply"), "\"1 applied\"");
	has(status(&t, "trueup/validate"), "specs are valid");
	close_test(&t);
}

static void one_that_is_closed_offers_nothing(void **state)
{
	struct test t;
	open_test(&t, *state, "pullRequests: {apply: before}");
	push(&t, "one");
	refresh(&t);
	has(payload(&t, "comment/12/plan"), "Comment `trueup apply`");
	has(status(&t, "trueup/apply"), "pending");
	struct pull_row row = facts(&t, "one");
	row.state = PULL_CLOSED;
	note(&t, &row);
	const char *comment = plain(&t, payload(&t, "comment/12/plan"));
	has(comment, "closed without being merged: its plans are void");
	has(comment, "| void: pull request ");
	lacks(comment, "Comment `trueup apply`");
	lacks(comment, "trueup help");
	has(status(&t, "trueup/apply"), "\"cancelled\"");
	has(status(&t, "trueup/apply"), "closed without being merged");
	has(status(&t, "trueup/plan"), "\"success\"");
	/* Open again, it is planned again. */
	row.state = PULL_OPEN;
	note(&t, &row);
	refresh(&t);
	has(payload(&t, "comment/12/plan"), "Comment `trueup apply`");
	has(status(&t, "trueup/apply"), "pending");
	/* Closed after it was applied: that is undone, and people have to know. */
	say(&t, "github:bob", "trueup apply");
	row.state = PULL_CLOSED;
	note(&t, &row);
	assert_true(t.result.reconcile_due);
	has(payload(&t, "comment/12/plan"), "is undone by the next reconcile of main");
	has(status(&t, "trueup/apply"), "1 applied");
	close_test(&t);
}

/* What needs no plan is done no sooner than the branch has it, and not at all when it is closed. */
static void a_role_alone_has_its_end_too(void **state)
{
	struct test t;
	open_test(&t, *state, "apply: auto");
	sh(t.f, "cd repo && git switch -qc one main &&"
		"sed -i 's/spec:/&\\n  description: x/' roles/web.yaml && git commit -qam role &&"
		"git switch -q main");
	struct pull_row row = facts(&t, "one");
	note(&t, &row);
	refresh(&t);
	row.state = PULL_CLOSED;
	note(&t, &row);
	has(payload(&t, "comment/12/plan"), "| `role/web` | update |  |  |  |  |");
	row.state = PULL_OPEN;
	note(&t, &row);
	refresh(&t);
	sh(t.f, "git -C repo merge -q --no-ff --no-edit one");
	row.state = PULL_MERGED;
	row.merge_sha = head_of(&t, "main");
	note(&t, &row);
	has(payload(&t, "comment/12/plan"), "| `role/web` | update |  |  |  | waiting |");
	has(status(&t, "trueup/apply"), "pending");
	reconcile(t.f, 0);
	session_end(t.f);
	ok(t.f, pull_settle(&t.work, &t.f->arena, &t.result, &t.f->err));
	has(payload(&t, "comment/12/plan"), "| `role/web` | update |  |  |  | \xe2\x9c\x93 |");
	has(status(&t, "trueup/apply"), "1 applied");
	close_test(&t);
}

static void an_old_head_does_not_stay_pending(void **state)
{
	struct test t;
	open_test(&t, *state, "");
	push(&t, "one");
	const char *old = hub.head;
	ok(t.f, pull_preview(&t.work, 12, &t.f->arena, &t.result, &t.f->err));
	has(status(&t, "trueup/plan"), "pending");
	push(&t, "two");
	const char *why = arena_printf(&t.f->arena, "superseded by %.7s", hub.head);
	has(status_of(&t, old, "trueup/plan"), why);
	has(status_of(&t, old, "trueup/plan"), "cancelled");
	has(status_of(&t, old, "trueup/plan: canvas/shop"), why);
	has(status_of(&t, old, "trueup/validate"), "success");
	refresh(&t);
	has(status(&t, "trueup/plan"), "success");
	/* Back to the old head, which is looked at anew. */
	struct pull_row row = facts(&t, "one");
	note(&t, &row);
	refresh(&t);
	has(status_of(&t, old, "trueup/plan"), "success");
	/* It is also the head of another one, which goes on. */
	row.number = 13;
	note(&t, &row);
	ok(t.f, pull_preview(&t.work, 13, &t.f->arena, &t.result, &t.f->err));
	has(status_of(&t, old, "trueup/plan"), "pending");
	row = facts(&t, "two");
	note(&t, &row);
	has(status_of(&t, old, "trueup/plan"), "pending");
	close_test(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipeline_test(shows_first_the_specs_then_the_plan),
		pipeline_test(applies_what_was_approved_and_shown),
		pipeline_test(does_nothing_for_those_who_may_not),
		pipeline_test(answers_a_comment_once),
		pipeline_test(decides_about_the_plans_that_are_shown),
		pipeline_test(a_rejected_plan_is_not_made_again),
		pipeline_test(a_member_lets_a_fork_be_planned),
		pipeline_test(a_newer_head_wins),
		pipeline_test(stops_when_it_is_told_to),
		pipeline_test(a_failed_plan_is_said),
		pipeline_test(tells_a_merged_one_what_became_of_it),
		pipeline_test(a_squash_applies_the_plan_that_was_shown),
		pipeline_test(a_rebase_applies_the_plan_that_was_shown),
		pipeline_test(a_fast_forward_has_the_statuses_of_the_branch),
		pipeline_test(one_that_is_closed_offers_nothing),
		pipeline_test(a_role_alone_has_its_end_too),
		pipeline_test(an_old_head_does_not_stay_pending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
