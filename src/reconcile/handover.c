#include "reconcile/handover.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/emit.h"
#include "format/node.h"
#include "store/queue.h"

#include <stdlib.h>

static int ask(
	const char *state_dir, const char *actor, const char *allow_empty_at, struct err **err)
{
	AUTO_STORE *store = NULL;
	AUTO_ARENA arena = {0};
	AUTO_STR payload = STR_INIT;
	struct node *map = node_new_map(&arena);
	int64_t id;
	if (allow_empty_at)
		node_map_set(
			&arena, map, HANDOVER_ALLOW_EMPTY, node_new_string(&arena, allow_empty_at));
	emit_canonical(map, &payload);
	const struct queue_request request = {
		.kind = QUEUE_RECONCILE,
		.subject = QUEUE_BRANCH,
		.payload_json = payload.data,
		.actor = actor,
	};
	if (store_open(state_dir, 0, &store, err) < 0 ||
		store_queue_add(store, &request, clock_now_ms(), &id, err) < 0)
		return -1;
	return queue_wake(state_dir, err);
}

int handover_reconcile(const char *state_dir, const char *actor, const char *allow_empty_at,
	struct handover *ret, struct err **err)
{
	*ret = (struct handover){0};
	bool there;
	if (!fs_is_dir(state_dir))
		return 0;
	if (queue_has_daemon(state_dir, &there, err) < 0)
		return -1;
	if (!there)
		return 0;
	if (ask(state_dir, actor, allow_empty_at, err) < 0)
		return err_wrap(err, "hand over to the daemon");
	AUTO_FREE char *lock = path_join(state_dir, QUEUE_DAEMON_LOCK);
	ret->daemon = lock_owner(lock);
	ret->done = true;
	return 0;
}

bool handover_decided(const char *state_dir, const char *actor)
{
	struct handover to;
	AUTO_ERR err = NULL;
	int rc = handover_reconcile(state_dir, actor, NULL, &to, &err);
	if (rc == 0 && !to.done)
		rc = queue_wake(state_dir, &err);
	free(to.daemon);
	if (rc == 0)
		return to.done;
	AUTO_STR text = STR_INIT;
	err_format(err, &text);
	log_debug("nobody was told of the decision: %s", text.data);
	return false;
}
