/*
 * The front of a run on this machine: everything that can be wrong with an order is said before
 * anything starts; then the job takes over.
 *
 * Root's scripts run as another user, who has to be able to walk to the script's folder. The state
 * folder is closed to everybody, so for root the folders of scripts lie together in one place that
 * anybody may pass and nobody may list.
 */
#include "runbook/execute.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "runbook/call.h"
#include "runbook/execute_internal.h"
#include "runbook/supervise.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_PLACE "/var/lib/trueup-runs"

enum { CODE_LOST = -9, MAX_SCRIPT = 4 << 20, MAX_PROGRAM = 256 << 20 };

void run_policy_default(struct run_policy *policy)
{
	*policy = (struct run_policy){
		.timeout_ms = (int64_t)10 * 60 * 1000,
		.grace_ms = 10 * 1000,
		.output_bytes = 10 << 20,
		.disk_bytes = (int64_t)4 << 30,
		.limits =
			{
				.file_bytes = (int64_t)1 << 30,
				.open_files = 1024,
				.processes = 512,
				.tmp_bytes = (int64_t)1 << 30,
			},
	};
}

static bool id_is_safe(const char *id)
{
	return *id && strlen(id) <= 64 &&
	       !id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")];
}

/* The place for root's scripts, or NULL when it is not safe or not to be had. */
static const char *root_place(void)
{
	struct stat st;
	if (geteuid() != 0)
		return NULL;
	if (mkdir(ROOT_PLACE, 0711) < 0 && errno != EEXIST)
		return NULL;
	if (lstat(ROOT_PLACE, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0 ||
		st.st_mode & 022 || chmod(ROOT_PLACE, 0711) < 0)
		return NULL;
	return ROOT_PLACE;
}

/* Where the script's folder will be, by the name that the kernel uses; heap-owned. */
static char *work_path(const struct run_order *order, struct err **err)
{
	const char *place = root_place();
	AUTO_FREE char *real = realpath(place ? place : order->dir, NULL);
	if (real)
		return path_join(real, place ? order->id : "work");
	(void)err_errno(err, errno, "find %s", place ? place : order->dir);
	return NULL;
}

static int make_work(const char *work, struct err **err)
{
	if (run_folder_remove(work, err) < 0)
		return -1;
	return mkdir(work, 0700) < 0 ? err_errno(err, errno, "make the run's folder %s", work) : 0;
}

/* What the script starts as `trueup`: this program, which it cannot see where it lies. */
static int copy_program(const char *work, struct err **err)
{
	AUTO_FREE char *to = path_join(work, CALL_PROGRAM);
	AUTO_FREE char *folder = xstrndup(to, (size_t)(strrchr(to, '/') - to));
	AUTO_STR program = STR_INIT;
	if (fs_mkdirs(folder, 0700, err) < 0 ||
		fs_read("/proc/self/exe", MAX_PROGRAM, &program, err) < 0)
		return -1;
	return run_file_write(to, program.data, program.len, 0700, err);
}

static int fill_work(const struct run_order *order, const char *work, struct err **err)
{
	if (order->call_token && copy_program(work, err) < 0)
		return -1;
	AUTO_FREE char *script = path_join(work, RUN_SCRIPT);
	if (order->inputs_root && order->inputs &&
		run_inputs_copy(order->inputs_root, order->inputs_base, order->inputs, work, err) <
			0)
		return -1;
	return run_file_write(script, order->script, order->script_len, 0700, err);
}

/* What is to be hidden, by the names the kernel uses, and what always is: this run's own files. */
static const char *const *hidden_folders(struct arena *arena, const struct run_order *order)
{
	size_t count = 0;
	while (order->policy.hide && order->policy.hide[count])
		count++;
	const char **list = arena_array(arena, count + 3, sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < count + 2; i++) {
		const char *path = i == 0   ? order->dir
				   : i == 1 ? ROOT_PLACE
					    : order->policy.hide[i - 2];
		AUTO_FREE char *real = realpath(path, NULL);
		/* What is not there needs no hiding, and the root cannot be hidden. */
		if (real && !str_eq(real, "/"))
			list[n++] = arena_strdup(arena, real);
	}
	return list;
}

static int check_order(const struct run_order *order, struct err **err)
{
	if (order->dir[0] != '/' || !id_is_safe(order->id))
		return err_set(err, ERR_INTERNAL, "a run needs an absolute folder and a plain id");
	if (order->target && !str_eq(order->target, "local"))
		return err_set(err, ERR_INVALID, "'%s' is not this machine", order->target);
	if (order->script_len > MAX_SCRIPT)
		return err_set(err, ERR_INVALID, "the script is larger than 4 MiB");
	return 0;
}

static int start_job(const struct run_order *order, const struct run_plan *plan,
	const char *const *envp, struct job *ret, struct err **err)
{
	const struct job_spec spec = {
		.dir = order->dir,
		.argv = plan->argv,
		.envp = envp,
		.cwd = plan->work,
		.owner = order->owner,
		.timeout_ms = plan->policy.timeout_ms,
		.grace_ms = plan->policy.grace_ms,
		.outlives_us = plan->policy.finish,
		.command = RUN_COMMAND,
	};
	return job_start(&spec, ret, err);
}

static int forget_ended(const char *dir, struct err **err)
{
	static const char *const names[] = {
		RUN_FILE_RESULT, RUN_FILE_STDOUT, RUN_FILE_STDERR, RUN_FILE_ORDER};
	struct job_result state;
	if (job_state(dir, &state, err) < 0)
		return -1;
	if (state.phase == JOB_RUNNING)
		return err_set(err, ERR_CONFLICT, "a run in %s has not ended", dir);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = path_join(dir, names[i]);
		if (unlink(path) < 0 && errno != ENOENT)
			return err_errno(err, errno, "remove %s", path);
	}
	return 0;
}

static const char *const *with_token(
	struct arena *arena, const char *const *envp, const char *token, const char *const *mask)
{
	size_t count = 0, masks = 0;
	while (envp[count])
		count++;
	while (mask && mask[masks])
		masks++;
	const char **list = arena_array(arena, count + masks + 2, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = envp[i];
	for (size_t i = 0; i < masks; i++)
		list[count++] = arena_printf(arena, RUN_ENV_MASK "%zu=%s", i, mask[i]);
	if (token)
		list[count] = arena_printf(arena, RUN_ENV_SECRET CALL_ENV_TOKEN "=%s", token);
	return list;
}

static int local_start(const struct run_order *order, struct job *ret, struct err **err)
{
	AUTO_ARENA arena = {0};
	struct run_plan plan = {
		.id = order->id,
		.calls = order->call_token != NULL,
		.call_env = order->call_env,
		.policy = order->policy,
	};
	const char *const *envp;
	if (check_order(order, err) < 0 ||
		run_interpreter(&arena, order->shell, order->policy.allow_bash, &plan.argv, err) <
			0 ||
		run_env_pack(&arena, order->vars, order->n_vars, &envp, err) < 0 ||
		fs_mkdirs(order->dir, 0700, err) < 0 || forget_ended(order->dir, err) < 0)
		return -1;
	AUTO_FREE char *work = work_path(order, err);
	if (!work)
		return -1;
	plan.policy.hide = hidden_folders(&arena, order);
	plan.work = work;
	envp = with_token(&arena, envp, order->call_token, order->mask);
	/* The plan first: whoever finds that we were killed removes the folder that it names. */
	if (run_plan_write(order->dir, &plan, err) < 0)
		return -1;
	if (make_work(work, err) == 0 && fill_work(order, work, err) == 0 &&
		start_job(order, &plan, envp, ret, err) == 0)
		return 0;
	AUTO_ERR left = NULL;
	(void)!run_folder_remove(work, &left);
	return -1;
}

/* The supervisor was killed; the script died with it. Its folder is ours to remove. */
static int clear_lost(const char *dir, struct err **err)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR none = NULL;
	struct run_plan plan;
	if (run_plan_read(dir, &arena, &plan, &none) < 0)
		return 0;
	return run_folder_remove(plan.work, err);
}

static int read_end(
	const char *dir, const struct job_result *job, struct run_result *ret, struct err **err)
{
	run_result_release(ret);
	ret->phase = job->phase;
	if (job->phase == JOB_ENDED)
		return run_result_read(dir, ret, err);
	if (job->phase == JOB_RUNNING)
		return err_set(err, ERR_CONFLICT, "the run in %s goes on", dir);
	ret->code = CODE_LOST;
	ret->level = xstrdup("");
	ret->measures = xstrdup("");
	ret->missing = xstrdup("");
	ret->interpreter = xstrdup("");
	ret->failure =
		xstrdup(job->phase == JOB_LOST ? "the supervisor was killed, and the script with it"
					       : "it was never started");
	return clear_lost(dir, err);
}

static int local_wait(
	struct job *job, const struct job_watch *watch, struct run_result *ret, struct err **err)
{
	struct job_result end;
	if (job_wait(job, watch, &end, err) < 0)
		return -1;
	return read_end(job->dir, &end, ret, err);
}

static int local_adopt(
	const char *dir, const struct job_watch *watch, struct run_result *ret, struct err **err)
{
	struct job_result end;
	if (job_adopt(dir, watch, &end, err) < 0)
		return -1;
	return read_end(dir, &end, ret, err);
}

static const struct target_executor executors[] = {
	{
		.name = "local",
		.start = local_start,
		.wait = local_wait,
		.adopt = local_adopt,
		.cancel = job_interrupt,
	},
};

const struct target_executor *target_executor_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(executors); i++)
		if (str_eq(executors[i].name, name))
			return &executors[i];
	return NULL;
}
