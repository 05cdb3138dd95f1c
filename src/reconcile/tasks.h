/*
 * Tasks: pieces of work that run at the same time, each in a forked child of this process, and
 * report back in messages. A task that crashes, hangs or leaks harms itself only; what it learns
 * reaches us as values, and only we write to the store.
 *
 * Children die with us (SIGKILL); what has to survive us runs under engine/job.
 */
#ifndef TRUEUP_RECONCILE_TASKS_H
#define TRUEUP_RECONCILE_TASKS_H

#include "format/node.h"

#include <signal.h>
#include <stddef.h>

struct err;
struct tasks;

/* In the child: sends one message (a NODE_MAP) to the parent. False when nobody reads any more. */
struct task_port {
	int fd;
};
bool task_send(const struct task_port *port, const struct node *message);

extern const char TASK_NOT_BEGUN[];

struct task {
	/* Runs in the child; its result is the child's exit code (0..125). */
	int (*run)(void *data, const struct task_port *port);
	/* In the parent, for each message; message lives until the call returns. */
	void (*on_message)(void *data, const struct node *message);
	/*
	 * In the parent, when the child is gone: how it ended in words, NULL when its run()
	 * returned 0; TASK_NOT_BEGUN (the pointer) for one that was still queued when the first
	 * interrupt came. May add further tasks.
	 */
	void (*on_end)(void *data, const char *failure);
	void *data;
};

/* At most parallel children at once (at least 1). */
struct tasks *tasks_new(size_t parallel);
void tasks_free(struct tasks *tasks); /* children still running are killed; accepts NULL */
/* Queues a task; *task is copied, its data borrowed until on_end. First in, first started. */
void tasks_add(struct tasks *tasks, const struct task *task);

/*
 * Runs until every task has ended. While it waits, each new count in *interrupts is passed on to
 * the children as one SIGINT (they are in process groups of their own, so that a terminal does
 * not send it to them as well).
 */
MUST_CHECK int tasks_run(
	struct tasks *tasks, const volatile sig_atomic_t *interrupts, struct err **err);

#endif
