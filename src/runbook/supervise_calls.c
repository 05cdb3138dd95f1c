/*
 * A connection becomes the standard input of a process of its own, which does everything else; so
 * nothing that a script sends is read by the supervisor, which holds its secrets.
 */
#include "runbook/supervise_calls.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "runbook/call.h"
#include "runbook/execute_internal.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

extern char **environ;

/* A child run that is asked to stop has a grace of its own. */
enum { STOP_MS = 30000 };

void calls_init(struct supervise_calls *calls)
{
	*calls = (struct supervise_calls){.listen_fd = -1};
	for (size_t i = 0; i < ARRAY_LEN(calls->answering); i++)
		calls->answering[i] = (struct child)CHILD_NONE;
}

int calls_open(struct supervise_calls *calls, const char *dir, const char *work,
	const char *const *env, struct err **err)
{
	AUTO_FREE char *folder = path_join(work, CALL_FOLDER);
	calls->dir = dir;
	calls->env = env;
	calls->listen_fd = call_listen(folder, err);
	return calls->listen_fd < 0 ? -1 : 0;
}

const char *const *calls_environment(struct arena *arena, const char *const *envp, const char *work)
{
	static const char path[] = "PATH=";
	size_t count = 0;
	while (envp[count])
		count++;
	const char **list = arena_array(arena, count + 2, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[i] = str_starts(envp[i], path)
				  ? arena_printf(arena, "%s%s/" CALL_FOLDER "/bin:%s", path, work,
					    envp[i] + sizeof path - 1)
				  : envp[i];
	list[count] = arena_printf(arena, CALL_ENV_FOLDER "=%s/" CALL_FOLDER, work);
	return list;
}

static struct child *free_place(struct supervise_calls *calls)
{
	struct child *found = NULL;
	for (size_t i = 0; i < ARRAY_LEN(calls->answering); i++) {
		struct child *child = &calls->answering[i];
		struct child_exit exit;
		AUTO_ERR still = NULL;
		if (child->pid >= 0 && child_wait(child, 0, &exit, &still) == 0)
			child_release(child);
		if (child->pid < 0)
			found = child;
	}
	return found;
}

/* With the secrets of this run, so that a child that is given one masks it too. */
static const char *const *with_secrets(struct arena *arena, const char *const *env)
{
	size_t count = 0, own = 0, n = 0, masks = 0;
	while (env[count])
		count++;
	while (environ[own])
		own++;
	const char **list = arena_array(arena, count + own + 1, sizeof *list);
	for (size_t i = 0; i < count; i++)
		list[n++] = env[i];
	for (size_t i = 0; i < own; i++) {
		const char *value = strchr(environ[i], '=');
		if (value && (str_starts(environ[i], RUN_ENV_SECRET) ||
				     str_starts(environ[i], RUN_ENV_MASK)))
			list[n++] = arena_printf(arena, RUN_ENV_MASK "%zu=%s", masks++, value + 1);
	}
	return list;
}

static void answer(struct supervise_calls *calls, struct child *place, int fd)
{
	/* By this name even when the executable has been replaced since we were started. */
	const char *const argv[] = {"/proc/self/exe", CALL_COMMAND, calls->dir, NULL};
	AUTO_ARENA arena = {0};
	const struct child_spec spec = {
		.argv = argv,
		.envp = with_secrets(&arena, calls->env),
		.stdin_fd = fd,
		.stdout_fd = -1,
		.stderr_fd = -1,
		.keep_fd = -1,
		.new_session = true,
		.die_with_parent = true,
	};
	AUTO_ERR err = NULL;
	/* The script learns of a failure by the closed connection. */
	if (child_start(&spec, place, &err) < 0)
		*place = (struct child)CHILD_NONE;
}

void calls_accept(struct supervise_calls *calls)
{
	for (;;) {
		AUTO_CLOSE fd = accept4(calls->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		struct child *place = fd < 0 ? NULL : free_place(calls);
		if (fd < 0)
			return;
		if (place)
			answer(calls, place, fd);
	}
}

void calls_close(struct supervise_calls *calls)
{
	const int64_t deadline = clock_monotonic_ms() + STOP_MS;
	close_fd(&calls->listen_fd);
	for (size_t i = 0; i < ARRAY_LEN(calls->answering); i++)
		if (calls->answering[i].pid >= 0)
			child_signal(&calls->answering[i], SIGTERM);
	for (size_t i = 0; i < ARRAY_LEN(calls->answering); i++) {
		struct child *child = &calls->answering[i];
		struct child_exit exit;
		AUTO_ERR late = NULL;
		const int64_t left = deadline - clock_monotonic_ms();
		if (child->pid < 0)
			continue;
		if (child_wait(child, left > 0 ? left : 0, &exit, &late) < 0)
			child_signal(child, SIGKILL);
		child_release(child);
	}
}
