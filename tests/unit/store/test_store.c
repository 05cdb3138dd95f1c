/*
 * Protects: making, migrating and opening the database; newer, damaged and foreign files are
 * refused and left as they are; the whole check finds damage.
 */
#include "store_test.h"

#include "base/digest.h"
#include "store/audit.h"
#include "store/migrations.h"
#include "store/objects.h"
#include "store/plans.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static mode_t mode_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void raw_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void put_object(struct fixture *f, const char *key)
{
	const struct object_row row = {
		.key = key,
		.kind = "canvas",
		.name = strchr(key, '/') + 1,
		.path = "canvases/x.yaml",
		.blob_id = "b",
		.seen_digest = "d",
		.seen_revision = "r",
	};
	ok(f, store_object_seen(f->store, &row, 1, &f->err));
}

static void makes_a_private_database(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *dir = path_join(f->dir, "a/b");
	AUTO_FREE char *db = path_join(dir, "trueup.db");
	ok(f, store_open(dir, 0, &f->store, &f->err));
	assert_string_equal(store_dir(f->store), dir);
	assert_int_equal(mode_of(dir), 0700);
	assert_int_equal(mode_of(db), 0600);
	put_object(f, "canvas/shop");
	AUTO_FREE char *wal = xasprintf("%s-wal", db);
	assert_int_equal(mode_of(wal), 0600);
	store_close(&f->store);
	ok(f, store_open(dir, 0, &f->store, &f->err));
	int64_t count;
	ok(f, store_object_count(f->store, "canvas", &count, &f->err));
	assert_int_equal(count, 1);
}

static void looking_makes_nothing(void **state)
{
	struct fixture *f = *state;
	fails(f, store_open(f->dir, STORE_READ_ONLY, &f->store, &f->err), ERR_NOT_FOUND,
		"run `trueup reconcile` first");
	assert_false(fs_exists(f->db));
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	store_close(&f->store);
	ok(f, store_open(f->dir, STORE_READ_ONLY, &f->store, &f->err));
	fails(f, store_object_forget(f->store, "canvas/x", &f->err), ERR_DENIED, "readonly");
}

/* Every version that ever was must come up to the newest with its data. */
static void migrates_from_every_version(void **state)
{
	struct fixture *f = *state;
	int count;
	const struct migration *list = migrations(&count);
	assert_int_equal(store_schema_newest(), count);
	for (int from = 1; from <= count; from++) {
		(void)unlink(f->db);
		raw_sql(f, "PRAGMA application_id = 1414681936; PRAGMA journal_mode = WAL");
		for (int i = 0; i < from; i++) {
			assert_int_equal(list[i].number, i + 1);
			raw_sql(f, list[i].sql);
		}
		char version[64];
		(void)snprintf(version, sizeof version, "PRAGMA user_version = %d", from);
		raw_sql(f, version);
		raw_sql(f, "INSERT INTO audit VALUES (1, 5, 'os:a', 'x', 'y', '{}', '0', '1')");
		ok(f, store_open(f->dir, 0, &f->store, &f->err));
		struct audit_head head;
		ok(f, store_audit_head(f->store, &head, &f->err));
		assert_int_equal(head.seq, 1);
		put_object(f, "canvas/shop");
		store_close(&f->store);
	}
}

static void refuses_a_newer_database(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	store_close(&f->store);
	raw_sql(f, "PRAGMA user_version = 999");
	char before[DIGEST_HEX], after[DIGEST_HEX];
	ok(f, digest_file(f->db, before, &f->err));
	fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_INVALID,
		"was written by a newer trueup (schema 999");
	ok(f, digest_file(f->db, after, &f->err));
	assert_string_equal(before, after);
}

static void flip(const char *path, off_t offset, size_t len)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++) {
		unsigned char c;
		assert_int_equal(pread(fd, &c, 1, offset + (off_t)i), 1);
		c ^= 0xa5;
		assert_int_equal(pwrite(fd, &c, 1, offset + (off_t)i), 1);
	}
	assert_int_equal(close(fd), 0);
}

static void reports_damage_and_touches_nothing(void **state)
{
	struct fixture *f = *state;
	static const struct {
		off_t truncate; /* -1: not */
		off_t flip; /* -1: not */
		size_t len;
		const char *text;
	} cases[] = {
		{0, -1, 0, "is empty"}, {50, -1, 0, "is cut short"}, {4096, -1, 0, "is cut short"},
		{-1, 0, 16, "is damaged or not a database"},
		{-1, 68, 4, "is a database of another program"},
		{-1, 100, 8, "damaged"}, /* the first page of the schema */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)unlink(f->db);
		ok(f, store_open(f->dir, 0, &f->store, &f->err));
		put_object(f, "canvas/shop");
		store_close(&f->store);
		if (cases[i].truncate >= 0)
			assert_int_equal(truncate(f->db, cases[i].truncate), 0);
		if (cases[i].flip >= 0)
			flip(f->db, cases[i].flip, cases[i].len);
		char before[DIGEST_HEX], after[DIGEST_HEX];
		ok(f, digest_file(f->db, before, &f->err));
		fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_CORRUPT, cases[i].text);
		ok(f, digest_file(f->db, after, &f->err));
		assert_string_equal(before, after);
	}
}

static void garbage_and_links_are_no_database(void **state)
{
	struct fixture *f = *state;
	char garbage[8192];
	memset(garbage, 'x', sizeof garbage);
	ok(f, fs_write_atomic(f->db, garbage, sizeof garbage, 0600, &f->err));
	fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_CORRUPT, "not a database");
	assert_int_equal(unlink(f->db), 0);
	assert_int_equal(symlink("/etc/passwd", f->db), 0);
	fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_CORRUPT, "symbolic link");
}

/*
 * Another process, which opens it when it is told and is the last to close it as far as it can see.
 * Started before this one opens anything: what SQLite knows of open files would be inherited.
 */
static pid_t start_other(struct fixture *f, int told)
{
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	AUTO_STORE *store = NULL;
	AUTO_ERR err = NULL;
	char go;
	const bool opened = read(told, &go, 1) == 1 && store_open(f->dir, 0, &store, &err) == 0;
	store_close(&store);
	_exit(opened ? 0 : 1);
}

/*
 * The locks of SQLite are the process's. One that opened the database twice must not lose those of
 * the first when it closes the second: others would then remove the log that it writes to.
 */
static void two_connections_of_a_process_lose_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *second;
	int ends[2], status;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const pid_t other = start_other(f, ends[0]);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	put_object(f, "canvas/first");
	ok(f, store_open(f->dir, 0, &second, &f->err));
	store_close(&second);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	put_object(f, "canvas/second");
	ok(f, store_open(f->dir, 0, &second, &f->err));
	struct object_row *row = NULL;
	ok(f, store_object_get(second, "canvas/second", OBJECT_BRIEF, &f->arena, &row, &f->err));
	assert_non_null(row);
	store_close(&second);
	store_close(&f->store);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	ok(f, store_object_get(f->store, "canvas/second", OBJECT_BRIEF, &f->arena, &row, &f->err));
	assert_non_null(row);
}

static void a_lost_database_is_not_made_anew(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *wal = xasprintf("%s-wal", f->db);
	ok(f, fs_write_atomic(wal, "left", 4, 0600, &f->err));
	fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_CORRUPT, "is gone");
	fails(f, store_open(f->dir, STORE_READ_ONLY, &f->store, &f->err), ERR_CORRUPT, "is gone");
	/* Without its log either: something else is there only beside a database. */
	AUTO_FREE char *mark = path_join(f->dir, STORE_USED_MARK);
	assert_int_equal(unlink(wal), 0);
	ok(f, fs_write_atomic(mark, "shop\n", 5, 0600, &f->err));
	fails(f, store_open(f->dir, 0, &f->store, &f->err), ERR_CORRUPT, "Restore it");
	fails(f, store_open(f->dir, STORE_READ_ONLY, &f->store, &f->err), ERR_CORRUPT,
		"Restore it");
	assert_false(fs_exists(f->db));
	/* What a first run left that was killed before is no hindrance. */
	assert_int_equal(unlink(mark), 0);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
}

static bool has_problem(const struct store_check *check, const char *where, const char *text)
{
	for (size_t i = 0; i < check->count; i++)
		if (str_eq(check->problems[i].where, where) &&
			strstr(check->problems[i].what, text))
			return true;
	return false;
}

static void the_check_finds_a_flipped_page(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	struct store_check check;
	ok(f, store_check(f->store, &f->arena, &check, &f->err));
	assert_int_equal(check.count, 0);
	assert_true(check.size > 0);
	for (int i = 0; i < 200; i++) {
		char key[32];
		(void)snprintf(key, sizeof key, "canvas/c%d", i);
		put_object(f, key);
	}
	store_close(&f->store);
	struct stat st;
	assert_int_equal(stat(f->db, &st), 0);
	flip(f->db, st.st_size - 4096, 16);
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	ok(f, store_check(f->store, &f->arena, &check, &f->err));
	assert_true(check.count > 0);
	assert_string_equal(check.problems[0].where, "database");
}

static void the_check_knows_plan_files(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	AUTO_FREE char *plans = path_join(f->dir, "plans");
	ok(f, fs_mkdirs(plans, 0700, &f->err));
	static const char *const names[] = {"good", "changed", "missing"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *rel = path_join("plans", names[i]);
		AUTO_FREE char *path = path_join(f->dir, rel);
		AUTO_FREE char *id = xasprintf("01JD300000000000000000000%zu", i);
		AUTO_FREE char *key = xasprintf("canvas/%s", names[i]);
		char digest[DIGEST_HEX];
		digest_hex(i == 1 ? "other" : "bytes", 5, digest);
		if (i != 2)
			ok(f, fs_write_atomic(path, "bytes", 5, 0600, &f->err));
		const struct plan_row row = {.id = id,
			.object_key = key,
			.object_digest = "d",
			.action = "create",
			.engine = "terraform",
			.path = rel,
			.sha256 = digest,
			.summary_json = "{}",
			.identity = "i",
			.renderer = "1",
			.requester = "os:a"};
		ok(f, store_plan_add(f->store, &row, &f->err));
	}
	AUTO_FREE char *stray = path_join(plans, "stray");
	ok(f, fs_write_atomic(stray, "?", 1, 0600, &f->err));
	struct store_check check;
	ok(f, store_check(f->store, &f->arena, &check, &f->err));
	assert_int_equal(check.count, 3);
	assert_true(has_problem(&check, "plan file", "plans/changed differs"));
	assert_true(has_problem(&check, "plan file", "of canvas/missing: open"));
	assert_true(has_problem(&check, "plan file", "plans/stray belongs to no plan"));
}

static void transactions_do_not_nest(void **state)
{
	struct fixture *f = *state;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	store_rollback(f->store);
	ok(f, store_begin(f->store, &f->err));
	assert_true(store_in_transaction(f->store));
	fails(f, store_begin(f->store, &f->err), ERR_INTERNAL, "open already");
	put_object(f, "canvas/shop");
	store_rollback(f->store);
	int64_t count;
	ok(f, store_object_count(f->store, "canvas", &count, &f->err));
	assert_int_equal(count, 0);
	ok(f, store_begin(f->store, &f->err));
	put_object(f, "canvas/shop");
	ok(f, store_commit(f->store, &f->err));
	ok(f, store_object_count(f->store, "canvas", &count, &f->err));
	assert_int_equal(count, 1);
}

static int64_t canvases(struct fixture *f, struct store *store)
{
	int64_t count = -1;
	ok(f, store_object_count(store, "canvas", &count, &f->err));
	return count;
}

/* As `trueup status` does it: a new revision is not seen beside the objects of the old one. */
static void reads_of_one_moment(void **state)
{
	struct fixture *f = *state;
	struct store *reader;
	int64_t before, after;
	ok(f, store_open(f->dir, 0, &f->store, &f->err));
	put_object(f, "canvas/first");
	ok(f, store_open(f->dir, STORE_READ_ONLY, &reader, &f->err));
	ok(f, store_data_version(reader, &before, &f->err));
	ok(f, store_begin_reading(reader, &f->err));
	assert_int_equal(canvases(f, reader), 1);
	put_object(f, "canvas/second"); /* nobody waits */
	assert_int_equal(canvases(f, reader), 1);
	store_rollback(reader);
	assert_int_equal(canvases(f, reader), 2);
	ok(f, store_data_version(reader, &after, &f->err));
	assert_int_not_equal(before, after);
	store_close(&reader);
	/* What one writes itself is no news to it. */
	ok(f, store_data_version(f->store, &before, &f->err));
	put_object(f, "canvas/third");
	ok(f, store_data_version(f->store, &after, &f->err));
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(two_connections_of_a_process_lose_nothing),
		store_test(makes_a_private_database),
		store_test(looking_makes_nothing),
		store_test(migrates_from_every_version),
		store_test(refuses_a_newer_database),
		store_test(reports_damage_and_touches_nothing),
		store_test(garbage_and_links_are_no_database),
		store_test(a_lost_database_is_not_made_anew),
		store_test(the_check_finds_a_flipped_page),
		store_test(the_check_knows_plan_files),
		store_test(transactions_do_not_nest),
		store_test(reads_of_one_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
