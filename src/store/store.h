/*
 * The store: what trueup recorded, in one SQLite file. The only door to SQLite; tables are
 * explained in docs/store.md, typed access is in the other headers of this folder:
 *
 *	revisions.h   what was loaded: revisions, files of plain folders, the parsed-blob cache
 *	objects.h     every object: seen, applied, phase; who depends on whom; status
 *	plans.h       plans and approvals
 *	operations.h  effects: intended, running, ended; their logs; resources and outputs
 *	runs.h        runs of runbooks, what they printed, when scheduled ones are due
 *	outbox.h      what is to be said to forges, until it was said
 *	pulls.h       pull requests, what was shown of them, locks on objects
 *	told.h        what is told at a forge of the commit that the branch is at
 *	queue.h       what a daemon was asked to do and has not done yet
 *	drift.h       what the last look at the resources found
 *	audit.h       the append-only, hash-chained audit log
 *
 * A committed change is on disk (write-ahead log, synchronous=FULL): an effect that was recorded
 * as intended stays so after a crash. Several processes may write; a writer waits up to 10 s for
 * another, then ERR_UNAVAILABLE. Rows are copied into the caller's arena. Texts are UTF-8; NULL
 * pointers are NULL columns. Times are wall-clock milliseconds and always handed in. A store must
 * not be used on both sides of a fork(): a child that needs one opens it itself.
 */
#ifndef TRUEUP_STORE_STORE_H
#define TRUEUP_STORE_STORE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct store;

enum store_flags {
	/* For looking, also on a read-only file system; no state yet is ERR_NOT_FOUND. */
	STORE_READ_ONLY = 1 << 0,
};

/*
 * A file in the folder that is written once there is a database, and stays (reconcile/session.c
 * keeps the repository's name in it): where it is without one, the database was lost.
 */
#define STORE_USED_MARK "repository"

/*
 * Opens dir/trueup.db, and makes the folder (0700) and the file (0600) when they are not there.
 * An older database is migrated first. A newer one is ERR_INVALID; one that is damaged, lost or
 * not ours is ERR_CORRUPT and stays as it is: nothing is ever repaired or replaced by itself.
 */
MUST_CHECK int store_open(const char *dir, unsigned flags, struct store **ret, struct err **err);
void store_close(struct store **store); /* accepts NULL inside; rolls back what is open */
#define AUTO_STORE CLEANUP(store_close) struct store

/* The folder that it was opened with. */
const char *store_dir(const struct store *store);

/*
 * Transactions. Every writing function works by itself or inside one. begin takes the write lock
 * at once; there is no nesting (ERR_INTERNAL). rollback is fine without a transaction. After a
 * failure inside a transaction roll back.
 */
MUST_CHECK int store_begin(struct store *store, struct err **err);
/*
 * What is read until store_rollback() is of one moment, whatever others write meanwhile. Keeps
 * nobody waiting.
 */
MUST_CHECK int store_begin_reading(struct store *store, struct err **err);
MUST_CHECK int store_commit(struct store *store, struct err **err);
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);

/* A number that changes when another connection than this one changes anything. */
MUST_CHECK int store_data_version(struct store *store, int64_t *ret, struct err **err);

/* Number of the schema that this program writes; every open database has it. */
int store_schema_newest(void);

/* What `doctor` looks at. Finding something is no error: it is in the list. */
struct store_problem {
	const char *where; /* "database", "table plans", "audit log", "plan file" */
	const char *what;
};

struct store_check {
	struct store_problem *problems;
	size_t count;
	int64_t size; /* of the database in bytes */
	int64_t audit_entries; /* that verify */
};

/*
 * Whole check: SQLite's integrity and foreign keys, the audit chain, plan files that are missing
 * or differ from their recorded digest, files in dir/plans that no plan knows.
 */
MUST_CHECK int store_check(
	struct store *store, struct arena *arena, struct store_check *ret, struct err **err);

#endif
