/*
 * Recording a revision: everything in one transaction, so that after a crash either the old
 * revision stands or the new one.
 */
#include "base/err.h"
#include "base/str.h"
#include "reconcile/load.h"
#include "reconcile/past.h"
#include "reconcile/run_spec.h"
#include "store/audit.h"

int load_record_spec(struct load *l, const char *key, const char *digest, struct err **err)
{
	const struct loaded_spec *entry = load_entry(l, key);
	const struct spec *spec = entry->spec;
	AUTO_ARENA scratch = {0};
	const struct object_row row = {
		.key = spec->key,
		.kind = spec_kind_name(spec->kind),
		.name = spec->name,
		.path = entry->path,
		.blob_id = entry->blob,
		.seen_digest = digest,
		.seen_revision = l->revision,
		.spec_json = spec_json(&scratch, spec, SPEC_CANONICAL_PLAIN),
	};
	struct store *store = l->session->store;
	if (store_object_seen(store, &row, l->session->now_ms, err) < 0)
		return -1;
	const char *const *needs = load_needs(l, &scratch, spec);
	size_t count = 0;
	while (needs[count])
		count++;
	return store_needs_put(store, spec->key, needs, count, err);
}

static int record_rename(
	struct load *l, const struct object_row *from, const char *key, struct err **err)
{
	const struct session *s = l->session;
	AUTO_ARENA scratch = {0};
	const struct audit_row audit = {
		.at = s->now_ms,
		.actor = s->actor,
		.action = "rename",
		.subject = key,
		.detail_json = arena_printf(&scratch, "{\"from\":\"%s\"}", from->key),
	};
	if (past_note_rename(s, from, key, err) < 0 ||
		store_object_rename(s->store, from->key, key, s->now_ms, err) < 0)
		return -1;
	return store_audit_append(s->store, &audit, err);
}

static int record_renames(struct load *l, struct err **err)
{
	for (size_t i = 0; i < l->changed_count; i++) {
		const struct spec *spec = load_spec(l, l->changed[i]);
		if (!spec->renamed_from.text)
			continue;
		AUTO_STR old = STR_INIT;
		str_addf(&old, "%s/%s", spec_kind_name(spec->kind), spec->renamed_from.text);
		AUTO_ARENA scratch = {0};
		struct object_row *from = NULL, *to = NULL;
		struct store *store = l->session->store;
		if (store_object_get(store, old.data, OBJECT_FULL, &scratch, &from, err) < 0 ||
			store_object_get(store, spec->key, OBJECT_BRIEF, &scratch, &to, err) < 0)
			return -1;
		/* Once it has its new name, renamedFrom may stay in the file and means nothing. */
		if (from && !to && !load_entry(l, old.data) &&
			record_rename(l, from, spec->key, err) < 0)
			return -1;
	}
	return 0;
}

/* One that was renamed is there under its new name. */
static int record_gone(struct load *l, const char *key, struct err **err)
{
	if (store_object_gone(l->session->store, key, l->revision, l->session->now_ms, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	return 0;
}

/*
 * Runs that were there before anything was recorded. In this transaction: a process that died after
 * it would leave them to be run.
 */
static int record_baseline(struct load *l, const struct load_seen *seen, struct err **err)
{
	const struct spec *spec = l->recorded ? NULL : load_spec(l, seen->key);
	if (!spec || spec->kind != KIND_RUN)
		return 0;
	return run_spec_baseline(l, spec, seen->digest, err);
}

static int record_all(struct load *l, const struct load_seen *seen, size_t seen_count,
	int64_t *ret_id, struct err **err)
{
	struct store *store = l->session->store;
	if (record_renames(l, err) < 0)
		return -1;
	for (size_t i = 0; i < seen_count; i++)
		if (load_record_spec(l, seen[i].key, seen[i].digest, err) < 0 ||
			record_baseline(l, &seen[i], err) < 0)
			return -1;
	for (size_t i = 0; i < l->gone_count; i++)
		if (record_gone(l, l->gone[i], err) < 0)
			return -1;
	const bool folder = source_kind(l->session->source) == SOURCE_FOLDER;
	if (folder && store_files_put(store, &l->scan.manifest, err) < 0)
		return -1;
	const struct revision_row row = {
		.commit_id = folder ? NULL : l->rev.commit,
		.tree_id = l->tree,
		.branch = l->rev.branch[0] ? l->rev.branch : NULL,
		.decoder = READER_VERSION,
		.actor = l->session->actor,
		.recorded_at = l->session->now_ms,
		.status = REVISION_LOADED,
	};
	return store_revision_add(store, &row, ret_id, err);
}

int load_record(struct load *l, const struct load_seen *seen, size_t seen_count, int64_t *ret_id,
	struct err **err)
{
	struct store *store = l->session->store;
	if (store_begin(store, err) < 0)
		return -1;
	if (record_all(l, seen, seen_count, ret_id, err) < 0) {
		store_rollback(store);
		return err_wrap(err, "record the revision %.12s", l->revision);
	}
	return store_commit(store, err);
}
