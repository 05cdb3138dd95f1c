#include "reconcile/session.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/known_root.h"
#include "source/append.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOCK_GRACE_MS = 500 };

/* The real user: under sudo still root, because that is who the system says acts. */
char *session_account(void)
{
	const uid_t uid = getuid();
	char buf[4096];
	struct passwd pw, *found = NULL;
	if (getpwuid_r(uid, &pw, buf, sizeof buf, &found) == 0 && found)
		return xstrdup(found->pw_name);
	return xasprintf("%u", (unsigned)uid);
}

char *session_actor(void)
{
	AUTO_FREE char *account = session_account();
	return xasprintf("os:%s", account);
}

/*
 * The repository's name in tags and in the digest of physical names. It is chosen once and kept
 * in the state, so that moving or renaming the checkout does not rename what exists. It is written
 * after the store was made, which takes it for a sign of that (store/store.h).
 */
static int repository_name(struct session *s, bool may_write, struct err **err)
{
	AUTO_FREE char *path = path_join(s->state_dir, STORE_USED_MARK);
	AUTO_STR text = STR_INIT;
	AUTO_ERR unreadable = NULL;
	if (fs_read(path, 1024, &text, &unreadable) == 0 && text.len > 1) {
		while (text.len && text.data[text.len - 1] == '\n')
			str_truncate(&text, text.len - 1);
		s->repository = str_detach(&text);
		return 0;
	}
	s->repository = xstrdup(source_name(s->source));
	if (!may_write)
		return 0;
	AUTO_FREE char *line = xasprintf("%s\n", s->repository);
	return fs_write_atomic(path, line, strlen(line), 0600, err);
}

/* The locks of a state folder: of those who change what is recorded, and of those who plan. */
#define LOCK_FILE  "lock"
#define PLANS_FILE "plans.lock"

static int take_one(const struct session *s, const char *name, const char *what, int64_t wait_ms,
	struct lock *ret, struct err **err)
{
	char now[CLOCK_TEXT_SIZE];
	AUTO_FREE char *path = path_join(s->state_dir, name);
	AUTO_FREE char *owner = xasprintf("pid %ld, %s by %s since %s", (long)getpid(), what,
		s->actor, clock_format(s->now_ms, now));
	return lock_take(path, owner, wait_ms, ret, err);
}

static int take_locks(struct session *s, const struct session_options *o, struct err **err)
{
	/* The children of one that was killed take a moment to die, and hold it until then. */
	const int64_t wait = o->lock_wait_ms > LOCK_GRACE_MS ? o->lock_wait_ms : LOCK_GRACE_MS;
	const char *does = "works on this repository";
	int got = 0;
	if (o->flags & SESSION_LOCK)
		got = take_one(s, LOCK_FILE, o->what, wait, &s->lock, err);
	if (got == 0 && o->flags & SESSION_PLANS) {
		does = "plans pull requests of this repository";
		got = take_one(s, PLANS_FILE, o->what, wait, &s->plans, err);
	}
	if (got < 0 && err_kind_of(*err) == ERR_CONFLICT)
		return err_wrap(err, "another trueup %s (--lock-timeout 10m waits for it)", does);
	return got;
}

static int take_if_free(
	const struct session *s, const char *name, struct lock *ret, struct err **err)
{
	*ret = (struct lock)LOCK_NONE;
	if (take_one(s, name, "clean up", 0, ret, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_CONFLICT)
		return -1;
	err_free(err);
	return 0;
}

int session_lock_if_free(const struct session *s, struct lock *ret, struct err **err)
{
	return take_if_free(s, LOCK_FILE, ret, err);
}

int session_is_locked(const struct session *s, bool *ret, struct err **err)
{
	AUTO_FREE char *path = path_join(s->state_dir, LOCK_FILE);
	return lock_is_held(path, ret, err);
}

int session_plans_if_free(const struct session *s, struct lock *ret, struct err **err)
{
	return take_if_free(s, PLANS_FILE, ret, err);
}

static int open_store(
	struct session *s, const struct session_options *o, bool writes, struct err **err)
{
	s->store = o->store;
	s->store_borrowed = o->store != NULL;
	if (s->store || store_open(s->state_dir, writes ? 0 : STORE_READ_ONLY, &s->store, err) == 0)
		return 0;
	if (writes || err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	return 0;
}

/*
 * Before anything is made, so that the state of the old name can simply be moved here. A state that
 * --state names goes by no path.
 */
static int check_root(
	const struct session *s, const struct session_options *o, bool writes, struct err **err)
{
	const bool asked = (writes || o->flags & SESSION_STRICT) && !(o->flags & SESSION_NEW_ROOT);
	return asked && !o->state_dir ? known_root_check(s->source, o->store, err) : 0;
}

/* The state folder, which is there afterwards if it has to be. */
static int find_state(
	struct session *s, const struct session_options *o, bool writes, struct err **err)
{
	const char *state = o->state_dir ? o->state_dir : source_state_dir(s->source);
	if (writes && fs_mkdirs(state, 0700, err) < 0)
		return err_wrap(err, "make the state folder");
	if (writes && !o->state_dir && source_root_note(s->source, err) < 0)
		return err_wrap(err, "write down the spec root");
	s->state_dir = realpath(state, NULL);
	if (!s->state_dir && (writes || errno != ENOENT))
		return err_errno(err, errno, "open the state folder %s", state);
	if (!s->state_dir)
		s->state_dir = xstrdup(state);
	return 0;
}

static int open_all(struct session *s, const struct session_options *o, struct err **err)
{
	const bool writes = o->flags & (SESSION_LOCK | SESSION_WRITE);
	if (source_open(o->dir, NULL, &s->source, err) < 0)
		return -1;
	source_set_upstream(s->source, o->upstream);
	if (check_root(s, o, writes, err) < 0 || find_state(s, o, writes, err) < 0)
		return -1;
	if (take_locks(s, o, err) < 0 || open_store(s, o, writes, err) < 0)
		return -1;
	return repository_name(s, writes, err);
}

int session_open(const struct session_options *options, struct session *ret, struct err **err)
{
	*ret = (struct session){
		.dir = xstrdup(options->dir),
		.actor = options->actor ? xstrdup(options->actor) : session_actor(),
		.now_ms = clock_now_ms(),
		.lock = LOCK_NONE,
		.plans = LOCK_NONE,
	};
	if (open_all(ret, options, err) < 0) {
		session_close(ret);
		return -1;
	}
	return 0;
}

void session_close(struct session *s)
{
	if (!s->store_borrowed)
		store_close(&s->store);
	source_close(&s->source);
	lock_release(&s->plans);
	lock_release(&s->lock);
	free(s->dir);
	free(s->state_dir);
	free(s->actor);
	free(s->repository);
	*s = (struct session)SESSION_NONE;
}
