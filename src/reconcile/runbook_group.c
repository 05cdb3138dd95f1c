/*
 * STATE/groups/DIGEST.N is the lock of place N, DIGEST.N.run the run that took it last, and
 * DIGEST.next the run that waits under `queue_one`: the newest writes itself there, and one that
 * finds another name has been replaced.
 */
#include "reconcile/runbook_group.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/ulid.h"

#include <poll.h>
#include <string.h>

enum { LOOK_EVERY_MS = 50, ID_LEN = ULID_SIZE - 1, SHORT_DIGEST = 32 };

/* Locks have no event that could be waited for beside the others. */
static void rest(void)
{
	(void)poll(NULL, 0, LOOK_EVERY_MS);
}

static void read_id(const char *path, struct str *out)
{
	AUTO_ERR ignored = NULL;
	str_clear(out);
	if (fs_read(path, ID_LEN, out, &ignored) < 0)
		str_clear(out);
}

/* Does the script of the run that took the place last go on without its process? */
static int goes_on(const struct group_wish *wish, const char *run_path, bool *ret, struct err **err)
{
	AUTO_STR id = STR_INIT;
	*ret = false;
	read_id(run_path, &id);
	if (id.len != ID_LEN || strchr(id.data, '/') || str_eq(id.data, wish->run_id))
		return 0;
	AUTO_FREE char *lock = xasprintf("%s/runs/%s/lock", wish->state_dir, id.data);
	return lock_is_held(lock, ret, err);
}

static int try_place(const struct group_wish *wish, const char *path, bool *ret_taken,
	struct lock *ret, struct err **err)
{
	AUTO_LOCK lock = LOCK_NONE;
	AUTO_ERR held = NULL;
	AUTO_FREE char *run_path = xasprintf("%s.run", path);
	bool busy;
	*ret_taken = false;
	if (lock_take(path, wish->run_id, 0, &lock, &held) < 0) {
		if (err_kind_of(held) == ERR_CONFLICT)
			return 0;
		*err = steal_ptr(held);
		return -1;
	}
	if (goes_on(wish, run_path, &busy, err) < 0)
		return -1;
	if (busy)
		return 0;
	if (fs_write_atomic(run_path, wish->run_id, strlen(wish->run_id), 0600, err) < 0)
		return -1;
	*ret = lock;
	lock = (struct lock)LOCK_NONE;
	*ret_taken = true;
	return 0;
}

static int try_places(const struct group_wish *wish, const char *base, bool *ret_taken,
	struct lock *ret, struct err **err)
{
	*ret_taken = false;
	for (int64_t i = 0; !*ret_taken && i < wish->limit; i++) {
		AUTO_FREE char *path = xasprintf("%s.%lld", base, (long long)i);
		if (try_place(wish, path, ret_taken, ret, err) < 0)
			return -1;
	}
	return 0;
}

/* Until there is a place, or no hope of one. */
static int wait_for_place(const struct group_wish *wish, const char *base, const char *next,
	enum group_answer *ret, struct lock *ret_place, struct err **err)
{
	AUTO_STR waiting = STR_INIT;
	const bool one = wish->policy == POLICY_QUEUE_ONE;
	if (one && fs_write_atomic(next, wish->run_id, strlen(wish->run_id), 0600, err) < 0)
		return -1;
	if (wish->on_wait)
		wish->on_wait(wish->data);
	for (bool taken = false;; rest()) {
		if (wish->interrupts && *wish->interrupts) {
			*ret = GROUP_INTERRUPTED;
			return 0;
		}
		if (one)
			read_id(next, &waiting);
		if (one && !str_eq(waiting.data, wish->run_id)) {
			*ret = GROUP_REPLACED;
			return 0;
		}
		if (try_places(wish, base, &taken, ret_place, err) < 0)
			return -1;
		if (taken) {
			*ret = GROUP_ENTERED;
			return 0;
		}
	}
}

int group_enter(const struct group_wish *wish, enum group_answer *ret, struct lock *ret_place,
	struct err **err)
{
	char digest[DIGEST_HEX];
	bool taken;
	*ret_place = (struct lock)LOCK_NONE;
	digest_hex(wish->group, strlen(wish->group), digest);
	digest[SHORT_DIGEST] = '\0';
	AUTO_FREE char *folder = path_join(wish->state_dir, "groups");
	AUTO_FREE char *base = path_join(folder, digest);
	AUTO_FREE char *next = xasprintf("%s.next", base);
	if (fs_mkdirs(folder, 0700, err) < 0 || try_places(wish, base, &taken, ret_place, err) < 0)
		return err_wrap(err, "concurrency group '%s'", wish->group);
	*ret = taken ? GROUP_ENTERED : GROUP_FULL;
	if (taken || wish->policy == POLICY_CANCEL)
		return 0;
	if (wait_for_place(wish, base, next, ret, ret_place, err) < 0)
		return err_wrap(err, "concurrency group '%s'", wish->group);
	return 0;
}
