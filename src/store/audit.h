/*
 * The audit log: append-only (triggers refuse UPDATE and DELETE), each row's hash covers its
 * fields and the hash before it. The head stands in the commit's note too, so that a log that
 * was rewritten as a whole is found out.
 *
 * hash = SHA-256 over prev_hash, seq, at, actor, action, subject, detail, each as text with its
 * terminating NUL; the first prev_hash is 64 zeros.
 */
#ifndef TRUEUP_STORE_AUDIT_H
#define TRUEUP_STORE_AUDIT_H

#include "base/digest.h"
#include "store/store.h"

struct audit_row {
	int64_t seq; /* from 1, without gaps */
	int64_t at;
	const char *actor;
	const char *action; /* "approve", "apply", "unlock", ... */
	const char *subject; /* "canvas/shop" */
	const char *detail_json; /* "{}" if there is nothing to add */
	const char *prev_hash, *hash;
};

/* Appends (seq and the hashes are the store's); call it in the transaction of what it tells. */
MUST_CHECK int store_audit_append(
	struct store *store, const struct audit_row *row, struct err **err);

struct audit_head {
	int64_t seq; /* 0: empty */
	char hash[DIGEST_HEX];
};
MUST_CHECK int store_audit_head(struct store *store, struct audit_head *ret, struct err **err);

struct audit_verdict {
	int64_t entries; /* rows that verify, from the first on */
	int64_t bad_seq; /* the first that does not; 0: all do */
	const char *reason; /* in words; NULL if all do */
	struct audit_head head; /* of the part that verifies */
};

/* Reads the whole chain. A broken one is no error: see ret->bad_seq. */
MUST_CHECK int store_audit_verify(struct store *store, struct audit_verdict *ret, struct err **err);

struct audit_filter {
	const char *subject; /* NULL: all */
	const char *actor; /* NULL: all */
	const char *action; /* NULL: all */
	int64_t before; /* seq; 0: from the newest */
	int64_t limit; /* 0: 50 */
};

struct audit_rows {
	struct audit_row *items;
	size_t count;
};

/* Newest first. */
MUST_CHECK int store_audit_list(struct store *store, const struct audit_filter *filter,
	struct arena *arena, struct audit_rows *ret, struct err **err);

#endif
