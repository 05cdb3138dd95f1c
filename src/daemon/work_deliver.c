/* Deliver: what the outbox says is due is said to the forge. */
#include "daemon/work_internal.h"

#include "base/err.h"
#include "base/log.h"
#include "daemon/connect.h"
#include "report/outbox.h"
#include "store/store.h"

static int open_target(void *data, const char *target, struct forge **ret, struct err **err)
{
	const struct work *w = data;
	const struct server_repository *r = server_repository(w->config, target);
	if (!r)
		return err_set(
			err, ERR_NOT_FOUND, "the configuration has no repository '%s'", target);
	return connect_forge(r, ret, err);
}

static void on_failed(
	void *data, const char *target, const char *key, const char *error, int64_t next_at)
{
	(void)data;
	log_at(next_at ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s: %s was not delivered%s: %s",
		target, key, next_at ? "" : " and is given up", error);
}

int work_deliver(struct work *w, int64_t wait_ms, struct err **err)
{
	struct store *store;
	struct outbox_result result = {0};
	if (work_store(w, &store, err) < 0)
		return -1;
	const struct outbox_delivery delivery = {.store = store,
		.open = open_target,
		.data = w,
		.failed = on_failed,
		.wait_ms = wait_ms};
	if (outbox_deliver(&delivery, &result, err) < 0)
		return -1;
	log_debug("%s: %zu delivered, %zu to be tried again, %zu given up",
		w->repository->name.text, result.delivered, result.failed, result.dead);
	return 0;
}
