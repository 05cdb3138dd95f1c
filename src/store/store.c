/*
 * Opening and closing. A database is made whole under another name and then renamed, so that a
 * file called trueup.db which is empty or cut short is always damage and never a new one: taking
 * it for new would forget what exists in the cloud.
 */
#include "store/store.h"

#include "base/fs.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { BUSY_MS = 10000, CREATE_WAIT_MS = 10000 };

/* Database header (sqlite.org/fileformat2.html §1.3): offsets and length. */
enum {
	HEADER_LEN = 100,
	HEADER_PAGE_SIZE = 16,
	HEADER_CHANGES = 24,
	HEADER_PAGES = 28,
	HEADER_APPLICATION = 68,
	HEADER_VALID_FOR = 92,
};

static uint32_t be32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static off_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static int damaged(const char *path, const char *how, struct err **err)
{
	return err_set(err, ERR_CORRUPT,
		"%s %s; nothing was changed: restore a backup of the state folder", path, how);
}

/*
 * What can be seen before SQLite looks, which would take an empty file for an empty database. It is
 * read through SQLite's own descriptor: closing any other one of the file would drop the locks that
 * another connection of this process holds (fcntl(2): they are the process's), and whoever closes
 * the database next would take that one for gone and remove its write-ahead log.
 */
static int check_header(struct store *store, const char *path, struct err **err)
{
	unsigned char header[HEADER_LEN];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (rc == SQLITE_OK)
		rc = file->pMethods->xFileSize(file, &size);
	if (rc == SQLITE_OK && size < HEADER_LEN)
		return damaged(path, size ? "is cut short" : "is empty", err);
	if (rc == SQLITE_OK)
		rc = file->pMethods->xRead(file, header, sizeof header, 0);
	if (rc != SQLITE_OK)
		return sql_error(store, rc, err, "read the store");
	if (memcmp(header, "SQLite format 3", 16) != 0)
		return damaged(path, "is damaged or not a database", err);
	if (be32(header + HEADER_APPLICATION) != STORE_APPLICATION_ID)
		return damaged(path, "is a database of another program", err);
	/* With a write-ahead log the pages may be there: SQLite knows. */
	AUTO_FREE char *wal = xasprintf("%s-wal", path);
	if (size_of(wal) > 0)
		return 0;
	const uint32_t raw = (uint32_t)header[HEADER_PAGE_SIZE] << 8 | header[HEADER_PAGE_SIZE + 1];
	const int64_t page = raw == 1 ? 65536 : (int64_t)raw;
	const bool valid = be32(header + HEADER_CHANGES) == be32(header + HEADER_VALID_FOR);
	if (valid && size < page * (int64_t)be32(header + HEADER_PAGES))
		return damaged(path, "is cut short", err);
	return 0;
}

/*
 * On a read-only file system nobody writes, and SQLite cannot keep the index of the write-ahead log
 * beside the database, without which it would read nothing. Without such a log it needs none.
 */
static bool cannot_change(const struct store *store, const char *path)
{
	struct statvfs fs;
	AUTO_FREE char *wal = xasprintf("%s-wal", path);
	return statvfs(store->dir, &fs) == 0 && fs.f_flag & ST_RDONLY && size_of(wal) <= 0;
}

/* "file:/a%20b/trueup.db?immutable=1" (sqlite.org/uri.html §3) */
static char *immutable_uri(const char *path)
{
	AUTO_STR uri = STR_INIT;
	str_add(&uri, "file:");
	for (const char *c = path; *c; c++)
		str_addf(&uri, strchr("?#%", *c) ? "%%%02x" : "%c", (unsigned char)*c);
	str_add(&uri, "?immutable=1");
	return str_detach(&uri);
}

/* Nothing of the database is read here. */
static int attach(struct store *store, const char *path, unsigned flags, struct err **err)
{
	const int how = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	const bool frozen = flags & STORE_READ_ONLY && cannot_change(store, path);
	AUTO_FREE char *uri = frozen ? immutable_uri(path) : NULL;
	const int rc =
		frozen ? sqlite3_open_v2(uri, &store->db,
				 how | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL)
		       : sqlite3_open_v2(path, &store->db, how | SQLITE_OPEN_READWRITE, NULL);
	return rc == SQLITE_OK ? 0 : sql_error(store, rc, err, "open the store");
}

static int set_up(struct store *store, struct err **err)
{
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	return sql_script(store, "open the store", "PRAGMA synchronous = FULL", err);
}

/*
 * Nothing waits for the disk here: the file is synced as a whole before it gets its name. A row
 * with its spec takes about 2 KiB, of which a page of the usual 4 KiB would hold one or two.
 */
static int build_new(struct store *store, const char *path, struct err **err)
{
	if (attach(store, path, 0, err) < 0 || set_up(store, err) < 0 ||
		sql_script(store, "make the store",
			"PRAGMA synchronous = OFF; PRAGMA page_size = 8192", err) < 0 ||
		store_migrate(store, err) < 0)
		return -1;
	char script[96];
	(void)snprintf(script, sizeof script,
		"PRAGMA application_id = %d; PRAGMA journal_mode = WAL", STORE_APPLICATION_ID);
	return sql_script(store, "make the store", script, err);
}

static void disconnect(struct store *store)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		(void)sqlite3_finalize(store->stmts[i]);
		store->stmts[i] = NULL;
	}
	(void)sqlite3_close(store->db);
	store->db = NULL;
}

/* A temporary name in the same folder, so that the rename is atomic. */
static int create_as(struct store *store, const char *path, struct err **err)
{
	AUTO_FREE char *tmp = xasprintf("%s.new-XXXXXX", path);
	AUTO_CLOSE fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "create a file in %s", store->dir);
	int rc = build_new(store, tmp, err);
	disconnect(store);
	if (rc == 0 && fsync(fd) < 0)
		rc = err_errno(err, errno, "sync %s", tmp);
	if (rc == 0 && rename(tmp, path) < 0)
		rc = err_errno(err, errno, "rename %s to %s", tmp, path);
	if (rc == 0) {
		AUTO_CLOSE dir = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0 || fsync(dir) < 0)
			rc = err_errno(err, errno, "sync %s", store->dir);
	} else {
		(void)unlink(tmp);
	}
	return rc;
}

/*
 * Was there a database? What is written only beside one tells: a folder without it that the first
 * run left when it was killed is a new one. Without this a lost database would be a new one, too.
 */
static int check_not_lost(const struct store *store, const char *path, struct err **err)
{
	AUTO_FREE char *wal = xasprintf("%s-wal", path);
	AUTO_FREE char *name = path_join(store->dir, STORE_USED_MARK);
	if (size_of(wal) > 0)
		return damaged(path, "is gone, but its write-ahead log is there", err);
	if (!fs_exists(name))
		return 0;
	return err_set(err, ERR_CORRUPT,
		"%s is gone, and what was recorded with it: nothing was changed. Restore it from a "
		"copy; to begin anew on purpose, move the state folder away and put back only its "
		"terraform/, which holds the states that no backend does",
		path);
}

static int create(struct store *store, const char *path, struct err **err)
{
	if (check_not_lost(store, path, err) < 0)
		return -1;
	if (fs_mkdirs(store->dir, 0700, err) < 0)
		return -1;
	AUTO_FREE char *lock_path = xasprintf("%s.create-lock", path);
	AUTO_LOCK lock = LOCK_NONE;
	AUTO_FREE char *owner = xasprintf("pid %d, creating the store", (int)getpid());
	if (lock_take(lock_path, owner, CREATE_WAIT_MS, &lock, err) < 0)
		return -1;
	return fs_exists(path) ? 0 : create_as(store, path, err);
}

static int open_existing(struct store *store, const char *path, unsigned flags, struct err **err)
{
	int64_t version;
	if (attach(store, path, flags, err) < 0)
		return -1;
	/* Should it turn out damaged, closing it must not write into it. */
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (check_header(store, path, err) < 0 || set_up(store, err) < 0 ||
		sql_number(store, "PRAGMA user_version", &version, err) < 0)
		return -1;
	const int newest = store_schema_newest();
	if (version > newest)
		return err_set(err, ERR_INVALID,
			"%s was written by a newer trueup (schema %lld; this one knows %d): use "
			"that version",
			path, (long long)version, newest);
	if (version < 1)
		return damaged(path, "has no schema", err);
	if (version < newest && store_migrate(store, err) < 0)
		return -1;
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return flags & STORE_READ_ONLY
		       ? sql_script(store, "open the store", "PRAGMA query_only = 1", err)
		       : 0;
}

int store_open(const char *dir, unsigned flags, struct store **ret, struct err **err)
{
	AUTO_STORE *store = xcalloc(1, sizeof *store);
	store->dir = xstrdup(dir);
	AUTO_FREE char *path = path_join(dir, "trueup.db");
	struct stat st;
	const bool there = lstat(path, &st) == 0;
	if (!there && flags & STORE_READ_ONLY) {
		if (check_not_lost(store, path, err) < 0)
			return -1;
		return err_set(err, ERR_NOT_FOUND,
			"nothing is recorded in %s yet: run `trueup reconcile` first", dir);
	}
	if (there && S_ISLNK(st.st_mode))
		return damaged(path, "is a symbolic link", err);
	if ((!there && create(store, path, err) < 0) || open_existing(store, path, flags, err) < 0)
		return -1;
	*ret = steal_ptr(store);
	return 0;
}

void store_close(struct store **store)
{
	if (!*store)
		return;
	disconnect(*store);
	free((*store)->dir);
	free(*store);
	*store = NULL;
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}
