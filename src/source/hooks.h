/*
 * The hooks of a repository (githooks(5)): where they lie, whose they are, putting ours there and
 * taking them away again. The scripts are the files of the top-level folder hooks/, which are part
 * of the executable.
 *
 * A hook that somebody else wrote is never lost: it is kept beside ours as NAME.before-trueup,
 * ours asks it first, and removing ours puts it back. At no moment is the repository without the
 * hook that it had: files appear by rename.
 */
#ifndef TRUEUP_SOURCE_HOOKS_H
#define TRUEUP_SOURCE_HOOKS_H

#include "source/source.h"

enum hook_kind { HOOK_PRE_RECEIVE, HOOK_POST_RECEIVE, HOOK_PRE_COMMIT, HOOK_COUNT };

const char *hook_name(enum hook_kind kind); /* "pre-receive" */

enum hook_state {
	HOOK_NONE, /* no such hook */
	HOOK_OURS, /* as we would write it now */
	HOOK_OTHER_VERSION, /* ours, written by another version or for another executable */
	HOOK_OTHER_ROOT, /* ours, for another spec root of the same working copy */
	HOOK_FOREIGN, /* somebody else's */
};

/* What the scripts start. */
struct hook_program {
	const char *executable; /* full path of trueup */
	const char *state_dir; /* full path; NULL: the default of the repository */
	const char *subtree; /* the spec root in the working copy: "", "infra" */
};

struct hook_status {
	enum hook_state state;
	bool chained; /* a foreign hook is asked first: beside ours lies NAME.before-trueup */
	bool off; /* the file is not executable, so git does not run it */
	char *root; /* of HOOK_OTHER_ROOT: which one it is for; heap-owned, NULL otherwise */
};

void hook_status_release(struct hook_status *s);

/*
 * The folder that git looks for hooks in, heap-owned: core.hooksPath or "hooks" of the shared git
 * folder. *ret_shared: it was set for all repositories of the user or the machine.
 */
MUST_CHECK int hooks_folder(struct source *s, char **ret, bool *ret_shared, struct err **err);

MUST_CHECK int hook_look(const char *folder, enum hook_kind kind,
	const struct hook_program *program, struct hook_status *ret, struct err **err);

/* What was done. */
enum hook_change {
	HOOK_LEFT, /* nothing: it was as it should be, or not ours to remove */
	HOOK_WRITTEN, /* there was none */
	HOOK_RENEWED, /* ours, of another version */
	HOOK_CHAINED, /* put in front of somebody else's */
	HOOK_TAKEN_AWAY,
	HOOK_PUT_BACK, /* taken away, and the one from before is the hook again */
};

/*
 * ERR_CONFLICT: two foreign hooks lie there, the kept one and another in the place of ours; or ours
 * is for another spec root, which would go unchecked from then on.
 */
MUST_CHECK int hook_install(const char *folder, enum hook_kind kind,
	const struct hook_program *program, enum hook_change *ret, struct err **err);
MUST_CHECK int hook_remove(
	const char *folder, enum hook_kind kind, enum hook_change *ret, struct err **err);

/*
 * Lets pushers send options (`git push -o`; receive.advertisePushOptions), which git offers only
 * when told to, unless somebody has decided about it; and takes that back if it was done here.
 * *ret_changed: the configuration was changed.
 */
MUST_CHECK int hooks_offer_options(
	struct source *s, bool offer, bool *ret_changed, struct err **err);

#endif
