/*
 * Loading: from a spec root and the recorded revision to what changed, decoded and checked. Only
 * changed files are read; a spec that did not change is read when something asks for it. Nothing
 * is written: load_record() does that, when everything is valid and the caller means it.
 */
#ifndef TRUEUP_RECONCILE_LOAD_H
#define TRUEUP_RECONCILE_LOAD_H

#include "base/diag.h"
#include "base/strmap.h"
#include "reconcile/parse_ahead.h"
#include "reconcile/session.h"
#include "render/render.h"
#include "spec/check.h"
#include "store/objects.h"
#include "store/revisions.h"

/* Counts up when decoding or checking changes: everything is read again once. */
#define DECODER_VERSION "3"
/*
 * Counts up when the same canvas renders to something else. It is part of every object's digest,
 * so each is planned again once.
 */
#define RENDER_VERSION "1"
/* What a recorded revision was read by: with another reader nothing of it is taken on trust. */
#define READER_VERSION DECODER_VERSION "/" RENDER_VERSION

enum load_flags {
	LOAD_WORKTREE = 1 << 0, /* the files on disk instead of the commit */
	LOAD_ALL = 1 << 1, /* read and check everything, as if nothing was recorded */
	LOAD_NOTICE = 1 << 2, /* count uncommitted edits: costs a look at every file */
	LOAD_TREE = 1 << 3, /* rev is the id of a tree of the whole repository, not a revision */
};

/* One spec of the revision, as far as it was needed. */
struct loaded_spec {
	const struct spec *spec; /* NULL: could not be read (see diags) */
	const char *path;
	const char *blob; /* id of the content */
	bool changed; /* differs from what is recorded, or is new */
	bool checked; /* was handed to the cross-file checks */
};

/*
 * A pull request: what its base branch would be after the merge. Ids are of a commit (head) and of
 * trees of the spec root. Config and policy are those last recorded, whatever the merge says.
 */
struct load_merge {
	const char *head, *base_tree, *tree;
};

struct load {
	/* Set by load_open(), for the caller. */
	struct source_rev rev;
	const char *revision; /* commit; digest of the manifest for a plain folder */
	const char *tree;
	const struct revision_row *recorded; /* NULL: nothing yet */
	bool same; /* the revision is the recorded one */
	const char *const *changed; /* keys of specs that are new or differ */
	size_t changed_count;
	const char *const *gone; /* keys recorded as present that are not there any more */
	size_t gone_count;
	size_t uncommitted; /* spec files on disk that differ from the revision (LOAD_NOTICE) */
	const struct config *config; /* in force: as written, or the defaults */
	struct diag_list diags;

	/* The rest is load.c's own. */
	struct arena arena;
	struct session *session;
	struct render_types *types;
	unsigned flags;
	const struct load_merge *merge; /* NULL: not a pull request */
	struct strmap touched; /* paths that the merge changes in its base */
	struct strmap ahead_of; /* paths that the base changed since what is recorded */
	const struct spec *base_config; /* of a merge: as last recorded; NULL: none is */
	struct strmap specs; /* key -> struct loaded_spec */
	struct source_scan_result scan;
	struct source_changes changes;
	struct parsed_ahead ahead;
	const char **links; /* links and submodules that may have replaced a folder of specs */
	size_t link_count, link_cap;
	size_t changed_cap, gone_cap;
	const char *const *broken; /* paths of files that gave no spec */
	size_t broken_count, broken_cap;
	const char *const *keys[KIND_COUNT]; /* cache of load_keys() */
	bool counted;
	size_t counts[KIND_COUNT]; /* cache of load_counts() */
};

/* Files that may be specs. */
extern const struct source_filter load_spec_files;

/*
 * Reads rev (NULL: HEAD; ignored for a plain folder), decodes what changed and checks it. 0 also
 * when specs are invalid: look at ret->diags.errors. types is borrowed.
 */
MUST_CHECK int load_open(struct session *session, struct render_types *types, const char *rev,
	unsigned flags, struct load *ret, struct err **err);
/* The same for a pull request. merge is borrowed. */
MUST_CHECK int load_open_merge(struct session *session, struct render_types *types,
	const struct load_merge *merge, struct load *ret, struct err **err);
/* Of a merge: does it change this file in its base? Has the base changed it since the record? */
bool load_touches(const struct load *l, const char *path);
bool load_base_moved(const struct load *l, const char *path);
void load_close(struct load *l);
#define AUTO_LOAD CLEANUP(load_close) struct load

/*
 * Is there anything to do at all? Answers without libgit2 and without reading a spec: false means
 * that HEAD is the recorded revision and every object is where it should be. ret_head is HEAD then.
 */
MUST_CHECK int load_needed(
	struct session *session, bool *ret_needed, struct source_rev *ret_head, struct err **err);
/* How many objects of each kind are recorded as present. */
MUST_CHECK int load_recorded_counts(
	struct session *session, size_t ret[KIND_COUNT], struct err **err);

/* The spec with this key in the revision, read now if it was not yet; NULL if there is none. */
const struct spec *load_spec(struct load *l, const char *key);
const struct loaded_spec *load_entry(struct load *l, const char *key);
/* For the checks of spec/: finds in this load. */
struct spec_finder load_finder(struct load *l);
/* The Role of a canvas: the one it names, or the only one there is. NULL: unknown. */
const struct spec *load_role_of(struct load *l, const struct spec *canvas);
/* spec_needs(), with the Role of a canvas that names none. */
const char *const *load_needs(struct load *l, struct arena *arena, const struct spec *spec);
/* All keys of a kind in the revision, ending with NULL. Reads every recorded key. */
const char *const *load_keys(struct load *l, enum spec_kind kind);
/* How many specs of each kind the revision has. */
MUST_CHECK int load_counts(struct load *l, size_t ret[KIND_COUNT], struct err **err);

/*
 * How many canvases of which something may exist would be destroyed because the revision has no
 * canvas at all; 0 when it has one. Nobody means that, except those who say so.
 */
MUST_CHECK int load_lost_canvases(struct load *l, size_t *ret, struct err **err);

/* The full digest of an object, as the pipeline works it out. */
struct load_seen {
	const char *key, *digest;
};

/*
 * Records the revision: objects seen (changed ones, and those whose digest is in seen), objects
 * gone, what they need, manifest. In one transaction of its own. *ret_id is the revision's number.
 */
MUST_CHECK int load_record(struct load *l, const struct load_seen *seen, size_t seen_count,
	int64_t *ret_id, struct err **err);
/* Records one object of the revision again: its digest changed with an output that it uses. */
MUST_CHECK int load_record_spec(
	struct load *l, const char *key, const char *digest, struct err **err);

#endif
