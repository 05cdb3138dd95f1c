/*
 * A session: one spec root with its state, as every command needs it. Opens the source and the
 * store, knows who acts and when, and holds the repository's lock for those that change things.
 */
#ifndef TRUEUP_RECONCILE_SESSION_H
#define TRUEUP_RECONCILE_SESSION_H

#include "base/lock.h"
#include "source/source.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct source_upstream;

enum session_flags {
	SESSION_READ = 0, /* look only; a store that is not there yet is fine: store NULL */
	SESSION_LOCK = 1 << 0, /* change things: takes the lock, makes the store */
	SESSION_WRITE = 1 << 1, /* record things beside others: makes the store, takes no lock */
	/*
	 * With SESSION_WRITE: ask engines for plans beside whoever holds the lock. One does at a
	 * time; files of plans that are not recorded yet are safe from being tidied up.
	 */
	SESSION_PLANS = 1 << 2,
	/* With SESSION_READ: as strict about the root as those that change things. */
	SESSION_STRICT = 1 << 3,
	/* Begin anew even if this root looks like another one that was renamed (known_root.h). */
	SESSION_NEW_ROOT = 1 << 4,
};

struct session_options {
	const char *dir; /* spec root or something inside it; "." */
	const char *state_dir; /* NULL: the default of the source */
	unsigned flags;
	int64_t lock_wait_ms; /* how long to wait for another process that holds the lock */
	const char *what; /* for the lock's owner text: "reconcile" */
	const char *actor; /* "git:alice"; NULL: the user of this process */
	const struct source_upstream *upstream; /* of a mirror (source/append.h); NULL: none */
	struct store *store; /* of state_dir, open for writing: used, and left open; NULL: none */
};

struct session {
	struct source *source;
	struct store *store; /* NULL: nothing was recorded yet (SESSION_READ only) */
	char *dir; /* as the user named it */
	char *state_dir; /* absolute */
	char *actor; /* "os:alice" */
	char *repository; /* how this repository is known in tags and names */
	int64_t now_ms; /* wall clock at the start: one time for all decisions of a run */
	struct lock lock;
	struct lock plans; /* of SESSION_PLANS */
	bool store_borrowed;
};

/* Name of the user that this process runs as, heap-owned. */
char *session_account(void);

/* Who acts, by the operating system: "os:alice"; heap-owned. */
char *session_actor(void);
/*
 * Opens it; on failure *ret is left released. ERR_CONFLICT when another process holds the lock
 * after lock_wait_ms, with its owner in the text. ERR_DENIED, by who does more than read, when this
 * root looks like a recorded one that was renamed; nothing is made then.
 */
MUST_CHECK int session_open(
	const struct session_options *options, struct session *ret, struct err **err);
void session_close(struct session *s);
/*
 * Takes the lock for a session without it, to clean up, if nobody has it: ret->fd < 0 otherwise.
 * Who wants it waits for us then.
 */
MUST_CHECK int session_lock_if_free(const struct session *s, struct lock *ret, struct err **err);
/* Does anybody hold the lock? */
MUST_CHECK int session_is_locked(const struct session *s, bool *ret, struct err **err);
/* The lock of SESSION_PLANS for a moment, on the same terms. */
MUST_CHECK int session_plans_if_free(const struct session *s, struct lock *ret, struct err **err);
#define AUTO_SESSION CLEANUP(session_close) struct session
#define SESSION_NONE                                                                               \
	{                                                                                          \
		.lock = LOCK_NONE, .plans = LOCK_NONE                                              \
	}

#endif
