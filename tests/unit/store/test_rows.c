/*
 * Protects: what the typed rows promise: phases, settled or not, plans that void each other,
 * approvals bound to a digest, ends recorded once, outputs without secrets, the audit chain.
 */
#include "store_test.h"

#include "store/audit.h"
#include "store/objects.h"
#include "store/operations.h"
#include "store/plans.h"
#include "store/revisions.h"

#include <sqlite3.h>

static int open_setup(void **state)
{
	if (fixture_setup(state) < 0)
		return -1;
	struct fixture *f = *state;
	return store_open(f->dir, 0, &f->store, &f->err);
}

#define row_test(name) cmocka_unit_test_setup_teardown(name, open_setup, fixture_teardown)

static void see(struct fixture *f, const char *key, const char *digest, int64_t now)
{
	const struct object_row row = {
		.key = key,
		.kind = str_starts(key, "role/") ? "role" : "canvas",
		.name = strchr(key, '/') + 1,
		.path = "canvases/x.yaml",
		.blob_id = "blob",
		.seen_digest = digest,
		.seen_revision = "c1",
		.spec_json = "{\"a\":1}",
	};
	ok(f, store_object_seen(f->store, &row, now, &f->err));
}

static struct object_row *get(struct fixture *f, const char *key)
{
	struct object_row *row;
	ok(f, store_object_get(f->store, key, OBJECT_FULL, &f->arena, &row, &f->err));
	return row;
}

static struct store_pending pending(struct fixture *f)
{
	struct store_pending p;
	ok(f, store_pending(f->store, &p, &f->err));
	return p;
}

static void apply(struct fixture *f, const char *key, const char *digest, int64_t now)
{
	const struct object_row row = {
		.key = key,
		.applied_digest = digest,
		.applied_revision = "c1",
		.applied_spec_json = "{\"a\":1}",
		.applied_role_json = "{\"r\":1}",
		.applied_renderer = "7",
	};
	ok(f, store_object_applied(f->store, &row, now, &f->err));
}

static void an_object_lives(void **state)
{
	struct fixture *f = *state;
	assert_null(get(f, "canvas/shop"));
	see(f, "canvas/shop", "d1", 10);
	struct object_row *row = get(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_NEW);
	assert_true(row->present);
	assert_int_equal(pending(f).unsettled, 1);
	const struct object_step wait = {PHASE_WAITING, NULL, "1 approval needed", "P"};
	ok(f, store_object_step(f->store, "canvas/shop", &wait, 20, &f->err));
	ok(f, store_object_step(f->store, "canvas/shop", &wait, 30, &f->err));
	row = get(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_WAITING);
	assert_int_equal(row->phase_since, 20);
	assert_int_equal(row->updated_at, 30);
	assert_string_equal(row->reason, "1 approval needed");
	assert_null(row->outcome);
	apply(f, "canvas/shop", "d1", 40);
	row = get(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_APPLIED);
	assert_string_equal(row->outcome, "ok");
	assert_string_equal(row->applied_role_json, "{\"r\":1}");
	assert_null(row->reason);
	assert_null(row->plan_id);
	assert_int_equal(pending(f).unsettled, 0);
	see(f, "canvas/shop", "d2", 50); /* changed: something to do, phase stays */
	assert_int_equal(get(f, "canvas/shop")->phase, PHASE_APPLIED);
	assert_int_equal(pending(f).unsettled, 1);
	ok(f, store_object_suspend(f->store, "canvas/shop", "os:a", "frozen", 60, &f->err));
	assert_int_equal(pending(f).unsettled, 1); /* it is shown that it is held back */
	assert_string_equal(get(f, "canvas/shop")->suspended_reason, "frozen");
	ok(f, store_object_suspend(f->store, "canvas/shop", NULL, NULL, 70, &f->err));
	assert_int_equal(pending(f).unsettled, 1);
	/* Gone, but it still exists in the cloud: kept with all that destroying it needs. */
	ok(f, store_object_gone(f->store, "canvas/shop", "c2", 80, &f->err));
	row = get(f, "canvas/shop");
	assert_false(row->present);
	assert_string_equal(row->applied_spec_json, "{\"a\":1}");
	assert_int_equal(pending(f).unsettled, 1);
	ok(f, store_object_destroyed(f->store, "canvas/shop", 90, &f->err));
	row = get(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_DESTROYED);
	assert_null(row->applied_digest);
	assert_int_equal(pending(f).unsettled, 0);
	see(f, "canvas/shop", "d3", 100);
	row = get(f, "canvas/shop");
	assert_int_equal(row->phase, PHASE_NEW);
	assert_null(row->outcome);
	assert_int_equal(row->phase_since, 100);
}

static void gone_before_applied_is_forgotten(void **state)
{
	struct fixture *f = *state;
	see(f, "canvas/a", "d", 1);
	ok(f, store_object_gone(f->store, "canvas/a", "c2", 2, &f->err));
	assert_null(get(f, "canvas/a"));
	/* An apply that failed may have made something. */
	see(f, "canvas/b", "d", 1);
	const struct object_step failed = {PHASE_FAILED, "failed", "boom", NULL};
	ok(f, store_object_step(f->store, "canvas/b", &failed, 2, &f->err));
	ok(f, store_object_gone(f->store, "canvas/b", "c2", 3, &f->err));
	assert_false(get(f, "canvas/b")->present);
	fails(f, store_object_gone(f->store, "canvas/x", "c2", 3, &f->err), ERR_NOT_FOUND,
		"no object 'canvas/x'");
	fails(f, store_object_step(f->store, "canvas/x", &failed, 2, &f->err), ERR_NOT_FOUND,
		"canvas/x");
}

static void lists_and_counts(void **state)
{
	struct fixture *f = *state;
	see(f, "role/web", "d", 1);
	see(f, "canvas/b", "d", 1);
	see(f, "canvas/a", "d", 1);
	apply(f, "canvas/b", "d", 2);
	struct object_rows rows;
	ok(f, store_objects(f->store, NULL, OBJECT_BRIEF, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 3);
	assert_string_equal(rows.items[0].key, "canvas/a");
	assert_string_equal(rows.items[2].key, "role/web");
	assert_null(rows.items[0].spec_json);
	struct object_filter filter = {.kind = "canvas", .unsettled = true};
	ok(f, store_objects(f->store, &filter, OBJECT_FULL, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.items[0].spec_json, "{\"a\":1}");
	/* Destroyed on purpose while its spec is there: in view, and left alone until resumed. */
	ok(f, store_object_suspend(f->store, "canvas/b", "os:a", "on request", 3, &f->err));
	ok(f, store_object_destroyed(f->store, "canvas/b", 3, &f->err));
	assert_int_equal(pending(f).unsettled, 2);
	ok(f, store_objects(f->store, NULL, OBJECT_BRIEF, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 3);
	ok(f, store_object_suspend(f->store, "canvas/b", NULL, NULL, 3, &f->err));
	assert_int_equal(pending(f).unsettled, 3);
	ok(f, store_object_gone(f->store, "canvas/b", "c", 3, &f->err));
	filter = (struct object_filter){.kind = "canvas"};
	ok(f, store_objects(f->store, &filter, OBJECT_BRIEF, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	filter.all = true;
	ok(f, store_objects(f->store, &filter, OBJECT_BRIEF, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 2);
	int64_t count;
	ok(f, store_object_count(f->store, "role", &count, &f->err));
	assert_int_equal(count, 1);
}

static void a_rename_takes_all_along(void **state)
{
	struct fixture *f = *state;
	see(f, "canvas/old", "d", 1);
	see(f, "canvas/user", "d", 1);
	const char *needs[] = {"canvas/old", "role/web", "role/web"};
	ok(f, store_needs_put(f->store, "canvas/user", needs, 3, &f->err));
	const struct resource_row resource = {"aws_vpc.main", "aws_vpc", "vpc-1", NULL};
	ok(f, store_resources_put(f->store, "canvas/old", &resource, 1, &f->err));
	ok(f, store_object_rename(f->store, "canvas/old", "canvas/new", 2, &f->err));
	assert_null(get(f, "canvas/old"));
	assert_string_equal(get(f, "canvas/new")->name, "new");
	struct resource_rows rows;
	ok(f, store_resources(f->store, "canvas/new", &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.items[0].provider_id, "vpc-1");
	/* What others refer to is what they wrote. */
	struct store_keys keys;
	ok(f, store_dependants(f->store, "canvas/old", &f->arena, &keys, &f->err));
	assert_int_equal(keys.count, 1);
	assert_string_equal(keys.items[0], "canvas/user");
	ok(f, store_needs(f->store, "canvas/user", &f->arena, &keys, &f->err));
	assert_int_equal(keys.count, 2);
	fails(f, store_object_rename(f->store, "canvas/new", "canvas/user", 3, &f->err),
		ERR_INVALID, "rename canvas/new to canvas/user");
	ok(f, store_object_forget(f->store, "canvas/new", &f->err));
	ok(f, store_resources(f->store, "canvas/new", &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 0);
}

static struct plan_row plan_of(const char *id, const char *key, const char *identity)
{
	return (struct plan_row){
		.id = id,
		.object_key = key,
		.object_digest = "d",
		.action = "update",
		.engine = "terraform",
		.state_lineage = "l",
		.state_serial = 3,
		.path = "plans/x",
		.sha256 = "s",
		.summary_json = "{\"add\":1}",
		.identity = identity,
		.renderer = "7",
		.requester = "os:a",
		.created_at = 5,
		.expires_at = 100,
	};
}

static void plans_void_each_other(void **state)
{
	struct fixture *f = *state;
	struct plan_row first = plan_of("01JD3000000000000000000001", "canvas/a", "i1");
	struct plan_row second = plan_of("01JD3000000000000000000002", "canvas/a", "i2");
	struct plan_row other = plan_of("01JD4000000000000000000003", "canvas/b", "i3");
	ok(f, store_plan_add(f->store, &first, &f->err));
	ok(f, store_plan_add(f->store, &second, &f->err));
	ok(f, store_plan_add(f->store, &other, &f->err));
	struct plan_row *row;
	ok(f, store_plan_open(f->store, "canvas/a", &f->arena, &row, &f->err));
	assert_string_equal(row->id, second.id);
	assert_int_equal(row->state_serial, 3);
	ok(f, store_plan_get(f->store, first.id, &f->arena, &row, &f->err));
	assert_int_equal(row->status, PLAN_VOID);
	ok(f, store_plan_get(f->store, "01jd4000", &f->arena, &row, &f->err));
	assert_string_equal(row->id, other.id);
	ok(f, store_plan_get(f->store, "01JD400", &f->arena, &row, &f->err));
	assert_null(row); /* too short to be meant */
	fails(f, store_plan_get(f->store, "01JD3000", &f->arena, &row, &f->err), ERR_INVALID,
		"several plans begin with");
	bool moved;
	ok(f, store_plan_move(f->store, second.id, PLAN_APPROVED, NULL, &moved, &f->err));
	assert_true(moved);
	ok(f, store_plan_move(f->store, second.id, PLAN_APPLIED, NULL, &moved, &f->err));
	assert_true(moved);
	ok(f, store_plan_move(f->store, second.id, PLAN_APPLIED, NULL, &moved, &f->err));
	assert_false(moved);
	int64_t expired;
	ok(f, store_plans_expire(f->store, 99, &expired, &f->err));
	assert_int_equal(expired, 0);
	ok(f, store_plans_expire(f->store, 100, &expired, &f->err));
	assert_int_equal(expired, 1);
	struct plan_rows dead;
	ok(f, store_plans_with_dead_files(f->store, &f->arena, &dead, &f->err));
	assert_int_equal(dead.count, 3);
	ok(f, store_plan_file_gone(f->store, first.id, &f->err));
	ok(f, store_plans_with_dead_files(f->store, &f->arena, &dead, &f->err));
	assert_int_equal(dead.count, 2);
}

static void identity_covers_every_part(void **state)
{
	(void)state;
	char base[DIGEST_HEX], other[DIGEST_HEX];
	plan_identity("d", "l", 1, "p", base);
	static const struct {
		const char *digest, *lineage;
		int64_t serial;
		const char *plan;
	} cases[] = {{"e", "l", 1, "p"}, {"d", "m", 1, "p"}, {"d", "l", 2, "p"}, {"d", "l", 1, "q"},
		{"d", NULL, 1, "p"}, {"dl", "", 1, "p"}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		plan_identity(
			cases[i].digest, cases[i].lineage, cases[i].serial, cases[i].plan, other);
		assert_string_not_equal(base, other);
	}
}

static void decide(
	struct fixture *f, const char *digest, const char *actor, bool approve, int64_t expires)
{
	const struct approval_row row = {.subject = "canvas/a",
		.digest = digest,
		.actor = actor,
		.approve = approve,
		.at = 10,
		.expires_at = expires};
	ok(f, store_approval_add(f->store, &row, &f->err));
}

static int64_t approvals(struct fixture *f, const char *digest, const char *except, int64_t now)
{
	const struct approval_query query = {"canvas/a", digest, now, except};
	int64_t count;
	ok(f, store_approval_count(f->store, &query, &count, &f->err));
	return count;
}

static void approvals_bind_to_what_was_reviewed(void **state)
{
	struct fixture *f = *state;
	decide(f, "i1", "os:bob", true, 0);
	decide(f, "i1", "os:bob", true, 0); /* one person counts once */
	decide(f, "i1", "os:carol", true, 50);
	decide(f, "i1", "os:dave", false, 0);
	assert_int_equal(approvals(f, "i1", NULL, 20), 2);
	assert_int_equal(approvals(f, "i1", "os:bob", 20), 1);
	assert_int_equal(approvals(f, "i1", NULL, 50), 1); /* carol's is over */
	assert_int_equal(approvals(f, "i2", NULL, 20), 0); /* another plan */
	decide(f, "i1", "os:bob", false, 0); /* a change of mind */
	assert_int_equal(approvals(f, "i1", NULL, 20), 1);
	struct approval_rows rows;
	const struct approval_query query = {"canvas/a", "i1", 20, NULL};
	ok(f, store_approvals(f->store, &query, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 3);
	assert_string_equal(rows.items[0].actor, "os:bob");
	assert_false(rows.items[0].approve);
}

static void intend(struct fixture *f, const char *id, const char *key, const char *plan)
{
	const struct operation_row row = {.id = id,
		.object_key = key,
		.kind = "apply",
		.plan_id = plan,
		.actor = "os:a",
		.commit_id = "c1",
		.intended_at = 5,
		.dir = "jobs/1"};
	ok(f, store_operation_intend(f->store, &row, &f->err));
}

static void an_end_is_recorded_once(void **state)
{
	struct fixture *f = *state;
	static const char id[] = "01JD5000000000000000000001";
	intend(f, id, "canvas/a", NULL);
	assert_int_equal(pending(f).operations, 1);
	ok(f, store_operation_started(f->store, id, 4711, 99, 6, &f->err));
	fails(f, store_operation_started(f->store, id, 4712, 99, 6, &f->err), ERR_CONFLICT,
		"not waiting to be started");
	struct operation_rows open;
	ok(f, store_operations_open(f->store, &f->arena, &open, &f->err));
	assert_int_equal(open.count, 1);
	assert_int_equal(open.items[0].pid, 4711);
	assert_int_equal(open.items[0].pid_start, 99);
	assert_string_equal(open.items[0].dir, "jobs/1");
	struct operation_row end = {.id = id, .state = OPERATION_DONE, .ended_at = 7};
	bool recorded;
	ok(f, store_operation_finish(f->store, &end, &recorded, &f->err));
	assert_true(recorded);
	end.state = OPERATION_LOST;
	ok(f, store_operation_finish(f->store, &end, &recorded, &f->err));
	assert_false(recorded);
	end.state = OPERATION_RUNNING;
	fails(f, store_operation_finish(f->store, &end, &recorded, &f->err), ERR_INTERNAL,
		"is not an end");
	struct operation_row *row;
	ok(f, store_operation_last(f->store, "canvas/a", "apply", &f->arena, &row, &f->err));
	assert_int_equal(row->state, OPERATION_DONE);
	ok(f, store_operation_last(f->store, "canvas/a", "plan", &f->arena, &row, &f->err));
	assert_null(row);
	assert_int_equal(pending(f).operations, 0);
}

static void logs_are_read_on(void **state)
{
	struct fixture *f = *state;
	static const char id[] = "01JD5000000000000000000001";
	intend(f, id, "canvas/a", NULL);
	ok(f, store_log_add(f->store, id, "one\n\xc3", 5, 1, &f->err));
	ok(f, store_log_add(f->store, id, "\xa9\0two", 5, 2, &f->err));
	AUTO_STR text = STR_INIT;
	int64_t seq = 0;
	ok(f, store_log_read(f->store, id, &seq, &text, &f->err));
	assert_int_equal(text.len, 10);
	assert_memory_equal(text.data, "one\n\xc3\xa9\0two", 10);
	str_clear(&text);
	ok(f, store_log_add(f->store, id, "three", 5, 3, &f->err));
	ok(f, store_log_read(f->store, id, &seq, &text, &f->err));
	assert_string_equal(text.data, "three");
	fails(f, store_log_add(f->store, "none", "x", 1, 3, &f->err), ERR_INVALID,
		"log of operation");
}

static void history_tells_who_approved(void **state)
{
	struct fixture *f = *state;
	struct plan_row plan = plan_of("01JD3000000000000000000001", "canvas/a", "i1");
	ok(f, store_plan_add(f->store, &plan, &f->err));
	decide(f, "i1", "os:bob", true, 0);
	decide(f, "i1", "os:carol", true, 0);
	decide(f, "i1", "os:dave", false, 0);
	intend(f, "01JD5000000000000000000001", "canvas/a", plan.id);
	intend(f, "01JD5000000000000000000002", "canvas/b", NULL);
	struct history_rows rows;
	struct history_filter filter = {0};
	ok(f, store_history(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.items[0].operation.object_key, "canvas/b");
	assert_null(rows.items[0].approved_by);
	assert_string_equal(rows.items[1].approved_by, "os:bob, os:carol");
	assert_string_equal(rows.items[1].plan_summary_json, "{\"add\":1}");
	filter =
		(struct history_filter){.object_key = "canvas/a", .actor = "os:a", .kind = "apply"};
	ok(f, store_history(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	filter = (struct history_filter){.before = "01JD5000000000000000000002", .limit = 1};
	ok(f, store_history(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	filter = (struct history_filter){.actor = "os:nobody"};
	ok(f, store_history(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 0);
}

static void sensitive_outputs_are_not_kept(void **state)
{
	struct fixture *f = *state;
	see(f, "canvas/a", "d", 1);
	const struct output_row outputs[] = {
		{"password", "\"hunter2\"", true}, {"url", "\"https://x\"", false}};
	ok(f, store_outputs_put(f->store, "canvas/a", outputs, 2, &f->err));
	struct output_rows rows;
	ok(f, store_outputs(f->store, "canvas/a", &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 2);
	assert_true(rows.items[0].sensitive);
	assert_null(rows.items[0].value_json);
	assert_string_equal(rows.items[1].value_json, "\"https://x\"");
	fails(f, store_outputs_put(f->store, "canvas/x", outputs, 2, &f->err), ERR_INVALID,
		"record output password of canvas/x");
	assert_false(store_in_transaction(f->store));
}

static void revisions_files_and_blobs(void **state)
{
	struct fixture *f = *state;
	struct revision_row *last;
	ok(f, store_revision_last(f->store, &f->arena, &last, &f->err));
	assert_null(last);
	struct revision_row row = {.commit_id = "c1",
		.tree_id = "t1",
		.branch = "main",
		.decoder = "1",
		.actor = "os:a"};
	int64_t id;
	ok(f, store_revision_add(f->store, &row, &id, &f->err));
	assert_true(pending(f).revision);
	ok(f, store_revision_status(f->store, id, REVISION_DONE, &f->err));
	assert_false(pending(f).revision);
	ok(f, store_revision_last(f->store, &f->arena, &last, &f->err));
	assert_string_equal(last->tree_id, "t1");
	assert_int_equal(last->status, REVISION_DONE);

	struct source_file files[] = {{"a\xff.yaml", 1, 2, 3, "da", SOURCE_FILE},
		{"b.yaml", 1, 2, 3, "db", SOURCE_SYMLINK}, {"c.yaml", 1, 2, 3, "dc", SOURCE_FILE}};
	struct source_manifest manifest = {.files = files, .count = 3}, back;
	ok(f, store_files_put(f->store, &manifest, &f->err));
	files[1].digest = "new";
	manifest.count = 2;
	ok(f, store_files_put(f->store, &manifest, &f->err));
	ok(f, store_files_get(f->store, &f->arena, &back, &f->err));
	assert_int_equal(back.count, 2);
	assert_string_equal(back.files[0].path, "a\xff.yaml");
	assert_string_equal(back.files[1].digest, "new");
	assert_int_equal(back.files[1].entry, SOURCE_SYMLINK);

	struct blob_row blob = {.blob_id = "b1", .path = "x.yaml", .decoder = "1", .kind = "role"};
	struct blob_row *found;
	ok(f, store_blob_get(f->store, &blob, &f->arena, &found, &f->err));
	assert_null(found);
	ok(f, store_blob_put(f->store, &blob, &f->err));
	ok(f, store_blob_get(f->store, &blob, &f->arena, &found, &f->err));
	assert_string_equal(found->kind, "role");
	struct blob_row newer = {.blob_id = "b1", .path = "x.yaml", .decoder = "2"};
	ok(f, store_blob_get(f->store, &newer, &f->arena, &found, &f->err));
	assert_null(found);
	ok(f, store_blob_put(f->store, &newer, &f->err));
	newer.blob_id = "b2";
	ok(f, store_blob_put(f->store, &newer, &f->err));
	ok(f, store_blobs_prune(f->store, "2", 1, &f->err));
	ok(f, store_blob_get(f->store, &newer, &f->arena, &found, &f->err));
	assert_non_null(found);
	newer.blob_id = "b1";
	ok(f, store_blob_get(f->store, &newer, &f->arena, &found, &f->err));
	assert_null(found);
}

static void raw_sql(struct fixture *f, const char *sql, int expect)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), expect);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Each row: what somebody does with sqlite3(1), and what verification says of it. */
static void the_audit_chain_shows_tampering(void **state)
{
	struct fixture *f = *state;
	raw_sql(f, "SELECT 1", SQLITE_OK);
	static const struct {
		const char *sql;
		int64_t bad;
		const char *reason;
	} cases[] = {
		{"SELECT 1", 0, NULL},
		{"UPDATE audit SET actor = 'os:eve' WHERE seq = 3", 3, "content was changed"},
		{"UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "content was changed"},
		{"DELETE FROM audit WHERE seq = 2", 3, "before it is missing"},
		{"DELETE FROM audit WHERE seq = 5", 5, "cut off"},
		{"DELETE FROM audit", 1, "cut off"},
		{"UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 5", 5,
			"content was changed"},
		{"INSERT INTO audit VALUES (9, 1, 'a', 'b', 'c', '{}', 'x', 'y')", 9,
			"before it is missing"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		store_close(&f->store);
		(void)unlink(f->db);
		ok(f, store_open(f->dir, 0, &f->store, &f->err));
		for (int n = 0; n < 5; n++) {
			const struct audit_row row = {
				.at = n, .actor = "os:a", .action = "apply", .subject = "canvas/a"};
			ok(f, store_audit_append(f->store, &row, &f->err));
		}
		store_close(&f->store);
		if (strncmp(cases[i].sql, "UPDATE", 6) == 0 ||
			strncmp(cases[i].sql, "DELETE", 6) == 0)
			raw_sql(f, cases[i].sql, SQLITE_CONSTRAINT);
		raw_sql(f, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete", SQLITE_OK);
		raw_sql(f, cases[i].sql, SQLITE_OK);
		ok(f, store_open(f->dir, 0, &f->store, &f->err));
		struct audit_verdict verdict;
		ok(f, store_audit_verify(f->store, &verdict, &f->err));
		assert_int_equal(verdict.bad_seq, cases[i].bad);
		if (cases[i].reason)
			assert_non_null(strstr(verdict.reason, cases[i].reason));
		else
			assert_int_equal(verdict.entries, 5);
	}
}

static void the_audit_log_is_listed(void **state)
{
	struct fixture *f = *state;
	for (int n = 0; n < 5; n++) {
		const struct audit_row row = {.at = n,
			.actor = n % 2 ? "os:a" : "os:b",
			.action = "apply",
			.subject = "canvas/a",
			.detail_json = "{\"n\":1}"};
		ok(f, store_audit_append(f->store, &row, &f->err));
	}
	struct audit_head head;
	ok(f, store_audit_head(f->store, &head, &f->err));
	struct audit_rows rows;
	struct audit_filter filter = {.actor = "os:b", .limit = 2};
	ok(f, store_audit_list(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.items[0].seq, 5);
	assert_string_equal(rows.items[0].hash, head.hash);
	filter.before = rows.items[1].seq;
	ok(f, store_audit_list(f->store, &filter, &f->arena, &rows, &f->err));
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.items[0].seq, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		row_test(an_object_lives),
		row_test(gone_before_applied_is_forgotten),
		row_test(lists_and_counts),
		row_test(a_rename_takes_all_along),
		row_test(plans_void_each_other),
		row_test(identity_covers_every_part),
		row_test(approvals_bind_to_what_was_reviewed),
		row_test(an_end_is_recorded_once),
		row_test(logs_are_read_on),
		row_test(history_tells_who_approved),
		row_test(sensitive_outputs_are_not_kept),
		row_test(revisions_files_and_blobs),
		row_test(the_audit_chain_shows_tampering),
		row_test(the_audit_log_is_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
