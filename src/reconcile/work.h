/*
 * One item's task in a run (reconcile/tasks.h): a child talks to the engine and sends what it
 * learns, the parent writes it down. Nothing outside of reconcile/ includes it.
 */
#ifndef TRUEUP_RECONCILE_WORK_H
#define TRUEUP_RECONCILE_WORK_H

#include "reconcile/run_internal.h"
#include "reconcile/tasks.h"

#include <stdio.h>

/* Lives in the run's arena. */
struct work {
	struct run *run;
	struct item *item;
	const char *job_dir;
	struct str log; /* masked lines that are not in the store yet */
	FILE *log_file; /* for `trueup log -f`; NULL when planning */
	bool heard; /* the last message came: result or error */
	bool apply;
};

/* What the child works with. Release arena. */
struct work_child {
	const struct task_port *port;
	struct arena arena;
	struct engine_target target;
	struct engine_run engine_run; /* its events are sent as messages */
	const char *file; /* the plan file, absolute */
};

void work_child_begin(const struct work *w, const struct task_port *port, struct work_child *ret);
/* The last message of a child that failed. */
void work_send_error(const struct task_port *port, const struct err *e);

/* In the parent: takes a message that is a line of the engine; false when it is another one. */
bool work_take_log(struct work *w, const struct node *message);

/* Folder of the job with this id; in the run's arena. */
const char *work_job_dir(struct run *run, const char *id);

#endif
