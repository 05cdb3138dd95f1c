/*
 * Whoever gets the lock `front` of a run is the one to record its end; the store takes one end
 * only, too. The order is: lock, look at the row again, wait, record, remove the folder.
 */
#include "reconcile/runbook_adopt.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "reconcile/runbook_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORGOTTEN_MS = 60 * 60 * 1000 };

struct adopting {
	struct session *session;
	const struct runbook_adoption *how;
	struct run_row *row;
	const char *dir; /* absolute */
};

static void emit(
	const struct adopting *a, enum runbook_event_kind kind, const char *text, size_t len)
{
	const struct runbook_event event = {kind, a->row, text, len};
	if (a->how->listener)
		a->how->listener(a->how->data, &event);
}

static void on_output(void *data, const char *text, size_t len)
{
	emit(data, RUNBOOK_EVENT_OUTPUT, text, len);
}

/* Its process was killed between the start and the record of it. */
static int record_start(const struct adopting *a, const struct run_result *result, struct err **err)
{
	if (a->row->state != RUN_INTENDED || result->phase != JOB_ENDED || !result->started_ms)
		return 0;
	a->row->started_at = result->started_ms;
	return store_run_started(a->session->store, a->row, err);
}

static int record(const struct adopting *a, bool *ret_recorded, struct err **err)
{
	const struct job_watch watch = {on_output, (void *)(uintptr_t)a, a->how->interrupts};
	const struct target_executor *executor = target_executor_find(a->row->target);
	AUTO_RUN_RESULT result = RUN_RESULT_NONE;
	AUTO_STR line = STR_INIT;
	if (!executor)
		return err_set(err, ERR_INVALID, "there is no kind of target '%s'", a->row->target);
	if (executor->adopt(a->dir, &watch, &result, err) < 0 ||
		record_start(a, &result, err) < 0 ||
		runbook_record_end(a->session, a->row, &result, ret_recorded, err) < 0)
		return -1;
	if (!*ret_recorded)
		return 0;
	str_addf(&line, "the run %s of %s was left by its process; it is recorded as %s",
		a->row->id, a->row->runbook, run_state_name(a->row->state));
	emit(a, RUNBOOK_EVENT_NOTICE, line.data, line.len);
	/* Rows of the list outlive the result. */
	a->row->error = NULL;
	a->row->isolation = NULL;
	return 0;
}

/* What cannot be removed now is removed by a later command. */
static int remove_folder(const char *dir)
{
	AUTO_ERR left = NULL;
	(void)!fs_remove_tree(dir, &left);
	return 0;
}

/* With the lock `front`; somebody may have been faster. */
static int adopt_held(struct adopting *a, size_t *count, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct run_row *now = NULL;
	struct job_result state;
	bool recorded = false;
	if (store_run_get(a->session->store, a->row->id, &arena, &now, err) < 0)
		return -1;
	/* Its process was faster; then the folder is one that we just made. */
	if (!now || !run_is_open(now))
		return remove_folder(a->dir);
	if (job_state(a->dir, &state, err) < 0)
		return -1;
	if (state.phase == JOB_RUNNING && !a->how->wait)
		return 0;
	if (record(a, &recorded, err) < 0)
		return -1;
	*count += recorded;
	return remove_folder(a->dir);
}

static int adopt_one(struct adopting *a, size_t *count, struct err **err)
{
	AUTO_LOCK front = LOCK_NONE;
	AUTO_ERR held = NULL;
	AUTO_FREE char *path = path_join(a->dir, RUNBOOK_FRONT);
	AUTO_FREE char *owner = xasprintf("pid %ld, adopts it", (long)getpid());
	/* Its folder is made before its row; if it is gone, so is everything that ran in it. */
	if (fs_mkdirs(a->dir, 0700, err) < 0)
		return -1;
	if (lock_take(path, owner, 0, &front, &held) < 0) {
		if (err_kind_of(held) == ERR_CONFLICT)
			return 0;
		*err = steal_ptr(held);
		return -1;
	}
	return adopt_held(a, count, err);
}

static bool is_open(const struct run_rows *open, const char *id)
{
	for (size_t i = 0; i < open->count; i++)
		if (str_eq(open->items[i].id, id))
			return true;
	return false;
}

/*
 * Folders of runs that were never recorded: their process was killed between the two. A young one
 * may be about to be recorded.
 */
static void remove_forgotten(const struct session *session, const struct run_rows *open)
{
	AUTO_FREE char *runs = path_join(session->state_dir, "runs");
	DIR *list = opendir(runs);
	for (struct dirent *e; list && (e = readdir(list));) {
		struct stat st;
		AUTO_LOCK front = LOCK_NONE;
		AUTO_ERR held = NULL;
		if (e->d_name[0] == '.' || is_open(open, e->d_name) ||
			fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			(int64_t)st.st_mtime * 1000 + FORGOTTEN_MS > session->now_ms)
			continue;
		AUTO_FREE char *dir = path_join(runs, e->d_name);
		AUTO_FREE char *path = path_join(dir, RUNBOOK_FRONT);
		if (lock_take(path, "removes it", 0, &front, &held) == 0)
			(void)remove_folder(dir);
	}
	if (list)
		(void)closedir(list);
}

int runbook_adopt(struct session *session, const struct runbook_adoption *how, size_t *ret_count,
	struct err **err)
{
	AUTO_ARENA arena = {0};
	struct run_rows open = {0};
	size_t count = 0;
	if (ret_count)
		*ret_count = 0;
	if (!session->store)
		return 0;
	if (store_runs_open(session->store, &arena, &open, err) < 0)
		return -1;
	for (size_t i = 0; i < open.count; i++) {
		struct run_row *row = &open.items[i];
		if (!row->dir)
			continue;
		struct adopting a = {session, how, row,
			arena_printf(&arena, "%s/%s", session->state_dir, row->dir)};
		if (adopt_one(&a, &count, err) < 0)
			return err_wrap(err, "take over the run %s of %s", row->id, row->runbook);
	}
	remove_forgotten(session, &open);
	if (ret_count)
		*ret_count = count;
	return 0;
}
