/*
 * What the files of store/ share: the open database, the table of statements, and a small layer
 * that binds parameters and reads columns one after the other. Not for other folders.
 */
#ifndef TRUEUP_STORE_INTERNAL_H
#define TRUEUP_STORE_INTERNAL_H

#include "base/err.h"
#include "store/statements.h"
#include "store/store.h"

#include <sqlite3.h>
#include <sys/types.h>

struct store {
	sqlite3 *db;
	char *dir;
	sqlite3_stmt *stmts[SQL_COUNT]; /* prepared when first used */
};

enum { STORE_APPLICATION_ID = 0x54525550 }; /* "TRUP" */

/* A statement in use. Released, it is reset and its parameters are forgotten. */
struct sql {
	struct store *store;
	sqlite3_stmt *stmt;
	int param; /* last one bound */
	int column; /* next one to read */
};
#define SQL_NONE                                                                                   \
	{                                                                                          \
		NULL, NULL, 0, 0                                                                   \
	}

MUST_CHECK int sql_start(struct store *store, enum sql_id id, struct sql *ret, struct err **err);
void sql_release(struct sql *q);
#define AUTO_SQL CLEANUP(sql_release) struct sql

/* Bind the next parameter. Text is borrowed until release; NULL is NULL. */
void sql_text(struct sql *q, const char *value);
void sql_bytes(struct sql *q, const void *data, size_t len);
void sql_int(struct sql *q, int64_t value);

/* 1: a row is there, 0: no more, -1: failed. */
MUST_CHECK int sql_row(struct sql *q, struct err **err);
/* Runs a statement that gives no rows. */
MUST_CHECK int sql_run(struct sql *q, struct err **err);
/* The same, and ERR_NOT_FOUND with "no WHAT 'KEY'" when it changed no row. */
MUST_CHECK int sql_run_on(struct sql *q, const char *what, const char *key, struct err **err);
/* Rows changed by the last statement. */
int64_t sql_changes(const struct store *store);

/* Read the next column of the row. */
const char *sql_get_text(struct sql *q, struct arena *arena);
int64_t sql_get_int(struct sql *q);
void sql_get_bytes(struct sql *q, struct str *out); /* appends */
/* A text that is one of names[count]; a stranger reads as the first. */
unsigned sql_get_enum(struct sql *q, const char *const *names, size_t count);

/* Fills *err from the database's last failure. */
int sql_error(struct store *store, int code, struct err **err, const char *what);

/* One transaction around several statements, unless one is open already. */
MUST_CHECK int sql_enter(struct store *store, bool *ret_own, struct err **err);
/* Ends it: commits when rc is 0, otherwise rolls back. Returns rc or the failure. */
MUST_CHECK int sql_leave(struct store *store, bool own, int rc, struct err **err);

/* Runs a script of several statements: pragmas and migrations only. what is done by it. */
MUST_CHECK int sql_script(
	struct store *store, const char *what, const char *text, struct err **err);
/* One number from a pragma or a simple query. */
MUST_CHECK int sql_number(struct store *store, const char *text, int64_t *ret, struct err **err);

/* migrations.c: brings the schema up to date within a transaction of its own. */
MUST_CHECK int store_migrate(struct store *store, struct err **err);

#endif
