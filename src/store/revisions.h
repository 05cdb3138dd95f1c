/*
 * What was loaded: recorded revisions, the manifest of a plain folder, and the cache of parsed
 * files. The cache may be emptied at any time; nothing else depends on it.
 */
#ifndef TRUEUP_STORE_REVISIONS_H
#define TRUEUP_STORE_REVISIONS_H

#include "source/source.h"
#include "store/store.h"

enum revision_status {
	REVISION_LOADED, /* recorded; its objects are being worked on */
	REVISION_DONE, /* every object is where the revision wants it */
	REVISION_PENDING, /* some wait or failed */
};

struct revision_row {
	int64_t id; /* given by the store */
	const char *commit_id; /* NULL for a plain folder */
	const char *tree_id; /* of the spec root; the manifest's digest for a plain folder */
	const char *branch; /* NULL if detached */
	const char *config_digest; /* NULL: built-in Config; lets a fast path see a changed one */
	const char *decoder; /* version of the decoder that read it */
	const char *actor;
	int64_t recorded_at;
	enum revision_status status;
};

/* Records a revision as the last one; *ret_id its number. */
MUST_CHECK int store_revision_add(
	struct store *store, const struct revision_row *row, int64_t *ret_id, struct err **err);
MUST_CHECK int store_revision_status(
	struct store *store, int64_t id, enum revision_status status, struct err **err);
/* The last recorded revision; *ret NULL if there is none. */
MUST_CHECK int store_revision_last(
	struct store *store, struct arena *arena, struct revision_row **ret, struct err **err);

/* The manifest of the last scan of a plain folder; empty if there was none. */
MUST_CHECK int store_files_get(
	struct store *store, struct arena *arena, struct source_manifest *ret, struct err **err);
/* Replaces it, touching only rows that differ. */
MUST_CHECK int store_files_put(
	struct store *store, const struct source_manifest *manifest, struct err **err);

/* A parsed file. */
struct blob_row {
	const char *blob_id;
	const char *path; /* relative to the spec root: what is a spec depends on it */
	const char *decoder; /* version of decoder and schema; other versions are not found */
	const char *kind; /* "canvas"; NULL: not a spec */
	const char *key; /* "canvas/shop"; NULL: not a spec */
	const char *spec_json; /* canonical; NULL: not kept */
	const char *digest; /* of what counts of it; NULL: not kept */
	bool diagnostics; /* decoding had something to say: decode again to hear it */
};

/*
 * Looks up blob_id, path and decoder of want; *ret NULL if it is not there. The row borrows those
 * three texts from want.
 */
MUST_CHECK int store_blob_get(struct store *store, const struct blob_row *want, struct arena *arena,
	struct blob_row **ret, struct err **err);
MUST_CHECK int store_blob_put(struct store *store, const struct blob_row *row, struct err **err);
/* Forgets rows of other decoders, and the oldest beyond keep rows. */
MUST_CHECK int store_blobs_prune(
	struct store *store, const char *decoder, int64_t keep, struct err **err);

const char *revision_status_name(enum revision_status status);

#endif
