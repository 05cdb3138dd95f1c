/*
 * What a killed process leaves lying in the state folder: plan files and rendered files of plans
 * that nobody can apply any more, folders of jobs and runs that have ended, logs that are in the
 * store.
 * Each is removed by whoever made it; this is for when it could not. Done under the lock and after
 * run_adopt(), so that nothing of this belongs to anybody; while somebody plans pull requests
 * beside us, what may be his is left for the next time.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/job.h"
#include "reconcile/run_internal.h"
#include "reconcile/runbook_adopt.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Is the thing of this id still needed? */
typedef int needed_fn(
	struct session *s, const char *id, const char *path, bool *ret_needed, struct err **err);

static int plan_needed(
	struct session *s, const char *id, const char *path, bool *ret_needed, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct plan_row *plan = NULL;
	(void)path;
	if (store_plan_get(s->store, id, &scratch, &plan, err) < 0)
		return -1;
	*ret_needed = plan && (plan->status == PLAN_WAITING || plan->status == PLAN_APPROVED);
	return plan && !*ret_needed && plan->path ? store_plan_file_gone(s->store, plan->id, err)
						  : 0;
}

static int log_needed(
	struct session *s, const char *id, const char *path, bool *ret_needed, struct err **err)
{
	AUTO_ARENA scratch = {0};
	struct operation_row *op = NULL;
	(void)path;
	if (store_operation_get(s->store, id, &scratch, &op, err) < 0)
		return -1;
	*ret_needed = op && operation_is_open(op);
	return 0;
}

/* A job of a plan may take a moment to notice that its front is dead. */
static int job_needed(
	struct session *s, const char *id, const char *path, bool *ret_needed, struct err **err)
{
	struct job_result job;
	AUTO_ERR unreadable = NULL; /* a job that is only half there has not begun */
	if (log_needed(s, id, path, ret_needed, err) < 0)
		return -1;
	if (!*ret_needed && job_state(path, &job, &unreadable) == 0)
		*ret_needed = job.phase == JOB_RUNNING;
	return 0;
}

/*
 * The folder of a run is made before its row, and its process holds `front` for as long as it has
 * not recorded the end. One without that lock may be about to take it.
 */
static int run_needed(
	struct session *s, const char *id, const char *path, bool *ret_needed, struct err **err)
{
	enum { JUST_MADE_MS = 60 * 1000 };
	AUTO_ARENA scratch = {0};
	struct run_row *row = NULL;
	struct job_result job;
	AUTO_ERR unreadable = NULL;
	struct stat st;
	AUTO_FREE char *front = path_join(path, RUNBOOK_FRONT);
	if (store_run_get(s->store, id, &scratch, &row, err) < 0 ||
		lock_is_held(front, ret_needed, err) < 0)
		return -1;
	*ret_needed = *ret_needed || (row && run_is_open(row));
	if (!*ret_needed && job_state(path, &job, &unreadable) == 0)
		*ret_needed = job.phase == JOB_RUNNING;
	if (!*ret_needed && !row && !fs_exists(front))
		*ret_needed = stat(path, &st) == 0 &&
			      (int64_t)st.st_mtim.tv_sec * 1000 > s->now_ms - JUST_MADE_MS;
	return 0;
}

static int sweep_entry(
	struct session *s, const char *dir, const char *name, needed_fn *needed, struct err **err)
{
	char id[ULID_SIZE];
	bool keep = true;
	if (strlen(name) < ULID_SIZE - 1)
		return 0; /* not ours */
	memcpy(id, name, ULID_SIZE - 1);
	id[ULID_SIZE - 1] = '\0';
	AUTO_FREE char *path = path_join(dir, name);
	if (needed(s, id, path, &keep, err) < 0)
		return -1;
	return keep ? 0 : fs_remove_tree(path, err);
}

static int sweep(struct session *s, const char *folder, needed_fn *needed, struct err **err)
{
	AUTO_FREE char *path = path_join(s->state_dir, folder);
	DIR *dir = opendir(path);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_errno(err, errno, "list %s", path);
	int result = 0;
	for (const struct dirent *e; result == 0 && (e = readdir(dir));)
		result = sweep_entry(s, path, e->d_name, needed, err);
	(void)closedir(dir);
	return result;
}

static int sweep_plans(struct session *s, struct err **err)
{
	AUTO_LOCK plans = LOCK_NONE;
	if (s->plans.fd < 0 && session_plans_if_free(s, &plans, err) < 0)
		return -1;
	if (s->plans.fd < 0 && plans.fd < 0)
		return 0;
	if (sweep(s, "jobs", job_needed, err) < 0 || sweep(s, "plans", plan_needed, err) < 0)
		return -1;
	return sweep(s, "rendered", plan_needed, err);
}

int run_tidy(struct run *run, struct err **err)
{
	struct session *s = run->session;
	int64_t expired = 0;
	if (store_plans_expire(s->store, s->now_ms, &expired, err) < 0)
		return -1;
	if (sweep_plans(s, err) < 0 || sweep(s, "logs", log_needed, err) < 0 ||
		sweep(s, "runs", run_needed, err) < 0)
		return err_wrap(err, "clean up the state folder");
	return 0;
}
