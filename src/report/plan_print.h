/*
 * What a run found and did (plan/plan.h) on a terminal and as JSON. One place for `plan`,
 * `reconcile` and `status`, so that the same thing looks the same everywhere.
 *
 *	examples/shop  main@3f2a9c1  2 roles · 3 canvases                      14 ms
 *
 *	  + role/web-team    create   5 services, 2 members
 *	  ~ canvas/shop      update   +1 aws_instance  ~1 aws_db_instance
 *	  - canvas/old-blog  destroy  protected: remove `protect: true` first  refused
 *
 *	canvas/shop  terraform  planned in 7.1 s   2 to add, 1 to change, 0 to destroy
 *	  + aws_instance.web2    t3.medium
 *	  ~ aws_db_instance.db   instance_class  db.t3.micro → db.t3.medium
 *	plan 01JD3… sha256:9f2c…
 */
#ifndef TRUEUP_REPORT_PLAN_PRINT_H
#define TRUEUP_REPORT_PLAN_PRINT_H

#include "plan/plan.h"

struct arena;
struct node;
struct term;

/* First line, notices, and the table of objects with all gates that do not pass. */
void plan_print_overview(struct term *t, const struct run_outcome *run);
/*
 * The resources of one object: from the engine's plan if there is one, otherwise from the preview.
 * Without all, long lists are cut.
 */
void plan_print_object(struct term *t, const struct object_outcome *object, bool all);
/* "1 applied, 1 waiting, 3 unchanged", what to do next, or that there was nothing to do. */
void plan_print_summary(struct term *t, const struct run_outcome *run);

/* The fields of a run in document (see report_document()). */
void plan_to_node(struct arena *a, struct node *document, const struct run_outcome *run);

/*
 * A run_listener for people: overview, resources, progress and results as they come. out and
 * progress may be the same terminal. Zero-initialise the rest.
 */
struct plan_listener {
	struct term *out; /* results */
	struct term *progress; /* standard error */
	bool all; /* cut no lists */
	bool verbose; /* print progress lines also when nobody is looking */
};
void plan_listen(void *plan_listener, const struct run_event *event);

#endif
