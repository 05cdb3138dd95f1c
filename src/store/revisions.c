/* Revisions, the manifest of a plain folder, and the cache of parsed files. */
#include "store/revisions.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/internal.h"

#include <string.h>

static const char *const status_names[] = {
	[REVISION_LOADED] = "loaded",
	[REVISION_DONE] = "done",
	[REVISION_PENDING] = "pending",
};

static const char *const entry_names[] = {
	[SOURCE_FILE] = "file",
	[SOURCE_SYMLINK] = "symlink",
	[SOURCE_SUBMODULE] = "submodule",
};

const char *revision_status_name(enum revision_status status)
{
	return status_names[status];
}

int store_revision_add(
	struct store *store, const struct revision_row *row, int64_t *ret_id, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_REVISION_ADD, &q, err) < 0)
		return -1;
	sql_text(&q, row->commit_id);
	sql_text(&q, row->tree_id);
	sql_text(&q, row->branch);
	sql_text(&q, row->config_digest);
	sql_text(&q, row->decoder);
	sql_text(&q, row->actor);
	sql_int(&q, row->recorded_at);
	sql_text(&q, status_names[row->status]);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the revision");
	*ret_id = sqlite3_last_insert_rowid(store->db);
	return 0;
}

int store_revision_status(
	struct store *store, int64_t id, enum revision_status status, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_REVISION_STATUS, &q, err) < 0)
		return -1;
	sql_text(&q, status_names[status]);
	sql_int(&q, id);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the state of the revision");
	if (sql_changes(store) == 0)
		return err_set(err, ERR_NOT_FOUND, "no revision %lld is recorded", (long long)id);
	return 0;
}

int store_revision_last(
	struct store *store, struct arena *arena, struct revision_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_REVISION_LAST, &q, err) < 0)
		return -1;
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	struct revision_row *row = arena_alloc(arena, sizeof *row);
	row->id = sql_get_int(&q);
	row->commit_id = sql_get_text(&q, arena);
	row->tree_id = sql_get_text(&q, arena);
	row->branch = sql_get_text(&q, arena);
	row->config_digest = sql_get_text(&q, arena);
	row->decoder = sql_get_text(&q, arena);
	row->actor = sql_get_text(&q, arena);
	row->recorded_at = sql_get_int(&q);
	row->status = sql_get_enum(&q, status_names, ARRAY_LEN(status_names));
	*ret = row;
	return 0;
}

int store_files_get(
	struct store *store, struct arena *arena, struct source_manifest *ret, struct err **err)
{
	*ret = (struct source_manifest){0};
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_FILES, &q, err) < 0)
		return -1;
	size_t cap = 0;
	int rc;
	while ((rc = sql_row(&q, err)) > 0) {
		ret->files = arena_grow(arena, ret->files, ret->count, &cap, sizeof *ret->files);
		struct source_file *f = &ret->files[ret->count++];
		f->path = sql_get_text(&q, arena);
		f->size = sql_get_int(&q);
		f->mtime_ns = sql_get_int(&q);
		f->ctime_ns = sql_get_int(&q);
		f->digest = sql_get_text(&q, arena);
		f->entry = sql_get_enum(&q, entry_names, ARRAY_LEN(entry_names));
	}
	return rc;
}

static int file_remove(struct store *store, const char *path, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_FILE_REMOVE, &q, err) < 0)
		return -1;
	sql_bytes(&q, path, strlen(path));
	return sql_run(&q, err);
}

static int file_put(struct store *store, const struct source_file *f, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_FILE_PUT, &q, err) < 0)
		return -1;
	sql_bytes(&q, f->path, strlen(f->path));
	sql_int(&q, f->size);
	sql_int(&q, f->mtime_ns);
	sql_int(&q, f->ctime_ns);
	sql_text(&q, f->digest);
	sql_text(&q, entry_names[f->entry]);
	return sql_run(&q, err);
}

static bool same_file(const struct source_file *a, const struct source_file *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
	       a->entry == b->entry && str_eq(a->digest, b->digest);
}

/* Both lists are sorted by path: one merge finds what differs. */
static int files_merge(struct store *store, const struct source_manifest *old,
	const struct source_manifest *new, struct err **err)
{
	for (size_t i = 0, j = 0; i < old->count || j < new->count;) {
		int order = i == old->count ? 1 : -1;
		if (i < old->count && j < new->count)
			order = strcmp(old->files[i].path, new->files[j].path);
		int rc = 0;
		if (order < 0)
			rc = file_remove(store, old->files[i].path, err);
		else if (order > 0 || !same_file(&old->files[i], &new->files[j]))
			rc = file_put(store, &new->files[j], err);
		if (rc < 0)
			return err_wrap(err, "record the files of the folder");
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

int store_files_put(struct store *store, const struct source_manifest *manifest, struct err **err)
{
	bool own;
	if (sql_enter(store, &own, err) < 0)
		return -1;
	AUTO_ARENA arena = {0};
	struct source_manifest old;
	int rc = store_files_get(store, &arena, &old, err);
	if (rc == 0)
		rc = files_merge(store, &old, manifest, err);
	return sql_leave(store, own, rc, err);
}

int store_blob_get(struct store *store, const struct blob_row *want, struct arena *arena,
	struct blob_row **ret, struct err **err)
{
	*ret = NULL;
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_BLOB_GET, &q, err) < 0)
		return -1;
	sql_text(&q, want->blob_id);
	sql_bytes(&q, want->path, strlen(want->path));
	sql_text(&q, want->decoder);
	const int rc = sql_row(&q, err);
	if (rc <= 0)
		return rc;
	struct blob_row *row = arena_alloc(arena, sizeof *row);
	*row = *want;
	row->kind = sql_get_text(&q, arena);
	row->key = sql_get_text(&q, arena);
	row->spec_json = sql_get_text(&q, arena);
	row->digest = sql_get_text(&q, arena);
	row->diagnostics = sql_get_int(&q) != 0;
	*ret = row;
	return 0;
}

int store_blob_put(struct store *store, const struct blob_row *row, struct err **err)
{
	AUTO_SQL q = SQL_NONE;
	if (sql_start(store, SQL_BLOB_PUT, &q, err) < 0)
		return -1;
	sql_text(&q, row->blob_id);
	sql_bytes(&q, row->path, strlen(row->path));
	sql_text(&q, row->decoder);
	sql_text(&q, row->kind);
	sql_text(&q, row->key);
	sql_text(&q, row->spec_json);
	sql_text(&q, row->digest);
	sql_int(&q, row->diagnostics);
	if (sql_run(&q, err) < 0)
		return err_wrap(err, "record the parsed file %s", row->path);
	return 0;
}

int store_blobs_prune(struct store *store, const char *decoder, int64_t keep, struct err **err)
{
	AUTO_SQL strangers = SQL_NONE;
	if (sql_start(store, SQL_BLOBS_FORGET_DECODERS, &strangers, err) < 0)
		return -1;
	sql_text(&strangers, decoder);
	if (sql_run(&strangers, err) < 0)
		return err_wrap(err, "prune the cache of parsed files");
	AUTO_SQL old = SQL_NONE;
	if (sql_start(store, SQL_BLOBS_FORGET_OLD, &old, err) < 0)
		return -1;
	sql_int(&old, keep);
	if (sql_run(&old, err) < 0)
		return err_wrap(err, "prune the cache of parsed files");
	return 0;
}
