#include "reconcile/follow.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>
#include <time.h>

enum { LOG_MAX = 64 * 1024 * 1024, LOOK_EVERY_MS = 200 };

char *follow_path(const struct session *session, const char *operation)
{
	return xasprintf("%s/logs/%s.log", session->state_dir, operation);
}

int follow_find(struct session *session, const char *what, struct arena *arena,
	struct operation_row **ret, struct err **err)
{
	const bool by_key = strchr(what, '/') != NULL;
	*ret = NULL;
	if (session->store) {
		const int got =
			by_key ? store_operation_last(session->store, what, NULL, arena, ret, err)
			       : store_operation_get(session->store, what, arena, ret, err);
		if (got < 0)
			return -1;
	}
	if (*ret)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		by_key ? "nothing was done to %s yet" : "there is no operation %s", what);
}

int follow_text(
	struct session *session, const struct operation_row *op, struct str *out, struct err **err)
{
	int64_t seq = 0;
	if (!operation_is_open(op))
		return store_log_read(session->store, op->id, &seq, out, err);
	AUTO_FREE char *path = follow_path(session, op->id);
	if (fs_read(path, LOG_MAX, out, err) == 0)
		return 0;
	if (err_kind_of(*err) != ERR_NOT_FOUND)
		return -1;
	err_free(err);
	return 0;
}

int follow_operation(struct session *session, const char *id,
	void (*on_text)(void *data, const char *text, size_t len), void *data, struct err **err)
{
	size_t shown = 0;
	for (;;) {
		AUTO_ARENA arena = {0};
		AUTO_STR text = STR_INIT;
		struct operation_row *op = NULL;
		if (store_operation_get(session->store, id, &arena, &op, err) < 0 || !op ||
			follow_text(session, op, &text, err) < 0)
			return *err ? -1 : 0;
		if (text.len > shown)
			on_text(data, text.data + shown, text.len - shown);
		shown = text.len > shown ? text.len : shown;
		if (!operation_is_open(op))
			return 0;
		const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
		(void)nanosleep(&pause, NULL);
	}
}
