/*
 * The layer between typed rows and SQLite: statements are prepared when first used and kept,
 * parameters and columns are taken one after the other, and every failure of SQLite is turned
 * into one of our kinds with a sentence for the operator.
 */
#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

static enum err_kind kind_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_UNAVAILABLE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_CONSTRAINT:
		return ERR_INVALID;
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
		return ERR_IO;
	default:
		return ERR_INTERNAL;
	}
}

/*
 * SQLite writes to read, too: the index of the write-ahead log lies beside the database. What it
 * says then is no help ("unable to open database file"), so the folder is looked at.
 */
static const char *folder_hint(const struct store *store, int code)
{
	struct statvfs fs = {0};
	const bool seen = statvfs(store->dir, &fs) == 0;
	if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE ||
		(seen && fs.f_blocks && !fs.f_bavail))
		return "; the disk is full: make room on it and try again";
	if (seen && fs.f_flag & ST_RDONLY)
		return "; its file system is read-only: make it writable, or copy the folder and "
		       "name the copy with --state";
	const bool no_file = (code & 0xff) == SQLITE_CANTOPEN;
	if (no_file || (code & 0xff) == SQLITE_PERM || code == SQLITE_READONLY_DIRECTORY ||
		code == SQLITE_READONLY_CANTINIT)
		return "; whoever runs trueup needs to be able to write into the folder, also to "
		       "read";
	return "";
}

static const char *hint_for(const struct store *store, int code)
{
	const enum err_kind kind = kind_of(code);
	if (kind == ERR_UNAVAILABLE)
		return "; another trueup is writing for longer than 10 s: try again";
	if (kind == ERR_CORRUPT)
		return "; the database is damaged: run `trueup doctor`, then restore a backup of "
		       "it";
	return kind == ERR_IO || kind == ERR_DENIED ? folder_hint(store, code) : "";
}

int sql_error(struct store *store, int code, struct err **err, const char *what)
{
	const enum err_kind kind = kind_of(code);
	const char *hint = hint_for(store, code);
	return err_set(err, kind, "%s: %s/trueup.db: %s%s", what, store->dir,
		store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code), hint);
}

int sql_start(struct store *store, enum sql_id id, struct sql *ret, struct err **err)
{
	sqlite3_stmt **stmt = &store->stmts[id];
	if (!*stmt) {
		const int rc = sqlite3_prepare_v3(
			store->db, sql_statement(id), -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
		if (rc != SQLITE_OK)
			return sql_error(store, rc, err, "prepare a statement");
	}
	*ret = (struct sql){.store = store, .stmt = *stmt};
	return 0;
}

void sql_release(struct sql *q)
{
	if (!q->stmt)
		return;
	(void)sqlite3_reset(q->stmt);
	(void)sqlite3_clear_bindings(q->stmt);
	q->stmt = NULL;
}

/* Binding fails only for a wrong index, which is a bug, or a text over SQLite's 1 GB. */
static void bound(int rc)
{
	if (rc != SQLITE_OK)
		abort();
}

void sql_text(struct sql *q, const char *value)
{
	bound(sqlite3_bind_text(q->stmt, ++q->param, value, -1, SQLITE_STATIC));
}

void sql_bytes(struct sql *q, const void *data, size_t len)
{
	/* A NULL pointer would bind NULL where an empty value is meant. */
	bound(sqlite3_bind_blob64(q->stmt, ++q->param, data ? data : "", len, SQLITE_STATIC));
}

void sql_int(struct sql *q, int64_t value)
{
	bound(sqlite3_bind_int64(q->stmt, ++q->param, value));
}

int sql_row(struct sql *q, struct err **err)
{
	const int rc = sqlite3_step(q->stmt);
	q->column = 0;
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return sql_error(q->store, rc, err, "read or write the store");
}

int sql_run(struct sql *q, struct err **err)
{
	const int rc = sql_row(q, err);
	if (rc > 0)
		return err_set(err, ERR_INTERNAL, "a statement gave a row where none was expected");
	return rc;
}

int sql_run_on(struct sql *q, const char *what, const char *key, struct err **err)
{
	if (sql_run(q, err) < 0)
		return -1;
	if (sql_changes(q->store) == 0)
		return err_set(err, ERR_NOT_FOUND, "no %s '%s' is recorded", what, key);
	return 0;
}

int64_t sql_changes(const struct store *store)
{
	return sqlite3_changes64(store->db);
}

const char *sql_get_text(struct sql *q, struct arena *arena)
{
	const int i = q->column++;
	/* Bytes first asked as what they are: a path may be stored as a blob. */
	const void *data = sqlite3_column_blob(q->stmt, i);
	const int len = sqlite3_column_bytes(q->stmt, i);
	if (!data)
		return sqlite3_column_type(q->stmt, i) == SQLITE_NULL ? NULL : "";
	return arena_memdup(arena, data, (size_t)len);
}

int64_t sql_get_int(struct sql *q)
{
	return sqlite3_column_int64(q->stmt, q->column++);
}

void sql_get_bytes(struct sql *q, struct str *out)
{
	const int i = q->column++;
	const void *data = sqlite3_column_blob(q->stmt, i);
	if (data)
		str_addn(out, data, (size_t)sqlite3_column_bytes(q->stmt, i));
}

unsigned sql_get_enum(struct sql *q, const char *const *names, size_t count)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, q->column++);
	for (size_t i = 0; i < count; i++)
		if (str_eq(names[i], text))
			return (unsigned)i;
	return 0;
}

int sql_script(struct store *store, const char *what, const char *text, struct err **err)
{
	const int rc = sqlite3_exec(store->db, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : sql_error(store, rc, err, what);
}

int sql_number(struct store *store, const char *text, int64_t *ret, struct err **err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, text, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	const int failed = rc == SQLITE_ROW ? 0 : sql_error(store, rc, err, "look at the store");
	(void)sqlite3_finalize(stmt);
	return failed;
}

static int run_now(struct store *store, enum sql_id id, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, id, &q, err) < 0)
		return -1;
	return sql_run(&q, err);
}

int store_data_version(struct store *store, int64_t *ret, struct err **err)
{
	return sql_number(store, "PRAGMA data_version", ret, err);
}

static int begin(struct store *store, enum sql_id how, struct err **err)
{
	if (store_in_transaction(store))
		return err_set(err, ERR_INTERNAL, "a transaction of the store is open already");
	return run_now(store, how, err);
}

int store_begin(struct store *store, struct err **err)
{
	return begin(store, SQL_BEGIN, err);
}

int store_begin_reading(struct store *store, struct err **err)
{
	return begin(store, SQL_BEGIN_READING, err);
}

int store_commit(struct store *store, struct err **err)
{
	if (run_now(store, SQL_COMMIT, err) == 0)
		return 0;
	/* A commit that failed leaves the transaction open or not, by cause: end it for sure. */
	store_rollback(store);
	return -1;
}

void store_rollback(struct store *store)
{
	AUTO_ERR ignored = NULL;
	if (store_in_transaction(store) && run_now(store, SQL_ROLLBACK, &ignored) < 0)
		return; /* SQLite rolls back by itself when the connection closes */
}

bool store_in_transaction(const struct store *store)
{
	return !sqlite3_get_autocommit(store->db);
}

int sql_enter(struct store *store, bool *ret_own, struct err **err)
{
	*ret_own = !store_in_transaction(store);
	return *ret_own ? store_begin(store, err) : 0;
}

int sql_leave(struct store *store, bool own, int rc, struct err **err)
{
	if (!own)
		return rc;
	if (rc == 0)
		return store_commit(store, err);
	store_rollback(store);
	return rc;
}
