/*
 * A push as the hooks of the repository that receives it see it (githooks(5), pre-receive and
 * post-receive): which refs move, what the pusher asked for, who the pusher is, and whether the
 * push may come in.
 *
 * What is refused:
 *	- a literal secret in any version of any file that the push brings, by whatever ref: once
 *	  accepted it is in the history of everybody who fetches
 *	- invalid specs on Config's branch, that branch's deletion, and a commit there without any
 *	  canvas while canvases are recorded (unless the pusher says that it is meant)
 *	- making, changing or deleting refs/notes/trueup, where trueup writes what it did
 * Other branches may hold anything else: what is wrong with them is shown when they are previewed.
 *
 * Git accepts or refuses a push as a whole, so that one refused ref refuses all.
 */
#ifndef TRUEUP_RECONCILE_PUSH_H
#define TRUEUP_RECONCILE_PUSH_H

#include "base/diag.h"
#include "reconcile/session.h"

/* More refs in one push are refused. */
enum { PUSH_MAX_REFS = 20000 };

struct push_ref {
	const char *name; /* "refs/heads/main" */
	const char *branch; /* "main"; NULL: it is none */
	const char *old_id, *new_id; /* NULL: not there before, not there any more */
};

struct push {
	struct push_ref *refs;
	size_t count;
	bool skip; /* -o trueup.skip: accept it, and reconcile some other time */
	bool allow_empty; /* -o trueup.allow-empty: no canvas is left, and that is meant */
};

/*
 * What git writes to the hook's standard input: lines "OLD NEW REF", an id of zeros for one that is
 * not there. Texts live in arena. ERR_SYNTAX for anything else.
 */
MUST_CHECK int push_parse(
	const char *input, size_t len, struct arena *arena, struct push *ret, struct err **err);

/*
 * Push options, as git hands them over in GIT_PUSH_OPTION_COUNT and GIT_PUSH_OPTION_0 and so on of
 * environ. Those that do not begin with "trueup." are somebody else's; ERR_INVALID for one that
 * does and is none of ours.
 */
MUST_CHECK int push_options(const char *const *environ, struct push *push, struct err **err);

/*
 * Who pushes: "git:NAME", heap-owned. NAME is what the server says: the first of GL_USER
 * (gitolite), GL_USERNAME (GitLab), GITEA_PUSHER_NAME, REMOTE_USER (a web server in front of git
 * http-backend) in environ that is set and is a name, else account, the operating system's name of
 * the user that the hook runs as. Never the author or the committer of a commit.
 */
char *push_actor(const char *const *environ, const char *account);

/*
 * The pushed ref that is Config's branch, whatever happens to it; *ret NULL if it was not pushed.
 * Config is the recorded one; before the first record it is the one in the pushed commit.
 */
MUST_CHECK int push_find_applied(struct session *session, const struct push *push,
	const struct push_ref **ret, struct err **err);

struct push_verdict {
	const struct push_ref *ref;
	bool refused;
	const char *why; /* why it is refused, or what the pusher should know; NULL: nothing */
	const char *hint; /* what to do; NULL: nothing */
	struct diag_list diags; /* sorted */
};

struct push_check {
	struct arena arena;
	struct push_verdict *verdicts; /* one a ref, in the order of the push */
	size_t count;
	size_t refused; /* how many of them are */
};

/*
 * Judges the push. Reads only what it brings and what that touches, and writes nothing. The session
 * is one of SESSION_READ; what nothing was recorded of yet is read whole.
 */
MUST_CHECK int push_check(
	struct session *session, const struct push *push, struct push_check *ret, struct err **err);
void push_check_release(struct push_check *check);
#define AUTO_PUSH_CHECK CLEANUP(push_check_release) struct push_check

#endif
